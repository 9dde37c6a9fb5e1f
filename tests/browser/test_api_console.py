"""The console of the API sends what programs send, asks before it writes, and keeps a key nowhere."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visiting import sign_in

pytestmark = pytest.mark.browser

KEPT = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"


@pytest.fixture
def key(new_context) -> str:
    """A key of the member's, made as people make one."""
    page = new_context().new_page()
    sign_in(page, "member")
    page.goto("/profile/keys")
    page.get_by_label("What is it for").fill("The console")
    for scope in ("ideas:read", "votes:write"):
        page.locator(f'input[name="scopes"][value="{scope}"]').check()
    page.get_by_role("button", name="Make the key").click()
    return str(page.locator("#new-key").input_value())


def console(page: Page, operation: str):
    part = page.locator(f"#{operation} [data-console]")
    part.locator("> summary").click()
    return part


def an_open_idea(page: Page) -> str:
    page.goto("/boards/data-and-tools?sort=new")
    row = page.locator(".idea-row").filter(has=page.locator(".vote-button")).last
    return (row.get_attribute("id") or "").rpartition("-")[2]


def test_what_everybody_may_read_is_tried_without_a_key(page, axe):
    page.goto("/api/docs/ideas")
    part = console(page, "list_ideas")

    part.get_by_label("limit").fill("2")
    part.get_by_role("button", name="Send it").click()

    expect(part.locator("[data-status]")).to_contain_text("200 OK")
    assert '"next": "' in part.locator("[data-answer]").inner_text()
    assert axe(page) == []
    part.get_by_label("limit").fill("0")
    part.get_by_role("button", name="Send it").click()
    expect(part.locator("[data-status]")).to_contain_text("422")
    expect(part.locator("[data-answer]")).to_contain_text('"pointer": "/limit"')


def test_a_write_is_done_once_it_is_wanted_and_the_key_goes_with_the_page(page, key):
    idea_id = an_open_idea(page)
    page.goto("/api/docs/boards")
    console(page, "list_boards").locator("[data-key]").fill(key)
    page.get_by_role("link", name="Ideas", exact=True).click()  # another resource, and the key is still there
    page.wait_for_url("**/api/docs/ideas")

    for operation, voted in (("cast_vote", "true"), ("retract_vote", "false")):
        part = console(page, operation)
        assert part.locator("[data-key]").input_value() == key
        part.get_by_label("idea_id").fill(idea_id)
        part.get_by_role("button", name="Send it").click()
        expect(part.locator("[data-result]")).to_be_hidden()  # nobody has said yet that it is meant
        part.get_by_label("Do it").check()
        part.get_by_role("button", name="Send it").click()
        expect(part.locator("[data-answer]")).to_contain_text(f'"voted": {voted}')
        expect(part.get_by_label("Do it")).not_to_be_checked()

    assert key not in page.evaluate(KEPT)
    page.reload()
    assert page.locator("#cast_vote [data-key]").input_value() == ""


def test_an_address_leads_to_its_operation(page):
    page.goto("/api/docs/ideas#cast_vote")

    expect(page.locator("#cast_vote h2")).to_be_in_viewport()
    page.goto("/api/docs")
    page.get_by_label("Find an operation").press_sequentially("take vote back")
    page.locator("[data-results] a", has_text="Take your vote back").click()
    page.wait_for_url("**/api/docs/ideas#retract_vote")


def test_without_scripts_everything_is_read_and_nothing_is_offered_to_try(page_without_scripts):
    page = page_without_scripts
    page.goto("/api/docs?q=take+vote+back")
    page.locator("main a", has_text="Take your vote back").click()

    expect(page.locator("#retract_vote")).to_contain_text("curl -X DELETE")
    expect(page.locator("[data-console]").first).to_be_hidden()
