"""Mail that many people get alike is made once, with blanks for what is each one's own.

Of the words themselves nothing is known here: the room that has them says which deliveries read the same (see
`outbox.Notice.alike`). What is each person's own in the frame are two links, and in the words of administrators
their name.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from markupsafe import escape

KEPT = 200  # of some 20 kB each

# letters and digits alone, so that they come through templates, the inliner and links as they are
UNSUBSCRIBE = f"BLANK{secrets.token_hex(16)}U"
SETTINGS = f"BLANK{secrets.token_hex(16)}S"
NAME = f"BLANK{secrets.token_hex(16)}N"


class Words(NamedTuple):
    """What a mail says, as far as it is the same for many."""

    subject: str
    text: str
    html: str

    def filled(self, *, unsubscribe: str, settings: str, name: str) -> Words:
        """The words with the links of one person, the secret of the one, the address of the other; and their name."""
        text, html = (
            each.replace(UNSUBSCRIBE, unsubscribe).replace(SETTINGS, settings) for each in (self.text, self.html)
        )
        if NAME in self.subject or NAME in text:  # where administrators greet people by it
            return Words(self.subject.replace(NAME, name), text.replace(NAME, name), html.replace(NAME, escape(name)))
        return Words(self.subject, text, html)


class Shapes:
    """Those that were made lately, by all that they depend on."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Words] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Words]) -> Words:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    def clear(self) -> None:
        self._kept.clear()


shapes = Shapes()  # of this process
