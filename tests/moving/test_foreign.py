"""What other systems tell is here as they told it: one story in the shapes of four of them."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ideas.accounts import people
from ideas.accounts.models import Company, User
from ideas.boards.models import Answer, Comment, Idea, IdeaFollow, IdeaRank, IdeaTag, Status, Tag, Vote
from ideas.csv_in import FileRefused
from ideas.db import Base, db, unit_of_work
from ideas.moving.verdicts import Became
from ideas.outbox import OutboxEntry
from ideas.settings import rooms
from tests.factories import BoardFactory
from tests.moving.arranging import taken
from tests.moving.shapes import SHAPES, USERVOICE_TABLE

pytestmark = pytest.mark.usefixtures("app")

SYSTEMS_THAT_ANSWER = ("canny", "fider", "uservoice")


@pytest.fixture
def board():
    return BoardFactory(slug="garden")


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(content))
    return path


@pytest.fixture(params=sorted(SHAPES))
def told(request, board, tmp_path):
    """The story by one system, imported; its name."""
    path = zipped(tmp_path / "export.zip", SHAPES[request.param])
    with taken(request.param, "garden", path) as (work, _given):
        assert work.spool.refusals(10) == []
    with taken(request.param, "garden", path) as (work, _given):
        assert not work.done.changed
    return request.param


def idea(title):
    return db.session.scalars(sa.select(Idea).where(Idea.title == title)).one()


def test_the_story_is_told_as_it_was(told):
    benches, pond = idea("Benches"), idea("A pond")
    stages = dict(db.session.execute(sa.select(Idea.title, Status.stage).join(Status)).all())
    votes = db.session.execute(
        sa.select(User.name, User.email, User.verified_at, Vote.cast_at).join(Vote, Vote.user_id == User.id)
    ).all()
    tags = sa.select(Tag.name).join(IdeaTag).where(IdeaTag.idea_id == benches.id)
    said = db.session.scalars(sa.select(Comment.body).where(Comment.idea_id == benches.id)).all()

    assert benches.body.startswith("Benches, please.")
    assert benches.created_at == datetime(2024, 3, 2, 10, tzinfo=UTC)
    assert db.session.get_one(User, benches.author_id).name == "Mia"
    assert stages[pond.title] == "declined"
    assert [tuple(row) for row in votes] == [("Ole", "ole@example.test", None, datetime(2024, 3, 3, 10, tzinfo=UTC))]
    assert db.session.scalars(tags).all() == ["Seats"]
    assert "By the pond." in said
    assert db.session.scalar(sa.select(OutboxEntry.id)) is None
    assert [breach for check in rooms().checks.values() for breach in check()] == []


@pytest.mark.parametrize("told", SYSTEMS_THAT_ANSWER, indirect=True)  # the others know no answers and no merges
def test_what_the_team_answered_and_merged_is_there(told):
    given = db.session.execute(
        sa.select(Answer.text, Answer.reason, Answer.created_at, Status.stage, User.name)
        .join(Status, Status.id == Answer.status_id)
        .join(User, User.id == Answer.by_id)
    ).all()

    at = datetime(2024, 3, 6, 10, tzinfo=UTC)
    assert [tuple(row) for row in given] == [("We build them in spring.", "committed", at, "planned", "Petra")]
    assert idea("Seats in the shade").merged_into_id == idea("Benches").id
    assert db.session.get_one(IdeaRank, idea("Seats in the shade").id).listed is False


def test_a_person_who_came_over_is_whoever_proves_the_address(told):
    before = db.session.scalars(sa.select(User.id).where(User.email == "ole@example.test")).one()
    with unit_of_work():
        claimed = people.claim("ole@example.test", "Ole Olsen", None).id

    assert claimed == before
    assert db.session.scalars(sa.select(Vote.idea_id).where(Vote.user_id == claimed)).all() == [idea("Benches").id]


def test_canny_tells_companies_threads_and_pictures(board, tmp_path):
    with taken("canny", "garden", zipped(tmp_path / "export.zip", SHAPES["canny"])):
        pass

    ole = db.session.scalars(sa.select(User).where(User.name == "Ole")).one()
    company = db.session.get_one(Company, ole.company_id)
    reply = db.session.scalars(sa.select(Comment).where(Comment.body == "Where?")).one()
    assert (ole.external_id, company.name, company.monthly_revenue) == ("crm-ole", "Acme", 12050)
    assert (reply.is_official, db.session.get_one(Comment, reply.reply_to_id).body) == (True, "By the pond.")
    assert "https://cdn.example.test/bench.png" in idea("Benches").body


def test_fider_tells_who_wants_to_hear(board, tmp_path):
    with taken("fider", "garden", zipped(tmp_path / "export.zip", SHAPES["fider"])):
        pass

    assert db.session.scalars(sa.select(IdeaFollow.idea_id)).all() == [idea("Benches").id]


def test_github_tells_discussions_and_passes_pull_requests_over(board, tmp_path):
    with taken("github", "garden", zipped(tmp_path / "export.zip", SHAPES["github"])):
        pass

    reply = db.session.scalars(sa.select(Comment).where(Comment.body == "Thanks.")).one()
    assert db.session.get_one(Comment, reply.reply_to_id).is_official
    assert db.session.scalar(sa.select(Idea.id).where(Idea.title == "Fix")) is None
    assert db.session.scalars(sa.select(User.name).where(User.name == "GitHub")).all() == ["GitHub"]


def test_uservoices_table_tells_ideas_and_merges(board, tmp_path):
    path = tmp_path / "suggestions.csv"
    path.write_text(USERVOICE_TABLE, "utf-8")
    with taken("uservoice", "garden", path):
        pass

    assert idea("Seats in the shade").merged_into_id == idea("Benches").id


def test_a_status_that_nobody_knows_is_refused_until_somebody_says_what_it_is(board, tmp_path):
    shape = json.loads(json.dumps(SHAPES["canny"]).replace('"closed"', '"Beta"'))
    path = zipped(tmp_path / "export.zip", shape)

    with pytest.raises(FileRefused) as error, taken("canny", "garden", path):
        pass
    with taken("canny", "garden", path, statuses={"Beta": "started"}) as (work, _given):
        assert work.done.of(Became.NEW)

    assert error.value.refused[0].where == "posts.json, entry 3"
    assert "no status “Beta”" in error.value.refused[0].reason
    assert db.session.scalars(sa.select(Status.stage).join(Idea).where(Idea.title == "A pond")).one() == "started"


@pytest.mark.parametrize("system", sorted(SHAPES))
def test_a_file_of_another_system_is_refused_or_names_what_is_wrong(board, tmp_path, system):
    path = zipped(
        tmp_path / "x.zip", {"posts.json": [{"title": 7}], "suggestions.json": [{"x": []}], "a.json": [{"number": 1}]}
    )
    before = {table.name: len(db.session.execute(sa.select(table)).all()) for table in Base.metadata.sorted_tables}

    with pytest.raises(FileRefused, match="Nothing was imported"), taken(system, "garden", path):
        pass

    assert before == {
        table.name: len(db.session.execute(sa.select(table)).all()) for table in Base.metadata.sorted_tables
    }
