"""People take along all that is kept about them."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest

from ideas import privacy
from ideas.accounts import exporting, keys
from ideas.db import db
from ideas.ledger import preferences
from ideas.ledger.models import Mode
from tests.accounts.arranging import PASSWORD, a_person, committed, enter, last_link_to
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, IdeaFollowFactory, VoteFactory


@pytest.fixture
def mia(client):
    person = a_person(password=PASSWORD)
    enter(client, person)
    return person


def download(client):
    with client.post("/profile/data/export") as answer:  # as a server does once it has sent the file
        answer.get_data()
    return answer


def archive(client):
    answer = download(client)
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


def part(archive, name):
    return json.loads(archive.read(f"{name}.json"))


def test_everything_of_a_person_is_in_their_archive(client, mia):
    board = BoardFactory()
    written = IdeaFactory(board=board, author=mia, title="A shed for bicycles")
    backed = VoteFactory(user=mia, idea=IdeaFactory(board=board, title="A bench"))
    CommentFactory(idea=written, author=mia, body="It rains here.")
    IdeaFollowFactory(idea=written, user=mia)
    committed(preferences.choose, db.session.merge(mia), "moved", email=Mode.OFF, inbox=Mode.OFF)
    token = committed(keys.make, db.session.merge(mia), "Calendar", ["ideas:read"])

    inside = archive(client)

    assert part(inside, "account")[0]["email"] == "mia@example.test"
    assert [idea["title"] for idea in part(inside, "ideas")] == ["A shed for bicycles"]
    assert [vote["idea_id"] for vote in part(inside, "votes")] == [backed.idea_id]
    assert [said["body"] for said in part(inside, "comments")] == ["It rains here."]
    assert [(row["email"], row["inbox"]) for row in part(inside, "preferences")] == [("off", "off")]
    assert [row["name"] for row in part(inside, "keys")] == ["Calendar"]
    assert part(inside, "sign_ins")
    assert token not in json.dumps([inside.read(name).decode() for name in inside.namelist()])
    assert "hash" not in inside.read("keys.json").decode()


def test_each_table_is_there_as_json_and_as_csv_and_explained(client, mia):
    inside = archive(client)

    names = {name.rpartition(".")[0] for name in inside.namelist() if name.endswith(".json")}
    explained = inside.read("README.txt").decode()
    assert {f"{name}.csv" for name in names} <= set(inside.namelist())
    assert all(f"{name}: " in explained for name in names)
    assert {"told", "audit", "receipts", "letters", "revisions", "credits"} <= names


def test_nothing_of_anybody_else_is_in_it(client, mia):
    other = IdeaFactory(title="A tower", body="Nobody else reads this.")
    CommentFactory(idea=other, body="Said by somebody else.")

    inside = archive(client)
    text = " ".join(inside.read(name).decode() for name in inside.namelist())

    assert "A tower" not in text
    assert "Said by somebody else" not in text


def test_an_idea_one_may_no_longer_see_is_not_named(client, mia):
    VoteFactory(user=mia, idea=IdeaFactory(board=BoardFactory(private=True), title="A secret tower"))

    assert part(archive(client), "votes")[0]["idea"] is None


@pytest.mark.parametrize("start", privacy.FORMULA_STARTS)
def test_no_cell_of_the_table_is_a_formula(client, mia, start):
    IdeaFactory(author=mia, title=f"{start}cmd|' /C calc'!A0")

    rows = list(csv.DictReader(io.StringIO(archive(client).read("ideas.csv").decode("utf-8-sig"))))

    assert rows[0]["title"] == f"'{start}cmd|' /C calc'!A0"


def test_who_signed_in_long_ago_proves_it_once_more(client, mia, clock):
    clock.shift(timedelta(minutes=16))

    answer = download(client)

    assert answer.headers["Location"] == "/profile/confirm?next=/profile/data"
    wrong = client.post("/profile/confirm", data={"password": "not this one", "next": "/profile/data"})
    assert (wrong.status_code, "This is not your password." in wrong.text) == (422, True)
    right = client.post("/profile/confirm", data={"password": PASSWORD, "next": "/profile/data"})
    assert right.headers["Location"] == "/profile/data"
    assert download(client).mimetype == "application/zip"


def test_a_link_proves_it_too(client, mia, clock):
    clock.shift(timedelta(minutes=16))

    client.post("/sign-in/link", data={"email": mia.email, "next": "/profile/erase"})
    answer = client.post(last_link_to("mia@example.test"))

    assert answer.headers["Location"] == "/profile/erase"
    assert client.get("/profile/erase").status_code == 200


def test_guessing_the_password_is_limited(client, mia):
    for _ in range(10):
        client.post("/profile/confirm", data={"password": "a guess", "next": "/"})

    assert client.post("/profile/confirm", data={"password": PASSWORD, "next": "/"}).status_code == 429


def test_an_export_is_limited(client, mia):
    assert [download(client).status_code for _ in range(6)] == [200] * 5 + [429]


def test_it_is_kept_by_nobody_on_the_way(client, mia):
    assert "no-store" in download(client).headers["Cache-Control"]


def test_visitors_have_no_data(client):
    for method, path in (("get", "/profile/data"), ("post", "/profile/data/export"), ("get", "/profile/erase")):
        assert getattr(client, method)(path).headers["Location"].startswith("/sign-in"), path


def test_the_operator_can_hand_it_over(ideas_command, tmp_path, app):
    a_person()

    result = ideas_command("user", "export", "mia@example.test", "--to", str(tmp_path / "mia.zip"))

    assert result.exit_code == 0, result.output
    assert part(zipfile.ZipFile(tmp_path / "mia.zip"), "account")[0]["name"] == "Mia"


def test_a_long_history_needs_no_memory(app):
    rows = ({"id": number, "text": "x" * 1000} for number in range(20_000))
    out = io.BytesIO()

    privacy.write_archive(out, [privacy.Part("long", "", rows)], [], introduction="")

    assert len(json.loads(zipfile.ZipFile(out).read("long.json"))) == 20_000
    assert exporting.BATCH < 20_000
