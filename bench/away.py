"""The widget on a page of another site, while the site itself is really away: killed, stopped, dripping, stalled.

The site's own processes are killed (SIGKILL) or stopped (SIGSTOP), or what they say comes by a connection that drips or
stalls: before the page is loaded, after its line is there, and while the board is open. In each case the page records
no error, no unhandled rejection and no move of its layout, goes on answering its own visitor, and has no task of ours
that takes 50 ms; whoever opens the board reads what is the matter, what they typed is kept, and once the site is back
it goes on.

python -m bench.away [--ways killed stopped drips stalls]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench import stage
from bench.stage import Findings
from tests.browser.chromium import FLAGS, executable
from tests.browser.hosts import Host, seen, serving
from tests.servers import RunningApp, running_app

BOARD = "garden-planner"
LONG_MS = 50  # a long task, as browsers count it; of the processor's time, whatever else the machine does
PATIENCE_MS = 30_000
DRIP_SECONDS = 0.05  # for each byte
STALLS_AFTER = 700  # bytes: headers and the beginning of a script
WAYS = ("killed", "stopped", "drips", "stalls")
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
RUNS = {"EvaluateScript", "FunctionCall"}
# The page's own button: whether its visitor is answered.
BUTTON = '<p><button type="button">Order seeds</button></p>'
OWN = """addEventListener("DOMContentLoaded", () => {
  const own = document.querySelector("main button");
  own.addEventListener("click", () => { own.textContent = "Ordered"; });
});"""
BUSY = """setTimeout(() => {
  let sum = 0;
  for (let turn = 0; turn < 4e8; turn++) sum += turn % 7;
  document.documentElement.dataset.busy = sum ? "no longer" : "";
});"""


class Gate:
    """Carries connections to the site, in the way that `way` says: "", "drips" or "stalls"."""

    def __init__(self, port: int) -> None:
        self.way, self._to = "", port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Gate:
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                here, _address = self._socket.accept()
                threading.Thread(target=self._carry, args=(here,), daemon=True).start()

    def _carry(self, here: socket.socket) -> None:
        with here, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as there:
            asking = threading.Thread(target=_pour, args=(here, there.sendall, there), daemon=True)
            asking.start()
            _pour(there, lambda data: self._say(here, data), here)
            asking.join()

    def _say(self, here: socket.socket, data: bytes) -> None:
        if self.way == "stalls":
            here.sendall(data[:STALLS_AFTER])
            threading.Event().wait()  # for as long as this program runs: such a connection never comes back
        for place in range(len(data)):
            if self.way != "drips":
                here.sendall(data[place:])
                return
            here.sendall(data[place : place + 1])
            time.sleep(DRIP_SECONDS)


def _pour(source: socket.socket, say: Callable[[bytes], None], target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            say(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class Away:
    """The site, and how it goes away and comes back."""

    site: RunningApp
    gate: Gate

    def go(self, way: str) -> None:
        if way == "killed":
            for process in self.site.processes:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self.site.processes.clear()
        elif way == "stopped":
            self._signal(signal.SIGSTOP)
        else:
            self.gate.way = way

    def come_back(self, way: str) -> None:
        if way == "killed":
            self.site.start("web")
            self.site.wait_until_it_answers()
        elif way == "stopped":
            self._signal(signal.SIGCONT)
        self.gate.way = ""

    def _signal(self, what: signal.Signals) -> None:
        for process in self.site.processes:
            os.killpg(process.pid, what)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="these alone")
    asked = parser.parse_args().ways
    findings = Findings("The widget while the site is really away")
    expect.set_options(timeout=PATIENCE_MS)
    env = {"DEMO": "1", "RATE_LIMITS": "off", "LOG_LEVEL": "error"}
    with ExitStack() as stack:
        site = stack.enter_context(running_app(env, ("web",), prepare=(("migrate",), ("demo",))))
        gate = stack.enter_context(Gate(int(site.url.rpartition(":")[2])))
        browser = stack.enter_context(_browser())
        away = Away(site, gate)
        _planted(findings, browser)
        for url, ways in ((site.url, ("killed", "stopped")), (gate.url, ("drips", "stalls"))):
            site.stop()
            site.env["BASE_URL"] = url
            away.come_back("killed")
            with serving(Host(url)) as host:
                _let_in(site, host)
                for way in (way for way in ways if way in asked):
                    for moment, check in MOMENTS.items():
                        _look(findings, f"{way}, {moment}", browser, host, away, way, check)
    findings.end()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=[*FLAGS, "--test-third-party-cookie-phaseout"]
        )
        yield browser
        browser.close()


def _let_in(site: RunningApp, host: Host) -> None:
    """The board lists that host, whose page "/" has the line."""
    key = stage.make_key(site, "tomas@demo.example", "ideas:read,boards:write,embed:manage")
    board = f"{host.site}/api/v1/boards/{BOARD}"
    stage.ask(board, key=key, method="PATCH", json_body={"embed_sites": [host.url]})
    page_key = stage.ask(f"{board}/embed/keys", key=key, method="POST", json_body={})["key"]
    host.put("/", {"data-board": BOARD, "data-key": page_key}, body=BUTTON, script=OWN)


def _planted(findings: Findings, browser: Browser) -> None:
    """A script that keeps the page busy is found, or nothing below says anything."""
    with serving(Host("")) as host:
        host.site = host.url
        host.pages["/embed/v1.js"] = ("text/javascript", BUSY)
        page = browser.new_page()
        browser.start_tracing(page=page, categories=TRACED)
        page.goto(host.put("/", {}))
        page.wait_for_function("document.documentElement.dataset.busy === 'no longer'")
        longest = max(_tasks(json.loads(browser.stop_tracing())["traceEvents"], host.site), default=0.0)
        findings.holds(
            "a planted script that takes its time, ms", longest > LONG_MS, f"{longest:.0f}", wanted=f"> {LONG_MS}"
        )
        page.close()


# --- One case ---


def _look(
    findings: Findings, what: str, browser: Browser, host: Host, away: Away, way: str, check: Callable[..., None]
) -> None:
    """A page of its own for this case, and all that must hold of it."""
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    browser.start_tracing(page=page, categories=TRACED)
    went = "as it should"
    try:
        check(page, host, away, way)
    except (AssertionError, PlaywrightError) as error:
        went = str(error).partition("\nCall log")[0]
    finally:
        away.come_back(way)
    traced = json.loads(browser.stop_tracing())["traceEvents"]
    findings.same(f"{what}: people read what is the matter, and it goes on", "as it should", went)
    found = seen(page)
    findings.same(f"{what}: errors, rejections, breaches of the page's policy", [], found["errors"] + found["refused"])
    findings.holds(f"{what}: moves of the page's layout", found["shift"] < 0.0005, found["shift"], wanted="none")
    tasks = _tasks(traced, host.site)
    findings.holds(f"{what}: tasks in which a script of ours ran", len(tasks) > 3, len(tasks), wanted="> 3")
    longest, wanted = max(tasks, default=0.0), f"below {LONG_MS}"
    findings.holds(
        f"{what}: longest task of ours, ms of the processor", longest < LONG_MS, f"{longest:.1f}", wanted=wanted
    )
    context.close()


def _tasks(events: list[dict[str, Any]], site: str) -> list[float]:
    """Milliseconds of the processor for each task of a page in which a script of the site had a part."""
    ours, tasks = [], []
    for event in events:
        if event.get("ph") != "X":
            continue
        thread = event["pid"], event["tid"]
        if event["name"] == "RunTask":
            tasks.append((thread, event["ts"], event["ts"] + event["dur"], event.get("tdur", event["dur"]) / 1000))
        elif event["name"] in RUNS and event["args"].get("data", {}).get("url", "").startswith(site):
            ours.append((thread, event["ts"]))
    return [
        spent
        for thread, begins, ends, spent in tasks
        if any(thread == where and begins <= at <= ends for where, at in ours)
    ]


def _is_alive(page: Page) -> None:
    """The page's own visitor is answered."""
    own = page.get_by_role("button", name=re.compile("Order"))
    own.click()
    expect(own).to_have_text("Ordered")


def _before(page: Page, host: Host, away: Away, way: str) -> None:
    away.go(way)
    page.goto(host.url, wait_until="commit")
    _is_alive(page)
    page.evaluate("Answerback('open')")
    page.wait_for_timeout(1500)
    expect(page.locator(".launcher")).to_have_count(0)
    away.come_back(way)
    page.goto(host.url)
    expect(_opened(page).locator(".row").first).to_be_visible()


def _between(page: Page, host: Host, away: Away, way: str) -> None:
    page.goto(host.url)
    page.locator(".launcher").wait_for()
    away.go(way)
    panel = _opened(page)
    expect(panel.get_by_role("alert")).to_contain_text("cannot be reached right now")
    _still_there(page, panel)
    away.come_back(way)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".row").first).to_be_visible()


def _open(page: Page, host: Host, away: Away, way: str) -> None:
    page.goto(host.url)
    panel = _opened(page)
    expect(panel.locator(".row").first).to_be_visible()
    panel.get_by_label("What would you like to be different?").fill("Zinnias by the gate")
    panel.get_by_role("button", name="Post an idea").click()
    panel.get_by_label("What would it change").fill("They are what the bees come for.")
    away.go(way)
    panel.get_by_role("button", name="Roadmap").click()
    if way != "killed":
        expect(panel.get_by_text("This takes longer than usual.")).to_be_visible()
    expect(panel.get_by_role("alert")).to_contain_text("cannot be reached right now")
    _still_there(page, panel)
    away.come_back(way)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".column").first).to_be_visible()
    page.evaluate("Answerback('open', { view: 'submit' })")
    expect(panel.get_by_label("Your idea in one line")).to_have_value("Zinnias by the gate")
    expect(panel.get_by_label("What would it change")).to_have_value("They are what the bees come for.")


def _still_there(page: Page, panel: Locator) -> None:
    """The board is closed, the page used, and the board opened again, where what was said stands still."""
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    _is_alive(page)
    _opened(page)
    expect(panel.get_by_role("alert")).to_be_visible()


def _opened(page: Page) -> Locator:
    page.get_by_role("button", name="Ideas", exact=True).click()
    return page.get_by_role("dialog")


MOMENTS = {"before the page": _before, "after the line": _between, "while open": _open}


if __name__ == "__main__":
    main()
