"""What mail servers report of mail of ours is read right, whatever shape it has; the rest is no report."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas import mail_in, mail_reports
from ideas.mail_in import Kind
from ideas.mail_reports import Verdict
from tests import reported


def read(content):
    return mail_in.read(content).report


CODES = [
    ("5.1.1", Verdict.NOBODY),
    ("5.1.2", Verdict.NOBODY),
    ("5.1.10", Verdict.NOBODY),
    ("5.2.1", Verdict.NOBODY),
    ("5.2.2", Verdict.REFUSED),
    ("5.0.0", Verdict.REFUSED),
    ("4.4.7", Verdict.REFUSED),
    ("4.2.2", Verdict.REFUSED),
    ("5.3.4", Verdict.UNWANTED),
    ("5.6.0", Verdict.UNWANTED),
    ("5.7.1", Verdict.UNWANTED),
    ("", Verdict.REFUSED),
]


@pytest.mark.parametrize(("status", "verdict"), CODES)
def test_what_a_code_means(status, verdict):
    found = read(reported.bounce(status, "it did not work"))

    assert (found.verdict, found.status) == (verdict, status)


def test_a_report_says_which_mail_and_where_it_went():
    found = read(reported.bounce(more="Return-Path: <bounce+abc@in.example.test>\r\n"))

    assert (found.address, found.message_id) == (reported.TO, "delivery-1@localhost")
    assert found.said == "550 5.1.1 <mia@example.test>: no such user"
    assert found.came_from == ("bounce+abc@in.example.test",)


def test_the_code_in_words_says_more_than_one_for_everything():
    assert read(reported.bounce("5.0.0", "550 5.1.1 unknown")).verdict is Verdict.NOBODY
    assert read(reported.bounce("4.4.7", "connection timed out; 550 5.1.1 came from elsewhere")).status == "4.4.7"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_is_not_over_is_no_report(action):
    mail = mail_in.read(reported.bounce("4.4.1", "try again", action=action))

    assert (mail.kind, mail.report) == (Kind.REPORT, None)


def test_a_complaint_is_read():
    found = read(reported.complaint(mail_from="bounce+abc@in.example.test"))

    assert (found.verdict, found.address) == (Verdict.COMPLAINT, reported.TO)
    assert found.message_id == "delivery-1@localhost"
    assert found.came_from == ("bounce+abc@in.example.test",)


def test_a_complaint_that_hides_its_writer_still_says_which_mail():
    more = "CFBL-Address: bounce+abc@in.example.test; report=arf\r\n"

    assert read(reported.complaint(more=more)).came_from == ("bounce+abc@in.example.test",)


def test_no_complaint_is_made_of_a_mail_that_was_no_junk():
    assert read(reported.complaint("not-spam")) is None


def test_that_somebody_read_a_mail_is_no_report_of_it():
    content = (
        b"From: mia@example.test\r\nTo: x@y.test\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nRead 5.1.1.\r\n"
        b"--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        b"Disposition: manual-action; displayed\r\n--b--\r\n"
    )

    mail = mail_in.read(content)

    assert (mail.kind, mail.report) == (Kind.REPORT, None)


IN_WORDS = [
    ("Hi. This is the qmail-send program.\n<mia@example.test>:\n550 5.1.1 No such user\n", Verdict.NOBODY, "5.1.1"),
    ("The following message could not be delivered:\nmailbox full (#5.2.2)\n", Verdict.REFUSED, "5.2.2"),
    ("host 10.5.1.1 said: go away\n", Verdict.REFUSED, ""),
    ("it could not be delivered\n", Verdict.REFUSED, ""),
]


@pytest.mark.parametrize(("words", "verdict", "status"), IN_WORDS)
def test_old_servers_say_it_in_words(words, verdict, status):
    content = f"Return-Path: <>\r\nFrom: MAILER-DAEMON@old.example\r\nSubject: failure notice\r\n\r\n{words}"

    found = read(content.encode())

    assert (found.verdict, found.status) == (verdict, status)


def test_a_warning_in_words_is_no_report():
    content = b"From: MAILER-DAEMON@old.example\r\nSubject: Warning: message delayed 4 hours\r\n\r\n4.4.1 later\r\n"

    assert read(content) is None


def test_a_report_in_other_letters_is_read():
    content = reported.bounce().replace(b"message/delivery-status", b"message/global-delivery-status")

    found = read(content)

    assert (found.verdict, found.address) == (Verdict.NOBODY, reported.TO)


PIECES = [reported.bounce(), reported.complaint()]


@given(st.sampled_from(PIECES), st.integers(0, 2000), st.binary(max_size=40), st.integers(0, 60))
def test_what_is_broken_in_a_report_breaks_nothing(content, at, instead, length):
    broken = content[:at] + instead + content[at + length :]

    mail_in.read(broken)
    mail_reports.read(email.message_from_bytes(broken, policy=email.policy.default))
