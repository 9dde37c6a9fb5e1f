"""Mail as it leaves, of every kind, and what must be true of each: for tests and for pictures of it."""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

import fast_mail_parser
import sqlalchemy as sa

from ideas import mail
from ideas.accounts import letters, writing
from ideas.accounts.models import Letter, User
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import digests
from ideas.ledger.channels import digest
from ideas.ledger.channels import email as channel
from ideas.ledger.sending import Addressee, Claimed
from ideas.outbox import DueDelivery

FROM = "Ideas <no-reply@ideas.example>"
STRICT = email.policy.default.clone(raise_on_defect=True)

# in titles of ideas, names of people and of boards
HOSTILE = {
    "title": '"></td></table><h1 onclick=alert(1)>A roof {{ 7 * 7 }} &lt;b&gt;</title><style>*{color:red}</style><!--',
    "name": '</p><img src=x onerror=alert(1)> "Kim" <b@x.test>',
    "board_name": "]]><svg onload=alert(1)><a href=https://evil.test>Garden",
}


def to_people(batch: Sequence[DueDelivery]) -> list[mail.Message]:
    """The mails of these deliveries, made as the worker makes them; one for each way to be connected with the news."""
    firsts = {(each.path, each.contribution_kind): each for each in reversed(batch)}
    return list(made(list(reversed(firsts.values()))).values())


def made(batch: Sequence[DueDelivery]) -> dict[int, mail.Message]:
    """Delivery → its mail, made as the worker makes it."""
    found = channel.compose([Claimed(each, _addressee(each.user_id), 1, utcnow(), 1, None) for each in batch])
    assert all(isinstance(each, mail.Message) for each in found.values()), found
    return {key: each for key, each in found.items() if isinstance(each, mail.Message)}


def as_digest(batch: Sequence[DueDelivery], *, is_many: bool = False) -> mail.Message:
    """One digest of all of them."""
    to = _addressee(batch[0].user_id)
    claimed = digests.Claimed(1, utcnow(), to, batch, 1, utcnow(), is_many)
    [prepared] = digest.prepare([claimed])
    message = prepared.message([each.id for each in batch])
    assert message is not None
    assert claimed.lost == {}
    return message


def _addressee(user_id: int) -> Addressee:
    person = db.session.get_one(User, user_id)
    return Addressee(person.id, person.name, person.email or "somebody@example.test", person.locale, person.timezone)


def sign_in_letters() -> dict[str, mail.Message]:
    """Each letter of the accounts room."""
    made = {
        "confirm": writing.verify("secret-token"),
        "already-here": writing.already_here("secret-token"),
        "sign-in": writing.sign_in("secret-token"),
        "reset": writing.reset("secret-token"),
        "password-changed": writing.password_changed(),
        "identity-linked": writing.identity_linked("Acme & Sons"),
        "identity-removed": writing.identity_removed("Acme & Sons"),
    }
    found = {}
    for name, words in made.items():
        with unit_of_work():
            letters.write("mia@example.test", words, good_for=timedelta(days=1))
        found[name] = last_letter()
    return found


def last_letter() -> mail.Message:
    """The letter that was written last."""
    row = db.session.scalars(sa.select(Letter).order_by(Letter.id.desc()).limit(1)).one()
    return letters._message(letters.Claimed(*(getattr(row, name) for name in letters.Claimed._fields)))


# --- What must be true of each ---

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
OF_NOTICES = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID")
THREAD = ("In-Reply-To", "References")
_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


def problems(message: mail.Message, *, is_notice: bool, is_digest: bool = False) -> list[str]:
    """What is wrong with a mail as the bytes that leave: by RFC 5322, 2045 to 2047, 2919, 2369, 8058 and 3834.

    They are read twice: strictly by the standard library, and by a parser that shares nothing with it.
    """
    raw = mail.as_bytes(message, FROM)
    found = [*_of_bytes(raw), *misread(raw, message)]
    try:
        read = email.message_from_bytes(raw, _class=EmailMessage, policy=STRICT)
        for part in read.walk():
            for name, value in part.items():
                found += [f"{name}: {defect!r}" for defect in getattr(value, "defects", ())]
            if not part.is_multipart():
                part.get_content()
    except (email.errors.MessageError, ValueError, LookupError) as error:
        return [*found, f"it cannot be read strictly: {error!r}"]
    found += _of_headers(read, is_notice=is_notice, is_digest=is_digest)
    found += _of_parts(read)
    return found


def _of_bytes(raw: bytes) -> Iterator[str]:
    if not raw.isascii():
        yield "bytes beyond ASCII, which an old server may break"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a line that does not end with CRLF"
    head, _, body = raw.partition(b"\r\n\r\n")
    if any(len(line) > 78 for line in head.split(b"\r\n") if b" " in line.strip() and not line.startswith(b"List-")):
        longest = max(head.split(b"\r\n"), key=len)
        yield f"a line of the head has {len(longest)} characters: {longest[:60]!r}"
    if any(len(line) > 998 for line in head.split(b"\r\n")):
        yield "a line of the head that no server must take"
    if any(len(line) > 76 for line in body.split(b"\r\n")):
        yield "a line of the body is longer than quoted-printable may be"


def misread(raw: bytes, meant: mail.Message) -> Iterator[str]:
    """What another parser reads in these bytes that is not what was meant."""
    read = fast_mail_parser.parse_email(raw)
    parts = list(fast_mail_parser.walk(fast_mail_parser.parse_email_tree(raw)))
    lines = {name: [" ".join(value.split()) for value in values] for name, values in read.headers.items()}
    added = {name: " ".join(value.split()) for name, value in meant.headers.items() if name != "Reply-To"}
    answers_to = [parseaddr(meant.headers["Reply-To"])[1]] if "Reply-To" in meant.headers else []
    kinds = [("multipart/alternative",), ("text/plain", "charset=utf-8"), ("text/html", "charset=utf-8")]

    def mailbox(it: fast_mail_parser.PyAddress | None) -> tuple[str, str] | None:
        return (it.display_name or "", it.address) if it else None

    for what, wanted, found in (
        ("repairs", [], [each.kind for each in read.warnings]),
        ("subject", meant.subject, read.subject),
        ("sender", (meant.sender_name, parseaddr(FROM)[1]), mailbox(read.from_)),
        ("recipients", [(meant.to_name, meant.to)], [mailbox(each) for each in (*read.to, *read.cc, *read.bcc)]),
        ("where answers go", answers_to, [each.address for each in read.reply_to]),
        ("its name", [meant.message_id], lines.get("Message-ID")),
        *((name, [value], lines.get(name)) for name, value in added.items()),
        ("a date", True, read.date_parsed is not None),
        ("parts", kinds, [_kind_of(each) for each in parts]),
        ("attachments", [], [each.mimetype for each in read.attachments]),
        ("text", [meant.text.splitlines()], [each.splitlines() for each in read.text_plain]),
        ("markup", [meant.html.splitlines()], [each.splitlines() for each in read.text_html]),
    ):
        if found != wanted:
            yield f"another parser reads as {what} {found!r}, not {wanted!r}"


def _kind_of(part: fast_mail_parser.PyMimePart) -> tuple[str, ...]:
    """Its type, and in which encoding its words are."""
    charsets = [more.strip() for value in part.headers["Content-Type"] for more in value.split(";")[1:]]
    return (part.content_type, *(each for each in charsets if each.startswith("charset")))


def _of_headers(read: EmailMessage, *, is_notice: bool, is_digest: bool) -> Iterator[str]:
    names = Counter(name.casefold() for name in read)
    wanted = (*ONCE, *(OF_NOTICES if is_notice else ()), *(THREAD if is_notice and not is_digest else ()))
    for name in wanted:
        if names[name.casefold()] != 1:
            yield f"{name} is there {names[name.casefold()]} times"
    for name in set(map(str.casefold, read.keys())) - {each.casefold() for each in wanted}:
        if name not in ("reply-to", "cfbl-address"):
            yield f"nobody expects {name}"
    if not str(read["Subject"]).strip():
        yield "there is no subject"
    for name in ("Message-ID", *THREAD):
        if read[name] is not None and not _ID.fullmatch(str(read[name])):
            yield f"{name} is no name of a mail: {read[name]}"
    if read["Date"] is None or not isinstance(read["Date"].datetime, datetime):
        yield "Date is none"
    for name in ("From", "To"):
        if len(read[name].addresses) != 1:
            yield f"{name} has {len(read[name].addresses)} addresses"
    if read["Auto-Submitted"] != "auto-generated":
        yield "it does not say that a machine wrote it"
    if is_notice:
        yield from _of_lists(read)


def _of_lists(read: EmailMessage) -> Iterator[str]:
    if not re.fullmatch(r"<[a-z0-9.-]+\.[a-z0-9-]+>|<[a-z0-9.-]+>", str(read["List-Id"])):
        yield f"List-Id is none: {read['List-Id']}"
    ways = re.fullmatch(r"<(https?://[^<>\s]+)>, <(mailto:[^<>\s]+)>", str(read["List-Unsubscribe"]))
    if ways is None:
        yield f"List-Unsubscribe is none: {read['List-Unsubscribe']}"
    if read["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        yield "it cannot be stopped by one click"
    if not re.fullmatch(r"[a-z_]+:[a-z_]+:[a-z_]+:answerback", str(read["Feedback-ID"])):
        yield f"Feedback-ID is none: {read['Feedback-ID']}"


def _of_parts(read: EmailMessage) -> Iterator[str]:
    kinds = [part.get_content_type() for part in read.walk()]
    if kinds != ["multipart/alternative", "text/plain", "text/html"]:
        yield f"it is made of {kinds}"
        return
    for part in read.iter_parts():
        assert isinstance(part, EmailMessage)
        if part.get_content_charset() != "utf-8" or part["Content-Transfer-Encoding"] != "quoted-printable":
            yield f"{part.get_content_type()} is written in another way"
        if not part.get_content().strip():
            yield f"{part.get_content_type()} is empty"
    html = read.get_body(("html",))
    text = read.get_body(("plain",))
    assert html is not None
    assert text is not None
    yield from Well(html.get_content()).wrong


VOID = {"meta", "br", "hr", "img", "link"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "p", "div", "span", "a", "br"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "blockquote", "pre", "code", "hr", "del"),
}


class Well(HTMLParser):
    """The HTML of a mail: each element is closed where it should be, does nothing, and loads nothing from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.tags: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        self.tags[tag, tuple(sorted(names))] += 1
        if tag not in ALLOWED:
            self.wrong.append(f"<{tag}> in a mail")
        if len(set(names)) != len(names) or any(name.startswith("on") for name in names):
            self.wrong.append(f"<{tag}> with {names}")
        for name, value in attrs:
            if name in ("src", "background") or (name == "style" and "url(" in (value or "")):
                self.wrong.append(f"<{tag}> wants {value} from elsewhere")
            if name == "href" and not re.match(r"(?:https?|mailto):", value or ""):
                self.wrong.append(f"<{tag}> leads to {value}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open[-1] != tag:
            self.wrong.append(f"</{tag}> ends {self._open[-1:] or 'nothing'}")
        if tag in self._open:
            while self._open.pop() != tag:
                pass


def tags_of(message: mail.Message) -> Counter[Any]:
    """What a browser makes of it: tags with the names of their attributes."""
    return Well(message.html).tags
