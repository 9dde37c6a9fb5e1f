"""The parts of a story: an idea and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Credited(NamedTuple):
    """A line of an answer. whose: "author", "votes", the key of a comment or of what was heard, or the title of an idea
    merged into it."""

    whose: str
    how: str


@dataclass(frozen=True)
class Said:
    """A comment. by: a person's key or name, "author", or "" for somebody who takes part. key: what others call it."""

    after: float
    text: str
    by: str = ""
    key: str = ""
    reply_to: str = ""
    official: bool = False
    internal: bool = False
    hidden: str = ""  # the team's reason


@dataclass(frozen=True)
class Heard:
    """What the team heard elsewhere. where: call, ticket, mail or page. whose: a person's key or name, "" for nobody
    who is known. vote: the team counts on them; said: what they answered to that, yes or no."""

    after: float
    by: str
    where: str
    text: str
    whose: str = ""
    key: str = ""
    link: str = ""
    vote: bool = False
    said: str = ""


@dataclass(frozen=True)
class Edited:
    """The author finds better words for the idea (a title too, if it is given), or for the comment with that key."""

    after: float
    text: str
    title: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Answered:
    """The team's word. undone: given by mistake and taken back at once."""

    after: float
    by: str
    status: str
    reason: str
    text: str
    credits: Sequence[Credited] = ()
    date: int | None = None
    review_by: int | None = None
    undone: bool = False


@dataclass(frozen=True)
class Corrected:
    """Other words for the answer before it; who is credited for the first time hears of it."""

    after: float
    by: str
    text: str
    credits: Sequence[Credited] = ()
    date: int | None = None


@dataclass(frozen=True)
class Merged:
    """The idea becomes part of another of the board. into: that one's title."""

    after: float
    by: str
    into: str
    text: str


@dataclass(frozen=True)
class Flagged:
    """Somebody points the team to the idea, or to the comment with that key. by: a person's key or name."""

    after: float
    by: str
    reason: str
    text: str
    comment: str = ""


@dataclass(frozen=True)
class Appealed:
    """The author of the hidden comment with that key asks the team to look again."""

    after: float
    comment: str
    text: str


@dataclass(frozen=True)
class Helped:
    """What somebody said when asked whether it solved their need. named: may be shown with their name."""

    answer: str
    words: str
    named: bool = False
    shown: bool = False


Event = Said | Heard | Edited | Answered | Corrected | Merged | Flagged | Appealed


@dataclass(frozen=True)
class Story:
    """An idea and what became of it. votes: how many beside others; the demo scales them all alike."""

    title: str
    body: str
    age: float
    votes: int
    tags: Sequence[str] = ()
    by: str = ""
    owner: str = ""
    events: Sequence[Event] = ()
    withdrawn_after: float | None = None
    hidden: str = ""  # the team's reason
    helped: Sequence[Helped] = ()
    content: float = 0.8  # which part of the others say that it solved their need


class Line(NamedTuple):
    """An idea in a release. idea: its title."""

    idea: str
    text: str


@dataclass(frozen=True)
class Released:
    """A release, `age` days ago; a draft is still to be published."""

    title: str
    body: str
    age: float
    by: str
    ideas: Sequence[Line] = ()
    draft: bool = False


@dataclass(frozen=True)
class BoardStory:
    """A board with its ideas and releases. visibility as in boards.models."""

    slug: str
    name: str
    about: str
    visibility: str
    promise: str
    days: int
    tags: Sequence[str]
    stories: Sequence[Story]
    releases: Sequence[Released] = ()


@dataclass(frozen=True)
class Asked:
    """A segment: a question over people and companies that the team keeps."""

    name: str
    age: float
    by: str
    match: str
    conditions: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Phrase:
    """A snippet: a text that somebody of the team, or that of a board, writes often."""

    name: str
    age: float
    by: str
    text: str
    board: str | None = None
