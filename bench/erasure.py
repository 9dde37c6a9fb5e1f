"""Somebody with a canary in every column and file that can hold a word about them is erased: it is found nowhere.

Not in a dump, the database's files, the site's folder (mail, pictures, the journal) or the log; the sums are as before.
A leftover that is planted is found.

python -m bench.erasure [--database sqlite|postgresql]
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
from pathlib import Path

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from ideas.accounts import erasing
from ideas.accounts.models import User
from ideas.db import db, unit_of_work
from ideas.ledger import checker
from tests.safety import forgetting
from tests.servers import postgres_programs


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    findings = Findings("Somebody erased is found nowhere, and the sums stay")
    log = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(log))
    for site in inside.applications(asked):
        _show(site, findings, log)
    findings.end()


def _show(site: Inside, findings: Findings, log: io.StringIO) -> None:
    def say(what: str) -> str:
        return f"{site.kind}: {what}"

    seeded = forgetting.seed()
    person_id = seeded.person.id
    findings.same(say("columns nobody has sorted"), [], sorted(forgetting.unsorted()))
    findings.same(say("columns that should hold the canary and do not"), [], sorted(_unseeded()))
    findings.note(say("columns with the canary before"), len(forgetting.columns_with()))
    findings.note(say("files with the canary before"), len(_files(site)))
    findings.holds(say("hits in a dump before"), (before := _hits_in_dump(site)) > 50, before, wanted="> 50")
    totals = forgetting.totals()
    with unit_of_work():
        leaving = erasing.erase(None, db.session.get_one(User, person_id), with_text=True)
    erasing.finish(leaving)
    findings.same(say("columns with the canary after"), [], sorted(forgetting.columns_with()))
    db.engine.dispose()  # the last connection that leaves lets SQLite put its log away
    findings.same(say("files with the canary after, database, mail, pictures and journal among them"), [], _files(site))
    findings.same(say("hits in a dump after"), 0, _hits_in_dump(site))
    findings.same(say("hits in the log"), 0, log.getvalue().casefold().count(forgetting.CANARY))
    findings.same(say("the sums"), totals, forgetting.totals())
    findings.same(
        say("breaches that doctor finds"), [], [each for found in checker.run_all().values() for each in found]
    )
    findings.same(say("the journal names"), [person_id], [line.person_id for line in erasing.lines(erasing.journal())])
    (site.folder / "left.txt").write_text("qzqname")
    findings.same(say("a planted leftover is found"), ["left.txt"], _files(site))


def _unseeded() -> set[str]:
    return forgetting.CANARIES - forgetting.columns_with()


def _files(site: Inside) -> list[str]:
    return forgetting.files_with(site.folder)


def _hits_in_dump(site: Inside) -> int:
    """How often the canary stands in what a backup would hold."""
    if site.kind == "sqlite":
        path = Path(site.url.removeprefix("sqlite:///"))
        with db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            text = "\n".join(raw.iterdump()) + path.read_bytes().decode("latin-1")
    else:
        command = [str(postgres_programs() / "pg_dump"), "--dbname", site.url, "--inserts"]
        text = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return text.casefold().count(forgetting.CANARY) + text.count(forgetting.NETWORK)


if __name__ == "__main__":
    main()
