"""What is reported of a mail changes the ledger's lines of it and what its reader gets from then on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from ideas import mail, mail_doors, mail_tokens
from ideas.accounts import keys, letters, suppressions, writing
from ideas.accounts.models import Letter, Stopped, User
from ideas.db import db, unit_of_work
from ideas.ledger import bounces, report
from ideas.ledger.models import Delivery
from ideas.mail_doors import Handed
from ideas.mail_reports import Report, Verdict
from tests import reported
from tests.accounts.arranging import enter
from tests.ledger.arranging import World, lines, outcome, person
from tests.servers import SmtpSink

SECRET = "a secret for mail that comes in"
BOUNCED, TOLD = ("failed", "bounced"), ("sent", None)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def world(app: Flask) -> World:
    """A site to which reports come back."""
    app.config["ANSWERBACK"] = replace(
        app.config["ANSWERBACK"], bounce_address="bounce@in.example.test", mail_in_secret=SECRET
    )
    return World(app)


@pytest.fixture
def mia(world: World) -> User:
    return person("Mia", email=reported.TO)


def told(world: World, *people: User) -> mail.Message:
    """Those people are told of something; the last mail."""
    world.happens(*((each, "voter") for each in people))
    world.work()
    return world.transport.sent[-1]


def came_in(content: bytes, *to: str) -> str:
    db.session.rollback()
    return mail_doors.take(Handed(content, to))


def handed_in(app: Flask, body: Any, **auth: Any) -> Any:
    return app.test_client().post("/hooks/mail", json=body, **(auth or {"auth": ("mail", SECRET)}))


def mailed() -> list[Delivery]:
    """Every e-mail line of the ledger."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Delivery).where(Delivery.channel == "email").order_by(Delivery.id)))


# --- The address to which mail servers report ---


def test_each_mail_leaves_with_an_envelope_of_its_own(world: World, mia: User):
    ole = person("Ole")
    with SmtpSink() as sink:
        world.work(mail.SmtpTransport(sink.url, "Ideas <ideas@example.test>"))
        told_by = mail.SmtpTransport(sink.url, "Ideas <ideas@example.test>")
        world.happens((mia, "voter"), (ole, "voter"))
        world.work(told_by)
        told_by.close()

    numbers = {lines()[each.id, "email"].id for each in (mia, ole)}
    assert {mail_tokens.read(each.sender) for each in sink.messages} == {("b", f"d{number}") for number in numbers}
    assert all(each.sender.endswith("@in.example.test") for each in sink.messages)
    assert {str(each.message["From"]) for each in sink.messages} == {"Petra <ideas@example.test>"}
    assert all(each.message["CFBL-Address"] == f"{each.sender}; report=arf" for each in sink.messages)


def test_a_site_to_which_nothing_comes_back_sends_as_itself(app: Flask):
    world = World(app)

    message = told(world, person())

    assert message.reports_to is None
    assert b"CFBL" not in mail.as_bytes(message, "ideas@example.test")


def test_the_address_fits_whatever_is_counted(app: Flask):
    config = app.config["ANSWERBACK"]
    app.config["ANSWERBACK"] = replace(config, bounce_address=f"{'b' * 16}@in.example.test")

    address = mail_tokens.for_reports("d999999999999")

    assert address is not None
    assert len(address.partition("@")[0]) <= 64


# --- What a report does ---


def test_a_mail_to_nobody_is_written_down_and_its_address_gets_nothing_more(world: World, mia: User):
    message = told(world, mia)
    waiting = world.happens((mia, "voter", "planned", "daily"))
    world.announce()

    assert came_in(reported.bounce(), str(message.reports_to)) == "taken"

    line = next(row for row in mailed() if row.state == "failed")
    assert (line.reason, line.error) == ("bounced", "5.1.1 550 5.1.1 <mia@example.test>: no such user")
    assert outcome(mia, "email", waiting) == ("suppressed", "address_bounced")
    later = world.happens((mia, "voter"))
    world.work()
    assert outcome(mia, "email", later) == ("suppressed", "address_bounced")
    assert outcome(mia, "inbox", later) == TOLD
    assert len(world.transport.sent) == 1


def test_others_are_not_concerned(world: World, mia: User):
    ole = person("Ole")
    told(world, mia)
    message = told(world, ole)

    came_in(reported.bounce(), str(message.reports_to))

    assert outcome(mia, "email") == TOLD
    assert outcome(ole, "email") == BOUNCED
    told(world, mia, ole)
    assert world.mailed[-1] == mia.email


def test_the_fifth_full_mailbox_in_two_weeks_is_the_last(world: World, mia: User):
    for _ in range(4):
        came_in(reported.bounce("4.2.2", "452 4.2.2 full"), str(told(world, mia).reports_to))
    last = told(world, mia)
    assert suppressions.why(reported.TO) is None

    came_in(reported.bounce("5.2.2", "552 5.2.2 full"), str(last.reports_to))

    assert suppressions.why(reported.TO) is Stopped.BOUNCED
    assert {row.reason for row in mailed()} == {"bounced"}


def test_a_complaint_leaves_the_mail_told_and_stops_all_others(world: World, mia: User):
    message = told(world, mia)
    told_at = lines()[mia.id, "email"].done_at

    assert came_in(reported.complaint(), str(message.reports_to)) == "taken"

    line = lines()[mia.id, "email"]
    assert (line.state, line.reason, line.done_at) == ("sent", "complained", told_at)
    later = world.happens((mia, "voter"))
    world.work()
    assert outcome(mia, "email", later) == ("suppressed", "complained")


@pytest.mark.parametrize("door", ["mail", "provider"])
def test_the_same_report_counts_once_by_whatever_door(world: World, mia: User, door: str):
    message = told(world, mia)
    number = lines()[mia.id, "email"].id
    named = {"message": {"headers": {"message-id": f"delivery-{number}@localhost"}}}
    body = reported.mailgun(**named, **{"delivery-status": {"code": 452, "message": "4.2.2 full"}})

    first = came_in(reported.bounce("4.2.2", "full"), str(message.reports_to))
    answers = [came_in(reported.bounce("4.2.2", "full"), str(message.reports_to)), handed_in(world.app, body).json]

    assert first == "taken"
    assert answers == ["repeated", {"outcome": "repeated"}]
    assert db.session.scalar(sa.text("SELECT count(*) FROM mail_report")) == 1


def test_a_digest_comes_back_as_a_whole(world: World, mia: User, clock):
    clock.move_to(NOON)
    entries = [world.happens((mia, "voter", "planned", "daily"), subject=f"idea:{number}") for number in (7, 8)]
    world.announce()
    clock.shift(timedelta(days=1))
    world.work()

    came_in(reported.bounce(), str(world.transport.sent[-1].reports_to))

    assert [outcome(mia, "email", entry) for entry in entries] == [BOUNCED, BOUNCED]


def test_a_letter_comes_back(world: World, mia: User):
    with unit_of_work():
        letters.write(reported.TO, writing.sign_in("secret-token"), good_for=timedelta(minutes=10))
    world.work()

    came_in(reported.bounce(), str(world.transport.sent[-1].reports_to))

    letter = db.session.scalars(sa.select(Letter)).one()
    assert letter.failed_at is not None
    assert suppressions.why(reported.TO) is Stopped.BOUNCED


def test_a_report_may_be_quicker_than_whoever_sent_the_mail(world: World, mia: User):
    class Quick(mail.MemoryTransport):
        def send(self, message: mail.Message, *, until: datetime | None = None) -> None:
            super().send(message, until=until)
            came_in(reported.bounce("5.2.2", "552 5.2.2 full"), str(message.reports_to))

    world.happens((mia, "voter"))
    world.work(Quick())

    assert outcome(mia, "email") == BOUNCED


def test_what_the_relay_says_at_once_counts_as_well(world: World, mia: User):
    world.transport.answers[reported.TO] = mail.PermanentFailure("550 5.1.1 No such user")
    world.happens((mia, "voter"))
    world.work()

    later = world.happens((mia, "voter"))
    world.work()

    assert outcome(mia, "email", later) == ("suppressed", "address_bounced")


def test_a_relay_that_dislikes_our_words_costs_no_address(world: World, mia: User):
    world.transport.answers[reported.TO] = mail.PermanentFailure("554 5.7.1 not wanted here")
    for _ in range(8):
        world.happens((mia, "voter"))
        world.work()

    assert {row.reason for row in mailed()} == {"bounced"}
    assert suppressions.why(reported.TO) is None


# --- Whom to believe ---


def test_what_is_forged_has_no_effect(world: World, mia: User):
    own = str(told(world, mia).reports_to)
    made_up = own.replace(own[9], "a" if own[9] != "a" else "b", 1)

    answers = [
        came_in(reported.bounce(), made_up),
        came_in(reported.bounce(), "bounce@in.example.test"),
        came_in(reported.bounce(more="Return-Path: <bounce+abc@in.example.test>\r\n"), "bounce@in.example.test"),
        came_in(reported.complaint(mail_from=made_up), "bounce@in.example.test"),
    ]

    assert answers == ["nobody"] * 4
    assert outcome(mia, "email") == TOLD
    assert suppressions.why(reported.TO) is None


def test_who_has_one_address_cannot_report_of_another_mail(world: World, mia: User):
    """What a mail says inside is its writer's word; which mail it is about, the signed address says."""
    ole = person("Ole")
    own = str(told(world, ole).reports_to)
    told(world, mia)
    number = lines()[mia.id, "email"].id

    came_in(reported.bounce(message_id=f"delivery-{number}@localhost"), own)

    assert (outcome(mia, "email"), outcome(ole, "email")) == (TOLD, BOUNCED)
    assert suppressions.why(reported.TO) is None


def test_a_report_without_the_address_says_it_in_the_mail_that_it_gives_back(world: World, mia: User):
    own = str(told(world, mia).reports_to)

    answer = came_in(reported.complaint(more=f"CFBL-Address: {own}; report=arf\r\n"), "bounce@in.example.test")

    assert answer == "taken"
    assert suppressions.why(reported.TO) is Stopped.COMPLAINED


@pytest.mark.parametrize(
    "content",
    [
        b"From: mia@example.test\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nAway.\r\n",
        b"From: mia@example.test\r\nSubject: Re: News\r\n\r\nHello, 5.1.1 is a code.\r\n",
        reported.bounce("4.4.1", "later", action="delayed"),
        b"",
    ],
    ids=["a machine", "a person", "not over yet", "nothing"],
)
def test_other_mail_to_that_address_is_passed_over(world: World, mia: User, content: bytes):
    own = str(told(world, mia).reports_to)

    assert came_in(content, own) == "nothing"

    assert outcome(mia, "email") == TOLD


@pytest.mark.parametrize("about", ["d0", "d999", "g1", "l1", "x1", "d", "", "d1x", "d" + "9" * 40])
def test_a_mail_that_is_not_here_any_more_is_unknown(world: World, about: str):
    with unit_of_work():
        assert bounces.take(Report(Verdict.NOBODY), about) == "unknown"


def test_of_somebody_erased_nothing_is_written(world: World, mia: User):
    own = str(told(world, mia).reports_to)
    mia = db.session.merge(mia)
    mia.email = None
    db.session.commit()

    assert came_in(reported.bounce(), own) == "unknown"


# --- By the webhooks of providers ---


def bodies(number: int) -> dict[str, Any]:
    name = f"delivery-{number}@localhost"
    amazon = reported.amazon()
    return {
        "Postmark": reported.postmark(BouncedAt=datetime.now(UTC).isoformat()),
        "SendGrid": reported.sendgrid(**{"smtp-id": f"<{name}>", "status": "5.1.1"}),
        "Mailgun": reported.mailgun(message={"headers": {"message-id": name}}),
        "Amazon": {**amazon, "Message": amazon["Message"].replace("delivery-1@localhost", name)},
    }


@pytest.mark.parametrize("provider", ["Postmark", "SendGrid", "Mailgun", "Amazon"])
def test_each_provider_reports(world: World, mia: User, provider: str):
    ole = person("Ole")
    told(world, mia)
    told(world, ole)
    number = lines()[mia.id, "email"].id

    answer = handed_in(world.app, bodies(number)[provider])

    assert (answer.status_code, answer.json) == (200, {"outcome": "taken"})
    assert (outcome(mia, "email"), outcome(ole, "email")) == (BOUNCED, TOLD)
    assert suppressions.why(reported.TO) is Stopped.BOUNCED


def test_a_provider_that_names_no_mail_means_the_last_one_before(world: World, mia: User, clock):
    clock.move_to(datetime(2026, 11, 22, 9, tzinfo=UTC))
    first = world.happens((mia, "voter"))
    world.work()
    clock.move_to(datetime(2026, 11, 22, 11, tzinfo=UTC))
    second = world.happens((mia, "voter"))
    world.work()

    handed_in(world.app, reported.postmark("SoftBounce"))  # of ten o'clock

    assert (outcome(mia, "email", first), outcome(mia, "email", second)) == (BOUNCED, TOLD)
    assert handed_in(world.app, reported.postmark("SoftBounce")).json == {"outcome": "repeated"}


def test_an_address_that_nobody_here_has_counts_too(world: World):
    assert handed_in(world.app, reported.postmark("SpamComplaint")).json == {"outcome": "taken"}

    assert suppressions.why(reported.TO) is Stopped.COMPLAINED


def test_many_reports_come_at_once(world: World, mia: User):
    told(world, mia)

    answer = handed_in(world.app, reported.sendgrid("open") + reported.sendgrid("delivered"))

    assert (answer.status_code, answer.json) == (200, {"outcome": "nothing"})


def signed(body: dict[str, Any], *, secret: str = SECRET) -> dict[str, Any]:
    at = str(int(time.time()))
    made = hmac.new(secret.encode(), f"{at}token".encode(), hashlib.sha256).hexdigest()
    return {**body, "signature": {"timestamp": at, "token": "token", "signature": made}}


def test_nobody_reports_who_does_not_know_the_secret(world: World, mia: User):
    told(world, mia)
    body = reported.postmark()

    answers = [
        handed_in(world.app, body, auth=("mail", "guessed")),
        handed_in(world.app, body, headers={"X-Nothing": "1"}),
        handed_in(world.app, signed(reported.mailgun(), secret="guessed"), headers={"X-Nothing": "1"}),
        handed_in(world.app, {**reported.mailgun(), "signature": "x"}, headers={"X-Nothing": "1"}),
    ]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert outcome(mia, "email") == TOLD
    assert suppressions.why(reported.TO) is None


def test_a_signed_report_needs_no_password(world: World, mia: User):
    told(world, mia)

    answer = handed_in(world.app, signed(reported.mailgun("complained")), headers={"X-Nothing": "1"})

    assert answer.status_code == 200
    assert suppressions.why(reported.TO) is Stopped.COMPLAINED


def test_of_a_stranger_no_large_report_is_read(world: World):
    large = signed({"event-data": {}, "filler": "x" * 1_500_000})

    assert handed_in(world.app, large, headers={"X-Nothing": "1"}).status_code == 413


# --- What people see of it ---


def test_people_told_counts_who_could_not_be_reached(world: World, mia: User):
    ole = person("Ole")
    entry = world.happens((mia, "voter"), (ole, "voter"))
    world.work()
    message = next(each for each in world.transport.sent if each.to == mia.email)

    came_in(reported.bounce(), str(message.reports_to))

    found = report.people_told([entry])
    assert (found.owed, found.sent, found.failed) == (2, 1, 1)


def test_the_page_says_that_mail_came_back_and_how_to_mend_it(world: World, client: FlaskClient, mia: User):
    own = str(told(world, mia).reports_to)
    enter(client, mia)
    came_in(reported.bounce(), own)

    page = client.get("/settings/notifications").text
    assert "Mail to mia@example.test came back" in page
    answer = client.post("/sign-in/link", data={"email": reported.TO, "next": "/settings/notifications"})
    world.work()

    assert answer.status_code == 303
    assert world.transport.sent[-1].subject == "Your link to sign in at Answerback"


def test_by_a_link_from_a_mail_the_page_does_not_say_the_address(world: World, client: FlaskClient, mia: User):
    message = told(world, mia)
    path = message.text.split("http://localhost/choices/")[1].split()[0]
    came_in(reported.bounce(), str(message.reports_to))

    page = client.get(f"/choices/{path}").text

    assert "Mail to your address came back" in page
    assert reported.TO not in page


def test_after_a_complaint_the_person_alone_lets_mail_come_again(world: World, client: FlaskClient, mia: User):
    message = told(world, mia)
    enter(client, mia)
    came_in(reported.complaint(), str(message.reports_to))
    assert "called a mail of ours junk" in client.get("/settings/notifications").text

    client.post("/settings/notifications/mail", data={"on": "1"})

    assert suppressions.why(reported.TO) is None
    assert "junk" not in client.get("/settings/notifications").text
    told(world, mia)
    assert world.mailed[-1] == reported.TO


def test_programs_read_and_end_it_too(world: World, app: Flask, mia: User):
    own = str(told(world, mia).reports_to)
    with unit_of_work():
        token = keys.make(db.session.get_one(User, mia.id), "phone", ["ideas:read", "notifications:write"])
    came_in(reported.complaint(), own)
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}

    before = client.get("/api/v1/me/notifications", headers=headers).json
    after = client.put("/api/v1/me/notifications", headers=headers, json={"mail": True}).json

    assert before is not None
    assert after is not None
    assert (before["mail"], before["mail_stopped"]) == (False, "complained")
    assert (after["mail"], after["mail_stopped"]) == (True, None)


def test_whom_the_ledger_stopped_it_tells_nothing_in_between(world: World, mia: User):
    """A mail that is claimed and not begun when the address turns out to be nobody's does not leave."""
    message = told(world, mia)
    world.happens((mia, "voter"))
    world.happens((mia, "voter"))

    class Reports(mail.MemoryTransport):
        def send(self, each: mail.Message, *, until: datetime | None = None) -> None:
            super().send(each, until=until)
            came_in(reported.bounce(), str(message.reports_to))

    post = Reports()
    world.work(post)

    assert len(post.sent) == 1
    reasons = sorted(str(row.reason) for row in mailed())
    assert reasons == ["None", "address_bounced", "bounced"]


def test_base64_reports_are_read(world: World, mia: User):
    own = str(told(world, mia).reports_to)
    inner = {"receipt": {"recipients": [own], "action": {"encoding": "BASE64"}}}
    body = {"Type": "Notification", "Message": ""}
    body["Message"] = json.dumps({**inner, "content": base64.b64encode(reported.bounce(to=own)).decode()})

    assert handed_in(world.app, body).json == {"outcome": "taken"}
    assert db.session.scalar(sa.select(sa.func.count()).where(Delivery.reason == "bounced")) == 1
