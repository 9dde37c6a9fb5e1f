"""What boards forget of a person. Erasure changes every table of the room, so it stands here in one place.

Votes stay, cut to the day, under a person without a name: what others want keeps its place. What nobody else touched
loses its words and leaves the lists, and is counted still; what others built on stays and names nobody.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import markup, storage
from ideas.boards import changes, picturing, ranking, searching, trees
from ideas.boards.models import (
    Answer,
    AnswerVersion,
    Board,
    BoardFollow,
    Comment,
    Credit,
    Idea,
    IdeaFollow,
    Invitation,
    Membership,
    Mention,
    Revision,
    Vote,
)
from ideas.boards.models_evidence import PENDING, Evidence, VoteOnBehalf
from ideas.boards.models_left_out import LeftOut
from ideas.boards.models_merging import Merge
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.models_releases import Release, ReleaseFollow, ReleaseIdea
from ideas.boards.models_replying import MailReply
from ideas.boards.models_revisions import CommentVersion
from ideas.boards.models_silence import Occasion, Reminder, StillWanted
from ideas.boards.models_snippets import Snippet
from ideas.boards.models_solving import Solved
from ideas.db import db, utcnow
from ideas.privacy import Leaving
from ideas.words import _

BATCH = 500


class Text(NamedTuple):
    """A column that holds words of people, and the one that holds the same as HTML, if any."""

    column: Any
    html: Any = None


# Where the name of somebody may stand in the words of others.
TEXTS = (
    Text(Idea.title),
    Text(Idea.body, Idea.body_html),
    Text(Revision.title),
    Text(Revision.body, Revision.body_html),
    Text(Comment.body, Comment.body_html),
    Text(CommentVersion.body, CommentVersion.body_html),
    Text(Answer.text, Answer.text_html),
    Text(AnswerVersion.text, AnswerVersion.text_html),
    Text(AnswerVersion.credits),
    Text(Credit.how),
    Text(Hiding.reason),
    Text(Hiding.appeal),
    Text(Hiding.appeal_reply),
    Text(Flag.words),
    Text(Solved.words),
    Text(Evidence.words),
    Text(Evidence.link),
    Text(MailReply.said),
    Text(Board.about),
    Text(Board.promise),
    Text(Merge.text, Merge.text_html),
    Text(Merge.unmerge_text, Merge.unmerge_text_html),
    Text(Release.title),
    Text(Release.body, Release.body_html),
    Text(ReleaseIdea.text, ReleaseIdea.text_html),
    Text(ReleaseIdea.credits),
    Text(LeftOut.reason),
    Text(Snippet.name),
    Text(Snippet.text),
)


def erase(leaving: Leaving) -> None:
    """Forget the person on every board, in the caller's transaction."""
    files = picturing.let_go_of(leaving.id)
    leaving.afterwards.append(lambda: _delete_files(files))
    _forget_belonging(leaving)
    _forget_appeals(leaving)
    _forget_words(leaving)
    _rewrite_mentions(leaving)
    _forget_comments(leaving)
    _forget_ideas(leaving)
    _cut_votes(leaving)
    _rewrite_texts(leaving)
    _tell_copies(leaving)


def _tell_copies(leaving: Leaving) -> None:
    """Whatever stood under their name reads otherwise now, also in copies that other systems keep."""
    taken_back = sa.case((Idea.withdrawn_at.is_not(None), "idea.deleted"), else_="idea.updated")
    ideas = db.session.execute(sa.select(taken_back, Idea.id).where(Idea.author_id == leaving.id)).all()
    for kind in ("idea.deleted", "idea.updated"):
        for batch in _batches([idea_id for became, idea_id in ideas if became == kind]):
            changes.note_ideas(kind, batch)
    changes.note("person.erased", [(None, None, leaving.id)])
    comments = db.session.scalars(sa.select(Comment.id).where(Comment.author_id == leaving.id)).all()
    for batch in _batches(comments):
        changes.note_comments("comment.updated", batch)


def _delete_files(names: Sequence[str]) -> None:
    """At once, and not only when the worker comes by; what cannot be reached now is deleted then."""
    with contextlib.suppress(storage.Unavailable):
        for name in names:
            storage.pictures().delete(name)


def _forget_belonging(leaving: Leaving) -> None:
    statements: list[sa.UpdateBase] = [
        sa.delete(model).where(model.user_id == leaving.id)
        for model in (Membership, LeftOut, IdeaFollow, BoardFollow, ReleaseFollow, StillWanted, MailReply)
    ]
    statements.append(sa.delete(Snippet).where(Snippet.owner_id == leaving.id, Snippet.board_id.is_(None)))
    of_theirs = sa.and_(Reminder.occasion == Occasion.OVERDUE, Reminder.about_id == leaving.id)
    statements.append(sa.delete(Reminder).where(of_theirs))
    statements.append(sa.update(Idea).where(Idea.owner_id == leaving.id).values(owner_id=None))
    if leaving.email:
        statements.append(sa.delete(Invitation).where(Invitation.email == leaving.email))
    _run(statements)


def _forget_appeals(leaving: Leaving) -> None:
    """What they wrote to the team alone: why they pointed something out, and why theirs should not be hidden."""
    ideas = sa.select(Idea.id).where(Idea.author_id == leaving.id)
    said = sa.select(Comment.id).where(Comment.author_id == leaving.id)
    theirs = sa.or_(Hiding.comment_id.in_(said), sa.and_(Hiding.comment_id.is_(None), Hiding.idea_id.in_(ideas)))
    _run(
        [
            sa.update(Flag).where(Flag.by_id == leaving.id).values(words=""),
            sa.update(Hiding).where(theirs, Hiding.appeal.is_not(None)).values(appeal=""),
        ]
    )


def _forget_words(leaving: Leaving) -> None:
    """What they said of what was built. Whether it helped stays, and counts, without a word or a name."""
    mine = sa.update(Solved).where(Solved.user_id == leaving.id)
    silent = {"words": "", "may_publish": False, "show_name": False, "published_at": None, "published_by_id": None}
    _run([mine.values(**silent)])
    _forget_evidence(leaving)


def _forget_evidence(leaving: Leaving) -> None:
    """What the team noted that they said, and their part in it. Nobody counts on them any more; that they did stays."""
    theirs = sa.update(Evidence).where(Evidence.user_id == leaving.id)
    gone = sa.func.coalesce(Evidence.removed_at, utcnow())
    asked = sa.update(VoteOnBehalf).where(VoteOnBehalf.user_id == leaving.id)
    _run(
        [
            theirs.values(words="", link="", removed_at=gone),
            asked.where(PENDING).values(denied_at=_day_of(utcnow())),
            asked.values(evidence_id=None),
        ]
    )
    for row in db.session.scalars(sa.select(VoteOnBehalf).where(VoteOnBehalf.user_id == leaving.id)):
        row.confirmed_at = _day_of(row.confirmed_at) if row.confirmed_at else None
    db.session.flush()  # what follows is SQL


def _day_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _rewrite_mentions(leaving: Leaving) -> None:
    """Comments that call the person by "@", by first name as well."""
    calling = sa.select(Comment).join(Mention, Mention.comment_id == Comment.id).where(Mention.user_id == leaving.id)
    for comment in db.session.scalars(calling):
        comment.body = leaving.rewritten(comment.body, names_them=True)
        comment.body_html = markup.render(comment.body)
        changes.note_comments("comment.updated", [comment.id])
        for former in db.session.scalars(sa.select(CommentVersion).where(CommentVersion.comment_id == comment.id)):
            former.body = leaving.rewritten(former.body, names_them=True)
            former.body_html = markup.render(former.body)
    db.session.flush()  # what follows is SQL
    _run([sa.delete(Mention).where(Mention.user_id == leaving.id)])


# --- What they said ---


def _forget_comments(leaving: Leaving) -> None:
    """Delete what nobody built on; of the rest the words go too if that is wanted."""
    mine = db.session.execute(
        sa.select(Comment.id, Comment.idea_id, Comment.parent_id, Comment.reply_to_id).where(
            Comment.author_id == leaving.id
        )
    ).all()
    if not mine:
        return
    deleted = _without_others([row.id for row in mine])
    _in_batches(deleted, lambda ids: sa.delete(CommentVersion).where(CommentVersion.comment_id.in_(ids)))
    _in_batches(deleted, lambda ids: sa.delete(Mention).where(Mention.comment_id.in_(ids)))
    for batch in _batches(deleted):
        changes.note_comments("comment.deleted", batch)
    # in batches, so that no reply in a later one points nowhere meanwhile
    _in_batches(
        deleted, lambda ids: sa.update(Comment).where(Comment.id.in_(ids)).values(parent_id=None, reply_to_id=None)
    )
    _in_batches(deleted, lambda ids: sa.delete(Comment).where(Comment.id.in_(ids)))
    if leaving.with_text:
        # the team's word is the team's
        own = sa.and_(Comment.author_id == leaving.id, sa.not_(Comment.is_official))
        _run(
            [
                sa.delete(CommentVersion).where(CommentVersion.comment_id.in_(sa.select(Comment.id).where(own))),
                sa.update(Comment)
                .where(own)
                .values(body="", body_html="", deleted_at=sa.func.coalesce(Comment.deleted_at, utcnow())),
            ]
        )
    for idea_id in sorted({row.idea_id for row in mine}):
        ranking.count_comments(idea_id)


def _without_others(comment_ids: Sequence[int]) -> list[int]:
    """Those comments that no reply, credit, hiding or official standing holds."""
    mine = set(comment_ids)
    children: dict[int, set[int]] = {}
    held: set[int] = set()
    for batch in _batches(comment_ids):
        for model_column in (Credit.comment_id, Hiding.comment_id):
            held |= set(db.session.scalars(sa.select(model_column).where(model_column.in_(batch))))
        held |= set(db.session.scalars(sa.select(Comment.id).where(Comment.id.in_(batch), Comment.is_official)))
        replies = sa.select(Comment.id, Comment.parent_id, Comment.reply_to_id)
        for row in db.session.execute(
            replies.where(sa.or_(Comment.parent_id.in_(batch), Comment.reply_to_id.in_(batch)))
        ):
            for above in {row.parent_id, row.reply_to_id} & mine:
                children.setdefault(above, set()).add(row.id)
    free = mine - held
    while kept := {comment for comment in free if children.get(comment, set()) - free}:
        free -= kept
    return sorted(free)


# --- What they wrote ---


def _forget_ideas(leaving: Leaving) -> None:
    ids = db.session.scalars(sa.select(Idea.id).where(Idea.author_id == leaving.id)).all()
    for batch in _batches(ids):
        shared = _with_others(batch, leaving.id)
        alone = sorted(set(batch) - shared)
        _take_back(alone)
        _empty(sorted(batch) if leaving.with_text else alone)


def _take_back(idea_ids: Sequence[int]) -> None:
    """What nobody else touched leaves the lists. The row stays without a word, so that what was counted stays so."""
    taken_back = sa.func.coalesce(Idea.withdrawn_at, utcnow())
    _run([sa.update(Idea).where(Idea.id.in_(idea_ids)).values(withdrawn_at=taken_back, source_id=None)])
    for idea in db.session.scalars(
        sa.select(Idea).where(Idea.id.in_(idea_ids)).execution_options(populate_existing=True)
    ):
        ranking.show_or_hide(idea)


def _with_others(idea_ids: Sequence[int], person_id: int) -> set[int]:
    """Those ideas that somebody else backed, follows, commented on, answered, hid or revised."""
    touched = (
        sa.select(Vote.idea_id).where(Vote.user_id != person_id),
        sa.select(IdeaFollow.idea_id).where(IdeaFollow.user_id != person_id),
        sa.select(VoteOnBehalf.idea_id).where(VoteOnBehalf.user_id != person_id),
        sa.select(Evidence.idea_id).where(sa.or_(Evidence.user_id != person_id, Evidence.user_id.is_(None))),
        sa.select(Comment.idea_id),  # their own that could go are gone already
        sa.select(Answer.idea_id),
        sa.select(Hiding.idea_id),
        sa.select(Merge.idea_id),
        sa.select(Merge.into_id),
        sa.select(Revision.idea_id).where(Revision.author_id != person_id),
    )
    found: set[int] = set()
    for statement in touched:
        column = statement.selected_columns[0]
        found |= set(db.session.scalars(statement.where(column.in_(idea_ids)).distinct()))
    return found


def _empty(idea_ids: Sequence[int]) -> None:
    """The ideas stay for what others did with them; their words and all versions of these are gone."""
    title = _("An idea of a former member")
    _run(
        [
            sa.update(Idea).where(Idea.id.in_(idea_ids)).values(title=title, body="", body_html="", excerpt=""),
            sa.update(Revision).where(Revision.idea_id.in_(idea_ids)).values(title=title, body="", body_html=""),
        ]
    )
    _reindex(idea_ids)


# --- What they back ---


def _cut_votes(leaving: Leaving) -> None:
    """A vote keeps its day. Without it `hot` of the idea is that of a vote some hours older."""
    votes = sa.select(Vote.id, Vote.idea_id, Vote.cast_at).where(Vote.user_id == leaving.id).order_by(Vote.idea_id)
    cut = [
        (
            row.id,
            row.idea_id,
            row.cast_at,
            _day_of(row.cast_at),
        )
        for row in db.session.execute(votes)
    ]
    if not cut:
        return
    db.session.execute(sa.update(Vote), [{"id": vote_id, "cast_at": day} for vote_id, _idea, _at, day in cut])
    # what an idea was merged into counts each person's first vote among its parts
    roots = sa.select(Idea.merged_root_id).join(Vote, Vote.idea_id == Idea.id)
    links: dict[int, int] = {}
    for root in db.session.scalars(
        roots.where(Vote.user_id == leaving.id, Idea.merged_root_id.is_not(None)).distinct()
    ).all():
        links |= trees.links(root or 0)
    firsts: dict[int, tuple[datetime, datetime]] = {}
    for _vote, idea_id, at, day in cut:
        for each in (idea_id, *trees.above(links, idea_id)):
            firsts[each] = min(firsts.get(each, (at, day)), (at, day))
    ranking.move_votes([(idea_id, at, day) for idea_id, (at, day) in sorted(firsts.items())])


# --- What others said of them ---


def _rewrite_texts(leaving: Leaving) -> None:
    """Their name and address in everybody's words, in each version. What is found by these words is found anew."""
    changed_ideas: set[int] = set()
    answered: set[int] = set()
    changed_comments: set[int] = set()
    for text in TEXTS:
        model = text.column.class_
        for row in db.session.scalars(sa.select(model).where(leaving.may_stand_in(text.column))):
            before = getattr(row, text.column.key)
            after = leaving.rewritten_json(before)
            if after == before:
                continue
            setattr(row, text.column.key, _fitting(text.column, after))
            if text.html is not None:
                setattr(row, text.html.key, markup.render(after))
            if model is Idea:
                changed_ideas.add(row.id)
            elif model is Comment:
                changed_comments.add(row.id)
            elif model is Answer:
                answered.add(row.idea_id)
    db.session.flush()  # searching reads the rows
    _reindex(sorted(changed_ideas))
    for batch in _batches(sorted(changed_ideas | answered)):
        changes.note_ideas("idea.updated", batch)
    for batch in _batches(sorted(changed_comments)):
        changes.note_comments("comment.updated", batch)


def _fitting(column: Any, value: Any) -> Any:
    """The words that stand for a name may be longer than it was."""
    longest = getattr(column.type, "length", None)
    return value[:longest] if longest and isinstance(value, str) else value


def _reindex(idea_ids: Sequence[int]) -> None:
    for batch in _batches(idea_ids):
        rows = db.session.scalars(
            sa.select(Idea).where(Idea.id.in_(batch)).execution_options(populate_existing=True)
        ).all()
        for idea in rows:
            idea.excerpt = markup.excerpt(idea.body_html)
        searching.index_all(rows)


def _batches(ids: Sequence[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield list(ids[start : start + BATCH])


def _in_batches(ids: Sequence[int], statement: Any) -> None:
    for batch in _batches(ids):
        _run([statement(batch)])


def _run(statements: Iterable[sa.UpdateBase]) -> None:
    for statement in statements:
        db.session.execute(statement.execution_options(synchronize_session=False))
