"""What people read: each notice by each path, as kept beside this file, and what no title can do to it.

After a change of words write the snapshots anew with SNAPSHOTS=write, and read their difference as the reader would.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ideas import settings, words
from ideas.accounts.models import User
from ideas.boards import (
    answering,
    behalf,
    commenting,
    merging,
    moderating,
    outcomes,
    posting,
    queries,
    releases,
    releasing,
    schemas,
    silence,
    solving,
    voting,
)
from ideas.boards.models import Comment, Reason
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_solving import Helped, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import judging
from ideas.outbox import DueDelivery, OutboxEntry
from tests.boards.arranging import statements
from tests.factories import (
    BoardFactory,
    BoardFollowFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    UserFactory,
    VoteFactory,
    VoteOnBehalfFactory,
    team_member,
)
from tests.test_markup import Seen

SNAPSHOTS = Path(__file__).parent / "snapshots"
MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LONG = "We will build this in spring, because so many of you asked for it.\n\nIt begins with the **north side**."
PATHS = [
    "credited",
    "author",
    "merged_author",
    "replied_to",
    "mentioned",
    "commenter",
    "voter",
    "follower",
    "owner",
    "team",
]


class Scene:
    """An idea with one person for each way to be connected with it."""

    def __init__(self, clock, *, title="A roof for bicycles", name="Kim", board_name="Garden"):
        self.title = title
        self.other_title = title.replace("A roof", "A shed")
        clock.move_to(MARCH + timedelta(days=2))
        self.clock = clock
        self.board = BoardFactory(slug="garden", name=board_name, promise="Mia and Tom read everything on Mondays.")
        self.mia = team_member(self.board, name="Mia Berg", title="Product lead")
        BoardFollowFactory(board=self.board, user=UserFactory(name="Bea"))
        self.author = UserFactory(name="Ole Hansen")
        with unit_of_work():
            where = queries.get_board(self.author, "garden")
            idea = posting.submit(self.author, where, title=title, body="So that they stay **dry** & <safe>.")
            self.id = idea.id
        clock.shift(timedelta(days=1))
        VoteFactory(idea=queries.get_idea(None, self.id).idea, user=UserFactory(name="Vera"))
        IdeaFollowFactory(idea=queries.get_idea(None, self.id).idea, user=UserFactory(name="Finn"))
        clock.shift(timedelta(days=1))
        self.kim = UserFactory(name=name)
        self.comment_id = self.say(self.kim, "The north side gets *wet* first.")
        clock.shift(timedelta(days=5))

    def say(self, author, body, **more):
        with unit_of_work():
            return commenting.add(author, queries.get_idea(author, self.id), body=body, **more).id

    def own(self):
        owner = team_member(self.board, name="Olga")
        with unit_of_work():
            posting.assign(self.mia, queries.get_idea(self.mia, self.id), owner)

    def answer(self, *, status="planned", reason="committed", text=LONG, **more):
        given = schemas.NewAnswer().load({"status": status, "reason": reason, "text": text, **more})
        with unit_of_work():
            return answering.answer(self.mia, queries.get_idea(self.mia, self.id), given).id

    def correct(self, answer_id, **more):
        db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=utcnow()))
        db.session.commit()
        given = schemas.AnswerWords().load({"reason": "committed", "text": LONG, **more})
        with unit_of_work():
            answering.correct(self.mia, queries.get_answer(self.mia, answer_id), given)

    def merge(self):
        """An older idea with a voter, a commenter and a follower of its own becomes part of this one."""
        ria = UserFactory(name="Ria Lund")
        shed = IdeaFactory(board=self.board, author=ria, title=self.other_title, created_at=MARCH)
        VoteFactory(idea=shed, user=UserFactory(name="Vic"), cast_at=MARCH)
        IdeaFollowFactory(idea=shed, user=UserFactory(name="Fred"))
        CommentFactory(idea=shed, author=UserFactory(name="Cora"), body="Mine *rusts*.", created_at=MARCH)
        self.shed_id = shed.id
        with unit_of_work():
            on, into = (queries.get_idea(self.mia, number) for number in (shed.id, self.id))
            merging.merge(self.mia, on, into, text="Both ask for a **dry** place, so they are one.")

    def unmerge(self):
        self.merge()
        db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=utcnow()))
        db.session.commit()
        with unit_of_work():
            merging.unmerge(
                self.mia, queries.get_idea(self.mia, self.shed_id), text="A shed has a **door**, after all."
            )

    def hide(self, comment_id=None):
        why = "It names a neighbour, and they asked us not to."
        with unit_of_work():
            if comment_id is None:
                moderating.hide_idea(self.mia, queries.get_idea(self.mia, self.id), reason=why)
            else:
                moderating.hide_comment(self.mia, queries.get_comment(self.mia, comment_id), reason=why)

    def appeal(self, *, grant):
        self.hide()
        hiding_id = db.session.scalars(sa.select(Hiding.id)).one()
        author = queries.get_idea(self.mia, self.id).idea.author
        with unit_of_work():
            moderating.appeal(author, queries.get_hiding(author, hiding_id), words="The neighbour agrees by now.")
        with unit_of_work():
            row = queries.get_hiding(self.mia, hiding_id)
            if grant:
                moderating.grant(self.mia, row)
            else:
                moderating.uphold(self.mia, row, reply="They told us yesterday that they do not.")

    def ask(self):
        """Whether it solved the need, two weeks after it was shipped and told."""
        self.answer(status="shipped", reason="shipped")
        db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=utcnow()))
        db.session.commit()
        self.clock.shift(timedelta(days=14))
        with unit_of_work():
            solving.ask_due()

    def say_no(self):
        """Most of those who were asked are not content."""
        for number in range(4):
            VoteFactory(idea=queries.get_idea(None, self.id).idea, user=UserFactory(name=f"Nora {number}"))
        self.ask()
        rows = sa.select(Solved).order_by(Solved.user_id).options(sa.orm.joinedload(Solved.user))
        for place, row in enumerate(db.session.scalars(rows).all()):
            answer = Helped.PARTLY if place == 0 else Helped.YES if place == 1 else Helped.NO
            with unit_of_work():
                person = db.session.get_one(User, row.user_id)
                solving.say(person, outcomes.get_own(person, self.id), answer=answer)

    def be_silent(self):
        """For ninety days nobody of the team says a word; Mia owes it."""
        self.own()
        self.clock.shift(timedelta(days=90))
        with unit_of_work():
            silence.ask_due()

    def be_late(self):
        self.own()
        self.clock.shift(timedelta(days=15))
        with unit_of_work():
            silence.remind_owners()

    def come_near(self):
        self.own()
        self.answer(date="2026-03-15")
        with unit_of_work():
            silence.remind_of_dates()

    def ask_to_look_again(self):
        self.hide()
        author = queries.get_idea(self.mia, self.id).idea.author
        hiding_id = db.session.scalars(sa.select(Hiding.id)).one()
        with unit_of_work():
            moderating.appeal(author, queries.get_hiding(author, hiding_id), words="The neighbour agrees by now.")

    def release(self):
        with unit_of_work():
            releasing.follow(UserFactory(name="Rea"), self.board)
            where = queries.get_board(self.mia, "garden")
            words = {"title": f"{self.title}, and more", "body": "What was **wet** is dry.", "date": None}
            release_id = releasing.draft(self.mia, where, words).id
        with unit_of_work():
            line = {"reason": Reason.SHIPPED, "text": LONG, "credits": []}
            on = queries.get_idea(self.mia, self.id)
            releasing.put(self.mia, releases.get(self.mia, release_id), on, line)
        with unit_of_work():
            releasing.publish(self.mia, releases.get(self.mia, release_id))

    def count_on_somebody(self, *, shipped=False):
        """Mia says that Nils wants it, and of what became part of it that Nora does."""
        self.merge()
        with unit_of_work():
            behalf.note(self.mia, queries.get_idea(self.mia, self.id), UserFactory(name="Nils"))
        if shipped:
            VoteOnBehalfFactory(
                idea=queries.get_idea(self.mia, self.shed_id).idea,
                user=UserFactory(name="Nora"),
                by=self.mia,
                noted_at=utcnow(),
            )
            self.answer(status="shipped", reason="shipped")

    def go_on(self):
        self.say_no()
        with unit_of_work():
            solving.follow_up(self.mia, queries.get_idea(self.mia, self.id))


def due():
    """The deliveries of the latest event, the strongest path first."""
    entry = db.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc())).first()
    people = judging.strongest(settings.rooms().notices[entry.kind].audience(entry.about_id), but=entry.actor_id)
    rows = db.session.execute(sa.select(people)).all()
    found = [
        DueDelivery(
            number,
            entry.kind,
            entry.subject,
            entry.about_id,
            entry.recorded_at,
            row.user_id,
            row.path,
            row.news,
            row.contribution_kind,
            row.contribution_id,
        )
        for number, row in enumerate(rows, start=1)
    ]
    return sorted(found, key=lambda one: (PATHS.index(one.path), one.contribution_kind or "", one.user_id))


def rendered(batch):
    """(delivery, part → text) of each that has words, as mail and inbox make them."""
    found = []
    for delivery in batch:
        notice = settings.rooms().notices[delivery.kind]
        person = db.session.get_one(User, delivery.user_id)
        with words.addressing(person):
            said = notice.words([delivery]).get(delivery.id)
            if said is None:
                continue
            names = {**said, "person": person, "path": delivery.path, "news": delivery.news}
            parts = {
                part: settings.rooms().templates.get_template(f"{notice.template}/{part}").render(names)
                for part in ("subject.txt", "body.txt", "body.html", "inbox.html")
            }
        found.append((delivery, parts))
    return found


def as_kept(found):
    """All that is read of one event, as a snapshot keeps it."""
    sections = []
    for delivery, parts in found:
        heading = f"===== {delivery.path}: {delivery.news}"
        sections += [heading, *(f"--- {part}\n{text.strip()}" for part, text in parts.items()), ""]
    return "\n".join(sections)


def plan(scene):
    scene.answer(date="2026-05-01")


def credit(scene):
    scene.answer(
        credits=[
            {"kind": "author", "how": "Your sketch is on our wall."},
            {"kind": "comment", "id": scene.comment_id, "how": "We begin with the north side."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ]
    )


def move_the_date(scene):
    scene.correct(scene.answer(date="2026-05-01"), date="2026-06-15")


def credit_later(scene):
    scene.correct(
        scene.answer(), credits=[{"kind": "comment", "id": scene.comment_id, "how": "We begin with the north side."}]
    )


def comment(scene):
    scene.own()
    scene.say(UserFactory(name="Bo Dahl"), "@Ole, could it be *green*?", parent_id=scene.comment_id)


def credit_merged(scene):
    scene.merge()
    scene.answer(
        credits=[
            {"kind": "merged_idea", "id": scene.shed_id, "how": "Your shed became the roof's south end."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ]
    )


EVENTS = {
    "received": lambda scene: None,
    "commented": comment,
    "official": lambda scene: scene.say(scene.mia, "We **measure** it next week.", official=True),
    "moved": lambda scene: scene.answer(status="considering", reason="under_review"),
    "started": lambda scene: scene.answer(status="started", reason="in_progress", date="2026-05-01"),
    "reopened": lambda scene: scene.answer(status="open", reason="reopened"),
    "planned": lambda scene: scene.answer(),
    "planned-with-a-date": plan,
    "shipped": lambda scene: scene.answer(status="shipped", reason="shipped"),
    "shipped-differently": lambda scene: scene.answer(status="shipped", reason="shipped_differently"),
    "shipped-partly": lambda scene: scene.answer(status="shipped", reason="partly"),
    "possible-already": lambda scene: scene.answer(status="declined", reason="already_possible"),
    "declined": lambda scene: scene.answer(status="declined", reason="not_us"),
    "not-now": lambda scene: scene.answer(status="declined", reason="not_now", review_by="2026-09-01"),
    "cannot-say": lambda scene: scene.answer(status="considering", reason="cannot_say", review_by="2026-09-01"),
    "credited": credit,
    "date-moved": move_the_date,
    "credited-later": credit_later,
    "merged": lambda scene: scene.merge(),
    "unmerged": lambda scene: scene.unmerge(),
    "shipped-and-merged": lambda scene: (scene.merge(), scene.answer(status="shipped", reason="shipped")),
    "credited-and-merged": credit_merged,
    "official-and-merged": lambda scene: (
        scene.merge(),
        scene.say(scene.mia, "We **measure** it next week.", official=True),
    ),
    "comment-hidden": lambda scene: scene.hide(scene.comment_id),
    "idea-hidden": lambda scene: scene.hide(),
    "appeal-granted": lambda scene: scene.appeal(grant=True),
    "appeal-refused": lambda scene: scene.appeal(grant=False),
    "solved-asked": lambda scene: scene.ask(),
    "solved-asked-and-merged": lambda scene: (scene.merge(), scene.ask()),
    "not-solved": lambda scene: scene.say_no(),
    "followed-up": lambda scene: scene.go_on(),
    "still-wanted": lambda scene: scene.be_silent(),
    "still-wanted-and-merged": lambda scene: (scene.merge(), scene.be_silent()),
    "release": lambda scene: scene.release(),
    "on-behalf": lambda scene: scene.count_on_somebody(),
    "shipped-on-behalf": lambda scene: scene.count_on_somebody(shipped=True),
    "overdue": lambda scene: scene.be_late(),
    "date-near": lambda scene: scene.come_near(),
    "appealed": lambda scene: scene.ask_to_look_again(),
}


@pytest.fixture
def scene(app, clock):
    return Scene(clock)


@pytest.mark.parametrize("name", EVENTS)
def test_the_words_are_those_we_chose(scene, name):
    EVENTS[name](scene)
    if name == "received":
        db.session.execute(sa.delete(OutboxEntry).where(OutboxEntry.kind != "idea_received"))
        db.session.commit()

    said = as_kept(rendered(due()))

    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")


def test_every_snapshot_is_of_a_notice_that_we_send():
    assert {file.stem for file in SNAPSHOTS.glob("*.txt")} == set(EVENTS)


# --- What each message says ---


@pytest.mark.parametrize("name", EVENTS)
def test_every_message_says_why_its_reader_hears_of_it(scene, name):
    EVENTS[name](scene)

    for delivery, parts in rendered(due()):
        person = db.session.get_one(User, delivery.user_id)
        with words.addressing(person):
            assert "/ideas/" in parts["body.txt"]
            assert parts["subject.txt"].strip()
        assert all(part.strip() for part in parts.values())


def test_whoever_is_credited_reads_how_their_own_input_was_used(scene):
    credit(scene)

    uses = {
        db.session.get_one(User, delivery.user_id).name: [
            line for line in parts["body.txt"].splitlines() if line.startswith("↩")
        ]
        for delivery, parts in rendered(due())
    }

    assert uses == {
        "Ole Hansen": ["↩ Your idea: Your sketch is on our wall."],
        "Kim": ["↩ Your words “The north side gets wet first.”: We begin with the north side."],
        "Vera": ["↩ Your vote: So many votes moved it up."],
        "Finn": [],
    }


def test_a_voter_who_is_credited_for_a_comment_reads_of_both(scene):
    with unit_of_work():
        voting.cast(scene.kim, queries.get_idea(scene.kim, scene.id).idea)
    credit(scene)

    [text] = [parts["body.txt"] for delivery, parts in rendered(due()) if delivery.user_id == scene.kim.id]

    assert text.count("↩") == 2


def test_days_are_those_of_the_reader_s_zone(scene):
    db.session.execute(sa.update(User).where(User.name == "Vera").values(timezone="Pacific/Kiritimati"))
    db.session.execute(sa.update(Comment).values(created_at=MARCH))
    db.session.commit()
    # Vera voted at nine in the morning in London; there it is eleven at night of the same day, and two hours later not
    scene.clock.shift(timedelta(hours=2))
    with unit_of_work():
        late = UserFactory(name="Late", timezone="Pacific/Kiritimati")
        voting.cast(late, queries.get_idea(late, scene.id).idea)
    scene.answer()

    said = {db.session.get_one(User, delivery.user_id).name: parts["body.txt"] for delivery, parts in rendered(due())}

    assert "You voted for this on 4 March." in said["Vera"]
    assert "You voted for this on 11 March." in said["Late"]


# --- What is gone by then ---


def test_the_words_of_a_note_of_the_team_stand_in_no_list(scene):
    scene.own()
    scene.say(scene.mia, "The neighbour sued us.", internal=True)
    kept = due()

    [(_delivery, parts)] = rendered(kept)

    assert "The neighbour sued us." in parts["body.txt"]
    assert "sued" not in parts["inbox.html"]


def test_of_a_comment_that_was_taken_back_nothing_is_said(scene):
    said = scene.say(UserFactory(name="Bo Dahl"), "@Ole, look.")
    waiting = due()
    db.session.execute(sa.update(Comment).where(Comment.id == said).values(deleted_at=utcnow()))
    db.session.commit()

    assert rendered(waiting) == []


def test_of_an_answer_that_was_undone_nothing_is_said(scene):
    given = scene.answer()
    waiting = due()
    with unit_of_work():
        answering.undo(scene.mia, queries.get_answer(scene.mia, given))

    assert rendered(waiting) == []


def test_of_a_hiding_that_was_restored_nothing_is_said(scene):
    scene.hide()
    waiting = due()
    with unit_of_work():
        moderating.restore_idea(scene.mia, queries.get_idea(scene.mia, scene.id))

    assert db.session.scalars(sa.select(Hiding)).one().restored_at is not None
    assert rendered(waiting) == []


def test_what_is_corrected_before_it_is_sent_is_said_as_it_reads_now(scene):
    given = scene.answer()
    waiting = due()
    scene.correct(given, text="We build it in June, because the ground is wet until then.")

    assert all("We build it in June" in parts["body.txt"] for _, parts in rendered(waiting))


def test_a_contribution_that_was_taken_back_is_not_quoted(scene):
    credit(scene)
    waiting = due()
    with unit_of_work():
        commenting.delete(scene.kim, queries.get_comment(scene.kim, scene.comment_id))

    [text] = [parts["body.txt"] for delivery, parts in rendered(waiting) if delivery.user_id == scene.kim.id]

    assert "north side gets" not in text
    assert "“”" not in text
    assert "↩ Your comment: We begin with the north side." in text


# --- What people write stays text ---

HOSTILE = '<script>alert(1)</script> & "it" %(name)s {{ 7 * 7 }}'


@pytest.mark.parametrize("name", EVENTS)
def test_what_people_write_stays_text(app, clock, name):
    scene = Scene(clock, title=HOSTILE, name=f"<b>{HOSTILE[:40]}", board_name="<i>Garden</i>")
    EVENTS[name](scene)

    for _, parts in rendered(due()):
        for part in ("body.html", "inbox.html"):
            tags = {tag for tag, _ in Seen(parts[part]).tags}
            assert tags <= {"h1", "p", "a", "div", "span", "br", "strong", "em", "table", "tr", "td"}
            assert "49" not in parts[part]
        assert "&lt;" in parts["inbox.html"] + parts["body.html"]
        assert "<script>" in parts["subject.txt"]
        assert "&lt;" not in parts["subject.txt"] + parts["body.txt"]


@pytest.mark.parametrize("gap", ["\n", "\r\nBcc: everybody@example.test\r\n", "\u2028", "\x85"])
def test_a_subject_is_one_line_whatever_the_title(app, clock, gap):
    title = schemas.NewIdea().load({"title": f"A roof{gap}for bicycles"})["title"]
    scene = Scene(clock, title=title)
    scene.answer()

    for _, parts in rendered(due()):
        assert len(parts["subject.txt"].strip().splitlines()) == 1


# --- Cost ---


@pytest.mark.parametrize("name", EVENTS)
def test_words_for_many_cost_as_many_queries_as_for_one(scene, name):
    for number in range(4):
        idea = queries.get_idea(None, scene.id).idea
        VoteFactory(idea=idea)
        CommentFactory(idea=idea)
        IdeaFollowFactory(idea=idea, user=UserFactory(name=f"Follower {number}"))
        BoardFollowFactory(board=scene.board)
    EVENTS[name](scene)
    batch = due()
    alike = [
        each for each in batch if (each.path, each.contribution_kind) == (batch[0].path, batch[0].contribution_kind)
    ]
    many = [delivery._replace(id=number) for number, delivery in enumerate(alike * 5)]
    notice = settings.rooms().notices[batch[0].kind]

    def cost(deliveries):
        with statements() as asked:
            said = notice.words(deliveries)
        assert len(said) == len(deliveries)
        return len(asked)

    assert cost(many) == cost(many[:1]) <= 8
