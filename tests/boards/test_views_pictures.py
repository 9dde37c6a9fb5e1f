"""Pictures on pages: added with and without scripts, and served so that nothing in them can run."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa

from ideas import storage
from ideas.boards.models import Comment, Idea
from ideas.boards.models_pictures import Picture
from ideas.db import db
from tests.boards.arranging import count
from tests.boards.pages import browser_of
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, MembershipFactory, UserFactory
from tests.pictures import encoded
from tests.safety import looking


def file(content=None, name="rota.png"):
    return (io.BytesIO(encoded() if content is None else content), name)


def in_one_piece(content):
    """A form with the file, as bytes: the test client would put a large one into a file, and leave that open."""
    head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="x.png"\r\n\r\n'
    return {"data": head + content + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}


def added(browser, **options):
    answer = browser.post("/pictures", data={"picture": file(), **options})
    assert answer.status_code == 201
    return answer.json


@pytest.fixture
def board():
    return BoardFactory(slug="garden")


@pytest.fixture
def mia():
    return UserFactory()


@pytest.fixture
def browser(app, mia):
    return browser_of(app, mia)


def test_a_script_gets_the_markdown_that_shows_the_picture(browser):
    said = added(browser, picture_alt="the rota")

    assert re.fullmatch(r"!\[the rota\]\(/pictures/[0-9a-f-]+-60x40\.webp\)", said["markdown"])


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"picture": (io.BytesIO(b"<svg/>"), "x.svg")}, 422, "JPEG, PNG, WebP and GIF"),
        ({}, 422, "Choose a picture first."),
    ],
)
def test_a_script_is_told_in_plain_words_why_not(browser, sent, status, words):
    answer = browser.post("/pictures", data=sent, content_type="multipart/form-data")

    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert words in answer.text


def test_a_visitor_adds_none(app):
    assert app.test_client().post("/pictures", data={"picture": file()}).status_code == 401
    assert count(Picture) == 0


def test_a_picture_is_served_so_that_nothing_in_it_can_run(browser, board):
    said = added(browser)
    browser.post("/boards/garden/new", data={"title": "A rota", "body": said["markdown"]})

    answer = browser.get(said["url"])

    assert answer.status_code == 200
    assert answer.content_type == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert "Cookie" not in answer.headers.get("Vary", "")
    again = browser.get(said["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_what_not_everybody_may_see_is_kept_by_nobody_in_between(app, browser, mia):
    private = BoardFactory(slug="secret", private=True)
    MembershipFactory(board=private, user=mia)
    said = added(browser)
    assert browser.get(said["url"]).headers["Cache-Control"].startswith("private")
    browser.post("/boards/secret/new", data={"title": "A rota", "body": said["markdown"]})

    assert browser.get(said["url"]).headers["Cache-Control"].startswith("private")
    for other in (app.test_client(), browser_of(app, UserFactory())):
        assert other.get(said["url"]).status_code == 404


@pytest.mark.parametrize(
    "name", ["../../config.py", "..%2f..%2fconfig.py", "x.webp", "%00", "a" * 24 + "-" + "b" * 16 + "-60x40.webp"]
)
def test_no_other_name_leads_anywhere(client, name):
    assert client.get(f"/pictures/{name}").status_code == 404


def test_a_file_that_was_lost_is_not_found(browser):
    said = added(browser)
    storage.pictures().delete(said["url"].removeprefix("/pictures/"))

    assert browser.get(said["url"]).status_code == 404


# --- Without scripts ---


def test_without_scripts_the_form_puts_the_picture_into_the_text(browser, board):
    page = browser.post(
        "/boards/garden/new",
        data={"title": "A rota", "body": "Like this:", "picture": file(), "picture_alt": "it", "add_picture": "1"},
    )

    assert page.status_code == 200
    assert re.search(r"Like this:\r?\n\r?\n!\[it\]\(/pictures/", page.text)
    assert count(Idea) == 0


def test_a_picture_that_comes_with_the_posted_idea_is_in_it(browser, board):
    answer = browser.post("/boards/garden/new", data={"title": "A rota", "body": "Like this:", "picture": file()})

    assert answer.status_code == 303
    assert "<img src=" in db.session.scalars(sa.select(Idea)).one().body_html


def test_a_picture_that_cannot_be_taken_loses_nothing_typed(browser, board):
    page = browser.post(
        "/boards/garden/new", data={"title": "A rota", "body": "Like this:", "picture": file(b"<svg/>", "x.svg")}
    )

    assert page.status_code == 422
    assert "JPEG, PNG, WebP and GIF" in page.text
    assert "Like this:" in page.text
    assert count(Idea) == 0


def test_a_comment_may_be_a_picture_alone(browser, board):
    idea = IdeaFactory(board=board)

    answer = browser.post(f"/ideas/{idea.id}/comments", data={"body": "", "picture": file(), "voice": "own"})

    assert answer.status_code == 303
    assert "<img src=" in db.session.scalars(sa.select(Comment)).one().body_html


def test_a_picture_for_a_comment_that_cannot_be_taken_is_refused_beside_it(browser, board):
    idea = IdeaFactory(board=board)

    page = browser.post(f"/ideas/{idea.id}/comments", data={"body": "See:", "picture": file(b"x"), "voice": "own"})

    assert page.status_code == 422
    assert "JPEG, PNG, WebP and GIF" in page.text
    assert "See:" in page.text


def test_editing_may_add_one(browser, board, mia):
    comment = CommentFactory(idea=IdeaFactory(board=board), author=mia, body="Mine.")

    page = browser.post(f"/comments/{comment.id}/edit", data={"body": "Mine.", "picture": file(), "add_picture": "1"})
    assert "/pictures/" in page.text
    answer = browser.post(f"/comments/{comment.id}/edit", data={"body": "Mine.", "picture": file()})

    assert answer.status_code == 303
    db.session.expire_all()
    assert "<img src=" in db.session.get_one(Comment, comment.id).body_html


def test_a_picture_larger_than_fits_is_refused_in_words(make_app):
    app = make_app(PICTURE_MEGABYTES="1")
    with app.app_context():
        browser = browser_of(app, UserFactory())
        almost, far = (browser.post("/pictures", **in_one_piece(bytes(size))) for size in (1_000_001, 6_000_000))

    assert (almost.status_code, far.status_code) == (422, 422)
    assert "larger than 1 MB" in almost.text
    assert "larger than 1 MB" in far.text


def test_words_that_are_too_many_are_not_called_a_picture(browser, board):
    head = b'--x\r\nContent-Disposition: form-data; name="picture_alt"\r\n\r\n'
    body = head + b"x" * 600_000 + b"\r\n--x--\r\n"

    page = browser.post("/boards/garden/new", data=body, content_type="multipart/form-data; boundary=x")

    assert page.status_code == 413
    assert "more than can be taken in at once" in page.text


def test_other_forms_take_no_more_than_before(browser, board):
    assert browser.post("/boards/garden/follow", data={"on": "1", "x": "x" * 2_000_000}).status_code == 413


def test_the_mail_of_a_comment_links_to_its_picture(app, browser, board, mails):
    from ideas.ledger import worker

    author = UserFactory()
    idea = IdeaFactory(board=board, author=author)
    parent = CommentFactory(idea=idea, author=author)
    said = added(browser, picture_alt="the rota")
    browser.post(f"/ideas/{idea.id}/comments", data={"body": said["markdown"], "parent_id": parent.id, "voice": "own"})

    worker.run_once(app)

    (mail,) = mails()
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f"the rota: http://localhost{said['url']}" in text
    assert f'href="http://localhost{said["url"]}"' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"picture": (io.BytesIO(b"hello"), "x.png")}, "picture"), ({"picture_alt": "a\x00b"}, "picture_alt")],
)
def test_what_is_wrong_with_a_picture_is_said_at_its_field(browser, board, typed, field):
    page = browser.post("/boards/garden/new", data={"title": "A shed", "picture": file(), "add_picture": "1", **typed})

    assert page.status_code == 422
    assert field in looking.named(page.text)


def test_words_about_a_picture_are_kept_while_something_else_is_put_right(browser, board):
    page = browser.post("/boards/garden/new", data={"title": "", "picture_alt": "the rota"})

    assert page.status_code == 422
    assert looking.typed(page.text, "picture_alt") == "the rota"
