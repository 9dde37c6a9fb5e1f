"""Mail as it leaves the site: a message, and the ways to hand it over. Knows no room.

What a relay answers is told apart by whom it concerns: this message for now (TemporaryFailure), this message for good
(PermanentFailure), or everybody (RelayDown).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import smtplib
import socket
import ssl
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from ideas.crashpoints import crashpoint
from ideas.db import utcnow
from ideas.mail_patience import Conversation, EncryptedConversation

if TYPE_CHECKING:
    from config import Config

Replies = Iterator[tuple[int, bytes]]  # code and words of each

COMMAND_SECONDS = 10.0  # what one recipient may cost the others when the relay falls silent
AFTER_DATA_SECONDS = 120.0  # taking a message over may mean looking into it first
LAST_REPLY = 300  # characters of what the other side said that are worth keeping


class TemporaryFailure(Exception):
    """This message cannot be handed over now; it may be later."""


class Undecided(TemporaryFailure):
    """The relay has the whole message and has not said yet whether it takes it; sending it again may double it.

    `wait` listens for its last word, for a while; it returns, or raises TemporaryFailure or PermanentFailure. It may be
    called in another thread while the transport sends other messages.
    """

    def __init__(self, wait: Callable[[], None]) -> None:
        super().__init__("The relay has not said yet whether it takes the message.")
        self.wait = wait


class TooLate(TemporaryFailure):
    """The time in which it might be sent ran out while it was being handed over; the relay was not given its end."""

    def __init__(self) -> None:
        super().__init__("It took too long to hand the message over; it was broken off.")


class PermanentFailure(Exception):
    """This message will never be taken."""


class RelayDown(Exception):
    """Nothing can be handed over now; it says nothing about this message."""


class Unmailable(ValueError):
    """No mail can be made of this message: a header would break out of its line, or a character cannot be written."""


@dataclass(frozen=True)
class Message:
    """A mail to one person. `headers` come on top of those every mail has; the sender's address is the transport's.

    reports_to: the sender on its envelope, where servers report what became of it; None: the transport's.
    """

    to: str
    to_name: str
    sender_name: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reports_to: str | None = None


class Transport(Protocol):
    def send(self, message: Message, *, until: datetime | None = None) -> None:
        """Hand over. Raises TemporaryFailure, PermanentFailure, RelayDown or Unmailable.

        From `until` on it is somebody else's to send: a process that was asleep in the middle of this breaks it off,
        with TooLate, before the word that makes it the relay's.
        """

    def close(self) -> None:
        """Let go of whatever is open. The transport may be used again."""

    def check(self) -> None:
        """See whether mail would be taken from us, without sending any. Raises RelayDown, which says why not."""


def transport_for(config: Config) -> Transport:
    """The way out that MAIL_URL describes."""
    if config.mail_url.startswith("folder:"):
        return FolderTransport(Path(config.mail_url.removeprefix("folder:")), config.mail_from)
    # a relay that hangs must not hold a message for longer than the lease on it
    longest = config.lease_seconds / 2
    return SmtpTransport(
        config.mail_url,
        config.mail_from,
        command_seconds=min(COMMAND_SECONDS, longest),
        after_data_seconds=min(AFTER_DATA_SECONDS, longest),
    )


def own_name(config: Config, site_name: str) -> str:
    """Who mail is from that no person sends: the name in MAIL_FROM, or the site's."""
    return parseaddr(config.mail_from)[0] or site_name


# --- What goes over the wire ---

_FORBIDDEN = re.compile(r"[\r\n\0]")
_LINE = 68  # leaves room for the header's name in the 78 characters of RFC 5322
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


def as_bytes(message: Message, mail_from: str) -> bytes:
    """The message as RFC 5322 has it, lines ended by CRLF. Raises Unmailable.

    Written by hand: the standard library's message objects take ten times as long, and one answer may be many mails.
    """
    sender = _address_in(mail_from)
    for value in message.headers.values():
        if _FORBIDDEN.search(value):
            raise Unmailable("A header would break out of its line.")
    headers = {
        "From": _mailbox(message.sender_name, sender),
        "To": _mailbox(message.to_name, message.to),
        "Subject": _words(message.subject),
        "Date": format_datetime(utcnow()),
        "Message-ID": message.message_id,
        **message.headers,
        # where programs report that somebody called it junk (RFC 9477)
        **({"CFBL-Address": f"{_address(message.reports_to)}; report=arf"} if message.reports_to else {}),
        "MIME-Version": "1.0",
    }
    try:
        if message.html:
            # the same on every try, so that a repeated mail is the same mail
            boundary = f"=_{binascii.crc32(message.message_id.encode()):08x}_{len(message.text)}_{len(message.html)}"
            headers["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
            mark = f"--{boundary}".encode()
            body = b"\r\n".join(
                [mark, _part("plain", message.text), mark, _part("html", message.html), mark + b"--", b""]
            )
            return _head(headers) + b"\r\n" + body
        return _head(headers) + _part("plain", message.text) + b"\r\n"
    except UnicodeEncodeError as error:
        raise Unmailable(f"A character cannot be written: {error}") from error


def _head(headers: Mapping[str, str]) -> bytes:
    lines = []
    for name, value in headers.items():
        # the only line breaks in a header are the folds that we make, and those go on with a blank
        if _FORBIDDEN.search(value.replace("\r\n ", "")) or not re.fullmatch(r"[!-9;-~]+", name):
            raise Unmailable("A header would break out of its line.")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode()


def _part(kind: str, text: str) -> bytes:
    # quoted-printable, so that a person who looks at the source can read it
    coded = binascii.b2a_qp(text.replace("\r\n", "\n").encode(), istext=True).replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + coded


def _words(text: str) -> str:
    """Words as a header may carry them: folded, and coded (RFC 2047) where ASCII does not do, or looks coded."""
    if _FORBIDDEN.search(text):
        raise Unmailable("A header would break out of its line.")
    if text.isascii() and "=?" not in text:
        return "\r\n ".join(textwrap.wrap(text, _LINE, break_long_words=False, break_on_hyphens=False)) or text
    return _coded(text)


def _coded(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise Unmailable("A header would break out of its line.")
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    """`text` in UTF-8, in pieces that fit a coded word of 75 characters; no character is torn."""
    try:
        rest = text.encode()
    except UnicodeEncodeError as error:
        raise Unmailable(f"A character cannot be written: {error}") from error
    while rest:
        end = 39  # with the longest of our names before it, a line has the 76 characters that RFC 2047 allows
        while end < len(rest) and rest[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        yield rest[:end]
        rest = rest[end:]


def _mailbox(name: str, address: str) -> str:
    """A person's name and address, on two lines where they need more than one."""
    phrase, place = _phrase(name), f"<{_address(address)}>"
    if not phrase:
        return place
    return f"{phrase} {place}" if len(phrase.rpartition("\n")[2]) + len(place) < _LINE else f"{phrase}\r\n {place}"


def _phrase(name: str) -> str:
    """A person's name before an address."""
    if _PLAIN_NAME.fullmatch(name) and "=?" not in name and len(name) < _LINE:
        return name
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if not name.isascii() or "=?" in name or _FORBIDDEN.search(name) or len(quoted) >= _LINE:
        return _coded(name)
    return quoted


@cache
def _address_in(mailbox: str) -> str:
    return parseaddr(mailbox)[1]


def _address(address: str) -> str:
    local, _, host = address.rpartition("@")
    # "=?": some readers decode words of RFC 2047 inside addresses as well, and then read another one
    if not local or not host or re.search(r"[\s<>,;:\"()\[\]\\\0]|=\?", address):
        raise Unmailable(f"“{address}” is not an address.")
    try:
        return f"{local}@{host if host.isascii() else host.encode('idna').decode()}"
    except UnicodeError as error:
        raise Unmailable(f"“{address}” is not an address.") from error


# --- SMTP ---


class SmtpTransport:
    """One connection to a relay, opened when there is something to say and kept open."""

    def __init__(
        self,
        url: str,
        mail_from: str,
        *,
        command_seconds: float = COMMAND_SECONDS,
        after_data_seconds: float = AFTER_DATA_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "localhost"
        self.is_encrypted = parts.scheme == "smtps"
        self.starts_tls = parse_qs(parts.query).get("tls") == ["starttls"]
        self.port = parts.port or (465 if self.is_encrypted else 587 if self.starts_tls else 25)
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")
        self.mail_from = mail_from
        self.envelope_from = parseaddr(mail_from)[1]
        self.command_seconds = command_seconds
        self.after_data_seconds = after_data_seconds
        self._relay: Conversation | None = None
        self._is_fresh = True  # nothing went over this connection yet

    def send(self, message: Message, *, until: datetime | None = None) -> None:
        content = as_bytes(message, self.mail_from)
        relay, replies = self._begin(message)
        try:
            self._hand_over(relay, replies, content, until)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            raise TemporaryFailure(_said(error)) from error
        self._is_fresh = False

    def close(self) -> None:
        relay, self._relay = self._relay, None
        if relay is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            if relay.sock is not None:
                relay.timeout = 1.0  # a courtesy: nobody waits for the answer
                relay.sock.settimeout(relay.timeout)
                relay.quit()
        relay.close()

    def check(self) -> None:
        self.close()
        self._open()
        self.close()

    def _begin(self, message: Message) -> tuple[Conversation, Replies]:
        """A connection that takes our sender, and what else it says; one dropped while it lay idle is opened anew."""
        while True:
            relay = self._relay or self._open()
            options = [] if message.to.isascii() else ["SMTPUTF8"]
            if options and not relay.has_extn("smtputf8"):
                raise PermanentFailure("The relay does not take addresses in other letters than a to z.")
            replies = relay.announce(message.reports_to or self.envelope_from, _address(message.to), options)
            try:
                code, reply = next(replies)
            except (OSError, smtplib.SMTPException) as error:
                code, reply = 421, _said(error).encode()
            if code == 250:
                return relay, replies
            was_fresh = self._is_fresh
            self.close()
            if was_fresh:
                # before any recipient is named, a refusal is about us
                raise RelayDown(f"The relay does not take our sender: {_reply(code, reply)}")

    def _open(self) -> Conversation:
        crashpoint("mail.before_connect")
        tls = ssl.create_default_context()
        # RFC 5321 wants a name; the machine's own may be nothing a relay accepts, the sender's domain is
        name = self.envelope_from.rpartition("@")[2] or "localhost"
        try:
            if self.is_encrypted:
                relay: Conversation = EncryptedConversation(
                    self.host, self.port, local_hostname=name, timeout=self.command_seconds, context=tls
                )
            else:
                relay = Conversation(self.host, self.port, local_hostname=name, timeout=self.command_seconds)
        except (OSError, smtplib.SMTPException) as error:
            raise RelayDown(f"The relay cannot be reached: {_said(error)}") from error
        try:
            assert relay.sock is not None  # noqa: S101 it has just spoken
            # a text and its end are two packets, of which the second must not wait for word of the first
            relay.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            relay.ehlo_or_helo_if_needed()
            if self.starts_tls:
                relay.starttls(context=tls)  # raises when it is not offered: never skipped in silence
                relay.ehlo()
            if self.user:
                relay.login(self.user, self.password)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            relay.close()
            raise RelayDown(f"The relay does not let us in: {_said(error)}") from error
        self._relay, self._is_fresh = relay, True
        return relay

    def _hand_over(self, relay: Conversation, replies: Replies, content: bytes, until: datetime | None) -> None:
        crashpoint("mail.before_recipient")
        code, reply = next(replies)
        if code not in (250, 251):
            if relay.reads_ahead and code != 421:
                _end_before_it_begins(relay, replies)
            self._refused(relay, code, reply)
        code, reply = next(replies)
        if code != 354:
            self._refused(relay, code, reply)
        assert relay.sock is not None  # noqa: S101 it has just spoken
        crashpoint("mail.before_data")
        relay.send(re.sub(rb"(?m)^\.", b"..", content))
        crashpoint("mail.before_end")
        if _is_over(until):
            self._relay = None
            relay.close()  # without its end the relay throws away what it has
            raise TooLate
        relay.send(b".\r\n")
        if not relay.replies().has_whole_reply(self.command_seconds):
            self._relay = None  # it is left to whoever waits for its last word
            raise Undecided(lambda: self._last_word(relay))
        code, reply = relay.getreply()
        if code != 250:
            self._refused(relay, code, reply)
        crashpoint("mail.after_accepted")

    def _last_word(self, relay: Conversation) -> None:
        try:
            relay.timeout = max(self.after_data_seconds - self.command_seconds, 0.1)
            code, reply = relay.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise TemporaryFailure(_said(error)) from error
        finally:
            relay.close()
        if code != 250:
            raise (PermanentFailure if code >= 500 else TemporaryFailure)(_reply(code, reply))

    def _refused(self, relay: Conversation, code: int, reply: bytes) -> None:
        words = _reply(code, reply)
        if code == 421:
            self.close()  # it says goodbye
        else:
            try:
                relay.rset()
            except (OSError, smtplib.SMTPException):
                self.close()
            self._is_fresh = False
        raise (PermanentFailure if code >= 500 else TemporaryFailure)(words)


def _end_before_it_begins(relay: Conversation, replies: Replies) -> None:
    """It was told that a text comes before it refused the recipient; some wait for one all the same."""
    with suppress(OSError, smtplib.SMTPException):
        code, _reply = next(replies)
        if code == 354:
            relay.send(b".\r\n")
            relay.getreply()


def _is_over(until: datetime | None) -> bool:
    return until is not None and utcnow() >= until


def _reply(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode(errors='replace')}"[:LAST_REPLY]


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _reply(error.smtp_code, reply if isinstance(reply, bytes) else str(reply).encode())
    if isinstance(error, TimeoutError):
        return "The relay fell silent."
    return (str(error) or type(error).__name__)[:LAST_REPLY]


# --- Elsewhere ---


class FolderTransport:
    """Mail as .eml files: for the demo and for development."""

    def __init__(self, folder: Path, mail_from: str) -> None:
        self.folder = folder
        self.mail_from = mail_from

    def send(self, message: Message, *, until: datetime | None = None) -> None:
        content = as_bytes(message, self.mail_from)
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", message.message_id).strip("-.")
        # sorts by time; the same message sent again is another file
        file = self.folder / f"{utcnow():%Y%m%dT%H%M%S.%f}-{name[:80]}.eml"
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            if _is_over(until):
                draft.unlink()
                raise TooLate
            os.replace(draft, file)  # readers never see half a mail
        except OSError as error:
            raise RelayDown(f"The folder for mail cannot be written: {error}") from error

    def close(self) -> None:
        """Nothing is open."""

    def check(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RelayDown(f"The folder for mail cannot be made: {error}") from error
        if not os.access(self.folder, os.W_OK):
            raise RelayDown(f"The folder for mail cannot be written: {self.folder}")


@dataclass
class MemoryTransport:
    """The outside world in tests: keeps what is sent; `answers` (address → what to raise) says who is refused."""

    mail_from: str = "team@example.test"
    sent: list[Message] = field(default_factory=list)
    answers: dict[str, Exception] = field(default_factory=dict)

    def send(self, message: Message, *, until: datetime | None = None) -> None:
        if error := self.answers.get(message.to):
            raise error
        if _is_over(until):
            raise TooLate
        as_bytes(message, self.mail_from)
        self.sent.append(message)

    def close(self) -> None:
        """Nothing is open."""

    def check(self) -> None:
        """It would."""
