"""Nothing private is seen by anybody but those whom the policy table names, on no page and in no message."""

from pathlib import Path

import pytest

from ideas.ledger import worker
from tests.safety import crawling, policy_table, world

ROUTE = "/planted"


@pytest.fixture
def made(app):
    return world.make(app)


def test_every_address_of_the_site_has_a_row(app):
    assert crawling.without_a_row(app) == []


def test_everybody_reads_what_they_may_and_nothing_else(app, made):
    worker.run_once(app)
    folder = Path(app.config["ANSWERBACK"].mail_url.removeprefix("folder:"))

    seen = crawling.crawl(app, made, methods=("GET",))
    crawling.read_mail(made, seen, folder)

    assert not seen.leaks, "\n".join(sorted(set(seen.leaks)))
    assert seen.errors == []
    assert seen.mails > 5
    assert seen.sightings > 500


def test_what_one_may_not_see_is_answered_like_what_is_not_there(app, made):
    assert crawling.differing_refusals(app, made) == []


def test_what_the_team_hid_says_so_to_whoever_sees_the_board(app, made):
    assert crawling.without_tombstone(app, made) == []
    assert set(made.hidden) == {"visitor", "suspended", "invited", "member"}


def test_every_word_is_seen_by_somebody_unless_nobody_may(app, made):
    """A word that nobody ever sees would be no test of anything."""
    kinds = {token.kind for token in made.tokens}

    assert kinds == set(policy_table.KINDS)


@pytest.mark.own_app
def test_an_address_without_a_row_is_found(app):
    app.add_url_rule(ROUTE, "planted", lambda: "hello")

    assert crawling.without_a_row(app) == ["planted"]


@pytest.mark.own_app
def test_a_planted_leak_is_found(app):
    leaking = []
    app.add_url_rule(ROUTE, "planted", lambda: f"<p>{leaking[0]}</p>")
    made = world.make(app)
    token = next(token for token in made.tokens if token.kind == "internal note")
    leaking.append(token.word)

    seen = crawling.crawl_one(app, made, "planted", ROUTE)

    assert seen.leaks == [f"{role} reads internal note ({token.word}) at GET {ROUTE}" for role in policy_table.ROLES]
