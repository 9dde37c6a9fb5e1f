"""Behind a real nginx that keeps all it may, nobody is given what was made for somebody else.

nginx runs with the lines of docs/operators.md, in front of a site in which everything private holds a word that stands
nowhere else. Every address is asked for twice, in two mixed orders, by all seven roles and by those whom a cache may
take for one another: other languages, a program with somebody's cookie, pages of other sites with a key of their own.
What comes through the cache must be what the site says to that very asker directly and hold no word that the policy
table keeps from them, and nothing that is kept may be of one person alone. A page that wrongly says it is everybody's
is found.

python -m bench.cache [--database sqlite|postgresql] [--rounds 2] [--of-each 3]
"""

from __future__ import annotations

import itertools
import random
import re
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from bench import planted_page, stage
from bench.proxy import HOST, Proxy, nginx
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.boards.models import Board
from ideas.db import db, unit_of_work
from ideas.embed import publishable
from tests.conftest import SETTINGS, Client
from tests.safety import crawling, policy_table, world
from tests.safety.world import World
from tests.servers import RunningApp, environment, running_app

AT_ONCE = 4
OWN = {"accounts.sign_out", "accounts.export"}  # one ends what the others need, one is another file each time
LISTED, UNLISTED = "https://www.example.org", "https://elsewhere.example"
FROM_CACHE = {"HIT", "STALE", "UPDATING", "REVALIDATED"}
COMPARED = (
    "ETag",  # the first, for _timeless leaves it out
    "Content-Type",
    "Location",
    "Link",
    "Access-Control-Allow-Origin",
    "Cache-Control",
    "Content-Language",
)


@dataclass(frozen=True)
class Asker:
    """Somebody with all that their requests bring. role: whose rights those are; is_program: asks the API alone."""

    name: str
    role: str
    to_pages: Mapping[str, str] = field(default_factory=dict)
    to_api: Mapping[str, str] = field(default_factory=dict)
    is_program: bool = False

    def headers(self, path: str) -> dict[str, str]:
        return dict(self.to_api if path.startswith("/api/") else self.to_pages)


Heard = tuple[int, tuple[str, ...], str]


class Place(NamedTuple):
    """An address, and which row of the policy table it has."""

    endpoint: str
    path: str


@dataclass
class Seen:
    """What all requests through the cache came to."""

    crawl: crawling.Crawl = field(default_factory=crawling.Crawl)
    states: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    unsteady: set[str] = field(default_factory=set)  # what says the time, or is drawn anew
    cookies: list[str] = field(default_factory=list)


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        rounds={"type": int, "default": 2, "help": "how often every address is asked for (2)"},
        of_each={"type": int, "default": 3, "help": "addresses of one rule (3)"},
    )
    findings = Findings("Behind a real nginx that keeps all it may")
    with stage.databases(asked, survives=False) as databases:
        for kind, fresh in databases.items():
            behind = {"BASE_URL": f"https://{HOST}", "TRUSTED_PROXIES": "1", "WEB_WORKERS": "2"}
            with running_app({**SETTINGS, **behind, **fresh()}, ()) as site, _made(site) as (app, made):
                askers = _askers(app, made)
                with nginx(site) as proxy:
                    site.start("web")
                    site.wait_until_it_answers()
                    _everything(findings, kind, asked.rounds, _places(app, made, asked.of_each), made, askers, proxy)
                    _poll(findings, kind, proxy)
                    _what_is_kept(findings, kind, made, proxy)
                    site.stop()
                with nginx(site) as proxy:
                    site.start("web", env={"RATE_LIMITS": "true"})
                    site.wait_until_it_answers()
                    _limits(findings, kind, proxy)
                    site.stop()
                with nginx(site) as proxy, _planted(site):
                    site.wait_until_it_answers()
                    _a_mistake(findings, kind, made, askers, proxy)
    findings.end()


# --- A site, and those who ask ---


@contextmanager
def _made(site: RunningApp) -> Iterator[tuple[Flask, World]]:
    """The site's database full of private words, by an application within this process."""
    app = create_app(Config.from_env({**site.env, "BASE_URL": SETTINGS["BASE_URL"], "TRUSTED_PROXIES": "0"}))
    app.testing = True
    app.test_client_class = Client
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        try:
            yield app, world.make(app)
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def _askers(app: Flask, made: World) -> list[Asker]:
    """The seven roles, and whom a cache may take for one of them."""
    with unit_of_work():
        board = db.session.query(Board).filter_by(slug="garden").one()
        board.embed_sites = [LISTED]
        db.session.flush()
        key = publishable.make(None, board).token
    cookies = {}
    for role, browser in made.browsers.items():
        if cookie := browser.get_cookie("session"):
            cookies[role] = {"Cookie": f"__Host-session={cookie.value}"}
    found = [Asker(role, role, cookies.get(role, {}), made.headers[role]) for role in policy_table.ROLES]
    for language in ("de", "ar"):
        speaks = {"Accept-Language": language}
        found.append(Asker(f"a visitor who reads {language}", "visitor", speaks, speaks))
    german = {"Accept-Language": "de"}
    found.append(Asker("a member who reads de", "member", {**cookies["member"], **german}, made.headers["member"]))
    found.append(Asker("a program with the admin's cookie", "visitor", {}, cookies["admin"], is_program=True))
    for origin in (LISTED, UNLISTED):
        sends = {"Authorization": f"Bearer {key}", "Origin": origin}
        found.append(Asker(f"a page of {origin}", "visitor", {}, sends, is_program=True))
    return found


@contextmanager
def _planted(site: RunningApp) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.planted_page"], env=environment(site.env), stdin=subprocess.DEVNULL
    )
    site.processes.append(process)
    try:
        yield
    finally:
        site.stop()


# --- Asking ---


class Talk:
    """Connections of one thread, to nginx and to the site past it."""

    def __init__(self, proxy: Proxy, source: str = "127.0.0.1") -> None:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE  # made by ourselves a moment ago
        here = (source, 0)
        self._proxy = HTTPSConnection("127.0.0.1", proxy.port, timeout=60, context=trusting, source_address=here)
        self._site = HTTPConnection("127.0.0.1", proxy.site_port, timeout=60, source_address=here)

    def through(self, path: str, headers: Mapping[str, str]) -> Response:
        """What nginx says."""
        return self._ask(self._proxy, path, headers)

    def past(self, path: str, headers: Mapping[str, str]) -> Response:
        """What the site says to a request as nginx hands it on."""
        handed = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", **headers}
        return self._ask(self._site, path, handed)

    def _ask(self, connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> Response:
        for again in (True, False):
            try:
                connection.request("GET", path, headers={"Host": HOST, **headers})
                answer = connection.getresponse()
                return Response(answer.read(), answer.status, Headers(answer.getheaders()))
            except OSError:
                connection.close()  # it was kept for longer than the other end does
                if not again:
                    raise
        raise AssertionError


def _places(app: Flask, made: World, of_each: int) -> list[Place]:
    """Every rule of the map that is read, with some values of its parts."""
    return [
        Place(rule.endpoint, path)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if "GET" in (rule.methods or ()) and rule.endpoint not in OWN
        for path in itertools.islice(crawling.addresses(rule, made, "GET"), of_each)
    ]


def _heard(answer: Response) -> Heard:
    """An answer without what differs from one request to the next."""
    headers = tuple(answer.headers.get(name, "") for name in COMPARED)
    return answer.status_code, headers, crawling.steady(answer.get_data().decode("utf-8", "replace"))


def _timeless(heard: Heard) -> Heard:
    """The same without its numbers: what was kept may be some seconds old."""
    status, (_tag, *headers), text = heard
    return status, tuple(headers), re.sub(r"\d+", "", text)


def _everything(
    findings: Findings,
    kind: str,
    rounds: int,
    places: Sequence[Place],
    made: World,
    askers: Sequence[Asker],
    proxy: Proxy,
) -> None:
    seen, chance = Seen(), random.Random(1)
    directly: dict[tuple[str, str], Heard] = {}
    mine = threading.local()

    def talk() -> Talk:
        if not hasattr(mine, "talk"):
            mine.talk = Talk(proxy)
        found: Talk = mine.talk
        return found

    def ask(asked: tuple[Place, Asker]) -> tuple[Response, Heard]:
        """What comes through, and what the site says to that asker: what it said before, or now where that differs."""
        place, asker = asked
        headers, what = asker.headers(place.path), (place.path, asker.name)
        through = talk().through(place.path, headers)
        if directly.get(what) != _heard(through):
            directly[what] = _heard(talk().past(place.path, headers))
        return through, directly[what]

    with ThreadPoolExecutor(AT_ONCE) as several:
        for round_ in range(rounds):
            print(f"{kind}: round {round_ + 1} of {rounds}: {len(places)} addresses", flush=True)
            for place in chance.sample(places, len(places)):
                who = [each for each in askers if place.path.startswith("/api/") or not each.is_program]
                turns = [(place, asker) for asker in chance.sample(who, len(who))]
                for (_place, asker), (answer, direct) in zip(turns, several.map(ask, turns), strict=True):
                    _note(seen, made, place, asker, answer, direct)
    _tell(findings, kind, places, askers, seen)


def _note(seen: Seen, made: World, place: Place, asker: Asker, answer: Response, direct: Heard) -> None:
    state = answer.headers.get("X-Cache-Status", "none")
    seen.states[state] += 1
    crawling.judge(made, seen.crawl, asker.role, place.endpoint, "GET", place.path, answer)
    if state in FROM_CACHE and "Set-Cookie" in answer.headers:
        seen.cookies.append(f"{asker.name}: {place.path}")
    heard = _heard(answer)
    if heard == direct:
        return
    if state not in FROM_CACHE or _timeless(heard) == _timeless(direct):
        seen.unsteady.add(place.path)  # what came from the site itself, to this asker, is theirs: it says the time
    else:
        seen.different.append(f"{asker.name}: {place.path} ({state})")


def _tell(findings: Findings, kind: str, places: Sequence[Place], askers: Sequence[Asker], seen: Seen) -> None:
    hits = sum(seen.states[state] for state in FROM_CACHE)
    findings.note(f"{kind}: addresses, askers, requests", f"{len(places)}, {len(askers)}, {seen.crawl.asked:,}")
    findings.note(
        f"{kind}: X-Cache-Status", ", ".join(f"{name} {count:,}" for name, count in seen.states.most_common())
    )
    findings.holds(f"{kind}: answers out of the cache", hits > 200, hits, wanted="> 200")
    findings.holds(
        f"{kind}: private words seen by whom they are for",
        seen.crawl.sightings > 1000,
        seen.crawl.sightings,
        wanted="> 1,000",
    )
    findings.same(f"{kind}: private words seen by anybody else", [], sorted(set(seen.crawl.leaks)))
    findings.same(f"{kind}: answers that the site itself gives otherwise to that asker", [], seen.different)
    findings.same(f"{kind}: answers out of the cache that set a cookie", [], seen.cookies)
    findings.same(f"{kind}: answers of our own fault", [], sorted(set(seen.crawl.errors)))
    findings.note(f"{kind}: addresses that say the time or draw something anew", sorted(seen.unsteady))


def _poll(findings: Findings, kind: str, proxy: Proxy) -> None:
    talk, path = Talk(proxy), "/api/v1/ideas?board=garden&sort=new"
    tag = talk.through(path, {}).headers["ETag"]
    again = talk.through(path, {"If-None-Match": tag})
    found = again.status_code, again.headers.get("X-Cache-Status"), len(again.get_data())
    findings.same(f"{kind}: a poll with a validator: status, out of the cache, bytes", (304, "HIT", 0), found)


def _what_is_kept(findings: Findings, kind: str, made: World, proxy: Proxy) -> None:
    kept = [file.read_bytes().lower() for file in proxy.kept.rglob("*") if file.is_file()]
    private = [token.word.lower().encode() for token in made.tokens if token.kind in crawling.NEVER_KEPT]
    findings.holds(f"{kind}: answers on nginx's disk", len(kept) > 50, len(kept), wanted="> 50")
    for what, words in (("a cookie or a form's token", [b"set-cookie:", b"csrf_token"]), ("a private word", private)):
        found = sum(any(word in content for word in words) for content in kept)
        findings.same(f"{kind}: … with {what}", 0, found)


def _limits(findings: Findings, kind: str, proxy: Proxy) -> None:
    """Two people by two addresses: what one has left of a limit is no business of the other's."""
    path, names = "/api/v1/ideas?board=garden", ("RateLimit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    first, second = Talk(proxy, "127.0.0.2").through(path, {}), Talk(proxy, "127.0.0.3").through(path, {})
    states = first.headers.get("X-Cache-Status"), second.headers.get("X-Cache-Status")
    findings.same(f"{kind}: with limits, one person and then another", ("MISS", "HIT"), states)
    told = [sum(name in answer.headers for name in names) for answer in (first, second)]
    findings.same(f"{kind}: … who are told what is left of their limit", [len(names), 0], told)
    is_own = first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    findings.holds(f"{kind}: … and the name of their own request", is_own, is_own)


def _a_mistake(findings: Findings, kind: str, made: World, askers: Sequence[Asker], proxy: Proxy) -> None:
    """The administrator's profile, said to be everybody's, is given to a visitor: both ways to look see that."""
    admin, visitor = (next(asker for asker in askers if asker.name == name) for name in ("admin", "visitor"))
    place, talk, seen = Place("accounts.profile", planted_page.PAGE), Talk(proxy), Seen()
    for asker in (admin, visitor):
        answer = talk.through(place.path, asker.headers(place.path))
        _note(seen, made, place, asker, answer, _heard(talk.past(place.path, asker.headers(place.path))))
    findings.same(f"{kind}: a planted page: out of the cache", 1, seen.states["HIT"])
    findings.holds(f"{kind}: … a private word is seen", bool(seen.crawl.leaks), seen.crawl.leaks, wanted="a word")
    findings.same(f"{kind}: … the site itself says something else", ["visitor: /profile (HIT)"], seen.different)


if __name__ == "__main__":
    main()
