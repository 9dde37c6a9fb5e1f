"""An application within this process, on a fresh database: for evidence that needs no server."""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from bench import stage
from config import Config
from ideas import create_app, migrating
from ideas.db import db
from tests.conftest import SELDOM, SETTINGS, Client

MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own there


class Inside(NamedTuple):
    """One application, in whose context the caller is. folder: everything it keeps as files; fresh: makes the settings
    of one more database of the same kind."""

    kind: str
    app: Flask
    url: str
    folder: Path
    fresh: Callable[[], Mapping[str, str]]


def applications(asked: argparse.Namespace, *, csrf: bool = False, **more: str) -> Iterator[Inside]:
    """One on each database that was asked for, one after the other. `more`: settings on top of those of all tests."""
    gc.set_threshold(*SELDOM)
    # what is shown needs the rows, not that they outlive the machine: in memory where there is some
    with stage.databases(asked, survives=False) as databases:
        for kind, settings in databases.items():
            with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
                url = settings().get("DATABASE_URL", f"sqlite:///{folder}/site/site.sqlite")
                made = Path(folder) / "site"
                with _application({**SETTINGS, **more, "DATABASE_URL": url}, made, csrf=csrf) as app:
                    yield Inside(kind, app, url, made, settings)


@contextmanager
def _application(env: Mapping[str, str], folder: Path, *, csrf: bool) -> Iterator[Flask]:
    folder.mkdir()
    migrating.upgrade(env["DATABASE_URL"])
    app = create_app(Config.from_env({**env, "INSTANCE_PATH": str(folder)}))
    app.testing = True
    app.test_client_class = Client
    app.config.update(WTF_CSRF_ENABLED=csrf, PROPAGATE_EXCEPTIONS=False)  # our faults are answers here too
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
