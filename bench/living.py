"""Loop health on boards that live: real conversations are replayed over simulated months, and each figure is true.

    python -m bench.living --data FOLDER [--database sqlite|postgresql]

People post and vote at the times of the files; a team answers, merges, ships and declines by a seeded plan; some
mute, unsubscribe, are suspended or cannot be reached. What everybody is owed and every figure of loop health is
computed in `bench.lived` and `bench.lived_figures` from the files and the plan alone, and compared with the ledger's
lines and with what the product measures, for a tag, a company and several periods. Then the laws: what adding an
unanswered idea, merging two final ideas and erasing people do to the figures.
"""

from __future__ import annotations

import csv
import gzip
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import time_machine

from bench import inside, lived, lived_figures, stage
from bench.inside import Inside
from bench.lived import Act, World
from bench.lived_figures import Asked, Line
from bench.stage import Findings
from ideas import mail, settings
from ideas.accounts import erasing, people
from ideas.accounts.models import Company, SiteRole, User
from ideas.boards import (
    answering,
    boardkeeping,
    commenting,
    following,
    merging,
    moderating,
    outcomes,
    posting,
    queries,
    schemas,
    solving,
    voting,
)
from ideas.boards.models import Board, BoardRole, Comment, Idea, IdeaRank
from ideas.boards.models_solving import Helped
from ideas.db import db, unit_of_work
from ideas.insights import loop_health, schemas_out, scope
from ideas.ledger import preferences, worker

BOARDS = ("bg2050-volunteers", "nz-biodiversity")
SEED = 20_261_122
AFTERWARDS = timedelta(days=90)  # so long the team goes on after the last thing that was planned
TOGETHER = 200  # so many votes make one transaction
WORDS = "We thought about this for a while, and this is what we decided in the end."
REASONS = {"considering": "under_review", "planned": "committed", "shipped": "shipped", "declined": "not_us"}
REASONS |= {"open": "reopened"}
REFUSED = mail.PermanentFailure("554 5.7.1 not wanted here")


def main() -> None:
    asked = stage.arguments("Replays real conversations as living boards and checks every figure.", data=True)
    if not (asked.data / "polis" / BOARDS[0] / "votes.csv.gz").is_file():
        sys.exit(f"The folder {asked.data} does not hold polis/{BOARDS[0]}, so there is nothing to show.")
    findings = Findings("Loop health on living boards")
    for name in BOARDS:
        for here in inside.applications(asked, SOLVED_AFTER_DAYS=str(lived.ASKED_AFTER.days)):
            begun = time.monotonic()
            show(findings, f"{here.kind}, {name}", here, asked.data, name)
            findings.note(f"{here.kind}, {name}: seconds", f"{time.monotonic() - begun:.0f}")
    findings.end()


def show(findings: Findings, where: str, here: Inside, data: Path, name: str) -> None:
    source = stage.read_conversation(data, name)
    acts = lived.plan(source, votes_of(data, name), SEED)
    world, now = World(), max(act.at for act in acts) + AFTERWARDS
    with time_machine.travel(acts[0].at - timedelta(days=1), tick=False) as clock:
        living = Living(here, clock, name)
        living.begin(sorted(source.voters | set(source.authors.values()), key=int))
        done = living.replay(acts, world)
        living.move_to(now)
        living.tell()
        findings.note(f"{where}: days of life", (now - acts[0].at).days)
        for what in ("post", "vote", "comment", "answer", "merge", "unmerge", "withdraw", "ask"):
            findings.note(f"{where}: acts of kind “{what}”", done[what])
        findings.note(f"{where}: mails", living.mails)
        lines = living.lines()
        owed_is_what_became_of_it(findings, where, lines)
        each_is_owed_what_the_plan_says(findings, where, world, lines)
        asked = scopes(acts[0].at - timedelta(hours=1), now)
        for what, one in asked.items():
            compare(findings, f"{where}, {what}", living, world, one, lines)
        the_laws(findings, where, living, asked["all of it"])


def votes_of(data: Path, name: str) -> Iterator[tuple[datetime, str, str, str]]:
    """(time, idea, person, vote) of each row."""
    with gzip.open(data / "polis" / name / "votes.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield datetime.fromisoformat(row["created_at"]), row["idea_id"], row["voter_id"], row["vote"]


def scopes(first: datetime, now: datetime) -> dict[str, Asked]:
    middle = first + (now - first) / 3
    return {
        "all of it": Asked(first, now, now),
        "a tag": Asked(first, now, now, tag="third"),
        "a company": Asked(first, now, now, company=True),
        "the first third": Asked(first, middle, now),
        "the rest": Asked(middle, now, now),
        "a tag and a company in the first third": Asked(first, middle, now, tag="even", company=True),
    }


@dataclass
class Living:
    """The product itself, in which acts are done through its services at their own times."""

    here: Inside
    clock: Any
    name: str
    transport: mail.MemoryTransport = field(default_factory=mail.MemoryTransport)
    people: dict[str, int] = field(default_factory=dict)
    ideas: dict[str, int] = field(default_factory=dict)
    comments: dict[tuple[str, str], int] = field(default_factory=dict)  # (idea, person) → their first
    statuses: dict[str, str] = field(default_factory=dict)  # stage → the board's status
    board: int = 0
    team: int = 0
    company: int = 0
    mails: int = 0

    def move_to(self, at: datetime) -> None:
        self.clock.move_to(at, tick=False)

    def begin(self, names: list[str]) -> None:
        settings.rooms().rounds.clear()  # what a site does by itself now and then is not in the plan
        with unit_of_work():
            company = people.create_company(None, "Acme")
            for name in names:
                theirs = company if int(name) % lived.COMPANY == 0 else None
                address = f"person{name}@example.test"
                self.people[name] = people.create(address, f"Person {name}", company=theirs).id
                if lived.bounces(name):
                    self.transport.answers[address] = REFUSED
            team = people.create("team@example.test", "Team", title="Product lead")
            admin = people.create("admin@example.test", "Admin", site_role=SiteRole.ADMIN)
            words = {"slug": self.name, "name": self.name, "about": "", "visibility": "public"}
            board = boardkeeping.make(admin, {**words, "promise": "", "answer_within_days": lived.PROMISE_DAYS})
            boardkeeping.add_person(admin, board, team, role=BoardRole.TEAM)
            for tag in lived.TAGS:
                boardkeeping.add_tag(admin, board, name=tag)
            self.statuses = {status.stage: status.slug for status in queries.statuses_of(board)}
            self.board, self.team, self.company = board.id, team.id, company.id

    def replay(self, acts: list[Act], world: World) -> Counter[str]:
        """Do every act that the rules allow; how many of each kind."""
        done: Counter[str] = Counter()
        votes: list[Act] = []
        for act in acts:
            if not world.apply(act):
                continue
            done[act.what] += 1
            if act.what in ("vote", "unvote"):
                votes.append(act)
            if votes and (act.what not in ("vote", "unvote") or len(votes) == TOGETHER):
                self._vote(votes)
                votes = []
            if act.what not in ("vote", "unvote"):
                self._do(act, world)
        self._vote(votes)
        return done

    def _vote(self, acts: list[Act]) -> None:
        with unit_of_work():
            for act in acts:
                self.move_to(act.at)
                idea = db.session.get_one(Idea, self.ideas[act.idea], options=[sa.orm.joinedload(Idea.status)])
                (voting.cast if act.what == "vote" else voting.retract)(self._person(act.person), idea)

    def _do(self, act: Act, world: World) -> None:
        self.move_to(act.at)
        with unit_of_work():
            getattr(self, f"_{act.what}")(act, world)
        if act.what in ("answer", "merge", "unmerge", "ask"):
            self.tell()  # before anything else changes whom it concerns; the rest is told with it

    def tell(self) -> None:
        worker.run_once(self.here.app, self.transport)
        self.mails += len(self.transport.sent)
        self.transport.sent.clear()

    def _person(self, name: str) -> User:
        return db.session.get_one(User, self.people[name])

    def _team(self) -> User:
        return db.session.get_one(User, self.team)

    def _row(self, name: str, reader: User | None = None) -> queries.IdeaRow:
        return queries.get_idea(reader or self._team(), self.ideas[name])

    def _post(self, act: Act, _world: World) -> None:
        author = self._person(act.person)
        tags = [tag for tag, every in lived.TAGS.items() if int(act.idea) % every == 0]
        title = f"What number {act.idea} asks for"
        idea = posting.submit(author, queries.get_board(author, self.name), title=title, body="", tags=tags)
        self.ideas[act.idea] = idea.id

    def _hide(self, act: Act, _world: World) -> None:
        moderating.hide_idea(self._team(), self._row(act.idea), reason="It is not about what this board is for.")

    def _comment(self, act: Act, _world: World) -> None:
        author = self._person(act.person)
        made: Comment = commenting.add(author, self._row(act.idea, author), body="This would help us a lot.")
        self.comments.setdefault((act.idea, act.person), made.id)

    def _official(self, act: Act, _world: World) -> None:
        commenting.add(self._team(), self._row(act.idea), body="We are looking into it.", official=True)

    def _follow(self, act: Act, _world: World) -> None:
        following.follow_idea(self._person(act.person), self._row(act.idea).idea)

    def _mute(self, act: Act, _world: World) -> None:
        preferences.mute(self._person(act.person), f"idea:{self.ideas[act.idea]}")

    def _suspend(self, act: Act, _world: World) -> None:
        people.suspend(None, self._person(act.person), reason="They asked for a rest.")

    def _unsubscribe(self, act: Act, _world: World) -> None:
        everything = preferences.read(preferences.token(self.people[act.person], "moved", "idea:1"))
        preferences.unsubscribe(everything, preferences.Stop.EVERYTHING)

    def _withdraw(self, act: Act, world: World) -> None:
        author = self._person(world.ideas[act.idea].author)
        posting.withdraw(author, self._row(act.idea, author))

    def _merge(self, act: Act, _world: World) -> None:
        merging.merge(self._team(), self._row(act.idea), self._row(act.about), text=WORDS)

    def _unmerge(self, act: Act, _world: World) -> None:
        merging.unmerge(self._team(), self._row(act.idea), text=WORDS)

    def _answer(self, act: Act, world: World) -> None:
        credits: list[dict[str, Any]] = []
        for kind in world.credited(act.idea, act):
            said = self.comments[world.first_said(act.idea)] if kind == "comment" else None
            credits.append({"kind": kind, "id": said, "how": "It is in what we decided."})
        words = {"status": self.statuses[act.about], "reason": REASONS[act.about], "text": WORDS, "credits": credits}
        answering.answer(self._team(), self._row(act.idea), schemas.NewAnswer().load(words))

    def _ask(self, act: Act, world: World) -> None:
        solving.ask_due()
        for at, idea, person, answer in world.said:
            if at == act.at:
                who = self._person(person)
                solving.say(who, outcomes.get_own(who, self.ideas[idea]), answer=Helped(answer))

    # --- What came of it ---

    def lines(self) -> list[Line]:
        """The ledger as its tables have it, past the product."""
        names = {str(number): name for name, number in self.people.items()}
        ideas = {f"idea:{number}": name for name, number in self.ideas.items()}
        statement = sa.text(
            "SELECT e.kind, e.about_id, e.subject, e.recorded_at, d.user_id, d.channel, d.state, d.reason, d.path"
            " FROM delivery d JOIN outbox_entry e ON e.id = d.entry_id"
        )
        with stage.connection(self.here.url) as reading:
            return [
                Line(
                    event=row.kind,
                    about=row.about_id,
                    idea=ideas[row.subject],
                    recorded=_moment(row.recorded_at),
                    person=names.get(str(row.user_id), f"team {row.user_id}"),
                    channel=row.channel,
                    state=row.state,
                    reason=row.reason or "",
                    path=row.path,
                )
                for row in reading.execute(statement)
            ]

    def measured(self, asked: Asked) -> dict[str, Any]:
        """The figures as the API shows them, by the names of `lived.figures`."""
        db.session.rollback()
        board = db.session.get_one(Board, self.board)
        company = db.session.get_one(Company, self.company) if asked.company else None
        about = scope.Scope((board,), asked.since, asked.until, asked.now, asked.tag or None, company)
        found = schemas_out.loop_health(loop_health.measure(about))
        for word, wait in found["waits"].items():
            found[f"waits for {word}"] = wait
        found["capacity"]["weeks"] = [(week["ideas"], week["answers"]) for week in found["capacity"]["weeks"]]
        return found


def _moment(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)


# --- What must hold ---


def owed_is_what_became_of_it(findings: Findings, where: str, lines: list[Line]) -> None:
    """Owed = delivered + suppressed + failed, for each person and each idea; a person counts once for each event."""
    ways: dict[tuple[str, str, str, int], dict[str, str]] = {}
    for line in lines:
        ways.setdefault((line.person, line.idea, line.event, line.about), {})[line.channel] = line.state
    for by in ("person", "idea"):
        owed, became = Counter[str](), Counter[str]()
        for (person, idea, *_event), channels in ways.items():
            which = person if by == "person" else idea
            owed[which] += 1
            state = channels["inbox"] if channels.get("email", "suppressed") == "suppressed" else channels["email"]
            became[which] += state in ("sent", "suppressed", "failed")
        findings.holds(
            f"{where}: owed = delivered + suppressed + failed, for each {by}",
            owed == became,
            f"{len(owed)} of that kind, {owed.total()} owed; {stage.differences(owed, became)}",
        )


def each_is_owed_what_the_plan_says(findings: Findings, where: str, world: World, lines: list[Line]) -> None:
    """Every line of every answer for those who put something in: to whom, why, and what became of it.

    News that closes nothing may come to people who cannot be reached by mail in a digest or in their inbox alone: what
    became of it is not looked at.
    """
    final = {(answer.idea, answer.at): answer.stage in lived.FINAL for answer in world.answers}

    def told(idea: str, at: datetime, person: str, path: str, state: str, reason: str) -> tuple[str, ...]:
        looked_at = final[idea, at] or not lived.bounces(person)
        return (idea, str(at), person, path, *((state, reason) if looked_at else ()))

    expected = Counter(
        told(answer.idea, answer.at, person, owed.path, owed.state, owed.reason)
        for answer in world.answers
        for person, owed in answer.owed.items()
    )
    answers = [line for line in lines if line.event == "answered"]
    email = {(line.about, line.person): line for line in answers if line.channel == "email"}
    found: Counter[tuple[str, ...]] = Counter()
    for line in answers:
        if line.channel == "inbox" and line.path in lived.PATHS and line.person.isdigit():
            mail_to = email[line.about, line.person]
            counted = line if mail_to.state == "suppressed" else mail_to
            found[told(line.idea, line.recorded, line.person, line.path, counted.state, counted.reason)] += 1
    findings.holds(
        f"{where}: (idea, when, person, path, outcome) of each word of an answer",
        found == expected,
        f"{found.total()} lines; {stage.differences(set(map(str, expected)), set(map(str, found)))}",
    )


def compare(findings: Findings, where: str, living: Living, world: World, asked: Asked, lines: list[Line]) -> None:
    expected, found = lived_figures.figures(world, asked, lines), living.measured(asked)
    for name, figure in expected.items():
        said = rounded(found[name])
        findings.holds(
            f"{where}: {name}",
            said == rounded(figure),
            _brief(found[name]) if said == rounded(figure) else stage.differences(rounded(figure), said),
        )


def rounded(figure: Any) -> Any:
    if isinstance(figure, dict):
        return {name: rounded(value) for name, value in figure.items()}
    if isinstance(figure, list):
        return [rounded(value) for value in figure]
    return round(figure, 9) if isinstance(figure, float) else figure


def _brief(figure: dict[str, Any]) -> str:
    shown = {name: value for name, value in figure.items() if name not in ("tenths", "curve", "weeks")}
    return ", ".join(
        f"{name} {round(value, 3) if isinstance(value, float) else value}" for name, value in shown.items()
    )


def the_laws(findings: Findings, where: str, living: Living, asked: Asked) -> None:
    before = living.measured(asked)
    erased = _erase_some(living)
    after = living.measured(asked)
    same = [name for name in before if before[name] != after[name]]
    findings.holds(f"{where}: erasing {erased} people leaves every total", not same, f"other: {same}")
    one, other = _two_final(living)
    with unit_of_work():
        on, into = (queries.get_idea(living._team(), each) for each in (one, other))
        merging.merge(living._team(), on, into, text=WORDS)
    living.tell()
    merged = living.measured(asked)["people_closed"]
    findings.same(f"{where}: pairs after two final ideas became one", after["people_closed"], merged)
    before = living.measured(asked)
    living.move_to(asked.now - timedelta(days=lived.PROMISE_DAYS + 6))
    with unit_of_work():
        author = db.session.get_one(User, living.team)
        posting.submit(author, queries.get_board(author, living.name), title="Nobody answers this", body="")
    living.move_to(asked.now)
    living.tell()
    better = improved(before, living.measured(asked))
    findings.holds(f"{where}: an unanswered idea improves none of figures 1 to 4", not better, f"better: {better}")


def improved(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Which of figures 1 to 4 look better."""
    found = [
        name
        for name in ("people_closed", "ideas_closed", "answered")
        if (after[name]["share"] or 0) > (before[name]["share"] or 0)
    ]
    for name in before:
        if name.startswith("waits for"):
            for quantile in ("median_days", "p90_days"):
                was, is_now = (each[name][quantile] for each in (before, after))
                if is_now is not None and (was is None or is_now < was):
                    found.append(f"{name}, {quantile}")
    return found


def _erase_some(living: Living) -> int:
    """Every ninth of those who wrote, voted or said something."""
    chosen = sorted(living.people.values())[4::9]
    for number in chosen:
        with unit_of_work():
            leaving = erasing.erase(None, db.session.get_one(User, number), with_text=number % 2 == 0)
        erasing.finish(leaving)
    return len(chosen)


def _two_final(living: Living) -> tuple[int, int]:
    final = sa.select(IdeaRank.idea_id).where(IdeaRank.stage.in_(lived.FINAL), IdeaRank.listed, ~IdeaRank.is_hidden)
    first, second = db.session.scalars(final.order_by(IdeaRank.vote_count.desc()).limit(2)).all()
    return first, second


if __name__ == "__main__":
    main()
