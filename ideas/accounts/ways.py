"""How a sign-in was begun, in words for people."""

from __future__ import annotations

from ideas.accounts.models import UserSession
from ideas.accounts.models_factors import Second, SignedInBy
from ideas.words import _, lazy

_FIRST = {
    SignedInBy.PASSWORD: lazy("Password"),
    SignedInBy.LINK: lazy("Link by mail"),
    SignedInBy.RESET: lazy("New password"),
    SignedInBy.JOINED: lazy("Signing up"),
    SignedInBy.PASSKEY: lazy("Passkey"),
    SignedInBy.OPENID: lazy("Another site"),
}
_SECOND = {
    Second.APP: lazy("authenticator app"),
    Second.PASSKEY: lazy("passkey"),
    Second.RECOVERY: lazy("recovery code"),
}


def said(session: UserSession) -> str:
    """ "Password and authenticator app"; "" for one that was begun before this was written down."""
    if not session.by:
        return ""
    first = str(_FIRST[SignedInBy(session.by)])
    if not session.second:
        return first
    return _("%(first)s and %(second)s", first=first, second=str(_SECOND[Second(session.second)]))
