"""Stories made at random, told to the model and to the product at once: after each act they look alike to everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ideas.db import db
from tests.model import site as sites
from tests.model.model import MOVES, Answer, Comment, Idea, Key, Model, Person, Refused
from tests.model.site import PRIVATE, PUBLIC, Site
from tests.remembering import Worlds

PEOPLE = 7
IDEAS_MOST = 9
people = st.sampled_from([4, 4, 5, 5, 6, 6, 0, 1, 2, 3, 7, 7])  # mostly who takes part; 7: somebody blocked
some = st.sampled_from([0, 1, 2, 0, 1, 2, 0, 1, 3, 4, 5, 6, 7, 8])  # mostly the same few: much happens to them
keys = st.integers(0, 7)  # 7: one that was revoked, if there is one
team = st.integers(0, 9)  # mostly those who may
stages = st.sampled_from(sorted(MOVES))
mostly = st.sampled_from([True, True, False])
credits = st.sets(st.sampled_from(["author", "votes", "comment", "merged_idea"]), max_size=2)


@dataclass
class Tally:
    """What was tried, for a report: how often each act was done, and how often refused and why."""

    runs: int = 0
    looks: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def acts(self) -> int:
        return self.done.total() + self.refused.total()


ACTS: list[st.SearchStrategy[tuple[Callable[..., None], dict[str, Any]]]] = []


def act(*, times: int = 1, **drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What may happen next in a story, with what is drawn for it; times: how much more often than other acts.

    A rule of its own for each would be a matter of chance: Hypothesis leaves some rules out of a run altogether, and
    what goes wrong here is between acts of different kinds.
    """

    def note(function: Callable[..., None]) -> Callable[..., None]:
        ACTS.extend([st.tuples(st.just(function), st.fixed_dictionaries(drawn))] * times)
        return function

    return note


class Story(RuleBasedStateMachine):
    """One run, on the same site anew."""

    def __init__(self, app: Flask, worlds: Worlds, tally: Tally) -> None:
        super().__init__()
        by = sites.people()
        self.model = Model(PRIVATE, by, sites.ideas(by), [Key(person) for person in by])
        self.site = Site(app, fresh(app, worlds), self.model)
        self.tally = tally
        self.tally.runs += 1
        self.turn = 0
        self.differs = False

    # --- Acts ---

    @act(times=2, who=people, which=keys, what=some, on=mostly)
    def vote_or_take_back(self, who: int, which: int, what: int, on: bool) -> None:
        person = self.person(who)
        backed = [each for each in self.model.ideas if not each.into and person in self.model.backers(each)]
        idea = backed[what % len(backed)] if backed and not on and what else self.idea(what)
        key = self.key(person, which)
        change = self.model.vote if on else self.model.unvote
        wanted, found = self.both(
            "vote" if on else "un-vote",
            lambda: change(self.model.by(key), idea),
            lambda: self.site.vote(key, idea, on=on),
        )
        sites.same("how many back it", wanted, found)

    @act(who=people, what=some, on=mostly)
    def vote_in_browser(self, who: int, what: int, on: bool) -> None:
        person, idea = self.person(who), self.idea(what)
        change = self.model.vote if on else self.model.unvote
        self.both(
            "vote in a browser",
            lambda: change(self.model.in_browser(person, idea), idea),
            lambda: self.site.press_vote(person, idea, self.model.root(idea), on=on),
        )

    @act(who=people, which=keys, what=some, private=st.booleans(), posts=st.integers(0, 2))
    def post_or_follow(self, who: int, which: int, what: int, private: bool, posts: int) -> None:
        key, idea, board = self.key(self.person(who), which), self.idea(what), PRIVATE if private else PUBLIC
        if posts == 0 and len(self.model.ideas) < IDEAS_MOST:
            self.both("post", lambda: self.model.post(self.model.by(key), board), lambda: self.site.post(key, board))
        else:
            self.both(
                "follow", lambda: self.model.follow(self.model.by(key), idea), lambda: self.site.follow(key, idea)
            )

    @act(
        times=2,
        who=people,
        which=keys,
        what=some,
        official=st.booleans(),
        is_reply=st.booleans(),
        deletes=st.integers(0, 3),
    )
    def comment_or_delete(self, who: int, which: int, what: int, official: bool, is_reply: bool, deletes: int) -> None:
        idea = self.idea(what)
        key = self.key(self.one_of_team(who, idea) if official else self.person(who), which)
        own = [each for each in self.all_comments(self.model.ideas) if each.by is key.of]
        if deletes == 3 and (said := own or self.all_comments(self.model.ideas)):
            gone = said[what % len(said)]
            self.both(
                "delete a comment",
                lambda: self.model.delete(self.model.by(key), gone),
                lambda: self.site.delete(key, gone),
            )
            return
        there = self.model.readable(idea)
        reply_to = there[which % len(there)] if there and is_reply else None
        self.both(
            "comment",
            lambda: self.model.comment(self.model.by(key), idea, official, reply_to),
            lambda: self.site.comment(key, idea, official, reply_to),
        )

    @act(who=team, which=keys, what=some, stage=stages, credit=credits, undoes=st.integers(0, 3))
    def answer_or_undo(self, who: int, which: int, what: int, stage: str, credit: set[str], undoes: int) -> None:
        answered = [idea for idea in self.model.ideas if idea.answers]
        if undoes == 3 and answered:
            untold = [idea for idea in answered if idea.answers[-1].news in self.model.waiting] or answered
            given = untold[what % len(untold)].answers[-1]
            key = self.key(self.one_of_team(who, given.on), which)
            self.both(
                "undo an answer", lambda: self.model.undo(self.model.by(key), given), lambda: self.site.undo(key, given)
            )
            return
        idea = self.idea(what)
        key = self.key(self.one_of_team(who, idea), which)
        whom, named = self.credited(idea, credit, what)
        self.both(
            "answer",
            lambda: self.model.answer(self.model.by(key), idea, stage, whom, "votes" in credit),
            lambda: self.site.answer(key, idea, stage, named),
        )

    @act(times=3, who=team, which=keys, what=some, into=st.integers(0, 7), parts=st.integers(0, 2))
    def merge_or_take_apart(self, who: int, which: int, what: int, into: int, parts: int) -> None:
        """Mostly with one of the same board that stands for itself."""
        merged = [idea for idea in self.model.ideas if idea.into]
        takes_apart = parts == 2 and (merged or what == 0)
        idea = merged[what % len(merged)] if merged and takes_apart else self.idea(what)
        key = self.key(self.one_of_team(who, idea), which)
        if takes_apart:
            self.both(
                "unmerge", lambda: self.model.unmerge(self.model.by(key), idea), lambda: self.site.unmerge(key, idea)
            )
            return
        fitting = [each for each in self.model.ideas if (each.board, each.into) == (idea.board, None) and each != idea]
        other = fitting[into % len(fitting)] if fitting and into < 6 else self.idea(what + into)
        self.both(
            "merge",
            lambda: self.model.merge(self.model.by(key), idea, other),
            lambda: self.site.merge(key, idea, other),
        )

    @act(who=st.sampled_from([0, 0, 0, 1, 1, 2, 4]), which=keys, whom=people, on=st.booleans())
    def block_or_let_back(self, who: int, which: int, whom: int, on: bool) -> None:
        key = self.key(self.person(who), which)
        blocked = [person for person in self.model.people if person.blocked]
        person = self.person(whom) if on or not blocked else blocked[whom % len(blocked)]
        self.both(
            "block" if on else "unblock",
            lambda: self.model.block(self.model.by(key), person, on=on),
            lambda: self.site.block(key, person, on=on),
        )

    @act(who=people, which=keys, what=some, own=st.integers(0, 4))
    def revoke_a_key(self, who: int, which: int, what: int, own: int) -> None:
        key = self.key(self.person(who), which)
        offered = [each for each in self.model.keys if not own or each.of is key.of]
        target = offered[what % len(offered)]
        self.both(
            "revoke a key",
            lambda: self.model.revoke(self.model.by(key), target),
            lambda: self.site.revoke(key, target),
        )

    @act(who=people, which=keys, how=st.sampled_from(["with a key", "in a browser", "sign in"]))
    def come_back(self, who: int, which: int, how: str) -> None:
        person = self.person(who)
        key = self.key(person, which)
        if how == "sign in":
            self.both(how, lambda: self.model.sign_in(person), lambda: self.site.sign_in(person))
        elif how == "with a key":
            self.both(
                "make a key with a key",
                lambda: self.model.make_key(key, self.model.by(key)),
                lambda: self.site.make_key(key),
            )
        else:
            self.both(
                "make a key in a browser",
                lambda: self.model.make_key(None, self.model.in_browser(person)),
                lambda: self.site.make_key_in_browser(person),
            )

    @act()
    def tell_people(self) -> None:
        self.both("announce", self.model.announce, self.site.announce)
        self.site.look_at_ledger(self.model)

    @rule(what=st.one_of(ACTS))
    def go_on(self, what: tuple[Callable[..., None], dict[str, Any]]) -> None:
        happen, drawn = what
        happen(self, **drawn)

    # --- Both at once ---

    def both(self, what: str, promised: Callable[[], Any], done: Callable[[], Any]) -> tuple[Any, Any]:
        """Do it here and there; what the model gives, and what the product gives. They refuse the same for the same."""
        self.differs = True  # until all of it was found to be alike
        why, wanted = outcome(promised)
        refusal, found = outcome(done)
        assert refusal == why, f"{what}: “{refusal or 'done'}”, and “{why or 'done'}” was promised"
        if why:
            self.tally.refused[what, why] += 1
        else:
            self.tally.done[what] += 1
        if isinstance(wanted, Key):
            self.site.ids[wanted], self.site.secrets[wanted] = found
        elif isinstance(wanted, Idea | Comment | Answer):
            self.site.ids[wanted] = found
        self.look()
        self.differs = False
        return wanted, found

    def look(self) -> None:
        """Each time as another one, and at another idea."""
        self.turn += 1
        self.tally.looks += 1
        reader, key = self.reader(self.turn)
        idea = self.model.ideas[self.turn % len(self.model.ideas)]
        self.site.look(self.model, reader, key)
        self.site.look_at(self.model, idea, reader, key)

    def reader(self, number: int) -> tuple[Person | None, Key | None]:
        """One of the people, blocked or not, by the last key of theirs that works; otherwise a visitor."""
        person = [None, *self.model.people][number % (PEOPLE + 1)]
        working = [key for key in self.model.keys if key.of is person and key.works]
        return (person, working[-1]) if working else (None, None)

    def teardown(self) -> None:
        """At the end everybody looks at everything, unless a difference was found before."""
        if self.differs:
            return
        self.model.announce()
        self.site.announce()
        self.site.look_at_ledger(self.model)
        for number in range(PEOPLE + 1):
            reader, key = self.reader(number)
            self.site.look(self.model, reader, key)
            if key is not None:
                self.site.look_at_inbox(self.model, key)
        for idea in self.model.ideas:
            self.site.look_at(self.model, idea, *self.reader(1))
            self.site.look_at_page(self.model, idea)
        sites.same("what the doctor finds", [], self.site.breaches())

    # --- Choosing ---

    def idea(self, number: int) -> Idea:
        return self.model.ideas[number % len(self.model.ideas)]

    def person(self, number: int) -> Person:
        blocked = [person for person in self.model.people if person.blocked] or self.model.people
        return self.model.people[number] if number < PEOPLE else blocked[self.turn % len(blocked)]

    def all_comments(self, ideas: list[Idea]) -> list[Comment]:
        return [comment for idea in ideas for comment in self.model.readable(idea)]

    def one_of_team(self, number: int, idea: Idea) -> Person:
        """Six times of ten the board's own."""
        own = next(each for each in self.model.people if each.team_of == idea.board)
        return own if number < 6 else self.person((0, 7, 3, 4)[number - 6])

    def key(self, person: Person, which: int) -> Key:
        """One of somebody's keys; of those that work, unless which is 7, if they have any."""
        own = [key for key in self.model.keys if key.of is person]
        fitting = [key for key in own if key.works == (which != 7)] or own
        return fitting[which % len(fitting)]

    def credited(self, idea: Idea, kinds: set[str], number: int) -> tuple[list[Person], list[dict[str, Any]]]:
        """Whom an answer that credits this thanks by name, and how programs say so."""
        parts = self.model.within(idea)
        said = self.all_comments(parts)
        things: dict[str, tuple[Person | None, int | None]] = {"author": (idea.author, None), "votes": (None, None)}
        if said:
            comment = said[number % len(said)]
            things["comment"] = comment.by, self.site.ids[comment]
        if parts[1:]:
            things["merged_idea"] = parts[-1].author, self.site.ids[parts[-1]]
        named = [(kind, *things[kind]) for kind in sorted(kinds & things.keys())]
        how = "It became the plan."
        people = [person for _kind, person, _id in named if person]
        return people, [{"kind": kind, "id": number, "how": how} for kind, _person, number in named]


def outcome(act: Callable[[], Any]) -> tuple[str, Any]:
    """Why it was refused, or "", and what it gave."""
    try:
        return "", act()
    except Refused as refused:
        return refused.code, None


def fresh(app: Flask, worlds: Worlds) -> sites.World:
    """The site as each story finds it."""
    db.session.remove()
    if worlds.database.kind == "sqlite":  # its file becomes another one
        db.engine.dispose()
    worlds.database.empty()
    return worlds.begin(sites.make, app)


def tell_stories(app: Flask, worlds: Worlds, tally: Tally, *, runs: int, steps: int, shrink: bool = False) -> None:
    """Hold the product against the model; AssertionError with the story in which they differ. In the app's context."""
    run_state_machine_as_test(
        cast(Any, lambda: Story(app, worlds, tally)),  # whatever makes one will do
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            phases=[Phase.generate, *[Phase.shrink] * shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
