"""Where something stood that the team hid, whoever sees the board is told so: not what it was, nor whose."""

from __future__ import annotations

import re

import pytest

from ideas.boards import moderating, queries
from ideas.boards.models import Comment, Idea
from ideas.db import db, unit_of_work, utcnow
from tests.boards.pages import browser_of, seen
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

WHY = "It names a neighbour and her address."
WORDS = ("Zebra crossing", "zebra-crossing", "Stripes everywhere", "Olga Neighbour", WHY)


def hidden_idea(board=None, **values):
    """An idea that stood there for everybody and was then hidden by the team."""
    board = board or BoardFactory(slug="garden", name="Garden")
    author = UserFactory(name="Olga Neighbour")
    idea = IdeaFactory(board=board, title="Zebra crossing", body="Stripes everywhere.", author=author, **values)
    team = team_member(board)
    with unit_of_work():
        moderating.hide_idea(team, queries.get_idea(team, idea.id), reason=WHY)
    return idea


def hidden_comment(**values):
    idea = IdeaFactory(board=BoardFactory(slug="garden"))
    author = UserFactory(name="Olga Neighbour")
    comment = CommentFactory(idea=idea, body="Stripes everywhere.", author=author, **values)
    team = team_member(idea.board)
    with unit_of_work():
        moderating.hide_comment(team, queries.get_comment(team, comment.id), reason=WHY)
    return comment


def addresses(idea):
    return (f"/ideas/{idea.id}", f"/ideas/{idea.id}-zebra-crossing", f"/ideas/{idea.id}-x", f"/ideas/{idea.id}/history")


def names_nothing(answer):
    sent = f"{answer.headers}\n{answer.text}".replace(answer.request.path, "")
    return [word for word in WORDS if word in sent]


def test_a_hidden_idea_says_that_the_team_hid_it_and_nothing_of_it(app, client):
    idea = hidden_idea()
    backer = UserFactory()
    VoteFactory(idea=idea, user=backer)

    for browser in (client, browser_of(app, charlie()), browser_of(app, backer)):
        for path in addresses(idea):
            answer = browser.get(path)

            assert answer.status_code == 404, path
            assert "This idea was hidden by the team" in seen(answer.text), path
            assert 'href="/boards/garden"' in answer.text, path
            assert names_nothing(answer) == [], path


def test_its_author_and_the_team_read_it_there_as_before(app):
    idea = hidden_idea()

    for reader in (db.session.get_one(Idea, idea.id).author_id, team_member(idea.board).id):
        page = browser_of(app, db.session.get_one(type(idea.author), reader)).get(addresses(idea)[1])

        assert page.status_code == 200
        assert "Stripes everywhere." in page.text
        assert WHY in page.text


def test_whoever_acts_on_it_from_a_page_that_was_open_is_told_the_same(app):
    idea = hidden_idea()
    reader = browser_of(app, charlie())

    for path, sent in ((f"/ideas/{idea.id}/vote", {"on": "1"}), (f"/ideas/{idea.id}/comments", {"body": "Me too."})):
        answer = reader.post(path, data=sent)

        assert answer.status_code == 404, path
        assert "This idea was hidden by the team" in answer.text, path


def test_shown_again_it_is_there_again(app, client):
    idea = hidden_idea()
    team = team_member(idea.board)

    with unit_of_work():
        moderating.restore_idea(team, queries.get_idea(team, idea.id))

    assert client.get(addresses(idea)[1]).status_code == 200


@pytest.mark.parametrize("path", ["/ideas/{}", "/ideas/{}-x", "/ideas/{}/history", "/api/v1/ideas/{}"])
def test_on_a_board_one_may_not_see_what_is_hidden_is_as_what_never_was(app, path):
    idea = hidden_idea(BoardFactory(private=True, name="Key holders"))
    inside = UserFactory()
    MembershipFactory(board=idea.board, user=inside)

    for person in (None, charlie()):
        browser = browser_of(app, person)
        there, nowhere = (browser.get(path.format(number)) for number in (idea.id, 10**9))

        assert there.status_code == nowhere.status_code == 404
        assert comparable(there.text, idea.id) == comparable(nowhere.text, 10**9)
    assert path.startswith("/api/") or "hidden by the team" in browser_of(app, inside).get(path.format(idea.id)).text


def comparable(text, number):
    text = re.sub(r'"request_id":"[^"]*"|name="csrf_token" value="[^"]*"', "", text)
    return re.sub(rf"(?<=/){number}(?!\d)", "N", text)


@pytest.mark.parametrize("end", ["waits", "was refused", "was imported hidden"])
def test_what_nobody_could_read_leaves_no_trace(client, end):
    idea = IdeaFactory(title="Zebra crossing")
    with unit_of_work():
        kept = db.session.get_one(Idea, idea.id)
        if end == "was imported hidden":
            kept.hidden_at = utcnow()
        else:
            moderating.hold(kept, None, ["trap"])
    if end == "was refused":
        team = team_member(idea.board)
        number = db.session.scalar(db.text("SELECT id FROM hiding"))
        with unit_of_work():
            moderating.refuse(team, queries.get_hiding(team, number), reason=WHY)

    there, nowhere = (client.get(f"/ideas/{number}-x") for number in (idea.id, 10**9))

    assert seen(there.text) == seen(nowhere.text)


def test_the_history_of_a_hidden_comment_leads_back_to_its_idea(app, client):
    comment = hidden_comment()

    answer = client.get(f"/comments/{comment.id}/history")

    assert answer.status_code == 404
    assert "This comment was hidden by the team" in seen(answer.text)
    assert f'href="/ideas/{comment.idea_id}-' in answer.text
    assert names_nothing(answer) == []


@pytest.mark.parametrize("kind", ["a note", "held"])
def test_a_comment_that_one_never_could_read_leaves_no_trace(client, kind):
    comment = hidden_comment(is_internal=True) if kind == "a note" else CommentFactory()
    if kind == "held":
        with unit_of_work():
            kept = db.session.get_one(Comment, comment.id)
            moderating.hold(db.session.get_one(Idea, kept.idea_id), kept, ["trap"])

    there, nowhere = (client.get(f"/comments/{number}/history") for number in (comment.id, 10**9))

    assert there.status_code == nowhere.status_code == 404
    assert seen(there.text) == seen(nowhere.text)
