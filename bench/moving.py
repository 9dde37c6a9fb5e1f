"""Everything out and in again: onto the other database, killed twenty times on its way, and a million rows at once.

python -m bench.moving [--database sqlite|postgresql] [--part law killed million] [--rows 1000000]
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.db import db
from ideas.settings import rooms
from tests.moving.comparing import Site, differences, told
from tests.moving.shapes import SHAPES
from tests.servers import ROOT, RunningApp, environment

PARTS = ("law", "killed", "million")
KILLS = 20
SITES = 5  # on which the same import is killed and begun again, several times each
LONGEST_PIECE = 0.5  # seconds; a kill falls anywhere within one
FEW = 10_000  # rows, whose memory that of very many is compared with
SEVERAL = 6_000  # rows of the import that is killed
MORE_MOST = 100  # MiB that a million rows may take more
SEED = 5

WORDS = [
    "bench",
    "shade",
    "water",
    "path",
    "gate",
    "bees",
    "pond",
    "light",
    "shelf",
    "rain",
    "seed",
    "rota",
    "tools",
    "compost",
    "fence",
    "roof",
    "apple",
    "winter",
    "night",
    "spring",
]


def main() -> None:
    asked = stage.arguments(
        "Hands a site out and takes it in again.",
        data=False,
        part={"nargs": "+", "choices": PARTS, "default": list(PARTS), "help": "which parts to show"},
        rows={"type": int, "default": 1_000_000, "help": "how many rows many are"},
    )
    findings = Findings("Import and export")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            if "law" in asked.part:
                for other, other_fresh in databases.items():
                    if other != kind or len(databases) == 1:
                        law(findings, f"{kind} to {other}", fresh, other_fresh)
            if "killed" in asked.part:
                killed(findings, kind, fresh)
            if "million" in asked.part:
                million(findings, kind, fresh, asked.rows)
    findings.end()


# --- Out, and in again on the other database ---


def law(findings: Findings, way: str, fresh: Callable[[], Any], other: Callable[[], Any]) -> None:
    """The demo, and what four systems told, go out as NDJSON and as CSV and come in on an empty site."""
    with stage.site(fresh(), ()) as site:
        site.ideas("demo")
        for system, members in SHAPES.items():
            site.ideas("board", "create", system, "--name", system)
            site.ideas("import", system, str(_zipped(site.folder / f"{system}.zip", members)), "--board", system)
        before = _told(site, by_source=False)
        findings.note(f"{way}: records", sum(map(len, before.values())))
        for shape in ("ndjson", "csv"):
            file = site.folder / f"{shape}.zip"
            site.ideas("export", str(file), "--format", shape, "--with-addresses")
            with stage.site(other(), ()) as taken:
                taken.ideas("import", "answerback", str(file))
                after = _told(taken, by_source=True)
                found = differences(before, after)
                findings.holds(f"{way}, {shape}: differences", not found, found[:3] or 0, wanted="0")
                once = stage.dump(stage.database_url(taken))
                said = taken.ideas("import", "answerback", str(file))
                again = stage.dump(stage.database_url(taken))
                findings.holds(
                    f"{way}, {shape}: again changes no row",
                    "Nothing changed" in said and again == once,
                    f"{said.splitlines()[-1]} {stage.differences(once, again)}",
                    wanted="Nothing changed",
                )
                findings.same(f"{way}, {shape}: breaches of what must hold", [], _breaches(taken))


def _zipped(path: Path, members: Mapping[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(content))
    return path


@contextmanager
def _inside(site: RunningApp) -> Iterator[None]:
    app = create_app(Config.from_env({**stage.SETTINGS, "INSTANCE_PATH": str(site.folder), **site.env}))
    with app.app_context():
        yield
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def _told(site: RunningApp, *, by_source: bool) -> Site:
    with _inside(site):
        return told(by_source=by_source)


def _breaches(site: RunningApp) -> list[str]:
    with _inside(site):
        return [str(breach) for check in rooms().checks.values() for breach in check()][:3]


# --- Killed ---


def killed(findings: Findings, kind: str, fresh: Callable[[], Any]) -> None:
    """Twenty kills at random moments while records are put down; then it is begun again, and nothing differs."""
    chance = random.Random(SEED)
    with stage.site(fresh(), ()) as site:
        file = world(site.folder / "world.zip", SEVERAL)
        site.ideas("import", "answerback", str(file))
        wanted = _told(site, by_source=True)
        there = _remembered(site)
        in_the_middle = 0
        for number in range(SITES):
            with stage.site(fresh(), ()) as other:
                command = ["import", "answerback", str(file)]
                for least in sorted(chance.randrange(there) for _ in range(KILLS // SITES)):
                    _kill(other, command, least, chance.uniform(0, LONGEST_PIECE))
                    in_the_middle += 0 < _remembered(other) < there
                other.ideas(*command)
                found = differences(wanted, _told(other, by_source=True))
                findings.holds(f"{kind}, site {number + 1}: differences", not found, found[:3] or 0, wanted="0")
                findings.same(f"{kind}, site {number + 1}: breaches of what must hold", [], _breaches(other))
        findings.note(f"{kind}: kills, on {SITES} sites", KILLS)
        findings.holds(f"{kind}: of these, left a part", in_the_middle >= KILLS // 2, in_the_middle, wanted="most")


def _kill(site: RunningApp, command: list[str], least: int, after: float) -> None:
    """Begin it, and kill it so many seconds after that many records were put down. It may end before."""
    process = _started(site, command)
    with stage.connection(stage.database_url(site)) as reading:
        while process.poll() is None and _count(reading) <= least:
            time.sleep(0.02)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _started(site: RunningApp, command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ideas.cli", *command],
        env=environment(site.env),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _remembered(site: RunningApp) -> int:
    with stage.connection(stage.database_url(site)) as reading:
        return _count(reading)


def _count(reading: sa.Connection) -> int:
    with reading.begin():
        return int(reading.execute(sa.text("SELECT count(*) FROM imported")).scalar_one())


# --- A million rows ---


def million(findings: Findings, kind: str, fresh: Callable[[], Any], rows: int) -> None:
    most = {}
    for number in (FEW, rows):
        with stage.site(fresh(), ()) as site:
            file = world(site.folder / "world.zip", number)
            begun = time.monotonic()
            most[number] = _memory_of(site, ["import", "answerback", str(file)])
            findings.note(
                f"{kind}: {number:,} rows, seconds and MiB", f"{time.monotonic() - begun:.0f}, {most[number]}"
            )
            with stage.connection(stage.database_url(site)) as reading:
                votes = reading.execute(sa.text("SELECT count(*) FROM vote")).scalar_one()
                apart = "FROM idea_rank r{} WHERE r.has_merged = " + ("0" if kind == "sqlite" else "false")
                joined = apart.format(" JOIN vote v ON v.idea_id = r.idea_id")
                there = reading.execute(sa.text(f"SELECT count(*) {joined}")).scalar_one()
                counted = reading.execute(sa.text(f"SELECT sum(r.vote_count) {apart.format('')}")).scalar_one()
            findings.same(f"{kind}: votes of {number:,} rows", _shares(number)["votes"], votes)
            findings.same(f"{kind}: votes beside ideas that nothing is merged into", there, counted)
    grown = most[rows] - most[FEW]
    findings.holds(f"{kind}: MiB more for {rows:,} rows", grown <= MORE_MOST, grown, wanted=f"at most {MORE_MOST}")


def _memory_of(site: RunningApp, command: list[str]) -> int:
    """The most memory that a command takes, in MiB. It must end well."""
    process = _started(site, command)
    most = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        except OSError:
            break
        most = max([most, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status))])
        time.sleep(0.2)
    if process.wait():
        raise RuntimeError(f"ideas {' '.join(command)} ended with {process.returncode}.")
    return most // 1024


# --- A world that is told, not lived ---


def _shares(rows: int) -> dict[str, int]:
    """How many there are of each kind in a file of that many rows."""
    shares = {"people": rows * 8 // 100, "ideas": rows * 15 // 1000, "comments": rows * 3 // 100}
    shares |= {"answers": rows // 100, "merges": rows // 1000, "follows": rows // 100}
    return {**shares, "votes": rows - sum(shares.values()) - 1}


def world(path: Path, rows: int) -> Path:
    """A file of that many records of all kinds, the same each time. Each says when: what does not, is of the import."""
    chance = random.Random(SEED)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, records in _records(chance, _shares(rows)).items():
            with archive.open(f"{name}.ndjson", "w", force_zip64=True) as file:
                for record in records:
                    file.write(json.dumps(record).encode() + b"\n")
    return path


def _records(chance: random.Random, shares: Mapping[str, int]) -> dict[str, Iterator[dict[str, Any]]]:
    people, ideas = shares["people"], shares["ideas"]

    def person() -> str:
        return str(chance.randrange(people))

    def idea() -> str:
        return str(chance.randrange(ideas))

    def text(least: int) -> str:
        return " ".join(chance.choices(WORDS, k=least + chance.randrange(least)))

    def vote(number: int) -> dict[str, Any]:
        # each pair once: a step through all pairs that shares no divisor with their number
        place = number * 7919 % (people * ideas)
        return {"idea": str(place % ideas), "person": str(place // ideas), "at": _at(number)}

    def merge(number: int) -> dict[str, Any]:
        pair = {"idea": str(2 * number), "into": str(2 * number + 1)}
        return {"id": number, **pair, "by": "0", "text": text(6), "at": _at(number)}

    def answer(number: int) -> dict[str, Any]:
        words = {"status": "planned", "reason": "committed", "text": text(12), "created_at": _at(number)}
        return {"id": number, "idea": idea(), "by": "0", **words}

    return {
        "boards": iter([{"slug": "world", "name": "World", "visibility": "public", "created_at": _at(0)}]),
        "people": (
            {"id": n, "name": f"Person {n}", "email": f"p{n}@example.test", "created_at": _at(n)} for n in range(people)
        ),
        "ideas": (
            {
                "id": n,
                "board": "world",
                "title": text(4).capitalize(),
                "body": text(20),
                "author": person(),
                "created_at": _at(n),
            }
            for n in range(ideas)
        ),
        "votes": (vote(n) for n in range(shares["votes"])),
        "comments": (
            {"id": n, "idea": idea(), "author": person(), "body": text(8), "created_at": _at(n)}
            for n in range(shares["comments"])
        ),
        "answers": (answer(n) for n in range(shares["answers"])),
        "merges": (merge(n) for n in range(shares["merges"])),
        "follows": (
            {"person": str(n % people), "idea": str(n % ideas), "at": _at(n)} for n in range(shares["follows"])
        ),
    }


def _at(number: int) -> str:
    return (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=number)).isoformat()


if __name__ == "__main__":
    main()
