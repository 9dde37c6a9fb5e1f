"""The figures of loop health over a board that lived, as they are defined, from `bench.lived` alone.

Nothing of the product is asked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from bench.lived import COMPANY, DAY, DECIDED, FINAL, PROMISE_DAYS, TAGS, WEEK, Answer, Idea, Owed, World


@dataclass
class Asked:
    """What figures are about."""

    since: datetime
    until: datetime
    now: datetime
    tag: str = ""
    company: bool = False

    def tagged(self, idea_id: str) -> bool:
        return not self.tag or int(idea_id) % TAGS[self.tag] == 0

    def person(self, person: str) -> bool:
        return not self.company or int(person) % COMPANY == 0

    def within(self, at: datetime) -> bool:
        return self.since <= at < self.until

    def idea(self, idea: Idea) -> bool:
        return self.tagged(idea.id) and self.person(idea.author)


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def people_closed(world: World, asked: Asked) -> dict[str, Any]:
    pairs: dict[tuple[str, str], Owed] = {}
    for answer in closings(world, asked):
        for person, owed in answer.owed.items():
            here = world.ideas[owed.idea]
            # what was taken back since is found no more: then it is the idea that was answered
            stands = person in {"vote": here.voters, "comment": here.commenters, "idea": {here.author}}[owed.kind]
            idea = owed.idea if stands else answer.idea
            if asked.tagged(idea) and asked.person(person):
                pairs[person, idea] = owed  # the last is what counts
    states = Counter(owed.state for owed in pairs.values())
    reasons = {state: _reasons(pairs.values(), state) for state in ("failed", "suppressed")}
    return {
        "owed": len(pairs),
        "delivered": states["sent"],
        "pending": 0,
        "undeliverable": states["failed"],
        "opted_out": reasons["suppressed"].get("muted", 0),
        **reasons,
        "share": share(states["sent"], len(pairs)),
    }


def _reasons(owed: Iterable[Owed], state: str) -> dict[str, int]:
    return dict(Counter(each.reason for each in owed if each.state == state))


def closings(world: World, asked: Asked) -> list[Answer]:
    """Of each idea the last answer in the period that gave it a final stage, in the order they were given."""
    last = {a.idea: a for a in world.answers if a.stage in FINAL and asked.within(a.at)}
    return sorted(last.values(), key=lambda answer: answer.at)


def ideas_closed(world: World, asked: Asked) -> dict[str, Any]:
    closed = [answer for answer in closings(world, asked) if asked.idea(world.ideas[answer.idea])]
    # everybody hears, or it is written down why not, before the next act begins
    return {"finalised": len(closed), "closed": len(closed), "share": share(len(closed), len(closed))}


def _second(at: datetime) -> int:
    return math.floor(at.timestamp())


def _until(idea: Idea, now: datetime) -> int:
    return min(_second(at) for at in (now, idea.merged, idea.withdrawn, idea.hidden) if at is not None)


def _came(world: World, idea: Idea, word: str, now: datetime) -> int | None:
    """When the word came, if it came while the idea waited."""
    stages = {"answer": None, "decision": DECIDED, "shipping": {"shipped"}}[word]
    if stages is None:
        times = idea.words
    else:
        times = [answer.at for answer in world.answers if answer.idea == idea.id and answer.stage in stages]
    first = min(map(_second, times), default=None)
    return first if first is not None and first <= _until(idea, now) else None


def answered(world: World, asked: Asked) -> dict[str, Any]:
    within = PROMISE_DAYS * DAY
    due = [
        idea
        for idea in world.ideas.values()
        if asked.within(idea.posted) and asked.idea(idea) and _until(idea, asked.now) - _second(idea.posted) >= within
    ]
    due.sort(key=lambda idea: (world.backers(idea.id), idea.place))
    came = {idea.id: _came(world, idea, "answer", asked.now) for idea in due}
    tenths, begin = [], 0
    for number in range(10):
        size = len(due) // 10 + (number < len(due) % 10)
        some, begin = due[begin : begin + size], begin + size
        if some:
            votes = [world.backers(idea.id) for idea in some]
            tenths.append(
                {
                    "tenth": number + 1,
                    "ideas": size,
                    "answered": sum(came[idea.id] is not None for idea in some),
                    "votes_least": votes[0],
                    "votes_most": votes[-1],
                }
            )
    words = [(came[idea.id], idea) for idea in due]
    have = sum(at is not None for at, _idea in words)
    in_time = sum(at is not None and at - _second(idea.posted) <= within for at, idea in words)
    return {
        "due": len(due),
        "answered": have,
        "in_time": in_time,
        "share": share(have, len(due)),
        "tenths": tenths,
    }


def waits(world: World, asked: Asked, word: str) -> dict[str, Any]:
    """Kaplan and Meier's product with exact shares."""
    ended, left = Counter[int](), Counter[int]()
    for idea in world.ideas.values():
        if asked.within(idea.posted) and asked.idea(idea):
            came = _came(world, idea, word, asked.now)
            end = _until(idea, asked.now) if came is None else came
            (left if came is None else ended)[max(0, end - _second(idea.posted)) // DAY] += 1
    still, curve = Fraction(1), []
    for day in sorted(ended):
        at_risk = sum(number for when, number in (ended + left).items() if when >= day)
        still *= 1 - Fraction(ended[day], at_risk)
        curve.append((day, still))
    return {
        "ideas": ended.total() + left.total(),
        "ended": ended.total(),
        "median_days": next((day for day, still in curve if still <= Fraction(1, 2)), None),
        "p90_days": next((day for day, still in curve if still <= Fraction(1, 10)), None),
        "curve": [{"day": day, "share": float(still)} for day, still in curve],
    }


def silence(world: World, asked: Asked) -> dict[str, Any]:
    days = sorted(
        (_second(asked.now) - max(map(_second, idea.words), default=_second(idea.posted))) // DAY
        for idea in world.ideas.values()
        if asked.idea(idea) and idea.listed and not idea.hidden and idea.stage not in FINAL
    )
    late = sum(each > PROMISE_DAYS for each in days)
    return {
        "ideas": len(days),
        "median_days": days[math.ceil(len(days) / 2) - 1] if days else None,
        "p90_days": days[math.ceil(len(days) * 9 / 10) - 1] if days else None,
        "promised": len(days),
        "late": late,
        "share_late": share(late, len(days)),
    }


def solved(world: World, asked: Asked) -> dict[str, Any]:
    said = Counter(
        answer
        for at, idea, person, answer in world.said
        if asked.within(at) and asked.tagged(idea) and asked.person(person)
    )
    shipped = [
        answer.idea
        for answer in closings(world, asked)
        if answer.stage == "shipped" and asked.idea(world.ideas[answer.idea])
    ]
    of_these = len(world.asked & set(shipped))
    return {
        "yes": said["yes"],
        "partly": said["partly"],
        "no": said["no"],
        "share": share(said["yes"], said.total()),
        "shipped": len(shipped),
        "asked": of_these,
        "share_asked": share(of_these, len(shipped)),
    }


def used(world: World, asked: Asked) -> dict[str, Any]:
    given = [answer for answer in world.answers if asked.within(answer.at)]
    ours = [answer for answer in given if asked.idea(world.ideas[answer.idea])]
    owed = [
        (person, each)
        for answer in given
        if asked.tagged(answer.idea)
        for person, each in answer.owed.items()
        if asked.person(person)
    ]
    everybody = {person for person, _each in owed}
    credited = {person for person, each in owed if each.path == "credited"}
    with_credits = sum(answer.with_credits for answer in ours)
    return {
        "answers": len(ours),
        "with_credits": with_credits,
        "share_of_answers": share(with_credits, len(ours)),
        "contributors": len(everybody),
        "credited": len(credited),
        "share_of_people": share(len(credited), len(everybody)),
    }


class Line(NamedTuple):
    """A line of the ledger, read from the tables as they are: of which event about which idea, and what came of it."""

    event: str
    about: int
    idea: str
    recorded: datetime
    person: str
    channel: str
    state: str
    reason: str
    path: str = ""


def sending(lines: Iterable[Line], asked: Asked) -> dict[str, Any]:
    ours = [line for line in lines if asked.within(line.recorded) and asked.tagged(line.idea)]
    # the team has names that are no numbers, and is of no company
    counted = [line for line in ours if not asked.company or (line.person.isdigit() and asked.person(line.person))]
    email = [line for line in counted if line.channel == "email"]
    sent = [line for line in email if line.state == "sent"]
    people = {line.person for line in sent}
    weeks = max((min(asked.until, asked.now) - asked.since) / WEEK, 1 / 7)
    told = Counter((line.event, line.about, line.person, line.channel) for line in ours if line.state == "sent")
    return {
        "email": dict(Counter(line.state for line in email)),
        "inbox": dict(Counter(line.state for line in counted if line.channel == "inbox")),
        "failed": dict(Counter(line.reason for line in email if line.state == "failed")),
        "suppressed": dict(Counter(line.reason for line in email if line.state == "suppressed")),
        "people": len(people),
        "emails_a_week": share(len(sent), len(people) * weeks),
        "unsubscribed": len({line.person for line in email if line.reason == "unsubscribed"}),
        "complaints": sum(line.reason == "complained" for line in sent),
        "duplicates": sum(number - 1 for number in told.values()),
    }


def capacity(world: World, asked: Asked) -> dict[str, Any]:
    posted = [idea.posted for idea in world.ideas.values() if asked.within(idea.posted) and asked.idea(idea)]
    given = [a.at for a in world.answers if asked.within(a.at) and asked.idea(world.ideas[a.idea])]

    def week(at: datetime) -> int:
        return (_second(at) - _second(asked.since)) // (7 * DAY)

    ideas, answers = Counter(map(week, posted)), Counter(map(week, given))
    weeks = max((min(asked.until, asked.now) - asked.since) / WEEK, 1 / 7)
    return {
        "ideas": len(posted),
        "answers": len(given),
        "ideas_a_week": len(posted) / weeks,
        "answers_a_week": len(given) / weeks,
        "ratio": share(len(given), len(posted)),
        "weeks": [(ideas[number], answers[number]) for number in range(max([*ideas, *answers], default=-1) + 1)],
    }


def figures(world: World, asked: Asked, lines: Iterable[Line]) -> dict[str, Any]:
    """All of them, by the names that the API gives them."""
    return {
        "people_closed": people_closed(world, asked),
        "ideas_closed": ideas_closed(world, asked),
        "answered": answered(world, asked),
        **{f"waits for {word}": waits(world, asked, word) for word in ("answer", "decision", "shipping")},
        "silence": silence(world, asked),
        "solved": solved(world, asked),
        "used": used(world, asked),
        "sending": sending(lines, asked),
        "capacity": capacity(world, asked),
    }
