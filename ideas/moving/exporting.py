"""Hands out all that a site consists of, as the records that an import takes: import(export(x)) is x.

Read at one moment, a few hundred rows at a time, however large the site is. Ids are this site's own; whoever imports
them remembers them. Without their addresses people cannot claim what is theirs on the other side, so that must be asked
for. Rights do not travel, and what nobody said stays behind: who was told, sessions, flags, pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ideas.accounts.models import Company, User
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
    IdeaTag,
    Revision,
    Status,
    Tag,
    Vote,
)
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.boards.models_merging import Merge
from ideas.boards.models_releases import Release, ReleaseFollow, ReleaseIdea
from ideas.boards.models_revisions import CommentVersion
from ideas.db import db
from ideas.moving.records import Kind

BATCH = 500

Values = dict[str, Any]
Rows = Sequence[Any]


@dataclass(frozen=True)
class Scope:
    """What goes out. board: that one alone, and whoever has to do with it; None: everything."""

    board_id: int | None = None
    with_addresses: bool = False

    def of(self, column: Any) -> tuple[sa.ColumnElement[bool], ...]:
        return () if self.board_id is None else (column == self.board_id,)


def records(scope: Scope, kind: Kind) -> Iterator[Values]:
    """Everything of that kind, in the order of ids. In a transaction that sees one moment."""
    yield from _SOURCES[kind](scope)


def _stream(statement: Any, finish: Callable[[Rows], Iterator[Values]]) -> Iterator[Values]:
    """The rows of a statement, some hundred at a time, each with what `finish` finds of them in other tables."""
    result = db.session.execute(statement.execution_options(yield_per=BATCH))
    for rows in result.partitions(BATCH):
        yield from finish(rows)


def _plainly(rows: Rows) -> Iterator[Values]:
    for row in rows:
        yield dict(row._mapping)


def _id(column: Any) -> Any:
    """Ids are text in records, whatever they are here."""
    return sa.cast(column, sa.String).label(column.key)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _of_ids(statement: Any, column: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    """Rows of another table, by the one of `ids` that they belong to."""
    found: dict[int, list[Any]] = {each: [] for each in ids}
    for row in db.session.execute(statement.where(column.in_(ids))):
        found[getattr(row, column.key)].append(row)
    return found


# --- Boards, tags, companies, people ---


def _boards(scope: Scope) -> Iterator[Values]:
    names = (
        *("slug", "name", "about", "visibility", "promise", "answer_within_days"),
        *("premoderation", "embed_sites", "created_at"),
    )
    statement = sa.select(Board.id, *(getattr(Board, name) for name in names))

    def finish(rows: Rows) -> Iterator[Values]:
        parts = sa.select(Status.board_id, Status.slug, Status.name, Status.stage)
        statuses = _of_ids(parts.order_by(Status.position, Status.id), Status.board_id, [row.id for row in rows])
        for row in rows:
            told = [{"slug": each.slug, "name": each.name, "stage": each.stage} for each in statuses[row.id]]
            yield {**{name: getattr(row, name) for name in names}, "statuses": told}

    yield from _stream(statement.where(*scope.of(Board.id)).order_by(Board.id), finish)


def _tags(scope: Scope) -> Iterator[Values]:
    statement = sa.select(Board.slug.label("board"), Tag.slug, Tag.name).join(Board, Board.id == Tag.board_id)
    yield from _stream(statement.where(*scope.of(Board.id)).order_by(Tag.id), _plainly)


def _companies(scope: Scope) -> Iterator[Values]:
    names = ("name", "external_id", "plan", "monthly_revenue", "renews_on", "attributes", "created_at")
    statement = sa.select(_id(Company.id), *(getattr(Company, name) for name in names)).order_by(Company.id)
    if scope.board_id is not None:
        statement = statement.where(
            Company.id.in_(sa.select(User.company_id).where(User.company_id.is_not(None), User.id.in_(_having(scope))))
        )
    yield from _stream(statement, _plainly)


def _people(scope: Scope) -> Iterator[Values]:
    email = User.email if scope.with_addresses else sa.null()
    statement = sa.select(
        _id(User.id),
        User.name,
        email.label("email"),
        User.title,
        sa.cast(User.company_id, sa.String).label("company"),
        User.external_id,
        User.attributes,
        User.shown_as_backer,
        User.created_at,
    ).order_by(User.id)
    if scope.board_id is not None:
        statement = statement.where(User.id.in_(_having(scope)))
    yield from _stream(statement, _plainly)


def _having(scope: Scope) -> Any:
    """Ids of whoever has anything to do with the board: all that the other records name."""
    board = scope.board_id
    ideas = sa.select(Idea.id).where(Idea.board_id == board)
    answers = sa.select(Answer.id).where(Answer.idea_id.in_(ideas))
    releases = sa.select(Release).where(Release.board_id == board).subquery()
    heard = sa.select(Evidence).where(Evidence.idea_id.in_(ideas)).subquery()
    counted_on = sa.select(VoteOnBehalf).where(VoteOnBehalf.idea_id.in_(ideas)).subquery()
    return sa.union(
        sa.select(Idea.author_id).where(Idea.board_id == board),
        sa.select(Revision.author_id).where(Revision.idea_id.in_(ideas)),
        sa.select(Vote.user_id).where(Vote.idea_id.in_(ideas)),
        sa.select(Comment.author_id).where(Comment.idea_id.in_(ideas)),
        sa.select(Answer.by_id).where(Answer.idea_id.in_(ideas)),
        sa.select(AnswerVersion.by_id).where(AnswerVersion.answer_id.in_(answers)),
        sa.select(Credit.user_id).where(Credit.answer_id.in_(answers), Credit.user_id.is_not(None)),
        sa.select(Merge.by_id).where(Merge.idea_id.in_(ideas)),
        sa.select(Merge.unmerged_by_id).where(Merge.idea_id.in_(ideas), Merge.unmerged_by_id.is_not(None)),
        sa.select(IdeaFollow.user_id).where(IdeaFollow.idea_id.in_(ideas)),
        sa.select(BoardFollow.user_id).where(BoardFollow.board_id == board),
        sa.select(ReleaseFollow.user_id).where(ReleaseFollow.board_id == board),
        sa.select(heard.c.by_id),
        sa.select(heard.c.user_id).where(heard.c.user_id.is_not(None)),
        sa.select(counted_on.c.by_id),
        sa.select(counted_on.c.user_id),
        sa.select(releases.c.by_id),
        sa.select(releases.c.published_by_id).where(releases.c.published_by_id.is_not(None)),
    )


# --- Ideas, votes, comments ---


def _ideas(scope: Scope) -> Iterator[Values]:
    statement = (
        sa.select(
            Idea.id,
            Board.slug.label("board"),
            Idea.title,
            Idea.body,
            Idea.author_id,
            Status.slug.label("status"),
            Idea.source_kind,
            Idea.source_id,
            Idea.created_at,
            Idea.edited_at,
            Idea.withdrawn_at,
            Idea.hidden_at,
        )
        .join(Board, Board.id == Idea.board_id)
        .join(Status, Status.id == Idea.status_id)
    )
    yield from _stream(statement.where(*scope.of(Idea.board_id)).order_by(Idea.id), _with_history)


def _with_history(rows: Rows) -> Iterator[Values]:
    ids = [row.id for row in rows]
    tags = _of_ids(
        sa.select(IdeaTag.idea_id, Tag.slug).join(Tag, Tag.id == IdeaTag.tag_id).order_by(Tag.slug),
        IdeaTag.idea_id,
        ids,
    )
    columns = ("idea_id", "title", "body", "author_id", "is_material", "backers", "created_at")
    revisions = _of_ids(
        sa.select(*(getattr(Revision, name) for name in columns)).order_by(Revision.number), Revision.idea_id, ids
    )
    for row in rows:
        values = dict(row._mapping)
        values["id"], values["author"] = str(row.id), str(values.pop("author_id"))
        values["tags"] = [tag.slug for tag in tags[row.id]]
        values["revisions"] = [
            {
                "title": each.title,
                "body": each.body,
                "author": str(each.author_id),
                "is_material": each.is_material,
                "backers": each.backers,
                "at": each.created_at,
            }
            for each in revisions[row.id]
        ]
        yield values


def _votes(scope: Scope) -> Iterator[Values]:
    statement = sa.select(
        sa.cast(Vote.idea_id, sa.String).label("idea"),
        sa.cast(Vote.user_id, sa.String).label("person"),
        Vote.cast_at.label("at"),
        sa.true().label("stands"),
    ).order_by(Vote.id)
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == Vote.idea_id).where(Idea.board_id == scope.board_id)
    yield from _stream(statement, _plainly)


def _comments(scope: Scope) -> Iterator[Values]:
    names = ("body", "is_official", "is_internal", "created_at", "edited_at", "deleted_at", "hidden_at")
    statement = sa.select(
        Comment.id, Comment.idea_id, Comment.author_id, Comment.reply_to_id, *(getattr(Comment, each) for each in names)
    ).order_by(Comment.id)
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == Comment.idea_id).where(Idea.board_id == scope.board_id)

    def finish(rows: Rows) -> Iterator[Values]:
        former = sa.select(CommentVersion.comment_id, CommentVersion.body, CommentVersion.written_at)
        versions = _of_ids(former.order_by(CommentVersion.number), CommentVersion.comment_id, [row.id for row in rows])
        for row in rows:
            yield {
                "id": str(row.id),
                "idea": str(row.idea_id),
                "author": str(row.author_id),
                "reply_to": _text(row.reply_to_id),
                **{name: getattr(row, name) for name in names},
                "versions": [{"body": each.body, "at": each.written_at} for each in versions[row.id]],
            }

    yield from _stream(statement, finish)


# --- Evidence, and votes on behalf ---


def _evidence(scope: Scope) -> Iterator[Values]:
    statement = sa.select(
        _id(Evidence.id),
        sa.cast(Evidence.idea_id, sa.String).label("idea"),
        sa.cast(Evidence.user_id, sa.String).label("person"),
        sa.cast(Evidence.by_id, sa.String).label("by"),
        Evidence.kind.label("heard_in"),
        Evidence.words,
        Evidence.link,
        Evidence.noted_at.label("at"),
        Evidence.removed_at,
    ).order_by(Evidence.id)
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == Evidence.idea_id).where(Idea.board_id == scope.board_id)
    yield from _stream(statement, _plainly)


def _on_behalf(scope: Scope) -> Iterator[Values]:
    statement = sa.select(
        sa.cast(VoteOnBehalf.idea_id, sa.String).label("idea"),
        sa.cast(VoteOnBehalf.user_id, sa.String).label("person"),
        sa.cast(VoteOnBehalf.by_id, sa.String).label("by"),
        sa.cast(VoteOnBehalf.evidence_id, sa.String).label("evidence"),
        VoteOnBehalf.noted_at.label("at"),
        VoteOnBehalf.confirmed_at,
        VoteOnBehalf.denied_at,
    ).order_by(VoteOnBehalf.id)
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == VoteOnBehalf.idea_id).where(Idea.board_id == scope.board_id)
    yield from _stream(statement, _plainly)


# --- Answers, merges, follows, releases ---


def _answers(scope: Scope) -> Iterator[Values]:
    former = aliased(Status)
    statement = (
        sa.select(
            *(Answer.id, Answer.idea_id, Answer.by_id, Answer.reason, Answer.text, Answer.planned_for),
            *(Answer.review_by, Answer.created_at, Answer.undone_at),
            Status.slug.label("status"),
            former.slug.label("former_status"),
        )
        .join(Status, Status.id == Answer.status_id)
        .join(former, former.id == Answer.former_status_id)
        .order_by(Answer.id)
    )
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == Answer.idea_id).where(Idea.board_id == scope.board_id)
    yield from _stream(statement, _with_credits)


def _with_credits(rows: Rows) -> Iterator[Values]:
    ids = [row.id for row in rows]
    named = ("comment_id", "merged_idea_id", "evidence_id")
    columns = ("answer_id", "kind", *named, "user_id", "how", "since_version")
    credits = _of_ids(
        sa.select(*(getattr(Credit, each) for each in columns)).order_by(Credit.id), Credit.answer_id, ids
    )
    kept = ("reason", "text", "planned_for", "review_by")
    parts = sa.select(
        *(AnswerVersion.answer_id, AnswerVersion.by_id, AnswerVersion.created_at, AnswerVersion.credits),
        *(getattr(AnswerVersion, name) for name in kept),
    )
    versions = _of_ids(parts.order_by(AnswerVersion.number), AnswerVersion.answer_id, ids)
    for row in rows:
        yield {
            "id": str(row.id),
            "idea": str(row.idea_id),
            "by": str(row.by_id),
            "status": row.status,
            "former_status": row.former_status,
            **{name: getattr(row, name) for name in kept},
            "created_at": row.created_at,
            "undone_at": row.undone_at,
            "credits": [
                {
                    **_line(each.kind, _named(each), each.user_id, each.how),
                    "since": each.since_version,
                }
                for each in credits[row.id]
            ],
            "versions": [
                {
                    **{name: getattr(each, name) for name in kept},
                    "by": str(each.by_id),
                    "at": each.created_at,
                    "credits": [_line_of(credit) for credit in each.credits],
                }
                for each in versions[row.id]
            ],
        }


def _named(credit: Any) -> int | None:
    """The comment, merged idea or evidence of a credit."""
    found: int | None = credit.comment_id or credit.merged_idea_id or credit.evidence_id
    return found


def _line(kind: str, named: int | None, person: int | None, how: str) -> Values:
    return {
        "kind": kind,
        "comment": _text(named) if kind == CreditKind.COMMENT else None,
        "idea": _text(named) if kind == CreditKind.MERGED_IDEA else None,
        "evidence": _text(named) if kind == CreditKind.EVIDENCE else None,
        "person": _text(person),
        "how": how,
    }


def _line_of(credit: Mapping[str, Any]) -> Values:
    return _line(credit["kind"], credit.get("id"), credit.get("person"), credit["how"])


def _merges(scope: Scope) -> Iterator[Values]:
    statement = sa.select(
        _id(Merge.id),
        sa.cast(Merge.idea_id, sa.String).label("idea"),
        sa.cast(Merge.into_id, sa.String).label("into"),
        sa.cast(Merge.by_id, sa.String).label("by"),
        Merge.text,
        Merge.merged_at.label("at"),
        Merge.unmerged_at,
        sa.cast(Merge.unmerged_by_id, sa.String).label("unmerged_by"),
        Merge.unmerge_text,
    ).order_by(Merge.id)
    if scope.board_id is not None:
        statement = statement.join(Idea, Idea.id == Merge.idea_id).where(Idea.board_id == scope.board_id)
    yield from _stream(statement, _plainly)


def _follows(scope: Scope) -> Iterator[Values]:
    def of(model: Any, idea: Any, board: Any, releases: bool) -> sa.Select[Any]:
        return sa.select(
            sa.cast(model.user_id, sa.String).label("person"),
            idea.label("idea"),
            board.label("board"),
            sa.literal(releases).label("releases"),
            model.followed_at.label("at"),
        )

    nothing = sa.cast(sa.null(), sa.String)
    ideas = of(IdeaFollow, sa.cast(IdeaFollow.idea_id, sa.String), nothing, False)
    ideas = ideas.join(Idea, Idea.id == IdeaFollow.idea_id).where(*scope.of(Idea.board_id))
    yield from _stream(ideas.order_by(IdeaFollow.idea_id, IdeaFollow.user_id), _plainly)
    for model in (BoardFollow, ReleaseFollow):
        boards = of(model, nothing, Board.slug, model is ReleaseFollow).join(Board, Board.id == model.board_id)
        yield from _stream(boards.where(*scope.of(Board.id)).order_by(model.board_id, model.user_id), _plainly)


def _releases(scope: Scope) -> Iterator[Values]:
    names = ("title", "body", "released_on", "created_at", "version", "published_at")
    statement = sa.select(
        *(Release.id, Release.by_id, Release.published_by_id, Board.slug.label("board")),
        *(getattr(Release, name) for name in names),
    ).join(Board, Board.id == Release.board_id)

    def finish(rows: Rows) -> Iterator[Values]:
        columns = ("release_id", "idea_id", "reason", "text", "credits", "answer_id", "shipped_here", "added_at")
        parts = sa.select(*(getattr(ReleaseIdea, each) for each in columns))
        lines = _of_ids(
            parts.order_by(ReleaseIdea.added_at, ReleaseIdea.idea_id),
            ReleaseIdea.release_id,
            [row.id for row in rows],
        )
        for row in rows:
            yield {
                "id": str(row.id),
                "board": row.board,
                "by": str(row.by_id),
                "published_by": _text(row.published_by_id),
                **{name: getattr(row, name) for name in names},
                "ideas": [
                    {
                        "idea": str(each.idea_id),
                        "reason": each.reason,
                        "text": each.text,
                        "credits": [_line_of(credit) for credit in each.credits],
                        "answer": _text(each.answer_id),
                        "shipped_here": each.shipped_here,
                        "at": each.added_at,
                    }
                    for each in lines[row.id]
                ],
            }

    yield from _stream(statement.where(*scope.of(Board.id)).order_by(Release.id), finish)


_SOURCES: dict[Kind, Callable[[Scope], Iterator[Values]]] = {
    Kind.BOARD: _boards,
    Kind.TAG: _tags,
    Kind.COMPANY: _companies,
    Kind.PERSON: _people,
    Kind.IDEA: _ideas,
    Kind.VOTE: _votes,
    Kind.COMMENT: _comments,
    Kind.EVIDENCE: _evidence,
    Kind.ON_BEHALF: _on_behalf,
    Kind.ANSWER: _answers,
    Kind.MERGE: _merges,
    Kind.FOLLOW: _follows,
    Kind.RELEASE: _releases,
}
