"""Nobody's words run as a script, even in a browser without the content policy; make evidence-xss tries all of them."""

import pytest

from ideas import http
from tests.safety import payloads, planting, world
from tests.safety.planting import Shown
from tests.safety.watching import BARE, GUARDED, Watching

pytestmark = pytest.mark.browser

VECTORS = [
    "<img src=x onerror=hit()>",
    "<script>hit()</script>",
    "<script>prompt(1)</script>",
    "<a href='javascript:hit()'>x</a>",
    "<b onmouseover=hit()>x</b>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<base href=//x>",
]


@pytest.fixture
def watching(app, browser):
    with Watching(app, browser, http.CONTENT_POLICY) as watching:
        yield watching


def test_there_are_more_than_five_hundred_payloads():
    assert len(payloads.payloads()) >= 500


def test_no_word_of_anybody_runs(app, watching):
    made = world.make(app)
    planting.crowd()
    planting.tell_everybody(app)
    places = planting.survey(app, made)
    assert len(places.sinks) > 100
    assert http.CONTENT_POLICY in places.policies
    assert [each for each in places.policies if not planting.is_strict(each)] == []

    some = payloads.sample()
    assert planting.plant(planting.payload_words(some, 0)) > 300
    shown = list(planting.pages(app, made, places, some[1], lists=True))

    assert len(shown) > 60
    assert any(page.where.startswith("mail ") for page in shown)
    for kind in (BARE, GUARDED):
        found = watching.look_at(shown, kind)
        assert not found, "\n".join(sorted(set(found))[:30])


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("kind", [BARE, GUARDED])
def test_a_planted_script_is_found(watching, vector, kind):
    found = watching.look_at([Shown("fine", "<p>fine</p>"), Shown("planted", f"<p>{vector}</p>")], kind)

    assert found
    assert all(line.startswith("planted: ") for line in found)


@pytest.mark.own_app  # which escapes nothing afterwards
def test_a_page_without_escaping_is_found(app, watching):
    made = world.make(app)
    planting.plant(lambda column, place: "<svg onload=hit()>")
    app.jinja_env.bytecode_cache = None  # those were compiled with it
    app.jinja_env.autoescape = False
    app.jinja_env.cache.clear()

    page = made.browsers["admin"].get("/manage/companies").text

    assert any("ran" in line for line in watching.look_at([Shown("companies", page)]))
