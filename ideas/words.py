"""The door to gettext for code that knows no web framework. Outside a request words come in the default language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import flask_babel
from babel import Locale
from babel.numbers import format_decimal
from flask import g, has_app_context
from flask_babel.speaklater import LazyString

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
    """The catalogue of the reader's language; found once for a request, because a page asks some hundred times."""
    if not has_app_context():
        return flask_babel.get_translations()
    if "catalogue" not in g:
        g.catalogue = flask_babel.get_translations()
    return g.catalogue


def _forget() -> None:
    flask_babel.refresh()
    g.pop("catalogue", None)


def lazy(words: str, **values: Any) -> LazyString:
    """Like `_`, but translated when shown: for words that stand at module level."""
    return flask_babel.lazy_gettext(words, **values)


def language() -> Locale:
    """The language that words come in now."""
    return flask_babel.get_locale() or Locale.parse(SOURCE_LANGUAGE)


def formats() -> Locale:
    """The locale that dates and numbers follow. Plain English writes as most of the world does: "3 March", "14:05"."""
    locale: Locale | None = flask_babel.get_locale()
    if locale is None or (locale.language == SOURCE_LANGUAGE and locale.territory is None):
        return PLAIN_ENGLISH
    return locale


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
