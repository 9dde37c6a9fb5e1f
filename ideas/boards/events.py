"""What happens on boards that somebody may be owed word of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ideas.outbox import Event


@dataclass(frozen=True)
class IdeaReceived(Event):
    """about_id: the idea. No actor: the author is owed word of who reads it and by when."""

    kind: ClassVar[str] = "idea_received"


@dataclass(frozen=True)
class Commented(Event):
    """about_id: the comment."""

    kind: ClassVar[str] = "commented"


@dataclass(frozen=True)
class Answered(Event):
    """about_id: the answer."""

    kind: ClassVar[str] = "answered"


@dataclass(frozen=True)
class AnswerCorrected(Event):
    """about_id: the version of an answer that corrected it after it was announced, and holds news."""

    kind: ClassVar[str] = "answer_corrected"


@dataclass(frozen=True)
class Hidden(Event):
    """about_id: the hiding."""

    kind: ClassVar[str] = "hidden"


@dataclass(frozen=True)
class AppealAnswered(Event):
    """about_id: the hiding that was appealed against."""

    kind: ClassVar[str] = "appeal_answered"


@dataclass(frozen=True)
class MergedInto(Event):
    """about_id: the merge. subject: the idea that takes the other in."""

    kind: ClassVar[str] = "merged"


@dataclass(frozen=True)
class MergeUndone(Event):
    """about_id: the merge that is no more. subject: the idea that had taken the other in, at the end of the chain."""

    kind: ClassVar[str] = "unmerged"


@dataclass(frozen=True)
class SolvedAsked(Event):
    """about_id: the inquiry. No actor: it was due."""

    kind: ClassVar[str] = "solved_asked"


@dataclass(frozen=True)
class NotSolved(Event):
    """about_id: the inquiry. No actor: it is what several people said."""

    kind: ClassVar[str] = "not_solved"


@dataclass(frozen=True)
class FollowedUp(Event):
    """about_id: the inquiry. subject: the idea that goes on with what was not solved."""

    kind: ClassVar[str] = "followed_up"


@dataclass(frozen=True)
class StillWantedAsked(Event):
    """about_id: the idea, on which nobody of the team said a word for long. No actor: it was due."""

    kind: ClassVar[str] = "still_wanted_asked"


@dataclass(frozen=True)
class Overdue(Event):
    """about_id: the person who owes ideas their next word. subject: "owner:5", for it is of several ideas."""

    kind: ClassVar[str] = "overdue"


@dataclass(frozen=True)
class DateNear(Event):
    """about_id: the answer that gave the date."""

    kind: ClassVar[str] = "date_near"


@dataclass(frozen=True)
class Appealed(Event):
    """about_id: the hiding that its author asks the team to look at again."""

    kind: ClassVar[str] = "appealed"


@dataclass(frozen=True)
class ReleasePublished(Event):
    """about_id: the release. subject: "release:3", for it is of several ideas."""

    kind: ClassVar[str] = "release_published"


@dataclass(frozen=True)
class VotedOnBehalf(Event):
    """about_id: what the team noted, and whom it asks."""

    kind: ClassVar[str] = "voted_on_behalf"
