"""Feeds by token: what one person may read, for as long as they may, and no longer than they want."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import feedparser
import icalendar
import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards import boardkeeping, following, queries
from ideas.boards.models import Membership
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import Conflict, NotAllowed, NotFound
from ideas.repeats import IdempotencyKey
from ideas.sharing import private
from ideas.sharing.models import PrivateFeed
from tests.boards.pages import answered, browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, UserFactory, team_member

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def keys():
    return BoardFactory(slug="keys", name="Keys", private=True)


@pytest.fixture
def mia(keys):
    person = UserFactory(name="Mia")
    MembershipFactory(board=keys, user=person)
    return person


def made(person, slug=None):
    with unit_of_work():
        row = queries.get_board(person, slug) if slug else None
        return private.make(person, row)[1]


def titles(client, token):
    answer = client.get(f"/feeds/{token}.atom")
    assert answer.status_code == 200, answer.text
    found = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert not found.bozo
    return [entry.title for entry in found.entries]


def test_a_private_board_is_read_by_token_until_its_person_may_not_see_it(client, keys, mia):
    petra = team_member(keys, name="Petra")
    idea = IdeaFactory(board=keys, title="A secret shed")
    answered(petra, idea, date=utcnow().date() + timedelta(days=9))
    unseen = IdeaFactory(board=keys, title="Unseen wish", hidden=True)
    answered(petra, unseen, date=utcnow().date() + timedelta(days=9))
    token, of_team = made(mia, "keys"), made(petra, "keys")

    answer = client.get(f"/feeds/{token}.atom")

    assert titles(client, token) == titles(client, of_team) == ["A secret shed"]
    calendar = icalendar.Calendar.from_ical(client.get(f"/feeds/{of_team}.ics").data)
    assert [str(event["SUMMARY"]) for event in calendar.walk("VEVENT")] == ["Planned: A secret shed"]
    assert token not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    again = client.get(f"/feeds/{token}.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304

    with unit_of_work():
        boardkeeping.remove_person(None, queries.get_board(petra, "keys").board, mia.id)
    assert client.get(f"/feeds/{token}.atom").status_code == 404
    assert client.get(f"/feeds/{token}.ics").status_code == 404


def test_ones_own_feed_has_what_one_wrote_or_follows_as_far_as_one_sees_it(client, keys, mia):
    garden, quiet = BoardFactory(slug="garden"), BoardFactory(unlisted=True)
    mine = IdeaFactory(board=garden, author=mia, title="Mine")
    IdeaFactory(board=quiet, author=mia, title="Mine in a quiet place")
    followed, gone = IdeaFactory(board=garden, title="Followed"), IdeaFactory(board=keys, title="Out of sight")
    IdeaFactory(board=garden, title="Of others")
    IdeaFactory(board=garden, author=mia, title="Hidden", hidden=True)
    IdeaFactory(board=garden, author=mia, title="Taken back", withdrawn=True)
    with unit_of_work():
        for idea in (followed, gone):
            following.follow_idea(mia, queries.get_idea(mia, idea.id).idea)
    answered(team_member(garden), mine, date=utcnow().date() + timedelta(days=9))
    token = made(mia)
    assert set(titles(client, token)) == {"Mine", "Mine in a quiet place", "Followed", "Out of sight"}

    db.session.execute(sa.delete(Membership).where(Membership.user_id == mia.id))
    db.session.commit()

    assert titles(client, token)[0] == "Mine"  # in which something happened last
    assert set(titles(client, token)) == {"Mine", "Mine in a quiet place", "Followed"}
    calendar = icalendar.Calendar.from_ical(client.get(f"/feeds/{token}.ics").data)
    assert [str(event["SUMMARY"]) for event in calendar.walk("VEVENT")] == ["Planned: Mine"]


def test_a_token_is_kept_as_a_hash_is_shown_once_and_leads_nowhere_once_revoked(app, mia):
    browser = browser_of(app, mia)

    page = browser.post("/profile/feeds", data={"board": "keys"})
    address = html.unescape(re.search(r'value="http://localhost(/feeds/[^"]+\.atom)"', page.text)[1])

    assert page.status_code == 201
    kept = db.session.scalars(sa.select(PrivateFeed)).one()
    token = address.removeprefix("/feeds/").removesuffix(".atom")
    assert token not in repr([getattr(kept, column.key) for column in PrivateFeed.__table__.columns])
    again = browser.get("/profile/feeds")
    assert token not in again.text
    assert f"Keys …{token[-4:]}" in seen(again.text)
    assert "not yet" in seen(again.text)
    assert app.test_client().get(address).status_code == 200
    assert "not yet" not in seen(browser.get("/profile/feeds").text)

    assert browser_of(app, UserFactory()).post(f"/profile/feeds/{kept.id}/revoke").status_code == 404
    assert browser.post(f"/profile/feeds/{kept.id}/revoke").status_code == 303

    assert app.test_client().get(address).status_code == 404
    assert "Keys" not in seen(browser.get("/profile/feeds").text).partition("Make a feed")[0]
    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.subject == f"feed:{kept.id}"))
    assert sorted(acts) == ["feed.made", "feed.revoked"]


def test_a_board_that_one_does_not_see_is_said_at_its_field(app):
    BoardFactory(slug="others", private=True)

    for slug in ("others", "nothing"):
        page = browser_of(app, UserFactory()).post("/profile/feeds", data={"board": slug})

        assert page.status_code == 422
        assert "There is no such board, or you may not see it." in seen(page.text)
    assert app.test_client().get("/profile/feeds").status_code in (302, 303)


def test_nobody_suspended_makes_a_feed_and_nobody_has_very_many(mia):
    with pytest.raises(NotAllowed):
        made(UserFactory(suspended=True))
    for _each in range(private.MOST):
        made(mia)
    with pytest.raises(Conflict):
        made(mia)
    with pytest.raises(NotFound):
        private.find("nothing")
    # what they see no more is not listed, and does not count
    lost = BoardFactory(private=True)
    db.session.execute(sa.update(PrivateFeed).where(PrivateFeed.id == 1).values(board_id=lost.id))
    db.session.commit()
    made(mia)


def test_a_program_makes_lists_and_revokes_feeds(app, ask, mia):
    program = ask(mia)

    made_now = program.post("me/feeds", {"board": "keys"}, headers={"Idempotency-Key": "once"})
    address = made_now.json["atom_url"].removeprefix("http://localhost")

    assert made_now.status_code == 201
    assert app.test_client().get(address).status_code == 200
    kept = db.session.scalars(sa.select(IdempotencyKey.answer)).one()
    token = address.removeprefix("/feeds/").removesuffix(".atom")
    assert token not in repr(kept)
    again = program.post("me/feeds", {"board": "keys"}, headers={"Idempotency-Key": "once"})
    assert again.json["atom_url"] is None
    (listed,) = program.get("me/feeds").json["data"]
    assert (listed["id"], listed["board"], listed["hint"]) == (made_now.json["id"], "keys", token[-4:])
    assert program.post("me/feeds", {"board": "nothing"}).status_code == 404
    assert ask(mia, "ideas:read").post("me/feeds", {}).status_code == 403
    assert ask(UserFactory()).delete(f"me/feeds/{listed['id']}").status_code == 404
    assert program.delete(f"me/feeds/{listed['id']}").status_code == 204
    assert app.test_client().get(address).status_code == 404
