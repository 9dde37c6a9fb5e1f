"""Whoever types an address learns nothing of whether it is known: same answer, same work, same limits.

Here the work is counted; `bench.timing` measures what it takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import argon2
import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.db import db, utcnow
from tests.accounts.arranging import PASSWORD, a_person, an_imported_person

UNKNOWN = "empty@example.test"
FORMS = {
    "/sign-in": {"password": "wrong words here"},
    "/sign-in/link": {"next": "/receipts"},
    "/reset": {},
    "/sign-up": {"name": "Somebody", "password": PASSWORD},
}


def known(kind):
    """Somebody with an address as long as the unknown one."""
    email = "known@example.test"
    if kind == "imported":
        return an_imported_person(email)
    person = a_person(email, password=None if kind == "without a password" else PASSWORD)
    if kind == "suspended":
        person.suspended_at = utcnow()
    if kind == "with an old password":
        person.password_hash = argon2.PasswordHasher(time_cost=1, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)
    if kind == "administrator":
        person.site_role = "admin"
    db.session.commit()
    return person


KINDS = ("with a password", "without a password", "imported", "suspended", "administrator")


@dataclass
class Work:
    """What one request took: statements, hashes, and how many rows each table has more."""

    statements: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def asking(app, monkeypatch):
    """Sends a form with that address from a new browser; gives its answer and the work it took."""
    work = Work()
    for name in ("hash", "verify"):
        real = getattr(argon2.PasswordHasher, name)

        def counted(hasher, *arguments, real=real, name=name):
            work.hashes.append(f"{name} {hasher.memory_cost} {hasher.time_cost}")
            return real(hasher, *arguments)

        monkeypatch.setattr(argon2.PasswordHasher, name, counted)

    def note(_connection, _cursor, statement, *_rest):
        work.statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)

    def ask(path, email):
        before = rows()
        work.statements, work.hashes = [], []
        answer = app.test_client().post(path, data={"email": email, **FORMS[path]})
        statements, hashes = list(work.statements), list(work.hashes)
        after = rows()
        return answer, Work(statements, hashes, {name: after[name] - before[name] for name in after})

    yield ask
    sa.event.remove(db.engine, "before_cursor_execute", note)


def rows():
    count = sa.func.count()
    return {table.name: db.session.scalar(sa.select(count).select_from(table)) for table in db.metadata.sorted_tables}


def comparable(answer, email):
    """All that came back but for the secrets in it, which are as long as each other."""
    headers = [(name, re.sub(r"(?<=session=)[^;]+", "S", value)) for name, value in answer.headers]
    plain = [(name, value) for name, value in headers if name not in ("X-Request-Id", "Date")]
    text = re.sub(r'(?<=name="csrf_token" value=")[^"]*', "T", answer.text.replace(email, "E"))
    return answer.status_code, plain, text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", FORMS)
def test_a_known_address_is_answered_like_an_unknown_one(asking, path, kind):
    person = known(kind)
    asking(path, UNKNOWN)  # what is made once for a process is made now

    there, nowhere = (asking(path, email)[0] for email in (person.email, UNKNOWN))

    assert comparable(there, person.email) == comparable(nowhere, UNKNOWN)
    cookies = [len(answer.headers.get("Set-Cookie", "")) for answer in (there, nowhere)]
    assert abs(cookies[0] - cookies[1]) <= 4  # what they are signed with is compressed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", FORMS)
def test_a_known_address_takes_the_work_of_an_unknown_one(asking, path, kind):
    person = known(kind)
    asking(path, UNKNOWN)

    there, nowhere = (asking(path, email)[1] for email in (person.email, UNKNOWN))

    assert there.statements == nowhere.statements
    assert there.hashes == nowhere.hashes
    assert there.rows == nowhere.rows
    assert len(nowhere.hashes) == (path in ("/sign-in", "/sign-up"))
    assert nowhere.rows["attempt"] == 3
    assert nowhere.rows["ticket"] == nowhere.rows["letter"] == (path != "/sign-in")


def test_work_that_is_left_out_for_nobody_is_seen(asking, monkeypatch):
    """The check turns red for the oldest mistake of this kind: no hash for somebody who is not there."""
    from ideas.accounts import passwords

    person, real = known("with a password"), passwords.is_right
    monkeypatch.setattr(passwords, "is_right", lambda password, kept: kept is not None and real(password, kept))

    there, nowhere = (asking("/sign-in", email)[1] for email in (person.email, UNKNOWN))

    assert there.hashes != nowhere.hashes


def test_how_long_a_text_for_nobody_is_says_nothing_to_whoever_reads_the_database(asking):
    """The queue of mail has the same rows for both; whether one is a decoy is seen by its recipient alone."""
    person = known("with a password")
    for email in (person.email, UNKNOWN):
        asking("/reset", email)

    from ideas.accounts.models import Letter

    there, nowhere = db.session.scalars(sa.select(Letter).order_by(Letter.id))
    assert (there.recipient, nowhere.recipient) == (person.email, "")
    assert len(there.text) == len(nowhere.text)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
