"""Releases: drafted, published with the ideas they ship, undone, and told to whom they are news."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry
from ideas.boards import answering, checks, merging, queries, releases, releasing, voting
from ideas.boards.errors import AlreadyAnnounced, CannotShip, ChangedMeanwhile, Published
from ideas.boards.models import Answer, Idea, Reason, Stage, Visibility
from ideas.boards.models_releases import Release, ReleaseIdea
from ideas.boards.schemas_releases import ReleaseLine, ReleaseWords
from ideas.boards.settling import settle_time
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from tests.boards.arranging import READERS, announce, count, reader_of, told
from tests.boards.pages import answered
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

DONE = "It is there since this morning, under Plan, for everybody who asked for it."


@pytest.fixture
def board():
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def settling(make_app):
    """A site where people hear after a quarter of an hour."""
    with make_app(SETTLE_MINUTES="15").app_context():
        yield


def draft(by, *ideas, slug="garden", **more):
    """A draft of `by` with these ideas in it; its id."""
    words = ReleaseWords().load({"title": "The spring release", "body": "Spring is **here**.", **more})
    with unit_of_work():
        release_id = releasing.draft(by, queries.get_board(by, slug), words).id
    for idea in ideas:
        put(by, release_id, idea)
    return release_id


def put(by, release_id, idea, **more):
    words = ReleaseLine().load({"text": DONE, **more})
    with unit_of_work():
        releasing.put(by, releases.get(by, release_id), queries.get_idea(by, idea.id), words)


def publish(by, release_id):
    with unit_of_work():
        releasing.publish(by, releases.get(by, release_id))


def follow(person, slug="garden"):
    with unit_of_work():
        releasing.follow(person, queries.get_board(person, slug).board)


def stage_of(idea):
    db.session.rollback()
    return queries.get_idea(None, idea.id).idea.status.stage


def lines(release_id, reader=None):
    db.session.rollback()
    row = releases.get(reader, release_id)
    return releases.lines_of(reader, [row])[release_id]


def wait(clock):
    clock.shift(settle_time() + timedelta(seconds=1))


# --- Publishing ---


def test_publishing_ships_each_idea_with_its_own_line(board, petra):
    ideas = [IdeaFactory(board=board) for _ in range(3)]
    release_id = draft(petra, *ideas)
    put(
        petra,
        release_id,
        ideas[1],
        text="Only in part for now: without colours, which come in summer.",
        reason="partly",
    )

    publish(petra, release_id)

    assert {stage_of(idea) for idea in ideas} == {Stage.SHIPPED}
    given = db.session.scalars(sa.select(Answer).order_by(Answer.idea_id)).all()
    assert [(answer.idea_id, answer.reason) for answer in given] == [
        (ideas[0].id, Reason.SHIPPED),
        (ideas[1].id, Reason.PARTLY),
        (ideas[2].id, Reason.SHIPPED),
    ]
    assert given[1].text.startswith("Only in part")
    assert [line.answer_id for line in lines(release_id)] == [answer.id for answer in given]
    assert checks.privileged_acts_are_audited() == []


def test_a_line_that_does_not_fit_any_more_stops_all_of_it(board, petra):
    fine, credited = IdeaFactory(board=board), IdeaFactory(board=board)
    said = CommentFactory(idea=credited)
    release_id = draft(petra, fine)
    put(petra, release_id, credited, credits=[{"kind": "comment", "id": said.id, "how": "It became the page."}])
    said.deleted_at = utcnow()
    db.session.commit()

    with pytest.raises(ValidationError) as wrong:
        publish(petra, release_id)

    assert list(wrong.value.messages_dict["ideas"]) == [str(credited.id)]
    assert stage_of(fine) == Stage.OPEN
    assert count(Answer) == 0
    assert count(OutboxEntry) == 0


def test_an_idea_whose_answer_still_waits_stops_all_of_it_and_is_named(board, petra):
    fine, waiting = IdeaFactory(board=board), IdeaFactory(board=board, title="A pergola")
    release_id = draft(petra, fine, waiting)
    answered(petra, waiting)

    with pytest.raises(CannotShip, match="A pergola"):
        publish(petra, release_id)

    assert stage_of(fine) == Stage.OPEN


def test_an_idea_that_became_part_of_another_stops_all_of_it(board, petra):
    merged, into = IdeaFactory(board=board), IdeaFactory(board=board)
    release_id = draft(petra, merged)
    with unit_of_work():
        on = [queries.get_idea(petra, idea.id) for idea in (merged, into)]
        merging.merge(petra, *on, text="Both ask for the same, so they are one.")

    with pytest.raises(CannotShip):
        publish(petra, release_id)


def test_what_was_there_before_is_named_and_not_answered_again(board, petra):
    idea = IdeaFactory(board=board)
    before = answered(petra, idea, "shipped", Reason.SHIPPED, DONE)
    release_id = draft(petra, idea)

    publish(petra, release_id)

    (line,) = lines(release_id)
    assert (line.ships, line.answer_id, line.text) == (False, before.id, DONE)
    assert count(Answer) == 1


def test_publishing_twice_is_publishing_once(board, petra):
    release_id = draft(petra, IdeaFactory(board=board))

    publish(petra, release_id)
    publish(petra, release_id)

    assert count(OutboxEntry, OutboxEntry.kind == "release_published") == 1
    assert count(Answer) == 1


def test_a_release_bears_the_day_it_was_given_or_that_of_its_publishing(board, petra):
    today = utcnow().date()
    old = draft(petra, date=(today - timedelta(days=9)).isoformat())
    new = draft(petra)
    future = draft(petra, date=(today + timedelta(days=9)).isoformat())

    publish(petra, old)
    publish(petra, new)

    days = dict(db.session.execute(sa.select(Release.id, Release.released_on)).all())
    assert (days[old], days[new]) == (today - timedelta(days=9), today)
    with pytest.raises(ValidationError) as wrong:
        publish(petra, future)
    assert list(wrong.value.messages_dict) == ["date"]


# --- Drafts ---


def test_a_line_says_that_it_is_there_in_forty_characters():
    for words, field in (({"text": "Done."}, "text"), ({"text": DONE, "reason": "not_us"}, "reason")):
        with pytest.raises(ValidationError) as wrong:
            ReleaseLine().load(words)
        assert list(wrong.value.messages_dict) == [field]


def test_a_draft_takes_ideas_of_its_own_board_alone(board, petra):
    elsewhere = BoardFactory(slug="shed")
    MembershipFactory(board=elsewhere, user=petra, team=True)
    release_id = draft(petra)

    with pytest.raises(ValidationError) as wrong:
        put(petra, release_id, IdeaFactory(board=elsewhere))

    assert list(wrong.value.messages_dict) == ["idea"]


def test_an_idea_is_in_a_draft_once_and_may_be_taken_out(board, petra):
    idea = IdeaFactory(board=board)
    release_id = draft(petra, idea)
    put(petra, release_id, idea, text=DONE + " And more.")
    assert [line.text for line in lines(release_id, petra)] == [DONE + " And more."]

    with unit_of_work():
        releasing.take_out(petra, releases.get(petra, release_id), [idea.id])

    assert lines(release_id, petra) == []


def test_what_is_published_is_neither_thrown_away_nor_given_other_ideas(board, petra):
    idea = IdeaFactory(board=board)
    release_id = draft(petra, idea)
    publish(petra, release_id)

    with pytest.raises(Published):
        put(petra, release_id, IdeaFactory(board=board))
    for act in (lambda row: releasing.take_out(petra, row, [idea.id]), lambda row: releasing.discard(petra, row)):
        with pytest.raises(Published), unit_of_work():
            act(releases.get(petra, release_id))


def test_a_draft_that_is_thrown_away_leaves_its_ideas(board, petra):
    idea = IdeaFactory(board=board)
    release_id = draft(petra, idea)

    with unit_of_work():
        releasing.discard(petra, releases.get(petra, release_id))

    assert (count(Release), count(ReleaseIdea), count(Idea)) == (0, 0, 1)
    of_it = AuditEntry.subject == f"release:{release_id}"
    acts = db.session.scalars(sa.select(AuditEntry.act).where(of_it).order_by(AuditEntry.id)).all()
    assert acts == ["release.drafted", "release.discarded"]


def test_who_changes_what_somebody_else_changed_meanwhile_is_told(board, petra):
    release_id = draft(petra)
    read = releases.get(petra, release_id).release.version
    with unit_of_work():
        releasing.revise(petra, releases.get(petra, release_id), {"title": "Spring"}, version=read)

    with pytest.raises(ChangedMeanwhile), unit_of_work():
        releasing.revise(petra, releases.get(petra, release_id), {"title": "Autumn"}, version=read)

    assert releases.get(petra, release_id).release.title == "Spring"


def test_other_words_for_what_is_published_tell_nobody_anew(board, petra):
    release_id = draft(petra)
    publish(petra, release_id)

    with unit_of_work():
        releasing.revise(petra, releases.get(petra, release_id), {"body": "It is *here*."})

    assert releases.get(None, release_id).release.body_html == "<p>It is <em>here</em>.</p>\n"
    assert count(OutboxEntry) == 1


# --- Undoing ---


def test_within_the_settle_time_all_of_it_is_taken_back_and_nobody_hears(settling, board, petra, clock):
    mia, ideas = UserFactory(), [IdeaFactory(board=board, stage=Stage.STARTED), IdeaFactory(board=board)]
    follow(mia)
    release_id = draft(petra, *ideas)
    publish(petra, release_id)

    with unit_of_work():
        releasing.undo(petra, releases.get(petra, release_id))
    wait(clock)
    announce()

    assert [stage_of(idea) for idea in ideas] == [Stage.STARTED, Stage.OPEN]
    assert count(Delivery) == 0
    with pytest.raises(NotFound):
        releases.get(None, release_id)
    assert [line.ships for line in lines(release_id, petra)] == [True, True]

    publish(petra, release_id)
    wait(clock)
    announce()

    assert told("release") == [mia.id]


def test_once_anybody_is_being_told_it_stays(settling, board, petra, clock):
    idea = IdeaFactory(board=board)
    release_id = draft(petra, idea)
    publish(petra, release_id)
    with unit_of_work():
        answering.send_now(petra, queries.get_answer(petra, lines(release_id)[0].answer_id))
    announce()

    with pytest.raises(AlreadyAnnounced), unit_of_work():
        releasing.undo(petra, releases.get(petra, release_id))

    assert stage_of(idea) == Stage.SHIPPED
    assert releases.get(None, release_id).release.published_at is not None


def test_send_now_tells_of_the_release_and_of_its_ideas(settling, board, petra):
    mia, idea = UserFactory(), IdeaFactory(board=board)
    follow(mia)
    release_id = draft(petra, idea)
    publish(petra, release_id)

    with unit_of_work():
        releasing.send_now(petra, releases.get(petra, release_id))
    announce()

    assert told("release") == [mia.id]
    assert told("shipped") == [idea.author_id]


def test_an_answer_that_was_taken_back_by_itself_is_not_in_the_release_any_more(board, petra):
    ideas = [IdeaFactory(board=board), IdeaFactory(board=board)]
    release_id = draft(petra, *ideas)
    publish(petra, release_id)

    with unit_of_work():
        answering.undo(petra, queries.get_answer(petra, lines(release_id)[0].answer_id))

    assert [line.idea_id for line in lines(release_id)] == [ideas[1].id]


# --- Who hears ---


def test_nobody_is_told_twice_of_the_same(settling, board, petra, clock):
    """Followers who had a part hear of their ideas, each of each; the others of the release."""
    first, second = IdeaFactory(board=board), IdeaFactory(board=board)
    follower, backer, both = (UserFactory() for _ in range(3))
    for person in (follower, both, petra):
        follow(person)
    for person in (backer, both):
        VoteFactory(idea=first, user=person)
        VoteFactory(idea=second, user=person)
    release_id = draft(petra, first, second)

    publish(petra, release_id)
    wait(clock)
    announce()

    assert told("release") == [follower.id]
    assert told("shipped") == sorted([first.author_id, second.author_id, *[backer.id, both.id] * 2])


@pytest.mark.parametrize("first", ["answered", "release_published"])
def test_in_whichever_order_they_are_announced(board, petra, clock, first):
    idea, both = IdeaFactory(board=board), UserFactory()
    follow(both)
    VoteFactory(idea=idea, user=both)
    publish(petra, draft(petra, idea))
    wait(clock)
    db.session.execute(
        sa.update(OutboxEntry).where(OutboxEntry.kind == first).values(due_at=utcnow() - timedelta(minutes=1))
    )
    db.session.commit()

    announce()

    assert (told("release"), told("shipped")) == ([], sorted([idea.author_id, both.id]))


def test_who_has_a_part_only_after_the_idea_was_told_of_hears_of_the_release(settling, board, petra, clock):
    idea, late = IdeaFactory(board=board), UserFactory()
    follow(late)
    release_id = draft(petra, idea)
    publish(petra, release_id)
    with unit_of_work():
        answering.send_now(petra, queries.get_answer(petra, lines(release_id)[0].answer_id))
    announce()
    CommentFactory(idea=idea, author=late)
    wait(clock)
    announce()

    assert told("release") == [late.id]


def test_of_a_private_boards_release_its_members_hear_and_who_left_does_not(clock):
    board = BoardFactory(slug="keys", visibility=Visibility.PRIVATE)
    petra, stays, left = team_member(board), UserFactory(), UserFactory()
    for person in (stays, left):
        MembershipFactory(board=board, user=person)
        follow(person, "keys")
    publish(petra, draft(petra, slug="keys"))
    db.session.execute(sa.text("DELETE FROM membership WHERE user_id = :left"), {"left": left.id})
    db.session.commit()

    wait(clock)
    announce()

    assert told("release") == [stays.id]
    reasons = sa.select(Delivery.reason).where(Delivery.user_id == left.id)
    assert set(db.session.scalars(reasons)) == {"not_visible"}


def test_who_no_longer_follows_does_not_hear(board, petra, clock):
    mia = UserFactory()
    follow(mia)
    with unit_of_work():
        releasing.unfollow(mia, queries.get_board(mia, "garden").board)

    publish(petra, draft(petra))
    wait(clock)
    announce()

    assert told("release") == []


# --- Who may ---


@pytest.mark.parametrize("kind", READERS)
def test_a_draft_is_seen_by_the_team_alone_and_a_release_by_who_sees_the_board(kind):
    board = BoardFactory(slug="keys", visibility=Visibility.PRIVATE)
    petra, reader = team_member(board), reader_of(kind, board)
    out, kept = draft(petra, slug="keys"), draft(petra, slug="keys")
    publish(petra, out)

    def sees(release_id):
        try:
            releases.get(reader, release_id)
        except NotFound:
            return False
        return True

    assert sees(out) == (kind in ("invited", "author", "team", "admin"))
    assert sees(kept) == (kind in ("team", "admin"))


ACTS: dict[str, Any] = {
    "draft": lambda by, _row, where, _on: releasing.draft(by, where, ReleaseWords().load({"title": "Mine"})),
    "revise": lambda by, row, _where, _on: releasing.revise(by, row, {"title": "Mine"}),
    "put": lambda by, row, _where, on: releasing.put(by, row, on, ReleaseLine().load({"text": DONE})),
    "take_out": lambda by, row, _where, on: releasing.take_out(by, row, [on.idea.id]),
    "publish": lambda by, row, _where, _on: releasing.publish(by, row),
    "undo": lambda by, row, _where, _on: releasing.undo(by, row),
    "send_now": lambda by, row, _where, _on: releasing.send_now(by, row),
    "discard": lambda by, row, _where, _on: releasing.discard(by, row),
}


@pytest.mark.parametrize("act", ACTS)
def test_only_the_team_writes_and_publishes(board, petra, act):
    charlie, idea = UserFactory(), IdeaFactory(board=board)
    release_id = draft(petra, idea)
    where, on = queries.get_board(charlie, "garden"), queries.get_idea(charlie, idea.id)
    row = releases.ReleaseRow(releases.get(petra, release_id).release, where.standing)

    with pytest.raises(NotAllowed), unit_of_work():
        ACTS[act](charlie, row, where, on)


def test_a_hidden_idea_is_in_the_release_for_the_team_and_its_author_alone(board, petra):
    idea, seen = IdeaFactory(board=board), IdeaFactory(board=board)
    release_id = draft(petra, idea, seen)
    publish(petra, release_id)
    db.session.execute(sa.update(Idea).where(Idea.id == idea.id).values(hidden_at=utcnow()))
    db.session.commit()

    assert [line.idea_id for line in lines(release_id)] == [seen.id]
    assert len(lines(release_id, petra)) == 2


def test_a_release_thanks_those_who_agreed_to_be_named(board, petra):
    idea = IdeaFactory(board=board)
    ole, shy = UserFactory(name="Ole", shown_as_backer=True), UserFactory(name="Shy", shown_as_backer=False)
    said = [CommentFactory(idea=idea, author=person) for person in (ole, shy)]
    release_id = draft(petra)
    credits = [{"kind": "comment", "id": each.id, "how": "It became the page."} for each in said]
    put(petra, release_id, idea, credits=[*credits, {"kind": "votes", "how": "You moved it."}])

    publish(petra, release_id)

    (line,) = lines(release_id)
    assert [credit.user.name if credit.user else None for credit in line.thanks] == ["Ole", None]


def test_no_votes_on_what_a_release_shipped(board, petra):
    idea, mia = IdeaFactory(board=board), UserFactory()
    publish(petra, draft(petra, idea))

    with pytest.raises(voting.policy.VotingClosed), unit_of_work():
        voting.cast(mia, queries.get_idea(mia, idea.id).idea)
