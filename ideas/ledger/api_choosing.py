"""What one hears of, how and when, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api
from ideas.accounts.models import Stopped
from ideas.api import READ, Blueprint, OutSchema
from ideas.db import unit_of_work
from ideas.ledger import preferences, queries
from ideas.ledger.models import EVERYTHING, Mode, Preference
from ideas.ledger.preferences import Choice
from ideas.ledger.schemas import Hours
from ideas.outbox import NewsKind
from ideas.schemas import AppSchema
from ideas.settings import current

blueprint = Blueprint("notifications", __name__, about="What you hear of, by which way, and when.")

BY_EMAIL = [mode.value for mode in Mode]
BY_INBOX = [Mode.INSTANT.value, Mode.OFF.value]


class KindOut(OutSchema):
    """How you hear one kind of news."""

    kind = fields.String()
    label = fields.String()
    email = fields.String(
        allow_none=True,
        validate=validate.OneOf(BY_EMAIL),
        metadata={"description": "null: as is usual, which depends on your part in it."},
    )
    inbox = fields.String(allow_none=True, validate=validate.OneOf(BY_INBOX))
    unsubscribed = fields.Boolean(metadata={"description": "Its mail was stopped by a link in one."})


class MutedOut(OutSchema):
    """Something of which you hear nothing."""

    subject = fields.String()
    title = fields.String(allow_none=True, metadata={"description": "null if you may not see it any more."})
    url = fields.URL(allow_none=True)


class NotificationsOut(OutSchema):
    """All that you chose about hearing of things."""

    mail = fields.Boolean(metadata={"description": "false: no mail at all comes, whatever else is chosen."})
    mail_stopped = fields.String(
        allow_none=True,
        validate=validate.OneOf([each.value for each in Stopped]),
        metadata={
            "description": "Why nothing comes but links to sign in. bounced: mail to your address came back; it ends "
            "when you sign in by a link from a mail. complained: a mail was called junk; it ends with mail: true."
        },
    )
    kinds = fields.List(fields.Nested(KindOut))
    timezone = fields.String(metadata={"description": "By whose clocks the hours are; part of your profile."})
    digest_hour = fields.Integer(allow_none=True)
    digest_weekday = fields.Integer(allow_none=True)
    quiet_from = fields.Integer(allow_none=True)
    quiet_to = fields.Integer(allow_none=True)
    gathers = fields.Boolean()
    muted = fields.List(fields.Nested(MutedOut))


class KindIn(AppSchema):
    """How you want to hear one kind of news; null: as is usual."""

    kind = fields.String(required=True)
    email = fields.String(allow_none=True, validate=validate.OneOf(BY_EMAIL))
    inbox = fields.String(allow_none=True, validate=validate.OneOf(BY_INBOX))


class NotificationsIn(Hours):
    """What is left out stays as it is."""

    mail = fields.Boolean()
    kinds = fields.List(fields.Nested(KindIn), validate=validate.Length(max=100))


EXAMPLE = {
    "mail": True,
    "mail_stopped": None,
    "kinds": [
        {"kind": "moved", "label": "It moved", "email": "weekly", "inbox": None, "unsubscribed": False},
        {"kind": "shipped", "label": "It is there", "email": None, "inbox": None, "unsubscribed": False},
    ],
    "timezone": "Europe/Berlin",
    "digest_hour": 18,
    "digest_weekday": None,
    "quiet_from": 22,
    "quiet_to": 7,
    "gathers": True,
    "muted": [{"subject": "idea:23", "title": "Book a bed", "url": "https://ideas.example.org/ideas/23-book-a-bed"}],
}


@blueprint.route("/me/notifications")
@blueprint.needs(READ)
@blueprint.gives(NotificationsOut, example=EXAMPLE)
def get_notifications() -> Any:
    """Read what you hear of, how and when"""
    return _shown()


@blueprint.route("/me/notifications", method="PUT")
@blueprint.needs("notifications:write")
@blueprint.takes(
    NotificationsIn, example={"kinds": [{"kind": "moved", "email": "weekly"}], "quiet_from": 22, "quiet_to": 7}
)
@blueprint.gives(NotificationsOut, example=EXAMPLE)
def put_notifications(wanted: dict[str, Any]) -> Any:
    """Choose what you hear of, how and when

    What you leave out stays as it is. It holds at once, also for what waits to be sent. A kind of news that does not
    concern you is passed over.
    """
    with unit_of_work():
        _choose(wanted)
    return _shown()


@blueprint.route("/me/muted/<external:subject>", method="DELETE")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def unmute(subject: str) -> None:
    """Hear again of what you muted

    By the “subject” under which it stands among what you muted. What is not muted stays so; whether there is such a
    thing is not said.
    """
    with unit_of_work():
        preferences.unmute(api.member(), subject)


def _choose(wanted: dict[str, Any]) -> None:
    me = api.member()
    chosen = preferences.of(me)
    offered = {kind.name for kind in queries.offered_to(me)}
    for row in wanted.pop("kinds", []):
        if row["kind"] in offered:
            own = chosen.get(row["kind"])
            email, inbox = (_mode(row.get(name, getattr(own, name, None))) for name in ("email", "inbox"))
            preferences.choose(me, row["kind"], email=email, inbox=inbox)
    mail = wanted.pop("mail", None)
    if mail is False:
        preferences.stop_everything(me)
    elif mail and (EVERYTHING in chosen or me.mail_stopped == Stopped.COMPLAINED):
        preferences.want_mail(me)
    if wanted:
        preferences.choose_hours(me, wanted)


def _mode(mode: str | None) -> Choice:
    return None if mode is None else Mode(mode)


def _shown() -> dict[str, Any]:
    me = api.member()
    chosen, muted = preferences.of(me), preferences.muted_by(me)
    names = queries.names_of(me, muted)
    everything = chosen.get(EVERYTHING)
    return {
        "mail": not (everything is not None and everything.by_unsubscribing) and me.mail_stopped is None,
        "mail_stopped": me.mail_stopped,
        "kinds": [_kind(kind, chosen.get(kind.name)) for kind in queries.offered_to(me)],
        "timezone": me.timezone or current().default_timezone,
        **preferences.hours_of(me),
        "muted": [
            {"subject": each, "title": names[each][0] if each in names else None, "url": _address(names, each)}
            for each in muted
        ],
    }


def _kind(kind: NewsKind, own: Preference | None) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "label": str(kind.label),
        "email": own.email if own else None,
        "inbox": own.inbox if own else None,
        "unsubscribed": bool(own and own.by_unsubscribing),
    }


def _address(names: dict[str, tuple[str, str]], subject: str) -> str | None:
    return names[subject][1] if subject in names else None
