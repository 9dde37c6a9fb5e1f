"""Two real conversations in one site: what the API serves is what the CSV says; importing again changes nothing.

python -m bench.real_votes --data FOLDER [--database sqlite|postgresql]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import stage
from bench.stage import Conversation, Findings
from tests.servers import ROOT, RunningApp, environment

# votes in all, votes that everybody sees, an idea of the source and its votes
KNOWN = {
    "nz-biodiversity": (19_229, 18_942, "23", 312),
    "vtaiwan-uberx": (31_029, 30_950, "16", 689),
}
KILLS = {"ideas": 5, "votes": 10}


def main() -> None:
    asked = stage.arguments("Imports real votes and compares what is served with the files.", data=True)
    findings = Findings("Real votes")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            show(findings, kind, fresh, asked.data)
    findings.end()


def show(findings: Findings, kind: str, fresh: Any, data: Path) -> None:
    with stage.site(fresh()) as site:
        for name in KNOWN:
            site.ideas("board", "create", name, "--name", name)
            for what in (stage.import_ideas, stage.import_votes):
                begun = time.monotonic()
                what(site, data, name)
                findings.note(f"{kind}, {name}: {what.__name__}, seconds", f"{time.monotonic() - begun:.1f}")
        before = stage.dump(stage.database_url(site))
        said = [run(site, data, name) for name in KNOWN for run in (stage.import_ideas, stage.import_votes)]
        after = stage.dump(stage.database_url(site))
        findings.holds(
            f"{kind}: a second import changes no row of {len(before)} tables",
            before == after and all("Nothing changed" in each for each in said),
            stage.differences(before, after),
        )
        site.ideas("user", "create", "team@example.test", "--admin")
        key = stage.make_key(site, "team@example.test", "ideas:read")
        for name, known in KNOWN.items():
            compare(findings, f"{kind}, {name}", site, key, name, stage.read_conversation(data, name), known)
        findings.holds(f"{kind}: ideas doctor", "All is well" in site.ideas("doctor"), "well")
    kill(findings, kind, fresh, data)


def compare(
    findings: Findings,
    where: str,
    site: RunningApp,
    key: str,
    name: str,
    source: Conversation,
    known: tuple[int, int, str, int],
) -> None:
    list_of_all = f"{site.url}/api/v1/ideas?board={name}&sort=new&limit=100"
    team = {idea["source"]["id"]: idea for idea in stage.ask_all(list_of_all, key=key)}
    public = {idea["id"]: idea["vote_count"] for idea in stage.ask_all(list_of_all)}
    votes, votes_seen, idea, votes_of_idea = known
    served = {source_id: each["vote_count"] for source_id, each in team.items()}
    findings.holds(
        f"{where}: votes of each of {len(source.texts)} ideas, to the team",
        served == source.counts,
        stage.differences(source.counts, served),
    )
    seen = {
        team[source_id]["id"]: count for source_id, count in source.counts.items() if source_id not in source.hidden
    }
    findings.holds(
        f"{where}: votes of each of {len(seen)} ideas, to everybody", public == seen, stage.differences(seen, public)
    )
    findings.same(f"{where}: votes in all, to the team", votes, sum(served.values()))
    findings.same(f"{where}: votes in all, to everybody", votes_seen, sum(public.values()))
    findings.same(f"{where}: votes of source idea {idea}", votes_of_idea, served[idea])
    hidden = {source_id for source_id, each in team.items() if each["hidden"]}
    findings.holds(f"{where}: ideas that are hidden", hidden == source.hidden, len(hidden))
    whole = [each for source_id, each in team.items() if not _says(each, source.texts[source_id])]
    findings.same(f"{where}: ideas that do not say what the file says", 0, len(whole))


def _says(idea: dict[str, Any], text: str) -> bool:
    """The text is the title, or the body with its beginning as title."""
    flat = " ".join(text.split())
    if idea["body"]:
        return " ".join(idea["body"].split()) == flat and flat.startswith(idea["title"].rstrip("…").rstrip())
    return bool(idea["title"] == flat)


def kill(findings: Findings, kind: str, fresh: Any, data: Path) -> None:
    """Kill imports at several moments of their work; the last one goes on where they were, and nothing is missing."""
    name = "nz-biodiversity"
    with stage.site(fresh(), ()) as site:
        site.ideas("board", "create", name, "--name", name)
        for what, command in (("ideas", stage.ideas_command), ("votes", stage.votes_command)):
            works = _working_time(site, [*command(data, name), "--dry-run"])
            in_the_middle = 0
            for number in range(KILLS[what]):
                share = 0.6 + 0.7 * number / KILLS[what]  # a trial reads and compares, and puts nothing down
                if not _kill_while_it_works(site, command(data, name), works * share):
                    break
                in_the_middle += 1
            findings.holds(
                f"{kind}: imports of {what} killed in the middle of {works:.1f} s of work",
                in_the_middle >= KILLS[what] // 2,
                in_the_middle,
                wanted=f"at least {KILLS[what] // 2}",
            )
            site.ideas(*command(data, name))
        source = stage.read_conversation(data, name)
        with stage.connection(stage.database_url(site)) as reading:
            votes = reading.exec_driver_sql("SELECT count(*) FROM vote").scalar_one()
        findings.same(f"{kind}: votes once an import was left in peace", sum(source.counts.values()), votes)


def _start(site: RunningApp, command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ideas.cli", *command],
        env=environment(site.env),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _working_time(site: RunningApp, command: list[str]) -> float:
    process = _start(site, command)
    begun = time.monotonic()
    if process.wait():
        raise RuntimeError(f"ideas {' '.join(command)} ended with {process.returncode}.")
    return time.monotonic() - begun


def _kill_while_it_works(site: RunningApp, command: list[str], after: float) -> bool:
    """Kill a command that long after it began; False when it was over by then, and done."""
    process = _start(site, command)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL
    return False


if __name__ == "__main__":
    main()
