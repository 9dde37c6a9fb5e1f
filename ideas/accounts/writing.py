"""The words of each letter of this room.

None repeats what the one who asked for it typed: it may go to somebody else, and would be a way to write to them.
"""

from __future__ import annotations

from ideas.accounts.letters import Words
from ideas.accounts.models_factors import Second
from ideas.settings import absolute, brand, current
from ideas.words import _, ngettext


def verify(token: str) -> Words:
    return Words(
        subject=_("Confirm your address for %(site)s", site=brand().site_name),
        before=[_("Somebody signed up at %(site)s with this address. If it was you, confirm it here.", site=_site())],
        button=_("Confirm my address"),
        url=absolute(f"/verify/{token}"),
        after=[
            _("The link works once, for 24 hours."),
            _("If it was not you, do nothing: without the link there is no account."),
        ],
    )


def already_here(token: str) -> Words:
    return Words(
        subject=_("You already have an account at %(site)s", site=brand().site_name),
        before=[
            _("Somebody signed up at %(site)s with this address, and you have an account there already.", site=_site()),
            _("If it was you, sign in here. Nothing about your account has changed."),
        ],
        button=_("Sign in"),
        url=absolute(f"/link/{token}"),
        after=[
            _("The link works once, for 10 minutes, in the browser in which you asked for it."),
            _("If you forgot your password, choose a new one at %(where)s.", where=absolute("/reset")),
        ],
    )


def sign_in(token: str) -> Words:
    return Words(
        subject=_("Your link to sign in at %(site)s", site=brand().site_name),
        before=[_("You asked for a link to sign in at %(site)s. Here it is.", site=_site())],
        button=_("Sign in"),
        url=absolute(f"/link/{token}"),
        after=[
            _("The link works once, for 10 minutes, in the browser in which you asked for it."),
            _("If you did not ask for it, do nothing: nobody gets in without it."),
        ],
    )


def reset(token: str) -> Words:
    return Words(
        subject=_("Choose a new password for %(site)s", site=brand().site_name),
        before=[_("You asked to choose a new password at %(site)s.", site=_site())],
        button=_("Choose a new password"),
        url=absolute(f"/reset/{token}"),
        after=[
            _("The link works once, for 10 minutes."),
            _("If you did not ask for it, do nothing: your password stays as it is."),
        ],
    )


def password_changed() -> Words:
    return Words(
        subject=_("Your password for %(site)s was changed", site=brand().site_name),
        before=[
            _(
                "The password of your account at %(site)s was just changed, and you were signed out everywhere.",
                site=_site(),
            ),
            _("If it was you, there is nothing to do. If it was not, choose a new password now."),
        ],
        button=_("Choose a new password"),
        url=absolute("/reset"),
        after=[_("Questions? Write to %(address)s.", address=current().support_email)],
    )


def identity_linked(provider: str) -> Words:
    return Words(
        subject=_("You can sign in at %(site)s with %(provider)s", site=brand().site_name, provider=provider),
        before=[
            _(
                "From now on your account at %(provider)s signs you in at %(site)s, where this address is yours.",
                provider=provider,
                site=_site(),
            ),
            _("If it was you, there is nothing to do. If it was not, take it away again and choose a new password."),
        ],
        button=_("See how I sign in"),
        url=absolute("/profile/signing-in"),
        after=[_("Questions? Write to %(address)s.", address=current().support_email)],
    )


def identity_removed(provider: str) -> Words:
    return Words(
        subject=_("You no longer sign in at %(site)s with %(provider)s", site=brand().site_name, provider=provider),
        before=[
            _("Your account at %(provider)s was taken off your account at %(site)s.", provider=provider, site=_site()),
            _("If it was you, there is nothing to do. If it was not, choose a new password now."),
        ],
        button=_("Choose a new password"),
        url=absolute("/reset"),
        after=[_("Questions? Write to %(address)s.", address=current().support_email)],
    )


def factor_added(kind: Second) -> Words:
    site = _site()
    said = {
        Second.APP: _("An authenticator app was set up for your account at %(site)s.", site=site),
        Second.PASSKEY: _("A passkey was added to your account at %(site)s.", site=site),
    }
    return _about_factors(
        _("You have a new second factor at %(site)s", site=site),
        said[kind],
        _("Without it, or a recovery code, nobody signs in to your account."),
    )


def factor_removed(kind: Second) -> Words:
    site = _site()
    said = {
        Second.APP: _("The authenticator app of your account at %(site)s was removed.", site=site),
        Second.PASSKEY: _("A passkey of your account at %(site)s was removed.", site=site),
    }
    return _about_factors(
        _("A second factor was removed at %(site)s", site=site), said[kind], _("It opens your account no more.")
    )


def codes_renewed() -> Words:
    return _about_factors(
        _("New recovery codes at %(site)s", site=_site()),
        _("New recovery codes were made for your account at %(site)s.", site=_site()),
        _("The former ones no longer work."),
    )


def recovery_used(left: int) -> Words:
    return _about_factors(
        _("A recovery code was used at %(site)s", site=_site()),
        _("A recovery code was used to sign in to your account at %(site)s.", site=_site()),
        ngettext("%(num)s code is left.", "%(num)s codes are left.", left),
    )


def factors_taken_away() -> Words:
    return Words(
        subject=_("Your second factor at %(site)s was taken away", site=_site()),
        before=[
            _(
                "An administrator took away the second factor of your account at %(site)s, as one that was lost. You "
                "were signed out everywhere.",
                site=_site(),
            ),
            _("You sign in without it from now on. Set up a new one as soon as you can."),
        ],
        button=_("See how you sign in"),
        url=absolute("/profile/signing-in"),
        after=[_("You did not ask for it? Write to %(address)s.", address=current().support_email)],
    )


def factor_needed(days: int) -> Words:
    before = _(
        "Whoever answers at %(site)s needs a second factor: an authenticator app or a passkey. You have none yet.",
        site=_site(),
    )
    until = ngettext(
        "It is set up in two minutes. In %(num)s day nothing else opens for you before it is.",
        "It is set up in two minutes. In %(num)s days nothing else opens for you before it is.",
        days,
    )
    return Words(
        subject=_("The team of %(site)s needs a second factor", site=_site()),
        before=[before, until],
        button=_("Set up a second factor"),
        url=absolute("/profile/signing-in"),
        after=[_("Questions? Write to %(address)s.", address=current().support_email)],
    )


def _about_factors(subject: str, *said: str) -> Words:
    return Words(
        subject=subject,
        before=[
            " ".join(said),
            _("If it was you, there is nothing to do. If it was not, choose a new password now, then see here."),
        ],
        button=_("See how you sign in"),
        url=absolute("/profile/signing-in"),
        after=[_("Questions? Write to %(address)s.", address=current().support_email)],
    )


def _site() -> str:
    return brand().site_name
