"""What the API shows of the dashboard: its figures, and the rows behind each."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.insights.behind import Row
from ideas.insights.counting import Figure
from ideas.insights.dashboard import Dashboard
from ideas.insights.periods import By
from ideas.schemas import UtcTime, when
from ideas.settings import absolute

Shape = dict[str, Any]


def _said(words: str) -> dict[str, str]:
    return {"description": words}


class PartOut(OutSchema):
    """A part of the period."""

    begins = UtcTime()
    ends = UtcTime(metadata=_said("Not included."))


class CountedOut(OutSchema):
    """A figure. People and companies that come in several parts count once in the whole."""

    figure = fields.String(validate=validate.OneOf([str(figure) for figure in Figure]))
    number = fields.Integer()
    parts = fields.List(fields.Integer(), metadata=_said("In each part of the period."))


class InsightsOut(OutSchema):
    """Figures over time. What each is exactly: the guide for product managers."""

    boards = fields.List(fields.String(), metadata=_said("Their slugs."))
    tag = fields.String(allow_none=True)
    company_id = fields.Integer(allow_none=True)
    segment = fields.String(allow_none=True, metadata=_said("Its slug."))
    since = UtcTime()
    until = UtcTime(metadata=_said("Not included."))
    by = fields.String(validate=validate.OneOf([str(by) for by in By]))
    parts = fields.List(fields.Nested(PartOut))
    figures = fields.List(fields.Nested(CountedOut))
    answers_by_ideas = fields.Float(allow_none=True, metadata=_said("Below one, what waits grows."))
    share_of_companies_heard = fields.Float(allow_none=True)
    share_of_new_voices = fields.Float(allow_none=True, metadata=_said("Of the people who took part."))
    gini = fields.Float(allow_none=True, metadata=_said("0 when everybody put in as much, towards 1 when few did."))


class CountedIdeaOut(OutSchema):
    """An idea that was counted, or on which something was."""

    id = fields.Integer()
    title = fields.String()
    url = fields.URL()
    board = fields.String(metadata=_said("The name of its board."))


class CountedNameOut(OutSchema):
    """A person or a company."""

    id = fields.Integer()
    name = fields.String()


class CountedRowOut(OutSchema):
    """One thing that was counted; what there is of it depends on the figure."""

    id = fields.Integer()
    at = UtcTime(allow_none=True)
    idea = fields.Nested(CountedIdeaOut, allow_none=True)
    person = fields.Nested(CountedNameOut, allow_none=True)
    company = fields.Nested(CountedNameOut, allow_none=True)
    contributions = fields.Integer(
        allow_none=True, metadata=_said("How often that person voted, posted or commented in the period.")
    )


def insights(found: Dashboard) -> Shape:
    scope = found.scope
    return {
        "boards": sorted(board.slug for board in scope.boards),
        "tag": scope.tag,
        "company_id": scope.company.id if scope.company else None,
        "segment": scope.segment.slug if scope.segment else None,
        "since": when(scope.since),
        "until": when(scope.until),
        "by": str(found.by),
        "parts": [{"begins": when(part.begins), "ends": when(part.ends)} for part in found.parts],
        "figures": [
            {"figure": str(figure), "number": counted.number, "parts": list(counted.parts)}
            for figure, counted in found.figures.items()
        ],
        "answers_by_ideas": found.capacity,
        "share_of_companies_heard": found.share(Figure.HEARD, Figure.CUSTOMERS),
        "share_of_new_voices": found.share(Figure.NEW, Figure.PEOPLE),
        "gini": found.gini,
    }


def row(found: Row) -> Shape:
    return {
        "id": found.id,
        "at": when(found.at),
        "idea": _idea(found.idea) if found.idea else None,
        "person": {"id": found.person.id, "name": found.person.name} if found.person else None,
        "company": {"id": found.company.id, "name": found.company.name} if found.company else None,
        "contributions": found.acts,
    }


def _idea(idea: Any) -> Shape:
    slug = quote(idea.slug)
    url = absolute(f"/ideas/{idea.id}-{slug}" if slug else f"/ideas/{idea.id}")
    return {"id": idea.id, "title": idea.title, "url": url, "board": idea.board}
