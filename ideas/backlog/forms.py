"""How pages ask for what schemas.py judges. WTForms draws; no rule stands here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from marshmallow import ValidationError
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import CheckboxInput, ListWidget

from ideas.backlog import asking, schemas
from ideas.backlog.models import Estimate
from ideas.backlog.models_views import BacklogView
from ideas.boards.labels import REASON_WORDS
from ideas.boards.models import Reason
from ideas.boards.models_releases import Release
from ideas.boards.queries import IdeaRow
from ideas.forms import OnceForm, SchemaForm
from ideas.words import lazy, ngettext

IMPACT_WORDS = {
    "0.25": lazy("0.25 – minimal"),
    "0.5": lazy("0.5 – low"),
    "1": lazy("1 – medium"),
    "2": lazy("2 – high"),
    "3": lazy("3 – massive"),
}


def _or_none(value: str | None) -> str | None:
    """An empty field of a form is no value."""
    return value or None


def _text(value: str | None) -> str:
    """A field that a form left out is an empty text."""
    return value or ""


class EstimateForm(SchemaForm):
    """What the team thinks of an idea, each number beside its source."""

    schema = schemas.EstimateWords()
    reach = StringField(lazy("Reach, in people a quarter"), filters=[_or_none])
    reach_source = StringField(lazy("Where is this reach from?"), filters=[_text])
    impact = SelectField(
        lazy("Impact on each of them"),
        choices=[SelectChoice(value, words) for value, words in IMPACT_WORDS.items()],
        filters=[_text],
        validate_choice=False,
    )
    impact_source = StringField(lazy("Where is this impact from?"), filters=[_text])
    confidence = StringField(lazy("Confidence, in per cent"), filters=[_text])
    confidence_source = StringField(lazy("Where is this confidence from?"), filters=[_text])
    effort = StringField(lazy("Effort, in weeks of one person"), filters=[_text])
    effort_source = StringField(lazy("Where is this effort from?"), filters=[_text])

    @staticmethod
    def saying(estimate: Estimate | None) -> dict[str, Any]:
        """The fields as they are when that was said last."""
        if estimate is None:
            return {"impact": "1"}
        names = ("reach_source", "impact_source", "confidence_source", "effort_source")
        return {
            **{name: getattr(estimate, name) for name in names},
            "reach": "" if estimate.reach is None else str(estimate.reach),
            "impact": f"{estimate.impact:g}",
            "confidence": str(estimate.confidence),
            "effort": f"{estimate.effort:g}",
        }


class ViewForm(OnceForm):
    """A list that is kept. `list` is its question, as it stood in the address."""

    schema = schemas.ViewWords()
    list = HiddenField()
    name = StringField(lazy("Name"), filters=[_text])
    shared = BooleanField(lazy("Everybody who answers sees it"))
    votes = StringField(lazy("For each vote"), filters=[_text])
    breadth = StringField(lazy("For each independent supporter (breadth)"), filters=[_text])
    value = StringField(lazy("For each 1,000 of revenue a month"), filters=[_text])
    priority = StringField(lazy("For each point of priority"), filters=[_text])
    lately = StringField(lazy("For each vote in the last 30 days"), filters=[_text])

    @property
    def data(self) -> dict[str, Any]:
        own: dict[str, Any] = super().data
        weights = {name: own.pop(name) for name in asking.WEIGHED}
        said = parse_qsl(own.pop("list") or "")
        return {
            **own,
            "asked": {name: value for name, value in said if name in asking.FIELDS},
            "columns": [value for name, value in said if name == "column" and value],
            "weights": {name: value for name, value in weights.items() if value},
        }

    @staticmethod
    def saying(view: BacklogView, query: str) -> dict[str, Any]:
        """The fields as the view is now; with a question in the address, of that question."""
        kept = urlencode([*view.asked.items(), *(("column", column) for column in view.columns)])
        return {
            "list": query or kept,
            "name": view.name,
            "shared": view.is_shared,
            **{name: f"{weight:g}" for name, weight in view.weights.items()},
        }

    def show(self, error: ValidationError) -> None:
        """What is wrong with a weight stands beside it."""
        messages = dict(error.messages_dict)
        weights = messages.pop("weights", {})
        super().show(ValidationError({**messages, **weights} if isinstance(weights, dict) else error.messages_dict))

    def words(self) -> dict[str, Any]:
        """What keeping.py takes."""
        return self.loaded

    def asked_in_words(self) -> str:
        """What the list asks for, for people to see what they keep."""
        said = [f"{name} = {value}" for name, value in parse_qsl(self.list.data or "") if name in asking.FIELDS]
        return ", ".join(said) or str(lazy("all ideas, the most votes first"))


class TagBoxes(SelectMultipleField):
    """Any of some tags, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        # the service knows which tags there are, and says it in the words the API uses
        return


class ChosenForm(SchemaForm):
    """What is done to several ideas at once."""

    schema = schemas.ChosenWords()
    owner = SelectField(lazy("Owner"), filters=[_text], validate_choice=False)
    add = TagBoxes(lazy("Give them these tags"))
    off = TagBoxes(lazy("Take these tags off"))

    def offer(self, tags: Sequence[Any], team: Sequence[Any]) -> None:
        people = [SelectChoice(str(person.id), person.name) for person in team]
        self.owner.choices = [
            SelectChoice("", lazy("As it is")),
            SelectChoice(asking.NOBODY, lazy("Nobody")),
            *people,
        ]
        self.add.choices = [SelectChoice(tag.slug, tag.name) for tag in tags]
        self.off.choices = [SelectChoice(tag.slug, tag.name) for tag in tags]


class EachForm(OnceForm):
    """An act on several ideas, some of which may have words of their own: fields `own-7`, drawn by the page."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = {name[4:]: words for name, words in request.form.items() if name.startswith("own-")}
        self.own_errors: dict[str, list[str]] = {}

    @property
    def data(self) -> dict[str, Any]:
        return {**super().data, "own": {number: words for number, words in self.own.items() if words.strip()}}

    @property
    def linked_errors(self) -> list[tuple[str, str]]:
        return [(f"own-{number}", line) for number, lines in self.own_errors.items() for line in lines]

    def show(self, error: ValidationError) -> None:
        messages = dict(error.messages_dict)
        own = messages.pop("own", {})
        if isinstance(own, dict):
            for number, lines in own.items():
                flat = [line for part in lines.values() for line in part] if isinstance(lines, dict) else lines
                self.own_errors[str(number)] = [str(line) for line in flat]
        super().show(ValidationError(messages))


class MoveForm(EachForm):
    """Where several ideas go together, and what is said to all of them."""

    schema = schemas.MoveWords()
    status = SelectField(lazy("What are they now?"), validate_choice=False)
    reason = SelectField(lazy("Why?"), validate_choice=False)
    text = TextAreaField(lazy("What all of them read that have no words of their own"), filters=[_text])
    date = StringField(lazy("When will it be there?"), filters=[_or_none])

    def offer(self, statuses: Sequence[Any], reasons: Sequence[Reason]) -> None:
        self.status.choices = [SelectChoice(each.slug, each.name) for each in statuses]
        self.reason.choices = [SelectChoice(each.value, REASON_WORDS[each]) for each in reasons]


class MergeAllForm(EachForm):
    """Several ideas become part of one of them."""

    schema = schemas.MergeWords()
    into = RadioField(lazy("Which one stays?"), validate_choice=False)
    text = TextAreaField(lazy("Why are they one?"), filters=[_text])

    def offer(self, rows: Sequence[IdeaRow]) -> None:
        self.into.choices = [SelectChoice(str(row.idea.id), _with_votes(row)) for row in rows]


def _with_votes(row: IdeaRow) -> str:
    votes = row.idea.rank.vote_count
    return ngettext("%(title)s – %(num)s vote", "%(title)s – %(num)s votes", votes, title=row.idea.title)


class ShipForm(EachForm):
    """Several ideas are put into a release, each with its own line."""

    schema = schemas.ShipWords()
    release = SelectField(lazy("Which release?"), filters=[_or_none], validate_choice=False)
    title = StringField(lazy("What is the new release called?"), filters=[_text])

    def offer(self, drafts: Sequence[Release]) -> None:
        named = [SelectChoice(str(draft.id), draft.title) for draft in drafts]
        self.release.choices = [SelectChoice("", lazy("A new one")), *named]
