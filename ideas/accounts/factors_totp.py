"""Apps that show six digits (TOTP, RFC 6238). The only code that writes `totp`.

Who is told of it, and what else comes with a factor, is in factors.py.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from typing import NamedTuple

import pyotp
import sqlalchemy as sa

from ideas.accounts import sealing
from ideas.accounts.errors import CodeWrong, FactorThere, OfferOver
from ideas.accounts.models import User
from ideas.accounts.models_factors import Totp
from ideas.db import db, insert_once, utcnow
from ideas.settings import brand
from ideas.words import _

STEP = 30  # seconds
DRIFT = 1  # steps by which a phone's clock may be off, each way
OFFER = timedelta(minutes=30)
_PURPOSE = "totp"


class Offer(NamedTuple):
    """A new key for an app. sealed: what the page sends back with the first digits; it tells whoever reads it nothing.

    key: in groups of four, to be typed. address: the same and whose it is, for the picture.
    """

    key: str
    address: str
    sealed: str


def offer(person: User) -> Offer:
    """A key that nobody has yet. Nothing is kept of it until its digits come back."""
    secret = pyotp.random_base32()
    return _shown(person, secret, sealing.seal(_offered_to(person), secret))


def offer_again(person: User, sealed: str) -> Offer:
    """The same once more, after digits that were not right. Raises OfferOver when it is too old, or another's."""
    return _shown(person, _opened(person, sealed), sealed)


def add(person: User, sealed: str, code: str) -> None:
    """The app with that key is theirs from now on. Raises OfferOver, CodeWrong; FactorThere when they have one."""
    secret = _opened(person, sealed)
    step = _step_of(secret, code, after=-1)
    if step is None:
        raise _wrong()
    kept = {"secret": sealing.seal(_PURPOSE, secret), "last_step": step, "created_at": utcnow()}
    if not insert_once(Totp, user_id=person.id, **kept):
        raise FactorThere(_("You have an authenticator app already. Remove it before you set up another."))


def of(person: User) -> Totp | None:
    return db.session.scalar(sa.select(Totp).where(Totp.user_id == person.id))


def use(person: User, code: str) -> bool:
    """Are these the digits that the app of `person` shows. Of two who send the same ones, one is right."""
    row = db.session.execute(
        sa.select(Totp.id, Totp.secret, Totp.last_step).where(Totp.user_id == person.id)
    ).one_or_none()
    opened = sealing.unseal(_PURPOSE, row.secret) if row else None
    if row is None or opened is None:
        return False
    step = _step_of(opened.text, code, after=row.last_step)
    if step is None:
        return False
    values = {"last_step": step, "last_used_at": utcnow()}
    if opened.by_former:
        values["secret"] = sealing.seal(_PURPOSE, opened.text)
    taken = sa.update(Totp).where(Totp.id == row.id, Totp.last_step < step).values(**values).returning(Totp.id)
    return db.session.scalar(taken.execution_options(synchronize_session=False)) is not None


def remove(person: User) -> bool:
    """Their app opens nothing any more; False when they had none."""
    gone = sa.delete(Totp).where(Totp.user_id == person.id).returning(Totp.id)
    return db.session.scalar(gone.execution_options(synchronize_session=False)) is not None


def unreadable() -> list[int]:
    """Whose app cannot be asked any more, because the key that sealed its secret is gone."""
    rows = db.session.execute(sa.select(Totp.user_id, Totp.secret).order_by(Totp.user_id))
    return [row.user_id for row in rows if sealing.unseal(_PURPOSE, row.secret) is None]


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """The half minute about now, later than `after`, of which these are the digits."""
    typed = re.sub(r"[\s-]", "", code)
    if not (typed.isascii() and typed.isdigit()):
        return None
    now = int(utcnow().timestamp()) // STEP
    app = pyotp.TOTP(secret, interval=STEP)
    steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if hmac.compare_digest(app.generate_otp(step), typed)]
    return next((step for step in steps if step > after), None)


def _shown(person: User, secret: str, sealed: str) -> Offer:
    app = pyotp.TOTP(secret, interval=STEP)
    address = app.provisioning_uri(name=person.email or person.name, issuer_name=brand().site_name)
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    return Offer(" ".join(groups), address, sealed)


def _opened(person: User, sealed: str) -> str:
    opened = sealing.unseal(_offered_to(person), sealed, within=OFFER)
    if opened is None:
        raise OfferOver(_("This key was shown too long ago. Here is a new one; let your app take it in."))
    return opened.text


def _offered_to(person: User) -> str:
    return f"totp offered to {person.id}"


def _wrong() -> CodeWrong:
    return CodeWrong(_("These are not the digits that the app shows now. Is the clock of your phone right?"))
