"""Evidence of a file, and votes on behalf: what becomes of them, and putting them down."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ideas.boards import behalf, evidencing
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.db import db
from ideas.moving.places import Places, keys_of
from ideas.moving.putting_ideas import Named, no_such
from ideas.moving.records import Kind
from ideas.moving.spooling import Item
from ideas.moving.verdicts import Became, Verdict, known, refused
from ideas.words import _


class _All:
    """Everything that some of them name."""

    def __init__(self, places: Places, items: Sequence[Item]) -> None:
        self.ideas = Named(places, Kind.IDEA, keys_of(items, "idea"))
        self.people = Named(places, Kind.PERSON, keys_of(items, "person", "by"))
        self.evidence = Named(places, Kind.EVIDENCE, keys_of(items, "evidence"))

    def missing(self, item: Item) -> str | None:
        """Why a record cannot be taken: what of all it names is nowhere."""
        for name, kind, known_ones in (
            ("idea", Kind.IDEA, self.ideas),
            ("person", Kind.PERSON, self.people),
            ("by", Kind.PERSON, self.people),
            ("evidence", Kind.EVIDENCE, self.evidence),
        ):
            key = item.values.get(name)
            if key is not None and key not in known_ones:
                return no_such(kind, key)
        return None

    def person(self, key: str | None) -> int | None:
        return self.people.ids[key] if key else None


# --- Evidence ---


def judge_evidence(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """What came before stays as it is: it may have been taken back here since."""
    ids = places.ids(Kind.EVIDENCE, {item.key for item in items})
    named = _All(places, items)
    rows = db.session.execute(
        sa.select(Evidence.id, Evidence.words, Evidence.removed_at).where(Evidence.id.in_(list(ids.values())))
    )
    here = {row.id: row for row in rows}
    found = []
    for item in items:
        values = item.values
        reason = named.missing(item)
        if reason is None and not (values["words"] or values["link"] or values["removed_at"]):
            reason = _("It has neither words nor a link.")
        if reason is not None:
            found.append(refused(item, reason))
        elif item.key in ids:
            row = here.get(ids[item.key])
            pairs = {"words": (row.words, values["words"])} if row is not None and row.removed_at is None else {}
            found.append(known(item, ids[item.key], pairs))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def put_evidence(places: Places, verdicts: Sequence[Verdict]) -> None:
    items = [verdict.item for verdict in verdicts]
    named = _All(places, items)
    made = evidencing.take_over(
        [
            evidencing.Former(
                idea_id=named.ideas.ids[values["idea"]],
                user_id=named.person(values["person"]),
                by_id=named.people.ids[values["by"]],
                kind=values["heard_in"],
                words=values["words"] or "",
                link=values["link"] or "",
                at=values["at"] or places.now,
                removed_at=values["removed_at"],
            )
            for values in (item.values for item in items)
        ]
    )
    places.remember(Kind.EVIDENCE, [(item.key, row.id) for item, row in zip(items, made, strict=True)])


# --- Votes on behalf ---


def judge_on_behalf(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """Whoever is counted on here already stays: what they said here is theirs."""
    named = _All(places, items)
    rows = db.session.execute(
        sa.select(VoteOnBehalf.id, VoteOnBehalf.idea_id, VoteOnBehalf.user_id, _SAID.label("said")).where(
            VoteOnBehalf.idea_id.in_(named.ideas.ids.values()), VoteOnBehalf.user_id.in_(named.people.ids.values())
        )
    )
    here = {(row.idea_id, row.user_id): row for row in rows}
    found = []
    for item in items:
        values = item.values
        reason = named.missing(item)
        if reason is None and values["confirmed_at"] and values["denied_at"]:
            reason = _("Somebody says yes or no, not both.")
        row = here.get((named.ideas.ids.get(values["idea"]), named.people.ids.get(values["person"])))
        if reason is not None:
            found.append(refused(item, reason))
        elif row is not None:
            told = "yes" if values["confirmed_at"] else "no" if values["denied_at"] else "nothing"
            found.append(known(item, row.id, {"said": (row.said, told)}))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


_SAID = sa.case(
    (VoteOnBehalf.confirmed_at.is_not(None), "yes"), (VoteOnBehalf.denied_at.is_not(None), "no"), else_="nothing"
)


def put_on_behalf(places: Places, verdicts: Sequence[Verdict]) -> None:
    items = [verdict.item for verdict in verdicts]
    named = _All(places, items)
    behalf.take_over(
        [
            behalf.Former(
                idea_id=named.ideas.ids[values["idea"]],
                user_id=named.people.ids[values["person"]],
                by_id=named.people.ids[values["by"]],
                evidence_id=named.evidence.ids[values["evidence"]] if values["evidence"] else None,
                at=values["at"] or places.now,
                confirmed_at=values["confirmed_at"],
                denied_at=values["denied_at"],
            )
            for values in (item.values for item in items)
        ]
    )
