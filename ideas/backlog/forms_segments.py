"""How the page of a segment asks for its conditions. WTForms draws; no rule stands here but how people write values."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_precision
from marshmallow import ValidationError
from wtforms import Field, FieldList, Form, FormField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.accounts import schemas_segments, spreadsheets
from ideas.accounts.models_segments import Segment
from ideas.accounts.segment_questions import CONDITIONS_MOST, About, How, Match
from ideas.forms import OnceForm
from ideas.settings import current
from ideas.words import _, lazy

SHOWN = 3  # rows that stand open whatever is said

_FIELDS = {"about": "what", "is": "what", "name": "name", "value": "value"}
_OF_COMPANY, _OF_PERSON = lazy("The company"), lazy("The person")
WHAT: dict[Any, list[tuple[About, How, Any]]] = {
    _OF_COMPANY: [
        (About.PLAN, How.IS, lazy("Plan is")),
        (About.PLAN, How.IS_NOT, lazy("Plan is not")),
        (About.PLAN, How.KNOWN, lazy("Plan is known")),
        (About.PLAN, How.UNKNOWN, lazy("Plan is not known")),
        (About.REVENUE, How.AT_LEAST, lazy("Revenue a month is at least")),
        (About.REVENUE, How.AT_MOST, lazy("Revenue a month is at most")),
        (About.REVENUE, How.KNOWN, lazy("Revenue is known")),
        (About.REVENUE, How.UNKNOWN, lazy("Revenue is not known")),
        (About.RENEWAL, How.WITHIN, lazy("Renews within days")),
        (About.RENEWAL, How.BEYOND, lazy("Renews in more than days")),
        (About.RENEWAL, How.PAST, lazy("Renewal is past")),
        (About.RENEWAL, How.KNOWN, lazy("Renewal is known")),
        (About.RENEWAL, How.UNKNOWN, lazy("Renewal is not known")),
        (About.COMPANY_ATTRIBUTE, How.IS, lazy("Company’s attribute is")),
        (About.COMPANY_ATTRIBUTE, How.IS_NOT, lazy("Company’s attribute is not")),
        (About.COMPANY_ATTRIBUTE, How.AT_LEAST, lazy("Company’s attribute is at least")),
        (About.COMPANY_ATTRIBUTE, How.AT_MOST, lazy("Company’s attribute is at most")),
        (About.COMPANY_ATTRIBUTE, How.KNOWN, lazy("Company’s attribute is known")),
        (About.COMPANY_ATTRIBUTE, How.UNKNOWN, lazy("Company’s attribute is not known")),
    ],
    _OF_PERSON: [
        (About.COMPANY, How.KNOWN, lazy("Belongs to a company")),
        (About.COMPANY, How.UNKNOWN, lazy("Belongs to no company")),
        (About.JOINED, How.WITHIN, lazy("Joined within days")),
        (About.JOINED, How.BEYOND, lazy("Joined more than days ago")),
        (About.PERSON_ATTRIBUTE, How.IS, lazy("Person’s attribute is")),
        (About.PERSON_ATTRIBUTE, How.IS_NOT, lazy("Person’s attribute is not")),
        (About.PERSON_ATTRIBUTE, How.AT_LEAST, lazy("Person’s attribute is at least")),
        (About.PERSON_ATTRIBUTE, How.AT_MOST, lazy("Person’s attribute is at most")),
        (About.PERSON_ATTRIBUTE, How.KNOWN, lazy("Person’s attribute is known")),
        (About.PERSON_ATTRIBUTE, How.UNKNOWN, lazy("Person’s attribute is not known")),
    ],
}


def _text(value: str | None) -> str:
    """A field that a form left out is an empty text."""
    return value or ""


class ConditionForm(Form):
    """A line of the page: what is asked, of which attribute, and what it is compared with."""

    what = SelectField(
        lazy("What"),
        choices=[
            SelectChoice("", lazy("Nothing")),
            *(
                SelectChoice(f"{about}.{how}", words, optgroup=group)
                for group, conditions in WHAT.items()
                for about, how, words in conditions
            ),
        ],
        filters=[_text],
        validate_choice=False,
    )
    name = StringField(lazy("Attribute"), filters=[_text])
    value = StringField(lazy("Compared with"), filters=[_text])


class SegmentForm(OnceForm):
    """A question over people and companies, and its name."""

    schema = schemas_segments.SegmentWords()
    linked_errors: tuple[tuple[str, str], ...] = ()
    name = StringField(lazy("Name"), filters=[_text])
    match = SelectField(
        lazy("Who belongs to it"),
        choices=[
            SelectChoice(Match.ALL.value, lazy("those of whom all conditions hold")),
            SelectChoice(Match.ANY.value, lazy("those of whom any condition holds")),
        ],
        filters=[_text],
        validate_choice=False,
    )
    conditions = FieldList(FormField(ConditionForm), min_entries=CONDITIONS_MOST, max_entries=CONDITIONS_MOST)

    @property
    def rows(self) -> list[ConditionForm]:
        """Every line, said or not."""
        return [entry.form for entry in self.conditions]

    @property
    def said(self) -> list[int]:
        """The places of the lines in which anything stands."""
        return [place for place, row in enumerate(self.rows) if any(field.data for field in row)]

    @property
    def open(self) -> int:
        """How many lines stand open: all that say something, and one more."""
        return max(SHOWN, min(CONDITIONS_MOST, max(self.said, default=-1) + 2))

    @property
    def data(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "once": self.once.data,
            "question": {
                "match": self.match.data or Match.ALL.value,
                "conditions": [_condition(self.rows[place]) for place in self.said],
            },
        }

    def show(self, error: ValidationError) -> None:
        """What is wrong with a condition stands in its line, and on top with the number of the line."""
        messages = dict(error.messages_dict)
        question = messages.pop("question", {})
        if not isinstance(question, dict):
            question = {"conditions": question}
        self.linked_errors = ()
        for name, wrong in question.items():
            if name != "conditions":
                messages[name] = wrong
            elif isinstance(wrong, dict):
                for place, of_line in wrong.items():
                    self._show_in_line(self.said[int(place)], of_line)
            else:
                self._link(self.rows[0].what, [str(line) for line in wrong])
        super().show(ValidationError(messages))

    def _show_in_line(self, place: int, wrong: Any) -> None:
        row = self.rows[place]
        for name, lines in wrong.items() if isinstance(wrong, dict) else [("about", wrong)]:
            field = row[_FIELDS.get(name, "what")]
            words = [str(line) for line in lines]
            if name in ("about", "is"):
                words = [_("Choose what this condition asks.")]
            elif name == "value" and _is_money(row) and field.data:
                words = [_("This is no amount. Write it like 1200 or 1200.50.")]
            if list(field.errors) == words:
                continue
            on_top = [_("Condition %(number)s: %(line)s", number=place + 1, line=line) for line in words]
            self._link(field, words, on_top)

    def _link(self, field: Field, words: list[str], on_top: list[str] | None = None) -> None:
        field.errors = [*field.errors, *words]
        self.linked_errors += tuple((field.id, line) for line in on_top or words)

    @staticmethod
    def saying(segment: Segment) -> dict[str, Any]:
        """The fields as the segment is now."""
        return {
            "name": segment.name,
            "match": segment.question["match"],
            "conditions": [_row(each) for each in segment.question["conditions"]],
        }


def _is_money(row: ConditionForm) -> bool:
    return str(row.what.data) in (f"{About.REVENUE}.{How.AT_LEAST}", f"{About.REVENUE}.{How.AT_MOST}")


def _condition(row: ConditionForm) -> dict[str, Any]:
    about, _dot, how = (row.what.data or "").partition(".")
    value: Any = (row.value.data or "").strip()
    if how in (How.IS, How.IS_NOT):
        value = [part for part in value.split(",") if part.strip()]
    elif _is_money(row):
        try:
            value = spreadsheets.smallest_units(value)
        except ValidationError:
            value = "?"
    return {"about": about, "name": (row.name.data or "").strip(), "is": how, "value": value}


def _row(said: dict[str, Any]) -> dict[str, str]:
    value = said.get("value", "")
    if isinstance(value, list):
        value = ", ".join(value)
    elif said["about"] == About.REVENUE and isinstance(value, int):
        places = get_currency_precision(current().currency)
        value = f"{value / 10**places:.{places}f}".removesuffix("." + "0" * places) if places else str(value)
    return {"what": f"{said['about']}.{said['is']}", "name": said.get("name", ""), "value": str(value)}
