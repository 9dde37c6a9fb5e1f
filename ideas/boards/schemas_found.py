"""What the API shows of a search, and of what is like an idea about to be posted."""

from __future__ import annotations

from marshmallow import fields

from ideas.api import OutSchema
from ideas.boards import marking
from ideas.boards.listed import ListedIdea
from ideas.boards.schemas_out import IdeaOut, Shape, StageOut, idea_path, stage
from ideas.boards.similar import Similar
from ideas.settings import absolute


class SimilarOut(OutSchema):
    """An idea like what was asked, to be backed instead of posted again."""

    id = fields.Integer()
    title = fields.String()
    vote_count = fields.Integer()
    score = fields.Float(metadata={"description": "The more, the more alike; to be compared within one answer only."})
    status = fields.Nested(StageOut)
    said_as = fields.String(
        allow_none=True, metadata={"description": "The title of the merged idea by whose words it was found."}
    )
    url = fields.URL(metadata={"description": "Its page."})


class SimilarIdeas(OutSchema):
    """At most five, the most alike first."""

    data = fields.List(fields.Nested(SimilarOut))


class MarkedOut(OutSchema):
    """Where an idea says what was searched for: safe HTML with the words in “mark” elements."""

    title = fields.String()
    excerpt = fields.String()


class IdeaFound(IdeaOut):
    """An idea that a search found."""

    highlights = fields.Nested(MarkedOut)


def alike(found: Similar) -> Shape:
    idea = found.idea
    return {
        "id": idea.id,
        "title": idea.title,
        "vote_count": idea.rank.vote_count,
        "score": found.score,
        "status": stage(idea.status),
        "said_as": found.said_as,
        "url": absolute(idea_path(idea)),
    }


def highlights(idea: ListedIdea, question: str) -> Shape:
    return {
        "title": str(marking.marked(idea.title, question)),
        "excerpt": str(marking.excerpt(idea.body_html, idea.excerpt, question)),
    }
