"""The team's numbers are what the votes say, soon after they changed, in bounded pieces."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.backlog import ranking, scoring
from ideas.backlog.models import BacklogPlan, BacklogRank
from ideas.boards import merging, queries, voting
from ideas.db import db, unit_of_work, utcnow
from ideas.settings import rooms
from tests.backlog.arranging import back, company, estimate, people, place_of, rank_of, walk
from tests.boards.arranging import statements
from tests.boards.pages import answered
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory()


def test_the_walk_counts_every_idea(board):
    large, small = company("enterprise", 900_000), company("pro", 5_000)
    idea, other = IdeaFactory(board=board), IdeaFactory(board=board)
    back(idea, people(50, large))
    back(other, [*people(1, small), *people(9)])

    walk()

    assert rank_of(idea).breadth == 1
    assert rank_of(other).breadth == 10
    assert (rank_of(idea).votes, rank_of(idea).value, rank_of(idea).companies) == (50, 900_000, 1)
    assert (rank_of(other).votes, rank_of(other).value) == (10, 5_000)
    assert rank_of(idea).hot == place_of(idea).hot
    plans = db.session.execute(sa.select(BacklogPlan.plan, BacklogPlan.idea_id, BacklogPlan.votes)).all()
    assert sorted(plans) == [("enterprise", idea.id, 50), ("pro", other.id, 1)]


def test_what_changed_is_counted_anew_and_nothing_else(board, clock):
    idea, quiet = IdeaFactory(board=board), IdeaFactory(board=board)
    back(quiet, people(2))
    walk()
    before = rank_of(quiet).counted_at

    clock.shift(timedelta(minutes=5))
    voter = UserFactory()
    with unit_of_work():
        voting.cast(voter, queries.get_idea(voter, idea.id).idea)
    walk()

    assert rank_of(idea).votes == 1
    assert rank_of(quiet).counted_at == before


def test_a_vote_that_is_taken_back_counts_no_more(board):
    idea, voter = IdeaFactory(board=board), UserFactory()
    back(idea, [voter, *people(3)])
    walk()

    with unit_of_work():
        voting.retract(voter, queries.get_idea(voter, idea.id).idea)
    walk()

    assert (rank_of(idea).votes, rank_of(idea).breadth) == (3, 3)


def test_everything_is_counted_once_a_day_because_young_votes_grow_old(board, clock):
    idea = IdeaFactory(board=board)
    back(idea, people(3), at=utcnow() - timedelta(days=29, hours=12))
    walk()
    assert rank_of(idea).lately == 3

    clock.shift(timedelta(hours=25))
    walk()

    assert (rank_of(idea).lately, rank_of(idea).votes) == (0, 3)


def test_votes_since_the_last_word_begin_anew_with_an_answer(board, clock):
    idea, team = IdeaFactory(board=board), team_member(board)
    back(idea, people(3))
    clock.shift(timedelta(minutes=1))
    answered(team, idea)
    clock.shift(timedelta(minutes=1))
    voter = UserFactory()
    with unit_of_work():
        voting.cast(voter, queries.get_idea(voter, idea.id).idea)

    walk()

    assert (rank_of(idea).votes, rank_of(idea).since_word) == (4, 1)
    assert rank_of(idea).silent_since == place_of(idea).answered_at


def test_who_backs_two_ideas_that_became_one_counts_once(board):
    firm, team = company(revenue=100), team_member(board)
    both, one, other = people(1, firm)[0], UserFactory(), UserFactory()
    idea, same = IdeaFactory(board=board), IdeaFactory(board=board)
    back(idea, [both, one])
    back(same, [both, other])
    walk()

    with unit_of_work():
        on, into = queries.get_idea(team, same.id), queries.get_idea(team, idea.id)
        merging.merge(team, on, into, text="They want the very same thing.")
    walk()

    assert (rank_of(idea).votes, rank_of(idea).breadth, rank_of(idea).value) == (3, 3, 100)
    assert db.session.get(BacklogRank, same.id) is None


def test_a_company_that_pays_more_or_has_other_people_is_noticed(board):
    firm, idea = company("pro", 100), IdeaFactory(board=board)
    voters = people(3, firm)
    loner = people(1)[0]
    back(idea, [*voters, loner])
    walk()
    assert rank_of(idea).breadth == scoring.breadth([3], 1)

    firm.monthly_revenue, firm.plan = 700, "enterprise"
    walk()
    assert rank_of(idea).value == 700
    assert db.session.scalars(sa.select(BacklogPlan.plan)).all() == ["enterprise"]

    db.session.get_one(User, loner.id).company_id = firm.id
    walk()
    assert rank_of(idea).breadth == 1


def test_a_turn_is_bounded_however_much_changed(board, monkeypatch):
    for name, most in (("COUNTED", 2), ("VOTES_READ", 4)):
        monkeypatch.setattr(ranking, name, most)
    ideas = [IdeaFactory(board=board) for _ in range(6)]
    back(ideas[0], people(9))
    back(ideas[1], people(3))
    back(ideas[2], people(3))

    turns = walk()

    # nine votes are too many, and still one idea is counted; then 3, then 3 and nothing, then two, then one
    assert turns == 2 + 4
    assert [rank_of(idea).votes for idea in ideas] == [9, 3, 3, 0, 0, 0]


def test_a_turn_asks_the_same_number_of_questions_for_one_idea_as_for_many(board):
    def asked(number):
        for idea in [IdeaFactory(board=board) for _ in range(number)]:
            back(idea, people(1, company("pro", 1)))
        with unit_of_work(), statements() as found:
            ranking.refresh()
        return len(found)

    assert asked(1) == asked(7)


def test_workers_make_both_walks(app):
    assert {"backlog.count", "backlog.companies"} <= set(rooms().rounds)


def test_the_team_says_what_makes_a_priority(board):
    idea, team = IdeaFactory(board=board), team_member(board)
    back(idea, people(8))
    estimate(team, idea)
    assert rank_of(idea).priority == 8 * 2 * 0.5 / 4

    estimate(team, idea, reach=1_000, reach_source="Counted at the door")
    assert rank_of(idea).priority == 250

    back(idea, people(1))
    walk()
    assert rank_of(idea).priority == 250
