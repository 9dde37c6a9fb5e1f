"""What the codes of this room are called where people read them."""

from __future__ import annotations

from ideas.boards.models import Reason
from ideas.words import lazy

REASON_WORDS = {
    Reason.UNDER_REVIEW: lazy("We are looking into it"),
    Reason.COMMITTED: lazy("We have decided to do it"),
    Reason.IN_PROGRESS: lazy("We are working on it"),
    Reason.SHIPPED: lazy("It is there, as asked"),
    Reason.SHIPPED_DIFFERENTLY: lazy("It is there, in another way than asked"),
    Reason.PARTLY: lazy("Part of it is there"),
    Reason.ALREADY_POSSIBLE: lazy("It was possible already"),
    Reason.NOT_NOW: lazy("Not now"),
    Reason.CANNOT_SAY: lazy("We cannot say yet"),
    Reason.NOT_US: lazy("Good, but not for us to do"),
    Reason.NOT_EVER: lazy("We will not do this"),
    Reason.REOPENED: lazy("We are taking it up again"),
}
