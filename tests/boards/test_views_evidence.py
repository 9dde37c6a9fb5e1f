"""Evidence and voting on behalf as people see them: the team's form and list, the page from the mail, the idea."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards.models import Vote
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.db import db
from ideas.ledger import worker
from tests.boards.arranging import count
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, CompanyFactory, IdeaFactory, UserFactory, team_member

WORDS = "They keep their bicycles in the hall."


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def nadia(board):
    return team_member(board, name="Nadia Berg")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, title="A roof for bicycles")


@pytest.fixture
def ole(app):
    return UserFactory(name="Ole Hansen", company=CompanyFactory(name="Acme"))


def send(app, nadia, idea, **more):
    said = {"kind": "call", "words": WORDS, "link": "", "who": "", "act": "keep", **more}
    return browser_of(app, nadia).post(f"/ideas/{idea.id}/evidence/new", data=said)


def link_in(mails):
    (mail,) = [mail for mail in mails() if "Do you want this" in mail["Subject"]]
    text = mail.get_body(("plain",)).get_content()
    return re.search(r"http://localhost(/on-behalf/[^?\s]+)", text)[1]


def test_the_customer_is_found_chosen_and_asked_and_stands_beside_the_votes(app, nadia, idea, ole):
    found = send(app, nadia, idea, who="acme", act="find")
    assert found.status_code == 200
    assert in_order(found.text, "Which of these?", "Ole Hansen · Acme", "Vote on their behalf")
    assert WORDS in found.text, "nothing typed is lost"
    unchosen = send(app, nadia, idea, who="acme", vote="y")
    assert (unchosen.status_code, "Choose who it is." in unchosen.text) == (422, True)

    kept = send(app, nadia, idea, who="acme", person=str(ole.id), vote="y", link="https://tickets.example/7")

    assert kept.headers["Location"] == f"/ideas/{idea.id}/evidence"
    browser = browser_of(app, nadia)
    page = browser.get(f"/ideas/{idea.id}/evidence").text
    assert in_order(
        page, "0 votes, 1 more on behalf, not yet confirmed", WORDS, "Ole Hansen", "In a call", "Not heard yet"
    )
    assert 'href="https://tickets.example/7" rel="noopener noreferrer nofollow"' in page
    beside = browser.get(f"/ideas/{idea.id}", follow_redirects=True).text
    assert in_order(beside, "What customers said", WORDS, "1 more on behalf, not yet confirmed")
    assert WORDS in browser.get(f"/team/people/{ole.id}").text


def test_an_address_that_nobody_has_is_somebody_new(app, nadia, idea):
    missing = send(app, nadia, idea, who="Vera")
    assert (missing.status_code, "Nobody here is called so." in seen(missing.text)) == (422, True)

    kept = send(app, nadia, idea, who="vera@example.org", name="Vera", vote="y")

    assert kept.status_code == 303
    db.session.rollback()
    assert db.session.scalars(sa.select(User.name).where(User.email == "vera@example.org")).all() == ["Vera"]
    assert count(VoteOnBehalf) == 1


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"words": ""}, "words: Please fill this in."),
        ({"link": "javascript:alert(1)"}, "link: This is no address of a page."),
        ({"vote": "y"}, "who: Say who it is that you vote for."),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(app, nadia, idea, sent, says):
    refused = send(app, nadia, idea, **sent)

    field, _, words = says.partition(": ")
    assert (refused.status_code, words in seen(refused.text)) == (422, True)
    assert f'id="{field}-error"' in refused.text
    assert count(Evidence) == 0


def test_the_link_from_the_mail_changes_nothing_until_a_button_is_pressed(app, nadia, idea, ole, mails):
    send(app, nadia, idea, who=ole.email, vote="y")
    worker.run_once(app)
    path = link_in(mails)
    app.config["WTF_CSRF_ENABLED"] = True
    visitor = app.test_client(use_cookies=False)

    for _ in range(3):
        opened = visitor.get(f"{path}?wanted=yes")
    assert in_order(
        opened.text, "A roof for bicycles", "Nadia Berg noted on", "Nothing has changed yet", "Yes, I want it"
    )
    assert WORDS not in opened.text, "what the team noted is for the team"
    assert count(Vote) == 0

    said = visitor.post(path, data={"wanted": "true"})

    assert in_order(said.text, "Thank you. It is your vote now", "Your vote is taken back.")
    assert count(Vote) == 1
    denied = visitor.post(path, data={"wanted": "false"})
    assert "nobody asks you again" in seen(denied.text)
    assert count(Vote) == 0
    assert visitor.get(path[:-2] + "xx").status_code == 404


def test_signed_in_the_idea_s_page_leads_there(app, nadia, idea, ole):
    send(app, nadia, idea, who=ole.email, vote="y")
    browser = browser_of(app, ole)

    page = browser.get(f"/ideas/{idea.id}", follow_redirects=True).text
    assert in_order(page, "Nadia Berg noted on", "Say whether that is so")
    assert WORDS not in page
    assert browser.post(f"/ideas/{idea.id}/on-behalf", data={"wanted": "false"}).status_code == 303
    assert "noted on" not in seen(browser.get(f"/ideas/{idea.id}", follow_redirects=True).text)
    assert browser_of(app, UserFactory()).get(f"/ideas/{idea.id}/on-behalf").status_code == 409


def test_the_composer_offers_it_and_everybody_else_reads_neither_words_nor_name(app, nadia, idea, ole):
    send(app, nadia, idea, who=ole.email)
    key = f"evidence-{db.session.scalars(sa.select(Evidence.id)).one()}"
    browser = browser_of(app, nadia)
    assert in_order(browser.get(f"/ideas/{idea.id}/answer").text, "Ole Hansen as your team noted it", WORDS)

    words = "We have looked at it with everyone who asked, and we build the roof in spring."
    sent = {
        "status": "planned",
        "reason": "committed",
        "text": words,
        "credit": key,
        f"how-{key}": "It became the roof.",
    }
    assert browser.post(f"/ideas/{idea.id}/answer", data=sent).status_code == 303

    page = browser_of(app, None).get(f"/ideas/{idea.id}", follow_redirects=True).text
    assert in_order(page, "What a customer told us", "It became the roof.")
    assert (WORDS in page, "Ole Hansen" in page) == (False, False)


def test_a_wrong_note_is_taken_back(app, nadia, idea, ole):
    send(app, nadia, idea, who=ole.email, vote="y")
    browser = browser_of(app, nadia)

    browser.post(f"/ideas/{idea.id}/on-behalf/{ole.id}/take-back")
    browser.post(f"/evidence/{db.session.scalars(sa.select(Evidence.id)).one()}/remove")

    page = seen(browser.get(f"/ideas/{idea.id}/evidence").text)
    assert ("Nothing noted yet" in page, "Ole Hansen" in page) == (True, False)


def test_members_find_nothing_there(app, nadia, idea, ole):
    send(app, nadia, idea)
    evidence_id = db.session.scalars(sa.select(Evidence.id)).one()
    browser = browser_of(app, ole)

    assert browser.get(f"/ideas/{idea.id}/evidence").status_code == 403
    assert browser.get(f"/ideas/{idea.id}/evidence/new").status_code == 403
    assert browser.post(f"/evidence/{evidence_id}/remove").status_code == 404
    assert browser.post(f"/ideas/{idea.id}/on-behalf/{ole.id}/take-back").status_code == 403
