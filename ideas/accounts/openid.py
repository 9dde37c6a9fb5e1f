"""Signing in with another account: away to its provider and back (OpenID Connect, code flow).

What goes along is bound to the browser, works once and for ten minutes: the state is a ticket. Nonce and PKCE's secret
are made of it and of SECRET_KEY, so that the database holds neither.
Sources: OpenID Connect Core 1.0; RFC 7636 (PKCE); RFC 9207 (who sends back); RFC 9700 (best current practices).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from ideas.accounts import addresses, openid_asking, openid_tokens, tickets
from ideas.accounts.errors import LinkSpent
from ideas.accounts.joining import Asked
from ideas.accounts.models import TicketKind, User
from ideas.accounts.openid_refusals import NotBelieved, NotSignedIn, Why
from ideas.accounts.schemas import NAME_LONGEST
from ideas.db import utcnow
from ideas.errors import NotFound
from ideas.setting_openid import Provider
from ideas.settings import absolute, current
from ideas.text import cut, readable
from ideas.words import _

CODE_LONGEST = 4000
# what RFC 6749 and OpenID Connect let a provider say when it sends somebody back without a code
_CANCELLED = {"access_denied", "consent_required", "interaction_required", "login_required"}
_FOR_NOW = {"server_error", "temporarily_unavailable"}


class Query(Protocol):
    """What stands in an address after the question mark, where a name may stand twice."""

    def getlist(self, key: str) -> list[str]: ...


class CameBack(NamedTuple):
    """Somebody who is back, and what was kept when they went. tries: what `limits.spend` counted."""

    state: str
    code: str
    path: str
    unfinished_id: int | None
    linking: int | None  # the person who wanted to add a way to sign in; None: who wants to sign in
    tries: Sequence[int]
    again_since: datetime | None  # whoever was signed in was to prove once more who they are, after this


class Said(NamedTuple):
    """Whom a provider vouches for. email: only one of which it says that it is theirs; stated: also without that."""

    provider: Provider
    subject: str
    email: str | None
    stated: str | None
    name: str


def offered() -> Sequence[Provider]:
    """The providers of this site, in the order of the setting."""
    return current().openid_providers


def get(slug: str) -> Provider:
    """Raises NotFound."""
    for provider in offered():
        if provider.slug == slug:
            return provider
    raise NotFound(_("There is nothing here, or you may not see it."))


def by_issuer(issuer: str) -> Provider | None:
    return next((each for each in offered() if each.issuer == issuer), None)


def back(provider: Provider) -> str:
    """Where the provider sends people back; each has an address of its own, so that none can speak for another."""
    return absolute(f"/sign-in/with/{provider.slug}/back")


def note(
    provider: Provider, asked: Asked, *, linking: User | None = None, tries: Sequence[int] = (), again: bool = False
) -> str:
    """Keep who goes to `provider`, and why; the state to send along. again: as for `away`. Stands in a unit of work."""
    return tickets.issue(
        TicketKind.OPENID,
        person=linking,
        details={"provider": provider.slug, "path": asked.path, "tries": list(tries), "again": again},
        browser=asked.browser,
        unfinished_id=asked.unfinished_id,
    )


def away(provider: Provider, where: openid_asking.Metadata, state: str, *, again: bool = False) -> str:
    """The provider's page for somebody who goes there with `state`. again: they are to say once more who they are."""
    sent = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back(provider),
        "scope": provider.scopes,
        "state": state,
        "nonce": _made_of(state, "nonce"),
        "code_challenge": openid_tokens.unpadded(hashlib.sha256(_made_of(state, "verifier").encode()).digest()),
        "code_challenge_method": "S256",
    }
    if again:
        sent |= {"prompt": "login", "max_age": "0"}
    return f"{where.authorization}{'&' if '?' in where.authorization else '?'}{urlencode(sent)}"


def take_back(provider: Provider, query: Query, *, browser: str | None) -> CameBack:
    """Who is back, if it is who went, in the same browser and for the first time. Stands in a unit of work.

    The state works no more, whatever else is wrong. Raises NotSignedIn when it did not before; what the provider says
    about why it sends nobody, `learn` raises.
    """
    state = _one(query, "state")
    if not state:
        raise NotSignedIn(Why.OVER, "no state, or several")
    try:
        ticket = tickets.look_at(TicketKind.OPENID, state)
        if not tickets.is_from(ticket, browser):
            raise NotSignedIn(Why.OVER, "a state of another browser")
        ticket = tickets.use(TicketKind.OPENID, state)
    except LinkSpent:
        raise NotSignedIn(Why.OVER, "a state that is over, or none of ours") from None
    kept = ticket.details
    # who went elsewhere brings no code: the state is spent all the same
    code = _one(query, "code") if kept["provider"] == provider.slug else ""
    since = ticket.created_at if kept.get("again") else None
    return CameBack(state, code, kept["path"], ticket.unfinished_id, ticket.user_id, kept["tries"], since)


def learn(provider: Provider, came: CameBack, query: Query) -> Said:
    """Whom `provider` vouches for. Asks it, so call it outside of a unit of work. Raises NotSignedIn."""
    where = openid_asking.metadata(provider)
    names = query.getlist("iss")
    if (where.names_itself or names) and names != [provider.issuer]:
        raise NotBelieved("sent back by somebody else")
    if error := _one(query, "error"):
        raise NotSignedIn(_why(error), f"said {error}" if re.fullmatch(r"[a-z_]{1,40}", error) else "said no")
    if not came.code or len(came.code) > CODE_LONGEST:
        raise NotBelieved("no code, or several, or one that is too long")
    given = openid_asking.exchange(
        provider, code=came.code, verifier=_made_of(came.state, "verifier"), back=back(provider)
    )
    token, access = given.get("id_token"), given.get("access_token")
    if not isinstance(token, str) or not isinstance(access, str | None):
        raise NotBelieved("no ID token")
    if str(given.get("token_type", "Bearer")).lower() != "bearer":
        raise NotBelieved("a token of another kind")
    expected = openid_tokens.Expected(_made_of(came.state, "nonce"), access, utcnow())
    try:
        said = openid_tokens.claims(token, provider, openid_asking.keys(provider), expected)
    except openid_tokens.UnknownKey:
        said = openid_tokens.claims(token, provider, openid_asking.keys(provider, anew=True), expected)
    subject = openid_tokens.subject(said)
    more: dict[str, Any] = {}
    if access and not (said.get("email") and said.get("name")):
        more = dict(openid_asking.userinfo(provider, access))
        if more and more.get("sub") != subject:
            raise NotBelieved("userinfo about somebody else")
    proved_at = openid_tokens.proved_at(said)
    if came.again_since and (proved_at is None or proved_at < came.again_since - openid_tokens.SKEW):
        raise NotSignedIn(Why.STALE, "no auth_time of now")
    tells = said if "email" in said else more
    name = _name(said) or _name(more) or _("Somebody")
    return Said(provider, subject, _email(tells), _stated(tells), name)


def _one(query: Query, name: str) -> str:
    """The value of a name that stands there once; "" otherwise."""
    found = query.getlist(name)
    return found[0] if len(found) == 1 else ""


def _why(error: str) -> Why:
    if error in _CANCELLED:
        return Why.CANCELLED
    return Why.DOWN if error in _FOR_NOW else Why.NOT_BELIEVED


def _email(said: dict[str, Any]) -> str | None:
    """An address counts with its proof beside it: what one answer proves says nothing of another's address."""
    return _stated(said) if said.get("email_verified") is True else None


def _stated(said: dict[str, Any]) -> str | None:
    try:
        return addresses.email(str(said.get("email")))
    except ValueError:
        return None


def _name(said: dict[str, Any]) -> str:
    """Never made of an address: names are public."""
    local = str(said.get("email")).partition("@")[0].casefold()
    for each in ("name", "given_name", "nickname", "preferred_username"):
        found = said.get(each)
        if not isinstance(found, str) or "@" in found or (each == "preferred_username" and found.casefold() == local):
            continue
        if name := cut(readable(found), NAME_LONGEST):
            return name
    return ""


def _made_of(state: str, what: str) -> str:
    key = current().secret_key.encode()
    return openid_tokens.unpadded(hmac.new(key, f"openid {what} {state}".encode(), hashlib.sha256).digest())
