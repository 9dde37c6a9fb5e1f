"""What the ledger forgets of a person: it keeps that somebody was told, so that its sums stay, and not what or how."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.db import db, utcnow
from ideas.ledger.models import Delivery, MailWords, Mute, Preference, State, Suppressed
from ideas.privacy import Leaving


def erase(leaving: Leaving) -> None:
    """Strike out what waits for them, mail in flight too, and forget what they wanted to hear."""
    theirs = Delivery.user_id == leaving.id
    struck_out = {
        "state": State.SUPPRESSED.value,
        "reason": Suppressed.ERASED.value,
        "lease": None,  # whoever is sending it writes nothing down any more
        "done_at": utcnow(),
    }
    for statement in (
        sa.update(Delivery).where(theirs, Delivery.state == State.PENDING.value).values(struck_out),
        sa.update(Delivery).where(theirs).values(error=None, read_at=None),
        sa.delete(Preference).where(Preference.user_id == leaving.id),
        sa.delete(Mute).where(Mute.user_id == leaving.id),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    _leave_mails(leaving)


def _leave_mails(leaving: Leaving) -> None:
    """Their name and address in the words of mails."""
    columns = (MailWords.subject, MailWords.opening, MailWords.closing)
    for row in db.session.scalars(sa.select(MailWords).where(sa.or_(*map(leaving.may_stand_in, columns)))):
        row.subject = leaving.rewritten(row.subject)[:150]
        row.opening, row.closing = leaving.rewritten(row.opening), leaving.rewritten(row.closing)
