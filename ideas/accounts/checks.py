"""What must hold of people at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, SiteRole, User
from ideas.checking import Breach
from ideas.db import db

SHOWN = 50  # of one kind of breach; more would say no more


def privilege_is_audited() -> list[Breach]:
    """I8: whoever is suspended, or holds a role, is so by an act in the audit log."""
    wrong = {
        "is suspended and nobody is on record for it": (
            User.suspended_at.is_not(None),
            ["person.suspended", "person.erased"],
        ),
        "holds a role that nobody is on record for": (
            User.site_role != SiteRole.MEMBER.value,
            ["person.created", "person.role_changed"],
        ),
    }
    return [
        Breach("I8", what, f"person:{person_id}")
        for what, (state, acts) in wrong.items()
        for person_id in db.session.scalars(
            sa.select(User.id).where(state, ~_audited(acts)).order_by(User.id).limit(SHOWN)
        )
    ]


def _audited(acts: list[str]) -> sa.Exists:
    subject = sa.literal("person:").concat(sa.cast(User.id, sa.String))
    return sa.exists().where(AuditEntry.subject == subject, AuditEntry.act.in_(acts))


CHECKS: dict[str, Callable[[], list[Breach]]] = {"roles and suspensions are audited": privilege_is_audited}
