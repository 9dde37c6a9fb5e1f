"""The door to gettext for code that knows no web framework. Outside a request words come in the default language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, TypeVar

import flask_babel
from babel import Locale
from babel.numbers import format_decimal
from flask import g, has_app_context
from flask_babel.speaklater import LazyString

T = TypeVar("T")

SOURCE_LANGUAGE = "en"  # what the words in the code are written in
PLAIN_ENGLISH = Locale.parse("en_GB")


def _(words: str, **values: Any) -> str:
    """`words` in the reader's language, with %(name)s filled in."""
    said = in_catalogue(words)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """`one` or `many` by `num`, in the reader's language; %(num)s stands for the number."""
    return in_catalogue_by_number(one, many, num) % {"num": counted(num), **values}


def in_catalogue(words: str) -> str:
    """`words` in the reader's language, as the catalogue has them."""
    return str(_catalogue().ugettext(words))


def in_catalogue_by_number(one: str, many: str, num: int) -> str:
    """`one` or `many` in the reader's language, as the catalogue has them."""
    return str(_catalogue().ungettext(one, many, num))


def _catalogue() -> Any:
    return _remembered("catalogue", flask_babel.get_translations)


def _remembered(what: str, find: Callable[[], T]) -> T:
    """What `find` finds, asked once for a request: a page asks some hundred times, and finding takes long."""
    if not has_app_context():
        return find()
    kept = g._get_current_object()  # each look through the proxy costs
    found: T | None = kept.get(what)
    if found is None:
        found = find()
        setattr(kept, what, found)
    return found


def _forget() -> None:
    flask_babel.refresh()
    for what in ("catalogue", "formats", "zone"):
        g.pop(what, None)


def lazy(words: str) -> LazyString:
    """Like `_`, but translated when shown: for words that stand at module level.

    Forms draw such words as they are, so nothing that anybody wrote may stand in them: they take no values.
    """
    return flask_babel.lazy_gettext(words)


def language() -> Locale:
    """The language that words come in now."""
    return flask_babel.get_locale() or Locale.parse(SOURCE_LANGUAGE)


def formats() -> Locale:
    """The locale that dates and numbers follow. Plain English writes as most of the world does: "3 March", "14:05"."""
    return _remembered("formats", _formats)


def _formats() -> Locale:
    locale: Locale | None = flask_babel.get_locale()
    if locale is None or (locale.language == SOURCE_LANGUAGE and locale.territory is None):
        return PLAIN_ENGLISH
    return locale


def zone() -> tzinfo:
    """The time zone that times are told in."""
    return _remembered("zone", _zone)


def _zone() -> tzinfo:
    return flask_babel.get_timezone() or UTC


def grouped(value: float) -> str:
    """19229 as "19,229"."""
    return _grouped(value, formats())


def counted(num: int) -> str | int:
    """A number that stands in a sentence; small ones, as most are, have nothing to group."""
    return num if -1000 < num < 1000 else grouped(num)


@lru_cache(maxsize=10_000)
def _grouped(value: float, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


@contextmanager
def addressing(person: Any) -> Iterator[None]:
    """Inside, words and times are for `person` (who has a locale and a timezone), whoever is reading."""
    g.addressee = person
    _forget()
    try:
        yield
    finally:
        del g.addressee
        _forget()
