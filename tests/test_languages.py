"""The languages there are: complete, with all that is filled in, chosen by each person, and nobody else's."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale, refresh
from werkzeug.datastructures import Headers

from ideas import looks, words
from ideas.db import db
from tests.accounts.arranging import enter
from tests.factories import UserFactory
from tests.safety import crawling, world
from tests.safety.shared_cache import may_keep

FOLDER = Path(looks.__file__).parent / "translations"
LANGUAGES = ["ar", "de", "es", "fr", "ja"]
FILLED_IN = re.compile(r"%\((\w+)\)[sd]")
TAG = re.compile(r"</?[a-z][^>]*>")


def said_in_code() -> set[str | tuple[str, ...]]:
    """All words for people: one text, or one for one and one for many."""
    with (FOLDER / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    keywords = {**DEFAULT_KEYWORDS, "lazy": None}
    return {found[2] for found in extract_from_dir(FOLDER.parent, methods, options, keywords)}


def catalogue(language: str):
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(message) -> list[str]:
    """What a message becomes: one text, or one for each kind of number."""
    return list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]


def asked(message) -> list[str]:
    return list(message.id) if isinstance(message.id, (list, tuple)) else [message.id]


@pytest.fixture(scope="module")
def wanted():
    return said_in_code()


def test_these_are_the_languages(app):
    assert [each.code for each in looks.languages()] == ["en", *LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_all_words_and_no_others(wanted, language):
    found = {
        message.id if not isinstance(message.id, list) else tuple(message.id): message
        for message in catalogue(language)
    }
    found.pop("", None)
    # one that is said both alone and by number stands there by number
    alone = {each[0] for each in found if isinstance(each, tuple)}

    assert {str(each) for each in wanted - found.keys() - alone} == set()
    assert {str(each) for each in found.keys() - wanted} == set()
    assert [message.id for message in found.values() if not all(forms(message))] == []
    assert [message.id for message in found.values() if message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_stands_in_every_language(language):
    wrong = []
    for message in catalogue(language):
        if not message.id:
            continue
        of_all = set(FILLED_IN.findall(" ".join(asked(message))))
        tags = [sorted(TAG.findall(each)) for each in asked(message)]
        for form in forms(message):
            # one may be said by the word itself
            missing = of_all - set(FILLED_IN.findall(form)) - ({"num"} if message.pluralizable else set())
            unknown = set(FILLED_IN.findall(form)) - of_all
            if missing or unknown or sorted(TAG.findall(form)) not in tags:
                wrong.append((message.id, form))
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_at_work_is_what_translators_wrote(language):
    made = io.BytesIO()
    write_mo(made, catalogue(language))

    assert (FOLDER / language / "LC_MESSAGES" / "messages.mo").read_bytes() == made.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_comes_in_the_language_of_the_browser(client, language):
    page = client.get("/", headers={"Accept-Language": language}).text

    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert "Skip to content" not in page


@pytest.mark.sqlite
def test_a_visitor_chooses_a_language_in_the_foot_of_a_page(app, client):
    german = {"Accept-Language": "de"}
    page = client.get("/sign-in?next=/receipts", headers=german).text
    links = re.findall(r'<a href="(/language[^"]+)" lang="(\w+)"[^>]*>([^<]+)</a>', page)
    assert [(code, name) for _link, code, name in links] == [(each.code, each.name) for each in looks.languages()]
    assert page.count('aria-current="true">Deutsch') == 1
    to_arabic = next(html.unescape(link) for link, code, _name in links if code == "ar")

    answer = client.get(to_arabic, headers=german)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/receipts")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("language=ar;")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert '<html lang="ar" dir="rtl">' in client.get("/", headers=german).text
    refused = client.get("/api/v1/ideas/1", headers=german).json
    assert refused["detail"] == "Diese Idee gibt es nicht, oder Sie dürfen sie nicht sehen."
    for elsewhere in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        assert client.get("/language", query_string={"to": "fr", "next": elsewhere}).headers["Location"] == "/"
    nowhere = client.get("/language?to=xx&next=/")
    assert (nowhere.status_code, "Set-Cookie" in nowhere.headers, "/language" in nowhere.text) == (404, False, False)
    person = UserFactory(locale="es")
    db.session.commit()
    enter(client, person)
    own = client.get("/", headers=german).text
    assert '<html lang="es"' in own
    assert "/language?" not in own
    client.set_cookie("language", "../../x")
    assert app.test_client().get("/", headers={**german, "Cookie": "language=xx"}).status_code == 200


def test_numbers_have_the_words_of_their_kind(app):
    said = {}
    for number in (0, 1, 2, 3, 11, 100):
        with app.test_request_context(), force_locale("ar"):
            said[number] = words.ngettext("%(num)s vote", "%(num)s votes", number)
            refresh()

    assert len(set(said.values())) == 6, said


def test_what_nobody_translated_is_said_in_the_source_language(app):
    with app.test_request_context(), force_locale("de"):
        assert words.in_catalogue("No catalogue has this.") == "No catalogue has this."
        refresh()


@pytest.mark.sqlite  # words come from catalogues, whatever the database
@pytest.mark.own_app
def test_what_a_cache_may_give_to_everybody_is_the_same_in_every_language(app):
    made = world.make(app)
    differ, shared = set(), 0

    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()):
            continue
        for path in list(crawling.addresses(rule, made, "GET"))[:2]:
            answers = []
            for language in ("en", "ar"):  # of the browser, and chosen on a page
                made.browsers["visitor"].set_cookie("language", language)
                answers.append(made.browsers["visitor"].get(path, headers={"Accept-Language": language}))
            if all(may_keep(Headers(), each.status_code, each.headers) for each in answers):
                shared += 1
                if answers[0].get_data() != answers[1].get_data():
                    differ.add((rule.endpoint, path))
            for each in answers:
                each.close()

    assert shared > 20
    assert differ == set()
