from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.backlog import checks, keeping, schemas
from ideas.db import db, unit_of_work
from ideas.settings import rooms
from tests.backlog.arranging import estimate
from tests.factories import BoardFactory, IdeaFactory, team_member

pytestmark = pytest.mark.usefixtures("app")


def keep(by, **words):
    with unit_of_work():
        return keeping.keep(by, schemas.ViewWords().load({"name": "Large customers", **words})).id


def test_estimates_and_shared_views_that_nobody_is_on_record_for_are_found():
    board = BoardFactory()
    petra, idea = team_member(board), IdeaFactory(board=board)
    db.session.commit()
    estimate(petra, idea)
    shared, own, own_first = keep(petra, shared=True), keep(petra), keep(petra)
    with unit_of_work():
        keeping.change(petra, keeping.get(petra, own_first), {"is_shared": True})
    found = rooms().checks["estimates and shared views are audited"]
    assert found is checks.estimates_and_shared_views_are_audited
    assert found() == []

    db.session.execute(sa.delete(AuditEntry))
    db.session.commit()

    assert {(one.invariant, one.where) for one in found()} == {
        ("I8", f"idea:{idea.id}"),
        ("I8", f"view:{shared}"),
        ("I8", f"view:{own_first}"),
    }
    assert own != shared
