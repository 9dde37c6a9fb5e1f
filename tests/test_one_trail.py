"""One name goes through all logs: from the request in which something happened to the mail that tells of it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
import structlog

from ideas import outbox
from ideas.boards.events import IdeaReceived
from ideas.db import db, unit_of_work
from ideas.ledger import worker
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from tests.boards.pages import browser_of
from tests.factories import BoardFactory, UserFactory

TRACE = "trace-4711-abcdef"


@pytest.fixture
def app(make_app):
    app = make_app(LOG_LEVEL="info", ENVIRONMENT="production", BASE_URL="http://localhost")
    with app.app_context():
        yield app


def logged(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_an_idea_is_followed_from_the_request_to_the_mail(app, capsys):
    board = BoardFactory()
    mia = browser_of(app, UserFactory(email="mia@example.test"))

    posted = mia.post(
        f"/boards/{board.slug}/new", data={"title": "A bicycle shed", "body": ""}, headers={"X-Request-Id": TRACE}
    )
    db.session.commit()
    structlog.contextvars.clear_contextvars()  # the worker is another process
    worker.run_once(app)

    assert posted.status_code == 303
    entry = db.session.scalars(sa.select(OutboxEntry)).one()
    email = db.session.scalars(sa.select(Delivery).where(Delivery.channel == "email")).one()
    trail = {line["event"]: line for line in logged(capsys) if line.get("request_id") == TRACE}
    assert trail["request"]["status"] == 303
    assert trail["announced"]["entry"] == entry.id
    assert (trail["delivery"]["entry"], trail["delivery"]["delivery"]) == (entry.id, email.id)
    assert trail["delivery"]["outcome"] == "sent"


def test_what_nobody_asked_for_has_no_request(app):
    structlog.contextvars.clear_contextvars()

    with unit_of_work():
        entry = outbox.record(IdeaReceived(subject="idea:1", about_id=1, actor_id=None))

    assert db.session.get_one(OutboxEntry, entry).request_id is None
