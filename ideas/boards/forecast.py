"""What an answer that is still being written would do: whom it reaches, and what each kind of recipient would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from ideas import markup, settings
from ideas.accounts.models import User
from ideas.boards import composing, contributions, labels, leaving_out, listing, notices, policy, trees
from ideas.boards.contributions import Contribution, Through, Use
from ideas.boards.labels import REASON_WORDS
from ideas.boards.models import TEXT_LONGEST, Answer, Comment, CreditKind, Idea, Reason, Status, Vote
from ideas.boards.queries import AnswerRow, IdeaRow, statuses_of
from ideas.db import db, utcnow
from ideas.ledger import report
from ideas.ledger.models import Path
from ideas.words import _

SAMPLES_MOST = 6


@dataclass(frozen=True)
class Sample:
    """What one kind of recipient would read, in the names that the notice's templates use."""

    reader: str
    path: str
    contribution: Contribution | None
    uses: list[Use]
    through: Through | None = None


@dataclass(frozen=True)
class Forecast:
    """`total` people: `email` of them by e-mail (`in_digests` of these in a digest), `inbox` in their inbox alone.

    paths and left_out: words and counts.
    is_correction: people were told of the answer already; of a correction hears only for whom it holds news.
    """

    is_correction: bool
    total: int
    email: int
    inbox: int
    paths: list[tuple[str, int]]
    left_out: list[tuple[str, int]]
    in_digests: int = 0
    announce_at: datetime | None = None  # when it is planned for; None: after the settle time
    answer: Answer | None = None
    owed_as: str = ""
    reason: str = ""
    url: str = ""
    samples: list[Sample] = field(default_factory=list)
    people: report.Forecast | None = None  # the same in the ledger's words


@dataclass(frozen=True)
class _Draft:
    """As much of a draft as can be understood so far."""

    status: Status | None
    reason: Reason | None
    how: dict[tuple[str, int | None], str]

    @property
    def owed_as(self) -> str:
        return policy.owed_as(self.reason, self.status.stage) if self.status and self.reason else "moved"


def of(actor: User, on: IdeaRow, typed: dict[str, Any], given: AnswerRow | None = None) -> Forecast:
    """`typed`: what the composer holds, perhaps half finished. `given`: the answer that it would correct."""
    draft = _understood(on, typed, given)
    told = given is not None and given.answer.entry is not None and given.answer.entry.fanned_out_at is not None
    news = draft.how.keys() - (_credited(given.answer) if told and given else set())
    date_moved = given is None or given.answer.planned_for != _day(typed.get("date"))
    whom = composing.understood(on.idea.id, str(typed.get("leave_out") or ""))
    whom = whom._replace(
        people=whom.people | {each["person"] for each in typed.get("left_out", ()) if each["person"]},
        companies=whom.companies | {each["company"] for each in typed.get("left_out", ()) if each["company"]},
    )
    people = report.forecast(
        notices.drafted(
            on.idea.id,
            draft.owed_as,
            author=(CreditKind.AUTHOR, None) in news,
            votes=(CreditKind.VOTES, None) in news,
            comment_ids=[number for kind, number in news if kind == CreditKind.COMMENT and number],
            merged_ids=[number for kind, number in news if kind == CreditKind.MERGED_IDEA and number],
            evidence_ids=[number for kind, number in news if kind == CreditKind.EVIDENCE and number],
            everybody=not told or date_moved,
        ),
        visible=notices.sees_idea,
        subject=on.idea.subject,
        subjects=notices.one_with(on.idea.subject, 0),
        actor_id=actor.id,
        is_left_out=lambda user_id: leaving_out.of_draft(whom, on.idea.id, draft.how, user_id),
    )
    numbers: dict[str, Any] = {
        "is_correction": told,
        "people": people,
        "total": people.email + people.inbox,
        "email": people.email,
        "inbox": people.inbox,
        "in_digests": people.in_digests,
        "announce_at": _moment(typed.get("announce_at")),
        "paths": [(labels.people_on_path(path, count), count) for path, count in people.paths],
        "left_out": [(labels.why_not(why), count) for why, count in people.left_out],
    }
    text = str(typed.get("text") or "").strip()[:TEXT_LONGEST]
    if draft.status is None or draft.reason is None or not text:
        return Forecast(**numbers)
    answer = Answer(
        idea_id=on.idea.id,
        by=actor,
        status=draft.status,
        reason=draft.reason,
        text=text,
        text_html=markup.render(text),
        planned_for=_day(typed.get("date")),
        review_by=_day(typed.get("review_by")),
        created_at=utcnow(),
    )
    return Forecast(
        **numbers,
        answer=answer,
        owed_as=draft.owed_as,
        reason=str(REASON_WORDS[draft.reason]),
        url=settings.absolute(f"/ideas/{on.idea.id}-{on.idea.slug}"),
        samples=_samples(on, draft),
    )


def as_typed(words: dict[str, Any]) -> dict[str, Any]:
    """An answer as schemas.NewAnswer loads it, as a composer would hold it."""
    dates = {name: words[name].isoformat() if words[name] else None for name in ("date", "review_by", "announce_at")}
    return {**words, **dates}


def _credited(answer: Answer) -> set[tuple[str, int | None]]:
    return {(credit.kind, credit.named_id) for credit in listing.credits_on([answer.id]).get(answer.id, [])}


def _understood(on: IdeaRow, typed: dict[str, Any], given: AnswerRow | None) -> _Draft:
    if given is not None:
        status: Status | None = given.answer.status
    else:
        status = next((each for each in statuses_of(on.idea.board) if each.slug == typed.get("status")), None)
    reason = Reason(typed["reason"]) if typed.get("reason") in set(Reason) else None
    how = {}
    for credit in typed.get("credits", []):
        number = str(credit["id"] or "")
        if credit["kind"] in set(CreditKind) and (number.isdecimal() or not number) and len(number) < 10:
            how[credit["kind"], int(number) if number else None] = str(credit["how"]).strip()
    return _Draft(status, reason, how)


def _moment(typed: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(typed or ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _samples(on: IdeaRow, draft: _Draft) -> list[Sample]:
    idea = on.idea
    votes = [Use("votes", "", how) for (kind, _id), how in draft.how.items() if kind == CreditKind.VOTES]
    own = [Use("author", idea.title, how) for (kind, _id), how in draft.how.items() if kind == CreditKind.AUTHOR]
    wrote = Contribution("idea", idea.id, idea.created_at, idea.title)
    found = [
        Sample(
            _("%(name)s, who had the idea", name=idea.author.name), Path.CREDITED if own else Path.AUTHOR, wrote, own
        )
    ]
    if (voted_at := _latest_vote(idea.id)) is not None:
        voted = Contribution("vote", 0, voted_at, "")
        found.append(Sample(_("Somebody who voted"), Path.CREDITED if votes else Path.VOTER, voted, votes))
    for comment in _comments([idea.id, *trees.links(idea.id)], draft):
        said = Contribution(
            "comment", comment.id, comment.created_at, markup.excerpt(comment.body_html, contributions.QUOTE_LONGEST)
        )
        how = draft.how.get((CreditKind.COMMENT, comment.id))
        used = [Use("comment", said.quote, how)] if how is not None else []
        reader = _("%(name)s, whose words were used", name=comment.author.name) if used else _("Somebody who commented")
        found.append(Sample(reader, Path.CREDITED if used else Path.COMMENTER, said, used))
    found += _samples_through(idea.id, draft, votes)
    found.append(Sample(_("Somebody who follows this"), Path.FOLLOWER, None, []))
    return found


def _latest_vote(idea_id: int) -> datetime | None:
    return db.session.scalar(sa.select(Vote.cast_at).where(Vote.idea_id == idea_id).order_by(Vote.id.desc()).limit(1))


def _samples_through(idea_id: int, draft: _Draft, votes: list[Use]) -> list[Sample]:
    """What somebody reads whose idea is part of this one now, and somebody who voted for that."""
    picked = [number for kind, number in draft.how if kind == CreditKind.MERGED_IDEA and number]
    statement = (
        sa.select(Idea)
        .where(Idea.merged_root_id == idea_id, Idea.hidden_at.is_(None))
        .options(sa.orm.joinedload(Idea.author))
        .order_by(Idea.id.not_in(picked), Idea.id)
        .limit(SAMPLES_MOST)
    )
    found: list[Sample] = []
    for part in db.session.scalars(statement):
        through = Through(part.id, part.title, stands=True)
        how = draft.how.get((CreditKind.MERGED_IDEA, part.id))
        used = [Use("merged_idea", part.title, how)] if how is not None else []
        if not found or used:
            reader = _("%(name)s, who had the idea “%(title)s”", name=part.author.name, title=part.title)
            wrote = Contribution("idea", part.id, part.created_at, part.title, part.id)
            path = Path.CREDITED if used else Path.MERGED_AUTHOR
            found.append(Sample(reader, path, wrote, used, through))
        if len(found) == 1 and (voted_at := _latest_vote(part.id)) is not None:
            reader = _("Somebody who voted for “%(title)s”", title=part.title)
            voted = Contribution("vote", 0, voted_at, "", part.id)
            found.append(Sample(reader, Path.CREDITED if votes else Path.VOTER, voted, votes, through))
    return found


def _comments(idea_ids: Sequence[int], draft: _Draft) -> list[Comment]:
    """Those that were picked, and the first that was not."""
    picked = [number for kind, number in draft.how if kind == CreditKind.COMMENT and number]
    readable = (
        sa.select(Comment)
        .where(
            Comment.idea_id.in_(idea_ids),
            sa.not_(Comment.is_internal),
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .options(sa.orm.joinedload(Comment.author))
        .order_by(Comment.id)
    )
    used = db.session.scalars(readable.where(Comment.id.in_(picked)).limit(SAMPLES_MOST)).all()
    other = db.session.scalars(readable.where(Comment.id.not_in(picked)).limit(1)).all()
    return [*used, *other]
