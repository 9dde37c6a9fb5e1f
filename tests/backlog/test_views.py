"""Why an idea stands where it stands, as the team sees it."""

import pytest

from ideas.backlog.models import Estimate
from ideas.db import db
from tests.backlog.arranging import SAID, back, company, estimate, people, rank_of, walk
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member


@pytest.fixture
def idea(app):
    return IdeaFactory(board=BoardFactory())


@pytest.fixture
def petra(idea):
    return team_member(idea_board(idea), name="Petra")


def idea_board(idea):
    from ideas.boards.models import Board

    return db.session.get_one(Board, idea.board_id)


@pytest.mark.parametrize("kind", READERS)
def test_scores_are_for_the_team(app, idea, kind):
    answer = browser_of(app, reader_of(kind, idea_board(idea))).get(f"/ideas/{idea.id}/scores")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 403)


def test_each_score_opens_into_its_formula_and_what_goes_into_it(app, idea, petra):
    back(idea, [*people(40, company("enterprise", 1_900_000)), *people(2, company("pro")), *people(8)])
    estimate(petra, idea)
    walk()

    page = seen(browser_of(app, petra).get(f"/ideas/{idea.id}/scores").text)

    assert "Votes 50 Each person counts once" in page
    # w is at most 2.5: 2.5 + 2 + 8 people; 6.25 + 4 + 8
    assert "Breadth 8.6 (Σ w)² ∕ Σ w² = 12.5² ∕ 18.2" in page
    assert "enterprise 40 2.5 €19,000" in page
    assert "pro 2 2 not known" in page
    assert "8 people without a company 8 8" in page
    assert "Value €19,000" in page
    assert "Of 1 nobody has said the revenue" in page
    assert "50 × 2 × 50 % ∕ 4" in page
    assert "Impact 2 – Five interviews" in page
    assert "Said by Petra" in page


def test_companies_are_named_to_administrators_alone(app, idea, petra):
    back(idea, people(1, company(name="Allotments United")))

    pages = [
        browser_of(app, person).get(f"/ideas/{idea.id}/scores").text for person in (petra, UserFactory(admin=True))
    ]

    assert ["Allotments United" in page for page in pages] == [False, True]


def test_without_an_estimate_nothing_is_assumed(app, idea, petra):
    back(idea, people(3))

    page = seen(browser_of(app, petra).get(f"/ideas/{idea.id}/scores").text)

    assert "Priority Not said yet" in page


def test_an_estimate_is_kept_with_its_sources(app, idea, petra):
    browser = browser_of(app, petra)

    answer = browser.post(f"/ideas/{idea.id}/scores", data={**SAID, "reach": "40", "reach_source": "The newsletter"})

    assert answer.status_code == 303
    db.session.rollback()
    said = db.session.get_one(Estimate, idea.id)
    assert (said.reach, said.reach_source, said.by_id) == (40, "The newsletter", petra.id)
    assert rank_of(idea).priority == 10


@pytest.mark.parametrize(
    ("field", "value"),
    [("impact", "7"), ("confidence", "120"), ("effort", "0"), ("effort", "nan"), ("impact_source", " ")],
)
def test_a_number_that_cannot_be_is_refused_at_its_field_and_kept(app, idea, petra, field, value):
    answer = browser_of(app, petra).post(f"/ideas/{idea.id}/scores", data={**SAID, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert 'value="The gardeners"' in answer.text
    assert db.session.get(Estimate, idea.id) is None


def test_a_reach_needs_its_source(app, idea, petra):
    answer = browser_of(app, petra).post(f"/ideas/{idea.id}/scores", data={**SAID, "reach": "40"})

    assert answer.status_code == 422
    assert "Say where this number is from." in answer.text


def test_an_estimate_can_be_removed(app, idea, petra):
    back(idea, people(3))
    estimate(petra, idea)

    answer = browser_of(app, petra).post(f"/ideas/{idea.id}/scores/remove")

    assert answer.status_code == 303
    assert rank_of(idea).priority == 0


def test_the_page_asks_as_much_for_many_companies_as_for_one(app, idea, petra):
    browser = browser_of(app, petra)

    def asked():
        with statements() as found:
            assert browser.get(f"/ideas/{idea.id}/scores").status_code == 200
        return len(found)

    back(idea, people(1, company()))
    one = asked()
    for _ in range(25):
        back(idea, people(1, company()))

    assert asked() == one <= 12
