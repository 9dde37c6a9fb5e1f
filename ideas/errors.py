"""What can be wrong with an act, in the product's words. Rooms subclass these; only `http.py` knows numbers."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """The act cannot be done.

    `code` is for programs and never changes; the message is for people: what is so and, if it helps, what to do.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SignInNeeded(DomainError):
    """The act needs a person, and nobody is signed in. Sign in, or send a key, and repeat it."""

    code = "sign-in-needed"


class NotAllowed(DomainError):
    """The person may see this and may not do that to it."""

    code = "not-allowed"


class NotFound(DomainError):
    """There is nothing here, or the person may not see it: the same answer for both."""

    code = "not-found"


class Conflict(DomainError):
    """The act does not fit what is now; read again and decide again."""

    code = "conflict"


class TooMany(DomainError):
    """Too much in too short a time. Wait as long as the answer says, then repeat it."""

    code = "too-many"

    def __init__(self, message: str, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
