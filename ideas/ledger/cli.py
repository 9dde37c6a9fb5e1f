"""Commands of this room: `doctor`, which looks at everything that can be looked at.

Exit codes: 0 all well, 1 something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import click
import sqlalchemy as sa

from ideas import mail, migrating, settings
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import checker, fanout, holding, sending

LATE = timedelta(minutes=5)  # a worker that is well has nothing wait so long


@click.command()
def doctor() -> None:
    """Look at the database, counters, mail, queue and settings; say what is wrong and what to do."""
    wrong = 0
    for name, look in PARTS.items():
        found = list(look())
        wrong += len(found)
        click.echo(f"{name}: {'well' if not found else ''}".rstrip())
        for line in found:
            click.echo(f"  {line}")
    for line in settings.current().advice():
        click.echo(f"Note: {line}")
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
    click.echo("All is well.")


@click.command("resume-sending")
def resume_sending() -> None:
    """Send what was held back when a backup was restored, to those who still want it."""
    with unit_of_work():
        held = holding.let_go()
    click.echo(f"Released: {held.messages} messages and the mail of {held.announcements} announcements.")


def _database() -> Iterator[str]:
    if not migrating.is_current(settings.current().database_url):
        yield "It is not in the shape this version needs. Run: ideas migrate"
    kind = db.session.get_bind().dialect.name
    for question, wanted, what_to_do in _SETTINGS[kind]:
        answer = str(db.session.scalar(sa.text(question))).lower()
        if answer not in wanted:
            yield f"{question.removeprefix('SHOW ').removeprefix('PRAGMA ')} is {answer}. {what_to_do}"
    db.session.rollback()


_SETTINGS: dict[str, tuple[tuple[str, set[str], str], ...]] = {
    "sqlite": (
        ("PRAGMA journal_mode", {"wal"}, "Readers would wait for writers: is the folder on a network drive?"),
        ("PRAGMA synchronous", {"2", "3"}, "A power failure could lose what was acknowledged."),
        ("PRAGMA foreign_keys", {"1"}, "Rows could point nowhere."),
        ("PRAGMA quick_check", {"ok"}, "The file is damaged: restore a backup."),
    ),
    "postgresql": (
        ("SHOW server_encoding", {"utf8"}, "Make the database anew with ENCODING 'UTF8', or names will be refused."),
        ("SHOW fsync", {"on"}, "A power failure could destroy the database: set fsync = on."),
        (
            "SHOW synchronous_commit",
            {"on", "local", "remote_write", "remote_apply"},
            "A power failure could lose what was acknowledged: set synchronous_commit = on.",
        ),
    ),
}


def _mail() -> Iterator[str]:
    transport = mail.transport_for(settings.current())
    try:
        transport.check()
    except mail.RelayDown as error:
        yield f"{error} Look at MAIL_URL and the mail server."
    finally:
        transport.close()


def _queue() -> Iterator[str]:
    now = utcnow()
    for what, due in (("to be announced", fanout.next_due()), ("mail", sending.next_due())):
        if due is not None and now - due > LATE:
            minutes = int((now - due) / timedelta(minutes=1))
            yield f"The oldest {what} has waited for {minutes} minutes. Is a worker running? Start one: ideas worker"
    stuck = fanout.count_stuck(now)
    if stuck:
        yield f"{stuck} announcements keep failing; the worker's log says why (cannot_announce)."
    db.session.rollback()


def _invariants() -> Iterator[str]:
    for breaches in checker.run_all().values():
        for breach in breaches:
            yield f"{breach.invariant}: {breach.where} {breach.what}"
    db.session.rollback()


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "Database": _database,
    "Mail": _mail,
    "Queue": _queue,
    "What must hold": _invariants,
}

commands = [doctor, resume_sending]
