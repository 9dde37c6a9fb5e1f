"""Another site, on which the widget stands: pages under a strict content policy, and what happened on them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page

from tests.servers import free_port

# Notes what a page must never have because of us, and what the widget told it.
WATCH = """
window.seen = { errors: [], refused: [], tasks: [], shift: 0, told: [] };
window.Answerback = window.Answerback || function () { (Answerback.q = Answerback.q || []).push(arguments); };
addEventListener("error", (event) => seen.errors.push(event.message));
addEventListener("unhandledrejection", (event) => seen.errors.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => seen.refused.push(event.violatedDirective));
new PerformanceObserver((list) => list.getEntries().forEach((each) => seen.tasks.push(each.duration)))
  .observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((each) => { seen.shift += each.value; }))
  .observe({ type: "layout-shift", buffered: true });
const names = "opened closed idea:created idea:voted idea:unvoted signed-in signed-out identity:refused";
for (const name of names.split(" "))
  Answerback("on", name, (detail) => {
    seen.told.push([name, detail]);
    document.documentElement.dataset.told = seen.told.map(([each]) => each).join(" ");
  });
"""

PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page of another site</title><link rel="stylesheet" href="/page.css"><script src="/watch.js"></script>{scripts}
<body><main><h1>Seeds for the spring</h1>
<p>Order before the end of the month, and they are there for the first warm days.</p>
{body}<p>Whatever stands below stays where it is.</p></main></body></html>"""

STYLES = """body { margin: 0; font: 16px/1.5 sans-serif; background: #fff; color: #222; }
main { max-width: 44rem; margin: auto; padding: 1rem; }
answerback-board:not([launcher]) { display: block; min-block-size: 560px; --answerback-height: 560px; }
answerback-vote { display: inline-block; min-block-size: 48px; vertical-align: top; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }"""


class Host:
    """put("/", line, …) makes a page; `url` is its origin. Its policy lets through what docs/widget.md asks for."""

    def __init__(self, site: str, name: str = "localhost") -> None:
        self.site = site
        self.url = f"http://{name}:{free_port()}"
        self.policy = (
            f"default-src 'none'; script-src 'self' {site}; connect-src 'self' {site}; img-src {site}; "
            "style-src 'self'; base-uri 'none'; form-action 'none'; "
            "require-trusted-types-for 'script'; trusted-types answerback"
        )
        self.line: dict[str, str] = {}  # what the line says here, once the board is known
        self.pages: dict[str, tuple[str, str | Callable[[], str]]] = {
            "/watch.js": ("text/javascript", WATCH),
            "/page.css": ("text/css", STYLES),
        }

    def put(
        self, path: str, attributes: Mapping[str, str], *, body: str = "", script: str = "", lang: str = "en"
    ) -> str:
        """A page with the line and, before it, a script of the page's own; its address."""
        given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        self.pages[f"{path}.js"] = ("text/javascript", script)
        scripts = f'<script src="{path}.js"></script><script src="{self.site}/embed/v1.js" {given} async></script>'
        self.pages[path] = ("text/html; charset=utf-8", PAGE.format(lang=lang, scripts=scripts, body=body))
        return self.url + path


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = host.pages.get(self.path.partition("?")[0], ("", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Security-Policy", host.policy)
            self.end_headers()
            self.wfile.write((text if isinstance(text, str) else text()).encode())

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", int(host.url.rpartition(":")[2])), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.evaluate("JSON.stringify(seen)"))
    return found


def told(page: Page, name: str) -> list[Any]:
    """The details of every event of that name that the page heard of."""
    return [detail for event, detail in seen(page)["told"] if event == name]
