"""The second factor of a person: what they have, and the rules for adding it, proving it, and taking it away.

The rows are written by factors_totp.py, passkeys.py and recovery.py; here each act is put in the audit log and told to
the person by mail, whoever did it. That somebody has a factor is noted beside the person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ideas.accounts import (
    audit,
    factor_rule,
    factors_totp,
    letters,
    passkeys,
    people,
    policy,
    recovery,
    sessions,
    tickets,
    writing,
)
from ideas.accounts.errors import LastFactor, NoSuchFactor
from ideas.accounts.models import TicketKind, User
from ideas.accounts.models_factors import Passkey, Second, Totp
from ideas.checking import Breach
from ideas.db import db, utcnow
from ideas.words import _, addressing

SHOWN = 50  # of one kind of breach


@dataclass(frozen=True)
class Factors:
    """What somebody has besides a password or a link."""

    app: Totp | None
    passkeys: Sequence[Passkey]
    codes: recovery.Left


def of(person: User) -> Factors:
    """What `person` has, for their own page."""
    return Factors(factors_totp.of(person), passkeys.of(person), recovery.left(person))


def add_app(person: User, sealed: str, code: str, *, here: int | None) -> list[str]:
    """The authenticator app that shows `code` is asked for from now on.

    With the first factor come recovery codes, shown this once, and every browser but `here` is signed out, because it
    came in without. Raises OfferOver, CodeWrong, FactorThere.
    """
    person = people.locked(person.id)
    factors_totp.add(person, sealed, code)
    return _added(person, Second.APP, here=here)


def remove_app(person: User) -> None:
    """It is not asked for any more. Raises NoSuchFactor; LastFactor for one of a team that must have one."""
    person = people.locked(person.id)
    if not factors_totp.remove(person):
        raise _none()
    _removed(person, Second.APP)


def add_passkey(person: User, new: passkeys.New, name: str, *, here: int | None) -> list[str]:
    """That passkey opens their account from now on, and a factor is asked for; as `add_app`. Raises FactorThere."""
    person = people.locked(person.id)
    passkeys.add(person, new, name)
    return _added(person, Second.PASSKEY, here=here)


def remove_passkey(person: User, passkey_id: int) -> None:
    """It opens nothing any more. Raises as `remove_app`."""
    person = people.locked(person.id)
    passkeys.remove(person, passkey_id)
    _removed(person, Second.PASSKEY)


def renew_codes(person: User) -> list[str]:
    """New recovery codes, shown this once; the former ones no longer work. Raises NoSuchFactor without a factor."""
    person = people.locked(person.id)
    if person.factor_since is None:
        raise _none()
    codes = recovery.renew(person)
    audit.record(person, "factor.codes_renewed", people.subject(person))
    _tell(person, writing.codes_renewed)
    return codes


def prove_by_app(person: User, code: str) -> bool:
    """Are these the digits that the app of `person` shows, and not used yet."""
    return factors_totp.use(person, code)


def prove_by_recovery(person: User, code: str) -> bool:
    """Is it a recovery code of theirs that was not used; they are told that it was, and how many are left."""
    if not recovery.use(person, code):
        return False
    left = recovery.left(person).unused
    audit.record(person, "factor.recovery_used", people.subject(person), left=left)
    _tell(person, lambda: writing.recovery_used(left))
    return True


def take_away(actor: User | None, person: User) -> None:
    """`person` lost what they had: an administrator or the command line (None) lets them sign in without it.

    Every browser is signed out, and they are told. Raises NoSuchFactor; NotAllowed for oneself, who removes them on
    their own page.
    """
    if actor is not None:
        policy.require_admin(actor)
        policy.require_other(actor, person)
    person = people.locked(person.id)
    if person.factor_since is None:
        raise _none()
    had = [kind.value for kind in _kinds(person)]
    factors_totp.remove(person)
    passkeys.forget(person)
    recovery.forget(person)
    people.note_factor(person, None)
    sessions.revoke_all(person)
    audit.record(actor, "factor.taken_away", people.subject(person), had=had)
    _tell(person, writing.factors_taken_away)


def noted_as_they_are() -> list[Breach]:
    """Who has a factor is noted beside them, and the app of each can be asked."""
    has = sa.or_(*(sa.exists().where(each.user_id == User.id) for each in (Totp, Passkey)))
    noted = User.factor_since.is_not(None)
    wrong = sa.select(User.id).where(sa.or_(sa.and_(has, ~noted), sa.and_(~has, noted))).order_by(User.id).limit(SHOWN)
    lost = "has an authenticator app whose key cannot be read; was SECRET_KEY changed, and the former one not kept?"
    return [
        *(
            Breach("I8", "has a second factor and is not asked for it, or is asked and has none", f"person:{each}")
            for each in db.session.scalars(wrong)
        ),
        *(Breach("I8", lost, f"person:{each}") for each in factors_totp.unreadable()[:SHOWN]),
    ]


def _kinds(person: User) -> list[Second]:
    has = {Second.APP: factors_totp.of(person), Second.PASSKEY: passkeys.of(person)}
    return [kind for kind, found in has.items() if found]


def _added(person: User, kind: Second, *, here: int | None) -> list[str]:
    is_first = person.factor_since is None
    codes = []
    if is_first:
        people.note_factor(person, utcnow())
        codes = recovery.renew(person)
        sessions.revoke_others(person, but=here)
    audit.record(person, "factor.added", people.subject(person), kind=kind.value)
    _tell(person, lambda: writing.factor_added(kind))
    return codes


def _removed(person: User, kind: Second) -> None:
    if not _kinds(person):
        if factor_rule.must_keep_one(person):
            words = _("The team of this site needs a second factor. Set up another before you remove this one.")
            raise LastFactor(words)
        recovery.forget(person)
        people.note_factor(person, None)
    audit.record(person, "factor.removed", people.subject(person), kind=kind.value)
    _tell(person, lambda: writing.factor_removed(kind))


def _tell(person: User, words: Callable[[], letters.Words]) -> None:
    if person.email:
        with addressing(person):
            letters.write(person.email, words(), good_for=tickets.GOOD_FOR[TicketKind.VERIFY])


def _none() -> NoSuchFactor:
    return NoSuchFactor(_("There is no such factor; perhaps it was removed in another browser."))
