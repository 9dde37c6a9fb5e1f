"""People point out what should not stand there; the team looks; nothing hides by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards import flagging, moderating, queries, queues
from ideas.boards.models_moderating import Flag, FlagReason, Hiding, Outcome
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, TooMany
from tests.boards.arranging import count, statements
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

pytestmark = pytest.mark.usefixtures("app")


def flag(person, idea, comment=None, *, reason=FlagReason.SPAM, words=""):
    with unit_of_work():
        said = queries.get_comment(person, comment.id).comment if comment else None
        return flagging.flag(person, queries.get_idea(person, idea.id), said, reason=reason, words=words)


def queue(person):
    return queues.waiting(queries.list_boards(person))


@pytest.fixture
def board():
    return BoardFactory(slug="garden")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board)


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def test_each_person_points_something_out_once(idea):
    mia = UserFactory()

    assert flag(mia, idea) is True
    assert flag(mia, idea, reason=FlagReason.ABUSE) is False

    assert count(Flag) == 1


def test_what_was_pointed_out_waits_for_the_team_with_all_who_did(idea, petra):
    comment = CommentFactory(idea=idea)
    people = UserFactory.create_batch(3)
    for person in people:
        flag(person, idea, comment, words="Look at the link.")
    flag(people[0], idea)

    first, second = queue(petra).flagged

    assert (first.comment.id, len(first.flags), second.comment, len(second.flags)) == (comment.id, 3, None, 1)
    assert queues.count_for(petra) == 2


def test_nothing_is_hidden_by_itself(idea):
    for person in UserFactory.create_batch(10):
        flag(person, idea)

    assert queries.get_idea(None, idea.id).idea.hidden_at is None
    assert count(Hiding) == 0


def test_what_is_left_as_it_is_does_not_come_up_again(idea, petra):
    flag(UserFactory(), idea)

    with unit_of_work():
        flagging.dismiss(petra, queries.get_idea(petra, idea.id))

    assert queue(petra).is_empty
    settled = db.session.scalars(sa.select(Flag)).one()
    assert (settled.outcome, settled.settled_by_id) == (Outcome.DISMISSED, petra.id)
    assert db.session.scalars(sa.select(AuditEntry.act)).all() == ["flags.dismissed"]


def test_hiding_settles_what_was_pointed_out(idea, petra):
    flag(UserFactory(), idea)

    with unit_of_work():
        moderating.hide_idea(petra, queries.get_idea(petra, idea.id), reason="It is an advertisement.")

    assert queue(petra).is_empty
    assert db.session.scalars(sa.select(Flag.outcome)).all() == [Outcome.HIDDEN]


def test_a_deleted_comment_waits_for_nobody(idea, petra):
    comment = CommentFactory(idea=idea)
    flag(UserFactory(), idea, comment)

    comment.deleted_at = utcnow()
    db.session.commit()

    assert queue(petra).is_empty
    assert queues.count_for(petra) == 0


def test_nobody_points_out_their_own(idea):
    with pytest.raises(NotAllowed):
        flag(queries.get_idea(None, idea.id).idea.author, idea)


def test_so_many_a_day(board, clock):
    mia = UserFactory()
    ideas = IdeaFactory.create_batch(flagging.MOST_A_DAY + 1, board=board)
    for idea in ideas[:-1]:
        flag(mia, idea)

    with pytest.raises(TooMany):
        flag(mia, ideas[-1])
    clock.shift(timedelta(days=1, seconds=1))
    assert flag(mia, ideas[-1])


def test_the_team_of_another_board_sees_nothing_of_it(idea):
    other = team_member(BoardFactory())
    flag(UserFactory(), idea)

    assert queue(other).is_empty
    assert queues.count_for(other) == 0


def test_the_queue_costs_the_same_for_one_and_for_many(board, petra):
    def cost():
        rows = queries.list_boards(petra)
        with statements() as asked:
            queues.waiting(rows)
        return len(asked)

    flag(UserFactory(), IdeaFactory(board=board))
    one = cost()
    for idea in IdeaFactory.create_batch(5, board=board):
        flag(UserFactory(), idea, CommentFactory(idea=idea))

    assert cost() == one


# --- Pages ---


def test_pointing_out_on_the_page(app, idea, petra):
    browser = browser_of(app, UserFactory())
    assert f'href="/ideas/{idea.id}/flag"' in browser.get(f"/ideas/{idea.id}", follow_redirects=True).text

    wrong = browser.post(f"/ideas/{idea.id}/flag", data={"reason": "other", "words": ""})
    done = browser.post(f"/ideas/{idea.id}/flag", data={"reason": "other", "words": "It is in verse."})

    assert wrong.status_code == 422
    assert "Say in a few words what is wrong." in wrong.text
    assert done.status_code == 303
    page = browser_of(app, petra).get("/boards/garden/moderation")
    assert "It is in verse." in seen(page.text)
    assert 'class="badge">1' in page.text


def test_the_team_settles_it_on_the_page(app, idea, petra):
    comment = CommentFactory(idea=idea)
    flag(UserFactory(), idea)
    flag(UserFactory(), idea, comment)
    browser = browser_of(app, petra)

    assert browser.post(f"/ideas/{idea.id}/flags/dismiss").status_code == 303
    assert browser.post(f"/comments/{comment.id}/flags/dismiss").status_code == 303

    assert "Nothing waits" in browser.get("/moderation").text


def test_the_queue_is_the_team_s(app, board):
    for person, status in ((None, 303), (UserFactory(), 403)):
        assert browser_of(app, person).get("/boards/garden/moderation").status_code == status
    assert browser_of(app, UserFactory()).get("/moderation").status_code == 404
