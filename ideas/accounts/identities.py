"""Accounts elsewhere with which people sign in. The only code that writes `identity`.

Whoever a provider calls by the same name is the same person: `(issuer, subject)`, never the e-mail address. The address
counts once, to find the account that somebody has here already: only if it is proven there and here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import audit, letters, openid, passkeys, people, tickets, writing
from ideas.accounts.errors import AddressTaken, LastWayIn
from ideas.accounts.models import Stopped, TicketKind, User
from ideas.accounts.models_identities import Identity
from ideas.accounts.openid import Said
from ideas.accounts.openid_refusals import NotSignedIn, Why
from ideas.db import db, insert_once, utcnow
from ideas.errors import NotFound
from ideas.setting_openid import Provider
from ideas.words import _

Waiting = dict[str, str | None]  # an account elsewhere that waits for the second factor, for a cookie


class Entered(NamedTuple):
    """Who came in. is_new: as somebody who was not known here. is_linked: from now on with this account elsewhere.

    waiting: what `link_waiting` links once their second factor was given.
    """

    person: User
    is_new: bool
    is_linked: bool
    waiting: Waiting | None = None


class Shown(NamedTuple):
    """An account elsewhere as its owner sees it. name: of its provider, or the host of one that is not offered now."""

    identity: Identity
    provider: Provider | None
    name: str


class Elsewhere(NamedTuple):
    """Accounts elsewhere that sign somebody in, and the providers of which they could add one."""

    own: Sequence[Shown]
    others: Sequence[Provider]


def enter(said: Said, *, may_join: bool) -> Entered:
    """Whoever `said` means: known by it, by an address that both sides have proven, or new.

    Addresses of which the provider does not say that they are proven keep nobody out who is known by it already.

    may_join: whether somebody new may have an account. Raises NotSignedIn.
    """
    _require_domain(said)
    if (person := _known(said)) is not None:
        return Entered(_of_team(person, said), is_new=False, is_linked=False)
    if said.email is None:
        raise NotSignedIn(Why.UNPROVEN, "no proven address")
    former = people.by_email(said.email)
    if former is None or not former.is_claimed:
        if said.provider.is_for_team:
            raise NotSignedIn(Why.TEAM_ONLY, "nobody of the team")
        if not may_join:
            raise NotSignedIn(Why.CLOSED, "by invitation only")
        try:
            person = people.claim(said.email, said.name, None)
        except AddressTaken:  # a moment ago, in another tab
            return enter(said, may_join=may_join)
        link(person, said)
        return Entered(person, is_new=True, is_linked=True)
    if former.factor_since is not None:
        waiting: Waiting = {"slug": said.provider.slug, "subject": said.subject, "stated": said.stated}
        return Entered(_of_team(former, said), is_new=False, is_linked=False, waiting=waiting)
    link(former, said)
    return Entered(former, is_new=False, is_linked=True)


def link_waiting(person: User, waiting: Waiting) -> None:
    """`person` gave their second factor, so what waited for it is linked, if it still may be."""
    with suppress(NotSignedIn, NotFound):
        provider = openid.get(str(waiting["slug"]))
        link(person, Said(provider, str(waiting["subject"]), None, waiting["stated"], ""))


def link(person: User, said: Said) -> None:
    """From now on `said` signs in as `person`, who is told by mail; nothing happens if it does already.

    Raises NotSignedIn when it is somebody else's, or `person` has another one of that provider.
    """
    _require_domain(said)
    _of_team(person, said)
    if not insert_once(
        Identity,
        user_id=person.id,
        issuer=said.provider.issuer,
        subject=said.subject,
        created_at=utcnow(),
        last_used_at=utcnow(),
    ):
        owner = db.session.scalar(sa.select(Identity.user_id).where(*_is(said)))
        if owner == person.id:
            return
        if owner is not None:
            raise NotSignedIn(Why.ANOTHERS, "it is somebody else's here")
        raise NotSignedIn(Why.HAS_ANOTHER, "the account has another one of this provider")
    audit.record(person, "identity.linked", people.subject(person), provider=said.provider.name)
    _tell(person, writing.identity_linked(said.provider.name))


def of(person: User) -> list[Shown]:
    """The accounts elsewhere of `person`, the oldest first."""
    rows = db.session.scalars(sa.select(Identity).where(Identity.user_id == person.id).order_by(Identity.id))
    return [_shown(row) for row in rows]


def elsewhere(person: User) -> Elsewhere:
    """What `person` reads about it on their profile."""
    own = of(person)
    has = {shown.identity.issuer for shown in own}
    others = [each for each in openid.offered() if each.issuer not in has]
    return Elsewhere(own, [each for each in others if person.is_site_team or not each.is_for_team])


def remove(person: User, identity_id: int) -> str:
    """That account elsewhere signs nobody in any more; the name of its provider. The person is told by mail.

    Raises NotFound when it is not theirs, LastWayIn when they could not sign in any more.
    """
    person = people.locked(person.id)  # of two that are taken away at once, one stays
    rows = {shown.identity.id: shown for shown in of(person)}
    if identity_id not in rows:
        raise NotFound(_("There is no such account."))
    if not (_gets_mail(person) or person.password_hash or len(rows) > 1 or passkeys.of(person)):
        raise LastWayIn(_("You could not sign in any more. Choose a password first."))
    db.session.execute(sa.delete(Identity).where(Identity.id == identity_id))
    audit.record(person, "identity.removed", people.subject(person), provider=rows[identity_id].name)
    _tell(person, writing.identity_removed(rows[identity_id].name))
    return rows[identity_id].name


def _known(said: Said) -> User | None:
    person = db.session.scalar(sa.select(User).join(Identity, Identity.user_id == User.id).where(*_is(said)))
    if person is not None:
        db.session.execute(sa.update(Identity).where(*_is(said)).values(last_used_at=utcnow()))
    return person


def _is(said: Said) -> tuple[sa.ColumnElement[bool], ...]:
    return Identity.issuer == said.provider.issuer, Identity.subject == said.subject


def _require_domain(said: Said) -> None:
    """By the stated address: whether it is proven is asked where it would lead somebody to an account."""
    domains = said.provider.domains
    if domains and (said.stated or "").rpartition("@")[2] not in domains:
        raise NotSignedIn(Why.OUTSIDE, "an address of none of its domains")


def _of_team(person: User, said: Said) -> User:
    if said.provider.is_for_team and not person.is_site_team:
        raise NotSignedIn(Why.TEAM_ONLY, "nobody of the team")
    return person


def _gets_mail(person: User) -> bool:
    """A link by mail signs them in."""
    return person.email is not None and person.mail_stopped != Stopped.BOUNCED


def _shown(row: Identity) -> Shown:
    provider = openid.by_issuer(row.issuer)
    host = row.issuer.partition("://")[2].partition("/")[0]
    return Shown(row, provider, provider.name if provider else host)


def _tell(person: User, words: letters.Words) -> None:
    if person.email:
        letters.write(person.email, words, good_for=tickets.GOOD_FOR[TicketKind.VERIFY])
