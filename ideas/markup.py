"""Markdown to safe HTML: the one place that makes HTML out of what people wrote."""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from ideas.text import cut

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
_markdown.enable(["table", "strikethrough"])

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def render(text: str) -> str:
    """`text` (Markdown) as HTML that is safe in any page and mail. Rendered once, when it is written."""
    # the one control character that CommonMark lets an entity ("&#12;") write; our texts have none, see text.clean
    html = _markdown.render(text).replace("\x0c", " ")
    # a person's heading stands under the page's own two
    html = re.sub(r"<(/?)h([1-4])>", lambda found: f"<{found[1]}h{int(found[2]) + 2}>", html)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )


def safe(html: str) -> Markup:
    """HTML that came out of `render`, for templates."""
    return Markup(html)  # noqa: S704 - only what `render` made is ever stored as *_html


def plain(html: str) -> str:
    """The words of rendered HTML, without tags."""
    text = re.sub(r"<(?:br|/p|/li|/h\d|/tr|/pre|/blockquote)\s*/?>", " ", html)
    return Markup(re.sub(r"<[^>]*>", "", text)).unescape()  # noqa: S704 - taken apart, not shown as HTML


def excerpt(html: str, longest: int = 160) -> str:
    """The first words of rendered HTML as one line of plain text."""
    return cut(plain(html), longest)
