"""Fields that every schema of the product is made of. Schemas are pure: no database, no current person."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from ideas.text import clean, one_line
from ideas.words import _, ngettext
from ideas.wrong import Wrong, give_codes


class AppSchema(Schema):
    """What comes in is refused if it has fields we do not know; what goes out has its fields in order."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow declares it so
        "unknown": Wrong("Unknown field.", "unknown-field"),
        "type": Wrong("Invalid input type.", "wrong-type"),
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        give_codes(field_obj)


class Prose(fields.String):
    """Text of several lines, normalised. `shortest` and `longest` are in characters after that."""

    def __init__(self, *, longest: int, shortest: int = 0, **options: Any) -> None:
        # for the API's description
        least = shortest or int(options.get("required", False))
        described: dict[str, Any] = {"maxLength": longest} | ({"minLength": least} if least else {})
        described |= options.pop("metadata", {})
        super().__init__(**options, metadata=described)
        self.longest = longest
        self.shortest = shortest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            text = self.normalise(text or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if self.required and not text:
            raise ValidationError(Wrong(_("Please fill this in."), "required"))
        if text and len(text) < self.shortest:
            raise ValidationError(
                Wrong(
                    ngettext(
                        "At least %(least)s characters; this has %(num)s.",
                        "At least %(least)s characters; this has %(num)s.",
                        len(text),
                        least=self.shortest,
                    ),
                    "too-short",
                )
            )
        if len(text) > self.longest:
            raise ValidationError(
                Wrong(
                    _(
                        "This is %(long)s characters long; %(longest)s fit. Your text is kept.",
                        long=len(text),
                        longest=self.longest,
                    ),
                    "too-long",
                )
            )
        return text

    def normalise(self, text: str) -> str:
        return clean(text)


class Line(Prose):
    """Text of one line: every run of white space is one blank."""

    def normalise(self, text: str) -> str:
        return one_line(text)


class Origin(fields.String):
    """A site as browsers name it: scheme, host, and the port if it is an unusual one. Nothing stands for many."""

    _FORM = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")
    _USUAL = re.compile(r"^(http:.*):80$|^(https:.*):443$")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options).strip().lower().removesuffix("/")
        if not self._FORM.fullmatch(text) or ".." in text:
            raise ValidationError(_("Write each site like https://www.example.org, without anything behind it."))
        return self._USUAL.sub(r"\1\2", text)


class Origins(fields.List[str]):
    """Sites, each once."""

    MOST = 20

    def __init__(self, **options: Any) -> None:
        super().__init__(Origin(metadata={"maxLength": 260}), validate=validate.Length(max=self.MOST), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **options)))


class Day(fields.Date):
    """A day coming in, as browsers and programs write it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        try:
            return super()._deserialize(value, attr, data, **options)
        except ValidationError:
            raise ValidationError(_("This is no day. Write it like 2026-11-22.")) from None


class UtcTime(fields.DateTime):
    """A time going out as RFC 3339 in UTC with "Z"."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | None:
        return when(value)


def when(value: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC with "Z", in whole seconds."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Id(fields.Integer):
    """An id that a database can hold; forms send it as digits, programs as a number, of which 7.0 is the same as 7."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Range(min=1, max=2**31 - 1), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        is_whole = type(value) is int or (isinstance(value, float) and value.is_integer())
        if not (is_whole or (isinstance(value, str) and value.isascii() and value.isdigit())):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)


class Slug(Line):
    """Part of an address: small letters, digits and "-"."""

    def __init__(self, *, longest: int = 60, **options: Any) -> None:
        super().__init__(
            longest=longest,
            validate=validate.Regexp(
                r"^[a-z0-9]+(?:-[a-z0-9]+)*$|^$", error="Small letters, digits and “-” only, such as “garden-tools”."
            ),
            **options,
        )
