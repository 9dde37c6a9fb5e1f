# ruff: noqa: E501 - a table is read by its columns
"""Who is told what: the whole table, each cell read from the ledger after the act was done and announced.

A line is an event, with its name in the outbox; a column is somebody with one thing to do with it. A cell says how they
are told and by which path, in the ledger's words cut short; "-" where they are owed nothing. Muted, opted out and
unable to see are voters whom that keeps from hearing; the actor is of the team, and a voter too.

    now   an e-mail at once, and a line in the inbox            day   the e-mail waits for the daily digest
    self  it is their own act                                   muted, off, unseen   both lines suppressed, and why
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import (
    answering,
    behalf,
    commenting,
    following,
    merging,
    moderating,
    outcomes,
    posting,
    queries,
    releases,
    releasing,
    schemas,
    schemas_releases,
    silence,
    solving,
)
from ideas.boards.models import Board, Comment, Idea, Visibility
from ideas.boards.models_evidence import VoteOnBehalf
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_solving import Helped, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import preferences
from ideas.ledger.models import Channel, Delivery, Mode
from ideas.outbox import OutboxEntry
from ideas.settings import rooms
from tests.boards.arranging import announce
from tests.factories import (
    BoardFactory,
    BoardFollowFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    VoteOnBehalfFactory,
    team_member,
)

COLUMNS = (
    *("author", "voter", "on behalf", "merged author", "merged voter", "commenter", "follower", "credited"),
    *("board follower", "owner", "team", "muted", "opted out", "unable to see", "actor"),
)

# Short for the paths of the ledger.
PATHS = {
    "credited": "cred",
    "author": "auth",
    "merged_author": "mauth",
    "replied_to": "repl",
    "mentioned": "ment",
    "commenter": "comm",
    "voter": "vote",
    "follower": "foll",
    "owner": "own",
    "team": "team",
}

# fmt: off
TABLE = """
event            | kind               | author   | voter    | on behalf | merged author | merged voter | commenter | follower | credited | board follower | owner    | team     | muted | opted out | unable to see | actor
received         | idea_received      | now auth | -        | -         | -             | -            | -         | -        | -        | now foll       | day team | day team | -     | -         | -             | day team
official comment | commented          | now auth | day vote | day vote  | day mauth     | day vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
moved            | answered           | now auth | day vote | day vote  | day mauth     | day vote     | day comm  | now foll | day comm | -              | -        | -        | muted | off       | unseen        | self
planned          | answered           | now auth | now vote | now vote  | now mauth     | now vote     | day comm  | now foll | day comm | -              | -        | -        | muted | off       | unseen        | self
date moved       | answer_corrected   | now auth | now vote | now vote  | now mauth     | now vote     | day comm  | now foll | day comm | -              | -        | -        | muted | off       | unseen        | self
date near        | date_near          | -        | -        | -         | -             | -            | -         | -        | -        | -              | now own  | -        | -     | -         | -             | -
shipped          | answered           | now auth | now vote | now vote  | now mauth     | now vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
declined         | answered           | now auth | now vote | now vote  | now mauth     | now vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
not now          | answered           | now auth | now vote | now vote  | now mauth     | now vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
credited         | answered           | now auth | now vote | now vote  | now mauth     | now vote     | day comm  | now foll | now cred | -              | -        | -        | muted | off       | unseen        | self
credited later   | answer_corrected   | -        | -        | -         | -             | -            | -         | -        | now cred | -              | -        | -        | -     | -         | -             | self
votes credited   | answered           | now auth | now cred | now vote  | now mauth     | now cred     | day comm  | now foll | day comm | -              | -        | -        | muted | off       | unseen        | self
merged           | merged             | now auth | now vote | now vote  | now mauth     | now vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
merged in        | merged             | now auth | -        | -         | -             | -            | now comm  | now foll | now comm | -              | -        | -        | -     | -         | -             | self
unmerged         | unmerged           | now auth | now vote | now vote  | now auth      | now vote     | now comm  | now foll | now comm | -              | -        | -        | muted | off       | unseen        | self
hidden           | hidden             | now auth | -        | -         | -             | -            | -         | -        | -        | -              | -        | -        | -     | -         | -             | self
appealed         | appealed           | -        | -        | -         | -             | -            | -         | -        | -        | -              | day team | day team | -     | -         | -             | day team
appeal answered  | appeal_answered    | now auth | -        | -         | -             | -            | -         | -        | -        | -              | -        | -        | -     | -         | -             | self
solved?          | solved_asked       | now auth | now vote | now vote  | now mauth     | now vote     | -         | -        | now cred | -              | -        | -        | muted | off       | unseen        | -
not solved       | not_solved         | -        | -        | -         | -             | -            | -         | -        | -        | -              | now own  | now team | -     | -         | -             | now team
followed up      | followed_up        | -        | now vote | now vote  | -             | now vote     | -         | -        | -        | now foll       | day team | day team | -     | off       | -             | self
no word 90 days  | still_wanted_asked | day auth | day vote | day vote  | day mauth     | day vote     | -         | -        | -        | -              | now own  | -        | muted | off       | unseen        | day vote
overdue          | overdue            | -        | -        | -         | -             | -            | -         | -        | -        | -              | now own  | -        | -     | -         | -             | -
release          | release_published  | -        | -        | -         | -             | -            | -         | -        | -        | now foll       | -        | -        | -     | -         | -             | self
reply            | commented          | -        | -        | -         | -             | -            | now repl  | now foll | -        | -              | day own  | -        | -     | -         | -             | self
mention          | commented          | -        | -        | -         | -             | -            | now ment  | now foll | -        | -              | day own  | -        | -     | -         | -             | self
a comment        | commented          | -        | -        | -         | -             | -            | -         | now foll | -        | -              | day own  | -        | -     | -         | -             | self
internal note    | commented          | -        | -        | -         | -             | -            | -         | -        | -        | -              | day own  | -        | -     | -         | -             | self
asked on behalf  | voted_on_behalf    | -        | -        | now vote  | -             | -            | -         | -        | -        | -              | -        | -        | -     | -         | -             | self
"""
# fmt: on

WHY = "We decided it together with everybody who asked for it, and this is why."


def rows() -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
    assert tuple(lines[0][1:]) == ("kind", *COLUMNS)
    return {line[0]: dict(zip(lines[0][1:], line[1:], strict=True)) for line in lines[1:]}


@dataclass
class World:
    """An idea with one person for each column. Whoever is kept from being told voted for it."""

    clock: Any
    names: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.board = cast(Board, BoardFactory(slug="garden", visibility=Visibility.PRIVATE))
        for column in COLUMNS:
            if column in ("owner", "team", "actor"):
                person: Any = team_member(self.board, name=column)
            else:
                person = UserFactory(name=column)
                if column != "unable to see":
                    MembershipFactory(board=self.board, user=person)
            self.names[column] = person.id
        idea: Any = IdeaFactory(board=self.board, author=self.who("author"))
        part: Any = IdeaFactory(board=self.board, author=self.who("merged author"))
        self.id, self.part_id = idea.id, part.id
        idea.owner_id = self.names["owner"]
        for column in ("voter", "muted", "opted out", "unable to see", "actor"):
            VoteFactory(idea=idea, user=self.who(column))
        VoteFactory(idea=part, user=self.who("merged voter"))
        VoteOnBehalfFactory(idea=idea, user=self.who("on behalf"), by=self.who("team"))
        self.comment_id = cast(Comment, CommentFactory(idea=idea, author=self.who("commenter"))).id
        self.credited_id = cast(Comment, CommentFactory(idea=idea, author=self.who("credited"))).id
        IdeaFollowFactory(idea=idea, user=self.who("follower"))
        db.session.commit()
        with unit_of_work():
            on, into = (queries.get_idea(self.who("actor"), each) for each in (self.part_id, self.id))
            merging.merge(self.who("actor"), on, into, text="Both ask for the same, so they are one.")
        announce()
        with unit_of_work():
            preferences.mute(self.who("muted"), idea.subject)
            for kind in rooms().news:
                preferences.choose(self.who("opted out"), kind.name, email=Mode.OFF, inbox=Mode.OFF)
        self.clock.shift(timedelta(hours=1))

    def who(self, column: str) -> User:
        return db.session.get_one(User, self.names[column])

    def on(self, idea_id: int | None = None) -> Any:
        return queries.get_idea(self.who("actor"), idea_id or self.id)

    # --- What happens ---

    def post(self) -> None:
        BoardFollowFactory(board=self.board, user=self.who("board follower"))
        db.session.commit()
        with unit_of_work():
            where = queries.get_board(self.who("author"), "garden")
            posting.submit(self.who("author"), where, title="A shed", body="Also dry.")

    def answer(self, status: str, reason: str, **more: Any) -> int:
        words = schemas.NewAnswer().load({"status": status, "reason": reason, "text": WHY, **more})
        with unit_of_work():
            return answering.answer(self.who("actor"), self.on(), words).id

    def correct(self, answer_id: int, **more: Any) -> None:
        words = schemas.AnswerWords().load({"reason": "committed", "text": WHY, **more})
        with unit_of_work():
            answering.correct(self.who("actor"), queries.get_answer(self.who("actor"), answer_id), words)

    def credit(self) -> list[dict[str, Any]]:
        return [{"kind": "comment", "id": self.credited_id, "how": "It became the page."}]

    def day(self, days: int) -> str:
        return (utcnow() + timedelta(days=days)).date().isoformat()

    def plan(self) -> int:
        answer_id = self.answer("planned", "committed", date=self.day(5))
        announce()
        return answer_id

    def say(self, speaker: str, body: str = "I would use it.", **more: Any) -> None:
        with unit_of_work():
            person = self.who(speaker)
            commenting.add(person, queries.get_idea(person, self.id), body=body, **more)

    def merge_away(self) -> None:
        into: Any = IdeaFactory(board=self.board, author=self.who("actor"))
        db.session.commit()
        with unit_of_work():
            merging.merge(
                self.who("actor"), self.on(), self.on(into.id), text="Both ask for the same, so they are one."
            )

    def ask(self) -> None:
        """Whether they want it, as the team says; for the others it is as before."""
        db.session.execute(sa.delete(VoteOnBehalf))
        db.session.commit()
        with unit_of_work():
            behalf.note(self.who("actor"), self.on(), self.who("on behalf"))

    def take_in(self) -> None:
        other: Any = IdeaFactory(board=self.board, author=self.who("actor"))
        db.session.commit()
        with unit_of_work():
            merging.merge(
                self.who("actor"), self.on(other.id), self.on(), text="Both ask for the same, so they are one."
            )

    def unmerge(self) -> None:
        with unit_of_work():
            merging.unmerge(self.who("actor"), self.on(self.part_id), text="They are two needs after all.")

    def hide(self) -> int:
        with unit_of_work():
            moderating.hide_idea(self.who("actor"), self.on(), reason="It names a neighbour.")
        announce()
        return db.session.scalars(sa.select(Hiding.id)).one()

    def appeal(self) -> int:
        hiding_id = self.hide()
        with unit_of_work():
            moderating.appeal(
                self.who("author"), queries.get_hiding(self.who("author"), hiding_id), words="They agree by now."
            )
        announce()
        return hiding_id

    def uphold(self) -> None:
        hiding_id = self.appeal()
        with unit_of_work():
            row = queries.get_hiding(self.who("actor"), hiding_id)
            moderating.uphold(self.who("actor"), row, reply="They told us that they do not.")

    def ask_whether_solved(self) -> None:
        self.answer("shipped", "shipped", credits=self.credit())
        announce()
        self.clock.shift(timedelta(days=14))
        with unit_of_work():
            solving.ask_due()
        announce()

    def say_no(self) -> None:
        self.ask_whether_solved()
        satisfied = {self.names[column] for column in ("author", "merged author", "credited", "muted", "unable to see")}
        for user_id in db.session.scalars(sa.select(Solved.user_id).order_by(Solved.user_id)).all():
            if user_id == self.names["unable to see"]:
                continue
            with unit_of_work():
                person = db.session.get_one(User, user_id)
                # a majority is not content, whoever else was
                answer = Helped.YES if user_id in satisfied and user_id != self.names["credited"] else Helped.NO
                solving.say(person, outcomes.get_own(person, self.id), answer=answer)
        announce()

    def go_on(self) -> None:
        BoardFollowFactory(board=self.board, user=self.who("board follower"))
        self.say_no()
        db.session.execute(sa.update(Solved).where(Solved.user_id == self.names["credited"]).values(answer="yes"))
        db.session.commit()
        with unit_of_work():
            solving.follow_up(self.who("actor"), self.on())

    def release(self) -> None:
        """Everybody follows the releases of the board; the idea that it ships is news of its own to all but one."""
        with unit_of_work():
            for column in COLUMNS:
                if column not in ("owner", "team"):
                    releasing.follow(self.who(column), self.board)
            actor, where = self.who("actor"), queries.get_board(self.who("actor"), "garden")
            words = schemas_releases.ReleaseWords().load({"title": "Spring"})
            release_id = releasing.draft(actor, where, words).id
        with unit_of_work():
            line = schemas_releases.ReleaseLine().load({"text": WHY})
            releasing.put(self.who("actor"), releases.get(self.who("actor"), release_id), self.on(), line)
        with unit_of_work():
            releasing.publish(self.who("actor"), releases.get(self.who("actor"), release_id))

    def be_silent(self) -> None:
        self.clock.shift(timedelta(days=90))
        with unit_of_work():
            silence.ask_due()

    def be_late(self) -> None:
        self.clock.shift(timedelta(days=20))
        with unit_of_work():
            silence.remind_owners()

    def credit_later(self) -> None:
        """An answer that was announced is corrected, and credits somebody now."""
        given = self.answer("planned", "committed")
        announce()
        self.correct(given, credits=self.credit())

    def come_near(self) -> None:
        self.plan()
        with unit_of_work():
            silence.remind_of_dates()


HAPPENS: dict[str, Callable[[World], Any]] = {
    "received": World.post,
    "official comment": lambda world: world.say("actor", "We measure it next week.", official=True),
    "moved": lambda world: world.answer("considering", "under_review"),
    "planned": lambda world: world.answer("planned", "committed"),
    "date moved": lambda world: world.correct(world.plan(), date=world.day(30)),
    "date near": World.come_near,
    "shipped": lambda world: world.answer("shipped", "shipped"),
    "declined": lambda world: world.answer("declined", "not_us"),
    "not now": lambda world: world.answer("open", "not_now", review_by=world.day(60)),
    "credited": lambda world: world.answer("planned", "committed", credits=world.credit()),
    "credited later": World.credit_later,
    "votes credited": lambda world: world.answer(
        "planned", "committed", credits=[{"kind": "votes", "how": "You moved it."}]
    ),
    "merged": World.merge_away,
    "merged in": World.take_in,
    "unmerged": World.unmerge,
    "hidden": World.hide,
    "appealed": World.appeal,
    "appeal answered": World.uphold,
    "solved?": World.ask_whether_solved,
    "not solved": World.say_no,
    "followed up": World.go_on,
    "no word 90 days": World.be_silent,
    "overdue": World.be_late,
    "release": World.release,
    "asked on behalf": World.ask,
    "reply": lambda world: world.say("actor", parent_id=world.comment_id),
    "mention": lambda world: world.say("actor", "Would you, @commenter?"),
    "a comment": lambda world: world.say("actor"),
    "internal note": lambda world: world.say("actor", internal=True),
}


def cell(lines: dict[str, Delivery], *, is_actor: bool) -> str:
    """What the ledger says of one person: two lines, or none."""
    if not lines:
        return "self" if is_actor else "-"
    inbox, email = lines[Channel.INBOX], lines[Channel.EMAIL]
    assert (inbox.path, inbox.news) == (email.path, email.news)
    if inbox.state == "suppressed":
        assert (email.state, email.reason) == (inbox.state, inbox.reason)
        return {"not_visible": "unseen"}.get(str(inbox.reason), str(inbox.reason))
    assert (inbox.state, email.state) == ("sent", "pending")
    return f"{'day' if email.digest == 'daily' else 'now'} {PATHS[email.path]}"


def ledger(world: World) -> dict[str, str]:
    """The latest event's line of the table, as the ledger has it."""
    db.session.rollback()
    entry = db.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc())).first()
    assert entry is not None
    assert entry.fanned_out_at is not None
    found: dict[int, dict[str, Delivery]] = {}
    for line in db.session.scalars(sa.select(Delivery).where(Delivery.entry_id == entry.id)):
        assert line.channel not in found.setdefault(line.user_id, {}), "one message for each person"
        found[line.user_id][line.channel] = line
    known = set(world.names.values())
    assert found.keys() <= known, "nobody else is told"
    told = {"kind": entry.kind}
    for column, user_id in world.names.items():
        acted = entry.actor_id == user_id and column == "actor"
        told[column] = cell(found.get(user_id, {}), is_actor=acted)
    return told


@pytest.mark.parametrize("event", HAPPENS)
def test_the_ledger_says_what_the_table_says(app, clock, event):
    world = World(clock)

    HAPPENS[event](world)
    announce()

    assert ledger(world) == rows()[event]


def test_every_line_of_the_table_is_done_and_every_event_has_one(app):
    assert set(rows()) == set(HAPPENS)
    assert {row["kind"] for row in rows().values()} == set(rooms().notices)


def test_one_message_for_somebody_owed_by_five_paths(app, clock):
    """Author of a part, commenter who is credited, voter, follower of both, and of the team."""
    world = World(clock)
    ole: Any = team_member(world.board, name="Ole")
    for idea_id in (world.id, world.part_id):
        VoteFactory(idea=db.session.get(Idea, idea_id), user=ole)
    said = CommentFactory(idea=db.session.get(Idea, world.id), author=ole)
    IdeaFollowFactory(idea=db.session.get(Idea, world.id), user=ole)
    db.session.execute(sa.update(Idea).where(Idea.id == world.part_id).values(author_id=ole.id))
    db.session.commit()
    with unit_of_work():
        following.follow_board(db.session.get_one(User, ole.id), world.on().idea.board)

    credit = [{"kind": "comment", "id": said.id, "how": "It became the page."}]
    world.answer("shipped", "shipped", credits=credit)
    announce()

    lines = db.session.scalars(
        sa.select(Delivery).where(Delivery.user_id == ole.id, Delivery.news.in_(["credited", "shipped"]))
    ).all()
    assert sorted((line.channel, line.path, line.news, line.contribution_kind) for line in lines) == [
        ("email", "credited", "credited", "comment"),
        ("inbox", "credited", "credited", "comment"),
    ]
