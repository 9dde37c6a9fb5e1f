"""Cursors and the change feed while eight processes write: nothing is left out and nothing comes twice. Doubled POSTs
that race have one effect each.

python -m bench.cursors [--database sqlite|postgresql] [--rows 10000] [--doubled 1000]
"""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from tests.servers import ROOT, RunningApp, environment

WRITERS = 8
STANDING = 400  # ideas that are there all along: each list must show each of them once
TEAM = "team@example.test"
LISTS = ("ideas?sort=new", "ideas?sort=trending", "ideas?sort=top", "ideas?sort=discussed")


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--write":
        write(int(sys.argv[2]), int(sys.argv[3]))
        return
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        rows={"type": int, "default": 10_000, "help": "how many changes are made in all"},
        doubled={"type": int, "default": 1_000, "help": "how many POSTs are sent twice at once"},
    )
    findings = Findings("Cursors, the change feed, and doubled requests")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh()) as site:
                key = arrange(site)
                race(findings, kind, site, key, asked.rows)
                double(findings, kind, site, key, asked.doubled)
    findings.end()


def arrange(site: RunningApp) -> str:
    """A board with ideas that stay, and the key of its team."""
    site.ideas("board", "create", "races", "--name", "Races")
    site.ideas("user", "create", TEAM, "--name", "Team", "--team", "races")
    key = stage.make_key(site, TEAM, "ideas:read,ideas:write")
    command = [sys.executable, "-m", "bench.cursors", "--write", "-1", str(STANDING)]
    subprocess.run(command, env=environment(site.env), cwd=ROOT, check=True)
    return key


def race(findings: Findings, kind: str, site: RunningApp, key: str, rows: int) -> None:
    standing = {row["id"] for row in walk(site, key, "ideas?sort=new&limit=100")}
    begun = time.monotonic()
    writers = [start(site, number, rows // WRITERS) for number in range(WRITERS)]
    readers = [Following(site, key) for _ in range(2)]
    for reader in readers:
        reader.start()
    walks, left_out, twice = 0, 0, 0
    while any(writer.poll() is None for writer in writers):
        for path in LISTS:
            seen = Counter(row["id"] for row in walk(site, key, f"{path}&limit=37"))
            walks += 1
            left_out += len(standing - seen.keys())
            # an idea that moves up in an order that changes may be met again there; in this one nothing moves
            twice += sum(many > 1 for many in seen.values()) if path.endswith("new") else 0
    took = time.monotonic() - begun
    for reader in readers:
        reader.over.set()
        reader.join()
    told = [json.loads(writer.communicate()[0]) for writer in writers]
    errors = [line for each in told for line in each["errors"]]
    with stage.connection(stage.database_url(site)) as connection:
        kept = connection.execute(sa.text("SELECT id, place FROM change ORDER BY place")).all()
    findings.holds(f"{kind}: changes by {WRITERS} processes", len(kept) >= rows, len(kept), wanted=f"≥ {rows:,}")
    findings.same(
        f"{kind}: what they did, and lines of the feed", sum(each["done"] for each in told) + STANDING, len(kept)
    )
    findings.holds(f"{kind}: lists walked meanwhile, page by page", walks > 20, walks, wanted="more than 20")
    findings.same(f"{kind}: ideas that were there all along, and that a walk left out", 0, left_out)
    findings.same(f"{kind}: ideas that a walk in an order that does not move showed twice", 0, twice)
    for number, reader in enumerate(readers, start=1):
        findings.same(
            f"{kind}: follower {number}: lines left out", 0, len({row.place for row in kept} - set(reader.lines))
        )
        findings.same(f"{kind}: follower {number}: lines told twice", 0, len(reader.lines) - len(set(reader.lines)))
        findings.same(f"{kind}: follower {number}: told in order", True, reader.lines == sorted(reader.lines))
    if kind == "postgresql":
        late = sum(former.id > latter.id for former, latter in itertools.pairwise(kept))
        findings.holds(
            f"{kind}: lines that whoever goes by the numbers of rows would have left out or met late",
            late > 0,
            late,
            wanted="some, or nothing was shown",
        )
    findings.holds(f"{kind}: errors", not errors, errors[:3] or "none")
    findings.note(f"{kind}: changes a second", f"{len(kept) / took:.0f}")


class Following(threading.Thread):
    """Somebody who follows the feed while it is written, and to its end."""

    def __init__(self, site: RunningApp, key: str) -> None:
        super().__init__()
        self.site, self.key = site, key
        self.over = threading.Event()
        self.lines: list[int] = []

    def run(self) -> None:
        cursor = ""
        while True:
            last = self.over.is_set()  # asked before: what was written until then is read below
            part = stage.ask(f"{self.site.url}/api/v1/events?limit=50{cursor}", key=self.key)
            self.lines += [row["id"] for row in part["data"]]
            cursor = f"&after={part['cursor']}"
            if not part["data"] and part["next"] is None:
                if last:
                    return
                time.sleep(0.05)


def double(findings: Findings, kind: str, site: RunningApp, key: str, many: int) -> None:
    """Each POST is sent by two at once under one Idempotency-Key; whoever is told to wait sends it again."""
    before = len(list(walk(site, key, "ideas?sort=new&limit=100")))
    answers: dict[int, list[Any]] = {number: [] for number in range(many)}
    wrong: list[str] = []
    gates = [threading.Barrier(2) for _ in range(many)]

    def send(numbers: Iterable[int]) -> None:
        for number in numbers:
            gates[number].wait()
            body = json.dumps({"board": "races", "title": f"Doubled {number}"}).encode()
            for _try in range(200):
                status, said = post(site, key, body, f"doubled-{number}")
                if status == 201:
                    answers[number].append(said["id"])
                elif status != 409:
                    wrong.append(f"{status} {said}")
                if status != 409:
                    break
                time.sleep(0.02)

    threads = [threading.Thread(target=send, args=(range(lane, many, 4),)) for lane in range(4) for _twin in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = len(list(walk(site, key, "ideas?sort=new&limit=100")))
    findings.same(f"{kind}: POSTs that were sent twice at once, and ideas that they made", many, after - before)
    alike = sum(len(ids) == 2 and len(set(ids)) == 1 for ids in answers.values())
    findings.same(f"{kind}: pairs that were answered the same", many, alike)
    findings.holds(f"{kind}: other answers", not wrong, wrong[:3] or "none")


# --- Asking, and writing ---


def post(site: RunningApp, key: str, body: bytes, name: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": name}
    request = urllib.request.Request(f"{site.url}/api/v1/ideas", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()[:200]


def walk(site: RunningApp, key: str, path: str) -> Iterator[Any]:
    url = f"{site.url}/api/v1/{path}"
    while url:
        part = stage.ask(url, key=key)
        yield from part["data"]
        url = part["next"]


def start(site: RunningApp, number: int, rows: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.cursors", "--write", str(number), str(rows)]
    return subprocess.Popen(command, env=environment(site.env), cwd=ROOT, stdout=subprocess.PIPE, text=True)


def write(number: int, acts: int) -> None:
    """One of the processes: post ideas, comment on them, take them back; say how many lines the feed has of it."""
    from config import Config
    from ideas import create_app
    from ideas.accounts.models import User
    from ideas.boards import commenting, posting, queries
    from ideas.db import db, unit_of_work

    chance = random.Random(number)
    mine: list[int] = []
    done, errors = 0, []
    with create_app(Config.from_env()).app_context():
        for act in range(acts):
            how = "post" if number < 0 or not mine else chance.choice(("post", "say", "say", "take back"))
            try:
                with unit_of_work():
                    me = db.session.scalars(sa.select(User).where(User.email == TEAM)).one()
                    if how == "post":
                        where = queries.get_board(me, "races")
                        mine.append(posting.submit(me, where, title=f"Idea {number} {act}", body="").id)
                    elif how == "say":
                        commenting.add(me, queries.get_idea(me, chance.choice(mine)), body=f"Words {act}.")
                    else:
                        posting.withdraw(me, queries.get_idea(me, mine.pop(chance.randrange(len(mine)))))
                done += 1
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this looks for
                errors.append(repr(error)[:300])
    print(json.dumps({"done": done, "errors": errors}))


if __name__ == "__main__":
    main()
