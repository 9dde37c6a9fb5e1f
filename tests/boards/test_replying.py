"""An answer by mail is a comment, a “+1” a vote; what is in doubt waits for a person, and a machine posts nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ideas import mail_doors, mail_tokens
from ideas.accounts.models import Letter
from ideas.boards import merging, queries, replying
from ideas.boards.models import Comment, Vote
from ideas.boards.models_replying import Became, Doubt, MailReply
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import worker
from ideas.mail import MemoryTransport
from ideas.mail_doors import Handed
from ideas.mail_in import Kind
from tests.boards.pages import answered, browser_of, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory
from tests.letters_in import LETTERS

HOW = {"MAIL_IN_ADDRESS": "reply@in.example.test"}
SAID = "Yes, please. We need this for the audit."


@pytest.fixture
def app(app):
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], mail_in_address=HOW["MAIL_IN_ADDRESS"])
    return app


@pytest.fixture
def person(app):
    return UserFactory(email="ada@firm.example")


@pytest.fixture
def idea(person):
    return IdeaFactory(title="Dark mode")


def address(person, idea):
    return mail_tokens.address(replying.PURPOSE, f"{person.id}.i{idea.id}")


def letter(to, said=SAID, sender="ada@firm.example", number=1, **headers):
    lines = {"From": f"Ada <{sender}>", "To": to, "Message-ID": f"<{number}@firm.example>", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Handed(f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{said}\r\n".encode())


def comments_on(idea):
    return list(db.session.scalars(sa.select(Comment.body).where(Comment.idea_id == idea.id).order_by(Comment.id)))


def the_letter():
    return db.session.scalars(sa.select(Letter)).one()


def test_an_answer_by_mail_is_a_comment(app, person, idea):
    became = mail_doors.take(letter(address(person, idea), f"{SAID}\r\n\r\nOn Tue, 3 Mar 2026, Mara wrote:\r\n> Hi"))

    assert became == Became.COMMENTED
    comment = db.session.scalars(sa.select(Comment)).one()
    assert (comment.body, comment.author_id, comment.idea_id) == (SAID, person.id, idea.id)


def test_whoever_follows_hears_of_it_as_of_any_comment(app, person, idea):
    mail_doors.take(letter(address(person, idea)))

    kinds = db.session.scalars(sa.text("SELECT kind FROM outbox_entry")).all()
    assert kinds == ["commented"]


@pytest.mark.parametrize("said", ["+1", "+ 1.", "👍", "👍🏽"])
def test_a_plus_one_is_a_vote_and_no_comment(app, person, idea, said):
    became = mail_doors.take(letter(address(person, idea), said))

    assert became == Became.VOTED
    assert db.session.scalar(sa.select(Vote.user_id).where(Vote.idea_id == idea.id)) == person.id
    assert comments_on(idea) == []


def test_a_plus_one_with_words_is_a_comment(app, person, idea):
    assert mail_doors.take(letter(address(person, idea), "+1 for the audit")) == Became.COMMENTED


def test_the_same_mail_again_does_nothing(app, person, idea):
    first = mail_doors.take(letter(address(person, idea)))
    again = mail_doors.take(letter(address(person, idea)))

    assert first == again == Became.COMMENTED
    assert comments_on(idea) == [SAID]


def test_the_address_of_a_notice_leads_back_to_the_comment_it_tells_of(app, person, idea):
    said = CommentFactory(idea=idea)
    to = mail_tokens.address(replying.PURPOSE, f"{person.id}.c{said.id}")

    mail_doors.take(letter(to))

    answer = db.session.scalars(sa.select(Comment).where(Comment.author_id == person.id)).one()
    assert (answer.parent_id, answer.idea_id) == (said.id, idea.id)


def test_capitals_on_the_way_do_no_harm(app, person, idea):
    local, _, host = address(person, idea).partition("@")

    assert mail_doors.take(letter(f"{local.upper()}@{host.upper()}")) == Became.COMMENTED


def test_nobody_makes_up_an_address(app, person, idea):
    local, _, host = address(person, idea).partition("@")
    other = mail_tokens.address(replying.PURPOSE, f"{person.id + 1}.i{idea.id}")
    assert other is not None
    torn = [local[:-2], local[:-1] + ("a" if local[-1] != "a" else "b"), local.replace("+", "+a"), "reply+", "reply"]

    assert [mail_doors.take(letter(f"{each}@{host}")) for each in torn] == [mail_doors.NOBODY] * len(torn)
    assert comments_on(idea) == []


def test_an_address_signed_with_a_former_key_still_works(make_app, database):
    with make_app(**HOW, SECRET_KEY="a" * 40).app_context():
        person = UserFactory(email="ada@firm.example")
        idea = IdeaFactory()
        to, idea_id = address(person, idea), idea.id
    with make_app(**HOW, SECRET_KEY="b" * 40, SECRET_KEY_FALLBACKS="a" * 40).app_context():
        assert mail_doors.take(letter(to)) == Became.COMMENTED
    with make_app(**HOW, SECRET_KEY="c" * 40).app_context():
        assert mail_doors.take(letter(to, number=2)) == mail_doors.NOBODY
        assert db.session.scalar(sa.select(sa.func.count(Comment.id)).where(Comment.idea_id == idea_id)) == 1


def test_an_answer_from_another_address_waits_for_the_team(app, person, idea):
    became = mail_doors.take(letter(address(person, idea), sender="bob@firm.example"))

    assert became == Became.SET_ASIDE
    row = db.session.scalars(sa.select(MailReply)).one()
    assert (row.doubt, row.sender, row.said) == (Doubt.OTHER_SENDER, "bob@firm.example", SAID)
    assert comments_on(idea) == []


def test_the_team_keeps_what_was_set_aside_as_a_note_in_its_own_name(app, person, idea):
    mail_doors.take(letter(address(person, idea), sender="bob@firm.example"))
    admin = UserFactory(admin=True)
    client = browser_of(app, admin)

    page = client.get("/moderation").text
    assert SAID in page
    assert "bob@firm.example" in page
    row_id = db.session.scalars(sa.select(MailReply.id)).one()
    client.post(f"/mail-replies/{row_id}/keep", data=_token(page))

    note = db.session.scalars(sa.select(Comment)).one()
    assert (note.is_internal, note.author_id) == (True, admin.id)
    assert "bob@firm.example" in note.body
    assert SAID in note.body
    assert "Nothing waits" in seen(client.get("/moderation").text)
    kept = db.session.scalars(sa.select(MailReply)).one()
    assert (kept.sender, kept.said) == (None, None)


def _token(page):
    found = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', page)
    return {"csrf_token": found[1]} if found else {}


def test_the_team_lets_go_of_it_and_others_may_not(app, person, idea):
    mail_doors.take(letter(address(person, idea), sender="bob@firm.example"))
    row_id = db.session.scalars(sa.select(MailReply.id)).one()

    assert browser_of(app, person).post(f"/mail-replies/{row_id}/discard").status_code == 403
    assert browser_of(app, UserFactory(admin=True)).post(f"/mail-replies/{row_id}/discard").status_code == 303
    assert browser_of(app, UserFactory(admin=True)).post(f"/mail-replies/{row_id}/discard").status_code == 404
    assert comments_on(idea) == []


def test_a_mail_nobody_can_read_waits_for_the_team(app, person, idea):
    content = letter(address(person, idea)).content.replace(b"charset=utf-8", b"charset=x-klingon")

    assert mail_doors.take(Handed(content)) == Became.SET_ASIDE
    page = seen(browser_of(app, UserFactory(admin=True)).get("/moderation").text)
    assert "in a form that cannot be read here" in page


@pytest.mark.parametrize("each", LETTERS, ids=[each.name for each in LETTERS])
def test_none_of_sixty_mails_is_posted_as_noise(app, person, idea, each):
    content = each.content.replace(b"reply+abc@in.ideas.example", address(person, idea).encode())
    expected = {
        Kind.WRITTEN: Became.COMMENTED if each.said else Became.PASSED_OVER,
        Kind.AUTOMATIC: Became.PASSED_OVER,
        Kind.REPORT: Became.PASSED_OVER,
        Kind.UNREADABLE: Became.SET_ASIDE,
    }[each.kind]
    if each.said in ("+1", "👍"):
        expected = Became.VOTED

    became = mail_doors.take(Handed(content))

    assert became == expected
    assert comments_on(idea) == ([each.said] if expected is Became.COMMENTED else [])


def test_what_cannot_be_taken_goes_back_with_the_reason_and_the_words(app, person, idea):
    VoteFactory(idea=idea)
    answered(UserFactory(admin=True), idea, "shipped", "shipped")

    became = mail_doors.take(letter(address(person, idea), "+1"))

    assert became == Became.RETURNED
    back = the_letter()
    assert back.recipient == "ada@firm.example"
    assert "no longer take votes" in back.text
    assert "+1" in back.text
    assert mail_doors.take(letter(address(person, idea), "+1")) == Became.RETURNED
    assert the_letter().id == back.id, "told once"


def test_too_many_words_go_back(app, person, idea):
    became = mail_doors.take(letter(address(person, idea), "\r\n".join(["word " * 40] * 150)))

    assert became == Became.RETURNED
    assert "at most" in the_letter().text


def test_whoever_no_longer_sees_the_idea_posts_nothing_there(app, person):
    idea = IdeaFactory(board=BoardFactory(visibility="private"))

    became = mail_doors.take(letter(address(person, idea)))

    assert became == Became.RETURNED
    assert comments_on(idea) == []
    assert idea.title not in the_letter().text


def test_a_suspended_person_is_told_that_nothing_was_posted(app, person, idea):
    to = address(person, idea)
    person.suspended_at = utcnow()
    db.session.commit()

    assert mail_doors.take(letter(to)) == Became.RETURNED
    assert comments_on(idea) == []


def test_an_answer_to_an_idea_that_became_part_of_another_is_said_there(app, person, idea):
    other = IdeaFactory(board=idea.board)
    to, number = address(person, idea), other.id
    admin = UserFactory(admin=True)
    with unit_of_work():
        merging.merge(
            admin,
            queries.get_idea(admin, idea.id),
            queries.get_idea(admin, number),
            text="It is the same wish as the other one.",
        )

    mail_doors.take(letter(to))

    assert comments_on(idea) == []
    assert comments_on(other) == [SAID]


def test_old_ones_are_forgotten(app, person, idea):
    mail_doors.take(letter(address(person, idea)))
    db.session.execute(sa.update(MailReply).values(received_at=utcnow() - 2 * replying.KEPT_FOR))
    db.session.commit()
    mail_doors.take(letter(address(person, idea), number=2))

    with unit_of_work():
        more = replying.forget()

    assert more is False
    assert db.session.scalar(sa.select(sa.func.count(MailReply.id))) == 1


# --- From the mail that goes out to the one that comes back ---


def test_mails_name_the_address_to_which_one_answers(app, person, idea):
    VoteFactory(idea=idea, user=person)
    answered(UserFactory(admin=True), idea)
    relay = MemoryTransport()
    worker.run_once(app, relay)

    mail = next(each for each in relay.sent if each.to == "ada@firm.example")
    assert "answer this mail" in mail.text
    assert "answer this mail" in mail.html
    assert mail_doors.take(letter(mail.headers["Reply-To"])) == Became.COMMENTED
    assert comments_on(idea) == [SAID]


def test_without_an_address_for_it_nothing_is_said_of_answering(make_app):
    app = make_app()
    with app.app_context():
        idea = IdeaFactory()
        VoteFactory(idea=idea, user=UserFactory())
        answered(UserFactory(admin=True), idea)
        relay = MemoryTransport()
        worker.run_once(app, relay)

        assert relay.sent
        assert not any("Reply-To" in each.headers or "answer this mail" in each.text for each in relay.sent)
