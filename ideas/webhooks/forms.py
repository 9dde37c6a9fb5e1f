"""How pages ask for what schemas.py judges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import CheckboxInput, ListWidget

from ideas.forms import OnceForm, SchemaForm
from ideas.webhooks import schemas
from ideas.webhooks.kinds import KINDS
from ideas.words import _, lazy


class _EndpointFields:
    address = StringField(lazy("Address"))
    description = StringField(lazy("What is it for"))
    kinds = SelectMultipleField(
        lazy("What is sent there"),
        choices=[SelectChoice(kind.name, kind.label) for kind in KINDS.values()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    board = SelectField(lazy("Board"), validate_choice=False)
    with_emails = BooleanField(lazy("With people’s e-mail addresses"))


class EndpointForm(_EndpointFields, OnceForm):
    """A new endpoint; pressed twice it is made once."""

    schema = schemas.EndpointWords()


class EndpointEditForm(_EndpointFields, SchemaForm):
    """An endpoint as it is, to be changed."""

    schema = schemas.EndpointEdit()


class ReplayForm(SchemaForm):
    """From when to when, in the reader's zone."""

    schema = schemas.ReplayDays()
    first = StringField(lazy("From"))
    last = StringField(lazy("To, with it"))
    all_of_it = BooleanField(lazy("Also what arrived"))


def offer_boards(form: _EndpointFields, boards: Iterable[Any]) -> None:
    form.board.choices = [SelectChoice("", _("All of yours")), *(SelectChoice(each.slug, each.name) for each in boards)]


def filled(row: Any, **options: Any) -> EndpointEditForm:
    """The form with what the endpoint is; what is sent comes first, unless `formdata` is None."""
    return EndpointEditForm(
        address=row.address,
        description=row.description,
        kinds=row.kinds,
        board=row.board.slug if row.board else "",
        with_emails=row.with_emails,
        **options,
    )
