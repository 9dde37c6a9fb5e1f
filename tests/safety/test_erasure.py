"""Somebody who is erased is found nowhere: not in a row, not in a file, not in what others wrote; the sums stay."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ideas.accounts import erasing, people
from ideas.accounts.models import AuditEntry, User
from ideas.boards import commenting, merging, queries, ranking
from ideas.boards.models import (
    Comment,
    Idea,
    Vote,
)
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.ledger import checker, worker
from ideas.ledger.models import Delivery, State
from ideas.moving.models import Imported
from tests.accounts.arranging import PASSWORD, a_person, an_admin, enter, last_link_to, sign_in, sign_up, who_is_in
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member
from tests.safety import forgetting


def erase(person, *, by=None, with_text=False):
    with unit_of_work():
        actor = db.session.get_one(User, by.id) if by else None
        leaving = erasing.erase(actor, db.session.get_one(User, person.id), with_text=with_text)
    erasing.finish(leaving)


def tombstone(person_id):
    return db.session.get_one(User, person_id, populate_existing=True)


def test_every_column_that_may_hold_a_word_is_sorted(app):
    assert forgetting.unsorted() == set()


def test_nothing_of_somebody_erased_is_found_anywhere(app, database):
    seeded = forgetting.seed()
    folder = Path(app.config["ANSWERBACK"].instance_path)
    before = forgetting.columns_with()
    assert forgetting.CANARIES - before == set(), "not seeded"
    assert forgetting.files_with(folder), "mail was sent"
    totals = forgetting.totals()

    erase(seeded.person, with_text=True)

    assert forgetting.columns_with() == set()
    assert forgetting.files_with(folder) == []
    if database.kind == "sqlite":
        db.engine.dispose()
        assert forgetting.files_with(Path(database.url.removeprefix("sqlite:///")).parent) == []
    assert forgetting.totals() == totals
    assert [breach for found in checker.run_all().values() for breach in found] == []


def test_a_leftover_is_found(app):
    seeded = forgetting.seed()
    erase(seeded.person, with_text=True)

    with unit_of_work():
        db.session.add(
            Comment(
                idea_id=seeded.backed, author_id=seeded.others.id, body="Qzqname", body_html="", created_at=utcnow()
            )
        )
    (Path(app.config["ANSWERBACK"].instance_path) / "left.txt").write_text("qzq")

    assert forgetting.columns_with() == {"comment.body"}
    assert forgetting.files_with(Path(app.config["ANSWERBACK"].instance_path)) == ["left.txt"]


def test_what_others_built_on_stays_without_a_name(app, client):
    seeded = forgetting.seed()

    erase(seeded.person)

    shared = db.session.get_one(Idea, seeded.shared)
    assert shared.title == "qzqshared wishes"
    alone = db.session.get_one(Idea, seeded.alone)
    assert (alone.title, alone.body, alone.withdrawn_at is None) == ("An idea of a former member", "", False)
    page = client.get(f"/ideas/{seeded.shared}", follow_redirects=True).text
    assert "Former member" in page
    assert "Qzqname" not in page
    mine = sa.select(Comment.body).where(Comment.author_id == seeded.person.id)
    assert set(db.session.scalars(mine)) == {"qzqwords that were answered", "qzqwords in passing"}


def test_the_name_goes_from_what_others_wrote(app):
    seeded = forgetting.seed()

    erase(seeded.person)

    said = set(db.session.scalars(sa.select(Comment.body).where(Comment.author_id == seeded.others.id)))
    assert said == {"@Former member well said, indeed", "As Former member (Former member) says: yes"}
    assert db.session.get_one(Idea, seeded.backed).title == "What Former member said"
    assert not forgetting.columns_with("qzqname")
    assert not forgetting.columns_with("qzqmail")


def test_a_common_word_that_is_also_a_name_stays(app):
    person = a_person(name="Will")
    comment = CommentFactory(body="Will we get this? Ask @Will.")

    erase(person)

    assert db.session.get_one(Comment, comment.id).body == "Will we get this? Ask @Former member."


def test_a_name_that_two_people_have_stays_the_others(app):
    person = a_person(name="Anna Schmidt")
    UserFactory(name="anna schmidt")
    comment = CommentFactory(body="Anna Schmidt knows.")

    erase(person)

    assert db.session.get_one(Comment, comment.id).body == "Anna Schmidt knows."


def test_a_vote_keeps_its_place_and_its_day(app):
    idea = IdeaFactory(created_at=utcnow() - timedelta(days=3))
    vote = VoteFactory(idea=idea, cast_at=utcnow().replace(hour=23, minute=30) - timedelta(days=1))
    voter, day = vote.user_id, vote.cast_at.date()

    erase(db.session.get_one(User, voter))

    kept = db.session.get_one(Vote, vote.id)
    assert (kept.cast_at.date(), kept.cast_at.hour) == (day, 0)


def test_the_order_of_lists_is_that_of_the_votes_as_they_are_kept(app):
    idea = IdeaFactory()
    voters = [VoteFactory(idea=idea).user_id for _ in range(3)]
    with unit_of_work():
        ranking.recount()

    erase(db.session.get_one(User, voters[0]))

    with unit_of_work():
        assert ranking.recount().differed == 0


def test_the_order_of_merged_ideas_too(app):
    board = BoardFactory()
    person = UserFactory()
    kept, part, deeper = (IdeaFactory(board=board, created_at=utcnow() - timedelta(days=9)) for _ in range(3))
    for idea, days in ((kept, 1), (part, 2), (deeper, 3)):
        VoteFactory(idea=idea, user=person, cast_at=utcnow() - timedelta(days=days))
        VoteFactory(idea=idea)
    team = team_member(board)
    with unit_of_work():
        ranking.recount()
    for source, target in ((deeper, part), (part, kept)):
        with unit_of_work():
            rows = [queries.get_idea(db.session.get_one(User, team.id), each.id) for each in (source, target)]
            merging.merge(db.session.get_one(User, team.id), *rows, text="These are one and the same wish.")

    erase(person)

    with unit_of_work():
        assert ranking.recount().differed == 0


def test_who_comes_back_begins_anew(app, client):
    person = a_person()
    vote = VoteFactory(user=person)
    idea_id = vote.idea_id
    erase(person)

    sign_up(client)
    client.post(last_link_to("mia@example.test"))

    assert who_is_in(client) == "Mia"
    back = people.by_email("mia@example.test")
    assert back.id != person.id
    assert db.session.scalars(sa.select(Vote.user_id).where(Vote.idea_id == idea_id)).all() == [person.id]


def test_mail_in_flight_is_called_off_and_nothing_is_owed_any_more(app):
    seeded = forgetting.seed()
    with unit_of_work():
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.user_id == seeded.person.id, Delivery.channel == "email")
            .values(state="pending", lease="x", reason=None, done_at=None)
        )
    person_id = seeded.person.id

    erase(seeded.person)
    owed = set(db.session.scalars(sa.select(Delivery.id).where(Delivery.user_id == person_id)))
    with unit_of_work():
        team = db.session.get_one(User, seeded.team.id)
        commenting.add(
            team, queries.get_idea(team, seeded.backed), body="It is there, for everybody who asked.", official=True
        )
    worker.run_once(forgetting._app())

    rows = db.session.execute(
        sa.select(Delivery.id, Delivery.state, Delivery.reason, Delivery.lease).where(Delivery.user_id == person_id)
    ).all()
    assert {row.id for row in rows} == owed
    assert {(row.state, row.reason) for row in rows if row.state != State.SENT} >= {("suppressed", "erased")}
    assert not [row for row in rows if row.lease or row.state == State.PENDING]


def test_the_log_keeps_that_it_was_done_and_by_whom(app):
    admin = an_admin()
    person = a_person()

    erase(person, by=admin)

    line = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "person.erased")).one()
    assert (line.actor_id, line.subject, line.details) == (
        admin.id,
        f"person:{person.id}",
        {"with_text": False, "by_themselves": False},
    )


def test_an_administrator_stays_until_somebody_takes_the_role(app):
    admin = an_admin()

    with pytest.raises(NotAllowed, match="takes that role away first"):
        erase(admin, by=admin)


def test_charlie_erases_nobody(app):
    person, charlie = a_person(), a_person("charlie@example.test", "Charlie")

    with pytest.raises(NotFound):
        erase(person, by=charlie)

    assert tombstone(person.id).email == "mia@example.test"


def test_a_tombstone_is_nobody(app, client):
    admin, person = an_admin(), a_person(password=PASSWORD)
    other = app.test_client()
    enter(other, person)
    erase(person)

    assert sign_in(client).status_code == 422
    assert who_is_in(other) is None
    enter(client, admin)
    assert client.get(f"/manage/people/{person.id}").status_code == 404
    assert "Former member" not in client.get("/manage/people").text


# --- After a restore ---


def test_whoever_was_erased_is_erased_again_after_a_restore(app):
    seeded = forgetting.seed()
    with unit_of_work():
        person = db.session.get_one(User, seeded.person.id)
        erasing._write_down(erasing.Line(person.id, erasing.check_of(person), with_text=True))

    with unit_of_work():
        forgotten = erasing.replay(erasing.journal())
    erasing.finish(*forgotten)
    with unit_of_work():
        again = erasing.replay(erasing.journal())

    assert [leaving.id for leaving in forgotten] == [seeded.person.id]
    assert again == []
    assert forgetting.columns_with() == set()


def test_somebody_else_with_the_number_of_an_erased_person_stays(app):
    person = a_person()
    erasing._write_down(erasing.Line(person.id, "the check of another", with_text=True))
    erasing.journal().write_text(erasing.journal().read_text() + '{"half')

    with unit_of_work():
        assert erasing.replay(erasing.journal()) == []


def test_the_journal_says_who_was_erased_by_number_alone(app):
    seeded = forgetting.seed()

    erase(seeded.person, with_text=True)

    assert [line.person_id for line in erasing.lines(erasing.journal())] == [seeded.person.id]
    assert forgetting.CANARY not in erasing.journal().read_text().casefold()


# --- The pages ---


def test_people_erase_themselves_after_reading_what_goes(app, client):
    person = a_person(password=PASSWORD)
    enter(client, person)
    page = client.get("/profile/erase").text
    assert "Votes, with their day alone" in page

    refused = client.post("/profile/erase", data={})
    assert (refused.status_code, "Tick this to go on." in refused.text) == (422, True)
    answer = client.post("/profile/erase", data={"sure": "y"})

    assert answer.headers["Location"] == "/"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Your account is erased." in client.get("/").text
    assert tombstone(person.id).erased_at is not None


def test_who_signed_in_long_ago_proves_it_before_erasing(app, client, clock):
    person = a_person(password=PASSWORD)
    enter(client, person)
    clock.shift(timedelta(minutes=16))

    answer = client.post("/profile/erase", data={"sure": "y"})

    assert answer.headers["Location"] == "/profile/confirm?next=/profile/erase"
    assert tombstone(person.id).erased_at is None


def test_administrators_erase_on_request(app, client):
    admin, person = an_admin(), a_person()
    enter(client, admin)

    answer = client.post(f"/manage/people/{person.id}/erase", data={"sure": "y"})

    assert answer.headers["Location"] == "/manage/people"
    assert tombstone(person.id).name == "Former member"


def test_the_operator_erases(app, ideas_command):
    person = a_person()

    result = ideas_command("user", "erase", "mia@example.test", "--yes")

    assert result.exit_code == 0, result.output
    assert tombstone(person.id).email is None


def test_an_import_finds_the_tombstone_and_not_the_name(app):
    seeded = forgetting.seed()

    erase(seeded.person)

    assert db.session.scalars(sa.select(Imported.foreign_id)).one().startswith("erased:")
