"""Who is told, by which path and channel, and why not."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ideas import outbox
from ideas.accounts.models import User
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import fanout, preferences
from ideas.ledger.models import EVERYTHING, Delivery, Mode, Mute, Preference
from ideas.outbox import OutboxEntry
from tests.ledger.arranging import SUBJECT, World, lines, outcome, person


def test_everybody_owed_word_has_a_line_for_each_channel(world: World):
    mia, ole = person("Mia"), person("Ole")
    entry = world.happens((mia, "voter"), (ole, "author"))

    world.announce()

    assert set(lines(entry)) == {(mia.id, "email"), (mia.id, "inbox"), (ole.id, "email"), (ole.id, "inbox")}
    assert outcome(mia, "email") == ("pending", None)
    assert outcome(mia, "inbox") == ("sent", None)
    assert lines()[mia.id, "inbox"].done_at is not None
    assert lines()[mia.id, "email"].done_at is None
    assert db.session.get_one(OutboxEntry, entry).owed == 2


PATHS = [
    *("credited", "author", "merged_author", "replied_to", "mentioned"),
    *("commenter", "voter", "follower", "owner", "team"),
]


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.pairwise(PATHS)))
def test_several_paths_to_one_person_are_one_message_by_the_strongest(world: World, stronger: str, weaker: str):
    mia = person()
    world.happens((mia, weaker, "planned", "instant", "vote", 3), (mia, stronger, "shipped", "daily", "comment", 4))

    world.announce()

    assert len(lines()) == 2
    line = lines()[mia.id, "email"]
    assert (line.path, line.news, line.contribution_kind, line.contribution_id) == (stronger, "shipped", "comment", 4)
    assert line.digest == "daily"


def test_of_equal_paths_the_weightiest_contribution_is_named(world: World):
    mia = person()
    world.happens(
        (mia, "credited", "credited", "instant", "vote", 1),
        (mia, "credited", "credited", "instant", "comment", 9),
        (mia, "credited", "credited", "instant", "comment", 8),
        (mia, "credited", "credited", "instant", None, None),
    )

    world.announce()

    line = lines()[mia.id, "email"]
    assert (line.contribution_kind, line.contribution_id) == ("comment", 8)


def test_nobody_is_told_of_their_own_act(world: World):
    petra, mia = person("Petra"), person("Mia")
    world.happens((petra, "voter"), (mia, "voter"), by=petra)

    world.announce()

    assert {user_id for user_id, _channel in lines()} == {mia.id}


def test_an_event_without_a_notice_is_only_marked(world: World):
    entry = world.happens((person(), "voter"))
    world.app.extensions["answerback"].notices = {}

    assert world.announce() == 1

    assert lines() == {}
    assert db.session.get_one(OutboxEntry, entry).fanned_out_at is not None


def test_announcing_twice_tells_once(world: World):
    mia = person()
    entry = world.happens((mia, "voter"))
    world.announce()

    db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=None))
    db.session.commit()
    world.announce()

    assert len(lines(entry)) == 2


def test_nothing_waits_means_nothing_done(world: World):
    assert world.announce() == 0


# --- Settling ---


def test_what_settles_is_told_when_the_wait_is_over_and_to_those_who_are_there_then(world: World, clock):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), wait=timedelta(minutes=15))

    assert world.announce() == 0
    world.audiences[1].append((ole.id, "voter", "planned", "instant", None, None))
    clock.shift(timedelta(minutes=15))
    world.announce()

    assert {user_id for user_id, _channel in lines()} == {mia.id, ole.id}


def test_what_is_called_off_is_never_told(world: World, clock):
    entry = world.happens((person(), "voter"), wait=timedelta(minutes=15))
    with unit_of_work():
        assert outbox.cancel(entry)

    clock.shift(timedelta(hours=1))

    assert world.announce() == 0
    with unit_of_work():
        assert not outbox.cancel(entry)


def test_what_is_announced_cannot_be_called_off(world: World):
    entry = world.happens((person(), "voter"))
    world.announce()

    with unit_of_work():
        assert not outbox.cancel(entry)
        assert not outbox.postpone(entry, wait=timedelta(minutes=1))


def test_sending_now_skips_the_wait(world: World):
    entry = world.happens((person(), "voter"), wait=timedelta(minutes=15))

    with unit_of_work():
        assert outbox.postpone(entry, wait=timedelta(0))

    assert world.announce() == 1


def test_the_oldest_due_entry_comes_first(world: World, clock):
    late = world.happens((person(), "voter"), wait=timedelta(minutes=2), subject="idea:1")
    early = world.happens((person(), "voter"), wait=timedelta(minutes=1), subject="idea:2")
    clock.shift(timedelta(minutes=5))

    world.announce()

    first = db.session.scalars(sa.select(Delivery.entry_id).order_by(Delivery.id)).first()
    assert first == early != late


def test_an_entry_whose_audience_cannot_be_read_holds_up_nobody(world: World):
    broken = world.happens((person(), "voter"))
    world.audiences[1] = [()]
    mia = person("Mia")
    world.happens((mia, "voter"), subject="idea:8")

    world.work()

    assert world.mailed == [mia.email]
    entry = db.session.get_one(OutboxEntry, broken)
    assert entry.fanned_out_at is None
    assert entry.due_at > utcnow() + fanout.TRY_AGAIN / 2


# --- Why somebody is not told ---


def test_a_suspended_person_is_told_nothing(world: World):
    mia = person(suspended=True)
    world.happens((mia, "voter"))

    world.announce()

    assert outcome(mia, "email") == outcome(mia, "inbox") == ("suppressed", "suspended")
    assert lines()[mia.id, "inbox"].done_at is not None


def test_whoever_may_not_see_it_is_told_nothing(world: World):
    mia, charlie = person(), person("Charlie")
    world.blind.add(charlie.id)
    world.happens((mia, "voter"), (charlie, "voter"))

    world.announce()

    assert outcome(charlie, "email") == outcome(charlie, "inbox") == ("suppressed", "not_visible")
    assert outcome(mia, "email") == ("pending", None)


def test_muting_silences_one_subject(world: World):
    mia = person()
    with unit_of_work():
        preferences.mute(mia, SUBJECT)
        preferences.mute(mia, SUBJECT)
    muted, other = world.happens((mia, "credited")), world.happens((mia, "credited"), subject="idea:8")

    world.announce()

    assert outcome(mia, "email", muted) == outcome(mia, "inbox", muted) == ("suppressed", "muted")
    assert outcome(mia, "email", other) == ("pending", None)


def test_unmuting_lets_it_speak_again(world: World):
    mia = person()
    with unit_of_work():
        preferences.mute(mia, SUBJECT)
        preferences.unmute(mia, SUBJECT)
    world.happens((mia, "voter"))

    world.announce()

    assert outcome(mia, "email") == ("pending", None)


def test_an_imported_person_with_an_address_is_mailed_and_one_without_has_an_inbox(world: World):
    with_address = person("Imported", is_imported=True, verified_at=None, email="imported@example.test")
    without = person("Nameless", imported=True)
    world.happens((with_address, "voter"), (without, "voter"))

    world.announce()

    assert outcome(with_address, "email") == ("pending", None)
    assert outcome(without, "email") == ("suppressed", "no_address")
    assert outcome(without, "inbox") == ("sent", None)


def test_an_unproven_address_gets_no_mail(world: World):
    mia = person(unverified=True)
    world.happens((mia, "voter"))

    world.announce()

    assert outcome(mia, "email") == ("suppressed", "no_address")
    assert outcome(mia, "inbox") == ("sent", None)


SENT, OFF = ("sent", None), ("suppressed", "off")
PENDING, INBOX_ONLY, UNSUBSCRIBED = ("pending", None), ("suppressed", "inbox_only"), ("suppressed", "unsubscribed")

EMAIL_ONLY = ("suppressed", "email_only")

# default of the mail, what was chosen for the kind, what for all kinds (both as "e-mail inbox") → e-mail, inbox
CHOICES: list[tuple[str, str | None, str | None, Any, Any]] = [
    ("instant", None, None, PENDING, SENT),
    ("daily", None, None, PENDING, SENT),
    ("daily", "off instant", None, INBOX_ONLY, SENT),
    ("daily", "instant instant", None, PENDING, SENT),
    ("instant", "off instant", None, INBOX_ONLY, SENT),
    ("instant", "off off", None, OFF, OFF),
    ("instant", "instant off", None, PENDING, EMAIL_ONLY),
    ("instant", None, "instant off", PENDING, EMAIL_ONLY),
    ("instant", "instant off", "unsubscribed", UNSUBSCRIBED, OFF),
    ("instant", None, "off instant", INBOX_ONLY, SENT),
    ("instant", None, "off off", OFF, OFF),
    ("instant", "instant instant", "off off", PENDING, SENT),
    ("instant", "instant instant", "off instant", PENDING, SENT),
    ("instant", "off off", "instant instant", OFF, OFF),
    ("daily", None, "instant instant", PENDING, SENT),
    ("instant", "unsubscribed", None, UNSUBSCRIBED, SENT),
    ("instant", None, "unsubscribed", UNSUBSCRIBED, SENT),
    ("instant", "instant instant", "unsubscribed", UNSUBSCRIBED, SENT),
    ("instant", "off off", "unsubscribed", OFF, OFF),
    ("instant", "unsubscribed", "off off", OFF, OFF),
    ("instant", "unsubscribed", "instant instant", UNSUBSCRIBED, SENT),
    ("daily", None, "unsubscribed", UNSUBSCRIBED, SENT),
]


@pytest.mark.parametrize(("by_default", "kind", "everything", "email", "inbox"), CHOICES)
def test_a_choice_for_the_kind_wins_over_one_for_all_kinds_and_that_over_the_default(
    world: World, by_default: str, kind: str | None, everything: str | None, email: Any, inbox: Any
):
    mia = person()
    for news, mode in (("planned", kind), (EVERYTHING, everything)):
        if mode is not None:
            unsubscribed = mode == "unsubscribed"
            by_email, by_inbox = ("off", None) if unsubscribed else mode.split()
            values = {"email": by_email, "inbox": by_inbox, "by_unsubscribing": unsubscribed}
            db.session.add(Preference(user_id=mia.id, news=news, **values))
    db.session.add(
        Preference(user_id=mia.id, news="shipped", email=Mode.OFF, inbox=Mode.OFF)
    )  # another kind says nothing
    db.session.commit()
    world.happens((mia, "voter", "planned", by_default, "vote", 1))

    world.announce()

    assert outcome(mia, "email") == email
    assert outcome(mia, "inbox") == inbox


def silenced(*ways: str) -> User:
    mia = person(
        suspended_at=utcnow() if "suspended" in ways else None, email=None if "no_address" in ways else "m@x.test"
    )
    if "muted" in ways:
        db.session.add(Mute(user_id=mia.id, subject=SUBJECT))
    if "off" in ways:
        db.session.add(Preference(user_id=mia.id, news="planned", email=Mode.OFF, inbox=Mode.OFF))
    if "unsubscribed" in ways:
        db.session.add(Preference(user_id=mia.id, news=EVERYTHING, email=Mode.OFF, by_unsubscribing=True))
    if "inbox_only" in ways and "off" not in ways:
        db.session.add(Preference(user_id=mia.id, news="planned", email=Mode.OFF))
    db.session.commit()
    return mia


ORDER = ["suspended", "not_visible", "muted", "off", "unsubscribed", "inbox_only", "no_address"]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_several_reasons_the_first_is_recorded(world: World, first: int):
    ways = ORDER[first:]
    mia = silenced(*ways)
    if "not_visible" in ways:
        world.blind.add(mia.id)
    world.happens((mia, "voter"))

    world.announce()

    assert outcome(mia, "email") == ("suppressed", ways[0])
    assert outcome(mia, "inbox") == (("suppressed", ways[0]) if first < 4 else ("sent", None))
