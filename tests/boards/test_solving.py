"""Some days after it was built, everybody who was owed word of it is asked once whether it solved their need."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards import answering, following, merging, outcomes, queries, solving, voting
from ideas.boards.errors import NotAsked
from ideas.boards.models import CreditKind, Idea, Reason, Vote
from ideas.boards.models_solving import Helped, Inquiry, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.ledger import preferences, worker
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from ideas.settings import current
from tests.boards.arranging import announce, told
from tests.boards.pages import answered, credit
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

SHIPPED = {"status": "shipped", "reason": Reason.SHIPPED}
DAYS = timedelta(days=14)


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia")


def ask():
    with unit_of_work():
        more = solving.ask_due()
    announce()
    return more


def asked_of(idea):
    db.session.rollback()
    return set(db.session.scalars(sa.select(Solved.user_id).where(Solved.idea_id == idea.id)))


def say(person, idea, answer, **more):
    with unit_of_work():
        return solving.say(person, outcomes.get_own(person, idea.id), answer=Helped(answer), **more).id


def shipped_and_asked(clock, board, mia, voters=0, **values):
    """An idea with so many voters that was shipped; its people have been asked."""
    idea = IdeaFactory(board=board, **values)
    people = [VoteFactory(idea=idea, user=UserFactory()).user_id for _ in range(voters)]
    answered(mia, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)
    ask()
    return idea, [db.session.get(type(mia), person) for person in people]


def unsolved(idea):
    db.session.rollback()
    return queries.get_idea(None, idea.id).idea.rank.is_unsolved


# --- Asking ---


def test_everybody_who_was_owed_word_is_asked_once_after_some_days(app, board, mia, clock):
    idea = IdeaFactory(board=board)
    voter, credited, follower = UserFactory(), UserFactory(), UserFactory()
    VoteFactory(idea=idea, user=voter)
    said = CommentFactory(idea=idea, author=credited)
    CommentFactory(idea=idea, author=follower)  # said something, and is not credited
    other = IdeaFactory(board=board)
    their_voter = VoteFactory(idea=other, user=UserFactory()).user_id
    with unit_of_work():
        merging.merge(
            mia, queries.get_idea(mia, other.id), queries.get_idea(mia, idea.id), text="The same, both of you."
        )
    answered(mia, idea, **SHIPPED, credits=[credit(CreditKind.COMMENT, "became the page", said.id)])
    announce()

    clock.shift(DAYS - timedelta(seconds=1))
    ask()
    assert asked_of(idea) == set()
    clock.shift(timedelta(seconds=1))
    ask()
    ask()

    expected = {idea.author_id, voter.id, credited.id, other.author_id, their_voter}
    assert asked_of(idea) == expected
    assert told("solved") == sorted(expected)
    clock.shift(timedelta(days=20))
    ask()
    assert told("solved") == sorted(expected)


def test_nobody_is_asked_whether_what_they_shipped_themselves_was_good(app, board, mia, clock):
    idea, _voters = shipped_and_asked(clock, board, mia, author=mia, voters=1)

    assert mia.id not in asked_of(idea)


def test_the_days_are_counted_from_when_people_were_told(app, board, mia, clock):
    idea = IdeaFactory(board=board)
    answered(mia, idea, **SHIPPED)
    clock.shift(DAYS)
    ask()  # is announced only now

    assert asked_of(idea) == set()
    clock.shift(DAYS)
    ask()
    assert asked_of(idea) == {idea.author_id}


@pytest.mark.parametrize("what", ["undone", "reopened", "hidden", "merged", "declined"])
def test_nobody_is_asked_about_what_is_not_there(app, board, mia, clock, what):
    idea = IdeaFactory(board=board)
    if what == "declined":
        answered(mia, idea, "declined", Reason.NOT_EVER)
    else:
        given = answered(mia, idea, **SHIPPED)
    if what == "undone":
        with unit_of_work():
            answering.undo(mia, queries.get_answer(mia, given.id))
    announce()
    if what == "reopened":
        answered(mia, idea, "open", Reason.REOPENED)
        announce()
    if what == "hidden":
        idea.hidden_at = utcnow()
        db.session.commit()
    if what == "merged":
        other = IdeaFactory(board=board)
        with unit_of_work():
            on = queries.get_idea(mia, idea.id)
            merging.merge(mia, on, queries.get_idea(mia, other.id), text="The same, both of you.")

    clock.shift(DAYS)
    ask()

    assert asked_of(idea) == set()


def test_what_was_shipped_ages_ago_is_not_asked_about(app, board, mia, clock):
    idea = IdeaFactory(board=board)
    answered(mia, idea, **SHIPPED)
    announce()

    clock.shift(DAYS + solving.TOO_LATE)
    ask()

    assert asked_of(idea) == set()


def test_a_site_may_ask_nobody(make_app, clock):
    app = make_app(SOLVED_AFTER_DAYS="0")
    with app.app_context():
        board = BoardFactory()
        mia = team_member(board)
        idea = IdeaFactory(board=board)
        answered(mia, idea, **SHIPPED)
        announce()
        clock.shift(DAYS)
        ask()

        assert current().solved_after_days == 0
        assert asked_of(idea) == set()


def test_many_ideas_are_asked_about_in_several_rounds(app, board, mia, clock):
    ideas = [IdeaFactory(board=board) for _ in range(solving.AT_ONCE + 1)]
    for idea in ideas:
        answered(mia, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)

    assert ask() is True
    assert ask() is False
    assert all(asked_of(idea) for idea in ideas)


def test_a_worker_asks_and_mails(app, board, mia, clock, mails):
    idea = IdeaFactory(board=board, title="A roof for bicycles")
    answered(mia, idea, **SHIPPED)
    worker.run_once(app)
    clock.shift(DAYS)

    worker.run_once(app)

    assert [mail["Subject"] for mail in mails()][-1] == "Did this solve it for you? A roof for bicycles"


def test_whoever_muted_the_idea_is_not_asked_by_mail_or_inbox(app, board, mia, clock):
    idea = IdeaFactory(board=board)
    with unit_of_work():
        preferences.mute(idea.author, idea.subject)

    answered(mia, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)
    ask()

    lines = db.session.scalars(sa.select(Delivery.reason).where(Delivery.news == "solved")).all()
    assert lines == ["muted", "muted"]


# --- Saying ---


def test_the_last_word_counts(app, board, mia, clock):
    idea, (voter,) = shipped_and_asked(clock, board, mia, voters=1)

    say(voter, idea, "no", words="Too small.")
    say(voter, idea, "yes")

    outcome = outcomes.of_idea(queries.get_idea(voter, idea.id))
    assert outcome.counts == (2, 1, 0, 0)
    assert (outcome.mine.answer, outcome.mine.words) == ("yes", "")


def test_only_who_was_asked_says_something(app, board, mia, clock):
    idea, (voter,) = shipped_and_asked(clock, board, mia, voters=1)
    charlie = UserFactory()

    with pytest.raises(NotAsked):
        say(charlie, idea, "no")
    with pytest.raises(NotAsked), unit_of_work():
        solving.say(charlie, outcomes.get_own(voter, idea.id), answer=Helped.NO)
    voter.suspended_at = utcnow()
    db.session.commit()
    with pytest.raises(NotAllowed):
        say(voter, idea, "no")


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("nnnn", False),  # too few answers
        ("yyynn", False),  # 60 %
        ("yynnn", True),
        ("yyppn", True),
        ("yyyyyynnnn", False),
        ("yyyyynnnn", True),  # 55 %
    ],
)
def test_too_few_of_enough_people_saying_yes_mark_the_idea(app, board, mia, clock, said, mark):
    idea, voters = shipped_and_asked(clock, board, mia, voters=len(said))

    for voter, letter in zip(voters, said, strict=True):
        say(voter, idea, {"y": "yes", "p": "partly", "n": "no"}[letter])

    assert unsolved(idea) is mark
    announce()
    assert (mia.id in told("not_solved")) is mark


def test_the_team_is_told_once_and_the_mark_goes_when_people_change_their_minds(app, board, mia, clock):
    idea, voters = shipped_and_asked(clock, board, mia, voters=5)
    for voter in voters:
        say(voter, idea, "no")
    for voter in voters[:3]:
        say(voter, idea, "yes")
    assert not unsolved(idea)

    say(voters[0], idea, "no")

    assert unsolved(idea)
    announce()
    assert told("not_solved").count(mia.id) == 1
    assert db.session.scalar(sa.select(sa.func.count()).where(OutboxEntry.kind == "not_solved")) == 1


# --- Anew, when it was reopened and ships again ---


def reopened_and_shipped_again(clock, mia, idea):
    """And its people were asked anew."""
    answered(mia, idea, "open", Reason.REOPENED)
    announce()
    answered(mia, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)
    ask()


def test_what_was_reopened_and_ships_again_is_asked_anew_of_those_who_are_owed_word_now(app, board, mia, clock):
    idea, (stays, leaves) = shipped_and_asked(clock, board, mia, voters=2)
    first = told("solved")
    answered(mia, idea, "open", Reason.REOPENED)
    announce()
    with unit_of_work():
        voting.retract(leaves, queries.get_idea(leaves, idea.id).idea)
    comes = VoteFactory(idea=idea, user=UserFactory()).user_id
    answered(mia, idea, **SHIPPED)
    announce()

    clock.shift(DAYS - timedelta(seconds=1))
    ask()
    assert told("solved") == first
    assert outcomes.of_idea(queries.get_idea(None, idea.id)).is_over
    clock.shift(timedelta(seconds=1))
    ask()
    ask()

    anew = [idea.author_id, stays.id, comes]
    assert told("solved") == sorted([*first, *anew])
    assert len(db.session.scalars(sa.select(Inquiry)).all()) == 2
    assert not outcomes.of_idea(queries.get_idea(None, idea.id)).is_over


def test_another_word_on_what_is_still_there_asks_nobody_anew(app, board, mia, clock):
    idea, _voters = shipped_and_asked(clock, board, mia, voters=1)
    answered(mia, idea, "shipped", Reason.SHIPPED_DIFFERENTLY)
    announce()
    reopened = answered(mia, idea, "open", Reason.REOPENED)
    with unit_of_work():
        answering.undo(mia, queries.get_answer(mia, reopened.id))
    announce()

    clock.shift(DAYS)
    ask()

    assert len(db.session.scalars(sa.select(Inquiry)).all()) == 1


def test_only_what_is_said_of_it_now_is_counted(app, board, mia, clock):
    idea, voters = shipped_and_asked(clock, board, mia, voters=5)
    for voter in voters:
        say(voter, idea, "no")
    assert unsolved(idea)

    reopened_and_shipped_again(clock, mia, idea)

    assert not unsolved(idea)
    outcome = outcomes.of_idea(queries.get_idea(voters[0], idea.id))
    assert (outcome.counts, outcome.mine.answer) == ((6, 0, 0, 0), None)
    row = outcomes.get_own(voters[0], idea.id)
    assert (row.solved.answer, row.before.answer) == (None, "no")
    for voter in voters:
        say(voter, idea, "partly")
    assert unsolved(idea)
    announce()
    assert told("not_solved").count(mia.id) == 2  # once for each time
    assert len(outcomes.what_they_said(queries.get_idea(mia, idea.id), limit=20).rows) == 10


def test_a_link_from_before_leads_to_what_one_is_asked_now(app, board, mia, clock):
    idea, (stays, leaves) = shipped_and_asked(clock, board, mia, voters=2)
    asked = {person: outcomes.get_own(person, idea.id).solved.id for person in (stays, leaves)}
    answered(mia, idea, "open", Reason.REOPENED)
    announce()
    with unit_of_work():
        voting.retract(leaves, queries.get_idea(leaves, idea.id).idea)
    answered(mia, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)
    ask()

    found = {person: outcomes.by_token(outcomes.token(solved_id)).solved for person, solved_id in asked.items()}

    assert (found[stays].user_id, found[stays].answer) == (stays.id, None)
    assert found[stays].id > asked[stays]
    assert found[leaves].id == asked[leaves]


def test_a_story_from_before_stays_until_its_author_says_something_new(app, board, mia, clock):
    idea, (ole,) = shipped_and_asked(clock, board, mia, voters=1)
    agreed = say(ole, idea, "yes", words="I ride more.", may_publish=True)
    with unit_of_work():
        solving.publish(mia, outcomes.get_said(mia, agreed), shown=True)

    reopened_and_shipped_again(clock, mia, idea)
    assert [story.words for story in outcomes.of_idea(queries.get_idea(None, idea.id)).stories] == ["I ride more."]
    say(ole, idea, "no")

    assert outcomes.of_idea(queries.get_idea(None, idea.id)).stories == []


def test_a_follow_up_carries_over_those_of_its_own_time(app, board, mia, clock):
    idea, (first, second) = shipped_and_asked(clock, board, mia, voters=2)
    say(first, idea, "no")
    with unit_of_work():
        before = solving.follow_up(mia, queries.get_idea(mia, idea.id)).id
    reopened_and_shipped_again(clock, mia, idea)
    say(second, idea, "no")

    with unit_of_work():
        now = solving.follow_up(mia, queries.get_idea(mia, idea.id)).id

    votes = sa.select(Vote.user_id)
    assert db.session.scalars(votes.where(Vote.idea_id == before)).all() == [first.id]
    assert db.session.scalars(votes.where(Vote.idea_id == now)).all() == [second.id]


# --- By a link ---


def test_a_link_is_its_owners_and_cannot_be_made(app, board, mia, clock):
    idea, (voter,) = shipped_and_asked(clock, board, mia, voters=1)
    solved_id = outcomes.get_own(voter, idea.id).solved.id

    row = outcomes.by_token(outcomes.token(solved_id))

    assert row.solved.user_id == voter.id
    for token in (str(solved_id), outcomes.token(solved_id)[:-1], outcomes.token(99_999), ""):
        with pytest.raises(NotFound):
            outcomes.by_token(token)


def test_a_link_shows_nothing_that_its_owner_may_not_see_any_more(app, mia, clock):
    board = BoardFactory(private=True)
    petra = team_member(board)
    idea = IdeaFactory(board=board)
    member = MembershipFactory(board=board, user=UserFactory())
    VoteFactory(idea=idea, user=db.session.get(type(mia), member.user_id))
    answered(petra, idea, **SHIPPED)
    announce()
    clock.shift(DAYS)
    ask()
    token = outcomes.token(db.session.scalar(sa.select(Solved.id).where(Solved.user_id == member.user_id)))
    outcomes.by_token(token)

    db.session.delete(member)
    db.session.commit()

    with pytest.raises(NotFound):
        outcomes.by_token(token)


# --- Stories ---


def test_words_are_shown_only_with_consent_and_with_a_name_only_if_that_is_agreed(app, board, mia, clock):
    idea, (ole, kim) = shipped_and_asked(clock, board, mia, voters=2)
    agreed = say(ole, idea, "yes", words="I ride more.", may_publish=True)
    private = say(kim, idea, "yes", words="Between us.")

    with unit_of_work():
        solving.publish(mia, outcomes.get_said(mia, agreed), shown=True)
    with pytest.raises(NotAsked), unit_of_work():
        solving.publish(mia, outcomes.get_said(mia, private), shown=True)

    (story,) = outcomes.of_idea(queries.get_idea(None, idea.id)).stories
    assert (story.words, story.show_name) == ("I ride more.", False)
    assert [row.act for row in db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act.like("story%")))]


@pytest.mark.parametrize(
    "change", [{"may_publish": False, "words": "I ride more."}, {"may_publish": True, "words": "Other words."}]
)
def test_a_story_is_taken_down_when_consent_or_words_change(app, board, mia, clock, change):
    idea, (ole,) = shipped_and_asked(clock, board, mia, voters=1)
    said = say(ole, idea, "yes", words="I ride more.", may_publish=True, show_name=True)
    with unit_of_work():
        solving.publish(mia, outcomes.get_said(mia, said), shown=True)
    assert outcomes.of_idea(queries.get_idea(None, idea.id)).stories

    say(ole, idea, "yes", **change)

    assert outcomes.of_idea(queries.get_idea(None, idea.id)).stories == []


def test_only_the_team_reads_what_is_not_shown_and_chooses(app, board, mia, clock):
    idea, (ole,) = shipped_and_asked(clock, board, mia, voters=1)
    said = say(ole, idea, "yes", words="I ride more.", may_publish=True)

    with pytest.raises(NotFound):
        outcomes.get_said(ole, said)
    row = outcomes.AskedRow(outcomes.get_said(mia, said).solved, queries.get_idea(ole, idea.id))
    with pytest.raises(NotAllowed), unit_of_work():
        solving.publish(ole, row, shown=True)


# --- Going on ---


def test_a_follow_up_is_backed_by_exactly_those_for_whom_it_was_not_solved(app, board, mia, clock):
    idea, (yes, partly, no, silent, gone) = shipped_and_asked(clock, board, mia, voters=5)
    for person, answer in ((yes, "yes"), (partly, "partly"), (no, "no"), (gone, "no")):
        say(person, idea, answer)
    gone.suspended_at = utcnow()
    db.session.commit()

    with unit_of_work():
        new = solving.follow_up(mia, queries.get_idea(mia, idea.id)).id
    announce()

    voters = set(db.session.scalars(sa.select(Vote.user_id).where(Vote.idea_id == new)))
    assert voters == {partly.id, no.id}
    assert queries.get_idea(None, new).idea.rank.vote_count == 2
    assert told("follow_up") == sorted([partly.id, no.id])
    assert queries.get_idea(None, new).idea.author_id == mia.id
    assert silent.id not in told("follow_up")


def test_pressing_twice_makes_one_follow_up(app, board, mia, clock):
    idea, (no,) = shipped_and_asked(clock, board, mia, voters=1)
    say(no, idea, "no")

    made = []
    for _ in range(2):
        with unit_of_work():
            made.append(solving.follow_up(mia, queries.get_idea(mia, idea.id)).id)

    assert made[0] == made[1]
    announce()
    assert told("follow_up") == [no.id]


def test_a_board_follower_who_is_carried_over_gets_one_message(app, board, mia, clock):
    idea, (no,) = shipped_and_asked(clock, board, mia, voters=1)
    with unit_of_work():
        following.follow_board(no, board)
    say(no, idea, "no")

    with unit_of_work():
        new = solving.follow_up(mia, queries.get_idea(mia, idea.id)).id
    announce()

    lines = sa.select(Delivery.path, Delivery.channel).join(Delivery.entry)
    own = db.session.execute(lines.where(OutboxEntry.subject == f"idea:{new}", Delivery.user_id == no.id)).all()
    assert sorted(own) == [("voter", "email"), ("voter", "inbox")]


def test_only_the_team_goes_on_and_only_after_people_were_asked(app, board, mia, clock):
    idea, (no,) = shipped_and_asked(clock, board, mia, voters=1)
    never = IdeaFactory(board=board)

    with pytest.raises(NotAllowed), unit_of_work():
        solving.follow_up(no, queries.get_idea(no, idea.id))
    with pytest.raises(NotAsked), unit_of_work():
        solving.follow_up(mia, queries.get_idea(mia, never.id))


def test_a_vote_that_was_carried_over_can_be_taken_back(app, board, mia, clock):
    idea, (no,) = shipped_and_asked(clock, board, mia, voters=1)
    say(no, idea, "no")
    with unit_of_work():
        new = solving.follow_up(mia, queries.get_idea(mia, idea.id)).id

    with unit_of_work():
        left = voting.retract(no, queries.get_idea(no, new).idea)

    assert left == 0


def test_the_rows_hang_together(app, board, mia, clock):
    idea, _voters = shipped_and_asked(clock, board, mia, voters=2)

    inquiry = db.session.scalars(sa.select(Inquiry)).one()

    assert (inquiry.idea_id, inquiry.asked_at) == (idea.id, utcnow())
    assert db.session.get(Idea, inquiry.idea_id) is not None
