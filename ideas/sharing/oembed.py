"""oEmbed 1.0: what a site shows in place of a link to an idea, a board, its roadmap or its releases."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from markupsafe import Markup

from ideas import settings
from ideas.boards import queries
from ideas.boards.models import Board
from ideas.errors import NotFound
from ideas.sharing import cards
from ideas.words import _

WIDTH, HEIGHT = 560, 320  # of a frame, unless less is asked for
KEPT = 3600  # seconds for which who asks may keep it

_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_IDEA = re.compile(r"/ideas/([1-9][0-9]{0,9})(?:-.*)?")
_BOARD = re.compile(rf"/boards/({_SLUG})(?:/(roadmap|releases))?")


class NotShared(Exception):
    """It is there for who has its address, and not shown by others (401, as the standard has it)."""


class Shown(NamedTuple):
    """A page that others may show. frame: the path of what stands in the frame."""

    title: str
    board: Board
    frame: str
    picture: str


def found(address: str) -> Shown:
    """What a visitor finds at that address of ours. Raises NotFound, also for what they may not see; NotShared for what
    is in no list."""
    missing = NotFound(_("There is nothing here, or you may not see it."))
    base = urlsplit(settings.current().base_url)
    try:
        asked = urlsplit(address)
    except ValueError:
        raise missing from None
    if (asked.scheme, asked.netloc) != (base.scheme, base.netloc):
        raise missing
    path = unquote(asked.path).removeprefix(base.path).rstrip("/")
    if of_idea := _IDEA.fullmatch(path):
        shown = _idea(int(of_idea[1]), missing)
    elif of_board := _BOARD.fullmatch(path):
        shown = _board(of_board[1], of_board[2])
    else:
        raise missing
    if not cards.is_shared(shown.board):
        raise NotShared
    return shown


def _idea(idea_id: int, missing: NotFound) -> Shown:
    row = queries.get_idea(None, idea_id)
    if row.idea.merged_root_id is not None:
        row = queries.get_idea(None, row.idea.merged_root_id)
    idea = row.idea
    if idea.withdrawn_at is not None:
        raise missing
    return Shown(idea.title, idea.board, f"/embed/ideas/{idea.id}", f"/cards/ideas/{idea.id}.png")


def _board(slug: str, part: str | None) -> Shown:
    board = queries.get_board(None, slug).board
    title = {
        "roadmap": _("Roadmap of %(board)s", board=board.name),
        "releases": _("Releases of %(board)s", board=board.name),
    }.get(part or "", board.name)
    frame = f"/embed/boards/{board.slug}" + (f"/{part}" if part else "")
    return Shown(title, board, frame, f"/cards/boards/{board.slug}.png")


def response(shown: Shown, *, widest: int | None, highest: int | None) -> dict[str, Any]:
    """What is answered. A frame where the board lets any site show it, and otherwise a link with its picture."""
    site = settings.brand().site_name
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": shown.title,
        "author_name": shown.board.name,
        "author_url": settings.absolute(f"/boards/{shown.board.slug}"),
        "provider_name": site,
        "provider_url": settings.absolute("/"),
        "cache_age": KEPT,
    }
    if (widest or cards.WIDTH) >= cards.WIDTH and (highest or cards.HEIGHT) >= cards.HEIGHT:
        said |= {
            "thumbnail_url": settings.absolute(shown.picture),
            "thumbnail_width": cards.WIDTH,
            "thumbnail_height": cards.HEIGHT,
        }
    if shown.board.embed_sites:
        width, height = min(WIDTH, widest or WIDTH), min(HEIGHT, highest or HEIGHT)
        said |= {"type": "rich", "html": _frame(shown, width, height), "width": width, "height": height}
    return said


def _frame(shown: Shown, width: int, height: int) -> str:
    return str(
        Markup(
            '<iframe src="{src}" width="{width}" height="{height}" title="{title}" loading="lazy" '
            'referrerpolicy="no-referrer" sandbox="allow-popups allow-popups-to-escape-sandbox" '
            'style="border: 0; max-width: 100%"></iframe>'
        ).format(src=settings.absolute(shown.frame), width=width, height=height, title=shown.title)
    )


def as_xml(said: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in said.items():
        ElementTree.SubElement(root, name).text = str(value)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
