"""What becomes of a living board, computed from the CSV files and a plan: the other half of `bench.living`.

Nothing of the product is asked: these are its rules and the definitions of its figures once more, as plain as can be.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from bench.stage import Conversation

PROMISE_DAYS = 14
FINAL = {"shipped", "declined"}
DECIDED = {"planned", "started", *FINAL}
TAGS = {"even": 2, "third": 3}  # an idea whose number divides by that carries the tag
COMPANY = 4  # people whose number divides by that belong to the company
PATHS = ("credited", "author", "merged_author", "commenter", "voter")
KINDS = ("idea", "comment", "vote")
DAY, WEEK = 86_400, timedelta(days=7)
HIDDEN_AFTER = timedelta(days=1)
# whether it solved their need is asked so long after an idea was shipped, unless that is far too long ago
ASKED_AFTER, ASKED_WITHIN = timedelta(days=14), timedelta(days=30)


class Act(NamedTuple):
    """Something that somebody wants to do. about: another idea, a status; credits: kinds of an answer's."""

    at: datetime
    what: str
    idea: str = ""
    person: str = ""
    about: str = ""
    credits: tuple[str, ...] = ()


# --- The plan ---


def plan(source: Conversation, votes: Iterable[tuple[datetime, str, str, str]], seed: int) -> list[Act]:
    """Votes at their own times; a team and people that do the rest by chance, over some months."""
    chance = random.Random(seed)
    people = sorted(source.voters | set(source.authors.values()), key=int)
    acts = [Act(at, "post", idea, source.authors[idea]) for idea, at in source.created.items()]
    acts += [Act(at, "vote" if vote == "1" else "unvote", idea, person) for at, idea, person, vote in votes]
    acts += [Act(source.created[idea] + HIDDEN_AFTER, "hide", idea) for idea in source.hidden]
    ideas = sorted(source.created, key=int)
    for idea in ideas:
        acts += _fate(idea, source.created[idea], chance)
    for person in people:
        acts += _habits(person, ideas, source, chance)
    begin, end = min(act.at for act in acts), max(act.at for act in acts)
    acts += [Act(begin + WEEK * number, "ask") for number in range(1, (end - begin) // WEEK + 8)]
    return sorted(acts)


def _fate(idea: str, posted: datetime, chance: random.Random) -> Iterator[Act]:
    """What a team does with an idea, if it gets to it at all."""

    def later(at: datetime, days: float) -> datetime:
        return at + timedelta(days=chance.expovariate(1 / days), seconds=1)

    at = posted
    if chance.random() < 0.55:
        at = later(at, 8)
        yield Act(at, "official", idea) if chance.random() < 0.4 else Act(at, "answer", idea, about="considering")
    if chance.random() < 0.06:
        yield Act(later(at, 10), "merge", idea, about=str(int(idea) + chance.randint(1, 5)))
        if chance.random() < 0.3:
            yield Act(later(at, 40), "unmerge", idea)
    if chance.random() < 0.04:
        yield Act(later(posted, 6), "withdraw", idea)
    fate = chance.random()
    if fate < 0.35:
        at = later(at, 20)
        yield Act(at, "answer", idea, about="planned", credits=_credits(chance))
        if fate < 0.22:
            yield Act(later(at, 35), "answer", idea, about="shipped", credits=_credits(chance))
    elif fate < 0.55:
        at = later(at, 25)
        yield Act(at, "answer", idea, about="declined", credits=_credits(chance))
        if fate < 0.40:
            at = later(at, 20)
            yield Act(at, "answer", idea, about="open")
            yield Act(later(at, 20), "answer", idea, about="shipped", credits=_credits(chance))


def _credits(chance: random.Random) -> tuple[str, ...]:
    return tuple(kind for kind, often in (("author", 0.3), ("votes", 0.4), ("comment", 0.4)) if chance.random() < often)


def _habits(person: str, ideas: list[str], source: Conversation, chance: random.Random) -> Iterator[Act]:
    """What people do besides voting: say something, follow, mute; a few leave, or cannot be reached."""
    first, last = min(source.created.values()), max(source.created.values())

    def sometime() -> datetime:
        return first + chance.random() * (last - first + timedelta(days=60))

    for what, often in (("comment", 0.5), ("follow", 0.2), ("mute", 0.15)):
        if chance.random() < often:
            yield Act(sometime(), what, chance.choice(ideas), person)
    for what, often in (("suspend", 0.03), ("unsubscribe", 0.06)):
        if chance.random() < often:
            yield Act(sometime(), what, "", person)


def says(idea: str, person: str) -> str:
    """What somebody says who is asked whether it solved their need; "" for nothing."""
    return ("yes", "no", "", "yes", "partly", "yes", "")[(int(idea) * 31 + int(person)) % 7]


def bounces(person: str) -> bool:
    """The mail server of these people refuses all mail."""
    return int(person) % 23 == 5


# --- What comes of it ---


@dataclass
class Idea:
    """An idea as it lives on. voters, commenters: person → when it was in the order of all such acts."""

    id: str
    author: str
    posted: datetime
    place: int
    stage: str = "open"
    voters: dict[str, int] = field(default_factory=dict)
    commenters: dict[str, int] = field(default_factory=dict)
    words: list[datetime] = field(default_factory=list)
    into: str = ""
    merged: datetime | None = None
    withdrawn: datetime | None = None
    hidden: datetime | None = None

    @property
    def listed(self) -> bool:
        return not (self.into or self.withdrawn)


class Owed(NamedTuple):
    """Word of an answer that one person is owed, by what they put in, and what becomes of it."""

    path: str
    kind: str
    idea: str
    state: str
    reason: str


@dataclass
class Answer:
    """An answer and everybody who had put something in when it was given."""

    at: datetime
    idea: str
    stage: str
    with_credits: bool
    owed: dict[str, Owed]


@dataclass
class World:
    """The board as the plan makes it. `apply` says whether an act is possible, and does it."""

    ideas: dict[str, Idea] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    muted: set[tuple[str, str]] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    unsubscribed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    said: list[tuple[datetime, str, str, str]] = field(default_factory=list)  # when, idea, person, what
    acts: int = 0

    def apply(self, act: Act) -> bool:
        self.acts += 1
        if act.what == "post":
            if act.person in self.suspended:
                return False
            self.ideas[act.idea] = Idea(act.idea, act.person, act.at, len(self.ideas))
            return True
        if act.what in ("suspend", "unsubscribe"):
            {"suspend": self.suspended, "unsubscribe": self.unsubscribed}[act.what].add(act.person)
            return True
        if act.what == "ask":
            self._ask(act.at)
            return True
        idea = self.ideas.get(act.idea)
        if idea is None or idea.hidden or idea.withdrawn or act.person in self.suspended:
            return False
        done: bool = getattr(self, f"_{act.what}")(idea, act)
        return done

    def _vote(self, idea: Idea, act: Act) -> bool:
        if idea.into or idea.stage in FINAL:
            return False
        idea.voters.setdefault(act.person, self.acts)
        return True

    def _unvote(self, idea: Idea, act: Act) -> bool:
        if idea.into or idea.stage in FINAL:
            return False
        # one support: with it go the votes on all that is part of the idea
        gone = [self.ideas[each].voters.pop(act.person, None) for each in self.within(idea.id)]
        return any(gone)

    def _comment(self, idea: Idea, act: Act) -> bool:
        if idea.into:
            return False
        idea.commenters.setdefault(act.person, self.acts)
        return True

    def _official(self, idea: Idea, act: Act) -> bool:
        if idea.into:
            return False
        idea.words.append(act.at)
        return True

    def _follow(self, idea: Idea, act: Act) -> bool:
        return not idea.into

    def _mute(self, idea: Idea, act: Act) -> bool:
        self.muted.add((act.person, idea.id))
        return True

    def _hide(self, idea: Idea, act: Act) -> bool:
        if idea.into or self.within(idea.id) != [idea.id]:
            return False
        idea.hidden = act.at
        return True

    def _withdraw(self, idea: Idea, act: Act) -> bool:
        answered = any(answer.idea == idea.id for answer in self.answers)
        if idea.into or answered or idea.author in self.suspended or self.within(idea.id) != [idea.id]:
            return False
        idea.withdrawn = act.at
        return True

    def _merge(self, idea: Idea, act: Act) -> bool:
        into = self.ideas.get(act.about)
        if into is None or idea.into or into.into or into.withdrawn or into.hidden or into is idea:
            return False
        idea.into, idea.merged = into.id, act.at
        return True

    def _unmerge(self, idea: Idea, act: Act) -> bool:
        if not idea.into:
            return False
        idea.into, idea.merged = "", None
        return True

    def _answer(self, idea: Idea, act: Act) -> bool:
        if idea.into or (act.about == "open") != (idea.stage == "declined"):
            return False
        idea.stage = act.about
        idea.words.append(act.at)
        credits = self.credited(idea.id, act)
        self.answers.append(Answer(act.at, idea.id, act.about, bool(credits), self._owed(idea, credits)))
        return True

    def _ask(self, now: datetime) -> None:
        """Who wrote it, backs it or is credited, once for each idea, some days after the last word on it."""
        last = {answer.idea: answer for answer in self.answers}
        for answer in last.values():
            idea = self.ideas[answer.idea]
            waited = now - answer.at
            if answer.stage != "shipped" or idea.into or idea.hidden or idea.id in self.asked:
                continue
            if ASKED_AFTER <= waited < ASKED_AFTER + ASKED_WITHIN:
                self.asked.add(idea.id)
                parts = [self.ideas[each] for each in self.within(idea.id)]
                people = {person for person, owed in answer.owed.items() if owed.path == "credited"}
                people.update(*({part.author, *part.voters} for part in parts))
                self.said += [
                    (now, idea.id, person, says(idea.id, person))
                    for person in sorted(people - self.suspended)
                    if says(idea.id, person)
                ]

    def credited(self, idea_id: str, act: Act) -> list[str]:
        """Of the kinds that an answer would credit, those there is something to credit of."""
        said = any(self.ideas[each].commenters for each in self.within(idea_id))
        return [kind for kind in act.credits if kind != "comment" or said]

    def first_said(self, idea_id: str) -> tuple[str, str]:
        """The idea and the person of the first comment on the idea or on a part of it: the one that is credited."""
        return min(
            (when, each, person)
            for each in self.within(idea_id)
            for person, when in self.ideas[each].commenters.items()
        )[1:]

    def within(self, idea_id: str) -> list[str]:
        parts = [each.id for each in self.ideas.values() if each.into == idea_id]
        return [idea_id, *(each for part in parts for each in self.within(part))]

    def backers(self, idea_id: str) -> int:
        return len(set().union(*(self.ideas[each].voters for each in self.within(idea_id))))

    def whole(self, idea_id: str) -> list[str]:
        while self.ideas[idea_id].into:
            idea_id = self.ideas[idea_id].into
        return self.within(idea_id)

    def _owed(self, idea: Idea, credits: list[str]) -> dict[str, Owed]:
        parts = self.within(idea.id)
        ways: list[tuple[str, int, int, int, str]] = []  # person, path, kind, order, idea

        def add(person: str, path: str, kind: str, order: int, where: str) -> None:
            ways.append((person, PATHS.index(path), KINDS.index(kind), order, where))

        for part in parts:
            add(self.ideas[part].author, "author" if part == idea.id else "merged_author", "idea", *self._of(part))
        for path in ("voter", "credited") if "votes" in credits else ("voter",):
            for person, (order, where) in self._firsts(idea.id, parts, "voters").items():
                add(person, path, "vote", order, where)
        for person, (order, where) in self._firsts(idea.id, parts, "commenters").items():
            add(person, "commenter", "comment", order, where)
        if "author" in credits:
            add(idea.author, "credited", "idea", *self._of(idea.id))
        if "comment" in credits:
            where, person = self.first_said(idea.id)
            add(person, "credited", "comment", self.ideas[where].commenters[person], where)
        found: dict[str, Owed] = {}
        for person, rank, sort, _order, where in sorted(ways, key=lambda way: (way[0], way[1:4])):
            if person not in found:
                found[person] = Owed(PATHS[rank], KINDS[sort], where, *self._outcome(person, idea))
        return found

    def _of(self, idea_id: str) -> tuple[int, str]:
        return self.ideas[idea_id].place, idea_id

    def _firsts(self, idea_id: str, parts: list[str], what: str) -> dict[str, tuple[int, str]]:
        """Each person by what they did on the idea itself, or else by the first they did on a part of it."""
        found: dict[str, tuple[int, str]] = {}
        for part in parts:
            for person, order in getattr(self.ideas[part], what).items():
                if part == idea_id:
                    found[person] = (order, part)
        for part in parts:
            for person, order in getattr(self.ideas[part], what).items():
                own = found.get(person)
                if own is None or (own[1] != idea_id and order < own[0]):
                    found[person] = (order, part)
        return found

    def _outcome(self, person: str, idea: Idea) -> tuple[str, str]:
        if person in self.suspended:
            return "suppressed", "suspended"
        if any((person, each) in self.muted for each in self.whole(idea.id)):
            return "suppressed", "muted"
        if bounces(person) and person not in self.unsubscribed:
            return "failed", "bounced"
        return "sent", ""
