"""Passkeys (WebAuthn). The only code that writes `passkey` and `passkey_challenge`.

Who is told of them, and what else comes with a factor, is in factors.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from sqlalchemy.orm import joinedload
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ideas.accounts import tokens
from ideas.accounts.errors import FactorThere, NoSuchFactor, PasskeyRefused
from ideas.accounts.models import User
from ideas.accounts.models_factors import Passkey, PasskeyChallenge
from ideas.db import db, insert_once, utcnow
from ideas.errors import Conflict
from ideas.settings import brand, current
from ideas.words import _

GOOD_FOR = timedelta(minutes=5)
MOST = 20  # of one person
# in which what is no answer at all may end
UNFIT = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)


class Purpose(StrEnum):
    """What a challenge is for; it serves for nothing else."""

    ADD = "add"
    SIGN_IN = "sign_in"  # alone: whoever holds the device proves it to the device
    SECOND = "second"


class Asked(NamedTuple):
    """A new challenge. token: what the browser's cookie keeps; options: what its script hands to the browser."""

    token: str
    options: dict[str, Any]


class New(NamedTuple):
    """A passkey that proved to be one."""

    credential_id: str
    public_key: str
    sign_count: int


def are_possible() -> bool:
    """Browsers know passkeys only for sites with a name, and over https; on one's own machine `localhost` will do."""
    host = urlsplit(current().base_url).hostname or ""
    return host == "localhost" or (current().is_https and not host.replace(".", "").isdigit())


def of(person: User) -> Sequence[Passkey]:
    """Theirs, the newest first."""
    return db.session.scalars(sa.select(Passkey).where(Passkey.user_id == person.id).order_by(Passkey.id.desc())).all()


# --- Asking ---


def ask_for_new(person: User) -> Asked:
    """For a passkey that `person` adds. Raises Conflict when they have very many."""
    theirs = of(person)
    if len(theirs) >= MOST:
        raise Conflict(_("You have %(most)s passkeys. Remove one that you no longer use.", most=MOST))
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=brand().site_name,
        user_id=_handle(person.id),
        user_name=person.email or person.name,
        user_display_name=person.name,
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each.credential_id)) for each in theirs],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return _asked(Purpose.ADD, person, options, options.challenge)


def ask_anybody() -> Asked:
    """For a passkey of whoever comes, that signs in alone."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED
    )
    return _asked(Purpose.SIGN_IN, None, options, options.challenge)


def ask(person: User) -> Asked:
    """For a passkey of `person`, as their second factor."""
    theirs = [PublicKeyCredentialDescriptor(base64url_to_bytes(each.credential_id)) for each in of(person)]
    options = webauthn.generate_authentication_options(rp_id=_host(), allow_credentials=theirs)
    return _asked(Purpose.SECOND, person, options, options.challenge)


def take(purpose: Purpose, token: str | None, person: User | None) -> bytes:
    """The challenge that this browser was given for that; it is spent. Raises PasskeyRefused."""
    whose = PasskeyChallenge.user_id == person.id if person else PasskeyChallenge.user_id.is_(None)
    gone = (
        sa.delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.token_hash == tokens.hashed(token or ""),
            PasskeyChallenge.purpose == purpose.value,
            PasskeyChallenge.expires_at > utcnow(),
            whose,
        )
        .returning(PasskeyChallenge.challenge)
    )
    challenge = db.session.scalar(gone.execution_options(synchronize_session=False))
    if challenge is None:
        raise PasskeyRefused(_("That took too long. Try once more."))
    return base64url_to_bytes(challenge)


# --- Answers ---


def new_from(challenge: bytes, answer: str) -> New:
    """The passkey that signed `challenge` for this site for the first time. Raises PasskeyRefused."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=_host(), expected_origin=current().base_url
        )
    except UNFIT as error:
        raise _refused() from error
    return New(
        bytes_to_base64url(found.credential_id), bytes_to_base64url(found.credential_public_key), found.sign_count
    )


def add(person: User, new: New, name: str) -> None:
    """It is theirs from now on. Raises FactorThere when it is somebody's already."""
    if not insert_once(Passkey, user_id=person.id, name=name, created_at=utcnow(), **new._asdict()):
        raise FactorThere(_("This passkey is there already."))


def use(challenge: bytes, answer: str, *, of: User | None = None) -> User:
    """Whose passkey signed `challenge` for this site: of anybody if its device knew who held it, or `of` that person.

    A passkey that counts has to have counted on, or it is a copy. Raises PasskeyRefused.
    """
    known = _named_in(answer)
    if known is None or (of is not None and known.user_id != of.id):
        raise _refused()
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=current().base_url,
            credential_public_key=base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=of is None,
        )
    except UNFIT as error:
        raise _refused() from error
    # of two answers with one count, one is first
    counted = sa.update(Passkey).where(Passkey.id == known.id, Passkey.sign_count == known.sign_count)
    values = {"sign_count": found.new_sign_count, "last_used_at": utcnow()}
    options = {"synchronize_session": False}
    if db.session.scalar(counted.values(**values).returning(Passkey.id).execution_options(**options)) is None:
        raise _refused()
    return known.user


def remove(person: User, passkey_id: int) -> None:
    """It opens nothing any more. Raises NoSuchFactor when it is not theirs."""
    gone = sa.delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == person.id).returning(Passkey.id)
    if db.session.scalar(gone.execution_options(synchronize_session=False)) is None:
        raise NoSuchFactor(_("There is no such factor; perhaps it was removed in another browser."))


def forget(person: User) -> None:
    """None of theirs opens anything any more."""
    gone = sa.delete(Passkey).where(Passkey.user_id == person.id)
    db.session.execute(gone.execution_options(synchronize_session=False))


def _named_in(answer: str) -> Passkey | None:
    try:
        said = json.loads(answer)
        name = said["id"]
        handle = said["response"].get("userHandle")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not isinstance(name, str) or not name.isascii() or "\0" in name:
        return None
    known = db.session.scalar(
        sa.select(Passkey)
        .where(Passkey.credential_id == name)
        .options(joinedload(Passkey.user))
        .execution_options(populate_existing=True)
    )
    if known is None or (handle and handle != bytes_to_base64url(_handle(known.user_id))):
        return None
    return known


def _asked(purpose: Purpose, person: User | None, options: Any, challenge: bytes) -> Asked:
    token = tokens.fresh()
    db.session.add(
        PasskeyChallenge(
            token_hash=tokens.hashed(token),
            purpose=purpose.value,
            user_id=person.id if person else None,
            challenge=bytes_to_base64url(challenge),
            expires_at=utcnow() + GOOD_FOR,
        )
    )
    return Asked(token, json.loads(webauthn.options_to_json(options)))


def _host() -> str:
    return urlsplit(current().base_url).hostname or ""


def _handle(person_id: int) -> bytes:
    """What the device calls the account: nothing that says who it is."""
    return f"person {person_id}".encode()


def _refused() -> PasskeyRefused:
    return PasskeyRefused(_("This passkey does not open an account here. Try another, or sign in otherwise."))
