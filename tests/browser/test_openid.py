"""To another site and back, in a browser that keeps our content policy: no form leads elsewhere, not by a redirect."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False])
def test_people_go_to_a_provider_and_come_back_signed_in(browser, demo_site, acme, axe, scripts):
    acme.be(sub=f"visitor {scripts}", email=f"visitor-{scripts}@example.test".lower(), name="Vera")
    context = browser.new_context(base_url=demo_site.url, java_script_enabled=scripts, locale="en")
    page = context.new_page()

    def go(path):
        page.goto(path)
        page.get_by_role("button", name="Go on with Acme").click()

    acme.acts.back = lambda pairs: [*(pair for pair in pairs if pair[0] != "code"), ("error", "access_denied")]
    go("/sign-in?next=/roadmap")
    page.get_by_role("heading", name="You are not signed in").wait_for()
    if scripts:
        assert axe(page) == []
    acme.acts.back = list
    page.get_by_role("button", name="Try Acme again").click()

    page.wait_for_url("**/roadmap")
    page.get_by_text("You are signed in. Welcome, Vera.").wait_for()
    page.goto("/profile/signing-in")
    assert page.get_by_role("rowheader", name="Acme").is_visible()
    if scripts:
        assert axe(page) == []
    context.close()
