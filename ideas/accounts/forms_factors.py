"""How the pages about second factors draw what `schemas_factors.py` judges."""

from __future__ import annotations

from wtforms import HiddenField, StringField

from ideas.accounts import schemas_factors as schemas
from ideas.forms import SchemaForm
from ideas.words import lazy


def _text(value: str | None) -> str:
    """A field that a form left out is an empty text."""
    return value or ""


class CodeForm(SchemaForm):
    schema = schemas.Code()
    code = StringField(lazy("Six digits"), filters=[_text])


class RecoveryForm(SchemaForm):
    schema = schemas.Recovery()
    recovery = StringField(lazy("Recovery code"), filters=[_text])


class AddAppForm(SchemaForm):
    schema = schemas.AddApp()
    sealed = HiddenField()
    code = StringField(lazy("Six digits"), filters=[_text])


class CodesForm(SchemaForm):
    schema = schemas.Codes()
    codes = HiddenField()


class PasskeyForm(SchemaForm):
    """What the script adds to a form that stands there: `credential`."""

    schema = schemas.PasskeyAnswer()
    credential = HiddenField()
    next = HiddenField()


class AddPasskeyForm(SchemaForm):
    schema = schemas.NewPasskey()
    credential = HiddenField()
    name = StringField(lazy("What you call it"), filters=[_text])


class FactorRuleForm(SchemaForm):
    schema = schemas.FactorRuleWords()
    days = StringField(lazy("Days they have to set one up"), default="14", filters=[_text])
