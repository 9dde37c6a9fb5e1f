"""What other sites show beside a link: oEmbed, OpenGraph, a picture, and words for machines."""

from __future__ import annotations

import html
import io
import json
import re
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from PIL import Image

from ideas.boards import merging, queries
from ideas.db import db, unit_of_work
from ideas.sharing import cards
from tests.boards.pages import answered, browser_of
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", about="Beds and sheds", embed_sites=["https://www.example.org"])


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def oembed(client, path, **more):
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return client.get(f"/oembed?url={quote('http://localhost' + path, safe='')}{query}")


def test_oembed_gives_a_frame_of_an_idea_a_board_and_its_parts(client, board):
    idea = IdeaFactory(board=board, title='A "shed" <b>')

    for path, title, frame in (
        (f"/ideas/{idea.id}-a-shed-b", 'A "shed" <b>', f"/embed/ideas/{idea.id}"),
        (f"/ideas/{idea.id}", 'A "shed" <b>', f"/embed/ideas/{idea.id}"),
        ("/boards/garden", "Garden", "/embed/boards/garden"),
        ("/boards/garden/roadmap", "Roadmap of Garden", "/embed/boards/garden/roadmap"),
        ("/boards/garden/releases", "Releases of Garden", "/embed/boards/garden/releases"),
    ):
        answer = oembed(client, path)

        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        said = answer.json
        assert (said["version"], said["type"], said["title"]) == ("1.0", "rich", title)
        assert said["provider_name"] == "Answerback"
        (source,) = re.findall(r'src="([^"]*)"', said["html"])
        assert source == f"http://localhost{frame}"
        assert client.get(frame).status_code == 200
        assert html.escape(title, quote=True) in said["html"].replace("&#34;", "&quot;")
        assert client.get(said["thumbnail_url"].removeprefix("http://localhost")).status_code == 200
        assert answer.headers["Cache-Control"].startswith("public, max-age=")

        as_xml = oembed(client, path, format="xml")
        assert as_xml.mimetype == "text/xml"
        root = ElementTree.fromstring(as_xml.data)  # noqa: S314 - our own
        assert (root.tag, {part.tag: part.text for part in root}) == (
            "oembed",
            {name: str(value) for name, value in said.items()},
        )


def test_oembed_is_no_larger_than_asked_for_and_a_link_where_no_site_may_show_a_frame(client, board):
    small = oembed(client, "/boards/garden", maxwidth=300, maxheight=200).json
    assert (small["width"], small["height"]) == (300, 200)
    assert 'width="300" height="200"' in small["html"]
    assert "thumbnail_url" not in small
    assert oembed(client, "/boards/garden", maxwidth=2000).json["width"] == 560

    BoardFactory(slug="shut", name="Shut")
    link = oembed(client, "/boards/shut").json
    assert (link["type"], link["title"]) == ("link", "Shut")
    assert "html" not in link
    assert link["thumbnail_width"] == 1200


def test_oembed_says_what_it_does_not_give(app, client, board, petra):
    closed, quiet = BoardFactory(slug="keys", private=True), BoardFactory(slug="quiet", unlisted=True)
    ideas = {
        "private": IdeaFactory(board=closed),
        "hidden": IdeaFactory(board=board, hidden=True),
        "withdrawn": IdeaFactory(board=board, withdrawn=True),
    }
    missing = [f"/ideas/{idea.id}" for idea in ideas.values()]
    missing += ["/boards/keys", "/boards/keys/roadmap", "/boards/nothing", "/ideas/99999999999", "/profile", ""]

    for browser in (client, browser_of(app, petra), browser_of(app, team_member(closed))):
        for path in missing:
            assert oembed(browser, path).status_code == 404, path
    for path in (f"/ideas/{IdeaFactory(board=quiet).id}", "/boards/quiet", "/boards/quiet/releases"):
        assert oembed(client, path).status_code == 401
    assert oembed(client, "/boards/garden", format="yaml").status_code == 501
    for wrong in ("0", "-1", "x", "9" * 9):
        assert oembed(client, "/boards/garden", maxwidth=wrong).status_code == 400
    elsewhere = ("http://localhost.example/boards/garden", "https://localhost/boards/garden", "http://evil/", "[", "")
    for address in elsewhere:
        assert client.get(f"/oembed?url={quote(address, safe='')}").status_code == 404, address


def test_what_is_merged_is_shown_as_where_it_went(client, board, petra):
    part, root = IdeaFactory(board=board), IdeaFactory(board=board, title="The one")
    with unit_of_work():
        rows = [queries.get_idea(petra, each.id) for each in (part, root)]
        merging.merge(petra, *rows, text="Both ask for the same thing, which we keep in one place.")

    assert oembed(client, f"/ideas/{part.id}").json["title"] == "The one"
    assert client.get(f"/cards/ideas/{part.id}.png").status_code == 404


def test_pages_of_public_boards_say_what_to_show_beside_a_link(app, client, board, petra):
    idea = IdeaFactory(board=board, title='A "shed" & <b>', body="So that bicycles stay dry.")
    pages = (f"/ideas/{idea.id}-a-shed-b", "/boards/garden", "/boards/garden/roadmap", "/boards/garden/releases")

    for page in pages:
        text = client.get(page).text
        head = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', text)
        }
        assert head["og:url"] == f"http://localhost{page}"
        assert head["og:title"]
        assert head["og:description"] == head["description"] != ""
        assert head["twitter:card"] == "summary_large_image"
        picture = client.get(head["og:image"].removeprefix("http://localhost"))
        assert picture.mimetype == head["og:image:type"]
        assert Image.open(io.BytesIO(picture.data)).size == (
            int(head["og:image:width"]),
            int(head["og:image:height"]),
        )
        for kind in ("json", "xml"):
            (link,) = re.findall(rf'type="[a-z]+/{kind}\+oembed"[^>]*href="([^"]*)"', text)
            assert client.get(html.unescape(link).removeprefix("http://localhost")).status_code == 200
    assert 'content="A &#34;shed&#34; &amp; &lt;b&gt;"' in client.get(pages[0]).text

    quiet, closed = BoardFactory(slug="quiet", unlisted=True), BoardFactory(slug="keys", private=True)
    for where in (quiet, closed):
        other = IdeaFactory(board=where)
        for page in (f"/ideas/{other.id}-{other.slug}", f"/boards/{where.slug}", f"/boards/{where.slug}/roadmap"):
            text = browser_of(app, team_member(where)).get(page).text
            assert "og:" not in text
            assert "oembed" not in text
            assert "ld+json" not in text


def test_an_idea_is_said_to_machines_as_people_read_it(client, board, petra):
    mia = UserFactory(name="Mia")
    title = "A shed</script><script>alert(1)</script>"
    idea = IdeaFactory(board=board, author=mia, title=title, body="So that <b>bicycles</b> stay *dry*.")
    VoteFactory(idea=idea)
    db.session.commit()
    given = answered(petra, idea)
    said = CommentFactory(idea=idea, author=UserFactory(name="Ole"), body="With windows & <!-- doors.")
    CommentFactory(idea=idea, internal=True, body="unseen words")
    page = client.get(f"/ideas/{idea.id}-{idea.slug}")

    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.S)

    assert "<" not in found
    words = json.loads(found)
    assert (words["@context"], words["@type"]) == ("https://schema.org", "DiscussionForumPosting")
    assert words["headline"] == title
    assert words["text"] == "So that <b>bicycles</b> stay dry."
    assert (words["author"]["name"], words["creativeWorkStatus"]) == ("Mia", "Planned")
    assert words["url"] == f"http://localhost/ideas/{idea.id}-{idea.slug}"
    assert words["datePublished"].endswith("Z")
    assert [each["userInteractionCount"] for each in words["interactionStatistic"]] == [1, 1]
    assert [(each["author"]["name"], each["text"]) for each in words["comment"]] == [
        ("Petra", given.text),
        ("Ole", "With windows & <!-- doors."),
    ]
    assert words["comment"][1]["url"].endswith(f"#comment-{said.id}")
    assert "unseen words" not in found


def test_a_picture_is_drawn_once_and_anew_when_what_it_says_changed(client, board, petra):
    idea = IdeaFactory(board=board, title="A shed")
    path = f"/cards/ideas/{idea.id}.png"
    cards.drawn.cache_clear()

    one = client.get(path)
    again = client.get(path, headers={"If-None-Match": one.headers["ETag"]})

    assert (one.status_code, one.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(one.data)).size == (cards.WIDTH, cards.HEIGHT)
    assert (again.status_code, again.data) == (304, b"")
    assert one.headers["Cache-Control"].startswith("public, max-age=300")
    assert one.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(path).data == one.data
    assert cards.drawn.cache_info().misses == 1
    VoteFactory(idea=idea)
    db.session.commit()
    answered(petra, idea)
    other = client.get(path, headers={"If-None-Match": one.headers["ETag"]})
    assert other.status_code == 200
    assert other.data != one.data


def test_there_is_no_picture_of_what_is_not_in_public_lists(app, client, board, petra):
    closed, quiet = BoardFactory(slug="keys", private=True), BoardFactory(slug="quiet", unlisted=True)
    ideas = [IdeaFactory(board=closed), IdeaFactory(board=quiet)]
    ideas += [IdeaFactory(board=board, hidden=True), IdeaFactory(board=board, withdrawn=True)]

    for browser in (client, browser_of(app, petra), browser_of(app, team_member(closed))):
        for path in (*(f"/cards/ideas/{idea.id}.png" for idea in ideas), "/cards/boards/keys.png"):
            assert browser.get(path).status_code == 404
        assert browser.get("/cards/boards/quiet.png").status_code == 404
        assert browser.get("/cards/boards/nothing.png").status_code == 404
