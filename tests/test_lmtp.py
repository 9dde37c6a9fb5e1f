"""Mail comes in by LMTP, from a real client to a real process."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import mail_tokens
from ideas.accounts import letters, suppressions, writing
from ideas.boards.models import Comment
from ideas.db import db
from tests import reported
from tests.conftest import SETTINGS
from tests.factories import IdeaFactory, UserFactory

HOW = {"MAIL_IN_ADDRESS": "reply@in.example.test", "BOUNCE_ADDRESS": "bounce@in.example.test"}
LETTER = "From: ada@firm.example\r\nTo: {to}\r\nMessage-ID: <{number}@firm.example>\r\n\r\nYes, please.\r\n"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def door(make_app, database, tmp_path):
    """A site, the port of its door for mail, and the process behind it."""
    app = make_app(**HOW)
    port = free_port()
    settings = {**SETTINGS, **HOW, "DATABASE_URL": database.url, "INSTANCE_PATH": str(tmp_path / "instance")}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ideas.cli", "lmtp", "--listen", f"127.0.0.1:{port}"],
        env={"PATH": os.environ["PATH"], **settings},
    )
    with app.app_context():
        client = connected(port, process)
        yield app, client, process
        client.close()
    process.kill()
    process.wait()


def connected(port, process):
    for _ in range(600):
        try:
            return smtplib.LMTP("127.0.0.1", port)
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    raise AssertionError("Nobody takes mail.")


def test_mail_is_dealt_with_before_it_is_answered(door):
    _app, client, process = door
    idea, person = IdeaFactory(), UserFactory(email="ada@firm.example")
    to = mail_tokens.address("r", f"{person.id}.i{idea.id}")
    db.session.commit()

    for _twice in range(2):
        client.sendmail("ada@firm.example", [to], LETTER.format(to=to, number=1))

    db.session.rollback()
    assert db.session.scalars(sa.select(Comment.body)).all() == ["Yes, please."]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_reports_about_our_mail_come_in_too(door):
    """Those of mail servers to the address on the envelope; complaints to the address as it is."""
    _app, client, _process = door
    for address in ("mia@example.test", "ole@example.test"):
        letters.write(address, writing.sign_in("secret-token"), good_for=timedelta(days=1))
    db.session.commit()
    first, second = (str(mail_tokens.for_reports(f"l{number}")) for number in (1, 2))

    client.sendmail("", [first], reported.bounce(to=first).decode())
    complaint = reported.complaint(more=f"CFBL-Address: {second}; report=arf\r\n").decode()
    client.sendmail("fbl@provider.example", ["bounce@in.example.test"], complaint)

    db.session.rollback()
    assert suppressions.why("mia@example.test") == "bounced"
    assert suppressions.why("ole@example.test") == "complained"


def test_nobody_else_is_let_in(door):
    _app, client, _process = door
    made_up = "reply+made.up@in.example.test"

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.sendmail("ada@firm.example", [made_up], LETTER.format(to=made_up, number=1))

    assert refused.value.recipients[made_up][0] == 550


def test_a_site_to_which_no_mail_comes_back_says_so(ideas_command):
    answer = ideas_command("lmtp")

    assert answer.exit_code == 1
    assert "MAIL_IN_ADDRESS is not set" in answer.output


@pytest.mark.parametrize("where", ["8024", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_where_to_listen_is_checked(ideas_command, where):
    assert ideas_command("lmtp", "--listen", where).exit_code == 2
