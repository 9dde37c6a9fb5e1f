"""Somebody with a canary in every column and file that can hold a word about them is erased: it is found nowhere.

Not in a dump, the database's files, the site's folder (mail, pictures, the journal), a backup made afterwards or the
log; the sums are as before. A backup made before, restored, forgets them again; who comes back begins anew. A leftover
that is planted in a row, a file or the log is found.

python -m bench.erasure [--database sqlite|postgresql]
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

import sqlalchemy as sa
import structlog

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from ideas import backups
from ideas.accounts import erasing, people
from ideas.accounts.models import User
from ideas.boards.models import Comment, Vote
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import checker
from tests.accounts import arranging
from tests.conftest import SETTINGS
from tests.safety import forgetting
from tests.safety.forgetting import Seeded
from tests.servers import ideas, postgres_programs


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    findings = Findings("Somebody erased is found nowhere, and the sums stay")
    for site in inside.applications(asked, LOG_LEVEL="info"):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as log:
            _show(site, findings, log, Path(folder))
    findings.end()


def _show(site: Inside, findings: Findings, log: io.StringIO, folder: Path) -> None:
    def say(what: str) -> str:
        return f"{site.kind}: {what}"

    seeded = forgetting.seed()
    person_id = seeded.person.id
    _look_around(site, person_id)
    findings.same(say("columns nobody has sorted"), [], sorted(forgetting.unsorted()))
    findings.same(say("columns that should hold the canary and do not"), [], sorted(_unseeded()))
    findings.note(say("columns with the canary before"), len(forgetting.columns_with()))
    findings.note(say("files with the canary before"), len(_files(site)))
    findings.holds(say("hits in a dump before"), (before := _hits_in_dump(site)) > 50, before, wanted="> 50")
    backups.write(folder / "before.backup")
    hits = _hits_in_backup(folder / "before.backup")
    findings.holds(say("hits in a backup before"), hits > 50, hits, wanted="> 50")
    totals = forgetting.totals()
    votes = _votes()
    with unit_of_work():
        leaving = erasing.erase(None, db.session.get_one(User, person_id), with_text=True)
    erasing.finish(leaving)
    findings.same(say("columns with the canary after"), [], sorted(forgetting.columns_with()))
    db.engine.dispose()  # the last connection that leaves lets SQLite put its log away
    findings.same(say("files with the canary after, database, mail, pictures and journal among them"), [], _files(site))
    findings.same(say("hits in a dump after"), 0, _hits_in_dump(site))
    backups.write(folder / "after.backup")
    findings.same(say("hits in a backup after"), 0, _hits_in_backup(folder / "after.backup"))
    lines = log.getvalue().count("\n")
    findings.holds(say("lines in the log, of requests and mail of theirs too"), lines > 5, lines, wanted="more than 5")
    findings.same(say("hits in the log"), 0, _hits(log.getvalue()))
    findings.same(say("the sums"), totals, forgetting.totals())
    findings.same(say("who backs what, by number"), votes, _votes())
    findings.same(
        say("breaches that doctor finds"), [], [each for found in checker.run_all().values() for each in found]
    )
    findings.same(say("the journal names"), [person_id], [line.person_id for line in erasing.lines(erasing.journal())])
    _restore(site, findings, folder)
    _plant(site, findings, log, seeded)
    _come_back(site, findings, person_id)


def _look_around(site: Inside, person_id: int) -> None:
    """The person reads pages, searches for themselves, and types a wrong password: nothing of it is in the log."""
    client = site.app.test_client()
    for path in ("/", f"/?q={forgetting.NAME}", f"/people/{person_id}", "/search?q=qzqalone"):
        client.get(path, environ_overrides={"REMOTE_ADDR": forgetting.NETWORK})
    client.post("/sign-in", data={"email": forgetting.EMAIL, "password": "qzq and wrong"})
    db.session.rollback()


def _restore(site: Inside, findings: Findings, folder: Path) -> None:
    """The backup of the day before, into another database, with the journal of the site."""
    env = {**SETTINGS, "INSTANCE_PATH": str(folder / "restored"), **site.fresh()}
    env.setdefault("DATABASE_URL", f"sqlite:///{folder}/restored/site.sqlite")
    (folder / "restored").mkdir()
    said = ideas(env, "restore", str(folder / "before.backup"), "--erased", str(erasing.journal()))
    findings.same(
        f"{site.kind}: an earlier backup restored: forgotten again", True, "Forgotten again: 1 people" in said
    )
    findings.same(f"{site.kind}: columns with the canary in what was restored", [], _columns_of(env["DATABASE_URL"]))
    findings.same(f"{site.kind}: files with it in what was restored", [], forgetting.files_with(folder / "restored"))


def _columns_of(url: str) -> list[str]:
    with stage.connection(url) as reading:
        known = sa.MetaData()
        known.reflect(reading)
        return sorted(
            f"{table.name}.{column}"
            for table in known.sorted_tables
            for column in {
                column
                for row in reading.execute(sa.select(table)).mappings()
                for column, value in row.items()
                if _hits(str(value))
            }
        )


def _plant(site: Inside, findings: Findings, log: io.StringIO, seeded: Seeded) -> None:
    (site.folder / "left.txt").write_text("qzqname")
    findings.same(f"{site.kind}: a file that is left is found", ["left.txt"], _files(site))
    (site.folder / "left.txt").unlink()
    with unit_of_work():
        said = {"idea_id": seeded.backed, "author_id": seeded.others.id, "created_at": utcnow()}
        db.session.add(left := Comment(body="Qzqname was here", body_html="", **said))
    findings.same(f"{site.kind}: a row that is left is found", ["comment.body"], sorted(forgetting.columns_with()))
    findings.same(f"{site.kind}: in a dump too", 1, min(1, _hits_in_dump(site)))
    with unit_of_work():
        db.session.delete(db.session.get_one(Comment, left.id))
    structlog.get_logger().warning("planted", who=forgetting.NAME)
    findings.holds(f"{site.kind}: a name in the log is found", (hits := _hits(log.getvalue())) > 0, hits)


def _come_back(site: Inside, findings: Findings, person_id: int) -> None:
    """The same address signs up again: somebody new, whom nothing is given back to."""
    client = site.app.test_client()
    arranging.sign_up(client, forgetting.EMAIL)
    client.post(arranging.last_link_to(forgetting.EMAIL))
    back = people.by_email(forgetting.EMAIL)
    fresh = back is not None and back.verified_at is not None and back.id != person_id
    findings.same(f"{site.kind}: who signs up again with the same address has a new account", True, fresh)
    theirs = sa.select(sa.func.count()).select_from(Vote).where(Vote.user_id == (back.id if back else 0))
    findings.same(f"{site.kind}: votes it is given back", 0, db.session.scalar(theirs))


def _votes() -> list[tuple[int, int]]:
    """Each vote, and of whom, and each count; erasing cuts only their times."""
    rows = db.session.execute(sa.select(Vote.idea_id, Vote.user_id).order_by(Vote.idea_id, Vote.user_id))
    found = [(row.idea_id, row.user_id) for row in rows]
    db.session.rollback()
    return found


def _unseeded() -> set[str]:
    return forgetting.CANARIES - forgetting.columns_with()


def _files(site: Inside) -> list[str]:
    return forgetting.files_with(site.folder)


def _hits(text: str) -> int:
    return text.casefold().count(forgetting.CANARY) + text.count(forgetting.NETWORK)


def _hits_in_dump(site: Inside) -> int:
    """How often the canary stands in what the database's own tool gives, and in SQLite's file."""
    if site.kind == "sqlite":
        path = Path(site.url.removeprefix("sqlite:///"))
        with db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            text = "\n".join(raw.iterdump()) + path.read_bytes().decode("latin-1")
    else:
        command = [str(postgres_programs() / "pg_dump"), "--dbname", site.url, "--inserts"]
        text = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return _hits(text)


def _hits_in_backup(file: Path) -> int:
    with zipfile.ZipFile(file) as archive:
        return sum(_hits(archive.read(name).decode("latin-1")) for name in archive.namelist())


if __name__ == "__main__":
    main()
