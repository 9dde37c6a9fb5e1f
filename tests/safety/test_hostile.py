"""Hostile strings in every field are kept as they are or refused by name; make evidence-hostile sends all of them."""

import pytest

from ideas import schemas, text
from tests.safety import filling, strings, world

FEW = (*strings.sample()[::6], "\x00", "\ud800", "' OR 1=1 --", "<b>\u202e{{7*7}}")


@pytest.fixture
def made(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False  # our faults are answers here too
    return world.make(app)


def test_there_are_more_than_six_hundred_of_them():
    assert len(strings.strings()) >= 600


def test_programs_get_what_they_sent_or_a_refusal_by_name(app, made):
    slots = list(filling.api_slots(made))

    found = filling.fill(app, made, slots, FEW)

    assert len(slots) > 40
    assert found.breaches == []
    assert {"POST /api/v1/ideas title", "PATCH /api/v1/comments/{comment_id} body"} <= set(found.stored)


def test_people_get_what_they_typed_or_a_refusal_by_name(app, made):
    slots = list(filling.form_slots(app, made))

    found = filling.fill(app, made, slots, FEW[::3])

    assert len(slots) > 60
    assert found.breaches == []
    assert {"POST /profile name", "POST /boards/N/new title"} <= set(found.stored)


def test_a_field_that_falls_over_is_found(app, made, monkeypatch):
    def fall(words):
        if "'" in words:
            raise RuntimeError
        return text.clean(words)

    monkeypatch.setattr(schemas, "one_line", fall)
    slot = next(each for each in filling.form_slots(app, made) if each.name == "POST /manage/companies name")

    assert len(filling.fill(app, made, [slot], ["fine", "it's"]).breaches) == 1
