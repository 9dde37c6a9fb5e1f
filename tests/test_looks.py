"""Times, numbers, languages and the theme, as pages show them."""

from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import render_template, render_template_string
from flask_babel import force_locale, refresh

from config import ConfigError
from ideas import looks, words

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def said(app):
    """A moment in words, seen from NOW by a reader in UTC."""
    with app.test_request_context():
        yield lambda **away: looks.said(NOW + timedelta(**away), NOW)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        ({"seconds": -10}, "just now"),
        ({"seconds": 10}, "in a moment"),
        ({"minutes": -1}, "1 minute ago"),
        ({"minutes": 15}, "in 15 minutes"),
        ({"minutes": -59}, "59 minutes ago"),
        ({"hours": -3}, "today at 09:00"),
        ({"hours": -13}, "yesterday at 23:00"),
        ({"hours": 20}, "tomorrow at 08:00"),
        ({"days": -40}, "13 October"),
        ({"days": -400}, "18 October 2025"),
        ({"days": 120}, "22 March 2027"),
    ],
)
def test_times_are_said_as_people_say_them(said, away, words):
    assert said(**away) == words


def test_a_time_is_exact_for_machines_and_on_hover(app):
    with app.test_request_context():
        shown = looks.time(NOW - timedelta(days=3), NOW)

    assert 'datetime="2026-11-19T12:00:00Z"' in shown
    assert 'title="19 November 2026, 12:00:00 UTC"' in shown


def test_a_day_has_its_year_only_when_it_is_another(app):
    with app.test_request_context():
        assert looks.day(date(2026, 3, 3), NOW).striptags() == "3 March"
        assert looks.day(date(2027, 3, 3), NOW).striptags() == "3 March 2027"


def test_nothing_is_shown_for_no_time(app):
    with app.test_request_context():
        assert looks.time(None) == looks.day(None) == looks.number(None) == ""


class Reader:
    locale: str | None = None
    timezone: str | None = "Asia/Tokyo"


def test_times_are_in_the_readers_zone(app):
    app.extensions["answerback"].reader = Reader
    late_in_london = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)

    with app.test_request_context():
        shown = looks.time(late_in_london, NOW)

    assert "tomorrow at 05:30" in shown
    assert "05:30:00" in shown


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=400)])
def test_a_moment_that_was_shown_to_one_reader_is_shown_to_the_next_in_their_own_zone(app, monkeypatch, ago):
    late_in_london = datetime(2026, 11, 22, 20, 30, tzinfo=UTC) - ago
    shown = []
    for zone in ["UTC", "Asia/Tokyo", "UTC"]:
        monkeypatch.setattr(Reader, "timezone", zone)
        with app.test_request_context(), words.addressing(Reader):
            shown.append(looks.time(late_in_london, NOW))

    assert "20:30:00" in shown[0]
    assert "05:30:00" in shown[1]
    assert shown[2] == shown[0] != shown[1]
    assert shown[1].striptags() != shown[0].striptags()


@pytest.mark.parametrize("name", ["Mars/Olympus", "../UTC", " "])
def test_a_zone_that_is_none_is_that_of_the_site(app, monkeypatch, name):
    app.extensions["answerback"].reader = Reader
    monkeypatch.setattr(Reader, "timezone", name)

    with app.test_request_context():
        assert "20:30:00" in looks.time(datetime(2026, 11, 22, 20, 30, tzinfo=UTC), NOW)


def test_numbers_are_grouped(app):
    with app.test_request_context():
        assert looks.number(19229) == "19,229"


@pytest.mark.parametrize(
    ("amount", "shown"), [(None, ""), (0, "€0"), (1_900_000, "€19,000"), (1_950, "€19.50"), (-5, "-€0.05")]
)
def test_money_is_whole_where_it_is(app, amount, shown):
    assert looks.money(amount) == shown


def test_money_is_in_the_currency_of_the_site(make_app):
    with make_app(CURRENCY="jpy").app_context():
        assert looks.money(19_000) == "JP¥19,000"


def test_numbers_in_sentences_are_grouped_as_well(app):
    page = '{{ ngettext("%(num)s person", "%(num)s people", 19229) }}'
    with app.test_request_context():
        assert words.ngettext("%(num)s person", "%(num)s people", 60000) == "60,000 people"
        assert words.ngettext("%(num)s person", "%(num)s people", 1) == "1 person"
        assert render_template_string(page) == "19,229 people"


def test_what_stands_in_a_counted_sentence_is_escaped(app):
    page = '{{ ngettext("%(name)s wants this", "%(name)s want this", 2, name="<b>") }}'
    with app.test_request_context():
        assert render_template_string(page) == "&lt;b&gt; want this"


def test_an_unknown_language_is_answered_in_the_source_language(client):
    page = client.get("/", headers={"Accept-Language": "tlh, xx;q=0.8"}).text

    assert '<html lang="en" dir="ltr">' in page


def test_formats_follow_a_forced_language(app):
    with app.test_request_context(), force_locale("de"):
        assert looks.number(19229) == "19.229"
        refresh()


def test_the_source_language_can_be_chosen(app):
    with app.test_request_context():
        assert looks.Language("en", "English") in looks.languages()


@pytest.fixture
def site(make_app):
    """Makes a site with other settings, and gives a browser on it: site(ACCENT="#7a1fa2")."""
    with ExitStack() as contexts:

        def make(**settings):
            app = make_app(**settings)
            contexts.enter_context(app.app_context())
            return app.test_client()

        yield make


def test_the_theme_has_the_accent_of_the_settings(site):
    answer = site(ACCENT="#7a1fa2").get("/theme.css")

    assert answer.mimetype == "text/css"
    assert "--accent: #7a1fa2;" in answer.text
    assert "prefers-color-scheme: dark" in answer.text


def test_an_unchanged_theme_is_not_sent_twice(client):
    first = client.get("/theme.css")

    again = client.get("/theme.css", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert "max-age=31536000" in first.headers["Cache-Control"]


def test_a_page_names_the_theme_by_its_content(site):
    addresses = set()
    for accent in ("#7a1fa2", "#0b6b5f"):
        page = site(ACCENT=accent).get("/").text
        addresses.add(page.split("/theme.css?v=")[1].split('"')[0])

    assert len(addresses) == 2


def test_an_accent_nobody_could_read_stops_the_start(make_app):
    with pytest.raises(ConfigError, match=r"ACCENT cannot be used: #ffffff .*switched off"):
        make_app(ACCENT="#ffffff")


def test_a_site_without_a_logo_has_none(client):
    assert client.get("/logo").status_code == 404


def test_the_logo_is_shown_and_can_run_nothing(site, tmp_path):
    picture = tmp_path / "logo.svg"
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    client = site(LOGO_URL=str(picture))

    with client.get("/logo") as answer:
        kind, policy = answer.mimetype, answer.headers["Content-Security-Policy"]

    assert kind == "image/svg+xml"
    assert "default-src 'none'" in policy
    assert 'src="/logo?v=settings"' in client.get("/").text


def test_the_icon_is_drawn_in_the_accent(client):
    assert "#0b6b5f" in client.get("/favicon.svg").text


def test_the_name_of_the_site_is_on_its_pages(site):
    page = site(SITE_NAME="Gardeners & friends").get("/").text

    assert "Gardeners &amp; friends" in page


def test_static_files_are_kept_by_browsers_and_named_by_their_content(client):
    page = client.get("/").text
    address = page.split('href="/static/css/base.css')[1].split('"')[0]

    with client.get(f"/static/css/base.css{address}") as answer:
        kept_for = answer.headers["Cache-Control"]

    assert address.startswith("?v=")
    assert "max-age=31536000" in kept_for


def test_a_language_that_is_read_from_the_right_turns_the_page(app):
    with app.test_request_context(), force_locale("ar"):
        page = render_template("problem.html", status=404, code="not-found", detail="")
        refresh()

    assert '<html lang="ar" dir="rtl">' in page


def test_translators_find_all_words_for_people():
    folder = Path(looks.__file__).parent
    with (folder / "translations" / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)

    found = set()
    for _file, _line, message, *_rest in extract_from_dir(folder, methods, options, {**DEFAULT_KEYWORDS, "lazy": None}):
        found |= set(message) if isinstance(message, tuple) else {message}

    assert "Skip to content" in found  # a template
    assert "Your vote is taken back. %(num)s person wants this." in found  # one of two numbers
    assert "We have decided to do it" in found  # at module level
