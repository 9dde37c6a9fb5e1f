"""The commands of the boards room: what they make, what they say, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

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
from ideas.boards.models_importing import ImportedPerson
from ideas.cli import program
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory
from tests.servers import ROOT, environment

IDEAS = "id,text,author_id\n1,Benches,7\n2,Trees,8\n"
VOTES = "idea_id,voter_id,vote\n1,7,1\n1,9,1\n2,9,-1\n"


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "file.csv"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write


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


# --- Imports ---


def test_ideas_and_votes_come_over(ideas_command, file):
    BoardFactory(slug="garden")

    ideas = ideas_command("import", "ideas", file(IDEAS), "--board", "garden", "--map", "title=text")
    votes = ideas_command("import", "votes", file(VOTES), "--board", "garden")

    assert (ideas.exit_code, votes.exit_code) == (0, 0), ideas.output + votes.output
    assert "ideas added" in ideas.output
    assert db.session.scalars(sa.select(IdeaRank.vote_count).order_by(IdeaRank.idea_id)).all() == [2, 0]


def test_a_second_import_says_that_nothing_changed(ideas_command, file):
    BoardFactory(slug="garden")
    ideas_command("import", "ideas", file(IDEAS), "--board", "garden")

    done = ideas_command("import", "ideas", file(IDEAS), "--board", "garden")

    assert (done.exit_code, "Nothing changed" in done.output) == (0, True)


def test_a_dry_run_tells_all_and_keeps_nothing(ideas_command, file):
    BoardFactory(slug="garden")

    done = ideas_command("import", "ideas", file(IDEAS), "--board", "garden", "--dry-run")

    assert done.exit_code == 0, done.output
    assert "nothing was kept" in done.output
    assert "ideas added" in done.output
    assert count(Idea) == count(User) == count(ImportedPerson) == 0


def test_refused_rows_are_listed_and_refuse_the_file(ideas_command, file):
    BoardFactory(slug="garden")

    done = ideas_command("import", "ideas", file(IDEAS + "3,,7\n4,Bees,\n"), "--board", "garden")

    assert done.exit_code == 1
    assert "Line 4: It has no words." in done.output
    assert "Line 5: It has no “author_id”." in done.output
    assert count(Idea) == 0


def test_refused_rows_are_skipped_when_asked_for(ideas_command, file):
    BoardFactory(slug="garden")

    done = ideas_command("import", "ideas", file(IDEAS + "3,,7\n"), "--board", "garden", "--skip-refused")

    assert (done.exit_code, "Line 4" in done.output) == (0, True)
    assert count(Idea) == 2


def test_a_pattern_gives_addresses(ideas_command, file):
    BoardFactory(slug="garden")
    ideas_command("import", "ideas", file(IDEAS), "--board", "garden")

    done = ideas_command(
        "import", "votes", file(VOTES), "--board", "garden", "--email-pattern", "voter{voter_id}.{board}@example.test"
    )

    assert done.exit_code == 0, done.output
    emails = db.session.scalars(sa.select(User.email).order_by(User.email)).all()
    assert [email for email in emails if email] == ["voter7.garden@example.test", "voter9.garden@example.test"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--board", "nowhere"], 1, "no board “nowhere”"),
        ([], 2, "--board"),
        (["--board", "garden", "--map", "title"], 2, "OURS=THEIRS"),
        (["--board", "garden", "--map", "title=wish"], 1, "no column “wish”"),
        (["--board", "garden", "--email-pattern", "everybody@example.test"], 2, "{voter_id}"),
    ],
)
def test_an_import_that_makes_no_sense_is_refused(ideas_command, file, arguments, code, said):
    BoardFactory(slug="garden")

    done = ideas_command("import", "ideas", file(IDEAS), *arguments)

    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert count(Idea) == 0


def test_an_import_of_nothing_is_wrong_usage(ideas_command):
    assert ideas_command("import", "ideas", "no-such-file.csv", "--board", "garden").exit_code == 2


def test_a_killed_import_leaves_nothing(app, database, file, tmp_path):
    board = BoardFactory(slug="garden")
    db.session.commit()
    ideas = "".join(f"{number},Wish {number},{number % 50}\n" for number in range(20_000))
    command = ["import", "ideas", file("id,text,author_id\n" + ideas), "--board", board.slug]
    process = subprocess.Popen(
        [sys.executable, "-m", "ideas.cli", *command],
        env=environment({"DATABASE_URL": database.url, "INSTANCE_PATH": str(tmp_path / "other")}),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until_it_writes(database, process)

    os.kill(process.pid, signal.SIGKILL)

    assert process.wait() == -signal.SIGKILL
    db.session.rollback()
    assert count(Idea) == count(User) == count(ImportedPerson) == 0


def wait_until_it_writes(database, process):
    """Return as soon as `process` is in the middle of its transaction.

    SQLite writes to the log before the end only once its cache of 2 MB is full: the import has to be far larger.
    """
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, "the import was over before it could be killed"
        if database.kind == "sqlite":
            wal = f"{database.url.removeprefix('sqlite:///')}-wal"
            if os.path.exists(wal) and os.path.getsize(wal) > 200_000:
                return
        else:
            writing = sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
            )
            if db.session.scalar(writing):
                time.sleep(0.2)
                return
            db.session.rollback()
        time.sleep(0.01)
    raise AssertionError("the import never began to write")


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
