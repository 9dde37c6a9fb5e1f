"""The pages on which ideas become one and two again, and on which merged ideas are read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import merging, moderating, queries, searching
from ideas.boards.models import Idea
from ideas.db import db, unit_of_work, utcnow
from ideas.outbox import OutboxEntry
from tests.boards.pages import browser_of, in_order, seen
from tests.boards.test_views import cost
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

WHY = "Both ask for a dry place, so they are one."


class Garden:
    def __init__(self, app):
        self.app = app
        self.board = BoardFactory()
        self.petra = team_member(self.board, name="Petra")
        self.shed = IdeaFactory(
            board=self.board, title="A dry shed", author=UserFactory(name="Ria"), body="With a door."
        )
        self.roof = IdeaFactory(board=self.board, title="A dry roof", author=UserFactory(name="Ole"))
        VoteFactory(idea=self.shed, user=UserFactory(name="Vera"))
        with unit_of_work():
            for idea in (self.shed, self.roof):
                searching.index(db.session.get_one(Idea, idea.id))
        self.team = browser_of(app, self.petra)

    def path(self, idea):
        return f"/ideas/{idea.id}-{idea.slug}"

    def merge(self, idea=None, into=None):
        with unit_of_work():
            merging.merge(
                self.petra,
                queries.get_idea(self.petra, (idea or self.shed).id),
                queries.get_idea(self.petra, (into or self.roof).id),
                text=WHY,
            )

    def announced(self):
        db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=utcnow()))
        db.session.commit()


@pytest.fixture
def garden(app):
    return Garden(app)


# --- Merging ---


def test_the_team_is_shown_what_an_idea_might_be_the_same_as(garden):
    page = garden.team.get(f"/ideas/{garden.shed.id}/merge").text

    assert in_order(page, "A dry shed", "Which idea stays?", "Ideas like this one", "A dry roof")
    assert f"into={garden.roof.id}" in page


@pytest.mark.parametrize("said", ["{id}", "#{id}", "http://localhost/ideas/{id}-a-dry-roof", "/ideas/{id}", "roof"])
def test_the_other_is_found_by_words_number_or_address(garden, said):
    page = garden.team.get(f"/ideas/{garden.shed.id}/merge", query_string={"q": said.format(id=garden.roof.id)}).text

    assert "A dry roof" in seen(page)


def test_a_number_that_went_elsewhere_finds_where_it_went(garden):
    rack = IdeaFactory(board=garden.board, title="A rack")
    garden.merge()

    page = garden.team.get(f"/ideas/{rack.id}/merge?q={garden.shed.id}").text

    assert in_order(page, "A rack", "Stays", "A dry roof")


def test_both_are_seen_before_and_how_many_back_and_hear(garden):
    page = garden.team.get(f"/ideas/{garden.shed.id}/merge?into={garden.roof.id}").text

    assert in_order(page, "Becomes part of", "A dry shed", "With a door.", "Stays", "A dry roof")
    # Ria, Ole and Vera
    assert in_order(page, "Make them one and tell 3 people", "person backs it 1", "told by e-mail 3", "2 authors")


def test_merging_leads_to_the_surviving_idea_where_both_are_read(garden):
    CommentFactory(idea=garden.shed, author=UserFactory(name="Cora"), body="Mine rusts.")

    answer = garden.team.post(f"/ideas/{garden.shed.id}/merge", data={"into": garden.roof.id, "text": WHY})

    assert (answer.status_code, answer.location) == (303, f"{garden.path(garden.roof)}#merged-{garden.shed.id}")
    page = garden.team.get(answer.location).text
    assert in_order(
        page, "Also asked as", "A dry shed", "Ria said this", "With a door.", "Petra made it part", WHY, "Mine rusts."
    )
    assert "Petra made “A dry shed” part of it" in seen(page)
    assert f'id="merged-{garden.shed.id}"' in page


def test_comments_are_counted_where_they_were_said(garden):
    for _time in range(2):
        CommentFactory(idea=garden.roof)
    CommentFactory(idea=garden.shed)
    garden.merge()

    page = garden.team.get(garden.path(garden.roof)).text

    assert in_order(page, "Also asked as", "Its words and 1 comment", "2 comments", "1 more was made where the same")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": "Same."}, "at least 20 characters"),
        ({"text": WHY, "into": "{shed}"}, "part of itself"),
        ({"text": WHY, "into": "999999"}, "no such idea"),
        ({"text": WHY, "into": ""}, ""),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(garden, data, said):
    sent = {"into": str(garden.roof.id), **{key: each.format(shed=garden.shed.id) for key, each in data.items()}}

    answer = garden.team.post(f"/ideas/{garden.shed.id}/merge", data=sent)

    assert answer.status_code == 422
    assert said in seen(answer.text)
    assert data["text"] in seen(answer.text)


def test_an_idea_that_cannot_be_chosen_is_refused_in_words_before_anything_is_written(garden):
    elsewhere = IdeaFactory(title="A dry cellar")
    hidden = IdeaFactory(board=garden.board, title="A wet roof", hidden=True)

    for other, said in (
        (elsewhere, "That idea is on another board."),
        (garden.shed, "An idea cannot be part of itself."),
        (hidden, "That idea is hidden or was withdrawn."),
    ):
        page = garden.team.get(f"/ideas/{garden.shed.id}/merge?q={other.id}")
        assert page.status_code == 200
        assert in_order(page.text, "Which idea stays?", said)
        assert "Make them one" not in page.text


def test_others_neither_merge_nor_take_apart(garden):
    other = browser_of(garden.app, UserFactory())

    assert other.get(f"/ideas/{garden.shed.id}/merge").status_code == 403
    assert other.post(f"/ideas/{garden.shed.id}/merge", data={"into": garden.roof.id, "text": WHY}).status_code == 403
    garden.merge()
    assert other.post(f"/ideas/{garden.shed.id}/unmerge", data={"text": WHY}).status_code == 403
    page = other.get(garden.path(garden.roof)).text
    assert "A dry shed" in page
    assert "/unmerge" not in page


# --- Taking apart ---


def test_in_time_a_merge_is_undone_without_a_word(garden):
    garden.merge()
    assert "Nobody was told of it yet" in seen(garden.team.get(f"/ideas/{garden.shed.id}/unmerge").text)

    answer = garden.team.post(f"/ideas/{garden.shed.id}/unmerge", data={})

    assert (answer.status_code, answer.location) == (303, garden.path(garden.shed))
    assert "Nobody was told" in garden.team.get(answer.location).text


def test_later_it_needs_a_word_to_both_sides(garden):
    garden.merge()
    garden.announced()

    assert garden.team.post(f"/ideas/{garden.shed.id}/unmerge", data={"text": "No."}).status_code == 422
    answer = garden.team.post(f"/ideas/{garden.shed.id}/unmerge", data={"text": WHY})

    assert answer.status_code == 303
    page = garden.team.get(garden.path(garden.roof)).text
    assert "“A dry shed” stands for itself again" in seen(page)
    assert "Also asked as" not in page


# --- Reading ---


def test_a_hidden_part_is_seen_by_its_author_and_the_team(garden):
    garden.merge()
    with unit_of_work():
        moderating.hide_idea(garden.petra, queries.get_idea(garden.petra, garden.shed.id), reason="It has an address.")
    path = garden.path(garden.roof)
    ria = db.session.get_one(Idea, garden.shed.id).author_id

    assert "A dry shed" not in browser_of(garden.app, UserFactory()).get(path).text
    assert "A dry shed" in garden.team.get(path).text
    assert "A dry shed" in browser_of(garden.app, db.session.get_one(User, ria)).get(path).text


def test_all_that_was_said_on_a_part_is_read_on_a_page_of_its_own(garden, client, monkeypatch):
    monkeypatch.setattr("ideas.boards.parts.COMMENTS_SHOWN", 1)
    for body in ("First.", "Second."):
        CommentFactory(idea=garden.shed, body=body)
    garden.merge()
    page = client.get(garden.path(garden.roof)).text
    assert "First." in page
    assert "Second." not in page

    whole = client.get(f"/ideas/{garden.shed.id}/as-it-was").text

    assert in_order(whole, "A dry shed", "This idea is part of", "A dry roof", "First.", "Second.")
    assert client.get(f"/ideas/{garden.roof.id}/as-it-was").location == garden.path(garden.roof)


def test_parts_cost_the_same_whatever_was_said_there(garden, client):
    few = IdeaFactory(board=garden.board)
    for idea, times in ((few, 1), (garden.roof, 5)):
        for _ in range(times):
            part = IdeaFactory(board=garden.board)
            root = CommentFactory(idea=part)
            CommentFactory(idea=part, parent_id=root.id)
            garden.merge(part, idea)

    assert cost(client, garden.path(few)) == cost(client, garden.path(garden.roof)) <= 16
