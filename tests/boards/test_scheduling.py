"""When people are told of an answer can be planned, and who was told can be taken away as a table."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.boards import answering, queries, receipts
from ideas.boards.models import Idea, Reason, Status
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import fanout, report, worker
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from tests.api.asking import bearer
from tests.boards.pages import LONG_ENOUGH, answered, browser_of
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia", timezone="Europe/Berlin")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board)


def told():
    db.session.rollback()
    return set(db.session.scalars(sa.select(Delivery.user_id).where(Delivery.state == "sent")))


def due():
    db.session.rollback()
    return db.session.scalars(sa.select(OutboxEntry.due_at).order_by(OutboxEntry.id.desc())).first()


def test_people_are_told_at_the_planned_time_and_the_status_changes_at_once(app, mia, idea, clock):
    answered(mia, idea, announce_at=utcnow() + timedelta(days=2))

    worker.run_once(app)
    assert told() == set()
    stage = db.session.scalar(sa.select(Status.stage).join(Idea, Idea.status_id == Status.id))
    assert stage == "planned"
    clock.shift(timedelta(days=2, hours=-1))
    worker.run_once(app)
    assert told() == set()
    assert fanout.count_stuck(utcnow()) == 0
    clock.shift(timedelta(hours=1))
    worker.run_once(app)

    assert told() == {idea.author_id}


@pytest.mark.parametrize(
    ("wait", "words"), [(timedelta(minutes=-1), "is past"), (timedelta(days=61), "at most 60 days")]
)
def test_a_time_that_cannot_be_is_refused_by_name(app, mia, idea, wait, words):
    with pytest.raises(ValidationError, match=words) as refused:
        answered(mia, idea, announce_at=utcnow() + wait)

    assert set(refused.value.messages) == {"announce_at"}


def test_another_date_is_told_before_the_old_one_passes(app, mia, idea, clock):
    answered(mia, idea, date=(utcnow() + timedelta(days=3)).date())
    worker.run_once(app)

    later = (utcnow() + timedelta(days=30)).date()
    with pytest.raises(ValidationError, match="before it passes"):
        answered(mia, idea, date=later, announce_at=utcnow() + timedelta(days=5))
    answered(mia, idea, date=later, announce_at=utcnow() + timedelta(days=2))

    assert due() == utcnow() + timedelta(days=2)


def test_a_correction_keeps_the_planned_time_and_sending_now_skips_it(app, mia, idea, clock):
    at = utcnow() + timedelta(days=2)
    given = answered(mia, idea, announce_at=at).id
    words = {"reason": Reason.COMMITTED, "text": LONG_ENOUGH, "date": None, "review_by": None, "credits": []}

    with unit_of_work():
        answering.correct(mia, queries.get_answer(mia, given), words)
    assert due() == at
    with unit_of_work():
        answering.send_now(mia, queries.get_answer(mia, given))

    assert due() == utcnow()


def test_the_settle_time_is_the_least(make_app, clock):
    app = make_app(SETTLE_MINUTES="15")
    with app.app_context():
        board = BoardFactory()
        answered(team_member(board), IdeaFactory(board=board), announce_at=utcnow() + timedelta(minutes=1))

        assert due() == utcnow() + timedelta(minutes=15)


def test_the_composer_takes_the_time_as_the_clock_on_ones_wall_says_it(app, mia, idea, clock):
    clock.move_to(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    form = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH, "announce_at": "2026-03-05T09:30"}

    browser_of(app, mia).post(f"/ideas/{idea.id}/answer", data=form)

    assert due() == datetime(2026, 3, 5, 8, 30, tzinfo=UTC)  # Berlin is an hour ahead


def test_what_is_no_time_is_said_beside_its_field_and_kept(app, mia, idea):
    form = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH, "announce_at": "tomorrow, early"}

    page = browser_of(app, mia).post(f"/ideas/{idea.id}/answer", data=form)

    assert page.status_code == 422
    assert "tomorrow, early" in page.text
    assert 'id="announce_at-error"' in page.text


def test_programs_plan_it_too(app, mia, idea, clock):
    clock.move_to(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    words = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH}
    words["announce_at"] = "2026-03-05T09:30:00+01:00"

    answer = app.test_client().post(f"/api/v1/ideas/{idea.id}/answers", json=words, headers=bearer(mia))

    assert answer.status_code == 201
    assert due() == datetime(2026, 3, 5, 8, 30, tzinfo=UTC)


# --- Who was told, as a table ---


def test_who_was_told_comes_as_a_table_in_which_no_cell_is_a_formula(app, mia, idea):
    for name in ('=HYPERLINK("http://evil.test")', "+1", "-1", "@SUM(A1)", "Ole, from the shed"):
        VoteFactory(idea=idea, user=UserFactory(name=name))
    given = answered(mia, idea).id
    worker.run_once(app)

    answer = browser_of(app, mia).get(f"/answers/{given}/told.csv")

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert len(table) == 2 * 6
    names = {row["Person"] for row in table}
    assert {"'+1", "'-1", "'@SUM(A1)", "Ole, from the shed", '\'=HYPERLINK("http://evil.test")'} <= names
    assert {row["Outcome"] for row in table} == {"told"}
    assert {row["By"] for row in table} == {"e-mail", "inbox"}


def test_the_table_is_for_the_team(app, mia, idea):
    given = answered(mia, idea).id

    assert browser_of(app, UserFactory()).get(f"/answers/{given}/told.csv").status_code == 403


def test_a_long_list_comes_in_pieces(app, mia, idea):
    for _ in range(5):
        VoteFactory(idea=idea)
    given = answered(mia, idea).id
    worker.run_once(app)
    db.session.rollback()

    entries = receipts.announcements([given])[given]
    lines = [line.id for line in report.all_deliveries(entries, together=2)]

    assert lines == sorted(set(lines), reverse=True)
    assert len(lines) == 12
