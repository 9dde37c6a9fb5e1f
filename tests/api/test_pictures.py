"""Uploading pictures over the API."""

from __future__ import annotations

import io

import pytest

from ideas.boards.models_pictures import Picture
from ideas.db import db
from tests.factories import BoardFactory, UserFactory
from tests.pictures import encoded


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [line["pointer"] for line in answer.get_json(force=True)["errors"]]


def test_a_file_with_its_content_type_is_taken_and_may_be_shown(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())

    made = mia.ask("POST", "pictures?alt=the%20rota", data=encoded("JPEG"), content_type="image/jpeg")

    assert made.status_code == 201
    assert (made.json["width"], made.json["height"], made.json["alt"]) == (60, 40, "the rota")
    posted = mia.post("ideas", {"board": "garden", "title": "A rota", "body": made.json["markdown"]})
    assert f'<img src="/pictures/{made.json["name"]}" alt="the rota" width="60" height="40"' in posted.json["body_html"]


def test_a_form_with_the_file_is_taken_too(ask):
    answer = ask(UserFactory()).ask("POST", "pictures", data={"picture": (io.BytesIO(encoded()), "x.png")})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"data": b"<svg/>", "content_type": "image/png"}, ["/picture"]),
        ({"data": b"", "content_type": "image/png"}, ["/picture"]),
        ({"data": {"file": (io.BytesIO(b"x"), "x.png")}}, ["/file"]),
        ({"data": {"note": "x"}, "content_type": "multipart/form-data"}, ["/note"]),
        ({"data": bytes(34_000_000), "content_type": "image/png"}, ["/picture"]),
    ],
)
def test_what_is_no_picture_is_refused_with_the_place(ask, options, wrong):
    assert pointers(ask(UserFactory()).ask("POST", "pictures", **options)) == wrong

    assert db.session.query(Picture).count() == 0


def test_what_is_not_said_to_be_a_picture_is_refused(ask):
    answer = ask(UserFactory()).ask("POST", "pictures", data=b"<svg/>", content_type="image/svg+xml")

    assert answer.status_code == 415


def test_words_about_it_that_are_too_long_are_refused(ask):
    answer = ask(UserFactory()).ask("POST", f"pictures?alt={'x' * 201}", data=encoded(), content_type="image/png")

    assert pointers(answer) == ["/alt"]


def test_sent_again_under_its_name_it_is_one_picture(ask):
    mia = ask(UserFactory())
    sent = {"data": encoded(), "content_type": "image/png", "headers": {"Idempotency-Key": "one"}}

    first, second = mia.ask("POST", "pictures", **sent), mia.ask("POST", "pictures", **sent)

    assert first.json == second.json
    assert db.session.query(Picture).count() == 1
