"""What looks like spam waits for the team, seen by its author; new accounts say only so much."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, User
from ideas.boards import checks, commenting, listing, moderating, posting, queries, queues, reading, screening
from ideas.boards.models import Comment, Idea, IdeaRank
from ideas.boards.models_moderating import Hiding
from ideas.boards.screening import Sent, Signal
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotFound, TooMany
from ideas.outbox import OutboxEntry
from tests.boards.arranging import count
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

LINKS = "See https://a.example and https://b.example and www.c.example."
LONG = "We need a tap by the far beds because the hose does not reach them."


@pytest.fixture
def app(make_app):
    made = make_app(NEW_ACCOUNT_HOURS="24", NEW_ACCOUNT_IDEAS="2", NEW_ACCOUNT_COMMENTS="3", NEW_ACCOUNT_LINKS="2")
    with made.app_context():
        yield made


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def newcomer(app):
    return UserFactory(name="New")


@pytest.fixture
def old(app):
    return UserFactory(name="Old", created_at=utcnow() - timedelta(days=9))


def post(author, body, *, sent=screening.PLAIN, title="A tap"):
    with unit_of_work():
        where = queries.get_board(author, "garden")
        return posting.submit(author, where, title=title, body=body, sent=sent).id


def say(author, idea_id, body, **more):
    with unit_of_work():
        return commenting.add(author, queries.get_idea(author, idea_id), body=body, **more).id


def sees(person, idea_id):
    try:
        return queries.get_idea(person, idea_id).idea.id == idea_id
    except NotFound:
        return False


def held():
    return [hiding.signals for hiding in db.session.scalars(sa.select(Hiding).order_by(Hiding.id))]


def events():
    return db.session.scalars(sa.select(OutboxEntry.kind)).all()


def test_links_of_a_new_account_wait_and_nobody_is_told_yet(board, newcomer, petra):
    idea_id = post(newcomer, LINKS)

    assert held() == [[Signal.NEW_WITH_LINKS]]
    assert (sees(newcomer, idea_id), sees(petra, idea_id), sees(None, idea_id)) == (True, True, False)
    assert events() == []
    assert len(queues.waiting(queries.list_boards(petra)).held) == 1
    assert queues.count_for(petra) == 1


@pytest.mark.parametrize(
    ("who", "body", "sent", "signals"),
    [
        ("newcomer", "Two links: https://a.example https://b.example", Sent(), []),
        ("old", LINKS, Sent(), []),
        ("old", "https://a.example " * 8, Sent(), [Signal.MANY_LINKS]),
        ("old", LONG, Sent(trap="https://a.example"), [Signal.TRAP]),
        ("petra", "https://a.example " * 20, Sent(trap="x"), []),
    ],
)
def test_what_waits_and_what_does_not(request, board, who, body, sent, signals):
    post(request.getfixturevalue(who), body, sent=sent)

    assert held() == ([signals] if signals else [])


def test_haste_alone_is_no_reason(board, old):
    post(old, LONG, sent=Sent(opened_at=utcnow()))

    assert held() == []


def test_haste_and_the_trap_are(board, old):
    post(old, LONG, sent=Sent(opened_at=utcnow(), trap="x"))

    assert held() == [[Signal.TRAP, Signal.HASTE]]


def test_the_same_words_all_over_the_place_wait_from_the_second_time_on(board, old):
    ideas = IdeaFactory.create_batch(3, board=board)

    first, second = (say(old, idea.id, LONG) for idea in ideas[:2])
    say(old, ideas[2].id, "Me too.")

    assert held() == [[Signal.SAID_BEFORE]]
    assert not db.session.get_one(Comment, first).is_held
    assert db.session.get_one(Comment, second).is_held


def test_what_somebody_else_said_may_be_said_again(board, old, newcomer):
    idea = IdeaFactory(board=board)
    say(newcomer, idea.id, LONG)

    say(old, idea.id, LONG)

    assert held() == []


def test_every_signal_has_a_weight_and_a_sentence(app):
    assert {*screening.WEIGHTS, *screening.RULES} == set(screening.SENTENCES) == set(Signal)
    for sentence in screening.SENTENCES.values():
        assert str(sentence).endswith(".")


# --- What becomes of it ---


def test_what_is_let_through_is_as_if_it_came_now(board, newcomer, petra):
    idea_id = post(newcomer, LINKS)
    hiding_id = db.session.scalars(sa.select(Hiding.id)).one()

    with unit_of_work():
        moderating.let_through(petra, queries.get_hiding(petra, hiding_id))

    assert sees(None, idea_id)
    assert events() == ["idea_received"]
    assert db.session.scalars(sa.select(AuditEntry.act)).all() == ["idea.restored"]
    assert [card.idea.id for card in listing.ideas_on(None, queries.list_boards(None), listing.Wanted(), limit=5).rows]
    assert queues.count_for(petra) == 0


def test_a_comment_that_waits_leaves_no_trace_and_is_counted_once_let_through(board, newcomer, petra):
    idea = IdeaFactory(board=board)
    comment_id = say(newcomer, idea.id, LINKS)

    assert reading.discussion(queries.get_idea(None, idea.id)).rows == []
    assert len(reading.discussion(queries.get_idea(newcomer, idea.id)).rows) == 1
    assert db.session.get_one(IdeaRank, idea.id).comment_count == 0
    hiding_id = db.session.scalars(sa.select(Hiding.id)).one()
    with unit_of_work():
        moderating.let_through(petra, queries.get_hiding(petra, hiding_id))

    db.session.expire_all()
    assert len(reading.discussion(queries.get_idea(None, idea.id)).rows) == 1
    assert db.session.get_one(IdeaRank, idea.id).comment_count == 1
    assert events() == ["commented"]
    assert not db.session.get_one(Comment, comment_id).is_held


@pytest.mark.parametrize("kind", ["idea", "comment"])
def test_what_is_refused_is_hidden_with_a_reason_and_may_be_appealed(board, newcomer, petra, kind):
    idea_id = post(newcomer, LINKS) if kind == "idea" else IdeaFactory(board=board).id
    comment_id = say(newcomer, idea_id, LINKS) if kind == "comment" else None
    hiding_id = db.session.scalars(sa.select(Hiding.id)).one()

    with unit_of_work():
        moderating.refuse(petra, queries.get_hiding(petra, hiding_id), reason="It is an advertisement.")

    hiding = queries.get_hiding(newcomer, hiding_id).hiding
    assert (hiding.is_held, hiding.reason) == (False, "It is an advertisement.")
    assert events() == ["hidden"]
    with unit_of_work():
        moderating.appeal(newcomer, queries.get_hiding(newcomer, hiding_id), words="It is no advertisement.")
    if comment_id:
        on = queries.get_idea(None, idea_id)
        assert not reading.is_readable(on, reading.discussion(on).rows[0].comment)


def test_the_checks_find_nothing_wrong_with_what_waits(board, newcomer):
    post(newcomer, LINKS)
    say(newcomer, IdeaFactory(board=board).id, LINKS)

    assert [finding for check in checks.CHECKS.values() for finding in check()] == []


# --- New accounts ---


def test_a_new_account_posts_only_so_many_ideas(board, newcomer, old, clock):
    for number in range(2):
        post(newcomer, f"Number {number}")
    with pytest.raises(TooMany) as too_many:
        post(newcomer, "One more")
    assert 0 < too_many.value.retry_after <= 24 * 3600
    for number in range(4):
        post(old, f"Number {number}")

    clock.shift(timedelta(days=1, minutes=1))
    post(newcomer, "One more")
    assert count(Idea) == 7


def test_a_new_account_says_only_so_much(board, newcomer, petra):
    idea_id = IdeaFactory(board=board).id
    for number in range(3):
        say(newcomer, idea_id, f"Number {number}")

    with pytest.raises(TooMany):
        say(newcomer, idea_id, "One more")
    for number in range(5):
        say(petra, idea_id, f"Number {number}")


# --- Pages ---


def test_the_page_says_that_it_waits(app, board, newcomer, petra):
    browser = browser_of(app, newcomer)

    page = browser.post("/boards/garden/new", data={"title": "Taps", "body": LINKS}, follow_redirects=True)

    assert "The team looks at this before others see it." in seen(page.text)
    assert "Waiting for a look of the team" in seen(page.text)
    queue = browser_of(app, petra).get("/boards/garden/moderation")
    assert "The account is new, and this has more links" in seen(queue.text)


def test_a_comment_says_so_too(app, board, newcomer):
    idea = IdeaFactory(board=board)

    page = browser_of(app, newcomer).post(
        f"/ideas/{idea.id}/comments", data={"body": LINKS, "voice": "own"}, follow_redirects=True
    )

    assert "Waiting for a look of the team" in seen(page.text)
    assert LINKS[:20] not in app.test_client().get(f"/ideas/{idea.id}", follow_redirects=True).text


def test_the_team_decides_on_the_page(app, board, newcomer, petra):
    first, second = post(newcomer, LINKS), post(newcomer, LINKS + " Also here.")
    team = browser_of(app, petra)
    one, two = db.session.scalars(sa.select(Hiding.id).order_by(Hiding.id)).all()

    assert team.post(f"/hidden/{one}/let-through").status_code == 303
    assert team.post(f"/hidden/{two}/refuse", data={"reason": "short"}).status_code == 422
    assert team.post(f"/hidden/{two}/refuse", data={"reason": "It is an advertisement."}).status_code == 303

    assert (sees(None, first), sees(None, second)) == (True, False)


def test_the_trap_is_in_the_form_and_not_to_be_seen(app, board, old):
    page = browser_of(app, old).get("/boards/garden/new")

    field = '<input class="visually-hidden" type="text" name="website" tabindex="-1" autocomplete="off">'
    assert f'<div class="visually-hidden" aria-hidden="true"><label>Leave this empty {field}' in page.text
    browser_of(app, old).post("/boards/garden/new", data={"title": "Taps", "body": LONG, "website": "x"})
    assert held() == [[Signal.TRAP]]


def test_a_form_that_lies_about_when_it_was_opened_is_believed_no_more_than_one_that_says_nothing(app, board, old):
    answer = browser_of(app, old).post("/boards/garden/new", data={"title": "Taps", "body": LONG, "opened": "forged"})

    assert answer.status_code == 303
    assert held() == []
    assert db.session.get_one(User, old.id)
