"""A site without a web server, on a database of its own: for what happens between the ledger and a relay."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import stage
from ideas import migrating
from tests.ledger.faults import Site

LEASE = 2  # seconds: what a killed worker had in hand is taken up again after this


@contextmanager
def site(env: Mapping[str, str], mail_url: str, **settings: str) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'site.sqlite'}", "INSTANCE_PATH": folder}
        given = {
            **stage.SETTINGS,
            **own,
            **env,
            "BASE_URL": "http://localhost",
            "MAIL_URL": mail_url,
            "SETTLE_MINUTES": "0",
            "SINGLE_MAILS_A_WEEK": "1000000",
            "WORKER_POLL_SECONDS": "0.05",
            "LEASE_SECONDS": str(LEASE),
            "LOG_LEVEL": "error",
            **settings,
        }
        migrating.upgrade(given["DATABASE_URL"])
        made = Site(given)
        yield made
        made.close()
