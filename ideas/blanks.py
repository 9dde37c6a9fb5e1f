"""Texts with named blanks, such as "{{title}}": no logic, and nothing but the names that are offered."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import ValidationError

from ideas.words import _

_BLANK = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def names_in(text: str) -> list[str]:
    """What stands between each pair of double braces, in order."""
    return [found.strip() for found in _BLANK.findall(text)]


def require_known(text: str, known: Collection[str], *, field: str) -> None:
    """Raises ValidationError for `field`, naming the first blank that is none of `known`."""
    for name in names_in(text):
        if name not in known:
            raise ValidationError(
                {
                    field: [
                        _(
                            "There is no blank “{{%(name)s}}” here. These there are: %(known)s.",
                            name=name[:40],
                            known=", ".join(f"{{{{{each}}}}}" for each in known),
                        )
                    ]
                }
            )


def filled(text: str, values: Mapping[str, Any]) -> str:
    """`text` with each blank filled, once: what is filled in is not read again. One without a value stays as it is."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        return str(values[name]) if name in values else found[0]

    return _BLANK.sub(value, text)
