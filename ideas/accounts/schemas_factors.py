"""What people send to prove or to set up a second factor. Pure: no database, no current person."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from ideas.accounts.factor_rule import LONGEST_GRACE
from ideas.accounts.schemas import WithNext
from ideas.schemas import AppSchema, Line
from ideas.words import _

LONGEST = 100  # of what is compared with a code; none is as long
ANSWER = 20_000  # characters of what a browser says of a passkey; with a chain of certificates some thousands


class Typed(fields.String):
    """A code as somebody types it; how it is grouped does not matter."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options).strip()
        if not text:
            raise ValidationError(_("Please fill this in."))
        if len(text) > LONGEST:
            raise ValidationError(_("This is longer than any code."))
        return text


class Code(AppSchema):
    code = Typed(required=True)


class Recovery(AppSchema):
    recovery = Typed(required=True)


class AddApp(AppSchema):
    """sealed: the key that the page showed, as it came with it."""

    sealed = fields.String(required=True)
    code = Typed(required=True)


class Codes(AppSchema):
    """Codes that are on the screen, a blank between two."""

    codes = fields.String(required=True)


class Credential(fields.String):
    """What a browser says of a passkey, as JSON."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not text or len(text) > ANSWER:
            raise ValidationError(_("Your browser did not say anything. Try once more."))
        return text


class PasskeyAnswer(WithNext):
    credential = Credential(required=True)


class NewPasskey(AppSchema):
    credential = Credential(required=True)
    name = Line(longest=80, load_default="")


class FactorRuleWords(AppSchema):
    """From when the team must have a second factor."""

    days = fields.Integer(
        required=True,
        validate=validate.Range(min=0, max=LONGEST_GRACE),
        metadata={"description": "Until then who has none is reminded; 0: at once."},
    )
