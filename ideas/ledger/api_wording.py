"""What mails say in the words of administrators, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api
from ideas.accounts import policy
from ideas.api import Blueprint, OutSchema, list_of
from ideas.db import unit_of_work
from ideas.ledger import sampling, wording
from ideas.ledger.models import Path
from ideas.ledger.schemas import MailWordsSaid
from ideas.ledger.wording import Own
from ideas.outbox import NewsKind
from ideas.paging import Page
from ideas.settings import rooms

WRITE = "site:write"

blueprint = Blueprint("mail_words", __name__, about="What mails say in your own words. For administrators.")


class MailWordsOut(OutSchema):
    """One kind of mail, and what is said in it in place of the built-in words; "" where those stand."""

    news = fields.String(metadata={"description": "The kind of news, such as shipped."})
    label = fields.String()
    subject = fields.String()
    opening = fields.String()
    closing = fields.String()
    built_in = fields.Boolean(metadata={"description": "Nothing is said in place of the built-in words."})
    blanks = fields.List(fields.String(), metadata={"description": "What may stand in double braces."})


class SampleOut(OutSchema):
    """A mail as plain text, as somebody by that path would get it. Its links are cut short."""

    path = fields.String(validate=validate.OneOf([path.value for path in Path]))
    subject = fields.String()
    text = fields.String()


_SAID = {"subject": "{{headline}}", "opening": "Hello {{name}},", "closing": ""}
_EXAMPLE = {
    "news": "shipped",
    "label": "It is there",
    **_SAID,
    "built_in": False,
    "blanks": ["headline", "title", "board", "name", "sender", "site"],
}
_SAMPLE = {"path": "voter", "subject": "Book a bed is there", "text": "Hello Petra,\n\nBook a bed is there."}


@blueprint.route("/mail-words")
@blueprint.needs(WRITE)
@blueprint.gives(list_of(MailWordsOut), example={"data": [_EXAMPLE], "next": None})
def list_mail_words() -> Any:
    """List what mails say in your words

    Every kind of mail, all on one page. For administrators.
    """
    policy.require_admin(api.member())
    own = wording.own_words()
    return api.listed(Page(rooms().news, None), lambda kind: _shape(kind, own.get(kind.name, wording.BUILT_IN)))


@blueprint.route("/mail-words/<external:news>")
@blueprint.needs(WRITE)
@blueprint.gives(MailWordsOut, example=_EXAMPLE)
def get_mail_words(news: str) -> Any:
    """Read what a kind of mail says in your words

    For administrators.
    """
    return _shown(news)


@blueprint.route("/mail-words/<external:news>", method="PUT")
@blueprint.needs(WRITE)
@blueprint.takes(MailWordsSaid, example=_SAID)
@blueprint.gives(MailWordsOut, example=_EXAMPLE)
def put_mail_words(said: dict[str, Any], news: str) -> Any:
    """Say something in a kind of mail

    In every mail of that kind from then on, also in what waits. What is left out is as built in. For administrators.
    """
    with unit_of_work():
        wording.say(api.member(), news, said)
    return _shown(news)


@blueprint.route("/mail-words/<external:news>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def reset_mail_words(news: str) -> None:
    """Put the built-in words back

    For administrators.
    """
    with unit_of_work():
        wording.say(api.member(), news, wording.BUILT_IN._asdict())


@blueprint.route("/mail-words/<external:news>/preview", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(MailWordsSaid, example=_SAID)
@blueprint.gives(list_of(SampleOut), example={"data": [_SAMPLE], "next": None})
@blueprint.only_looks
def preview_mail_words(said: dict[str, Any], news: str) -> Any:
    """Ask what a kind of mail would say

    With the last news of that kind: one sample for each path by which it came, none if there was none lately. Nothing
    is kept. For administrators.
    """
    kind = wording.kind_of(api.member(), news)
    wording.require_sound(said)
    found = sampling.samples(api.member(), kind.name, Own(**said))
    return api.listed(Page(found, None), lambda sample: sample._asdict())


def _shown(news: str) -> dict[str, Any]:
    kind = wording.kind_of(api.member(), news)
    return _shape(kind, wording.own_words().get(news, wording.BUILT_IN))


def _shape(kind: NewsKind, own: Own) -> dict[str, Any]:
    return {
        "news": kind.name,
        "label": str(kind.label),
        **own._asdict(),
        "built_in": own == wording.BUILT_IN,
        "blanks": list(wording.BLANKS),
    }
