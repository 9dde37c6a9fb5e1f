"""Two real bodies of ideas ranked for a team: a conversation of Polis and the wishlists of Wikimedia.

Companies, plans, renewals and estimates are given by the rules below. Every score is what is added up here from the
files alone; the ranks come out again of the exported list alone; fifty votes of one company rank below ten of ten.

python -m bench.ranked --data FOLDER [--database sqlite|postgresql]
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import people
from ideas.accounts.models import Company, SiteRole, User
from ideas.accounts.schemas_segments import SegmentWords
from ideas.backlog import desk, estimating, files, ranking, schemas, segmenting
from ideas.backlog.asking import Asked, Order
from ideas.boards import boardkeeping, posting, queries, voting
from ideas.boards.models import Board, Idea, Vote
from ideas.db import db, unit_of_work, utcnow
from tests.servers import RunningApp

POLIS, WISHES = "nz-biodiversity", "wishlist"
COMPANIES = 40
PLANS = ("free", "free", "pro", "enterprise")
CLOSE = 1e-9  # how far two ways of adding up may be apart
WEEKS_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
SEGMENT = {
    "name": "Large and renewing",
    "question": {
        "conditions": [
            {"about": "plan", "is": "is", "value": ["enterprise"]},
            {"about": "renews_on", "is": "within_days", "value": 90},
        ]
    },
}
SLUG = "large-and-renewing"


# --- The rules ---


def company_of(person: int) -> int | None:
    """Which of COMPANIES somebody belongs to, by their number in the source; every eighth person to none.

    Products gather people: some companies have many, some few.
    """
    return None if person % 8 == 0 else person * (person % 7 + 1) % COMPANIES + 1


def plan_of(company: int) -> str:
    return PLANS[company % len(PLANS)]


def revenue_of(company: int) -> int | None:
    """In cents; of every fifth company nobody knows it."""
    return None if company % 5 == 0 else company * company * 10_000


def renewal_of(company: int, today: date) -> date:
    return today + timedelta(days=7 * company - 14)


def is_in_segment(company: int | None, today: date) -> bool:
    return (
        company is not None
        and plan_of(company) == "enterprise"
        and 0 <= (renewal_of(company, today) - today).days <= 90
    )


def estimate_of(idea: int) -> dict[str, Any] | None:
    """What the team says of an idea, by its number in the source: of every third, every ninth with a reach."""
    if idea % 3:
        return None
    said = {
        "impact": schemas.IMPACTS[idea % 5],
        "confidence": 10 + idea % 91,
        "effort": 0.5 + idea % 17,
    }
    sources = dict.fromkeys(("impact_source", "confidence_source", "effort_source"), "A rule")
    return {**said, **sources, "reach": 3 * idea if idea % 9 == 0 else None, "reach_source": "A rule"}


# --- What the files say ---


@dataclass(frozen=True)
class Source:
    """Idea → who backs it, both by their numbers in the source."""

    votes: dict[int, set[int]]

    @property
    def voters(self) -> set[int]:
        return set().union(*self.votes.values())


def read_polis(data: Path) -> Source:
    conversation = stage.read_conversation(data, POLIS)
    return Source({int(idea): {int(each) for each in voters} for idea, voters in conversation.votes.items()})


def read_wishes(data: Path) -> Source:
    votes: dict[int, set[int]] = {}
    with (data / "wikimedia_wishlist" / "ideas.csv").open(encoding="utf-8", newline="") as file:
        # of a few nobody knows the author: an import names and leaves them out
        votes = {int(row["id"]): set() for row in csv.DictReader(file) if row["author_id"]}
    with gzip.open(data / "wikimedia_wishlist" / "votes.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if int(row["idea_id"]) in votes:
                votes[int(row["idea_id"])].add(int(row["voter_id"]))
    return Source(votes)


@dataclass(frozen=True)
class Wanted:
    """The scores of one idea as they are added up here."""

    votes: int
    breadth: Fraction
    value: int
    of_segment: int
    priority: float
    priority_of_segment: float


def wanted(idea: int, voters: set[int], today: date) -> Wanted:
    by_company = Counter(company_of(each) or f"person {each}" for each in voters)
    most = max(Fraction(1), Fraction(len(voters), 20))
    weights = [min(Fraction(each), most) for each in by_company.values()]
    breadth = sum(weights) ** 2 / sum(each**2 for each in weights) if weights else Fraction(0)
    value = sum(revenue_of(each) or 0 for each in by_company if isinstance(each, int))
    of_segment = sum(is_in_segment(company_of(each), today) for each in voters)
    estimate = estimate_of(idea)

    def priority(reach: int) -> float:
        if estimate is None:
            return 0.0
        reach = reach if estimate["reach"] is None else estimate["reach"]
        return float(reach * estimate["impact"] * estimate["confidence"] / 100 / estimate["effort"])

    # an idea that nobody of a segment backs is not in its list
    return Wanted(len(voters), Fraction(breadth), value, of_segment, priority(len(voters)), priority(of_segment))


# --- Doing it ---


def main() -> None:
    asked = stage.arguments("Ranks real ideas and adds every score up again.", data=True)
    if not (asked.data / "wikimedia_wishlist" / "ideas.csv").is_file():
        raise SystemExit(f"The folder {asked.data} does not hold wikimedia_wishlist/ideas.csv.")
    sources = {POLIS: read_polis(asked.data), WISHES: read_wishes(asked.data)}
    findings = Findings("Ranks")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site({**fresh(), "LOG_LEVEL": "error"}, ()) as site:
                arrange(site, asked.data, sources)
                app = create_app(Config.from_env({**stage.SETTINGS, **site.env}))
                with app.app_context():
                    show(findings, kind, sources)
                    for engine in db.engines.values():
                        engine.dispose()
    findings.end()


def arrange(site: RunningApp, data: Path, sources: Mapping[str, Source]) -> None:
    """Ideas, votes, companies and people, as an operator takes them over."""
    stage.import_conversation(site, data, POLIS)
    site.ideas("board", "create", WISHES, "--name", "Wishes")
    wishes = data / "wikimedia_wishlist"
    site.ideas("import", "ideas", str(wishes / "ideas.csv"), "--board", WISHES, "--skip-refused")
    votes = ("import", "votes", str(wishes / "votes.csv.gz"), "--board", WISHES)
    site.ideas(*votes, "--email-pattern", stage.EMAILS, "--skip-refused")
    today = utcnow().date()
    folder = site.folder
    companies, customers = folder / "companies.csv", folder / "people.csv"
    with companies.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("external_id", "name", "plan", "revenue", "renews_on"))
        for each in range(1, COMPANIES + 1):
            revenue = revenue_of(each)
            said = "" if revenue is None else revenue // 100
            writer.writerow((f"acct-{each}", f"Company {each}", plan_of(each), said, renewal_of(each, today)))
    with customers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "company"))
        for board, source in sources.items():
            for person in sorted(source.voters):
                company = company_of(person)
                writer.writerow((email_of(person, board), f"acct-{company}" if company else ""))
    site.ideas("people", "import", "companies", str(companies))
    site.ideas("people", "import", "people", str(customers))


def email_of(person: int, board: str) -> str:
    return stage.EMAILS.format(voter_id=person, author_id=person, board=board)


def show(findings: Findings, kind: str, sources: Mapping[str, Source]) -> None:
    with unit_of_work():
        ada = people.create("ada@example.test", "Ada", site_role=SiteRole.ADMIN)
        ada_id = ada.id
        segmenting.make(ada, SegmentWords().load(SEGMENT))
    boards = {name: _ideas_of(name) for name in sources}
    with unit_of_work():
        ada = db.session.get_one(User, ada_id)
        for ids in boards.values():
            for number, idea_id in ids.items():
                if (said := estimate_of(number)) is not None:
                    estimating.say(ada, queries.get_idea(ada, idea_id), schemas.EstimateWords().load(said))
    loud(findings, kind, ada_id)
    count()
    for name, source in sources.items():
        where = f"{kind}, {name}"
        scores(findings, where, ada_id, name, source, boards[name])
        ranks(findings, where, ada_id, name)


def _ideas_of(board: str) -> dict[int, int]:
    """Number in the source → id here."""
    rows = db.session.execute(
        sa.select(Idea.source_id, Idea.id).join(Board, Board.id == Idea.board_id).where(Board.slug == board)
    )
    return {int(source_id or 0): idea_id for source_id, idea_id in rows}


def count() -> None:
    """All that workers count, to its end."""
    for turn in (ranking.refresh_segments, ranking.refresh_companies, ranking.refresh):
        has_more = True
        while has_more:
            with unit_of_work():
                has_more = turn()


def exported(person_id: int, asked: Asked) -> list[dict[str, str]]:
    """The rows of the list as it is handed out as CSV."""
    text = "".join(files.as_csv(db.session.get_one(User, person_id), asked)).removeprefix("\ufeff")
    db.session.rollback()
    return list(csv.DictReader(io.StringIO(text)))


def scores(findings: Findings, where: str, ada_id: int, board: str, source: Source, ids: Mapping[int, int]) -> None:
    """Each idea's scores, as the list has them, against what is added up from the files."""
    today = utcnow().date()
    numbers = {idea_id: number for number, idea_id in ids.items()}
    of_all = {int(row["id"]): row for row in exported(ada_id, Asked(board=board))}
    of_segment = {int(row["id"]): row for row in exported(ada_id, Asked(board=board, segment=SLUG))}
    findings.same(f"{where}: ideas in the list", len(ids), len(of_all))
    wrong = Counter[str]()
    hot = _hot(list(numbers))
    backed = 0
    for idea_id, number in numbers.items():
        row, want = of_all[idea_id], wanted(number, source.votes[number], today)
        wrong["votes"] += int(row["votes"]) != want.votes
        wrong["breadth"] += not _close(float(row["breadth"]), float(want.breadth))
        wrong["value"] += int(row["value"]) != want.value
        wrong["priority"] += not _close(float(row["priority"]), want.priority)
        wrong["hot"] += not _close(float(row["hot"]), hot[idea_id])
        there = of_segment.get(idea_id)
        backed += want.of_segment > 0
        wrong["votes of the segment"] += (int(there["votes_of_segment"]) if there else 0) != want.of_segment
        if there:
            wrong["priority in the segment"] += not _close(float(there["priority"]), want.priority_of_segment)
    findings.same(f"{where}: ideas that the segment backs", backed, len(of_segment))
    for score, number in wrong.items():
        findings.same(f"{where}: of {len(ids)} ideas, those whose {score} is not what is added up apart", 0, number)


def _hot(ids: Sequence[int]) -> dict[int, float]:
    """log2 of the sum of 2^weeks over the posting and each vote, from the times alone."""
    times: dict[int, list[datetime]] = {}
    for statement in (
        sa.select(Idea.id, Idea.created_at).where(Idea.id.in_(ids)),
        sa.select(Vote.idea_id, Vote.cast_at).where(Vote.idea_id.in_(ids)),
    ):
        for idea_id, at in db.session.execute(statement):
            times.setdefault(idea_id, []).append(at)
    db.session.rollback()
    found = {}
    for idea_id, ats in times.items():
        weeks = [(at - WEEKS_SINCE) / timedelta(days=7) for at in ats]
        most = max(weeks)  # or 2^weeks of years ago would be nothing
        found[idea_id] = most + math.log2(math.fsum(2 ** (each - most) for each in weeks))
    return found


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))


# --- From the export alone ---


def _often(said: str) -> list[tuple[int, int]]:
    """What "3x2 1x40" says: 3 two times, 1 forty times."""
    return [(int(number), int(times)) for number, times in (each.split("x") for each in said.split())]


def _breadth(row: Mapping[str, str]) -> float:
    votes = [*_often(row["votes_by_company"]), (1, int(row["people_without_company"]))]
    most = max(Fraction(1), Fraction(sum(number * times for number, times in votes), 20))
    weights = [(min(Fraction(number), most), times) for number, times in votes]
    squared = sum(weight**2 * times for weight, times in weights)
    return float(sum(weight * times for weight, times in weights) ** 2 / squared) if squared else 0.0


def _value(row: Mapping[str, str]) -> float:
    return sum(number * times for number, times in _often(row["revenue_by_company"]))


def _priority(row: Mapping[str, str]) -> float:
    if not row["effort"]:
        return 0.0
    return int(row["reach"]) * float(row["impact"]) * int(row["confidence"]) / 100 / float(row["effort"])


RANKED: dict[Order, Any] = {
    Order.VOTES: lambda row: int(row["votes"]),
    Order.TRENDING: lambda row: float(row["hot"]),
    Order.BREADTH: _breadth,
    Order.VALUE: _value,
    Order.PRIORITY: _priority,
    Order.REACH: lambda row: int(row["votes_of_segment"] or row["votes"]),
}


def ranks(findings: Findings, where: str, ada_id: int, board: str) -> None:
    """Whoever has the file alone gets the same order: nothing stands behind what is less by the file's own numbers."""
    for order, key in RANKED.items():
        for segment in (None, SLUG):
            rows = exported(ada_id, Asked(order=order, board=board, segment=segment))
            keys = [key(row) for row in rows]
            swapped = sum(after > before and not _close(after, before) for before, after in itertools.pairwise(keys))
            places = [int(row["place"]) for row in rows] == list(range(1, len(rows) + 1))
            findings.holds(
                f"{where}: {order}{' of the segment' if segment else ''} out of the file alone",
                bool(rows) and not swapped and places,
                f"{len(rows)} places, {swapped} swapped",
            )


def loud(findings: Findings, kind: str, ada_id: int) -> None:
    """Fifty votes of one company, ten of ten: which of them stands higher, by votes and by breadth."""
    with unit_of_work():
        ada = db.session.get_one(User, ada_id)
        boardkeeping.make(None, {"slug": "loud", "name": "Loud"})
        where = queries.get_board(ada, "loud")
        one = posting.submit(ada, where, title="Fifty of one company", body="").id
        ten = posting.submit(ada, where, title="Ten of ten companies", body="").id
        companies = [Company(name=f"Alone {number}") for number in range(11)]
        db.session.add_all(companies)
        db.session.flush()
        voters = [(one, companies[0].id)] * 50 + [(ten, each.id) for each in companies[1:]]
        for number, (idea_id, company_id) in enumerate(voters):
            person = people.create(f"loud.{number}@example.test", f"Loud {number}")
            person.company_id = company_id
            db.session.flush()
            voting.cast(person, queries.get_idea(person, idea_id).idea)
    count()
    for order, first in ((Order.VOTES, "Fifty of one company"), (Order.BREADTH, "Ten of ten companies")):
        reader = db.session.get_one(User, ada_id)
        lines = desk.lines(desk.open_for(reader), Asked(order=order, board="loud"), limit=2).rows
        db.session.rollback()
        findings.same(f"{kind}: 50 votes of one company, 10 of ten: first by {order}", first, lines[0].title)


if __name__ == "__main__":
    main()
