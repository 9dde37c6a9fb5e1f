"""Answered, waits and silence, as they are counted in small stories."""

import sqlalchemy as sa

from ideas.boards import moderating, posting, queries
from ideas.boards.models import Idea
from ideas.boards.waiting import Word
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, UserFactory
from tests.insights.arranging import day


def test_an_idea_is_due_once_it_is_as_old_as_the_promise(story):
    story.answer(story.post(0), 3, "considering")
    story.answer(story.post(0), 20, "considering")
    story.post(0)
    story.post(20)  # not due yet

    answered = story.health(33).answered

    assert (answered.due, answered.answered, answered.in_time, answered.share) == (3, 2, 1, 2 / 3)
    assert story.health(34).answered.due == 4


def test_an_official_comment_answers_and_a_comment_of_anybody_does_not(story):
    said, other = story.post(0), story.post(0)
    story.say(story.petra, said, 3, official=True)
    story.say(UserFactory(), other, 3)

    assert story.health(20).answered.answered == 1


def test_what_was_merged_hidden_or_taken_back_in_time_never_was_due(story):
    author = UserFactory()
    kept, merged, late = story.post(0), story.post(0), story.post(0)
    withdrawn, hidden = story.post(0, author), story.post(0)
    story.merge(merged, kept, 5)
    with story.on(5):
        posting.withdraw(author, queries.get_idea(author, withdrawn.id))
    with story.on(5):
        moderating.hide_idea(story.petra, queries.get_idea(story.petra, hidden.id), reason="It names a person.")
    story.merge(late, kept, 15)

    assert story.health(20).answered.due == 2  # the one kept, and the one that waited for too long before


def test_a_board_without_a_promise_owes_nothing_by_a_day(story):
    story.board.answer_within_days = None
    story.post(0)
    db.session.commit()

    found = story.health(40)

    assert (found.answered.due, found.answered.share) == (0, None)
    assert (found.silence.ideas, found.silence.promised, found.silence.share_late) == (1, 0, None)


def test_tenths_go_from_the_least_backed_to_the_most(story):
    voters = [UserFactory() for _ in range(9)]
    for number in range(10):
        idea = story.post(0, voters=voters[:number])
        if number > 7:
            story.answer(idea, 2, "planned")

    tenths = story.health(20).answered.tenths

    assert [(tenth.ideas, tenth.votes_least) for tenth in tenths] == [(1, number) for number in range(10)]
    assert [tenth.answered for tenth in tenths] == [0] * 8 + [1, 1]


def test_waits_have_their_quantiles_and_those_not_reached_have_none(story):
    for number in (2, 4, 6):
        story.answer(story.post(0), number, "shipped")
    story.post(0)

    waits = story.health(10).waits

    assert (waits[Word.ANSWER].ideas, waits[Word.ANSWER].ended) == (4, 3)
    assert (waits[Word.SHIPPING].median, waits[Word.SHIPPING].ninth) == (4, None)


def test_only_ideas_posted_in_the_period_are_waited_for(story):
    story.post(0)
    story.post(12)

    assert story.health(20, since=day(10)).waits[Word.ANSWER].ideas == 1


def test_silence_counts_from_the_last_word_on_every_open_idea(story):
    story.post(0)
    spoken, closed = story.post(0), story.post(0)
    story.answer(spoken, 2, "considering")
    story.say(story.petra, spoken, 10, official=True)
    story.answer(closed, 3, "declined")
    IdeaFactory(board=story.board, created_at=day(0), withdrawn=True)
    IdeaFactory(board=BoardFactory(), created_at=day(0))

    silence = story.health(20, since=day(19)).silence

    assert [(each.days, each.ideas) for each in silence.days] == [(10, 1), (20, 1)]
    assert (silence.ideas, silence.median, silence.ninth, silence.late, silence.share_late) == (2, 10, 20, 1, 0.5)


def test_without_ideas_there_is_nothing_to_say(story):
    found = story.health(20)

    assert (found.answered.due, found.answered.share, found.answered.tenths) == (0, None, ())
    assert found.waits[Word.ANSWER].median is None
    assert (found.silence.ideas, found.silence.median, found.silence.share_late) == (0, None, None)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idea)) == 0
