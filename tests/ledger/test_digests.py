"""What waits for somebody's hour comes as one mail, once, with what closed first."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from ideas import mail
from ideas.accounts import rhythms
from ideas.accounts.models import User
from ideas.accounts.rhythms import Chosen
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import digests, pacing, preferences, sending
from ideas.ledger.models import Delivery, Digest, Mode
from ideas.ledger.preferences import Stop
from tests.conftest import LEASE
from tests.ledger.arranging import SUBJECT, World, lines, outcome, person

TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PENDING, SENT = ("pending", None), ("sent", None)


@pytest.fixture
def noon(clock: time_machine.Traveller) -> time_machine.Traveller:
    """Tuesday noon; the site's digests go out at eight."""
    clock.move_to(TUESDAY)
    return clock


def daily(world: World, *people: User, news: str = "planned", subject: str = SUBJECT) -> int:
    entry = world.happens(*((each, "voter", news, "daily") for each in people), subject=subject)
    world.announce()
    return entry


def test_what_is_daily_waits_for_the_hour_and_comes_as_one_mail(world: World, noon):
    mia = person()
    entries = [daily(world, mia, subject=f"idea:{number}") for number in range(3)]
    world.work()
    assert world.mailed == []
    assert {lines(entry)[mia.id, "email"].due_at for entry in entries} == {datetime(2026, 3, 4, 8, tzinfo=UTC)}
    assert outcome(mia, "inbox", entries[0]) == SENT

    noon.move_to(datetime(2026, 3, 4, 7, 59, 59, tzinfo=UTC))
    world.work()
    assert world.mailed == []
    noon.shift(1)
    world.work()

    assert world.mailed == [mia.email]
    assert {outcome(mia, "email", entry) for entry in entries} == {SENT}


def test_what_is_weekly_waits_for_the_day(world: World, noon):
    mia = person()
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.WEEKLY, inbox=None)
    world.happens((mia, "voter"))
    world.work()
    noon.move_to(datetime(2026, 3, 9, 7, 59, tzinfo=UTC))
    world.work()
    assert world.mailed == []

    noon.shift(60)
    world.work()

    assert world.mailed == [mia.email]


def test_on_the_weekly_day_the_daily_digest_is_the_same_mail(world: World, noon):
    mia = person()
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.WEEKLY, inbox=None)
    world.happens((mia, "voter"))
    noon.move_to(datetime(2026, 3, 8, 12, tzinfo=UTC))
    daily(world, mia, news="shipped")
    world.work()

    noon.move_to(datetime(2026, 3, 9, 8, tzinfo=UTC))
    world.work()

    assert world.mailed == [mia.email]


def test_each_person_gets_their_own(world: World, noon):
    people = [person(f"Voter {number}") for number in range(30)]
    daily(world, *people)
    daily(world, *people, subject="idea:8")

    noon.shift(DAY)
    world.work()

    assert sorted(world.mailed) == sorted(each.email or "" for each in people)


def test_it_leads_with_what_closed_and_says_so_in_its_subject(world: World, noon):
    mia = person()
    for subject, news in (("idea:1", "planned"), ("idea:2", "shipped"), ("idea:2", "planned"), ("idea:3", "planned")):
        world.titles[subject] = f"About {subject}"
        daily(world, mia, news=news, subject=subject)

    noon.shift(DAY)
    world.work()

    (message,) = world.transport.sent
    assert message.subject == "1 shipped; It is planned: 3"
    assert message.sender_name == "Answerback"
    for body in (message.text, message.html):
        # the one that closed, with all that happened to it, then the others
        found = re.findall(r"About (idea:\d)", body)
        assert found == ["idea:2"] * 3 + ["idea:1", "idea:3"]


def test_a_digest_of_one_has_the_subject_of_that_news(world: World, noon):
    daily(world, person())

    noon.shift(DAY)
    world.work()

    assert world.transport.sent[0].subject == "News: It is planned"


def test_an_empty_digest_is_not_sent(world: World, noon):
    mia = person()
    entry = daily(world, mia)
    world.work()
    world.blind.add(mia.id)

    noon.shift(DAY)
    world.work()

    assert world.mailed == []
    assert outcome(mia, "email", entry) == ("suppressed", "not_visible")


@pytest.mark.parametrize("stopped_by", ["mute", "off", "suspended", "invisible", "erased"])
def test_everything_is_asked_again_when_it_is_sent(world: World, noon, stopped_by: str):
    mia = person()
    entry, other = daily(world, mia), daily(world, mia, news="shipped", subject="idea:8")
    world.work()
    reason = {"mute": "muted", "off": "inbox_only", "invisible": "not_visible"}.get(stopped_by, stopped_by)
    with unit_of_work():
        if stopped_by == "mute":
            preferences.mute(mia, SUBJECT)
        elif stopped_by == "off":
            preferences.choose(mia, "planned", email=Mode.OFF, inbox=None)
        elif stopped_by == "invisible":
            world.blind.add(mia.id)
        else:
            db.session.merge(mia).suspended_at = TUESDAY
            if stopped_by == "erased":
                db.session.merge(mia).erased_at = TUESDAY

    noon.shift(DAY)
    world.work()

    assert outcome(mia, "email", entry) == ("suppressed", reason)
    assert outcome(mia, "email", other) == (SENT if stopped_by in ("mute", "off") else ("suppressed", reason))
    assert len(world.mailed) == (stopped_by in ("mute", "off"))


def test_what_cannot_be_said_is_left_out_and_hurts_nothing_else(world: World, noon):
    mia, ole = person("Mia"), person("Ole")
    broken = daily(world, mia, ole)
    world.work()
    world.unspeakable.add(mia.id)
    world.gone.add(ole.id)

    noon.shift(DAY)
    world.work()

    assert world.mailed == []
    assert outcome(mia, "email", broken) == ("failed", "unrenderable")
    assert outcome(ole, "email", broken) == ("suppressed", "not_visible")


# --- Identity ---


def test_a_digest_that_was_not_written_down_is_repeated_under_its_name_with_the_same_content(world: World, noon):
    mia = person()
    daily(world, mia)
    daily(world, mia, subject="idea:8")
    world.work()
    noon.shift(DAY)
    with unit_of_work():
        claim = digests.claim()
    assert [len(each.deliveries) for each in claim.rows] == [2]
    daily(world, mia, subject="idea:9")  # comes after it was made

    noon.shift(LEASE)  # is over, and its holder was never heard of again
    world.work()

    (message,) = world.transport.sent
    assert message.message_id == f"<digest-{claim.rows[0].id}@localhost>"
    with unit_of_work():
        assert digests.write_down(claim, claim.rows[0], None) is False
    noon.shift(DAY)
    world.work()
    assert len(world.transport.sent) == 2
    assert world.transport.sent[1].message_id != message.message_id


def test_a_refused_digest_is_tried_again_as_the_same_mail(world: World, noon):
    mia = person()
    entries = [daily(world, mia), daily(world, mia, subject="idea:8")]

    class Once(mail.MemoryTransport):
        refused = False

        def send(self, message: mail.Message, *, until: datetime | None = None) -> None:
            if not self.refused:
                self.refused = True
                self.first = message
                raise mail.TemporaryFailure("450 later")
            super().send(message, until=until)

    relay = Once()
    noon.shift(DAY)
    world.work(relay)
    assert {outcome(mia, "email", entry) for entry in entries} == {PENDING}
    noon.shift(60)
    world.work(relay)

    assert relay.sent == [relay.first]
    assert {outcome(mia, "email", entry) for entry in entries} == {SENT}


def test_a_bounced_digest_is_failed_line_by_line(world: World, noon):
    mia = person()
    entries = [daily(world, mia), daily(world, mia, subject="idea:8")]

    class Refusing(mail.MemoryTransport):
        def send(self, message: mail.Message, *, until: datetime | None = None) -> None:
            raise mail.PermanentFailure("550 unknown")

    noon.shift(DAY)
    world.work(Refusing())

    assert {outcome(mia, "email", entry) for entry in entries} == {("failed", "bounced")}


def test_there_is_one_digest_for_a_person_and_a_moment(world: World, noon):
    mia = person()
    daily(world, mia)
    world.work()
    noon.move_to(datetime(2026, 3, 4, 8, 0, 30, tzinfo=UTC))
    world.work()
    late = daily(world, mia, subject="idea:8")
    world.announce()
    with unit_of_work():  # as if its announcement had begun before eight and been committed after
        db.session.execute(sa.update(Delivery).where(Delivery.entry_id == late).values(due_at=TUESDAY + 20 * HOUR))

    world.work()

    assert len(world.mailed) == 1
    assert lines(late)[mia.id, "email"].due_at == datetime(2026, 3, 5, 8, tzinfo=UTC)
    noon.shift(DAY)
    world.work()
    assert len(world.mailed) == 2


# --- Stopping it ---


def link_in(world: World) -> str:
    header = world.transport.sent[-1].headers["List-Unsubscribe"]
    return header.partition(">")[0].removeprefix("<http://localhost")


def test_one_click_stops_the_kinds_of_the_digest_and_what_waits_of_them(world: World, noon, client: FlaskClient):
    mia = person()
    daily(world, mia)
    noon.shift(DAY)
    world.work()
    waiting, single = daily(world, mia), world.happens((mia, "voter"), wait=HOUR)
    other = daily(world, mia, news="shipped")
    world.announce()

    for _ in range(100):
        assert client.get(link_in(world)).status_code == 200
    assert outcome(mia, "email", waiting) == PENDING
    answer = client.post(link_in(world), data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert outcome(mia, "email", waiting) == ("suppressed", "unsubscribed")
    assert outcome(mia, "email", other) == PENDING
    noon.shift(HOUR)
    world.work()
    assert outcome(mia, "email", single) == ("suppressed", "unsubscribed")
    noon.shift(DAY)
    world.work()
    assert len(world.mailed) == 2
    assert outcome(mia, "email", other) == SENT


def test_its_page_offers_each_kind_that_was_in_it(world: World, noon, client: FlaskClient):
    mia = person()
    daily(world, mia)
    daily(world, mia, news="shipped")
    noon.shift(DAY)
    world.work()
    page = client.get(link_in(world)).text
    assert "It is planned" in page
    assert "It is there" in page

    client.post(link_in(world), data={"stop": "kind", "news": "shipped"})

    later = [daily(world, mia), daily(world, mia, news="shipped")]
    world.announce()
    assert outcome(mia, "email", later[0]) == PENDING
    assert outcome(mia, "email", later[1]) == ("suppressed", "unsubscribed")


def test_unsubscribing_while_it_is_made_takes_the_line_out(world: World, noon):
    mia = person()
    kept = daily(world, mia, news="shipped")
    stopped = daily(world, mia, subject="idea:8")
    noon.shift(DAY)
    with unit_of_work():
        claim = digests.claim()
    with unit_of_work():
        preferences.unsubscribe(preferences.Link(mia.id, "planned", ""), Stop.KIND)

    assert {lines(entry)[mia.id, "email"].id for entry in (kept,)} == digests.still_mine(claim, claim.rows[0])
    assert outcome(mia, "email", stopped) == ("suppressed", "unsubscribed")


# --- Hours ---


def test_the_hour_is_the_persons_own(world: World, noon):
    mia = person()
    with unit_of_work():
        rhythms.choose(db.session.merge(mia), Chosen(digest_hour=18), timezone="Asia/Tokyo")
    entry = daily(world, mia)

    world.announce()

    assert lines(entry)[mia.id, "email"].due_at == datetime(2026, 3, 4, 9, tzinfo=UTC)


def test_what_waits_moves_with_the_hour(world: World, noon):
    mia = person()
    entry = daily(world, mia)
    world.announce()

    with unit_of_work():
        rhythms.choose(db.session.merge(mia), Chosen(digest_hour=20), timezone=None)

    assert lines(entry)[mia.id, "email"].due_at == datetime(2026, 3, 3, 20, tzinfo=UTC)


def test_choosing_at_once_lets_what_waits_go(world: World, noon):
    mia = person()
    daily(world, mia)
    world.work()

    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.INSTANT, inbox=None)
    world.work()

    assert world.mailed == [mia.email]
    assert world.transport.sent[0].message_id.startswith("<delivery-")


def test_quiet_hours_delay_single_mail_to_their_end(world: World, noon):
    mia, ole = person("Mia"), person("Ole")
    with unit_of_work():
        rhythms.choose(db.session.merge(mia), Chosen(quiet_from=22, quiet_to=7), timezone="Europe/Berlin")
    noon.move_to(datetime(2026, 3, 3, 21, 30, tzinfo=UTC))  # half past ten in Berlin

    world.happens((mia, "voter", "shipped"), (ole, "voter", "shipped"))
    world.work()

    assert world.mailed == [ole.email]
    noon.move_to(datetime(2026, 3, 4, 5, 59, tzinfo=UTC))
    world.work()
    assert len(world.mailed) == 1
    noon.shift(60)
    world.work()
    assert world.mailed == [ole.email, mia.email]


def test_quiet_hours_that_begin_while_a_mail_waits_hold_it_too(world: World, noon):
    mia = person()
    with unit_of_work():
        rhythms.choose(db.session.merge(mia), Chosen(quiet_from=22, quiet_to=7), timezone=None)
    entry = world.happens((mia, "voter"))
    world.announce()
    noon.move_to(datetime(2026, 3, 3, 23, tzinfo=UTC))

    world.work()

    assert world.mailed == []
    line = lines(entry)[mia.id, "email"]
    assert (line.due_at, line.attempts, line.lease) == (datetime(2026, 3, 4, 7, tzinfo=UTC), 0, None)


# --- Too much in a week ---


@pytest.fixture
def few(app: Flask) -> None:
    """Ten single mails in a week, as by default."""
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], single_mails_a_week=10)


@pytest.mark.usefixtures("few")
def test_more_than_so_many_single_mails_in_a_week_wait_for_the_digest(world: World, noon):
    mia = person()
    for number in range(12):
        world.happens((mia, "voter"), subject=f"idea:{number}")
    world.work()
    assert len(world.mailed) == 10
    closing = world.happens((mia, "voter", "shipped"))
    world.work()
    assert outcome(mia, "email", closing) == SENT

    noon.shift(DAY)
    world.work()

    assert len(world.mailed) == 12
    assert "You got 10 single mails in a week" in world.transport.sent[-1].text
    assert "You got 10 single mails in a week" in world.transport.sent[-1].html
    noon.shift(8 * DAY)
    again = world.happens((mia, "voter"))
    world.work()
    assert outcome(mia, "email", again) == SENT
    assert "single mails" not in world.transport.sent[-1].text


@pytest.mark.usefixtures("few")
def test_whoever_wants_each_by_itself_gets_it(world: World, noon):
    mia = person(never_gathered=True)
    for number in range(12):
        world.happens((mia, "voter"), subject=f"idea:{number}")

    world.work()

    assert len(world.mailed) == 12


@pytest.mark.usefixtures("few")
def test_two_workers_with_mail_for_one_person_in_hand_do_not_send_too_many(world: World, noon):
    mia, exempt = person(), person(never_gathered=True)
    for number in range(12):
        world.happens((mia, "voter"), (exempt, "voter"), subject=f"idea:{number}")
    world.happens((mia, "voter", "shipped"))
    world.announce()
    with unit_of_work():
        first = sending.claim(most=14)
    with unit_of_work():
        second = sending.claim(most=14)

    in_hand = []
    for claim in (first, second):
        waits = pacing.too_many(claim.rows, claim.lease, utcnow())
        with unit_of_work():
            in_hand.append(sending.without(claim, waits))
    for claim in in_hand:
        with unit_of_work():
            assert all(sending.write_down(claim, row, sending.SENT).is_mine for row in claim.rows)

    kept = [(row.to.id, row.delivery.news) for claim in in_hand for row in claim.rows]
    assert Counter(kept) == {(mia.id, "planned"): 10, (mia.id, "shipped"): 1, (exempt.id, "planned"): 12}
    columns = (Delivery.user_id, Delivery.digest, Delivery.lease, Delivery.attempts)
    waiting = db.session.execute(sa.select(*columns).where(Delivery.state == "pending")).all()
    assert [tuple(row) for row in waiting] == [(mia.id, "many", None, 0)] * 2


def test_every_line_of_the_ledger_adds_up(world: World, noon):
    people = [person(f"Voter {number}") for number in range(5)]
    for number in range(4):
        daily(world, *people, subject=f"idea:{number}")
    noon.shift(DAY)
    world.work()

    from ideas.ledger import checker

    assert {name: found for name, found in checker.run_all().items() if found} == {}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Digest)) == 5
