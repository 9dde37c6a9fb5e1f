"""What people and the team do when something is wrong; and how somebody takes their data along and leaves."""

import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import newcomer, post_idea, sign_in

pytestmark = pytest.mark.browser


def signed_in(new_context, who):
    page = new_context().new_page()
    sign_in(page, who)
    return page


def test_what_is_pointed_out_is_hidden_with_a_reason_and_shown_again_after_an_appeal(page, new_context, demo_site):
    author = page
    newcomer(author, demo_site, "Aurora")
    path = post_idea(author, "Free saplings for everybody", "Ask Aurora at the gate.")
    member, team, visitor = signed_in(new_context, "member"), signed_in(new_context, "team"), new_context().new_page()

    member.goto(path)
    member.get_by_role("link", name="Point out to the team").first.click()
    member.get_by_label("It names a person").check()
    member.get_by_label("In a few words").fill("Who is Aurora?")
    member.get_by_role("button", name="Tell the team").click()
    expect(member.locator(".flash")).to_contain_text("The team looks at it")

    team.goto("/moderation")
    look = team.locator(".look", has_text="Free saplings for everybody")
    expect(look).to_contain_text("Who is Aurora?")
    look.get_by_role("link", name="Hide it").click()
    team.get_by_label("Why is it hidden").fill("It names a person who may not want that.")
    team.get_by_role("button", name="Hide it and tell the author").click()
    visitor.goto(path)
    expect(visitor.locator("main")).not_to_contain_text("Ask Aurora")

    author.goto(path)
    expect(author.locator(".notice")).to_contain_text("It names a person who may not want that.")
    author.get_by_role("link", name="Do you see it differently?").click()
    author.get_by_label("Why should the team look again").fill("That is my own name, and I stand at the gate.")
    author.get_by_role("button", name="Ask them to look again").click()
    expect(author.locator("main")).to_contain_text("Nobody has answered yet")

    team.goto("/moderation")
    look = team.locator(".look", has_text="Free saplings for everybody")
    expect(look).to_contain_text("I stand at the gate")
    look.get_by_role("button", name="Show it again").click()
    expect(team.locator(".flash")).to_contain_text("Everybody sees it again")
    visitor.goto(path)
    expect(visitor.locator("main")).to_contain_text("Ask Aurora at the gate.")


def test_somebody_takes_their_data_along_and_is_forgotten(page, new_context, demo_site, tmp_path):
    email, password = newcomer(page, demo_site, "Leander")
    alone = post_idea(page, "A swing for grown-up people")
    shared = post_idea(page, "A bell that rings for lunch", "Nobody hears us call.")
    member = signed_in(new_context, "member")
    member.goto(shared)
    member.locator(".vote-button").click()
    expect(member.locator(".vote-button")).to_have_attribute("aria-pressed", "true")

    page.goto("/profile/data")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "everything.zip")
    with zipfile.ZipFile(tmp_path / "everything.zip") as archive:
        [account] = json.loads(archive.read("account.json"))
        said = archive.read("ideas.json").decode()
    assert (account["email"], account["name"]) == (email, "Leander")
    assert "A swing for grown-up people" in said

    page.get_by_role("link", name="See what would go").click()
    page.get_by_role("button", name="Erase it for good").click()
    expect(page.get_by_role("heading", name="Erase your account?")).to_be_visible()  # not without being sure
    page.get_by_label("I understand that this cannot be undone").check()
    page.get_by_role("button", name="Erase it for good").click()
    expect(page.locator(".flash")).to_contain_text("Your account is erased")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

    page.goto(alone)
    expect(page.locator("main")).not_to_contain_text("swing")
    page.goto(shared)
    expect(page.locator(".idea-head")).to_contain_text("Former member")
    expect(page.locator("main")).not_to_contain_text("Leander")
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".problem-summary, .field-error").first).to_be_visible()
    assert re.search("/sign-in", page.url)
