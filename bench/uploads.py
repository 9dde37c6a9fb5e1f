"""Hostile files are sent as pictures, by the page and by the API: each is refused with a word, or encoded anew.

python -m bench.uploads [--database sqlite|postgresql]
"""

from __future__ import annotations

import http.client
import http.cookies
import io
import json
import re
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from bench import hostile_files, stage
from bench.hostile_files import TOKEN, Hostile
from bench.stage import Findings
from ideas.boards.demo_words import crowd
from tests.servers import RunningApp

LEAST = 60
MEMORY_MOST = 200  # MiB that a web process may grow by
SECONDS_MOST = 10
MIA = next(person for person in crowd.KNOWN if person.key == "mia")


class Way(Protocol):
    """How a file is sent and what became of it is fetched."""

    def names_the_field(self, answered: Answered) -> bool: ...

    def fetch(self, url: str) -> tuple[bytes, Mapping[str, str]]: ...


class Answered(NamedTuple):
    """What the site said to one upload."""

    status: int
    text: str
    seconds: float


def main() -> None:
    asked = stage.arguments("Sends hostile files as pictures.", data=False)
    findings = Findings("Uploads")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site({**fresh(), "PICTURES_PER_DAY": "10000"}) as site:
                show(findings, kind, site)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp) -> None:
    site.ideas("demo")
    key = re.findall(r"ab_sk_\S+", site.ideas("key", "create", MIA.email, "--scopes", "pictures:write"))[0]
    ways: dict[str, Page | Api] = {"page": Page(site.url), "API": Api(site.url, key)}
    for way in ways.values():
        way.send(Hostile("a good picture", hostile_files.drawn()))  # the decoders are loaded: what grows now is theirs
    for name, way in ways.items():
        before = {process: _memory(process, "VmRSS") for process in _processes(site)}
        for process in before:
            Path(f"/proc/{process}/clear_refs").write_text("5")  # forget the highest so far
        counts = {"refused": 0, "encoded anew": 0}
        wrong: list[str] = []
        slowest = (0.0, "")
        for file in hostile_files.files():
            answered = way.send(file)
            slowest = max(slowest, (answered.seconds, file.what))
            outcome = judge(way, file, answered)
            if outcome in counts:
                counts[outcome] += 1
            else:
                wrong.append(f"{file.what}: {outcome}")
        grown = max(_memory(process, "VmHWM") - before.get(process, 0) for process in _processes(site))
        about = f"{kind}, {name}"
        findings.holds(
            f"{about}: hostile files sent",
            sum(counts.values()) + len(wrong) >= LEAST,
            sum(counts.values()) + len(wrong),
            wanted=f"{LEAST} or more",
        )
        findings.note(f"{about}: refused with a word that names the field", counts["refused"])
        findings.note(f"{about}: encoded anew, with nothing of what was planted", counts["encoded anew"])
        findings.holds(f"{about}: anything else", not wrong, "; ".join(wrong) or "none", wanted="none")
        findings.holds(f"{about}: a web process grew by, MiB", grown <= MEMORY_MOST, grown, wanted=f"≤ {MEMORY_MOST}")
        findings.holds(
            f"{about}: slowest, seconds ({slowest[1]})",
            slowest[0] <= SECONDS_MOST,
            round(slowest[0], 2),
            wanted=f"≤ {SECONDS_MOST}",
        )
    kept = [path for path in (site.folder / "pictures").rglob("*") if path.is_file()]
    planted = [path.name for path in kept if TOKEN in path.read_bytes()]
    findings.holds(f"{kind}: files in the folder that hold what was planted", not planted, len(planted), wanted="0")
    strange = [path.name for path in kept if not re.fullmatch(r"[0-9a-f]{24}-[0-9a-f]{16}-\d+x\d+\.webp", path.name)]
    findings.holds(f"{kind}: names in the folder that are not ours", not strange, len(strange), wanted="0")


def judge(way: Way, file: Hostile, answered: Answered) -> str:
    """“refused”, “encoded anew”, or what is wrong."""
    if 400 <= answered.status < 500:
        return "refused" if way.names_the_field(answered) else f"{answered.status} does not name the field"
    if answered.status != 201:
        return f"answered {answered.status}"
    if not file.may_be_taken:
        return "was taken"
    content, headers = way.fetch(json.loads(answered.text)["url"])
    if TOKEN in content:
        return "what was planted came out"
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        beside = set(picture.info) - {"loop", "background", "timestamp", "duration"}
        if picture.format != "WEBP" or getattr(picture, "n_frames", 1) != 1 or beside or picture.getexif():
            return f"came out as {picture.format} with {sorted(beside)}"
    expected = {
        "Content-Type": "image/webp",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline",
    }
    if found := [name for name, value in expected.items() if headers.get(name) != value]:
        return f"served with another {found[0]}"
    return "encoded anew"


class Page:
    """Somebody's browser, signed in."""

    def __init__(self, url: str) -> None:
        self.host = urllib.parse.urlsplit(url).netloc
        self.cookies: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
        self.token = ""
        page = self._ask("GET", "/sign-in")
        words = {"csrf_token": _token(page.text), "email": MIA.email, "password": MIA.password}
        self._ask("POST", "/sign-in", urllib.parse.urlencode(words).encode(), "application/x-www-form-urlencoded")
        self.token = _token(self._ask("GET", "/profile").text)

    def send(self, file: Hostile) -> Answered:
        body, kind = _form(file, csrf_token=self.token)
        return self._ask("POST", "/pictures", body, kind)

    def names_the_field(self, answered: Answered) -> bool:
        return "icture" in answered.text and "<html" not in answered.text

    def fetch(self, url: str) -> tuple[bytes, dict[str, str]]:
        return _fetch(self.host, url, {"Cookie": self._cookie()})

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answered:
        headers = {"Cookie": self._cookie()} | ({"Content-Type": kind} if kind else {})
        answered, given = _ask(self.host, method, path, body, headers)
        for cookie in given:
            self.cookies.load(cookie)
        return answered

    def _cookie(self) -> str:
        return "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())


class Api:
    """A program with a key. Odd ones go as a form, the others as they are."""

    def __init__(self, url: str, key: str) -> None:
        self.host = urllib.parse.urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {key}"}
        self.page = Page(url)  # what no text shows yet, its owner alone sees, and as a person

    def send(self, file: Hostile) -> Answered:
        body, kind = file.content, file.kind
        if file.name != "picture.png":
            body, kind = _form(file)
        return _ask(self.host, "POST", "/api/v1/pictures", body, {**self.headers, "Content-Type": kind})[0]

    def names_the_field(self, answered: Answered) -> bool:
        lines = json.loads(answered.text).get("errors", [])
        return [line["pointer"] for line in lines] == ["/picture"]

    def fetch(self, url: str) -> tuple[bytes, dict[str, str]]:
        return self.page.fetch(url)


def _form(file: Hostile, **fields: str) -> tuple[bytes, str]:
    """A form with the file, its name exactly as it is given."""
    border = b"--a-border-that-no-file-has"
    parts = [
        border + b'\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value.encode() + b"\r\n"
        for name, value in fields.items()
    ]
    head = b'Content-Disposition: form-data; name="picture"; filename="' + file.name.encode() + b'"\r\n'
    parts.append(border + b"\r\n" + head + f"Content-Type: {file.kind}\r\n\r\n".encode() + file.content + b"\r\n")
    return b"".join(parts) + border + b"--\r\n", "multipart/form-data; boundary=" + border[2:].decode()


def _ask(host: str, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[Answered, list[str]]:
    began = time.monotonic()
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return Answered(answer.status, text, time.monotonic() - began), answer.headers.get_all("Set-Cookie") or []
    finally:
        connection.close()


def _fetch(host: str, url: str, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request("GET", urllib.parse.urlsplit(url).path, None, headers)
        answer = connection.getresponse()
        return answer.read(), dict(answer.headers)
    finally:
        connection.close()


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("The page has no form to send.")
    return found[1]


def _processes(site: RunningApp) -> list[int]:
    """Every process of the web server."""
    waiting, found = [process.pid for process in site.processes], []
    while waiting:
        process = waiting.pop()
        found.append(process)
        for task in Path(f"/proc/{process}/task").iterdir():
            waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def _memory(process: int, which: str) -> int:
    """MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"{which}:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
