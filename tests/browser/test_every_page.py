"""What must hold on every page, as `looking.look_at` says it; and nothing is foreign.

That no page loads anything from elsewhere or breaks the content policy is asserted by `new_context` for all of them.
"""

import pytest

from config import Config
from ideas import create_app
from tests.browser.looking import look_at
from tests.browser.visiting import NAMES, PAGES, REFUSING, pages_of, refusing_of, sign_in
from tests.conftest import SETTINGS

pytestmark = pytest.mark.browser

LEFT_EMPTY = """() => {
  const asks = "textarea, input:not([type=hidden], [type=search])";
  const form = [...document.querySelectorAll("main form[method=post]")].find(
    (each) => [...each.elements].some((field) => field.matches(asks))
  );
  for (const field of form.elements) {
    if (field.matches("textarea, input[type=text], input:not([type])")) field.value = "";
  }
  form.noValidate = true;
  form.requestSubmit();
}"""

LEADS_NOWHERE = ("/spent", "/there-is-nothing-here", "=nothing-like-it")

# What is no page of its own, and what only a link that was sent leads to; such links are followed by other tests.
NOT_VISITED = {
    "silence.still_wanted",  # asked when the team said nothing for longer than the demo lasts; see test_links_from_mail
    "team.told_as_csv",
    "boards.idea_by_number",  # leads on to the idea
    "releases.by_number",  # and this to the release
    "manage.manage",  # leads on to the boards
    "accounts.second_step",  # only between a password and a session; see test_passkeys
    "accounts.recovery_step",
    "embed_window.ask",  # opened by pages of other sites
    "embed.preview",  # in a frame of the settings, once there is a key; see test_widget
    "similar.while_typing",  # a part of the page on which one posts
    "insights.file",
    "dashboard.file",
    "desk.export",
    "accounts.back_from",  # where a provider sends people back
    "accounts.choose_language",  # leads back
    "accounts.companies_as_csv",
    "accounts.people_as_csv",
    "accounts.audit_as_csv",
    "accounts.audit_as_ndjson",
    *("feeds.everywhere", "feeds.of_board", "feeds.of_status", "feeds.of_idea", "feeds.releases_everywhere"),
    *("feeds.releases_of_board", "feeds.calendar_everywhere", "feeds.calendar_of_board"),
    *("links.embed", "links.card_of_idea", "links.card_of_board"),
    *("private_feeds.read", "private_feeds.read_calendar"),
    "looks.favicon",
    "looks.logo",
    "looks.theme",
    *("widget.line", "widget.module", "widget.words_in"),
    "mailroom.letter",
    "pictures.show",
    "static",
}


@pytest.mark.parametrize("who", PAGES)
def test_every_page_is_for_everybody(new_context, axe, who):
    page = new_context(reduced_motion="reduce").new_page()
    sign_in(page, who)

    found = {}
    for path in pages_of(page, who):
        answer = page.goto(path)
        wrong = look_at(page, axe)
        if answer.status != 200 and not path.endswith(LEADS_NOWHERE):
            wrong.append(f"answered with {answer.status}")
        if wrong:
            found[path] = wrong

    assert found == {}


@pytest.mark.parametrize("who", REFUSING)
def test_every_refusal_is_for_everybody(new_context, axe, who):
    page = new_context(reduced_motion="reduce").new_page()
    sign_in(page, who)

    found = {}
    for path in refusing_of(page, who):
        page.goto(path)
        page.evaluate(LEFT_EMPTY)
        page.locator(".field-error, .problem-summary li").first.wait_for()
        if wrong := look_at(page, axe):
            found[path] = wrong

    assert found == {}


def test_no_page_is_left_out(tmp_path):
    routes = create_app(Config.from_env(SETTINGS | {"INSTANCE_PATH": str(tmp_path)})).url_map
    find = routes.bind("localhost")
    visited = {path.format(**NAMES).partition("?")[0] for paths in PAGES.values() for path in paths}
    visited -= {"/there-is-nothing-here"}

    pages = {
        rule.endpoint
        for rule in routes.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/v1")
    }

    assert pages - {find.match(path)[0] for path in visited} - NOT_VISITED == set()


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
