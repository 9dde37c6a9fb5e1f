"""What a site is for while bad things happen to it: killed, restarted, deployed, restored, poisoned, put to sleep.

python -m bench.faults [--database sqlite|postgresql] [--part F3 …]   (F3 F4 F13 F15 F16 F17)

All of it takes about half an hour: `make evidence-faults`, `evidence-restore` and `evidence-late` are its parts.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import faults_late, faults_mail, stage
from bench.clients import Told, Verdict, judge, load, settle_in, wait_for_comments
from bench.stage import Findings
from tests.ledger.faults import Sink
from tests.servers import PostgresServer, RunningApp, running_app

POINTS = ("repeat.after_insert", "repeat.before_commit", "repeat.after_commit")
EXIT_MOST = 30.0
BACK_MOST = 15.0
FAILED_MOST = 0.001
RESTORE_MOST = 600.0


def main() -> None:
    parts: dict[str, Callable[..., None]] = {
        "F3": killed,
        "F4": crashed,
        "F13": deployed,
        "F15": restored,
        "F16": faults_mail.poisoned,
        "F17": faults_late.asleep,
    }
    asked = stage.arguments(
        "Does to a site what happens to sites, and looks whether all it said is still true.",
        data=False,
        part={"nargs": "*", "choices": sorted(parts), "default": list(parts), "help": "these alone"},
    )
    findings = Findings("Faults")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            for name in asked.part:
                begun = time.monotonic()
                parts[name](findings, kind, fresh)
                findings.note(f"{name} {kind}: seconds for all of it", f"{time.monotonic() - begun:.0f}")
    findings.end()


def hold(findings: Findings, what: str, told: Told, verdict: Verdict) -> None:
    """I2, as the database has it."""
    findings.note(
        f"{what}: requests, tried again, acknowledged comments", f"{told.asked:,}, {told.retried:,}, {len(told.said):,}"
    )
    findings.same(f"{what}: acknowledged and not there", 0, verdict.missing)
    findings.same(f"{what}: done twice", 0, verdict.doubled)
    findings.same(f"{what}: done without having been asked for", 0, verdict.unasked)
    findings.same(f"{what}: never answered, however often asked", 0, len(told.unsaid))
    findings.same(f"{what}: wrong counts", 0, verdict.wrong_counts)
    findings.same(f"{what}: answers of 5xx that are not 503", {}, bad_answers(told))


def bad_answers(told: Told) -> dict[int, int]:
    return {status: count for status, count in told.statuses.items() if status >= 500 and status != 503}


def web_processes(site: RunningApp) -> list[int]:
    """The processes that answer requests, not the one that looks after them."""
    web = site.processes[0]
    found = subprocess.run(["pgrep", "--parent", str(web.pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


# --- F3: a web process is killed in the middle of a transaction ---


def killed(
    findings: Findings,
    kind: str,
    fresh: Callable[[], Mapping[str, str]],
    *,
    kills: int = 51,
    clients: int = 6,
    points: Sequence[str] = (*POINTS, "random"),
) -> None:
    """Before the commit, between commit and answer, and at random; clients ask again under the same key."""
    every = -(-kills // len(points))
    died = 0
    for point in points:
        env = {**fresh(), "WEB_WORKERS": "2", "LOG_LEVEL": "error"}
        crash = {} if point == "random" else {"CRASHPOINT": f"{point}:4"}
        with stage.site(env, ()) as site:
            key, ideas = settle_in(site)
            site.start("web", env=crash)
            site.wait_until_it_answers()
            with load(site.url, key, ideas, clients=clients) as told:
                died += kill_at_random(site, every) if point == "random" else wait_for_deaths(site, every)
            hold(findings, f"F3 {kind}: killed at {point}", told, judge(stage.database_url(site), told))
    findings.holds(
        f"F3 {kind}: web processes killed", died >= min(kills, 50), died, wanted=f"at least {min(kills, 50)}"
    )


def wait_for_deaths(site: RunningApp, count: int, timeout: float = 240) -> int:
    """Each process kills itself at its fourth passage; gunicorn says so and starts another."""
    deadline = time.monotonic() + timeout
    while (died := site.log.read_text(errors="replace").count("was sent SIGKILL")) < count:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return died


def kill_at_random(site: RunningApp, count: int) -> int:
    chance = random.Random(3)
    done = 0
    while done < count:
        time.sleep(chance.uniform(0.2, 0.8))
        if running := web_processes(site):
            os.kill(chance.choice(running), signal.SIGKILL)
            done += 1
    return done


# --- F4: the database server is restarted as after a power failure ---


def crashed(
    findings: Findings, kind: str, fresh: Callable[[], Mapping[str, str]], *, times: int = 3, clients: int = 32
) -> None:
    if kind != "postgresql":
        return
    with PostgresServer(fsync=True) as server:
        env = {"DATABASE_URL": server.create_database("site"), "WEB_WORKERS": "2", "LOG_LEVEL": "error"}
        with stage.site(env) as site:
            key, ideas = settle_in(site)
            before = web_processes(site)
            waits = []
            with load(site.url, key, ideas, clients=clients) as told:
                for _ in range(times):
                    wait_for_comments(told, clients * 2)
                    server.crash()
                    told.mark()
                    server.start()
                    deadline = time.monotonic() + 60
                    while told.first_after is None and time.monotonic() < deadline:
                        time.sleep(0.02)
                    waits.append(told.first_after or 60.0)
                wait_for_comments(told, clients)
            hold(
                findings,
                f"F4 {kind}: {times} crashes under {clients} clients",
                told,
                judge(stage.database_url(site), told),
            )
            findings.holds(
                f"F4 {kind}: seconds until the first good answer",
                max(waits) <= BACK_MOST,
                ", ".join(f"{wait:.1f}" for wait in waits),
                wanted=f"at most {BACK_MOST:g}",
            )
            findings.same(f"F4 {kind}: the same processes serve as before", before, web_processes(site))


# --- F13: deploys under load ---


def deployed(
    findings: Findings, kind: str, fresh: Callable[[], Mapping[str, str]], *, restarts: int = 20, clients: int = 8
) -> None:
    """Web server and worker are ended and started again while clients work and mail leaves."""
    with Sink() as sink:
        env = {**fresh(), "MAIL_URL": sink.url, "WEB_WORKERS": "2", "LOG_LEVEL": "error", "SETTLE_MINUTES": "0"}
        env["SINGLE_MAILS_A_WEEK"] = "1000000"
        with stage.site(env) as site:
            key, ideas = settle_in(site)
            site.start("worker")
            exits: list[float] = []
            with load(site.url, key, ideas, clients=clients, pause=0.02) as told:
                for _ in range(restarts):
                    wait_for_comments(told, clients)
                    exits.append(restart(site))
            site.ideas("worker", "--drain")
            site.stop()
            what = f"F13 {kind}: {restarts} deploys under {clients} clients"
            hold(findings, what, told, judge(stage.database_url(site), told))
            findings.holds(
                f"{what}: longest time to end, seconds",
                max(exits) <= EXIT_MOST,
                f"{max(exits):.1f}",
                wanted=f"at most {EXIT_MOST:g}",
            )
            share = told.failed / max(1, told.asked)
            findings.holds(
                f"{what}: failed requests", share <= FAILED_MOST, f"{share:.2%}", wanted=f"at most {FAILED_MOST:.1%}"
            )
            findings.note(f"{what}: slowest answer, seconds", f"{told.slowest:.1f}")
            mails = [number for number, _to, _at in sink.taken if number.startswith("<delivery-")]
            owed = sent_by_mail(stage.database_url(site))
            findings.same(f"{what}: mails the ledger calls sent, and mails that arrived", owed, len(set(mails)))
            findings.same(f"{what}: mails that came twice", 0, len(mails) - len(set(mails)))


def restart(site: RunningApp) -> float:
    """End all processes in order and start them again; how long ending took."""
    begun = time.monotonic()
    site.stop(timeout=40)
    took = time.monotonic() - begun
    site.start("web")
    site.start("worker")
    site.wait_until_it_answers()
    return took


def sent_by_mail(url: str) -> int:
    with stage.connection(url) as reading:
        sent = "SELECT count(*) FROM delivery WHERE channel = 'email' AND state = 'sent'"
        return int(reading.execute(sa.text(sent)).scalar_one())


# --- F15: a backup under load is restored ---


def restored(
    findings: Findings,
    kind: str,
    fresh: Callable[[], Mapping[str, str]],
    *,
    votes: int = 1_000_000,
    clients: int = 4,
) -> None:
    what = f"F15 {kind}"
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        file, again = Path(folder) / "site.backup", Path(folder) / "again.backup"
        env = {**fresh(), "MAIL_URL": sink.url, "LOG_LEVEL": "error", "SETTLE_MINUTES": "0"}
        env["SINGLE_MAILS_A_WEEK"] = "1000000"
        with stage.site(env) as site:
            key, ideas = settle_in(site)
            url = stage.database_url(site)
            fill(url, ideas, votes)
            site.ideas("user", "create", "canary-person@example.test", "--name", "Canary Person")
            site.ideas("recount")
            with load(site.url, key, ideas, clients=clients) as told:
                wait_for_comments(told, clients * 5)
                surely_in = dict(told.said)
                begun = time.monotonic()
                site.ideas("backup", str(file))
                took = time.monotonic() - begun
                asked_by_then = set(told.said) | set(told.unsaid)
                wait_for_comments(told, clients * 5)
            site.ideas("user", "erase", "canary-person@example.test", "--yes")
            site.stop()
            findings.note(f"{what}: rows of votes; seconds for the backup, under load", f"{votes:,}; {took:.0f}")
            with running_app({**stage.SETTINGS, **env, **fresh()}, (), prepare=()) as home:
                begun = time.monotonic()
                said = home.ideas("restore", str(file), "--erased", str(site.folder / "erased.jsonl"))
                took = time.monotonic() - begun
                findings.holds(
                    f"{what}: seconds to restore",
                    took <= RESTORE_MOST,
                    f"{took:.0f}",
                    wanted=f"at most {RESTORE_MOST:g}",
                )
                compare(findings, what, home, surely_in, asked_by_then)
                findings.same(f"{what}: forgotten again", True, "Forgotten again: 1 people" in said)
                findings.same(
                    f"{what}: places where the erased person is named", [], named(stage.database_url(home), "canary")
                )
                home.ideas("backup", str(again))
                findings.same(f"{what}: tables that differ from the snapshot", [], differing(file, again))
                before = len(sink.taken)
                home.ideas("worker", "--drain")
                findings.same(f"{what}: mails sent after restoring", 0, len(sink.taken) - before)
                findings.holds(
                    f"{what}: a recount finds nothing to put right", "Put right: 0." in home.ideas("recount"), "none"
                )


def fill(url: str, ideas: list[int], votes: int) -> None:
    """That many votes of that many people, past the product: only how many there are matters here."""
    people = max(1, votes // len(ideas))
    with stage.connection(url) as writing:
        first = writing.execute(sa.text('SELECT max(id) FROM "user"')).scalar_one() + 1
        now = "2026-01-01 00:00:00.000000"
        numbers = range(first, first + people)
        raw = (
            'INSERT INTO "user" (id, name, site_role, created_at, is_imported, shown_as_backer)'
            " VALUES (:id, :name, 'member', :now, :yes, :no)"
        )
        batches(writing, raw, [{"id": n, "name": f"Voter {n}", "now": now, "yes": True, "no": False} for n in numbers])
        raw = "INSERT INTO vote (idea_id, user_id, cast_at) VALUES (:idea, :person, :now)"
        for idea in ideas:
            batches(writing, raw, [{"idea": idea, "person": n, "now": now} for n in numbers])
        if writing.dialect.name == "postgresql":
            writing.execute(
                sa.text("SELECT setval(pg_get_serial_sequence('\"user\"', 'id'), :top)"), {"top": first + people}
            )
        writing.commit()


def batches(writing: sa.Connection, statement: str, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 10_000):
        writing.execute(sa.text(statement), rows[start : start + 10_000])


def compare(findings: Findings, what: str, home: RunningApp, surely_in: dict[str, int], asked: set[str]) -> None:
    """What was acknowledged before the backup began is there; what was asked for after it ended is not."""
    with stage.connection(stage.database_url(home)) as reading:
        there = set(reading.execute(sa.text("SELECT body FROM comment WHERE body LIKE 'words %'")).scalars())
    findings.same(f"{what}: acknowledged before the backup and not in it", 0, len(set(surely_in) - there))
    findings.same(f"{what}: asked for after the backup and in it", 0, len(there - asked))


# what restoring settles, and the erased person with it
SETTLED = {
    "delivery",
    "outbox_entry",
    "user_session",
    "ticket",
    "letter",
    "worker_beat",
    "round",
    "user",
    "audit_entry",
    "attempt",
}


def differing(first: Path, second: Path) -> list[str]:
    import json
    import zipfile

    found = []
    for file in (first, second):
        with zipfile.ZipFile(file) as archive:
            found.append(json.loads(archive.read("manifest.json"))["tables"])
    return sorted(name for name in found[0] if found[0][name] != found[1][name] and name not in SETTLED)


def named(url: str, word: str) -> list[str]:
    """Tables in which that word stands."""
    with stage.connection(url) as reading:
        known = sa.MetaData()
        known.reflect(reading)
        return sorted(
            table.name
            for table in known.sorted_tables
            if table.name != "vote"
            and any(word in repr(tuple(row)).lower() for row in reading.execute(sa.select(table)))
        )


if __name__ == "__main__":
    main()
