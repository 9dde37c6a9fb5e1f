"""The only code that writes ideas, their revisions and their tags: submit, revise, withdraw, sort, own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import happenings, markup, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import (
    changes,
    moderating,
    picturing,
    policy,
    queries,
    ranking,
    revising,
    screening,
    searching,
)
from ideas.boards.events import IdeaReceived
from ideas.boards.models import Board, Idea, IdeaTag, Revision, SourceKind, Stage, Status, Tag
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.screening import Sent, Signal
from ideas.db import db, utcnow
from ideas.words import _


def submit(
    author: User,
    where: BoardRow,
    *,
    title: str,
    body: str,
    tags: Sequence[str] = (),
    source: SourceKind = SourceKind.SITE,
    sent: Sent = screening.PLAIN,
) -> Idea:
    """Post an idea on the board; its author and those who read it are told.

    With signals of spam, or on a board whose team reads ideas first, it waits for a look of the team, and people are
    told once it is let through. `tags` are slugs of the board's tags. Raises NotAllowed for a suspended author, TooMany
    for a new account that posted a lot, ValidationError for an unknown tag.
    """
    policy.require_part(author)
    screening.require_few(author, where.standing, Idea)
    odd = screening.signals(author, where.standing, body or title, sent)
    if screening.read_first(where.board, where.standing, Idea):
        odd.append(Signal.READ_FIRST)
    idea = write(where.board, Draft(author.id, title, body, utcnow(), source))
    _tag(idea, tags)
    picturing.tie(author.id, idea.body_html, idea.id)
    if screening.must_wait(odd):
        moderating.hold(idea, None, odd)
        return idea
    outbox.record(IdeaReceived(subject=idea.subject, about_id=idea.id, actor_id=None))
    happenings.tell("idea.created", idea.id)
    changes.note("idea.created", [(idea.board_id, idea.id, None)])
    return idea


class Former(NamedTuple):
    """An idea as it was written at one time, in another system or on another site."""

    author_id: int
    title: str
    body: str
    at: datetime
    is_material: bool = False
    backers: int = 0


class Draft(NamedTuple):
    """An idea that is to be put down. versions: all of them, the last being what it says now; () for this one alone."""

    author_id: int
    title: str
    body: str
    at: datetime
    source: SourceKind
    source_id: str | None = None
    hidden_at: datetime | None = None
    status: Status | None = None  # None: where ideas begin
    tag_ids: Sequence[int] = ()
    edited_at: datetime | None = None
    withdrawn_at: datetime | None = None
    versions: Sequence[Former] = ()


def write(board: Board, draft: Draft) -> Idea:
    """Put an idea down with its first version, its place and its words, and tell nobody."""
    return write_all(board, [draft])[0]


def write_all(board: Board, drafts: Sequence[Draft], *, tally: searching.Tally | None = None) -> list[Idea]:
    """Put some hundred ideas down at once, as `write` does: the part that posting and imports share.

    tally: who writes thousands in one transaction keeps it, and counts their words at its end (searching.count).
    """
    first = first_status(board)
    ideas = [_idea(board, draft, draft.status or first) for draft in drafts]
    db.session.add_all(ideas)
    db.session.flush()  # the rows below name their ids
    for idea, draft in zip(ideas, drafts, strict=True):
        _keep_versions(idea, draft)
        ranking.begin(idea, (draft.status or first).stage)
    tags = [
        {"idea_id": idea.id, "tag_id": tag} for idea, draft in zip(ideas, drafts, strict=True) for tag in draft.tag_ids
    ]
    if tags:
        db.session.execute(sa.insert(IdeaTag), tags)
    searching.add([idea for idea in ideas if idea.withdrawn_at is None], tally)
    return ideas


def _idea(board: Board, draft: Draft, status: Status) -> Idea:
    body_html = markup.render(draft.body)
    return Idea(
        board_id=board.id,
        status_id=status.id,
        author_id=draft.author_id,
        title=draft.title,
        body=draft.body,
        body_html=body_html,
        excerpt=markup.excerpt(body_html),
        source_kind=draft.source,
        source_id=draft.source_id,
        created_at=draft.at,
        edited_at=draft.edited_at,
        withdrawn_at=draft.withdrawn_at,
        hidden_at=draft.hidden_at,
    )


def first_status(board: Board) -> Status:
    """Where ideas begin: the board's first open status, which keeps its stage until we are done.

    Otherwise whoever gives all ideas of a status another stage would not see the one we are about to put there.
    """
    statuses = db.session.scalars(_STATUSES_KEPT, {"board": board.id})
    return next(status for status in statuses if status.stage == Stage.OPEN)


_STATUSES_KEPT = (
    sa.select(Status)
    .where(Status.board_id == sa.bindparam("board"))
    .order_by(Status.position, Status.id)
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


def revise(author: User, on: IdeaRow, wanted: dict[str, Any]) -> bool:
    """Change the words of an idea (title, body, tags; what is left out stays); False if nothing changed.

    Each version of title and body is kept, and whether it is another idea to those who backed the one before. Where the
    team reads ideas first, it is out of the others' sight until they have read the new words. Raises
    NotAllowed for anybody but the author, EditingClosed after the first answer.
    """
    on = _held(on)
    idea = on.idea
    policy.require_edit(on.standing, idea, answered=on.answered)
    sorted_anew = "tags" in wanted and _tag(idea, wanted["tags"])
    title, body = wanted.get("title", idea.title), wanted.get("body", idea.body)
    if (title, body) == (idea.title, idea.body):
        if sorted_anew:
            happenings.tell("idea.updated", idea.id)
            changes.note("idea.updated", [(idea.board_id, idea.id, None)])
        return sorted_anew
    number = db.session.scalars(sa.select(sa.func.max(Revision.number)).where(Revision.idea_id == idea.id)).one()
    backers = idea.rank.vote_count - on.voted
    is_material = backers > 0 and revising.is_material((idea.title, idea.body), (title, body))
    idea.title, idea.body = title, body
    idea.body_html = markup.render(body)
    idea.excerpt = markup.excerpt(idea.body_html)
    idea.edited_at = utcnow()
    version = _keep_version(idea, author.id, number=number + 1, at=idea.edited_at)
    version.backers, version.is_material = backers, is_material
    picturing.tie(author.id, idea.body_html, idea.id)
    searching.index(idea)
    db.session.flush()  # the caller reads the idea again
    if screening.read_first(idea.board, on.standing, Idea):
        moderating.hold(idea, None, [Signal.CHANGED])
        happenings.tell("idea.hidden", idea.id)  # until the team has read the new words
    else:
        happenings.tell("idea.updated", idea.id)
    # until the team has read the new words it is out of the others' sight
    changes.note_ideas("idea.updated" if idea.hidden_at is None else "idea.hidden", [idea.id])
    return True


def withdraw(author: User, on: IdeaRow) -> None:
    """Take an idea back: it leaves the lists and takes no votes; what others said on it stays readable.

    Raises NotAllowed for anybody but the author, EditingClosed after the first answer and when others are part of it.
    """
    on = _held(on)
    policy.require_withdraw(on.standing, on.idea, answered=on.answered)
    on.idea.withdrawn_at = utcnow()
    db.session.flush()  # ranking reads the row
    ranking.show_or_hide(on.idea)
    searching.index(on.idea)
    happenings.tell("idea.deleted", on.idea.id)
    changes.note_ideas("idea.deleted", [on.idea.id])


def _held(on: IdeaRow) -> IdeaRow:
    """The idea as it is now, which nobody edits, withdraws, answers or merges until we are done.

    Of two edits at once, or an edit and an answer, the later one waits here and then reads what the other did.
    """
    ranking.hold(on.idea.id)
    return queries.get_idea(on.standing.user, on.idea.id)


def retag(actor: User, on: IdeaRow, tags: Sequence[str]) -> None:
    """The team sorts an idea. Raises NotAllowed for others, ValidationError for an unknown tag."""
    policy.require_team(on.standing)
    if _tag(on.idea, tags):
        happenings.tell("idea.updated", on.idea.id)
        changes.note_ideas("idea.updated", [on.idea.id])
    audit.record(actor, "idea.tagged", on.idea.subject, tags=list(tags))


def assign(actor: User, on: IdeaRow, owner: User | None) -> None:
    """Say who of the team owes the idea its next word; None for nobody. Raises NotAllowed for others."""
    policy.require_team(on.standing)
    if owner is not None and not _is_team(owner, on.idea.board_id):
        raise ValidationError({"owner": [_("The owner of an idea is one of the board's team.")]})
    on.idea.owner_id = owner.id if owner else None
    audit.record(actor, "idea.owner_set", on.idea.subject, owner=on.idea.owner_id)


def set_due(actor: User, on: IdeaRow, day: date | None) -> None:
    """Say by which day the team wants to give the idea its next answer; None for no day. That answer takes it away.

    Raises NotAllowed for others than the team, Merged when it is part of another, ValidationError for a day that is
    past.
    """
    policy.require_team(on.standing)
    former = ranking.hold(on.idea.id).due_on
    on = queries.get_idea(on.standing.user, on.idea.id)  # merged by somebody else a moment ago
    policy.require_unmerged(on.idea)
    if day == former:
        return
    if day is not None and day < utcnow().date() - timedelta(days=1):  # it may be yesterday still where the team is
        raise ValidationError({"due_on": [_("This day is past. Choose one to come.")]})
    ranking.set_due(on.idea.id, day)
    audit.record(actor, "idea.due_set", on.idea.subject, due_on=day.isoformat() if day else None)


def disown(person: User, board: Board) -> None:
    """The ideas that `person` owned on `board` have no owner: somebody who left the team owes nobody a word."""
    db.session.execute(
        sa.update(Idea).where(Idea.board_id == board.id, Idea.owner_id == person.id).values(owner_id=None)
    )


def hand_over(giver_id: int, taker_id: int) -> None:
    """What was written in the name of one person is another's: two rows turned out to be the same person."""
    for column in (Idea.author_id, Revision.author_id):
        db.session.execute(sa.update(column.class_).where(column == giver_id).values({column.key: taker_id}))


def _is_team(person: User, board_id: int) -> bool:
    return bool(db.session.scalar(sa.select(queries.is_team_of(sa.literal(person.id), sa.literal(board_id)))))


def _keep_versions(idea: Idea, draft: Draft) -> None:
    if not draft.versions:
        _keep_version(idea, draft.author_id, number=1, at=draft.at)
        return
    db.session.add_all(
        Revision(
            idea_id=idea.id,
            number=number,
            title=former.title,
            body=former.body,
            body_html=markup.render(former.body),
            is_material=former.is_material,
            backers=former.backers,
            author_id=former.author_id,
            created_at=former.at,
        )
        for number, former in enumerate(draft.versions, start=1)
    )


def _keep_version(idea: Idea, author_id: int, *, number: int, at: datetime) -> Revision:
    version = Revision(
        idea_id=idea.id,
        number=number,
        title=idea.title,
        body=idea.body,
        body_html=idea.body_html,
        author_id=author_id,
        created_at=at,
    )
    db.session.add(version)
    return version


def _tag(idea: Idea, slugs: Sequence[str]) -> bool:
    """Make the tags of an idea exactly these; False if they were."""
    wanted = set(slugs)
    found = {tag.slug: tag.id for tag in db.session.scalars(sa.select(Tag).where(Tag.board_id == idea.board_id))}
    if unknown := sorted(wanted - set(found)):
        raise ValidationError({"tags": [_("This board has no tag “%(tag)s”.", tag=unknown[0])]})
    before = set(db.session.scalars(sa.select(IdeaTag.tag_id).where(IdeaTag.idea_id == idea.id)))
    if before == {found[slug] for slug in wanted}:
        return False
    db.session.execute(sa.delete(IdeaTag).where(IdeaTag.idea_id == idea.id))
    if wanted:
        db.session.execute(sa.insert(IdeaTag), [{"idea_id": idea.id, "tag_id": found[slug]} for slug in sorted(wanted)])
    return True
