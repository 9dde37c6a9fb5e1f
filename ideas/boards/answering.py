"""The only code that moves an idea and writes `answer`, `answer_version` and `credit`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import happenings, markup, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import changes, evidence, leaving_out, picturing, policy, queries, ranking, settling, trees
from ideas.boards.errors import AlreadyAnnounced, AnswerWaiting, ChangedMeanwhile
from ideas.boards.events import AnswerCorrected, Answered
from ideas.boards.models import Answer, AnswerVersion, Comment, Credit, CreditKind, Idea, Reason, Stage, Status
from ideas.boards.models_evidence import Evidence
from ideas.boards.queries import AnswerRow, IdeaRow
from ideas.db import db, utcnow
from ideas.outbox import OutboxEntry
from ideas.words import _


def answer(actor: User, on: IdeaRow, words: dict[str, Any]) -> Answer:
    """Move an idea with the team's official word; everyone who had a part is told after the settle time.

    words: as schemas.NewAnswer loads them. The status changes at once. Raises NotAllowed for anybody but the team,
    ValidationError naming the field that does not fit the reason, AnswerWaiting while a former answer is not yet
    announced, ChangedMeanwhile when somebody else moved the idea since it was read, Merged when it is part of another.
    """
    policy.require_team(on.standing)
    status = _status(on.idea, words["status"])
    due_on = ranking.hold(on.idea.id).due_on
    idea = _held(on.idea)
    policy.require_unmerged(idea)
    credits = _judge(idea, Stage(status.stage), words)
    left_out = words.get("left_out", [])
    leaving_out.require_may(idea, left_out, credits)
    wait = settling.wait_until(words.get("announce_at"), _day_another_gave(idea, words["date"]))
    former = idea.status
    _move(idea, former, status)
    # asked when the idea is ours: of two answers at once that leave the status as it is, the later waits till here
    _require_nothing_waiting(idea)
    given = Answer(
        idea_id=idea.id,
        status_id=status.id,
        former_status_id=former.id,
        former_due_on=due_on,
        by_id=actor.id,
        reason=words["reason"],
        text=words["text"],
        text_html=markup.render(words["text"]),
        planned_for=words["date"],
        review_by=words["review_by"],
        created_at=utcnow(),
    )
    db.session.add(given)
    db.session.flush()  # the rows below name its id
    picturing.tie(actor.id, given.text_html, idea.id)
    _write_credits(given, credits)
    leaving_out.leave_out(actor, given, left_out)
    given.entry_id = outbox.record(Answered(subject=idea.subject, about_id=given.id, actor_id=actor.id), wait=wait)
    _keep_version(actor, given, credits)
    without = {"left_out": _without_reasons(left_out)} if left_out else {}
    audit.record(
        actor, "idea.answered", idea.subject, answer=given.id, status=status.slug, reason=given.reason, **without
    )
    db.session.flush()  # ranking reads the row
    ranking.move(idea.id, status.stage)
    ranking.set_due(idea.id, None)
    changes.note("idea.answered", [(idea.board_id, idea.id, None)])
    return given


class FormerCredit(NamedTuple):
    """A line of an answer of another system or another site; named: the comment, merged idea or evidence."""

    kind: str
    named: int | None
    person: int | None
    how: str
    since: int = 1


class FormerVersion(NamedTuple):
    """An answer as it read at one time, elsewhere."""

    reason: str
    text: str
    planned_for: date | None
    review_by: date | None
    by_id: int
    at: datetime
    credits: Sequence[FormerCredit] = ()


class Former(NamedTuple):
    """An answer of another system or another site; the last of its versions is how it reads now."""

    idea_id: int
    status_id: int
    former_status_id: int
    by_id: int
    at: datetime
    undone_at: datetime | None
    versions: Sequence[FormerVersion]


def take_over(answers: Sequence[Former]) -> list[Answer]:
    """Put answers down as they were given elsewhere, and tell nobody; the idea's status is as it came.

    `ranking.move` comes next, which reads them.
    """
    rows = [
        Answer(
            idea_id=each.idea_id,
            status_id=each.status_id,
            former_status_id=each.former_status_id,
            by_id=each.by_id,
            reason=each.versions[-1].reason,
            text=each.versions[-1].text,
            text_html=markup.render(each.versions[-1].text),
            planned_for=each.versions[-1].planned_for,
            review_by=each.versions[-1].review_by,
            version=len(each.versions),
            created_at=each.at,
            undone_at=each.undone_at,
        )
        for each in answers
    ]
    db.session.add_all(rows)
    db.session.flush()  # what follows names their ids
    for row, each in zip(rows, answers, strict=True):
        for number, version in enumerate(each.versions, start=1):
            db.session.add(_former_version(row.id, number, version))
        db.session.add_all(
            Credit(
                answer_id=row.id,
                kind=credit.kind,
                comment_id=credit.named if credit.kind == CreditKind.COMMENT else None,
                merged_idea_id=credit.named if credit.kind == CreditKind.MERGED_IDEA else None,
                evidence_id=credit.named if credit.kind == CreditKind.EVIDENCE else None,
                user_id=credit.person,
                how=credit.how,
                since_version=credit.since,
            )
            for credit in each.versions[-1].credits
        )
        acts = ["idea.answered", *["answer.corrected"] * (row.version - 1), *["answer.undone"] * bool(row.undone_at)]
        for act in acts:
            audit.record(None, act, f"idea:{row.idea_id}", answer=row.id, imported=True)
    db.session.flush()
    changes.note_ideas("idea.answered", [row.idea_id for row in rows])
    return rows


def _former_version(answer_id: int, number: int, version: FormerVersion) -> AnswerVersion:
    return AnswerVersion(
        answer_id=answer_id,
        number=number,
        reason=version.reason,
        text=version.text,
        text_html=markup.render(version.text),
        planned_for=version.planned_for,
        review_by=version.review_by,
        credits=[
            {"kind": credit.kind, "id": credit.named, "person": credit.person, "how": credit.how}
            for credit in version.credits
        ],
        by_id=version.by_id,
        created_at=version.at,
    )


def try_out(actor: User, on: IdeaRow, words: dict[str, Any]) -> None:
    """Raise what `answer` would raise for these words now, and write nothing."""
    policy.require_team(on.standing)
    policy.require_unmerged(on.idea)
    stage = next((each.stage for each in queries.statuses_of(on.idea.board) if each.slug == words["status"]), None)
    if stage is None:
        raise _no_status(words["status"])
    credits = _judge(on.idea, Stage(stage), words)
    leaving_out.require_may(on.idea, words.get("left_out", []), credits)
    settling.wait_until(words.get("announce_at"), _day_another_gave(on.idea, words["date"]))
    _require_nothing_waiting(on.idea)


def correct(actor: User, row: AnswerRow, words: dict[str, Any], *, version: int | None = None) -> Answer:
    """Give an answer other words; the former version stays readable.

    words: as schemas.AnswerWords loads them. Before it is announced only the last version is told, and the settle time
    starts again. Afterwards those are told for whom it holds news: everybody when the date moved, otherwise whoever is
    newly credited. `version` is the version the caller read; ChangedMeanwhile if there is a later one. Merged when the
    idea is part of another.
    """
    policy.require_team(row.on.standing)
    policy.require_unmerged(_held(row.on.idea))
    given = row.answer
    if given.undone_at is not None:
        raise ChangedMeanwhile(_("This answer was undone. Give a new one."))
    credits = _judge(row.on.idea, Stage(given.status.stage), words)
    number = _next_version(given, version)
    former_date = given.planned_for
    date_moved = former_date != words["date"]
    given.reason = words["reason"]
    given.text = words["text"]
    given.text_html = markup.render(words["text"])
    picturing.tie(actor.id, given.text_html, row.on.idea.id)
    given.planned_for = words["date"]
    given.review_by = words["review_by"]
    _write_credits(given, credits)
    kept = _keep_version(actor, given, credits)
    wait = settling.wait_again(row.answer.entry, former_date)
    if given.entry_id is None or not outbox.postpone(given.entry_id, wait=wait):
        _announce_correction(actor, row.on.idea, kept, former_date if date_moved else None, date_moved=date_moved)
        happenings.tell("idea.updated", row.on.idea.id)
    audit.record(actor, "answer.corrected", row.on.idea.subject, answer=given.id, version=number)
    changes.note_ideas("idea.updated", [row.on.idea.id])
    db.session.flush()  # the caller reads it again
    return given


def undo(actor: User, row: AnswerRow) -> None:
    """Take back an answer that is not yet announced: nobody hears of it, status and voting are as before.

    Raises AlreadyAnnounced once telling has begun.
    """
    policy.require_team(row.on.standing)
    given = row.answer
    if given.undone_at is not None:
        return
    if given.entry_id is None or not outbox.cancel(given.entry_id):
        raise AlreadyAnnounced(_("People are being told of this answer already. Give a new answer instead."))
    given.undone_at = utcnow()
    former = _status(row.on.idea, given.former_status.slug)
    _move(_held(row.on.idea), given.status, former)
    audit.record(actor, "answer.undone", row.on.idea.subject, answer=given.id)
    db.session.flush()  # ranking reads the row
    ranking.move(row.on.idea.id, former.stage)
    ranking.set_due(row.on.idea.id, given.former_due_on)
    changes.note_ideas("idea.updated", [row.on.idea.id])


def send_now(actor: User, row: AnswerRow) -> None:
    """Skip what is left of the settle time. Raises AlreadyAnnounced once telling has begun."""
    policy.require_team(row.on.standing)
    if row.answer.entry_id is None or not outbox.postpone(row.answer.entry_id, wait=timedelta(0)):
        raise AlreadyAnnounced(_("People are being told of this answer already."))
    audit.record(actor, "answer.sent_now", row.on.idea.subject, answer=row.answer.id)


def _status(idea: Idea, slug: str) -> Status:
    """That status of the idea's board, which keeps its stage until we are done: see posting.first_status."""
    status = db.session.scalar(
        sa.select(Status)
        .where(Status.board_id == idea.board_id, Status.slug == slug)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if status is None:
        raise _no_status(slug)
    return status


def _no_status(slug: str) -> ValidationError:
    return ValidationError({"status": [_("This board has no status “%(status)s”.", status=slug)]})


def _without_reasons(left_out: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whom, for the log; why stands in its own table."""
    return [{name: each[name] for name in ("person", "company") if each[name] is not None} for each in left_out]


def _held(idea: Idea) -> Idea:
    """The idea, which nobody edits, hides or merges until we are done; what it is merged into is read again."""
    ranking.hold(idea.id)
    db.session.refresh(idea, ["merged_into_id", "merged_root_id"])
    return idea


def judge(stage: Stage, words: dict[str, Any]) -> dict[str, list[str]]:
    """What of `words` does not fit the reason or the stage, by field; see policy.REASONS. {} when all does."""
    reason = Reason(words["reason"])
    rule = policy.REASONS[reason]
    wrong: dict[str, list[str]] = {}
    if rule.stages is not None and stage not in rule.stages:
        wrong["reason"] = [_("This reason does not fit that status. Choose another reason, or another status.")]
    if len(words["text"]) < rule.shortest:
        wrong["text"] = [
            _(
                "Say a little more: at least %(least)s characters, and this has %(has)s.",
                least=rule.shortest,
                has=len(words["text"]),
            )
        ]
    if rule.needs_review_by and words["review_by"] is None:
        wrong["review_by"] = [_("Say by when you will look at it again.")]
    elif words["review_by"] is not None and words["review_by"] < utcnow().date():
        wrong["review_by"] = [_("This day is past. Choose one to come.")]
    if words["date"] is not None and stage not in (Stage.PLANNED, Stage.STARTED):
        wrong["date"] = [_("A date goes with what is planned or in progress.")]
    return wrong


def _day_another_gave(idea: Idea, given: date | None) -> date | None:
    """The day that the answer before this one gave, if this one gives another."""
    before = sa.select(Answer.planned_for).where(Answer.idea_id == idea.id, Answer.undone_at.is_(None))
    day = db.session.scalar(before.order_by(Answer.id.desc()).limit(1))
    return None if day == given else day


def _judge(idea: Idea, stage: Stage, words: dict[str, Any]) -> list[dict[str, Any]]:
    """The credits of `words`, each with its person. Raises ValidationError with everything that does not fit."""
    wrong: dict[str, Any] = judge(stage, words)
    links = trees.links(idea.id)
    named = [credit["id"] for credit in words["credits"] if credit["id"] is not None]
    people: dict[CreditKind, dict[int | None, int | None]] = {
        CreditKind.COMMENT: _creditable([idea.id, *links], named),
        CreditKind.MERGED_IDEA: _authors(links.keys() & set(named)),
        CreditKind.EVIDENCE: _heard([idea.id, *links], named),
        CreditKind.AUTHOR: {None: idea.author_id},
        CreditKind.VOTES: {None: None},
    }
    gone = {
        CreditKind.COMMENT: _("This comment is not on the idea any more."),
        CreditKind.MERGED_IDEA: _("That idea is not part of this one any more."),
        CreditKind.EVIDENCE: _("This was taken back, or denied by whoever said it."),
    }
    credits: list[dict[str, Any]] = []
    for place, credit in enumerate(words["credits"]):
        kind = credit["kind"]
        if credit["id"] not in people[kind]:
            wrong.setdefault("credits", {})[place] = {"id": [gone[kind]]}
            continue
        person = people[kind][credit["id"]]
        credits.append({"kind": kind.value, "id": credit["id"], "person": person, "how": credit["how"]})
    if wrong:
        raise ValidationError(wrong)
    return credits


def _creditable(idea_ids: Sequence[int], ids: Sequence[int]) -> dict[int | None, int | None]:
    """Comment id → its author, of those comments on the ideas that everybody may read."""
    rows = db.session.execute(
        sa.select(Comment.id, Comment.author_id).where(
            Comment.id.in_(ids),
            Comment.idea_id.in_(idea_ids),
            sa.not_(Comment.is_internal),
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
    )
    return {row.id: row.author_id for row in rows}


def _authors(idea_ids: Collection[int]) -> dict[int | None, int | None]:
    rows = db.session.execute(sa.select(Idea.id, Idea.author_id).where(Idea.id.in_(idea_ids), Idea.hidden_at.is_(None)))
    return {row.id: row.author_id for row in rows}


def _heard(idea_ids: Sequence[int], ids: Sequence[int]) -> dict[int | None, int | None]:
    """Evidence id → whose words it is, of what somebody known said of the ideas and did not deny."""
    rows = db.session.execute(
        sa.select(Evidence.id, Evidence.user_id).where(
            Evidence.id.in_(ids), Evidence.idea_id.in_(idea_ids), evidence.is_creditable()
        )
    )
    return {row.id: row.user_id for row in rows}


def _require_nothing_waiting(idea: Idea) -> None:
    waiting = (
        sa.select(Answer.id)
        .join(OutboxEntry, OutboxEntry.id == Answer.entry_id)
        .where(
            Answer.idea_id == idea.id,
            Answer.undone_at.is_(None),
            OutboxEntry.fanned_out_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )
    )
    if db.session.scalar(waiting) is not None:
        raise AnswerWaiting(
            _("An answer is about to be announced. Undo it, correct it or send it now before giving another.")
        )


def _move(idea: Idea, former: Status, to: Status) -> None:
    # the condition on the former status decides the race of two answers: the later one finds it changed
    moved = db.session.scalar(
        sa.update(Idea)
        .where(Idea.id == idea.id, Idea.status_id == former.id)
        .values(status_id=to.id)
        .returning(Idea.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise ChangedMeanwhile(_("Somebody else moved this idea a moment ago. Read it again before you answer."))


def _next_version(given: Answer, read: int | None) -> int:
    if read is not None and read != given.version:
        raise ChangedMeanwhile(_("Somebody else corrected this answer a moment ago. Read it again."))
    number = db.session.scalar(
        sa.update(Answer)
        .where(Answer.id == given.id, Answer.version == given.version)
        .values(version=Answer.version + 1)
        .returning(Answer.version)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        raise ChangedMeanwhile(_("Somebody else corrected this answer a moment ago. Read it again."))
    db.session.refresh(given, ["version"])
    return number


def _announce_correction(
    actor: User, idea: Idea, version: AnswerVersion, former_date: date | None, *, date_moved: bool
) -> None:
    """Tell what is news in `version`, together with what a former correction has not told yet."""
    version.news_since, version.date_moved = version.number, date_moved
    former = db.session.scalar(
        sa.select(AnswerVersion)
        .where(AnswerVersion.answer_id == version.answer_id, AnswerVersion.entry_id.is_not(None))
        .order_by(AnswerVersion.number.desc())
        .limit(1)
    )
    if former is not None and former.entry_id is not None and outbox.cancel(former.entry_id):
        version.news_since = former.news_since
        version.date_moved = date_moved or former.date_moved
    credited = sa.exists().where(Credit.answer_id == version.answer_id, Credit.since_version >= version.news_since)
    if version.date_moved or db.session.scalar(sa.select(credited)):
        event = AnswerCorrected(subject=idea.subject, about_id=version.id, actor_id=actor.id)
        version.entry_id = outbox.record(event, wait=settling.wait_before(former_date))


def _write_credits(given: Answer, credits: Sequence[dict[str, Any]]) -> None:
    """Make the credits of an answer exactly these."""
    before = {
        (credit.kind, credit.named_id): credit
        for credit in db.session.scalars(sa.select(Credit).where(Credit.answer_id == given.id))
    }
    wanted = {(credit["kind"], credit["id"]): credit for credit in credits}
    for key in before.keys() - wanted.keys():
        db.session.delete(before[key])
    for key, credit in wanted.items():
        if key in before:
            before[key].how = credit["how"]
        else:
            db.session.add(
                Credit(
                    answer_id=given.id,
                    kind=credit["kind"],
                    comment_id=credit["id"] if credit["kind"] == CreditKind.COMMENT else None,
                    merged_idea_id=credit["id"] if credit["kind"] == CreditKind.MERGED_IDEA else None,
                    evidence_id=credit["id"] if credit["kind"] == CreditKind.EVIDENCE else None,
                    user_id=credit["person"],
                    how=credit["how"],
                    since_version=given.version,
                )
            )
    db.session.flush()  # notices read the rows


def _keep_version(actor: User, given: Answer, credits: Sequence[dict[str, Any]]) -> AnswerVersion:
    version = AnswerVersion(
        answer_id=given.id,
        number=given.version,
        reason=given.reason,
        text=given.text,
        text_html=given.text_html,
        planned_for=given.planned_for,
        review_by=given.review_by,
        credits=list(credits),
        by_id=actor.id,
        created_at=utcnow(),
    )
    db.session.add(version)
    db.session.flush()  # an event may name its id
    return version
