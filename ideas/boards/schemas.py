"""What comes in, for pages and API alike. What needs the database (does this status exist) is judged by the service."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST, CreditKind, Premoderation, Reason, Stage, Visibility
from ideas.boards.models_left_out import REASON_LONGEST
from ideas.boards.models_moderating import WORDS_LONGEST, FlagReason
from ideas.boards.models_solving import WORDS_LONGEST as SAID_LONGEST
from ideas.boards.models_solving import Helped
from ideas.schemas import AppSchema, Day, Id, Line, Origins, Prose, Slug
from ideas.words import _

HOW_LONGEST = 500
TAGS_MOST = 10
CREDITS_MOST = 100
LEFT_OUT_MOST = 50


class NewIdea(AppSchema):
    """An idea as it is posted."""

    title = Line(longest=TITLE_LONGEST, required=True)
    body = Prose(longest=TEXT_LONGEST, load_default="")
    tags = fields.List(Slug(longest=40), load_default=list, validate=validate.Length(max=TAGS_MOST))


class IdeaEdit(AppSchema):
    """What the author changes; what is left out stays."""

    title = Line(longest=TITLE_LONGEST, metadata={"minLength": 1})
    body = Prose(longest=TEXT_LONGEST)
    tags = fields.List(Slug(longest=40), validate=validate.Length(max=TAGS_MOST))

    @validates_schema
    def _titled(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("title") == "":
            raise ValidationError({"title": [_("Please fill this in.")]})


class NewComment(AppSchema):
    """A comment as it is said. official and internal are for the team."""

    body = Prose(longest=TEXT_LONGEST, required=True)
    parent_id = Id(load_default=None, allow_none=True)
    official = fields.Bool(load_default=False)
    internal = fields.Bool(load_default=False)

    @validates_schema
    def _one_voice(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("official") and data.get("internal"):
            raise ValidationError({"internal": [_("A comment is an official word or an internal note, not both.")]})


class CommentEdit(AppSchema):
    """New words for a comment."""

    body = Prose(longest=TEXT_LONGEST, required=True)


class PictureWords(AppSchema):
    """What a picture shows, for those who do not see it."""

    alt = Line(longest=200, load_default="", metadata={"description": "What it shows, for those who do not see it."})


class NewCredit(AppSchema):
    """A contribution and how it was used. id: of the comment, merged idea or evidence, for those kinds alone."""

    kind = fields.Enum(CreditKind, by_value=True, required=True)
    id = Id(load_default=None, allow_none=True)
    how = Line(longest=HOW_LONGEST, shortest=5, required=True)

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_options: Any) -> None:
        names_one = data.get("kind") in (CreditKind.COMMENT, CreditKind.MERGED_IDEA, CreditKind.EVIDENCE)
        if names_one != (data.get("id") is not None):
            raise ValidationError(
                {"id": [_("A credit for a comment, a merged idea or evidence names it; the other kinds name none.")]}
            )


class AnswerWords(AppSchema):
    """What may be corrected in an answer: all but the status."""

    reason = fields.Enum(Reason, by_value=True, required=True)
    text = Prose(longest=TEXT_LONGEST, required=True)
    date = Day(load_default=None, allow_none=True)
    review_by = Day(load_default=None, allow_none=True)
    credits = fields.List(fields.Nested(NewCredit), load_default=list, validate=validate.Length(max=CREDITS_MOST))

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_options: Any) -> None:
        named = [(credit["kind"], credit["id"]) for credit in data.get("credits", [])]
        if len(named) != len(set(named)):
            raise ValidationError({"credits": [_("Each contribution is credited once.")]})


class NewLeftOut(AppSchema):
    """A person, or all of a company, who is not told of an answer."""

    person = Id(load_default=None, allow_none=True, metadata={"description": "Their number."})
    company = Id(load_default=None, allow_none=True, metadata={"description": "The number of a company."})
    reason = Line(longest=REASON_LONGEST, shortest=5, required=True)

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_options: Any) -> None:
        if (data.get("person") is None) == (data.get("company") is None):
            raise ValidationError({"person": [_("Name a person or a company, and not both.")]})


class NewAnswer(AnswerWords):
    """The team's official word with which it moves an idea."""

    status = Slug(required=True)
    announce_at = fields.AwareDateTime(
        load_default=None,
        allow_none=True,
        metadata={"description": "When people are told; without it, after the settle time. At most 60 days from now."},
    )
    left_out = fields.List(
        fields.Nested(NewLeftOut),
        load_default=list,
        validate=validate.Length(max=LEFT_OUT_MOST),
        metadata={
            "description": "Who is not told, such as your own test accounts, and why; the ledger keeps it. Whoever had"
            " the idea or is credited hears all the same."
        },
    )


class WhichMerge(AppSchema):
    """Which idea another becomes part of."""

    into = Id(required=True, metadata={"description": "Its number."})


class NewMerge(WhichMerge):
    """Which idea another becomes part of, and why; both sides read this."""

    text = Prose(longest=TEXT_LONGEST, required=True)


class UnmergeWords(AppSchema):
    """Why an idea stands for itself again; both sides read this. Not needed before the merge is announced."""

    text = Prose(longest=TEXT_LONGEST, load_default="")


class DueWords(AppSchema):
    """By when the team wants to give an idea its next answer."""

    due_on = Day(required=True, allow_none=True, metadata={"description": "A day to come; null for none."})


class HideReason(AppSchema):
    """Why the team hides something; its author reads this."""

    reason = Line(longest=500, shortest=10, required=True)


class NewFlag(AppSchema):
    """What somebody thinks is wrong with an idea or a comment."""

    reason = fields.Enum(FlagReason, by_value=True, required=True)
    words = Line(longest=WORDS_LONGEST, load_default="")

    @validates_schema
    def _said(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("reason") is FlagReason.OTHER and not data.get("words"):
            raise ValidationError({"words": [_("Say in a few words what is wrong.")]})


class NewAppeal(AppSchema):
    """Why the team should look again at what it hid."""

    words = Prose(longest=2000, shortest=10, required=True)


class AppealReply(AppSchema):
    """Why it stays hidden; its author reads this."""

    reply = Line(longest=500, shortest=10, required=True)


class BoardWords(AppSchema):
    """A board as an administrator makes or edits it."""

    slug = Slug(required=True)
    name = Line(longest=80, required=True)
    about = Line(longest=300, load_default="")
    visibility = fields.Enum(Visibility, by_value=True, load_default=Visibility.PUBLIC)
    promise = Line(longest=300, load_default="")
    answer_within_days = fields.Int(load_default=None, allow_none=True, validate=validate.Range(min=1, max=365))
    premoderation = fields.Enum(Premoderation, by_value=True, load_default=Premoderation.NONE)
    embed_sites = Origins(load_default=list)


class PromiseEdit(AppSchema):
    """What the team reads, and within how many days it answers."""

    text = Line(longest=300)
    answer_within_days = fields.Int(allow_none=True, validate=validate.Range(min=1, max=365))


class BoardEdit(AppSchema):
    """What an administrator changes of a board, in the shape in which it is read; what is left out stays."""

    slug = Slug(metadata={"description": "A new one ends the old address.", "minLength": 1})
    name = Line(longest=80, metadata={"minLength": 1})
    about = Line(longest=300)
    visibility = fields.Enum(Visibility, by_value=True)
    promise = fields.Nested(PromiseEdit)
    premoderation = fields.Enum(
        Premoderation,
        by_value=True,
        metadata={"description": "What of members waits until the team has read it: none, ideas, or everything."},
    )
    embed_sites = Origins(
        metadata={"description": "Sites that may show parts of the board in a frame, such as https://www.example.org."}
    )

    @validates_schema
    def _named(self, data: dict[str, Any], **_options: Any) -> None:
        for name in ("slug", "name"):
            if data.get(name) == "":
                raise ValidationError({name: [_("Please fill this in.")]})

    @post_load
    def _as_kept(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        promise = data.pop("promise", {})
        return data | {"promise" if name == "text" else name: value for name, value in promise.items()}


class StatusWords(AppSchema):
    """One status of a board."""

    name = Line(longest=40, required=True)
    stage = fields.Enum(Stage, by_value=True, required=True)


class TagWords(AppSchema):
    """One tag of a board."""

    name = Line(longest=40, required=True)


class SolvedWords(AppSchema):
    """Whether it solved somebody's need, and whether their words may be shown to others."""

    answer = fields.Enum(Helped, by_value=True, required=True)
    words = Prose(longest=SAID_LONGEST, load_default="")
    may_publish = fields.Bool(
        load_default=False, metadata={"description": "The team may show the words on the idea’s page, as a story."}
    )
    show_name = fields.Bool(load_default=False, metadata={"description": "With your name."})


class StoryShown(AppSchema):
    """Whether what somebody said is shown as a story."""

    shown = fields.Bool(required=True)


class FollowUp(AppSchema):
    """The idea that goes on with what was not solved; what is left out we say."""

    title = Line(longest=TITLE_LONGEST, load_default="")
    body = Prose(longest=TEXT_LONGEST, load_default="")


class Wanted(AppSchema):
    """Whether somebody still wants an idea."""

    wanted = fields.Bool(required=True)
