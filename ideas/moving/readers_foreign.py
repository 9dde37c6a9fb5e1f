"""What the readers of other systems' files share: how their people, texts and lists become records.

A reader is pure: it looks at what a file says and yields records. What a system does not tell, such as who merged two
ideas, is said to have been done by that system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ideas import json_in
from ideas.accounts import addresses
from ideas.boards.models import TEXT_LONGEST
from ideas.csv_in import FileRefused
from ideas.moving import opening
from ideas.moving.fields import At, Wrong
from ideas.moving.readers_csv import title_and_body
from ideas.moving.records import Kind, Record, load
from ideas.text import clean, cut, one_line, readable
from ideas.words import _

Values = Mapping[str, Any]
Records = Iterator[Record | Wrong]
PAIRS_MOST = 1_000_000


class Told(NamedTuple):
    """An object of a list. what: the list's name, or that of its file."""

    at: At
    what: str
    values: Values


def objects(path: Path, wanted: set[str] | None = None) -> Iterator[Told | Wrong]:
    """Each object of each list in the JSON files of what was sent; wanted: of those lists alone. Raises FileRefused."""
    for opened in opening.files(path):
        stem, suffix = Path(opened.name).stem, Path(opened.name).suffix
        if suffix not in (".json", ".ndjson") and not opened.is_alone:
            continue
        file = "" if opened.is_alone else opened.name
        for entry in json_in.entries(opened.file, opened.most_bytes):
            what = entry.key or stem
            if wanted is not None and what not in wanted:
                continue
            if isinstance(entry.value, dict):
                yield Told(At(entry.number, file), what, entry.value)
            elif isinstance(entry.value, list):
                yield Wrong(_("This is no object."), At(entry.number, file))


def beside(path: Path, wanted: set[str]) -> Iterator[Told]:
    """What stands in lists of its own and has to be known before the others are read, such as the names of tags.

    Raises FileRefused when it is more than fits into memory.
    """
    for number, told in enumerate(objects(path, wanted)):
        if number == PAIRS_MOST:
            raise FileRefused(
                _("More of %(lists)s than can be taken. Split the file.", lists=", ".join(sorted(wanted)))
            )
        if isinstance(told, Told):
            yield told


def read_all(path: Path, readers: Mapping[str, Callable[[At, Values], Records]]) -> Records:
    """What `readers` make of the lists that they are named for. Raises FileRefused when there is none of them."""
    is_any = False
    for told in objects(path, set(readers)):
        is_any = True
        if isinstance(told, Wrong):
            yield told
            continue
        try:
            yield from list(readers[told.what](told.at, told.values))
        except Wrong as error:
            yield Wrong(str(error), told.at)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Wrong(_("It is not as that system writes it: %(error)s.", error=_said(error)), told.at)
    if not is_any:
        raise FileRefused(_("None of these lists is in it: %(lists)s.", lists=", ".join(sorted(readers))))


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return _("“%(field)s” is missing", field=error.args[0])
    return cut(readable(str(error)) or type(error).__name__, 120)


def record(kind: Kind, at: At, said: Values, *, implied: bool = False) -> Record:
    """Raises Wrong."""
    return Record(kind, at, load(kind, said), implied)


def idea(at: At, said: Values, title: Any, body: Any, *, implied: bool = False) -> Record:
    """An idea whose title may be longer than ours are. Raises Wrong."""
    title, body = title_and_body(str(title or ""), cut_text(body))
    return record(Kind.IDEA, at, {**said, "title": title, "body": body}, implied=implied)


def person(at: At, key: Any, name: Any, email: Any = None, **more: Any) -> Record:
    """Somebody whom a file names. An address that is none is left out: mail could not reach it."""
    known = {"id": str(key), "name": one_name(name, key), "email": address(email), **more}
    return record(Kind.PERSON, at, known, implied=True)


def user(at: At, said: Values) -> Records:
    """Somebody of a list of users."""
    email = said.get("email_address") or said.get("email")
    yield person(at, said["id"], said.get("name"), email, created_at=said.get("created_at"))


def system(at: At, name: str) -> Record:
    """The system itself, for what it does not tell who did."""
    return person(at, name.lower(), name)


def tags(at: At, names: Sequence[Any]) -> tuple[list[str], list[Record]]:
    """The names of an idea's tags, and a record for each: boards get those that they lack."""
    known = [short for name in names if (short := cut(readable(str(name)), 40))]
    return known, [record(Kind.TAG, at, {"name": name}, implied=True) for name in known]


def one_name(name: Any, key: Any) -> str:
    return cut(readable(str(name or "")), 80) or cut(_("Person %(id)s", id=key), 80)


def address(email: Any) -> str | None:
    try:
        return addresses.email(email) if isinstance(email, str) and email.strip() else None
    except ValueError:
        return None


def cut_text(text: Any) -> str:
    """A text that fits; what is longer ends in “…”. Characters that nobody can store are left out."""
    found = clean(readable(str(text or "")))
    return found if len(found) <= TEXT_LONGEST else found[: TEXT_LONGEST - 1] + "…"


def with_pictures(text: Any, urls: Any) -> str:
    """A text with the addresses of its pictures below, which stay where they are."""
    links = [one_line(readable(str(url))) for url in urls or ()]
    return cut_text("\n\n".join([str(text or ""), *links]))
