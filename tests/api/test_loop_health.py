"""Loop health as programs read it."""

import pytest

from tests.factories import CompanyFactory, UserFactory
from tests.insights.arranging import Story, day


@pytest.fixture
def told(app, clock) -> Story:
    story = Story(app)
    shipped = story.post(0, voters=[UserFactory()])
    story.post(2)
    story.answer(shipped, 4, "shipped", [{"kind": "votes", "how": "Your vote put it first."}])
    clock.move_to(day(30))
    return story


def test_the_team_reads_all_figures(ask, told):
    health = ask(told.petra).get(f"loop-health?board={told.board.slug}").json

    assert health["boards"] == [told.board.slug]
    assert (health["since"], health["until"]) == ("2026-01-02T00:00:00Z", "2026-04-01T09:00:00Z")
    assert health["people_closed"] == {
        "owed": 2,
        "delivered": 2,
        "pending": 0,
        "undeliverable": 0,
        "opted_out": 0,
        "failed": {},
        "suppressed": {},
        "share": 1.0,
    }
    assert health["waits"]["answer"] == {
        "ideas": 2,
        "ended": 1,
        "median_days": 4,
        "p90_days": None,
        "curve": [{"day": 4, "share": 0.5}],
    }
    assert health["used"]["credited"] == 1
    assert health["sending"]["email"] == {"sent": 2}
    assert sum(week["answers"] for week in health["capacity"]["weeks"]) == 1


def test_what_cannot_be_asked_is_named(ask, told):
    asking = ask(told.petra)

    for query, pointer in (("tag=none-such", "/tag"), ("from=now", "/from"), ("period=1", "/period"), ("x=1", "/x")):
        answer = asking.get(f"loop-health?{query}")
        assert answer.status_code == 422
        assert answer.get_json(force=True)["errors"][0]["pointer"] == pointer


def test_a_company_is_asked_for_by_administrators(ask, told):
    acme = CompanyFactory()

    assert ask(told.petra).get(f"loop-health?company={acme.id}").status_code == 404
    assert ask(UserFactory(admin=True)).get(f"loop-health?company={acme.id}").json["people_closed"]["owed"] == 0


def test_somebody_of_no_team_finds_nothing(ask, told):
    assert ask(UserFactory()).get("loop-health").status_code == 404


def test_everybody_reads_how_a_board_answers(ask, told):
    health = ask().get(f"boards/{told.board.slug}/loop-health").json

    assert health["answered"] == {"due": 2, "answered": 1, "in_time": 1, "share": 0.5}
    assert "people_closed" not in health
