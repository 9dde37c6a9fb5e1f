"""The commands of the boards room: what they make, what they say, and how they end."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ideas.accounts.models import SiteRole, User
from ideas.boards import queries
from ideas.boards.models import (
    Board,
    Idea,
    IdeaRank,
    Stage,
    Visibility,
    Vote,
)
from ideas.cli import program
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def person(email):
    return db.session.scalars(sa.select(User).where(User.email == email)).one()


# --- People and boards ---


def test_an_administrator_is_made_and_can_choose_a_password(ideas_command, client):
    done = ideas_command("user", "create", "Mia@Example.test", "--name", "Mia", "--admin")

    assert done.exit_code == 0, done.output
    assert (person("mia@example.test").name, person("mia@example.test").site_role) == ("Mia", SiteRole.ADMIN)
    link = done.output.splitlines()[-1]
    assert client.get(link).status_code == 200


def test_one_of_the_team_belongs_to_a_board(ideas_command):
    board = BoardFactory()

    done = ideas_command("user", "create", "ole@example.test", "--team", board.slug)

    assert done.exit_code == 0, done.output
    ole = person("ole@example.test")
    assert (ole.name, queries.get_board(ole, board.slug).standing.is_team) == ("ole", True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "is not an e-mail address"),
        (["new@example.test", "--admin", "--team", "garden"], 2, "--admin or --team"),
        (["new@example.test", "--team", "nowhere"], 1, "no board “nowhere”"),
        (["known@example.test"], 1, "There is an account"),
    ],
)
def test_a_person_who_cannot_be_made_is_refused(ideas_command, arguments, code, said):
    UserFactory(email="known@example.test")

    done = ideas_command("user", "create", *arguments)

    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert count(User) == 1


def test_a_board_is_made_with_its_promise(ideas_command):
    done = ideas_command(
        "board", "create", "garden", "--name", "Garden", "--private", "--promise", "Read on Mondays.", "--days", "14"
    )

    assert done.exit_code == 0, done.output
    assert "http://localhost/boards/garden" in done.output
    board = db.session.scalars(sa.select(Board)).one()
    assert (board.name, board.visibility, board.promise, board.answer_within_days) == (
        "Garden",
        Visibility.PRIVATE,
        "Read on Mondays.",
        14,
    )
    assert {status.stage for status in queries.statuses_of(board)} == set(Stage)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["Gärten", "--name", "Garden"], 2, "slug"),
        (["garden"], 2, "--name"),
        (["garden", "--name", "Garden", "--days", "0"], 2, "answer_within_days"),
        (["garden", "--name", "Garden", "--private", "--unlisted"], 2, "not both"),
        (["known", "--name", "Garden"], 1, "already has the address"),
    ],
)
def test_a_board_that_cannot_be_made_is_refused(ideas_command, arguments, code, said):
    BoardFactory(slug="known")

    done = ideas_command("board", "create", *arguments)

    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert count(Board) == 1


# --- Repairs ---


def test_a_recount_puts_right_what_differs_and_says_how_much(ideas_command):
    vote = VoteFactory()
    IdeaFactory()
    db.session.get_one(IdeaRank, vote.idea_id).vote_count = 7

    done = ideas_command("recount")
    again = ideas_command("recount")

    assert "Ideas counted: 2. Put right: 1." in done.output
    assert "Put right: 0." in again.output
    db.session.expire_all()
    assert db.session.get_one(IdeaRank, vote.idea_id).vote_count == count(Vote) == 1


def test_a_recount_of_one_board_leaves_the_others(ideas_command):
    votes = [VoteFactory(), VoteFactory()]
    for vote in votes:
        db.session.get_one(IdeaRank, vote.idea_id).vote_count = 7
    board = db.session.get_one(Board, db.session.get_one(Idea, votes[0].idea_id).board_id)

    done = ideas_command("recount", "--board", board.slug)

    assert "Ideas counted: 1. Put right: 1." in done.output
    db.session.expire_all()
    assert [db.session.get_one(IdeaRank, vote.idea_id).vote_count for vote in votes] == [1, 7]


# --- The demo ---


def test_the_demo_refuses_a_site_that_is_somebodys(ideas_command):
    UserFactory()

    refused, quiet = ideas_command("demo"), ideas_command("demo", "--if-empty")

    assert (refused.exit_code, "empty database" in refused.output) == (1, True)
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert count(User) == 1


def test_the_demo_is_not_for_production(make_app):
    app = make_app(ENVIRONMENT="production", BASE_URL="https://ideas.example.test", SECRET_KEY="x" * 64)

    done = CliRunner().invoke(program(), ["demo"], obj=app)

    assert (done.exit_code, "production" in done.output) == (1, True)
