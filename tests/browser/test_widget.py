"""The widget in a real browser, on a page of another site: another origin, a strict policy, no third-party cookies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from ideas.embed import snippets
from tests.browser.chromium import FLAGS, executable
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hosts import Host, seen, serving, told
from tests.browser.looking import look_at
from tests.browser.visiting import newcomer, sign_in
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
    return Api(demo_site, "tomas@demo.example", "ideas:read,boards:write,embed:manage")


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
    """visit(address, viewport=…) opens a page; at the end none had an error, a breach of its policy or moved at all.

    still=False: something may move, because words on what did not work stand where it was asked for.
    """
    contexts: list[BrowserContext] = []
    pages: list[tuple[Page, bool]] = []

    def go(address: str, *, still: bool = True, **options: Any) -> Page:
        context = strict_browser.new_context(**{"locale": "en", "viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        pages.append((page, still))
        page.goto(address)
        return page

    yield go
    for page, still in pages:
        if page.url.startswith("http://localhost"):
            found = seen(page)
            assert found["errors"] == []
            assert found["refused"] == []
            assert not still or found["shift"] < 0.0005  # a hundredth of a pixel, as drawn
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
    for view in ("list", "roadmap", "releases", "receipts"):
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


def test_the_team_sees_it_as_they_choose_it(new_context, host, axe):
    page = new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce").new_page()
    sign_in(page, "admin")
    page.goto(f"/manage/boards/{BOARD}/embed")
    frame = page.frame_locator(".look-frame iframe")
    button = frame.locator("answerback-board .launcher")
    expect(button).to_be_visible()
    assert axe(page) == []

    page.get_by_label("Light or dark").select_option("dark")
    page.get_by_label("Where the button stands").select_option("start")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Words on the button").fill("Wünsche & mehr")
    page.get_by_label("Colour of links and buttons").fill("#ffcc00")

    expect(page.locator("pre", has_text="--answerback-accent: #ffcc00")).to_be_visible()
    expect(page.locator(".embed-line").first).to_contain_text('data-label="Wünsche &amp; mehr"')
    expect(button).to_have_text("Wünsche & mehr")
    expect(button).to_have_css("background-color", "rgb(255, 204, 0)")
    expect(frame.locator("body")).to_have_css("background-color", "rgb(21, 23, 27)")
    button.press("Enter")
    expect(frame.get_by_role("button", name="Im Trend")).to_be_visible()
    expect(frame.locator("answerback-board .row").first).to_be_visible()
    page.get_by_label("Seen on").select_option("phone")
    expect(page.locator(".look-frame")).to_have_attribute("data-screen", "phone")
    page.get_by_label("Colour of links and buttons").fill("#eeeeee")
    expect(page.get_by_role("alert")).to_contain_text("In a grey so pale")
    assert look_at(page, axe) == []
    page.goto(page.locator(".look-frame iframe").evaluate("(frame) => frame.src"))
    expect(page.locator("answerback-board .launcher")).to_be_visible()
    assert look_at(page, axe) == []


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


@pytest.fixture(scope="module")
def sign(host: Host, admin: Api) -> Callable[..., str]:
    """sign("mia-7", name="Mia") is what the host's server says of one of its users."""
    admin("PATCH", f"boards/{BOARD}/embed", {"issuer": "shop", "algorithm": "HS256"})
    secret = admin("POST", f"boards/{BOARD}/embed/secret", {})["secret"]

    def make(subject: str, *, by: str = secret, **claims: Any) -> str:
        now = int(time.time())
        said = {
            "iss": "shop",
            "aud": host.site,
            "sub": subject,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_hex(8),
        }
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, said | claims)]
        signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        seal = hmac.digest(by.encode(), signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"

    return make


IDENTIFY = "Answerback('identify', async () => ({ token: await (await fetch('/token')).text() }));"


def test_people_take_part_by_the_word_of_the_host(visit, host, sign, admin):
    subject = secrets.token_hex(6)
    host.pages["/token"] = ("text/plain", lambda: sign(subject, name="Wilma Wood"))
    page = visit(host.put("/signed", host.line | {"data-release": "2.4.1"}, script=IDENTIFY))
    panel = opened(page)
    vote = panel.locator("button.vote").first
    expect(vote).to_have_attribute("aria-pressed", "false")
    before = int(vote.locator(".vote-count").inner_text())
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(vote.locator(".vote-count")).to_have_text(str(before + 1))
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "false")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")

    panel.get_by_label("What would you like to be different?").fill("Labels that outlast the rain")
    panel.get_by_role("button", name="Post an idea").click()
    expect(panel.get_by_label("Add where I am now")).not_to_be_checked()
    panel.get_by_label("Add where I am now").check()
    panel.get_by_role("button", name="Post this idea").click()
    expect(panel.locator(".idea-title")).to_have_text("Labels that outlast the rain")
    [created] = told(page, "idea:created")
    posted = admin("GET", f"ideas/{created['id']}")
    assert posted["author"]["name"] == "Wilma Wood"
    assert posted["source"]["kind"] == "widget"
    assert posted["body"].split("\n") == [f"Page: {host.url}/signed", "Version 2.4.1"]

    badge = page.locator("answerback-board .badge")
    while not badge.is_visible():  # the worker is about to take it up
        page.reload()
        page.locator("answerback-board .launcher").wait_for()
        page.wait_for_timeout(300)
    expect(badge).to_contain_text("1 piece of news")
    page.locator("answerback-board .launcher").click()
    expect(panel.locator(".news")).to_contain_text("Labels that outlast the rain")
    expect(panel.locator(".receipt")).to_have_count(2)
    expect(badge).to_be_hidden()

    page.evaluate("Answerback('signout')")
    panel.get_by_role("button", name="Ideas", exact=True).click()
    expect(panel.locator("button.vote").first).to_have_attribute("aria-pressed", "false")
    expect(page.locator("html")).to_have_attribute("data-told", re.compile("signed-out$"))


def test_the_last_word_on_who_somebody_is_counts_and_nothing_of_the_former_stays(visit, host, sign):
    page = visit(f"{host.url}/", still=False)
    panel = opened(page)
    slow = "Answerback('identify', () => new Promise((done) => { window.late = done; }))"
    alice, bob = ({"token": sign(secrets.token_hex(6), name=name)} for name in ("Alice", "Bob"))
    again = {"token": sign(secrets.token_hex(6), name="Carol")}

    page.evaluate(f"() => {{ {slow}; Answerback('identify', {json.dumps(alice)}); late({json.dumps(again)}); }}")
    expect(page.locator("html")).to_have_attribute("data-told", re.compile("signed-in"))
    panel.locator("button.vote").first.click()
    expect(panel.locator("button.vote").first).to_have_attribute("aria-pressed", "true")
    panel.get_by_label("What would you like to be different?").fill("What Alice wrote")
    panel.get_by_role("button", name="Post an idea").click()
    panel.get_by_role("button", name="Back").click()
    panel.get_by_role("button", name="What became of it").click()
    expect(panel.locator(".receipt")).to_have_count(1)

    page.evaluate(f"Answerback('identify', {json.dumps(bob)})")
    expect(panel.locator(".receipt")).to_have_count(0)
    expect(panel.get_by_role("heading", name="Nothing of yours")).to_be_visible()
    page.evaluate("Answerback('open', { view: 'submit' })")
    expect(panel.locator("#title")).to_have_value("")

    panel.get_by_role("button", name="What became of it").click()
    page.evaluate(f"() => {{ {slow}; Answerback('signout'); late({json.dumps(again)}); }}")
    with page.expect_popup() as window:
        panel.get_by_role("button", name="Sign in").click()
    window.value.close()
    assert [each["person"]["name"] for each in told(page, "signed-in")] == ["Alice", "Bob"]


def test_who_is_signed_in_nowhere_signs_in_by_a_window_though_the_host_may_say_who_people_are(visit, host, sign):
    script = snippets.identify().removeprefix("<script>").removesuffix("</script>")
    for token, code in (("", []), ("Unauthorized", ["malformed"])):
        host.pages["/answerback-token"] = ("text/plain" if token else "", token)
        page = visit(host.put("/nobody", host.line, script=script), still=False)
        panel = opened(page)
        expect(panel.locator("button.vote").first).to_be_visible()
        expect(page.locator("html")).to_have_attribute(
            "data-told", re.compile("identity:refused" if code else "opened")
        )
        with page.expect_popup() as window:
            panel.locator("button.vote").first.click()
        window.value.close()
        assert [each["code"] for each in told(page, "identity:refused")] == code


def test_what_the_host_did_not_sign_for_now_signs_nobody_in(visit, host, sign):
    once = sign("somebody", name="Wanda")
    for token, code in (
        (once, None),
        (once, "used"),
        (sign("x", by="another"), "signature"),
        (sign("x", exp=1), "expired"),
    ):
        page = visit(host.put("/unsigned", host.line, script=f"Answerback('identify', {{ token: '{token}' }});"))
        expect(page.locator("html")).to_have_attribute("data-told", "identity:refused" if code else "signed-in")

        assert [detail["code"] for detail in told(page, "identity:refused")] == ([code] if code else [])


def test_people_sign_in_by_a_window_and_what_they_typed_is_posted(visit, host, demo_site):
    elsewhere = visit(demo_site.url)
    email, password = newcomer(elsewhere, demo_site, "Wendelin")
    page = visit(f"{host.url}/", still=False)
    panel = opened(page)
    with page.expect_popup() as window:
        panel.locator("button.vote").first.click()
    window.value.close()
    expect(panel.get_by_role("alert")).to_contain_text("closed before you were signed in")

    page.evaluate("Answerback('open', { view: 'submit', title: 'A bench that turns with the sun' })")
    with page.expect_popup() as window:
        panel.get_by_role("button", name="Post this idea").click()
    asking = window.value
    asking.get_by_label("E-mail address").fill(email)
    asking.get_by_label("Password", exact=True).fill(password)
    asking.get_by_role("button", name="Sign in", exact=True).click()
    asking.get_by_role("button", name="Go on as Wendelin").click()
    expect(panel.locator(".idea-title")).to_have_text("A bench that turns with the sun")
    expect(panel.locator(".foot")).to_contain_text("Signed in as Wendelin")
    assert asking.is_closed()
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.locator(".foot")).not_to_contain_text("Wendelin")


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
    panel.get_by_label("What would you like to be different?").fill("Zinnias by the gate")
    panel.get_by_role("button", name="Post an idea").click()
    panel.get_by_label("What would it change").fill("They are what the bees come for.")
    away(page, demo_site.url, lambda route: route.abort("connectionrefused"))
    panel.get_by_role("button", name="Roadmap").click()
    expect(panel.get_by_role("alert")).to_contain_text("cannot be reached right now")
    away(page, demo_site.url, None)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".column").first).to_be_visible()
    page.evaluate("Answerback('open', { view: 'submit' })")
    expect(panel.get_by_label("Your idea in one line")).to_have_value("Zinnias by the gate")
    expect(panel.get_by_label("What would it change")).to_have_value("They are what the bees come for.")

    page.clock.install()
    away(page, demo_site.url, lambda route: None)  # it takes the request and says nothing
    panel.get_by_role("button", name="Releases").click()
    page.clock.run_for(4_000)
    expect(panel.get_by_text("This takes longer than usual.")).to_be_visible()
    page.clock.run_for(7_000)
    expect(panel.get_by_role("button", name="Try again")).to_be_visible()
    assert max(seen(page)["tasks"], default=0) < LONGEST_TASK_MS
    away(page, demo_site.url, None)
