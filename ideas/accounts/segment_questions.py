"""The little language in which a segment asks: conditions on a person and their company, all or any of which hold.

Pure: no database, no person. What comes in is judged by QuestionWords, whose messages say which condition is at fault;
`read` gives it back as a Question, `in_words` as people say it. What it means in SQL stands in segments.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.accounts.schemas_customers import ATTRIBUTE, REVENUE_MOST, TEXT_LONGEST
from ideas.schemas import AppSchema
from ideas.text import one_line
from ideas.words import _, lazy, ngettext

CONDITIONS_MOST = 10
VALUES_MOST = 20
DAYS_MOST = 36_500
NUMBER_MOST = 10**12


class Match(StrEnum):
    """How many of the conditions have to hold."""

    ALL = "all"
    ANY = "any"


class About(StrEnum):
    """What a condition looks at."""

    PLAN = "plan"
    REVENUE = "monthly_revenue"
    RENEWAL = "renews_on"
    COMPANY = "company"
    COMPANY_ATTRIBUTE = "company_attribute"
    PERSON_ATTRIBUTE = "person_attribute"
    JOINED = "joined"


class How(StrEnum):
    """What has to be so of it."""

    IS = "is"  # one of the values
    IS_NOT = "is_not"  # none of them, or nothing is known
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    WITHIN = "within_days"  # of what is to come: from today on; of what was: until today
    BEYOND = "beyond_days"  # further away than that
    PAST = "past"
    KNOWN = "known"
    UNKNOWN = "unknown"


_THERE = (How.KNOWN, How.UNKNOWN)
_TEXTS = (How.IS, How.IS_NOT)
_NUMBERS = (How.AT_LEAST, How.AT_MOST)
_DAYS = (How.WITHIN, How.BEYOND)
HOWS: dict[About, tuple[How, ...]] = {
    About.PLAN: (*_TEXTS, *_THERE),
    About.REVENUE: (*_NUMBERS, *_THERE),
    About.RENEWAL: (*_DAYS, How.PAST, *_THERE),
    About.COMPANY: _THERE,
    About.COMPANY_ATTRIBUTE: (*_TEXTS, *_NUMBERS, *_THERE),
    About.PERSON_ATTRIBUTE: (*_TEXTS, *_NUMBERS, *_THERE),
    About.JOINED: _DAYS,
}
NAMED = (About.COMPANY_ATTRIBUTE, About.PERSON_ATTRIBUTE)


@dataclass(frozen=True)
class Condition:
    """One of the conditions. name: of an attribute. texts: any of them; number: days, or an amount."""

    about: About
    how: How
    name: str = ""
    texts: tuple[str, ...] = ()
    number: float = 0


@dataclass(frozen=True)
class Question:
    """All or any of some conditions."""

    match: Match
    conditions: tuple[Condition, ...]


# --- Coming in ---


class Value(fields.Field[Any]):
    """A text, a number, or several texts; which of them is wanted depends on the rest of the condition."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | list):
            raise ValidationError(_("A text, a number, or a list of texts."))
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise ValidationError(_("A text, a number, or a list of texts."))
        return value


class ConditionWords(AppSchema):
    """One condition. What `value` is depends on `is`: texts, a number of days, an amount, or nothing."""

    about = fields.Enum(About, by_value=fields.String, required=True)
    name = fields.String(load_default="", metadata={"description": "Of an attribute: what it is called."})
    how = fields.Enum(How, by_value=fields.String, data_key="is", required=True)
    value = Value(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Texts of which one has to be it; days; or an amount, of revenue in the smallest unit.",
            "anyOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "null"},
            ],
        },
    )

    @validates_schema(skip_on_field_errors=True)
    def _fits(self, loaded: dict[str, Any], **_values: Any) -> None:
        about, how = loaded["about"], loaded["how"]
        if how not in HOWS[about]:
            able = ", ".join(HOWS[about])
            raise ValidationError({"is": [_("“%(about)s” can be asked: %(able)s.", about=about, able=able)]})
        if about in NAMED and not ATTRIBUTE.fullmatch(loaded["name"]):
            wanted = _("Say which attribute. Names are small letters, digits and “_”, such as “seats”.")
            raise ValidationError({"name": [wanted]})
        if about not in NAMED and loaded["name"]:
            raise ValidationError({"name": [_("Only attributes have names.")]})
        loaded["value"] = _judged(about, how, loaded["value"])


class QuestionWords(AppSchema):
    """Who belongs to a segment: people of whom all, or any, of the conditions hold."""

    match = fields.Enum(Match, by_value=fields.String, load_default=Match.ALL)
    conditions = fields.List(
        fields.Nested(ConditionWords),
        required=True,
        validate=validate.Length(
            1, CONDITIONS_MOST, error=_("Between 1 and %(most)s conditions.", most=CONDITIONS_MOST)
        ),
    )


def _judged(about: About, how: How, value: Any) -> Any:
    """The value as it is kept. Raises ValidationError."""
    if how in _TEXTS:
        return _texts(value)
    if how in _DAYS:
        return _whole(
            value, _("Say how many days, as a whole number from 0 to %(most)s.", most=f"{DAYS_MOST:,}"), DAYS_MOST
        )
    if how in _NUMBERS and about is About.REVENUE:
        return _whole(value, _("Say an amount, as a whole number of the currency’s smallest unit."), REVENUE_MOST)
    if how in _NUMBERS:
        return _number(value)
    if value not in (None, "", []):
        raise ValidationError({"value": [_("Nothing is compared here, so leave the value out.")]})
    return None


def _texts(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [] if value is None else [str(value)]
    try:
        texts = list(dict.fromkeys(text for text in map(one_line, given) if text))
    except ValueError as error:
        raise ValidationError({"value": [str(error)]}) from None
    if not texts:
        raise ValidationError({"value": [_("Say what it is compared with.")]})
    if len(texts) > VALUES_MOST:
        raise ValidationError({"value": [_("At most %(most)s values.", most=VALUES_MOST)]})
    if any(len(text) > TEXT_LONGEST for text in texts):
        raise ValidationError({"value": [_("At most %(most)s characters.", most=TEXT_LONGEST)]})
    return texts


def _whole(value: Any, otherwise: str, most: int) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        value = int(value)
    if type(value) is not int or not 0 <= value <= most:
        raise ValidationError({"value": [otherwise]})
    return value


def _number(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except (ValueError, OverflowError):
        number = float("nan")
    if not -NUMBER_MOST <= number <= NUMBER_MOST:  # which nan is not
        raise ValidationError({"value": [_("Say a number, such as 50 or 0.5.")]})
    return int(number) if number == int(number) else number


# --- Kept ---


def kept(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """What QuestionWords loaded, as it is kept and as the API says it again."""
    return {
        "match": str(loaded["match"]),
        "conditions": [
            {
                "about": str(each["about"]),
                **({"name": each["name"]} if each["name"] else {}),
                "is": str(each["how"]),
                **({"value": each["value"]} if each["value"] is not None else {}),
            }
            for each in loaded["conditions"]
        ],
    }


def read(said: Mapping[str, Any]) -> Question:
    """A question as it was kept."""
    return Question(Match(said["match"]), tuple(_condition(each) for each in said["conditions"]))


def _condition(said: Mapping[str, Any]) -> Condition:
    value = said.get("value")
    return Condition(
        About(said["about"]),
        How(said["is"]),
        said.get("name", ""),
        tuple(value) if isinstance(value, list) else (),
        value if isinstance(value, int | float) else 0,
    )


# --- In words ---

_OR, _AND, _EITHER = lazy(" or "), lazy(" and "), lazy(", or ")


def in_words(question: Question, money: Any) -> str:
    """As people say it: “Plan is enterprise and renewal within 90 days”. money: an amount of revenue as a text."""
    joined = _EITHER if question.match is Match.ANY else _AND
    words = str(joined).join(said(each, money) for each in question.conditions)
    return words[:1].upper() + words[1:]


def said(condition: Condition, money: Any) -> str:
    """One condition, as people say it within a sentence."""
    about, how = condition.about, condition.how
    if about is About.COMPANY:
        return _("belongs to a company") if how is How.KNOWN else _("belongs to no company")
    if about is About.JOINED:
        days = int(condition.number)
        if how is How.WITHIN:
            return ngettext("joined within %(num)s day", "joined within %(num)s days", days)
        return ngettext("joined more than %(num)s day ago", "joined more than %(num)s days ago", days)
    if about is About.RENEWAL:
        return _renewal(condition)
    name = {
        About.PLAN: _("plan"),
        About.REVENUE: _("revenue a month"),
        About.COMPANY_ATTRIBUTE: _("company’s %(name)s", name=condition.name),
        About.PERSON_ATTRIBUTE: condition.name,
    }[about]
    if how in _THERE:
        return _("%(name)s is known", name=name) if how is How.KNOWN else _("%(name)s is not known", name=name)
    if how in _TEXTS:
        texts = str(_OR).join(condition.texts)
        return (
            _("%(name)s is %(texts)s", name=name, texts=texts)
            if how is How.IS
            else _("%(name)s is not %(texts)s", name=name, texts=texts)
        )
    amount = money(int(condition.number)) if about is About.REVENUE else f"{condition.number:,}"
    if how is How.AT_LEAST:
        return _("%(name)s is at least %(amount)s", name=name, amount=amount)
    return _("%(name)s is at most %(amount)s", name=name, amount=amount)


def _renewal(condition: Condition) -> str:
    days = int(condition.number)
    if condition.how is How.WITHIN:
        return ngettext("renewal within %(num)s day", "renewal within %(num)s days", days)
    if condition.how is How.BEYOND:
        return ngettext("renewal in more than %(num)s day", "renewal in more than %(num)s days", days)
    if condition.how is How.PAST:
        return _("renewal is past")
    return _("renewal is known") if condition.how is How.KNOWN else _("renewal is not known")
