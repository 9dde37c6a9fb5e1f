"""The forms of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from marshmallow import fields, validate
from wtforms import RadioField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.forms import SchemaForm
from ideas.ledger.models import Mode, Preference
from ideas.outbox import NewsKind
from ideas.schemas import AppSchema
from ideas.words import lazy

USUAL = "usual"  # no row: the default of the news holds

CHOICES = [
    SelectChoice(USUAL, lazy("As usual")),
    SelectChoice(Mode.INSTANT.value, lazy("E-mail and inbox")),
    SelectChoice(Mode.INBOX.value, lazy("Inbox only")),
    SelectChoice(Mode.OFF.value, lazy("Off")),
]


def choices_form(offered: Sequence[NewsKind], chosen: Mapping[str, Preference]) -> FlaskForm:
    """How a person wants to hear each kind of news: a row of choices for each kind that is offered."""
    rows = {kind.name: RadioField(kind.label, choices=CHOICES, description=kind.explanation) for kind in offered}
    form = type("ChoicesForm", (FlaskForm,), rows)
    return form(data={kind.name: chosen[kind.name].mode if kind.name in chosen else USUAL for kind in offered})


def picked(form: FlaskForm, offered: Sequence[NewsKind]) -> dict[str, Mode | None]:
    """Kind of news → what was picked for it; None for what is usual."""
    modes = {kind.name: form[kind.name].data for kind in offered}
    return {name: None if mode == USUAL else Mode(mode) for name, mode in modes.items()}


class UnmuteSchema(AppSchema):
    subject = fields.String(required=True, validate=validate.Regexp(r"^[a-z]+:[0-9]{1,18}$"))


class UnmuteForm(SchemaForm):
    """The button beside a muted subject."""

    schema = UnmuteSchema()
    subject = StringField()
