"""What other systems know of companies and people, sent as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from ideas import api
from ideas.accounts import api_examples as examples
from ideas.accounts import queries, schemas_customers, upserting
from ideas.accounts import schemas_out as shapes
from ideas.api import Blueprint
from ideas.db import unit_of_work

WRITE = "people:write"

blueprint = Blueprint("people", __name__, about="Companies and people, as your other systems know them.")


@blueprint.route("/companies/external/<external:external_id>", method="PUT")
@blueprint.needs(WRITE)
@blueprint.takes(schemas_customers.CompanySaid, example=examples.COMPANY_SAID)
@blueprint.gives(shapes.CompanyOut, example=examples.COMPANY)
def put_company(said: dict[str, Any], external_id: str) -> Any:
    """Put in a company by its id elsewhere

    Made or changed; what you leave out stays. A company that has no such id yet is found by its name. For
    administrators.
    """
    with unit_of_work():
        company_id = upserting.put_company(api.member(), external_id, said).id
    return shapes.company(queries.get_company(api.member(), company_id))


@blueprint.route("/companies/batch", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(schemas_customers.Companies, example=examples.COMPANIES)
@blueprint.gives(shapes.PutOut, example=examples.PUT)
def put_companies(said: dict[str, Any]) -> Any:
    """Put in up to 100 companies

    All of them, or none if one cannot be taken. For administrators.
    """
    with unit_of_work():
        return shapes.put(_whole(upserting.put_companies(api.member(), said["data"])))


@blueprint.route("/people/external/<external:external_id>", method="PUT")
@blueprint.needs(WRITE)
@blueprint.takes(schemas_customers.PersonSaid, example=examples.PERSON_SAID)
@blueprint.gives(shapes.CustomerOut, example=examples.PERSON)
def put_person(said: dict[str, Any], external_id: str) -> Any:
    """Put in a person by their id elsewhere

    Made or changed; what you leave out stays. Somebody who has no such id yet is found by their address. Who has an
    account keeps name and address; who is new has none until they prove theirs. Nobody is told. For administrators.
    """
    with unit_of_work():
        person_id = upserting.put_person(api.member(), external_id, said).id
    return shapes.customer(queries.get_person(api.member(), person_id), with_address=True)


@blueprint.route("/people/batch", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(schemas_customers.People, example=examples.PEOPLE)
@blueprint.gives(shapes.PutOut, example=examples.PUT)
def put_people(said: dict[str, Any]) -> Any:
    """Put in up to 100 people

    All of them, or none if one cannot be taken. For administrators.
    """
    with unit_of_work():
        return shapes.put(_whole(upserting.put_people(api.member(), said["data"])))


def _whole(outcome: upserting.Outcome[Any]) -> upserting.Outcome[Any]:
    """Raises ValidationError when any row cannot be taken, which undoes the others."""
    if outcome.wrong:
        raise ValidationError({"data": dict(outcome.wrong)})
    return outcome
