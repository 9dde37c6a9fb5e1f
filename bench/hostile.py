"""Hundreds of hostile strings in every field of the API and of every form: kept and shown as sent, or refused by name.

Works on as many processors as there are, each with a database of its own.

All of it is some 200,000 requests for each database; the API's fields and those of forms may be asked for apart.

python -m bench.hostile [--database sqlite|postgresql] [--of api|forms] [--only quiet_from picture_alt]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple
from unittest import mock

from argon2 import PasswordHasher
from flask import Flask

from bench import inside, stage
from bench.stage import Findings
from ideas import schemas, text
from ideas.accounts import passwords, tickets
from tests.safety import filling, looking, sheets, strings, world
from tests.safety.world import World

PARTS = 4  # of the work on one database


class Part(NamedTuple):
    """A share of the sheets, on one database. of, only: of these alone, see the options of the same names."""

    kind: str
    number: int
    of: str | None
    only: tuple[str, ...]


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        of={"choices": ["api", "forms"], "help": "the fields of these alone"},
        only={"nargs": "+", "help": "forms and operations in whose name or fields one of these words stands"},
    )
    findings = Findings("Every field takes hostile strings as they are, or refuses them by name")
    kinds = [asked.database] if asked.database else list(stage.DATABASES)
    begun = time.monotonic()
    parts = [Part(kind, number, asked.of, tuple(asked.only or ())) for number in range(PARTS) for kind in kinds]
    said: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    with multiprocessing.get_context("spawn").Pool(min(len(parts), os.cpu_count() or 1)) as pool:
        for part, found in pool.imap_unordered(run, parts):
            said[part.kind].append(found)
            print(f"       {part.kind}, part {part.number + 1} of {PARTS}: {found['requests']:,} requests", flush=True)
    for kind in kinds:
        tell(findings, kind, said[kind])
    findings.note("minutes", round((time.monotonic() - begun) / 60, 1))
    findings.end()


def run(part: Part) -> tuple[Part, dict[str, Any]]:
    """One share of all."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # slow on purpose otherwise
    tickets.GOOD_FOR = dict.fromkeys(tickets.GOOD_FOR, timedelta(days=1))  # a part takes longer than most are good for
    found: dict[str, Any] = {}
    for site in inside.applications(argparse.Namespace(database=part.kind)):
        made = world.make(site.app)
        sheets.prepare(made)
        choices = [*(sheets.of_api(made) if part.of != "forms" else ())]
        choices += sheets.of_forms(site.app, made) if part.of != "api" else ()
        chosen = [each for each in choices if _is_wanted(each[0], part.only)]
        filled = filling.fill(site.app, made, chosen[part.number :: PARTS], strings.strings())
        found = {
            "API": sum(field.partition(" ")[2].startswith("/api/") for field in filled.fields),
            "forms": sum(not field.partition(" ")[2].startswith("/api/") for field in filled.fields),
            "places": filled.places,
            "requests": filled.requests,
            "taken": filled.taken.total(),
            "refused": filled.refused.total(),
            "not there": filled.not_there,
            "stored": filled.stored,
            "shown": filled.shown,
            "breaches": filled.breaches,
            "planted": _planted(site.app, made) if part.number == 0 else [],
        }
    return part, found


def _is_wanted(sheet: sheets.Sheet, only: tuple[str, ...]) -> bool:
    said = " ".join([sheet.name, *(str(step) for place in sheet.places for step in place)])
    return not only or any(word in said for word in only)


def _planted(app: Flask, made: World) -> list[str]:
    """What is found of fields that fall over at a quote, refuse without a word, keep or show something else."""

    def fall(words: str) -> str:
        if "'" in words:
            raise RuntimeError(words)
        return text.one_line(words)

    def lose(words: str) -> str:
        return text.one_line(words).replace("'", "")

    def show(spot: looking.Spot, page: str) -> list[str]:
        return [words.replace("'", "") for words in read(spot, page)]

    company = [each for each in sheets.of_forms(app, made) if each[0].name == "POST /manage/companies"]
    read = looking.Spot.read
    found = []
    for where, name, planted in (
        (schemas, "one_line", fall),
        (schemas, "one_line", lose),
        (looking.Spot, "read", show),
    ):
        with mock.patch.object(where, name, planted):
            found.append(filling.fill(app, made, company, ["fine words", "it's said"]).breaches)
    with mock.patch.object(looking, "named", return_value=set()):
        found.append(filling.fill(app, made, company, ["fine words", ""]).breaches)
    return [str(breaches[:1]) for breaches in found if breaches]


def tell(findings: Findings, kind: str, said: list[dict[str, Any]]) -> None:
    def together(what: str) -> Counter[str]:
        return sum((part[what] for part in said), Counter())

    many, places = len(strings.strings()), sum(part["places"] for part in said)
    tried = sum(part["taken"] + part["refused"] + part["not there"].total() for part in said)
    findings.holds(f"{kind}: strings", many >= 600, many, wanted="≥ 600")
    findings.note(
        f"{kind}: fields of the API, of forms", f"{sum(p['API'] for p in said)}, {sum(p['forms'] for p in said)}"
    )
    findings.same(f"{kind}: strings × fields that were judged", many * places, tried)
    findings.note(f"{kind}: requests", sum(part["requests"] for part in said))
    findings.note(
        f"{kind}: taken, refused by name", f"{sum(p['taken'] for p in said):,}, {sum(p['refused'] for p in said):,}"
    )
    gone = together("not there")
    findings.note(f"{kind}: answered “not there” (in {len(gone)} fields that name something)", gone.total())
    stored, shown = together("stored"), together("shown")
    findings.note(f"{kind}: kept, read back from the database and equal (in {len(stored)} fields)", stored.total())
    findings.note(f"{kind}: read on pages and equal to what is kept (in {len(shown)} fields)", shown.total())
    findings.same(f"{kind}: planted faults that are found", 4, sum(len(part["planted"]) for part in said))
    breaches = [line for part in said for line in part["breaches"]]
    for line in breaches[:100]:
        print(f"       {line}")
    findings.same(
        f"{kind}: answered 5xx, kept or shown otherwise, refused without the name, lost what was typed", [], breaches
    )


if __name__ == "__main__":
    main()
