"""The site's name, colour and logo: chosen in the browser, and where nothing was chosen, as the settings say."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ideas import pictures, settings
from ideas.accounts import audit, policy
from ideas.accounts.models import User
from ideas.accounts.models_brand import THE_ONE, Brand
from ideas.db import db
from ideas.pictures import Picture

READ_AGAIN = 10.0  # seconds after which another process follows what was changed in this one
LOGO_SIDE = 320  # pixels: the header shows it 28 high

_AS_KEPT = sa.select(Brand.site_name, Brand.accent, Brand.logo_version).where(Brand.id == THE_ONE)
_LOGO = sa.select(Brand.logo).where(Brand.id == THE_ONE)


@dataclass
class Remembered:
    """What one process last read: `until` is when it reads again."""

    brand: settings.Brand | None = None
    until: float = 0.0
    reading: threading.Lock = field(default_factory=threading.Lock)


def now(remembered: Remembered) -> settings.Brand:
    """As it was at most READ_AGAIN seconds ago. Without a database to ask, as it last was, or as the settings say."""
    if time.monotonic() < remembered.until and remembered.brand is not None:
        return remembered.brand
    if not remembered.reading.acquire(blocking=remembered.brand is None):
        return remembered.brand or settings.brand_of_settings()
    try:
        remembered.brand = _read()
    except SQLAlchemyError:
        remembered.brand = remembered.brand or settings.brand_of_settings()
    finally:
        remembered.until = time.monotonic() + READ_AGAIN
        remembered.reading.release()
    return remembered.brand


def logo() -> bytes | None:
    """The picture that was chosen."""
    return db.session.scalar(_LOGO)


def kept(reader: User) -> Brand:
    """What was chosen, for the page on which it is changed."""
    policy.require_admin(reader)
    return db.session.get(Brand, THE_ONE) or Brand()


def logo_from(sent: bytes) -> Picture:
    """What was sent as a logo. Raises ValidationError, naming the field, for whatever is none."""
    return pictures.taken(sent, most_bytes=settings.current().picture_bytes, longest_side=LOGO_SIDE)


def choose(actor: User, *, site_name: str | None, accent: str | None, picture: Picture | None) -> None:
    """Call the site so and give it that colour; None is as the settings say. A picture takes the logo's place.

    accent: a colour for which colours.palette has shades.
    """
    brand = _changing(actor)
    brand.site_name, brand.accent = site_name, accent
    if picture is not None:
        brand.logo, brand.logo_version = picture.content, picture.made_of
    audit.record(actor, "brand.changed", brand.subject, site_name=site_name, accent=accent, picture=picture is not None)


def drop_logo(actor: User) -> None:
    """Show the picture of the settings again, or our mark."""
    brand = _changing(actor)
    brand.logo = brand.logo_version = None
    audit.record(actor, "brand.logo_dropped", brand.subject)


def _changing(actor: User) -> Brand:
    policy.require_admin(actor)
    brand = db.session.get(Brand, THE_ONE)
    if brand is None:
        brand = Brand(id=THE_ONE)
        db.session.add(brand)
    return brand


def _read() -> settings.Brand:
    row = db.session.execute(_AS_KEPT).one_or_none()
    plain = settings.brand_of_settings()
    if row is None:
        return plain
    return settings.Brand(row.site_name or plain.site_name, row.accent or plain.accent, row.logo_version or plain.logo)
