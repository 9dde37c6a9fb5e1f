"""The forms of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from babel import dates
from flask_wtf import FlaskForm
from marshmallow import fields, validate
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas import hours
from ideas.forms import SchemaForm
from ideas.ledger.models import EVERYTHING, Mode, Preference
from ideas.ledger.preferences import Choice
from ideas.ledger.schemas import Hours, MailWordsSaid
from ideas.outbox import NewsKind
from ideas.schemas import AppSchema
from ideas.words import _, language, lazy

USUAL = "usual"  # no choice: the default of the news holds

BY_EMAIL = [
    SelectChoice(USUAL, lazy("As usual")),
    SelectChoice(Mode.INSTANT.value, lazy("At once")),
    SelectChoice(Mode.DAILY.value, lazy("Once a day")),
    SelectChoice(Mode.WEEKLY.value, lazy("Once a week")),
    SelectChoice(Mode.OFF.value, lazy("No mail")),
]


def choices_form(
    offered: Sequence[NewsKind], chosen: Mapping[str, Preference], *, meta: Mapping[str, Any] | None = None
) -> FlaskForm:
    """How a person wants to hear each kind of news by each channel: two fields for each kind that is offered."""
    rows: dict[str, SelectField | BooleanField] = {}
    now: dict[str, str | bool] = {}
    for kind in offered:
        own = chosen.get(kind.name)
        rows[f"email_{kind.name}"] = SelectField(lazy("E-mail"), choices=BY_EMAIL)
        rows[f"inbox_{kind.name}"] = BooleanField(lazy("Inbox"))
        now[f"email_{kind.name}"] = own.email if own and own.email else USUAL
        now[f"inbox_{kind.name}"] = _in_inbox(kind.name, chosen)
    return type("ChoicesForm", (FlaskForm,), rows)(data=now, meta=meta or {})


def picked(
    form: FlaskForm, offered: Sequence[NewsKind], chosen: Mapping[str, Preference]
) -> dict[str, tuple[Choice, Choice]]:
    """Kind of news → what was picked for e-mail and inbox; None for what is usual. `chosen` is what held before."""
    found: dict[str, tuple[Choice, Choice]] = {}
    for kind in offered:
        email, inbox = form[f"email_{kind.name}"].data, form[f"inbox_{kind.name}"].data
        own = chosen.get(kind.name)
        kept = Mode(own.inbox) if own and own.inbox else None
        if inbox != _in_inbox(kind.name, chosen):
            # a box that is ticked again needs no row, unless something else keeps all kinds out of the inbox
            usual = chosen.keys() & {EVERYTHING} and chosen[EVERYTHING].inbox == Mode.OFF
            kept = Mode.OFF if not inbox else Mode.INSTANT if usual else None
        found[kind.name] = None if email == USUAL else Mode(email), kept
    return found


def _in_inbox(news: str, chosen: Mapping[str, Preference]) -> bool:
    said = [chosen[name].inbox for name in (news, EVERYTHING) if name in chosen]
    return next((mode for mode in said if mode), Mode.INSTANT) != Mode.OFF


class HoursForm(SchemaForm):
    """At which hours mail comes."""

    schema = Hours()
    digest_hour = SelectField(lazy("Digests come at"))
    digest_weekday = SelectField(lazy("The weekly one on"))
    quiet_from = SelectField(lazy("Quiet from"))
    quiet_to = SelectField(lazy("to"))
    gathers = BooleanField(lazy("Too many single mails come together"))

    def offer(self, usual: hours.Hours) -> None:
        """Let people choose, beside what is usual on the site."""
        days = dates.get_day_names("wide", context="stand-alone", locale=language())
        every = [(str(hour), _hour(hour)) for hour in range(24)]
        self.digest_hour.choices = [("", _("%(hour)s, as usual", hour=_hour(usual.digest_hour))), *every]
        named = [(str(day), days[day]) for day in range(7)]
        self.digest_weekday.choices = [("", _("%(day)s, as usual", day=days[usual.digest_weekday])), *named]
        self.quiet_from.choices = self.quiet_to.choices = [("", _("no quiet hours")), *every]


def _hour(hour: int) -> str:
    """An hour as the reader's language writes it."""
    return dates.format_time(time(hour), "short", locale=language())


class UnmuteSchema(AppSchema):
    subject = fields.String(required=True, validate=validate.Regexp(r"^[a-z]+:[0-9]{1,18}$"))


class UnmuteForm(SchemaForm):
    """The button beside a muted subject."""

    schema = UnmuteSchema()
    subject = StringField()


def _text(value: str | None) -> str:
    return value or ""


class MailWordsForm(SchemaForm):
    """What a kind of mail says in the words of administrators."""

    schema = MailWordsSaid()
    subject = StringField(lazy("Subject"), filters=[_text])
    opening = TextAreaField(lazy("Opening words"), filters=[_text])
    closing = TextAreaField(lazy("Closing words"), filters=[_text])
