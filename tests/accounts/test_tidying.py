from datetime import timedelta

import sqlalchemy as sa

from ideas.accounts import tidying
from ideas.accounts.models import Attempt, Letter, Ticket, UserSession
from ideas.db import db
from ideas.settings import rooms
from tests.accounts.arranging import PASSWORD, a_person, committed, sign_in, who_is_in


def rows() -> list[int]:
    return [len(db.session.scalars(sa.select(model)).all()) for model in (UserSession, Ticket, Attempt, Letter)]


def test_what_is_over_is_deleted_and_the_rest_stays(client, clock):
    a_person(password=PASSWORD)
    sign_in(client)
    client.post("/reset", data={"email": "mia@example.test"})
    assert rows() == [1, 1, 1, 1]

    committed(tidying.sweep)
    assert rows() == [1, 1, 1, 1]
    clock.shift(timedelta(days=2))
    committed(tidying.sweep)
    assert rows() == [1, 0, 0, 1]
    assert who_is_in(client) == "Mia"
    clock.shift(timedelta(days=31))
    committed(tidying.sweep)
    assert rows() == [0, 0, 0, 0]


def test_the_worker_is_asked_to_do_it(app):
    assert tidying.sweep in rooms().sweeps
