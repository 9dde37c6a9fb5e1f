"""Payloads in every word that a page may say, opened in a browser without the content policy: none runs.

Each batch plants as many as lists show; after all batches each payload has stood in each kind of word. Pages, what they
say back, and mails. A payload that is planted in a page of its own is found.

python -m bench.xss [--database sqlite|postgresql]
"""

from __future__ import annotations

import time

from playwright.sync_api import Browser, sync_playwright

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from tests.browser.chromium import FLAGS, executable
from tests.safety import payloads, planting, world
from tests.safety.planting import AT_ONCE, Page, Watching

STEP = planting.ROWS - 2
MINUTES = 18


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    asked.database = asked.database or "sqlite"  # which database keeps a word does not change how it is shown
    findings = Findings("No word of anybody runs as a script")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        for site in inside.applications(asked):
            _show(site, browser, findings)
        browser.close()
    findings.end()


def _show(site: Inside, browser: Browser, findings: Findings) -> None:
    made, every, begun = world.make(site.app), payloads.payloads(), time.monotonic()
    planting.crowd()
    watching = Watching(site.app, browser)
    looked, words, tried = 0, 0, 0
    for shift in range(0, len(every), STEP):
        words += planting.plant(every, shift)
        tried = min(len(every), shift + STEP)
        batch = list(planting.pages(site.app, made, every[shift : shift + STEP], roles=("admin",), most=1))
        for start in range(0, len(batch), AT_ONCE):
            watching.look_at(batch[start : start + AT_ONCE])
        looked += len(batch)
        if time.monotonic() - begun > MINUTES * 60:
            break
    found = sorted(set(watching.found))
    findings.holds("payloads", len(every) >= 500, len(every), wanted="≥ 500")
    findings.same("payloads that were tried in time", len(every), tried)
    findings.note("words planted, pages and mails looked at", f"{words:,}, {looked:,}")
    findings.same("scripts that ran, or would at a click", [], found)
    watching.found.clear()
    watching.look_at([Page("planted", f"<p>{each}</p>") for each in ("<svg onload=hit()>", "<script>hit()</script>")])
    findings.holds("a planted one is found", len(watching.found) >= 2, len(watching.found), wanted="≥ 2")
    findings.note("minutes", round((time.monotonic() - begun) / 60, 1))


if __name__ == "__main__":
    main()
