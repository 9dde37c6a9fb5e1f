"""What another system knows of companies and people is put in by its own ids, as often as it likes."""

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts import erasing, people, schemas_customers, upserting
from ideas.accounts.models import AuditEntry, Company, User
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from tests.accounts.arranging import a_person, an_admin, an_imported_person
from tests.api.test_cost import counted
from tests.factories import CompanyFactory, UserFactory

pytestmark = pytest.mark.usefixtures("app")


def company(**said):
    return schemas_customers.CompanyRow().load(said)


def person(**said):
    return schemas_customers.PersonRow().load(said)


def put_companies(*rows, actor=None):
    with unit_of_work():
        return upserting.put_companies(actor, list(rows))


def put_people(*rows, actor=None):
    with unit_of_work():
        return upserting.put_people(actor, list(rows))


def the_company(**known):
    return db.session.scalars(sa.select(Company).filter_by(**known)).one()


def the_person(**known):
    return db.session.scalars(sa.select(User).filter_by(**known)).one()


def acts():
    return [entry.act for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


# --- Companies ---


def test_a_company_is_made_and_then_changed():
    first = put_companies(company(external_id="acct-1", name="Shed Ltd", plan="free", attributes={"seats": 12}))
    second = put_companies(company(external_id="acct-1", plan="pro", monthly_revenue=19_000, attributes={"eu": True}))

    assert (first.added, second.changed) == (1, 1)
    assert second.done[0].changed == {
        "plan": ("free", "pro"),
        "monthly_revenue": (None, 19_000),
        "attributes.eu": (None, "true"),
    }
    shed = the_company(external_id="acct-1")
    assert (shed.name, shed.plan, shed.attributes) == ("Shed Ltd", "pro", {"seats": "12", "eu": "true"})


def test_what_is_sent_again_changes_nothing_and_is_not_in_the_log():
    said = company(external_id="acct-1", name="Shed Ltd", renews_on="2027-03-01", attributes={"seats": 12})
    put_companies(said)

    again = put_companies(said)

    assert (again.added, again.changed, again.same) == (0, 0, 1)
    assert acts() == ["company.added"]


def test_null_clears_and_what_is_left_out_stays():
    put_companies(
        company(external_id="a", name="Shed Ltd", plan="pro", monthly_revenue=5, attributes={"x": "1", "y": "2"})
    )

    put_companies(company(external_id="a", plan=None, attributes={"x": None}))

    shed = the_company(external_id="a")
    assert (shed.plan, shed.monthly_revenue, shed.attributes) == (None, 5, {"y": "2"})


def test_a_company_without_an_id_is_found_by_its_name_and_keeps_its_people():
    shed = CompanyFactory(name="Shed Ltd")
    mia = UserFactory(company=shed)

    done = put_companies(company(external_id="acct-1", name="Shed Ltd", plan="pro"))

    assert done.added == 0
    assert db.session.get_one(User, mia.id).company_id == the_company(external_id="acct-1").id


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"external_id": "b", "name": "Shed Ltd"}, "The company with the id “a” has this name already."),
        ({"external_id": "c"}, "so say what it is called"),
    ],
)
def test_what_cannot_be_taken_names_its_field(second, message):
    put_companies(company(external_id="a", name="Shed Ltd"), company(external_id="b", name="Rake Ltd"))

    done = put_companies(company(external_id="d", name="Hoe Ltd"), company(**second))

    assert message in done.wrong[1]["name"][0]
    assert done.added == 1


def test_the_same_id_or_name_twice_in_one_sending_is_refused():
    twice = put_companies(
        company(external_id="a", name="Shed Ltd"),
        company(external_id="a", name="Rake Ltd"),
        company(external_id="b", name="Shed Ltd"),
    )

    assert {number: list(wrong) for number, wrong in twice.wrong.items()} == {1: ["external_id"], 2: ["name"]}


def test_thousands_take_a_handful_of_statements_for_each_chunk():
    rows = [company(external_id=f"a{number}", name=f"Company {number}", plan="pro") for number in range(1200)]

    with counted() as asked:
        done = put_companies(*rows)

    assert done.added == 1200
    assert len(asked) < 40, "\n".join(asked)


# --- People ---


def test_a_person_is_made_unclaimed_and_belongs_to_their_company():
    put_companies(company(external_id="acct-1", name="Shed Ltd"))

    put_people(person(external_id="u1", email="Ole@Example.test", company="acct-1", attributes={"role": "buyer"}))

    ole = the_person(external_id="u1")
    assert (ole.email, ole.name, ole.is_claimed) == ("ole@example.test", "ole", False)
    assert ole.company_id == the_company(external_id="acct-1").id


def test_who_has_an_account_keeps_name_and_address():
    mia = a_person()

    done = put_people(person(external_id="u1", email="mia@example.test", name="M.", attributes={"vip": "yes"}))

    assert done.done[0].changed == {"external_id": (None, "u1"), "attributes.vip": (None, "yes")}
    put_people(person(external_id="u1", email="other@example.test", name="Other"))
    mia = the_person(id=mia.id)
    assert (mia.name, mia.email, mia.attributes) == ("Mia", "mia@example.test", {"vip": "yes"})


def test_an_unclaimed_person_is_renamed_and_reached():
    UserFactory(imported=True, name="voter 17", external_id="u1")
    an_imported_person()

    done = put_people(
        person(external_id="u1", email="new@example.test", name="Ada"),
        person(external_id="u2", email="ole@example.test"),
    )

    assert the_person(external_id="u1").email == "new@example.test"
    assert the_person(external_id="u1").name == "Ada"
    assert the_person(external_id="u2").name == "voter 17"
    assert done.added == 0


def test_null_takes_somebody_out_of_their_company():
    put_companies(company(external_id="acct-1", name="Shed Ltd"))
    put_people(person(external_id="u1", name="Ole", company="Shed Ltd"))

    done = put_people(person(external_id="u1", company=None))

    assert done.done[0].changed == {"company": ("Shed Ltd", None)}
    assert the_person(external_id="u1").company_id is None


@pytest.mark.parametrize(
    ("said", "name", "message"),
    [
        ({"external_id": "u9", "email": "mia@example.test"}, "email", "The person with the id “u1” has this address."),
        ({"external_id": "u2", "email": "mia@example.test"}, "email", "Somebody else has this address."),
        ({"external_id": "u9"}, "name", "so say their name or their address"),
        ({"external_id": "u2", "company": "nowhere"}, "company", "There is no company “nowhere”."),
    ],
)
def test_a_person_that_cannot_be_taken_names_the_field(said, name, message):
    a_person(external_id="u1")
    UserFactory(external_id="u2")

    done = put_people(person(**said))

    assert message in done.wrong[0][name][0]
    assert done.done == []


def test_nobody_is_told_and_the_log_says_who_did_it():
    petra = an_admin()

    put_people(person(external_id="u1", name="Ole"), person(external_id="u2", name="Ada"), actor=petra)

    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.act, entry.subject, entry.actor_id) == ("people.put", "people", petra.id)
    assert entry.details == {"added": 2, "changed": 0, "refused": 0}


@pytest.mark.parametrize("act", [upserting.put_companies, upserting.put_people])
def test_only_administrators_put_anything_in(act):
    with pytest.raises(NotFound), unit_of_work():
        act(a_person(), [])


def test_who_is_erased_is_not_found_by_their_id_again():
    ole = an_imported_person()
    put_people(person(external_id="u1", email="ole@example.test", attributes={"note": "calls on Mondays"}))
    with unit_of_work():
        erasing.erase(None, people.locked(ole.id), with_text=True)

    done = put_people(person(external_id="u1", name="Somebody new"))

    gone = db.session.get_one(User, ole.id)
    assert (gone.external_id, gone.attributes) == (None, {})
    assert done.added == 1


# --- What may be said ---


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"external_id": "a b"}, "external_id"),
        ({"external_id": "a/b"}, "external_id"),
        ({"external_id": ".."}, "external_id"),
        ({"external_id": "x" * 81}, "external_id"),
        ({"monthly_revenue": -1}, "monthly_revenue"),
        ({"monthly_revenue": 1.5}, "monthly_revenue"),
        ({"renews_on": "1 March"}, "renews_on"),
        ({"plan": "x" * 41}, "plan"),
        ({"name": " "}, "name"),
        ({"attributes": {"Seats": "1"}}, "attributes"),
        ({"attributes": {"seats": ["1"]}}, "attributes"),
        ({"attributes": {"seats": "x" * 201}}, "attributes"),
        ({"attributes": {f"a{number}": "1" for number in range(41)}}, "attributes"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(said, name):
    with pytest.raises(ValidationError) as refused:
        company(**{"external_id": "a", "name": "A", **said})

    assert list(refused.value.messages_dict) == [name]


def test_numbers_and_truth_are_kept_as_texts():
    said = company(
        external_id="a", attributes={"seats": 12, "rate": 0.5, "whole": 3.0, "eu": False, "no": "", "nil": None}
    )

    assert said["attributes"] == {"seats": "12", "rate": "0.5", "whole": "3", "eu": "false", "no": None, "nil": None}
