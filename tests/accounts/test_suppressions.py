"""Addresses that get no mail: how they come on the list, whom it keeps mail from, and how they come off it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import erasing, letters, people, suppressions, writing
from ideas.accounts.models import AuditEntry, Letter, MailReport, Stopped, Suppression, User
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.mail import MemoryTransport, PermanentFailure
from ideas.mail_reports import Verdict
from tests.accounts.arranging import a_person, an_imported_person, committed, last_link_to
from tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("app")

MIA = "mia@example.test"


def reported(mail, verdict, address=MIA, status=""):
    return committed(suppressions.note, mail, address, verdict, status=status)


def stopped(email=MIA):
    db.session.rollback()
    return db.session.scalar(sa.select(User.mail_stopped).where(User.email == email))


def listed():
    return {(row.address, row.why) for row in suppressions.listed()}


def test_an_address_without_a_mailbox_gets_nothing_at_once():
    a_person()

    assert reported("d1", Verdict.NOBODY, status="5.1.1")

    assert stopped() == "bounced"
    assert [(row.address, row.why, row.status) for row in suppressions.listed()] == [(MIA, "bounced", "5.1.1")]


def test_five_mails_that_come_back_in_two_weeks_are_enough(clock):
    a_person()
    reported("d0", Verdict.REFUSED)
    clock.shift(timedelta(days=15))

    for number in range(1, 5):
        reported(f"d{number}", Verdict.REFUSED)
    assert stopped() is None
    reported("d5", Verdict.REFUSED)

    assert stopped() == "bounced"


def test_the_same_report_counts_once():
    a_person()

    assert [reported("d1", Verdict.REFUSED) for _ in range(6)] == [True, False, False, False, False, False]

    assert stopped() is None


def test_what_was_refused_for_its_text_says_nothing_of_the_address():
    a_person()

    for number in range(10):
        reported(f"d{number}", Verdict.UNWANTED)

    assert stopped() is None


def test_an_address_is_the_same_in_every_spelling():
    a_person()

    reported("d1", Verdict.NOBODY, address=" MIA@Example.TEST ")

    assert stopped() == "bounced"


def test_the_list_holds_no_address():
    reported("d1", Verdict.COMPLAINT)

    db.session.rollback()
    kept = [*db.session.scalars(sa.select(Suppression.address)), *db.session.scalars(sa.select(MailReport.address))]
    assert len(kept) == 2
    assert all(len(each) == 64 and "mia" not in each for each in kept)
    assert [row.address for row in suppressions.listed()] == [None]


# --- It outlives accounts, and changes of the secret ---


def test_a_complaint_outlives_the_account():
    mia = a_person()
    reported("d1", Verdict.COMPLAINT)

    leaving = committed(erasing.erase, None, mia, with_text=False)
    erasing.finish(leaving)
    committed(people.add_unclaimed, [people.Unclaimed("voter 17", MIA)])

    assert stopped() == "complained"


def test_an_imported_person_is_given_an_address_that_is_on_the_list():
    reported("d1", Verdict.COMPLAINT)
    ole = an_imported_person(email=None)

    assert committed(people.give_address, ole, MIA)

    assert stopped() == "complained"


def test_whoever_joins_with_a_proven_address_is_free_of_a_bounce_and_not_of_a_complaint():
    reported("d1", Verdict.NOBODY)
    reported("d1", Verdict.COMPLAINT, address="ole@example.test")

    committed(people.claim, MIA, "Mia", None)
    committed(people.claim, "ole@example.test", "Ole", None)

    assert (stopped(), stopped("ole@example.test")) == (None, "complained")
    assert listed() == {("ole@example.test", "complained")}


def test_what_was_kept_with_a_former_secret_is_found(app):
    reported("d1", Verdict.COMPLAINT)
    config = app.config["ANSWERBACK"]
    app.config["ANSWERBACK"] = replace(config, secret_key="another secret " * 3, secret_key_fallbacks=config.secret_key)

    assert suppressions.why(MIA) is Stopped.COMPLAINED
    assert committed(suppressions.lift, None, MIA, reason="asked for it") == [Stopped.COMPLAINED]
    assert suppressions.why(MIA) is None


# --- What is sent all the same ---


def send(transport):
    db.session.commit()
    return letters.send_due(transport)


def test_links_to_sign_in_go_to_everybody():
    reported("d1", Verdict.COMPLAINT)
    committed(letters.write, MIA, writing.sign_in("secret-token"), good_for=timedelta(minutes=10))
    post = MemoryTransport()

    send(post)

    assert [message.to for message in post.sent] == [MIA]


def test_letters_that_nobody_asked_for_do_not():
    reported("d1", Verdict.COMPLAINT)
    for to in (MIA, "ole@example.test"):
        committed(letters.write, to, writing.password_changed(), good_for=timedelta(days=1), asked_for=False)
    post = MemoryTransport()

    send(post)

    assert [message.to for message in post.sent] == ["ole@example.test"]
    letter = db.session.scalars(sa.select(Letter).where(Letter.recipient == MIA)).one()
    assert letter.failed_at is not None
    assert letter.text == ""


def test_a_letter_that_is_refused_counts_like_any_other_mail():
    a_person()
    committed(letters.write, MIA, writing.sign_in("secret-token"), good_for=timedelta(minutes=10))

    send(MemoryTransport(answers={MIA: PermanentFailure("550 5.1.1 No such user")}))

    assert stopped() == "bounced"


# --- Off the list ---


def test_a_link_from_a_mail_proves_that_it_arrives(client):
    a_person()
    reported("d1", Verdict.NOBODY)

    client.post("/sign-in/link", data={"email": MIA, "next": "/settings/notifications"})
    answer = client.post(last_link_to(MIA))

    assert answer.location == "/settings/notifications"
    assert stopped() is None
    assert listed() == set()


def test_a_link_from_a_mail_says_nothing_of_a_complaint(client):
    a_person()
    reported("d1", Verdict.NOBODY)
    reported("d2", Verdict.COMPLAINT)

    client.post("/sign-in/link", data={"email": MIA})
    client.post(last_link_to(MIA))

    assert stopped() == "complained"
    assert listed() == {(MIA, "complained")}


def test_whoever_complained_may_want_mail_again():
    mia = a_person()
    reported("d1", Verdict.NOBODY)
    reported("d2", Verdict.COMPLAINT)

    with unit_of_work():
        suppressions.wanted_again(db.session.get_one(User, mia.id))

    assert stopped() == "bounced"


def test_after_that_counting_begins_anew():
    a_person()
    for number in range(5):
        reported(f"d{number}", Verdict.REFUSED)

    committed(suppressions.lift, None, MIA, reason="their server was down")
    reported("d4", Verdict.REFUSED)
    for number in range(5, 9):
        reported(f"d{number}", Verdict.REFUSED)

    assert stopped() is None
    reported("d9", Verdict.REFUSED)
    assert stopped() == "bounced"


def test_the_operator_lists_and_lifts(ideas_command):
    mia = a_person()
    reported("d1", Verdict.NOBODY, status="5.1.1")
    reported("d2", Verdict.COMPLAINT, address="gone@example.test")

    said = ideas_command("suppression", "list").output
    done = ideas_command("suppression", "lift", "Mia@example.test", "--reason", "The server is back.")

    assert f"{MIA}  bounced  5.1.1" in said
    assert "gone@example.test" not in said
    assert "2 addresses get no mail." in said
    assert done.exit_code == 0, done.output
    assert stopped() is None
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.act, entry.subject, entry.actor_id) == ("suppression.lifted", f"person:{mia.id}", None)
    assert entry.details == {"why": ["bounced"], "reason": "The server is back."}


def test_the_operator_lifts_what_nobody_here_has(ideas_command):
    reported("d2", Verdict.COMPLAINT, address="gone@example.test")

    assert ideas_command("suppression", "lift", "gone@example.test", "--reason", "They wrote.").exit_code == 0
    assert ideas_command("suppression", "lift", "gone@example.test", "--reason", "They wrote.").exit_code == 1
    assert ideas_command("suppression", "lift", "nonsense", "--reason", "They wrote.").exit_code == 2

    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert entry.subject.startswith("address:")
    assert "gone" not in entry.subject


def test_nobody_else_lifts():
    mia = a_person()
    reported("d1", Verdict.NOBODY)

    with pytest.raises(NotFound), unit_of_work():
        suppressions.lift(db.session.get_one(User, mia.id), MIA, reason="please")
    with pytest.raises(NotFound), unit_of_work():
        suppressions.lift(None, "ole@example.test", reason="please")

    assert stopped() == "bounced"


def test_an_address_that_is_known_from_elsewhere_is_put_on_the_list_once():
    mia, petra = a_person(), UserFactory(admin=True)
    db.session.commit()

    for _ in range(2):
        with unit_of_work():
            row = suppressions.add(petra, " Mia@Example.test ", Stopped.COMPLAINED, reason="Known as such elsewhere.")
        assert (row.address, row.why) == (MIA, Stopped.COMPLAINED)

    assert stopped() == "complained"
    entry = db.session.scalars(sa.select(AuditEntry)).one()  # that it was said again is no act
    assert (entry.act, entry.subject) == ("suppression.added", f"person:{mia.id}")
    with pytest.raises(NotFound), unit_of_work():
        suppressions.add(db.session.get_one(User, mia.id), MIA, Stopped.BOUNCED, reason="please")


def test_reports_of_long_ago_are_forgotten(clock):
    reported("d1", Verdict.NOBODY)
    clock.shift(timedelta(days=89))
    reported("d2", Verdict.REFUSED)
    clock.shift(timedelta(days=2))

    assert committed(suppressions.forget) is False

    assert db.session.scalars(sa.select(MailReport.mail)).all() == ["d2"]
    assert suppressions.why(MIA) is Stopped.BOUNCED
