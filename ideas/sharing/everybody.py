"""What is the same for everybody: words in the site's own language, whoever asks, and names that never change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from ideas import settings, words


class _Anybody(NamedTuple):
    locale: str | None = None
    timezone: str | None = None


@contextmanager
def addressed(language: str | None = None) -> Iterator[None]:
    """Inside, words are in `language` if the site has it, otherwise in the site's own: what is kept for all of them
    depends on nothing but its address."""
    with words.addressing(_Anybody(language)):
        yield


def host() -> str:
    """The site's name on the net."""
    return urlsplit(settings.current().base_url).hostname or "localhost"


def tag(what: str, made: datetime) -> str:
    """A name of something for ever (RFC 4151), whatever becomes of its title and its address."""
    return f"tag:{host()},{made:%Y-%m-%d}:{what}"
