"""The only code that writes `release`, `release_idea` and `release_follow`.

A release ships its ideas by `answering`, all in one transaction: each is answered with its own line, and whoever had a
part in one is told by that answer. Of the release itself hears who follows the board's releases and is owed word of
none of its ideas; see notices_releases.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import markup, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import answering, changes, picturing, policy, queries, settling
from ideas.boards.errors import AlreadyAnnounced, CannotShip, ChangedMeanwhile, Published
from ideas.boards.events import ReleasePublished
from ideas.boards.models import Answer, Board, CreditKind, Idea, Reason, Stage, Status
from ideas.boards.models_releases import Release, ReleaseFollow, ReleaseIdea
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.releases import ReleaseRow
from ideas.boards.schemas_releases import IDEAS_MOST
from ideas.db import INSERTS, db, insert_once, utcnow
from ideas.errors import Conflict
from ideas.words import _


def draft(actor: User, where: BoardRow, words: dict[str, Any]) -> Release:
    """Begin a release on the board; the team alone sees it. words: as schemas_releases.ReleaseWords loads them."""
    policy.require_team(where.standing)
    release = Release(
        board_id=where.board.id,
        title=words["title"],
        body=words["body"],
        body_html=markup.render(words["body"]),
        released_on=words["date"],
        by_id=actor.id,
        created_at=utcnow(),
    )
    db.session.add(release)
    db.session.flush()  # the log names its id
    picturing.tie_to_release(actor.id, release.body_html, release.id)
    audit.record(actor, "release.drafted", release.subject)
    return release


def revise(actor: User, row: ReleaseRow, wanted: dict[str, Any], *, version: int | None = None) -> None:
    """Other words for a release, also when it is published: that tells nobody anew.

    wanted: some of ReleaseWords. `version` is the version the caller read; ChangedMeanwhile if there is a later one.
    """
    policy.require_team(row.standing)
    release = row.release
    _held(release, version=version)
    if "date" in wanted and release.published_at is not None:
        wanted = {**wanted, "date": _day_of(wanted["date"])}
    release.title = wanted.get("title", release.title)
    release.body = wanted.get("body", release.body)
    release.body_html = markup.render(release.body)
    release.released_on = wanted.get("date", release.released_on)
    picturing.tie_to_release(actor.id, release.body_html, release.id)
    audit.record(actor, "release.changed", release.subject)
    if release.published_at is not None:
        changes.note("release.updated", [(release.board_id, None, release.id)])
    db.session.flush()  # the caller reads it again


def put(actor: User, row: ReleaseRow, on: IdeaRow, words: dict[str, Any]) -> None:
    """Take the idea into a draft, or give it another line there. words: as schemas_releases.ReleaseLine loads them.

    Raises Published once the release is, Merged for an idea that is part of another, ValidationError naming `idea` for
    one of another board, or one too many.
    """
    policy.require_team(row.standing)
    policy.require_unmerged(on.idea)
    if on.idea.board_id != row.release.board_id:
        raise ValidationError({"idea": [_("This idea is on another board. A release has the ideas of its own.")]})
    _held(row.release)
    _require_draft(row.release)
    line = db.session.get(ReleaseIdea, (row.release.id, on.idea.id))
    if line is None:
        _require_room(row.release)
        line = ReleaseIdea(release_id=row.release.id, idea_id=on.idea.id, added_at=utcnow())
        db.session.add(line)
    line.reason, line.text, line.text_html = words["reason"], words["text"], markup.render(words["text"])
    line.credits = [
        {"kind": credit["kind"].value, "id": credit["id"], "how": credit["how"]} for credit in words["credits"]
    ]
    picturing.tie_to_release(actor.id, line.text_html, row.release.id)
    db.session.flush()  # the caller reads it again


def take_out(actor: User, row: ReleaseRow, idea_ids: Sequence[int]) -> None:
    """Take ideas out of a draft; those that are not in it are no matter."""
    policy.require_team(row.standing)
    _held(row.release)
    _require_draft(row.release)
    lines = sa.delete(ReleaseIdea).where(ReleaseIdea.release_id == row.release.id, ReleaseIdea.idea_id.in_(idea_ids))
    db.session.execute(lines.execution_options(synchronize_session="fetch"))


def discard(actor: User, row: ReleaseRow) -> None:
    """Throw a draft away."""
    policy.require_team(row.standing)
    _held(row.release)
    _require_draft(row.release)
    audit.record(actor, "release.discarded", row.release.subject)
    for model, key in ((ReleaseIdea, ReleaseIdea.release_id), (Release, Release.id)):
        db.session.execute(sa.delete(model).where(key == row.release.id).execution_options(synchronize_session="fetch"))


def publish(actor: User, row: ReleaseRow) -> None:
    """Everybody reads it, and its ideas are there: each is answered with its line; people hear after the settle time.

    All in the caller's transaction. Ideas that were there before are not answered again. Publishing twice is
    publishing once. Raises ValidationError, naming each idea whose line does not fit, CannotShip for an idea that
    cannot be answered now.
    """
    policy.require_team(row.standing)
    release = row.release
    if release.published_at is not None:
        return
    day = _day_of(release.released_on)
    release = _held(release)
    if release.published_at is not None:  # a colleague pressed at the same moment
        return
    release.published_at, release.published_by_id, release.released_on = utcnow(), actor.id, day
    _ship(actor, release)
    event = ReleasePublished(subject=release.subject, about_id=release.id, actor_id=actor.id)
    release.entry_id = outbox.record(event, wait=settling.settle_time())
    audit.record(actor, "release.published", release.subject)
    changes.note("release.published", [(release.board_id, None, release.id)])
    db.session.flush()  # the caller reads it again


def undo(actor: User, row: ReleaseRow) -> None:
    """Take back a release that is not yet announced: it is a draft again, and its ideas are where they were.

    Raises AlreadyAnnounced once anybody is being told, of the release or of one of its ideas.
    """
    policy.require_team(row.standing)
    release = row.release
    if release.published_at is None:
        return
    if release.entry_id is None or not outbox.cancel(release.entry_id):
        raise AlreadyAnnounced(_("People are being told of this release already, so it stays."))
    for line in _lines(release):
        if line.shipped_here and line.answer_id is not None:
            answering.undo(actor, queries.get_answer(actor, line.answer_id))
        line.answer_id, line.shipped_here = None, False
    release.published_at = release.published_by_id = release.entry_id = None
    release.version += 1
    audit.record(actor, "release.undone", release.subject)
    changes.note("release.undone", [(release.board_id, None, release.id)])
    db.session.flush()  # the caller reads it again


def send_now(actor: User, row: ReleaseRow) -> None:
    """Skip what is left of the settle time, for the release and the answers it gave. Raises AlreadyAnnounced."""
    policy.require_team(row.standing)
    release = row.release
    if release.entry_id is None or not outbox.postpone(release.entry_id, wait=timedelta(0)):
        raise AlreadyAnnounced(_("People are being told of this release already."))
    for answer in db.session.scalars(_given_by(release)).all():
        # one that was sent before, or taken back, is done
        if answer.entry_id is not None and answer.undone_at is None:
            outbox.postpone(answer.entry_id, wait=timedelta(0))
    audit.record(actor, "release.sent_now", release.subject)


TAKEN_OVER = "release.taken_over"  # in the log: it was published elsewhere, and nobody is told of it here


class FormerLine(NamedTuple):
    """An idea in a release of another site. credits: as ReleaseIdea keeps them."""

    idea_id: int
    reason: str
    text: str
    credits: list[dict[str, Any]]
    answer_id: int | None
    shipped_here: bool
    at: datetime


class Former(NamedTuple):
    """A release of another site."""

    board_id: int
    title: str
    body: str
    released_on: date | None
    by_id: int
    at: datetime
    version: int
    published_at: datetime | None
    published_by_id: int | None
    lines: Sequence[FormerLine]


def take_over(former: Former) -> Release:
    """Put a release down as it was elsewhere, and tell nobody; its ideas' answers came with them."""
    release = Release(
        board_id=former.board_id,
        title=former.title,
        body=former.body,
        body_html=markup.render(former.body),
        released_on=former.released_on,
        by_id=former.by_id,
        created_at=former.at,
        version=former.version,
        published_at=former.published_at,
        published_by_id=former.published_by_id,
    )
    db.session.add(release)
    db.session.flush()  # its lines name its id
    db.session.add_all(
        ReleaseIdea(
            release_id=release.id,
            idea_id=line.idea_id,
            added_at=line.at,
            reason=line.reason,
            text=line.text,
            text_html=markup.render(line.text),
            credits=line.credits,
            answer_id=line.answer_id,
            shipped_here=line.shipped_here,
        )
        for line in former.lines
    )
    published = ("release.published", TAKEN_OVER) if release.published_at is not None else ()
    for act in ("release.drafted", *published):
        audit.record(None, act, release.subject, imported=True)
    if published:
        changes.note("release.published", [(release.board_id, None, release.id)])
    db.session.flush()
    return release


def take_over_follows(rows: Sequence[tuple[int, int, datetime]]) -> None:
    """Those who wanted to hear of releases elsewhere do here: each (board, who, since when)."""
    if rows:
        insert = INSERTS[db.session.get_bind().dialect.name](ReleaseFollow).on_conflict_do_nothing()
        db.session.execute(insert, [{"board_id": row[0], "user_id": row[1], "followed_at": row[2]} for row in rows])


def follow(person: User, board: Board) -> None:
    """`person` hears of the releases of `board`. Following twice is following once."""
    policy.require_part(person)
    insert_once(ReleaseFollow, board_id=board.id, user_id=person.id, followed_at=utcnow())


def unfollow(person: User, board: Board) -> None:
    theirs = (ReleaseFollow.board_id == board.id, ReleaseFollow.user_id == person.id)
    db.session.execute(sa.delete(ReleaseFollow).where(*theirs).execution_options(synchronize_session="fetch"))


# --- What stands behind it ---


def _held(release: Release, *, version: int | None = None) -> Release:
    """The release is ours until we are done, and read again. ChangedMeanwhile when it is not the version that was
    read, or gone."""
    same = [] if version is None else [Release.version == version]
    number = db.session.scalar(
        sa.update(Release)
        .where(Release.id == release.id, *same)
        .values(version=Release.version + 1)
        .returning(Release.version)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        raise ChangedMeanwhile(_("Somebody else changed this release a moment ago. Read it again."))
    db.session.refresh(release, ["version", "published_at"])
    return release


def _require_draft(release: Release) -> None:
    if release.published_at is not None:
        raise Published(_("This release is published. Correct what it says of an idea on that idea’s page."))


def _require_room(release: Release) -> None:
    has = db.session.scalar(
        sa.select(sa.func.count()).select_from(ReleaseIdea).where(ReleaseIdea.release_id == release.id)
    )
    if (has or 0) >= IDEAS_MOST:
        raise ValidationError({"idea": [_("A release has at most %(most)s ideas. Begin another.", most=IDEAS_MOST)]})


def _day_of(day: date | None) -> date:
    """The day that a published release bears. Raises ValidationError for one to come: what is published is there."""
    today = utcnow().date()
    if day is not None and day > today + timedelta(days=1):  # it may be tomorrow already where the team is
        raise ValidationError({"date": [_("This day is to come, and what is released is there. Choose today.")]})
    return day or today


def _lines(release: Release) -> Sequence[ReleaseIdea]:
    """In the order of the ideas' ids, in which everybody who needs several of them takes them."""
    statement = sa.select(ReleaseIdea).where(ReleaseIdea.release_id == release.id).order_by(ReleaseIdea.idea_id)
    return db.session.scalars(statement.execution_options(populate_existing=True)).all()


def _given_by(release: Release) -> sa.Select[Answer]:
    lines = sa.select(ReleaseIdea.answer_id).where(ReleaseIdea.release_id == release.id, ReleaseIdea.shipped_here)
    return sa.select(Answer).where(Answer.id.in_(lines)).order_by(Answer.idea_id)


def _ship(actor: User, release: Release) -> None:
    status = _first_shipped(release.board_id)
    wrong: dict[str, Any] = {}
    for line in _lines(release):
        on = queries.get_idea(actor, line.idea_id)
        if on.idea.status.stage == Stage.SHIPPED and on.idea.merged_root_id is None:
            line.answer_id = _standing(on.idea)
            continue
        try:
            line.answer_id = answering.answer(actor, on, _words(line, status)).id
        except ValidationError as error:
            wrong[str(line.idea_id)] = error.messages_dict
        except Conflict as error:
            raise CannotShip(
                _("“%(title)s” cannot be answered now: %(why)s", title=on.idea.title, why=error.message)
            ) from error
        line.shipped_here = True
    if wrong:
        raise ValidationError({"ideas": wrong})


def _first_shipped(board_id: int) -> str:
    shipped = sa.select(Status.slug).where(Status.board_id == board_id, Status.stage == Stage.SHIPPED)
    slug = db.session.scalar(shipped.order_by(Status.position, Status.id).limit(1))
    if slug is None:
        raise ValidationError(
            {"ideas": [_("This board has no status for what is there. Ask an administrator to add one.")]}
        )
    return slug


def _standing(idea: Idea) -> int | None:
    """The answer by which an idea is there already; none for one that was brought along so from elsewhere."""
    given = sa.select(sa.func.max(Answer.id)).where(Answer.idea_id == idea.id, Answer.undone_at.is_(None))
    return db.session.scalar(given)


def _words(line: ReleaseIdea, status: str) -> dict[str, Any]:
    """The line as schemas.NewAnswer loads it."""
    return {
        "status": status,
        "reason": Reason(line.reason),
        "text": line.text,
        "date": None,
        "review_by": None,
        "announce_at": None,
        "credits": [{**credit, "kind": CreditKind(credit["kind"])} for credit in line.credits],
    }
