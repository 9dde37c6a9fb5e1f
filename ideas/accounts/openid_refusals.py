"""Why signing in with another account did not come about. What people read about each is in `openid_words.py`."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    CANCELLED = "cancelled"  # the person said no there
    DOWN = "down"  # the provider was not reached, or not in time
    NOT_BELIEVED = "not_believed"  # what it said breaks a rule
    CLOCK = "clock"  # of another time than ours
    OVER = "over"  # begun too long ago, in another browser, or ended already
    UNPROVEN = "unproven"  # it does not vouch for an e-mail address
    OUTSIDE = "outside"  # an address of another domain than those that may come in
    TEAM_ONLY = "team_only"
    CLOSED = "closed"  # new people come by invitation
    STALE = "stale"  # it was to ask once more who is there, and does not say that it did
    ANOTHERS = "anothers"  # that account there belongs to somebody else here
    HAS_ANOTHER = "has_another"  # the account here belongs to another account there


class NotSignedIn(Exception):
    """Nobody is signed in. because: what exactly, for the log; it holds nothing of the person and no secret."""

    def __init__(self, why: Why, because: str) -> None:
        super().__init__(f"{why}: {because}")
        self.why = why
        self.because = because


class NotBelieved(NotSignedIn):
    """What a provider said breaks a rule."""

    def __init__(self, because: str) -> None:
        super().__init__(Why.NOT_BELIEVED, because)
