"""The formulas of the team's scores, followed with a pencil."""

import random
from fractions import Fraction

import pytest

from ideas.backlog import scoring
from ideas.backlog.scoring import Backing


def independent(by_company, alone):
    """Breadth in whole numbers: each person without a company is a company of one."""
    votes = [Fraction(each) for each in [*by_company, *[1] * alone]]
    most = max(Fraction(1), sum(votes) / 20)
    weights = [min(each, most) for each in votes]
    return sum(weights) ** 2 / sum(each**2 for each in weights)


def test_fifty_votes_of_one_company_are_worth_less_than_ten_of_ten():
    assert scoring.breadth([50]) == 1
    assert scoring.breadth([1] * 10) == 10


def test_people_without_a_company_are_companies_of_one():
    assert scoring.breadth([], alone=7) == scoring.breadth([1] * 7) == 7


def test_an_idea_without_votes_has_no_breadth():
    assert scoring.breadth([]) == 0


def test_more_votes_of_one_company_can_lower_it():
    before, after = scoring.breadth([1] * 40 + [2]), scoring.breadth([1] * 40 + [4])

    assert after < before


def test_no_company_weighs_more_than_a_twentieth_of_all_votes():
    assert scoring.weight(500, 1_000) == 50
    assert scoring.weight(3, 1_000) == 3
    assert scoring.weight(5, 10) == 1


def test_breadth_is_what_whole_numbers_say():
    chance = random.Random(5)
    for _ in range(200):
        by_company = [chance.randint(1, chance.choice([3, 40, 900])) for _ in range(chance.randint(0, 30))]
        alone = chance.randint(0, 50) if by_company else 1

        assert scoring.breadth(by_company, alone) == pytest.approx(float(independent(by_company, alone)), rel=1e-12)
        assert 1 <= scoring.breadth(by_company, alone) <= len(by_company) + alone + 1e-9


def test_value_counts_each_company_once_however_many_of_its_people_vote():
    scores = scoring.score([Backing(1, 40, revenue=900), Backing(2, 1, revenue=100), Backing(None, 5)])

    assert (scores.value, scores.companies, scores.votes, scores.unpriced) == (1_000, 2, 46, 0)


def test_a_company_without_revenue_counts_as_nothing_and_is_named():
    scores = scoring.score([Backing(1, 1, revenue=None), Backing(2, 1, revenue=0)])

    assert (scores.value, scores.unpriced) == (0, 1)


def test_priority_is_reach_times_impact_times_confidence_by_effort():
    assert scoring.priority(300, 2.0, 50, 4.0) == 75
