"""Hundreds of hostile strings in every field of the API and of every form: stored as sent, or refused by name; no 5xx.

python -m bench.hostile [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from typing import Any
from unittest import mock

from argon2 import PasswordHasher
from flask import Flask

from bench import inside, stage
from bench.stage import Findings
from ideas import schemas, text
from ideas.accounts import passwords
from tests.safety import filling, strings, world
from tests.safety.world import World


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    findings = Findings("Every field takes hostile strings as they are, or refuses them by name")
    kinds = [asked.database] if asked.database else list(stage.DATABASES)
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(kinds)) as pool:  # both at once: each has a core and a database of its own
        for kind, said in zip(kinds, pool.map(run, kinds), strict=True):
            tell(findings, kind, said)
    findings.end()


def run(kind: str) -> dict[str, Any]:
    """All of it on one database."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # slow on purpose otherwise
    begun = time.monotonic()
    for site in inside.applications(argparse.Namespace(database=kind)):
        made = world.make(site.app)
        programs = list(filling.api_slots(made))
        pages = list(filling.form_slots(site.app, made))
        found = filling.fill(site.app, made, [*programs, *pages], strings.strings())
        figures = {
            "fields of the API": len(programs),
            "fields of forms": len(pages),
            "taken": found.taken.total(),
            "refused": found.refused.total(),
            "stored and read back": found.stored.total(),
            "fields that took and kept something": len(found.stored),
        }
        return {
            "figures": figures,
            "strings": len(strings.strings()),
            "planted": _planted(site.app, made),
            "breaches": found.breaches,
            "minutes": round((time.monotonic() - begun) / 60, 1),
        }
    return {}


def _planted(app: Flask, made: World) -> list[str]:
    """What is found of a field that falls over at a quote, and of one that refuses without a word."""

    def fall(words: str) -> str:
        if "'" in words:
            raise RuntimeError(words)
        return text.one_line(words)

    slot = next(each for each in filling.form_slots(app, made) if each.name == "POST /manage/companies name")
    with mock.patch.object(schemas, "one_line", fall):
        return filling.fill(app, made, [slot], ["fine", "it's"]).breaches


def tell(findings: Findings, kind: str, said: dict[str, Any]) -> None:
    many = said["strings"] >= 600
    findings.holds(f"{kind}: strings", many, said["strings"], wanted="≥ 600")
    for what in said["figures"]:
        findings.note(f"{kind}: {what}", said["figures"][what])
    findings.holds(f"{kind}: minutes", said["minutes"] < 20, said["minutes"], wanted="< 20")
    findings.same(f"{kind}: planted faults that are found", 1, len(said["planted"]))
    findings.same(f"{kind}: answered 5xx, stored or shown otherwise, refused without a name", [], said["breaches"])


if __name__ == "__main__":
    main()
