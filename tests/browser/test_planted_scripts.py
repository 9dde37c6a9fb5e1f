"""Nobody's words run as a script, even in a browser without the content policy; make evidence-xss tries all of them."""

import pytest

from tests.safety import payloads, planting, world
from tests.safety.planting import AT_ONCE, Page, Watching

pytestmark = pytest.mark.browser


def test_there_are_more_than_five_hundred_payloads():
    assert len(payloads.payloads()) >= 500


def test_no_word_of_anybody_runs(app, browser):
    made = world.make(app)
    planting.crowd()
    some = payloads.sample()
    assert planting.plant(some, 0) > 300
    watching = Watching(app, browser)

    shown = list(planting.pages(app, made, some[:2], roles=("visitor", "admin"), most=1))
    for start in range(0, len(shown), AT_ONCE):  # many on one page, for speed
        watching.look_at(shown[start : start + AT_ONCE])

    assert len(shown) > 60
    assert not watching.found, "\n".join(sorted(set(watching.found))[:30])


VECTORS = ["<img src=x onerror=hit()>", "<script>hit()</script>", "<a href='javascript:hit()'>x</a>"]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_planted_script_is_found(app, browser, vector):
    watching = Watching(app, browser)

    watching.look_at([Page("fine", "<p>fine</p>"), Page("planted", f"<p>{vector}</p>")])

    assert any(line.startswith("planted: ") for line in watching.found)
    assert not any(line.startswith("fine: ") for line in watching.found)
