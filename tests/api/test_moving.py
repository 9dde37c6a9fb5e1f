"""Imports and exports over the API: what the page does, by the same services."""

import gzip
import io
import json
import zipfile

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards.models import Idea, Status
from ideas.db import db, unit_of_work
from ideas.moving import running
from ideas.moving.models_running import Import, ImportPiece
from tests.accounts.arranging import an_admin
from tests.factories import BoardFactory, IdeaFactory, StatusFactory, UserFactory

WISHES = b"id,wish,author_id,status\n1,Benches,7,Beta\n2,Trees,8,\n3,,8,\n"
SAID = "format=ideas&board=garden&columns=title%3Dwish&statuses=beta%3DIn%20the%20works"


@pytest.fixture
def admin(app):
    return an_admin()


@pytest.fixture
def board(app):
    board = BoardFactory(slug="garden")
    StatusFactory(board=board, slug="in-the-works", name="In the works", stage="started")
    return board


@pytest.fixture(autouse=True)
def nothing_in_hands():
    yield
    running._forget_others(None)


def go_on():
    more = True
    while more:
        with unit_of_work():
            more = running.go_on()


def pointers(answer):
    return [each["pointer"] for each in answer.get_json(force=True)["errors"]]


def test_a_file_is_sent_compared_begun_and_there(ask, admin, board):
    asking = ask(admin)

    sent = asking.ask(
        "POST", f"imports?{SAID}&file_name=wishes.csv.gz", data=gzip.compress(WISHES), content_type="text/csv"
    )
    go_on()
    compared = asking.get(f"imports/{sent.json['id']}").json
    hasty = asking.post(f"imports/{sent.json['id']}/begin", {})
    begun = asking.post(f"imports/{sent.json['id']}/begin", {"skip_refused": True})
    go_on()
    done = asking.get(sent.headers["Location"].removeprefix("http://localhost")).json

    assert (sent.status_code, sent.json["state"], sent.json["report"]) == (201, "checking", None)
    assert (compared["state"], compared["statuses"], compared["columns"]) == (
        "checked",
        {"beta": "In the works"},
        {"title": "wish"},
    )
    assert {each["kind"]: (each["new"], each["refused"]) for each in compared["report"]["counts"]}["idea"] == (2, 0)
    assert compared["report"]["refused"] == [{"where": "Line 4", "reason": "It has no words."}]
    assert compared["report"]["examples"][-1]["name"] == "Trees"
    assert (hasty.status_code, hasty.json["code"]) == (409, "not-waiting")
    assert begun.json["state"] == "running"
    assert (done["state"], done["done"], done["report"]["changed"]) == ("done", done["total"], True)
    there = db.session.execute(
        sa.select(Idea.title, Status.slug).join(Status, Status.id == Idea.status_id).order_by(Idea.id)
    )
    assert [tuple(row) for row in there] == [("Benches", "in-the-works"), ("Trees", "open")]


def test_a_trial_says_what_differs_and_is_thrown_away(ask, admin, board):
    asking = ask(admin)

    def compared(content):
        form = {"file": (io.BytesIO(content), "wishes.csv")}
        sent = asking.ask("POST", "imports?format=ideas&board=garden", data=form).json["id"]
        go_on()
        return sent

    first = compared(b"id,text,author_id\n1,Benches,7\n")
    asking.post(f"imports/{first}/begin", {})
    go_on()
    second = compared(b"id,text,author_id\n1,Benches in the shade,7\n")
    said = asking.get(f"imports/{second}").json["report"]["examples"]
    listed = asking.all_pages("imports?limit=1")
    thrown = asking.delete(f"imports/{second}")

    assert said[0]["became"] == "differs"
    assert said[0]["differences"] == [{"field": "title", "here": "Benches", "there": "Benches in the shade"}]
    assert [[row["id"] for row in page] for page in listed] == [[second], [first]]
    assert (thrown.status_code, asking.get(f"imports/{second}").status_code) == (204, 404)
    assert asking.delete(f"imports/{first}").json["code"] == "not-waiting"
    assert db.session.scalar(sa.select(ImportPiece.number)) is None


def test_what_is_wrong_with_what_is_sent_is_named(ask, admin, board):
    asking = ask(admin)

    def send(query="format=ideas&board=garden", content=WISHES, kind="text/csv", **options):
        return asking.ask("POST", f"imports?{query}", data=content, content_type=kind, **options)

    assert pointers(send("board=garden")) == ["/format"]
    assert pointers(send("format=ideas")) == ["/board"]
    assert pointers(send("format=canny&board=garden&columns=title%3Dwish")) == ["/columns"]
    assert pointers(send("format=canny&board=garden&statuses=Beta")) == ["/statuses"]
    assert pointers(send(content=b"")) == ["/file"]
    assert send("format=ideas&board=none").status_code == 404
    assert send(kind="text/html").status_code == 415
    assert send(content=b"x" * (running.SENT_MOST + 2**21)).status_code == 413
    two = {"file": [(io.BytesIO(WISHES), "a.csv"), (io.BytesIO(WISHES), "b.csv")]}
    assert pointers(asking.ask("POST", "imports?format=ideas&board=garden", data=two)) == ["/file"]
    assert db.session.scalar(sa.select(Import.id)) is None


def test_a_file_that_is_sent_again_under_its_name_is_there_once(ask, admin, board):
    asking = ask(admin)
    how = {"data": WISHES, "content_type": "text/csv", "headers": {"Idempotency-Key": "wishes-1"}}

    first, again = (asking.ask("POST", f"imports?{SAID}", **how) for _ in range(2))
    other = asking.ask("POST", f"imports?{SAID}", **{**how, "data": WISHES + b"4,Ponds,8,\n"})

    assert (first.json["id"], again.headers["Idempotent-Replayed"]) == (again.json["id"], "true")
    assert other.status_code == 422
    assert db.session.scalars(sa.select(Import.id)).all() == [first.json["id"]]


def test_everything_goes_out_a_piece_at_a_time_and_comes_back(ask, admin, board):
    mia = UserFactory(email="mia@example.test")
    IdeaFactory(board=board, title="=Benches", author=mia)
    IdeaFactory(board=BoardFactory(slug="roof"), title="A pond")
    asking = ask(admin)

    whole = asking.get("export?with_addresses=true")
    of_one = asking.get("export?board=garden")
    tables = asking.get("export?format=csv")
    back = asking.ask("POST", "imports?format=answerback", data=whole.data, content_type="application/x-ndjson")
    go_on()

    lines = [json.loads(line) for line in whole.data.splitlines()]
    assert not {"ETag", "Content-Length"} & set(whole.headers.keys())  # nobody gathered it first
    assert (lines[0]["kind"], {each["slug"] for each in lines if each["kind"] == "board"}) == (
        "site",
        {"garden", "roof"},
    )
    assert "mia@example.test" in whole.text
    assert "mia@example.test" not in of_one.text
    assert "A pond" not in of_one.text
    with zipfile.ZipFile(io.BytesIO(tables.data)) as archive:
        assert "'=Benches" in archive.read("ideas.csv").decode()
    report = asking.get(f"imports/{back.json['id']}").json["report"]
    assert (report["changed"], report["refused_count"]) == (False, 0)
    made = sa.select(AuditEntry.subject).where(AuditEntry.act == "export.made").order_by(AuditEntry.id)
    assert db.session.scalars(made).all() == ["site", f"board:{board.id}", "site"]


def test_nobody_else_takes_anything_along(ask, board):
    assert ask(UserFactory(site_role="team")).get("export").status_code == 404
    assert db.session.scalar(sa.select(AuditEntry.id).where(AuditEntry.act == "export.made")) is None
