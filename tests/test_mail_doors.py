"""The doors for mail: each provider's shape is understood, and nobody hands mail in who does not know the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import time
from dataclasses import replace

import pytest

from ideas import mail_doors, mail_tokens, settings
from ideas.mail_in import Kind

SECRET = "a secret for mail that comes in"
HOW = {"MAIL_IN_ADDRESS": "reply@in.example.test", "MAIL_IN_SECRET": SECRET}
TO = "reply+abc@in.example.test"


def shapes(to=TO, more=()):
    """What each provider sends for one mail to `to`, with `more` headers."""
    headers = [
        ["From", "Ada <ada@firm.example>"],
        ["To", to],
        ["Subject", "Jä"],
        ["Message-ID", "<1@firm.example>"],
        *more,
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    whole = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\nJä, bitte.\r\n"
    postmark = {
        "From": "ada@firm.example",
        "To": to,
        "ToFull": [{"Email": to, "Name": ""}],
        "OriginalRecipient": to,
        "Subject": "Jä",
        "MessageID": "73e6d360",
        "Headers": [{"Name": name, "Value": value} for name, value in headers[3:]],
        "TextBody": "Jä, bitte.",
        "HtmlBody": "<p>Jä, bitte.</p>",
    }

    def amazon(content, **action):
        notice = {"receipt": {"recipients": [to], "action": action}, "content": content}
        body = {"Type": "Notification", "Message": json.dumps(notice)}
        return {"data": json.dumps(body), "content_type": "text/plain; charset=UTF-8"}

    return {
        "bytes": {"data": whole.encode(), "content_type": "message/rfc822"},
        "Postmark": {"json": postmark},
        "Postmark with the whole mail": {"json": {**postmark, "RawEmail": whole}},
        "Postmark, HTML alone": {"json": {**postmark, "TextBody": ""}},
        "Amazon": amazon(whole),
        "Amazon in base64": amazon(base64.b64encode(whole.encode()).decode(), encoding="BASE64"),
        "Mailgun with the whole mail": {"data": {"recipient": to, "body-mime": whole}},
        "Mailgun in fields": {
            "data": {"recipient": to, "message-headers": json.dumps(headers), "body-plain": "Jä, bitte."}
        },
        "SendGrid with the whole mail": {"data": {"envelope": json.dumps({"to": [to]}), "email": whole}},
        "SendGrid in fields": {
            "data": {
                "envelope": json.dumps({"to": [to], "from": "ada@firm.example"}),
                "headers": "\n".join(f"{name}: {value}" for name, value in headers),
                "text": "Jä, bitte.",
                "attachment1": (io.BytesIO(b"%PDF"), "a.pdf"),
            },
            "content_type": "multipart/form-data",
        },
    }


NAMES = list(shapes())


@pytest.fixture
def taken(app):
    """The application, and what its one room took."""
    known = {name.lower(): value for name, value in HOW.items()}
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], **known)
    mails = []

    def take(mail, words):
        mails.append((mail, words))
        return "taken"

    settings.rooms().mail_takers["t"] = take
    return app, mails, mail_tokens.address("t", "42")


def hand_in(app, how, **auth):
    return app.test_client().post("/hooks/mail", **how, **(auth or {"auth": ("mail", SECRET)}))


@pytest.mark.parametrize("name", NAMES)
def test_each_shape_is_understood(taken, name):
    app, mails, own = taken

    answer = hand_in(app, shapes(own)[name])

    assert (answer.status_code, answer.json) == (200, {"outcome": "taken"})
    [(mail, words)] = mails
    assert words == "42"
    assert (mail.kind, mail.sender, mail.subject, mail.said) == (Kind.WRITTEN, "ada@firm.example", "Jä", "Jä, bitte.")


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_is_told_in_each_shape(taken, name):
    app, mails, own = taken

    hand_in(app, shapes(own, [["Auto-Submitted", "auto-replied"]])[name])

    assert [mail.kind for mail, _words in mails] == [Kind.AUTOMATIC]


@pytest.mark.parametrize(
    "how",
    [
        {"data": b"{", "content_type": "application/json"},
        {"json": []},
        {"json": {"Message": "{"}},
        {"json": {"Message": json.dumps({"content": 7})}},
        {"json": {"Type": "SubscriptionConfirmation", "Message": "x", "SubscribeURL": "https://elsewhere.example"}},
        {"data": {"something": "else"}},
        {"data": b"", "content_type": "text/html"},
    ],
    ids=["torn", "a list", "torn notice", "odd notice", "confirmation", "odd form", "no form"],
)
def test_other_shapes_are_refused(taken, how):
    app, mails, _own = taken

    answer = hand_in(app, how)

    assert answer.status_code == 422
    assert mails == []


def signed(form, *, secret=SECRET, at=None):
    made_at = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), f"{made_at}token".encode(), hashlib.sha256).hexdigest()
    return {"data": {**form["data"], "timestamp": made_at, "token": "token", "signature": signature}}


def test_a_provider_may_sign_instead(taken):
    app, mails, own = taken
    form = shapes(own)["Mailgun in fields"]

    good = hand_in(app, signed(form), headers={})
    forged = hand_in(app, signed(form, secret="guessed"), headers={})
    late = hand_in(app, signed(form, at=time.time() - 3600), headers={})

    assert [good.status_code, forged.status_code, late.status_code] == [200, 401, 401]
    assert len(mails) == 1


@pytest.mark.parametrize(
    "auth",
    [
        {"auth": ("mail", "guessed")},
        {"auth": ("mail", "")},
        {"headers": {"Authorization": "Bearer guessed"}},
        {"headers": {"Authorization": "Basic nonsense"}},
        {"headers": {}},
    ],
    ids=["password", "none", "bearer", "nonsense", "nothing"],
)
def test_without_the_secret_nobody_hands_mail_in(taken, auth):
    app, mails, own = taken

    answer = hand_in(app, shapes(own)["bytes"], **auth)

    assert answer.status_code == 401
    assert mails == []


def test_a_bearer_may_hand_mail_in_too(taken):
    app, _mails, own = taken

    answer = hand_in(app, shapes(own)["bytes"], headers={"Authorization": f"Bearer {SECRET}"})

    assert answer.status_code == 200


def test_a_site_that_takes_no_mail_has_no_such_door(make_app):
    app = make_app(MAIL_IN_ADDRESS="reply@in.example.test")

    assert app.test_client().post("/hooks/mail", data=b"", auth=("mail", SECRET)).status_code == 404


def test_mail_to_nobody_is_taken_and_goes_nowhere(taken):
    app, mails, _own = taken

    answer = hand_in(app, shapes("reply+made.up@in.example.test")["bytes"])

    assert answer.json == {"outcome": mail_doors.NOBODY}
    assert mails == []
