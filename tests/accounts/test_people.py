"""Who writes people and companies, and what administrators may do to them."""

import csv
import io
import json
import threading
import time

import pytest
import sqlalchemy as sa

from ideas.accounts import people, queries
from ideas.accounts.errors import AddressTaken, NameTaken
from ideas.accounts.models import AuditEntry, Company, SiteRole, User, UserSession
from ideas.db import db, utcnow
from ideas.errors import DomainError, NotAllowed, NotFound
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_admin,
    an_imported_person,
    committed,
    enter,
    sign_in,
    who_is_in,
)

pytestmark = pytest.mark.usefixtures("app")


def audited() -> list[tuple[int | None, str, str]]:
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.actor_id, entry.act, entry.subject) for entry in entries]


def now(person: User) -> User:
    return db.session.get_one(User, person.id, populate_existing=True)


# --- Making people ---


def test_who_is_created_can_sign_in(client):
    committed(people.create, "Mia@Example.test", "Mia", password=PASSWORD)

    sign_in(client)

    assert who_is_in(client) == "Mia"


def test_an_address_belongs_to_one_person():
    a_person()

    with pytest.raises(AddressTaken):
        committed(people.create, "MIA@example.test", "Another Mia")


def test_creating_an_imported_person_claims_them():
    ole = an_imported_person()

    committed(people.create, "ole@example.test", "Ole", password=PASSWORD)

    assert now(ole).is_claimed
    assert now(ole).name == "Ole"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


def test_making_an_administrator_is_audited_and_making_a_member_is_not():
    committed(people.create, "mia@example.test", "Mia")
    petra = committed(people.create, "petra@example.test", "Petra", site_role=SiteRole.ADMIN)

    assert audited() == [(None, "person.created", f"person:{petra.id}")]


def test_imported_people_come_in_order_and_an_address_is_one_person():
    mia = a_person()
    rows = [
        people.Unclaimed("voter 1", "one@example.test"),
        people.Unclaimed("voter 2"),
        people.Unclaimed("voter 3", "MIA@example.test"),
        people.Unclaimed("voter 1 again", "ONE@example.test"),
        people.Unclaimed("voter 2"),
    ]

    ids = committed(people.add_unclaimed, rows)

    assert ids[2] == mia.id
    assert ids[0] == ids[3]
    assert len({ids[0], ids[1], ids[2], ids[4]}) == 4
    assert now(mia).name == "Mia"
    assert db.session.get_one(User, ids[1]).name == "voter 2"
    assert db.session.get_one(User, ids[1]).is_imported
    assert committed(people.add_unclaimed, rows)[0] == ids[0]


def test_many_imported_people_at_once():
    rows = [people.Unclaimed(f"voter {n}", f"v{n}@example.test" if n % 2 else None) for n in range(1201)]

    ids = committed(people.add_unclaimed, rows)

    assert len(set(ids)) == 1201


def test_nobody_can_sign_in_as_an_imported_person(client):
    an_imported_person()

    assert sign_in(client, "ole@example.test").status_code == 422


# --- What administrators do ---


def test_a_suspended_person_is_signed_out_everywhere_and_it_is_audited(client):
    petra, mia = an_admin(), a_person(password=PASSWORD)
    sign_in(client)

    committed(people.suspend, petra, mia, reason="spam on every board")

    assert now(mia).is_suspended
    assert db.session.scalars(sa.select(UserSession)).all() == []
    assert audited() == [(petra.id, "person.suspended", f"person:{mia.id}")]


def test_suspending_twice_is_suspending_once():
    petra, mia = an_admin(), a_person()

    for _ in range(2):
        committed(people.suspend, petra, mia, reason="spam on every board")
    for _ in range(2):
        committed(people.unsuspend, petra, mia)

    assert not now(mia).is_suspended
    assert [act for _, act, _ in audited()] == ["person.suspended", "person.unsuspended"]


def test_a_role_is_given_and_audited_with_what_it_was():
    petra, mia = an_admin(), a_person()

    committed(people.set_role, petra, mia, SiteRole.TEAM)

    assert now(mia).is_site_team
    (entry,) = db.session.scalars(sa.select(AuditEntry))
    assert entry.details == {"before": "member", "after": "team"}


def test_nobody_holds_a_role_in_an_account_nobody_claimed():
    petra, ole = an_admin(), an_imported_person()

    with pytest.raises(NotAllowed):
        committed(people.set_role, petra, ole, SiteRole.TEAM)


PRIVILEGED = {
    "suspend": lambda actor, person: people.suspend(actor, person, reason="because I can"),
    "unsuspend": lambda actor, person: people.unsuspend(actor, person),
    "set a role": lambda actor, person: people.set_role(actor, person, SiteRole.ADMIN),
    "set a title": lambda actor, person: people.set_title(actor, person, "Boss"),
    "set a company": lambda actor, person: people.set_company(actor, person, None),
    "add a company": lambda actor, person: people.create_company(actor, "Allotments Ltd"),
    "list people": lambda actor, person: queries.people(actor),
    "see a person": lambda actor, person: queries.get_person(actor, person.id),
    "list companies": lambda actor, person: queries.companies(actor),
    "read the audit log": lambda actor, person: queries.audit(actor),
}


@pytest.mark.parametrize("act", PRIVILEGED)
@pytest.mark.parametrize("role", [SiteRole.MEMBER, SiteRole.TEAM])
def test_charlie_may_do_nothing_of_it_and_learns_nothing(act, role):
    charlie, mia = a_person("charlie@example.test", "Charlie", site_role=role), a_person()

    with pytest.raises(NotFound):
        committed(PRIVILEGED[act], charlie, mia)

    assert audited() == []


@pytest.mark.parametrize("act", PRIVILEGED)
def test_a_suspended_administrator_may_do_nothing_of_it(act):
    petra, mia = an_admin(suspended_at=utcnow()), a_person()

    with pytest.raises(NotAllowed):
        committed(PRIVILEGED[act], petra, mia)

    assert audited() == []


@pytest.mark.parametrize("act", ["suspend", "set a role"])
def test_administrators_leave_their_own_rights_to_another(act):
    petra = an_admin()

    with pytest.raises(NotAllowed):
        committed(PRIVILEGED[act], petra, petra)


def test_two_administrators_cannot_dismiss_each_other_at_once(app):
    petra, paul = an_admin(), an_admin("paul@example.test", "Paul")
    petra_id, paul_id = petra.id, paul.id
    db.session.commit()
    dismissed, refused = threading.Event(), []

    def dismiss(actor_id, other_id, *, before_commit):
        actor, other = db.session.get_one(User, actor_id), db.session.get_one(User, other_id)
        people.set_role(actor, other, SiteRole.MEMBER)
        db.session.flush()
        before_commit()

    def linger():
        dismissed.set()
        time.sleep(0.5)  # the other one is at it by now

    def dismiss_back():
        dismissed.wait()
        with app.app_context():
            try:
                committed(dismiss, paul_id, petra_id, before_commit=lambda: None)
            except DomainError as error:
                refused.append(error)
            finally:
                db.session.remove()

    other_thread = threading.Thread(target=dismiss_back)
    other_thread.start()
    committed(dismiss, petra_id, paul_id, before_commit=linger)
    other_thread.join()

    admins = db.session.scalars(sa.select(User.id).where(User.site_role == SiteRole.ADMIN)).all()
    assert admins == [petra_id]
    assert len(refused) == 1


def test_a_rolled_back_act_leaves_no_audit_entry():
    petra, mia = an_admin(), a_person()

    def suspend_and_fail():
        people.suspend(petra, mia, reason="spam on every board")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        committed(suspend_and_fail)

    assert audited() == []
    assert not now(mia).is_suspended


def test_a_company_has_one_name():
    petra = an_admin()
    shed = committed(people.create_company, petra, "Shed Ltd")
    committed(people.create_company, petra, "Rake Ltd")

    with pytest.raises(NameTaken):
        committed(people.create_company, petra, "Shed Ltd")
    with pytest.raises(NameTaken):
        committed(people.rename_company, petra, shed, "Rake Ltd")
    committed(people.rename_company, petra, shed, "Shed & Sons")

    assert sorted(db.session.scalars(sa.select(Company.name))) == ["Rake Ltd", "Shed & Sons"]
    assert [act for _, act, _ in audited()] == ["company.created", "company.created", "company.renamed"]


# --- The pages ---


@pytest.fixture
def petra(client):
    person = an_admin()
    enter(client, person)
    return person


@pytest.mark.parametrize(
    "path", ["/manage/people", "/manage/people/1", "/manage/companies", "/manage/audit", "/manage/audit.csv"]
)
def test_the_pages_are_not_there_for_members_and_ask_visitors_to_sign_in(app, path):
    visitor, member = app.test_client(), app.test_client()
    enter(member, a_person())

    assert member.get(path).status_code == 404
    assert visitor.get(path).location.startswith("/sign-in?next=/manage/")


def test_people_are_found_by_part_of_name_or_address(client, petra):
    a_person()
    a_person("ole@oak.test", "Ole Olsen")
    a_person("percent@example.test", "100% Pia")

    def found(asked):
        page = client.get("/manage/people", query_string={"q": asked}).text
        return [name for name in ("Mia", "Ole Olsen", "100% Pia") if f">{name}</a>" in page]

    assert found("OLSEN") == ["Ole Olsen"]
    assert found("@oak") == ["Ole Olsen"]
    assert found("0%") == ["100% Pia"]
    assert found("nobody") == []
    assert found("\x00") == ["Mia", "Ole Olsen", "100% Pia"]


def test_people_are_paged_without_loss(client, petra):
    for number in range(90):
        db.session.add(User(name=f"Person {number:03}"))
    db.session.commit()
    seen, address = [], "/manage/people"

    while address:
        page = client.get(address).text
        seen += [name for name in (f"Person {number:03}" for number in range(90)) if f">{name}</a>" in page]
        _, more, _rest = page.partition('rel="next"')
        head = page[: page.find('rel="next"')]
        address = head.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&") if more else ""

    assert sorted(seen) == [f"Person {number:03}" for number in range(90)]


@pytest.mark.parametrize("path", ["/manage/people", "/manage/companies", "/manage/audit"])
def test_a_forged_place_in_a_list_is_refused(client, petra, path):
    assert client.get(f"{path}?cursor=forged").status_code == 422


@pytest.mark.parametrize("path", ["/manage/people", "/manage/companies", "/manage/audit"])
def test_a_long_list_costs_as_many_queries_as_a_short_one(client, petra, path):
    def cost():
        asked = []
        count = lambda *event: asked.append(event[2])  # noqa: E731 it has to be taken off again
        sa.event.listen(db.engine, "before_cursor_execute", count)
        assert client.get(path).status_code == 200
        sa.event.remove(db.engine, "before_cursor_execute", count)
        return len([statement for statement in asked if statement.startswith("SELECT")])

    committed(people.create_company, petra, "Company 0")
    short = cost()
    for number in range(1, 20):
        company = committed(people.create_company, petra, f"Company {number}")
        person = a_person(f"p{number}@example.test", f"Person {number}")
        committed(people.set_company, petra, person, company)

    assert cost() == short <= 6


def test_an_administrator_suspends_and_lets_back_in(client, petra):
    mia = a_person()

    assert client.post(f"/manage/people/{mia.id}/suspend", data={"reason": ""}).status_code == 422
    assert client.post(f"/manage/people/{mia.id}/suspend", data={"reason": "spam everywhere"}).status_code == 303
    assert "Suspended since" in client.get(f"/manage/people/{mia.id}").text
    assert client.post(f"/manage/people/{mia.id}/unsuspend").status_code == 303
    assert not now(mia).is_suspended


def test_an_administrator_gives_a_role(client, petra):
    mia = a_person()

    assert client.post(f"/manage/people/{mia.id}/role", data={"role": "emperor"}).status_code == 422
    assert client.post(f"/manage/people/{mia.id}/role", data={"role": "team"}).status_code == 303
    assert now(mia).site_role == "team"


def test_an_administrator_says_where_a_person_belongs(client, petra):
    mia = a_person()
    client.post("/manage/companies", data={"name": "Shed Ltd"})

    refused = client.post(f"/manage/people/{mia.id}/belonging", data={"company": "Shad Ltd", "title": "Chief"})
    assert refused.status_code == 422
    assert "There is no company “Shad Ltd”" in refused.text
    assert 'value="Shad Ltd"' in refused.text
    assert (
        client.post(f"/manage/people/{mia.id}/belonging", data={"company": "Shed Ltd", "title": "Chief"}).status_code
        == 303
    )

    page = client.get("/manage/people").text
    assert "Shed Ltd" in page
    assert now(mia).title == "Chief"
    assert client.post(f"/manage/people/{mia.id}/belonging", data={"company": "", "title": ""}).status_code == 303
    assert now(mia).company_id is None
    assert now(mia).title is None


def test_a_company_is_renamed_on_its_page(client, petra):
    client.post("/manage/companies", data={"name": "Shed Ltd"})
    client.post("/manage/companies", data={"name": "Rake Ltd"})
    shed = db.session.scalars(sa.select(Company).where(Company.name == "Shed Ltd")).one()

    assert "already" in client.post("/manage/companies", data={"name": "Rake Ltd"}).text
    assert "already" in client.post(f"/manage/companies/{shed.id}", data={"name": "Rake Ltd"}).text
    assert client.post(f"/manage/companies/{shed.id}", data={"name": "Shed & Sons"}).status_code == 303
    assert "Shed &amp; Sons" in client.get("/manage/companies").text


def test_the_audit_log_is_filtered_by_act_person_and_thing(client, petra):
    mia, ole = a_person(), a_person("ole@example.test", "Ole")
    committed(people.suspend, petra, mia, reason="spam on every board")
    committed(people.set_role, None, ole, SiteRole.TEAM)

    def shown(**asked):
        page = client.get("/manage/audit", query_string=asked).text
        return [act for act in ("person.suspended", "person.role_changed") if f"<code>{act}</code>" in page]

    assert shown() == ["person.suspended", "person.role_changed"]
    assert shown(act="person.suspended") == ["person.suspended"]
    assert shown(subject=f"person:{ole.id}") == ["person.role_changed"]
    assert shown(actor="petra") == ["person.suspended"]
    assert shown(actor="-") == ["person.role_changed"]
    assert shown(until="2001-01-01") == []
    wrong = client.get("/manage/audit.csv?since=yesterday")
    assert wrong.status_code == 422
    assert "“yesterday” is no day" in wrong.text
    assert shown(since="2001-01-01", until="9999-12-31") == ["person.suspended", "person.role_changed"]
    assert "spam on every board" in client.get("/manage/audit").text


def test_the_audit_log_is_had_whole_as_files_of_which_no_cell_is_a_formula(client, petra, monkeypatch):
    monkeypatch.setattr(queries, "TOGETHER", 1)
    mia = a_person()
    committed(people.suspend, petra, mia, reason="=HYPERLINK(1)")
    committed(people.rename_company, petra, committed(people.create_company, petra, "=1+1"), "@sum")

    table = client.get("/manage/audit.csv")
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    lines = [json.loads(line) for line in client.get("/manage/audit.ndjson?act=person.suspended").text.splitlines()]

    assert "attachment" in table.headers["Content-Disposition"]
    assert [row["act"] for row in rows] == ["company.renamed", "company.created", "person.suspended"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]
    assert [(line["actor"], line["details"]["reason"]) for line in lines] == [(petra.name, "=HYPERLINK(1)")]
