"""The product against a small model of its promises, in stories made at random: people vote, comment, follow, answer,
merge, take apart, block, make and revoke keys. After each act what one of them sees is what the model says, and at the
end what everybody sees; planted faults are found.

python -m bench.model [--database sqlite|postgresql] [--runs 200] [--steps 50]
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import contains_eager

from bench import stage
from bench.inside import MEMORY
from bench.stage import Findings
from config import Config
from ideas import create_app, outbox
from ideas.accounts import keys, sessions
from ideas.accounts.models import ApiKey, User
from ideas.boards import notices, policy, ranking, trees
from ideas.boards.models import IdeaRank, Vote
from ideas.db import db
from tests.conftest import SELDOM, SETTINGS, Client, Database, PostgresDatabase, SqliteDatabase
from tests.model import machine
from tests.model.machine import Tally
from tests.remembering import Worlds
from tests.servers import PostgresServer

ENOUGH = 100  # runs in which a planted fault must be found


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        runs={"type": int, "default": 200, "help": "how many stories are told on each database"},
        steps={"type": int, "default": 50, "help": "of how many acts each"},
    )
    gc.set_threshold(*SELDOM)
    findings = Findings("The product is what the model of its promises says")
    for kind in [asked.database] if asked.database else list(stage.DATABASES):
        with _site(kind) as (app, worlds):
            _tell(findings, app, worlds, asked.runs, asked.steps)
            for what in FAULTS:
                _plant(findings, app, worlds, what, asked.steps)
    findings.end()


@contextmanager
def _site(kind: str) -> Iterator[tuple[Flask, Worlds]]:
    """An application, in whose context the caller is, on a database that is made anew for each story."""
    with ExitStack() as stack:
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        database: Database
        if kind == "sqlite":
            database = SqliteDatabase(folder)
        else:
            server = stack.enter_context(PostgresServer(fsync=False))
            database = PostgresDatabase(server.url(), "evidence_model")
            stack.callback(database.close)
        settings = {**SETTINGS, "DATABASE_URL": database.url, "INSTANCE_PATH": str(folder / "site")}
        app = create_app(Config.from_env(settings))
        app.testing = True
        app.test_client_class = Client
        app.config["WTF_CSRF_ENABLED"] = False
        stack.enter_context(app.app_context())
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        yield app, Worlds(database)


def _tell(findings: Findings, app: Flask, worlds: Worlds, runs: int, steps: int) -> None:
    kind, begun = worlds.database.kind, time.monotonic()
    tally = Tally()
    try:
        machine.tell_stories(app, worlds, tally, runs=runs, steps=steps, shrink=True)
    except AssertionError as error:
        findings.holds(f"{kind}: everything is what the model says", False, _story(error), wanted="no difference")
        return
    minutes = (time.monotonic() - begun) / 60
    findings.holds(f"{kind}: runs", tally.runs >= runs, tally.runs, wanted=f"at least {runs}")
    findings.holds(f"{kind}: acts", tally.acts >= runs * steps * 0.9, tally.acts, wanted=f"some {runs * steps:,}")
    findings.note(f"{kind}: times that somebody looked, minutes", f"{tally.looks:,}, {minutes:.1f}")
    for what in sorted({*tally.done, *(act for act, _code in tally.refused)}):
        why = {code: count for (act, code), count in tally.refused.items() if act == what}
        words = ", ".join(f"{code} {count}" for code, count in sorted(why.items(), key=lambda each: -each[1]))
        findings.holds(
            f"{kind}: {what}: done, refused",
            tally.done[what] > 0,
            f"{tally.done[what]:,}, {sum(why.values()):,}" + (f" ({words})" if words else ""),
            wanted="done at least once",
        )


def _story(error: AssertionError) -> str:
    return " · ".join([str(error), *getattr(error, "__notes__", [])])


def _plant(findings: Findings, app: Flask, worlds: Worlds, what: str, steps: int) -> None:
    tally, found = Tally(), "nothing"
    with _instead(*FAULTS[what]):
        try:
            machine.tell_stories(app, worlds, tally, runs=ENOUGH, steps=steps)
        except AssertionError as error:
            found = f"after {tally.acts:,} acts: {error}"
    findings.holds(f"{worlds.database.kind}: planted: {what}", found != "nothing", found, wanted="a difference")


# --- What is planted: each takes the place of a piece of the product that does it right ---


@contextmanager
def _instead(of: Any, name: str, it: Any) -> Iterator[None]:
    """`it` stands where something of the product stood."""
    kept = vars(of)[name]
    setattr(of, name, it)
    try:
        yield
    finally:
        setattr(of, name, kept)


def _count(idea_id: int) -> int:
    return db.session.scalars(sa.select(IdeaRank.vote_count).where(IdeaRank.idea_id == idea_id)).one()


def _counted_twice(idea_id: int, parts: Collection[int] = ()) -> int:
    votes = sa.select(sa.func.count()).select_from(Vote).where(Vote.idea_id.in_([idea_id, *parts])).scalar_subquery()
    db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id == idea_id).values(vote_count=votes))
    return _count(idea_id)


_REVOKED_TOO = (
    sa.select(ApiKey)
    .join(User, User.id == ApiKey.user_id)
    .options(contains_eager(ApiKey.user))
    .where(ApiKey.token_hash == sa.bindparam("token_hash"))
)
_BLOCKED_TOO = property(lambda standing: standing.user and (standing.user.is_site_team or standing.role == "team"))

FAULTS: dict[str, tuple[Any, str, Any]] = {
    "who takes a vote back is still counted": (ranking, "uncount_vote", _count),
    "who backs both ideas of a merge is counted twice": (ranking, "count_backers", _counted_twice),
    "a part taken out takes its own parts' backers with it": (trees, "below", lambda _links, _idea_id: set()),
    "a key that was revoked still works": (keys, "_FIND", _REVOKED_TOO),
    "who is blocked takes part": (policy, "require_part", lambda _person: None),
    "who is blocked stays of the team": (policy.Standing, "is_team", _BLOCKED_TOO),
    "who is blocked stays signed in": (sessions, "revoke_all", lambda _person: None),
    "what was undone is announced": (outbox, "cancel", lambda _entry_id: True),
    "who backs a part hears nothing of the whole": (notices, "parts_of", lambda _idea_id: []),
    "who backs a part of a part hears nothing": (notices, "parts_of", lambda idea_id: sorted(trees.links(idea_id))),
}


if __name__ == "__main__":
    main()
