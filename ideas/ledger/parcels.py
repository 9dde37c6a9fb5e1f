"""What a worker hands over, one at a time: a single delivery or a digest. The worker need not know which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import structlog

from ideas import mail
from ideas.db import db
from ideas.ledger import bounces, digests, sending
from ideas.ledger.channels import digest, email
from ideas.ledger.channels.digest import Prepared
from ideas.ledger.models import Failed
from ideas.ledger.sending import Outcome

log = structlog.get_logger()


class Ready(NamedTuple):
    """What a parcel said when it was asked just before: the mail, or what becomes of it; None: it is ours no more."""

    message: mail.Message | Outcome | None


class Settled(NamedTuple):
    """is_mine: False when the lease was lost, which changes nothing. following: None when it has to be asked itself."""

    is_mine: bool
    following: Ready | None = None


class Parcel(Protocol):
    """A mail in hand, under a lease that ends at `until`."""

    @property
    def until(self) -> datetime: ...

    @property
    def attempts(self) -> int: ...

    @property
    def first_tried_at(self) -> datetime: ...

    @property
    def about(self) -> dict[str, Any]:
        """What the log calls it."""

    def takes_one_statement(self, outcome: Outcome) -> bool:
        """Whether writing that down does, so that it needs no transaction around it."""

    def ready(self) -> mail.Message | Outcome | None:
        """The mail to hand over, asked just before; what becomes of it if there is none; None: it is ours no more."""

    def write_down(self, outcome: Outcome, following: Parcel | None = None) -> Settled:
        """Record what came of it, and what is known thereby of the next one. In a unit of work."""

    def release(self) -> None:
        """Give it back as if it had not been taken. In a unit of work."""


@dataclass(frozen=True)
class Single:
    """One delivery, with its mail or what becomes of it because none can be made."""

    claim: sending.Claim
    row: sending.Claimed
    made: mail.Message | Outcome

    @property
    def until(self) -> datetime:
        return self.claim.until

    @property
    def attempts(self) -> int:
        return self.row.attempts

    @property
    def first_tried_at(self) -> datetime:
        return self.row.first_tried_at

    @property
    def about(self) -> dict[str, Any]:
        return {"delivery": self.row.delivery.id, "entry": self.row.entry_id, "request_id": self.row.request_id}

    def takes_one_statement(self, outcome: Outcome) -> bool:
        return outcome.reason != Failed.BOUNCED

    def ready(self) -> mail.Message | Outcome | None:
        if isinstance(self.made, Outcome):
            return self.made
        return self.made if sending.is_still_mine(self.claim, self.row) else None

    def write_down(self, outcome: Outcome, following: Parcel | None = None) -> Settled:
        after = following if isinstance(following, Single) and isinstance(following.made, mail.Message) else None
        written = sending.write_down(self.claim, self.row, outcome, after.row if after else None)
        if written.is_mine and outcome.reason == Failed.BOUNCED:
            bounces.refused(f"{bounces.SINGLE}{self.row.delivery.id}", self.row.to.email, outcome.error or "")
        if after is None or not written.is_mine:
            return Settled(written.is_mine)
        return Settled(is_mine=True, following=Ready(after.made if written.goes_on else None))

    def release(self) -> None:
        sending.release(self.claim, [self.row])


@dataclass(frozen=True)
class Gathered:
    """A digest, with the words of all that is in it."""

    claim: digests.Claim
    prepared: Prepared

    @property
    def until(self) -> datetime:
        return self.claim.until

    @property
    def attempts(self) -> int:
        return self.prepared.digest.attempts

    @property
    def first_tried_at(self) -> datetime:
        return self.prepared.digest.first_tried_at

    @property
    def about(self) -> dict[str, Any]:
        return {"digest": self.prepared.digest.id, "deliveries": sorted(self.prepared.digest.included)}

    def takes_one_statement(self, outcome: Outcome) -> bool:
        return False

    def ready(self) -> mail.Message | Outcome | None:
        """An Outcome only if nothing of it can be said; each of its deliveries has its own then."""
        mine = digests.still_mine(self.claim, self.prepared.digest)
        try:
            message = self.prepared.message(mine)
        except Exception as error:  # one broken digest must not hold up everybody's mail
            log.warning("mail_cannot_be_made", **self.about, exc_info=True)
            return sending.unrenderable(repr(error))
        if message is None and self.prepared.digest.lost:
            return sending.gone()
        return message

    def write_down(self, outcome: Outcome, following: Parcel | None = None) -> Settled:
        digest = self.prepared.digest
        is_mine = digests.write_down(self.claim, digest, outcome)
        if is_mine and outcome.reason == Failed.BOUNCED:
            bounces.refused(f"{bounces.DIGEST}{digest.id}", digest.to.email, outcome.error or "")
        return Settled(is_mine)

    def release(self) -> None:
        digests.release(self.claim, [self.prepared.digest])


def singles(claim: sending.Claim) -> Sequence[Parcel]:
    messages = email.compose(claim.rows)
    db.session.rollback()  # nothing is held while a relay takes its time
    return [Single(claim, row, messages[row.delivery.id]) for row in claim.rows]


def gathered(claim: digests.Claim) -> Sequence[Parcel]:
    prepared = digest.prepare(claim.rows)
    db.session.rollback()
    return [Gathered(claim, each) for each in prepared]
