"""What is done to several chosen ideas at once: tags and owners, a move, a merge, a place in a release.

None is ever declined like that, nor shipped but by a release: a move is to where an idea is still open, with words that
its people read, one for all or its own. Each act does all of it, or with an error none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date as day
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import User
from ideas.backlog.asking import NOBODY
from ideas.boards import (
    answering,
    listing,
    merging,
    policy,
    posting,
    queries,
    ranking,
    reading,
    releases,
    releasing,
    trees,
)
from ideas.boards.models import FINAL_STAGES, Reason, Status, Vote
from ideas.boards.models_merging import Merge
from ideas.boards.models_releases import Release
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.schemas_releases import IDEAS_MOST, ReleaseLine
from ideas.db import db
from ideas.errors import Conflict, NotFound
from ideas.words import _, ngettext

MOST = 100
# Reasons for which an idea moves and stays open; "not now" and "cannot say" put off, which each idea is told by itself.
MOVING = tuple(
    reason
    for reason, rule in policy.REASONS.items()
    if rule.stages and not rule.stages & FINAL_STAGES and not rule.needs_review_by
)


def chosen(reader: User, ids: Collection[int]) -> list[IdeaRow]:
    """The ideas of these ids that the reader may answer, in the order of their ids; others are left out.

    Raises ValidationError for too many, NotFound when none is left.
    """
    if len(set(ids)) > MOST:
        raise ValidationError({"idea": [ngettext("At most %(num)s at once.", "At most %(num)s at once.", MOST)]})
    rows = []
    for idea_id in sorted(set(ids)):
        try:
            row = queries.get_idea(reader, idea_id)
        except NotFound:
            continue
        if row.standing.is_team and row.idea.merged_root_id is None:
            rows.append(row)
    if not rows:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return rows


def sort(actor: User, rows: Sequence[IdeaRow], *, add: Collection[str], off: Collection[str]) -> None:
    """Give each idea these tags and take those off it; its other tags stay. All of it, or with an error none.

    Raises ValidationError naming `add` for a tag that the board of an idea does not have.
    """
    tags = listing.tags_on([row.idea.id for row in rows])
    for row in rows:
        before = {tag.slug for tag in tags.get(row.idea.id, ())}
        after = (before | set(add)) - set(off)
        if after == before:
            continue
        try:
            posting.retag(actor, row, sorted(after))
        except ValidationError as error:
            words = " ".join(str(line) for lines in error.messages_dict.values() for line in lines)
            raise ValidationError({"add": [f"{row.idea.title}: {words}"]}) from None


def assign(actor: User, rows: Sequence[IdeaRow], owner_id: int | None) -> None:
    """Say who owes each idea its next word; None for nobody. All of it, or with an error none.

    Raises ValidationError naming `owner` for somebody who is not of the team of an idea's board.
    """
    team: dict[int, dict[int, User]] = {}
    for row in rows:
        policy.require_team(row.standing)
        if row.idea.owner_id == owner_id:
            continue
        on = row.idea.board_id
        if on not in team:
            team[on] = {person.id: person for person in reading.team_of(row)}
        if owner_id is not None and owner_id not in team[on]:
            raise ValidationError(
                {"owner": [_("%(idea)s: this person is not of the team of its board.", idea=row.idea.title)]}
            )
        posting.assign(actor, row, team[on][owner_id] if owner_id else None)


def change(
    actor: User, rows: Sequence[IdeaRow], *, owner: str = "", add: Collection[str] = (), off: Collection[str] = ()
) -> None:
    """Sort the ideas and say whose they are, as schemas.ChosenWords loads it; an empty `owner` stays who it is."""
    sort(actor, rows, add=add, off=off)
    if owner:
        assign(actor, rows, None if owner == NOBODY else int(owner))


# --- What people are told of ---


def board_of(rows: Sequence[IdeaRow]) -> BoardRow:
    """The one board they are all on. Raises ValidationError when they are on several."""
    if len({row.idea.board_id for row in rows}) > 1:
        raise ValidationError({"idea": [_("These ideas are on several boards. Choose those of one.")]})
    return BoardRow(rows[0].idea.board, rows[0].standing, follows=False)


def places_of(rows: Sequence[IdeaRow]) -> list[Status]:
    """Where several ideas may be moved to at once: where they stay open."""
    return [each for each in queries.statuses_of(board_of(rows).board) if each.stage not in FINAL_STAGES]


def move(
    actor: User,
    rows: Sequence[IdeaRow],
    *,
    status: str,
    reason: Reason,
    text: str,
    own: Mapping[int, str],
    date: day | None = None,
) -> None:
    """Answer each with its own words, or with those for all; each is told to its own people.

    Raises ValidationError naming the field, or the idea (`own`) whose words do not fit or which cannot be moved now.
    """
    if status not in {each.slug for each in places_of(rows)}:
        raise ValidationError({"status": [_("Several ideas move at once only to where they stay open.")]})
    if reason not in MOVING:
        raise ValidationError({"reason": [_("This is said to each idea by itself.")]})
    words: dict[str, Any] = {
        "status": status,
        "reason": reason,
        "date": date,
        "review_by": None,
        "announce_at": None,
        "credits": [],
    }
    wrong: dict[int, list[str]] = {}
    for row in rows:
        said = own.get(row.idea.id) or text
        for_all = ("status", "reason", "date") if own.get(row.idea.id) else ("status", "reason", "date", "text")
        with _naming(row, wrong, besides=for_all):
            answering.answer(actor, row, {**words, "text": said})
    _raise(wrong)


def backers_of(rows: Sequence[IdeaRow]) -> int:
    """How many people back any of these ideas, each once."""
    ids = {row.idea.id for row in rows}
    for row in rows:
        ids |= trees.links(row.idea.id).keys()
    return db.session.scalars(sa.select(sa.func.count(sa.distinct(Vote.user_id))).where(Vote.idea_id.in_(ids))).one()


def merge(actor: User, rows: Sequence[IdeaRow], *, into: int, text: str) -> list[Merge]:
    """Make all of them part of one of them, which both sides of each hear with `text`.

    Raises ValidationError naming `into`, `text`, or the idea (`own`) that cannot be merged now.
    """
    board_of(rows)
    stays = next((row for row in rows if row.idea.id == into), None)
    if stays is None or len(rows) < 2:
        raise ValidationError({"into": [_("Choose which of them stays.")]})
    for row in rows:  # in the order of their ids, as whoever needs two of them takes them
        ranking.hold(row.idea.id)
    wrong: dict[int, list[str]] = {}
    made = []
    for row in rows:
        if row is stays:
            continue
        with _naming(row, wrong, besides=("text",)):
            made.append(merging.merge(actor, row, stays, text=text))
    _raise(wrong)
    return made


def drafts_for(rows: Sequence[IdeaRow]) -> list[Release]:
    """The drafts on their board that may take them in."""
    board = board_of(rows)
    return [each.row.release for each in releases.drafts(board.standing.user, [board])]


def ship(actor: User, rows: Sequence[IdeaRow], *, release: int | None, title: str, own: Mapping[int, str]) -> Release:
    """Put them into a draft, with None into a new one of that title, each with its own line; publishing ships them.

    Raises ValidationError naming `release`, `title`, or the idea (`own`) whose line does not fit.
    """
    board = board_of(rows)
    if len(rows) > IDEAS_MOST:
        raise ValidationError({"idea": [_("A release has at most %(most)s ideas. Begin another.", most=IDEAS_MOST)]})
    if release is None and not title:
        raise ValidationError({"title": [_("Say what the new release is called, or choose one.")]})
    if release is not None and release not in {each.id for each in drafts_for(rows)}:
        raise ValidationError({"release": [_("This is no draft of the board of these ideas.")]})
    if release is None:
        release = releasing.draft(actor, board, {"title": title, "body": "", "date": None}).id
    into = releases.get(actor, release)
    wrong: dict[int, list[str]] = {}
    for row in rows:
        with _naming(row, wrong):
            releasing.put(actor, into, row, ReleaseLine().load({"text": own.get(row.idea.id, "")}))
    _raise(wrong)
    return into.release


@contextmanager
def _naming(row: IdeaRow, wrong: dict[int, list[str]], *, besides: Collection[str] = ()) -> Iterator[None]:
    """What cannot be done to this idea is kept under its number; what is wrong for all (`besides`) ends it at once."""
    try:
        yield
    except ValidationError as error:
        of_all = {name: lines for name, lines in error.messages_dict.items() if name in besides}
        if of_all:
            raise ValidationError(of_all) from None
        wrong[row.idea.id] = [str(line) for lines in error.messages_dict.values() for line in lines]
    except Conflict as error:
        wrong[row.idea.id] = [error.message]


def _raise(wrong: dict[int, list[str]]) -> None:
    if wrong:
        raise ValidationError({"own": wrong})
