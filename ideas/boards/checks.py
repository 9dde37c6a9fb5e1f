"""What must hold on boards at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ideas.accounts.checks import subject, unaudited
from ideas.accounts.models import AuditEntry
from ideas.boards import ranking, releasing, searching
from ideas.boards.models import Answer, AnswerVersion, Comment, Idea, IdeaRank, Status, Vote
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.boards.models_merging import Merge
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_releases import Release, ReleaseIdea
from ideas.boards.models_searching import BoardTerm, IdeaTerm
from ideas.checking import Breach
from ideas.db import db
from ideas.outbox import OutboxEntry

# (an idea, itself or one merged into it), for those that others were merged into
_within = (
    sa.select(Idea.id.label("idea_id"), Idea.id.label("part_id"))
    .where(Idea.id.in_(sa.select(Idea.merged_into_id).where(Idea.merged_into_id.is_not(None))))
    .cte("within", recursive=True)
)
_part = sa.orm.aliased(Idea)
_within = _within.union(sa.select(_within.c.idea_id, _part.id).where(_part.merged_into_id == _within.c.part_id))
_votes = sa.select(sa.func.count()).where(Vote.idea_id == IdeaRank.idea_id).correlate(IdeaRank).scalar_subquery()
_backers = (
    sa.select(_within.c.idea_id, sa.func.count(sa.distinct(Vote.user_id)).label("votes"))
    .outerjoin(Vote, Vote.idea_id == _within.c.part_id)
    .group_by(_within.c.idea_id)
    .subquery()
)
_comments = (
    sa.select(sa.func.count())
    .where(
        Comment.idea_id == IdeaRank.idea_id,
        sa.not_(Comment.is_internal),
        Comment.deleted_at.is_(None),
        Comment.hidden_at.is_(None),
    )
    .correlate(IdeaRank)
    .scalar_subquery()
)


def votes_are_counted() -> list[Breach]:
    """I1: the count beside each idea is the number of people with a vote on it or on one merged into it."""
    votes = sa.func.coalesce(_backers.c.votes, _votes)
    wrong = db.session.execute(
        sa.select(IdeaRank.idea_id, IdeaRank.vote_count, votes.label("votes"))
        .outerjoin(_backers, _backers.c.idea_id == IdeaRank.idea_id)
        .where(IdeaRank.vote_count != votes)
    )
    return [
        Breach(
            "I1",
            f"counts {row.vote_count} votes where {row.votes} are; repair with: ideas recount",
            f"idea:{row.idea_id}",
        )
        for row in wrong
    ]


def merges_are_links() -> list[Breach]:
    """I9: each merged idea has one merge that stands, and is listed, voted for and answered where its chain ends."""
    roots = (
        sa.select(Idea.id.label("root_id"), Idea.id.label("idea_id"))
        .where(Idea.merged_into_id.is_(None))
        .cte("chains", recursive=True)
    )
    part = sa.orm.aliased(Idea)
    roots = roots.union(sa.select(roots.c.root_id, part.id).where(part.merged_into_id == roots.c.idea_id))
    astray = (
        sa.select(Idea.id)
        .outerjoin(roots, sa.and_(roots.c.idea_id == Idea.id, roots.c.root_id != Idea.id))
        .where(Idea.merged_root_id.is_distinct_from(roots.c.root_id))
    )
    # an idea in a circle is reached from no root
    circling = sa.select(Idea.id).where(Idea.id.not_in(sa.select(roots.c.idea_id)))
    stands = sa.exists().where(
        Merge.idea_id == Idea.id, Merge.into_id == Idea.merged_into_id, Merge.unmerged_at.is_(None)
    )
    unsaid = sa.select(Idea.id).where(Idea.merged_into_id.is_not(None), sa.not_(stands))
    left_over = (
        sa.select(Idea.id)
        .join(Merge, sa.and_(Merge.idea_id == Idea.id, Merge.unmerged_at.is_(None)))
        .where(Idea.merged_into_id.is_(None))
    )
    found: dict[str, Any] = {
        "does not count where its chain of merges ends": sa.union(astray, circling),
        "is part of another, and no merge says so": unsaid,
        "stands for itself, and a merge says otherwise": left_over,
    }
    return [
        Breach("I9", what, f"idea:{idea_id}")
        for what, statement in found.items()
        for idea_id in db.session.scalars(statement)
    ]


def comments_are_counted() -> list[Breach]:
    """The count beside each idea is the number of comments that everybody may read."""
    wrong = db.session.execute(
        sa.select(IdeaRank.idea_id, IdeaRank.comment_count, _comments.label("comments")).where(
            IdeaRank.comment_count != _comments
        )
    )
    return [
        Breach(
            "I1",
            f"counts {row.comment_count} comments where {row.comments} are; repair with: ideas recount",
            f"idea:{row.idea_id}",
        )
        for row in wrong
    ]


def last_words_are_known() -> list[Breach]:
    """The time of the last official word, by which the team's queue goes, is that of an answer or official comment."""
    wrong = db.session.scalars(
        sa.select(IdeaRank.idea_id).where(
            IdeaRank.answered_at.is_distinct_from(ranking.last_official_word(IdeaRank.__table__.c.idea_id))
        )
    )
    return [
        Breach("I1", "has another last official word than is noted; repair with: ideas recount", f"idea:{idea_id}")
        for idea_id in wrong
    ]


def places_are_true() -> list[Breach]:
    """I7: what lists go by (board, stage, shown or not) is what the idea is, so that no list shows what is private."""
    merged_into = sa.select(_part.merged_into_id).where(_part.merged_into_id.is_not(None))
    wrong = db.session.scalars(
        sa.select(Idea.id)
        .join(Status, Status.id == Idea.status_id)
        .outerjoin(IdeaRank, IdeaRank.idea_id == Idea.id)
        .where(
            sa.or_(
                IdeaRank.idea_id.is_(None),
                IdeaRank.board_id != Idea.board_id,
                Status.board_id != Idea.board_id,
                IdeaRank.stage != Status.stage,
                IdeaRank.listed != sa.and_(Idea.withdrawn_at.is_(None), Idea.merged_into_id.is_(None)),
                IdeaRank.has_merged != Idea.id.in_(merged_into),
                IdeaRank.is_hidden != Idea.hidden_at.is_not(None),
            )
        )
    )
    return [
        Breach("I7", "stands in lists as something it is not; repair with: ideas recount", f"idea:{idea_id}")
        for idea_id in wrong
    ]


def _was_taken_over(release_id: Any) -> sa.ColumnElement[bool]:
    """SQL: the release was published on another site, and came over from there; imports tell nobody."""
    subject = sa.literal("release:").concat(sa.cast(release_id, sa.String))
    return sa.exists().where(AuditEntry.act == releasing.TAKEN_OVER, AuditEntry.subject == subject)


def releases_are_what_they_say() -> list[Breach]:
    """I3: a published release was announced and its lines are answers to their ideas; a draft did and said nothing."""
    is_draft = Release.published_at.is_(None)
    lines = (
        sa.select(ReleaseIdea.release_id)
        .join(Release, Release.id == ReleaseIdea.release_id)
        .outerjoin(Answer, Answer.id == ReleaseIdea.answer_id)
    )
    found: dict[str, Any] = {
        "is a draft, and yet people are told of it": sa.select(Release.id).where(
            is_draft, sa.or_(Release.entry_id.is_not(None), Release.published_by_id.is_not(None))
        ),
        "is published, and nobody is told of it": sa.select(Release.id)
        .outerjoin(OutboxEntry, OutboxEntry.id == Release.entry_id)
        .where(
            sa.not_(is_draft),
            sa.not_(_was_taken_over(Release.id)),
            sa.or_(OutboxEntry.id.is_(None), OutboxEntry.cancelled_at.is_not(None), Release.published_by_id.is_(None)),
        ),
        "is a draft, and yet answered an idea": lines.where(
            is_draft, sa.or_(ReleaseIdea.shipped_here, ReleaseIdea.answer_id.is_not(None))
        ),
        "shipped an idea without an answer to it": lines.where(ReleaseIdea.shipped_here, Answer.id.is_(None)),
        "has an answer to another idea": lines.where(Answer.idea_id != ReleaseIdea.idea_id),
        "has an idea of another board": lines.join(Idea, Idea.id == ReleaseIdea.idea_id).where(
            Idea.board_id != Release.board_id
        ),
    }
    return [
        Breach("I3", what, f"release:{release_id}")
        for what, statement in found.items()
        for release_id in db.session.scalars(statement.distinct())
    ]


def privileged_acts_are_audited() -> list[Breach]:
    """I8: each answer, correction, undoing, official word, merge, hiding, restoring has its line in the audit log."""
    return unaudited(_ACTS)


_of_idea, _of_comment = Hiding.comment_id.is_(None), Hiding.comment_id.is_not(None)
_by_somebody = Hiding.by_id.is_not(None)  # what is held was hidden by nobody
_ACTS: dict[str, sa.Select[Any]] = {
    "idea.answered": sa.select(subject("idea", Answer.idea_id)),
    "answer.corrected": sa.select(subject("idea", Answer.idea_id))
    .join(AnswerVersion, AnswerVersion.answer_id == Answer.id)
    .where(AnswerVersion.number > 1),
    "answer.undone": sa.select(subject("idea", Answer.idea_id)).where(Answer.undone_at.is_not(None)),
    "release.drafted": sa.select(subject("release", Release.id)),
    "release.published": sa.select(subject("release", Release.id)).where(Release.published_at.is_not(None)),
    "evidence.added": sa.select(subject("idea", Evidence.idea_id)),
    "vote.on_behalf": sa.select(subject("idea", VoteOnBehalf.idea_id)),
    "comment.official": sa.select(subject("comment", Comment.id)).where(Comment.is_official),
    "idea.merged": sa.select(subject("idea", Merge.idea_id)),
    "idea.unmerged": sa.select(subject("idea", Merge.idea_id)).where(Merge.unmerged_at.is_not(None)),
    "idea.hidden": sa.select(subject("idea", Hiding.idea_id)).where(_of_idea, _by_somebody),
    "idea.restored": sa.select(subject("idea", Hiding.idea_id)).where(_of_idea, Hiding.restored_at.is_not(None)),
    "comment.hidden": sa.select(subject("comment", Hiding.comment_id)).where(_of_comment, _by_somebody),
    "comment.restored": sa.select(subject("comment", Hiding.comment_id)).where(
        _of_comment, Hiding.restored_at.is_not(None)
    ),
}


INDEX_LOOKED_AT = 200  # the newest ideas; a recount looks at all


def ideas_are_found_by_their_words() -> list[Breach]:
    """Search: every idea that was not withdrawn is in the index, none else is, and the newest by what they say now."""
    indexed = sa.select(IdeaTerm.idea_id).where(IdeaTerm.term == searching.ALL, IdeaTerm.idea_id == Idea.id).exists()
    wrong = set(db.session.scalars(sa.select(Idea.id).where(Idea.withdrawn_at.is_(None) != indexed)))
    newest = sa.select(Idea.id, Idea.title, Idea.body).order_by(Idea.id.desc()).limit(INDEX_LOOKED_AT)
    ideas = db.session.execute(newest.where(Idea.withdrawn_at.is_(None))).all()
    found: dict[int, dict[str, int]] = {idea.id: {} for idea in ideas}
    words = sa.select(IdeaTerm.idea_id, IdeaTerm.term, IdeaTerm.weight).where(IdeaTerm.idea_id.in_(found))
    for row in db.session.execute(words):
        found[row.idea_id][row.term] = row.weight
    wrong |= {idea.id for idea in ideas if found[idea.id] != searching.weights_of(idea.title, idea.body)}
    return [
        Breach("search", "is not found by what it says; repair with: ideas recount", f"idea:{idea_id}")
        for idea_id in sorted(wrong)
    ]


def words_are_counted() -> list[Breach]:
    """Search: how many ideas of a board say a word is how many do."""
    counted = (
        sa.select(IdeaTerm.board_id, IdeaTerm.term, sa.func.count().label("ideas"))
        .group_by(IdeaTerm.board_id, IdeaTerm.term)
        .subquery()
    )
    both = sa.and_(counted.c.board_id == BoardTerm.board_id, counted.c.term == BoardTerm.term)
    more = sa.select(BoardTerm.board_id, sa.func.count().label("words")).outerjoin(counted, both)
    fewer = sa.select(counted.c.board_id, sa.func.count().label("words")).outerjoin(BoardTerm, both)
    wrong: dict[int, int] = {}
    for statement in (
        more.where(BoardTerm.ideas.is_distinct_from(counted.c.ideas)).group_by(BoardTerm.board_id),
        fewer.where(BoardTerm.term.is_(None)).group_by(counted.c.board_id),
    ):
        for row in db.session.execute(statement):
            wrong[row.board_id] = wrong.get(row.board_id, 0) + row.words
    return [
        Breach("search", f"counts {words} words as they are not; repair with: ideas recount", f"board:{board_id}")
        for board_id, words in sorted(wrong.items())
    ]


# what an import brings is audited as nobody's act
_was_asked_elsewhere = sa.exists().where(
    AuditEntry.act == "vote.on_behalf",
    AuditEntry.actor_id.is_(None),
    AuditEntry.subject == subject("idea", VoteOnBehalf.idea_id),
)


def people_counted_on_are_asked() -> list[Breach]:
    """Whoever the team counts on is asked, here or where they were imported from, and says yes or no, not both."""
    both = sa.and_(VoteOnBehalf.confirmed_at.is_not(None), VoteOnBehalf.denied_at.is_not(None))
    found = {
        "counts on somebody whom nobody asks": sa.and_(VoteOnBehalf.entry_id.is_(None), ~_was_asked_elsewhere),
        "has somebody who says yes and no": both,
    }
    return [
        Breach("on behalf", what, f"idea:{idea_id}")
        for what, wrong in found.items()
        for idea_id in db.session.scalars(sa.select(VoteOnBehalf.idea_id).where(wrong).distinct())
    ]


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "votes are counted": votes_are_counted,
    "merges are links": merges_are_links,
    "comments are counted": comments_are_counted,
    "people counted on are asked": people_counted_on_are_asked,
    "last words are known": last_words_are_known,
    "lists show what is": places_are_true,
    "ideas are found by their words": ideas_are_found_by_their_words,
    "words are counted": words_are_counted,
    "releases are what they say": releases_are_what_they_say,
    "privileged acts are audited": privileged_acts_are_audited,
}
