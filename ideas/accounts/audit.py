"""The only code that writes `audit_entry`."""

from __future__ import annotations

from typing import Any

from ideas.accounts.models import AuditEntry, User
from ideas.db import db


def record(actor: User | None, act: str, subject: str, **details: Any) -> None:
    """Write down that `actor` (None: the command line) did `act` ("idea.hidden") to `subject` ("idea:7").

    Stands in the service that does the act, so both are in one transaction.
    """
    db.session.add(AuditEntry(actor_id=actor.id if actor else None, act=act, subject=subject, details=details))
