"""The inbox, and the page on which people say what they want to hear."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from ideas.accounts.models import User
from ideas.db import db, unit_of_work
from ideas.ledger import preferences, queries
from ideas.ledger.models import EVERYTHING, Delivery
from ideas.settings import rooms
from tests.accounts.arranging import enter
from tests.ledger.arranging import SUBJECT, World, lines, outcome, person
from tests.safety import looking


@pytest.fixture
def mia(client: FlaskClient, world: World) -> User:
    mia = person("Mia")
    enter(client, mia)
    return mia


def test_a_visitor_is_asked_to_sign_in(world: World, client: FlaskClient):
    for path in ("/inbox", "/settings/notifications"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert "/sign-in" in answer.headers["Location"]
    for path in ("/inbox/read", "/inbox/1/read", "/settings/notifications/mail", "/settings/notifications/unmute"):
        assert client.post(path).status_code in (303, 422)
    assert db.session.scalars(sa.select(Delivery.read_at)).all() == []


def test_the_inbox_shows_what_one_was_told_newest_first(world: World, client: FlaskClient, mia: User):
    world.title = "First"
    world.happens((mia, "voter"))
    world.happens((person("Ole"), "voter"))
    world.announce()

    page = client.get("/inbox")

    assert page.status_code == 200
    assert page.text.count('class="news"') == 1
    assert "First" in page.text


def test_an_empty_inbox_says_what_will_be_here(world: World, client: FlaskClient, mia: User):
    assert "No news yet" in client.get("/inbox").text


@pytest.mark.parametrize("lost", ["blind", "gone"])
def test_what_one_can_no_longer_see_is_not_shown(world: World, client: FlaskClient, mia: User, lost: str):
    world.title = "The private title"
    world.happens((mia, "voter"))
    world.announce()
    assert "The private title" in client.get("/inbox").text

    getattr(world, lost).add(mia.id)

    assert "The private title" not in client.get("/inbox").text


def test_muted_news_never_reaches_the_inbox(world: World, client: FlaskClient, mia: User):
    with unit_of_work():
        preferences.mute(mia, SUBJECT)
    world.happens((mia, "voter"))
    world.announce()

    assert "No news yet" in client.get("/inbox").text


def test_unread_news_is_counted_until_it_is_read(world: World, client: FlaskClient, mia: User):
    for _ in range(3):
        world.happens((mia, "voter"))
    world.announce()
    assert queries.unread_count(mia) == 3
    assert "data-unread" in client.get("/inbox").text

    number = min(line.id for line in lines().values() if line.channel == "inbox")
    assert client.post(f"/inbox/{number}/read").status_code == 303
    assert queries.unread_count(mia) == 2

    client.post("/inbox/read")
    assert queries.unread_count(mia) == 0
    assert "data-unread" not in client.get("/inbox").text


def test_nobody_reads_for_somebody_else(app: Flask, world: World, client: FlaskClient, mia: User):
    ole = person("Ole")
    world.happens((ole, "voter"))
    world.announce()
    number = lines()[ole.id, "inbox"].id

    client.post(f"/inbox/{number}/read")
    client.post("/inbox/read")
    client.post("/inbox/99999999999999999999999/read")

    assert queries.unread_count(ole) == 1


def test_a_long_inbox_goes_on_page_by_page(world: World, client: FlaskClient, mia: User):
    for _ in range(45):
        world.happens((mia, "voter"))
    world.announce()

    found: list[str] = []
    path: str | None = "/inbox"
    while path:
        page = client.get(path).text
        found += re.findall(r'id="news-(\d+)"', page)
        more = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else None

    assert len(found) == len(set(found)) == 45
    assert [int(number) for number in found] == sorted(map(int, found), reverse=True)


def test_the_inbox_costs_the_same_for_one_and_for_many(world: World, client: FlaskClient, mia: User):
    def statements() -> int:
        counted = 0

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            nonlocal counted
            counted += statement.startswith("SELECT")

        sa.event.listen(db.engine, "before_cursor_execute", count)
        client.get("/inbox")
        sa.event.remove(db.engine, "before_cursor_execute", count)
        return counted

    world.happens((mia, "voter"))
    world.announce()
    few = statements()
    for number in range(15):
        world.happens((mia, "voter"), subject=f"idea:{number}")
    world.announce()

    assert statements() == few


# --- What I hear of ---


def test_what_is_chosen_is_what_is_done(world: World, client: FlaskClient, mia: User):
    assert "It is planned" in client.get("/settings/notifications").text

    answer = client.post(
        "/settings/notifications", data={"email_planned": "off", "inbox_shipped": "y"}, follow_redirects=True
    )

    assert "Your choice is saved" in answer.text
    assert re.search(r'<option selected value="off"', answer.text)
    world.happens((mia, "voter"))
    world.announce()
    assert outcome(mia, "inbox") == ("suppressed", "off")

    client.post("/settings/notifications", data={"email_planned": "usual", "inbox_planned": "y", "inbox_shipped": "y"})
    assert preferences.of(mia) == {}


def test_mail_may_be_had_without_the_inbox(world: World, client: FlaskClient, mia: User):
    client.post("/settings/notifications", data={"email_planned": "usual", "inbox_shipped": "y"})

    world.happens((mia, "voter"))
    world.announce()

    assert (outcome(mia, "email"), outcome(mia, "inbox")) == (("pending", None), ("suppressed", "email_only"))


def test_saving_the_page_as_it_is_changes_nothing(world: World, client: FlaskClient, mia: User):
    with unit_of_work():
        preferences.unsubscribe(preferences.Link(mia.id, "planned", ""), preferences.Stop.KIND)

    client.post("/settings/notifications", data={"email_planned": "off", "inbox_planned": "y", "inbox_shipped": "y"})

    world.happens((mia, "voter"))
    world.announce()
    assert outcome(mia, "email") == ("suppressed", "unsubscribed")


def test_a_choice_that_is_none_is_refused(world: World, client: FlaskClient, mia: User):
    answer = client.post("/settings/notifications", data={"email_planned": "loud", "inbox_shipped": "y"})

    assert answer.status_code == 422
    assert looking.named(answer.text) == {"email_planned"}
    assert preferences.of(mia) == {}


def test_all_mail_is_stopped_and_begins_again_with_one_button(world: World, client: FlaskClient, mia: User):
    waiting = world.happens((mia, "voter"))
    world.announce()

    client.post("/settings/notifications/mail", data={"on": "0"})
    assert outcome(mia, "email", waiting) == ("suppressed", "unsubscribed")
    assert "whatever is chosen below" in client.get("/settings/notifications").text

    client.post("/settings/notifications/mail", data={"on": "1"})
    assert EVERYTHING not in preferences.of(mia)
    again = world.happens((mia, "voter"))
    world.announce()
    assert outcome(mia, "email", again) == ("pending", None)


def test_muted_things_are_listed_by_name_and_may_speak_again(world: World, client: FlaskClient, mia: User):
    rooms().name_subjects = lambda reader, subjects: {SUBJECT: ("Dark mode", "http://localhost/ideas/7")}
    with unit_of_work():
        preferences.mute(mia, SUBJECT)
        preferences.mute(mia, "idea:8")
    page = client.get("/settings/notifications").text
    assert "Dark mode" in page
    assert "Something you can no longer see" in page

    client.post("/settings/notifications/unmute", data={"subject": SUBJECT})

    assert preferences.muted_by(mia) == ["idea:8"]


def test_news_for_the_team_is_offered_to_those_it_concerns(world: World, app: Flask, client: FlaskClient, mia: User):
    from dataclasses import replace

    rooms().news = (replace(rooms().news[0], for_team=True),)
    assert "It has a place in the plan." not in client.get("/settings/notifications").text

    world.happens((mia, "team"))
    world.announce()

    assert "It has a place in the plan." in client.get("/settings/notifications").text


def test_every_page_knows_how_much_is_unread_and_says_so_gently(world: World, client: FlaskClient, mia: User, clock):
    world.happens((mia, "voter"))
    world.announce()
    clock.shift(timedelta(seconds=1))

    assert re.search(r'<span class="badge">1<', client.get("/inbox").text)
