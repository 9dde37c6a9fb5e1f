"""One way in for text: what people send is normalised here and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` in Unicode form NFC with "\\n" as line end and no blanks at its ends.

    Raises ValueError for NUL, lone surrogates and control characters: PostgreSQL cannot store them, nobody meant them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _REFUSED.search(text):
        raise ValueError(f"Character {found.start() + 1} (U+{ord(found[0]):04X}) cannot be used in a text.")
    return unicodedata.normalize("NFC", text).strip()


def readable(text: str) -> str:
    """`text` without what `clean` refuses: for an address, where nobody would read why it was refused."""
    return _REFUSED.sub("", text)


def one_line(text: str) -> str:
    """`clean`, with every run of white space as one blank."""
    return " ".join(clean(text).split())


def folded(text: str) -> str:
    """What makes two names the same name: compatibility form, without case."""
    return unicodedata.normalize("NFKC", clean(text)).casefold()


@lru_cache(maxsize=10_000)  # of the titles that lists show
@lru_cache(maxsize=10_000)  # lists say the same ones again and again
def slug(text: str, *, longest: int = 60) -> str:
    """`text` as part of an address: letters and digits of any script, joined by "-"; "" when none are left."""
    words = re.findall(r"\w+", folded(text).replace("_", " "))
    short = "-".join(words)[: longest + 1]
    return (short.rpartition("-")[0] if len(short) > longest and "-" in short else short)[:longest]


def cut(text: str, longest: int) -> str:
    """`text` in at most `longest` characters, cut at a word and ended with "…" if it was longer."""
    text = one_line(text)
    if len(text) <= longest:
        return text
    short = text[: longest - 1]
    head, _, _ = short.rpartition(" ")
    # a script without blanks has no word to cut at
    return (head if len(head) > longest // 2 else short).rstrip(" ,;:.-") + "…"
