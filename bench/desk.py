"""The team's list with 100,000 ideas, 3,000,000 votes and 20,000 companies: every order and filter against the list
that everybody reads, in the same run; the counting of it all; and each score against a computation of its own.

A page of fifty rows with everything that can be chosen beside it is compared with the public page of twenty. CPU of the
web process and of the database's is counted, see meter.py.

python -m bench.desk [--database sqlite|postgresql] [--ideas 100000] [--votes 3000000] [--companies 20000]
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from bench import crowd, speed, stage
from bench.meter import Client, Meter, bare_server
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import people, segments
from ideas.accounts.models import Company, SiteRole, User
from ideas.accounts.schemas_segments import SegmentWords
from ideas.backlog import ranking, segmenting
from ideas.backlog.asking import Order
from ideas.backlog.models import BacklogRank, Estimate
from ideas.backlog.models_segments import BacklogSegment
from ideas.boards.models import Board, Idea, Vote
from ideas.db import db, unit_of_work, utcnow
from ideas.insights import behind, dashboard
from ideas.insights.counting import Figure
from ideas.insights.periods import By
from ideas.insights.scope import Scope
from tests.accounts.arranging import enter
from tests.servers import RunningApp

BAR = 8.0  # times the public list page
TIMES = 12  # requests of a batch; there are some eighty questions
PLANS = ("free", "free", "free", "free", "free", "free", "pro", "pro", "pro", "enterprise")
SEGMENTS = {
    "large-and-renewing": {
        "conditions": [
            {"about": "plan", "is": "is", "value": ["enterprise"]},
            {"about": "renews_on", "is": "within_days", "value": 90},
        ]
    },
    "of-a-company": {"conditions": [{"about": "company", "is": "known"}]},
    "alone": {
        "match": "any",
        "conditions": [
            {"about": "company", "is": "unknown"},
            {"about": "company_attribute", "name": "seats", "is": "at_least", "value": 990},
        ],
    },
}
ESTIMATED = 50  # one idea of so many has an estimate
CHECKED = 2_000  # ideas whose scores are computed again from nothing
FILTERS = (
    "board=large", "stage=open", "stage=shipped", "stage=started", "status=planned", "tag=rare", "tag=common",
    "owner=me", "owner=nobody", "plan=free", "plan=enterprise", "young=7", "young=90", "old=90", "silent=30",
    "silent=190", "since=50", "lately=5", "credited=1", "credited=0", "company=17",
    *(f"segment={slug}" for slug in SEGMENTS),
)  # fmt: skip


def main() -> None:
    asked = stage.arguments(
        "Measures the team's list against the public one, and holds its scores against a computation of their own.",
        data=False,
        ideas={"type": int, "default": 100_000},
        votes={"type": int, "default": 3_000_000},
        companies={"type": int, "default": 20_000},
    )
    findings = Findings(f"The desk with {asked.ideas:,} ideas, {asked.votes:,} votes, {asked.companies:,} companies")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site({**fresh(), "LOG_LEVEL": "error"}, ()) as site:
                measure(findings, kind, site, asked.ideas, asked.votes, asked.companies)
    findings.end()


def measure(findings: Findings, kind: str, site: RunningApp, ideas: int, votes: int, companies: int) -> None:
    app = create_app(Config.from_env({**stage.SETTINGS, **site.env}))
    app.config["WTF_CSRF_ENABLED"] = False  # of this application, by which Ada signs in, not of the one that is served
    with app.app_context():
        voters = crowd.add_people(max(1000, 2 * ideas))
        crowd.fill("large", ideas, votes, voters, speed.say)
        belong(companies)
        with unit_of_work():
            ada = people.create("ada@example.test", "Ada", site_role=SiteRole.ADMIN)
            said = {"impact": 2.0, "confidence": 80, "effort": 3.0, "by_id": ada.id, "said_at": utcnow()}
            chosen = [idea for idea in db.session.scalars(sa.select(Idea.id)) if idea % ESTIMATED == 0]
            db.session.execute(sa.insert(Estimate), [{"idea_id": idea, **said} for idea in chosen])
            for slug, question in SEGMENTS.items():
                segmenting.make(ada, SegmentWords().load({"name": slug.replace("-", " "), "question": question}))
        count(findings, kind, ideas)
        right(findings, kind)
        insights(findings, kind)
        browser = app.test_client()
        enter(browser, ada)
        cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in (browser._cookies or {}).values())
        db.session.remove()
        site.start("web", env=speed.named(kind, site))
        site.wait_until_it_answers()
        pages(findings, kind, site, {"Cookie": cookies})
        for engine in db.engines.values():
            engine.dispose()


def belong(companies: int) -> None:
    """Nine of ten people are of some company; large ones have more. Revenue follows the plan."""
    chance, now = random.Random(11), utcnow()
    rows = []
    for number in range(1, companies + 1):
        plan = PLANS[number % len(PLANS)]
        revenue = {"free": 0, "pro": 9_900, "enterprise": 250_000}[plan] * chance.randint(1, 9)
        renews_on = (now + timedelta(days=number % 365)).date()
        seats = {"seats": str(number % 1000)}
        rows.append((number, f"Company {number}", plan, revenue if number % 20 else None, renews_on, seats, now))
    columns = ("id", "name", "plan", "monthly_revenue", "renews_on", "attributes", "created_at")
    crowd.pour(Company, columns, rows)
    with unit_of_work():
        # squared, so that the first companies have many people
        place = sa.cast((User.id * 7919) % 10_007, sa.Double) / 10_007
        of = 1 + sa.cast(companies * place * place, sa.Integer) % companies
        db.session.execute(
            sa.update(User).where(User.id % 10 != 0).values(company_id=of).execution_options(synchronize_session=False)
        )
        db.session.execute(sa.text("ANALYZE"))
    speed.say(f"{companies:,} companies")


def count(findings: Findings, kind: str, ideas: int) -> None:
    """From nothing to all of it, turn by turn as workers do; then once more, when there is nothing to do."""
    for name, turn in (
        ("segments", ranking.refresh_segments),
        ("companies", ranking.refresh_companies),
        ("ideas", ranking.refresh),
    ):
        for when in ("all anew", "nothing changed"):
            slowest, begun, turns, has_more = 0.0, time.monotonic(), 0, True
            while has_more:
                start = time.monotonic()
                with unit_of_work():
                    has_more = turn()
                slowest, turns = max(slowest, time.monotonic() - start), turns + 1
            findings.note(
                f"{kind}: counting {name}, {when}: seconds, turns, the slowest turn",
                f"{time.monotonic() - begun:.1f}, {turns}, {slowest:.2f}",
            )
    counted = db.session.scalar(sa.select(sa.func.count()).select_from(BacklogRank))
    findings.same(f"{kind}: ideas that are counted", ideas, counted)
    with unit_of_work():
        db.session.execute(sa.text("ANALYZE"))


def right(findings: Findings, kind: str) -> None:
    """Scores of some ideas, the most backed among them, against whole numbers added up here."""
    ids = list(db.session.scalars(sa.select(BacklogRank.idea_id).order_by(BacklogRank.votes.desc()).limit(20)))
    ids += random.Random(3).sample(list(db.session.scalars(sa.select(BacklogRank.idea_id))), CHECKED)
    companies = {row.id: row.company_id for row in db.session.execute(sa.select(User.id, User.company_id))}
    revenue = {
        row.id: row.monthly_revenue for row in db.session.execute(sa.select(Company.id, Company.monthly_revenue))
    }
    voters: dict[int, set[int]] = defaultdict(set)
    for start in range(0, len(ids), 200):
        some = sa.select(Vote.idea_id, Vote.user_id).where(Vote.idea_id.in_(ids[start : start + 200]))
        for row in db.session.execute(some):
            voters[row.idea_id].add(row.user_id)
    wrong = Counter[str]()
    for idea_id in set(ids):
        rank = db.session.get_one(BacklogRank, idea_id)
        of = Counter(companies[voter] if companies[voter] else f"person {voter}" for voter in voters[idea_id])
        total = sum(of.values())
        weights = [min(Fraction(each), max(Fraction(1), Fraction(total, 20))) for each in of.values()]
        breadth = sum(weights) ** 2 / sum(each**2 for each in weights) if weights else Fraction(0)
        wrong["votes"] += rank.votes != total
        wrong["breadth"] += abs(rank.breadth - float(breadth)) > 1e-9 * max(1.0, float(breadth))
        wrong["value"] += rank.value != sum(revenue[each] or 0 for each in of if isinstance(each, int))
    reached(findings, kind, ids, voters)
    for score, number in wrong.items():
        findings.same(
            f"{kind}: of {len(set(ids)):,} ideas, those whose {score} is not what was added up apart", 0, number
        )
    db.session.rollback()


def reached(findings: Findings, kind: str, ids: list[int], voters: dict[int, set[int]]) -> None:
    """How many people of each segment back these ideas, against sets of people made here."""
    today = utcnow().date()
    of: dict[str, set[int]] = {slug: set() for slug in SEGMENTS}
    customers = sa.select(User.id, User.company_id, Company.plan, Company.renews_on)
    for row in db.session.execute(customers.outerjoin(Company, Company.id == User.company_id)):
        soon = row.renews_on is not None and 0 <= (row.renews_on - today).days <= 90
        if row.plan == "enterprise" and soon:
            of["large-and-renewing"].add(row.id)
        of["of-a-company" if row.company_id else "alone"].add(row.id)
        if row.company_id and row.company_id % 1000 >= 990:
            of["alone"].add(row.id)
    for segment in segments.all_of_them():
        theirs = of[segment.slug]
        findings.same(f"{kind}: people of {segment.slug}", len(theirs), segment.people)
        rows = sa.select(BacklogSegment.idea_id, BacklogSegment.votes)
        kept = {
            row.idea_id: row.votes for row in db.session.execute(rows.where(BacklogSegment.segment_id == segment.id))
        }
        wrong = sum(kept.get(idea, 0) != len(voters[idea] & theirs) for idea in set(ids))
        findings.same(f"{kind}: of {len(set(ids)):,} ideas, those whose reach in {segment.slug} is wrong", 0, wrong)


def insights(findings: Findings, kind: str) -> None:
    """How long the dashboard is counted when it is not kept, and the slowest first page of rows behind a figure."""
    boards, now = tuple(db.session.scalars(sa.select(Board))), utcnow()
    for days in (90, 3650):
        scope = Scope(boards, since=now - timedelta(days=days), until=now, now=now)
        dashboard.forget()
        begun = time.monotonic()
        found = dashboard.measure(scope, By.MONTHS)
        anew = time.monotonic()
        dashboard.measure(scope, By.MONTHS)
        kept = time.monotonic()
        findings.note(
            f"{kind}: the dashboard of {days} days: seconds to count it, and when it is kept",
            f"{anew - begun:.1f}, {kept - anew:.3f}",
        )
        slowest = {}
        for figure in Figure:
            begun = time.monotonic()
            behind.rows(found.scope, figure)
            slowest[time.monotonic() - begun] = str(figure)
        findings.note(
            f"{kind}: the slowest first page of rows behind a figure of {days} days, seconds",
            f"{max(slowest):.2f} ({slowest[max(slowest)]})",
        )
    db.session.rollback()


def pages(findings: Findings, kind: str, site: RunningApp, cookie: dict[str, str]) -> None:
    client = Client(site.url)

    def get(address: str, headers: dict[str, str] | None = None) -> Callable[[], Any]:
        return lambda: client.ask(address, "GET", headers)

    orders = [order for order in Order if order is not Order.POINTS]
    asked = [f"order={order}" for order in orders]
    asked += [f"order={order}&backwards=1" for order in (Order.VOTES, Order.BREADTH, Order.SILENCE)]
    asked += [f"order={order}&{each}" for order in (Order.VOTES, Order.BREADTH, Order.SILENCE) for each in FILTERS]
    asked += [f"order={order}&segment={slug}" for order in (Order.REACH, Order.PRIORITY) for slug in SEGMENTS]
    asked += ["order=votes&q=ba"]
    several = ["order=reach&segment=of-a-company&stage=shipped&owner=nobody"]
    several += ["order=value&stage=open&plan=enterprise&young=90&owner=nobody"]
    with bare_server(site.env) as bare, speed.backends(kind, site) as database:
        meter, one = Meter(site.processes[0].pid, database), bare.cost()
        public = get("/boards/large?sort=top")
        meter.batch(public, times=TIMES)
        before = meter.batch(public, times=4 * TIMES).whole
        costs = {}
        for each in (*asked, *several):
            request = get(f"/team/backlog?{each}", cookie)
            request()
            costs[each] = meter.batch(request, times=TIMES).whole
        after = meter.batch(public, times=4 * TIMES).whole
    client.close()
    page = (before + after) / 2
    findings.note(f"{kind}: the public list page, in bare answers", f"{page / one:.1f}")
    ratios = {each: cost / page for each, cost in costs.items()}
    for each, ratio in ratios.items():
        findings.note(f"{kind}: backlog?{each}", f"{ratio:.1f}")
    worst = max(asked, key=lambda each: ratios[each])
    findings.holds(
        f"{kind}: any order and any one filter against the public list page",
        ratios[worst] <= BAR,
        f"{ratios[worst]:.1f} ({worst})",
        wanted=f"at most {BAR:g}",
    )


if __name__ == "__main__":
    main()
