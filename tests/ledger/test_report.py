"""What became of telling people, counted once each."""

from datetime import timedelta

import sqlalchemy as sa

from ideas.db import db, unit_of_work
from ideas.ledger import preferences, report
from ideas.ledger.models import Delivery, Mode
from ideas.mail import PermanentFailure, TemporaryFailure
from ideas.outbox import Notice
from tests.ledger.arranging import SUBJECT, World, person


def seven(world: World) -> dict[str, int]:
    """One person for everything that may become of telling somebody."""
    made = {name: person(name) for name in ("mailed", "bounced", "waiting", "muted", "inbox")}
    made["suspended"], made["nameless"] = person("suspended", suspended=True), person("nameless", imported=True)
    world.transport.answers[str(made["bounced"].email)] = PermanentFailure("550")
    world.transport.answers[str(made["waiting"].email)] = TemporaryFailure("450")
    with unit_of_work():
        preferences.mute(made["muted"], SUBJECT)
        preferences.choose(made["inbox"], "planned", email=Mode.OFF, inbox=None)
    return {name: each.id for name, each in made.items()}


def test_each_person_is_counted_once(world: World):
    people = seven(world)
    entry = world.happens(*((each, "voter") for each in people.values()))
    world.work()

    told = report.people_told([entry])

    assert told == report.People(owed=7, sent=3, pending=1, suppressed=2, failed=1, email=1, inbox=2)
    assert told.owed == told.sent + told.pending + told.suppressed + told.failed


def test_a_person_told_by_two_announcements_is_counted_once_by_the_better(world: World):
    mia, ole = person("Mia"), person("Ole")
    first = world.happens((mia, "voter", "planned", "daily"), (ole, "voter", "planned", "daily"))
    second = world.happens((mia, "voter"))
    world.work()

    assert report.people_told([first, second]) == report.People(owed=2, sent=1, pending=1, email=1)


def test_nothing_announced_is_nobody_told(world: World):
    waiting = world.happens((person(), "voter"), wait=timedelta(hours=1))

    assert report.people_told([]) == report.people_told([waiting]) == report.People()


def test_the_forecast_is_what_then_happens(world: World):
    people = seven(world)
    actor = person("Petra")
    paths = [(each, "voter", "planned", "daily" if each == people["mailed"] else "instant") for each in people.values()]
    entry = world.happens(*paths, (actor, "author"), by=actor)
    notice: Notice = world.app.extensions["answerback"].notices["tried"]

    forecast = report.forecast(
        notice.audience(1), visible=notice.visible, subject=SUBJECT, subjects=[SUBJECT], actor_id=actor.id
    )
    world.announce()

    assert (forecast.email, forecast.inbox, forecast.in_digests) == (3, 2, 1)
    assert forecast.paths == [("voter", 5)]
    assert sorted(forecast.left_out) == [("muted", 1), ("suspended", 1)]
    told = report.people_told([entry])
    assert (told.pending, told.inbox, told.suppressed) == (forecast.email, forecast.inbox, 2)


def test_a_person_sees_what_was_done_for_them_by_each_channel(world: World):
    mia, ole = person("Mia"), person("Ole")
    first, second = world.happens((mia, "voter"), (ole, "voter")), world.happens((mia, "voter", "planned", "daily"))
    world.work()

    told = report.told(mia.id, [first, second])

    assert {entry: [(line.channel, line.state, line.reason) for line in told[entry]] for entry in told} == {
        first: [("email", "sent", None), ("inbox", "sent", None)],
        second: [("email", "pending", None), ("inbox", "sent", None)],
    }
    assert report.told(mia.id, []) == {}


def test_the_list_of_outcomes_goes_on_where_a_page_ends(world: World):
    people = [person() for _ in range(5)]
    entry = world.happens(*((each, "voter") for each in people))
    other = world.happens((people[0], "voter"), subject="idea:8")
    world.announce()

    seen: list[Delivery] = []
    cursor = None
    while True:
        page = report.deliveries(SUBJECT, limit=3, cursor=cursor)
        seen += page.rows
        if (cursor := page.next) is None:
            break

    assert len(seen) == len({line.id for line in seen}) == 10
    assert {line.entry_id for line in seen} == {entry}
    assert {line.user.name for line in seen} == {each.name for each in people}
    assert [line.entry_id for line in report.deliveries(entry_ids=[other], limit=5).rows] == [other, other]


def test_the_list_costs_the_same_for_one_and_for_many(world: World):
    def statements() -> int:
        counted = 0

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            nonlocal counted
            counted += statement.startswith("SELECT")

        db.session.commit()
        sa.event.listen(db.engine, "before_cursor_execute", count)
        for line in report.deliveries(SUBJECT, limit=50).rows:
            assert line.user.name
            assert line.entry.kind
        sa.event.remove(db.engine, "before_cursor_execute", count)
        return counted

    world.happens((person(), "voter"))
    world.announce()
    few = statements()
    world.happens(*((person(), "voter") for _ in range(10)))
    world.announce()

    assert statements() == few == 1
