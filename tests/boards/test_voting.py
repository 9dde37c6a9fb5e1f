"""One person backs one idea, once; the count is exact."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.boards import queries, ranking, voting
from ideas.boards.errors import Suspended, VotingClosed
from ideas.boards.models import IdeaRank, Stage, Vote
from ideas.db import db, unit_of_work
from tests.factories import IdeaFactory, UserFactory, VoteFactory

pytestmark = pytest.mark.usefixtures("app")


def rank_of(idea):
    db.session.expire_all()
    return db.session.get_one(IdeaRank, idea.id)


def cast(voter, idea):
    with unit_of_work():
        return voting.cast(voter, queries.get_idea(voter, idea.id).idea)


def retract(voter, idea):
    with unit_of_work():
        return voting.retract(voter, queries.get_idea(voter, idea.id).idea)


def test_a_vote_counts():
    idea, voter = IdeaFactory(), UserFactory()

    assert cast(voter, idea) == 1

    assert rank_of(idea).vote_count == 1


def test_voting_twice_counts_once():
    idea, voter = IdeaFactory(), UserFactory()
    cast(voter, idea)

    assert cast(voter, idea) == 1

    assert rank_of(idea).vote_count == 1


def test_a_vote_taken_back_does_not_count():
    idea, voter = IdeaFactory(), UserFactory()
    cast(voter, idea)
    cast(UserFactory(), idea)

    assert retract(voter, idea) == 1

    assert rank_of(idea).vote_count == 1


def test_taking_back_what_was_never_cast_changes_nothing():
    idea = IdeaFactory()
    VoteFactory(idea=idea)

    assert retract(UserFactory(), idea) == 1


@pytest.mark.parametrize("stage", [Stage.SHIPPED, Stage.DECLINED])
@pytest.mark.parametrize("act", [cast, retract])
def test_no_votes_on_a_final_idea(stage, act):
    idea = IdeaFactory(stage=stage)

    with pytest.raises(VotingClosed, match=stage.capitalize()):
        act(UserFactory(), idea)

    assert rank_of(idea).vote_count == 0


def test_no_votes_on_a_withdrawn_idea():
    idea = IdeaFactory(withdrawn=True)

    with pytest.raises(VotingClosed, match="withdrawn"):
        cast(UserFactory(), idea)


def test_no_votes_by_a_suspended_person():
    idea = IdeaFactory()

    with pytest.raises(Suspended):
        cast(UserFactory(suspended=True), idea)


def test_a_vote_that_meets_an_answer_is_refused_whole():
    idea, voter = IdeaFactory(), UserFactory()
    read_before = queries.get_idea(voter, idea.id).idea
    status = read_before.status
    assert status.takes_votes
    db.session.execute(sa.update(IdeaRank).values(stage=Stage.SHIPPED))  # somebody answered meanwhile
    db.session.commit()

    with pytest.raises(VotingClosed, match="a moment ago"), unit_of_work():
        voting.cast(voter, read_before)

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vote)) == 0


def test_hot_grows_by_a_vote_as_if_it_were_summed_anew(clock):
    idea = IdeaFactory()
    created = idea.created_at
    times = [created]
    for days in (1, 3, 30):
        clock.move_to(created + timedelta(days=days))
        cast(UserFactory(), idea)
        times.append(created + timedelta(days=days))

    assert rank_of(idea).hot == pytest.approx(ranking.hot_of(times), abs=1e-9)


def test_hot_falls_back_when_a_vote_is_taken_back(clock):
    idea, voter = IdeaFactory(), UserFactory()
    created = idea.created_at
    first = created + timedelta(days=40, microseconds=700_001)
    clock.move_to(first)
    cast(UserFactory(), idea)
    clock.move_to(created + timedelta(days=80))
    cast(voter, idea)

    retract(voter, idea)

    assert rank_of(idea).hot == pytest.approx(ranking.hot_of([created, first]), abs=1e-10)


def test_hot_bears_an_idea_of_long_ago():
    created = ranking.EPOCH - timedelta(days=40_000)
    idea, voter = IdeaFactory(created_at=created), UserFactory()
    cast(voter, idea)

    retract(voter, idea)

    assert rank_of(idea).hot == pytest.approx(ranking.weight(created))


def test_a_recount_repairs_every_place():
    idea = VoteFactory().idea_id
    right = rank_of(queries.get_idea(None, idea).idea)
    before = (right.vote_count, right.stage)
    db.session.execute(sa.update(IdeaRank).values(vote_count=7, stage=Stage.DECLINED, comment_count=3, hot=1.0))
    db.session.commit()

    with unit_of_work():
        ranking.recount()

    after = rank_of(queries.get_idea(None, idea).idea)
    assert (after.vote_count, after.stage) == before
    assert after.comment_count == 0
