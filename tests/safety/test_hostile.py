"""Hostile strings in every field are kept as they are or refused by name; make evidence-hostile sends all of them."""

import pytest

from ideas import markup, schemas, text
from ideas.db import db
from tests.safety import filling, looking, sheets, strings, world

OF_DATABASES = ("\x00", "\ud800", "' OR 1=1 --", "<b>\u202e{{7*7}}")  # on which these might differ
FEW = (*strings.sample()[::6], *OF_DATABASES)


@pytest.fixture
def made(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False  # our faults are answers here too
    app.config["SHOW_500"] = True
    made = world.make(app)
    sheets.prepare(made)
    return made


def on_sqlite():
    return db.engine.dialect.name == "sqlite"


def test_there_are_more_than_six_hundred_of_them():
    assert len(strings.strings()) >= 600


def test_programs_get_what_they_sent_or_a_refusal_by_name(app, made):
    found = filling.fill(app, made, sheets.of_api(made), FEW if on_sqlite() else OF_DATABASES)

    assert found.breaches == []
    assert len(found.fields) > 60
    assert {"POST /api/v1/ideas title", "PATCH /api/v1/comments/{comment_id} body"} <= set(found.stored)
    assert {"POST /api/v1/ideas title", "POST /api/v1/ideas body"} <= set(found.shown)


def test_people_get_what_they_typed_or_a_refusal_by_name(app, made):
    forms = list(sheets.of_forms(app, made))
    if not on_sqlite():
        forms = forms[::3]  # services and columns are those of the API, which is asked whole on both
    found = filling.fill(app, made, forms, FEW[::3] if on_sqlite() else OF_DATABASES)

    assert found.breaches == []
    assert len(found.fields) > (100 if on_sqlite() else 30)
    if not on_sqlite():
        return
    assert {"POST /profile name", "POST /boards/N/new title"} <= set(found.stored)
    assert {"POST /profile name", "POST /boards/N/new title", "POST /ideas/N/edit body"} <= set(found.shown)


def breaches_of(app, made, name, values):
    choice = [each for each in sheets.of_forms(app, made, ["/manage/companies"]) if each[0].name == name]
    return filling.fill(app, made, choice, values).breaches


def test_a_field_that_falls_over_is_found(app, made, monkeypatch):
    def fall(words):
        if "'" in words:
            raise RuntimeError
        return text.clean(words)

    monkeypatch.setattr(schemas, "one_line", fall)

    assert breaches_of(app, made, "POST /manage/companies", ["fine", "it's"]) == [
        'POST /manage/companies name ← "it\'s": answered 500'
    ]


def test_a_field_that_keeps_something_else_is_found(app, made, monkeypatch):
    monkeypatch.setattr(schemas, "one_line", lambda words: text.one_line(words).replace("'", ""))

    assert breaches_of(app, made, "POST /manage/companies", ["fine", "it's"]) == [
        "POST /manage/companies name ← \"it's\": kept as ['its']"
    ]


def test_a_page_that_shows_something_else_is_found(app, made, monkeypatch):
    known = filling.Filling.learn

    def learn(self, sheet):
        learned = known(self, sheet)
        monkeypatch.setattr(markup, "render", lambda words: "<p>x</p>")
        monkeypatch.setattr(looking.Spot, "read", lambda spot, page: ["something else"])
        return learned

    monkeypatch.setattr(filling.Filling, "learn", learn)

    (one,) = breaches_of(app, made, "POST /manage/companies", ["fine"])
    assert "shown on" in one
    assert "['something else']" in one


def test_a_refusal_that_names_no_field_is_found(app, made, monkeypatch):
    monkeypatch.setattr(looking, "named", lambda page: set())

    assert breaches_of(app, made, "POST /manage/companies", ["fine", ""]) == [
        "POST /manage/companies name ← '': refused (422) without naming the field"
    ]


def test_a_form_that_is_never_taken_is_found(app, made, monkeypatch):
    monkeypatch.setattr(sheets, "_fine", lambda name, kind: "")

    (one,) = breaches_of(app, made, "POST /manage/companies", ["fine"])
    assert one.startswith("POST /manage/companies: fine words are refused with 422")


# --- How pages are read ---


def test_a_field_is_named_by_the_error_that_describes_it():
    error, field = (
        '<p class="field-error" id="a-error">No.</p>',
        '<input id="a" name="x" aria-describedby="a-hint a-error">',
    )

    assert looking.named(error + field) == {"a", "x"}
    assert looking.named(error + '<input id="a" name="x">') == set()
    assert looking.named(field) == set()
    assert looking.named('<p class="field-error" id="a-error"> </p>' + field) == set()


def test_a_place_is_known_again_whatever_stands_there():
    page = '<h1 class="t"><a href="/i/%s">%s</a></h1><input name="n" value="%s"><p>About %s</p>'

    spots = list(
        looking.spots(page % (7, "Alpha", "Alpha", "Alpha"), "Alpha", page % (8, "Beta", "Beta", "Beta"), "Beta")
    )

    assert len(spots) == 2
    assert [spot.read(page % (12, "&lt;b&gt;", "&#34;x", "y")) for spot in spots] == [["<b>"], ['"x']]
    assert [spot.read(page % (12, "<b>", '"x', "y")) for spot in spots] == [[""], [""]]


def test_what_a_form_keeps_is_read_as_it_was_typed():
    assert looking.typed('<textarea class="input" name="b">\r\n &lt;b&gt;\r\nx</textarea>', "b") == " <b>\nx"
    assert looking.typed('<input name="a" value="&#34;&amp;">', "a") == '"&'
    assert looking.typed('<input type="radio" name="a" value="1">', "a") is None
