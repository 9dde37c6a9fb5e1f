"""What is done to several chosen ideas at once: tags and owners. Answers are never: each idea has words of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from marshmallow import ValidationError

from ideas.accounts.models import User
from ideas.backlog.asking import NOBODY
from ideas.boards import listing, policy, posting, queries, reading
from ideas.boards.queries import IdeaRow
from ideas.errors import NotFound
from ideas.words import _, ngettext

MOST = 100


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
