"""Goal 5 of performance: making a mail, as a ratio of the plain way: `python -m bench.building [--people 2000]`.

The plain way renders every template for each person and puts the mail together with the standard library's message
objects. Ours makes once what many read alike. Both say the same, word for word, to the same people; both are timed by
the processor, in turns, in one process.
"""

from __future__ import annotations

import email
import email.policy
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from unittest import mock

import sqlalchemy as sa

from bench import stage, unserved
from bench.stage import Findings
from ideas import mail, settings, words
from ideas.accounts.models import User
from ideas.boards.models import Vote
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import fanout, sending
from ideas.ledger.channels import email as channel
from ideas.ledger.channels import shapes
from ideas.ledger.models import Channel, Delivery
from ideas.ledger.sending import Claimed
from ideas.outbox import OutboxEntry

BAR = 5.0
ROUNDS = 3
DAYS = 60  # on which people voted
FROM = "Ideas <no-reply@localhost>"


def main() -> None:
    asked = stage.arguments(
        "Makes the mails of one answer, our way and the plain way.",
        data=False,
        people={"type": int, "default": 2000, "help": "people told of one answer (2000)"},
    )
    findings = Findings("Making mail")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with unserved.site(fresh(), "folder:mail", LEASE_SECONDS="300") as here:
                here.settle_in(asked.people)
                voters = here.people()
                here.answer(voters)
                with here.here():
                    compare(findings, kind, claimed(voters))
    findings.end()


def claimed(voters: Sequence[int]) -> list[list[Claimed]]:
    """What a worker would have in hand, batch by batch; the people voted on many days."""
    chance = random.Random(5)
    with unit_of_work():
        for voter in voters:
            at = utcnow() - timedelta(days=chance.randrange(DAYS))
            db.session.execute(sa.update(Vote).where(Vote.user_id == voter).values(cast_at=at))
    with unit_of_work():
        while fanout.fan_out_next(settings.rooms().notices):
            pass
    columns = (Delivery.id, OutboxEntry.kind, OutboxEntry.subject, OutboxEntry.about_id, OutboxEntry.recorded_at)
    whose = (Delivery.user_id, Delivery.path, Delivery.news, Delivery.contribution_kind, Delivery.contribution_id)
    rows = db.session.execute(
        sa.select(*columns, *whose, User.name, User.email, User.locale, User.timezone)
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .join(User, User.id == Delivery.user_id)
        .where(Delivery.channel == Channel.EMAIL.value, Delivery.path == "voter")
        .order_by(Delivery.id)
    ).all()
    found = [Claimed(sending.delivery_of(row), sending.addressee_of(row), 1, utcnow(), 1, None) for row in rows]
    return [found[start : start + sending.BATCH] for start in range(0, len(found), sending.BATCH)]


def compare(findings: Findings, kind: str, batches: Sequence[Sequence[Claimed]]) -> None:
    people = sum(map(len, batches))
    said = [_said(batch) for batch in batches]
    times: dict[str, list[float]] = {"ours": [], "plain": [], "whole": []}
    for _ in range(ROUNDS):
        shapes.shapes.clear()
        times["ours"].append(_timed(lambda: [ours(each, names) for each, names in zip(batches, said, strict=True)]))
        with mock.patch.object(channel, "_inliner", return_value=Unstyled()):  # which plain mail does without
            times["plain"].append(
                _timed(lambda: [plain(each, names) for each, names in zip(batches, said, strict=True)])
            )
        shapes.shapes.clear()
        times["whole"].append(_timed(lambda: [as_sent(batch) for batch in batches]))
    best = {name: min(found) for name, found in times.items()}
    rate = {name: people / seconds for name, seconds in best.items()}
    findings.note(f"{kind}: mails a second of processor time, ours", f"{rate['ours']:,.0f}")
    findings.note(f"{kind}: … with finding the words in the database", f"{rate['whole']:,.0f}")
    findings.note(f"{kind}: … email.message and Jinja for each", f"{rate['plain']:,.0f}")
    ratio = best["plain"] / best["ours"]
    findings.holds(f"{kind}: ours is so many times as quick", ratio >= BAR, f"{ratio:.1f}", wanted=f"at least {BAR:g}")
    alike = _texts(ours(batches[0], said[0])) == _texts(plain(batches[0], said[0]))
    findings.holds(f"{kind}: both say the same, word for word", alike, "yes" if alike else "no")


class Unstyled:
    """Leaves styles where they are."""

    def inline(self, html: str) -> str:
        return html


def _said(batch: Sequence[Claimed]) -> Mapping[int, Any]:
    """What the templates are given: the same for both ways, and found before either is timed."""
    notice = settings.rooms().notices[batch[0].delivery.kind]
    with words.addressing(batch[0].to):
        return channel.find_words(notice, [row.delivery for row in batch])


def _timed(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def ours(batch: Sequence[Claimed], said: Mapping[int, Any]) -> list[bytes]:
    notice = settings.rooms().notices[batch[0].delivery.kind]
    with words.addressing(batch[0].to):
        alike = channel._alike(notice, said)
        made = [channel._one(notice, row, said[row.delivery.id], alike.get(row.delivery.id)) for row in batch]
    return [mail.as_bytes(each, FROM) for each in made if isinstance(each, mail.Message)]


def plain(batch: Sequence[Claimed], said: Mapping[int, Any]) -> list[bytes]:
    """Every template rendered, and put together by the standard library, for each person."""
    notice = settings.rooms().notices[batch[0].delivery.kind]
    found = []
    with words.addressing(batch[0].to):
        for row in batch:
            made = channel._one(notice, row, said[row.delivery.id], None)
            assert isinstance(made, mail.Message)
            found.append(_put_together(made))
    return found


def _put_together(made: mail.Message) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = FROM
    message["To"] = f"{made.to_name} <{made.to}>"
    message["Subject"] = made.subject
    message["Message-ID"] = made.message_id
    for name, value in made.headers.items():
        message[name] = value
    message.set_content(made.text, cte="quoted-printable")
    message.add_alternative(made.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def as_sent(batch: Sequence[Claimed]) -> list[bytes]:
    made = channel.compose(batch)
    return [mail.as_bytes(each, FROM) for each in made.values() if isinstance(each, mail.Message)]


def _texts(raw: Sequence[bytes]) -> list[tuple[str, ...]]:
    found = []
    for each in raw:
        message = email.message_from_bytes(each, policy=email.policy.default)
        parts = [part for part in message.walk() if not part.is_multipart()]
        found.append(tuple(part.get_content().replace("\r\n", "\n").strip() for part in parts))
    return found


if __name__ == "__main__":
    main()
