"""Markdown to safe HTML: the one place that makes HTML out of what people wrote."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from flask import has_app_context
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from ideas import settings
from ideas.pictures import NAME
from ideas.text import cut

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
_markdown.enable(["table", "strikethrough"])

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}

PICTURES = "/pictures/"  # below it lie our own pictures, the only ones that a text may show
_OURS = re.compile(PICTURES + NAME)
_SHOWN = re.compile(rf'<img src="({PICTURES}{NAME})" alt="([^"]*)"[^>]*>')
_WITHIN = re.compile(r'(<(?:a|img)\b[^<>]*?(?:href|src)=")/(?!/)')
_WRITTEN = re.compile(rf"!\[([^\]\n]*)\]\([^\s()]*?({NAME})[^()\n]*\)")


def _draw_picture(
    _renderer: Any, tokens: Sequence[Token], place: int, _options: Any, _env: MutableMapping[str, Any]
) -> str:
    """A picture of ours with its size, so that the page keeps its place; of any other only its words.

    Other pictures would tell somebody elsewhere who reads this page, and when.
    """
    token = tokens[place]
    words = escape(" ".join(token.content.split()))
    address = _own_address(str(token.attrGet("src") or ""))
    if address is None:
        return str(words)
    src, width, height = address[0], address[1], address[2]
    return f'<img src="{src}" alt="{words}" width="{width}" height="{height}" loading="lazy">'


def _own_address(given: str) -> re.Match[str] | None:
    """The path of our picture that a text names: as picture:NAME, by its path or by its full address."""
    path = PICTURES + given.removeprefix("picture:") if given.startswith("picture:") else given
    if has_app_context() and path.startswith(base := settings.current().base_url):
        path = path.removeprefix(base)
    return _OURS.fullmatch(path)


_markdown.add_render_rule("image", _draw_picture)


def _only_our_pictures(element: str, attribute: str, value: str) -> str | None:
    return None if (element, attribute) == ("img", "src") and not _OURS.fullmatch(value) else value


def picture_names(html: str) -> list[str]:
    """The names of our pictures that rendered HTML shows."""
    return [found[1].removeprefix(PICTURES) for found in _SHOWN.finditer(html)]


def for_mail(html: str) -> Markup:
    """HTML that came out of `render`, with links in place of pictures: a mail program may not show them."""

    def link(found: re.Match[str]) -> str:
        return f'<a href="{settings.absolute(found[1])}">{found[4] or settings.absolute(found[1])}</a>'

    return safe(_SHOWN.sub(link, html))


def with_full_addresses(html: str) -> Markup:
    """HTML that came out of `render`, or of our templates, for readers elsewhere: its links and pictures lead here."""
    return Markup(_WITHIN.sub(lambda found: found[1] + settings.absolute("/"), html))  # noqa: S704 - safe as it came


def for_plain_mail(text: str) -> str:
    """Markdown as a person reads it in a mail without HTML: the address of a picture stands in its place."""

    def address(found: re.Match[str]) -> str:
        where = settings.absolute(PICTURES + found[2])
        return f"{found[1]}: {where}" if found[1] else where

    return _WRITTEN.sub(address, text)


def render(text: str) -> str:
    """`text` (Markdown) as HTML that is safe in any page and mail. Rendered once, when it is written."""
    # the one control character that CommonMark lets an entity ("&#12;") write; our texts have none, see text.clean
    html = _markdown.render(text).replace("\x0c", " ")
    # a person's heading stands under the page's own two
    html = re.sub(r"<(/?)h([1-4])>", lambda found: f"<{found[1]}h{int(found[2]) + 2}>", html)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={
            "a": {"href", "title"},
            "ol": {"start"},
            "img": {"src", "alt", "width", "height", "loading"},
        },
        attribute_filter=_only_our_pictures,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )


def safe(html: str) -> Markup:
    """HTML that came out of `render`, for templates."""
    return Markup(html)  # noqa: S704 - only what `render` made is ever stored as *_html


def plain(html: str) -> str:
    """The words of rendered HTML, without tags; of a picture what it is said to show."""
    html = _SHOWN.sub(lambda found: f" {found[4]} ", html)
    text = re.sub(r"<(?:br|/p|/li|/h\d|/tr|/pre|/blockquote)\s*/?>", " ", html)
    return Markup(re.sub(r"<[^>]*>", "", text)).unescape()  # noqa: S704 - taken apart, not shown as HTML


_ENDS = re.compile(r"</(?:p|li|h\d|t[dhr]|pre|blockquote)\s*>")


def paragraphs(html: str) -> list[str]:
    """The words of rendered HTML, each paragraph, line of a list or cell of a table by itself; code left out."""
    html = re.sub(r"<(pre|code)>.*?</\1>", " ", html, flags=re.DOTALL)
    found = (plain(part) for part in _ENDS.split(" ".join(html.split())))
    return [" ".join(part.split()) for part in found if part.strip()]


def excerpt(html: str, longest: int = 160) -> str:
    """The first words of rendered HTML as one line of plain text."""
    return cut(plain(html), longest)
