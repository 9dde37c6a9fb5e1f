"""A browser that is shown many pages at once and notes every script that runs though it is not ours.

Each page is a frame of one that has the site's address. In one kind of look no content policy holds, so that escaping
alone keeps a script out; in the other the site's own policy holds, and whatever it has to stop is noted.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask import Flask
from playwright.sync_api import Browser

from tests.safety.planting import Shown

AT_ONCE = 16  # pages in frames of one
SETTLE_MS = 40  # what runs by itself runs by then
BARE, GUARDED = "/bare", "/guarded"

# In every frame, before anything else: what payloads call, and what else a script would be noticed by.
HOOKS = """
(() => {
  let page = window;
  while (page !== top && page.parent !== top) page = page.parent;
  const note = (kind, words) => { try { (top.noted ??= []).push([kind, page.name, String(words)]); } catch {} };
  window.hit = () => note("ran", "");
  window.alert = window.confirm = window.prompt = window.print = window.hit;
  document.addEventListener("securitypolicyviolation", (event) =>
    note("policy", `${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  addEventListener("error", (event) => event.error && note("error", event.message));
})();
"""

# Shows pages, and gives what was noted, with what would run at a click or a touch.
LOOK = r"""
async ([pages, settle]) => {
  const BOOKMARK = new RegExp(String.raw`^javascript:void open\("https?://[\w.:-]+/team/evidence/capture#"\+`
    + String.raw`new URLSearchParams\(\{words:String\(getSelection\(\)\)\.slice\(0,\d+\),`
    + String.raw`title:document\.title\.slice\(0,\d+\),link:location\.href\.slice\(0,\d+\)\}\)\)$`);
  window.noted = [];
  document.body.replaceChildren();
  await Promise.all(pages.map((page, number) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.name = String(number);
    frame.addEventListener("load", done, { once: true });
    frame.srcdoc = page;
    document.body.append(frame);
    setTimeout(done, 5000);
  })));
  await new Promise((done) => setTimeout(done, settle));
  const found = noted.slice();
  for (const frame of document.querySelectorAll("iframe")) {
    const inside = frame.contentDocument;
    if (!inside || frame.contentWindow.location.href !== "about:srcdoc") {
      found.push(["left", frame.name, ""]);
      continue;
    }
    for (const element of inside.querySelectorAll("*")) {
      if (["IFRAME", "OBJECT", "EMBED", "FRAME"].includes(element.tagName)
          || (element.tagName === "BASE" && element.hasAttribute("href")) // ours say only where links open
          || (element.tagName === "SCRIPT" && !element.src)) {
        found.push(["element", frame.name, element.outerHTML.slice(0, 160)]);
      }
      for (const { name, value } of element.attributes) {
        const scheme = value.replace(/[\s\u0000-\u001f]/g, "").toLowerCase();
        // the one address that is a script is ours, for people to take along; words of people have no room in it
        if (name === "href" && BOOKMARK.test(value)) continue;
        if (/^on/i.test(name) || name === "srcdoc"
            || (/^(href|src|action|formaction|data|xlink:href|content)$/i.test(name)
                && /^(\d*;?url=)?['"]?(javascript|vbscript|data:text)/.test(scheme))) {
          found.push(["attribute", frame.name, element.outerHTML.slice(0, 160)]);
        }
      }
    }
  }
  return found;
}
"""


class Watching:
    """Inside `with`. policy: the one that guarded pages have."""

    def __init__(self, app: Flask, browser: Browser, policy: str) -> None:
        self.app = app
        self.policy = policy
        self.browser = browser

    def __enter__(self) -> Watching:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.site = f"http://127.0.0.1:{self.server.server_port}"
        self.context = self.browser.new_context()
        self.context.add_init_script(HOOKS)
        self.looks = {}
        for kind in (BARE, GUARDED):
            self.looks[kind] = self.context.new_page()
            self.looks[kind].goto(self.site + kind)
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        self.server.shutdown()
        self.server.server_close()

    def look_at(self, shown: Sequence[Shown], kind: str = BARE) -> list[str]:
        """Open these pages, and say what should not have been."""
        found: list[str] = []
        if kind == GUARDED:
            shown = [page for page in shown if not page.is_mail]
        for start in range(0, len(shown), AT_ONCE):
            batch = shown[start : start + AT_ONCE]
            noted = self.looks[kind].evaluate(LOOK, [[page.content for page in batch], SETTLE_MS])
            found += [
                f"{batch[int(name)].where if name else '?'}: {what} {words}".strip() for what, name, words in noted
            ]
        return found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        watching, kept, lock = self, {}, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path, headers, body = self.path.partition("?")[0], {"Content-Type": "text/html; charset=utf-8"}, b""
                if path in (BARE, GUARDED):
                    body = b"<!doctype html><title>frames</title><body></body>"
                    if path == GUARDED:
                        headers["Content-Security-Policy"] = watching.policy
                elif path.endswith(".css"):  # looks cost time, and nobody looks
                    headers["Content-Type"], body = "text/css", b" "
                elif path.startswith("/static/"):
                    with lock:
                        if path not in kept:
                            with watching.app.test_client() as client, client.get(path) as answer:
                                kept[path] = (answer.content_type, answer.get_data())
                    headers = {"Content-Type": kept[path][0], "Cache-Control": "max-age=3600"}
                    body = kept[path][1]
                self.send_response(200 if body else 404)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        return Handler
