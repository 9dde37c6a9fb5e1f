"""The picture that other sites show beside a link to an idea or a board: drawn here, with nobody's name on it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

from ideas import colours, settings
from ideas.boards import queries
from ideas.boards.models import Board, Stage, Visibility
from ideas.errors import NotFound
from ideas.sharing import lettering
from ideas.words import _, grouped, ngettext

CONTENT_TYPE = "image/png"
WIDTH, HEIGHT = 1200, 630

_MADE = 1  # goes up when the drawing changes, so that pictures kept elsewhere are asked for anew
_KEPT = 100  # pictures of 20 to 40 kB
_EDGE = 72
_FINE = 4  # shapes are drawn so many times larger, for smooth edges
_SIZES = (76, 66, 58, 50, 44)  # of titles, the first that fits
_TITLE_HEIGHT = 290
# tokens.css, light: what people see beside a link stands on pages of others
_PAPER, _INK, _QUIET, _HAIRLINE = "#fbfaf7", "#1c1f23", "#5a5e66", "#e5e2da"
_STAGES = {
    Stage.OPEN: "#5a5e66",
    Stage.CONSIDERING: "#7a5a00",
    Stage.PLANNED: "#2a58a5",
    Stage.STARTED: "#6b3fa3",
    Stage.SHIPPED: "#17693b",
    Stage.DECLINED: "#5c5049",
}


class Card(NamedTuple):
    """All that a picture is drawn of. about: under the title, on the picture of a board."""

    site: str
    accent: str
    board: str
    title: str
    about: str = ""
    votes: str = ""
    votes_said: str = ""
    status: str = ""
    stage: str = ""

    @property
    def tag(self) -> str:
        """Another one for another picture."""
        return hashlib.sha256(repr((_MADE, lettering.known(), tuple(self))).encode()).hexdigest()[:32]


def of_idea(idea_id: int) -> Card:
    """Raises NotFound unless every visitor finds the idea in lists."""
    idea = queries.get_idea(None, idea_id).idea
    if idea.withdrawn_at is not None or idea.merged_root_id is not None or not is_shared(idea.board):
        raise NotFound(_("There is no such idea, or you may not see it."))
    brand, votes = settings.brand(), idea.rank.vote_count
    return Card(
        site=brand.site_name,
        accent=brand.accent,
        board=idea.board.name,
        title=idea.title,
        votes=grouped(votes),
        votes_said=ngettext("person wants this", "people want this", votes),
        status=idea.status.name,
        stage=idea.status.stage,
    )


def of_board(slug: str) -> Card:
    """Raises NotFound unless every visitor finds the board in lists."""
    board = queries.get_board(None, slug).board
    if not is_shared(board):
        raise NotFound(_("There is no such board, or you may not see it."))
    brand = settings.brand()
    return Card(site=brand.site_name, accent=brand.accent, board="", title=board.name, about=board.about)


def is_shared(board: Board) -> bool:
    """Whether links to what is on the board are shown with words and a picture by others."""
    return board.visibility == Visibility.PUBLIC


@lru_cache(maxsize=_KEPT)
def drawn(card: Card) -> bytes:
    """The picture as PNG. Words that no font here can write are left out, never written as boxes."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    accent = colours.palette(card.accent).light.accent
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH, 14), fill=accent)
    _heading(picture, draw, card, accent)
    _words(draw, card)
    _foot(picture, draw, card, accent)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=5)
    return out.getvalue()


def _heading(picture: Image.Image, draw: ImageDraw.ImageDraw, card: Card, accent: str) -> None:
    """The mark with the site's name, and the board's at the other end."""
    _shape(picture, (_EDGE, 62), 52, accent, _mark)
    space = WIDTH - 2 * _EDGE - 70
    site = lettering.fitted(card.site, 32, space * 0.6, bold=True)
    lettering.write(draw, (_EDGE + 70, 68), site, 32, _INK, bold=True)
    board = lettering.fitted(card.board, 30, space * 0.36)
    lettering.write(draw, (WIDTH - _EDGE - lettering.width(board, 30), 70), board, 30, _QUIET)


def _words(draw: ImageDraw.ImageDraw, card: Card) -> None:
    """The title, as large as it fits, and on a board's picture what it is about."""
    # of a title that no font here can write, at least where it stands
    size, lines = _set(next((each for each in (card.title, card.board, card.site) if lettering.writable(each)), ""))
    about = lettering.lines(card.about, 34, WIDTH - 2 * _EDGE, most=3)
    y = 168.0
    for line in lines:
        lettering.write(draw, (_start(line, size, bold=True), y), line, size, _INK, bold=True)
        y += size * lettering.LINE
    y += 16
    for line in about if len(lines) < 3 else about[:1]:
        lettering.write(draw, (_start(line, 34), y), line, 34, _QUIET)
        y += 34 * lettering.LINE


def _set(title: str) -> tuple[int, list[str]]:
    for size in _SIZES:
        found = lettering.lines(title, size, WIDTH - 2 * _EDGE, bold=True)
        if len(found) * size * lettering.LINE <= _TITLE_HEIGHT:
            return size, found
    most = int(_TITLE_HEIGHT // (_SIZES[-1] * lettering.LINE))
    return _SIZES[-1], lettering.lines(title, _SIZES[-1], WIDTH - 2 * _EDGE, most=most, bold=True)


def _start(line: str, size: int, *, bold: bool = False) -> float:
    """Where a line begins: what is read from right to left ends at the right."""
    return WIDTH - _EDGE - lettering.width(line, size, bold=bold) if lettering.is_from_right(line) else float(_EDGE)


def _foot(picture: Image.Image, draw: ImageDraw.ImageDraw, card: Card, accent: str) -> None:
    """How many want it, and what it is now."""
    y = HEIGHT - 138
    draw.line((_EDGE, y, WIDTH - _EDGE, y), fill=_HAIRLINE, width=2)
    if card.votes:
        end = lettering.write(draw, (_EDGE, y + 26), card.votes, 60, accent, bold=True)
        lettering.write(draw, (end + 20, y + 50), lettering.fitted(card.votes_said, 32, 420), 32, _QUIET)
    if card.stage:
        colour = _STAGES[Stage(card.stage)]
        status = lettering.fitted(card.status, 36, 420, bold=True)
        start = WIDTH - _EDGE - lettering.width(status, 36, bold=True)
        lettering.write(draw, (start, y + 46), status, 36, colour, bold=True)
        _shape(picture, (round(start) - 58, y + 46), 44, colour, _ICONS[Stage(card.stage)])


# --- Shapes: each drawn in a square of 24, in white on black, which then says where the colour comes ---

_Drawing = Callable[[ImageDraw.ImageDraw, float], None]


def _shape(picture: Image.Image, at: tuple[int, int], size: int, colour: str, draw_it: _Drawing) -> None:
    mask = Image.new("L", (size * _FINE, size * _FINE), 0)
    draw_it(ImageDraw.Draw(mask), size * _FINE / 24)
    picture.paste(colour, at, mask.resize((size, size), Image.Resampling.LANCZOS))


def _line(
    draw: ImageDraw.ImageDraw, unit: float, *points: tuple[float, float], width: float = 2.4, fill: int = 255
) -> None:
    """A line with round ends and corners."""
    at = [(x * unit, y * unit) for x, y in points]
    draw.line(at, fill=fill, width=round(width * unit), joint="curve")
    for x, y in at:
        reach = width * unit / 2
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill)


def _mark(draw: ImageDraw.ImageDraw, unit: float) -> None:
    """The speech bubble whose lower edge comes back as an arrow, as in `mark` of _parts.html."""
    box = tuple(side * unit for side in (2.9, 2.9, 21.1, 16.1))
    draw.rounded_rectangle(box, radius=4 * unit, outline=255, width=round(2.3 * unit))
    draw.rectangle((2.9 * unit, 9 * unit, 9.2 * unit, 24 * unit), fill=0)
    _line(draw, unit, (4, 21), (4, 7))
    _line(draw, unit, (13.2, 11.8), (10, 15), (13.2, 18.2))


def _ring(draw: ImageDraw.ImageDraw, unit: float) -> None:
    draw.ellipse(tuple(side * unit for side in (2.5, 2.5, 21.5, 21.5)), outline=255, width=round(2.5 * unit))


def _half_ring(draw: ImageDraw.ImageDraw, unit: float) -> None:
    _ring(draw, unit)
    draw.pieslice(tuple(side * unit for side in (3, 3, 21, 21)), -90, 90, fill=255)


def _calendar(draw: ImageDraw.ImageDraw, unit: float) -> None:
    box = tuple(side * unit for side in (3, 5, 21, 21))
    draw.rounded_rectangle(box, radius=3 * unit, outline=255, width=round(2.5 * unit))
    for x in (8.0, 16.0):
        _line(draw, unit, (x, 2.8), (x, 6.5))
    _line(draw, unit, (4, 10.5), (20, 10.5), width=2)


def _bar(draw: ImageDraw.ImageDraw, unit: float) -> None:
    box = tuple(side * unit for side in (1.5, 7, 22.5, 17))
    draw.rounded_rectangle(box, radius=5 * unit, outline=255, width=round(2.4 * unit))
    _line(draw, unit, (7, 12), (12, 12), width=4)


def _check(draw: ImageDraw.ImageDraw, unit: float) -> None:
    draw.ellipse(tuple(side * unit for side in (2, 2, 22, 22)), fill=255)
    _line(draw, unit, (7.5, 12.4), (10.8, 15.6), (16.5, 9), width=2.6, fill=0)


def _crossed_ring(draw: ImageDraw.ImageDraw, unit: float) -> None:
    _ring(draw, unit)
    _line(draw, unit, (6, 6), (18, 18))


_ICONS: dict[Stage, _Drawing] = {
    Stage.OPEN: _ring,
    Stage.CONSIDERING: _half_ring,
    Stage.PLANNED: _calendar,
    Stage.STARTED: _bar,
    Stage.SHIPPED: _check,
    Stage.DECLINED: _crossed_ring,
}
