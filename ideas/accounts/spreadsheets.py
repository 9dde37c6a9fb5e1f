"""Companies and people as CSV files, both ways: what goes out comes in again, and no cell of it is run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from babel.numbers import get_currency_precision
from marshmallow import ValidationError

from ideas import csv_in
from ideas.accounts import policy, schemas_customers, upserting
from ideas.accounts.models import Company, User
from ideas.csv_in import FileRefused, Refused
from ideas.db import db
from ideas.privacy import FORMULA_STARTS, formula_safe
from ideas.settings import current
from ideas.text import clean, cut
from ideas.words import _

ROWS_MOST = 50_000
BYTES_MOST = 64 * 2**20
BATCH = 500
ATTRIBUTE = "attributes."
DELIMITERS = ",;\t"  # spreadsheets write what is usual in their country


class Kind(StrEnum):
    """What a file is about."""

    COMPANIES = "companies"
    PEOPLE = "people"


# Columns of a file; beside them stand attributes, as “attributes.seats”.
COLUMNS = {
    Kind.COMPANIES: ("external_id", "name", "plan", "revenue", "renews_on"),
    Kind.PEOPLE: ("external_id", "email", "name", "company"),
}
# By what a row says whom it is about.
KEYS = {Kind.COMPANIES: ("external_id", "name"), Kind.PEOPLE: ("external_id", "email")}
# What an empty cell leaves as it is; every other empty cell clears.
KEPT = {"external_id", "name", "email"}
_SCHEMAS = {
    Kind.COMPANIES: schemas_customers.CompanyRow(partial=("external_id",)),
    Kind.PEOPLE: schemas_customers.PersonRow(partial=("external_id",)),
}


@dataclass(frozen=True)
class Change:
    """What becomes of one row that is not as it was. fields: of those that differ, what was and what is."""

    line: int
    name: str
    is_new: bool
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Taken:
    """What became of a file."""

    rows: int
    added: int
    changed: int
    same: int
    changes: list[Change]
    refused: tuple[Refused, ...]
    ignored: tuple[str, ...]


# --- In ---


def take(actor: User | None, kind: Kind, path: Path, *, skip_refused: bool = False, shown: int = 100) -> Taken:
    """Put in what the file says; `changes` has the first `shown`. None acts for the command line.

    Raises FileRefused when the file cannot be read, or when rows cannot be taken and `skip_refused` is off; the caller
    then undoes what was done.
    """
    if actor is not None:
        policy.require_admin(actor)
    lines, rows, refused, ignored = _read(kind, path)
    put = upserting.put_companies if kind == Kind.COMPANIES else upserting.put_people
    outcome: upserting.Outcome[Any] = put(actor, rows)
    for number, wrong in outcome.wrong.items():
        refused.append(Refused(lines[number], _in_words(wrong)))
    refused.sort()
    if refused and not skip_refused:
        said = _("Nothing was imported. Rows that cannot be taken: %(number)s.", number=len(refused))
        raise FileRefused(said, tuple(refused))
    news = [each for each in outcome.done if each.is_new or each.changed]
    changes = [Change(lines[each.number], each.thing.name, each.is_new, each.changed) for each in news[:shown]]
    return Taken(
        len(rows) + len(refused) - len(outcome.wrong),
        *(outcome.added, outcome.changed, outcome.same),
        changes,
        tuple(refused),
        ignored,
    )


def _read(kind: Kind, path: Path) -> tuple[list[int], list[dict[str, Any]], list[Refused], tuple[str, ...]]:
    """The lines, what each says as the schema loads it, those refused, and columns that nobody asked for."""
    found = csv_in.records(path, BYTES_MOST, delimiters=DELIMITERS)
    _line, header = next(found, (1, []))
    names = [_cell_said(name).strip() for name in header]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise FileRefused(_("Line 1: the column “%(name)s” stands there twice.", name=cut(twice[0], 80)))
    if not set(KEYS[kind]) & set(names):
        wanted = _("” or “").join(KEYS[kind])
        raise FileRefused(_("Line 1: the file has no column “%(name)s”.", name=wanted))
    known = [name in COLUMNS[kind] or name.startswith(ATTRIBUTE) for name in names]
    lines: list[int] = []
    rows: list[dict[str, Any]] = []
    refused: list[Refused] = []
    for line, record in found:
        if len(lines) + len(refused) >= ROWS_MOST:
            raise FileRefused(_("The file has more than %(most)s rows. Split it.", most=f"{ROWS_MOST:,}"))
        if len(record) != len(header):
            reason = _("It has %(has)s fields where the header has %(wanted)s.", has=len(record), wanted=len(header))
            refused.append(Refused(line, reason))
            continue
        cells = {name: cell for name, cell, is_known in zip(names, record, known, strict=True) if is_known}
        try:
            rows.append(_row(kind, cells))
            lines.append(line)
        except ValidationError as error:
            refused.append(Refused(line, _in_words(error.messages_dict)))
    return lines, rows, refused, tuple(name for name, is_known in zip(names, known, strict=True) if not is_known)


def _row(kind: Kind, cells: Mapping[str, str]) -> dict[str, Any]:
    """What a row says. Raises ValidationError."""
    said: dict[str, Any] = {}
    for name, cell in cells.items():
        text = _cell_said(cell).strip()
        if name.startswith(ATTRIBUTE):
            said.setdefault("attributes", {})[name.removeprefix(ATTRIBUTE)] = text or None
        elif name == "revenue":
            said["monthly_revenue"] = smallest_units(text) if text else None
        elif text or name not in KEPT:
            said[name] = text or None
    if not any(said.get(key) for key in KEYS[kind]):
        raise ValidationError({KEYS[kind][0]: [_("Nothing says whom this row is about.")]})
    loaded: dict[str, Any] = _SCHEMAS[kind].load(said)
    return loaded


def smallest_units(text: str) -> int:
    """An amount as people write it, 1200.50, in the smallest unit of the currency. Raises ValidationError."""
    places = get_currency_precision(current().currency)
    try:
        amount = Decimal(text).scaleb(places)
        if not amount.is_finite() or amount != int(amount):
            raise ValueError
        return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValidationError({"revenue": [_("This is no amount. Write it like 1200 or 1200.50.")]}) from None


def _cell_said(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _in_words(wrong: Mapping[str, Any], before: str = "") -> str:
    """Messages as one text, each with its column."""
    said = []
    for name, messages in wrong.items():
        column = before + {"monthly_revenue": "revenue"}.get(name, str(name))
        if isinstance(messages, dict):
            said.append(_in_words(messages, f"{column}."))
        else:
            said.append(f"{_visible(column)}: {' '.join(map(str, messages))}")
    return " ".join(said)


def _visible(name: str) -> str:
    try:
        return cut(clean(name), 80)
    except ValueError:
        return "?"


# --- Out ---


def lines_of(actor: User | None, kind: Kind) -> Iterator[str]:
    """All companies or people as the lines of a CSV file that `take` takes. Reads some hundred at a time."""
    if actor is not None:
        policy.require_admin(actor)
    model: Any = Company if kind == Kind.COMPANIES else User
    attributes = _attributes_of(model)
    yield "\ufeff" + _line([*COLUMNS[kind], *(f"{ATTRIBUTE}{name}" for name in attributes)])
    if kind == Kind.COMPANIES:
        columns = (Company.external_id, Company.name, Company.plan, Company.monthly_revenue, Company.renews_on)
        statement: Any = sa.select(*columns, Company.attributes).order_by(Company.id)
    else:
        company = sa.func.coalesce(Company.external_id, Company.name)
        statement = (
            sa.select(User.external_id, User.email, User.name, company, User.attributes)
            .outerjoin(Company, Company.id == User.company_id)
            .where(User.erased_at.is_(None), sa.or_(User.external_id.is_not(None), User.email.is_not(None)))
            .order_by(User.id)
        )
    for *cells, known in db.session.execute(statement.execution_options(yield_per=BATCH)):
        if kind == Kind.COMPANIES:
            cells[3] = _amount(cells[3])
        yield _line([*cells, *(known.get(name) for name in attributes)])


def _attributes_of(model: Any) -> list[str]:
    """Names of all attributes that any of them has."""
    there = sa.select(model.attributes).where(sa.cast(model.attributes, sa.String) != "{}")
    names: set[str] = set()
    for known in db.session.scalars(there.execution_options(yield_per=BATCH)):
        names |= set(known)
    return sorted(names)[: csv_in.COLUMNS_MOST - 10]


def _amount(units: int | None) -> str:
    return "" if units is None else f"{Decimal(units).scaleb(-get_currency_precision(current().currency)):f}"


def _line(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        [formula_safe(str(cell)) if cell is not None else "" for cell in cells]
    )
    return out.getvalue()
