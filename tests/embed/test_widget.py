"""What pages of other sites load: scripts that fit together, under names that change with them, and complete words."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from babel import Locale

from ideas import looks
from ideas.embed import loader, said

SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in loader.SCRIPTS.glob("*.js")}
MOST_BEFORE_OPENING = 15_000  # bytes, compressed
IMPORTED = re.compile(r'^import [^;]+ from "\./([\w-]+\.js)";', re.MULTILINE)
LATER = re.compile(r"import\([\"`]\./([\w-]+\.js)")
ASKED = re.compile(r'\b(?:say|count|way|button)\(\s*"([\w:-]+)"')
# what a content policy without inline parts forbids, and what would keep something in the browser or read it as HTML
NEVER = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage|sessionStorage"
    r"|indexedDB|\.cookie|\.cssText|createElement\(\"(?:style|script|link|iframe)\"|[{,] style:|https?://(?!www\.w3\.org)"
)

pytestmark = pytest.mark.sqlite


def script_of(answer):
    return json.loads(answer.text.removeprefix("export default ").rstrip().removesuffix(";"))


def test_the_line_says_what_the_site_is_to_any_page_and_is_asked_again_soon(client):
    answer = client.get("/embed/v1.js")

    assert loader.version() in answer.text
    assert '"languages": ["en", "ar", "de", "es", "fr", "ja"]' in answer.text
    assert '"light": {"accent": "#0b6b5f"' in answer.text
    assert "/*SITE*/" not in answer.text
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (answer.cache_control.public, answer.cache_control.max_age) == (True, 300)
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    again = client.get("/embed/v1.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_modules_are_kept_for_good_under_their_version_alone(client):
    kept = client.get(f"/embed/v1/{loader.version()}/element.js")
    older = client.get("/embed/v1/0123456789ab/element.js")

    assert kept.text == older.text == SCRIPTS["element.js"]
    assert kept.cache_control.immutable
    assert kept.cache_control.max_age == 365 * 86_400
    assert not older.cache_control.immutable
    assert older.cache_control.max_age == 300
    for name in ("v1", "nothing", "..%2fsaid"):
        assert client.get(f"/embed/v1/{loader.version()}/{name}.js").status_code == 404


def test_every_module_that_is_imported_is_there_and_none_is_left_over():
    imported = {name for text in SCRIPTS.values() for name in (*IMPORTED.findall(text), *LATER.findall(text))}

    assert imported | {"v1.js", "element.js"} == set(SCRIPTS)


def test_no_script_does_what_a_strict_policy_forbids_or_keeps_anything():
    found = {name: NEVER.findall(text) for name, text in SCRIPTS.items() if NEVER.search(text)}

    assert found == {}


def test_what_is_loaded_before_opening_is_small(client):
    wanted, before = {"v1.js", "element.js"}, set()
    while wanted:
        before.add(name := wanted.pop())
        wanted |= set(IMPORTED.findall(SCRIPTS[name])) - before
    words = max(len(gzip.compress(client.get(f"/embed/words/{each.code}.js").data)) for each in looks.languages())
    bytes_ = len(gzip.compress(client.get("/embed/v1.js").data)) + words
    bytes_ += sum(len(gzip.compress(SCRIPTS[name].encode())) for name in before - {"v1.js"})

    assert "panel.js" not in before
    assert bytes_ <= MOST_BEFORE_OPENING


def test_words_are_complete_in_every_language_and_the_same_for_everybody(app, client):
    with app.test_request_context():
        names = set(said.everything())
    for language in looks.languages():
        answer = client.get(f"/embed/words/{language.code}.js", headers={"Accept-Language": "de"})
        given = script_of(answer)

        assert given["lang"] == language.code
        assert given["dir"] == ("rtl" if language.code == "ar" else "ltr")
        assert set(given["words"]) == names
        locale = Locale.parse(language.code)
        votes = given["words"]["votes"]
        assert set(votes) == {locale.plural_form(number) for number in range(200)}
        assert all("%(num)s" in form for form in votes.values()) or language.code == "ar"
        assert answer.data == client.get(f"/embed/words/{language.code}.js", headers={"Accept-Language": "ja"}).data
        assert "Vary" not in answer.headers
    assert script_of(client.get("/embed/words/de.js"))["words"]["again"] != "Try again"
    assert client.get("/embed/words/xx.js").status_code == 404


def test_scripts_ask_for_words_that_there_are(app):
    with app.test_request_context():
        names = set(said.everything())

    asked = {name for text in SCRIPTS.values() for name in ASKED.findall(text)}

    assert len(asked) > 40
    assert asked - names == set()
