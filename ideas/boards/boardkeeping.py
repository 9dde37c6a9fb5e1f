"""The only code that writes `board`, `status`, `tag`, `membership` and `invitation`: how administrators keep boards.

`actor` is an administrator, or None for the command line. Every act leaves an audit entry. What names a status, a tag
or a person by id looks for it on the given board alone, and answers NotFound for those of other boards.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas import settings, text
from ideas.accounts import addresses, audit, letters, tokens
from ideas.accounts.models import User
from ideas.boards import changes, policy, posting, ranking
from ideas.boards.errors import InUse, SlugTaken
from ideas.boards.models import (
    Answer,
    Board,
    BoardRole,
    Idea,
    Invitation,
    Membership,
    Stage,
    Status,
    Tag,
    Visibility,
)
from ideas.db import db, insert_once, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.paging import Page, read_cursor
from ideas.words import _, lazy

# What a new board begins with. The names are the board's own afterwards.
FIRST_STATUSES = (
    ("open", lazy("Open"), Stage.OPEN),
    ("under-review", lazy("Under review"), Stage.CONSIDERING),
    ("planned", lazy("Planned"), Stage.PLANNED),
    ("in-progress", lazy("In progress"), Stage.STARTED),
    ("shipped", lazy("Shipped"), Stage.SHIPPED),
    ("not-now", lazy("Not now"), Stage.DECLINED),
)

TEAM = sa.select(Membership.user_id).where(Membership.role == BoardRole.TEAM.value)  # of any board

INVITATION_LASTS = timedelta(days=14)
_DAYS = INVITATION_LASTS.days

_Part = TypeVar("_Part", Status, Tag)


# --- Boards ---


def make(actor: User | None, words: Mapping[str, Any]) -> Board:
    """A new board with FIRST_STATUSES; `words` as the schema BoardWords gives them.

    Raises SlugTaken when another board has that address, NotAllowed for anybody but an administrator.
    """
    return take_over(actor, {**words, "created_at": utcnow()}, ())


def take_over(actor: User | None, words: Mapping[str, Any], statuses: Sequence[tuple[str, str, str]]) -> Board:
    """A board as it was elsewhere; statuses: slug, name and stage of each, FIRST_STATUSES if no idea could begin.

    Raises as `make`.
    """
    _require_admin(actor)
    if not insert_once(Board, **words):
        raise _slug_taken(words["slug"])
    board = db.session.scalars(sa.select(Board).where(Board.slug == words["slug"])).one()
    first = [(slug, str(name), stage) for slug, name, stage in FIRST_STATUSES]
    db.session.add_all(
        Status(board_id=board.id, slug=slug, name=name, stage=stage, position=place)
        for place, (slug, name, stage) in enumerate(statuses if any(s[2] == Stage.OPEN for s in statuses) else first)
    )
    audit.record(actor, "board.made", _subject(board), slug=board.slug, visibility=board.visibility)
    db.session.flush()  # the board is used at once
    return board


def edit(actor: User | None, board: Board, words: Mapping[str, Any]) -> None:
    """Change what `words` holds; what is left out stays. A new slug ends the old address.

    Making a board private takes effect at once, also for news of it that is still to be sent.
    Raises SlugTaken when another board has that address.
    """
    _require_admin(actor)
    wanted = {name: value for name, value in words.items() if value != getattr(board, name)}
    if not wanted:
        return
    before = {name: getattr(board, name) for name in wanted}
    for name, value in wanted.items():
        setattr(board, name, value)
    try:
        db.session.flush()
    except sa.exc.IntegrityError as error:
        # the unique key decides, also between two administrators; the caller's transaction ends with this
        raise _slug_taken(words["slug"]) from error
    audit.record(actor, "board.edited", _subject(board), before=before, after=wanted)
    changes.note("board.updated", [(board.id, None, None)])
    if wanted.get("visibility") == Visibility.PUBLIC:
        changes.note(changes.OPENED, [(board.id, None, None)])


# --- Statuses ---


def add_status(actor: User | None, board: Board, *, name: str, stage: Stage) -> Status:
    """A further status, shown after the others. Raises SlugTaken when the board has one of that name."""
    _require_admin(actor)
    statuses = _held(board, Status)
    _require_new_name(statuses, name)
    status = Status(
        board_id=board.id,
        slug=_slug(name, stage, statuses),
        name=name,
        stage=stage,
        position=max((each.position for each in statuses), default=-1) + 1,
    )
    db.session.add(status)
    db.session.flush()  # the caller shows its id
    audit.record(actor, "status.added", _subject(board), status=status.slug, stage=stage)
    changes.note("board.updated", [(board.id, None, None)])
    return status


def change_status(actor: User | None, board: Board, status_id: int, *, name: str, stage: Stage) -> None:
    """Another name or another meaning. Ideas that have the status follow its stage; its address stays as it was.

    Raises SlugTaken when another status has that name, InUse for the last open one, where ideas begin.
    """
    _require_admin(actor)
    statuses = _held(board, Status)
    status = _one(statuses, status_id)
    _require_new_name([each for each in statuses if each is not status], name)
    if stage != Stage.OPEN:
        _require_another_open(statuses, status)
    former = {"name": status.name, "stage": status.stage}
    status.name = name
    if stage != status.stage:
        status.stage = stage
        db.session.flush()  # ranking works on the rows
        ranking.move_all(status.id, stage)
    audit.record(actor, "status.changed", _subject(board), status=status.slug, before=former, name=name, stage=stage)
    changes.note("board.updated", [(board.id, None, None)])


def order_statuses(actor: User | None, board: Board, status_ids: Sequence[int]) -> None:
    """Show the statuses in this order; those not named come after, as they stood."""
    _require_admin(actor)
    statuses = sorted(_held(board, Status), key=lambda each: each.position)
    named = [_one(statuses, status_id) for status_id in dict.fromkeys(status_ids)]
    for place, status in enumerate([*named, *(each for each in statuses if each not in named)]):
        status.position = place
    audit.record(actor, "status.ordered", _subject(board), order=[each.slug for each in named])
    changes.note("board.updated", [(board.id, None, None)])
    db.session.flush()  # lists are read in this order


def remove_status(actor: User | None, board: Board, status_id: int) -> None:
    """Raises InUse while an idea has the status or an answer names it, and for the last open one."""
    _require_admin(actor)
    statuses = _held(board, Status)
    status = _one(statuses, status_id)
    _require_another_open(statuses, status)
    used = sa.or_(
        sa.exists().where(Idea.status_id == status.id),
        sa.exists().where(sa.or_(Answer.status_id == status.id, Answer.former_status_id == status.id)),
    )
    in_use = InUse(_("Ideas or answers stand on “%(status)s”. Rename it, or move the ideas first.", status=status.name))
    if db.session.scalar(sa.select(used)):
        raise in_use
    db.session.delete(status)
    try:
        db.session.flush()
    except sa.exc.IntegrityError as error:
        # an idea came to it a moment ago; the caller's transaction ends with this
        raise in_use from error
    audit.record(actor, "status.removed", _subject(board), status=status.slug)
    changes.note("board.updated", [(board.id, None, None)])


# --- Tags ---


def add_tag(actor: User | None, board: Board, *, name: str, slug: str | None = None) -> Tag:
    """Raises SlugTaken when the board has a tag of that name. slug: its address where it comes from."""
    _require_admin(actor)
    tags = _held(board, Tag)
    _require_new_name(tags, name)
    tag = Tag(board_id=board.id, slug=_slug(name, "tag", tags) if slug is None else slug, name=name)
    db.session.add(tag)
    db.session.flush()  # the caller shows its id
    audit.record(actor, "tag.added", _subject(board), tag=tag.slug)
    changes.note("board.updated", [(board.id, None, None)])
    return tag


def rename_tag(actor: User | None, board: Board, tag_id: int, *, name: str) -> None:
    """Another name; its address stays. Raises SlugTaken when another tag has that name."""
    _require_admin(actor)
    tags = _held(board, Tag)
    tag = _one(tags, tag_id)
    _require_new_name([each for each in tags if each is not tag], name)
    audit.record(actor, "tag.renamed", _subject(board), tag=tag.slug, before=tag.name, name=name)
    changes.note("board.updated", [(board.id, None, None)])
    tag.name = name


def remove_tag(actor: User | None, board: Board, tag_id: int) -> None:
    """Take the tag from the board and from all its ideas."""
    _require_admin(actor)
    tag = _one(_held(board, Tag), tag_id)
    db.session.delete(tag)
    audit.record(actor, "tag.removed", _subject(board), tag=tag.slug, name=tag.name)
    changes.note("board.updated", [(board.id, None, None)])


# --- People ---


def add_person(actor: User | None, board: Board, person: User, *, role: BoardRole) -> None:
    """Make `person` a member or one of the team; whoever belongs already has the new role afterwards."""
    _require_admin(actor)
    if insert_once(Membership, board_id=board.id, user_id=person.id, role=role, joined_at=utcnow()):
        _open_to_more(board)
    else:
        if role != BoardRole.TEAM:
            posting.disown(person, board)
        db.session.execute(
            sa.update(Membership)
            .where(Membership.board_id == board.id, Membership.user_id == person.id)
            .values(role=role)
        )
    audit.record(actor, "person.added", _subject(board), person=person.id, role=role)


def _open_to_more(board: Board) -> None:
    if board.visibility != Visibility.PUBLIC:
        changes.note(changes.OPENED, [(board.id, None, None)])


def remove_person(actor: User | None, board: Board, person_id: int) -> None:
    """`person` no longer belongs: ideas they own here have no owner, and a private board is out of their sight."""
    _require_admin(actor)
    person = db.session.scalar(
        sa.delete(Membership)
        .where(Membership.board_id == board.id, Membership.user_id == person_id)
        .returning(Membership.user_id)
    )
    if person is None:
        raise NotFound(_("This person does not belong to the board."))
    posting.disown(db.session.get_one(User, person_id), board)
    audit.record(actor, "person.removed", _subject(board), person=person_id)


def people_of(board: Board) -> list[tuple[User, Membership]]:
    """Who belongs to the board: its team first, then by name."""
    rows = db.session.execute(
        sa.select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.board_id == board.id)
        .order_by(Membership.role.desc(), User.name, User.id)
        .options(joinedload(User.company))
    )
    return [(row.User, row.Membership) for row in rows]


def page_of_people(board: Board, *, limit: int, cursor: str | None = None) -> Page[tuple[User, Membership]]:
    """Who belongs to the board, in the order of their numbers: a page at a time."""
    statement = (
        sa.select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.board_id == board.id)
        .order_by(Membership.user_id)
        .limit(limit + 1)
    )
    if place := read_cursor("board people", cursor):
        statement = statement.where(Membership.user_id > place[0])
    rows = [(row.User, row.Membership) for row in db.session.execute(statement)]
    return Page.of(rows, limit, order="board people", key=lambda row: [row[0].id])


# --- Invitations ---


def invite(actor: User, board: Board, *, email: str, role: BoardRole = BoardRole.MEMBER) -> Invitation:
    """Send a link to `email`: whoever opens it and signs in belongs to the board. It is kept only as a hash.

    Into the team it lets only whoever signs in with that address, as long as the actor is an administrator. An earlier
    invitation of that address no longer works. Raises ValidationError when `email` is no address.
    """
    _require_admin(actor)
    try:
        address = addresses.email(email)
    except ValueError:
        raise ValidationError({"email": [_("This is not an e-mail address we can write to.")]}) from None
    now = utcnow()
    db.session.execute(
        sa.update(Invitation).where(Invitation.email == address, *_open(board, now)).values(withdrawn_at=now)
    )
    token = tokens.fresh()
    invitation = Invitation(
        board_id=board.id,
        email=address,
        role=role.value,
        token_hash=tokens.hashed(token),
        invited_by_id=actor.id,
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    db.session.add(invitation)
    letters.write(address, _invitation_words(actor, board, role, token), good_for=INVITATION_LASTS, asked_for=False)
    audit.record(actor, "invitation.sent", _subject(board), email=address, role=role.value)
    db.session.flush()  # lists show it
    return invitation


def _invitation_words(actor: User, board: Board, role: BoardRole, token: str) -> letters.Words:
    site = settings.brand().site_name
    if role is BoardRole.TEAM:
        subject = _("You are invited to the team of “%(board)s”", board=board.name)
        what = _("As one of its team you answer ideas there, and everybody who asked hears it from you.")
        works = _("The link works once, for %(days)s days, for whoever signs in with this address.", days=_DAYS)
    else:
        subject = _("You are invited to “%(board)s”", board=board.name)
        what = _("Propose ideas there, back those of others, and hear what becomes of them.")
        works = _("The link works once, for %(days)s days.", days=_DAYS)
    return letters.Words(
        subject=subject,
        before=[
            _(
                "%(person)s invites you to the board “%(board)s” on %(site)s.",
                person=actor.name,
                board=board.name,
                site=site,
            ),
            what,
        ],
        button=_("See the invitation"),
        url=settings.absolute(f"/invitations/{token}"),
        after=[
            works,
            _("If you did not expect this, ignore it: nothing happens unless you accept."),
        ],
    )


def withdraw_invitation(actor: User | None, board: Board, invitation_id: int) -> None:
    """Its link no longer works. Raises NotFound when it was used, withdrawn or has run out."""
    _require_admin(actor)
    now = utcnow()
    address = db.session.scalar(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, *_open(board, now))
        .values(withdrawn_at=now)
        .returning(Invitation.email)
    )
    if address is None:
        raise NotFound(_("This invitation is not open any more."))
    audit.record(actor, "invitation.withdrawn", _subject(board), email=address)


def invitations_of(board: Board) -> list[Invitation]:
    """Those whose link still works, newest first."""
    statement = sa.select(Invitation).where(*_open(board, utcnow())).order_by(Invitation.id.desc())
    return list(db.session.scalars(statement))


def look_at(token: str) -> Invitation:
    """What the link with `token` offers. Reading it uses nothing up. Raises NotFound as `accept` does.

    Loaded: board, invited_by.
    """
    found = db.session.scalar(
        sa.select(Invitation)
        .where(Invitation.token_hash == tokens.hashed(token), *_open(None, utcnow()))
        .options(joinedload(Invitation.board), joinedload(Invitation.invited_by))
    )
    if found is None:
        raise _no_invitation()
    by = found.invited_by
    if found.role == BoardRole.TEAM and (not by.is_admin or by.is_suspended):
        raise _no_invitation()
    return found


def invited_to(token: str) -> Board:
    """The board that the link with `token` opens, as `look_at` finds it."""
    return look_at(token).board


def accept(person: User, token: str) -> Board:
    """`person` belongs to the board from now on; the link is used up. One who belongs already never loses a role by it.

    Raises NotFound when the link was used or withdrawn, or is older than INVITATION_LASTS, or leads into the team and
    its sender is no administrator any more; NotAllowed for somebody with another address than the one into the team
    went to, whose trying uses nothing up.
    """
    policy.require_part(person)
    offered, now = look_at(token), utcnow()
    is_team = offered.role == BoardRole.TEAM
    if is_team and person.email != offered.email:
        raise NotAllowed(_("This invitation went to another address. Sign in with that one."))
    # one statement, so that of two who follow the link at once one is first
    taken = sa.update(Invitation).where(Invitation.id == offered.id, *_open(None, now)).values(accepted_at=now)
    if db.session.scalar(taken.returning(Invitation.id)) is None:
        raise _no_invitation()
    board = offered.board
    belongs = not insert_once(Membership, board_id=board.id, user_id=person.id, role=offered.role, joined_at=now)
    if not belongs:
        _open_to_more(board)
    elif is_team:
        db.session.execute(
            sa.update(Membership)
            .where(Membership.board_id == board.id, Membership.user_id == person.id)
            .values(role=offered.role)
        )
    audit.record(person, "invitation.accepted", _subject(board), person=person.id, role=offered.role)
    return board


def _open(board: Board | None, now: Any) -> list[sa.ColumnElement[bool]]:
    conditions = [
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    ]
    return [*conditions, Invitation.board_id == board.id] if board else conditions


def _no_invitation() -> NotFound:
    return NotFound(_("This invitation was used or withdrawn, or it is too old. Ask for a new one."))


# --- What they share ---


def _require_admin(actor: User | None) -> None:
    if actor is not None:
        policy.require_admin(actor)


def _subject(board: Board) -> str:
    return f"board:{board.id}"


def _slug_taken(slug: str) -> SlugTaken:
    return SlugTaken(_("Another board already has the address “%(slug)s”.", slug=slug), field="slug")


def _held(board: Board, part: type[_Part]) -> list[_Part]:
    """The board's statuses or tags, read when nobody else is changing them: what is decided on them holds."""
    db.session.execute(sa.select(Board.id).where(Board.id == board.id).with_for_update(key_share=True))
    statement = sa.select(part).where(part.board_id == board.id).order_by(part.id)
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))


def _one(parts: Iterable[_Part], part_id: int) -> _Part:
    for part in parts:
        if part.id == part_id:
            return part
    raise NotFound(_("The board has no such status or tag."))


def _require_new_name(parts: Iterable[_Part], name: str) -> None:
    if text.folded(name) in {text.folded(part.name) for part in parts}:
        raise SlugTaken(_("The board already has “%(name)s”.", name=name), field="name")


def _require_another_open(statuses: Iterable[Status], but: Status) -> None:
    if but.stage == Stage.OPEN and not any(each.stage == Stage.OPEN for each in statuses if each is not but):
        raise InUse(_("“%(status)s” is the only open status, and ideas need one to begin in.", status=but.name))


def _slug(name: str, otherwise: str, parts: Iterable[_Part]) -> str:
    """The address of a new status or tag: its name in letters that every keyboard has, numbered if it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    short = text.slug(plain, longest=36) or otherwise
    taken = {part.slug for part in parts}
    number = 2
    slug = short
    while slug in taken:
        slug = f"{short}-{number}"
        number += 1
    return slug
