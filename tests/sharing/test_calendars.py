"""Calendars of what is planned and of releases, as a calendar program of somebody else's reads them."""

from __future__ import annotations

from datetime import timedelta

import icalendar
import pytest

from ideas.boards.models import Reason
from ideas.db import utcnow
from tests.boards.pages import answered, browser_of
from tests.factories import BoardFactory, IdeaFactory, team_member
from tests.sharing.test_feeds import DONE, publish


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def read(client, path="/boards/garden/calendar.ics"):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/calendar; charset=utf-8"
    lines = answer.data.split(b"\r\n")
    assert not [line for line in lines if len(line) > 75 or b"\n" in line]
    found = icalendar.Calendar.from_ical(answer.data)
    assert not found.errors
    return found


def events(found):
    return {str(event["SUMMARY"]): event for event in found.walk("VEVENT")}


def test_a_calendar_has_the_days_of_the_roadmap_and_the_releases(client, board, petra):
    day = utcnow().date() + timedelta(days=30)
    planned, there = IdeaFactory(board=board, title="A shed"), IdeaFactory(board=board, title="A tap")
    given = answered(petra, planned, date=day)
    answered(petra, there, "shipped", Reason.SHIPPED, DONE)
    answered(petra, IdeaFactory(board=board, title="Some day"))
    publish(petra, IdeaFactory(board=board, title="A roof"))

    found = read(client)

    assert str(found["X-WR-CALNAME"]) == "Dates of Garden"
    shown = events(found)
    assert set(shown) == {"Planned: A shed", "Shipped: A tap", "Release: The spring release"}
    event = shown["Planned: A shed"]
    assert event["DTSTART"].dt == day
    assert str(event["UID"]) == f"idea-{planned.id}@localhost"
    assert str(event["URL"]) == f"http://localhost/ideas/{planned.id}-a-shed"
    assert str(event["DESCRIPTION"]) == given.text
    assert str(event["STATUS"]) == "TENTATIVE"
    assert shown["Release: The spring release"]["DTSTART"].dt == utcnow().date()
    assert str(shown["Shipped: A tap"]["STATUS"]) == "CONFIRMED"
    assert set(events(read(client, "/roadmap/calendar.ics"))) == set(shown)


def test_words_of_any_kind_are_words_in_a_calendar(client, board, petra):
    title = "庭に自転車小屋、屋根、雨どい、そして水道の蛇口もほしいです; a\\b, c: BEGIN:VEVENT"
    text = "The first line, and more; of it.\nEND:VEVENT\nThe second line \\n is here."
    answered(petra, IdeaFactory(board=board, title=title), text=text, date=utcnow().date() + timedelta(days=3))

    (event,) = events(read(client)).values()

    assert str(event["SUMMARY"]) == f"Planned: {title}"
    assert str(event["DESCRIPTION"]) == " ".join(text.split())


def test_a_calendar_is_kept_and_sent_anew_like_a_feed(app, client, board, petra):
    hidden = IdeaFactory(board=board, title="Unseen wish", hidden=True)
    answered(petra, hidden, date=utcnow().date() + timedelta(days=3))

    one, other = client.get("/boards/garden/calendar.ics"), browser_of(app, petra).get("/boards/garden/calendar.ics")

    assert one.data == other.data
    assert "Unseen wish" not in other.text
    assert one.headers["Cache-Control"].startswith("public, max-age=")
    again = client.get("/boards/garden/calendar.ics", headers={"If-None-Match": one.headers["ETag"]})
    assert again.status_code == 304
