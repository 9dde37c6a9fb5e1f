"""What a field of a record may be: how it is read from JSON and from a cell of a table, or why it cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from marshmallow import ValidationError

from ideas.accounts import addresses
from ideas.boards.models_evidence import LINK_LONGEST
from ideas.boards.schemas_evidence import is_web_address
from ideas.db import utcnow
from ideas.schemas import Origin
from ideas.text import clean, cut, one_line
from ideas.words import _

ID_LONGEST = 60
LISTS_MOST = 1_000  # of anything within one record
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# clocks differ; more than this in the future is a mistake, and such a vote would lead the trending list until then
CLOCKS_DIFFER = timedelta(days=1)


class At(NamedTuple):
    """Where in what was sent something stands: a line, or an entry of a list; file is "" when there is but one."""

    line: int
    file: str = ""


class Wrong(ValueError):
    """A record that cannot be taken; the message names the field. at: where it stands."""

    def __init__(self, message: str, at: At | None = None) -> None:
        super().__init__(message)
        self.at = at or At(0)


Read = Callable[[Any], Any]  # what a field says → what it means; raises ValueError with the reason


class Field(NamedTuple):
    """A field of a record. cell: how it is read from a cell of a table; there everything is text."""

    read: Read
    needed: bool = False
    cell: Callable[[str], Any] = str


# --- What a field may be ---


def identity(value: Any) -> str:
    """An id in the source: text, or a number that is taken as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(_("it is no id"))
    found = one_line(str(value))
    if len(found) > ID_LONGEST:
        raise ValueError(_("it is longer than %(most)s characters", most=ID_LONGEST))
    if not found:
        raise ValueError(_("it is empty"))
    return found


def line(longest: int) -> Read:
    def read(value: Any) -> str:
        found = one_line(_text(value))
        if not found:
            raise ValueError(_("it is empty"))
        if len(found) > longest:
            raise ValueError(_("it is %(long)s characters long; %(most)s fit", long=len(found), most=longest))
        return found

    return read


def words(longest: int) -> Read:
    def read(value: Any) -> str:
        found = clean(_text(value))
        if len(found) > longest:
            raise ValueError(_("it is %(long)s characters long; %(most)s fit", long=len(found), most=longest))
        return found

    return read


def moment(value: Any) -> datetime:
    text = _text(value).strip()
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        said = cut(clean(text), 40)
        raise ValueError(_("“%(text)s” is no time like 2026-11-22T10:00:00Z", text=said)) from None
    if at < EARLIEST or at > utcnow() + CLOCKS_DIFFER:
        raise ValueError(_("the time %(time)s lies before 1970 or in the future", time=cut(clean(text), 40)))
    return at


def day(value: Any) -> date:
    try:
        return date.fromisoformat(_text(value).strip())
    except ValueError:
        said = cut(clean(_text(value)), 40)
        raise ValueError(_("“%(text)s” is no day like 2026-11-22", text=said)) from None


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("it is neither true nor false"))
    return value


def number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31 - 1:
        raise ValueError(_("it is no number that fits"))
    return value


def large_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        raise ValueError(_("it is no number that fits"))
    return value


def one_of(choices: type[StrEnum]) -> Read:
    def read(value: Any) -> str:
        if value not in list(choices):
            raise ValueError(_("it is none of %(choices)s", choices=", ".join(choices)))
        return str(value)

    return read


def address(value: Any) -> str:
    try:
        return addresses.email(_text(value))
    except ValueError:
        raise ValueError(_("“%(text)s” is no e-mail address", text=cut(clean(_text(value)), 60))) from None


def web_address(value: Any) -> str:
    found: str = line(LINK_LONGEST)(value)
    if not is_web_address(found):
        raise ValueError(_("it is no address of a page"))
    return found


def attributes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > 50:
        raise ValueError(_("it is no list of at most 50 names with values"))
    return {line(60)(name): words(200)(said) for name, said in value.items()}


def site(value: Any) -> str:
    try:
        return str(Origin().deserialize(value))
    except ValidationError:
        raise ValueError(_("“%(text)s” is no site", text=cut(clean(_text(value)), 60))) from None


def several(read: Read) -> Read:
    def read_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError(_("it is no list"))
        if len(value) > LISTS_MOST:
            raise ValueError(_("it has more than %(most)s entries", most=LISTS_MOST))
        return [read(each) for each in value]

    return read_all


def table(fields: Mapping[str, Field]) -> Read:
    """Several things of one shape, inside a record."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(_("an entry is no object"))
        return load_fields(fields, value)

    return several(read)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("it is no text"))
    return value


# --- How they stand in a cell of a table ---


def _json_cell(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise ValueError(_("it is no JSON")) from None


def _flag_cell(cell: str) -> bool:
    found = {"true": True, "false": False, "1": True, "0": False}.get(cell.strip().lower())
    if found is None:
        raise ValueError(_("it is neither true nor false"))
    return found


def _number_cell(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError(_("it is no number")) from None


def as_field(read: Read, *, needed: bool = False) -> Field:
    cells: dict[Read, Callable[[str], Any]] = {flag: _flag_cell, attributes: _json_cell}
    cells |= {number: _number_cell, large_number: _number_cell}
    nested = getattr(read, "__name__", "") == "read_all"
    return Field(read, needed, _json_cell if nested else cells.get(read, str))


def load_fields(fields: Mapping[str, Field], said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in fields.items():
        value = said.get(name)
        if value is None or value == "":
            if field.needed and value is None:
                raise Wrong(_("“%(field)s” is missing.", field=name))
            if field.needed:
                raise Wrong(_("“%(field)s” is empty.", field=name))
            found[name] = None
            continue
        try:
            found[name] = field.read(value)
        except Wrong as error:
            raise Wrong(f"{name}: {error}") from None
        except ValueError as error:
            raise Wrong(_("“%(field)s”: %(reason)s.", field=name, reason=str(error).rstrip("."))) from None
    return found
