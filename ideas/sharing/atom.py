"""A feed as Atom (RFC 4287)."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote
from xml.etree import ElementTree

from ideas import markup, settings, words
from ideas.schemas import when
from ideas.sharing.feeds import Entry, Feed

CONTENT_TYPE = "application/atom+xml; charset=utf-8"

_NAMESPACE = "http://www.w3.org/2005/Atom"
# What XML 1.0 has no way to write; texts may have some of it.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(feed: Feed, *, at: str | None) -> bytes:
    """The feed as a feed reader wants it. at: its own path, None for one whose address is a secret.

    The pictures of what not everybody sees are not shown to programs, so there are links in their place.
    """
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": str(words.language()).replace("_", "-")})
    _put(root, "id", feed.tag)
    _put(root, "title", feed.title)
    if feed.about:
        _put(root, "subtitle", feed.about)
    _put(root, "updated", _moment(feed.updated))
    if at is not None:
        _link(root, "self", at, "application/atom+xml")
    _link(root, "alternate", feed.path, "text/html")
    _put(root, "generator", "Answerback")
    _put(root, "icon", settings.absolute("/favicon.svg"))
    for entry in feed.entries:
        _entry(root, entry, is_secret=at is None)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _entry(root: ElementTree.Element, entry: Entry, *, is_secret: bool) -> None:
    element = ElementTree.SubElement(root, "entry")
    _put(element, "id", entry.tag)
    _put(element, "title", entry.title)
    _put(element, "published", _moment(entry.published))
    _put(element, "updated", _moment(entry.updated))
    _put(ElementTree.SubElement(element, "author"), "name", entry.author)
    _link(element, "alternate", entry.path, "text/html")
    for term, label in entry.categories:
        ElementTree.SubElement(element, "category", {"term": term, "label": _clean(label)})
    html = markup.for_mail(entry.html) if is_secret else entry.html
    _put(element, "content", markup.with_full_addresses(html), type="html")


def _put(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = _clean(text)


def _link(parent: ElementTree.Element, relation: str, path: str, kind: str) -> None:
    # titles of any script stand in addresses, and an address has none but these
    address = settings.absolute(quote(path, safe="/?#=&%-._~"))
    ElementTree.SubElement(parent, "link", {"rel": relation, "type": kind, "href": address})


def _moment(moment: datetime) -> str:
    return when(moment) or ""


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("", text)
