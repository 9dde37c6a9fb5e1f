"""Words on pictures: which font writes which character, how wide a line is, where it breaks.

A character that no font here has is never written as a box: signs and emoji are left out, and a text with a letter that
cannot be written is left out whole, as half of it would say something else.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import cache, lru_cache
from importlib import resources
from importlib.util import find_spec
from typing import NamedTuple

from PIL import ImageDraw, ImageFont, features

LINE = 1.24  # from one line to the next, in sizes


class Face(NamedTuple):
    """A font: the package that it comes in, and its file there."""

    package: str
    file: str


# In the order in which they are asked; one whose package is not installed writes nothing.
FACES = (
    Face("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    Face("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    Face("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),  # Chinese, Japanese, Korean
)

_WEIGHTS = {False: 400, True: 650}
_NOTHING = "\uffff"  # no font has it: how it looks is how a font shows what it lacks
# Scripts whose letters change by their neighbours, or are read from the right: without libraqm they come out wrong.
_SHAPED = re.compile("[\u0590-\u08ff\u0900-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc]")
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"  # a line may break beside each
_CLOSING = "、。，．・：；！？」』】）〕》〉ー…"  # begin no line
# what joins and varies emoji; between letters the joiner shapes them
_OF_EMOJI = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]|(?<![^\\W\\d_])\u200d")
_PIECES = re.compile(f"[{_WIDE}][{_CLOSING}]*|[^\\s{_WIDE}]+[{_CLOSING}]*")


class Run(NamedTuple):
    """Characters that one font writes."""

    face: int
    text: str


def known() -> tuple[str, ...]:
    """The fonts that are here: with others a picture is another."""
    return tuple(FACES[face].file for face in _here())


# --- Lines ---


def lines(text: str, size: int, widest: float, *, most: int | None = None, bold: bool = False) -> list[str]:
    """`text` broken into lines of that width; of more than `most` the last ends with "…"."""
    found: list[str] = []
    line = ""
    for piece, gap in _pieces(writable(text)):
        longer = f"{line}{gap}{piece}" if line else piece
        if width(longer, size, bold=bold) <= widest:
            line = longer
            continue
        if line:
            found.append(line)
        *full, line = _chopped(piece, size, widest, bold=bold)
        found += full
    found += [line] if line else []
    if most is not None and len(found) > most:
        return [*found[: most - 1], fitted("".join(found[most - 1 : most + 1]), size, widest, bold=bold, cut=True)]
    return found


def fitted(text: str, size: int, widest: float, *, bold: bool = False, cut: bool = False) -> str:
    """`text` on one line, ended with "…" where it is too long, or was cut before."""
    text = writable(text)
    if not cut and width(text, size, bold=bold) <= widest:
        return text
    while text and width(f"{text}…", size, bold=bold) > widest:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def _pieces(text: str) -> list[tuple[str, str]]:
    """The parts between which a line may break, each with what stands before it on the same line."""
    found = []
    end = 0
    for match in _PIECES.finditer(text):
        found.append((match[0], " " if match.start() > end else ""))
        end = match.end()
    return found


def _chopped(piece: str, size: int, widest: float, *, bold: bool) -> list[str]:
    """A word that is longer than a line, a line's width at a time."""
    parts = [""]
    for character in piece:
        if parts[-1] and width(parts[-1] + character, size, bold=bold) > widest:
            parts.append("")
        parts[-1] += character
    return parts


# --- Characters ---


@lru_cache(maxsize=2_000)
def writable(text: str) -> str:
    """What of `text` can be written here: without signs that cannot, and "" if a letter cannot."""
    kept: list[str] = []
    for character in _OF_EMOJI.sub("", " ".join(text.split())):
        if _face_of(character) is not None:
            kept.append(character)
        elif unicodedata.category(character)[0] in "LMN":
            return ""
    found = "".join(kept)
    if _SHAPED.search(found) and not features.check("raqm"):
        return ""
    return " ".join(found.split())


def is_from_right(text: str) -> bool:
    """Whether a line is read from right to left: its first letter is (UAX 9, P2)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def width(text: str, size: int, *, bold: bool = False) -> float:
    """How wide a line is, in pixels."""
    return sum(_font(run.face, size, bold).getlength(run.text) for run in _runs(text))


def write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: str, *, bold: bool = False
) -> float:
    """Write a line whose upper left corner is at that place; where it ends."""
    x, y = at
    runs = _runs(text)
    for run in reversed(runs) if is_from_right(text) else runs:
        font = _font(run.face, size, bold)
        # all stand on one base line, however tall the letters of each font are
        draw.text((x, y + size), run.text, font=font, fill=colour, anchor="ls")
        x += font.getlength(run.text)
    return x


def _runs(text: str) -> list[Run]:
    """The line in parts that one font each can write; blanks and marks stay with what they stand beside."""
    runs: list[Run] = []
    for character in text:
        if runs and (character == " " or _has(runs[-1].face, character)):
            runs[-1] = Run(runs[-1].face, runs[-1].text + character)
        elif (face := _face_of(character)) is not None:
            runs.append(Run(face, character))
    return runs


@lru_cache(maxsize=20_000)
def _face_of(character: str) -> int | None:
    """The first font that has the character; None if no font has."""
    if character == " ":
        return next(iter(_here()), None)
    return next((face for face in _here() if _has(face, character)), None)


@lru_cache(maxsize=50_000)
def _has(face: int, character: str) -> bool:
    probe = _probe(face)
    shown, lacking = probe.getmask(character), probe.getmask(_NOTHING)
    return (shown.size, bytes(shown)) != (lacking.size, bytes(lacking))


@cache
def _probe(face: int) -> ImageFont.FreeTypeFont:
    # letter by letter, so that no neighbour and no shaping comes between
    return ImageFont.truetype(_path(FACES[face]) or "", 24, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=64)
def _font(face: int, size: int, bold: bool) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_path(FACES[face]) or "", size)
    with suppress(OSError):  # it has one weight
        widths = [axis["default"] or 0 for axis in font.get_variation_axes()[1:]]
        font.set_variation_by_axes([_WEIGHTS[bold], *widths])
    return font


@cache
def _here() -> tuple[int, ...]:
    return tuple(place for place, face in enumerate(FACES) if _path(face) is not None)


@cache
def _path(face: Face) -> str | None:
    if find_spec(face.package) is None:
        return None
    file = resources.files(face.package) / face.file
    return str(file) if file.is_file() else None
