"""The commands that move things: what they say, and how they end."""

from __future__ import annotations

from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards.models import Idea, IdeaRank
from ideas.db import db
from ideas.moving.models import Imported
from tests.factories import BoardFactory, IdeaFactory

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


def test_ideas_and_votes_come_over(ideas_command, file):
    BoardFactory(slug="garden")

    ideas = ideas_command("import", "ideas", file(IDEAS), "--board", "garden", "--map", "title=text")
    votes = ideas_command("import", "votes", file(VOTES), "--board", "garden")

    assert (ideas.exit_code, votes.exit_code) == (0, 0), ideas.output + votes.output
    assert "idea" in ideas.output
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
    assert "idea new: Benches" in done.output
    assert count(Idea) == count(User) == count(Imported) == 0


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


@pytest.mark.parametrize("shape", ["ndjson", "csv"])
def test_everything_goes_out_in_the_shape_that_is_asked_for(ideas_command, tmp_path, shape):
    IdeaFactory(title="Benches")

    done = ideas_command("export", str(tmp_path / "all.zip"), "--format", shape)

    assert (done.exit_code, "ideas: 1" in done.output) == (0, True), done.output
    with ZipFile(tmp_path / "all.zip") as made:
        names = made.namelist()
        assert any(b"Benches" in made.read(name) for name in names if name.endswith(f".{shape}")), names
