"""What must hold of the team's list at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ideas.accounts.checks import subject, unaudited
from ideas.accounts.models import AuditEntry
from ideas.backlog.models import Estimate
from ideas.backlog.models_views import BacklogView
from ideas.checking import Breach

_lines = sa.select(AuditEntry.subject)
_view = subject("view", BacklogView.id).element


def estimates_and_shared_views_are_audited() -> list[Breach]:
    """I8: each estimate that stands, and each list that is shared, is on record."""
    changed = _lines.where(AuditEntry.act == "view.changed")  # one's own that became everybody's
    return unaudited(
        {
            "idea.estimated": sa.select(subject("idea", Estimate.idea_id)),
            "view.shared": sa.select(subject("view", BacklogView.id)).where(
                BacklogView.is_shared, _view.not_in(changed)
            ),
        }
    )


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "estimates and shared views are audited": estimates_and_shared_views_are_audited,
}
