from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from ideas import mail
from ideas.accounts import letters, writing
from ideas.accounts.models import Letter
from ideas.db import db, unit_of_work, utcnow
from tests.accounts.arranging import committed
from tests.conftest import LEASE

pytestmark = pytest.mark.usefixtures("app")


class Post:
    """A mail server that takes everything, or says what it was told to say."""

    def __init__(self, *failures: BaseException) -> None:
        self.seen: list[mail.Message] = []
        self.taken: list[mail.Message] = []
        self.failures = list(failures)

    def send(self, message: mail.Message, *, until: datetime | None = None) -> None:
        self.seen.append(message)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message)

    def close(self) -> None:
        """Nothing is open."""


def a_letter(to: str = "mia@example.test", *, good_for: timedelta = timedelta(minutes=10)) -> None:
    committed(letters.write, to, writing.sign_in("secret-token"), good_for=good_for)


def the_letter() -> Letter:
    return db.session.scalars(sa.select(Letter).execution_options(populate_existing=True)).one()


def test_a_letter_is_sent_once():
    a_letter()
    post = Post()

    assert [letters.send_due(post) for _ in range(3)] == [1, 0, 0]

    (message,) = post.taken
    assert message.to == "mia@example.test"
    assert message.subject == "Your link to sign in at Answerback"
    assert "http://localhost/link/secret-token" in message.text
    assert "http://localhost/link/secret-token" in message.html
    assert the_letter().sent_at is not None


def test_its_secret_is_forgotten_once_it_is_sent():
    a_letter()

    letters.send_due(Post())

    assert the_letter().text == the_letter().html == ""


def test_a_letter_of_a_rolled_back_act_is_never_sent():
    def fail_after_writing() -> None:
        letters.write("mia@example.test", writing.sign_in("secret"), good_for=timedelta(minutes=10))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        committed(fail_after_writing)

    assert letters.send_due(Post()) == 0


def test_a_busy_server_is_asked_again_and_the_message_keeps_its_id(clock):
    a_letter()
    post = Post(mail.TemporaryFailure(451, "try later"), mail.TemporaryFailure(421, "busy"))

    for _ in range(3):
        letters.send_due(post)
        clock.shift(timedelta(minutes=1))

    assert len(post.taken) == 1
    assert len(post.seen) == 3
    assert len({message.message_id for message in post.seen}) == 1
    assert the_letter().attempts == 3


def test_a_refused_letter_fails_for_good_and_says_why(clock):
    a_letter()

    letters.send_due(Post(mail.PermanentFailure(550, "no such mailbox")))
    clock.shift(timedelta(hours=1))

    assert letters.send_due(Post()) == 0
    assert the_letter().failed_at is not None
    assert "no such mailbox" in (the_letter().error or "")
    assert the_letter().text == ""


def test_a_letter_whose_link_has_expired_is_not_sent(clock):
    a_letter()
    clock.shift(timedelta(minutes=11))
    post = Post()

    letters.send_due(post)

    assert post.taken == []
    assert the_letter().failed_at is not None


def test_one_bad_recipient_does_not_hold_up_the_next():
    a_letter("gone@example.test")
    a_letter("mia@example.test")
    post = Post(mail.PermanentFailure(550, "no such mailbox"))

    letters.send_due(post)

    assert [message.to for message in post.taken] == ["mia@example.test"]


def test_a_relay_that_is_down_is_asked_once_and_fails_no_letter(clock):
    for name in ("mia", "ole", "petra"):
        a_letter(f"{name}@example.test")
    post = Post(mail.RelayDown("nobody answers"))

    letters.send_due(post)
    assert len(post.seen) == 1
    clock.shift(timedelta(seconds=10))
    letters.send_due(post)

    assert len(post.taken) == 3


def test_a_letter_that_no_mail_can_be_made_of_fails_alone():
    a_letter()
    a_letter("ole@example.test")
    post = Post(mail.Unmailable("a header would break"))

    letters.send_due(post)

    assert [message.to for message in post.taken] == ["ole@example.test"]


def test_what_a_dead_worker_held_is_sent_when_its_lease_ends(clock):
    class Killed(BaseException):
        pass

    a_letter()
    with pytest.raises(Killed):
        letters.send_due(Post(Killed()))
    post = Post()

    assert letters.send_due(post) == 0
    clock.shift(1.5 * LEASE)
    assert letters.send_due(post) == 1


def test_who_lost_the_lease_writes_nothing_down(clock):
    a_letter()
    with unit_of_work():
        (held,) = letters._claim("late", utcnow() + LEASE)
    clock.shift(1.5 * LEASE)
    letters.send_due(Post())

    with unit_of_work():
        letters._write_down(held, "late", letters.Outcome("too late", is_final=True))

    assert the_letter().sent_at is not None
    assert the_letter().failed_at is None


def test_who_sleeps_in_the_middle_of_a_batch_sends_nothing_that_others_have_sent(clock):
    for name in ("mia", "ole", "ana"):
        a_letter(f"{name}@example.test")
    others = Post()

    class Asleep(Post):
        def send(self, message: mail.Message, *, until: datetime | None = None) -> None:
            clock.shift(1.5 * LEASE)
            letters.send_due(others)
            assert until is not None
            assert until < utcnow(), "then a transport breaks off"
            raise mail.TooLate

    assert letters.send_due(Asleep()) == 1

    assert len(others.taken) == 3
    waiting = sa.select(sa.func.count()).select_from(Letter).where(Letter.sent_at.is_(None))
    assert db.session.scalar(waiting) == 0


@pytest.mark.parametrize(
    "words",
    [
        lambda: writing.verify("T"),
        lambda: writing.already_here("T"),
        lambda: writing.sign_in("T"),
        lambda: writing.reset("T"),
        lambda: writing.password_changed(),
    ],
)
def test_text_and_html_of_a_letter_say_the_same(words):
    said = words()
    committed(letters.write, "mia@example.test", said, good_for=timedelta(minutes=10))

    for part in (the_letter().text, the_letter().html):
        for sentence in (*said.before, said.button, said.url, *said.after):
            assert sentence in part.replace("&#39;", "'")


def test_the_words_of_the_letter_that_proves_an_address():
    committed(letters.write, "mia@example.test", writing.verify("TOKEN"), good_for=timedelta(hours=24))

    assert the_letter().text == (
        "Somebody signed up at Answerback with this address. If it was you, confirm it here.\n"
        "\n"
        "Confirm my address:\n"
        "http://localhost/verify/TOKEN\n"
        "\n"
        "The link works once, for 24 hours.\n"
        "\n"
        "If it was not you, do nothing: without the link there is no account.\n"
        "\n"
        "-- \n"
        "Answerback\n"
        "http://localhost"
    )


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_not_begun():
    for name in ("mia", "ole", "ana"):
        a_letter(f"{name}@example.test")
    post = Post()

    assert letters.send_due(post, stopping=lambda: bool(post.taken)) == 1

    waiting = db.session.scalars(sa.select(Letter).where(Letter.sent_at.is_(None))).all()
    assert [(letter.lease, letter.attempts) for letter in waiting] == [(None, 0), (None, 0)]
    assert letters.send_due(post) == 2
    assert len(post.taken) == 3


def test_a_letter_is_from_the_name_that_the_operator_chose(app):
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], mail_from="Garden Ideas <ideas@example.test>")
    a_letter()
    post = Post()

    letters.send_due(post)

    assert post.taken[0].sender_name == "Garden Ideas"
