"""What must hold of people at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from ideas.accounts import suppressions
from ideas.accounts.models import ApiKey, AuditEntry, SiteRole, User
from ideas.accounts.models_identities import Identity
from ideas.checking import Breach
from ideas.db import db

SHOWN = 50  # of one kind of breach; more would say no more


def subject(kind: str, row_id: Any) -> sa.ColumnElement[str]:
    """A subject of the audit log ("idea:7") as a column to select."""
    return sa.literal(f"{kind}:").concat(sa.cast(row_id, sa.String)).label("subject")


def unaudited(acts: Mapping[str, sa.Select[Any]]) -> list[Breach]:
    """I8: acts (name in the log → a row of `subject` for each time it was done) that were done more often than the log
    says."""
    return [
        Breach("I8", f"was done {row.done} times and stands {row.lines} times in the log: {act}", row.subject)
        for act, done in acts.items()
        for row in db.session.execute(_unaudited(act, done))
    ]


def _unaudited(act: str, done: sa.Select[Any]) -> sa.Select[Any]:
    rows, count = done.subquery(), sa.func.count()
    lines = (
        sa.select(AuditEntry.subject, count.label("lines"))
        .where(AuditEntry.act == act)
        .group_by(AuditEntry.subject)
        .subquery()
    )
    logged = sa.func.coalesce(lines.c.lines, 0)
    return (
        sa.select(rows.c.subject, count.label("done"), logged.label("lines"))
        .outerjoin(lines, lines.c.subject == rows.c.subject)
        .group_by(rows.c.subject, logged)
        .having(count > logged)
    )


def privilege_is_audited() -> list[Breach]:
    """I8: whoever is suspended, or holds a role, is so by an act in the audit log; each key was made by one, and each
    account elsewhere that signs somebody in was added by one."""
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
    people = [
        Breach("I8", what, f"person:{person_id}")
        for what, (state, acts) in wrong.items()
        for person_id in db.session.scalars(
            sa.select(User.id).where(state, ~_audited(acts)).order_by(User.id).limit(SHOWN)
        )
    ]
    return people + unaudited(
        {
            "key.made": sa.select(subject("key", ApiKey.id)),
            "identity.linked": sa.select(subject("person", Identity.user_id)),
        }
    )


def _audited(acts: list[str]) -> sa.Exists:
    return sa.exists().where(AuditEntry.subject == subject("person", User.id), AuditEntry.act.in_(acts))


def stopped_mail_is_known() -> list[Breach]:
    """I7: what the list of addresses that get no mail says, it says beside each person who has one of them."""
    return [
        Breach("I7", f"{_STOPPED[said]}, and the list of addresses says otherwise{_LOST}", f"person:{person_id}")
        for person_id, said, _listed in suppressions.differing(most=SHOWN)
    ]


_LOST = "; was SECRET_KEY changed, and the former one not kept in SECRET_KEY_FALLBACKS?"
_STOPPED = {
    None: "gets mail",
    "bounced": "gets no mail, as it came back",
    "complained": "gets no mail, having complained",
}

CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "roles, suspensions, keys and identities are audited": privilege_is_audited,
    "stopped mail is known": stopped_mail_is_known,
}
