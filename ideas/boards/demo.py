"""Fills an empty site with the demo: a month of history, made by the services that would have made it.

Each act is done at its own time (`db.at`), announced by the ledger and written down as sent; nothing is left to send.
Chance is seeded, so that two demos of one day are the same.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import text
from ideas.accounts import people, segments, upserting
from ideas.accounts.models import Company, SiteRole, User
from ideas.accounts.schemas_segments import SegmentWords
from ideas.boards import boardkeeping, demo_words, following, phrasing, queries, ranking, releasing, silence, solving
from ideas.boards.demo_acts import Acts, Folk, Running
from ideas.boards.demo_words import crowd
from ideas.boards.demo_words.shapes import Answered, Asked, BoardStory, Heard, Merged, Phrase, Story
from ideas.boards.models import FINAL_STAGES, Board, BoardRole
from ideas.boards.schemas import BoardWords
from ideas.boards.schemas_snippets import SnippetWords
from ideas.db import at, db, utcnow
from ideas.errors import Conflict
from ideas.ledger import preferences
from ideas.ledger import queries as inbox
from ideas.ledger.models import EVERYTHING, Mode
from ideas.settings import current
from ideas.words import _

PEOPLE = len(crowd.KNOWN) + len(crowd.NAMES)
VOTES = 3000
COUNCIL = 38  # members of the private board
FINAL_STATUSES = {slug for slug, _name, stage in boardkeeping.FIRST_STATUSES if stage in FINAL_STAGES}
SEED = 20
BEGUN = timedelta(days=40)  # before today the boards were made


class SignIn(NamedTuple):
    """Somebody as whom a visitor of the demo may look around."""

    role: str
    email: str
    password: str


def sign_ins() -> list[SignIn]:
    roles = {"mia": _("a member"), "nadia": _("a product manager"), "tomas": _("the administrator")}
    return [SignIn(roles[known.key], known.email, known.password) for known in crowd.KNOWN if known.key in roles]


def is_here() -> bool:
    """Whether this site holds the demo."""
    return db.session.scalar(sa.select(User.id).where(User.email == crowd.KNOWN[0].email)) is not None


def fill() -> None:
    """Raises Conflict when the site has people or boards already: the demo never mixes with what is somebody's."""
    for table in (User, Board):
        if db.session.scalar(sa.select(table.id).limit(1)) is not None:
            raise Conflict(_("The demo needs an empty database, and this one has people or boards in it."))
    _Demo(utcnow()).tell()


class _Demo:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.chance = random.Random(SEED)  # noqa: S311 - a made-up history needs no secret chance
        self.folk = Folk(self.chance)
        self.does = Acts(self.folk, now)
        self.left_at = now - timedelta(days=9.3)
        self.planned: list[tuple[datetime, int, Callable[[], object]]] = []

    def tell(self) -> None:
        with at(self.now - BEGUN):
            boards = demo_words.boards()
            self._make_people()
            for board in boards:
                self._make_board(board)
        self._plan_habits()
        self._plan_stories(boards)
        self._plan_releases(boards)
        self._plan_what_the_team_keeps()
        self._plan(self.now - timedelta(days=7, hours=3), silence.remind_owners)
        for round_ in (solving.ask_due, silence.remind_owners, silence.remind_of_dates):
            self._plan(self.now - timedelta(minutes=3), round_)  # nothing is left for the worker's first
        for moment, _number, act in sorted(self.planned, key=lambda planned: planned[:2]):
            self.does.send_digests(moment)
            with at(moment):
                act()
            self.does.announce(moment)
        ranking.recount()

    # --- Who and where ---

    def _make_people(self) -> None:
        companies = self._make_companies()
        for known in crowd.KNOWN:
            person = people.create(
                known.email,
                known.name,
                password=known.password or None,
                site_role=SiteRole.ADMIN if known.admin else SiteRole.MEMBER,
                title=known.title or None,
                company=None if known.title else companies[0],
                shown_as_backer=True,
            )
            self.folk.people[known.key] = self.folk.people[known.name] = person.id
            if not known.title:
                self.folk.everybody.append(person.id)
        for number, each in enumerate(crowd.NAMES):
            name, _bar, local = each.partition("|")
            company = companies[number % len(companies)]
            person = people.create(
                f"{local or _latin(name)}@{_latin(company.name, '-')}.example",
                name,
                company=company if number % 9 else None,
                shown_as_backer=self.chance.random() < 0.6,
            )
            self.folk.people[name] = person.id
            self.folk.everybody.append(person.id)

    def _make_companies(self) -> list[Company]:
        """Companies on three plans; of some nothing is known but their name."""
        rows: list[upserting.Row] = []
        for number, name in enumerate(crowd.COMPANIES):
            known: dict[str, Any] = {"name": name, "external_id": f"acct-{101 + number}"}
            if number % 5 != 4:
                plan, a_bed = (("community", 190), ("city", 420), ("city plus", 690))[number % 3]
                beds = 20 + 17 * number % 90
                known |= {"plan": plan, "monthly_revenue": a_bed * beds, "attributes": {"beds": str(beds)}}
                known["renews_on"] = (self.now + timedelta(days=11 + 31 * number % 360)).date()
            rows.append(known)
        return [put.thing for put in upserting.put_companies(None, rows).done]

    def _make_board(self, told: BoardStory) -> None:
        words = {
            "slug": told.slug,
            "name": told.name,
            "about": told.about,
            "visibility": told.visibility,
            "promise": told.promise,
            "answer_within_days": told.days,
        }
        board = boardkeeping.make(None, BoardWords().load(words))
        for tag in told.tags:
            boardkeeping.add_tag(None, board, name=tag)
        for known in crowd.KNOWN:
            if told.slug in known.boards:
                boardkeeping.add_person(None, board, self.folk.person(known.key), role=BoardRole.TEAM)
        if board.is_private:
            for user_id in self._members(told):
                boardkeeping.add_person(None, board, db.session.get_one(User, user_id), role=BoardRole.MEMBER)

    def _members(self, board: BoardStory) -> list[int]:
        """Who may see the board: everybody, or Mia and those whom a story names among the first."""
        if board.visibility != "private":
            return self.folk.everybody
        named = [self.folk.people[story.by] for story in board.stories if story.by]
        invited = [self.folk.people["mia"], *named, *self.folk.everybody[:: PEOPLE // COUNCIL]]
        return list(dict.fromkeys(invited))[:COUNCIL]

    # --- What people do beside the stories ---

    def _plan_habits(self) -> None:
        some = self.chance.sample(self.folk.everybody[1:], 40)
        mia = self.folk.people["mia"]
        self.folk.bouncing = set(some[:4])
        self.folk.left = some[4]
        self._plan(self.left_at, self._suspend)
        early = self.now - BEGUN + timedelta(hours=5)
        for person in some[5:9]:
            self._plan(early, partial(self._choose, person, EVERYTHING, None))
        for person in some[9:12]:
            self._plan(early, partial(self._choose, person, "moved", Mode.OFF))
        for person in some[12:17]:
            self._plan(self.now - timedelta(days=16.2), partial(self._unsubscribe, person))
        followers = [*some[17:29], mia]
        for number, person in enumerate(followers):
            slug = ("garden-planner", "data-and-tools")[number % 4 == 3]
            self._plan(early, partial(self._follow, person, slug))
            self._plan(early, partial(self._hear_of_releases, person, slug))
        for days, readers in ((6.4, self.folk.everybody[::2]), (2.6, [mia, *some]), (1.6, self._team())):
            self._plan(self.now - timedelta(days=days), partial(self._read, readers))

    def _team(self) -> list[int]:
        return [self.folk.people[known.key] for known in crowd.KNOWN if known.title]

    def _suspend(self) -> None:
        reason = "Wrote to strangers from the member list although we asked twice not to."
        people.suspend(self.folk.person("tomas"), db.session.get_one(User, self.folk.left), reason=reason)

    def _choose(self, person: int, news: str, inbox: Mode | None) -> None:
        preferences.choose(db.session.get_one(User, person), news, email=Mode.OFF, inbox=inbox)

    def _unsubscribe(self, person: int) -> None:
        preferences.unsubscribe(preferences.Link(person, "shipped", ""), preferences.Stop.KIND)

    def _follow(self, person: int, slug: str) -> None:
        reader = db.session.get_one(User, person)
        following.follow_board(reader, queries.get_board(reader, slug).board)

    def _hear_of_releases(self, person: int, slug: str) -> None:
        reader = db.session.get_one(User, person)
        releasing.follow(reader, queries.get_board(reader, slug).board)

    def _read(self, readers: Iterable[int]) -> None:
        for reader in readers:
            inbox.mark_read(db.session.get_one(User, reader))

    # --- Stories ---

    def _plan_stories(self, boards: Sequence[BoardStory]) -> None:
        votes = self._shares([(board, story) for board in boards for story in board.stories])
        for board in boards:
            for story in board.stories:
                self._plan_story(board, story, votes[story.title])

    def _plan_releases(self, boards: Sequence[BoardStory]) -> None:
        for board in boards:
            for told in board.releases:
                self._plan(self._moment(told.age), partial(self.does.release, board, told))

    def _plan_what_the_team_keeps(self) -> None:
        asked, phrases = demo_words.of_the_team()
        for each in asked:
            self._plan(self._moment(each.age), partial(self._keep_segment, each))
        for phrase in phrases:
            self._plan(self._moment(phrase.age), partial(self._keep_snippet, phrase))

    def _keep_segment(self, told: Asked) -> None:
        question = {"match": told.match, "conditions": told.conditions}
        words = SegmentWords().load({"name": told.name, "question": question})
        segments.bring_one_up_to_date(segments.make(self.folk.person(told.by), words))

    def _keep_snippet(self, told: Phrase) -> None:
        words = SnippetWords().load({"name": told.name, "text": told.text, "board": told.board})
        phrasing.keep(self.folk.person(told.by), words)

    def _shares(self, told: list[tuple[BoardStory, Story]]) -> dict[str, int]:
        """How many votes each story gets, VOTES in all, in the proportions that the stories tell."""
        most = {story.title: len(self._members(board)) - 6 for board, story in told}
        wanted = {story.title: story.votes for _board, story in told}
        shares = dict.fromkeys(most, 0)
        while (left := VOTES - sum(shares.values())) > 0:
            open_ones = [title for title in wanted if shares[title] < most[title]]
            whole = sum(wanted[title] for title in open_ones)
            for title in sorted(open_ones, key=lambda title: -wanted[title]):
                more = max(1, left * wanted[title] // whole)
                shares[title] += min(more, most[title] - shares[title], VOTES - sum(shares.values()))
        return shares

    def _plan_story(self, board: BoardStory, story: Story, votes: int) -> None:
        members, mia = self._members(board), self.folk.people["mia"]
        begun = self._moment(story.age)
        author = self.folk.people[story.by] if story.by else self.folk.somebody(members, set())
        crowd_here = [person for person in members if person not in (author, self.folk.left)]
        voters = self.chance.sample(crowd_here, min(votes, len(crowd_here)))
        # Mia has backed a good deal, so that she has something to look at
        if story.votes > 40 and author != mia and mia not in voters:
            voters[1] = mia
        # whom the team counts on has not said it themselves
        for event in story.events:
            if isinstance(event, Heard) and event.vote and (counted_on := self.folk.people[event.whose]) in voters:
                others = (person for person in crowd_here if person not in (*voters, mia))
                voters[voters.index(counted_on)] = next(others)
        # who was suspended later has backed things before
        if begun + timedelta(days=1) < self.left_at and board.visibility == "public" and len(voters) > 30:
            voters[0] = self.folk.left
        moments = [self._moment(story.age - event.after) for event in story.events]
        ends = [
            moment
            for event, moment in zip(story.events, moments, strict=True)
            if isinstance(event, Merged) or (isinstance(event, Answered) and event.status in FINAL_STATUSES)
        ]
        end = min([*ends, self.now - timedelta(minutes=4)])
        if story.withdrawn_after is not None:
            end = begun + timedelta(days=story.withdrawn_after)
        span = end - begun - timedelta(minutes=2)
        # the first voters of the list are the earliest
        times = sorted(begun + timedelta(minutes=1) + span * self.chance.random() ** 1.6 for _voter in voters)
        running = Running(board, story, begun, author, crowd_here, list(zip(voters, times, strict=True)))
        self.does.running[story.title] = running
        self._plan(begun, partial(self.does.post, running))
        before = begun
        for event, moment in zip(story.events, moments, strict=True):
            # two things said within minutes keep their order
            before = max(moment, before + timedelta(minutes=3))
            self._plan(before, partial(self.does.happen, running, event))
        if story.withdrawn_after is not None:
            self._plan(end, partial(self.does.withdraw, running))
        for event, moment in zip(story.events, moments, strict=True):
            asked_at = moment + timedelta(days=current().solved_after_days, hours=1)
            if isinstance(event, Answered) and event.status == "shipped" and asked_at + timedelta(days=1) < self.now:
                self._plan(asked_at, solving.ask_due)
                self._plan(asked_at + timedelta(days=1), partial(self.does.say_whether_it_helped, running))
        if story.hidden:
            self._plan(begun + timedelta(hours=7), partial(self.does.hide, running))
        self._plan(self.now - timedelta(minutes=1), partial(self.does.cast, running, self.now))

    # --- Time and chance ---

    def _plan(self, moment: datetime, act: Callable[[], object]) -> None:
        self.planned.append((moment, len(self.planned), act))

    def _moment(self, days_ago: float) -> datetime:
        """That long ago, moved into the hours when people are awake unless it is of the last day."""
        moment = self.now - timedelta(days=days_ago)
        if days_ago < 1.5:
            return moment
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(hours=7) + (moment - midnight) * (14 / 24)


def _latin(name: str, between: str = ".") -> str:
    """A name as it stands in an address."""
    plain = unicodedata.normalize("NFKD", name.replace("’", "").replace("'", "")).encode("ascii", "ignore").decode()
    return text.slug(plain, longest=40).replace("-", between)
