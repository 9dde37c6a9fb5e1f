"""Posting, editing, voting, following and commenting in the browser, with and without being somebody."""

import pytest
import sqlalchemy as sa

from ideas.accounts.models import SiteRole
from ideas.boards.models import BoardFollow, Comment, Idea, IdeaFollow, Stage, Vote
from ideas.db import db
from ideas.ledger.models import Mute
from tests.accounts.arranging import PASSWORD, a_person, sign_in
from tests.boards.arranging import count
from tests.boards.pages import answered, browser_of, seen
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

FETCH = {"X-Requested-With": "fetch"}


def path_of(idea):
    return f"/ideas/{idea.id}-{idea.slug}"


# --- Posting ---


def test_an_idea_is_posted_and_shown(app):
    board = BoardFactory(answer_within_days=14)
    TagFactory(board=board, slug="seeds", name="Seeds")
    mia = browser_of(app, UserFactory(name="Mia"))

    answer = mia.post(
        f"/boards/{board.slug}/new", data={"title": "A box for seeds", "body": "By the **shed**.", "tags": "seeds"}
    )
    page = mia.get(answer.location, follow_redirects=True).text

    assert answer.status_code == 303
    assert "A box for seeds" in page
    assert "<strong>shed</strong>" in page
    assert "Seeds" in seen(page)
    assert "You hear from us within 14 days." in page


def test_what_cannot_be_used_is_said_and_kept(app):
    board = BoardFactory()
    title = "x" * 134

    answer = browser_of(app, UserFactory()).post(f"/boards/{board.slug}/new", data={"title": title, "body": "Kept."})

    assert answer.status_code == 422
    assert "This is 134 characters long; 120 fit." in answer.text
    assert title in answer.text
    assert "Kept.</textarea>" in answer.text.replace("\r\n", "")
    assert 'href="#title"' in answer.text
    assert count(Idea) == 0


def test_a_tag_that_the_board_does_not_have_is_refused_beside_the_tags(app):
    board = BoardFactory()
    TagFactory(board=board, slug="seeds")

    answer = browser_of(app, UserFactory()).post(f"/boards/{board.slug}/new", data={"title": "Bees", "tags": "bees"})

    assert answer.status_code == 422
    assert "This board has no tag “bees”." in answer.text


def test_a_preview_keeps_nothing_but_shows_how_it_will_look(app):
    board = BoardFactory()
    mia = browser_of(app, UserFactory())
    typed = {"title": "Bees", "body": "Two **hives**.", "preview": "1"}

    page = mia.post(f"/boards/{board.slug}/new", data=typed)
    part = mia.post(f"/boards/{board.slug}/new", data=typed, headers=FETCH)

    assert page.status_code == 200
    assert "<strong>hives</strong>" in page.text
    assert "Two **hives**.</textarea>" in page.text.replace("\r\n", "")
    assert "<strong>hives</strong>" in part.text
    assert "<html" not in part.text
    assert count(Idea) == 0


def test_what_was_searched_for_is_the_title_to_begin_with(client):
    board = BoardFactory()

    assert 'value="a second gate"' in client.get(f"/boards/{board.slug}/new?title=a+second+gate").text


def test_a_suspended_person_posts_nothing(app):
    board = BoardFactory()

    answer = browser_of(app, UserFactory(suspended=True)).post(f"/boards/{board.slug}/new", data={"title": "Bees"})

    assert answer.status_code == 403
    assert "Your account is suspended" in answer.text
    assert count(Idea) == 0


# --- Editing and withdrawing ---


def test_the_author_edits_until_the_first_answer(app):
    board = BoardFactory()
    mia = UserFactory()
    idea = IdeaFactory(board=board, author=mia)
    mias = browser_of(app, mia)

    changed = mias.post(f"/ideas/{idea.id}/edit", data={"title": "Bees, two hives", "body": "By the wall."})

    assert changed.status_code == 303
    assert "Bees, two hives" in mias.get(f"/ideas/{idea.id}", follow_redirects=True).text
    assert "A bicycle shed" in mias.get(f"/ideas/{idea.id}/history").text

    answered(team_member(board), idea)
    refused = mias.post(f"/ideas/{idea.id}/edit", data={"title": "Something else"})

    assert refused.status_code == 409
    assert "This idea stays as the team answered it." in refused.text


@pytest.mark.parametrize("act", ["edit", "withdraw"])
def test_nobody_else_edits_or_withdraws(app, act):
    idea = IdeaFactory()

    answer = browser_of(app, charlie()).post(f"/ideas/{idea.id}/{act}", data={"title": "Mine now"})

    assert answer.status_code == 403
    assert idea.title == db.session.get_one(Idea, idea.id).title


def test_the_author_takes_an_idea_back(app, client):
    mia = UserFactory()
    idea = IdeaFactory(author=mia)
    mias = browser_of(app, mia)
    asked = mias.get(f"/ideas/{idea.id}/withdraw").text

    mias.post(f"/ideas/{idea.id}/withdraw")

    page = client.get(path_of(idea)).text
    assert "Take this idea back?" in asked
    assert "Its author took this idea back." in page
    assert idea.title not in client.get(f"/boards/{idea.board.slug}").text


# --- Voting ---


def test_a_vote_without_a_script_leads_back_and_says_that_it_counts(app):
    idea = IdeaFactory()
    VoteFactory(idea=idea)
    mia = browser_of(app, UserFactory())
    here = f"/boards/{idea.board.slug}?sort=top#idea-{idea.id}"

    answer = mia.post(f"/ideas/{idea.id}/vote", data={"on": "1", "next": here})

    assert answer.status_code == 303
    assert answer.location == here
    assert "Your vote counts. 2 people want this." in mia.get(here).text
    assert 'aria-pressed="true"' in mia.get(here).text


def test_voting_twice_counts_once_and_back_is_back(app):
    idea = IdeaFactory()
    mia = browser_of(app, UserFactory())

    for on in ("1", "1"):
        mia.post(f"/ideas/{idea.id}/vote", data={"on": on})
    assert count(Vote) == 1

    mia.post(f"/ideas/{idea.id}/vote", data={"on": "0"})
    assert count(Vote) == 0


def test_a_script_gets_the_button_and_the_sentence(app):
    idea = IdeaFactory()

    part = browser_of(app, UserFactory()).post(f"/ideas/{idea.id}/vote", data={"on": "1", "wide": "1"}, headers=FETCH)

    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'aria-pressed="true"' in part.text
    assert 'name="on" value="0"' in part.text
    assert "Your vote counts. 1 person wants this." in part.text


def test_nobody_is_sent_elsewhere_after_a_vote(app):
    idea = IdeaFactory()

    answer = browser_of(app, UserFactory()).post(
        f"/ideas/{idea.id}/vote", data={"on": "1", "next": "//elsewhere.example/"}
    )

    assert answer.location == "/"


def test_a_vote_on_what_is_decided_is_refused_with_the_reason(app):
    idea = IdeaFactory(stage=Stage.SHIPPED)

    answer = browser_of(app, UserFactory()).post(f"/ideas/{idea.id}/vote", data={"on": "1"})

    assert answer.status_code == 409
    assert "Ideas that are “Shipped” no longer take votes." in answer.text
    assert "data-vote" not in browser_of(app, None).get(path_of(idea)).text


@pytest.mark.parametrize("on", ["", "maybe"])
def test_a_vote_that_does_not_say_what_it_wants_is_refused(app, on):
    idea = IdeaFactory()

    answer = browser_of(app, UserFactory()).post(f"/ideas/{idea.id}/vote", data={"on": on})

    assert answer.status_code == 422
    assert count(Vote) == 0


def test_a_button_needs_its_token(app):
    app.config["WTF_CSRF_ENABLED"] = True
    idea = IdeaFactory()

    answer = browser_of(app, None).post(f"/ideas/{idea.id}/vote", data={"on": "1"})

    assert answer.status_code == 400
    assert "This form was open for too long or came from elsewhere." in answer.text


# --- Following and muting ---


def test_following_and_muting_are_switches(app):
    idea = IdeaFactory()
    mia = browser_of(app, UserFactory())

    for act, kept in (("follow", IdeaFollow), ("mute", Mute)):
        for on, rows in (("1", 1), ("1", 1), ("0", 0)):
            answer = mia.post(f"/ideas/{idea.id}/{act}", data={"on": on})
            assert answer.status_code == 303
            assert count(kept) == rows


def test_a_board_is_followed(app):
    board = BoardFactory()
    mia = browser_of(app, UserFactory())

    mia.post(f"/boards/{board.slug}/follow", data={"on": "1"})

    assert count(BoardFollow) == 1
    assert "Stop following" in mia.get(f"/boards/{board.slug}").text


# --- Commenting ---


def test_a_comment_and_a_reply_are_said(app):
    idea = IdeaFactory()
    root = CommentFactory(idea=idea)
    mia = browser_of(app, UserFactory(name="Mia"))

    answer = mia.post(f"/ideas/{idea.id}/comments", data={"body": "So do **I**.", "parent_id": root.id, "voice": "own"})
    page = mia.get(answer.location).text

    assert answer.location.startswith(path_of(idea) + "#comment-")
    assert "So do <strong>I</strong>." in page
    assert "2 comments" in page


def test_an_empty_comment_is_refused_beside_its_field(app):
    idea = IdeaFactory()

    answer = browser_of(app, UserFactory()).post(f"/ideas/{idea.id}/comments", data={"body": " ", "voice": "own"})

    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    assert count(Comment) == 0


@pytest.mark.parametrize("voice", ["official", "internal"])
def test_only_the_team_speaks_for_the_team(app, voice):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    said = {"body": "For the team.", "voice": voice}

    refused = browser_of(app, charlie()).post(f"/ideas/{idea.id}/comments", data=said)
    accepted = browser_of(app, team_member(board)).post(f"/ideas/{idea.id}/comments", data=said)

    assert refused.status_code == 403
    assert accepted.status_code == 303
    assert count(Comment) == 1


def test_a_comment_is_edited_and_deleted_by_its_author_alone(app):
    mia = UserFactory()
    idea = IdeaFactory()
    comment = CommentFactory(idea=idea, author=mia)
    mias, charlies = browser_of(app, mia), browser_of(app, charlie())

    assert charlies.post(f"/comments/{comment.id}/edit", data={"body": "Mine."}).status_code == 403
    assert charlies.post(f"/comments/{comment.id}/delete").status_code == 403
    mias.post(f"/comments/{comment.id}/edit", data={"body": "Said better."})
    assert "Said better." in mias.get(path_of(idea)).text
    mias.post(f"/comments/{comment.id}/delete")
    assert "Said better." not in mias.get(path_of(idea)).text


# --- Begun as a visitor ---


def test_a_visitors_vote_counts_once_they_have_signed_in(client):
    idea = IdeaFactory()
    a_person(password=PASSWORD)

    asked = client.post(f"/ideas/{idea.id}/vote", data={"on": "1"})
    answer = sign_in(client)

    assert asked.location.startswith("/sign-in")
    assert answer.location == f"/ideas/{idea.id}"
    assert count(Vote) == 1


def test_a_visitors_comment_and_idea_are_said_once_they_have_signed_in(client):
    idea = IdeaFactory(title="A rota")
    board = idea.board
    a_person(password=PASSWORD)

    client.post(f"/ideas/{idea.id}/comments", data={"body": "I would use it.", "voice": "own"})
    sign_in(client)
    client.post("/sign-out")
    client.post(f"/boards/{board.slug}/new", data={"title": "Bees", "body": "Two hives."})
    answer = sign_in(client)

    assert db.session.scalar(sa.select(Comment.body)) == "I would use it."
    assert "Bees" in client.get(answer.location, follow_redirects=True).text


def test_a_comment_that_could_not_be_said_after_signing_in_is_kept(client):
    idea = IdeaFactory()
    a_person(password=PASSWORD, suspended=True)

    client.post(f"/ideas/{idea.id}/comments", data={"body": "A word that must not get lost.", "voice": "own"})
    page = client.get(sign_in(client).location, follow_redirects=True).text

    assert "Your account is suspended" in page
    assert "A word that must not get lost.</textarea>" in page
    assert count(Comment) == 0


def test_a_vote_that_came_too_late_is_explained_after_signing_in(client):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    a_person(password=PASSWORD)
    client.post(f"/ideas/{idea.id}/vote", data={"on": "1"})
    petra = UserFactory(site_role=SiteRole.TEAM)
    answered(petra, idea, "declined", "not_ever")

    answer = sign_in(client)

    assert "no longer take votes" in client.get(answer.location, follow_redirects=True).text
    assert count(Vote) == 0
