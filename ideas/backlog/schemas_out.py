"""What the API shows of the team's desk: a schema for each shape, and below the functions that make them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from marshmallow import fields

from ideas.api import OutSchema
from ideas.backlog.desk import Line
from ideas.backlog.explaining import Explained
from ideas.backlog.models import Estimate
from ideas.backlog.models_views import BacklogView
from ideas.boards import schemas_out as boards_out
from ideas.schemas import UtcTime, when
from ideas.settings import absolute, current

Shape = dict[str, Any]


def _said(words: str) -> dict[str, str]:
    return {"description": words}


class WeighedOut(OutSchema):
    """What a company gives to an idea."""

    id = fields.Integer()
    name = fields.String(allow_none=True, metadata=_said("For administrators; null for others."))
    plan = fields.String(allow_none=True)
    votes = fields.Integer()
    weight = fields.Float(metadata=_said("What its votes weigh in “breadth”."))
    monthly_revenue = fields.Integer(allow_none=True, metadata=_said("null where nobody said it."))


class RestOut(OutSchema):
    """The companies that are not shown one by one, summed up."""

    companies = fields.Integer()
    votes = fields.Integer()
    weight = fields.Float()
    weight_squared = fields.Float()
    monthly_revenue = fields.Integer()


class BreadthOut(OutSchema):
    """(Σw)² / Σw²: the effective number of independent supporters."""

    score = fields.Float()
    weight_most = fields.Float(metadata=_said("w at most: 5 % of all votes, and at least 1."))
    weight = fields.Float(metadata=_said("Σw"))
    weight_squared = fields.Float(metadata=_said("Σw²"))
    companies = fields.List(fields.Nested(WeighedOut), metadata=_said("The heaviest first, at most 20."))
    others = fields.Nested(RestOut)
    people_without_company = fields.Integer(metadata=_said("Each is a company of one."))


class ValueOut(OutSchema):
    """The revenue of distinct companies."""

    score = fields.Integer(metadata=_said("A month's revenue, in the smallest unit of the currency."))
    currency = fields.String(metadata=_said("ISO 4217."))
    companies = fields.Integer()
    companies_without_revenue = fields.Integer(metadata=_said("They count as nothing."))


class EstimateOut(OutSchema):
    """What the team thinks of an idea, each number with its source."""

    reach = fields.Integer(allow_none=True, metadata=_said("null: its voters are counted."))
    reach_source = fields.String()
    impact = fields.Float()
    impact_source = fields.String()
    confidence = fields.Integer(metadata=_said("Per cent."))
    confidence_source = fields.String()
    effort = fields.Float(metadata=_said("Weeks of one person."))
    effort_source = fields.String()
    by = fields.Nested(boards_out.SpeakerOut)
    said_at = UtcTime()


class PriorityOut(OutSchema):
    """reach × impact × confidence / effort."""

    score = fields.Float(allow_none=True, metadata=_said("null until somebody says what goes into it."))
    reach = fields.Integer(metadata=_said("As said, or the number of voters, of the segment that is asked for."))
    segment = fields.String(allow_none=True, metadata=_said("The slug of that segment; null for everybody."))
    estimate = fields.Nested(EstimateOut, allow_none=True)


class ReachOut(OutSchema):
    """How many people of a segment back an idea now."""

    segment = fields.String(metadata=_said("Its slug."))
    name = fields.String()
    votes = fields.Integer()


class ScoresOut(OutSchema):
    """The scores of an idea with all that goes into them, taken from the votes as they are now."""

    idea_id = fields.Integer()
    votes = fields.Integer(metadata=_said("One for each person, also through what is merged into it."))
    votes_lately = fields.Integer(metadata=_said("Of the last 30 days."))
    votes_since_word = fields.Integer(metadata=_said("Since the team's last official word."))
    hot = fields.Float(metadata=_said("log2 of the sum of 2^(weeks since 2024) over the posting and each vote."))
    breadth = fields.Nested(BreadthOut)
    value = fields.Nested(ValueOut)
    priority = fields.Nested(PriorityOut)
    segments = fields.List(fields.Nested(ReachOut))
    listed_at = UtcTime(
        allow_none=True, metadata=_said("When the numbers that the backlog goes by were counted; null: not yet.")
    )


class LineOut(OutSchema):
    """An idea in the team's list. Scores are null until it was counted for the first time."""

    id = fields.Integer()
    board = fields.String()
    title = fields.String()
    url = fields.URL()
    status = fields.Nested(boards_out.StageOut)
    tags = fields.List(fields.String())
    owner = fields.String(allow_none=True, metadata=_said("The name of who owes its next word."))
    hidden = fields.Boolean()
    created_at = UtcTime()
    silent_since = UtcTime(metadata=_said("The last official word, or when it was posted."))
    due_on = fields.Date(allow_none=True, metadata=_said("By when the team wants to give its next answer."))
    vote_count = fields.Integer()
    reach = fields.Integer(metadata=_said("Votes of the segment that is asked for; of everybody without one."))
    comment_count = fields.Integer()
    hot = fields.Float()
    votes_lately = fields.Integer(allow_none=True)
    votes_since_word = fields.Integer(allow_none=True)
    companies = fields.Integer(allow_none=True)
    companies_without_revenue = fields.Integer(allow_none=True)
    breadth = fields.Float(allow_none=True)
    value = fields.Integer(allow_none=True, metadata=_said("In the smallest unit of the currency."))
    priority = fields.Float(allow_none=True, metadata=_said("0 until somebody says what goes into it."))
    points = fields.Float(allow_none=True, metadata=_said("By the weights of a view; null without one."))
    likely_same_as = fields.Integer(
        allow_none=True, metadata=_said("Of what waits for a word: the idea that it is most likely the same as.")
    )
    counted_at = UtcTime(allow_none=True)


class TagsOut(OutSchema):
    """The tags of an idea."""

    idea_id = fields.Integer()
    tags = fields.List(fields.String())


class DueOut(OutSchema):
    """By when the team wants to give an idea its next answer."""

    idea_id = fields.Integer()
    due_on = fields.Date(allow_none=True)


class OwnerOut(OutSchema):
    """Who owes an idea its next word."""

    idea_id = fields.Integer()
    owner = fields.Nested(boards_out.PersonOut, allow_none=True)


class WeightsOut(OutSchema):
    """Points for each amount; those that give none are left out."""

    votes = fields.Float(metadata={"sometimes": True})
    breadth = fields.Float(metadata={"sometimes": True})
    value = fields.Float(metadata={"sometimes": True, "description": "For each 1,000 of the currency."})
    priority = fields.Float(metadata={"sometimes": True})
    lately = fields.Float(metadata={"sometimes": True})


class ViewOut(OutSchema):
    """A list of the team that is kept."""

    id = fields.Integer()
    name = fields.String()
    shared = fields.Boolean()
    by = fields.Nested(boards_out.SpeakerOut)
    asked = fields.Dict(keys=fields.String(), values=fields.String(), metadata=_said("As the list is asked for."))
    columns = fields.List(fields.String())
    weights = fields.Nested(WeightsOut)
    url = fields.URL()


def view(row: BacklogView) -> Shape:
    return {
        "id": row.id,
        "name": row.name,
        "shared": row.is_shared,
        "by": boards_out.speaker(row.owner),
        "asked": row.asked,
        "columns": row.columns,
        "weights": row.weights,
        "url": absolute(f"/team/backlog/views/{row.id}"),
    }


def line(row: Line) -> Shape:
    return {
        "id": row.id,
        "board": row.board.slug,
        "title": row.title,
        "url": absolute(f"/ideas/{row.id}-{quote(row.slug)}" if row.slug else f"/ideas/{row.id}"),
        "status": {"slug": row.status.slug, "name": row.status.name, "stage": row.status.stage},
        "tags": [tag.slug for tag in row.tags],
        "owner": row.owner,
        "hidden": row.is_hidden,
        "created_at": when(row.created_at),
        "silent_since": when(row.silent_since),
        "due_on": boards_out.day(row.due_on),
        "vote_count": row.votes,
        "reach": row.reach,
        "comment_count": row.comments,
        "hot": row.hot,
        "votes_lately": row.lately,
        "votes_since_word": row.since,
        "companies": row.companies,
        "companies_without_revenue": row.unpriced,
        "breadth": row.breadth,
        "value": row.value,
        "priority": row.priority,
        "points": row.points,
        "likely_same_as": row.double,
        "counted_at": when(row.counted_at),
    }


def scores(idea_id: int, found: Explained) -> Shape:
    return {
        "idea_id": idea_id,
        "votes": found.scores.votes,
        "votes_lately": found.scores.lately,
        "votes_since_word": found.scores.since_word,
        "hot": found.hot,
        "breadth": {
            "score": found.scores.breadth,
            "weight_most": found.most,
            "weight": found.weight,
            "weight_squared": found.weight_squared,
            "companies": [
                {
                    "id": line.backing.company_id,
                    "name": line.name,
                    "plan": line.backing.plan,
                    "votes": line.backing.votes,
                    "weight": line.weight,
                    "monthly_revenue": line.backing.revenue,
                }
                for line in found.shown
            ],
            "others": {
                "companies": found.rest.companies,
                "votes": found.rest.votes,
                "weight": float(found.rest.weight),
                "weight_squared": float(found.rest.weight_squared),
                "monthly_revenue": found.rest.revenue,
            },
            "people_without_company": found.alone,
        },
        "value": {
            "score": found.scores.value,
            "currency": current().currency,
            "companies": found.scores.companies,
            "companies_without_revenue": found.scores.unpriced,
        },
        "priority": {
            "score": found.priority if found.estimate else None,
            "reach": found.reach,
            "segment": found.segment.slug if found.segment else None,
            "estimate": estimate(found.estimate) if found.estimate else None,
        },
        "segments": [{"segment": each.slug, "name": each.name, "votes": votes} for each, votes in found.reaches],
        "listed_at": when(found.counted.counted_at) if found.counted else None,
    }


def estimate(said: Estimate) -> Shape:
    names = ("reach", "reach_source", "impact", "impact_source", "confidence", "confidence_source", "effort")
    return {
        **{name: getattr(said, name) for name in names},
        "effort_source": said.effort_source,
        "by": boards_out.speaker(said.by),
        "said_at": when(said.said_at),
    }
