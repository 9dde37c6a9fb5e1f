"""The only code that writes `mail_words`: what administrators say in a kind of mail in place of the built-in words.

Logic-less: texts with blanks, and nothing else. Only the subject is replaced; what is put before and after the built-in
words leaves alone why a person hears of it, what their input did, and how to stop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from markupsafe import Markup, escape
from marshmallow import ValidationError

from ideas import blanks, settings
from ideas.accounts import audit, policy
from ideas.accounts.models import User
from ideas.db import db, insert_once, utcnow
from ideas.errors import NotFound
from ideas.ledger.models import MailWords
from ideas.outbox import NewsKind
from ideas.words import _, lazy

# What may stand in double braces, and what it stands for.
BLANKS = {
    "headline": lazy("the built-in subject"),
    "title": lazy("what it is about, by the title that who gets the mail knows"),
    "board": lazy("the name of the board"),
    "name": lazy("the name of who gets the mail"),
    "sender": lazy("who the mail is from"),
    "site": lazy("the name of this site"),
}
FIELDS = ("subject", "opening", "closing")
NEWS = ("headline", "title")  # a subject holds one of them, or nobody would know which of their ideas it is about
_ENDS_A_MAIL = re.compile(r"^[ \t]*[-_–—=*]{2,}[ \t]*$", re.MULTILINE)  # what stands below is folded away


class Own(NamedTuple):
    """What is said in one kind of mail; "" where the built-in words stand."""

    subject: str = ""
    opening: str = ""
    closing: str = ""


BUILT_IN = Own()
_ALL = sa.select(MailWords.news, MailWords.subject, MailWords.opening, MailWords.closing)


def own_words() -> dict[str, Own]:
    """Kind of news → what is said in its mail; built-in ones are left out. One query, of few rows."""
    return {row.news: Own(row.subject, row.opening, row.closing) for row in db.session.execute(_ALL)}


def kind_of(reader: User, news: str) -> NewsKind:
    """Raises NotFound for anybody but administrators, and for a kind that there is not."""
    policy.require_admin(reader)
    found = next((kind for kind in settings.rooms().news if kind.name == news), None)
    if found is None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return found


def require_sound(words: Mapping[str, str]) -> None:
    """Raises ValidationError, at its field, for what would leave a mail without what it must say.

    That is a blank that there is not, a subject that does not name what it is about, or says a blank twice, and a line
    by which programs tell that a mail is over: what stops mail stands below.
    """
    for field in FIELDS:
        blanks.require_known(words[field], BLANKS, field=field)
    named = blanks.names_in(words["subject"])
    if words["subject"] and not set(named) & set(NEWS):
        wrong = _("A subject names what it is about: put {{headline}} or {{title}} into it, or leave it empty.")
        raise ValidationError({"subject": [wrong]})
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise ValidationError({"subject": [_("“{{%(name)s}}” stands here twice; once is enough.", name=twice)]})
    for field in ("opening", "closing"):
        if _ENDS_A_MAIL.search(words[field]):
            wrong = _(
                "Mail programs fold away what stands below a line of dashes, here the ways to stop. Leave it out."
            )
            raise ValidationError({field: [wrong]})


def say(actor: User, news: str, words: Mapping[str, str]) -> None:
    """Say this in every mail of that kind from now on, also in what waits; all of it empty: the built-in words.

    words: by FIELDS. Raises ValidationError as require_sound does.
    """
    kind_of(actor, news)
    require_sound(words)
    before = own_words().get(news, BUILT_IN)
    now = Own(**{field: words[field] for field in FIELDS})
    if now == before:
        return
    if now == BUILT_IN:
        db.session.execute(sa.delete(MailWords).where(MailWords.news == news))
    else:
        said: dict[str, Any] = {**now._asdict(), "by_id": actor.id, "changed_at": utcnow()}
        if not insert_once(MailWords, news=news, **said):
            db.session.execute(sa.update(MailWords).where(MailWords.news == news).values(**said))
    audit.record(actor, "mail_words.changed", f"news:{news}", before=before._asdict(), after=now._asdict())


# --- In a mail ---


def subject_of(own: Own, values: Mapping[str, str]) -> str:
    return " ".join(blanks.filled(own.subject or "{{headline}}", values).split())


def as_text(words: str, values: Mapping[str, str]) -> str:
    return blanks.filled(words, values).strip()


def as_html(words: str, values: Mapping[str, str]) -> Markup:
    """Paragraphs; whatever was filled in or written is words, and no HTML."""
    paragraphs = [part for part in blanks.filled(words, values).split("\n\n") if part.strip()]
    lines = (Markup("<br>").join(escape(line) for line in part.strip().split("\n")) for part in paragraphs)
    return Markup("\n").join(Markup("<p>{}</p>").format(each) for each in lines)
