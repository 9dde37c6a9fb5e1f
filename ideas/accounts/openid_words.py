"""What people read when signing in with another account did not come about: what happened, and what to do."""

from __future__ import annotations

from typing import NamedTuple

from ideas.accounts.openid_refusals import Why
from ideas.setting_openid import Provider
from ideas.settings import brand, current
from ideas.words import _


class Page(NamedTuple):
    """status: of the answer. again: whether trying once more may help."""

    status: int
    title: str
    text: str
    again: bool = True


def page(why: Why, provider: Provider) -> Page:
    """The page for `why`. It says nothing about who has an account here."""
    named = {"provider": provider.name, "site": brand().site_name}
    if why == Why.CANCELLED:
        return Page(
            200, _("You are not signed in"), _("You did not go on at %(provider)s, so nothing happened.", **named)
        )
    if why == Why.DOWN:
        return Page(
            503,
            _("%(provider)s does not answer", **named),
            _("It may be back in a moment. Everything else here works, and there are other ways to sign in."),
        )
    if why == Why.OVER:
        return Page(
            400,
            _("This sign-in is over"),
            _("It was begun more than ten minutes ago, in another browser, or is done already. Begin once more."),
        )
    if why == Why.CLOCK:
        return Page(
            400,
            _("The clocks differ"),
            _(
                "What %(provider)s sent is not valid at the time it is here. If it happens again, tell "
                "%(address)s: the clock of one of the two is wrong.",
                address=current().support_email,
                **named,
            ),
        )
    if why == Why.NOT_BELIEVED:
        return Page(
            400,
            _("You are not signed in"),
            _(
                "What %(provider)s sent cannot be relied on, so nobody was signed in. If it happens again, tell "
                "%(address)s; the log says what was wrong.",
                address=current().support_email,
                **named,
            ),
        )
    return _unwanted(why, named)


def _unwanted(why: Why, named: dict[str, str]) -> Page:
    """The provider is believed, and whom it means cannot come in this way."""
    if why == Why.UNPROVEN:
        return Page(
            403,
            _("%(provider)s does not say that your address is yours", **named),
            _(
                "Sign in here another way, or sign up, and then add %(provider)s on your profile: "
                "from then on it signs you in. Or confirm your address at %(provider)s, and try again.",
                **named,
            ),
        )
    if why == Why.OUTSIDE:
        return Page(
            403,
            _("This account cannot be used here"),
            _("%(provider)s signs in people with certain addresses here, and yours is none of them.", **named),
        )
    if why == Why.TEAM_ONLY:
        return Page(
            403,
            _("%(provider)s is for the team", **named),
            _("With it, the people who run %(site)s sign in. For everybody else there are other ways.", **named),
            again=False,
        )
    if why == Why.STALE:
        return Page(
            403,
            _("%(provider)s did not ask you again", **named),
            _(
                "What you were about to do needs a fresh proof that it is you. Confirm with your password, or by a "
                "link to your address."
            ),
        )
    if why == Why.CLOSED:
        return Page(
            403,
            _("New people come in by invitation"),
            _("Ask somebody of the team to invite you, and follow the link in their mail."),
            again=False,
        )
    if why == Why.ANOTHERS:
        return Page(
            409,
            _("This account at %(provider)s belongs to another account here", **named),
            _("Sign in with it to see which, and take it away there first if you want it here."),
        )
    return Page(
        409,
        _("There is another account of %(provider)s already", **named),
        _(
            "An account here goes with one account at %(provider)s. Sign in with that one, or another way; on your "
            "profile you can take it away.",
            **named,
        ),
    )
