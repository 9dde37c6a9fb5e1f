"""Reports about mail of ours, written by us in the shapes in which mail servers and providers send them."""

from __future__ import annotations

import json
from typing import Any

TO = "mia@example.test"
AT = "2026-11-22T10:00:00Z"
SECONDS = 1_795_341_600  # the same moment


def original(message_id: str, more: str = "") -> str:
    """The head of the mail that a report gives back."""
    return f"From: Ideas <no-reply@ideas.example>\r\nTo: {TO}\r\nMessage-ID: <{message_id}>\r\nSubject: News\r\n{more}"


def bounce(
    status: str = "5.1.1",
    said: str = "550 5.1.1 <mia@example.test>: no such user",
    *,
    action: str = "failed",
    to: str = "bounce@in.example.test",
    message_id: str = "delivery-1@localhost",
    more: str = "",
) -> bytes:
    """A non-delivery report as RFC 3464 has it."""
    return (
        f"Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.test>\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <r1@mx.example.test>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.test\r\n"
        "Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n"
        f"Final-Recipient: rfc822; {TO}\r\nOriginal-Recipient: rfc822;{TO}\r\nAction: {action}\r\n"
        f"Status: {status}\r\nRemote-MTA: dns; mx.example.test\r\nDiagnostic-Code: smtp; {said}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{original(message_id, more)}\r\n--b--\r\n"
    ).encode()


def complaint(
    kind: str = "abuse",
    *,
    to: str = "bounce@in.example.test",
    message_id: str = "delivery-1@localhost",
    mail_from: str = "",
    more: str = "",
) -> bytes:
    """A complaint as RFC 5965 has it."""
    last = f"Original-Mail-From: <{mail_from}>" if mail_from else "Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000"
    return (
        f"From: fbl@provider.example\r\nTo: {to}\r\nSubject: FW: News\r\nMessage-ID: <f1@provider.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: Them/1\r\n"
        f"Version: 1\r\nOriginal-Rcpt-To: <{TO}>\r\n"
        f"{last}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{original(message_id, more)}\r\nHello.\r\n--b--\r\n"
    ).encode()


def postmark(kind: str = "HardBounce", /, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "SpamComplaint" if kind == "SpamComplaint" else "Bounce",
        "ID": 42,
        "Type": kind,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": "smtp;550 5.1.1 no such user" if kind == "HardBounce" else "",
        "Email": TO,
        "BouncedAt": "2026-11-22T10:00:00.1234567Z",
        "Subject": "News",
        **more,
    }


def sendgrid(event: str = "bounce", /, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "email": TO,
            "timestamp": SECONDS,
            "smtp-id": "<delivery-1@localhost>",
            "event": event,
            "sg_event_id": "bm90",
            "sg_message_id": "x.recvd",
            **more,
        }
    ]


def mailgun(event: str = "failed", /, **more: Any) -> dict[str, Any]:
    return {
        "signature": {},
        "event-data": {
            "event": event,
            "severity": "permanent",
            "reason": "bounce",
            "recipient": TO,
            "timestamp": SECONDS + 0.5,
            "message": {"headers": {"message-id": "delivery-1@localhost", "to": TO}},
            "delivery-status": {"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"},
            **more,
        },
    }


def amazon(kind: str = "Bounce", *, headers: bool = True, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"timestamp": AT}
    if kind == "Bounce":
        said |= {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": TO, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}],
        }
    else:
        said |= {"complaintFeedbackType": "abuse", "complainedRecipients": [{"emailAddress": TO}]}
    named = [{"name": "From", "value": "Ideas"}, {"name": "Message-ID", "value": "<delivery-1@localhost>"}]
    notice = {
        "notificationType": kind,
        kind.lower(): said | more,
        "mail": {"destination": [TO], "headers": named if headers else []},
    }
    return {"Type": "Notification", "Message": json.dumps(notice)}
