"""The pages on which administrators see to people and companies."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import people, queries, signin
from ideas.accounts.errors import NameTaken, NoSuchCompany
from ideas.accounts.forms import BelongingForm, CompanyForm, RoleForm, SuspensionForm
from ideas.accounts.models import User
from ideas.accounts.views import bp, draw
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.text import readable
from ideas.words import _


@bp.get("/manage/people")
def list_people() -> ResponseReturnValue:
    asked, role = readable(request.args.get("q", "")), readable(request.args.get("role", ""))
    page = queries.people(signin.member(), asked=asked, role=role, cursor=request.args.get("cursor"))
    return render_template("accounts/people.html", page=page, asked=asked, role=role)


@bp.get("/manage/people/<int:person_id>")
def person(person_id: int) -> ResponseReturnValue:
    return _draw_person(queries.get_person(signin.member(), person_id))


@bp.post("/manage/people/<int:person_id>/suspend")
def suspend(person_id: int) -> ResponseReturnValue:
    form = SuspensionForm()
    if not form.validate_on_submit():
        return _draw_person(queries.get_person(signin.member(), person_id), suspension=form)
    with unit_of_work():
        whom = queries.get_person(signin.member(), person_id)
        people.suspend(signin.member(), whom, reason=form.loaded["reason"])
    flash(_("This person can read, but takes no part any more, and is signed out."))
    return _to_person(person_id)


@bp.post("/manage/people/<int:person_id>/unsuspend")
def unsuspend(person_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        people.unsuspend(signin.member(), queries.get_person(signin.member(), person_id))
    flash(_("This person takes part again."))
    return _to_person(person_id)


@bp.post("/manage/people/<int:person_id>/role")
def set_role(person_id: int) -> ResponseReturnValue:
    form = RoleForm()
    if not form.validate_on_submit():
        return _draw_person(queries.get_person(signin.member(), person_id), role=form)
    queries.get_person(signin.member(), person_id)  # what one may not see is told from nothing before anything is asked
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".person", person_id=person_id))
    with unit_of_work():
        whom = queries.get_person(signin.member(), person_id)
        people.set_role(signin.member(), whom, form.loaded["role"])
    flash(_("The role is changed. Sign-ins from before ended."))
    return _to_person(person_id)


@bp.post("/manage/people/<int:person_id>/belonging")
def set_belonging(person_id: int) -> ResponseReturnValue:
    form = BelongingForm()
    if not form.validate_on_submit():
        return _draw_person(queries.get_person(signin.member(), person_id), belonging=form)
    try:
        with unit_of_work():
            whom = queries.get_person(signin.member(), person_id)
            people.set_company(signin.member(), whom, queries.company_named(form.loaded["company"]))
            people.set_title(signin.member(), whom, form.loaded["title"] or None)
    except NoSuchCompany as error:
        form.company.errors = [error.message]
        return _draw_person(queries.get_person(signin.member(), person_id), belonging=form)
    flash(_("Saved."))
    return _to_person(person_id)


@bp.route("/manage/companies", methods=["GET", "POST"])
def list_companies() -> ResponseReturnValue:
    asked = readable(request.args.get("q", ""))
    page = queries.companies(signin.member(), asked=asked, cursor=request.args.get("cursor"))
    form = CompanyForm()
    if not form.validate_on_submit():
        return draw("companies", form, page=page, asked=asked)
    try:
        with unit_of_work():
            people.create_company(signin.member(), form.loaded["name"])
    except NameTaken as error:
        form.name.errors = [error.message]
        page = queries.companies(signin.member(), asked=asked)
        return draw("companies", form, page=page, asked=asked)
    flash(_("The company is added. People are assigned to it on their own pages."))
    return redirect(url_for(".list_companies"), 303)


@bp.route("/manage/companies/<int:company_id>", methods=["GET", "POST"])
def company(company_id: int) -> ResponseReturnValue:
    form = CompanyForm(obj=queries.get_company(signin.member(), company_id))
    if not form.validate_on_submit():
        return draw("company", form, company=queries.get_company(signin.member(), company_id))
    try:
        with unit_of_work():
            which = queries.get_company(signin.member(), company_id)
            people.rename_company(signin.member(), which, form.loaded["name"])
    except NameTaken as error:
        form.name.errors = [error.message]
        return draw("company", form, company=queries.get_company(signin.member(), company_id))
    flash(_("The company has its new name."))
    return redirect(url_for(".list_companies"), 303)


def _draw_person(whom: User, **drawn: Any) -> ResponseReturnValue:
    """The page of a person; `drawn` is the form that has to be changed, the others are as new."""
    forms = {
        "suspension": SuspensionForm(formdata=None),
        "role": RoleForm(formdata=None, role=whom.site_role),
        "belonging": BelongingForm(
            formdata=None, company=whom.company.name if whom.company else "", title=whom.title or ""
        ),
    } | drawn
    status = 422 if drawn else 200
    names = queries.company_names(signin.member())
    return render_template("accounts/person.html", person=whom, forms=forms, company_names=names), status


def _to_person(person_id: int) -> ResponseReturnValue:
    return redirect(url_for(".person", person_id=person_id), 303)
