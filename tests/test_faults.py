"""The faults of `bench.faults`, each once and small: what a site said stays true.

A backup under load is in test_backups.py, messages that are broken are in ledger/test_sending.py.
"""

from collections.abc import Callable

import pytest

from bench import faults, faults_late, nothing_twice
from bench.stage import Findings


@pytest.fixture
def fresh(database) -> Callable[[], dict[str, str]]:
    return lambda: {"DATABASE_URL": database.fresh()}


@pytest.fixture
def findings():
    found = Findings("Faults")
    yield found
    assert [row for row in found.rows if row[3] is False] == []
    assert found.rows


@pytest.mark.parametrize("point", ["repeat.before_commit", "repeat.after_commit"])
def test_what_was_acknowledged_is_there_once_when_a_process_is_killed(findings, database, fresh, point):
    faults.killed(findings, database.kind, fresh, kills=1, clients=3, points=(point,))


@pytest.mark.postgresql
def test_a_site_comes_back_by_itself_after_its_database_crashed(findings, database, fresh):
    faults.crashed(findings, database.kind, fresh, times=1, clients=6)


def test_a_deploy_loses_nothing_and_fails_nobody(findings, database, fresh):
    faults.deployed(findings, database.kind, fresh, restarts=1, clients=3)


def test_a_worker_that_slept_through_its_lease_changes_nothing(findings, database, fresh):
    faults_late.asleep(findings, database.kind, fresh, points=("mail.before_end", "send.after"), times=0, people=8)


@pytest.mark.parametrize("kind_of", [nothing_twice.same_jobs, nothing_twice.same_events, nothing_twice.same_digests])
def test_many_who_do_the_same_work_at_once_tell_nobody_twice(findings, database, fresh, kind_of):
    kind_of(findings, database.kind, fresh(), notices=30)


def test_no_line_is_in_two_hands_when_many_race_for_one_queue(findings, database, fresh):
    nothing_twice.one_queue(findings, database.kind, fresh(), processes=3, lines=300)
