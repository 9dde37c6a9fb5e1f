"""What `ideas doctor` looks at. Each finding says what is wrong and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from ideas import mail, migrating, rounds, setting_openid, settings, storage
from ideas.accounts import letters, openid, openid_asking
from ideas.accounts.openid_refusals import NotSignedIn
from ideas.db import Base, db, utcnow
from ideas.ledger import beats, checker, fanout, sending

LATE = timedelta(minutes=5)  # a worker that is well has nothing wait so long
DRIFT_MOST = timedelta(seconds=5)  # leases and settle times are minutes
FREE_LEAST = 500 * 2**20  # bytes
PROBE = "0000000000doctor.probe"


def look() -> dict[str, list[str]]:
    """What is wrong, by part; a part that needs a database which is away is left out."""
    found: dict[str, list[str]] = {}
    for name, part in PARTS.items():
        try:
            found[name] = list(part())
        except sa.exc.OperationalError as error:
            found["Database"] = [f"It cannot be used: {str(error.orig).strip()}. Look at DATABASE_URL and the server."]
        finally:
            db.session.rollback()
    return found


def notes() -> list[str]:
    """What is allowed and probably not meant."""
    found = settings.current().advice()
    if beats.last_heard_of() is None and not settings.current().is_production:
        found.append("No worker runs now. Nobody hears of anything until one does: ideas worker")
    found += _providers()
    db.session.rollback()
    return found


def _providers() -> Iterator[str]:
    """Whether the providers with which people sign in can be asked. Others run them, so it is a note and no fault."""
    for provider in openid.offered():
        try:
            openid_asking.keys(provider)
        except NotSignedIn as refusal:
            issuer = setting_openid.variable(provider.slug, "ISSUER")
            yield (
                f"Nobody can sign in with {provider.name} now: {refusal.because}. Look at {issuer}, at OUTGOING_ALLOW "
                "if it is inside your network, and at the provider."
            )


def _database() -> Iterator[str]:
    with db.engine.connect() as connection:
        is_current = migrating.taken(connection) == migrating.newest()
    if not is_current:
        yield "It is not in the shape this version needs. Run: ideas migrate"
    kind = db.session.get_bind().dialect.name
    for question, wanted, what_to_do in _SETTINGS[kind]:
        answer = str(db.session.scalar(sa.text(question))).lower()
        if answer not in wanted:
            yield f"{question.removeprefix('SHOW ').removeprefix('PRAGMA ')} is {answer}. {what_to_do}"
    if is_current:
        yield from _indexes()
    if kind == "postgresql":
        yield from _clock()


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


def _indexes() -> Iterator[str]:
    """An index that somebody dropped, or that was built halfway, makes pages slow and says nothing."""
    inspector = sa.inspect(db.session.connection())
    for table in Base.metadata.sorted_tables:
        there = {index["name"] for index in inspector.get_indexes(table.name)}
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if index.name not in there:
                yield f"The index {index.name} is missing. Make it again: ideas backup, then ideas restore --replace"
    if db.session.get_bind().dialect.name == "postgresql":
        for name in db.session.scalars(sa.text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")):
            yield f"The index {name} is not valid. Run in the database: REINDEX INDEX {name}"


def _clock() -> Iterator[str]:
    before = utcnow()
    theirs = db.session.scalars(sa.select(sa.func.clock_timestamp())).one()
    after = utcnow()
    drift = max(before - theirs, theirs - after)
    if drift > DRIFT_MOST:
        yield (
            f"Its clock and this machine's are {drift.total_seconds():.0f} seconds apart. "
            "Run chrony or systemd-timesyncd on both."
        )


def _mail() -> Iterator[str]:
    transport = mail.transport_for(settings.current())
    try:
        transport.check()
    except mail.RelayDown as error:
        yield f"{error} Look at MAIL_URL and the mail server."
    finally:
        transport.close()


def _worker() -> Iterator[str]:
    """Whether anybody works, and whether what is due is done."""
    now = utcnow()
    heard = beats.last_heard_of()
    if heard is not None and now - heard > LATE:
        minutes = int((now - heard) / timedelta(minutes=1))
        yield f"No worker was heard of for {minutes} minutes. Look at its log, and start one: ideas worker"
    if heard is None and settings.current().is_production:
        yield "No worker runs. Start one: ideas worker"
    waiting = (
        ("to be announced", fanout.next_due()),
        ("mail", sending.next_due()),
        ("letter, such as a link to sign in,", letters.next_due()),
        ("periodic work", rounds.next_due(settings.rooms().rounds)),
    )
    for what, due in waiting:
        if due is not None and now - due > LATE:
            minutes = int((now - due) / timedelta(minutes=1))
            yield f"The oldest {what} has waited for {minutes} minutes. Is a worker running? Start one: ideas worker"
    stuck = fanout.count_stuck(now)
    if stuck:
        yield f"{stuck} announcements keep failing; the worker's log says why (cannot_announce)."
    for name in rounds.failing(settings.rooms().rounds):
        yield f"The periodic work {name} keeps failing; the worker's log says why (round_failed)."


def _files() -> Iterator[str]:
    """Room on the disk, and the place where pictures are kept."""
    folders = {settings.current().instance_path}
    if db.engine.dialect.name == "sqlite":
        folders.add(Path(db.engine.url.database or "").parent)
    for folder in sorted(folders):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < FREE_LEAST:
            yield f"{folder} has {free // 2**20} MB left. Make room, or what is written next is lost."
    try:
        storage.pictures().put(PROBE, b"probe", "application/octet-stream")
        kept = storage.pictures().open(PROBE)
        storage.pictures().delete(PROBE)
    except (storage.Unavailable, storage.Missing) as error:
        yield f"Pictures cannot be kept: {error} Look at PICTURES_URL."
    else:
        if kept != b"probe":
            yield "What is kept as a picture comes back as something else. Look at PICTURES_URL."


def _invariants() -> Iterator[str]:
    for breaches in checker.run_all().values():
        for breach in breaches:
            yield f"{breach.invariant}: {breach.where} {breach.what}"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "Database": _database,
    "Mail": _mail,
    "Queue": _worker,
    "Files": _files,
    "What must hold": _invariants,
}
