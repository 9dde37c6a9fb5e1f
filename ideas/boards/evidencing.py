"""The team notes what a customer said of an idea elsewhere. The only code that writes `evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from marshmallow import ValidationError

from ideas.accounts import audit, people
from ideas.accounts.models import User
from ideas.accounts.people import Unclaimed
from ideas.boards import behalf, policy, posting, queries
from ideas.boards.behalf import Became
from ideas.boards.models import SourceKind
from ideas.boards.models_evidence import Evidence
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.db import db, utcnow
from ideas.words import _


class Added(NamedTuple):
    """became: what became of voting for the person; None when that was not wanted."""

    evidence: Evidence
    became: Became | None


def add(actor: User, on: IdeaRow, words: dict[str, Any]) -> Added:
    """Note what somebody said of the idea, for the team alone; and vote on their behalf if that is wanted.

    words: as schemas_evidence.NewEvidence loads them. An address that nobody has becomes an unclaimed person. Raises
    NotAllowed for anybody but the team, ValidationError naming the field; for the vote as behalf.note.
    """
    policy.require_team(on.standing)
    policy.require_unmerged(on.idea)
    person = _person(words)
    noted = Evidence(
        idea_id=on.idea.id,
        user_id=person.id if person else None,
        by_id=actor.id,
        kind=words["kind"].value,
        words=words["words"],
        link=words["link"],
        noted_at=utcnow(),
    )
    db.session.add(noted)
    db.session.flush()  # gives the id
    audit.record(actor, "evidence.added", on.idea.subject, evidence=noted.id, person=noted.user_id)
    if not words["vote"]:
        return Added(noted, None)
    if person is None:
        raise ValidationError({"person": [_("Say who it is that you vote for.")]})
    return Added(noted, behalf.note(actor, on, person, evidence_id=noted.id))


def begin(actor: User, where: BoardRow, title: str, words: dict[str, Any]) -> Added:
    """A new idea of the team's, which stands on this evidence and came in on somebody's behalf. Raises as `add`."""
    policy.require_team(where.standing)
    idea = posting.submit(actor, where, title=title, body="", source=SourceKind.ON_BEHALF)
    db.session.flush()  # read below
    return add(actor, queries.get_idea(actor, idea.id), words)


class Former(NamedTuple):
    """What was noted on another site."""

    idea_id: int
    user_id: int | None
    by_id: int
    kind: str
    words: str
    link: str
    at: datetime
    removed_at: datetime | None


def take_over(rows: Sequence[Former]) -> list[Evidence]:
    """Put evidence down as it was noted elsewhere. Of what was taken back there are no words."""
    made = [
        Evidence(
            idea_id=each.idea_id,
            user_id=each.user_id,
            by_id=each.by_id,
            kind=each.kind,
            words="" if each.removed_at else each.words,
            link="" if each.removed_at else each.link,
            noted_at=each.at,
            removed_at=each.removed_at,
        )
        for each in rows
    ]
    db.session.add_all(made)
    db.session.flush()  # what credits it names its ids
    for row in made:
        audit.record(None, "evidence.added", f"idea:{row.idea_id}", evidence=row.id, person=row.user_id, imported=True)
    return made


def remove(actor: User, on: IdeaRow, noted: Evidence) -> None:
    """Take back what was noted: its words and its link are gone. A vote on somebody's behalf stays theirs to decide."""
    policy.require_team(on.standing)
    if noted.removed_at is not None:
        return
    noted.removed_at = utcnow()
    noted.words = noted.link = ""
    audit.record(actor, "evidence.removed", on.idea.subject, evidence=noted.id)
    db.session.flush()  # the caller reads it again


def _person(words: dict[str, Any]) -> User | None:
    """Whose words they are: somebody known by number or address, or somebody new with that address."""
    if words["person"] is not None:
        person = db.session.get(User, words["person"])
        if person is None or person.erased_at is not None:
            raise ValidationError({"person": [_("There is no such person.")]})
        return person
    if not words["email"]:
        return None
    name = words["name"] or words["email"].partition("@")[0]
    return db.session.get_one(User, people.add_unclaimed([Unclaimed(name, words["email"])])[0])
