"""Each planted fault turns the matching check red, and a ledger that was used is green."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import outbox
from ideas.accounts.models import User
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import checker, preferences, sending
from ideas.ledger.models import Delivery
from ideas.ledger.preferences import Link, Stop
from ideas.mail import PermanentFailure, TemporaryFailure
from ideas.outbox import OutboxEntry
from tests.ledger.arranging import SUBJECT, World, person


def breaches() -> set[str]:
    db.session.commit()
    db.session.expire_all()
    return {breach.invariant for check in checker.CHECKS.values() for breach in check()}


@pytest.fixture
def used(world: World) -> World:
    """A ledger in which everything happened that may."""
    mia, ole, ida, charlie = person("Mia"), person("Ole"), person("Ida"), person("Charlie", suspended=True)
    world.transport.answers = {str(ole.email): PermanentFailure("550"), str(ida.email): TemporaryFailure("450")}
    world.happens(*((each, "voter") for each in (mia, ole, ida, charlie)), by=mia)
    world.happens((mia, "voter"), (person(), "author"), subject="idea:8")
    with unit_of_work():
        outbox.cancel(world.happens_later(mia))
    world.work()
    with unit_of_work():
        preferences.mute(mia, "idea:8")
        preferences.unsubscribe(Link(ida.id, "planned", SUBJECT), Stop.EVERYTHING)
    return world


def test_a_ledger_that_was_used_is_in_order(used: World):
    assert breaches() == set()


def test_a_ledger_under_way_is_in_order(world: World):
    world.happens((person(), "voter"))
    world.announce()
    with unit_of_work():
        sending.claim()

    assert breaches() == set()


def one(channel: str, state: str | None = None) -> int:
    statement = sa.select(Delivery.id).where(Delivery.channel == channel).order_by(Delivery.id)
    if state is not None:
        statement = statement.where(Delivery.state == state)
    return db.session.scalars(statement.limit(1)).one()


def change(delivery_id: int, **values: object) -> None:
    db.session.execute(sa.update(Delivery).where(Delivery.id == delivery_id).values(**values))


def lose_both_lines() -> None:
    user_id = db.session.scalars(sa.select(Delivery.user_id).limit(1)).one()
    db.session.execute(sa.delete(Delivery).where(Delivery.user_id == user_id))


def lose_inbox() -> None:
    db.session.execute(sa.delete(Delivery).where(Delivery.id == one("inbox")))


def tell_the_actor() -> None:
    entry = db.session.scalars(sa.select(OutboxEntry).join(Delivery, Delivery.entry_id == OutboxEntry.id)).first()
    assert entry is not None
    entry.actor_id = db.session.scalars(sa.select(Delivery.user_id).where(Delivery.entry_id == entry.id)).first()


def call_off_afterwards() -> None:
    entry_id = db.session.scalars(sa.select(Delivery.entry_id).limit(1)).one()
    db.session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == entry_id).values(cancelled_at=utcnow()))


def suspend_before_it_was_sent() -> None:
    line = db.session.get_one(Delivery, one("email", "sent"))
    before = utcnow() - timedelta(days=1)
    db.session.execute(sa.update(User).where(User.id == line.user_id).values(suspended_at=before))


def unsubscribe_before_it_was_sent() -> None:
    line = db.session.get_one(Delivery, one("email", "sent"))
    user_id, news = line.user_id, line.news
    db.session.commit()
    with unit_of_work():
        preferences.unsubscribe(Link(user_id, news, SUBJECT), Stop.KIND)
    change(one("email", "sent"), done_at=utcnow() + timedelta(hours=1))


FAULTS: list[tuple[str, Callable[[], None]]] = [
    ("I3", lose_both_lines),
    ("I10", lose_inbox),
    ("I3", tell_the_actor),
    ("I4", lambda: change(one("email", "failed"), reason=None)),
    ("I4", lambda: change(one("email", "suppressed"), reason="because")),
    ("I4", lambda: change(one("email", "sent"), done_at=None)),
    ("I4", lambda: change(one("email"), state="lost")),
    ("I4", lambda: change(one("inbox"), state="pending", done_at=None)),
    ("I4", lambda: change(one("email"), state="pending", lease="gone", due_at=utcnow() - timedelta(hours=1))),
    ("I7", call_off_afterwards),
    ("I7", suspend_before_it_was_sent),
    ("I7", unsubscribe_before_it_was_sent),
]


@pytest.mark.parametrize(("invariant", "plant"), FAULTS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_planted_fault_is_found(used: World, invariant: str, plant: Callable[[], None]):
    plant()

    assert invariant in breaches()


@pytest.mark.sqlite
def test_doctor_is_content_with_a_site_that_is_well(world: World, ideas_command):
    world.happens((person(), "voter"))
    world.work()

    result = ideas_command("doctor")

    assert result.exit_code == 0, result.output
    assert "All is well." in result.output


@pytest.mark.postgresql
def test_doctor_warns_of_a_database_that_would_not_survive_a_power_failure(world: World, ideas_command):
    """The tests' own PostgreSQL is one."""
    result = ideas_command("doctor")

    assert result.exit_code == 1
    assert "fsync is off." in result.output
    assert "What must hold: well" in result.output


def test_doctor_names_a_lost_line(used: World, ideas_command):
    lose_both_lines()

    result = ideas_command("doctor")

    assert result.exit_code == 1
    assert "I3: entry:" in result.output


def test_doctor_sees_that_no_worker_runs(world: World, ideas_command, clock):
    world.happens((person(), "voter"))
    clock.shift(timedelta(minutes=20))

    result = ideas_command("doctor")

    assert result.exit_code == 1
    assert "has waited for 20 minutes" in result.output
    assert "ideas worker" in result.output


def test_doctor_sees_that_mail_cannot_leave(make_app, ideas_command):
    from click.testing import CliRunner

    from ideas.cli import program
    from tests.servers import free_port

    app = make_app(MAIL_URL=f"smtp://127.0.0.1:{free_port()}")

    result = CliRunner().invoke(program(), ["doctor"], obj=app)

    assert result.exit_code == 1
    assert "The relay cannot be reached" in result.output
