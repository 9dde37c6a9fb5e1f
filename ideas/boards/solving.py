"""Did it solve your need? The only code that writes `inquiry` and `solved`.

Some days after people were told that an idea was shipped, everybody who was owed that word is asked once; when it was
reopened and ships again, those who are owed word of that are asked anew, and what they say of it is what counts.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ideas import outbox, settings
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import changes, notices_asking, outcomes, policy, posting, queries, ranking, voting
from ideas.boards.errors import NotAsked
from ideas.boards.events import FollowedUp, NotSolved, SolvedAsked
from ideas.boards.models import TITLE_LONGEST, Answer, Idea, IdeaRank, SourceKind, Stage, Status
from ideas.boards.models_solving import NOT_SATISFIED, Helped, Inquiry, Solved
from ideas.boards.outcomes import AskedRow
from ideas.boards.queries import IdeaRow
from ideas.db import INSERTS, db, utcnow
from ideas.outbox import OutboxEntry
from ideas.text import cut
from ideas.words import _

AT_ONCE = 10  # ideas whose people are asked in one transaction
# Whoever turns the product on, or lets its worker rest for long, does not ask about what was shipped ages ago.
TOO_LATE = timedelta(days=30)
ENOUGH_ANSWERS, ENOUGH_YES = 5, 0.6


def ask_due() -> bool:
    """Ask the people of ideas that were shipped long enough ago; True when there may be more of these."""
    days = settings.current().solved_after_days
    if not days:
        return False
    now = utcnow()
    due = now - timedelta(days=days)
    rows = db.session.execute(_DUE, {"from": due - TOO_LATE, "until": due, "most": AT_ONCE}).all()
    for row in sorted(rows, key=lambda row: row.idea_id):  # in the order in which merging holds two of them
        _ask(row.id, row.idea_id, row.by_id)
    return len(rows) == AT_ONCE


_now_status, _later = sa.orm.aliased(Status), sa.orm.aliased(Answer)
_DUE = (
    sa.select(Answer.id, Answer.idea_id, Answer.by_id)
    .join(OutboxEntry, OutboxEntry.id == Answer.entry_id)
    .join(Status, Status.id == Answer.status_id)
    .join(Idea, Idea.id == Answer.idea_id)
    .join(_now_status, _now_status.id == Idea.status_id)
    .where(
        Answer.undone_at.is_(None),
        Status.stage == Stage.SHIPPED,
        _now_status.stage == Stage.SHIPPED,
        Idea.hidden_at.is_(None),
        Idea.merged_root_id.is_(None),
        OutboxEntry.fanned_out_at > sa.bindparam("from", type_=OutboxEntry.due_at.type),
        OutboxEntry.fanned_out_at <= sa.bindparam("until", type_=OutboxEntry.due_at.type),
        # the days are counted from the last word on it
        ~sa.exists().where(_later.idea_id == Answer.idea_id, _later.id > Answer.id, _later.undone_at.is_(None)),
        ~outcomes.was_asked(Answer.idea_id, Answer.id),
    )
    .order_by(Answer.id)
    .limit(sa.bindparam("most"))
)


def _ask(answer_id: int, idea_id: int, shipped_by: int) -> None:
    now = utcnow()
    ranking.hold(idea_id)  # nobody is judged by what was said before while we ask anew
    inquiry = Inquiry(idea_id=idea_id, answer_id=answer_id, asked_at=now)
    db.session.add(inquiry)
    db.session.flush()  # the event names its id
    ranking.mark_unsolved(idea_id, unsolved=False)
    people = notices_asking.owed_a_question(idea_id, answer_id).subquery()
    same = (sa.literal(inquiry.id), sa.literal(idea_id), sa.literal(now, Solved.asked_at.type), sa.literal(""))
    asked = (
        sa.select(*same, people.c.user_id)
        .join(User, User.id == people.c.user_id)
        # nobody is asked whether what they shipped themselves was good
        .where(User.erased_at.is_(None), people.c.user_id != shipped_by)
        .distinct()
        .order_by(people.c.user_id)
    )
    insert = INSERTS[db.session.get_bind().dialect.name](Solved)
    columns = ["inquiry_id", "idea_id", "asked_at", "words", "user_id"]
    db.session.execute(insert.from_select(columns, asked).on_conflict_do_nothing())
    inquiry.entry_id = outbox.record(SolvedAsked(f"idea:{idea_id}", inquiry.id, None))


# --- What they say ---


def say(
    person: User, row: AskedRow, *, answer: Helped, words: str = "", may_publish: bool = False, show_name: bool = False
) -> Solved:
    """`person` says whether it solved their need, or says it anew; the last word counts.

    What is shown as a story is taken down when its words change or may no longer be shown. Raises NotAsked for anybody
    else, NotAllowed for somebody suspended.
    """
    policy.require_part(person)
    if row.solved.user_id != person.id:
        raise NotAsked(_("You were not asked about this."))
    inquiry = _held(row.solved.idea_id)
    said = db.session.get_one(Solved, row.solved.id, populate_existing=True)
    may_publish = may_publish and bool(words)
    if not may_publish or words != said.words or answer != said.answer:
        said.published_at = said.published_by_id = None
    said.answer, said.words, said.answered_at = answer.value, words, utcnow()
    said.may_publish, said.show_name = may_publish, may_publish and show_name
    db.session.flush()  # counted below
    _judge(inquiry)
    return said


def _held(idea_id: int) -> Inquiry:
    """The newest inquiry about that idea; who answers or asks just now waits, so that each count is of all before."""
    ranking.hold(idea_id)
    newest = sa.select(Inquiry).where(Inquiry.idea_id == idea_id).order_by(Inquiry.id.desc()).limit(1)
    return db.session.scalars(newest.execution_options(populate_existing=True)).one()


def is_unsolved(counts: outcomes.Counts) -> bool:
    """Whether too few of enough people say yes."""
    return counts.answers >= ENOUGH_ANSWERS and counts.yes < ENOUGH_YES * counts.answers


def _judge(inquiry: Inquiry) -> None:
    """Mark the idea, or take the mark away; the team is told the first time."""
    unsolved = is_unsolved(outcomes.counts_of(inquiry))
    before = db.session.scalar(sa.select(IdeaRank.is_unsolved).where(IdeaRank.idea_id == inquiry.idea_id))
    ranking.mark_unsolved(inquiry.idea_id, unsolved=unsolved)
    if before != unsolved:
        changes.note_ideas("idea.updated", [inquiry.idea_id])
    if unsolved and inquiry.unsolved_at is None:
        inquiry.unsolved_at = utcnow()
        outbox.record(NotSolved(f"idea:{inquiry.idea_id}", inquiry.id, None))
    db.session.flush()


# --- Stories ---


def publish(actor: User, row: AskedRow, *, shown: bool) -> None:
    """The team shows what somebody said as a story, or no longer does. Raises NotAsked without their consent."""
    policy.require_team(row.on.standing)
    said = db.session.get_one(Solved, row.solved.id, with_for_update=True, populate_existing=True)
    if shown and not said.may_publish:
        raise NotAsked(_("Its author did not agree to have these words shown."))
    if shown == (said.published_at is not None):
        return
    said.published_at = utcnow() if shown else None
    said.published_by_id = actor.id if shown else None
    audit.record(actor, "story.shown" if shown else "story.taken_down", row.on.idea.subject, solved=said.id)
    db.session.flush()


# --- Going on ---


def follow_up(actor: User, on: IdeaRow, *, title: str = "", body: str = "") -> Idea:
    """An idea that goes on with what was not solved; those for whom it was not back it, and are told.

    Once for each time that the idea shipped.

    Whoever answered "partly" or "no", and may take part and see the board, is a voter of it. Raises NotAsked while
    nobody was asked.
    """
    policy.require_team(on.standing)
    if outcomes.of_idea(on) is None:
        raise NotAsked(_("Nobody was asked yet whether this solved their need."))
    inquiry = _held(on.idea.id)
    if inquiry.follow_up_id is not None:
        return db.session.get_one(Idea, inquiry.follow_up_id)
    now = utcnow()
    title = title or cut(_("What is still missing: %(title)s", title=on.idea.title), TITLE_LONGEST)
    body = body or _(
        "“%(title)s” is there, and did not solve it for everybody. This idea goes on with what is still missing.",
        title=on.idea.title,
    )
    idea = posting.write(on.idea.board, posting.Draft(actor.id, title, body, now, SourceKind.SITE))
    inquiry.follow_up_id, inquiry.followed_up_at = idea.id, now
    db.session.flush()  # the event reads it
    board_id = sa.literal(on.idea.board_id)
    unsatisfied = (
        sa.select(Solved.user_id)
        .join(User, User.id == Solved.user_id)
        .where(
            Solved.inquiry_id == inquiry.id,
            Solved.answer.in_(NOT_SATISFIED),
            User.erased_at.is_(None),
            User.suspended_at.is_(None),
            queries.may_see_board(Solved.__table__.c.user_id, board_id),
        )
    )
    voting.carry_over(unsatisfied, idea.id, now)
    ranking.hold(idea.id)
    ranking.count_backers(idea.id)
    outbox.record(FollowedUp(idea.subject, inquiry.id, actor.id))
    audit.record(actor, "idea.followed_up", on.idea.subject, follow_up=idea.id)
    db.session.flush()
    return idea
