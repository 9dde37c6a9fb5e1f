"""Mail that comes in, read: whom it is for, what kind it is, and what its writer said. Knows no room.

What a person wrote is told from what their program quoted and what stands under every mail of theirs. Whatever was
written by a machine says so in its headers (RFC 3834, RFC 6522) or, with old programs, in its subject.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from email.utils import getaddresses, parseaddr
from enum import StrEnum
from html.parser import HTMLParser

from mailparser_reply.parser import EmailMessage as Thread

from ideas import mail_reports
from ideas.mail_reports import Report
from ideas.text import readable

LARGEST = 25_000_000  # bytes; what providers let through
LINES_MOST = 400  # of a text are looked at
NESTED_MOST = 100  # elements an end tag is looked for among
LINE_LONGEST = 200  # characters of a line are looked at for what begins a quote; more makes the search slow


class Kind(StrEnum):
    """Who wrote a mail."""

    WRITTEN = "written"  # a person
    AUTOMATIC = "automatic"  # a program that answers for somebody, or a list that hands things round
    REPORT = "report"  # a mail server about a mail of ours, or a program that somebody read it
    UNREADABLE = "unreadable"  # it cannot be told


@dataclass(frozen=True)
class Incoming:
    """A mail that came in.

    digest: the same for a mail that comes twice, of its Message-ID or, without one, of its bytes. sender: its writer's
    address as written, "" when there is none. recipients: all addresses it names, those of the envelope first.
    said: what was written above, between or below what was quoted; "" for a mail that only quotes.
    report: what a mail server reports of a mail of ours, if that is what it is.
    """

    digest: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    kind: Kind
    said: str
    report: Report | None = None


def read(content: bytes, envelope_to: tuple[str, ...] = ()) -> Incoming:
    """The mail in these bytes, as RFC 5322 has it; whatever is broken in it makes it UNREADABLE and raises nothing."""
    message = email.message_from_bytes(content[:LARGEST], policy=email.policy.default)
    kind = _kind(message)
    said = ""
    if kind is Kind.WRITTEN:
        text = _text(message)
        if text is None:
            kind = Kind.UNREADABLE
        else:
            said = own_words(text)
    own_name = _header(message, "Message-ID").encode()
    return Incoming(
        digest=hashlib.sha256(own_name or content).hexdigest(),
        sender=parseaddr(_header(message, "From"))[1],
        recipients=_recipients(message, envelope_to),
        subject=_header(message, "Subject"),
        kind=kind,
        said=said,
        report=mail_reports.read(message) if kind is Kind.REPORT else None,
    )


def _header(message: EmailMessage, name: str) -> str:
    """The first header of that name, in one line; "" for one that is not there or cannot be read."""
    try:
        value = message.get(name, "")
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):  # what the parser raises on broken ones
        return ""
    return " ".join(readable(str(value).replace("\r", " ").replace("\n", " ")).split())


def _recipients(message: EmailMessage, envelope_to: tuple[str, ...]) -> tuple[str, ...]:
    named = [_header(message, name) for name in ("Delivered-To", "X-Original-To", "To", "Cc")]
    addresses = [*envelope_to, *(address for _name, address in getaddresses(named))]
    return tuple(dict.fromkeys(address for address in addresses if "@" in address))


# --- Who wrote it ---

_BY_A_MACHINE = re.compile(
    r"(?:(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer)|out of (?:the )?office|on vacation|vacation reply)\b"
    r"|abwesenheits(?:notiz|nachricht)|automatische antwort|réponse automatique|absence du bureau|respuesta automática"
    r"|risposta automatica|automatisch antwoord|自動(?:応答|返信)|不在(?:通知|連絡)|自动(?:回复|答复))",
    re.IGNORECASE,
)
_ABOUT_A_MAIL = re.compile(
    r"(?:undeliver|delivery (?:status|failure|has failed)|mail delivery|returned mail)", re.IGNORECASE
)
_SERVERS = {"mailer-daemon", "postmaster", "mail-daemon"}
_LISTS = {"bulk", "junk", "list", "auto_reply"}


def _kind(message: EmailMessage) -> Kind:
    kind = message.get_content_type()
    sender = parseaddr(_header(message, "From"))[1].casefold()
    subject = _header(message, "Subject")
    if kind == "multipart/report" or sender.partition("@")[0] in _SERVERS:
        return Kind.REPORT
    from_nobody = _header(message, "Return-Path") == "<>"
    if from_nobody and _ABOUT_A_MAIL.match(subject):
        return Kind.REPORT
    automatic = (
        _header(message, "Auto-Submitted").casefold().partition(";")[0].strip() not in ("", "no")
        or _header(message, "Precedence").casefold() in _LISTS
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse", "List-Id"))
        or "autoresponder" in _header(message, "X-POST-MessageClass").casefold()
        or from_nobody
        or _BY_A_MACHINE.match(subject) is not None
        or message.get_content_type() == "text/calendar"
    )
    return Kind.AUTOMATIC if automatic else Kind.WRITTEN


# --- What it says ---


def _text(message: EmailMessage) -> str | None:
    """The words of a mail, from its text part or else from its HTML; None when no letters can be made of it."""
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except (AttributeError, ValueError, LookupError):
        return None
    if part is None:
        # pictures alone, or what only a key opens
        return "" if message.get_content_maintype() in ("multipart", "image") and not _is_sealed(message) else None
    try:
        content = part.get_content()
    except (LookupError, ValueError, AttributeError, KeyError):  # a character set that nobody knows
        return None
    if not isinstance(content, str) or content.count("\N{REPLACEMENT CHARACTER}") > len(content) // 10:
        return None
    text = _words_of(content) if part.get_content_subtype() == "html" else _unflowed(content, part)
    return readable(text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_sealed(message: EmailMessage) -> bool:
    return any(part.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime") for part in message.walk())


def _unflowed(text: str, part: MIMEPart) -> str:
    """Lines that a program broke to fit its window are one again (RFC 3676)."""
    if part.get_param("format", "") != "flowed":
        return text
    lines: list[str] = []
    joins = False
    for line in text.splitlines():
        is_quote = line.startswith(">")
        if joins and not is_quote:
            lines[-1] += line
        else:
            lines.append(line)
        joins = line.endswith(" ") and line != "-- " and not is_quote
    return "\n".join(lines)


_BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "pre"}
_UNSEEN = {"script", "style", "head", "title", "template"}
_NEVER_CLOSED = {"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr"}
_QUOTES = re.compile(r"gmail_quote|gmail_signature|moz-cite-prefix|yahoo_quoted|protonmail_quote|tutanota_quote")
_REST_IS_QUOTED = re.compile(r"divRplyFwdMsg|appendonsend|mail-editor-reference-message-container")


class _Words(HTMLParser):
    """The words of an HTML mail, a line for each block; what programs mark as quoted is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []  # each open element, and whether it hides what is in it
        self._hiding = 0  # how many of them do
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if _REST_IS_QUOTED.search(marks):
            self._ended = True
        if tag in _BLOCKS:
            self.words.append("\n")
        if tag in _NEVER_CLOSED:
            return
        hides = tag in _UNSEEN or tag == "blockquote" or _QUOTES.search(marks) is not None
        self._open.append((tag, hides))
        self._hiding += hides

    def handle_endtag(self, tag: str) -> None:
        # what was never closed ends with what it stands in
        for place in range(len(self._open) - 1, max(-1, len(self._open) - 1 - NESTED_MOST), -1):
            if self._open[place][0] == tag:
                self._hiding -= sum(hides for _tag, hides in self._open[place:])
                del self._open[place:]
                break
        if tag in ("p", "div", "li", "tr", "blockquote"):
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._ended and not self._hiding:
            self.words.append(re.sub(r"\s+", " ", data))


def _words_of(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = [line.strip() for line in "".join(reader.words).replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# --- What of it is the writer's own ---

LANGUAGES = ("en", "de", "fr", "es", "it", "ja", "nl", "pl", "sv", "zh", "ko", "da", "cs")


def own_words(text: str) -> str:
    """`text` without what it quotes and without what stands under every mail of its writer; "" when nothing is left.

    Quotes are lines that begin with ">", and all from the line by which a mail program introduces the mail it answers.
    Words between or below quoted lines stay.
    """
    lines = _few_lines(text)
    kept = _above_the_quote(lines)
    if _is_blank(kept):
        # written below what is quoted
        start = next((place for place, line in enumerate(lines) if line.startswith(">")), len(lines))
        kept = _above_the_quote([line for line in lines[start:] if not line.startswith(">")])
    words = "\n".join(line for line in kept if not line.startswith(">"))
    return re.sub(r"\n{3,}", "\n\n", words).strip()


def _few_lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.replace("\u200b", "").split("\n")]
    few: list[str] = []
    for line in lines:
        if line or (few and few[-1]):  # never two empty lines in a row
            few.append(line)
        if len(few) == LINES_MOST:
            break
    return few


# what the library does not know: a line with a name, an address and a colon, in whatever language, introduces a quote …
_INTRODUCES = re.compile(r"差出人[:：]|.*<[^<>\s]+@[^<>\s]+>.{0,12}[:：]$")
# … and these stand under what is written on a telephone, or with a program that advertises itself
_STANDS_BELOW = re.compile(
    r"von meinem .{1,40} gesendet|envoyé (?:de|depuis) mon .{1,40}|.{1,40}から送信|sent with proton mail.*",
    re.IGNORECASE,
)


def _above_the_quote(lines: list[str]) -> list[str]:
    seen = [line[:LINE_LONGEST] for line in lines]
    seen = seen[: next((place for place, line in enumerate(seen) if _INTRODUCES.match(line)), len(seen))]
    thread = Thread(text="\n".join(seen), languages=list(LANGUAGES), keep_hyphen_lists=True).read()
    first = thread.replies[0]
    if first.headers:
        return []  # it begins with a quote
    end = len(first.body.split("\n")) if first.body else 0
    start = next((place for place, line in enumerate(seen) if line), 0)
    kept = lines[start : start + end]
    while kept and (not kept[-1] or _STANDS_BELOW.fullmatch(kept[-1][:LINE_LONGEST])):
        kept.pop()
    return kept


def _is_blank(lines: list[str]) -> bool:
    return not any(line and not line.startswith(">") for line in lines)
