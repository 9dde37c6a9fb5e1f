import pytest
import sqlalchemy as sa

from ideas.accounts import checks, keys, people, suppressions
from ideas.accounts.models import AuditEntry, SiteRole, Suppression, User
from ideas.db import db
from ideas.mail_reports import Verdict
from ideas.settings import rooms
from tests.accounts.arranging import a_person, an_admin, committed

pytestmark = pytest.mark.usefixtures("app")


def test_what_is_done_through_the_services_leaves_nothing_to_complain_of():
    petra = committed(people.create, "petra@example.test", "Petra", site_role=SiteRole.ADMIN)
    mia, ole = a_person(), a_person("ole@example.test", "Ole")
    committed(people.suspend, petra, mia, reason="spam on every board")
    committed(people.set_role, petra, ole, SiteRole.TEAM)
    committed(keys.make, ole, "Calendar", ["ideas:read"])
    committed(suppressions.note, "d1", "ole@example.test", Verdict.NOBODY)
    committed(suppressions.note, "d2", "mia@example.test", Verdict.COMPLAINT)

    assert checks.privilege_is_audited() == []
    assert checks.stopped_mail_is_known() == []


def test_a_role_or_suspension_put_there_by_hand_is_found():
    petra = an_admin()
    mia = a_person(suspended_at=petra.created_at)

    found = {breach.where for breach in checks.privilege_is_audited()}

    assert found == {f"person:{petra.id}", f"person:{mia.id}"}


def test_a_key_that_nobody_is_on_record_for_is_found():
    committed(keys.make, a_person(), "Calendar", ["ideas:read"])
    committed(db.session.execute, sa.delete(AuditEntry).where(AuditEntry.act == "key.made"))

    assert [breach.where[:4] for breach in checks.privilege_is_audited()] == ["key:"]


@pytest.mark.parametrize(
    "behind",
    [
        sa.delete(Suppression),
        sa.update(User).values(mail_stopped=None),
        sa.update(User).values(mail_stopped="complained"),
    ],
)
def test_somebody_whom_the_list_knows_otherwise_is_found(behind):
    mia = a_person()
    committed(suppressions.note, "d1", mia.email, Verdict.NOBODY)
    committed(db.session.execute, behind)

    assert [breach.where for breach in checks.stopped_mail_is_known()] == [f"person:{mia.id}"]


def test_the_doctor_asks_for_it():
    assert set(checks.CHECKS.values()) <= set(rooms().checks.values())
