"""The pages on which people see to their own account: profile, browsers, keys."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import browsers as browser_words
from ideas.accounts import keys, people, policy, queries, sessions, signin, ways
from ideas.accounts.forms import NewKeyForm, ProfileForm
from ideas.accounts.views import bp, draw
from ideas.db import db, unit_of_work
from ideas.words import _

bp.add_app_template_filter(browser_words.said, "browser")
bp.add_app_template_filter(ways.said, "signed_in_by")


@bp.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    person = signin.member()
    form = ProfileForm(obj=person)
    form.offer(with_title=policy.may_have_title(person))
    if not form.validate_on_submit():
        return draw("profile", form, person=person, company=queries.company_of(person))
    said = form.loaded
    with unit_of_work():
        people.edit_profile(
            signin.member(),
            name=said["name"],
            title=said["title"] or None,
            locale=said["locale"] or None,
            timezone=said["timezone"] or None,
            shown_as_backer=said["shown_as_backer"],
        )
    flash(_("Your profile is saved."))
    return redirect(url_for(".profile"), 303)


@bp.get("/profile/sessions")
def browsers() -> ResponseReturnValue:
    person = signin.member()
    rows = db.session.scalars(sessions.of(person)).all()
    return render_template("accounts/sessions.html", sessions=rows, this_one=signin.session_id())


@bp.post("/profile/sessions/<int:session_id>/revoke")
def revoke_session(session_id: int) -> ResponseReturnValue:
    with unit_of_work():
        sessions.revoke(signin.member(), session_id)
    flash(_("That browser is signed out."))
    return redirect(url_for(".browsers"), 303)


@bp.post("/profile/sessions/revoke-others")
def revoke_other_sessions() -> ResponseReturnValue:
    with unit_of_work():
        sessions.revoke_others(signin.member(), but=signin.session_id())
    flash(_("You are signed out everywhere but here."))
    return redirect(url_for(".browsers"), 303)


@bp.route("/profile/keys", methods=["GET", "POST"])
def api_keys() -> ResponseReturnValue:
    person = signin.member()
    form = NewKeyForm()
    form.offer()
    if not form.validate_on_submit():
        return draw("keys", form, keys=db.session.scalars(keys.of(person)).all(), token=None)
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".api_keys"))
    with unit_of_work():
        made = form.loaded
        token = keys.make(signin.member(), made["name"], made["scopes"], expires_at=made["expires_at"])
    # shown on this answer and nowhere else: a redirect would have to carry it in an address or a cookie
    empty = NewKeyForm(formdata=None)
    empty.offer()
    rows = db.session.scalars(keys.of(signin.member())).all()
    return render_template("accounts/keys.html", form=empty, keys=rows, token=token), 201


@bp.post("/profile/keys/<int:key_id>/revoke")
def revoke_key(key_id: int) -> ResponseReturnValue:
    with unit_of_work():
        keys.revoke(signin.member(), key_id)
    flash(_("That key no longer works."))
    return redirect(url_for(".api_keys"), 303)
