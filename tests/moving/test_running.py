"""Files sent by the page: compared, begun on a word, and put down by workers in pieces, whichever takes a turn."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import rounds
from ideas.accounts.models import AuditEntry, SiteRole, User
from ideas.boards.models import Idea, Status, Vote
from ideas.db import at, db, unit_of_work, utcnow
from ideas.errors import NotFound
from ideas.moving import running
from ideas.moving.models_running import Import, ImportPiece, State
from ideas.moving.running import NotWaiting
from ideas.settings import rooms
from tests.accounts.arranging import an_admin, enter
from tests.factories import BoardFactory, UserFactory
from tests.moving.shapes import CANNY

IDEAS = b"id,text,author_id\n1,Benches,7\n2,Trees,8\n"


@pytest.fixture
def admin(app):
    return an_admin()


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture(autouse=True)
def nothing_in_hands():
    yield
    running._forget_others(None)


def send(admin, board, content=IDEAS, name="wishes.csv", system="ideas", **options):
    with unit_of_work():
        return running.send(admin, system, board, io.BytesIO(content), name, options).id


def go_on():
    """Turns of the worker until nothing is left."""
    turns = 0
    while True:
        with unit_of_work():
            if not running.go_on():
                return turns
        turns += 1


def row(import_id):
    db.session.rollback()
    return db.session.get_one(Import, import_id)


def canny():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in CANNY.items():
            archive.writestr(name, json.dumps(content))
    return out.getvalue()


def test_a_file_is_compared_waits_for_a_word_and_is_there(admin, board):
    sent = send(admin, board, canny(), "canny.zip", "canny")
    go_on()
    compared = row(sent)
    assert (compared.state, compared.report["read"], compared.report["refused_count"]) == (State.CHECKED, 8, 0)
    assert {each["kind"]: each["new"] for each in compared.report["rows"]}["idea"] == 3
    assert db.session.scalar(sa.select(Idea.id)) is None

    with unit_of_work():
        running.begin(admin, sent, skip_refused=False)
    go_on()

    done = row(sent)
    assert (done.state, done.done) == (State.DONE, done.total)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vote)) == 1
    assert db.session.scalar(sa.select(ImportPiece.number)) is None
    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.actor_id == admin.id).order_by(AuditEntry.id))
    assert acts.all() == ["import.sent", "import.started", "import.begun", "import.done"]


def test_a_list_alone_is_known_by_what_its_file_is_called(admin, board):
    posts = json.dumps(CANNY["posts.json"]["posts"])
    known, unknown = (send(admin, board, posts.encode(), name, "canny") for name in ("Posts.json", "../posts.json"))
    go_on()

    assert row(known).report["read"] > 0
    assert "None of these lists is in it" in row(unknown).report["wrong"]


def test_workers_that_know_nothing_of_each_other_go_on_where_it_stands(admin, board, monkeypatch):
    monkeypatch.setattr("ideas.moving.importing.BATCH", 2)
    monkeypatch.setattr("ideas.moving.running.TURN_SECONDS", 0)
    lines = b"".join(b"%d,Wish number %d,%d\n" % (n, n, n % 3) for n in range(20))
    sent = send(admin, board, b"id,text,author_id\n" + lines)
    go_on()
    with unit_of_work():
        running.begin(admin, sent, skip_refused=False)
    turns = 0
    while row(sent).state == State.RUNNING:
        if turns % 4 == 0:
            running._forget_others(None)  # another worker, or the same one after a crash
        turns += 1
        if turns % 3 == 0:
            with pytest.raises(KeyboardInterrupt):
                lost_turn()
        else:
            with unit_of_work():
                running.go_on()

    assert turns > 10
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idea)) == 20


def lost_turn():
    with unit_of_work():
        running.go_on()
        raise KeyboardInterrupt


def test_rows_that_cannot_be_taken_wait_for_another_word(admin, board):
    sent = send(admin, board, IDEAS + b"3,,7\n")
    go_on()
    assert row(sent).report["refused"] == [{"where": "Line 4", "reason": "It has no words."}]

    with pytest.raises(NotWaiting), unit_of_work():
        running.begin(admin, sent, skip_refused=False)
    with unit_of_work():
        running.begin(admin, sent, skip_refused=True)
    go_on()

    assert row(sent).state == State.DONE
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idea)) == 2


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(admin, board):
    sent = send(admin, board, "id,text,author_id\n1,Gärten,7\n".encode("latin-1"))

    go_on()

    assert row(sent).state == State.REFUSED
    assert "Line 2: this is not UTF-8" in row(sent).report["wrong"]
    assert db.session.scalar(sa.select(ImportPiece.number)) is None


def test_a_file_is_thrown_away_before_it_is_begun_and_not_after(admin, board):
    first, second = send(admin, board), send(admin, board)
    go_on()
    with unit_of_work():
        running.discard(admin, first)
    with unit_of_work():
        running.begin(admin, second, skip_refused=False)

    with pytest.raises(NotWaiting), unit_of_work():
        running.discard(admin, second)
    assert db.session.get(Import, first) is None


def test_files_that_wait_too_long_are_given_up_and_old_ones_forgotten(admin, board):
    sent = send(admin, board)
    go_on()
    with at(utcnow() + timedelta(days=8)):
        go_on()
        assert row(sent).state == State.REFUSED
    with at(utcnow() + timedelta(days=31)):
        go_on()

    assert db.session.get(Import, sent) is None


def test_the_worker_is_not_waited_for(admin, board):
    with unit_of_work():
        rounds.enter(rooms().rounds)
        while rounds.make_next(rooms().rounds):
            pass
    send(admin, board)

    with unit_of_work():
        assert rounds.make_next({running.ROUND: rooms().rounds[running.ROUND]})
    assert db.session.scalars(sa.select(Import.state)).one() == State.CHECKED


def test_administrators_alone(admin, board):
    with pytest.raises(NotFound), unit_of_work():
        running.send(UserFactory(site_role=SiteRole.TEAM), "ideas", board, io.BytesIO(IDEAS), "x.csv", {})
    assert db.session.scalar(sa.select(Import.id)) is None


# --- The pages ---


def test_the_page_takes_a_file_shows_what_would_change_and_begins(client, admin, board):
    enter(client, admin)
    data = {"format": "ideas", "board": "garden", "email_pattern": "", "file": (io.BytesIO(IDEAS), "wishes.csv")}

    empty = client.post("/manage/moving", data={"format": "ideas", "board": "garden"})
    sent = client.post("/manage/moving", data=data)
    go_on()
    compared = client.get(sent.location).get_data(as_text=True)
    begun = client.post(f"{sent.location}/begin")
    running_page = client.get(sent.location).get_data(as_text=True)
    go_on()
    done = client.get(sent.location).get_data(as_text=True)

    assert (empty.status_code, "Choose a file first." in empty.get_data(as_text=True)) == (422, True)
    assert (sent.status_code, begun.status_code) == (303, 303)
    assert "What would change" in compared
    assert "Benches" in compared
    assert "Look again" in running_page
    assert "What changed" in done
    assert db.session.scalars(sa.select(Idea.title).order_by(Idea.id)).all() == ["Benches", "Trees"]


def test_the_page_takes_what_their_words_mean_and_keeps_what_is_wrong(client, admin, board):
    enter(client, admin)
    asked = {"format": "ideas", "board": "garden", "columns": "title=wish\n\nauthor_id = who", "email_pattern": ""}

    def send(statuses, **more):
        file = io.BytesIO(b"id,wish,who,status\n1,Benches,7,Beta\n")
        sent = {**asked, "statuses": statuses, "file": (file, "wishes.csv"), **more}
        return client.post("/manage/moving", data=sent)

    wrong = send("Beta\nDone=shipped")
    other = send("Beta=shipped", format="canny")
    fine = send("beta = shipped")
    go_on()

    assert wrong.status_code == 422
    assert "Write each line like Beta=started, not “Beta”." in wrong.text
    assert "Beta\nDone=shipped</textarea>" in wrong.text.replace("\r\n", "\n")
    assert "Only a table of ideas or votes takes this." in other.text
    assert fine.status_code == 303
    assert row(1).report["refused"] == []
    assert "beta = shipped" in client.get(fine.location).text
    with unit_of_work():
        running.begin(admin, 1, skip_refused=False)
    go_on()
    found = db.session.execute(sa.select(Idea.title, Status.slug).join(Status, Status.id == Idea.status_id)).one()
    assert tuple(found) == ("Benches", "shipped")


def test_everything_goes_out_as_a_zip_with_addresses_only_if_asked_for(client, admin, board):
    enter(client, admin)
    email = db.session.scalars(sa.select(User.email).where(User.id == admin.id)).one()

    def said(**words):
        answer = client.post("/manage/moving/export", data={"only_board": "", **words})
        assert (answer.status_code, "attachment" in answer.headers["Content-Disposition"]) == (200, True)
        with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
            return b"".join(archive.read(name) for name in archive.namelist()).decode()

    without, with_them = said(shape="ndjson"), said(shape="csv", with_addresses="y")

    assert '"slug": "garden"' in without
    assert email not in without
    assert email in with_them
    made = sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.act == "export.made")
    assert db.session.scalar(made) == 2


def test_nobody_else_sees_the_page(client, board):
    enter(client, UserFactory(site_role=SiteRole.TEAM, verified_at=utcnow()))

    assert client.get("/manage/moving").status_code == 404
    assert client.post("/manage/moving/export", data={"shape": "ndjson"}).status_code == 404
