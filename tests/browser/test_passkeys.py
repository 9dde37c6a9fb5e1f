"""Passkeys in a real browser, with an authenticator of its own that stands for a phone's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import NewContext
from tests.servers import RunningApp, running_app

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "mia@example.test", "four words in a row"
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def site() -> Iterator[RunningApp]:
    """Under a name: browsers know no passkeys for an address of digits."""
    create = ("user", "create", EMAIL, "--name", "Mia")
    with running_app({}, ("web",), prepare=(("migrate",), create), host="localhost") as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: RunningApp) -> Iterator[Page]:
    """A page whose scripts fail nowhere, break no policy and load nothing from elsewhere; it says yes to questions."""
    new_context = NewContext(browser, site.url)
    page = new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    page.context.close()
    assert new_context.faults == []


def plug_in(page: Page) -> tuple[CDPSession, str]:
    """An authenticator in this page's browser; what it is asked by, and its name."""
    asking = page.context.new_cdp_session(page)
    asking.send("WebAuthn.enable")
    return asking, asking.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})["authenticatorId"]


def sign_out(page: Page) -> None:
    page.get_by_label(re.compile("^Menu of")).click()
    page.get_by_role("button", name="Sign out").click()


def by_password(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_signs_in_is_a_second_factor_and_is_removed(
    page: Page, site: RunningApp, axe: Callable[..., list[str]]
) -> None:
    page.goto(site.ideas("user", "link", EMAIL).strip().splitlines()[-1])
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    phone, name = plug_in(page)

    page.goto("/profile/signing-in")
    assert axe(page) == []
    page.get_by_label("What you call it").fill("My phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert axe(page) == []
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").click()
    assert saved.value.suggested_filename == "recovery-codes.txt"
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("row", name=re.compile("My phone"))).to_be_visible()

    sign_out(page)
    page.goto("/sign-in?next=/profile/sessions")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("cell", name="Passkey", exact=True)).to_be_visible()

    sign_out(page)
    by_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_label(re.compile("^Menu of"))).to_be_visible()

    sign_out(page)
    _knows_who_holds_it(phone, name, False)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was given.")).to_be_visible()
    assert axe(page) == []
    _knows_who_holds_it(phone, name, True)
    by_password(page)
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_label(re.compile("^Menu of"))).to_be_visible()

    page.goto("/profile/signing-in")
    page.get_by_role("button", name=re.compile("^Remove.*My phone")).click()
    expect(page.get_by_text("The passkey is removed")).to_be_visible()
    sign_out(page)
    by_password(page)
    expect(page.get_by_label(re.compile("^Menu of"))).to_be_visible()


def _knows_who_holds_it(phone: CDPSession, name: str, knows: bool) -> None:
    phone.send("WebAuthn.setUserVerified", {"authenticatorId": name, "isUserVerified": knows})
