"""Each check is green on a site made by the services, and red when one row is planted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, User
from ideas.boards import (
    answering,
    checks,
    commenting,
    moderating,
    posting,
    queries,
    ranking,
    releases,
    releasing,
    schemas,
    schemas_releases,
    voting,
)
from ideas.boards.models import Answer, Comment, Idea, IdeaRank, Stage, Status, Vote
from ideas.boards.models_releases import Release, ReleaseIdea
from ideas.db import db, unit_of_work, utcnow
from ideas.outbox import OutboxEntry
from tests.boards.arranging import statements
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

WHY = "We will build this in spring, because so many of you asked for it."


def found():
    """Check → (invariant, where) of what is broken."""
    broken = {name: [(one.invariant, one.where) for one in check()] for name, check in checks.CHECKS.items()}
    return {name: where for name, where in broken.items() if where}


def act(statement):
    db.session.execute(statement)
    db.session.commit()


def a_site():
    """Everything that happens on boards, done by the services; the id of the idea it happened to."""
    board = BoardFactory()
    mia, ole, kim = team_member(board), UserFactory(), UserFactory()
    with unit_of_work():
        where = queries.get_board(ole, board.slug)
        ids = [posting.submit(ole, where, title=f"A roof {number}", body="").id for number in range(4)]
    answered, hidden, withdrawn, shipped = ids
    for person in (ole, kim, mia):
        with unit_of_work():
            voting.cast(person, queries.get_idea(person, answered).idea)
    with unit_of_work():
        voting.retract(kim, queries.get_idea(kim, answered).idea)
    with unit_of_work():
        on = queries.get_idea(kim, answered)
        said = [commenting.add(kim, on, body=f"Number {number}.").id for number in range(3)]
    with unit_of_work():
        on = queries.get_idea(mia, answered)
        commenting.add(mia, on, body="We look.", official=True)
        commenting.add(mia, on, body="Ask Bo.", internal=True)
    with unit_of_work():
        commenting.delete(kim, queries.get_comment(kim, said[0]))
    for number, shown_again in ((said[1], False), (said[2], True)):
        with unit_of_work():
            moderating.hide_comment(mia, queries.get_comment(mia, number), reason="It names a neighbour.")
        if shown_again:
            with unit_of_work():
                moderating.restore_comment(mia, queries.get_comment(mia, number))
    for reason in ("It is an advertisement.", "It still is one."):
        with unit_of_work():
            moderating.hide_idea(mia, queries.get_idea(mia, hidden), reason=reason)
        if reason.startswith("It is"):
            with unit_of_work():
                moderating.restore_idea(mia, queries.get_idea(mia, hidden))
    with unit_of_work():
        posting.withdraw(ole, queries.get_idea(ole, withdrawn))
    words = {"status": "planned", "reason": "committed", "text": WHY}
    for number in range(2):
        with unit_of_work():
            given = answering.answer(mia, queries.get_idea(mia, answered), schemas.NewAnswer().load(words)).id
        if number == 0:
            with unit_of_work():
                answering.undo(mia, queries.get_answer(mia, given))
    with unit_of_work():
        kept = schemas.AnswerWords().load({"reason": "committed", "text": WHY + " Really."})
        answering.correct(mia, queries.get_answer(mia, given), kept)
    for number in range(2):  # the second stays a draft
        words = schemas_releases.ReleaseWords().load({"title": f"Release {number}"})
        with unit_of_work():
            draft = releasing.draft(mia, queries.get_board(mia, board.slug), words).id
        line = schemas_releases.ReleaseLine().load({"reason": "shipped", "text": WHY})
        with unit_of_work():
            releasing.put(mia, releases.get(mia, draft), queries.get_idea(mia, shipped), line)
        if number == 0:
            with unit_of_work():
                releasing.publish(mia, releases.get(mia, draft))
    return answered


@pytest.fixture
def site(begin):
    return begin(a_site)


def test_a_site_made_by_the_services_has_nothing_broken(site):
    assert found() == {}


def test_an_empty_site_has_nothing_broken():
    assert found() == {}


@pytest.mark.parametrize("wrong", [-1, 1, 40])
def test_a_wrong_count_of_votes_is_found(site, wrong):
    act(sa.update(IdeaRank).where(IdeaRank.idea_id == site).values(vote_count=IdeaRank.vote_count + wrong))

    assert found() == {"votes are counted": [("I1", f"idea:{site}")]}


def test_a_vote_that_nobody_counted_is_found(site):
    db.session.add(Vote(idea_id=site, user_id=UserFactory().id, cast_at=utcnow()))
    db.session.commit()

    assert found() == {"votes are counted": [("I1", f"idea:{site}")]}


def test_a_vote_that_vanished_is_found(site):
    act(sa.delete(Vote).where(Vote.id == sa.select(sa.func.max(Vote.id)).scalar_subquery()))

    assert found() == {"votes are counted": [("I1", f"idea:{site}")]}


@pytest.mark.parametrize("wrong", [None, utcnow()])
def test_a_last_word_that_was_never_said_or_is_forgotten_is_found(site, wrong):
    act(sa.update(IdeaRank).where(IdeaRank.idea_id == site).values(answered_at=wrong))

    assert found() == {"last words are known": [("I1", f"idea:{site}")]}


@pytest.mark.parametrize("values", [{"deleted_at": utcnow()}, {"hidden_at": utcnow()}, {"is_internal": True}])
def test_a_wrong_count_of_comments_is_found(site, values):
    standing = sa.select(sa.func.max(Comment.id)).where(Comment.deleted_at.is_(None), sa.not_(Comment.is_official))
    shown = standing.where(Comment.hidden_at.is_(None), sa.not_(Comment.is_internal)).scalar_subquery()
    act(sa.update(Comment).where(Comment.id == shown).values(**values))

    assert found() == {"comments are counted": [("I1", f"idea:{site}")]}


@pytest.mark.parametrize(
    "values",
    [{"listed": False}, {"is_hidden": True}, {"stage": Stage.SHIPPED}],
)
def test_an_idea_that_stands_in_lists_as_what_it_is_not_is_found(site, values):
    act(sa.update(IdeaRank).where(IdeaRank.idea_id == site).values(**values))

    assert found() == {"lists show what is": [("I7", f"idea:{site}")]}


def test_a_private_idea_in_a_public_list_is_found(site):
    private = IdeaFactory(board=BoardFactory(private=True))
    public = queries.get_idea(None, site).idea.board_id
    assert found() == {}

    act(sa.update(IdeaRank).where(IdeaRank.idea_id == private.id).values(board_id=public))

    assert found() == {"lists show what is": [("I7", f"idea:{private.id}")]}


def test_an_idea_of_another_board_s_status_is_found(site):
    other = BoardFactory()
    elsewhere = sa.select(Status.id).where(Status.board_id == other.id, Status.stage == Stage.PLANNED)

    act(sa.update(Idea).where(Idea.id == site).values(status_id=elsewhere.scalar_subquery()))

    assert found() == {"lists show what is": [("I7", f"idea:{site}")]}


def test_an_idea_without_a_place_is_found(site):
    act(sa.delete(IdeaRank).where(IdeaRank.idea_id == site))

    assert found() == {"lists show what is": [("I7", f"idea:{site}")]}


@pytest.mark.parametrize(
    ("wrong", "of_draft"),
    [
        (sa.update(Release).values(entry_id=None), False),
        (sa.update(Release).values(published_by_id=None), False),
        (sa.update(OutboxEntry).where(OutboxEntry.kind == "release_published").values(cancelled_at=utcnow()), False),
        (sa.update(ReleaseIdea).where(ReleaseIdea.shipped_here).values(answer_id=None), False),
        (
            sa.update(ReleaseIdea).values(
                shipped_here=True, answer_id=sa.select(sa.func.max(Answer.id)).scalar_subquery()
            ),
            True,
        ),
        (sa.update(Release).values(published_at=None, published_by_id=None, entry_id=None), False),
    ],
)
def test_a_release_that_did_otherwise_than_it_says_is_found(site, wrong, of_draft):
    published, draft = db.session.scalars(sa.select(Release.id).order_by(Release.id)).all()

    act(wrong)

    found_there = found()["releases are what they say"]
    assert set(found_there) == {("I3", f"release:{draft if of_draft else published}")}


@pytest.mark.parametrize(
    "what",
    [
        "release.published",
        "release.drafted",
        *("idea.answered", "answer.corrected", "answer.undone", "comment.official"),
        *("idea.hidden", "idea.restored", "comment.hidden", "comment.restored"),
    ],
)
def test_a_privileged_act_without_its_line_is_found(site, what):
    one = sa.select(AuditEntry.id, AuditEntry.subject).where(AuditEntry.act == what).order_by(AuditEntry.id.desc())
    entry = db.session.execute(one).first()

    act(sa.delete(AuditEntry).where(AuditEntry.id == entry.id))

    assert found() == {"privileged acts are audited": [("I8", entry.subject)]}


def test_what_a_recount_repairs_is_green_again(site):
    act(sa.update(IdeaRank).values(vote_count=7, comment_count=7, listed=True, is_hidden=False, stage=Stage.OPEN))
    assert sorted(found()) == ["comments are counted", "lists show what is", "votes are counted"]

    with unit_of_work():
        ranking.recount()

    assert found() == {}


def test_checking_costs_the_same_for_any_number_of_ideas(site):
    def cost():
        with statements() as asked:
            found()
        return len(asked)

    before = cost()
    for _ in range(5):
        IdeaFactory(author=db.session.scalars(sa.select(User)).first())

    assert cost() == before
