"""The command line about people."""

import pytest
import sqlalchemy as sa

from ideas.accounts import keys
from ideas.accounts.models import AuditEntry, User
from ideas.db import db
from tests.accounts.arranging import a_person, who_is_in


def now() -> User:
    return db.session.scalars(sa.select(User).execution_options(populate_existing=True)).one()


def test_a_key_is_printed_alone_on_the_last_line(ideas_command):
    mia = a_person()

    done = ideas_command("key", "create", "MIA@example.test", "--scopes", "ideas:read,votes:write", "--name", "Nightly")

    assert done.exit_code == 0, done.output
    key = keys.find(done.output.splitlines()[-1])
    assert key is not None
    assert key.user.id == mia.id
    assert key.scopes == {"ideas:read", "votes:write"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mia@example.test", "--scopes", "everything"], 2, "There is no scope “everything”"),
        (["mia@example.test", "--scopes", ""], 2, "Choose what the key is for"),
        (["mia@example.test"], 2, "--scopes"),
        (["nobody@example.test", "--scopes", "ideas:read"], 1, "Nobody has the address"),
        (["nonsense", "--scopes", "ideas:read"], 2, "is not an e-mail address"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(ideas_command, arguments, code, said):
    a_person()

    done = ideas_command("key", "create", *arguments)

    assert done.exit_code == code
    assert said in done.output


def test_the_operator_suspends_gives_roles_and_it_is_audited(ideas_command):
    a_person()

    assert ideas_command("user", "suspend", "mia@example.test", "--reason", "spam everywhere").exit_code == 0
    assert now().is_suspended
    assert ideas_command("user", "unsuspend", "mia@example.test").exit_code == 0
    assert ideas_command("user", "role", "mia@example.test", "admin").exit_code == 0

    assert now().is_admin
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.actor_id, entry.act) for entry in entries] == [
        (None, "person.suspended"),
        (None, "person.unsuspended"),
        (None, "person.role_changed"),
    ]


def test_a_link_by_hand_lets_a_person_choose_a_password(ideas_command, client):
    a_person()

    done = ideas_command("user", "link", "mia@example.test")
    path = done.output.strip().removeprefix("http://localhost")
    client.post(path, data={"password": "an altogether new one"})

    assert who_is_in(client) == "Mia"
