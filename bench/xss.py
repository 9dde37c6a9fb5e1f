"""Payloads in every word that a page may say, opened in a browser without the content policy: none runs.

After as many rounds as there are payloads each has stood in each row of each column, and each page that says a word of
that column has been looked at without the content policy: no script runs and none got in. Every few rounds the same
pages are looked at with it: nothing has to be stopped. What says back what was typed, and mails, are looked at too.

All of it is more than one sitting: --share 1 is the first quarter of the payloads, and so on.

python -m bench.xss [--database sqlite|postgresql] [--share 1 2 3 4]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from ideas import http
from tests.browser.chromium import FLAGS, executable
from tests.safety import payloads, planting, world
from tests.safety.planting import Shown
from tests.safety.watching import BARE, GUARDED, Watching

GUARDED_EVERY = 4  # rounds
PARTS = 2  # of the rounds, each on a site of its own
SHARES = 4  # of all rounds, to be shown one after another
PLANTED = ("<svg onload=hit()>", "<script>alert(1)</script>", "<a href=' javascript:hit()'>x</a>", "<p onclick=hit()>x")


class Part(NamedTuple):
    """A share of the rounds."""

    kind: str
    number: int
    rounds: tuple[int, ...]


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        share={
            "nargs": "+",
            "type": int,
            "choices": range(1, SHARES + 1),
            "default": list(range(1, SHARES + 1)),
            "help": "these quarters of the payloads alone",
        },
    )
    # which database keeps a word does not change how it is shown
    kind = asked.database or "sqlite"
    findings, begun = Findings(f"No word of anybody runs as a script ({kind})"), time.monotonic()
    every = len(payloads.payloads())
    bounds = [every * share // SHARES for share in range(SHARES + 1)]
    rounds = [each for share in sorted(set(asked.share)) for each in range(bounds[share - 1], bounds[share])]
    cuts = [len(rounds) * number // PARTS for number in range(PARTS + 1)]
    parts = [Part(kind, number, tuple(rounds[cuts[number] : cuts[number + 1]])) for number in range(PARTS)]
    with multiprocessing.get_context("spawn").Pool(min(PARTS, os.cpu_count() or 1)) as pool:
        said = pool.map(run, parts)
    tell(findings, said, len(rounds))
    findings.note("minutes", round((time.monotonic() - begun) / 60, 1))
    findings.end()


def run(part: Part) -> dict[str, Any]:
    """One share of all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            for site in inside.applications(argparse.Namespace(database=part.kind)):
                return _show(site, browser, part)
        finally:
            browser.close()
    return {}


def _show(site: Inside, browser: Browser, part: Part) -> dict[str, Any]:
    made, every = world.make(site.app), payloads.payloads()
    planting.crowd()
    planting.tell_everybody(site.app)
    places = planting.survey(site.app, made)
    found: dict[str, list[str]] = {BARE: [], GUARDED: []}
    said = {"sinks": places.sinks, "visits": len(places.visits), "mails": len(places.mails), "found": found}
    said |= {"policies": places.policies, "lists": sum(visit.is_list for visit in places.visits)}
    words = looked = guarded = 0
    with Watching(site.app, browser, http.CONTENT_POLICY) as watched:
        for done, shift in enumerate(part.rounds, 1):
            words += planting.plant(planting.payload_words(every, shift))
            lists = shift % planting.STEP == 0 or done == 1
            shown = list(planting.pages(site.app, made, places, every[shift], lists=lists))
            found[BARE] += watched.look_at(shown)
            looked += len(shown)
            if lists or shift % GUARDED_EVERY == 0:
                found[GUARDED] += watched.look_at(shown, GUARDED)
                guarded += len(shown)
            if done % 25 == 0:
                print(f"       part {part.number + 1}: {done} of {len(part.rounds)} rounds", flush=True)
        planted = [Shown("planted", f"<!doctype html><p>{each}</p>") for each in PLANTED]
        said["planted"] = [sum(bool(watched.look_at([page], kind)) for page in planted) for kind in (BARE, GUARDED)]
        said["broken page"] = _broken(site, made, watched)
    return said | {"words": words, "looked": looked, "guarded": guarded, "rounds": len(part.rounds)}


def _broken(site: Inside, made: world.World, watched: Watching) -> int:
    """How many faults a page of ours has whose autoescaping is off."""
    planting.plant(lambda column, place: "<svg onload=hit()>")
    environment = site.app.jinja_env
    environment.autoescape = False
    if environment.cache is not None:
        environment.cache.clear()
    page = made.browsers["admin"].get("/manage/companies").text
    return len(watched.look_at([Shown("a page without autoescaping", page)]))


def tell(findings: Findings, said: list[dict[str, Any]], rounds: int) -> None:
    every, first = payloads.payloads(), said[0]
    findings.holds("payloads", len(every) >= 500, len(every), wanted="≥ 500")
    findings.same(
        "rounds, in each of which every row of every column has another payload", rounds, _sum(said, "rounds")
    )
    if rounds < len(every):
        findings.note(
            "a share of all: each payload is in each row once all have been shown", f"{rounds} of {len(every)}"
        )
    findings.note("columns whose words somebody reads", len(planting.columns()))
    findings.note("sinks: an endpoint and a column that it says", len(first["sinks"]))
    findings.note(
        "pages in each round, lists among them every few, mails",
        f"{first['visits']}, {first['lists']}, {first['mails']}",
    )
    findings.holds("mails of different kinds", first["mails"] >= 5, first["mails"], wanted="≥ 5")
    findings.note("words planted", _sum(said, "words"))
    findings.note("pages and mails looked at without the content policy", _sum(said, "looked"))
    findings.note("pages looked at with it", _sum(said, "guarded"))
    loose = [each for each in first["policies"] if not planting.is_strict(each)]
    findings.same("content policies of pages by which more might run than by that of the site", [], loose)
    for kind, words in (
        (BARE, "without the policy: scripts that ran, or got in"),
        (GUARDED, "with it: what it stopped"),
    ):
        breaches = sorted({line for part in said for line in part["found"][kind]})
        for line in breaches[:60]:
            print(f"       {line[:300]}")
        findings.same(words, [], breaches)
    for part in said:
        findings.same("planted ones that are found without and with the policy", [len(PLANTED)] * 2, part["planted"])
        findings.holds(
            "a page without autoescaping is found", part["broken page"] > 0, part["broken page"], wanted="> 0"
        )


def _sum(said: list[dict[str, Any]], what: str) -> int:
    return sum(part[what] for part in said)


if __name__ == "__main__":
    main()
