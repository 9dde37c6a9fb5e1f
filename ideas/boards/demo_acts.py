"""What the people of the demo do, one act of a story after the other, and how word of it goes out; see demo.py."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import (
    answering,
    commenting,
    confirming,
    evidence,
    evidencing,
    flagging,
    following,
    merging,
    models_solving,
    moderating,
    outcomes,
    posting,
    queries,
    ranking,
    releases,
    releasing,
    settling,
    solving,
    voting,
)
from ideas.boards.demo_words import shapes
from ideas.boards.models import Comment, CreditKind, Reason
from ideas.boards.models_evidence import EvidenceKind
from ideas.boards.models_moderating import FlagReason, Hiding
from ideas.boards.models_solving import Solved
from ideas.boards.queries import IdeaRow
from ideas.db import at, db, utcnow
from ideas.ledger import digests, fanout, sending

MAIL_TAKES = timedelta(seconds=20)
BOUNCED = "550 5.1.1 There is no such mailbox."


@dataclass
class Running:
    """A story while it is told: what its ideas and comments became here, and the votes still to come."""

    board: shapes.BoardStory
    story: shapes.Story
    begun: datetime
    author: int
    crowd: list[int]
    votes: list[tuple[int, datetime]]
    idea_id: int = 0
    answer_id: int = 0
    reason: str = ""
    comments: dict[str, int] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    said_by: set[int] = field(default_factory=set)


@dataclass
class Folk:
    """Who there is: everybody by key and by name, those who are not of the team, and what befalls some of them."""

    chance: random.Random
    people: dict[str, int] = field(default_factory=dict)
    everybody: list[int] = field(default_factory=list)
    bouncing: set[int] = field(default_factory=set)
    left: int = 0  # who was suspended

    def person(self, key: str) -> User:
        return db.session.get_one(User, self.people[key])

    def somebody(self, among: Sequence[int], but: set[int]) -> int:
        return self.chance.choice([person for person in among if person not in but and person != self.left])


class Acts:
    """Does what the stories tell, each act by the service that would do it, and lets the ledger tell of it."""

    def __init__(self, folk: Folk, now: datetime) -> None:
        self.folk = folk
        self.now = now
        self.running: dict[str, Running] = {}

    def post(self, running: Running) -> None:
        story = running.story
        author = db.session.get_one(User, running.author)
        idea = posting.submit(
            author, queries.get_board(author, running.board.slug), title=story.title, body=story.body, tags=story.tags
        )
        running.idea_id = idea.id
        if story.owner:
            actor = self.folk.person("tomas")
            posting.assign(actor, self._seen(running, actor), self.folk.person(story.owner))
        if self.folk.chance.random() < 0.5:
            follower = self.folk.somebody(running.crowd, set())
            following.follow_idea(db.session.get_one(User, follower), self._seen(running, author).idea)

    def happen(self, running: Running, event: shapes.Event) -> None:
        self.cast(running, utcnow())
        if isinstance(event, shapes.Said):
            self._say(running, event)
        elif isinstance(event, shapes.Heard):
            self._hear(running, event)
        elif isinstance(event, shapes.Edited):
            self._edit(running, event)
        elif isinstance(event, shapes.Answered):
            self._answer(running, event)
        elif isinstance(event, shapes.Merged):
            actor, other = self.folk.person(event.by), self.running[event.into]
            merging.merge(actor, self._seen(running, actor), self._seen(other, actor), text=event.text)
        elif isinstance(event, shapes.Flagged):
            self._flag(running, event)
        elif isinstance(event, shapes.Appealed):
            self._appeal(running, event)
        else:
            self._correct(running, event)

    def _say(self, running: Running, event: shapes.Said) -> None:
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
            self.announce(utcnow())
            actor = self.folk.person("ingrid")
            with at(utcnow() + timedelta(hours=2)):
                moderating.hide_comment(actor, queries.get_comment(actor, comment.id), reason=event.hidden)

    def _hear(self, running: Running, event: shapes.Heard) -> None:
        actor = self.folk.person(event.by)
        words = {
            "kind": EvidenceKind(event.where),
            "words": event.text,
            "link": event.link,
            "person": self.folk.people[event.whose] if event.whose else None,
            "email": None,
            "vote": event.vote,
        }
        noted = evidencing.add(actor, self._seen(running, actor), words).evidence
        running.heard[event.key or str(noted.id)] = noted.id
        if event.said:
            self.announce(utcnow())
            with at(utcnow() + timedelta(hours=5)):
                person = self.folk.person(event.whose)
                confirming.say(person, evidence.get_own(person, running.idea_id), wanted=event.said == "yes")

    def _edit(self, running: Running, event: shapes.Edited) -> None:
        if event.comment:
            comment = db.session.get_one(Comment, running.comments[event.comment])
            author = db.session.get_one(User, comment.author_id)
            commenting.edit(author, queries.get_comment(author, comment.id), body=event.text)
            return
        author = db.session.get_one(User, running.author)
        ranking.recount(self._seen(running, author).idea.board_id)  # whether it matters depends on who backed it
        words = {"title": event.title, "body": event.text} if event.title else {"body": event.text}
        posting.revise(author, self._seen(running, author), words)

    def _flag(self, running: Running, event: shapes.Flagged) -> None:
        person = self.folk.person(event.by)
        comment = db.session.get_one(Comment, running.comments[event.comment]) if event.comment else None
        flagging.flag(person, self._seen(running, person), comment, reason=FlagReason(event.reason), words=event.text)

    def _appeal(self, running: Running, event: shapes.Appealed) -> None:
        comment = db.session.get_one(Comment, running.comments[event.comment])
        author = db.session.get_one(User, comment.author_id)
        hiding_id = db.session.scalars(sa.select(Hiding.id).where(Hiding.comment_id == comment.id)).one()
        moderating.appeal(author, queries.get_hiding(author, hiding_id), words=event.text)

    def _speaker(self, running: Running, by: str) -> int:
        if by == "author":
            return running.author
        if by:
            return self.folk.people[by]
        # not somebody who has said something here: it would sound as if they talked to themselves
        busy = {*running.said_by, *self.folk.bouncing, self.folk.people["mia"]}
        speaker = self.folk.somebody([voter for voter in running.crowd if voter not in busy] or running.crowd, set())
        running.said_by.add(speaker)
        return speaker

    def _answer(self, running: Running, event: shapes.Answered) -> None:
        actor = self.folk.person(event.by)
        words = self._words(running, event, event.reason) | {"status": event.status}
        given = answering.answer(actor, self._seen(running, actor), words)
        if event.undone:
            with at(utcnow() + settling.settle_time() / 2):
                answering.undo(actor, queries.get_answer(actor, given.id))
            return
        running.answer_id, running.reason = given.id, event.reason

    def _correct(self, running: Running, event: shapes.Corrected) -> None:
        actor = self.folk.person(event.by)
        words = self._words(running, event, running.reason)
        answering.correct(actor, queries.get_answer(actor, running.answer_id), words)

    def _words(self, running: Running, event: shapes.Answered | shapes.Corrected, reason: str) -> dict[str, Any]:
        review_by = event.review_by if isinstance(event, shapes.Answered) else None
        return {
            "reason": Reason(reason),
            "text": event.text,
            "date": self._day(event.date),
            "review_by": self._day(review_by),
            "credits": [self._credit(running, each) for each in event.credits],
        }

    def _credit(self, running: Running, told: shapes.Credited) -> dict[str, Any]:
        if told.whose in ("author", "votes"):
            return {"kind": CreditKind(told.whose), "id": None, "how": told.how}
        if told.whose in running.heard:
            return {"kind": CreditKind.EVIDENCE, "id": running.heard[told.whose], "how": told.how}
        if told.whose in self.running:
            return {"kind": CreditKind.MERGED_IDEA, "id": self.running[told.whose].idea_id, "how": told.how}
        return {"kind": CreditKind.COMMENT, "id": running.comments[told.whose], "how": told.how}

    def say_whether_it_helped(self, running: Running) -> None:
        """A third of those who were asked answer, some with words; Mia has not yet."""
        asked = sa.select(Solved.user_id).where(Solved.idea_id == running.idea_id).order_by(Solved.user_id)
        people_asked = [
            who for who in db.session.scalars(asked) if who not in (self.folk.left, self.folk.people["mia"])
        ]
        said = list(running.story.helped)
        for who in self.folk.chance.sample(people_asked, len(people_asked) // 3):
            told = said.pop(0) if said else shapes.Helped(self._in_a_word(running.story.content), "")
            person = db.session.get_one(User, who)
            row = outcomes.get_own(person, running.idea_id)
            consent = {"may_publish": told.named or told.shown, "show_name": told.named}
            solving.say(person, row, answer=models_solving.Helped(told.answer), words=told.words, **consent)
            if told.shown:
                actor = self.folk.person("nadia")
                solving.publish(actor, outcomes.get_said(actor, row.solved.id), shown=True)

    def _in_a_word(self, content: float) -> str:
        return "yes" if self.folk.chance.random() < content else self.folk.chance.choice(["partly", "no"])

    def release(self, board: shapes.BoardStory, told: shapes.Released) -> None:
        """Write the release and publish it, unless it is a draft. Of what is there already nobody hears again."""
        actor = self.folk.person(told.by)
        words = {"title": told.title, "body": told.body, "date": None}
        release_id = releasing.draft(actor, queries.get_board(actor, board.slug), words).id
        for line in told.ideas:
            said = {"reason": Reason.SHIPPED, "text": line.text, "credits": []}
            releasing.put(actor, releases.get(actor, release_id), self._seen(self.running[line.idea], actor), said)
        if not told.draft:
            releasing.publish(actor, releases.get(actor, release_id))

    def withdraw(self, running: Running) -> None:
        self.cast(running, utcnow())
        author = db.session.get_one(User, running.author)
        posting.withdraw(author, self._seen(running, author))

    def hide(self, running: Running) -> None:
        actor = self.folk.person("ingrid")
        moderating.hide_idea(actor, self._seen(running, actor), reason=running.story.hidden)

    def _seen(self, running: Running, reader: User) -> IdeaRow:
        return queries.get_idea(reader, running.idea_id)

    def cast(self, running: Running, until: datetime) -> None:
        """Record the votes up to that time; they are counted in the end."""
        now = [(running.idea_id, voter, cast_at) for voter, cast_at in running.votes if cast_at <= until]
        running.votes = [(voter, cast_at) for voter, cast_at in running.votes if cast_at > until]
        voting.take_over(now)

    def _day(self, days: int | None) -> Any:
        return None if days is None else (self.now + timedelta(days=days)).date()

    # --- Telling ---

    def announce(self, moment: datetime) -> None:
        """Let the ledger tell what has happened, as a worker would have done then; nothing leaves."""
        with at(moment + settling.settle_time() + timedelta(seconds=5)):
            while fanout.fan_out_next(settings.rooms().notices):
                pass
        with at(moment + settling.settle_time() + MAIL_TAKES):
            while (claim := sending.claim()).taken:
                for row in claim.rows:
                    sending.write_down(claim, row, self._outcome(row.to.id))

    def send_digests(self, until: datetime) -> None:
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
        return sending.refused(BOUNCED) if reader in self.folk.bouncing else sending.SENT
