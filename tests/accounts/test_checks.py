import pytest

from ideas.accounts import checks, people
from ideas.accounts.models import SiteRole
from ideas.settings import rooms
from tests.accounts.arranging import a_person, an_admin, committed

pytestmark = pytest.mark.usefixtures("app")


def test_what_is_done_through_the_services_leaves_nothing_to_complain_of():
    petra = committed(people.create, "petra@example.test", "Petra", site_role=SiteRole.ADMIN)
    mia, ole = a_person(), a_person("ole@example.test", "Ole")
    committed(people.suspend, petra, mia, reason="spam on every board")
    committed(people.set_role, petra, ole, SiteRole.TEAM)

    assert checks.privilege_is_audited() == []


def test_a_role_or_suspension_put_there_by_hand_is_found():
    petra = an_admin()
    mia = a_person(suspended_at=petra.created_at)

    found = {breach.where for breach in checks.privilege_is_audited()}

    assert found == {f"person:{petra.id}", f"person:{mia.id}"}


def test_the_doctor_asks_for_it():
    assert checks.privilege_is_audited in rooms().checks.values()
