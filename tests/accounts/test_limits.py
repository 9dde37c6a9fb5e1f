import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import limits
from ideas.accounts.models import Attempt
from ideas.db import db
from ideas.errors import TooMany
from tests.accounts.arranging import committed

pytestmark = pytest.mark.usefixtures("app")

THREE = limits.Limit("test", per_person=3, from_everywhere=7, per_network=5, within=timedelta(minutes=15))


def spend(email: str | None = "mia@example.test", network: str = "192.0.2.1", **options: bool):
    return committed(limits.spend, THREE, network=network, email=email, **options)


def test_as_many_tries_as_fit_and_no_more():
    for _ in range(3):
        spend()

    with pytest.raises(TooMany):
        spend()


def test_one_address_may_be_tried_from_several_networks_up_to_its_own_limit():
    for number in range(7):
        spend(network=f"192.0.2.{number // 3}")

    with pytest.raises(TooMany):
        spend(network="192.0.2.9")


def test_a_browser_that_is_known_has_a_budget_of_its_own():
    for number in range(7):
        spend(network=f"192.0.2.{number // 3}")

    for _ in range(3):
        spend(is_known=True)
    with pytest.raises(TooMany):
        spend(is_known=True)


def test_one_network_may_try_for_several_people_up_to_its_own_limit():
    for name in "abcde":
        spend(f"{name}@example.test")

    with pytest.raises(TooMany):
        spend("f@example.test")


def test_others_are_not_held_up():
    for _ in range(3):
        spend()

    spend("ole@example.test", "192.0.2.2")


def test_it_says_when_to_come_back_and_means_it(clock):
    spend()
    clock.shift(timedelta(minutes=5))
    spend()
    spend()

    with pytest.raises(TooMany, match="10 minutes") as refused:
        spend()
    clock.shift(timedelta(seconds=refused.value.retry_after - 1))
    with pytest.raises(TooMany):
        spend()
    clock.shift(timedelta(seconds=1))
    spend()


def test_a_refused_try_is_not_counted(clock):
    for _ in range(3):
        spend()
    for _ in range(5):
        with pytest.raises(TooMany):
            spend()

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 9


def test_what_went_well_is_given_back():
    for _ in range(10):
        committed(limits.refund, spend())

    spend()


def test_who_tried_is_not_written_down_in_clear():
    spend()

    kept = " ".join(db.session.scalars(sa.select(Attempt.who)))
    assert "mia" not in kept
    assert "192.0" not in kept


def test_many_tries_at_the_same_moment_are_no_way_around(app):
    start, passed = threading.Barrier(8), []

    def at_once():
        with app.app_context():
            start.wait()
            try:
                passed.append(spend())
            except TooMany:
                pass
            finally:
                db.session.remove()

    threads = [threading.Thread(target=at_once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 3
