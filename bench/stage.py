"""What the evidence commands share: where the data is, a site to work on, talking to it, and a table of findings."""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from tests.servers import PostgresServer, RunningApp, Unavailable, running_app

DATABASES = ("sqlite", "postgresql")
SETTINGS = {
    "SECRET_KEY": "evidence is gathered with this key and nothing else is",
    "RATE_LIMITS": "off",
    "LOG_LEVEL": "warning",
}
EMAILS = "voter{voter_id}.{board}@example.test"


# --- What is asked for ---


def arguments(about: str, *, data: bool, **options: Any) -> argparse.Namespace:
    """The command line of an evidence command. Without its data it ends with a clear word."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--database", choices=DATABASES, help="on this database alone; without it on both")
    if data:
        parser.add_argument("--data", metavar="FOLDER", help="where the real data lies (it holds polis/)")
    for name, settings in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)
    asked = parser.parse_args()
    if data:
        asked.data = _data(asked.data)
    return asked


def _data(folder: str | None) -> Path:
    if not folder:
        sys.exit("This needs real data: say where it lies, make … DATA=folder.")
    for name in ("nz-biodiversity", "vtaiwan-uberx"):
        for file in ("ideas.csv", "votes.csv.gz"):
            if not (Path(folder) / "polis" / name / file).is_file():
                sys.exit(f"The folder {folder} does not hold polis/{name}/{file}, so there is nothing to show.")
    return Path(folder)


@contextmanager
def databases(asked: argparse.Namespace, *, survives: bool = True) -> Iterator[dict[str, Any]]:
    """Kind → a function that makes a fresh database's settings, for the kinds that were asked for.

    survives: each commit is on the disk before it is told, as in production.
    """
    kinds = [asked.database] if asked.database else list(DATABASES)
    made = iter(range(1000))
    with ExitStack() as stack:
        found: dict[str, Any] = {}
        if "sqlite" in kinds:
            found["sqlite"] = dict  # the site's own folder holds it
        if "postgresql" in kinds:
            try:
                server = stack.enter_context(PostgresServer(fsync=survives))
            except Unavailable as error:
                sys.exit(str(error))
            found["postgresql"] = lambda: {"DATABASE_URL": server.create_database(f"evidence_{next(made)}")}
        yield found


@contextmanager
def site(env: Mapping[str, str], commands: Sequence[str] = ("web",)) -> Iterator[RunningApp]:
    """A site with a database of its own."""
    with running_app({**SETTINGS, **env}, commands) as running:
        yield running


# --- Reading the data independently: nothing of the product is asked ---


@dataclass
class Conversation:
    """What the CSV files say. votes: idea → the people whose last word was 1; since: from when that vote has stood."""

    texts: dict[str, str]
    authors: dict[str, str]
    created: dict[str, datetime]
    hidden: set[str]
    votes: dict[str, set[str]]
    since: dict[tuple[str, str], datetime]
    voters: set[str]

    @property
    def counts(self) -> dict[str, int]:
        return {idea: len(people) for idea, people in self.votes.items()}


def read_conversation(data: Path, name: str) -> Conversation:
    folder = data / "polis" / name
    texts, authors, created, hidden = {}, {}, {}, set()
    with (folder / "ideas.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts[row["id"]] = row["text"]
            authors[row["id"]] = row["author_id"]
            created[row["id"]] = datetime.fromisoformat(row["created_at"])
            if row["moderated"] == "-1":
                hidden.add(row["id"])
    since: dict[tuple[str, str], datetime] = {}
    voters = set()
    with gzip.open(folder / "votes.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):  # rows are in order of time
            voters.add(row["voter_id"])
            key = row["idea_id"], row["voter_id"]
            if row["vote"] != "1":
                since.pop(key, None)
            elif key not in since:
                since[key] = datetime.fromisoformat(row["created_at"])
    votes: dict[str, set[str]] = {idea: set() for idea in texts}
    for idea, voter in since:
        votes[idea].add(voter)
    return Conversation(texts, authors, created, hidden, votes, since, voters)


def import_conversation(running: RunningApp, data: Path, name: str) -> None:
    """Take one conversation over with the command line, as an operator would."""
    running.ideas("board", "create", name, "--name", name)
    import_ideas(running, data, name)
    import_votes(running, data, name)


def import_ideas(running: RunningApp, data: Path, name: str) -> str:
    return running.ideas(*ideas_command(data, name))


def import_votes(running: RunningApp, data: Path, name: str) -> str:
    return running.ideas(*votes_command(data, name))


def ideas_command(data: Path, name: str) -> list[str]:
    return ["import", "ideas", str(data / "polis" / name / "ideas.csv"), "--board", name, "--map", "title=text"]


def votes_command(data: Path, name: str) -> list[str]:
    file = data / "polis" / name / "votes.csv.gz"
    return ["import", "votes", str(file), "--board", name, "--email-pattern", EMAILS]


# --- Talking to the site ---


def make_key(running: RunningApp, email: str, scopes: str) -> str:
    return running.ideas("key", "create", email, "--scopes", scopes).strip().splitlines()[-1]


def ask(url: str, *, key: str | None = None, method: str = "GET", json_body: Any = None, form: str = "") -> Any:
    """What the site answers: JSON as it is, everything else as text. Raises RuntimeError with the words of an error."""
    headers = {"Accept": "application/json"} if "/api/" in url else {}
    data = None
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if json_body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(json_body).encode()
    elif form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = form.encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read().decode()
            is_json = "json" in (answer.headers.get("Content-Type") or "")
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:500]}") from None
    return json.loads(body) if is_json and body else body


def ask_all(url: str, *, key: str | None = None) -> list[Any]:
    """All pages of a list."""
    found: list[Any] = []
    while url:
        page = ask(url, key=key)
        found += page["data"]
        url = page["next"]
    return found


def database_url(running: RunningApp) -> str:
    return running.env.get("DATABASE_URL") or f"sqlite:///{running.folder / 'answerback.sqlite'}"


@contextmanager
def connection(url: str) -> Iterator[sa.Connection]:
    """The database itself, past the product."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as open_connection:
        yield open_connection
    engine.dispose()


def dump(url: str) -> dict[str, tuple[int, str]]:
    """Table → number of rows and a digest of them all: two dumps are equal when the tables are."""
    found = {}
    with connection(url) as reading:
        tables = sa.MetaData()
        tables.reflect(reading)
        for table in tables.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in reading.execute(sa.select(table)))
            found[table.name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


# --- Findings ---


@dataclass
class Findings:
    """A table of what was expected and what was found; `end` prints it and ends the command."""

    title: str
    rows: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def same(self, what: str, expected: Any, found: Any) -> bool:
        """Expected and found are equal, or it is a breach."""
        return self.holds(what, found == expected, _short(found), wanted=_short(expected))

    def holds(self, what: str, is_so: bool, found: Any, *, wanted: str = "") -> bool:
        self.rows.append((what, wanted, _short(found), bool(is_so)))
        self._say(self.rows[-1])
        return bool(is_so)

    def note(self, what: str, found: Any) -> None:
        """A figure that is neither right nor wrong."""
        self.rows.append((what, "", _short(found), None))
        self._say(self.rows[-1])

    @property
    def breaches(self) -> int:
        return sum(verdict is False for *_words, verdict in self.rows)

    def end(self) -> None:
        table = Table(title=self.title, title_justify="left")
        for column in ("what", "wanted", "found", ""):
            table.add_column(column, overflow="fold")
        for what, wanted, found, verdict in self.rows:
            table.add_row(what, wanted, found, {True: "holds", False: "BREACH", None: ""}[verdict])
        Console(width=None if sys.stdout.isatty() else 160).print(table)
        if self.breaches:
            sys.exit(f"{self.breaches} of these do not hold.")
        print("All of it holds.")

    def _say(self, row: tuple[str, str, str, bool | None]) -> None:
        verdict = {True: "ok    ", False: "BREACH", None: "      "}[row[3]]
        print(f"{verdict} {row[0]}: {row[2]}" + (f" (wanted {row[1]})" if row[3] is False else ""), flush=True)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else f"{value:,}" if isinstance(value, int | float) else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def differences(expected: Any, found: Any, *, most: int = 5) -> str:
    """What of two sets or mappings is not in the other, in a line."""
    if isinstance(expected, Mapping):
        keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
        said = [f"{key}: {expected.get(key)} wanted, {found.get(key)} found" for key in keys[:most]]
        return f"{len(keys)} differ. " + "; ".join(said) if keys else "none differs"
    missing, extra = expected - found, found - expected
    if not missing and not extra:
        return "none differs"
    return f"{len(missing)} missing {sorted(missing)[:most]}, {len(extra)} too many {sorted(extra)[:most]}"


def digits(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]
