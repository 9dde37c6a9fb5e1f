"""Companies and people, as programs put them in and the team reads them."""

import pytest

from ideas.accounts import api_examples as examples
from tests.factories import CompanyFactory, UserFactory

COMPANY = {"name": "Shed Ltd", "plan": "pro", "monthly_revenue": 19_000, "renews_on": "2027-03-01"}


@pytest.fixture
def admin(ask):
    return ask(UserFactory(admin=True))


def problems(answer):
    return {line["pointer"]: line["detail"] for line in answer.get_json(force=True)["errors"]}


def test_a_company_is_put_in_by_its_id_elsewhere(admin):
    first = admin.put("companies/external/acct-1", {**COMPANY, "attributes": {"seats": 12}})
    again = admin.put("companies/external/acct-1", {"plan": None})

    assert first.status_code == again.status_code == 200
    assert again.json == {**first.json, "plan": None}
    assert first.json["attributes"] == {"seats": "12"}
    assert first.json["currency"] == "EUR"


def test_a_person_is_put_in_with_their_company(admin):
    admin.put("companies/external/acct-1", COMPANY)

    ole = admin.put("people/external/auth0%7C17", {"email": "ole@example.test", "company": "acct-1"}).json

    assert (ole["external_id"], ole["name"], ole["has_account"]) == ("auth0|17", "ole", False)
    assert ole["company"]["name"] == "Shed Ltd"


def test_of_a_batch_all_is_taken_or_nothing(admin):
    CompanyFactory(name="Rake Ltd", external_id="r")
    fine = {"external_id": "s", "name": "Shed Ltd"}

    refused = admin.post("companies/batch", {"data": [fine, {"external_id": "t", "name": "Rake Ltd"}]})
    taken = admin.post("companies/batch", {"data": [fine, {"external_id": "r", "plan": "pro"}]})

    assert refused.status_code == 422
    assert problems(refused) == {"/data/1/name": "The company with the id “r” has this name already."}
    assert taken.json == {"added": 1, "changed": 1, "same": 0}


def test_the_examples_of_the_description_are_taken(admin):
    company = admin.put("companies/external/acct-17", examples.COMPANY_SAID)
    person = admin.put("people/external/user-88", examples.PERSON_SAID)

    assert {**company.json, "id": 4} == examples.COMPANY
    assert set(person.json) == set(examples.PERSON)
    assert admin.post("companies/batch", examples.COMPANIES).json == examples.PUT
    assert admin.post("people/batch", examples.PEOPLE).json == examples.PUT


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("companies/external/a", {"name": "A", "monthly_revenue": "12"}, "/monthly_revenue"),
        ("companies/external/a", {"name": "A", "attributes": {"Ä": "1"}}, "/attributes/Ä"),
        ("companies/external/a", {"plan": "pro"}, "/name"),
        ("people/external/a", {"email": "nobody"}, "/email"),
        ("people/external/a", {"name": "Ole", "company": "nowhere"}, "/company"),
    ],
)
def test_what_cannot_be_taken_is_named(admin, path, body, pointer):
    refused = admin.put(path, body)

    assert refused.status_code == 422
    assert pointer in problems(refused)


@pytest.mark.parametrize("external_id", ["a%20b", "..", "x" * 81, "a/b"])
def test_what_is_no_id_is_not_there(admin, external_id):
    assert admin.put(f"companies/external/{external_id}", COMPANY).status_code in (404, 405)
