"""Solved, as it is counted in small stories."""

from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db
from tests.factories import CompanyFactory, UserFactory
from tests.insights.arranging import day


def asked(story, idea, answer_id, *said):
    """Its people were asked on day 20, and each of `said` is (person, answer or None, day)."""
    inquiry = Inquiry(idea_id=idea.id, answer_id=answer_id, asked_at=day(20))
    db.session.add(inquiry)
    db.session.flush()
    same = {"inquiry_id": inquiry.id, "idea_id": idea.id, "asked_at": day(20)}
    for person, answer, number in said:
        at = None if answer is None else day(number)
        db.session.add(Solved(user_id=person.id, answer=answer, answered_at=at, **same))
    db.session.commit()


def test_yes_of_all_answers_and_asked_of_all_shipped(story):
    company = CompanyFactory()
    kim, ole, ada = UserFactory(company=company), UserFactory(), UserFactory()
    idea, other, declined = story.post(voters=[kim, ole, ada]), story.post(), story.post()
    given = story.answer(idea, 3, "shipped")
    story.answer(other, 4, "shipped")
    story.answer(declined, 4, "declined")
    asked(story, idea, given, (kim, "yes", 21), (ole, "no", 25), (ada, None, 0))

    solved = story.health(30).solved

    assert (dict(solved.answers), solved.answered, solved.share) == ({"yes": 1, "no": 1}, 2, 0.5)
    assert (solved.shipped, solved.asked, solved.share_asked) == (2, 1, 0.5)
    assert story.health(30, company=company).solved.share == 1.0
    assert story.health(30, since=day(22)).solved.share == 0.0


def test_what_was_reopened_and_ships_again_is_asked_about_only_when_it_is(story):
    kim = UserFactory()
    idea = story.post(voters=[kim])
    asked(story, idea, story.answer(idea, 3, "shipped"), (kim, "no", 21))
    story.answer(idea, 22, "open")
    again = story.answer(idea, 23, "shipped")
    assert (story.health(30).solved.shipped, story.health(30).solved.asked) == (1, 0)

    asked(story, idea, again, (kim, "yes", 29))

    solved = story.health(30).solved
    assert (solved.shipped, solved.asked) == (1, 1)
    assert dict(solved.answers) == {"yes": 1, "no": 1}  # two questions, two answers


def test_nobody_asked_is_no_share(story):
    solved = story.health(30).solved

    assert (solved.share, solved.share_asked, solved.answered) == (None, None, 0)
