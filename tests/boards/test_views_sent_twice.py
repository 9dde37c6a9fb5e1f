"""A form that is pressed twice, or sent again by a browser that heard nothing, makes one thing."""

import re
import threading

import pytest

from ideas.boards.models import Answer, Comment, Idea
from ideas.db import db
from tests.boards.arranging import count
from tests.boards.pages import LONG_ENOUGH, browser_of
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

IDEA = {"title": "A box for seeds", "body": "By the shed."}


def token_of(page: str) -> str:
    found = re.search(r'name="once"[^>]* value="([^"]+)"', page)
    assert found
    return found[1]


def test_an_idea_sent_twice_is_one_idea(app):
    address = f"/boards/{BoardFactory().slug}/new"
    mia = browser_of(app, UserFactory())
    sent = {**IDEA, "once": token_of(mia.get(address).text)}

    first, second = (mia.post(address, data=sent) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert count(Idea) == 1


def test_other_words_in_the_same_form_are_another_idea(app):
    address = f"/boards/{BoardFactory().slug}/new"
    mia = browser_of(app, UserFactory())
    once = token_of(mia.get(address).text)

    mia.post(address, data={**IDEA, "once": once})
    mia.post(address, data={**IDEA, "title": "A second box", "once": once})

    assert count(Idea) == 2


def test_each_form_has_a_token_of_its_own(app):
    address = f"/boards/{BoardFactory().slug}/new"
    mia = browser_of(app, UserFactory())

    assert token_of(mia.get(address).text) != token_of(mia.get(address).text)


def test_what_was_refused_keeps_its_token_and_may_be_put_right(app):
    address = f"/boards/{BoardFactory().slug}/new"
    mia = browser_of(app, UserFactory())

    refused = mia.post(address, data={**IDEA, "tags": "none", "once": "once-4711"})
    mia.post(address, data={**IDEA, "once": token_of(refused.text)})

    assert refused.status_code == 422
    assert token_of(refused.text) == "once-4711"
    assert count(Idea) == 1


@pytest.mark.parametrize("once", [None, ""])
def test_a_form_without_a_token_is_taken_each_time(app, once):
    address = f"/boards/{BoardFactory().slug}/new"
    mia = browser_of(app, UserFactory())
    sent = IDEA if once is None else {**IDEA, "once": once}

    for _ in range(2):
        mia.post(address, data=sent)

    assert count(Idea) == 2


def test_a_token_is_no_use_to_somebody_else(app):
    address = f"/boards/{BoardFactory().slug}/new"

    for person in (UserFactory(), UserFactory()):
        browser_of(app, person).post(address, data={**IDEA, "once": "once-4711"})

    assert count(Idea) == 2


def test_a_comment_sent_twice_is_said_once(app):
    idea = IdeaFactory()
    ole = browser_of(app, UserFactory())
    sent = {"body": "Yes.", "voice": "own", "once": token_of(ole.get(f"/ideas/{idea.id}-{idea.slug}").text)}

    first, second = (ole.post(f"/ideas/{idea.id}/comments", data=sent) for _ in range(2))

    assert first.location == second.location
    assert count(Comment) == 1


def test_an_answer_sent_twice_is_given_once(app):
    board = BoardFactory()
    idea, petra = IdeaFactory(board=board), browser_of(app, team_member(board))
    once = token_of(petra.get(f"/ideas/{idea.id}/answer").text)
    sent = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH, "once": once}

    first, second = (petra.post(f"/ideas/{idea.id}/answer", data=sent) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert count(Answer) == 1


def test_pressed_twice_at_the_same_moment_is_one_idea(app):
    address = f"/boards/{BoardFactory().slug}/new"
    person = UserFactory()
    browsers = [browser_of(app, person) for _ in range(4)]
    db.session.commit()
    answers = []

    def press(browser):
        with app.app_context():
            answers.append(browser.post(address, data={**IDEA, "once": "once-4711"}))

    threads = [threading.Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({answer.location for answer in answers}) == 1
    assert count(Idea) == 1
