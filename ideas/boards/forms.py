"""How pages ask for what schemas.py judges. WTForms draws; no rule stands here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import request
from flask_babel import to_utc
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import Schema, ValidationError, fields
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import CheckboxInput, ListWidget

from ideas.accounts.models import User
from ideas.boards import policy, schemas, schemas_snippets
from ideas.boards.labels import FLAG_WORDS, HELPED_WORDS, REASON_WORDS
from ideas.boards.models import Board, BoardRole, Premoderation, Reason, Stage, Status, Tag, Visibility
from ideas.boards.screening import Sent
from ideas.db import utcnow
from ideas.forms import LinesField, OnceForm, SchemaForm
from ideas.settings import current
from ideas.words import _, lazy


def _choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    return [SelectChoice(str(value), words) for value, words in pairs]


def _or_none(value: str | None) -> str | None:
    """An empty field of a form is no value."""
    return value or None


def _text(value: str | None) -> str:
    """A field that a form left out is an empty text."""
    return value or ""


class _OnSchema(Schema):
    on = fields.Bool(required=True)


class SwitchForm(SchemaForm):
    """A button that says what it wants, so that pressing twice changes nothing: vote, follow, mute."""

    schema = _OnSchema()
    on = HiddenField()


class TagChoice(SelectMultipleField):
    """Any of the board's tags, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def offer(self, tags: Sequence[Tag]) -> None:
        self.choices = _choices((tag.slug, tag.name) for tag in tags)

    def pre_validate(self, form: Any) -> None:
        # the service knows which tags there are, and says it in the words the API uses
        return


class PicturesForm(SchemaForm):
    """A form with a text into which pictures are put. Where scripts run they are sent apart, see views_pictures.py."""

    picture = FileField(id="body-picture")
    picture_alt = StringField(id="body-picture-alt", filters=[_text])


class IdeaForm(PicturesForm):
    """A new idea, or new words for one."""

    schema = schemas.NewIdea()
    title = StringField(lazy("Your idea in one line"), filters=[_text])
    body = TextAreaField(lazy("What would it change for you?"), filters=[_text])
    tags = TagChoice(lazy("Tags"))


class WatchedForm(OnceForm):
    """A form that notes how it came in. `website` is a trap: people do not see it, programs fill in all there is."""

    opened = HiddenField(default=lambda: _opened().dumps(utcnow().timestamp()))
    website = StringField()

    def sent(self) -> Sent:
        try:
            said = self.opened.raw_data[0] if self.opened.raw_data else ""
            opened_at = datetime.fromtimestamp(float(_opened().loads(said)), UTC)
        except (BadData, ValueError, TypeError, OverflowError):
            opened_at = None
        return Sent(opened_at, self.website.data or "")


def _opened() -> URLSafeSerializer:
    return URLSafeSerializer(current().secret_keys, salt="form opened")


class NewIdeaForm(WatchedForm, IdeaForm):
    """A new idea."""


class CommentForm(WatchedForm, PicturesForm):
    """Something said on an idea. The team chooses its voice."""

    schema = schemas.NewComment()
    body = TextAreaField(lazy("What do you want to say?"), filters=[_text])
    parent_id = HiddenField(filters=[_or_none])
    voice = RadioField(
        lazy("Say it"),
        choices=_choices(
            [
                ("own", lazy("as yourself")),
                ("official", lazy("as the team’s official word")),
                ("internal", lazy("as a note that the team alone sees")),
            ]
        ),
        default="own",
    )

    @property
    def data(self) -> dict[str, Any]:
        own: dict[str, Any] = super().data
        voice = own.pop("voice")
        return {**own, "official": voice == "official", "internal": voice == "internal"}


class CommentEditForm(PicturesForm):
    schema = schemas.CommentEdit()
    body = TextAreaField(lazy("What do you want to say?"), filters=[_text])


class HideForm(SchemaForm):
    schema = schemas.HideReason()
    reason = TextAreaField(lazy("Why is it hidden?"), filters=[_text])


class FlagForm(SchemaForm):
    """What is wrong with something that others wrote."""

    schema = schemas.NewFlag()
    reason = RadioField(lazy("What is wrong with it?"), choices=_choices(FLAG_WORDS.items()), validate_choice=False)
    words = StringField(lazy("In a few words"), filters=[_text])


class SolvedForm(SchemaForm):
    """Whether what was shipped solved somebody's need."""

    schema = schemas.SolvedWords()
    answer = RadioField(
        lazy("Did it solve what you needed?"), choices=_choices(HELPED_WORDS.items()), validate_choice=False
    )
    words = TextAreaField(lazy("In a few words"), filters=[_text])
    may_publish = BooleanField(lazy("The team may show these words on the idea’s page"))
    show_name = BooleanField(lazy("With my name"))


class WantedForm(SchemaForm):
    """A button that says whether somebody still wants an idea."""

    schema = schemas.Wanted()
    wanted = HiddenField()


class AppealForm(SchemaForm):
    schema = schemas.NewAppeal()
    words = TextAreaField(lazy("Why should the team look again?"), filters=[_text])


class ReplyForm(SchemaForm):
    schema = schemas.AppealReply()
    reply = TextAreaField(lazy("Why does it stay hidden?"), filters=[_text])


class _OwnerSchema(Schema):
    owner = fields.Int(load_default=None, allow_none=True)


class OwnerForm(SchemaForm):
    """Who of the team owes the idea its next word."""

    schema = _OwnerSchema()
    owner = SelectField(lazy("Owner"), filters=[_or_none], validate_choice=False)

    def offer(self, team: Sequence[User]) -> None:
        self.owner.choices = _choices([("", lazy("Nobody")), *((person.id, person.name) for person in team)])


class DueForm(SchemaForm):
    """By when the team wants to give the idea its next answer."""

    schema = schemas.DueWords()
    due_on = StringField(lazy("Answer by"), filters=[_or_none])


class _TagsSchema(Schema):
    tags = fields.List(fields.String(), load_default=list)


class TagsForm(SchemaForm):
    schema = _TagsSchema()
    tags = TagChoice(lazy("Tags"))


class AnswerForm(OnceForm):
    """The team's official word: status, reason, text, dates, and the contributions that were used.

    Credits are no WTForms fields: one may be given for the author, the voters and each comment. A ticked contribution
    sends its key as `credit` and how it was used as `how-KEY`; `picked` and `credit_errors` go by the same keys.
    """

    schema: ClassVar[Schema] = schemas.NewAnswer()
    status: SelectField | None = SelectField(lazy("What is it now?"), validate_choice=False)
    reason = SelectField(lazy("Why?"), validate_choice=False)
    text = TextAreaField(lazy("Your answer"), filters=[_text])
    date: StringField | None = StringField(lazy("When will it be there?"), filters=[_or_none])
    review_by: StringField | None = StringField(lazy("When will you look at it again?"), filters=[_or_none])
    announce_at: StringField | None = StringField(lazy("When are people told?"), filters=[_or_none])
    leave_out: TextAreaField | None = TextAreaField(lazy("Who is left out?"), filters=[_text])
    leave_out_reason: StringField | None = StringField(lazy("Why are they left out?"), filters=[_text])

    def __init__(self, *args: Any, picked: dict[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.credit_errors: dict[str, list[str]] = {}
        self.drawn: set[str] = set()  # the keys that the page offers
        self.picked = dict(picked or {})
        self.how = dict(self.picked)  # with what was typed beside those that are not ticked
        if self.is_submitted():
            self.how = {name[4:]: words for name, words in request.form.items() if name.startswith("how-")}
            self.picked = {key: self.how.get(key, "") for key in request.form.getlist("credit")}

    def whom_to_leave_out(self) -> tuple[str, str]:
        """The lines that name them, and why."""
        lines, reason = self.leave_out, self.leave_out_reason
        return (lines.data or "") if lines else "", (reason.data or "") if reason else ""

    def pick(self, key: str) -> None:
        """Credit one contribution more, with what was typed beside it before."""
        self.picked.setdefault(key, self.how.get(key, ""))

    @property
    def data(self) -> dict[str, Any]:
        values = {**super().data, "credits": [credit_of(key, how) for key, how in self.picked.items()]}
        if values.get("announce_at"):
            values["announce_at"] = _in_zone(values["announce_at"])
        return values

    def offer(self, statuses: Sequence[Status]) -> None:
        """Let the statuses be chosen, and the reasons that fit any of them."""
        if self.status is not None:
            self.status.choices = _choices((status.slug, status.name) for status in statuses)
        fitting = {reason for status in statuses for reason in reasons_for(status.stage)}
        self.reason.choices = _choices(
            (reason.value, words) for reason, words in REASON_WORDS.items() if reason in fitting
        )

    def typed(self) -> dict[str, Any]:
        """What was typed so far, for a preview; it may be half finished and is judged by nobody."""
        return self.data

    @property
    def linked_errors(self) -> list[tuple[str, str]]:
        """What is wrong with credits: id of the control and the words."""
        return [
            (f"how-{key}" if key in self.drawn else "credit", line)
            for key, lines in self.credit_errors.items()
            for line in lines
        ]

    @property
    def errors_of_all(self) -> list[str]:
        """What is wrong with the credits as a whole, or with one that the page does not offer any more."""
        return [line for key, lines in self.credit_errors.items() if key not in self.drawn for line in lines]

    def show(self, error: ValidationError) -> None:
        messages = dict(error.messages_dict)
        inner = messages.pop("credits", None)
        if "left_out" in messages:
            messages["leave_out"] = messages.pop("left_out")
        keys = list(self.picked)
        if isinstance(inner, dict):
            for place, lines in inner.items():
                found = [line for part in (lines.values() if isinstance(lines, dict) else [lines]) for line in part]
                self.credit_errors[keys[int(place)]] = [str(line) for line in found]
        elif inner:
            self.credit_errors[""] = [str(line) for line in inner]
        super().show(ValidationError(messages))


def _in_zone(typed: str) -> str:
    """A time as a browser sends it, without a zone, taken for the reader's own; what is none stays as it is."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    return typed if at.tzinfo else to_utc(at).replace(tzinfo=UTC).isoformat()


class MergeForm(SchemaForm):
    """What is said to both sides when an idea becomes part of another."""

    schema = schemas.NewMerge()
    into = HiddenField()
    text = TextAreaField(lazy("Why are they one?"), filters=[_text])


class UnmergeForm(SchemaForm):
    schema = schemas.UnmergeWords()
    text = TextAreaField(lazy("Why are they two?"), filters=[_text])


class CorrectionForm(AnswerForm):
    """Other words for an answer; where the idea stands is not changed by it."""

    schema = schemas.AnswerWords()
    status = None  # how WTForms takes a field out of a form
    announce_at = None
    leave_out = None
    leave_out_reason = None
    version = HiddenField()


class SnippetEditForm(OnceForm):
    """Other words for a text that is used often."""

    schema: ClassVar[Schema] = schemas_snippets.SnippetEdit()
    name = StringField(lazy("Name"), filters=[_text])
    text = TextAreaField(lazy("Text"), filters=[_text])


class SnippetForm(SnippetEditForm):
    """A text that is used often, and who uses it."""

    schema = schemas_snippets.SnippetWords()
    board = SelectField(lazy("Who uses it?"), filters=[_or_none], validate_choice=False)

    def offer(self, boards: Sequence[Board]) -> None:
        team = [(board.slug, _("The team of %(board)s", board=board.name)) for board in boards]
        self.board.choices = _choices([("", lazy("You alone")), *team])


def credit_of(key: str, how: str) -> dict[str, Any]:
    """`key` ("author", "votes", "comment-88", "merged_idea-7") as the schema wants a credit."""
    kind, _, number = key.partition("-")
    return {"kind": kind, "id": number or None, "how": how}


def credit_key(kind: str, named_id: int | None) -> str:
    return kind if named_id is None else f"{kind}-{named_id}"


def reasons_for(stage: str) -> list[Reason]:
    """The reasons that fit a stage."""
    return [reason for reason, rule in policy.REASONS.items() if rule.stages is None or Stage(stage) in rule.stages]


# --- Administration ---

STAGE_WORDS = {
    Stage.OPEN: lazy("Open: new, and takes votes"),
    Stage.CONSIDERING: lazy("Considering: we look into it"),
    Stage.PLANNED: lazy("Planned: decided"),
    Stage.STARTED: lazy("Started: being made"),
    Stage.SHIPPED: lazy("Shipped: it is there (final)"),
    Stage.DECLINED: lazy("Declined: we will not, or not now (final)"),
}


class BoardForm(SchemaForm):
    schema = schemas.BoardWords()
    name = StringField(lazy("Name"), filters=[_text])
    slug = StringField(lazy("Address"), filters=[_text])
    about = StringField(lazy("What it is about, in a line"), filters=[_text])
    visibility = RadioField(
        lazy("Who sees it?"),
        choices=_choices(
            [
                (Visibility.PUBLIC, lazy("Everybody")),
                (Visibility.UNLISTED, lazy("Whoever has the address; it is in no list")),
                (Visibility.PRIVATE, lazy("Members, by invitation")),
            ]
        ),
        default=Visibility.PUBLIC.value,
    )
    promise = StringField(lazy("The promise: what you read, and when"), filters=[_text])
    answer_within_days = StringField(lazy("Days until the first answer"), filters=[_or_none])
    premoderation = RadioField(
        lazy("What does the team read before others do?"),
        choices=_choices(
            [
                (Premoderation.NONE, lazy("Nothing: what people say is there at once")),
                (Premoderation.IDEAS, lazy("Ideas of members")),
                (Premoderation.EVERYTHING, lazy("Ideas and comments of members")),
            ]
        ),
        default=Premoderation.NONE.value,
    )
    embed_sites = LinesField(lazy("Sites that may show it in a frame"))


class StatusForm(SchemaForm):
    schema = schemas.StatusWords()
    name = StringField(lazy("Name"), filters=[_text])
    stage = SelectField(
        lazy("What it means"),
        choices=_choices(STAGE_WORDS.items()),
        validate_choice=False,
    )


class TagForm(SchemaForm):
    schema = schemas.TagWords()
    name = StringField(lazy("Name"), filters=[_text])


class _PersonSchema(Schema):
    email = fields.String(required=True)
    role = fields.Enum(BoardRole, by_value=True, load_default=BoardRole.MEMBER)


_BOARD_ROLES = [(BoardRole.MEMBER, lazy("Member")), (BoardRole.TEAM, lazy("Team: answers and moderates"))]


class PersonForm(SchemaForm):
    """Somebody with an account who is to belong to the board."""

    schema = _PersonSchema()
    email = StringField(lazy("Their e-mail address"), filters=[_text])
    role = SelectField(lazy("Role"), choices=_choices(_BOARD_ROLES))


class _InvitationSchema(Schema):
    email = fields.String(required=True)
    role = fields.Enum(BoardRole, by_value=True, load_default=BoardRole.MEMBER)


class InvitationForm(SchemaForm):
    schema = _InvitationSchema()
    email = StringField(lazy("E-mail address"), filters=[_text])
    role = SelectField(lazy("Role"), choices=_choices(_BOARD_ROLES), default=BoardRole.MEMBER.value)
