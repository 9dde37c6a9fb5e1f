"""Opens what was sent: a file, a gzipped one, a zip or a folder. No archive can fill the memory, or keep us long."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from ideas.csv_in import DAMAGES, MOST_BYTES, FileRefused
from ideas.words import _

MEMBERS_MOST = 2_000
# text packs to a tenth, a very dull one to a hundredth; a bomb to a thousandth
RATIO_MOST = 300
SMALL = 2**20


class Opened(NamedTuple):
    """A file of what was sent. name: as it is called in there; is_alone: it is all there is. most_bytes: to read."""

    name: str
    file: IO[bytes]
    is_alone: bool
    most_bytes: int


def names(path: Path) -> list[str]:
    """What the files of an archive or a folder are called; the file's own name otherwise. Raises FileRefused."""
    if path.is_dir():
        return sorted(each.name for each in path.iterdir() if each.is_file())
    if _is(path, b"PK"):
        with _zip(path) as archive:
            return [each.filename for each in _members(archive)]
    return [path.name.removesuffix(".gz")]


def files(path: Path, wanted: set[str] | None = None, *, most_bytes: int = MOST_BYTES) -> Iterator[Opened]:
    """Each file of what was sent, or those called `wanted`, while it is read. Raises FileRefused."""
    if path.is_dir():
        for each in sorted(each for each in path.iterdir() if each.is_file()):
            if wanted is None or each.name in wanted:
                with each.open("rb") as file:
                    yield Opened(each.name, file, is_alone=False, most_bytes=most_bytes)
    elif _is(path, b"PK"):
        yield from _unzipped(path, wanted, most_bytes)
    elif _is(path, b"\x1f\x8b"):
        with gzip.open(path) as file:
            yield Opened(path.name.removesuffix(".gz"), cast(IO[bytes], file), is_alone=True, most_bytes=most_bytes)
    else:
        with path.open("rb") as file:
            yield Opened(path.name, file, is_alone=True, most_bytes=most_bytes)


def _unzipped(path: Path, wanted: set[str] | None, most_bytes: int) -> Iterator[Opened]:
    with _zip(path) as archive:
        left = most_bytes
        for each in _members(archive):
            if wanted is not None and each.filename not in wanted:
                continue
            if each.file_size > left or (
                each.file_size > SMALL and each.file_size > RATIO_MOST * max(1, each.compress_size)
            ):
                raise FileRefused(
                    _(
                        "%(file)s unpacks to %(size)s bytes, which is more than is taken.",
                        file=each.filename,
                        size=f"{each.file_size:,}",
                    )
                )
            left -= each.file_size
            try:
                file = archive.open(each)
            except DAMAGES as error:
                raise FileRefused(
                    _("%(file)s cannot be unpacked (%(error)s).", file=each.filename, error=error)
                ) from None
            with file:
                # what it says of its size may be a lie, so reading is bounded by it
                yield Opened(each.filename, file, is_alone=False, most_bytes=each.file_size)


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGES:
        raise FileRefused(_("The archive is damaged, or was cut off.")) from None
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = [each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")]
    if len(found) > MEMBERS_MOST:
        raise FileRefused(_("The archive holds more than %(most)s files.", most=f"{MEMBERS_MOST:,}"))
    return found


def _is(path: Path, begins: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(begins)) == begins
