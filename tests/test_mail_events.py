"""What providers report is read right in each of their shapes; what they tell besides says nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas import mail_events
from ideas.mail_reports import Verdict
from tests import reported

NOBODY = {
    "Postmark": reported.postmark(),
    "Postmark, an address that is none": reported.postmark("BadEmailAddress"),
    "SendGrid": reported.sendgrid(type="bounce", status="5.1.1", reason="550 5.1.1 unknown"),
    "SendGrid without a code": reported.sendgrid(type="bounce", reason="unknown user"),
    "SendGrid, on its own list": reported.sendgrid("dropped", reason="Bounced Address"),
    "Mailgun": reported.mailgun(),
    "Mailgun, on its own list": reported.mailgun(reason="suppress-bounce", **{"delivery-status": {"code": 605}}),
    "Amazon": reported.amazon(),
}
COMPLAINTS = {
    "Postmark": reported.postmark("SpamComplaint"),
    "SendGrid": reported.sendgrid("spamreport"),
    "SendGrid, on its own list": reported.sendgrid("dropped", reason="Spam Reporting Address"),
    "Mailgun": reported.mailgun("complained"),
    "Mailgun, on its own list": reported.mailgun(reason="suppress-complaint"),
    "Amazon": reported.amazon("Complaint"),
}
REFUSED = {
    "Postmark": reported.postmark("SoftBounce"),
    "SendGrid": reported.sendgrid(type="blocked", status="4.2.2", reason="452 4.2.2 full"),
    "Mailgun": reported.mailgun(**{"delivery-status": {"code": 552, "message": "5.2.2 full"}}),
    "Amazon": reported.amazon(
        bounceType="Transient", bouncedRecipients=[{"emailAddress": reported.TO, "status": "4.2.2"}]
    ),
}
UNWANTED = {
    "Postmark": reported.postmark("SpamNotification", Details="smtp;550 5.7.1 spam"),
    "SendGrid": reported.sendgrid(type="blocked", reason="550 5.7.1 blocked"),
    "Mailgun": reported.mailgun(**{"delivery-status": {"code": 550, "message": "5.7.26 unauthenticated"}}),
    "Amazon": reported.amazon(bouncedRecipients=[{"emailAddress": reported.TO, "diagnosticCode": "550 5.7.1 no"}]),
}
NOTHING = {
    "Postmark, tried again": reported.postmark("Transient"),
    "Postmark, an automatic answer": reported.postmark("AutoResponder"),
    "Postmark, delivered": {"RecordType": "Delivery", "Recipient": reported.TO},
    "SendGrid, tried again": reported.sendgrid("deferred", response="451 later"),
    "SendGrid, opened": reported.sendgrid("open"),
    "Mailgun, tried again": reported.mailgun(severity="temporary"),
    "Mailgun, delivered": reported.mailgun("delivered"),
    "Amazon, delivered": {"Type": "Notification", "Message": json.dumps({"eventType": "Delivery", "mail": {}})},
    "Amazon, no junk": reported.amazon("Complaint", complaintFeedbackType="not-spam"),
}
OTHERS = [None, 7, "x", [], [1], [{"event": "bounce"}], {}, {"Message": "{"}, {"TextBody": "Hello"}, {"event-data": 7}]
RECEIVED = {"Type": "Notification", "Message": json.dumps({"notificationType": "Received", "content": "From: x"})}


def cases(kind, wanted):
    return [pytest.param(body, wanted, id=f"{wanted}: {name}") for name, body in kind.items()]


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        *cases(NOBODY, Verdict.NOBODY),
        *cases(COMPLAINTS, Verdict.COMPLAINT),
        *cases(REFUSED, Verdict.REFUSED),
        *cases(UNWANTED, Verdict.UNWANTED),
    ],
)
def test_each_shape_is_understood(body, verdict):
    [found] = mail_events.read(body)

    assert (found.verdict, found.address) == (verdict, reported.TO)


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING.keys())
def test_what_is_not_final_says_nothing(body):
    assert mail_events.read(body) == []


@pytest.mark.parametrize("body", [*OTHERS, RECEIVED])
def test_other_shapes_are_not_these(body):
    assert mail_events.read(body) is None


@pytest.mark.parametrize("body", [reported.sendgrid(), reported.mailgun(), reported.amazon()])
def test_a_provider_that_names_the_mail_is_taken_at_its_word(body):
    [found] = mail_events.read(body)

    assert found.message_id == "delivery-1@localhost"


def test_postmark_names_the_mail_where_it_gives_it_back():
    [found] = mail_events.read(reported.postmark(Content="Message-ID: <delivery-7@ideas.example>\r\n"))

    assert found.message_id == "delivery-7@ideas.example"


@pytest.mark.parametrize("body", [reported.postmark(), reported.sendgrid(), reported.mailgun(), reported.amazon()])
def test_when_it_happened_is_read(body):
    [found] = mail_events.read(body)

    assert found.at.replace(microsecond=0) == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_many_come_in_one_call():
    body = reported.sendgrid() + reported.sendgrid("open") + reported.sendgrid("spamreport")

    assert [each.verdict for each in mail_events.read(body)] == [Verdict.REFUSED, Verdict.COMPLAINT]


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10) | st.just("failed"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["RecordType", "Type", "event", "email", "event-data", "message", "Message", "timestamp"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_nonsense_breaks_nothing(body):
    mail_events.read(body)
    mail_events.read({"Type": "Notification", "Message": json.dumps({"eventType": "Bounce", "bounce": body})})
    mail_events.read({"RecordType": "Bounce", "Type": "HardBounce", "Details": body, "BouncedAt": body, "Email": body})
    mail_events.read({"event-data": {"event": "failed", "severity": body, "delivery-status": body, "message": body}})
