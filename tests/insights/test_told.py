"""Closures and telling, as they are counted in small stories."""

import sqlalchemy as sa

from ideas.boards import answering, queries
from ideas.boards.models import IdeaTag
from ideas.db import at, db, unit_of_work
from ideas.ledger.models import Delivery, Mute, Preference
from tests.factories import CompanyFactory, IdeaFollowFactory, TagFactory, UserFactory, VoteOnBehalfFactory
from tests.insights.arranging import day


def test_everybody_who_put_something_in_is_owed_the_closure(story):
    kim, ole = UserFactory(), UserFactory()
    idea = story.post(voters=[kim, ole])
    story.say(UserFactory(), idea, 1)
    IdeaFollowFactory(idea=idea)
    story.answer(idea, 3, "shipped")

    people = story.health(5).people_closed

    assert (people.owed, people.delivered, people.share) == (4, 4, 1.0)


def test_who_opted_out_and_who_cannot_be_reached_stay_among_those_owed(story):
    muting, bounced, quiet = UserFactory(), UserFactory(), UserFactory()
    idea = story.post(voters=[muting, bounced, quiet])
    db.session.add(Mute(user_id=muting.id, subject=idea.subject))
    db.session.commit()
    story.answer(idea, 3, "declined")
    db.session.execute(
        sa.update(Delivery)
        .where(Delivery.user_id == bounced.id, Delivery.channel == "email")
        .values(state="failed", reason="bounced")
    )

    people = story.health(5).people_closed

    assert (people.owed, people.delivered, people.undeliverable, people.opted_out) == (4, 2, 1, 1)
    assert dict(people.failed) == {"bounced": 1}
    assert dict(people.suppressed) == {"muted": 1}


def test_an_answer_that_is_not_final_closes_nothing(story):
    story.answer(story.post(voters=[UserFactory()]), 3, "planned")

    found = story.health(5)

    assert (found.people_closed.owed, found.people_closed.share) == (0, None)
    assert (found.ideas_closed.finalised, found.ideas_closed.share) == (0, None)


def test_merged_in_voters_count_for_the_idea_they_voted_for(story):
    kim, ole = UserFactory(), UserFactory()
    tag = TagFactory(board=story.board, slug="seed")
    one, other = story.post(voters=[kim]), story.post(voters=[kim, ole])
    db.session.add(IdeaTag(idea_id=other.id, tag_id=tag.id))
    story.merge(other, one, 2)
    story.answer(one, 4, "shipped")

    assert story.health(5).people_closed.owed == 4  # two authors, kim and ole
    assert story.health(5, tag="seed").people_closed.owed == 2  # the author of the other, and ole


def test_whoever_the_team_counts_on_is_owed_the_closure_for_the_idea_it_was_noted_on(story):
    tag = TagFactory(board=story.board, slug="seed")
    one, other = story.post(), story.post()
    db.session.add(IdeaTag(idea_id=other.id, tag_id=tag.id))
    VoteOnBehalfFactory(idea=other)
    VoteOnBehalfFactory(idea=one, denied_at=day(1))
    story.merge(other, one, 2)
    story.answer(one, 4, "shipped")

    people = story.health(5).people_closed

    assert (people.owed, people.delivered) == (3, 3)  # two authors, and who was counted on
    assert story.health(5, tag="seed").people_closed.owed == 2


def test_an_idea_closed_twice_counts_once_as_the_last_time(story):
    kim = UserFactory()
    idea = story.post(voters=[kim])
    story.answer(idea, 3, "declined")
    story.answer(idea, 4, "open")
    db.session.add(Mute(user_id=kim.id, subject=idea.subject))
    db.session.commit()
    story.answer(idea, 6, "shipped")

    people = story.health(9).people_closed

    assert (people.owed, people.delivered, people.opted_out) == (2, 1, 1)
    assert story.health(9).ideas_closed.finalised == 1


def test_what_was_closed_elsewhen_is_not_of_this_period(story):
    story.answer(story.post(), 3, "shipped")
    story.answer(story.post(), 13, "shipped")

    assert story.health(20, since=day(10)).people_closed.owed == 1
    assert story.health(20, until=day(10)).people_closed.owed == 1
    assert story.health(20, until=day(10)).ideas_closed.finalised == 1


def test_an_idea_is_closed_when_nobody_waits_for_word_any_more(story):
    idea, told = story.post(voters=[UserFactory()]), story.post()
    story.answer(told, 3, "shipped")
    story.answer(idea, 3, "shipped", tell=False)

    before = story.health(5).ideas_closed
    story.tell()
    after = story.health(5).ideas_closed

    assert (before.finalised, before.closed) == (2, 1)
    assert (after.finalised, after.closed, after.share) == (2, 2, 1.0)


def test_an_idea_with_one_line_that_waits_is_not_closed(story):
    idea = story.post(voters=[UserFactory()])
    story.answer(idea, 3, "shipped")
    line = db.session.scalars(sa.select(Delivery).where(Delivery.channel == "email").limit(1)).one()
    line.state, line.done_at = "pending", None
    db.session.commit()

    found = story.health(5)

    assert (found.ideas_closed.finalised, found.ideas_closed.closed) == (1, 0)
    assert (found.people_closed.pending, found.people_closed.delivered) == (1, 1)


def test_an_answer_that_was_undone_closed_nothing(story):
    idea = story.post()
    given = story.answer(idea, 3, "shipped", tell=False)
    with unit_of_work(), at(day(3)):
        answering.undo(story.petra, queries.get_answer(story.petra, given))

    assert story.health(5).ideas_closed.finalised == 0


def test_of_a_company_its_people_count_and_the_ideas_they_wrote(story):
    acme = CompanyFactory()
    inside, outside = UserFactory(company=acme), UserFactory()
    theirs, others = story.post(author=inside, voters=[outside]), story.post(author=outside, voters=[inside])
    story.answer(theirs, 3, "shipped")
    story.answer(others, 3, "shipped")

    found = story.health(5, company=acme)

    assert found.people_closed.owed == 2
    assert found.ideas_closed.finalised == 1
    assert found.used.contributors == 1
    assert found.sending.people == 1


# --- Sending ---


def test_sending_is_counted_by_channel_and_outcome(story):
    kim, ole = UserFactory(), UserFactory()
    idea = story.post(voters=[kim, ole])
    db.session.add(Preference(user_id=ole.id, news="shipped", email="off", by_unsubscribing=True, changed_at=day(2)))
    db.session.commit()
    story.answer(idea, 3, "shipped")

    sending = story.health(6).sending

    assert sending.by_channel["email"] == {"sent": 2, "suppressed": 1}
    assert sending.by_channel["inbox"] == {"sent": 3}
    assert dict(sending.suppressed) == {"unsubscribed": 1}
    assert (sending.sent, sending.people, sending.a_week) == (2, 2, 1.0)
    assert (sending.unsubscribed, sending.duplicates) == (1, 0)


def test_two_announcements_of_the_same_are_duplicates(story):
    idea = story.post(voters=[UserFactory()])
    story.answer(idea, 3, "shipped")
    db.session.execute(
        sa.text(
            "INSERT INTO outbox_entry (kind, subject, about_id, recorded_at, due_at, held_back)"
            " SELECT kind, subject, about_id, recorded_at, due_at, held_back FROM outbox_entry"
        )
    )
    story.tell()

    assert story.health(5).sending.duplicates == 4  # two people, by two ways each


def test_nothing_was_sent_of_nothing(story):
    sending = story.health(5).sending

    assert (sending.sent, sending.people, sending.a_week, sending.duplicates) == (0, 0, None, 0)
