"""What must hold on every page: axe finds nothing, in both themes; nothing is wider than a phone; nothing is foreign.

That no page loads anything from elsewhere or breaks the content policy is asserted by `new_context` for all of them.
"""

import pytest

from tests.browser.visiting import PAGES, pages_of, sign_in

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("who", PAGES)
def test_axe_finds_nothing_on_any_page(new_context, axe, who, theme):
    page = new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce").new_page()
    sign_in(page, who)

    found = {}
    for path in pages_of(page, who):
        page.goto(path)
        if wrong := axe(page):
            found[path] = wrong

    assert found == {}


@pytest.mark.parametrize("who", PAGES)
def test_every_page_fits_a_phone(new_context, axe, who):
    page = new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce").new_page()
    sign_in(page, who)

    found = {}
    for path in pages_of(page, who):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0 or (wrong := axe(page)):
            found[path] = wide if wide > 0 else wrong

    assert found == {}


SMALL = """() => {
  const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
  const inText = (element) => getComputedStyle(element).display === "inline";
  const controls = "button, select, summary, input:not([type=hidden], [type=checkbox], [type=radio])";
  return [...document.querySelectorAll(controls)]
    .filter((element) => seen(element) && !inText(element))
    .filter((element) => element.getBoundingClientRect().height < 36)
    .map((element) => element.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("who", PAGES)
def test_controls_are_large_enough_for_a_thumb(new_context, who):
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    sign_in(page, who)

    found = {}
    for path in pages_of(page, who):
        page.goto(path)
        if small := page.evaluate(SMALL):
            found[path] = small

    assert found == {}


def test_open_menus_are_as_good_as_closed_ones(new_context, axe):
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    sign_in(page, "team")
    page.goto("/boards/garden-planner")

    for menu in page.locator("details[data-menu] > summary").all():
        menu.click()
        assert axe(page) == []
        page.keyboard.press("Escape")


def test_a_wide_screen_does_not_stretch_the_lines(new_context):
    page = new_context(viewport={"width": 1920, "height": 1080}).new_page()
    for path in pages_of(page, "visitor")[:7]:
        page.goto(path)
        assert page.locator("main").bounding_box()["width"] <= 1200


def test_axe_would_find_what_is_wrong(page, axe):
    page.goto("/boards/garden-planner")
    page.evaluate("() => document.querySelector('label[for=say]').remove()")
    page.evaluate("() => document.querySelector('#say').removeAttribute('placeholder')")
    page.evaluate("() => { document.querySelector('h1').style.color = '#dddddd'; }")

    found = "\n".join(axe(page))

    assert "label" in found
    assert "color-contrast" in found
