"""How often the idea that somebody is about to say again is among the first five shown.

Real petitions are posted in the order in which they came, through the product's own services. Before one that a
moderator had linked to an earlier one is posted, it is asked for: with its whole title, with its first four words, with
its last word half typed, and with one slip of the pen in it; then it is posted and merged into the earlier one. On a
Chinese conversation four characters from the middle of each text are searched for. Both databases must find the same,
and with the sentence encoder more is found.

The weights of the score were chosen with these petitions in view. Two halves of them, parted by their numbers alone,
are printed apart: nothing is tuned for either, and how far they lie apart is what chance can do to a figure.

python -m bench.similar --data FOLDER [--database sqlite|postgresql]
"""

from __future__ import annotations

import csv
import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import stage
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import people
from ideas.accounts.models import SiteRole, User
from ideas.boards import boardkeeping, listing, merging, posting, queries, similar
from ideas.boards.queries import BoardRow
from ideas.db import db, unit_of_work
from tests.moving.arranging import taken
from tests.servers import RunningApp

FIRST = 5
ASKED = 351  # petitions of which an original is there when they come
WHY = "A moderator of the petitions found that both ask for the same."
WHOLE, FOUR = "whole title", "first four words"
BARS = {WHOLE: 88, FOUR: 69}
EXCERPT, EXCERPT_BAR = 4, 90
APART = 1  # points between the databases
MORE = 1  # points more with the extra that knows meanings
PETITIONS, CHINESE = "petitions", "vtaiwan-uberx"


@dataclass
class Petition:
    """One as the files have it. originals: those that a moderator said it repeats."""

    id: str
    title: str
    body: str
    is_live: bool
    originals: list[str] = field(default_factory=list)


def main() -> None:
    asked = stage.arguments("Replays real petitions and counts how often the original is found.", data=True)
    replayed = read(asked.data / "uk_petitions")
    findings = Findings(f"Similar ideas: {len(replayed):,} petitions, {ASKED} of them asked for first")
    shares: dict[str, dict[str, float]] = {}
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh(), ()) as site:
                shares[kind] = measure(findings, kind, site, replayed, asked.data)
            with stage.site({**fresh(), "SIMILAR_BY_MEANING": "true"}, ()) as site:
                meant = measure(findings, f"{kind}, by meaning too", site, replayed, asked.data)
            for what in BARS:
                more = meant[what] - shares[kind][what]
                findings.holds(
                    f"{kind}, {what}: points more by meaning", more >= MORE, f"{more:.1f}", wanted=f"at least {MORE}"
                )
    for what in BARS:
        found = [share[what] for share in shares.values()]
        if len(found) == len(stage.DATABASES):
            apart = max(found) - min(found)
            findings.holds(f"{what}: points between the databases", apart <= APART, f"{apart:.1f}", wanted="at most 1")
    findings.end()


def read(folder: Path) -> list[Petition]:
    """What the files say, in the order in which it was said; petitions rejected for other reasons are left out."""
    with (folder / "duplicates.csv").open(encoding="utf-8", newline="") as file:
        links = [(row["duplicate_id"], row["original_id"]) for row in csv.DictReader(file)]
    with (folder / "ideas.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["created_at"], row["id"]))
    found = []
    there: set[str] = set()
    for row in rows:
        body = "\n\n".join(part for part in (row["background"], row["details"]) if part)
        petition = Petition(row["id"], row["title"], body, row["state"] != "rejected")
        petition.originals = [original for copy, original in links if copy == petition.id and original in there]
        if petition.is_live or petition.originals:
            found.append(petition)
            there.add(petition.id)
    return found


def measure(
    findings: Findings, kind: str, site: RunningApp, replayed: Sequence[Petition], data: Path
) -> dict[str, float]:
    app = create_app(Config.from_env({**stage.SETTINGS, "INSTANCE_PATH": str(site.folder), **site.env}))
    with app.app_context():
        shares = replay(findings, kind, replayed)
        excerpts(findings, kind, data / "polis" / CHINESE / "ideas.csv")
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return shares


def replay(findings: Findings, kind: str, replayed: Sequence[Petition]) -> dict[str, float]:
    """What was asked → percent of the petitions of which an original was among the first."""
    with unit_of_work():
        # one of the team, whose hundreds of posts in a minute are not taken for spam
        team = people.create("petra@example.test", "Petra", site_role=SiteRole.TEAM).id
        boardkeeping.make(None, {"slug": PETITIONS, "name": "Petitions"})
    ids: dict[str, int] = {}
    roots: dict[int, int] = {}
    found: Counter[str] = Counter()
    halves: Counter[tuple[str, str]] = Counter()
    in_half: Counter[str] = Counter()
    chance = random.Random(5)
    asked = 0
    begun = said = time.monotonic()
    for number, petition in enumerate(replayed, start=1):
        if petition.originals and not petition.is_live:
            asked += 1
            half = half_of(petition)
            in_half[half] += 1
            wanted = {roots[ids[original]] for original in petition.originals}
            for what, text in questions(petition.title, chance).items():
                shown = similar.similar(None, [board()], text, most=FIRST)
                is_found = bool(wanted & {each.idea.id for each in shown})
                found[what] += is_found
                halves[what, half] += is_found
        ids[petition.id] = idea = post(team, petition)
        roots[idea] = idea
        if petition.originals and not petition.is_live:
            roots[idea] = roots[ids[petition.originals[0]]]
            merge(team, idea, roots[idea])
        if time.monotonic() - said > 10:
            said = time.monotonic()
            print(f"{kind}: {number:,} of {len(replayed):,} petitions, {said - begun:.0f} s", flush=True)
    findings.same(f"{kind}: petitions asked for", ASKED, asked)
    shares = {what: 100 * count / max(1, asked) for what, count in found.items()}
    for what, share in shares.items():
        if what in BARS:
            findings.holds(f"{kind}: {what}", share >= BARS[what], f"{share:.1f} %", wanted=f"at least {BARS[what]} %")
        else:
            findings.note(f"{kind}: {what}", f"{share:.1f} %")
    for what in BARS:
        for half, number in sorted(in_half.items()):
            share = 100 * halves[what, half] / number
            findings.note(f"{kind}: {what}, {half} half ({number} petitions)", f"{share:.1f} %")
    return shares


def half_of(petition: Petition) -> str:
    """Which half of the petitions it belongs to, by its number alone."""
    digest = hashlib.sha256(petition.id.encode()).digest()
    return "one" if digest[0] % 2 else "other"


def questions(title: str, chance: random.Random) -> dict[str, str]:
    """What is asked of a petition with that title."""
    four = " ".join(title.split()[:4])
    return {
        WHOLE: title,
        FOUR: four,
        "whole title, last word half typed": half_typed(title),
        "first four words, the last half typed": half_typed(four),
        "whole title with a slip": slipped(title, chance),
        "first four words with a slip": slipped(four, chance),
    }


def half_typed(text: str) -> str:
    *before, last = text.split()
    return " ".join([*before, last[: max(2, (len(last) + 1) // 2)]])


def slipped(text: str, chance: random.Random) -> str:
    """The text with one letter of a longer word missing, doubled by another, replaced or swapped."""
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) >= 5]
    if not long:
        return text
    place = chance.choice(long)
    word = words[place]
    at = chance.randrange(1, len(word) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    words[place] = chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return " ".join(words)


def board(slug: str = PETITIONS) -> BoardRow:
    return queries.get_board(None, slug)


def post(author: int, petition: Petition) -> int:
    with unit_of_work():
        person = db.session.get_one(User, author)
        where = queries.get_board(person, PETITIONS)
        return posting.submit(person, where, title=petition.title, body=petition.body).id


def merge(team: int, idea: int, into: int) -> None:
    with unit_of_work():
        petra = db.session.get_one(User, team)
        merging.merge(petra, queries.get_idea(petra, idea), queries.get_idea(petra, into), text=WHY)


def excerpts(findings: Findings, kind: str, file: Path) -> None:
    """Four characters from the middle of a text find it."""
    with unit_of_work():
        boardkeeping.make(None, {"slug": CHINESE, "name": "vTaiwan"})
    with taken("ideas", CHINESE, file, columns={"title": "text"}):
        pass
    texts = dict(_texts(file))
    found = suggested = 0
    for excerpt, source_id in ((middle(text), source_id) for source_id, text in texts.items()):
        page = listing.ideas_on(None, [board(CHINESE)], listing.Wanted(question=excerpt), limit=FIRST)
        found += source_id in {card.idea.source_id for card in page.rows}
        shown = similar.similar(None, [board(CHINESE)], excerpt, most=FIRST)
        suggested += source_id in {each.idea.source_id for each in shown}
    share = 100 * found / len(texts)
    findings.holds(
        f"{kind}: {len(texts)} Chinese texts, searched by four characters from the middle",
        share >= EXCERPT_BAR,
        f"{share:.1f} %",
        wanted=f"at least {EXCERPT_BAR} %",
    )
    findings.note(f"{kind}: the same, while typing them as a title", f"{100 * suggested / len(texts):.1f} %")


def _texts(file: Path) -> Iterator[tuple[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["moderated"] != "-1":
                yield row["id"], row["text"]


def middle(text: str) -> str:
    start = max(0, len(text) // 2 - EXCERPT // 2)
    return text[start : start + EXCERPT]


if __name__ == "__main__":
    main()
