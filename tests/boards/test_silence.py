"""Nobody waits in silence: the promise stands beside its record, owners are reminded, and people are asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.boards import answering, merging, moderating, overdue, posting, queries, silence
from ideas.boards.errors import NotAsked
from ideas.boards.models import Reason
from ideas.boards.models_moderating import Hiding
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.ledger import worker
from ideas.outbox import OutboxEntry
from tests.api.asking import bearer
from tests.boards.arranging import announce, told
from tests.boards.pages import answered, browser_of, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member

NINETY = timedelta(days=90)


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia")


def go_round(round_):
    with unit_of_work():
        round_()
    announce()


def own(idea, mia):
    idea.owner_id = mia.id
    db.session.commit()
    return idea


def votes_of(idea):
    db.session.rollback()
    return queries.get_idea(None, idea.id).idea.rank.vote_count


# --- No word for ninety days ---


def test_an_idea_without_word_asks_whoever_wants_it_once_and_its_owner_is_told(app, board, mia, clock):
    idea = own(IdeaFactory(board=board), mia)
    voter = VoteFactory(idea=idea, user=UserFactory()).user_id
    commenter = CommentFactory(idea=idea).author_id

    clock.shift(NINETY - timedelta(seconds=1))
    go_round(silence.ask_due)
    assert told("still_wanted") == []
    clock.shift(timedelta(seconds=1))
    go_round(silence.ask_due)
    clock.shift(timedelta(days=30))
    go_round(silence.ask_due)

    assert told("still_wanted") == sorted([idea.author_id, voter])
    assert commenter not in told("still_wanted")
    assert told("silent") == [mia.id]


def test_without_an_owner_the_team_is_told(app, board, mia, clock):
    elsewhere = team_member(BoardFactory())
    IdeaFactory(board=board)
    clock.shift(NINETY)

    go_round(silence.ask_due)

    assert told("silent") == [mia.id]
    assert elsewhere.id not in told("silent")


def test_a_word_ends_the_silence_and_the_next_one_asks_again(app, board, mia, clock):
    idea = IdeaFactory(board=board)
    clock.shift(NINETY)
    go_round(silence.ask_due)
    clock.shift(timedelta(minutes=1))
    answered(mia, idea, "considering", Reason.UNDER_REVIEW)
    announce()
    assert overdue.support(queries.get_idea(None, idea.id)) is None

    clock.shift(NINETY - timedelta(days=1))
    go_round(silence.ask_due)
    assert told("still_wanted") == [idea.author_id]
    clock.shift(timedelta(days=1))
    go_round(silence.ask_due)

    assert told("still_wanted") == [idea.author_id] * 2


@pytest.mark.parametrize("what", ["shipped", "hidden", "withdrawn", "merged", "imported"])
def test_nobody_is_asked_about_what_waits_for_nothing(app, board, mia, clock, what):
    idea = IdeaFactory(board=board, **({"source_kind": "import", "source_id": "9"} if what == "imported" else {}))
    if what == "shipped":
        answered(mia, idea, "shipped", Reason.SHIPPED)
    if what == "hidden":
        with unit_of_work():
            moderating.hide_idea(mia, queries.get_idea(mia, idea.id), reason="It names a neighbour.")
    if what == "withdrawn":
        with unit_of_work():
            posting.withdraw(idea.author, queries.get_idea(idea.author, idea.id))
    if what == "merged":
        with unit_of_work():
            into = queries.get_idea(mia, IdeaFactory(board=board, author=mia).id)
            merging.merge(mia, queries.get_idea(mia, idea.id), into, text="The same, both of you.")

    clock.shift(NINETY)
    go_round(silence.ask_due)

    entries = db.session.scalars(sa.select(OutboxEntry.subject).where(OutboxEntry.kind == "still_wanted_asked")).all()
    assert idea.subject not in entries


def asked(clock, board, voters=1):
    idea = IdeaFactory(board=board)
    people = [UserFactory() for _ in range(voters)]
    for person in people:
        VoteFactory(idea=idea, user=person)
    clock.shift(NINETY)
    go_round(silence.ask_due)
    return idea, people


def say(person, idea, *, wanted):
    with unit_of_work():
        silence.say(person, queries.get_idea(person, idea.id), wanted=wanted)


def test_no_longer_takes_back_ones_own_vote_and_still_wanting_it_counts(app, board, mia, clock):
    idea, (ole, kim, _silent) = asked(clock, board, voters=3)

    say(ole, idea, wanted=False)
    say(kim, idea, wanted=True)
    say(idea.author, idea, wanted=True)

    assert votes_of(idea) == 2
    assert overdue.support(queries.get_idea(None, idea.id)) == (utcnow(), 2, 0)


def test_stale_support_is_shown_apart_after_a_month_and_never_deleted(app, board, mia, clock):
    idea, (_ole, kim, _silent) = asked(clock, board, voters=3)
    say(kim, idea, wanted=True)
    VoteFactory(idea=idea, user=UserFactory())
    page = browser_of(app, None)
    path = f"/ideas/{idea.id}-{idea.slug}"
    assert "have not been heard of" not in page.get(path).text

    clock.shift(timedelta(days=30))
    support = overdue.support(queries.get_idea(None, idea.id))

    assert (support.confirmed, support.stale) == (1, 2)
    assert "2 who voted before have not been heard of since then." in seen(page.get(path).text)
    assert votes_of(idea) == 4


def test_only_who_was_asked_says_whether_they_still_want_it(app, board, mia, clock):
    idea, (ole,) = asked(clock, board)
    never = IdeaFactory(board=board)
    VoteFactory(idea=never, user=ole)

    with pytest.raises(NotAsked):
        say(UserFactory(), idea, wanted=True)
    with pytest.raises(NotAsked):
        say(ole, never, wanted=False)
    ole.suspended_at = utcnow()
    db.session.commit()
    with pytest.raises(NotAllowed):
        say(ole, idea, wanted=False)
    assert votes_of(never) == 1


def test_opening_the_link_a_hundred_times_changes_nothing_and_pressing_takes_the_vote_back(app, board, mia, clock):
    idea, (ole,) = asked(clock, board)
    path = f"/still-wanted/{overdue.token(ole.id, idea.id)}"
    app.config["WTF_CSRF_ENABLED"] = True
    browser = app.test_client(use_cookies=False)

    for _ in range(100):
        assert browser.get(f"{path}?wanted=no").status_code == 200
    assert votes_of(idea) == 1
    done = browser.post(path, data={"wanted": "false"})

    assert "Your vote is taken back" in done.text
    assert votes_of(idea) == 0
    assert browser.get("/still-wanted/nothing").status_code == 404


def test_a_link_of_somebody_who_may_not_see_it_leads_nowhere(app, board, mia, clock):
    idea, (ole,) = asked(clock, board)
    token = overdue.token(ole.id, idea.id)
    board.visibility = "private"
    db.session.commit()

    with pytest.raises(NotFound):
        overdue.by_token(token)


def test_the_same_on_the_site_and_over_the_api(app, board, mia, clock):
    idea, (ole, kim) = asked(clock, board, voters=2)

    browser_of(app, ole).post(f"/ideas/{idea.id}/still-wanted", data={"wanted": "true"})
    program = app.test_client()
    answer = program.put(f"/api/v1/ideas/{idea.id}/still-wanted", json={"wanted": False}, headers=bearer(kim))

    assert answer.json == {"asked_at": answer.json["asked_at"], "confirmed": 1, "stale": 0}
    assert program.get(f"/api/v1/ideas/{idea.id}/still-wanted").json == answer.json
    assert votes_of(idea) == 1


# --- What is overdue ---


def test_each_owner_gets_one_list_a_week_of_what_is_overdue(app, board, mia, clock, mails):
    late = [own(IdeaFactory(board=board, title=title), mia) for title in ("A roof", "A shed")]
    IdeaFactory(board=board)  # is nobody's
    clock.shift(timedelta(days=15))

    for _ in range(3):
        worker.run_once(app)
    weekly = [mail for mail in mails() if "wait for your word" in mail["Subject"]]
    assert [mail["Subject"] for mail in weekly] == ["2 ideas wait for your word, first: A roof"]
    assert weekly[0]["To"] == f"Mia <{mia.email}>"
    text = weekly[0].get_body(("plain",)).get_content()
    assert all(idea.title in text for idea in late)

    clock.shift(timedelta(days=7))
    go_round(silence.remind_owners)

    assert told("overdue") == [mia.id] * 2


def test_what_was_answered_is_not_on_the_list_and_a_passed_date_is(app, board, mia, clock):
    idea = own(IdeaFactory(board=board), mia)
    answered(mia, idea, date=(utcnow() + timedelta(days=20)).date())
    announce()
    clock.shift(timedelta(days=19))
    go_round(silence.remind_owners)
    assert told("overdue") == []

    clock.shift(timedelta(days=2))
    go_round(silence.remind_owners)

    assert told("overdue") == [mia.id]
    assert [each.idea.id for each in overdue.owed_by(mia.id, utcnow())] == [idea.id]


# --- A date comes near ---


def test_whoever_owes_it_is_told_a_week_before_a_date_passes_once_for_each_date(app, board, mia, clock):
    idea = own(IdeaFactory(board=board), mia)
    tom = team_member(board, name="Tom")
    given = answered(tom, idea, date=(utcnow() + timedelta(days=20)).date()).id
    announce()
    clock.shift(timedelta(days=12))
    go_round(silence.remind_of_dates)
    assert told("date_near") == []
    clock.shift(timedelta(days=1))
    for _ in range(2):
        go_round(silence.remind_of_dates)
    assert told("date_near") == [mia.id]

    with unit_of_work():
        words = {"reason": Reason.COMMITTED, "text": "It takes some weeks longer than we thought.", "credits": []}
        later = (utcnow() + timedelta(days=6)).date()
        answering.correct(tom, queries.get_answer(tom, given), {**words, "date": later, "review_by": None})
    announce()
    go_round(silence.remind_of_dates)

    assert told("date_near") == [mia.id] * 2


def test_people_are_told_of_another_date_before_the_old_one_passes(make_app, clock):
    app = make_app(SETTLE_MINUTES="60")
    with app.app_context():
        board = BoardFactory()
        mia = team_member(board)
        idea = IdeaFactory(board=board)
        midnight = utcnow().replace(hour=23, minute=40, second=0, microsecond=0)
        clock.move_to(midnight - timedelta(hours=5))
        given = answered(mia, idea, date=midnight.date()).id
        clock.move_to(midnight)
        announce()

        words = {"reason": Reason.COMMITTED, "text": "It takes some weeks longer than we thought.", "credits": []}
        with unit_of_work():
            later = (midnight + timedelta(days=9)).date()
            answering.correct(mia, queries.get_answer(mia, given), {**words, "date": later, "review_by": None})

        due = db.session.scalars(sa.select(OutboxEntry.due_at).order_by(OutboxEntry.id.desc())).first()
        assert due < midnight.replace(hour=23, minute=59, second=59)


# --- Appeals ---


def test_the_team_hears_of_an_appeal(app, board, mia):
    idea = IdeaFactory(board=board)
    with unit_of_work():
        moderating.hide_idea(mia, queries.get_idea(mia, idea.id), reason="It names a neighbour.")
    hiding_id = db.session.scalars(sa.select(Hiding.id)).one()

    with unit_of_work():
        moderating.appeal(idea.author, queries.get_hiding(idea.author, hiding_id), words="They agreed by now.")
    announce()

    assert told("appealed") == [mia.id]


# --- The promise in public ---


def test_the_promise_stands_beside_its_record(app, board, mia, clock):
    for _ in range(3):
        answered(
            mia, IdeaFactory(board=board, created_at=utcnow() - timedelta(days=5)), "considering", Reason.UNDER_REVIEW
        )
    IdeaFactory(board=board, created_at=utcnow() - timedelta(days=20))

    page = seen(browser_of(app, None).get("/boards/garden").text)

    assert "We answer within 14 days." in page
    assert "0 % kept, oldest unanswered" in page
    assert "Half of all ideas have their first word within: 5 days" in page


def test_what_is_not_reached_is_said_so(app, board):
    IdeaFactory(board=board, created_at=utcnow() - timedelta(days=20))

    page = seen(browser_of(app, None).get("/boards/garden").text)

    assert "Half of all ideas have their first word within: not reached yet" in page


def test_the_question_is_shown_only_to_whom_it_was_asked(app, board, mia, clock):
    idea, (ole,) = asked(clock, board)
    never = IdeaFactory(board=board, author=ole)

    assert browser_of(app, ole).get(f"/ideas/{idea.id}/still-wanted").status_code == 200
    assert browser_of(app, UserFactory()).get(f"/ideas/{idea.id}/still-wanted").status_code == 409
    assert browser_of(app, ole).get(f"/ideas/{never.id}/still-wanted").status_code == 409
