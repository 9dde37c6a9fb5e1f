"""Claim, send, write down: each once, whatever happens in between."""

import dataclasses
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from ideas import mail
from ideas.accounts.models import User
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import preferences, sending
from ideas.ledger.models import Delivery, Mode
from ideas.mail import MemoryTransport, Message, PermanentFailure, RelayDown, TemporaryFailure
from ideas.outbox import OutboxEntry
from tests.conftest import LEASE
from tests.ledger.arranging import SUBJECT, World, crowd, lines, outcome, person


def test_whoever_is_owed_a_mail_gets_it_once(world: World):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "author"))

    for _ in range(3):
        world.work()

    assert Counter(world.mailed) == {mia.email: 1, ole.email: 1}
    assert outcome(mia, "email") == ("sent", None)
    line = lines()[mia.id, "email"]
    assert line.done_at is not None
    assert (line.lease, line.attempts) == (None, 1)


def test_mail_speaks_in_the_time_zone_of_its_reader(world: World):
    far, near = person("Far", timezone="Asia/Tokyo"), person("Near", timezone="America/New_York")
    world.happens((far, "voter"), (near, "voter"))

    world.work()

    words = {message.to: message.text for message in world.transport.sent}
    assert "4 March" in words[str(far.email)]
    assert "3 March" in words[str(near.email)]


# --- What changed since it was announced ---


def suspend(mia: User, world: World) -> None:
    with unit_of_work():
        db.session.execute(sa.update(User).where(User.id == mia.id).values(suspended_at=utcnow()))


def hide(mia: User, world: World) -> None:
    world.blind.add(mia.id)


def mute(mia: User, world: World) -> None:
    with unit_of_work():
        preferences.mute(mia, SUBJECT)


def turn_off(mia: User, world: World) -> None:
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.OFF, inbox=Mode.OFF)


def want_inbox(mia: User, world: World) -> None:
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.OFF, inbox=None)


def unsubscribe(mia: User, world: World) -> None:
    with unit_of_work():
        preferences.unsubscribe(preferences.Link(mia.id, "planned", SUBJECT), preferences.Stop.KIND)


def lose_address(mia: User, world: World) -> None:
    mia.email = None
    db.session.commit()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (suspend, "suspended"),
        (hide, "not_visible"),
        (mute, "muted"),
        (turn_off, "off"),
        (want_inbox, "inbox_only"),
        (unsubscribe, "unsubscribed"),
        (lose_address, "no_address"),
    ],
)
def test_what_changed_since_the_news_was_announced_counts(
    world: World, change: Callable[[User, World], None], reason: str
):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    world.announce()

    change(mia, world)
    world.work()

    assert world.mailed == [ole.email]
    assert outcome(mia, "email") == ("suppressed", reason)
    assert outcome(mia, "inbox") == ("sent", None)
    assert lines()[mia.id, "email"].done_at is not None


class Meanwhile(MemoryTransport):
    """Something happens while the first mail is under way."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self.happens = happens

    def send(self, message: Message, *, until: datetime | None = None) -> None:
        if not self.sent:
            self.happens()
        super().send(message, until=until)


@pytest.mark.parametrize("change", [suspend, mute, unsubscribe])
def test_whoever_leaves_while_others_of_the_batch_are_sent_is_sent_nothing(
    world: World, change: Callable[[User, World], None], clock
):
    ole, mia = person("Ole"), person("Mia")
    world.happens((ole, "voter"), (mia, "voter"))
    world.announce()
    # lines of one event have no order of their own: whoever's was written first is sent first
    first, second = sorted([ole, mia], key=lambda someone: lines()[someone.id, "email"].id)
    transport = Meanwhile(lambda: change(second, world))

    world.work(transport)
    clock.shift(LEASE)
    world.work(transport)

    assert [message.to for message in transport.sent] == [first.email]
    assert outcome(second, "email")[0] == "suppressed"


def test_a_mail_under_way_while_its_reader_unsubscribes_is_recorded_as_sent(world: World):
    mia = person()
    world.happens((mia, "voter"))

    world.work(Meanwhile(lambda: unsubscribe(mia, world)))

    assert outcome(mia, "email") == ("sent", None)


def test_what_it_would_tell_of_is_gone(world: World):
    mia, ole = person("Mia"), person("Ole")
    world.gone.add(mia.id)
    world.happens((mia, "voter"), (ole, "voter"))

    world.work()

    assert world.mailed == [ole.email]
    assert outcome(mia, "email") == ("suppressed", "not_visible")


def test_a_whole_batch_that_may_not_be_sent_hides_nobody_behind_it(world: World):
    silent = [person() for _ in range(sending.BATCH)]
    mia = person("Mia")
    world.happens(*((each, "voter") for each in silent))
    world.happens((mia, "voter"))
    world.announce()
    world.blind |= {each.id for each in silent}

    world.work()

    assert world.mailed == [mia.email]


# --- What cannot be sent ---


def test_a_message_without_words_fails_alone(world: World):
    mia, ole, ida = person("Mia"), person("Ole"), person("Ida")
    world.unspeakable.add(ole.id)
    world.happens((mia, "voter"), (ole, "voter"), (ida, "voter"))

    world.work()

    assert sorted(world.mailed) == sorted(str(each.email) for each in (mia, ida))
    assert outcome(ole, "email") == ("failed", "unrenderable")
    assert "no words" in (lines()[ole.id, "email"].error or "")


@pytest.mark.parametrize("name", ["Mia\r\nBcc: everybody@example.test", "Mia\nX: y", "Mia\udc80"])
def test_a_message_that_would_break_out_of_its_header_fails_alone(world: World, name: str, request):
    if "\udc80" in name and request.config.option.database == "postgresql":
        name = "Mia\r"  # it stores no such text to begin with
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    world.announce()
    claimed = sending.Addressee(mia.id, name, "mia@example.test", None, None)

    with pytest.raises(mail.Unmailable):
        mail.as_bytes(Message(claimed.email, claimed.name, "Petra", "Hi", "text", "", "<1@x.test>"), "a@x.test")


def test_a_title_with_a_line_break_stays_one_subject(world: World):
    world.title = "News\r\nBcc: everybody@example.test"
    world.happens((person(), "voter"))

    world.work()

    [message] = world.transport.sent
    assert message.subject == "News: News Bcc: everybody@example.test"
    head, _, _body = mail.as_bytes(message, "team@example.test").partition(b"\r\n\r\n")
    assert b"\r\nBcc:" not in head


def test_a_final_refusal_is_a_bounce_and_is_not_repeated(world: World, clock):
    mia, ole = person("Mia"), person("Ole")
    world.transport.answers[str(mia.email)] = PermanentFailure("550 5.1.1 No such user")
    world.happens((mia, "voter"), (ole, "voter"))

    world.work()
    clock.shift(timedelta(days=1))
    world.work()

    assert world.mailed == [ole.email]
    assert outcome(mia, "email") == ("failed", "bounced")
    line = lines()[mia.id, "email"]
    assert (line.error, line.attempts) == ("550 5.1.1 No such user", 1)


def test_a_refusal_for_now_is_repeated_ever_more_slowly_for_three_days(world: World, clock):
    mia = person()
    world.transport.answers[str(mia.email)] = TemporaryFailure("450 Try again")
    world.happens((mia, "voter"))
    began = utcnow()

    tried = []
    for _ in range(100):
        world.work()
        line = lines()[mia.id, "email"]
        tried.append(int((utcnow() - began) / timedelta(minutes=1)))
        if line.state != "pending":
            break
        assert line.error == "450 Try again"
        clock.move_to(line.due_at)

    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses[:6] == [1, 5, 15, 30, 60, 60]
    assert set(pauses[5:]) == {60}
    assert 72 * 60 <= tried[-1] < 73 * 60
    assert outcome(mia, "email") == ("failed", "gave_up")


def test_nothing_is_tried_before_it_is_due(world: World, clock):
    mia = person()
    world.transport.answers[str(mia.email)] = TemporaryFailure("450 Try again")
    world.happens((mia, "voter"))
    world.work()
    world.transport.answers.clear()

    clock.shift(timedelta(seconds=59))
    world.work()
    assert world.mailed == []

    clock.shift(timedelta(seconds=1))
    world.work()
    assert world.mailed == [mia.email]


def test_a_relay_that_is_down_spends_nobodys_attempts_and_is_left_alone_for_a_while(world: World, clock):
    mia, ole = person("Mia"), person("Ole")
    for each in (mia, ole):
        world.transport.answers[str(each.email)] = RelayDown("connection refused")
    world.happens((mia, "voter"), (ole, "voter"))
    worker = world.worker()

    worker.turn()
    for each in (mia, ole):
        line = lines()[each.id, "email"]
        assert (line.state, line.attempts, line.first_tried_at) == ("pending", 0, None)
    world.transport.answers.clear()
    clock.shift(timedelta(seconds=59))
    worker.turn()
    assert world.mailed == []

    clock.shift(timedelta(seconds=1))
    worker.turn()
    assert set(world.mailed) == {mia.email, ole.email}


def test_a_relay_that_stays_down_is_asked_ever_less_often(world: World, clock):
    worker = world.worker()
    pauses = []
    for _ in range(6):
        worker.breaker.trip(utcnow())
        assert worker.breaker.closed_until is not None
        pauses.append((worker.breaker.closed_until - utcnow()).total_seconds())

    assert pauses == [60, 120, 240, 480, 600, 600]


# --- Leases ---


def test_a_delivery_whose_holder_died_is_made_after_the_lease(world: World, clock):
    mia = person()
    world.happens((mia, "voter"))
    world.announce()
    with unit_of_work():
        claim = sending.claim()
    assert len(claim.rows) == 1

    world.work()
    assert world.mailed == []

    clock.shift(LEASE)
    world.work()
    assert world.mailed == [mia.email]
    assert lines()[mia.id, "email"].attempts == 2


def test_a_holder_that_slept_through_its_lease_changes_nothing(world: World, clock):
    mia = person()
    world.happens((mia, "voter"))
    world.announce()
    with unit_of_work():
        late = sending.claim()
    clock.shift(LEASE)
    world.work()

    assert not sending.is_still_mine(late, late.rows[0])
    with unit_of_work():
        assert not sending.write_down(late, late.rows[0], sending.refused("550")).is_mine
        sending.release(late, late.rows)

    assert outcome(mia, "email") == ("sent", None)


@pytest.mark.parametrize("late_outcome", [sending.SENT, sending.refused("550")], ids=["sent", "refused"])
def test_a_late_holder_does_not_decide_for_the_one_who_holds_it_now(world: World, clock, late_outcome: sending.Outcome):
    mia = person()
    world.happens((mia, "voter"))
    world.announce()
    with unit_of_work():
        late = sending.claim()
    clock.shift(LEASE)
    with unit_of_work():
        now = sending.claim(leftover=True)

    with unit_of_work():
        assert not sending.write_down(late, late.rows[0], late_outcome).is_mine
        sending.release(late, late.rows)

    assert outcome(mia, "email") == ("pending", None)
    assert sending.is_still_mine(now, now.rows[0])
    with unit_of_work():
        assert sending.write_down(now, now.rows[0], sending.SENT).is_mine
    assert outcome(mia, "email") == ("sent", None)


def test_what_two_workers_find_one_takes(world: World):
    world.happens(*((person(), "voter") for _ in range(5)))
    world.announce()

    with unit_of_work():
        first = sending.claim()
    with unit_of_work():
        second = sending.claim()

    assert (len(first.rows), len(second.rows)) == (5, 0)


def test_a_slow_relay_makes_the_worker_give_back_what_it_cannot_send_in_time(world: World, clock):
    people = [person() for _ in range(4)]
    world.happens(*((each, "voter") for each in people))

    class Slow(MemoryTransport):
        def send(self, message: Message, *, until: datetime | None = None) -> None:
            clock.shift(0.3 * LEASE)
            super().send(message, until=until)

    transport = Slow()
    world.worker(transport).turn()

    waiting = [line for line in lines().values() if line.state == "pending"]
    assert len(transport.sent) == 2
    assert [(line.lease, line.attempts) for line in waiting] == [(None, 0)] * 2
    world.work(transport)
    assert len({message.to for message in transport.sent}) == len(transport.sent) == 4


def test_words_that_take_longer_than_the_lease_for_all_are_found_for_one_at_a_time(world: World, clock):
    people = [person() for _ in range(4)]
    world.happens(*((each, "voter") for each in people))
    world.announce()
    world.thinks = lambda count: clock.shift(0.2 * count * LEASE)
    worker = world.worker()

    for _ in range(5):
        worker.turn()

    assert sorted(world.mailed) == sorted(str(each.email) for each in people)


@pytest.mark.parametrize(("seconds", "claims"), [(0.0, [50, 100, 200, 200]), (0.03, [50, 50, 50, 50])])
def test_a_quick_relay_is_given_more_at_once(world: World, clock, seconds: float, claims: list[int]):
    world.happens_to_all(crowd(600))
    world.announce()

    class Timed(MemoryTransport):
        def send(self, message: Message, *, until: datetime | None = None) -> None:
            clock.shift(timedelta(seconds=seconds))
            super().send(message, until=until)

    transport = Timed()
    worker = world.worker(transport)
    sent = [0]
    for _ in claims:
        worker.turn()
        sent.append(len(transport.sent))

    assert [after - before for before, after in itertools.pairwise(sent)] == claims


def test_a_worker_that_sleeps_while_it_hands_over_breaks_off_and_another_sends(world: World, clock):
    mia = person("Mia")
    world.happens((mia, "voter"))
    others = MemoryTransport()

    class Asleep(MemoryTransport):
        def send(self, message: Message, *, until: datetime | None = None) -> None:
            clock.shift(1.5 * LEASE)
            world.work(others)
            super().send(message, until=until)

    late = Asleep()
    world.worker(late).turn()

    assert ([message.to for message in others.sent], late.sent) == ([mia.email], [])
    assert outcome(mia, "email") == ("sent", None)


def test_ending_the_worker_gives_back_what_it_holds(world: World):
    people = [person() for _ in range(3)]
    world.happens(*((each, "voter") for each in people))
    worker = world.worker(Meanwhile(lambda: worker.stopping.set()))

    worker.turn()

    waiting = [line for line in lines().values() if line.state == "pending"]
    assert [(line.lease, line.attempts) for line in waiting] == [(None, 0)] * 2


def test_whoever_kills_the_worker_each_time_is_given_up_and_harms_nobody_else(world: World, clock):
    """The killer is in a batch with others; they are sent one by one once its holder was never heard of again."""
    mia, killer, ole = person("Mia"), person("Killer"), person("Ole")
    deadly, others = killer.email, {str(mia.email): 1, str(ole.email): 1}
    world.happens((mia, "voter"), (killer, "voter"), (ole, "voter"))

    class Death(BaseException):
        pass

    class Deadly(MemoryTransport):
        def send(self, message: Message, *, until: datetime | None = None) -> None:
            if message.to == deadly:
                deaths.append(message.message_id)
                raise Death
            super().send(message, until=until)

    deaths: list[str] = []
    transport = Deadly()
    for _ in range(40):
        worker = world.worker(transport)
        try:
            while worker.turn():
                pass
        except Death:
            db.session.rollback()
        clock.shift(timedelta(seconds=61))

    assert Counter(message.to for message in transport.sent) == others
    assert outcome(killer, "email") == ("failed", "kills_worker")
    assert len(deaths) == sending.DEATHS
    assert len(set(deaths)) == 1


def test_one_crash_is_forgotten_once_the_message_was_tried(world: World, clock):
    mia = person()
    world.happens((mia, "voter"))
    world.announce()
    for _ in range(3):
        with unit_of_work():
            sending.claim()
            sending.claim(leftover=True)
        clock.shift(LEASE)
    assert lines()[mia.id, "email"].unheard_of == 2
    world.transport.answers[str(mia.email)] = TemporaryFailure("450")

    world.work()

    assert lines()[mia.id, "email"].unheard_of == 0


def test_four_workers_send_each_mail_once(world: World):
    people = [person() for _ in range(60)]
    for start in range(0, 60, 10):
        world.happens(*((each, "voter") for each in people[start : start + 10]), subject=f"idea:{start}")
    db.session.commit()
    transports = [MemoryTransport() for _ in range(4)]

    def work(transport: MemoryTransport) -> None:
        worker = world.worker(transport)
        while worker.turn():
            pass

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, transport) for transport in transports]:
            done.result()
    world.work(transports[0])

    assert Counter(message.to for transport in transports for message in transport.sent) == {
        str(each.email): 1 for each in people
    }
    assert {line.state for line in lines().values()} == {"sent"}


def test_telling_many_costs_as_many_statements_as_telling_few(world: World):
    def statements(people: int) -> int:
        world.happens(*((person(), "voter") for _ in range(people)))
        db.session.commit()
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sa.event.listen(db.engine, "before_cursor_execute", count)
        world.announce()
        with unit_of_work():
            claim = sending.claim()
        sa.event.remove(db.engine, "before_cursor_execute", count)
        assert len(claim.rows) == people
        return counted

    assert statements(1) == statements(40)


def test_entries_know_how_many_were_owed_word(world: World):
    entry = world.happens((person(), "voter"), (person(suspended=True), "voter"))

    world.announce()

    assert db.session.get_one(OutboxEntry, entry).owed == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 4


class Thinking(MemoryTransport):
    """A relay that takes one message and says only later whether it does."""

    def __init__(self, slow: str | None, last_word: Exception | None = None) -> None:
        super().__init__()
        self.slow, self.last_word = slow, last_word
        self.spoken = threading.Event()

    def send(self, message: Message, *, until: datetime | None = None) -> None:
        super().send(message, until=until)
        if message.to == self.slow:
            raise mail.Undecided(self.speak)

    def speak(self) -> None:
        assert self.spoken.wait(10)
        if self.last_word is not None:
            raise self.last_word


@pytest.mark.parametrize(
    ("last_word", "becomes"),
    [
        (None, ("sent", None)),
        (PermanentFailure("554"), ("failed", "bounced")),
        (TemporaryFailure("451"), ("pending", None)),
    ],
)
def test_a_relay_that_thinks_about_one_message_is_sent_the_others_meanwhile(
    world: World, last_word: Exception | None, becomes: tuple[str, str | None]
):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    transport = Thinking(mia.email, last_word)
    worker = world.worker(transport)

    worker.turn()
    assert [message.to for message in transport.sent] == [mia.email, ole.email]
    assert outcome(ole, "email") == ("sent", None)
    assert outcome(mia, "email") == ("pending", None)

    transport.spoken.set()
    worker.finish()

    assert outcome(mia, "email") == becomes
    assert len(transport.sent) == 2


def test_one_that_cannot_be_asked_about_holds_nobody_up(world: World):
    """Such as news whose subject is nonsense: asking whether it may be seen fails for the whole batch."""
    ole, people = person("Ole"), [person(f"Person {number}") for number in range(3)]
    for each in (*people[:2], ole, people[2]):
        world.happens((each, "voter"), subject="nonsense" if each is ole else SUBJECT)
    world.announce()
    notices = world.app.extensions["answerback"].notices
    notices["tried"] = dataclasses.replace(notices["tried"], visible=nonsense_fails)

    world.work()

    assert sorted(world.mailed) == sorted(str(each.email) for each in people)
    assert outcome(ole, "email") == ("failed", "unrenderable")


def nonsense_fails(subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    int(subject.partition(":")[2])
    return sa.true()
