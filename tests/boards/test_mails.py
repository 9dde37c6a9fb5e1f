"""Every mail of every notice as it leaves: well made, with all its headers, and the same shape whatever people type."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas import mail_in
from ideas.boards import boardkeeping, replying
from ideas.boards.notices import NOTICES
from ideas.boards.queries import get_board
from ideas.db import db, unit_of_work
from ideas.outbox import OutboxEntry
from tests import mails
from tests.accounts.arranging import an_admin
from tests.boards.test_notice_words import EVENTS, Scene, due
from tests.factories import BoardFactory, IdeaFactory, UserFactory


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
        shapes[message.headers["Feedback-ID"]] = mails.tags_of(message)
    assert mails.problems(mails.as_digest(plain), is_notice=True, is_digest=True) == []
    digest = mails.tags_of(mails.as_digest(plain))

    db.session.remove()
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


@pytest.mark.parametrize("is_hostile", [False, True])
def test_an_invitation_is_well_made_and_keeps_its_shape(app, is_hostile):
    words = mails.HOSTILE if is_hostile else {"name": "Kim", "board_name": "Garden"}
    admin, board = an_admin(name=words["name"]), BoardFactory(slug="garden", name=words["board_name"])
    with unit_of_work():
        boardkeeping.invite(db.session.merge(admin), get_board(admin, board.slug), email="new@example.test")

    message = mails.last_letter()

    assert mails.problems(message, is_notice=False) == []
    assert mails.tags_of(message)["p", ("style",)] == 7


@pytest.mark.parametrize("said", ["Yes, please.", "</p><img src=x onerror=alert(1)>{{ 7 * 7 }}\n\n<script>x</script>"])
def test_an_answer_that_comes_back_is_well_made_and_keeps_its_shape(app, said):
    person, idea = UserFactory(email="mia@example.test"), IdeaFactory()
    content = f"From: mia@example.test\r\nMessage-ID: <1@x.test>\r\n\r\n{said}"
    with unit_of_work():
        place = replying.Place(person.id, idea.id)
        replying.send_back(mail_in.read(content.encode()), place, "Voting on this idea is over.")

    message = mails.last_letter()

    assert mails.problems(message, is_notice=False) == []
    assert mails.tags_of(message)["p", ("style",)] == 7
