"""The site's name, colour and logo, chosen in the browser."""

import io
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import settings
from ideas.accounts import branding, letters, writing
from ideas.accounts.models import AuditEntry
from ideas.accounts.models_brand import Brand
from ideas.db import db, unit_of_work
from tests.accounts.arranging import a_person, an_admin, enter, letters_to
from tests.pictures import encoded

pytestmark = pytest.mark.own_app  # what is chosen is remembered by the application


@pytest.fixture
def admin(app):
    client = app.test_client()
    enter(client, an_admin())
    return client


def choose(client, **fields):
    return client.post("/manage/look", data={"site_name": "", "accent": "", **fields})


def test_what_an_administrator_chooses_is_on_every_page_at_once(app, admin):
    before = admin.get("/").text

    answer = choose(admin, site_name="  Example   <b>Ideas ", accent="#A02", picture=(io.BytesIO(encoded()), "x.png"))

    assert answer.status_code == 303
    page = app.test_client().get("/").text
    assert "· Example &lt;b&gt;Ideas</title>" in page
    assert "<b>Ideas" not in page
    assert "Answerback" not in page.partition("<main")[0]
    (theme,) = {word.split('"')[1] for word in page.split() if "/theme.css" in word}
    assert theme not in before
    assert "--accent: #aa0022" in app.test_client().get(theme).text
    shown = db.session.scalars(sa.select(Brand)).one()
    logo = app.test_client().get(f"/logo?v={shown.logo_version}")
    assert f'src="/logo?v={shown.logo_version}"' in page
    assert (logo.mimetype, logo.data) == ("image/webp", shown.logo)
    assert "sandbox" in logo.headers["Content-Security-Policy"]
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.act, entry.details) == (
        "brand.changed",
        {"site_name": "Example <b>Ideas", "accent": "#aa0022", "picture": True},
    )


def test_mail_carries_the_name_and_the_colour(app, admin):
    choose(admin, site_name="Example & Ideas", accent="#aa0022")

    assert settings.brand()[:2] == ("Example & Ideas", "#aa0022")
    with unit_of_work():
        letters.write("mia@example.test", writing.password_changed(), good_for=timedelta(hours=1))
    (letter,) = letters_to("mia@example.test")
    assert letter.subject == "Your password for Example & Ideas was changed"
    assert "Example &amp; Ideas</a>" in letter.html
    assert "background: #aa0022" in letter.html


def test_without_a_choice_it_is_as_the_settings_say(app, admin):
    choose(admin, site_name="Example", accent="#aa0022", picture=(io.BytesIO(encoded()), "x.png"))

    choose(admin)
    assert settings.brand()[:2] == ("Answerback", "#0b6b5f")
    assert settings.brand().logo is not None

    assert admin.post("/manage/look/drop-logo").status_code == 303
    assert settings.brand().logo is None
    assert admin.get("/logo").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("accent", "green", "This is no colour. Write it like #0b6b5f."),
        ("accent", "#eeeeee", "In a grey so pale"),
        ("site_name", "x" * 61, "60"),
        ("picture", (io.BytesIO(b"<svg onload='x'/>"), "x.png"), "This is no picture that can be used"),
    ],
)
def test_what_cannot_be_shown_is_named_and_nothing_is_lost(app, admin, field, value, words):
    answer = choose(admin, **{"site_name": "Kept", "accent": "#aa0022", field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text.replace("&#39;", "'")
    assert 'value="Kept"' in answer.text or field == "site_name"
    assert db.session.scalars(sa.select(Brand)).all() == []


def test_another_process_follows_within_seconds_and_asks_no_more_often(app, admin):
    remembered = branding.Remembered()
    assert branding.now(remembered).site_name == "Answerback"
    choose(admin, site_name="Example")

    assert branding.now(remembered).site_name == "Answerback"
    assert remembered.until > time.monotonic()
    remembered.until = 0.0
    assert branding.now(remembered).site_name == "Example"


def _in_a_transaction(act):
    with unit_of_work():
        act()


def test_without_a_database_pages_look_as_they_last_did(app, admin):
    choose(admin, site_name="Example")
    remembered = app.extensions["answerback.brand"]
    assert settings.brand().site_name == "Example"

    def without_a_table():
        db.session.execute(sa.text("DROP TABLE brand"))
        remembered.until = 0.0
        assert settings.brand().site_name == "Example"
        db.session.execute(sa.text("SELECT site_name FROM brand"))

    with pytest.raises(sa.exc.SQLAlchemyError):
        _in_a_transaction(without_a_table)


def test_nobody_else_may(app):
    client = app.test_client()
    enter(client, a_person())

    assert client.get("/manage/look").status_code == 404
    assert choose(client, site_name="Mine").status_code == 404
    assert client.post("/manage/look/drop-logo").status_code == 404
    assert db.session.scalars(sa.select(Brand)).all() == []
