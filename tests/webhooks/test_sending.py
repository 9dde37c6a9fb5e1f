"""What is owed to an endpoint is sent, again and again if need be, and ends in a way that somebody hears of."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, Letter, User
from ideas.boards import posting, queries, releasing, voting
from ideas.boards.models import Membership
from ideas.boards.schemas_releases import ReleaseWords
from ideas.db import db, unit_of_work, utcnow
from ideas.happenings import Happening, ListenedFor
from ideas.outgoing import Answer
from ideas.webhooks import checks, endpoints, preparing, recording, sending
from ideas.webhooks import queries as webhook_queries
from ideas.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from ideas.webhooks.sending import Outcome
from tests.boards.arranging import count, statements
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, UserFactory, VoteFactory, team_member
from tests.webhooks.arranging import lines, listen, work

ADDRESS = "https://hooks.example.org/ideas"


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra", email="petra@example.test")


def post(board, title="More beds"):
    with unit_of_work():
        author = db.session.get_one(User, UserFactory().id)
        return posting.submit(author, queries.get_board(author, board.slug), title=title, body="Please.").id


def try_once(status=None, headers=None, error="No answer in time."):
    """Whatever is due is prepared, claimed and answered like that; how many there were."""
    with unit_of_work():
        preparing.prepare()
    due = sending.endpoints_due()
    with unit_of_work():
        posts = sending.claim(dict.fromkeys(due, 100))
    answer = Answer(status, b"said", 0.01, headers or {}) if status else None
    with unit_of_work():
        sending.write_down([Outcome(each, utcnow(), 10, answer, "" if answer else error) for each in posts])
    return len(posts)


def endpoint(endpoint_id):
    db.session.rollback()
    return db.session.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)


def test_ten_tries_in_three_days_then_its_owner_is_mailed_once(board, petra, clock):
    endpoint_id, _secret = listen(petra, ADDRESS, "idea.created")
    post(board)
    post(board, "Fewer beds")
    waits = []

    assert try_once() == 2
    while (line := lines()[0]).state == "pending":
        waits.append(line.due_at - utcnow())
        clock.shift(max(each.due_at for each in lines()) - utcnow() + timedelta(seconds=1))
        assert try_once(500) == 2

    assert [line.attempts for line in lines()] == [10, 10]
    assert {(line.state, line.reason) for line in lines()} == {("failed", "gave_up")}
    for waited, planned in zip(waits, sending.PAUSES, strict=True):
        assert abs(waited / planned - 1) <= 0.2 + 1e-6
    tries = db.session.scalars(sa.select(WebhookAttempt).where(WebhookAttempt.delivery_id == lines()[0].id)).all()
    assert [(each.status, each.error) for each in tries] == [
        (None, "No answer in time."),
        *[(500, "It answered 500.")] * 9,
    ]
    (letter,) = db.session.scalars(sa.select(Letter))
    assert letter.recipient == "petra@example.test"
    assert ADDRESS in letter.text
    assert endpoint(endpoint_id).state == "failing"
    assert checks.every_line_ends() == []


def test_pauses_are_spread_by_a_fifth_and_as_long_as_was_asked_for():
    assert sending.pause(1, chance=0.0) == timedelta(seconds=4)
    assert sending.pause(1, chance=1.0) == timedelta(seconds=6)
    assert sending.pause(9, chance=0.5) == timedelta(hours=24)
    assert sending.pause(1, timedelta(minutes=2), chance=0.5) == timedelta(minutes=2)
    assert sending.pause(1, timedelta(days=400), chance=0.5) == timedelta(hours=24)
    assert sum(sending.PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert sending.TRIES == 10


def test_retry_after_is_honoured_in_seconds_and_as_a_date(board, petra, clock):
    clock.move_to(datetime(2026, 11, 22, 10, 0, tzinfo=UTC), tick=False)
    listen(petra, ADDRESS, "idea.created")
    post(board)

    try_once(429, {"retry-after": "90"})
    assert lines()[0].due_at - utcnow() == timedelta(seconds=90)

    clock.shift(91)
    try_once(503, {"retry-after": format_datetime(utcnow() + timedelta(hours=3), usegmt=True)})
    assert lines()[0].due_at - utcnow() == timedelta(hours=3)

    clock.shift(timedelta(hours=4))
    try_once(503, {"retry-after": "when it is well again"})
    assert timedelta(minutes=24) <= lines()[0].due_at - utcnow() <= timedelta(minutes=36)


def test_after_five_days_of_nothing_but_failures_an_endpoint_is_disabled_with_one_notice(board, petra, clock):
    endpoint_id, _secret = listen(petra, ADDRESS, "idea.created")
    post(board)
    try_once(500)
    clock.shift(timedelta(days=4))
    try_once(200)  # one that arrives makes all well
    for _day in range(6):
        assert endpoint(endpoint_id).state in ("active", "failing")
        post(board, "Another")
        try_once(302)
        clock.shift(timedelta(days=1))
    post(board, "The last")

    found = endpoint(endpoint_id)
    assert (found.state, found.disabled_for) == ("disabled", "failing")
    assert count(Letter) == 1
    assert count(WebhookAttempt, WebhookAttempt.error == "A redirect is not followed.") >= 6
    assert not [line for line in lines() if line.state == "pending"]
    assert {line.reason for line in lines() if line.state == "failed"} == {"disabled"}
    # nothing is kept for it any more
    assert count(WebhookMessage, WebhookMessage.prepared_at.is_(None)) == 0
    assert count(ListenedFor) == 0
    disabled = db.session.scalars(sa.select(AuditEntry.details).where(AuditEntry.act == "webhook.disabled")).all()
    assert disabled == [{"why": "failing"}]


def test_410_disables_at_once_and_whoever_enables_it_again_begins_anew(board, petra):
    endpoint_id, _secret = listen(petra, ADDRESS, "idea.created")
    post(board)
    post(board, "Another")
    with unit_of_work():
        preparing.prepare()
        (one,) = sending.claim({endpoint_id: 1})
    with unit_of_work():
        sending.write_down([Outcome(one, utcnow(), 5, Answer(410, b"", 0.0))])

    assert (endpoint(endpoint_id).state, endpoint(endpoint_id).disabled_for) == ("disabled", "gone")
    assert {(line.state, line.reason) for line in lines()} == {("failed", "disabled")}
    assert count(Letter) == 1

    with unit_of_work():
        endpoints.resume(db.session.get_one(User, petra.id), endpoint_id)
    post(board, "A third")
    assert try_once(200) == 1
    assert [line.state for line in lines()] == ["failed", "failed", "sent"]


def test_a_paused_endpoint_gets_later_what_happened_meanwhile(board, petra):
    endpoint_id, _secret = listen(petra, ADDRESS, "idea.created")
    with unit_of_work():
        endpoints.pause(db.session.get_one(User, petra.id), endpoint_id)
    post(board)
    assert try_once(200) == 0

    with unit_of_work():
        endpoints.resume(db.session.get_one(User, petra.id), endpoint_id)

    assert try_once(200) == 1


def test_whoever_slept_through_their_lease_changes_nothing(board, petra, clock):
    listen(petra, ADDRESS, "idea.created")
    post(board)
    with unit_of_work():
        preparing.prepare()
    room = dict.fromkeys(sending.endpoints_due(), 4)
    with unit_of_work():
        (slept,) = sending.claim(room)
    assert sending.endpoints_due() == {}
    clock.shift(timedelta(hours=1))
    assert try_once(200) == 1

    with unit_of_work():
        sending.write_down([Outcome(slept, utcnow(), 5, Answer(500, b"", 0.0))])

    assert [(line.state, line.attempts) for line in lines()] == [("sent", 2)]
    assert count(WebhookAttempt) == 1


def test_a_message_that_kills_its_sender_each_time_is_given_up(board, petra, clock):
    listen(petra, ADDRESS, "idea.created")
    post(board)
    with unit_of_work():
        preparing.prepare()
    for _death in range(sending.TRIES):
        with unit_of_work():
            assert len(sending.claim(dict.fromkeys(sending.endpoints_due(), 1))) == 1
        clock.shift(timedelta(hours=1))

    assert try_once(200) == 0
    assert [(line.state, line.reason) for line in lines()] == [("failed", "gave_up")]


def test_nothing_goes_to_whoever_may_not_see_it_when_it_is_sent(board, petra):
    private = BoardFactory(slug="inside", private=True)
    ada, tea = UserFactory(admin=True), UserFactory(name="Tea")
    MembershipFactory(board=board, user=tea, role="team")
    for owner in (ada, petra, tea):
        listen(owner, ADDRESS, "idea.created")
    seen = post(board)
    with unit_of_work():
        author = db.session.get_one(User, ada.id)
        inside = posting.submit(author, queries.get_board(author, private.slug), title="A vault", body="Dig.").id
        db.session.get_one(User, tea.id).suspended_at = utcnow()

    try_once(200)

    told = {
        (line.endpoint.owner_id, line.message.idea_id)
        for line in db.session.scalars(
            sa.select(sending.WebhookDelivery).options(
                sa.orm.joinedload(sending.WebhookDelivery.endpoint), sa.orm.joinedload(sending.WebhookDelivery.message)
            )
        )
        if line.state == "sent"
    }
    assert told == {(ada.id, seen), (ada.id, inside), (petra.id, seen)}
    assert {line.reason for line in lines() if line.state == "suppressed"} == {"not_visible"}
    assert not [line for line in lines() if line.state == "suppressed" and line.body]


def test_what_was_sent_is_read_and_sent_again_only_as_far_as_its_owner_may_still_see_it(board, petra):
    """Ada loses her addresses; Petra's team loses a private board."""
    ada, inside = UserFactory(admin=True), BoardFactory(slug="inside", private=True)
    MembershipFactory(board=inside, user=petra, role="team")
    hers = listen(ada, ADDRESS, "idea.created", with_emails=True, board=board.slug)[0]
    its = listen(petra, ADDRESS, "idea.created", board=inside.slug)[0]
    post(board)
    with unit_of_work():
        author = db.session.get_one(User, ada.id)
        posting.submit(author, queries.get_board(author, "inside"), title="A vault", body="Dig.")
    try_once(200)

    def read(person_id, endpoint_id):
        db.session.rollback()
        line = lines(endpoint_id)[0]
        person = db.session.get_one(User, person_id)
        return webhook_queries.body(webhook_queries.message(person, endpoint_id, line.id))

    ada_id, petra_id = ada.id, petra.id
    assert "@" in read(ada_id, hers)
    assert "A vault" in read(petra_id, its)
    sent = lines(its)[0].body

    endpoint(hers).with_emails = False
    db.session.execute(sa.delete(Membership).where(Membership.user_id == petra_id, Membership.board_id == inside.id))
    db.session.commit()

    assert read(ada_id, hers) == read(petra_id, its) == ""
    for person_id, endpoint_id in ((ada_id, hers), (petra_id, its)):
        line_id = lines(endpoint_id)[0].id
        with unit_of_work():
            endpoints.replay(db.session.get_one(User, person_id), endpoint_id, line_id)
    try_once(200)
    assert "@" not in lines(hers)[0].body
    assert "More beds" in read(ada_id, hers)
    assert [(line.state, line.reason, line.body) for line in lines(its)] == [("suppressed", "not_visible", sent)]


def test_nothing_is_kept_while_nobody_listens_and_a_vote_asks_no_question_more(board, petra):
    idea, voter, other = IdeaFactory(board=board), UserFactory(), UserFactory()

    def vote(person, act=voting.cast):
        db.session.commit()
        with unit_of_work():
            who = db.session.get_one(User, person.id)
            on = queries.get_idea(who, idea.id).idea
            with statements() as asked:
                act(who, on)
        return len(asked)

    quiet = vote(voter)
    assert quiet == (1 if db.engine.dialect.name == "postgresql" else 2)
    quiet_end = vote(voter, voting.retract)
    assert count(WebhookMessage) == 0

    endpoint_id, _secret = listen(petra, ADDRESS, "vote.created", "vote.deleted")
    assert vote(voter) == quiet + 1
    assert vote(voter, voting.retract) > quiet_end
    with unit_of_work():
        endpoints.change(db.session.get_one(User, petra.id), endpoint_id, {"kinds": ["idea.created"]})
    assert vote(other) == quiet

    kept = db.session.execute(sa.select(WebhookMessage.kind, WebhookMessage.facts).order_by(WebhookMessage.id)).all()
    assert [(row.kind, row.facts) for row in kept] == [
        ("vote.created", {"vote_count": 1}),
        ("vote.deleted", {"vote_count": 0}),
    ]


def test_nothing_is_told_of_an_act_that_was_rolled_back(board, petra):
    listen(petra, ADDRESS)
    idea = IdeaFactory(board=board)
    VoteFactory(idea=idea)

    def vote_and_fail():
        with unit_of_work():
            who = db.session.get_one(User, petra.id)
            voting.cast(who, queries.get_idea(who, idea.id).idea)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        vote_and_fail()
    assert count(WebhookMessage) == 0


def test_after_a_restore_nothing_is_sent_by_itself_and_all_of_it_by_whoever_wants_it(app, board, petra, other):
    endpoint_id, _secret = listen(petra, other.address, "idea.created")
    post(board)
    with unit_of_work():
        assert preparing.hold_back() == 1
    work(app)
    assert other.taken == []
    assert [(line.state, line.reason) for line in lines()] == [("suppressed", "restored")]

    with unit_of_work():
        since = utcnow() - timedelta(hours=1)
        endpoints.replay_range(
            db.session.get_one(User, petra.id), endpoint_id, since=since, until=utcnow() + timedelta(hours=1)
        )
    work(app)

    assert [each["type"] for each in other.payloads] == ["idea.created"]


def test_an_endpoint_of_one_board_hears_of_that_board_and_of_what_belongs_to_none(board):
    """Also of releases, which are known by no idea; and another board's is heard of once the endpoint is for all."""
    orchard = BoardFactory(slug="orchard")
    ada = UserFactory(admin=True)
    endpoint_id, _secret = listen(ada, ADDRESS, "idea.created", "release.published", "person.erased", board="garden")
    for where in (board, orchard):
        post(where)
        with unit_of_work():
            words = ReleaseWords().load({"title": "The spring release"})
            release = releasing.draft(ada, queries.get_board(ada, where.slug), words)
            recording.hear(Happening("release.published", None, release.id))
    with unit_of_work():
        recording.hear(Happening("person.erased", None, 7))
        assert preparing.prepare() == 5

    heard = [db.session.get_one(WebhookMessage, row.message_id).kind for row in lines()]
    assert heard == ["idea.created", "release.published", "person.erased"]
    with unit_of_work():
        endpoints.change(db.session.get_one(User, ada.id), endpoint_id, {"board": None})
    post(orchard)
    with unit_of_work():
        preparing.prepare()
    assert len(lines()) == 4
