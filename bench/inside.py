"""An application within this process, on a fresh database: for evidence that needs no server."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from bench import stage
from config import Config
from ideas import create_app, migrating
from ideas.db import db
from tests.conftest import SETTINGS, Client

MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own there


class Inside(NamedTuple):
    """One application, in whose context the caller is. folder: everything it keeps as files."""

    kind: str
    app: Flask
    url: str
    folder: Path


def applications(asked: argparse.Namespace, *, csrf: bool = False) -> Iterator[Inside]:
    """One on each database that was asked for, one after the other."""
    with stage.databases(asked) as databases:
        for kind, settings in databases.items():
            # in memory where there is some: what is shown needs the file, not its survival
            with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
                url = settings().get("DATABASE_URL", f"sqlite:///{folder}/site/site.sqlite")
                with _application(kind, url, Path(folder) / "site", csrf=csrf) as inside:
                    yield inside


@contextmanager
def _application(kind: str, url: str, folder: Path, *, csrf: bool) -> Iterator[Inside]:
    folder.mkdir()
    migrating.upgrade(url)
    app = create_app(Config.from_env({**SETTINGS, "DATABASE_URL": url, "INSTANCE_PATH": str(folder)}))
    app.testing = True
    app.test_client_class = Client
    app.config.update(WTF_CSRF_ENABLED=csrf, PROPAGATE_EXCEPTIONS=False)  # our faults are answers here too
    with app.app_context():
        try:
            yield Inside(kind, app, url, folder)
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
