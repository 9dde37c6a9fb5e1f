"""Who is owed word of what happens on boards (audiences), and the kinds of news people set preferences for.

The table of product.md, "who is told what", is this file; the words are in notice_words.py. Each audience is rows of
outbox.AUDIENCE_COLUMNS; a person may stand in several, the ledger keeps the strongest path and drops the actor.
Mail that is a digest by default is Mode.DAILY here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import digest_words, evidence, leaving_out, notice_words, policy, queries, replying, trees
from ideas.boards.events import (
    AnswerCorrected,
    Answered,
    AppealAnswered,
    Commented,
    Hidden,
    IdeaReceived,
    MergedInto,
    MergeUndone,
)
from ideas.boards.models import (
    Answer,
    AnswerVersion,
    Board,
    BoardFollow,
    Comment,
    Credit,
    CreditKind,
    Idea,
    IdeaFollow,
    Membership,
    Mention,
    Status,
    Vote,
)
from ideas.boards.models_evidence import PENDING, Evidence, VoteOnBehalf
from ideas.boards.models_merging import Merge
from ideas.boards.models_moderating import Hiding
from ideas.db import db
from ideas.ledger.models import Mode, Path
from ideas.outbox import DueDelivery, NewsKind, Notice, Notices
from ideas.words import lazy

_KINDS = (
    NewsKind("received", lazy("Your idea was received"), lazy("Who reads it and by when they answer.")),
    NewsKind(
        "credited",
        lazy("Your input was used"),
        lazy("An answer names what you contributed and how it was used."),
        is_closure=True,
    ),
    NewsKind(
        "shipped",
        lazy("It is there"),
        lazy("An idea you had a part in was built, or is possible already."),
        is_closure=True,
    ),
    NewsKind(
        "planned", lazy("It is planned"), lazy("An idea you had a part in has a place in the plan, or a new date.")
    ),
    NewsKind("declined", lazy("It will not be done"), lazy("The team says no, or not now, and why.")),
    NewsKind("moved", lazy("It moved"), lazy("The team looks into it, works on it, or opened it again.")),
    NewsKind(
        "official_comment", lazy("The team says something"), lazy("An official comment on an idea you had a part in.")
    ),
    NewsKind(
        "merged", lazy("Ideas became one"), lazy("An idea you had a part in became part of another, or no longer is.")
    ),
    NewsKind(
        "solved",
        lazy("Did it solve your need?"),
        lazy("Asked once, some days after an idea you had a part in was built."),
    ),
    NewsKind("follow_up", lazy("It goes on"), lazy("A new idea takes up what another did not solve for you.")),
    NewsKind(
        "not_solved",
        lazy("It was not solved"),
        lazy("Too few of those who asked for something say that what was built solved their need."),
        for_team=True,
    ),
    NewsKind(
        "still_wanted",
        lazy("Do you still want it?"),
        lazy("Asked once when an idea had no word from the team for 90 days."),
    ),
    NewsKind(
        "on_behalf",
        lazy("Do you want this?"),
        lazy("Asked once when somebody of the team notes that you want an idea."),
    ),
    NewsKind(
        "silent", lazy("Nobody said a word"), lazy("An idea that you owe a word had none for 90 days."), for_team=True
    ),
    NewsKind("overdue", lazy("What you owe a word"), lazy("Once a week, the list of what is overdue."), for_team=True),
    NewsKind("date_near", lazy("A date comes near"), lazy("A week before a day that people were told."), for_team=True),
    NewsKind("appealed", lazy("Appeals"), lazy("An author asks to look again at what was hidden."), for_team=True),
    NewsKind("reply", lazy("Somebody replied to you"), lazy("A reply to a comment of yours.")),
    NewsKind("mention", lazy("Somebody named you"), lazy("A comment that names you with “@”.")),
    NewsKind("new_comment", lazy("New comments"), lazy("On ideas you follow, or that you owe the next word.")),
    NewsKind("new_idea", lazy("New ideas"), lazy("On boards you follow, or whose team you are of.")),
    NewsKind(
        "release",
        lazy("A release is out"),
        lazy("On boards whose releases you follow. What you asked for comes by itself."),
    ),
    NewsKind(
        "hidden", lazy("Something of yours was hidden"), lazy("What the team hid, why, and whom to ask about it.")
    ),
    NewsKind("appeal", lazy("Your appeal was answered"), lazy("Whether what was hidden is shown again, and why.")),
)

DIGEST = Mode.DAILY  # what the table of product.md calls so

# By these a loop is closed: they come by themselves, however much somebody hears.
_CLOSURE = {"credited", "shipped", "declined"}

NEWS = tuple(
    replace(kind, is_closure=kind.name in _CLOSURE, counted=digest_words.COUNTED.get(kind.name)) for kind in _KINDS
)

# moved, planned, shipped, declined → how voters and commenters hear who set no preference; everybody else at once
_VOTERS = {"moved": DIGEST, "planned": Mode.INSTANT, "shipped": Mode.INSTANT, "declined": Mode.INSTANT}
_COMMENTERS = {"moved": DIGEST, "planned": DIGEST, "shipped": Mode.INSTANT, "declined": Mode.INSTANT}
# what people who had a part in a merged idea hear of the idea it is part of goes by the same; so do their authors
_MERGED_AUTHORS = {**_VOTERS, "official_comment": DIGEST}


def rows(
    user_id: Any, path: Path, news: str, by_default: Mode, contribution: str | None = None, contribution_id: Any = None
) -> sa.Select[Any]:
    return sa.select(
        user_id.label("user_id"),
        sa.literal(path.value).label("path"),
        sa.literal(news).label("news"),
        sa.literal(by_default.value).label("by_default"),
        sa.cast(sa.literal(contribution), sa.String).label("contribution_kind"),
        sa.cast(contribution_id if contribution_id is not None else sa.null(), sa.BigInteger).label("contribution_id"),
    )


def answered(answer_id: int) -> sa.CompoundSelect[Any]:
    """Everybody who had a part in the idea, and who follows it."""
    answer, stage = _answer(answer_id)
    news = policy.owed_as(answer.reason, stage)
    parts = parts_of(answer.idea_id)
    return sa.union_all(*credited(answer.id, answer.idea_id, parts), *_part_in(answer.idea_id, parts, news))


def drafted(
    idea_id: int,
    news: str,
    *,
    author: bool,
    votes: bool,
    comment_ids: Sequence[int],
    merged_ids: Sequence[int] = (),
    evidence_ids: Sequence[int] = (),
    everybody: bool = True,
) -> sa.CompoundSelect[Any]:
    """Whom `answered` would find for an answer that is still being written and credits these contributions.

    everybody: also those who had a part and are not credited; a correction may concern the credited alone.
    """
    parts = parts_of(idea_id)
    credited = [
        rows(Comment.author_id, Path.CREDITED, "credited", Mode.INSTANT, "comment", Comment.id).where(
            Comment.idea_id.in_([idea_id, *parts]), Comment.id.in_(comment_ids)
        ),
        rows(Idea.author_id, Path.CREDITED, "credited", Mode.INSTANT, "idea", Idea.id).where(
            Idea.id.in_(set(parts) & set(merged_ids))
        ),
        rows(Evidence.user_id, Path.CREDITED, "credited", Mode.INSTANT, "evidence", Evidence.id).where(
            Evidence.idea_id.in_([idea_id, *parts]), Evidence.id.in_(evidence_ids), evidence.is_creditable()
        ),
    ]
    if author:
        credited.append(
            rows(Idea.author_id, Path.CREDITED, "credited", Mode.INSTANT, "idea", Idea.id).where(Idea.id == idea_id)
        )
    if votes:
        credited.append(voters(idea_id, parts, Path.CREDITED, "credited", Mode.INSTANT))
    return sa.union_all(*credited, *(_part_in(idea_id, parts, news) if everybody else ()))


def answer_corrected(version_id: int) -> sa.CompoundSelect[Any]:
    """Whoever is newly credited; and everybody again when the date moved."""
    version = db.session.scalars(sa.select(AnswerVersion).where(AnswerVersion.id == version_id)).one()
    answer, stage = _answer(version.answer_id)
    parts = parts_of(answer.idea_id)
    people = credited(answer.id, answer.idea_id, parts, since=version.news_since)
    if version.date_moved:
        people += _part_in(answer.idea_id, parts, policy.owed_as(answer.reason, stage))
    return sa.union_all(*people)


def _answer(answer_id: int) -> tuple[Answer, str]:
    statement = (
        sa.select(Answer, Status.stage).join(Status, Status.id == Answer.status_id).where(Answer.id == answer_id)
    )
    row = db.session.execute(statement).one()
    return row.Answer, row.stage


def parts_of(idea_id: int) -> list[int]:
    """The ideas that are part of this one now, also when it is part of another itself: whoever had a part in them had
    one in it."""
    return _Side.of(idea_id).parts


def credited(answer_id: int, idea_id: int, parts: Sequence[int], *, since: int = 1) -> list[sa.Select[Any]]:
    def credits(kind: CreditKind) -> sa.ColumnElement[bool]:
        return sa.and_(Credit.answer_id == answer_id, Credit.kind == kind.value, Credit.since_version >= since)

    def lines(contribution: str, contribution_id: Any) -> sa.Select[Any]:
        return rows(Credit.user_id, Path.CREDITED, "credited", Mode.INSTANT, contribution, contribution_id)

    return [
        lines("idea", sa.literal(idea_id)).where(credits(CreditKind.AUTHOR)),
        lines("idea", Credit.merged_idea_id).where(credits(CreditKind.MERGED_IDEA)),
        lines("comment", Credit.comment_id).where(credits(CreditKind.COMMENT)),
        lines("evidence", Credit.evidence_id).where(credits(CreditKind.EVIDENCE)),
        voters(idea_id, parts, Path.CREDITED, "credited", Mode.INSTANT).where(
            sa.exists().where(credits(CreditKind.VOTES))
        ),
    ]


def _part_in(idea_id: int, parts: Sequence[int], news: str) -> list[sa.Select[Any]]:
    return [
        authors([idea_id], Path.AUTHOR, news, Mode.INSTANT),
        authors(parts, Path.MERGED_AUTHOR, news, _MERGED_AUTHORS[news]),
        _commenters(idea_id, parts, news, _COMMENTERS[news]),
        voters(idea_id, parts, Path.VOTER, news, _VOTERS[news]),
        on_behalf([idea_id, *parts], news, _VOTERS[news]),
        _followers([idea_id, *parts], news),
    ]


def authors(idea_ids: Sequence[int], path: Path, news: str, by_default: Mode) -> sa.Select[Any]:
    return rows(Idea.author_id, path, news, by_default, "idea", Idea.id).where(Idea.id.in_(idea_ids))


def _commenters(idea_id: int, parts: Sequence[int], news: str, by_default: Mode) -> sa.Select[Any]:
    """Each by their first comment on the idea itself, or else on a part of it."""
    said = _in_order(Comment.author_id, Comment, Comment.created_at, idea_id).where(
        Comment.idea_id.in_([idea_id, *parts]),
        sa.not_(Comment.is_internal),
        Comment.deleted_at.is_(None),
        Comment.hidden_at.is_(None),
    )
    first = said.subquery("said")
    return rows(first.c.user_id, Path.COMMENTER, news, by_default, "comment", first.c.id).where(first.c.place == 1)


def voters(idea_id: int, parts: Sequence[int], path: Path, news: str, by_default: Mode) -> sa.Select[Any]:
    """Each by their vote on the idea itself, or else by their first on a part of it."""
    if not parts:
        return rows(Vote.user_id, path, news, by_default, "vote", Vote.id).where(Vote.idea_id == idea_id)
    cast = _in_order(Vote.user_id, Vote, Vote.cast_at, idea_id).where(Vote.idea_id.in_([idea_id, *parts]))
    first = cast.subquery("cast_votes")
    return rows(first.c.user_id, path, news, by_default, "vote", first.c.id).where(first.c.place == 1)


def on_behalf(idea_ids: Sequence[int], news: str, by_default: Mode) -> sa.Select[Any]:
    """Whoever the team counts on and who has not said that they do not want it. They are told like voters."""
    asked = rows(VoteOnBehalf.user_id, Path.VOTER, news, by_default, "on_behalf", VoteOnBehalf.id)
    return asked.where(VoteOnBehalf.idea_id.in_(idea_ids), PENDING)


def _in_order(person: Any, model: type[Comment | Vote], at: Any, idea_id: int) -> sa.Select[Any]:
    """Contributions with their place among those of each person: on the idea itself before those on its parts, then by
    time. Ids say nothing of it where an import brought them."""
    order = (sa.case((model.idea_id == idea_id, 0), else_=1), at, model.id)
    place = sa.func.row_number().over(partition_by=person, order_by=order)
    return sa.select(person.label("user_id"), model.id, place.label("place"))


def _followers(idea_ids: Sequence[int], news: str) -> sa.Select[Any]:
    return rows(IdeaFollow.user_id, Path.FOLLOWER, news, Mode.INSTANT).where(IdeaFollow.idea_id.in_(idea_ids))


def commented(comment_id: int) -> sa.CompoundSelect[Any]:
    """Whoever is replied to or named; for an official word all who had a part; otherwise followers and the owner.

    Nobody for a comment that is gone by now; of an internal note the team alone.
    """
    comment = db.session.scalars(sa.select(Comment).where(Comment.id == comment_id)).one()
    parent = sa.orm.aliased(Comment)
    standing = sa.and_(Comment.id == comment_id, Comment.deleted_at.is_(None), Comment.hidden_at.is_(None))
    parts = [
        rows(parent.author_id, Path.REPLIED_TO, "reply", Mode.INSTANT, "comment", parent.id).where(
            # whoever is answered, and whoever began the thread
            parent.id.in_([comment.reply_to_id, comment.parent_id])
        ),
        rows(Mention.user_id, Path.MENTIONED, "mention", Mode.INSTANT).where(Mention.comment_id == comment_id),
    ]
    idea_id, within = comment.idea_id, parts_of(comment.idea_id)
    if comment.is_official:
        news = "official_comment"
        parts += [
            authors([idea_id], Path.AUTHOR, news, Mode.INSTANT),
            authors(within, Path.MERGED_AUTHOR, news, _MERGED_AUTHORS[news]),
            _commenters(idea_id, within, news, Mode.INSTANT),
            voters(idea_id, within, Path.VOTER, news, DIGEST),
            on_behalf([idea_id, *within], news, DIGEST),
            _followers([idea_id, *within], news),
        ]
    else:
        owner = rows(Idea.owner_id, Path.OWNER, "new_comment", DIGEST)
        parts += [
            _followers([idea_id, *within], "new_comment"),
            owner.where(Idea.id == idea_id, Idea.owner_id.is_not(None)),
        ]
    everybody = sa.union_all(*parts).subquery()
    people = sa.select(everybody).where(sa.exists().where(standing))
    if comment.is_internal:
        board_id = sa.select(Idea.board_id).where(Idea.id == comment.idea_id).scalar_subquery()
        people = people.where(queries.is_team_of(everybody.c.user_id, board_id))
    return sa.union_all(people)


def merged(merge_id: int) -> sa.CompoundSelect[Any]:
    """Both authors, everybody on the side that became part of the other, commenters and followers on both."""
    return _audience_of_merging(*_sides(merge_id))


def _audience_of_merging(this: _Side, other: _Side) -> sa.CompoundSelect[Any]:
    return sa.union_all(
        authors([this.idea_id, other.idea_id], Path.AUTHOR, "merged", Mode.INSTANT),
        authors(this.parts, Path.MERGED_AUTHOR, "merged", Mode.INSTANT),
        _commenters(this.idea_id, [*this.parts, other.idea_id, *other.parts], "merged", Mode.INSTANT),
        voters(this.idea_id, this.parts, Path.VOTER, "merged", Mode.INSTANT),
        on_behalf([this.idea_id, *this.parts], "merged", Mode.INSTANT),
        _followers([this.idea_id, *this.parts, other.idea_id, *other.parts], "merged"),
    )


def unmerged(merge_id: int) -> sa.CompoundSelect[Any]:
    """Everybody on both sides."""
    this, other = _sides(merge_id)
    parts = [*this.parts, other.idea_id, *other.parts]
    return sa.union_all(
        authors([this.idea_id, other.idea_id], Path.AUTHOR, "merged", Mode.INSTANT),
        authors([*this.parts, *other.parts], Path.MERGED_AUTHOR, "merged", Mode.INSTANT),
        _commenters(this.idea_id, parts, "merged", Mode.INSTANT),
        voters(this.idea_id, parts, Path.VOTER, "merged", Mode.INSTANT),
        on_behalf([this.idea_id, *parts], "merged", Mode.INSTANT),
        _followers([this.idea_id, *parts], "merged"),
    )


def merging(idea_id: int, into_id: int) -> sa.CompoundSelect[Any]:
    """Whom `merged` would find if the one became part of the other now."""
    return _audience_of_merging(_Side.of(idea_id), _Side.of(into_id))


class _Side(NamedTuple):
    """One of the two ideas of a merge, with what is part of it."""

    idea_id: int
    parts: list[int]

    @classmethod
    def of(cls, idea_id: int, without: Collection[int] = ()) -> _Side:
        links = trees.links(trees.root_of(idea_id))
        return cls(idea_id, sorted(trees.below(links, idea_id) - set(without)))


def _sides(merge_id: int) -> tuple[_Side, _Side]:
    """The idea that was made part of another, and the other."""
    row = db.session.execute(sa.select(Merge.idea_id, Merge.into_id).where(Merge.id == merge_id)).one()
    this = _Side.of(row.idea_id)
    return this, _Side.of(row.into_id, without={this.idea_id, *this.parts})


def idea_received(idea_id: int) -> sa.CompoundSelect[Any]:
    """The author hears who reads it and by when; followers of the board and its team hear of a new idea."""
    this = sa.and_(Idea.id == idea_id)
    return sa.union_all(
        rows(Idea.author_id, Path.AUTHOR, "received", Mode.INSTANT, "idea", Idea.id).where(this),
        rows(BoardFollow.user_id, Path.FOLLOWER, "new_idea", Mode.INSTANT)
        .join(Idea, Idea.board_id == BoardFollow.board_id)
        .where(this),
        rows(Membership.user_id, Path.TEAM, "new_idea", DIGEST)
        .join(Idea, Idea.board_id == Membership.board_id)
        .where(this, Membership.role == "team"),
        rows(User.id, Path.TEAM, "new_idea", DIGEST).where(User.site_role.in_(queries.TEAM_ROLES)),
    )


def hidden(hiding_id: int) -> sa.CompoundSelect[Any]:
    """Whoever wrote what was hidden."""
    return _author_of_hidden(hiding_id, "hidden")


def appeal_answered(hiding_id: int) -> sa.CompoundSelect[Any]:
    """Whoever wrote what was hidden, and asked the team to look again."""
    return _author_of_hidden(hiding_id, "appeal")


def _author_of_hidden(hiding_id: int, news: str) -> sa.CompoundSelect[Any]:
    return sa.union_all(
        rows(Idea.author_id, Path.AUTHOR, news, Mode.INSTANT, "idea", Idea.id)
        .join(Hiding, Hiding.idea_id == Idea.id)
        .where(Hiding.id == hiding_id, Hiding.comment_id.is_(None)),
        rows(Comment.author_id, Path.AUTHOR, news, Mode.INSTANT, "comment", Comment.id)
        .join(Hiding, Hiding.comment_id == Comment.id)
        .where(Hiding.id == hiding_id),
    )


def sees_idea(subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """SQL: that person may see the idea that `subject` ("idea:7") names."""
    idea_id = int(subject.partition(":")[2])
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(Idea)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.id == idea_id, queries.idea_seen_by(user_id))
        .correlate_except(Idea, Board)
    )


def one_with(subject: str, _about_id: int) -> list[str]:
    """The subjects of all ideas that are one with that of `subject` now."""
    return [f"idea:{idea_id}" for idea_id in sorted(trees.whole(int(subject.partition(":")[2])))]


def both_sides(_subject: str, merge_id: int) -> list[str]:
    """The subjects of all ideas on either side of a merge, also of one that is no more."""
    this, other = _sides(merge_id)
    return sorted({*one_with(f"idea:{this.idea_id}", 0), *one_with(f"idea:{other.idea_id}", 0)})


def name_subjects(person: User | None, subjects: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Subject → title and address of the ideas among them that `person` (None: every visitor) may see."""
    ids = [int(subject.partition(":")[2]) for subject in subjects if subject.startswith("idea:")]
    if not ids:
        return {}
    rows = db.session.scalars(
        sa.select(Idea)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.id.in_(ids), queries.idea_seen_by(sa.literal(person.id if person else None, sa.Integer)))
    )
    return {idea.subject: (idea.title, settings.absolute(f"/ideas/{idea.id}-{idea.slug}")) for idea in rows}


def _about_the_idea(delivery: DueDelivery) -> tuple[str, str]:
    return replying.PURPOSE, replying.idea_of(delivery)


def _about_the_comment(delivery: DueDelivery) -> tuple[str, str]:
    return replying.PURPOSE, replying.comment_of(delivery)


NOTICES: Notices = {
    IdeaReceived.kind: Notice(
        idea_received, sees_idea, notice_words.received, "boards/notices/received", answer_to=_about_the_idea
    ),
    Commented.kind: Notice(
        commented, sees_idea, notice_words.commented, "boards/notices/commented", one_with, _about_the_comment
    ),
    Answered.kind: Notice(
        *(answered, sees_idea, notice_words.answered, "boards/notices/answered", one_with, _about_the_idea),
        left_out=leaving_out.of_answer,
    ),
    AnswerCorrected.kind: Notice(
        *(answer_corrected, sees_idea, notice_words.corrected, "boards/notices/corrected", one_with, _about_the_idea),
        left_out=leaving_out.of_version,
    ),
    MergedInto.kind: Notice(
        merged, sees_idea, notice_words.merged, "boards/notices/merged", both_sides, _about_the_idea
    ),
    MergeUndone.kind: Notice(
        unmerged, sees_idea, notice_words.unmerged, "boards/notices/unmerged", both_sides, _about_the_idea
    ),
    AppealAnswered.kind: Notice(
        appeal_answered, sees_idea, notice_words.appeal_answered, "boards/notices/appeal_answered"
    ),
    Hidden.kind: Notice(hidden, sees_idea, notice_words.hidden, "boards/notices/hidden"),
}
