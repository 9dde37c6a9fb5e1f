"""Versions of ideas and comments: kept, paged, marked when they change what was backed, and gone when deleted."""

from __future__ import annotations

import pytest

from ideas.boards import commenting, histories, posting, queries, voting
from ideas.boards.models_revisions import CommentVersion
from ideas.db import unit_of_work
from ideas.errors import NotFound
from tests.boards.arranging import count, statements
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def mia():
    return UserFactory(name="Mia")


@pytest.fixture
def idea(mia):
    return IdeaFactory(author=mia, title="A tap for the beds", body="By the fence.")


def revise(author, idea, **changes):
    with unit_of_work():
        posting.revise(author, queries.get_idea(author, idea.id), changes)


def edit(author, comment, body):
    with unit_of_work():
        commenting.edit(author, queries.get_comment(author, comment.id), body=body)


def on(idea):
    return queries.get_idea(None, idea.id)


def test_an_edit_says_what_it_changed(mia, idea):
    revise(mia, idea, title="A tap for the far beds")

    latest, first = histories.of_idea(on(idea)).rows
    assert [piece.text for piece in latest.title_changes if piece.kind != "same"] == ["far "]
    assert (latest.number, latest.author.name, first.is_first, first.changes) == (2, "Mia", True, [])


def test_a_change_before_anybody_backed_it_is_no_matter(mia, idea):
    VoteFactory(idea=idea, user=mia)

    revise(mia, idea, title="A fountain")

    assert histories.last_material(on(idea)) is None


def test_a_material_change_after_votes_is_marked_with_how_many_there_were(mia, idea):
    VoteFactory(idea=idea, user=mia)
    VoteFactory.create_batch(3, idea=idea)

    revise(mia, idea, title="A fountain")
    revise(mia, idea, body="By the fence!")

    marked = histories.last_material(on(idea))
    assert marked is not None
    assert (marked.number, marked.backers) == (2, 3)
    assert [version.is_material for version in histories.of_idea(on(idea)).rows] == [False, True, False]


def test_a_slip_of_the_pen_is_no_matter(mia, idea):
    VoteFactory(idea=idea)

    revise(mia, idea, title="A tap for teh beds")

    assert histories.last_material(on(idea)) is None


def test_versions_come_in_pages_and_each_still_knows_the_one_before(mia, idea):
    for number in range(5):
        revise(mia, idea, body=f"By fence {number}.")

    first = histories.of_idea(on(idea), limit=2)
    second = histories.of_idea(on(idea), limit=2, cursor=first.next)
    third = histories.of_idea(on(idea), limit=2, cursor=second.next)

    versions = [*first.rows, *second.rows, *third.rows]
    assert [version.number for version in versions] == [6, 5, 4, 3, 2, 1]
    assert [version.is_first for version in versions] == [False] * 5 + [True]
    assert third.next is None


def test_an_unedited_idea_is_not_asked_for_its_changes(idea):
    row = on(idea)

    with statements() as asked:
        histories.last_material(row)

    assert asked == []


# --- Comments ---


def test_what_a_comment_said_before_stays_readable(mia, idea):
    comment = CommentFactory(idea=idea, author=mia, body="A hose would do.")

    edit(mia, comment, "A long hose would do.")
    edit(mia, comment, "A long hose would do.")
    edit(mia, comment, "A very long hose would do.")

    rows = histories.of_comment(queries.get_comment(None, comment.id)).rows
    assert [(row.number, row.body) for row in rows] == [
        (3, "A very long hose would do."),
        (2, "A long hose would do."),
        (1, "A hose would do."),
    ]
    assert rows[2].at == comment.created_at
    assert count(CommentVersion) == 2


def test_a_deleted_comment_said_nothing_ever(mia, idea):
    comment = CommentFactory(idea=idea, author=mia)
    edit(mia, comment, "My telephone number is 12345.")
    edit(mia, comment, "Call me.")

    with unit_of_work():
        commenting.delete(mia, queries.get_comment(mia, comment.id))

    assert count(CommentVersion) == 0
    assert histories.of_comment(queries.get_comment(None, comment.id)).rows == []


def test_versions_of_a_comment_come_in_pages(mia, idea):
    comment = CommentFactory(idea=idea, author=mia)
    for number in range(4):
        edit(mia, comment, f"Hose {number}.")
    row = queries.get_comment(None, comment.id)

    first = histories.of_comment(row, limit=3)
    second = histories.of_comment(row, limit=3, cursor=first.next)

    assert [version.number for version in (*first.rows, *second.rows)] == [5, 4, 3, 2, 1]
    assert second.next is None


def test_versions_of_a_note_are_the_team_s(idea):
    petra = team_member(on(idea).idea.board)
    note = CommentFactory(idea=idea, author=petra, internal=True)
    edit(petra, note, "Ask Bo.")

    assert len(histories.of_comment(queries.get_comment(petra, note.id)).rows) == 2
    with pytest.raises(NotFound):
        queries.get_comment(None, note.id)


# --- Pages ---


def test_the_idea_and_whoever_votes_are_told_of_a_material_change(app, mia, idea, clock):
    VoteFactory.create_batch(2, idea=idea)
    revise(mia, idea, title="A fountain")
    browser = browser_of(app, UserFactory())

    page = browser.get(f"/ideas/{idea.id}", follow_redirects=True)
    voted = browser.post(f"/ideas/{idea.id}/vote", data={"on": "1"}, headers={"X-Requested-With": "fetch"})

    assert "after 2 people backed it. See what changed" in seen(page.text)
    assert f"/ideas/{idea.id}/history#version-2" in page.text
    assert "after 2 people backed it." in voted.text


def test_a_vote_for_an_idea_that_stayed_itself_says_nothing_more(app, mia, idea):
    VoteFactory(idea=idea)
    revise(mia, idea, body="By the fence!")

    voted = browser_of(app, UserFactory()).post(
        f"/ideas/{idea.id}/vote", data={"on": "1"}, headers={"X-Requested-With": "fetch"}
    )

    assert "Changed on" not in voted.text


def test_the_history_can_be_read_without_colour(app, mia, idea):
    revise(mia, idea, title="A tap for the far beds", body="By the hedge.")

    page = app.test_client().get(f"/ideas/{idea.id}/history")

    assert '<ins><span class="visually-hidden">added: </span>far ' in page.text
    assert '<del><span class="visually-hidden">removed: </span>fence' in page.text


def test_the_history_of_a_comment_is_a_page_for_whoever_sees_it(app, mia, idea):
    comment = CommentFactory(idea=idea, author=mia, body="<b>A hose</b>")
    edit(mia, comment, "<i>A hose</i>")

    page = app.test_client().get(f"/comments/{comment.id}/history")

    assert page.status_code == 200
    assert "<b>" not in page.text
    assert "&lt;" in page.text
    assert (
        f'href="/comments/{comment.id}/history"'
        in app.test_client().get(f"/ideas/{idea.id}", follow_redirects=True).text
    )


def test_the_history_of_what_one_may_not_see_is_not_there(app, mia):
    private = IdeaFactory(board=BoardFactory(private=True), author=mia)
    comment = CommentFactory(idea=private, author=mia)

    assert app.test_client().get(f"/comments/{comment.id}/history").status_code == 404
    assert app.test_client().get(f"/ideas/{private.id}/history").status_code == 404


def test_taking_a_vote_back_is_no_place_for_it(mia, idea):
    voter = UserFactory()
    with unit_of_work():
        voting.cast(voter, queries.get_idea(voter, idea.id).idea)
    revise(mia, idea, title="A fountain")

    with unit_of_work():
        voting.retract(voter, queries.get_idea(voter, idea.id).idea)

    marked = histories.last_material(on(idea))
    assert marked is not None
    assert marked.backers == 1
