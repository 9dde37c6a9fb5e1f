"""The laws of loop health, on stories made at random. HEALTH_LAWS=100 tries so many of each."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ideas.accounts import erasing
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.models import Idea
from ideas.db import db, unit_of_work
from ideas.insights import schemas_out
from tests.factories import UserFactory
from tests.insights.arranging import REASONS, Story

IDEAS, PEOPLE, NOW = 4, 3, 60
ideas, people, days = st.integers(0, IDEAS - 1), st.integers(0, PEOPLE - 1), st.integers(1, 40)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("vote"), ideas, people),
        st.tuples(st.just("comment"), ideas, people),
        st.tuples(st.just("official"), ideas, st.just(0)),
        st.tuples(st.just("answer"), ideas, st.sampled_from(sorted(REASONS))),
        st.tuples(st.just("merge"), ideas, ideas),
    ),
    min_size=3,
    max_size=10,
)
FEW = settings(
    max_examples=int(os.environ.get("HEALTH_LAWS", "6")),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Told:
    """A board with a story of its own, its ideas and its people."""

    def __init__(self, app: Any, acts: Any) -> None:
        self.story = Story(app)
        self.people = UserFactory.create_batch(PEOPLE)
        self.ideas: list[Any] = [self.story.post(number, self.people[number % PEOPLE]) for number in range(IDEAS)]
        for number, (what, which, other) in enumerate(acts):
            self.act(what, self.ideas[which], other, 5 + 3 * number)

    def act(self, what: str, idea: Idea, other: Any, number: float) -> None:
        db.session.refresh(idea)
        if idea.merged_root_id is not None:
            return
        row = queries.get_idea(self.story.petra, idea.id)
        if what == "vote" and row.idea.status.takes_votes:
            self.story.vote(self.people[other], idea, number)
        elif what == "comment":
            self.story.say(self.people[other], idea, number)
        elif what == "official":
            self.story.say(self.story.petra, idea, number, official=True)
        elif what == "answer":
            self.story.answer(idea, number, other)
        elif what == "merge":
            into = self.ideas[other]
            db.session.refresh(into)
            if into is not idea and into.merged_root_id is None:
                self.story.merge(idea, into, number)

    def health(self) -> dict[str, Any]:
        return schemas_out.loop_health(self.story.health(NOW))

    def totals(self) -> dict[str, Any]:
        """All but silence: that is of those who wait now, and where somebody leaves nobody waits."""
        return {name: figure for name, figure in self.health().items() if name != "silence"}


@FEW
@given(acts=ACTS, posted=days)
def test_an_idea_that_nobody_answers_improves_nothing(app, acts, posted):
    told = Told(app, acts)
    before = told.health()

    told.story.post(posted)
    after = told.health()

    for name in ("people_closed", "ideas_closed", "answered"):
        was, is_now = before[name]["share"], after[name]["share"]
        assert is_now == was or (was or 1.0) >= (is_now or 0.0)
    for word, was in before["waits"].items():
        for quantile in ("median_days", "p90_days"):
            longer = after["waits"][word][quantile]
            assert longer is None or (was[quantile] is not None and longer >= was[quantile])


@FEW
@given(acts=ACTS, stages=st.tuples(*[st.sampled_from(["shipped", "declined"])] * 2), pair=st.permutations(range(IDEAS)))
def test_two_final_ideas_that_become_one_keep_their_pairs(app, acts, stages, pair):
    told = Told(app, acts)
    chosen = [told.ideas[number] for number in pair if told.ideas[number].merged_root_id is None][:2]
    for idea, stage in zip(chosen, stages, strict=False):
        told.act("answer", idea, stage, 50)
    before = told.health()["people_closed"]

    if len(chosen) == 2:
        told.story.merge(*chosen, 55)

    assert told.health()["people_closed"] == before


@FEW
@given(acts=ACTS, who=people, with_text=st.booleans())
def test_whoever_is_erased_stays_in_every_total(app, acts, who, with_text):
    told = Told(app, acts)
    before = told.totals()

    erase(told.people[who], with_text=with_text)

    assert told.totals() == before


def test_an_idea_that_nobody_else_touched_is_still_counted(app):
    told = Told(app, [])
    idea, before = told.ideas[0], told.totals()

    erase(told.people[0], with_text=False)

    assert told.totals() == before
    kept = db.session.get_one(Idea, idea.id, populate_existing=True)
    assert (kept.title, kept.body, kept.body_html) == ("An idea of a former member", "", "")
    assert kept.withdrawn_at is not None


def erase(person: User, *, with_text: bool) -> None:
    db.session.commit()
    with unit_of_work():
        leaving = erasing.erase(None, db.session.get_one(User, person.id), with_text=with_text)
    erasing.finish(leaving)
