"""A calendar as iCalendar (RFC 5545, RFC 7986)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from ideas import settings
from ideas.sharing.calendars import Calendar, Event

CONTENT_TYPE = "text/calendar; charset=utf-8"

_LINE_MOST = 75  # bytes, without the line's end
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def written(calendar: Calendar) -> bytes:
    """The calendar as calendar programs subscribe to it."""
    name = _text(calendar.name)
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Answerback//Answerback//EN", "CALSCALE:GREGORIAN"),
        *(f"NAME:{name}", f"X-WR-CALNAME:{name}"),
        *("REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"),
        *(line for event in calendar.events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_moment(event.stamp)}"
    yield f"LAST-MODIFIED:{_moment(event.stamp)}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"  # without an end it is that day
    yield f"SUMMARY:{_text(event.title)}"
    if event.text.strip():
        yield f"DESCRIPTION:{_text(event.text.strip())}"
    yield f"URL:{settings.absolute(quote(event.path, safe='/%-._~'))}"
    yield f"STATUS:{'CONFIRMED' if event.is_sure else 'TENTATIVE'}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy because of it
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """RFC 5545, 3.3.11: what means something stands behind a backslash."""
    text = _UNWRITABLE.sub("", text)
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """RFC 5545, 3.1: no line is longer than 75 bytes, and no character is taken apart."""
    parts, length = [], 0
    for character in line:
        size = len(character.encode())
        if length + size > _LINE_MOST:
            parts.append("\r\n ")
            length = 1
        parts.append(character)
        length += size
    return "".join(parts).encode()
