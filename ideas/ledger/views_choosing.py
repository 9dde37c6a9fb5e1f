"""The page on which people say what they want to hear: for whoever is signed in, and by a link from a mail.

The link is a secret of its own, good for these choices alone: it needs no sign-in and no cookie, and shows of ideas
only what every visitor may see, because mail is passed on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import rhythms, signin, suppressions
from ideas.accounts.models import User
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.http import open_to_all_origins, without_referrer
from ideas.ledger import preferences, queries
from ideas.ledger.forms import HoursForm, UnmuteForm, choices_form, picked
from ideas.ledger.models import EVERYTHING
from ideas.ledger.views import bp
from ideas.settings import current
from ideas.words import _


@dataclass(frozen=True)
class Desk:
    """Whose choices they are, and by which link, if they are not signed in."""

    person: User
    token: str | None = None

    @classmethod
    def by_link(cls, token: str) -> Desk:
        return cls(preferences.person_of(token), token)

    def url(self, act: str = "notifications") -> str:
        """Where the page is, and where its forms go."""
        if self.token is None:
            return url_for(f".{act}")
        return url_for(f".{act}_by_link", token=self.token)

    @property
    def meta(self) -> dict[str, Any]:
        """A form by a link carries no token against forgery: the address is one."""
        return {} if self.token is None else {"csrf": False}

    def back(self, said: str) -> ResponseReturnValue:
        flash(said)
        return redirect(self.url(), 303)


Act = Callable[[Desk], ResponseReturnValue]


def by_both_ways(path: str) -> Callable[[Act], Act]:
    """Registers what is sent to the page, below `path`: by whoever is signed in, and by whoever has the link."""

    def register(act: Act) -> Act:
        name = act.__name__

        def signed_in() -> ResponseReturnValue:
            return act(Desk(signin.member()))

        def by_link(token: str) -> ResponseReturnValue:
            return act(Desk.by_link(token))

        by_link.__name__ = f"{name}_by_link"  # the guard against forgery knows views by their names
        bp.add_url_rule(f"/settings/notifications{path}", name, signed_in, methods=["POST"])
        open_view = without_referrer(open_to_all_origins(by_link))
        bp.add_url_rule(f"/choices/<token>{path}", f"{name}_by_link", open_view, methods=["POST"])
        return act

    return register


@bp.get("/settings/notifications")
def notifications() -> ResponseReturnValue:
    return _show(Desk(signin.member()))


@bp.get("/choices/<token>")
@without_referrer
def notifications_by_link(token: str) -> ResponseReturnValue:
    """Shows the choices and changes nothing: mail scanners follow links."""
    return _show(Desk.by_link(token))


@by_both_ways("")
def choose(desk: Desk) -> ResponseReturnValue:
    offered, chosen = queries.offered_to(desk.person), preferences.of(desk.person)
    form = choices_form(offered, chosen, meta=desk.meta)
    if not form.validate_on_submit():
        return _show(desk, form=form)
    with unit_of_work():
        for news, (email, inbox) in picked(form, offered, chosen).items():
            preferences.choose(desk.person, news, email=email, inbox=inbox)
    return desk.back(_("Your choice is saved and holds from now on."))


@by_both_ways("/hours")
def choose_hours(desk: Desk) -> ResponseReturnValue:
    form = HoursForm(meta=desk.meta)
    form.offer(rhythms.usual())
    if not form.validate_on_submit():
        return _show(desk, hours=form)
    with unit_of_work():
        preferences.choose_hours(desk.person, form.loaded)
    return desk.back(_("Your hours are saved. What waits moves to them."))


@by_both_ways("/mail")
def stop_or_start_mail(desk: Desk) -> ResponseReturnValue:
    """Stop all mail, or let it begin again as chosen below."""
    ButtonForm(meta=desk.meta).loaded_or_raise()
    wanted = request.form.get("on") == "1"
    with unit_of_work():
        if wanted:
            preferences.want_mail(desk.person)
        else:
            preferences.stop_everything(desk.person)
    return desk.back(_("You get mail again, as chosen below.") if wanted else _("You get no more mail about ideas."))


@by_both_ways("/unmute")
def unmute(desk: Desk) -> ResponseReturnValue:
    subject = UnmuteForm(meta=desk.meta).loaded_or_raise()["subject"]
    with unit_of_work():
        preferences.unmute(desk.person, subject)
    return desk.back(_("You hear of it again."))


def _show(desk: Desk, *, form: Any = None, hours: HoursForm | None = None) -> ResponseReturnValue:
    person = desk.person
    offered, chosen, muted = queries.offered_to(person), preferences.of(person), preferences.muted_by(person)
    form = form or choices_form(offered, chosen, meta=desk.meta)
    if hours is None:
        hours = HoursForm(formdata=None, data=preferences.hours_of(person), meta=desk.meta)
        hours.offer(rhythms.usual())
    page = render_template(
        "ledger/notifications.html",
        desk=desk,
        form=form,
        hours=hours,
        zone=person.timezone or current().default_timezone,
        offered=offered,
        unsubscribed={news for news, row in chosen.items() if row.by_unsubscribing},
        no_mail=EVERYTHING in chosen and chosen[EVERYTHING].by_unsubscribing,
        most=current().single_mails_a_week,
        stopped_since=suppressions.since(person),
        muted=muted,
        names=queries.names_of(None if desk.token else person, muted),
    )
    return page, 422 if form.errors or hours.errors else 200
