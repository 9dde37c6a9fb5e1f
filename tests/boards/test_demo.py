"""The demo: full enough to look at, true to every rule, and with nothing left to send."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from config import Config
from ideas import create_app, settings
from ideas.accounts import returning
from ideas.accounts.models import Company, Letter, User
from ideas.accounts.models_segments import Segment
from ideas.boards import demo, demo_words, queries, queues, ranking, receipts
from ideas.boards.demo_words.shapes import Answered, Appealed, Corrected, Edited, Flagged, Heard, Merged, Said
from ideas.boards.models import (
    Answer,
    Board,
    Comment,
    Credit,
    CreditKind,
    Idea,
    IdeaRank,
    Revision,
    Stage,
    Visibility,
    Vote,
)
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.boards.models_snippets import Snippet
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import Conflict
from ideas.ledger import fanout, sending, worker
from ideas.ledger.models import Channel, Delivery, State
from ideas.outbox import OutboxEntry
from tests.conftest import SETTINGS
from tests.factories import UserFactory


@pytest.fixture(scope="module")
def filled(database, tmp_path_factory):
    """A site with the demo; made once, because these tests only look at it.

    Time stands still meanwhile, so that no digest falls due between the making and the looking.
    """
    own = {
        "DATABASE_URL": database.fresh(),
        "INSTANCE_PATH": str(tmp_path_factory.mktemp("demo")),
        "SETTLE_MINUTES": "1",
    }
    app = create_app(Config.from_env(SETTINGS | own))
    with time_machine.travel(utcnow(), tick=False), app.app_context():
        with unit_of_work():
            demo.fill()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def site(filled):
    with filled.app_context():
        yield filled
        db.session.remove()


def count(*conditions, of):
    return db.session.scalar(sa.select(sa.func.count()).select_from(of).where(*conditions))


def test_it_is_as_large_as_a_site_in_use(site):
    sizes = {model.__tablename__: count(of=model) for model in (Board, Idea, User, Company, Vote)}

    assert sizes == {"board": 3, "idea": 62, "user": 200, "company": 30, "vote": 3000}
    assert count(of=Comment) > 80


def test_one_board_is_private_and_two_are_public(site):
    visibilities = db.session.scalars(sa.select(Board.visibility).order_by(Board.visibility)).all()

    assert visibilities == [Visibility.PRIVATE, Visibility.PUBLIC, Visibility.PUBLIC]
    assert len(queries.list_boards(None)) == 2


def test_there_are_ideas_in_every_stage(site):
    stages = dict(db.session.execute(sa.select(IdeaRank.stage, sa.func.count()).group_by(IdeaRank.stage)).all())

    assert stages.keys() == set(Stage)
    assert min(stages.values()) >= 4


def test_answers_credit_every_kind_of_contribution(site):
    assert set(db.session.scalars(sa.select(Credit.kind).distinct())) == set(CreditKind)
    assert count(Answer.version > 1, of=Answer) > 0
    assert count(Answer.undone_at.is_not(None), of=Answer) > 0


def test_its_history_is_of_the_last_month(site):
    first, last = db.session.execute(sa.select(sa.func.min(Idea.created_at), sa.func.max(Idea.created_at))).one()

    assert timedelta(days=30) < utcnow() - first < timedelta(days=33)
    assert timedelta(hours=1) < utcnow() - last < timedelta(days=1)
    assert count(Vote.cast_at > utcnow(), of=Vote) == 0
    assert count(Delivery.done_at > utcnow(), of=Delivery) == 0


def test_what_happened_happened_in_order(site):
    early = sa.select(sa.func.count()).select_from(Idea)

    assert db.session.scalar(early.join(Vote, Vote.idea_id == Idea.id).where(Vote.cast_at < Idea.created_at)) == 0
    assert (
        db.session.scalar(early.join(Comment, Comment.idea_id == Idea.id).where(Comment.created_at < Idea.created_at))
        == 0
    )
    assert (
        db.session.scalar(early.join(Answer, Answer.idea_id == Idea.id).where(Answer.created_at < Idea.created_at)) == 0
    )


def test_nothing_of_it_is_left_to_send(site):
    assert fanout.next_due() is None
    waiting = sending.next_due()
    assert waiting is None or waiting > utcnow()  # for the next digest
    assert count(Delivery.state == State.PENDING, Delivery.digest.is_(None), of=Delivery) == 0
    assert count(Letter.sent_at.is_(None), of=Letter) == 0

    worker.run(site, drain=True)

    assert count(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None), of=OutboxEntry) == 0
    assert not list(settings.current().instance_path.rglob("*.eml"))


def test_its_figures_are_honest(site):
    email = Delivery.channel == Channel.EMAIL

    assert count(email, Delivery.state == State.SENT, of=Delivery) > 1000
    reasons = set(db.session.scalars(sa.select(Delivery.reason).where(email, Delivery.reason.is_not(None)).distinct()))
    assert reasons >= {"bounced", "inbox_only", "off", "suspended", "unsubscribed"}


def test_every_check_finds_it_well(site):
    assert {name: check() for name, check in settings.rooms().checks.items() if check()} == {}
    with unit_of_work():
        assert ranking.recount().differed == 0


def test_one_signs_in_as_whom_it_says(site):
    people = [returning.who(each.email, each.password) for each in demo.sign_ins()]

    assert len(people) == 3
    assert None not in people


def test_mia_has_something_to_look_at(site):
    mia = db.session.scalars(sa.select(User).where(User.name == "Mia Lindgren")).one()

    credited = count(Delivery.user_id == mia.id, Delivery.path == "credited", of=Delivery)
    unread = count(
        Delivery.user_id == mia.id, Delivery.channel == Channel.INBOX, Delivery.read_at.is_(None), of=Delivery
    )
    assert credited > 3
    assert unread > 0
    assert receipts.receipts_of(mia, limit=20).rows


def test_ideas_of_the_last_days_wait_for_an_answer(site):
    waiting = count(IdeaRank.answered_at.is_(None), IdeaRank.created_at > utcnow() - timedelta(days=3), of=IdeaRank)

    assert waiting >= 4


def test_the_team_finds_something_of_each_kind_to_look_at(site):
    nadia = db.session.scalars(sa.select(User).where(User.name == "Nadia Okafor")).one()
    queue = queues.waiting(queries.list_boards(nadia))

    assert (len(queue.held), len(queue.appeals), len(queue.flagged)) == (1, 1, 2)
    assert max(len(each.flags) for each in queue.flagged) == 2


def test_an_idea_was_changed_after_people_backed_it(site):
    assert count(Revision.is_material, Revision.backers > 0, of=Revision) == 1


def test_the_team_has_heard_things_elsewhere_and_counts_on_people(site):
    assert set(db.session.scalars(sa.select(Evidence.kind))) == {"call", "ticket", "mail"}
    said = db.session.execute(sa.select(User.name, VoteOnBehalf.denied_at.is_not(None)).join(VoteOnBehalf.user))
    assert sorted(map(tuple, said)) == [("Mia Lindgren", False), ("Minjun Choi", True), ("Réka Horváth", False)]
    voted = sa.exists().where(Vote.idea_id == VoteOnBehalf.idea_id, Vote.user_id == VoteOnBehalf.user_id)
    assert count(voted, of=VoteOnBehalf) == 0


def test_the_team_keeps_segments_with_people_in_them_and_texts(site):
    kept = db.session.execute(sa.select(Segment.people, Segment.companies)).all()

    assert len(kept) == 3
    assert all(people > companies > 0 for people, companies in kept)
    assert count(of=Snippet) == 3


@pytest.mark.usefixtures("app")
def test_it_is_not_mixed_with_what_is_somebodys():
    UserFactory()

    with pytest.raises(Conflict, match="empty"), unit_of_work():
        demo.fill()

    assert count(of=User) == 1
    assert not demo.is_here()


# --- The texts ---


def stories():
    return [(board, story) for board in demo_words.boards() for story in board.stories]


def test_every_story_is_told_in_order_and_before_today():
    for _board, story in stories():
        afters = [event.after for event in story.events]
        assert afters == sorted(afters), story.title
        assert all(story.age - after > 0.1 for after in afters), story.title


def test_no_two_ideas_and_no_two_comments_say_the_same():
    titles = [story.title for _board, story in stories()]
    texts = [event.text for _board, story in stories() for event in story.events]

    assert len(set(titles)) == len(titles)
    assert len(set(texts)) == len(texts)


def test_credits_and_replies_name_what_was_said_or_merged_before():
    merged = [
        (each.into, story.title, story.age - each.after)
        for _board, story in stories()
        for each in story.events
        if isinstance(each, Merged)
    ]
    for _board, story in stories():
        said = {"author", "votes", ""}
        for event in story.events:
            said |= {part for into, part, age in merged if into == story.title and age > story.age - event.after}
            if isinstance(event, Said):
                assert event.reply_to in said, story.title
                said.add(event.key)
            elif isinstance(event, Heard):
                said.add(event.key)
            elif isinstance(event, Edited | Flagged | Appealed):
                assert event.comment in said, story.title
            elif isinstance(event, Answered | Corrected):
                assert {credit.whose for credit in event.credits} <= said, story.title
