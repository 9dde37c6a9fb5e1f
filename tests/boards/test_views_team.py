"""The team answers, undoes and corrects, hides and restores, and sees who was told."""

import re
from datetime import timedelta

import pytest

from ideas.boards.models import Answer, CreditKind, Idea, Reason
from ideas.db import db, utcnow
from ideas.outbox import OutboxEntry
from tests.boards.arranging import count
from tests.boards.pages import LONG_ENOUGH, answered, browser_of, credit, in_order, seen
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)
from tests.safety import looking

FETCH = {"X-Requested-With": "fetch"}
WORDS = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH}


@pytest.fixture
def slow_app(make_app):
    """A site that waits fifteen minutes before it tells people."""
    app = make_app(SETTLE_MINUTES="15")
    with app.app_context():
        yield app


@pytest.fixture
def board(app):
    return BoardFactory()


@pytest.fixture
def petra(app, board):
    """A browser of one of the team."""
    return browser_of(app, team_member(board, name="Petra"))


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, title="A rota for watering", author=UserFactory(name="Ole"))


def path_of(idea):
    return f"/ideas/{idea.id}-{idea.slug}"


# --- Who may ---


def test_only_the_team_comes_near_the_teams_pages(app, board, idea, petra):
    comment = CommentFactory(idea=idea)
    given = answered(team_member(board), idea)
    paths = [
        "/needs-an-answer",
        f"/boards/{board.slug}/needs-an-answer",
        f"/ideas/{idea.id}/answer",
        f"/ideas/{idea.id}/hide",
        f"/ideas/{idea.id}/owner",
        f"/ideas/{idea.id}/tags",
        f"/comments/{comment.id}/hide",
        f"/answers/{given.id}/correct",
        f"/answers/{given.id}/told",
    ]
    charlies, visitors = browser_of(app, charlie()), browser_of(app, None)

    for path in paths:
        assert petra.get(path).status_code == 200, path
        assert charlies.get(path).status_code in (403, 404), path
        assert visitors.get(path).location.startswith("/sign-in"), path


@pytest.mark.parametrize("act", ["undo", "send-now", "correct"])
def test_only_the_team_changes_answers(app, board, idea, act):
    given = answered(team_member(board), idea)

    assert browser_of(app, charlie()).post(f"/answers/{given.id}/{act}", data=WORDS).status_code == 403


def test_the_team_of_another_board_is_not_the_team_here(app, idea):
    other = browser_of(app, team_member(BoardFactory()))

    assert other.post(f"/ideas/{idea.id}/answer", data=WORDS).status_code == 403
    assert count(Answer) == 0


# --- Answering ---


def test_an_answer_with_credits_is_given_and_shown(idea, petra):
    said = CommentFactory(idea=idea, author=UserFactory(name="Ruth"), body="Show who has the key.")
    key = f"comment-{said.id}"

    answer = petra.post(
        f"/ideas/{idea.id}/answer",
        data={
            **WORDS,
            "date": "2031-05-01",
            "credit": ["votes", key],
            "how-votes": "Your votes moved it forward.",
            f"how-{key}": "The page shows who has the key.",
            "how-author": "Not ticked, so not said.",
        },
    )
    page = petra.get(answer.location, follow_redirects=True).text

    assert answer.status_code == 303
    assert in_order(page, "Planned", LONG_ENOUGH, "1 May 2031", "Your votes moved it forward.", "Ruth →")
    assert "Not ticked, so not said." not in page


def test_everything_that_is_missing_is_named_and_what_was_typed_is_kept(idea, petra):
    said = CommentFactory(idea=idea)
    key = f"comment-{said.id}"

    answer = petra.post(
        f"/ideas/{idea.id}/answer",
        data={
            "status": "declined",
            "reason": "cannot_say",
            "text": "Too short.",
            "credit": key,
            f"how-{key}": "Well",
            "how-votes": "Not ticked yet",
        },
    )

    assert answer.status_code == 422
    assert f'href="#how-{key}"' in answer.text
    assert 'value="Well"' in answer.text
    assert 'value="Not ticked yet"' in answer.text
    assert "Too short.</textarea>" in answer.text.replace("\r\n", "")
    assert count(Answer) == 0


def test_a_contribution_that_is_not_there_any_more_is_refused_where_contributions_are_picked(idea, petra):
    answer = petra.post(f"/ideas/{idea.id}/answer", data={**WORDS, "credit": "comment-9", "how-comment-9": "A page."})

    assert answer.status_code == 422
    assert looking.named(answer.text) == {"credit"}
    assert 'href="#credit"' in answer.text


def test_a_reason_that_does_not_fit_is_refused_in_words(idea, petra):
    answer = petra.post(f"/ideas/{idea.id}/answer", data={**WORDS, "reason": "not_now"})

    assert answer.status_code == 422
    assert in_order(answer.text, "This reason does not fit that status.", "Say by when you will look at it again.")


def test_the_composer_says_who_will_hear_and_by_what(app, board, idea, petra):
    for _ in range(3):
        VoteFactory(idea=idea)
    VoteFactory(idea=idea, user=UserFactory(suspended=True))
    IdeaFollowFactory(idea=idea)

    page = petra.post(f"/ideas/{idea.id}/answer", data={**WORDS, "preview": "1"}, headers=FETCH).text

    assert "<html" not in page
    assert in_order(page, "5 people", "5 by e-mail", "1 author", "3 voters", "1 follower", "1 suspended")
    assert "with a digest" not in page
    moved = {**WORDS, "status": "considering", "reason": "under_review", "preview": "1"}
    later = petra.post(f"/ideas/{idea.id}/answer", data=moved, headers=FETCH).text
    assert in_order(later, "5 by e-mail", "3 of those by e-mail hear of it with a digest.", "3 voters")
    assert count(Answer) == 0


def test_the_preview_is_what_each_kind_of_person_will_read(idea, petra):
    VoteFactory(idea=idea)
    said = CommentFactory(idea=idea, author=UserFactory(name="Ruth"), body="Show who has the key.")
    key = f"comment-{said.id}"

    page = petra.post(
        f"/ideas/{idea.id}/answer",
        data={**WORDS, "credit": key, f"how-{key}": "The page shows the key.", "preview": "1"},
    ).text

    assert in_order(
        page,
        "Ole, who had the idea",
        "You wrote this idea on",
        "Somebody who voted",
        "You voted for this on",
        "Ruth, whose words were used",
        "The page shows the key.",
        "Somebody who follows this",
        "You follow this.",
    )
    assert page.count(LONG_ENOUGH) >= 5
    assert "checked" in page
    assert count(Answer) == 0


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"status": "gone", "reason": "gone", "text": "x"},
        {"credit": "comment-x"},
        {"credit": ["comment-99999999999999999999", "what", "comment-", "votes-3"]},
        {"status": "planned", "reason": "committed", "text": "x", "date": "soon", "review_by": "2031-13-01"},
    ],
)
def test_half_a_draft_has_a_preview_too(idea, petra, typed):
    answer = petra.post(f"/ideas/{idea.id}/answer", data={**typed, "preview": "1"}, headers=FETCH)

    assert answer.status_code == 200
    assert "Who will hear" in answer.text


def test_the_button_says_what_it_does(slow_app):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    VoteFactory(idea=idea)

    page = browser_of(slow_app, team_member(board)).get(f"/ideas/{idea.id}/answer").text

    assert "Announce to 2 people in 15 minutes" in page


# --- Before it is announced, and after ---


def test_until_it_is_announced_an_answer_can_be_undone(slow_app):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    petra = browser_of(slow_app, team_member(board))
    petra.post(f"/ideas/{idea.id}/answer", data=WORDS)
    given = db.session.query(Answer).one()
    waiting = petra.get(path_of(idea)).text

    petra.post(f"/answers/{given.id}/undo")
    page = petra.get(path_of(idea)).text

    assert "People are told in 15 minutes" in seen(waiting)
    assert "Nobody was told" in page
    assert "Open" in seen(page)
    assert browser_of(slow_app, None).get(path_of(idea)).text.count(LONG_ENOUGH) == 0


def test_a_visitor_sees_when_people_are_told_and_no_buttons(slow_app):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    given = answered(team_member(board), idea)

    page = browser_of(slow_app, None).get(path_of(idea)).text

    assert "People are told" in page
    assert f"/answers/{given.id}/undo" not in page


def test_the_wait_can_be_skipped(slow_app):
    board = BoardFactory()
    given = answered(team_member(board), IdeaFactory(board=board))
    petra = browser_of(slow_app, team_member(board))

    petra.post(f"/answers/{given.id}/send-now")

    entry = db.session.query(OutboxEntry).one()
    assert entry.due_at <= utcnow()


def test_an_answer_is_corrected_and_the_earlier_version_stays(idea, board, petra):
    given = answered(team_member(board), idea, credits=[credit(CreditKind.AUTHOR, "Your rota became the page.")])
    form = petra.get(f"/answers/{given.id}/correct").text
    better = "Said better: we build a booking page for the taps before the first dry month."

    petra.post(
        f"/answers/{given.id}/correct",
        data={
            "reason": "committed",
            "text": better,
            "version": "1",
            "credit": "author",
            "how-author": "It became this.",
        },
    )

    assert LONG_ENOUGH in form
    assert "Your rota became the page." in form
    assert in_order(petra.get(path_of(idea)).text, better, "It became this.")
    assert in_order(petra.get(f"/ideas/{idea.id}/history").text, better, LONG_ENOUGH)


def test_two_corrections_at_once_do_not_overwrite_each_other(idea, board, petra):
    given = answered(team_member(board), idea)
    words = {"reason": "committed", "text": LONG_ENOUGH + " And more.", "version": "1"}
    petra.post(f"/answers/{given.id}/correct", data=words)

    late = petra.post(f"/answers/{given.id}/correct", data={**words, "text": LONG_ENOUGH + " Or less."})

    assert late.status_code == 409
    assert "Somebody else corrected this answer" in late.text
    assert "Or less.</textarea>" in late.text
    assert 'name="version" type="hidden" value="2"' in late.text


def test_what_was_typed_is_kept_when_a_colleague_answered_first(slow_app):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    answered(team_member(board), idea)

    late = browser_of(slow_app, team_member(board)).post(
        f"/ideas/{idea.id}/answer", data={**WORDS, "text": "Long thought over, and kept."}
    )

    assert late.status_code == 409
    assert "An answer is about to be announced" in late.text
    assert "Long thought over, and kept.</textarea>" in late.text


# --- What waits ---


def test_the_longest_wait_comes_first_and_says_if_it_is_late(app, petra, board):
    for days, title in ((3, "Young"), (20, "Old"), (9, "Between")):
        IdeaFactory(board=board, title=title, created_at=utcnow() - timedelta(days=days))
    answered(team_member(board), IdeaFactory(board=board, title="Answered"))

    page = petra.get(f"/boards/{board.slug}/needs-an-answer").text

    assert in_order(page, "Old", "20 days of 14 , late", "Between", "9 days of 14", "Young")
    assert "Answered" not in seen(page)


def test_a_team_sees_its_own_boards_alone(petra, board):
    IdeaFactory(board=board, title="Ours")
    IdeaFactory(title="Theirs")

    page = petra.get("/needs-an-answer").text

    assert "Ours" in page
    assert "Theirs" not in page


def test_nothing_waiting_is_said(petra, board):
    assert "Nothing waits" in petra.get(f"/boards/{board.slug}/needs-an-answer").text


# --- Hiding ---


def test_an_idea_is_hidden_with_a_reason_and_shown_again(app, petra, idea):
    ole = browser_of(app, idea.author)
    reason = "It is advertising for a shop."

    short = petra.post(f"/ideas/{idea.id}/hide", data={"reason": "spam"})
    petra.post(f"/ideas/{idea.id}/hide", data={"reason": reason})

    assert short.status_code == 422
    assert browser_of(app, None).get(path_of(idea)).status_code == 404
    assert reason in ole.get(path_of(idea)).text

    petra.post(f"/ideas/{idea.id}/restore")
    assert browser_of(app, None).get(path_of(idea)).status_code == 200


def test_a_comment_is_hidden_with_a_reason_and_shown_again(app, petra, idea):
    comment = CommentFactory(idea=idea, body="Something rude.")
    visitors = browser_of(app, None)

    petra.post(f"/comments/{comment.id}/hide", data={"reason": "It calls people names."})
    assert "Something rude." not in visitors.get(path_of(idea)).text

    petra.post(f"/comments/{comment.id}/restore")
    assert "Something rude." in visitors.get(path_of(idea)).text


def test_only_the_team_hides_and_restores(app, idea):
    comment = CommentFactory(idea=idea)
    charlies = browser_of(app, charlie())

    for path in (f"/ideas/{idea.id}", f"/comments/{comment.id}"):
        assert charlies.post(f"{path}/hide", data={"reason": "Because I say so."}).status_code == 403
        assert charlies.post(f"{path}/restore").status_code == 403


# --- Owner and tags ---


def test_an_owner_is_one_of_the_team(app, petra, board, idea):
    jon = team_member(board, name="Jon Vik")

    petra.post(f"/ideas/{idea.id}/owner", data={"owner": str(jon.id)})
    assert in_order(browser_of(app, None).get(path_of(idea)).text, "Who answers", "Jon Vik")

    answer = petra.post(f"/ideas/{idea.id}/owner", data={"owner": str(charlie().id)})
    assert answer.status_code == 422
    assert in_order(answer.text, "The owner of an idea is one of the board's team.")
    db.session.expire_all()
    assert db.session.get_one(Idea, idea.id).owner_id == jon.id


def test_the_team_sorts_by_tags(app, petra, board, idea):
    TagFactory(board=board, slug="seeds", name="Seeds")

    petra.post(f"/ideas/{idea.id}/tags", data={"tags": "seeds"})

    assert "Seeds" in seen(browser_of(app, None).get(path_of(idea)).text)


# --- Who was told ---


def test_the_list_of_who_was_told_is_empty_while_nobody_was(petra, board, idea):
    given = answered(team_member(board), idea, "shipped", Reason.SHIPPED)

    assert "Nobody yet" in petra.get(f"/answers/{given.id}/told").text


def test_numbers_stand_with_their_noun(petra, idea):
    VoteFactory(idea=idea)

    page = seen(petra.get(f"/ideas/{idea.id}/answer").text)

    assert re.search(r"The 1 person who voted", page)


def test_of_a_correction_hears_only_for_whom_it_holds_news(idea, board, petra):
    VoteFactory(idea=idea)
    given = answered(team_member(board), idea, credits=[credit(CreditKind.AUTHOR, "Your rota became the page.")])
    db.session.query(OutboxEntry).update({"fanned_out_at": utcnow()})
    db.session.commit()
    path = f"/answers/{given.id}/correct"
    same = {"reason": "committed", "text": LONG_ENOUGH, "credit": ["author"], "how-author": "It became this."}
    voters = {"credit": ["author", "votes"], "how-votes": "Your votes moved it."}

    nobody, credited, everybody = (
        seen(petra.post(path, data={**same, **changes, "preview": "1"}, headers=FETCH).text)
        for changes in ({}, voters, {"date": "2031-05-01"})
    )

    assert "So nobody is told again." in nobody
    assert "Announce to 1 person" in credited
    assert "1 credited" in credited
    assert "Announce to 2 people" in everybody
