"""How pages ask for what schemas.py judges. WTForms draws; no rule stands here."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.backlog import schemas
from ideas.backlog.models import Estimate
from ideas.forms import SchemaForm
from ideas.words import lazy

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
