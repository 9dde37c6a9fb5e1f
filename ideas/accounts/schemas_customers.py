"""What other systems may say of companies and people. Pure: no database, no current person."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from ideas.accounts.schemas import NAME_LONGEST, Address
from ideas.accounts.upserting import ATTRIBUTES_MOST
from ideas.schemas import AppSchema, Day, Line
from ideas.words import _

TOGETHER = 100  # rows of one sending
TEXT_LONGEST = 200  # of one attribute
REVENUE_MOST = 10**15
EXTERNAL_ID = r"(?!\.{1,2}$)[^\s/\\\x00-\x1f\x7f]{1,80}"
ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ExternalId(Line):
    """What another system calls something: no blanks and no slashes, so that it fits into an address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            longest=80,
            validate=validate.Regexp(
                f"^{EXTERNAL_ID}$", error=_("An id has at most 80 characters, and no blanks or slashes.")
            ),
            **options,
        )


class Attributes(fields.Dict):
    """Name → text. Numbers and true or false are kept as texts; null takes an attribute away."""

    def __init__(self, **options: Any) -> None:
        described = {
            "description": "What is given is set, null takes it away, the rest stays. Kept as text. "
            "Names are small letters, digits and “_”, such as “seats”.",
            "maxProperties": ATTRIBUTES_MOST,
        }
        values = fields.Raw(
            allow_none=True, metadata={"type": ["string", "number", "boolean"], "maxLength": TEXT_LONGEST}
        )
        super().__init__(keys=fields.String(), values=values, metadata=described, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, str | None]:
        given: dict[str, Any] = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        wrong: dict[str, list[str]] = {}
        found: dict[str, str | None] = {}
        for name, said in given.items():
            try:
                found[name] = attribute(name, said)
            except ValueError as error:
                wrong[name] = [str(error)]
        if len(given) > ATTRIBUTES_MOST:
            wrong["_schema"] = [_("At most %(most)s attributes.", most=ATTRIBUTES_MOST)]
        if wrong:
            raise ValidationError(wrong)
        return found


def attribute(name: str, said: Any) -> str | None:
    """The text of an attribute, or None for none. Raises ValueError for a name or a text that will not do."""
    if not ATTRIBUTE.fullmatch(name):
        raise ValueError(_("Names of attributes are small letters, digits and “_”, such as “seats”."))
    if said is None or said == "":
        return None
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, int | float):
        return f"{said:g}" if isinstance(said, float) and not said.is_integer() else str(int(said))
    if not isinstance(said, str):
        raise ValueError(_("A text, a number, true or false."))
    try:
        text = Line(longest=TEXT_LONGEST).deserialize(said)
    except ValidationError as error:
        raise ValueError(" ".join(map(str, error.messages))) from None
    return str(text) or None


class CompanySaid(AppSchema):
    """What is said of a company: fields that are left out stay as they are, null clears."""

    name = Line(longest=120, validate=validate.Length(min=1), metadata={"description": "Needed for a new one."})
    plan = Line(longest=40, allow_none=True)
    monthly_revenue = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(0, REVENUE_MOST),
        metadata={"description": "In the smallest unit of the site's currency: cents of a euro."},
    )
    renews_on = Day(allow_none=True)
    attributes = Attributes()


class CompanyRow(CompanySaid):
    """One of several companies."""

    external_id = ExternalId(required=True)


class Companies(AppSchema):
    """Several companies, all or none of which are taken."""

    data = fields.List(fields.Nested(CompanyRow), required=True, validate=validate.Length(1, TOGETHER))


class PersonSaid(AppSchema):
    """What is said of a person: fields that are left out stay as they are, null clears."""

    email = Address(allow_none=True)
    name = Line(longest=NAME_LONGEST, validate=validate.Length(min=1))
    company = Line(
        longest=120,
        allow_none=True,
        metadata={"description": "The id of a company in your system, or its name; null for none."},
    )
    attributes = Attributes()


class PersonRow(PersonSaid):
    """One of several people."""

    external_id = ExternalId(required=True)


class People(AppSchema):
    """Several people, all or none of whom are taken."""

    data = fields.List(fields.Nested(PersonRow), required=True, validate=validate.Length(1, TOGETHER))
