"""What administrators do with people, roles and companies, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from ideas import api
from ideas.accounts import api_examples as examples
from ideas.accounts import inviting, limits, people, policy, queries, schemas, signin
from ideas.accounts import schemas_administration as shapes
from ideas.accounts import schemas_out as accounts_shapes
from ideas.accounts.models import User
from ideas.api import Blueprint, list_of
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.paging import Page

WRITE = "people:write"
ROLES = "roles:write"

blueprint = Blueprint(
    "administration", __name__, about="Who may what on the whole site, and who belongs where. For administrators."
)


def _person(person_id: int) -> User:
    return queries.get_person(api.member(), person_id)


def _shown(person_id: int) -> shapes.Shape:
    db.session.expire_all()  # a company that was changed is another row
    return shapes.account(_person(person_id))


# --- People ---


@blueprint.route("/people/<id:person_id>", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.BelongingEdit, example={"company": None, "title": "Head gardener"})
@blueprint.gives(shapes.AccountOut, example=shapes.ACCOUNT)
def edit_person(changes: dict[str, Any], person_id: int) -> Any:
    """Say where somebody belongs

    Their company, and the title beside their name; what is left out stays. For administrators.
    """
    with unit_of_work():
        whom = _person(person_id)
        if "company" in changes:
            people.set_company(api.member(), whom, _company(changes["company"]))
        if "title" in changes:
            people.set_title(api.member(), whom, changes["title"] or None)
    return _shown(person_id)


def _company(company_id: int | None) -> Any:
    """Raises ValidationError, naming the field, for a company that there is not."""
    try:
        return None if company_id is None else queries.get_company(api.member(), company_id)
    except NotFound as error:
        raise ValidationError({"company": [error.message]}) from None


@blueprint.route("/people/<id:person_id>/role", method="PUT")
@blueprint.needs(ROLES)
@blueprint.takes(schemas.Role, example={"role": "member"})
@blueprint.gives(shapes.AccountOut, example=shapes.ACCOUNT)
def put_role(wanted: dict[str, Any], person_id: int) -> Any:
    """Give somebody a role on the whole site

    member, team or admin. Their sign-ins from before end. Nobody changes their own. For administrators.
    """
    with unit_of_work():
        people.set_role(api.member(), _person(person_id), wanted["role"])
    return _shown(person_id)


@blueprint.route("/people/<id:person_id>/suspension", method="PUT")
@blueprint.needs(ROLES)
@blueprint.takes(schemas.Suspension, example={"reason": "They advertise under every idea."})
@blueprint.gives(shapes.AccountOut, example=shapes.ACCOUNT)
def suspend_person(words: dict[str, Any], person_id: int) -> Any:
    """Suspend somebody

    They read, take no part any more, and are signed out. The reason stands in the log. For administrators.
    """
    with unit_of_work():
        people.suspend(api.member(), _person(person_id), reason=words["reason"])
    return _shown(person_id)


@blueprint.route("/people/<id:person_id>/suspension", method="DELETE")
@blueprint.needs(ROLES)
@blueprint.gives_nothing
def unsuspend_person(person_id: int) -> None:
    """Let somebody take part again

    For administrators.
    """
    with unit_of_work():
        people.unsuspend(api.member(), _person(person_id))


# --- Companies ---


@blueprint.route("/companies", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.NewCompany, example={"name": "Riverside Allotments"})
@blueprint.gives(accounts_shapes.CompanyOut, status=201, example=examples.COMPANY)
def add_company(words: dict[str, Any]) -> Any:
    """Add a company

    One that your other systems know is better put in by its id there. For administrators.
    """
    with unit_of_work():
        company = people.create_company(api.member(), words["name"])
    return api.created(accounts_shapes.company(company), f"/companies/{company.id}")


@blueprint.route("/companies/<id:company_id>", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.NewCompany, example={"name": "Riverside Gardens"})
@blueprint.gives(accounts_shapes.CompanyOut, example={**examples.COMPANY, "name": "Riverside Gardens"})
def rename_company(words: dict[str, Any], company_id: int) -> Any:
    """Give a company another name

    For administrators.
    """
    with unit_of_work():
        company = queries.get_company(api.member(), company_id)
        people.rename_company(api.member(), company, words["name"])
    return accounts_shapes.company(company)


# --- Invitations ---


@blueprint.route("/role-invitations")
@blueprint.needs(ROLES)
@blueprint.gives(list_of(shapes.RoleInvitationOut), example={"data": [shapes.INVITATION], "next": None})
def list_role_invitations() -> Any:
    """List invitations to roles

    Those whose link still works, the newest first, all on one page. For administrators.
    """
    return api.listed(Page(inviting.open_ones(api.member()), None), shapes.invitation)


@blueprint.route("/role-invitations", method="POST")
@blueprint.needs(ROLES)
@blueprint.takes(schemas.RoleInvited, example={"email": "ada@example.org", "role": "team"})
@blueprint.gives(shapes.RoleInvitationOut, status=201, example=shapes.INVITATION)
def invite_to_role(wanted: dict[str, Any]) -> Any:
    """Invite somebody to the team of the site by mail

    The link in it works once, for 7 days, for whoever signs in with that address. For administrators.
    """
    with unit_of_work():
        policy.require_admin(api.member())
        limits.spend(limits.INVITE, network=signin.network(), email=wanted["email"])
        invitation = inviting.invite(api.member(), **wanted)
    return api.created(shapes.invitation(invitation), "/role-invitations")


@blueprint.route("/role-invitations/<id:invitation_id>", method="DELETE")
@blueprint.needs(ROLES)
@blueprint.gives_nothing
def withdraw_role_invitation(invitation_id: int) -> None:
    """Withdraw an invitation to a role

    Its link no longer works. For administrators.
    """
    with unit_of_work():
        inviting.withdraw(api.member(), invitation_id)
