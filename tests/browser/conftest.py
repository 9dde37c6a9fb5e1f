"""A real browser on a real site: Chromium by Playwright, the demo served by its own processes."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.accounts.openid_provider import CLIENT, SECRET, OpenIdProvider, openid_provider
from tests.browser.chromium import FLAGS, executable
from tests.servers import RunningApp, Unavailable, running_app

PATIENCE_MS = 10_000


@pytest.fixture(scope="session")
def acme() -> Iterator[OpenIdProvider]:
    """An OpenID provider of the demo."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def demo_site(acme: OpenIdProvider) -> Iterator[RunningApp]:
    """The demo, served as `make run` does. All browser tests share it, so each leaves alone what it did not make."""
    env = {"DEMO": "1", "RATE_LIMITS": "off", "WEB_WORKERS": "2", "OUTGOING_ALLOW": "127.0.0.1", "OUTGOING_HTTP": "on"}
    env |= {"OPENID": "acme", "OPENID_ACME_ISSUER": acme.address, "OPENID_ACME_CLIENT_ID": CLIENT}
    env |= {"OPENID_ACME_CLIENT_SECRET": SECRET}
    with running_app(env, ("serve",), prepare=(("migrate",), ("demo",))) as site:
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        path = executable()
    except Unavailable as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class NewContext:
    """Makes browser contexts on the demo site, and notes what no page may ever do."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def __call__(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(**{"base_url": self.url, "locale": "en", **options})
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: self.faults.append(f"script failed: {error.error}"))
        context.on("console", self._note_policy_breach)
        context.on("request", self._note_foreign_request)
        self.contexts.append(context)
        return context

    def _note_policy_breach(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.faults.append(f"content policy broken: {message.text}")

    def _note_foreign_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != urlsplit(self.url).netloc:
            self.faults.append(f"loaded from elsewhere: {request.url}")


@pytest.fixture
def new_context(browser: Browser, demo_site: RunningApp) -> Iterator[NewContext]:
    """Makes browser contexts: new_context(color_scheme="dark", viewport={"width": 360, "height": 800}).

    Fails the test at its end if a page's script failed, broke the content policy or loaded anything from elsewhere.
    """
    new_context = NewContext(browser, demo_site.url)
    yield new_context
    for context in new_context.contexts:
        context.close()
    assert new_context.faults == []


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A visitor's page, 1280 pixels wide, light. `page.goto("/")` goes to the demo site."""
    return new_context(viewport={"width": 1280, "height": 900}, color_scheme="light").new_page()


@pytest.fixture
def page_without_scripts(new_context: NewContext) -> Page:
    """The same with JavaScript off."""
    return new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False).new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """Gives what axe finds wrong with a page, one line for each element; an empty list is what we want.

    axe(page, "color-contrast") asks for that rule alone.
    """
    checker = Axe()

    def check(page: Page, *rules: str) -> list[str]:
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        if not page.evaluate("() => Boolean(window.axe)"):  # half a megabyte, once for each page
            page.evaluate(checker.axe_script)
        found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})["violations"]
        return [
            f"{violation['id']}: {violation['help']}: {' '.join(map(str, node['target']))}"
            for violation in found
            for node in violation["nodes"]
        ]

    return check
