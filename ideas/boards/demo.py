"""Fills an empty site with the demo: a month of history, made by the services that would have made it.

Each act is done at its own time (`db.at`), announced by the ledger and written down as sent; nothing is left to send.
Chance is seeded, so that two demos of one day are the same.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import settings, text
from ideas.accounts import people
from ideas.accounts.models import SiteRole, User
from ideas.boards import (
    answering,
    boardkeeping,
    commenting,
    demo_words,
    flagging,
    following,
    merging,
    models_solving,
    moderating,
    outcomes,
    posting,
    queries,
    ranking,
    silence,
    solving,
    voting,
)
from ideas.boards.demo_words import crowd
from ideas.boards.demo_words.shapes import (
    Answered,
    Appealed,
    BoardStory,
    Corrected,
    Credited,
    Edited,
    Event,
    Flagged,
    Helped,
    Merged,
    Said,
    Story,
)
from ideas.boards.models import FINAL_STAGES, Board, BoardRole, Comment, CreditKind, Reason
from ideas.boards.models_moderating import FlagReason, Hiding
from ideas.boards.models_solving import Solved
from ideas.boards.queries import IdeaRow
from ideas.boards.schemas import BoardWords
from ideas.db import at, db, utcnow
from ideas.errors import Conflict
from ideas.ledger import digests, fanout, preferences, sending
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
MAIL_TAKES = timedelta(seconds=20)
BOUNCED = "550 5.1.1 There is no such mailbox."


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


@dataclass
class _Running:
    """A story while it is told: what its ideas and comments became here, and the votes still to come."""

    board: BoardStory
    story: Story
    begun: datetime
    author: int
    crowd: list[int]
    votes: list[tuple[int, datetime]]
    idea_id: int = 0
    answer_id: int = 0
    reason: str = ""
    comments: dict[str, int] = field(default_factory=dict)
    said_by: set[int] = field(default_factory=set)


class _Demo:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.chance = random.Random(SEED)  # noqa: S311 - a made-up history needs no secret chance
        self.people: dict[str, int] = {}
        self.everybody: list[int] = []
        self.bouncing: set[int] = set()
        self.left = 0  # who was suspended, and when
        self.left_at = now - timedelta(days=9.3)
        self.running: dict[str, _Running] = {}
        self.acts: list[tuple[datetime, int, Callable[[], object]]] = []

    def tell(self) -> None:
        with at(self.now - BEGUN):
            boards = demo_words.boards()
            self._make_people()
            for board in boards:
                self._make_board(board)
        self._plan_habits()
        self._plan_stories(boards)
        self._plan(self.now - timedelta(days=7, hours=3), silence.remind_owners)
        for round_ in (solving.ask_due, silence.remind_owners, silence.remind_of_dates):
            self._plan(self.now - timedelta(minutes=3), round_)  # nothing is left for the worker's first
        for moment, _number, act in sorted(self.acts, key=lambda planned: planned[:2]):
            self._send_digests(moment)
            with at(moment):
                act()
            self._announce(moment)
        ranking.recount()

    # --- Who and where ---

    def _make_people(self) -> None:
        companies = [people.create_company(None, name) for name in crowd.COMPANIES]
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
            self.people[known.key] = self.people[known.name] = person.id
            if not known.title:
                self.everybody.append(person.id)
        for number, each in enumerate(crowd.NAMES):
            name, _bar, local = each.partition("|")
            company = companies[number % len(companies)]
            person = people.create(
                f"{local or _latin(name)}@{_latin(company.name, '-')}.example",
                name,
                company=company if number % 9 else None,
                shown_as_backer=self.chance.random() < 0.6,
            )
            self.people[name] = person.id
            self.everybody.append(person.id)

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
                boardkeeping.add_person(None, board, self._person(known.key), role=BoardRole.TEAM)
        if board.is_private:
            for user_id in self._members(told):
                boardkeeping.add_person(None, board, db.session.get_one(User, user_id), role=BoardRole.MEMBER)

    def _members(self, board: BoardStory) -> list[int]:
        """Who may see the board: everybody, or Mia and those whom a story names among the first."""
        if board.visibility != "private":
            return self.everybody
        named = [self.people[story.by] for story in board.stories if story.by]
        return list(dict.fromkeys([self.people["mia"], *named, *self.everybody[:: PEOPLE // COUNCIL]]))[:COUNCIL]

    def _person(self, key: str) -> User:
        return db.session.get_one(User, self.people[key])

    # --- What people do beside the stories ---

    def _plan_habits(self) -> None:
        some = self.chance.sample(self.everybody[1:], 40)
        self.bouncing = set(some[:4])
        self.left = some[4]
        self._plan(self.left_at, self._suspend)
        early = self.now - BEGUN + timedelta(hours=5)
        for person in some[5:9]:
            self._plan(early, partial(self._choose, person, EVERYTHING, None))
        for person in some[9:12]:
            self._plan(early, partial(self._choose, person, "moved", Mode.OFF))
        for person in some[12:17]:
            self._plan(self.now - timedelta(days=16.2), partial(self._unsubscribe, person))
        followers = [*some[17:29], self.people["mia"]]
        for number, person in enumerate(followers):
            slug = ("garden-planner", "data-and-tools")[number % 4 == 3]
            self._plan(early, partial(self._follow, person, slug))
        for days, readers in ((6.4, self.everybody[::2]), (2.6, [self.people["mia"], *some]), (1.6, self._team())):
            self._plan(self.now - timedelta(days=days), partial(self._read, readers))

    def _team(self) -> list[int]:
        return [self.people[known.key] for known in crowd.KNOWN if known.title]

    def _suspend(self) -> None:
        reason = "Wrote to strangers from the member list although we asked twice not to."
        people.suspend(self._person("tomas"), db.session.get_one(User, self.left), reason=reason)

    def _choose(self, person: int, news: str, inbox: Mode | None) -> None:
        preferences.choose(db.session.get_one(User, person), news, email=Mode.OFF, inbox=inbox)

    def _unsubscribe(self, person: int) -> None:
        preferences.unsubscribe(preferences.Link(person, "shipped", ""), preferences.Stop.KIND)

    def _follow(self, person: int, slug: str) -> None:
        reader = db.session.get_one(User, person)
        following.follow_board(reader, queries.get_board(reader, slug).board)

    def _read(self, readers: Iterable[int]) -> None:
        for reader in readers:
            inbox.mark_read(db.session.get_one(User, reader))

    # --- Stories ---

    def _plan_stories(self, boards: Sequence[BoardStory]) -> None:
        votes = self._shares([(board, story) for board in boards for story in board.stories])
        for board in boards:
            for story in board.stories:
                self._plan_story(board, story, votes[story.title])

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
        members = self._members(board)
        begun = self._moment(story.age)
        author = self.people[story.by] if story.by else self._somebody(members, set())
        crowd_here = [person for person in members if person not in (author, self.left)]
        voters = self.chance.sample(crowd_here, min(votes, len(crowd_here)))
        # Mia has backed a good deal, so that she has something to look at
        if story.votes > 40 and author != self.people["mia"] and self.people["mia"] not in voters:
            voters[1] = self.people["mia"]
        # who was suspended later has backed things before
        if begun + timedelta(days=1) < self.left_at and board.visibility == "public" and len(voters) > 30:
            voters[0] = self.left
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
        running = _Running(board, story, begun, author, crowd_here, list(zip(voters, times, strict=True)))
        self.running[story.title] = running
        self._plan(begun, partial(self._post, running))
        before = begun
        for event, moment in zip(story.events, moments, strict=True):
            # two things said within minutes keep their order
            before = max(moment, before + timedelta(minutes=3))
            self._plan(before, partial(self._happen, running, event))
        if story.withdrawn_after is not None:
            self._plan(end, partial(self._withdraw, running))
        for event, moment in zip(story.events, moments, strict=True):
            asked_at = moment + timedelta(days=current().solved_after_days, hours=1)
            if isinstance(event, Answered) and event.status == "shipped" and asked_at + timedelta(days=1) < self.now:
                self._plan(asked_at, solving.ask_due)
                self._plan(asked_at + timedelta(days=1), partial(self._say_whether_it_helped, running))
        if story.hidden:
            self._plan(begun + timedelta(hours=7), partial(self._hide, running))
        self._plan(self.now - timedelta(minutes=1), partial(self._cast, running, self.now))

    def _post(self, running: _Running) -> None:
        story = running.story
        author = db.session.get_one(User, running.author)
        idea = posting.submit(
            author, queries.get_board(author, running.board.slug), title=story.title, body=story.body, tags=story.tags
        )
        running.idea_id = idea.id
        if story.owner:
            actor = self._person("tomas")
            posting.assign(actor, self._seen(running, actor), self._person(story.owner))
        if self.chance.random() < 0.5:
            follower = self._somebody(running.crowd, set())
            following.follow_idea(db.session.get_one(User, follower), self._seen(running, author).idea)

    def _happen(self, running: _Running, event: Event) -> None:
        self._cast(running, utcnow())
        if isinstance(event, Said):
            self._say(running, event)
        elif isinstance(event, Edited):
            self._edit(running, event)
        elif isinstance(event, Answered):
            self._answer(running, event)
        elif isinstance(event, Merged):
            actor, other = self._person(event.by), self.running[event.into]
            merging.merge(actor, self._seen(running, actor), self._seen(other, actor), text=event.text)
        elif isinstance(event, Flagged):
            self._flag(running, event)
        elif isinstance(event, Appealed):
            self._appeal(running, event)
        else:
            self._correct(running, event)

    def _say(self, running: _Running, event: Said) -> None:
        speaker = db.session.get_one(User, self._speaker(running, event.by))
        comment = commenting.add(
            speaker,
            self._seen(running, speaker),
            body=event.text,
            parent_id=running.comments.get(event.reply_to),
            official=event.official,
            internal=event.internal,
        )
        running.comments[event.key or str(comment.id)] = comment.id
        if event.hidden:
            self._announce(utcnow())
            actor = self._person("ingrid")
            with at(utcnow() + timedelta(hours=2)):
                moderating.hide_comment(actor, queries.get_comment(actor, comment.id), reason=event.hidden)

    def _edit(self, running: _Running, event: Edited) -> None:
        if event.comment:
            comment = db.session.get_one(Comment, running.comments[event.comment])
            author = db.session.get_one(User, comment.author_id)
            commenting.edit(author, queries.get_comment(author, comment.id), body=event.text)
            return
        author = db.session.get_one(User, running.author)
        ranking.recount(self._seen(running, author).idea.board_id)  # whether it matters depends on who backed it
        words = {"title": event.title, "body": event.text} if event.title else {"body": event.text}
        posting.revise(author, self._seen(running, author), words)

    def _flag(self, running: _Running, event: Flagged) -> None:
        person = self._person(event.by)
        comment = db.session.get_one(Comment, running.comments[event.comment]) if event.comment else None
        flagging.flag(person, self._seen(running, person), comment, reason=FlagReason(event.reason), words=event.text)

    def _appeal(self, running: _Running, event: Appealed) -> None:
        comment = db.session.get_one(Comment, running.comments[event.comment])
        author = db.session.get_one(User, comment.author_id)
        hiding_id = db.session.scalars(sa.select(Hiding.id).where(Hiding.comment_id == comment.id)).one()
        moderating.appeal(author, queries.get_hiding(author, hiding_id), words=event.text)

    def _speaker(self, running: _Running, by: str) -> int:
        if by == "author":
            return running.author
        if by:
            return self.people[by]
        # not somebody who has said something here: it would sound as if they talked to themselves
        busy = {*running.said_by, *self.bouncing, self.people["mia"]}
        speaker = self._somebody([voter for voter in running.crowd if voter not in busy] or running.crowd, set())
        running.said_by.add(speaker)
        return speaker

    def _answer(self, running: _Running, event: Answered) -> None:
        actor = self._person(event.by)
        words = self._words(running, event, event.reason) | {"status": event.status}
        given = answering.answer(actor, self._seen(running, actor), words)
        if event.undone:
            with at(utcnow() + answering.settle_time() / 2):
                answering.undo(actor, queries.get_answer(actor, given.id))
            return
        running.answer_id, running.reason = given.id, event.reason

    def _correct(self, running: _Running, event: Corrected) -> None:
        actor = self._person(event.by)
        words = self._words(running, event, running.reason)
        answering.correct(actor, queries.get_answer(actor, running.answer_id), words)

    def _words(self, running: _Running, event: Answered | Corrected, reason: str) -> dict[str, Any]:
        review_by = event.review_by if isinstance(event, Answered) else None
        return {
            "reason": Reason(reason),
            "text": event.text,
            "date": self._day(event.date),
            "review_by": self._day(review_by),
            "credits": [self._credit(running, each) for each in event.credits],
        }

    def _credit(self, running: _Running, told: Credited) -> dict[str, Any]:
        if told.whose in ("author", "votes"):
            return {"kind": CreditKind(told.whose), "id": None, "how": told.how}
        if told.whose in self.running:
            return {"kind": CreditKind.MERGED_IDEA, "id": self.running[told.whose].idea_id, "how": told.how}
        return {"kind": CreditKind.COMMENT, "id": running.comments[told.whose], "how": told.how}

    def _say_whether_it_helped(self, running: _Running) -> None:
        """A third of those who were asked answer, some with words; Mia has not yet."""
        asked = sa.select(Solved.user_id).where(Solved.idea_id == running.idea_id).order_by(Solved.user_id)
        people_asked = [who for who in db.session.scalars(asked) if who not in (self.left, self.people["mia"])]
        said = list(running.story.helped)
        for who in self.chance.sample(people_asked, len(people_asked) // 3):
            told = said.pop(0) if said else Helped(self._in_a_word(running.story.content), "")
            person = db.session.get_one(User, who)
            row = outcomes.get_own(person, running.idea_id)
            consent = {"may_publish": told.named or told.shown, "show_name": told.named}
            solving.say(person, row, answer=models_solving.Helped(told.answer), words=told.words, **consent)
            if told.shown:
                actor = self._person("nadia")
                solving.publish(actor, outcomes.get_said(actor, row.solved.id), shown=True)

    def _in_a_word(self, content: float) -> str:
        return "yes" if self.chance.random() < content else self.chance.choice(["partly", "no"])

    def _withdraw(self, running: _Running) -> None:
        self._cast(running, utcnow())
        author = db.session.get_one(User, running.author)
        posting.withdraw(author, self._seen(running, author))

    def _hide(self, running: _Running) -> None:
        actor = self._person("ingrid")
        moderating.hide_idea(actor, self._seen(running, actor), reason=running.story.hidden)

    def _seen(self, running: _Running, reader: User) -> IdeaRow:
        return queries.get_idea(reader, running.idea_id)

    def _cast(self, running: _Running, until: datetime) -> None:
        """Record the votes up to that time; they are counted in the end."""
        now = [(running.idea_id, voter, cast_at) for voter, cast_at in running.votes if cast_at <= until]
        running.votes = [(voter, cast_at) for voter, cast_at in running.votes if cast_at > until]
        voting.take_over(now)

    # --- Telling ---

    def _announce(self, moment: datetime) -> None:
        """Let the ledger tell what has happened, as a worker would have done then; nothing leaves."""
        with at(moment + answering.settle_time() + timedelta(seconds=5)):
            while fanout.fan_out_next(settings.rooms().notices):
                pass
        with at(moment + answering.settle_time() + MAIL_TAKES):
            while (claim := sending.claim()).taken:
                for row in claim.rows:
                    sending.write_down(claim, row, self._outcome(row.to.id))

    def _send_digests(self, until: datetime) -> None:
        """Let the digests go whose hour comes by then; the next wait, as they would."""
        while (due := sending.next_due()) is not None and due <= until:
            with at(due + MAIL_TAKES):
                claim = digests.claim()
                for row in claim.rows:
                    row.included = [delivery.id for delivery in row.deliveries]
                    digests.write_down(claim, row, self._outcome(row.to.id))
            if not claim.taken:
                return

    def _outcome(self, reader: int) -> sending.Outcome:
        return sending.refused(BOUNCED) if reader in self.bouncing else sending.SENT

    # --- Time and chance ---

    def _plan(self, moment: datetime, act: Callable[[], object]) -> None:
        self.acts.append((moment, len(self.acts), act))

    def _moment(self, days_ago: float) -> datetime:
        """That long ago, moved into the hours when people are awake unless it is of the last day."""
        moment = self.now - timedelta(days=days_ago)
        if days_ago < 1.5:
            return moment
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(hours=7) + (moment - midnight) * (14 / 24)

    def _day(self, days: int | None) -> Any:
        return None if days is None else (self.now + timedelta(days=days)).date()

    def _somebody(self, among: Sequence[int], but: set[int]) -> int:
        return self.chance.choice([person for person in among if person not in but and person != self.left])


def _latin(name: str, between: str = ".") -> str:
    """A name as it stands in an address."""
    plain = unicodedata.normalize("NFKD", name.replace("’", "").replace("'", "")).encode("ascii", "ignore").decode()
    return text.slug(plain, longest=40).replace("-", between)
