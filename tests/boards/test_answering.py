"""The team moves an idea with a reason, a text and credits; the telling waits, may be undone, corrected, sent now."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry, User
from ideas.boards import answering, queries, schemas, voting
from ideas.boards.errors import AlreadyAnnounced, AnswerWaiting, ChangedMeanwhile, VotingClosed
from ideas.boards.models import Answer, AnswerVersion, Credit, IdeaRank, Stage
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed
from ideas.outbox import OutboxEntry
from tests.factories import CommentFactory, IdeaFactory, UserFactory, charlie, team_member
from tests.test_db import at_once

pytestmark = pytest.mark.usefixtures("app")

WHY = "We will build this in spring, because so many of you asked for it."
LONG_AGO = date(2020, 1, 1)


def words(**changes):
    """What a form or a program sends, judged by the schema."""
    return schemas.NewAnswer().load({"status": "planned", "reason": "committed", "text": WHY, **changes})


def answer(actor, idea, **changes):
    with unit_of_work():
        return answering.answer(actor, queries.get_idea(actor, idea.id), words(**changes)).id


def correct(actor, answer_id, *, version=None, **changes):
    kept = words(**changes)
    del kept["status"]
    with unit_of_work():
        answering.correct(actor, queries.get_answer(actor, answer_id), kept, version=version)


def undo(actor, answer_id):
    with unit_of_work():
        answering.undo(actor, queries.get_answer(actor, answer_id))


def announced(answer_id):
    """As if the worker had told people."""
    entry_id = db.session.get_one(Answer, answer_id).entry_id
    db.session.get_one(OutboxEntry, entry_id).fanned_out_at = utcnow()
    db.session.commit()


def entries():
    return db.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id)).all()


@pytest.fixture
def idea():
    return IdeaFactory()


@pytest.fixture
def mia(idea):
    return team_member(queries.get_idea(None, idea.id).idea.board, name="Mia")


@pytest.fixture
def settling(make_app):
    """A site where answers wait for a quarter of an hour."""
    with make_app(SETTLE_MINUTES="15").app_context():
        yield


def test_an_answer_moves_the_idea_at_once(mia, idea):
    answer(mia, idea)

    assert queries.get_idea(None, idea.id).idea.status.slug == "planned"
    assert db.session.get_one(IdeaRank, idea.id).stage == Stage.PLANNED


def test_an_answer_is_the_last_official_word(mia, idea):
    answer(mia, idea)

    assert db.session.get_one(IdeaRank, idea.id).answered_at is not None


def test_an_answer_is_audited(mia, idea):
    answer(mia, idea)

    assert db.session.scalars(sa.select(AuditEntry.act)).all() == ["idea.answered"]


def test_only_the_team_answers(idea):
    with pytest.raises(NotAllowed):
        answer(charlie(), idea)

    assert queries.get_idea(None, idea.id).idea.status.slug == "open"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "shipped"}, "reason"),
        ({"status": "nowhere"}, "status"),
        ({"text": "Too short."}, "text"),
        ({"status": "declined", "reason": "not_now"}, "review_by"),
        ({"status": "declined", "reason": "not_now", "review_by": LONG_AGO.isoformat()}, "review_by"),
        ({"status": "declined", "reason": "not_us", "date": "2030-05-01"}, "date"),
        ({"credits": [{"kind": "comment", "id": 4711, "how": "It became the plan."}]}, "credits"),
    ],
)
def test_what_does_not_fit_is_named(mia, idea, changes, field):
    with pytest.raises(ValidationError) as refused:
        answer(mia, idea, **changes)

    assert field in refused.value.messages_dict
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Answer)) == 0


def test_a_hidden_comment_or_a_note_is_not_credited(mia, idea):
    note = CommentFactory(idea=idea, internal=True)
    hidden = CommentFactory(idea=idea, hidden_at=utcnow())

    for comment in (note, hidden):
        with pytest.raises(ValidationError):
            answer(mia, idea, credits=[{"kind": "comment", "id": comment.id, "how": "It became the plan."}])


def test_credits_name_people(mia, idea):
    comment = CommentFactory(idea=idea)

    given = answer(
        mia,
        idea,
        credits=[
            {"kind": "author", "how": "Your sketch is on our wall."},
            {"kind": "comment", "id": comment.id, "how": "Your rota became the booking page."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ],
    )

    credits = db.session.execute(
        sa.select(Credit.kind, Credit.user_id).where(Credit.answer_id == given).order_by(Credit.kind)
    ).all()
    assert [tuple(row) for row in credits] == [
        ("author", idea.author_id),
        ("comment", comment.author_id),
        ("votes", None),
    ]


def test_a_final_answer_closes_voting_and_undoing_it_opens_it_again(settling, mia, idea):
    given = answer(mia, idea, status="shipped", reason="shipped", text=WHY)
    voter = UserFactory()
    with pytest.raises(VotingClosed), unit_of_work():
        voting.cast(voter, queries.get_idea(voter, idea.id).idea)

    undo(mia, given)

    with unit_of_work():
        assert voting.cast(voter, queries.get_idea(voter, idea.id).idea) == 1
    rank = db.session.get_one(IdeaRank, idea.id)
    assert (rank.stage, rank.answered_at) == (Stage.OPEN, None)
    assert [entry.cancelled_at is not None for entry in entries()] == [True]


def test_an_answer_waits_to_be_announced(settling, mia, idea):
    before = utcnow()

    answer(mia, idea)

    assert entries()[0].due_at >= before + timedelta(minutes=15)


def test_send_now_skips_the_wait(settling, mia, idea):
    given = answer(mia, idea)

    with unit_of_work():
        answering.send_now(mia, queries.get_answer(mia, given))

    assert entries()[0].due_at <= utcnow()


def test_what_is_announced_is_not_undone(mia, idea):
    given = answer(mia, idea)
    announced(given)

    with pytest.raises(AlreadyAnnounced):
        undo(mia, given)

    assert queries.get_idea(None, idea.id).idea.status.slug == "planned"


def test_no_second_answer_while_one_waits(settling, mia, idea):
    answer(mia, idea)

    with pytest.raises(AnswerWaiting):
        answer(mia, idea, status="shipped", reason="shipped", text=WHY)


def test_a_second_answer_follows_an_announced_one(mia, idea):
    announced(answer(mia, idea))

    answer(mia, idea, status="shipped", reason="shipped", text=WHY)

    assert queries.get_idea(None, idea.id).idea.status.slug == "shipped"
    assert len(entries()) == 2


def test_of_two_answers_at_once_the_later_finds_it_changed(mia, idea):
    read = queries.get_idea(mia, idea.id)
    assert read.idea.status.slug == "open"
    former = read.idea.status
    db.session.expunge_all()
    announced(answer(mia, idea))
    db.session.expunge_all()

    with pytest.raises(ChangedMeanwhile), unit_of_work():
        answering._move(read.idea, former, former)


def test_of_two_answers_at_once_that_leave_the_status_one_is_given(settling, mia, idea):
    mia_id, idea_id = mia.id, idea.id
    not_now = {"status": "open", "reason": "not_now", "review_by": "2099-01-01"}

    def give(_place):
        somebody = db.session.get_one(User, mia_id)
        read = queries.get_idea(somebody, idea_id).idea
        try:
            return answer(somebody, read, **not_now) is not None
        except AnswerWaiting:
            return False

    assert sorted(at_once(4, give)) == [False, False, False, True]

    assert len(entries()) == 1


def test_correcting_before_it_is_announced_tells_only_the_last(settling, mia, idea):
    given = answer(mia, idea)

    correct(mia, given, text=WHY + " In May.")

    assert len(entries()) == 1
    assert db.session.scalars(sa.select(AnswerVersion.text).order_by(AnswerVersion.number)).all() == [
        WHY,
        WHY + " In May.",
    ]


def test_correcting_words_after_it_was_announced_tells_nobody(mia, idea):
    given = answer(mia, idea)
    announced(given)

    correct(mia, given, text=WHY + " In May.")

    assert len(entries()) == 1
    assert db.session.get_one(Answer, given).text == WHY + " In May."


@pytest.mark.parametrize(
    "news", [{"date": "2031-05-01"}, {"credits": [{"kind": "author", "how": "It is on our wall."}]}]
)
def test_correcting_with_news_after_it_was_announced_tells(mia, idea, news):
    given = answer(mia, idea)
    announced(given)

    correct(mia, given, **news)

    assert [entry.kind for entry in entries()] == ["answered", "answer_corrected"]


def test_a_second_correction_takes_the_untold_news_of_the_first_along(settling, mia, idea):
    given = answer(mia, idea)
    announced(given)
    correct(mia, given, date="2031-05-01")

    correct(mia, given, date="2031-05-01", text=WHY + " Really.")

    last = db.session.scalars(sa.select(AnswerVersion).order_by(AnswerVersion.number.desc())).first()
    assert (last.date_moved, last.news_since) == (True, 2)
    assert [entry.cancelled_at is None for entry in entries()] == [True, False, True]


def test_correcting_what_somebody_else_corrected_meanwhile_is_refused(mia, idea):
    given = answer(mia, idea)
    correct(mia, given, text=WHY + " In May.")

    with pytest.raises(ChangedMeanwhile):
        correct(mia, given, version=1, text=WHY + " In June.")


def test_an_undone_answer_is_seen_by_the_team_alone(settling, mia, idea):
    given = answer(mia, idea)
    undo(mia, given)

    assert queries.get_answer(mia, given).answer.undone_at is not None
    with pytest.raises(queries.NotFound):
        queries.get_answer(charlie(), given)
