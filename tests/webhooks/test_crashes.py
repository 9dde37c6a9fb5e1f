"""A worker is killed wherever it can be on the way of a webhook: it arrives all the same, under one name."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from ideas import ROOT
from ideas.accounts.models import User
from ideas.db import db, unit_of_work, utcnow
from ideas.webhooks import checks, endpoints
from ideas.webhooks.models import WebhookDelivery
from tests.conftest import SETTINGS
from tests.factories import BoardFactory, team_member
from tests.webhooks import arranging
from tests.webhooks.arranging import lines, listen, work

COURIER = Path(ROOT) / "ideas" / "webhooks" / "courier.py"
POINTS = re.findall(r'crashpoint\("([^"]+)"\)', COURIER.read_text())
ARRIVED = {"webhook.after_post", "webhook.before_written"}  # the other side has it, and nobody wrote that down


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_loses_no_webhook(make_app, database, tmp_path, point):
    own = {"OUTGOING_ALLOW": "127.0.0.1", "OUTGOING_HTTP": "true", "INSTANCE_PATH": str(tmp_path)}
    with arranging.receiver() as other, (app := make_app(**own)).app_context():
        petra = team_member(BoardFactory())
        endpoint_id, secret = listen(petra, other.address, "idea.created")
        with unit_of_work():
            endpoints.send_test(db.session.get_one(User, petra.id), endpoint_id)
        settings = {**os.environ, **SETTINGS, **own, "DATABASE_URL": database.url, "CRASHPOINT": point}

        killed = subprocess.run(
            [sys.executable, "-m", "ideas.cli", "worker", "--drain"], env=settings, cwd=ROOT, check=False
        )
        assert killed.returncode == -signal.SIGKILL, f"{point} was not reached"
        assert len(other.taken) == (point in ARRIVED)
        with unit_of_work():  # the lease runs out
            held = sa.update(WebhookDelivery).where(WebhookDelivery.lease.is_not(None))
            db.session.execute(held.values(due_at=utcnow()).execution_options(synchronize_session=False))
        work(app)

        assert [line.state for line in lines()] == ["sent"]
        assert len(other.verified(secret)) == 1 + (point in ARRIVED)
        assert len({(headers["webhook-id"], body) for headers, body in other.taken}) == 1
        assert checks.every_line_ends() == []
