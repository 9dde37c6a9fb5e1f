"""What the widget costs a bare page by Lighthouse: the same page with the line and without it, in turn.

Of each the median of several runs, of all categories; at most two points of difference, and nothing moves. A page that
keeps itself busy and moves about is found. `make evidence-lighthouse` puts Lighthouse into build/; it drives the
Chromium of the browser tests.

python -m bench.lighthouse [--runs 5]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench import stage
from bench.stage import Findings
from tests.browser.chromium import FLAGS, executable
from tests.browser.hosts import PAGE, Host, serving
from tests.servers import ROOT, running_app

PROGRAM = ROOT / "build" / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
BOARD = "garden-planner"
POINTS = 2
MOVES = 0.0005  # less than is drawn
BUSY = """addEventListener("DOMContentLoaded", () => setTimeout(() => {
  const until = performance.now() + 1500;
  while (performance.now() < until);
  setTimeout(() => { document.querySelector("h1").style.marginTop = "300px"; }, 500);
}, 300));"""


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        runs={"type": int, "default": 5, "help": "of each page (5)"},
    )
    if not PROGRAM.exists():
        sys.exit("There is no Lighthouse in build/: make evidence-lighthouse puts it there, by npm.")
    findings = Findings("What the widget costs a bare page, by Lighthouse")
    env = {"DEMO": "1", "RATE_LIMITS": "off", "LOG_LEVEL": "error"}
    with ExitStack() as stack:
        site = stack.enter_context(running_app(env, ("web",), prepare=(("migrate",), ("demo",))))
        host = stack.enter_context(serving(Host(site.url)))
        key = stage.make_key(site, "tomas@demo.example", "ideas:read,boards:write,embed:manage")
        board = f"{site.url}/api/v1/boards/{BOARD}"
        stage.ask(board, key=key, method="PATCH", json_body={"embed_sites": [host.url]})
        page_key = stage.ask(f"{board}/embed/keys", key=key, method="POST", json_body={})["key"]
        pages = {
            "without": _page(host, "/without", ""),
            "with": host.put("/with", {"data-board": BOARD, "data-key": page_key}),
        }
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name in pages}
        for run in range(asked.runs):
            for name, address in pages.items():
                reports[name].append(_report(address))
                print(f"run {run + 1} {name}: {_points(reports[name][-1])}", flush=True)
        brought = min(_asked(each, site.url) for each in reports["with"])
        findings.holds("requests to the site for the widget, the fewest", brought > 2, brought, wanted="> 2")
        findings.same("… and for the page without it", 0, max(_asked(each, site.url) for each in reports["without"]))
        _compare(findings, reports)
        busy = _report(_page(host, "/busy", BUSY))
        without = median(_points(each)["performance"] for each in reports["without"])
        lost = without - _points(busy)["performance"]
        findings.holds("a planted busy page: points of performance lost", lost > POINTS, lost, wanted=f"> {POINTS}")
        findings.holds("… moves of its layout", _moves(busy) > MOVES, f"{_moves(busy):.4f}", wanted=f"> {MOVES}")
    findings.end()


def _page(host: Host, path: str, script: str) -> str:
    """The page without our line, with a script of its own as the other has; its address."""
    host.pages[f"{path}.js"] = ("text/javascript", script)
    text = PAGE.format(lang="en", scripts=f'<script src="{path}.js"></script>', body="")
    host.pages[path] = ("text/html; charset=utf-8", text)
    return host.url + path


def _report(address: str) -> dict[str, Any]:
    flags = " ".join([*FLAGS, "--headless=new"])
    done = subprocess.run(
        [str(PROGRAM), address, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": executable()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse ended with {done.returncode}:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _points(report: dict[str, Any]) -> dict[str, int]:
    return {name: round(100 * (found["score"] or 0)) for name, found in report["categories"].items()}


def _moves(report: dict[str, Any]) -> float:
    return float(report["audits"]["cumulative-layout-shift"]["numericValue"])


def _asked(report: dict[str, Any], site: str) -> int:
    """How many scripts and other things of the site the page loaded while Lighthouse looked."""
    items = report["audits"]["network-requests"]["details"]["items"]
    return sum(item["url"].startswith(site) and item.get("statusCode") == 200 for item in items)


def _compare(findings: Findings, reports: dict[str, list[dict[str, Any]]]) -> None:
    for name in _points(reports["with"][0]):
        without, with_it = (median(_points(each)[name] for each in reports[which]) for which in ("without", "with"))
        what = f"{name}: points without and with the widget"
        wanted = f"at most {POINTS} less"
        findings.holds(what, without - with_it <= POINTS, f"{without:g}, {with_it:g}", wanted=wanted)
    most = max(_moves(each) for each in reports["with"])
    findings.holds("moves of the layout with the widget, the most", most < MOVES, f"{most:.4f}", wanted="none")
    for which, some in reports.items():
        blocked = median(each["audits"]["total-blocking-time"]["numericValue"] for each in some)
        findings.note(f"blocked for, ms, {which}", f"{blocked:.0f}")


if __name__ == "__main__":
    main()
