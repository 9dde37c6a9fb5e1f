"""Where a page shows a word, and which of its fields a page says is wrong. Reads the page as a browser does.

Whatever stands in a page went through autoescaping, so it holds no bare `<` or `"`: a place ends at the first one, and
markup that got in ends it early and reads differently.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_DESCRIBED = re.compile(r'<(?:input|textarea|select|fieldset)\b[^>]*\baria-describedby="([^"]*)"[^>]*>')
_ERROR = re.compile(r'class="field-error" id="([^"]+)"[^>]*>([^<]+)<')
_NAME = re.compile(r'\bname="([^"]*)"')
_ID = re.compile(r'\bid="([^"]*)"')


@dataclass(frozen=True)
class Spot:
    """A place in a page: the tags right before it, with any numbers in them, and the character with which it ends."""

    before: re.Pattern[str]
    ends: str

    def read(self, page: str) -> list[str]:
        """What stands there, each time that the same comes before."""
        ends = (found.end() for found in self.before.finditer(page))
        return [html.unescape(page[end : page.find(self.ends, end)]).strip() for end in ends]


def spots(page: str, word: str, other_page: str, other: str) -> Iterator[Spot]:
    """The places at which one page shows a word alone, and another page of the same kind the other."""
    seen = set()
    for found in re.finditer(re.escape(word), page):
        before = page[: found.start()]
        is_attribute = before.endswith('="')
        ends = '"' if is_attribute else "<"
        if not is_attribute and not before.rstrip().endswith(">"):
            continue
        if not page[found.end() :].lstrip(" \r\n").startswith(ends):
            continue
        tag = before.rfind("<")
        if "=" not in before[tag:]:  # too common to be known by it alone
            tag = before.rfind("<", 0, tag)
        spot = Spot(re.compile(re.sub(r"\d+", r"\\d+", re.escape(before[tag:]))), ends)
        if spot not in seen and other in spot.read(other_page):
            seen.add(spot)
            yield spot


def named(page: str) -> set[str]:
    """The fields that a page says are wrong: an error stands there, and the field is described by it."""
    errors = {found[1] for found in _ERROR.finditer(page) if found[2].strip()}
    found = set()
    for tag in _DESCRIBED.finditer(page):
        if errors & set(tag[1].split()):
            found |= {html.unescape(each[1]) for each in (_NAME.search(tag[0]), _ID.search(tag[0])) if each}
    return found


def typed(page: str, name: str) -> str | None:
    """What a page keeps in its field of that name, of several in the one that is wrong; None when it has none into
    which words are typed."""
    field = rf'<(input|textarea)\b[^>]*\bname="{re.escape(html.escape(name))}"[^>]*>'
    several = list(re.finditer(field, page))
    found = next((each for each in several if 'aria-invalid="true"' in each[0]), next(iter(several), None))
    if found is None or re.search(r'\btype="(radio|checkbox|hidden)"', found[0]):
        return None
    if found[1] == "textarea":
        text = page[found.end() : page.find("</textarea>", found.end())]
        return html.unescape(text).replace("\r\n", "\n").removeprefix("\n")
    value = re.search(r'\bvalue="([^"]*)"', found[0])
    return html.unescape(value[1]) if value else ""
