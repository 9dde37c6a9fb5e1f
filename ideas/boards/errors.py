"""What can be wrong with an act on a board, in the product's words."""

from __future__ import annotations

from ideas.boards.models import Board, Idea
from ideas.errors import Conflict, NotAllowed, NotFound


class VotingClosed(Conflict):
    """The idea's status is final, or its author withdrew it: it takes no votes any more."""

    code = "voting-closed"


class CommentingClosed(Conflict):
    """The idea was withdrawn: it takes no comments any more."""

    code = "commenting-closed"


class EditingClosed(Conflict):
    """The idea has its first answer: what was answered must stay readable, so it is not edited or withdrawn now."""

    code = "editing-closed"


class AnswerWaiting(Conflict):
    """An answer to this idea waits to be announced. Undo it, correct it or send it now before giving another."""

    code = "answer-waiting"


class AlreadyAnnounced(Conflict):
    """People are being told of this answer, or have been. Give a new answer, or correct this one."""

    code = "already-announced"


class ChangedMeanwhile(Conflict):
    """Somebody else changed this since it was read. Read it again and decide again."""

    code = "changed-meanwhile"


class Merged(Conflict):
    """The idea is part of another one now: the other takes the votes, comments and answers of both.

    “merged_into” of the idea names it; send the request there. What was said and voted before stays, and counts there.
    """

    code = "merged"

    def __init__(self, message: str, *, into_id: int) -> None:
        super().__init__(message)
        self.into_id = into_id


class NotMerged(Conflict):
    """The idea stands for itself: it was never merged into another, or is not any more."""

    code = "not-merged"


class MergingClosed(Conflict):
    """The idea is hidden or was withdrawn: it is neither merged into another nor another into it."""

    code = "merging-closed"


class AppealClosed(Conflict):
    """There is nothing to appeal against any more: it was appealed before, or it is shown again."""

    code = "appeal-closed"


class NotAsked(Conflict):
    """Whether it solved the need was not asked of this person, or not yet, or they did not agree to be quoted."""

    code = "not-asked"


class Published(Conflict):
    """The release is published: which ideas are in it, and whether there is one, is no longer changed."""

    code = "published"


class CannotShip(Conflict):
    """An idea in the release cannot be answered now, and so nothing was published; what is said tells which and why."""

    code = "cannot-ship"


class SlugTaken(Conflict):
    """Another one already has this address or this name. `field` is what to change."""

    code = "slug-taken"

    def __init__(self, message: str, *, field: str = "slug") -> None:
        super().__init__(message)
        self.field = field


class InUse(Conflict):
    """Something still stands on this, so it cannot be removed."""

    code = "in-use"


class Suspended(NotAllowed):
    """The account is suspended: it may read, and take no part."""

    code = "suspended"


class HiddenByTeam(NotFound):
    """What was here can no longer be read: the team of the board hid it.

    Its author was told why and may appeal, and it may be shown again. Said only to those who may see the board.
    """

    code = "hidden-by-team"

    def __init__(self, message: str, *, board: Board, idea: Idea | None = None) -> None:
        super().__init__(message)
        self.board = board
        self.idea = idea  # where the hidden comment stood; None when the idea is what is hidden
