"""Schemathesis asks every operation of the API as it is described, and as it is not: no fault of ours, no drift.

Every check of Schemathesis and two of our own, over the description as it is served. The tags of the operations are
dealt to shares, each with a filled site of its own; there are as many at work as there are processors.

python -m bench.schema [--database sqlite|postgresql] [--cases 500] [--only ideas answers] [--part 1/4]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from bench import inside, schema_site, stage
from bench.stage import Findings

CASES = 500
SHARES = 8
SLOWEST = 10.0  # seconds; of an answer on a machine that has much to do
THERE = 0.6  # how often a part of an address is one that is there
RUN = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"

# Faults that are planted: where, and by what they have to be found.
PLANTED = {
    "fails": ("boards", "Server error"),
    "says what is not described": ("boards", "Not described: ['$.note_to_self']"),
    "leaves out what is": ("boards", "is a required property"),
    "asks for no key": ("account", "without authentication"),
}

SETTINGS = """
cache.enabled = false
"""


# Fields that name something: which part of an address names the same.
NAMING = {
    **dict.fromkeys(("body.board", "query.board"), "slug"),
    **dict.fromkeys(("body.into", "query.into"), "idea_id"),
    "body.order[*]": "status_id",
    **dict.fromkeys(("body.person", "body.owner", "query.owner"), "person_id"),
    **dict.fromkeys(("body.company", "query.company"), "company_id"),
    **dict.fromkeys(("body.parent_id", "body.credits[*].id"), "comment_id"),
    **dict.fromkeys(("body.status", "query.status"), "status"),
}


class Share(NamedTuple):
    """Some of the operations, on a site of their own. env: of its database; planted: a fault that its site has."""

    kind: str
    env: dict[str, str]
    tags: tuple[str, ...]
    cases: int
    planted: str = ""


class Outcome(NamedTuple):
    """What came of a share. asked: "phase mode operation status" → how often; failures: what was found, for people."""

    asked: Counter[str]
    failures: list[str]
    ended: int
    minutes: float


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        cases={"type": int, "default": CASES, "help": f"for each operation ({CASES})"},
        only={"nargs": "+", "default": [], "metavar": "TAG", "help": "operations of these alone"},
        part={"default": "1/1", "metavar": "N/M", "help": "every Mth share of the operations, from the Nth on"},
    )
    findings = Findings(f"The API is as it is described, whatever it is asked: {asked.cases} cases for each operation")
    begun = time.monotonic()
    with (
        stage.databases(asked, survives=False) as databases,
        ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool,
    ):
        shares = [
            Share(kind, dict(settings()), tags, asked.cases)
            for kind, settings in databases.items()
            for tags in dealt(asked)
        ]
        if asked.part.startswith("1/") and not asked.only:
            fresh = next(iter(databases.values()))
            shares += [Share("planted", dict(fresh()), (tag,), 3, name) for name, (tag, _words) in PLANTED.items()]
        working = {pool.submit(run, share): share for share in shares}
        outcomes: dict[str, list[Outcome]] = {}
        for done in as_completed(working):
            share, outcome = working[done], done.result()
            if share.planted:
                words = PLANTED[share.planted][1]
                said = [line for line in outcome.failures if words in line]
                findings.holds(f"planted, and found: an operation that {share.planted}", bool(said), said[:1])
                continue
            outcomes.setdefault(share.kind, []).append(outcome)
            many = f"{outcome.asked.total():,} in {outcome.minutes:.1f} minutes"
            for line in (f"{share.kind}, {', '.join(share.tags)}: {many}", *outcome.failures[:100]):
                print(f"       {line}", flush=True)
        for kind, several in outcomes.items():
            tell(findings, kind, several)
    findings.note("minutes", round((time.monotonic() - begun) / 60, 1))
    findings.end()


def dealt(asked: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """The tags of each share, those with most to ask first."""
    many: Counter[str] = Counter()
    for operation in schema_site.operations():
        many[operation["tags"][0]] += 3 if "requestBody" in operation else 1
    shares: list[list[str]] = [[] for _ in range(SHARES)]
    for tag in asked.only or sorted(many, key=lambda tag: (-many[tag], tag)):
        min(shares, key=lambda share: sum(many[each] for each in share)).append(tag)
    number, _slash, parts = asked.part.partition("/")
    yield from (tuple(share) for share in shares[int(number) - 1 :: int(parts)] if share)


def run(share: Share) -> Outcome:
    """Schemathesis on a site made for this share."""
    begun = time.monotonic()
    where = inside.MEMORY if os.access(inside.MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(dir=where) as name,
        schema_site.running(share.env, Path(name), share.planted) as site,
    ):
        folder = Path(name)
        config, tally, found = (
            folder / "schemathesis.toml",
            folder / "tally.json",
            folder / "found.jsonl",
        )
        config.write_text(settings_for(site), encoding="utf-8")
        command = [
            *(sys.executable, "-c", RUN, "--config-file", str(config)),
            *("run", f"{site.url}/api/v1/openapi.json", "--checks", "all", "--max-examples", str(share.cases)),
            *("--max-response-time", str(SLOWEST), "--generation-database", "none", "--suppress-health-check", "all"),
            *("--continue-on-failure", "--no-shrink", "--no-color", "--warnings", "off"),
            *(word for tag in share.tags for word in ("--include-tag", tag)),
        ]
        given = json.dumps({**site._asdict(), "tally": str(tally), "found": str(found)})
        env = {**os.environ, "SCHEMATHESIS_HOOKS": "bench.schema_hooks", "BENCH_SCHEMA": given}
        ended = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
        asked = Counter(json.loads(tally.read_text(encoding="utf-8"))) if tally.exists() else Counter()
        failures = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    if ended.returncode and not failures:
        failures = [" ".join(f"{ended.stdout[-2000:]}{ended.stderr[-2000:]}".split())]
    return Outcome(asked, failures, ended.returncode, (time.monotonic() - begun) / 60)


def settings_for(site: schema_site.Site) -> str:
    """Those that are the same for all, and what stands on this site, for Schemathesis to try."""
    parts = {name: values for name, values in site.parts.items() if values}
    lines = [SETTINGS]
    for name, values in parts.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}", ""]
    lines += ["[parameters]"]
    named = {**{f"path.{name}": name for name in parts}, **NAMING}
    lines += [f'"{place}" = {{ dictionary = "{name}", probability = {THERE} }}' for place, name in named.items()]
    return "\n".join(lines)


def tell(findings: Findings, kind: str, outcomes: Sequence[Outcome]) -> None:
    asked = sum((outcome.asked for outcome in outcomes), Counter[str]())
    by_status: Counter[str] = Counter()
    by_phase: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    excepted = {line.removeprefix("excepted "): many for line, many in asked.items() if line.startswith("excepted ")}
    for line, many in asked.items():
        if not line.startswith("asked "):
            continue
        _asked, phase, mode, operation, status = line.split(" ")
        by_status[status] += many
        by_phase[f"{phase} {mode}"] += many
        taken[operation] += many * (status.startswith("2") and mode == "positive")
    findings.note(f"{kind}: operations, cases", f"{len(taken)}, {by_status.total():,}")
    findings.note(f"{kind}: cases by phase", dict(by_phase.most_common()))
    findings.note(f"{kind}: answers by status", dict(sorted(by_status.items())))
    findings.note(f"{kind}: refused for what no description can say", excepted)
    never = sorted(operation for operation, many in taken.items() if not many)
    findings.holds(
        f"{kind}: operations that took nothing of what is described",
        len(never) < len(taken) / 10,
        never,
        wanted="< 10 %",
    )
    failures = [line for outcome in outcomes for line in outcome.failures]
    findings.same(f"{kind}: faults of ours, and drift", [], failures)
    findings.same(f"{kind}: Schemathesis ends with", {0}, {outcome.ended for outcome in outcomes})


if __name__ == "__main__":
    main()
