"""Boards, tags, companies and people of a file: what becomes of them, and putting them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ideas.accounts import people
from ideas.accounts.models import Company, User
from ideas.boards import boardkeeping, posting, voting
from ideas.boards.models import Board, Premoderation, Stage, Tag, Visibility, Vote
from ideas.boards.schemas import BoardWords
from ideas.db import db
from ideas.ledger.models import Delivery
from ideas.moving.places import Places, keys_of
from ideas.moving.records import Kind
from ideas.moving.spooling import Item
from ideas.moving.verdicts import Became, Verdict, known, refused
from ideas.text import folded
from ideas.words import _

# --- Boards and tags ---

_BOARD_WORDS = ("name", "about", "visibility", "promise", "answer_within_days", "premoderation", "embed_sites")


def judge_boards(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """A board is found by its address. One that is here gets the statuses that it lacks, and stays as it is."""
    return [_judge_board(places, item) for item in items]


def _judge_board(places: Places, item: Item) -> Verdict:
    values = item.values
    here = places.board(values["slug"])
    if here is None:
        said = {name: values[name] for name in ("slug", *_BOARD_WORDS) if values[name] is not None}
        if wrong := BoardWords().validate(said):
            name, messages = next(iter(wrong.items()))
            return refused(item, f"“{name}”: {' '.join(map(str, messages))}")
        return Verdict(item, Became.NEW)
    lacking = [each["slug"] for each in values["statuses"] or () if each["slug"] not in places.statuses(values["slug"])]
    if lacking:
        return Verdict(item, Became.CHANGED, here.id, {"statuses": ("", ", ".join(lacking))})
    return known(item, here.id, {name: (getattr(here, name), values[name]) for name in _BOARD_WORDS})


def put_boards(places: Places, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        values = verdict.item.values
        statuses = values["statuses"] or []
        board = places.board(values["slug"])
        if board is None:
            words = {name: values[name] for name in (*_BOARD_WORDS, "created_at", "slug") if values[name] is not None}
            words.setdefault("created_at", places.now)
            words.setdefault("visibility", Visibility.PRIVATE)  # whoever does not say so shows nothing to everybody
            unsaid = {"about": "", "promise": "", "answer_within_days": None, "premoderation": Premoderation.NONE}
            words = {**unsaid, "embed_sites": [], **words}
            told = [(each["slug"], each["name"], each["stage"]) for each in statuses]
            boardkeeping.take_over(None, words, told)
        else:
            for each in statuses:
                if each["slug"] not in places.statuses(values["slug"]):
                    added = boardkeeping.add_status(None, board, name=each["name"], stage=Stage(each["stage"]))
                    added.slug = each["slug"]
        db.session.flush()
        places.forget()


def judge_tags(places: Places, items: Sequence[Item]) -> list[Verdict]:
    return [_judge_tag(places, item) for item in items]


def _judge_tag(places: Places, item: Item) -> Verdict:
    slug = places.board_of(item.values)
    if not places.words(slug):
        return refused(item, no_board(slug))
    tags = places.tags(slug)
    name = item.values["name"]
    here = tags.get(item.values["slug"] or name) or tags.get(name)
    same_name = [tag_id for word, tag_id in tags.items() if folded(word) == folded(name)]
    if here is None and not same_name:
        return Verdict(item, Became.NEW)
    return Verdict(item, Became.SAME, here or same_name[0])


def put_tags(places: Places, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        values = verdict.item.values
        board = db.session.scalars(sa.select(Board).where(Board.slug == places.board_of(values))).one()
        taken = set(db.session.scalars(sa.select(Tag.slug).where(Tag.board_id == board.id)))
        slug = values["slug"] if values["slug"] not in taken else None
        if _judge_tag(places, verdict.item).became == Became.NEW:  # another of the same batch may have the name
            boardkeeping.add_tag(None, board, name=values["name"], slug=slug)


def no_board(slug: str) -> str:
    if not slug:
        return _("It says no board, and no board was chosen for what says none.")
    return _("There is no board “%(board)s”, here or in the file.", board=slug)


# --- Companies ---


def judge_companies(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """A company is found by the source's id, by its id in the customer system, or by its name."""
    ids = places.ids(Kind.COMPANY, {item.key for item in items})
    rows = db.session.scalars(
        sa.select(Company).where(
            sa.or_(
                Company.id.in_(list(ids.values())),
                Company.external_id.in_(keys_of(items, "external_id")),
                Company.name.in_(keys_of(items, "name")),
            )
        )
    ).all()
    by_id = {row.id: row for row in rows}
    by_external = {row.external_id: row for row in rows if row.external_id}
    by_name = {row.name: row for row in rows}
    found = []
    for item in items:
        values = item.values
        here = by_id.get(ids.get(item.key, 0)) or by_external.get(values["external_id"]) or by_name.get(values["name"])
        if here is None:
            found.append(Verdict(item, Became.NEW))
            continue
        names = ("name", "external_id", "plan", "monthly_revenue", "renews_on")
        found.append(known(item, here.id, {name: (getattr(here, name), values[name]) for name in names}))
    return found


def put_companies(places: Places, verdicts: Sequence[Verdict]) -> None:
    first: dict[str, Verdict] = {}  # a name stands for one company here, whatever the source makes of it
    for verdict in verdicts:
        first.setdefault(verdict.item.values["name"], verdict)
    rows = [
        people.FormerCompany(
            name=values["name"],
            external_id=values["external_id"],
            plan=values["plan"],
            monthly_revenue=values["monthly_revenue"],
            renews_on=values["renews_on"],
            attributes=values["attributes"] or {},
            created_at=values["created_at"] or places.now,
        )
        for values in (verdict.item.values for verdict in first.values())
    ]
    made = dict(zip(first, people.take_over_companies(rows), strict=True))
    places.remember(Kind.COMPANY, [(verdict.item.key, made[verdict.item.values["name"]]) for verdict in verdicts])


# --- People ---


def judge_people(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """A person is found by the source's id, by their id in the customer system, or by their address.

    Whoever is here stays as they are; only who came without an address gets the one that the file knows by now.
    """
    ids = places.ids(Kind.PERSON, {item.key for item in items})
    rows = db.session.scalars(
        sa.select(User).where(
            sa.or_(
                User.id.in_(list(ids.values())),
                User.external_id.in_(keys_of(items, "external_id")),
                User.email.in_(keys_of(items, "email")),
            )
        )
    ).all()
    by_id = {row.id: row for row in rows}
    by_external = {row.external_id: row for row in rows if row.external_id}
    by_email = {row.email: row for row in rows if row.email}
    found = []
    for item in items:
        values = item.values
        here = by_id.get(ids.get(item.key, 0))
        if here is not None:
            found.append(_judge_known(item, here, by_email.get(values["email"])))
            continue
        other = by_external.get(values["external_id"]) or by_email.get(values["email"])
        if item.implied:
            found.append(Verdict(item, Became.PASSED))
        elif other is not None:
            # remembered, so that what names the id finds them
            found.append(Verdict(item, Became.CHANGED, other.id))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def _judge_known(item: Item, here: User, other: User | None) -> Verdict:
    email = item.values["email"]
    is_reached = email is not None and here.email is None and here.verified_at is None and here.erased_at is None
    if is_reached and (other is None or not _was_told(here.id)):
        return Verdict(item, Became.CHANGED, here.id, {"email": (None, email)})
    if here.is_claimed or here.erased_at is not None or item.implied:
        return Verdict(item, Became.SAME, here.id)
    return known(item, here.id, {"name": (here.name, item.values["name"])})


def put_people(places: Places, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if "email" in verdict.differences and verdict.here is not None:
            _reach(places, verdict.here, verdict.item.values["email"])
    new = [verdict for verdict in verdicts if verdict.here is None]
    companies = places.ids(Kind.COMPANY, keys_of((verdict.item for verdict in new), "company"))
    by_name = _companies_named(places, new, companies)
    rows = _apart(_unclaimed(verdict.item.values, {**by_name, **companies}) for verdict in new)
    made = people.add_unclaimed(rows)
    pairs = list(zip((verdict.item.key for verdict in new), made, strict=True))
    pairs += [(verdict.item.key, verdict.here) for verdict in verdicts if verdict.here and not verdict.differences]
    places.remember(Kind.PERSON, pairs)


def _apart(rows: Iterable[people.Unclaimed]) -> list[people.Unclaimed]:
    """An id in the customer system is one person's: the first who says it has it."""
    taken: set[str | None] = {None}
    found = []
    for row in rows:
        found.append(row._replace(external_id=None) if row.external_id in taken else row)
        taken.add(row.external_id)
    return found


def _companies_named(places: Places, new: Iterable[Verdict], known_ids: Mapping[str, int]) -> dict[str, int]:
    """Companies that were here before the file came, by the ids that the file gives them."""
    missing = keys_of((verdict.item for verdict in new), "company") - set(known_ids)
    told = places.spool.bodies(Kind.COMPANY, missing) if missing else {}
    if not told:
        return {}
    names = [values["name"] for values in told.values()]
    external = [values["external_id"] for values in told.values() if values["external_id"]]
    rows = db.session.scalars(
        sa.select(Company).where(sa.or_(Company.name.in_(names), Company.external_id.in_(external)))
    ).all()
    found = {}
    for key, values in told.items():
        for row in rows:
            if row.name == values["name"] or (row.external_id and row.external_id == values["external_id"]):
                found[key] = row.id
    return found


def _unclaimed(values: Mapping[str, Any], companies: Mapping[str, int]) -> people.Unclaimed:
    return people.Unclaimed(
        name=values["name"],
        email=values["email"],
        title=values["title"],
        company_id=companies.get(values["company"] or ""),
        external_id=values["external_id"],
        attributes=values["attributes"] or {},
        shown_as_backer=bool(values["shown_as_backer"]),
        created_at=values["created_at"],
    )


def _reach(places: Places, nameless_id: int, address: str) -> None:
    """`nameless`, who came without an address, is reached there from now on.

    When somebody has that address already, they take over what was imported for `nameless`.
    """
    if people.give_address(db.session.get_one(User, nameless_id), address):
        return
    other = people.by_email(address)
    if other is None or _was_told(nameless_id):
        return
    other_id = other.id
    posting.hand_over(nameless_id, other_id)
    votes = db.session.execute(sa.select(Vote.id, Vote.idea_id, Vote.cast_at).where(Vote.user_id == nameless_id)).all()
    voting.take_over([(vote.idea_id, other_id, vote.cast_at) for vote in votes])
    voting.take_back([vote.id for vote in votes])
    voting.count_anew({vote.idea_id for vote in votes})
    places.move(Kind.PERSON, nameless_id, other_id)


def _was_told(person_id: int) -> bool:
    """What the ledger says of a person stays theirs."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Delivery.user_id == person_id))))
