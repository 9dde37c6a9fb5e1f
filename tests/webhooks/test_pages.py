"""The team looks after webhooks in the browser."""

import re

import pytest

from ideas.accounts.sessions import FRESH
from ideas.boards import posting, queries
from ideas.db import at, db, unit_of_work, utcnow
from ideas.webhooks.models import WebhookEndpoint
from tests.accounts.arranging import enter
from tests.boards.arranging import count
from tests.factories import BoardFactory, UserFactory, charlie, team_member
from tests.webhooks.arranging import lines, work


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


def test_an_endpoint_is_looked_after_from_its_first_secret_to_its_end(app, client, board, other):
    enter(client, team_member(board, name="Petra"))
    words = {"address": other.address, "description": "The chat", "kinds": ["idea.created"]}

    made = client.post("/manage/webhooks", data={**words, "once": "1"})
    assert made.status_code == 201
    secret = re.search(r'value="(whsec_[^"]+)"', made.text)[1]
    assert client.post("/manage/webhooks", data={**words, "once": "1"}).status_code == 201
    assert count(WebhookEndpoint) == 1  # pressed twice, it is made once
    assert "whsec_" not in client.get("/manage/webhooks/1").text
    assert other.address in client.get("/manage/webhooks").text

    with unit_of_work():
        mia = UserFactory()
        posting.submit(mia, queries.get_board(mia, "garden"), title="More <b>beds</b>", body="Please.")
    assert client.post("/manage/webhooks/1/test").status_code == 303
    work(app)
    assert {payload["type"] for payload in other.verified(secret)} == {"idea.created", "webhook.test"}
    page = client.get("/manage/webhooks/1").text
    assert page.count("Arrived") == 2
    line = next(line for line in lines() if "beds" in line.body)
    message = client.get(f"/manage/webhooks/1/messages/{line.id}").text
    assert "More &lt;b&gt;beds&lt;/b&gt;" in message
    assert "204" in message

    assert client.post(f"/manage/webhooks/1/messages/{line.id}/replay").status_code == 303
    day = utcnow().date().isoformat()
    days = {"first": day, "last": day}
    assert client.post("/manage/webhooks/1/replay", data={**days, "all_of_it": "y"}).status_code == 303
    assert client.post("/manage/webhooks/1/replay", data={**days, "first": "some day"}).status_code == 422
    work(app)
    assert len(other.taken) == 4
    with at(utcnow() + FRESH):  # long after signing in it asks first who is there
        assert client.post("/manage/webhooks/1/secret").location.startswith("/profile/confirm?next=")
    rotated = client.post("/manage/webhooks/1/secret")
    assert rotated.status_code == 201
    assert secret not in rotated.text
    assert "whsec_" in rotated.text
    assert re.search(r'<input checked[^>]*value="idea.created"', rotated.text)  # the form says what the endpoint is
    client.post("/manage/webhooks/1/pause")
    paused = client.get("/manage/webhooks/1").text
    assert "Paused" in paused
    assert "Send a test" not in paused
    refused = client.post("/manage/webhooks/1/test")
    assert refused.status_code == 409
    assert "Resume it first" in refused.text
    client.post("/manage/webhooks/1/resume")
    changed = {**words, "kinds": ["idea.created", "vote.created"], "description": ""}
    assert client.post("/manage/webhooks/1", data=changed).status_code == 303
    assert db.session.get_one(WebhookEndpoint, 1, populate_existing=True).kinds == ["idea.created", "vote.created"]
    assert client.post("/manage/webhooks/1/remove").status_code == 303
    assert client.get("/manage/webhooks/1").status_code == 404


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(client, board):
    enter(client, team_member(board))

    answer = client.post(
        "/manage/webhooks", data={"address": "https://10.0.0.1/x", "description": "The chat", "kinds": ["idea.created"]}
    )
    assert answer.status_code == 422
    assert 'id="address-error"' in answer.text
    assert 'value="https://10.0.0.1/x"' in answer.text
    assert 'value="The chat"' in answer.text
    nothing = client.post("/manage/webhooks", data={})
    assert nothing.status_code == 422
    assert 'id="kinds-error"' in nothing.text


def test_to_others_than_teams_and_owners_there_is_nothing(app, board):
    petra, browser = team_member(board), app.test_client()
    enter(browser, petra)
    words = {"address": "https://tools.example.org/", "description": "", "kinds": ["idea.created"]}
    assert browser.post("/manage/webhooks", data=words).status_code == 201

    for person in (charlie(), team_member(board)):
        other = app.test_client()
        enter(other, person)
        assert other.get("/manage/webhooks/1").status_code == 404
        assert other.post("/manage/webhooks/1/remove").status_code == 404
    outsider = app.test_client()
    enter(outsider, charlie())
    assert outsider.get("/manage/webhooks").status_code == 404
    assert count(WebhookEndpoint) == 1
