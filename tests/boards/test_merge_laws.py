"""The laws of merging, against a model without merges: what would be, had each act happened where it was meant.

Unmerging gives back exactly the two, whatever happened in between. An un-vote on the surviving idea takes back the
whole support, also what was given to its parts; that is all a merge changes for ever. MERGE_LAWS=200 tries so many
stories of each kind.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from ideas.boards import checks, commenting, following, merging, queries, ranking, trees, voting
from ideas.boards.errors import Merged, NotMerged
from ideas.boards.models import Comment, Idea, IdeaFollow, IdeaRank, Vote
from ideas.db import db, unit_of_work
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

IDEAS, PEOPLE = 4, 3
WHY = "They ask for the same, so they are one."
ideas, people = st.integers(0, IDEAS - 1), st.integers(0, PEOPLE - 1)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("vote"), ideas, people),
        st.tuples(st.just("unvote"), ideas, people),
        st.tuples(st.just("comment"), ideas, people),
        st.tuples(st.just("follow"), ideas, people),
        st.tuples(st.just("unfollow"), ideas, people),
        st.tuples(st.just("merge"), ideas, ideas),
        st.tuples(st.just("unmerge"), ideas, ideas),
    ),
    min_size=4,
    max_size=14,
)
FEW = settings(
    max_examples=int(os.environ.get("MERGE_LAWS", "5")),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Model:
    """Who did what where; which idea is part of which is all that a merge leaves."""

    into: dict[int, int] = field(default_factory=dict)
    votes: set[tuple[int, int]] = field(default_factory=set)
    follows: set[tuple[int, int]] = field(default_factory=set)
    comments: list[tuple[int, int]] = field(default_factory=list)

    def root(self, idea: int) -> int:
        while idea in self.into:
            idea = self.into[idea]
        return idea

    def within(self, idea: int) -> set[int]:
        parts = (self.within(each) for each in self.into if self.into[each] == idea)
        return {idea}.union(*parts)

    def backers(self, idea: int) -> set[int]:
        return {person for where, person in self.votes if where in self.within(idea)}

    def act(self, what: str, idea: int, other: int) -> bool:
        """Do it; False when it cannot be done."""
        if what == "unmerge":
            return self.into.pop(idea, None) is not None
        if idea in self.into:
            return False
        if what == "merge":
            if other in self.into or other == idea:
                return False
            self.into[idea] = other
        elif what == "vote":
            self.votes.add((idea, other))
        elif what == "unvote":
            self.votes -= {(where, other) for where in self.within(idea)}
        elif what == "follow":
            self.follows.add((idea, other))
        elif what == "unfollow":
            self.follows -= {(where, other) for where in self.within(idea)}
        else:
            self.comments.append((idea, other))
        return True


class Site:
    """The same through the services, on ideas and people of the database."""

    def __init__(self) -> None:
        board: Any = BoardFactory()
        self.petra = team_member(board)
        author: Any = UserFactory()
        made: list[Any] = IdeaFactory.create_batch(IDEAS, board=board, author=author)
        self.ideas = [idea.id for idea in made]
        self.people = UserFactory.create_batch(PEOPLE)
        self.ids = [person.id for person in self.people]

    def act(self, what: str, idea: int, other: int) -> bool:
        try:
            with unit_of_work():
                self._do(what, self.ideas[idea], other)
        except (Merged, NotMerged, ValidationError):
            return False
        return True

    def _do(self, what: str, idea_id: int, other: int) -> None:
        if what == "merge":
            into = queries.get_idea(self.petra, self.ideas[other])
            merging.merge(self.petra, queries.get_idea(self.petra, idea_id), into, text=WHY)
        elif what == "unmerge":
            merging.unmerge(self.petra, queries.get_idea(self.petra, idea_id), text=WHY)
        else:
            person = self.people[other]
            on = queries.get_idea(person, idea_id)
            if what == "comment":
                commenting.add(person, on, body="So I say.")
            else:
                act = {
                    "vote": voting.cast,
                    "unvote": voting.retract,
                    "follow": following.follow_idea,
                    "unfollow": following.unfollow_idea,
                }[what]
                act(person, on.idea)

    def pairs(self, model: type[Vote | IdeaFollow | Comment], person: Any) -> list[tuple[int, int]]:
        rows = db.session.execute(sa.select(model.idea_id, person).where(model.idea_id.in_(self.ideas)))
        return sorted((self.ideas.index(idea), self.ids.index(who)) for idea, who in rows)


def assert_alike(site: Site, model: Model) -> None:
    """The database says what the model says; and each count is right in itself."""
    db.session.rollback()
    rows = {
        row.id: row
        for row in db.session.execute(
            sa.select(Idea.id, Idea.merged_into_id, Idea.merged_root_id, IdeaRank.vote_count, IdeaRank.listed)
            .join(IdeaRank, IdeaRank.idea_id == Idea.id)
            .where(Idea.id.in_(site.ideas))
        )
    }
    for idea, idea_id in enumerate(site.ideas):
        row, into = rows[idea_id], model.into.get(idea)
        assert row.merged_into_id == (None if into is None else site.ideas[into])
        assert row.merged_root_id == (None if into is None else site.ideas[model.root(idea)])
        assert (row.vote_count, row.listed) == (len(model.backers(idea)), into is None)
        if into is None:
            for person, someone in enumerate(site.people):
                seen = queries.get_idea(someone, idea_id)
                assert seen.voted == (person in model.backers(idea))
                assert seen.follows == any((where, person) in model.follows for where in model.within(idea))
    assert site.pairs(Vote, Vote.user_id) == sorted(model.votes)
    assert site.pairs(IdeaFollow, IdeaFollow.user_id) == sorted(model.follows)
    assert site.pairs(Comment, Comment.author_id) == sorted(model.comments)


def assert_sound() -> None:
    for check in (checks.votes_are_counted, checks.merges_are_links, checks.places_are_true):
        assert check() == []
    db.session.rollback()
    with unit_of_work():
        assert ranking.recount().differed == 0


@FEW
@given(acts=ACTS)
@example(acts=[("vote", 0, 0), ("merge", 0, 1), ("vote", 1, 0), ("vote", 1, 1)])
@example(acts=[("vote", 0, 0), ("vote", 1, 0), ("merge", 0, 1), ("unvote", 1, 0), ("unmerge", 0, 0)])
def test_whatever_happens_the_site_is_what_the_model_is(app, acts):
    site, model = Site(), Model()

    for act in acts:
        assert site.act(*act) == model.act(*act), act

    assert_alike(site, model)
    assert_sound()


@FEW
@given(before=ACTS, between=ACTS)
def test_taken_apart_each_idea_is_what_it_would_be_without_the_merge(app, before, between):
    """unmerge(merge(a, b)) == (a, b), with acts on either side meanwhile."""
    site, model = Site(), Model()
    without_merges = [act for act in before if act[0] not in ("merge", "unmerge")]
    for act in without_merges:
        site.act(*act)
        model.act(*act)
    assert site.act("merge", 0, 1)
    model.act("merge", 0, 1)
    for act in between:
        if act[0] not in ("merge", "unmerge"):
            assert site.act(*act) == model.act(*act), act

    assert site.act("unmerge", 0, 0)

    model.act("unmerge", 0, 0)
    assert model.into == {}
    assert_alike(site, model)
    assert_sound()


@FEW
@given(order=st.permutations(range(IDEAS - 1)), votes=st.sets(st.tuples(ideas, people), max_size=8))
def test_a_chain_comes_apart_in_any_order(app, order, votes):
    """0 → 1 → 2 → 3 built in any order that is possible, and taken apart in that order: all is as before."""
    site, model = Site(), Model()
    for idea, person in sorted(votes):
        site.act("vote", idea, person)
        model.act("vote", idea, person)
    built = []
    while len(built) < IDEAS - 1:
        # an idea goes into the next one while that stands for itself
        idea = next(each for each in sorted(set(range(IDEAS - 1)) - set(built)) if each + 1 not in model.into)
        assert site.act("merge", idea, idea + 1)
        model.act("merge", idea, idea + 1)
        built.append(idea)
    assert_alike(site, model)
    assert len(trees.links(site.ideas[-1])) == IDEAS - 1

    for idea in order:
        assert site.act("unmerge", idea, idea)
        model.act("unmerge", idea, idea)
        assert_alike(site, model)

    assert model.into == {}
    assert_sound()


def test_the_model_would_notice_a_lost_vote(app):
    site, model = Site(), Model()
    site.act("vote", 0, 0)
    model.act("vote", 0, 0)
    site.act("merge", 0, 1)
    model.act("merge", 0, 1)
    db.session.execute(sa.delete(Vote))
    db.session.commit()

    with pytest.raises(AssertionError):
        assert_alike(site, model)
