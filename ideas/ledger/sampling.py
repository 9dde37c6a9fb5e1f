"""What a kind of mail would say, shown with the last news of that kind: one sample for each path by which it came."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa

from ideas import settings, words
from ideas.accounts.models import User
from ideas.db import db
from ideas.ledger.channels import email
from ideas.ledger.models import Channel, Delivery, Path
from ideas.ledger.sending import Addressee, Outcome
from ideas.ledger.wording import Own
from ideas.outbox import DueDelivery, OutboxEntry

_LINK = re.compile(r"https?://\S+")  # many do something in the name of whom the mail went to
LOOKED_AT = 5_000  # lines of the ledger, the latest


class Sample(NamedTuple):
    """A mail as plain text, to somebody on that path. Its links are cut short: none opens or does anything."""

    path: str
    subject: str
    text: str


def samples(reader: User, news: str, own: Own) -> list[Sample]:
    """As `reader` would read them, strongest path first; [] when nothing of the kind was told lately."""
    latest = sa.select(sa.func.max(Delivery.id)).scalar_subquery()
    of_each = (
        sa.select(sa.func.max(Delivery.id))
        .where(Delivery.id > latest - LOOKED_AT, Delivery.news == news, Delivery.channel == Channel.EMAIL.value)
        .group_by(Delivery.path)
    )
    rows = db.session.execute(
        sa.select(
            *(Delivery.id, OutboxEntry.kind, OutboxEntry.subject, OutboxEntry.about_id, OutboxEntry.recorded_at),
            *(Delivery.user_id, Delivery.path, Delivery.news, Delivery.contribution_kind, Delivery.contribution_id),
        )
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .where(Delivery.id.in_(of_each))
    ).all()
    order = [path.value for path in Path]
    to = Addressee(reader.id, reader.name, reader.email or "", reader.locale, reader.timezone)
    found = []
    with words.addressing(to):
        for row in sorted(rows, key=lambda row: order.index(row.path)):
            delivery = DueDelivery(**row._mapping)
            notice = settings.rooms().notices[delivery.kind]
            said = email.find_words(notice, [delivery])[delivery.id]
            if not isinstance(said, Outcome):  # what it told of may be gone since
                made = email.sample(notice, delivery, to, said, own)
                found.append(Sample(delivery.path, made.subject, _LINK.sub(_short, made.text)))
    return found


def _short(link: re.Match[str]) -> str:
    parts = urlsplit(link[0])
    return f"{parts.scheme}://{parts.netloc}/…"
