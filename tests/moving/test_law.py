"""import(export(x)) is x: a site full of history handed out and taken in on another database, where nothing differs."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import Config
from ideas import create_app, migrating
from ideas.accounts.models import SiteRole, User
from ideas.boards import answering, boardkeeping, confirming, demo, evidence, evidencing, queries
from ideas.boards.models import Board, Credit, Idea, Status
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.boards.schemas import NewAnswer
from ideas.boards.schemas_evidence import NewEvidence
from ideas.db import Base, db, one_moment, unit_of_work
from ideas.ledger.models import Delivery
from ideas.moving import writing
from ideas.moving.cli import run_through
from ideas.moving.exporting import Scope
from ideas.moving.formats import FORMATS, Given, options_of
from ideas.moving.importing import Work
from ideas.moving.verdicts import Became
from ideas.moving.writing import Shape
from ideas.outbox import OutboxEntry
from ideas.settings import rooms
from tests.conftest import SETTINGS
from tests.moving.comparing import differences, told


@contextmanager
def site(url, folder):
    app = create_app(Config.from_env(SETTINGS | {"DATABASE_URL": url, "INSTANCE_PATH": str(folder)}))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def handed_out(database, tmp_path_factory):
    """A site with the demo's month of history, what it tells, and the same in both shapes."""
    folder = tmp_path_factory.mktemp("whole")
    with site(database.fresh(), folder):
        with unit_of_work():
            demo.fill()
        hear()
        for shape in Shape:
            with one_moment():
                list(writing.write(folder / f"{shape}.zip", shape, Scope(None, with_addresses=True)))
        yield folder, told()


def hear():
    """Evidence, some of it taken back, one credited; and people counted on, who said yes, no and nothing."""
    petra = db.session.scalars(sa.select(User).where(User.site_role == SiteRole.ADMIN).order_by(User.id).limit(1)).one()
    with unit_of_work():
        board = db.session.scalars(sa.select(Board).order_by(Board.id).limit(1)).one()
        boardkeeping.edit(petra, board, {"premoderation": "ideas", "embed_sites": ["https://www.example.org"]})
    first, second = db.session.scalars(
        sa.select(Idea.id)
        .join(Board, Board.id == Idea.board_id)
        .join(Status, Status.id == Idea.status_id)
        .where(Board.visibility == "public", Status.stage == "open", Idea.hidden_at.is_(None))
        .where(Idea.withdrawn_at.is_(None), Idea.merged_into_id.is_(None))
        .order_by(Idea.id)
        .limit(2)
    ).all()
    with unit_of_work():
        for number, idea_id in enumerate((first, first, first, first, second)):
            said = {
                "kind": "call",
                "words": f"'=We need it, said {number}.",
                "link": "https://desk.example.test/1?a=b" if number else "",
                "email": f"caller{number % 4}@example.test" if number != 3 else None,
                "vote": number != 3,
            }
            evidencing.add(petra, queries.get_idea(petra, idea_id), NewEvidence().load(said))
    with unit_of_work():
        rows = db.session.scalars(sa.select(VoteOnBehalf).order_by(VoteOnBehalf.id.desc()).limit(2)).all()
        for row, wanted in zip(rows, (True, False), strict=True):
            person = db.session.get_one(User, row.user_id)
            confirming.say(person, evidence.get_own(person, row.idea_id), wanted=wanted)
        noted = db.session.scalars(sa.select(Evidence).where(Evidence.idea_id == first).order_by(Evidence.id)).all()
        evidencing.remove(petra, queries.get_idea(petra, first), noted[3])
        credit = {"kind": "evidence", "id": noted[0].id, "how": "What you said on the phone is why we look at it."}
        on = queries.get_idea(petra, first)
        slug = next(each.slug for each in queries.statuses_of(on.idea.board) if each.stage == "considering")
        words = {"status": slug, "reason": "under_review", "text": "We look at it in May.", "credits": [credit]}
        answering.answer(petra, on, NewAnswer().load(words))


@pytest.fixture
def empty(database, tmp_path):
    """An empty site on the other database: SQLite when these tests run on PostgreSQL."""
    url = f"sqlite:///{tmp_path}/other.sqlite" if database.kind == "postgresql" else database.fresh()
    if database.kind == "postgresql":
        migrating.upgrade(url)
    with site(url, tmp_path / "instance"):
        yield


def work_on(path, folder):
    given = Given("")
    return Work(FORMATS["answerback"].read(path, given), options_of("answerback", path, given, None), folder / "spool")


def import_all(path):
    with tempfile.TemporaryDirectory() as folder:
        work = work_on(path, Path(folder))
        run_through(work, path.name, step=lambda *_: None)
        work.close()
    return work


def stop_within(work):
    with unit_of_work():
        work.put_next()
        raise KeyboardInterrupt


@pytest.mark.parametrize("shape", [*Shape])
def test_what_is_handed_out_and_taken_in_is_the_same(handed_out, empty, shape):
    folder, before = handed_out

    work = import_all(folder / f"{shape}.zip")

    assert differences(before, told(by_source=True)) == []
    assert all(before[kind] for kind in before)
    assert len(before["evidence"]) > len(before["vote_on_behalf"]) > 4
    assert None not in db.session.scalars(sa.select(Credit.evidence_id).where(Credit.kind == "evidence")).all()
    assert work.done.of(Became.NEW) == sum(map(len, before.values()))
    assert db.session.scalar(sa.select(OutboxEntry.id)) is None
    assert db.session.scalar(sa.select(Delivery.id)) is None
    assert db.session.scalar(sa.select(User.id).where(User.verified_at.is_not(None))) is None
    assert [breach for check in rooms().checks.values() for breach in check()] == []


def test_one_that_stops_anywhere_is_begun_again_and_nothing_differs(handed_out, empty, tmp_path, monkeypatch):
    monkeypatch.setattr("ideas.moving.importing.BATCH", 40)
    folder, before = handed_out
    stops = 0
    for pieces in (1, 3, 7):
        work = work_on(folder / "ndjson.zip", tmp_path)
        for _pause in (*work.read(), *work.check()):
            pass
        for _piece in range(pieces):
            with unit_of_work():
                stops += work.put_next()
        with pytest.raises(KeyboardInterrupt):
            stop_within(work)
        work.close()

    import_all(folder / "ndjson.zip")

    assert stops == 11
    assert differences(before, told(by_source=True)) == []


def test_taken_in_again_nothing_changes(handed_out, empty):
    folder, _before = handed_out
    import_all(folder / "ndjson.zip")
    before = {table.name: db.session.execute(sa.select(table)).all() for table in Base.metadata.sorted_tables}
    db.session.rollback()

    again = import_all(folder / "csv.zip")

    assert not again.done.changed
    assert again.done.of(Became.DIFFERS) == again.done.of(Became.KEPT) == 0
    assert before == {table.name: db.session.execute(sa.select(table)).all() for table in Base.metadata.sorted_tables}


def test_a_site_that_takes_in_what_it_handed_out_stays_as_it_is(handed_out):
    """The context is that of the site that was handed out."""
    folder, before = handed_out

    work = import_all(folder / "ndjson.zip")

    assert work.done.of(Became.NEW) == work.done.of(Became.DIFFERS) == 0
    assert told() == before


def test_without_addresses_none_goes_out_and_one_board_goes_alone(handed_out, tmp_path):
    path = tmp_path / "one.ndjson"
    board, slug = db.session.execute(
        sa.text("SELECT b.id, b.slug FROM board b ORDER BY (SELECT count(*) FROM idea i WHERE i.board_id = b.id) DESC")
    ).first()
    with one_moment():
        counts = dict(writing.write(path, Shape.NDJSON, Scope(board)))

    text = path.read_text("utf-8")
    assert counts["boards"] == 1
    ideas = sa.select(sa.func.count()).select_from(Idea).where(Idea.board_id == board)
    assert counts["ideas"] == db.session.scalar(ideas)
    emails = [email for email in db.session.scalars(sa.select(User.email)) if email]
    assert emails
    assert not [email for email in emails if email in text]
    assert f'"slug": "{slug}"' in text
