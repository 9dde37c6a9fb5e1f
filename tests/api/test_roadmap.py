"""The roadmap as JSON says what the page says, to those who may read it."""

from datetime import timedelta

from ideas.db import utcnow
from tests.boards.pages import answered
from tests.factories import BoardFactory, IdeaFactory, team_member


def test_the_roadmap_gives_each_idea_with_its_day_and_the_words_of_its_answer(ask):
    board = BoardFactory(slug="garden")
    petra = team_member(board)
    idea, day = IdeaFactory(board=board, title="Book a bed"), utcnow().date() + timedelta(days=30)
    given = answered(petra, idea, date=day)

    (found,) = ask().get("roadmap?board=garden").json["data"]

    assert found == {
        "idea": {"id": idea.id, "title": "Book a bed", "url": found["idea"]["url"]},
        "board": "garden",
        "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
        "vote_count": 0,
        "date": day.isoformat(),
        "answered_at": given.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "said": given.text,
    }
    assert found["idea"]["url"].endswith(f"/ideas/{idea.id}-book-a-bed")


def test_a_private_board_has_its_roadmap_for_its_members_alone(ask):
    board = BoardFactory(slug="keys", private=True)
    petra = team_member(board)
    answered(petra, IdeaFactory(board=board))

    assert ask().get("roadmap").json["data"] == []
    assert ask().get("roadmap?board=keys").status_code == 404
    assert len(ask(petra).get("roadmap").json["data"]) == 1
