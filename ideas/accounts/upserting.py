"""What another system knows of companies and people, put in by its own ids; the rest of both rows people.py writes.

Whatever is sent again changes nothing. A field that is left out stays as it is; one that is None is cleared. Who has an
account here keeps the name and the address that are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.accounts import audit, locks, people, policy, suppressions
from ideas.accounts.models import Company, User
from ideas.db import INSERTS, db
from ideas.words import _

CHUNK = 500
ATTRIBUTES_MOST = 40

Row = Mapping[str, Any]  # as schemas_customers.py loads it
Wrong = dict[str, list[str]]  # field → messages
_Thing = TypeVar("_Thing", Company, User)


@dataclass(frozen=True)
class Put(Generic[_Thing]):
    """What became of one row. number: which one it was, from 0. changed: field → what it was and what it is."""

    number: int
    thing: _Thing
    is_new: bool
    changed: dict[str, tuple[Any, Any]]


@dataclass
class Outcome(Generic[_Thing]):
    """What became of all rows. wrong: of those that cannot be taken, by number, why."""

    done: list[Put[_Thing]] = field(default_factory=list)
    wrong: dict[int, Wrong] = field(default_factory=dict)

    @property
    def added(self) -> int:
        return sum(put.is_new for put in self.done)

    @property
    def changed(self) -> int:
        return sum(bool(put.changed) and not put.is_new for put in self.done)

    @property
    def same(self) -> int:
        return len(self.done) - self.added - self.changed


def put_company(actor: User, external_id: str, said: Row) -> Company:
    """The company of that id elsewhere is as `said`. Raises ValidationError."""
    return _only(put_companies(actor, [{**said, "external_id": external_id}])).thing


def put_person(actor: User, external_id: str, said: Row) -> User:
    """The person of that id elsewhere is as `said`. Raises ValidationError."""
    return _only(put_people(actor, [{**said, "external_id": external_id}])).thing


def put_known(person: User, said: Row, *, by: str) -> None:
    """`person`, whom the caller knows already, is as `said`; by: whose word it is, for the audit log.

    Loaded: company. Raises ValidationError.
    """
    locks.hold("people elsewhere")
    named = {str(said["company"])} if said.get("company") else set()
    outcome: Outcome[User] = Outcome()
    _write_person(0, person, said, _Known(), _companies(named, named), outcome)
    _only(outcome)
    _note(None, "person", outcome, by=by)


def put_companies(actor: User | None, rows: Sequence[Row], *, by: str | None = None) -> Outcome[Company]:
    """Those companies are as the rows say, each found by its id elsewhere, or by its name while it has none.

    What cannot be taken is in `wrong`, and the caller decides whether the rest stays. None acts for the command line,
    or for whoever `by` names.
    """
    _require(actor)
    locks.hold("company names")
    outcome: Outcome[Company] = Outcome()
    _refuse_twice(rows, outcome.wrong, "external_id", lambda row: row.get("external_id"))
    for numbers in _chunks(rows, outcome.wrong):
        known = _companies({rows[number].get("external_id") for number in numbers}, _names(rows, numbers))
        _begin_companies(rows, numbers, known, outcome.wrong)
        for number in numbers:
            if number not in outcome.wrong:
                _put_company(number, rows[number], known, outcome)
        db.session.flush()  # the next chunk asks for names
    _note(actor, "company", outcome, by=by)
    return outcome


def put_people(actor: User | None, rows: Sequence[Row]) -> Outcome[User]:
    """Those people are as the rows say, each found by their id elsewhere, or by their address while they have none.

    Whoever is new is unclaimed: they are told of things, and sign in once they prove their address. As put_companies.
    """
    _require(actor)
    locks.hold("people elsewhere")
    outcome: Outcome[User] = Outcome()
    _refuse_twice(rows, outcome.wrong, "external_id", lambda row: row.get("external_id"))
    _refuse_twice(rows, outcome.wrong, "email", lambda row: row.get("email"))
    for numbers in _chunks(rows, outcome.wrong):
        named = {str(rows[number]["company"]) for number in numbers if rows[number].get("company")}
        theirs = _companies(named, named)
        known = _people(rows, numbers)
        _begin_people(rows, numbers, known, outcome.wrong)
        for number in numbers:
            if number not in outcome.wrong:
                _put_person(number, rows[number], known, theirs, outcome)
        db.session.flush()  # the next chunk asks for addresses
    _note(actor, "person", outcome)
    return outcome


# --- Companies ---


@dataclass
class _Known(Generic[_Thing]):
    """Those that there are, by their id elsewhere and by what else tells them apart: name or address."""

    by_id: dict[str, _Thing] = field(default_factory=dict)
    by_word: dict[str, _Thing] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)  # ids of those that are new


def _names(rows: Sequence[Row], numbers: Iterable[int]) -> set[str]:
    return {rows[number]["name"] for number in numbers if rows[number].get("name")}


def _companies(external_ids: Iterable[str | None], names: Iterable[str]) -> _Known[Company]:
    asked = sa.or_(Company.external_id.in_([each for each in external_ids if each]), Company.name.in_(list(names)))
    found = db.session.scalars(sa.select(Company).where(asked)).all()
    by_id = {each.external_id: each for each in found if each.external_id}
    return _Known(by_id, {each.name: each for each in found})


def _begin_companies(rows: Sequence[Row], numbers: list[int], known: _Known[Company], wrong: dict[int, Wrong]) -> None:
    """Make a row for each company that is not known yet: all of them in one statement."""
    new: dict[str, str | None] = {}
    for number in numbers:
        row = rows[number]
        external_id, name = row.get("external_id"), row.get("name")
        if number in wrong or (external_id in known.by_id) or name in known.by_word:
            continue
        if not name:
            wrong[number] = {"name": [_("This company is new here, so say what it is called.")]}
        elif name in new:
            wrong[number] = {"name": [_taken()]}
        else:
            new[name] = external_id
    if not new:
        return
    values = [{"name": name, "external_id": external_id} for name, external_id in new.items()]
    insert = INSERTS[db.session.get_bind().dialect.name]
    db.session.execute(insert(Company.__table__).on_conflict_do_nothing(), values)
    made = _companies(new.values(), new)
    known.made |= {each.id for each in made.by_word.values()}
    known.by_id |= made.by_id
    known.by_word |= made.by_word


def _put_company(number: int, row: Row, known: _Known[Company], outcome: Outcome[Company]) -> None:
    external_id, name = row.get("external_id"), row.get("name")
    company = known.by_id.get(external_id) if external_id else None
    namesake = known.by_word.get(name) if name else None
    if company is None:
        company = namesake
        if company is not None and external_id and company.external_id not in (None, external_id):
            outcome.wrong[number] = {"name": [_taken(company.external_id)]}
            return
    elif namesake is not None and namesake is not company:
        outcome.wrong[number] = {"name": [_taken(namesake.external_id)]}
        return
    if company is None:
        outcome.wrong[number] = {"name": [_("Somebody wrote this company at this very moment. Send it again.")]}
        return
    former = company.name
    values = {key: row[key] for key in ("name", "plan", "monthly_revenue", "renews_on") if key in row}
    if external_id:
        values["external_id"] = external_id
    changed = _write(company, values, row.get("attributes"))
    if company.name != former:
        known.by_word.pop(former, None)
        known.by_word[company.name] = company
    if external_id:
        known.by_id[external_id] = company
    outcome.done.append(Put(number, company, _is_new(company, known), changed))


def _taken(external_id: str | None = None) -> str:
    if external_id:
        return _("The company with the id “%(id)s” has this name already.", id=external_id)
    return _("There is a company with this name already.")


# --- People ---


def _people(rows: Sequence[Row], numbers: Iterable[int]) -> _Known[User]:
    ids = [rows[number]["external_id"] for number in numbers if rows[number].get("external_id")]
    addresses = [rows[number]["email"] for number in numbers if rows[number].get("email")]
    asked = sa.or_(User.external_id.in_(ids), User.email.in_(addresses))
    found = db.session.scalars(sa.select(User).where(asked).options(joinedload(User.company))).all()
    by_id = {each.external_id: each for each in found if each.external_id}
    return _Known(by_id, {each.email: each for each in found if each.email})


def _begin_people(rows: Sequence[Row], numbers: list[int], known: _Known[User], wrong: dict[int, Wrong]) -> None:
    """Make a row for each person who is not known yet, unclaimed."""
    new: list[dict[str, Any]] = []
    for number in numbers:
        row = rows[number]
        external_id, email = row.get("external_id"), row.get("email")
        if number in wrong or external_id in known.by_id or email in known.by_word:
            continue
        name = row.get("name") or (email or "").partition("@")[0]
        if not name:
            wrong[number] = {"name": [_("This person is new here, so say their name or their address.")]}
            continue
        new.append({"name": name, "email": email, "external_id": external_id, "is_imported": True})
    if not new:
        return
    insert = INSERTS[db.session.get_bind().dialect.name]
    db.session.execute(insert(User.__table__).on_conflict_do_nothing(), new)
    suppressions.apply_to([each["email"] for each in new if each["email"]])
    made = _people(new, range(len(new)))
    known.made |= {each.id for each in (*made.by_id.values(), *made.by_word.values())}
    known.by_id |= made.by_id
    known.by_word |= made.by_word


def _put_person(number: int, row: Row, known: _Known[User], companies: _Known[Company], outcome: Outcome[User]) -> None:
    external_id, email = row.get("external_id"), row.get("email")
    person = known.by_id.get(external_id) if external_id else None
    reached = known.by_word.get(email) if email else None
    if person is None:
        person = reached
        if person is not None and external_id and person.external_id not in (None, external_id):
            outcome.wrong[number] = {
                "email": [_("The person with the id “%(id)s” has this address.", id=person.external_id)]
            }
            return
    elif reached is not None and reached is not person:
        outcome.wrong[number] = {"email": [_("Somebody else has this address.")]}
        return
    if person is None:
        outcome.wrong[number] = {"email": [_("Somebody wrote this person at this very moment. Send it again.")]}
        return
    _write_person(number, person, row, known, companies, outcome)


def _write_person(
    number: int, person: User, row: Row, known: _Known[User], companies: _Known[Company], outcome: Outcome[User]
) -> None:
    external_id, email = row.get("external_id"), row.get("email")
    said = row.get("company")
    company = _company_of(said, companies)
    if said and company is None:
        outcome.wrong[number] = {"company": [_("There is no company “%(id)s”. Put it in first.", id=said)]}
        return
    changed: dict[str, tuple[Any, Any]] = {}
    values: dict[str, Any] = {"external_id": external_id} if external_id else {}
    if "company" in row and person.company is not company:
        former = person.company
        changed["company"] = (former.name if former else None, company.name if company else None)
        person.company = company
    if not person.is_claimed and row.get("name"):
        values["name"] = row["name"]
    is_new = _is_new(person, known)
    changed |= _write(person, values, row.get("attributes"))
    if email and person.email is None and not person.is_claimed and people.give_address(person, email):
        changed["email"] = (None, email)
        known.by_word[email] = person
    if external_id:
        known.by_id[external_id] = person
    outcome.done.append(Put(number, person, is_new, changed))


def _company_of(said: str | None, companies: _Known[Company]) -> Company | None:
    return (companies.by_id.get(said) or companies.by_word.get(said)) if said else None


# --- Both ---


def _write(
    thing: Company | User, values: Mapping[str, Any], attributes: Mapping[str, str | None] | None
) -> dict[str, tuple[Any, Any]]:
    """Set what differs; field → what it was and what it is."""
    changed: dict[str, tuple[Any, Any]] = {}
    for name, value in values.items():
        before = getattr(thing, name)
        if before == value:
            continue
        setattr(thing, name, value)
        changed[name] = (before, value)
    if attributes:
        former = dict(thing.attributes)
        kept = {**former, **attributes}
        merged = {name: text for name, text in kept.items() if text is not None}
        for name in sorted(former.keys() | merged.keys()):
            if former.get(name) != merged.get(name):
                changed[f"attributes.{name}"] = (former.get(name), merged.get(name))
        if merged != former:
            thing.attributes = merged
    return changed


def _is_new(thing: Company | User, known: _Known[Any]) -> bool:
    """Once: what comes a second time in the same sending is there by then."""
    if thing.id not in known.made:
        return False
    known.made.discard(thing.id)
    return True


def _chunks(rows: Sequence[Row], wrong: Mapping[int, Wrong]) -> Iterable[list[int]]:
    """Numbers of rows, some hundred at a time, without those that are refused already."""
    for start in range(0, len(rows), CHUNK):
        yield [number for number in range(start, min(start + CHUNK, len(rows))) if number not in wrong]


def _refuse_twice(
    rows: Sequence[Row], wrong: dict[int, Wrong], name: str, key: Callable[[Row], Hashable | None]
) -> None:
    seen: set[Hashable] = set()
    for number, row in enumerate(rows):
        said = key(row)
        if said is None or number in wrong:
            continue
        if said in seen:
            wrong[number] = {name: [_("“%(said)s” was sent twice.", said=said)]}
        seen.add(said)


def _require(actor: User | None) -> None:
    if actor is not None:
        policy.require_admin(actor)


def _only(outcome: Outcome[_Thing]) -> Put[_Thing]:
    if outcome.wrong:
        raise ValidationError(dict(outcome.wrong[0]))
    return outcome.done[0]


def _note(actor: User | None, kind: str, outcome: Outcome[Any], *, by: str | None = None) -> None:
    """Write down what was put in, if anything changed: of one its fields, of many how many they were."""
    news = [put for put in outcome.done if put.is_new or put.changed]
    if not news:
        return
    if len(outcome.done) == 1:
        put = news[0]
        act = "added" if put.is_new else "changed"
        named = {"by": by} if by else {}
        audit.record(actor, f"{kind}.{act}", f"{kind}:{put.thing.id}", fields=sorted(put.changed), **named)
        return
    plural = {"company": "companies", "person": "people"}[kind]
    counts = {"added": outcome.added, "changed": outcome.changed, "refused": len(outcome.wrong)}
    audit.record(actor, f"{plural}.put", plural, **counts)
