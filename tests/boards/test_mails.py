"""Every mail of every notice as it leaves: well made, with all its headers, and the same shape whatever people type."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ideas import mail, mail_in
from ideas.boards import boardkeeping, queries, replying
from ideas.boards.notices import NOTICES
from ideas.db import db, unit_of_work
from ideas.ledger.channels import email as channel
from ideas.ledger.channels import shapes
from ideas.outbox import OutboxEntry
from tests import mails
from tests.accounts.arranging import an_admin
from tests.boards.test_notice_words import EVENTS, Scene, due
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory


def happened(scene, name):
    EVENTS[name](scene)
    if name == "received":
        db.session.execute(sa.delete(OutboxEntry).where(OutboxEntry.kind != "idea_received"))
        db.session.commit()
    return due()


@pytest.mark.parametrize("name", EVENTS)
def test_each_mail_is_well_made_and_keeps_its_shape(app, clock, empty_database, name):
    plain = happened(Scene(clock), name)
    shapes = {}
    for message in mails.to_people(plain):
        assert mails.problems(message, is_notice=True) == [], message.subject
        assert not re.search(r"</?(?:p|td|a|h1)\b", message.text), message.text
        shapes[message.headers["Feedback-ID"]] = mails.tags_of(message)
    assert mails.problems(mails.as_digest(plain), is_notice=True, is_digest=True) == []
    digest = mails.tags_of(mails.as_digest(plain))

    db.session.remove()
    db.engine.dispose()
    empty_database.empty()
    hostile = happened(Scene(clock, **mails.HOSTILE), name)

    for message in mails.to_people(hostile):
        assert mails.problems(message, is_notice=True) == [], message.subject
        assert mails.tags_of(message) == shapes[message.headers["Feedback-ID"]]
        assert "49" not in message.subject
    assert mails.tags_of(mails.as_digest(hostile)) == digest


def test_each_kind_of_event_is_among_them():
    """The snapshots are of every notice, so these are too."""
    assert len(EVENTS) >= len(NOTICES)


def test_letters_are_well_made(app):
    for name, message in mails.sign_in_letters().items():
        assert mails.problems(message, is_notice=False) == [], name


def invitation(name, board_name):
    admin, board = an_admin(email=f"{len(name)}@example.test", name=name), BoardFactory(name=board_name)
    with unit_of_work():
        boardkeeping.invite(db.session.merge(admin), board, email="new@example.test")
    return mails.last_letter()


def test_an_invitation_is_well_made_and_keeps_its_shape(app):
    plain = invitation("Kim", "Garden")
    hostile = invitation(mails.HOSTILE["name"], mails.HOSTILE["board_name"])

    assert mails.problems(plain, is_notice=False) == mails.problems(hostile, is_notice=False) == []
    assert mails.tags_of(plain) == mails.tags_of(hostile)


def returned(person, idea, said):
    content = f"From: {person.email}\r\nMessage-ID: <{len(said)}@x.test>\r\n\r\n{said}"
    with unit_of_work():
        place = replying.Place(person.id, idea.id)
        replying.send_back(mail_in.read(content.encode()), place, "Voting on this idea is over.")
    return mails.last_letter()


def test_an_answer_that_comes_back_is_well_made_and_keeps_its_shape(app):
    person, idea = UserFactory(), IdeaFactory()
    plain = returned(person, idea, "Yes, please.")
    hostile = returned(person, idea, "</p><img src=x onerror=alert(1)>{{ 7 * 7 }}\n\n<script>x</script>")

    assert mails.problems(plain, is_notice=False) == mails.problems(hostile, is_notice=False) == []
    assert mails.tags_of(plain) == mails.tags_of(hostile)


CHANGES = {
    "subject": (b"Subject: ", b"Subject: =?utf-8?q?Not_?= "),
    "sender": (b"<no-reply@", b"<reply@"),
    "recipients": (b"Subject:", b"Cc: eve@evil.test\r\nSubject:"),
    "its name": (b"Message-ID: <", b"Message-ID: <x"),
    "where answers go": (b"MIME-Version:", b"Reply-To: eve@evil.test\r\nMIME-Version:"),
    "Auto-Submitted": (b"auto-generated", b"no"),
    "a date": (b"Date: ", b"Dated: "),
    "parts": (b"text/plain; charset=utf-8", b"text/plain; charset=latin-1"),
    "attachments": (b"text/html;", b"text/css;"),
    "text": (b"quoted-printable", b"8bit"),
    "markup": (b"</html>", b""),
    "repairs": (b"charset=utf-8", b"charset=utf-99"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_another_parser_would_read_otherwise_is_found(app, what):
    message = mails.sign_in_letters()["sign-in"]
    raw = mail.as_bytes(message, mails.FROM)

    changed = raw.replace(*CHANGES[what])

    assert list(mails.misread(raw, message)) == []
    assert [said for said in mails.misread(changed, message) if said.startswith(f"another parser reads as {what} ")]


# --- Made once for many ---


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_made_once_for_many_is_what_each_would_get_alone(app, clock, name):
    batch = happened(Scene(clock), name)
    shapes.shapes.clear()
    together = mails.made(batch)
    again = mails.made(batch)

    rooms = app.extensions["answerback"]
    rooms.notices = {kind: replace(notice, alike=None) for kind, notice in rooms.notices.items()}
    alone = mails.made(batch)

    assert together == again == alone
    assert all(shapes.UNSUBSCRIBE not in each.text + each.html for each in together.values())
    assert all(shapes.SETTINGS not in each.text + each.html for each in together.values())


def test_those_who_voted_on_one_day_read_one_mail_and_have_links_of_their_own(app, clock, monkeypatch):
    scene = Scene(clock)
    for number in range(20):
        VoteFactory(idea=queries.get_idea(None, scene.id).idea, user=UserFactory(name=f"Nora {number}"))
    scene.answer()
    batch = [each for each in due() if each.path == "voter"]
    shapes.shapes.clear()
    made = []
    render = channel._words
    monkeypatch.setattr(channel, "_words", lambda *words, **more: made.append(1) or render(*words, **more))
    found = mails.made(batch)

    assert len(batch) == 21
    assert len(made) == 2  # Vera voted on another day
    assert len({each.text for each in found.values()}) == 21
    assert len({each.headers["List-Unsubscribe"] for each in found.values()}) == 21


def test_a_correction_in_between_makes_other_words(app, clock):
    scene = Scene(clock)
    answer_id = scene.answer()
    batch = [each for each in due() if each.path == "voter"]
    before = mails.made(batch)
    scene.correct(answer_id, text="We will build it in summer instead, because spring is too wet for it.")

    after = mails.made(batch)

    assert "in spring, because" in before[batch[0].id].text
    assert "in summer instead" in after[batch[0].id].text
