"""Did it solve your need, as people see it: the page from the mail, the idea's page, what the team reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.boards import outcomes, queries, solving
from ideas.boards.models import Idea, Reason
from ideas.boards.models_solving import Helped, Solved
from ideas.db import db, unit_of_work
from ideas.ledger import worker
from tests.boards.arranging import count
from tests.boards.pages import answered, browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia Berg")


@pytest.fixture
def ole(app):
    return UserFactory(name="Ole Hansen")


@pytest.fixture
def idea(app, board, mia, ole, clock):
    """Shipped, told, and two weeks later its people were asked; Ole and four others backed it."""
    idea = IdeaFactory(board=board, title="A roof for bicycles")
    for person in (ole, *(UserFactory() for _ in range(4))):
        VoteFactory(idea=idea, user=person)
    answered(mia, idea, "shipped", Reason.SHIPPED)
    worker.run_once(app)
    clock.shift(timedelta(days=14))
    worker.run_once(app)
    return idea


def link_of(mails, person, answer):
    (mail,) = [mail for mail in mails() if person.email in mail["To"] and "solve" in mail["Subject"]]
    text = mail.get_body(("plain",)).get_content()
    lines = [word for word in text.split() if word.endswith(f"?answer={answer}")]
    return lines[0].removeprefix("http://localhost")


def own(person, idea):
    db.session.rollback()
    return db.session.scalars(sa.select(Solved).where(Solved.user_id == person.id)).one()


def test_the_button_in_the_mail_opens_a_page_that_counts_nothing(app, idea, ole, mails):
    visitor = browser_of(app, None)

    for _ in range(100):
        page = visitor.get(link_of(mails, ole, "partly"))

    assert page.status_code == 200
    assert 'value="partly"' in page.text.split("checked")[0][-120:] + page.text.split("checked")[1][:120]
    assert "Nothing is counted before you press" in page.text
    assert own(ole, idea).answer is None


def test_pressing_there_answers_without_signing_in_and_without_a_cookie(app, idea, ole, mails):
    path = link_of(mails, ole, "partly").partition("?")[0]
    app.config["WTF_CSRF_ENABLED"] = True

    page = app.test_client(use_cookies=False).post(path, data={"answer": "partly", "words": "Half of it is dry."})

    assert page.status_code == 200
    assert in_order(page.text, "Thank you, it is noted.", "You said “partly”")
    assert (own(ole, idea).answer, own(ole, idea).words) == ("partly", "Half of it is dry.")


def test_what_was_typed_is_kept_when_the_answer_is_missing(app, idea, ole, mails):
    path = link_of(mails, ole, "no").partition("?")[0]

    page = browser_of(app, None).post(path, data={"words": "Still wet."})

    assert page.status_code == 422
    assert "Still wet." in page.text
    assert own(ole, idea).answer is None


def test_a_link_that_we_did_not_make_leads_nowhere(app, idea):
    assert browser_of(app, None).get("/solved/nothing").status_code == 404
    assert browser_of(app, None).post("/solved/nothing", data={"answer": "no"}).status_code == 404


def test_the_ideas_page_asks_whoever_was_asked_and_nobody_else(app, idea, ole):
    path = f"/ideas/{idea.id}-{idea.slug}"

    assert "Did it solve it for you?" in browser_of(app, ole).get(path).text
    for other in (None, UserFactory()):
        assert "Did it solve it for you?" not in browser_of(app, other).get(path).text


def test_a_member_answers_on_the_site_and_changes_it(app, idea, ole):
    browser = browser_of(app, ole)

    browser.post(f"/ideas/{idea.id}/solved", data={"answer": "no", "words": "Wet."})
    done = browser.post(f"/ideas/{idea.id}/solved", data={"answer": "yes"}, follow_redirects=True)

    assert "You said “yes”" in seen(done.text)
    assert own(ole, idea).answer == "yes"


def test_the_inbox_leads_to_the_question(app, idea, ole):
    page = browser_of(app, ole).get("/inbox").text

    assert f'href="http://localhost/ideas/{idea.id}/solved"' in page
    assert "Did this solve it for you? A roof for bicycles" in page


def say_no(idea):
    for row in db.session.scalars(sa.select(Solved).options(sa.orm.joinedload(Solved.user))).all():
        with unit_of_work():
            person = db.session.get_one(type(row.user), row.user_id)
            solving.say(person, outcomes.get_own(person, idea.id), answer=Helped.NO, words="Wet.", may_publish=True)


def test_an_idea_that_was_not_solved_says_so_on_its_page_and_in_lists(app, idea):
    assert "not solved yet" not in browser_of(app, None).get("/boards/garden").text

    say_no(idea)

    for path in ("/boards/garden", f"/ideas/{idea.id}-{idea.slug}"):
        assert "not solved yet" in seen(browser_of(app, None).get(path).text)


def test_the_team_reads_what_they_said_shows_a_story_and_goes_on(app, idea, mia, ole):
    say_no(idea)
    team = browser_of(app, mia)
    page = team.get(f"/ideas/{idea.id}/said").text
    assert "Go on with a follow-up idea for 6 people" in page
    assert in_order(page, "Did it solve the need?", "Wet.", "Show it as a story")

    team.post(f"/solved/{own(ole, idea).id}/story", data={"on": "1"})
    gone_on = team.post(f"/ideas/{idea.id}/follow-up", follow_redirects=True)

    assert "6 people for whom it was not solved back it" in gone_on.text
    assert in_order(browser_of(app, None).get(f"/ideas/{idea.id}-{idea.slug}").text, "What it changed", "“Wet.”")
    assert "Ole Hansen" not in browser_of(app, None).get(f"/ideas/{idea.id}-{idea.slug}").text
    assert count(Idea) == 2


@pytest.mark.parametrize("path", ["/ideas/{idea}/said", "/ideas/{idea}/solved"])
def test_charlie_reads_neither(app, idea, path):
    charlie = browser_of(app, UserFactory(name="Charlie"))

    assert charlie.get(path.format(idea=idea.id)).status_code in (403, 409)


def test_charlie_neither_publishes_nor_goes_on(app, idea, ole):
    charlie = browser_of(app, UserFactory(name="Charlie"))

    assert charlie.post(f"/solved/{own(ole, idea).id}/story", data={"on": "1"}).status_code == 404
    assert charlie.post(f"/ideas/{idea.id}/follow-up").status_code == 403
    assert queries.get_idea(None, idea.id).idea.rank.is_unsolved is False
