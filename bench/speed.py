"""How fast the site is, as ratios within one run: what a request costs where a bare Flask answer costs 1.

A board of 100,000 ideas and 3,000,000 votes, and one of a hundredth of both beside it, are served by gunicorn; see
meter.py for what is counted. Reads are those of a visitor, and before each of them somebody writes, so that no answer
can be remembered; what a remembered one costs is shown too, and a poll by somebody who has it already. Growth and
searching count the database's own CPU as well.

python -m bench.speed [--database sqlite|postgresql] [--ideas 100000] [--votes 3000000]
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from bench import crowd, load, stage
from bench.meter import Client, Cost, Meter, bare_server
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import keys, people
from ideas.boards.listing import KEYS, Sort
from ideas.boards.models import Idea, IdeaRank
from ideas.boards.models_searching import BoardTerm
from ideas.db import db, unit_of_work
from ideas.paging import PAGE, write_cursor
from tests.servers import RunningApp

SHARE = 100  # the small board has so many times fewer ideas
PAGE_FAR_DOWN = 1000
WEB = "answerback-web"

# Goal 1: at most so many bare answers.
BARS = {
    "sqlite": {"json": 10, "html": 25, "vote": 12, "poll": 3},
    "postgresql": {"json": 17, "html": 25, "vote": 20, "poll": 6},
}


def main() -> None:
    asked = stage.arguments(
        "Measures requests as ratios of a bare Flask answer, votes as ratios of a bare INSERT, and a crowd of clients.",
        data=False,
        ideas={"type": int, "default": 100_000, "help": "on the large board"},
        votes={"type": int, "default": 3_000_000, "help": "on the large board"},
    )
    findings = Findings(f"Speed with {asked.ideas:,} ideas and {asked.votes:,} votes")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site({**fresh(), "LOG_LEVEL": "error"}, ()) as site:
                measure(findings, kind, site, asked.ideas, asked.votes)
    findings.end()


def measure(findings: Findings, kind: str, site: RunningApp, ideas: int, votes: int) -> None:
    app = create_app(Config.from_env({**stage.SETTINGS, **site.env}))
    with app.app_context():
        voters = crowd.add_people(max(1000, 2 * ideas))
        large = crowd.fill("large", ideas, votes, voters, say)
        small = crowd.fill("small", ideas // SHARE, votes // SHARE, voters, say)
        with unit_of_work():
            key = keys.make(people.create("ada@example.test", "Ada"), "bench", ["votes:write", "ideas:read"])
        far_down = cursor_of("large", PAGE * PAGE_FAR_DOWN if ideas > PAGE * PAGE_FAR_DOWN else ideas // 2)
        path = f"/ideas/{large[7]}-{db.session.get_one(Idea, large[7]).slug}"
        words = db.session.get_one(Idea, large[11]).title
        common = "+".join(db.session.scalars(commonest()))
        db.session.remove()
        site.start("web", env=named(kind, site))
        site.wait_until_it_answers()
        requests(findings, kind, site, key, large, small, far_down, path, words, common)
        load.votes(findings, kind, site, large)
        load.crowd(findings, kind, site, large)
        for engine in db.engines.values():
            engine.dispose()


def requests(
    findings: Findings,
    kind: str,
    site: RunningApp,
    key: str,
    large: list[int],
    small: list[int],
    far_down: str,
    path: str,
    words: str,
    common: str,
) -> None:
    """Goals 1 to 3."""
    client = Client(site.url)

    def get(address: str) -> Callable[[], Any]:
        return lambda: client.ask(address)

    def vote(ids: list[int]) -> Callable[[], Any]:
        turn = itertools.cycle(ids)
        bearer = {"Authorization": f"Bearer {key}"}
        return lambda: client.ask(f"/api/v1/ideas/{next(turn)}/vote", "PUT", bearer)

    lists = {f"list, {sort}": get(f"/api/v1/ideas?board=large&sort={sort}") for sort in KEYS}
    pages = {f"page, {sort}": get(f"/boards/large?sort={sort}") for sort in KEYS}
    asked = words.replace(" ", "+")
    others = {
        "list of a hundredth": get("/api/v1/ideas?board=small"),
        "list, page 1000": get(f"/api/v1/ideas?board=large&cursor={far_down}"),
        "page of a hundredth": get("/boards/small"),
        "idea": get(f"/api/v1/ideas/{large[7]}"),
        "idea of a hundredth": get(f"/api/v1/ideas/{small[7]}"),
        "idea as a page": get(path),
        "rarest tag": get("/api/v1/ideas?board=large&tag=rare"),
        "narrowest status": get("/api/v1/ideas?board=large&stage=started"),
        "search, rare words": get(f"/boards/large?q={asked}"),
        "search, half typed": get(f"/boards/large?q={asked[:-2]}"),
        "search, commonest words": get(f"/boards/large?q={common}"),
        "similar, rare words": get(f"/boards/large/similar?title={asked}"),
        "similar, commonest words": get(f"/boards/large/similar?title={common}"),
        "similar as JSON": get(f"/api/v1/similar?board=large&title={asked}"),
        "vote": vote(crowd.open_among(large)),
        "vote of a hundredth": vote(crowd.open_among(small)),
    }
    with bare_server(site.env) as bare, somebody_writes(kind, site) as write, backends(kind, site) as database:
        meter = Meter(site.processes[0].pid, database)
        found = meter.compare(bare, {**lists, **pages, **others}, write)
        findings.note(f"{kind}: a bare answer, microseconds of CPU", f"{meter.one * 1e6:.0f}")
        polls = {f"poll, {sort}": poll(client, f"/api/v1/ideas?board=large&sort={sort}") for sort in KEYS}
        remembered = meter.compare(bare, {"list": get("/api/v1/ideas?board=large"), **polls})
        moved = meter.compare(bare, {"poll": poll(client, f"/api/v1/ideas?board=large&sort={Sort.TOP}")}, write)["poll"]
        bars = BARS[kind]
        for names, bar, what in ((lists, bars["json"], "JSON"), (pages, bars["html"], "HTML")):
            worst = max(names, key=lambda name: found[name].web)
            for name in names:
                findings.note(f"{kind}: {name}, web and database", pair(found[name]))
            findings.holds(
                f"{kind}: list of {PAGE} as {what}",
                found[worst].web <= bar,
                f"{found[worst].web:.1f} ({worst})",
                wanted=f"at most {bar}",
            )
        findings.note(f"{kind}: list, remembered", pair(remembered["list"]))
        worst = max(polls, key=lambda name: remembered[name].web)
        findings.holds(
            f"{kind}: poll of the list with a validator, answered 304",
            remembered[worst].web <= bars["poll"],
            f"{pair(remembered[worst])} ({worst})",
            wanted=f"at most {bars['poll']}",
        )
        findings.note(f"{kind}: the same 304 when something else was written since", pair(moved))
        findings.holds(
            f"{kind}: vote with a key",
            found["vote"].web <= bars["vote"],
            pair(found["vote"]),
            wanted=f"at most {bars['vote']}",
        )
        trending = f"list, {Sort.TRENDING}"
        page = found[f"page, {Sort.TRENDING}"]
        for what, many, few, most in (
            ("page 1000 against page 1", found["list, page 1000"], found[trending], 1.5),
            ("list against one of a hundredth", found[trending], found["list of a hundredth"], 1.5),
            ("page against one of a hundredth", page, found["page of a hundredth"], 1.5),
            ("idea against one among a hundredth", found["idea"], found["idea of a hundredth"], 1.5),
            ("vote against one among a hundredth", found["vote"], found["vote of a hundredth"], 1.5),
            ("rarest tag against the list", found["rarest tag"], found[trending], 3),
            ("narrowest status against the list", found["narrowest status"], found[trending], 3),
            ("search against the list page", found["search, rare words"], page, 8),
            ("search, half typed, against the list page", found["search, half typed"], page, 8),
            ("search, commonest words, against the list page", found["search, commonest words"], page, 8),
            ("similar against the list page", found["similar, rare words"], page, 8),
            ("similar, commonest words, against the list page", found["similar, commonest words"], page, 8),
            ("similar as JSON against the list page", found["similar as JSON"], page, 8),
        ):
            ratio = many.whole / few.whole
            findings.holds(f"{kind}: {what}", ratio <= most, f"{ratio:.2f}", wanted=f"at most {most}")
        findings.note(f"{kind}: one idea as a page", pair(found["idea as a page"]))
    client.close()


def poll(client: Client, path: str) -> Callable[[], None]:
    """A function that asks again for what it has, and is told that it is still so. Raises RuntimeError otherwise."""
    known = {"If-None-Match": client.ask(path).headers["ETag"]}

    def ask() -> None:
        if (status := client.ask(path, headers=known).status) != 304:
            raise RuntimeError(f"{path} is as it was, and a poll is answered {status}.")

    return ask


def commonest() -> sa.Select[str]:
    """The two words that most ideas say."""
    return sa.select(BoardTerm.term).where(BoardTerm.term != "").order_by(BoardTerm.ideas.desc()).limit(2)


@contextmanager
def somebody_writes(kind: str, site: RunningApp) -> Iterator[Callable[[], None]]:
    """A function that writes something nobody reads, from outside of what is measured."""
    statement = "UPDATE company SET name = 'Somebody' WHERE id = 1"
    url = sa.make_url(stage.database_url(site))
    connection: Any
    if kind == "sqlite":
        connection = sqlite3.connect(url.database or "", isolation_level=None, timeout=60)
    else:
        connection = psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )
    connection.execute("INSERT INTO company (id, name, created_at) VALUES (1, 'Nobody', '2024-01-01 00:00:00.000000')")
    yield lambda: connection.execute(statement).close()
    connection.close()


@contextmanager
def backends(kind: str, site: RunningApp) -> Iterator[Callable[[], list[int]]]:
    """A function that tells the pids of the database's processes that serve the site; [] where it is a library."""
    if kind == "sqlite":
        yield list
        return
    found = sa.text("SELECT pid FROM pg_stat_activity WHERE application_name = :name")
    with stage.connection(stage.database_url(site)) as connection:
        # inside a transaction the view stays as it was when it was first looked at: before anybody was connected
        asking = connection.execution_options(isolation_level="AUTOCOMMIT")
        yield lambda: list(asking.scalars(found, {"name": WEB}))


def named(kind: str, site: RunningApp) -> dict[str, str]:
    """Settings by which PostgreSQL knows the web process as WEB."""
    if kind == "sqlite":
        return {}
    url = sa.make_url(stage.database_url(site)).update_query_dict({"application_name": WEB})
    return {"DATABASE_URL": url.render_as_string(hide_password=False)}


def pair(cost: Cost) -> str:
    return f"{cost.web:.1f}" if not cost.database else f"{cost.web:.1f} + {cost.database:.1f}"


def cursor_of(slug: str, place: int) -> str:
    """The cursor of the page that begins after so many ideas of the trending list."""
    row = db.session.execute(
        sa.select(IdeaRank.hot, IdeaRank.idea_id)
        .where(IdeaRank.board_id == crowd.board_id_of(slug))
        .order_by(IdeaRank.hot.desc(), IdeaRank.idea_id.desc())
        .offset(place - 1)
        .limit(1)
    ).one()
    return write_cursor(Sort.TRENDING, [row.hot, row.idea_id])


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
