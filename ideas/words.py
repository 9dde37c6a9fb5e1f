"""The door to gettext for code that knows no web framework. Outside a request words come in the default language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_babel
from babel import Locale
from flask import g
from flask_babel.speaklater import LazyString


def _(words: str, **values: Any) -> str:
    """`words` in the reader's language, with %(name)s filled in."""
    return str(flask_babel.gettext(words, **values))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """`one` or `many` by `num`, in the reader's language; %(num)s stands for the number."""
    return str(flask_babel.ngettext(one, many, num, **values))


def lazy(words: str, **values: Any) -> LazyString:
    """Like `_`, but translated when shown: for words that stand at module level."""
    return flask_babel.lazy_gettext(words, **values)


def language() -> Locale:
    """The language that words come in now."""
    return flask_babel.get_locale() or Locale.parse("en")


@contextmanager
def addressing(person: Any) -> Iterator[None]:
    """Inside, words and times are for `person` (who has a locale and a timezone), whoever is reading."""
    g.addressee = person
    flask_babel.refresh()
    try:
        yield
    finally:
        del g.addressee
        flask_babel.refresh()
