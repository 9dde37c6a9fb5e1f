"""The widget in a real browser, on a page of another site: another origin, a strict policy, no third-party cookies."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.chromium import FLAGS, executable
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hosts import Host, seen, serving
from tests.servers import RunningApp

pytestmark = pytest.mark.browser

BOARD = "garden-planner"
LONGEST_TASK_MS = 250  # on a machine that does other things; what is measured stands far below


class Api:
    """The site's API with one key."""

    def __init__(self, site: RunningApp, email: str, scopes: str) -> None:
        self.url = f"{site.url}/api/v1"
        self.key = site.ideas("key", "create", email, "--scopes", scopes).split()[-1]

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="module")
def admin(demo_site: RunningApp) -> Api:
    return Api(demo_site, "tomas@demo.example", "ideas:read,boards:write")


@pytest.fixture(scope="module")
def host(demo_site: RunningApp, admin: Api) -> Iterator[Host]:
    """A site that the board lists, with a page at "/" that has the line."""
    with serving(Host(demo_site.url)) as host:
        admin("PATCH", f"boards/{BOARD}", {"embed_sites": [host.url]})
        host.line = {"data-board": BOARD, "data-key": admin("POST", f"boards/{BOARD}/embed/keys", {})["key"]}
        host.put("/", host.line)
        yield host


@pytest.fixture(scope="module")
def strict_browser(browser: Browser) -> Iterator[Browser]:
    """Chromium as it is for those who block third-party cookies."""
    strict = browser.browser_type.launch(
        executable_path=executable(), args=[*FLAGS, "--test-third-party-cookie-phaseout"]
    )
    yield strict
    strict.close()


@pytest.fixture
def visit(strict_browser: Browser) -> Iterator[Callable[..., Page]]:
    """visit(address, viewport=…) opens a page; at the end none had an error, a breach of its policy or moved at all."""
    contexts: list[BrowserContext] = []
    pages: list[Page] = []

    def go(address: str, **options: Any) -> Page:
        context = strict_browser.new_context(**{"locale": "en", "viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        pages.append(page := context.new_page())
        page.goto(address)
        return page

    yield go
    for page in pages:
        if page.url.startswith("http://localhost"):
            found = seen(page)
            assert found["errors"] == []
            assert found["refused"] == []
            assert found["shift"] < 0.0005  # a hundredth of a pixel, as drawn
            assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"
    for context in contexts:
        context.close()


def opened(page: Page):
    page.get_by_role("button", name="Ideas", exact=True).click()
    return page.get_by_role("dialog")


def test_anybody_reads_the_board_on_another_site(visit, host):
    page = visit(f"{host.url}/")

    panel = opened(page)
    expect(panel.locator(".title")).to_have_text("Garden planner")
    expect(panel.locator(".row")).to_have_count(15)
    panel.get_by_role("button", name="More ideas").click()
    expect(panel.locator(".row").nth(15)).to_be_visible()
    panel.get_by_role("button", name="Top", exact=True).click()
    expect(panel.get_by_role("button", name="Top", exact=True)).to_have_attribute("aria-pressed", "true")
    panel.get_by_label("What would you like to be different?").fill("thirsty tomatoes")
    expect(panel.locator(".found .row").first).to_contain_text("tomatoes")
    panel.locator(".found .row-link").first.click()
    expect(panel.locator(".answer")).to_contain_text("What your input did")
    panel.get_by_role("button", name="Back").click()
    expect(panel.locator(".found .row-link").first).to_be_focused()
    panel.get_by_role("button", name="Roadmap").click()
    expect(panel.locator(".column").first.locator(".row").first).to_be_visible()
    panel.get_by_role("button", name="Releases").click()
    expect(panel.locator(".release").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    expect(page.locator("html")).to_have_attribute("data-told", "opened closed")


def test_a_site_that_the_board_does_not_list_gets_nothing(visit, host, demo_site):
    with serving(Host(demo_site.url)) as other:
        page = visit(other.put("/", host.line))

        panel = opened(page)
        expect(panel.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(panel.locator(".row")).to_have_count(0)


def test_it_works_with_a_keyboard_alone(visit, host):
    page = visit(f"{host.url}/")
    launcher = page.locator("answerback-board .launcher")

    launcher.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel.locator(".row").nth(3)).to_be_visible()
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { let at = document.activeElement; while (at.shadowRoot) at = at.shadowRoot.activeElement; "
            "return at === null ? 'outside' : at.className || at.tagName; }"
        )
        stops.append(focused)
    assert "row-link" in stops
    assert not {"BODY", "launcher"} & set(stops), stops  # the page behind is out of reach
    assert stops.count("row-link") < 8, stops  # the list is one stop, not one for each idea
    panel.locator(".row-link").first.focus()
    page.keyboard.press("ArrowDown")
    expect(panel.locator(".row-link").nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(panel.locator(".row-link").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.locator(".idea-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()


@pytest.mark.parametrize(("width", "theme", "lang"), [(1280, "light", "en"), (360, "dark", "ar")])
def test_nothing_of_it_keeps_anybody_out(visit, host, axe, width, theme, lang):
    options = {"color_scheme": theme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    address = host.put("/aloud", host.line, lang=lang)
    page = visit(address, bypass_csp=True, **options)  # axe is put into the page by the test

    page.locator("answerback-board .launcher").click()
    panel = page.get_by_role("dialog")
    wrong = []
    for view in ("list", "roadmap", "releases"):
        panel.locator(f'.tab[data-view="{view}"]').click()
        expect(panel.locator(".view [aria-busy]")).to_have_count(0)
        wrong += [f"{view}: {line}" for line in axe(page) if "answerback" in line]
    panel.locator('.tab[data-view="list"]').click()
    panel.locator(".row-link").first.click()
    expect(panel.locator(".said")).to_be_visible()
    wrong += [f"idea: {line}" for line in axe(page) if "answerback" in line]
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert panel.locator(".body").evaluate("(body) => body.scrollWidth - body.clientWidth") <= 0
    direction = panel.locator(".panel").evaluate("(at) => getComputedStyle(at).direction")
    assert direction == ("rtl" if lang == "ar" else "ltr")


def test_elements_stand_within_the_page_and_move_nothing(visit, host, admin):
    idea = admin("GET", f"ideas?board={BOARD}&sort=top&stage=open&limit=1")["data"][0]
    body = (
        f'<answerback-vote board="{BOARD}" idea="{idea["id"]}"></answerback-vote>'
        f'<answerback-board board="{BOARD}" view="idea" idea="{idea["id"]}"></answerback-board>'
        f'<answerback-board board="{BOARD}" view="roadmap"></answerback-board>'
        f'<answerback-board board="{BOARD}" view="releases"><a href="#">Releases</a></answerback-board>'
    )
    page = visit(host.put("/within", {"data-key": host.line["data-key"]}, body=body))

    expect(page.locator("answerback-vote .vote")).to_contain_text("want")
    expect(page.locator('answerback-board[view="idea"] .idea-title')).to_have_text(idea["title"])
    for view, part in (("roadmap", ".column"), ("releases", ".release")):
        element = page.locator(f'answerback-board[view="{view}"]')
        element.scroll_into_view_if_needed()
        expect(element.locator(part).first).to_be_visible()
        expect(element.locator(".tabs")).to_have_count(0)
    expect(page.locator(".launcher")).to_have_count(0)


def away(page: Page, site: str, how: Callable[[Route], None] | None) -> None:
    """The site stops answering to this page; None: it answers again."""
    page.context.unroute_all()
    if how is not None:
        page.context.route(re.compile(re.escape(site)), how)


def test_a_site_that_is_down_hangs_or_is_slow_is_a_quiet_word(visit, host, demo_site):
    for how in (lambda route: route.abort("connectionrefused"), lambda route: None):
        page = visit(f"{host.url}/watch.js")
        away(page, demo_site.url, how)
        page.goto(f"{host.url}/", wait_until="commit")
        expect(page.get_by_text("Whatever stands below")).to_be_visible()
        expect(page.locator(".launcher")).to_have_count(0)
        page.evaluate("Answerback('open')")
        away(page, demo_site.url, None)

    page = visit(f"{host.url}/")
    panel = opened(page)
    expect(panel.locator(".row").first).to_be_visible()
    away(page, demo_site.url, lambda route: route.abort("connectionrefused"))
    panel.get_by_role("button", name="Roadmap").click()
    expect(panel.get_by_role("alert")).to_contain_text("cannot be reached right now")
    away(page, demo_site.url, None)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".column").first).to_be_visible()

    page.clock.install()
    away(page, demo_site.url, lambda route: None)  # it takes the request and says nothing
    panel.get_by_role("button", name="Releases").click()
    page.clock.run_for(4_000)
    expect(panel.get_by_text("This takes longer than usual.")).to_be_visible()
    page.clock.run_for(7_000)
    expect(panel.get_by_role("button", name="Try again")).to_be_visible()
    assert max(seen(page)["tasks"], default=0) < LONGEST_TASK_MS
    away(page, demo_site.url, None)
