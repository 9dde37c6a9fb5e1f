"""Feedback used and capacity, as they are counted in small stories."""

from ideas.boards import answering, queries, schemas
from tests.factories import UserFactory
from tests.insights.arranging import TEXT, day


def test_answers_with_credits_and_people_credited(story):
    kim, ole = UserFactory(), UserFactory()
    idea, plain = story.post(voters=[kim]), story.post(voters=[ole])
    comment = story.say(ole, idea, 1)
    story.answer(idea, 2, "planned", [{"kind": "comment", "id": comment, "how": "It became the second page."}])
    story.answer(plain, 2, "planned")

    used = story.health(5).used

    assert (used.answers, used.with_credits, used.share_of_answers) == (2, 1, 0.5)
    assert (used.contributors, used.credited, used.share_of_people) == (4, 1, 0.25)


def test_voters_credited_as_a_whole_are_credited(story):
    idea = story.post(voters=[UserFactory(), UserFactory()])
    story.answer(idea, 2, "planned", [{"kind": "votes", "how": "Your votes put it first."}])

    used = story.health(5).used

    assert (used.contributors, used.credited) == (3, 2)


def test_whoever_a_correction_credits_is_credited(story):
    ole = UserFactory()
    idea = story.post()
    comment = story.say(ole, idea, 1)
    given = story.answer(idea, 2, "planned")
    credit = {"kind": "comment", "id": comment, "how": "It became the second page."}
    words = schemas.AnswerWords().load({"reason": "committed", "text": TEXT, "credits": [credit]})
    with story.on(3):
        answering.correct(story.petra, queries.get_answer(story.petra, given), words)
    story.tell()

    used = story.health(5).used

    assert (used.answers, used.with_credits, used.contributors, used.credited) == (1, 1, 2, 1)


def test_capacity_is_answers_by_ideas_in_weeks_of_the_period(story):
    for number in (0, 1, 2, 8):
        story.post(number)
    story.answer(story.post(15), 16, "considering")

    capacity = story.health(20, since=day(-1)).capacity

    assert [(week.ideas, week.answers) for week in capacity.weeks] == [(3, 0), (1, 0), (1, 1)]
    assert (capacity.ideas_a_week, round(capacity.answers_a_week, 3), capacity.ratio) == (5 / 3, 0.333, 0.2)


def test_nothing_in_the_period_is_no_ratio(story):
    capacity = story.health(20).capacity

    assert (capacity.ideas, capacity.answers, capacity.ratio, capacity.weeks) == (0, 0, None, ())
