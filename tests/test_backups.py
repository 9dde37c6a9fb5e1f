"""A whole site in one file and back: the same rows on either database, nothing sent twice, nobody remembered again."""

import json
import os
import shutil
import stat
import threading
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bench import stage
from config import Config
from ideas import backups, create_app, migrating, storage
from ideas.accounts import erasing, letters, sessions, tickets, writing
from ideas.accounts.models import Letter, Ticket, TicketKind, UnfinishedAct, User, UserSession
from ideas.boards import queries, voting
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.boards.models_pictures import Picture
from ideas.cli import program
from ideas.db import Base, db, unit_of_work
from ideas.ledger import checker, holding, worker
from ideas.ledger.models import Delivery
from ideas.mail import MemoryTransport
from tests.conftest import SETTINGS
from tests.ledger.faults import Site

SETTLED = {"delivery", "outbox_entry", "user_session", "ticket", "letter", "worker_beat", "audit_entry"}
NAME = "0123456789abcdef.webp"


class Place:
    """A site on a database of its own, with a folder of its own."""

    def __init__(self, url, folder):
        folder.mkdir(exist_ok=True)
        self.env = {**SETTINGS, "DATABASE_URL": url, "INSTANCE_PATH": str(folder), "BASE_URL": "http://localhost"}
        self.config = Config.from_env(self.env)
        self.app = None

    def open(self):
        self.app = create_app(self.config)
        return self.app

    def close(self):
        if self.app is not None:
            with self.app.app_context():
                db.session.remove()
                db.engine.dispose()
            self.app = None

    def run(self, *arguments):
        """A command of this site; what it opens is closed again."""
        was_open = self.app is not None
        app = None if arguments[0] == "restore" else self.app or self.open()
        try:
            return CliRunner().invoke(program(), arguments, obj=app, env=self.env)
        finally:
            if not was_open:
                self.close()


@pytest.fixture
def place(database, tmp_path):
    made = []

    def make(name, url=None):
        made.append(Place(url or database.fresh(), tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def lived_in(database, tmp_path_factory):
    """A site in the middle of its life: told people, people being told, people to be told, letters, a picture."""
    site = Place(database.fresh(), tmp_path_factory.mktemp("site") / "lived_in")
    with site.open().app_context():
        living = Site(site.env)
        living.settle_in(4)
        living.answer(living.people())
        everything(site.app)
        living.answer(living.people())
        worker.Worker(site.app, MemoryTransport())._announce()  # owed, and not sent
        living.answer(living.people()[:2])  # not even announced
        living.close()
        mia = db.session.scalars(sa.select(User).order_by(User.id)).all()[1]
        idea = db.session.scalars(sa.select(Idea)).first()
        with unit_of_work():
            letters.write("p0@example.test", writing.sign_in("token"), good_for=timedelta(minutes=10))
            sessions.open_for(mia, browser="Browser", network_address="192.0.2.1")
            db.session.add(Picture(name=NAME, owner_id=mia.id, idea_id=idea.id, width=1, height=1, bytes=4))
            idea.body = 'Ünïcode “quotes” \u2028 \\ " \t line\nbreak 日本語 🌱'
        storage.pictures().put(NAME, b"RIFF", "image/webp")
        db.session.rollback()
    site.close()
    return site


@pytest.fixture
def full(place, database, lived_in, tmp_path):
    """A copy of it, to do with as one likes."""
    shutil.copytree(lived_in.config.instance_path, tmp_path / "full")
    site = place("full", database.fresh(like=lived_in.config.database_url))
    site.open()
    return site


def everything(app):
    worker.run_once(app, MemoryTransport())


def parts(file):
    with zipfile.ZipFile(file) as archive:
        return json.loads(archive.read("manifest.json"))


def digests(file):
    return {name: part["sha256"] for name, part in parts(file)["tables"].items()}


def test_every_row_comes_back_as_it_was(full, place, tmp_path):
    file, again = tmp_path / "site.backup", tmp_path / "again.backup"
    before = stage.dump(full.config.database_url)
    assert full.run("backup", str(file)).exit_code == 0
    empty = place("empty")

    result = empty.run("restore", str(file))

    assert result.exit_code == 0, result.output
    after = stage.dump(empty.config.database_url)
    assert {name for name in before if before[name] != after[name]} <= SETTLED - {"audit_entry"}
    assert after["delivery"][0] == before["delivery"][0]
    assert after["vote"][0] > 0
    empty.run("backup", str(again))
    same = {name for name, digest in digests(file).items() if digests(again)[name] == digest}
    assert set(Base.metadata.tables) - same <= SETTLED
    assert (tmp_path / "empty" / "pictures").is_dir()
    with empty.open().app_context():
        assert storage.pictures().open(NAME) == b"RIFF"
        assert [breach for check in checker.CHECKS.values() for breach in check()] == []


@pytest.mark.parametrize("way", ["there", "and back"])
@pytest.mark.postgresql
def test_a_site_moves_between_the_databases(place, full, tmp_path, way):
    """What SQLite wrote, PostgreSQL reads, and the other way round."""
    file, again, third = (tmp_path / name for name in ("first.backup", "again.backup", "third.backup"))
    full.run("backup", str(file))
    moved = place("moved", f"sqlite:///{tmp_path}/moved.sqlite")
    assert moved.run("restore", str(file)).exit_code == 0
    moved.run("backup", str(again))
    if way == "and back":
        home = place("home")
        assert home.run("restore", str(again)).exit_code == 0
        home.run("backup", str(third))
        assert digests(third) == digests(again) | {"worker_beat": digests(third)["worker_beat"]}
        return

    assert parts(again)["database"] == "sqlite"
    different = {name for name, digest in digests(file).items() if digests(again)[name] != digest}
    assert different <= SETTLED


def test_life_goes_on_in_what_was_restored(full, place, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    restored = place("restored")
    restored.run("restore", str(file))

    with restored.open().app_context():
        mia = db.session.scalars(sa.select(User).order_by(User.id.desc())).first()
        living = Site(restored.env)
        living.petra_id = db.session.scalars(sa.select(User.id).where(User.name == "Petra")).one()
        ids = set(db.session.scalars(sa.select(Idea.id)))
        assert living.answer([mia.id]) == 2
        post = MemoryTransport()
        worker.run_once(restored.app, post)
        living.close()

        db.session.rollback()
        assert len(post.sent) == 2
        assert min(set(db.session.scalars(sa.select(Idea.id))) - ids) > max(ids)


def test_nothing_that_waited_is_sent_and_everybody_finds_it_in_their_inbox(full, place, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    restored = place("restored")
    said = restored.run("restore", str(file)).output

    with restored.open().app_context():
        post = MemoryTransport()
        worker.run_once(restored.app, post)

        assert post.sent == []
        states = db.session.execute(
            sa.select(Delivery.channel, Delivery.state, Delivery.reason, sa.func.count()).group_by(
                Delivery.channel, Delivery.state, Delivery.reason
            )
        ).all()
        counted = {(row[0], row[1], row[2]): row[3] for row in states}
        assert counted["email", "suppressed", "restored"] == 5 + 3
        assert counted["inbox", "sent", None] == 5 + 5 + 3
        assert ("email", "pending", None) not in counted
        assert "Held back: 5 messages and the mail of" in said
        assert "ideas resume-sending" in said
        assert [breach for check in checker.CHECKS.values() for breach in check()] == []


def test_what_was_held_back_is_sent_when_the_operator_says_so(full, place, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    restored = place("restored")
    restored.run("restore", str(file))

    said = restored.run("resume-sending").output

    with restored.open().app_context():
        post = MemoryTransport()
        worker.run_once(restored.app, post)
        assert len(post.sent) == 5 + 3
        assert "Released: 5 messages" in said
        with unit_of_work():
            assert holding.let_go() == (0, 0)


def test_sign_ins_and_links_of_that_day_are_over(full, place, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    restored = place("restored")
    restored.run("restore", str(file))

    with restored.open().app_context():
        for model in (UserSession, Ticket):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
        letter = db.session.scalars(sa.select(Letter)).one()
        assert letter.failed_at is not None
        assert (letter.text, letter.html) == ("", "")


def test_whoever_was_erased_since_stays_erased(full, place, tmp_path):
    file = tmp_path / "site.backup"
    with full.app.app_context(), unit_of_work():
        begun = UnfinishedAct(token_hash="u" * 64, kind="comment", details={"body": "What I had begun to say."})
        db.session.add(begun)
        db.session.flush()
        tickets.issue(TicketKind.SIGN_IN, person=person("p1@example.test"), browser="b", unfinished_id=begun.id)
    full.run("backup", str(file))
    with full.app.app_context():
        with unit_of_work():
            leaving = erasing.erase(None, person("p1@example.test"), with_text=True)
        erasing.finish(leaving)
        journal = erasing.journal()
    restored = place("restored")

    said = restored.run("restore", str(file), "--erased", str(journal)).output

    assert "Forgotten again: 1 people" in said
    with restored.open().app_context():
        assert person("p1@example.test") is None
        assert person("p2@example.test") is not None
        assert db.session.scalars(sa.select(UnfinishedAct)).all() == []
        db.session.rollback()


def person(email):
    return db.session.scalars(sa.select(User).where(User.email == email)).one_or_none()


def test_a_backup_is_of_one_moment_while_people_vote(full, tmp_path, place):
    """Each vote and its count are one transaction, so they differ in every snapshot by what they differed before."""
    file, voted, ended = tmp_path / "site.backup", [], threading.Event()
    with full.app.app_context():
        before = difference()

    def vote():
        with full.app.app_context():
            while not ended.is_set():
                for act in (voting.cast, voting.retract):
                    with unit_of_work():
                        petra = db.session.scalars(sa.select(User).where(User.name == "Petra")).one()
                        act(petra, queries.get_idea(petra, 1).idea)
                    voted.append(act)

    thread = threading.Thread(target=vote)
    thread.start()
    try:
        with full.app.app_context():
            for _ in range(3):
                count = len(voted)
                backups.write(file)
                while len(voted) == count and thread.is_alive():
                    ended.wait(0.01)
    finally:
        ended.set()
        thread.join(60)
    restored = place("restored")

    assert len(voted) > 3
    assert restored.run("restore", str(file)).exit_code == 0
    with restored.open().app_context():
        assert difference() == before


def difference():
    """Votes on the first idea, less what is counted beside it."""
    votes = db.session.scalar(sa.select(sa.func.count()).select_from(Vote).where(Vote.idea_id == 1))
    counted = db.session.scalar(sa.select(IdeaRank.vote_count).where(IdeaRank.idea_id == 1))
    db.session.rollback()
    return votes - counted


# --- What is refused ---


def test_a_site_that_is_there_is_replaced_only_when_asked(full, place, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    other = place("other")
    with other.open().app_context():
        living = Site(other.env)
        living.settle_in(1)
        living.close()
    other.close()
    before = stage.dump(other.config.database_url)

    refused = other.run("restore", str(file))
    unchanged = stage.dump(other.config.database_url) == before
    replaced = other.run("restore", str(file), "--replace")

    assert refused.exit_code == 1
    assert "--replace" in refused.output
    assert unchanged
    assert replaced.exit_code == 0, replaced.output
    assert stage.dump(other.config.database_url)["idea"] == stage.dump(full.config.database_url)["idea"]


def test_a_site_at_work_is_not_replaced(full, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))
    with full.app.app_context():
        working = worker.Worker(full.app, MemoryTransport())
        working.beat()

    refused = full.run("restore", str(file), "--replace")

    assert refused.exit_code == 1
    assert "Stop the site first" in refused.output


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "other", "newer", "format"])
def test_a_damaged_or_strange_file_changes_nothing(full, place, tmp_path, harm):
    file, bad = tmp_path / "site.backup", tmp_path / "bad.backup"
    full.run("backup", str(file))
    spoil(file, bad, harm)
    empty = place("empty")
    before = stage.dump(empty.config.database_url)

    refused = empty.run("restore", str(bad))

    assert refused.exit_code == 1
    assert "damaged" in refused.output or "newer version" in refused.output
    assert "Traceback" not in refused.output
    assert stage.dump(empty.config.database_url) == before


def spoil(file, bad, harm):
    if harm == "cut":
        bad.write_bytes(file.read_bytes()[:-200])
        return
    if harm == "other":
        bad.write_bytes(b"SQLite format 3\0" * 100)
        return
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(bad, "w") as out:
        for name in good.namelist():
            content = good.read(name)
            if name == "tables/vote.jsonl" and harm == "missing":
                continue
            if name == "tables/vote.jsonl" and harm == "changed":
                content = content.replace(b"1", b"2", 1)
            if name == "manifest.json" and harm in ("newer", "format"):
                manifest = json.loads(content)
                manifest |= {"revision": "9999"} if harm == "newer" else {"format": 2}
                content = json.dumps(manifest).encode()
            out.writestr(name, content)


def test_a_backup_is_read_by_its_owner_alone_and_nobody_sees_half_of_one(full, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))

    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*.backup*")] == ["site.backup"]
    assert list(tmp_path.glob(".site*")) == []


def test_a_folder_that_is_not_there_is_named(full, tmp_path):
    refused = full.run("backup", str(tmp_path / "nowhere" / "site.backup"))

    assert refused.exit_code == 1
    assert "cannot be written" in refused.output


def test_a_backup_of_an_earlier_version_is_brought_to_this_ones_shape(place, tmp_path, monkeypatch):
    """As a version made it that knew no more than the sixth step."""
    earlier, file = place("earlier"), tmp_path / "earlier.backup"
    url = earlier.config.database_url
    with earlier.open().app_context():
        living = Site(earlier.env)
        living.settle_in(3)
        living.answer(living.people())
        living.close()
    earlier.close()
    before = stage.dump(url)
    migrating.downgrade(url, "0006")
    with monkeypatch.context() as past, earlier.open().app_context():
        known = sa.MetaData()
        with db.engine.connect() as connection:
            known.reflect(connection)
        known.remove(known.tables["alembic_version"])
        past.setattr(backups, "Base", SimpleNamespace(metadata=known))
        past.setattr(migrating, "newest", lambda: frozenset({"0006"}))
        backups.write(file)
    restored = place("restored")

    result = restored.run("restore", str(file))

    assert result.exit_code == 0, result.output
    assert parts(file)["revision"] == "0006"
    assert migrating.is_current(restored.config.database_url)
    after = stage.dump(restored.config.database_url)
    for name in ("user", "idea", "idea_rank", "vote", "answer", "comment"):
        assert after[name] == before[name]


def test_every_kind_of_column_has_its_way_into_a_backup():
    known = {
        "Integer",
        "BigInteger",
        "SmallInteger",
        "Boolean",
        "Double",
        "Float",
        "String",
        "Text",
        "JSON",
        "Date",
        "UtcDateTime",
    }
    used = {type(column.type).__name__ for table in Base.metadata.tables.values() for column in table.columns}

    assert used <= known | {"LargeBinary"}


def test_settings_are_not_in_a_backup(full, tmp_path):
    file = tmp_path / "site.backup"
    full.run("backup", str(file))

    with zipfile.ZipFile(file) as archive:
        assert SETTINGS["SECRET_KEY"].encode() not in b"".join(archive.read(name) for name in archive.namelist())
