"""Who is owed word of what, computed from the CSV files and what was done: the other half of `bench.the_loop`.

Nothing of the product is asked: these are its rules once more, written down as plainly as they can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from bench import stage
from bench.stage import Conversation

BOARD = "nz-biodiversity"
ANSWERED, ASIDE, QUIET = "23", "45", "19"  # ideas of the source
TEAM = "team@example.test"
VOTES_HOW = "Your votes showed that this matters to hundreds, so it comes first."
HOWS = {
    "rota": "Your list of who does what became the plan we work by.",
    "rivers": "Your question about the rivers is the second chapter now.",
}


class Line(NamedTuple):
    """What one person is owed of one event, by one channel. about: the comment's or the answer's id."""

    event: str
    about: int
    person: str
    channel: str
    path: str
    contribution: tuple[str, str]
    state: str
    reason: str | None


class Letter(NamedTuple):
    """What a mail says: of which event, to whom, why, and how their input was used."""

    event: str
    about: int
    person: str
    path: str
    why: str
    uses: tuple[str, ...]


class Owed(NamedTuple):
    """Somebody in an audience. by_default: "instant" or "daily"."""

    person: str
    path: str
    news: str
    by_default: str
    contribution: tuple[str, str]


PATHS = ("credited", "author", "replied_to", "commenter", "voter", "follower")
CONTRIBUTIONS = ("idea", "comment", "vote", "")


@dataclass
class Comment:
    id: int
    idea: str
    author: str
    text: str


@dataclass
class Acts:
    """What was done, written down by whoever did it: the other half of what must follow."""

    source: Conversation
    voters: dict[str, dict[str, datetime]] = field(default_factory=dict)  # idea → person → since when
    comments: dict[str, Comment] = field(default_factory=dict)
    followers: dict[str, set[str]] = field(default_factory=dict)
    muted: set[tuple[str, str]] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    unsubscribed: set[tuple[str, str]] = field(default_factory=set)  # (person, news), "*" for all
    inbox_only: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def author(self, idea: str) -> str:
        return voter(self.source.authors[idea])

    def announce(self, event: str, about: int, actor: str, idea: str, audience: list[Owed]) -> None:
        """Write down what must come of an event, by the rules of the product and of what people have chosen by now."""
        strongest: dict[str, Owed] = {}
        at_once = {(owed.person, owed.news) for owed in audience if owed.by_default == "instant"}
        for owed in audience:
            former = strongest.get(owed.person, owed)
            strongest[owed.person] = min(former, owed, key=self._rank)
        for person, owed in strongest.items():
            if person == actor:
                continue
            both = "suspended" if person in self.suspended else "muted" if (person, idea) in self.muted else None
            stopped = {(person, owed.news), (person, "*")} & self.unsubscribed
            # the strongest way is named; the quickest one brings the news
            email = both or ("unsubscribed" if stopped else "inbox_only" if person in self.inbox_only else None)
            waits = email is None and (person, owed.news) not in at_once  # for the digest of the next day
            for channel, reason in (("inbox", both), ("email", email)):
                state = "suppressed" if reason else "pending" if waits and channel == "email" else "sent"
                self.lines.append(Line(event, about, person, channel, owed.path, owed.contribution, state, reason))
            if email is None and not waits:
                uses = self.uses(person, idea) if event == "answered" else ()
                said = about if event == "commented" else -1  # a mail of an answer links to the idea
                self.letters.append(Letter(event, said, person, owed.path, self.why(owed, idea), uses))

    def _rank(self, owed: Owed) -> tuple[int, int, str]:
        return PATHS.index(owed.path), CONTRIBUTIONS.index(owed.contribution[0]), owed.contribution[1]

    def commenters(self, idea: str) -> dict[str, int]:
        """Person → their first comment."""
        first: dict[str, int] = {}
        for comment in self.comments.values():
            if comment.idea == idea:
                first[comment.author] = min(first.get(comment.author, comment.id), comment.id)
        return first

    def of_comment(self, comment: Comment, *, official: bool = False, reply_to: str = "") -> None:
        audience = []
        if reply_to:
            parent = self.comments[reply_to]
            audience.append(Owed(parent.author, "replied_to", "reply", "instant", ("comment", str(parent.id))))
        if official:
            news = "official_comment"
            audience.append(Owed(self.author(comment.idea), "author", news, "instant", ("idea", comment.idea)))
            audience += [
                Owed(person, "commenter", news, "instant", ("comment", str(first)))
                for person, first in self.commenters(comment.idea).items()
            ]
            audience += [
                Owed(person, "voter", news, "daily", ("vote", comment.idea)) for person in self.voters[comment.idea]
            ]
        news = "official_comment" if official else "new_comment"
        audience += [
            Owed(person, "follower", news, "instant", ("", "")) for person in self.followers.get(comment.idea, set())
        ]
        self.announce("commented", comment.id, comment.author, comment.idea, audience)

    def of_answer(self, answer_id: int, idea: str) -> None:
        audience = [Owed(person, "credited", "credited", "instant", ("vote", idea)) for person in self.voters[idea]]
        for key in HOWS:
            comment = self.comments[key]
            audience.append(Owed(comment.author, "credited", "credited", "instant", ("comment", str(comment.id))))
        audience.append(Owed(self.author(idea), "author", "planned", "instant", ("idea", idea)))
        audience += [
            Owed(person, "commenter", "planned", "daily", ("comment", str(first)))
            for person, first in self.commenters(idea).items()
        ]
        audience += [
            Owed(person, "follower", "planned", "instant", ("", "")) for person in self.followers.get(idea, set())
        ]
        self.announce("answered", answer_id, TEAM, idea, audience)

    def uses(self, person: str, idea: str) -> tuple[str, ...]:
        found = [VOTES_HOW] if person in self.voters[idea] else []
        found += [how for key, how in HOWS.items() if self.comments[key].author == person]
        return tuple(sorted(found))

    def why(self, owed: Owed, idea: str) -> str:
        kind, which = owed.contribution
        if kind == "vote":
            return f"You voted for this on {day(self.voters[idea][owed.person])}."
        if kind == "comment":
            said = next(comment for comment in self.comments.values() if str(comment.id) == which)
            return f"You said on {day(datetime.now(UTC))}: “{said.text}”"
        if kind == "idea":
            return f"You wrote this idea on {day(self.source.created[idea])}."
        return "You follow this."


def voter(source_id: str) -> str:
    """The address that the import gave to somebody of the source."""
    return stage.EMAILS.replace("{voter_id}", source_id).replace("{board}", BOARD)


def day(at: datetime) -> str:
    """A day as mail in English says it."""
    year = "" if at.year == datetime.now(UTC).year else f" {at.year}"
    return f"{at.day} {at:%B}{year}"
