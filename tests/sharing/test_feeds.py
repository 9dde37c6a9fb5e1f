"""Feeds of what everybody may read, as a feed reader of somebody else's reads them."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import feedparser
import pytest

from ideas.accounts.models import User
from ideas.boards import merging, posting, queries, releases, releasing
from ideas.boards.models import CreditKind, Stage
from ideas.boards.schemas_releases import ReleaseLine, ReleaseWords
from ideas.db import db, unit_of_work, utcnow
from ideas.sharing import feeds
from tests.boards.arranging import statements
from tests.boards.pages import LONG_ENOUGH, answered, browser_of, credit
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

DONE = "It is there since this morning, for everybody who asked for it."
FEEDS = (
    "/feed.atom",
    "/boards/garden/feed.atom",
    "/boards/garden/statuses/planned/feed.atom",
    "/boards/garden/releases/feed.atom",
    "/releases/feed.atom",
)


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", about="Beds and sheds")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def read(client, path, status=200):
    """What a feed reader finds at that address."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.mimetype == "application/atom+xml"
    found = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert status != 200 or (not found.bozo and found.version == "atom10"), found.get("bozo_exception")
    return found


def moment(parsed):
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def whole(when):
    return when.replace(microsecond=0)


def publish(by, *ideas, title="The spring release"):
    with unit_of_work():
        words = ReleaseWords().load({"title": title, "body": "Spring is **here**."})
        release_id = releasing.draft(by, queries.get_board(by, "garden"), words).id
    for idea in ideas:
        with unit_of_work():
            line = ReleaseLine().load({"text": DONE, "credits": [credit(CreditKind.VOTES, "You made it first.")]})
            releasing.put(by, releases.get(by, release_id), queries.get_idea(by, idea.id), line)
    with unit_of_work():
        releasing.publish(by, releases.get(by, release_id))
    return release_id


def test_a_board_gives_its_ideas_with_their_words_and_what_the_team_answered(client, board, petra):
    mia = UserFactory(name="Mia")
    body = "So that bicycles stay **dry**, as [here](/boards/garden)."
    idea = IdeaFactory(board=board, author=mia, title="A shed & a tap", body=body)
    given = answered(petra, idea, credits=[credit(CreditKind.AUTHOR, "Your drawing is the plan.")])

    found = read(client, "/boards/garden/feed.atom")

    (entry,) = found.entries
    assert (found.feed.title, found.feed.subtitle) == ("Ideas on Garden", "Beds and sheds")
    assert found.feed.link == "http://localhost/boards/garden"
    assert {link.rel: link.href for link in found.feed.links}["self"] == "http://localhost/boards/garden/feed.atom"
    assert (entry.title, entry.author) == ("A shed & a tap", "Mia")
    assert entry.link == f"http://localhost/ideas/{idea.id}-a-shed-a-tap"
    assert entry.id == f"tag:localhost,{idea.created_at:%Y-%m-%d}:idea:{idea.id}"
    assert moment(entry.published_parsed) == whole(idea.created_at)
    assert moment(entry.updated_parsed) == whole(given.created_at)
    assert ("planned", "Planned") in [(tag.term, tag.label) for tag in entry.tags]
    (content,) = entry.content
    assert content.type == "text/html"
    assert "<strong>dry</strong>" in content.value
    assert 'href="http://localhost/boards/garden"' in content.value
    assert "Petra answered: Planned." in content.value
    assert LONG_ENOUGH in content.value
    assert "Mia → Your drawing is the plan." in content.value


def test_names_stay_whatever_becomes_of_the_title_and_news_is_told_by_its_moment(client, board, petra, clock):
    idea, other = IdeaFactory(board=board, title="A shed"), IdeaFactory(board=board, title="Another")
    author_id = idea.author_id
    before = read(client, "/boards/garden/feed.atom").entries

    clock.shift(timedelta(hours=1))
    with unit_of_work():
        author = db.session.get_one(User, author_id)
        posting.revise(author, queries.get_idea(author, idea.id), {"title": "A roof", "body": "Dry."})
    after = read(client, "/boards/garden/feed.atom").entries

    assert {each.id for each in before} == {each.id for each in after}
    assert [each.title for each in after] == ["A roof", "Another"]
    assert moment(after[0].updated_parsed) - moment(before[-1].updated_parsed) >= timedelta(minutes=59)
    assert after[0].published == next(each.published for each in before if each.id == after[0].id)
    assert other.title == "Another"


def test_a_status_gives_what_is_in_it_now(client, board, petra):
    planned, _open = IdeaFactory(board=board, title="A shed"), IdeaFactory(board=board, title="A tap")
    answered(petra, planned)

    found = read(client, "/boards/garden/statuses/planned/feed.atom")

    assert found.feed.title == "Planned on Garden"
    assert [entry.title for entry in found.entries] == ["A shed"]
    assert [entry.title for entry in read(client, "/boards/garden/statuses/open/feed.atom").entries] == ["A tap"]
    read(client, "/boards/garden/statuses/nothing/feed.atom", 404)


def test_an_idea_gives_its_answers_and_comments_the_latest_first(client, board, petra, clock):
    idea = IdeaFactory(board=board, title="A shed")
    ole = UserFactory(name="Ole")
    clock.shift(timedelta(minutes=1))
    said = CommentFactory(idea=idea, author=ole, body="With *windows*.")
    clock.shift(timedelta(minutes=1))
    given = answered(petra, idea)
    for field in ("is_internal", "is_held"):
        CommentFactory(idea=idea, body="unseen words", **{field: True})
    for field in ("deleted_at", "hidden_at"):
        CommentFactory(idea=idea, body="unseen words", **{field: utcnow()})

    answer = client.get(f"/ideas/{idea.id}/feed.atom")
    entries = read(client, f"/ideas/{idea.id}/feed.atom").entries

    assert [entry.title for entry in entries] == ["Planned: A shed", "Ole on “A shed”", "A shed"]
    assert entries[0].link.endswith(f"#answer-{given.id}")
    assert entries[1].link.endswith(f"#comment-{said.id}")
    assert "<em>windows</em>" in entries[1].content[0].value
    assert "unseen words" not in answer.text


def test_what_is_merged_leads_to_where_it_went(client, board, petra):
    part, root = IdeaFactory(board=board), IdeaFactory(board=board)
    with unit_of_work():
        rows = [queries.get_idea(petra, each.id) for each in (part, root)]
        merging.merge(petra, *rows, text="Both ask for the same thing, which we keep in one place.")

    answer = client.get(f"/ideas/{part.id}/feed.atom")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/ideas/{root.id}/feed.atom")
    assert [entry.title for entry in read(client, "/boards/garden/feed.atom").entries] == [root.title]


def test_releases_give_what_shipped_with_its_ideas(client, board, petra, clock):
    idea = IdeaFactory(board=board, title="A shed")
    release_id = publish(petra, idea)

    for path, title in (("/boards/garden/releases/feed.atom", "Releases of Garden"), ("/releases/feed.atom", None)):
        found = read(client, path)

        (entry,) = found.entries
        assert title is None or found.feed.title == title
        assert (entry.title, entry.author) == ("The spring release", "Petra")
        assert entry.link == f"http://localhost/releases/{release_id}-the-spring-release"
        assert "<strong>here</strong>" in entry.content[0].value
        assert f'href="http://localhost/ideas/{idea.id}-a-shed"' in entry.content[0].value
        assert DONE in entry.content[0].value
        assert "Everyone who voted → You made it first." in entry.content[0].value
        assert entry.updated == entry.published

    clock.shift(timedelta(hours=1))
    with unit_of_work():
        by = db.session.get_one(User, petra.id)
        releasing.revise(by, releases.get(by, release_id), {"body": "Other words."})
    (rewritten,) = read(client, "/releases/feed.atom").entries
    assert rewritten.published == entry.published
    assert moment(rewritten.updated_parsed) - moment(entry.updated_parsed) >= timedelta(minutes=59)


def test_what_is_hidden_or_taken_back_is_in_no_feed_not_even_the_teams(app, board, petra):
    for unseen in ({"hidden": True}, {"withdrawn": True}):
        idea = IdeaFactory(board=board, title="Unseen wish", stage=Stage.PLANNED, **unseen)
        for person in (None, petra, idea.author):
            for path in (*FEEDS, f"/ideas/{idea.id}/feed.atom"):
                assert "Unseen wish" not in browser_of(app, person).get(path).text, (path, person)
        assert browser_of(app, petra).get(f"/ideas/{idea.id}/feed.atom").status_code == 404


def test_a_private_board_has_no_feed_that_all_may_read_and_an_unlisted_one_is_in_no_list(app, client, petra):
    closed, quiet = BoardFactory(slug="keys", private=True), BoardFactory(slug="quiet", unlisted=True)
    member = team_member(closed)
    secret, whispered = IdeaFactory(board=closed, title="A secret"), IdeaFactory(board=quiet, title="A whisper")

    for browser in (client, browser_of(app, member)):
        paths = ("feed.atom", "releases/feed.atom", "statuses/open/feed.atom", "calendar.ics")
        for path in (*(f"/boards/keys/{path}" for path in paths), f"/ideas/{secret.id}/feed.atom"):
            assert browser.get(path).status_code == 404, path
        assert read(browser, "/feed.atom").entries == []
    assert [entry.title for entry in read(client, "/boards/quiet/feed.atom").entries] == [whispered.title]


def test_a_feed_is_the_same_for_everybody_and_is_sent_anew_when_something_changed(app, client, board, petra):
    IdeaFactory(board=board)

    for path in FEEDS:
        one, other = client.get(path), browser_of(app, petra).get(path, headers={"Accept-Language": "de"})
        assert one.data == other.data
        assert one.headers["Cache-Control"].startswith("public, max-age=")
        assert "Vary" not in other.headers
        assert "Set-Cookie" not in other.headers
        again = client.get(path, headers={"If-None-Match": one.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")

    tag = client.get(FEEDS[1]).headers["ETag"]
    IdeaFactory(board=board)
    assert client.get(FEEDS[1], headers={"If-None-Match": tag}).status_code == 200


def test_words_of_any_kind_are_words_in_a_feed(client, board):
    title = '<script>alert(1)</script> & "quotes" ]]> \ufffe'
    IdeaFactory(board=board, title=title, body="<script>alert(2)</script> ]]> \ufffe [x](javascript:alert(3))")

    (entry,) = ElementTree.fromstring(client.get("/boards/garden/feed.atom").data).findall("{*}entry")  # noqa: S314

    assert entry.findtext("{*}title") == title.replace("\ufffe", "")
    html = entry.findtext("{*}content")
    assert "<script" not in html
    assert "&lt;script&gt;alert(2)" in html
    assert 'href="javascript' not in html


def test_a_feed_has_the_last_fifty_and_costs_as_many_queries_as_one_of_one(app, client, board, petra):
    def cost(path):
        app.extensions["answerback.memory"].clear()
        with statements() as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    first = IdeaFactory(board=board)
    answered(petra, first, credits=[credit(CreditKind.AUTHOR, "Your drawing is the plan.")])
    publish(petra, IdeaFactory(board=board))
    CommentFactory(idea=first)
    paths = (*FEEDS, f"/ideas/{first.id}/feed.atom", "/boards/garden/calendar.ics", "/roadmap/calendar.ics")
    before = {path: cost(path) for path in paths}

    db.session.rollback()
    for _each in range(feeds.MOST + 5):
        IdeaFactory(board=board)
        CommentFactory(idea=first)
    for _each in range(3):
        answered(petra, IdeaFactory(board=board))
        publish(petra, IdeaFactory(board=board), title="Another release")

    assert {path: cost(path) for path in paths} == before
    assert max(before.values()) <= 14
    assert len(read(client, "/boards/garden/feed.atom").entries) == feeds.MOST
    assert len(read(client, f"/ideas/{first.id}/feed.atom").entries) == feeds.MOST


def test_pages_say_where_their_feeds_are(app, client, board, petra):
    idea = IdeaFactory(board=board)
    publish(petra, idea)
    pages = ("/", "/boards/garden", "/boards/garden?status=open", "/boards/garden/releases", "/boards/garden/roadmap")

    for page in (*pages, "/releases", "/roadmap", f"/ideas/{idea.id}-{idea.slug}"):
        text = client.get(page).text
        links = re.findall(r'rel="alternate" type="(?:application/atom\+xml|text/calendar)"[^>]*href="([^"]*)"', text)
        assert links, page
        for link in links:
            assert client.get(link).status_code == 200, (page, link)
    closed = BoardFactory(slug="keys", private=True)
    secret = IdeaFactory(board=closed)
    for page in ("/boards/keys", "/boards/keys/releases", f"/ideas/{secret.id}-{secret.slug}"):
        assert 'rel="alternate"' not in browser_of(app, team_member(closed)).get(page).text
