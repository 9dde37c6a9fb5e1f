"""Wanting to hear of an idea or a board, apart from voting."""

from __future__ import annotations

import pytest

from ideas.boards import following, queries
from ideas.boards.errors import Suspended
from ideas.boards.models import BoardFollow, IdeaFollow, Vote
from ideas.db import unit_of_work
from tests.boards.arranging import count
from tests.factories import BoardFactory, BoardFollowFactory, IdeaFactory, IdeaFollowFactory, UserFactory

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def idea():
    return IdeaFactory()


@pytest.fixture
def person():
    return UserFactory()


def test_following_an_idea_twice_is_following_once(person, idea):
    for _ in range(2):
        with unit_of_work():
            following.follow_idea(person, idea)

    assert queries.get_idea(person, idea.id).follows
    assert count(IdeaFollow) == 1


def test_following_is_no_vote(person, idea):
    with unit_of_work():
        following.follow_idea(person, idea)

    assert count(Vote) == 0
    assert not queries.get_idea(person, idea.id).voted


def test_unfollowing_an_idea_is_ones_own_business(person, idea):
    IdeaFollowFactory(idea=idea)
    IdeaFollowFactory(idea=idea, user=person)
    IdeaFollowFactory(user=person)

    for _ in range(2):
        with unit_of_work():
            following.unfollow_idea(person, idea)

    assert not queries.get_idea(person, idea.id).follows
    assert count(IdeaFollow) == 2


def test_following_a_board_twice_is_following_once(person):
    board = BoardFactory()
    for _ in range(2):
        with unit_of_work():
            following.follow_board(person, board)

    assert queries.get_board(person, board.slug).follows
    assert count(BoardFollow) == 1


def test_unfollowing_a_board_is_ones_own_business(person):
    board = BoardFactory()
    BoardFollowFactory(board=board)
    BoardFollowFactory(board=board, user=person)

    with unit_of_work():
        following.unfollow_board(person, board)

    assert not queries.get_board(person, board.slug).follows
    assert count(BoardFollow) == 1


def test_a_suspended_person_stops_following_and_starts_nothing(idea):
    suspended = UserFactory(suspended=True)
    IdeaFollowFactory(idea=idea, user=suspended)

    with unit_of_work():
        following.unfollow_idea(suspended, idea)
    for act, thing in ((following.follow_idea, idea), (following.follow_board, BoardFactory())):
        with pytest.raises(Suspended), unit_of_work():
            act(suspended, thing)

    assert (count(IdeaFollow), count(BoardFollow)) == (0, 0)
