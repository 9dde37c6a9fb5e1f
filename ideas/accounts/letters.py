"""Mail of this room on its way to people. The only code that writes `letter`.

A letter is written in the transaction of the link it carries and sent by the worker: it is neither lost when the mail
server is down, nor does its sending slow the page, which would tell who is known here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import jinja2
import sqlalchemy as sa

from ideas import colours, mail, mail_tokens
from ideas.accounts import suppressions
from ideas.accounts.models import Letter
from ideas.checking import Figure
from ideas.db import db, unit_of_work, utcnow
from ideas.settings import brand, current
from ideas.words import _
from ideas.words import language as language_now

BATCH = 20
NAMED = "l"  # before its id: what a letter is called in reports about it
# Links are short-lived and somebody sits waiting, so the first tries follow each other quickly.
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300)]


class Words(NamedTuple):
    """What a letter says: paragraphs, one link as a button, paragraphs."""

    subject: str
    before: Sequence[str]
    button: str
    url: str
    after: Sequence[str]


class Claimed(NamedTuple):
    """A letter that this worker has for the length of its lease."""

    id: int
    recipient: str
    subject: str
    text: str
    html: str
    attempts: int
    expires_at: datetime
    created_at: datetime
    asked_for: bool


class Outcome(NamedTuple):
    """How an attempt ended: sent, or what the other side said, whether that is final, and whether all must wait.

    is_refused: it is final because the other side said so.
    """

    error: str | None = None
    is_final: bool = False
    is_for_all: bool = False
    is_refused: bool = False


def write(recipient: str, words: Words, *, good_for: timedelta, asked_for: bool = True) -> None:
    """Put a letter on its way; after `good_for` it is not worth sending any more.

    asked_for: whoever has the address wants it, such as a link to sign in; otherwise it is not sent to one that gets no
    mail (see suppressions.py).
    """
    _add(recipient, words, good_for=good_for, asked_for=asked_for)


def write_decoy(words: Words, *, good_for: timedelta) -> None:
    """Do all the work of `write` for nobody: an unknown address costs what a known one costs."""
    letter = _add("", words, good_for=good_for, asked_for=True)
    letter.sent_at = letter.created_at
    letter.text = letter.html = " " * len(letter.text)


def send_due(transport: mail.Transport, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """One turn of the worker: hand over the letters that are due; how many were tried.

    Claim (commit), send with no transaction open, write down (commit). Whoever dies in between leaves a letter that
    becomes due again when its lease ends, with the same Message-ID. Once the worker is `stopping`, or so much of the
    lease is over that it could run out in the middle of the next one, those that it has not begun are given back.
    """
    lease = secrets.token_hex(16)
    length = timedelta(seconds=current().lease_seconds)
    with unit_of_work():
        until = utcnow() + length
        claimed = [letter for letter in _claim(lease, until) if _is_wanted(letter, lease)]
    outcome = Outcome()
    for place, letter in enumerate(claimed):
        if stopping() or utcnow() >= until - length / 2:
            with unit_of_work():
                _give_back(claimed[place:], lease)
            return place
        if not outcome.is_for_all:  # one wait for a relay that is down is enough for all
            outcome = _try(transport, letter, until)
        with unit_of_work():
            _write_down(letter, lease, outcome)
    return len(claimed)


def came_back(letter_id: int, words: str) -> str | None:
    """A letter that was handed over did not arrive, with these words of the other side; the address it went to."""
    return db.session.scalar(
        sa.update(Letter)
        .where(Letter.id == letter_id)
        .values(failed_at=utcnow(), error=words[:300], lease=None, text="", html="")
        .returning(Letter.recipient)
        .execution_options(synchronize_session=False)
    )


def recipient(letter_id: int) -> str | None:
    """Where a letter went."""
    return db.session.scalar(sa.select(Letter.recipient).where(Letter.id == letter_id))


def next_due() -> datetime | None:
    """When the next letter wants to go."""
    return db.session.scalar(sa.select(sa.func.min(Letter.due_at)).where(*_waiting()))


def figures() -> list[Figure]:
    """How many letters wait, and for how long: somebody may sit and wait for each."""
    now = utcnow()
    statement = sa.select(sa.func.count(), sa.func.min(Letter.due_at)).where(*_waiting())
    waiting, oldest = db.session.execute(statement).one()
    age = max(0.0, (now - oldest).total_seconds()) if waiting else 0.0
    return [
        Figure("letters_waiting", "Letters that wait to be sent, such as links to sign in.", waiting),
        Figure("letters_oldest_seconds", "For how long the oldest of them has been due.", age),
    ]


def _add(recipient: str, words: Words, *, good_for: timedelta, asked_for: bool) -> Letter:
    now = utcnow()
    language, palette = language_now(), _palette(brand().accent)
    frame = {
        "words": words,
        "site_name": brand().site_name,
        "home": current().base_url,
        "light": palette.light,
        "dark": palette.dark,
        "lang": str(language).replace("_", "-"),
        "text_direction": language.text_direction,
    }
    letter = Letter(
        recipient=recipient,
        subject=words.subject,
        text=_templates().get_template("accounts/letter.txt").render(frame),
        html=_templates().get_template("accounts/letter.html").render(frame),
        created_at=now,
        due_at=now,
        expires_at=now + good_for,
        asked_for=asked_for,
    )
    db.session.add(letter)
    return letter


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    return (Letter.sent_at.is_(None), Letter.failed_at.is_(None))


def _claim(lease: str, until: datetime) -> list[Claimed]:
    now = utcnow()
    due = sa.select(Letter.id).where(*_waiting(), Letter.due_at <= now).order_by(Letter.due_at, Letter.id).limit(BATCH)
    take = (
        sa.update(Letter)
        .where(Letter.id.in_(due.with_for_update(skip_locked=True).scalar_subquery()))
        .values(lease=lease, attempts=Letter.attempts + 1, due_at=until)
        .returning(*(getattr(Letter, name) for name in Claimed._fields))
        .execution_options(synchronize_session=False)
    )
    return sorted((Claimed(*row) for row in db.session.execute(take)), key=lambda letter: letter.id)


def _is_wanted(letter: Claimed, lease: str) -> bool:
    """False for one that nobody asked for, to an address that gets no mail; it is over then."""
    if letter.asked_for or suppressions.why(letter.recipient) is None:
        return True
    _write_down(letter, lease, Outcome("This address gets no mail but links to sign in.", is_final=True))
    return False


def _try(transport: mail.Transport, letter: Claimed, until: datetime) -> Outcome:
    if letter.expires_at <= utcnow():
        return Outcome("Its link has expired.", is_final=True)
    try:
        transport.send(_message(letter), until=until)
    except mail.TemporaryFailure as failure:
        return Outcome(str(failure))
    except mail.RelayDown as failure:
        return Outcome(str(failure), is_for_all=True)
    except mail.PermanentFailure as failure:
        return Outcome(str(failure), is_final=True, is_refused=True)
    except mail.Unmailable as failure:
        return Outcome(str(failure), is_final=True)
    return Outcome()


def _write_down(letter: Claimed, lease: str, outcome: Outcome) -> None:
    now = utcnow()
    values: dict[str, object] = {"lease": None, "error": outcome.error and outcome.error[:300]}
    if outcome.error is None:
        values |= {"sent_at": now, "text": "", "html": ""}
    elif outcome.is_final:
        values |= {"failed_at": now, "text": "", "html": ""}
    else:
        values |= {"due_at": now + PAUSES[min(letter.attempts, len(PAUSES)) - 1]}
    # one whose lease ran out writes nothing: somebody else has the letter now
    written = sa.update(Letter).where(Letter.id == letter.id, Letter.lease == lease).values(**values)
    is_mine = db.session.scalar(written.returning(Letter.id).execution_options(synchronize_session=False)) is not None
    if is_mine and outcome.is_refused:
        suppressions.refused(f"{NAMED}{letter.id}", letter.recipient, outcome.error or "")


def _give_back(letters: Sequence[Claimed], lease: str) -> None:
    """They are due at once, and no attempt was spent."""
    db.session.execute(
        sa.update(Letter)
        .where(Letter.id.in_([letter.id for letter in letters]), Letter.lease == lease)
        .values(lease=None, due_at=utcnow(), attempts=Letter.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def _message(letter: Claimed) -> mail.Message:
    host = urlsplit(current().base_url).hostname
    return mail.Message(
        to=letter.recipient,
        to_name="",  # a name that somebody typed must not come with our mail to somebody else
        sender_name=mail.own_name(current(), brand().site_name),
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=f"<letter-{letter.id}.{int(letter.created_at.timestamp())}@{host}>",
        headers={"Auto-Submitted": "auto-generated"},
        reports_to=mail_tokens.for_reports(f"{NAMED}{letter.id}"),
    )


_palette = cache(colours.palette)


@cache
def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("ideas.accounts", "templates"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["_"] = _
    return templates
