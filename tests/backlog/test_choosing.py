"""Several ideas at once: tagged and assigned, all or none, and never answered."""

import pytest

from ideas.accounts.models import AuditEntry
from ideas.boards import listing
from ideas.boards.models import Answer, Idea, IdeaTag
from ideas.db import db
from tests.boards.arranging import READERS, count, reader_of
from tests.boards.pages import browser_of
from tests.factories import BoardFactory, IdeaFactory, TagFactory, UserFactory, team_member

PATH = "/team/backlog/chosen"


@pytest.fixture
def board(app):
    made = BoardFactory(slug="garden")
    for slug in ("seed", "shed"):
        TagFactory(board=made, slug=slug)
    return made


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def ideas(board):
    return [IdeaFactory(board=board) for _ in range(3)]


def send(app, person, ideas, **fields):
    return browser_of(app, person).post(PATH, data={"idea": [idea.id for idea in ideas], **fields})


def tags_of(ideas):
    db.session.rollback()
    found = listing.tags_on([idea.id for idea in ideas])
    return [[tag.slug for tag in found.get(idea.id, [])] for idea in ideas]


def test_tags_come_and_go_and_the_others_stay(app, board, petra, ideas):
    seed = db.session.query(IdeaTag).count()
    send(app, petra, ideas[:1], add=["shed"])

    answer = send(app, petra, ideas, add=["seed"], off=["shed"])

    assert (seed, answer.status_code) == (0, 303)
    assert tags_of(ideas) == [["seed"]] * 3
    assert count(AuditEntry, AuditEntry.act == "idea.tagged") == 4


def test_they_get_an_owner_or_none(app, petra, ideas):
    send(app, petra, ideas, owner=str(petra.id))
    db.session.rollback()
    assert [db.session.get_one(Idea, idea.id).owner_id for idea in ideas] == [petra.id] * 3

    send(app, petra, ideas[:2], owner="nobody")
    db.session.rollback()
    assert [db.session.get_one(Idea, idea.id).owner_id for idea in ideas] == [None, None, petra.id]


def test_one_that_cannot_be_leaves_all_as_they_were_and_says_which(app, board, petra, ideas):
    other = BoardFactory(slug="other")
    admin = UserFactory(admin=True)
    theirs = IdeaFactory(board=other, title="Elsewhere")

    tagged = send(app, admin, [*ideas, theirs], add=["seed"])
    owned = send(app, admin, [*ideas, theirs], owner=str(petra.id))

    assert (tagged.status_code, owned.status_code) == (422, 422)
    assert "Elsewhere" in tagged.text
    assert "Elsewhere: this person is not of the team of its board." in owned.text
    assert tags_of(ideas) == [[], [], []]
    db.session.rollback()
    assert db.session.get_one(Idea, ideas[0].id).owner_id is None


def test_ideas_that_are_not_ones_own_to_answer_are_left_out(app, board, petra, ideas):
    theirs = IdeaFactory(board=BoardFactory(), title="Elsewhere")

    page = browser_of(app, petra).get(f"{PATH}?idea={ideas[0].id}&idea={theirs.id}&idea=x")

    assert page.status_code == 200
    assert ideas[0].title in page.text
    assert "Elsewhere" not in page.text
    assert browser_of(app, petra).get(f"{PATH}?idea={theirs.id}").status_code == 404
    assert browser_of(app, petra).get(PATH).status_code == 404


@pytest.mark.parametrize("kind", READERS)
def test_choosing_is_for_those_who_answer(app, board, ideas, kind):
    answer = browser_of(app, reader_of(kind, board)).get(f"{PATH}?idea={ideas[0].id}")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def test_there_is_no_way_to_answer_or_decline_several(app, petra, ideas):
    page = browser_of(app, petra).get(f"{PATH}?idea={ideas[0].id}").text
    answer = send(app, petra, ideas, status="declined", reason="not_us", text="We will not do any of these, sorry.")

    assert 'name="status"' not in page
    assert answer.status_code == 303
    assert count(Answer) == 0
