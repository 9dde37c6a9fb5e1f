"""Several requests at a time, and nobody waits for an endpoint that takes its time."""

import threading

import pytest
import sqlalchemy as sa

from ideas import outgoing
from ideas.accounts.models import User
from ideas.boards import posting, queries
from ideas.db import db, unit_of_work
from ideas.ledger import beside
from ideas.ledger.worker import run_once
from ideas.settings import rooms
from ideas.webhooks import preparing
from ideas.webhooks.courier import AT_ONCE, OF_FAILING, OF_ONE, Courier
from ideas.webhooks.models import WebhookMessage
from tests.factories import BoardFactory, UserFactory, team_member
from tests.test_outgoing import serving
from tests.webhooks import arranging
from tests.webhooks.arranging import lines, listen


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


def post(board, times):
    author_id = UserFactory().id
    for _time in range(times):
        with unit_of_work():
            author = db.session.get_one(User, author_id)
            posting.submit(author, queries.get_board(author, board.slug), title="More beds", body="Please.")


def test_an_endpoint_that_hangs_holds_a_few_requests_and_nobody_else(app, board, other):
    petra = team_member(board)
    with serving({"/hook": [5.0]}) as slow:
        slow_id, _secret = listen(petra, f"http://127.0.0.1:{slow.port}/hook", "idea.created")
        quick_id, secret = listen(petra, other.address, "idea.created")
        post(board, 12)
        courier = Courier(outgoing.rules(), seconds=3.0)

        turns = 0
        while len(other.taken) < 12:
            courier.turn()
            turns += 1
            assert turns < 2000
        assert len(slow.heard) <= OF_ONE
        assert {line.state for line in lines(slow_id)} == {"pending"}
        courier.finish()

    assert len(other.verified(secret)) == 12
    assert {line.state for line in lines(quick_id)} == {"sent"}
    failed = [line for line in lines(slow_id) if line.attempts]
    assert len(failed) == OF_ONE
    # what is due again to one that is failing is begun one by one
    assert courier._room({slow_id: True, quick_id: False}) == {slow_id: 1, quick_id: OF_ONE}


def test_however_many_endpoints_fail_others_have_their_room():
    courier = Courier(outgoing.Rules())
    failing = dict.fromkeys(range(1, 100), True)

    room = courier._room({**failing, 100: False, 101: False, 102: False})

    assert sum(taken for number, taken in room.items() if number in failing) == OF_FAILING
    assert set(room.values()) == {1, OF_ONE} | {AT_ONCE - OF_FAILING - 2 * OF_ONE}
    assert sum(room.values()) == AT_ONCE


def test_mail_is_sent_while_what_is_beside_it_stands_still(app, board, mails):
    gate, entered = threading.Event(), threading.Event()

    class Stuck:
        def turn(self):
            entered.set()
            gate.wait(60)
            return False

        def finish(self):
            """Nothing is in hand."""

    rooms().beside[:] = [Stuck]
    team_member(board)
    post(board, 1)
    db.session.commit()
    stopping = threading.Event()
    with beside.working(app, stopping, 0.01):
        assert entered.wait(60)
        rooms().beside[:] = []
        run_once(app)
        assert mails()
        gate.set()


def test_what_is_broken_in_one_message_holds_up_no_other(app, board, other):
    petra = team_member(board)
    listen(petra, other.address, "idea.created")
    post(board, 2)
    with unit_of_work():
        preparing.prepare()
        first = db.session.scalars(sa.select(WebhookMessage).order_by(WebhookMessage.id).limit(1)).one()
        first.kind = "idea.unheard_of"  # as of a version to come, before a downgrade

    arranging.work(app)

    assert [(line.state, line.reason) for line in lines()] == [("failed", "unrenderable"), ("sent", None)]
