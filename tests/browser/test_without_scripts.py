"""The main paths with JavaScript off: everything works, a page at a time."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import sign_in
from tests.pictures import encoded

pytestmark = pytest.mark.browser


def test_a_member_searches_posts_votes_follows_and_comments(page_without_scripts):
    page = page_without_scripts
    sign_in(page, "member")
    page.goto("/boards/garden-planner")

    page.get_by_label("Say something, or search").fill("A sauna behind the greenhouse")
    page.get_by_role("button", name="Search or post").click()
    page.get_by_role("link", name="as a new idea").click()
    page.get_by_label("What would it change for you").fill("In **winter**.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("winter")
    page.get_by_role("button", name="Post this idea").click()
    page.wait_for_url(re.compile(r"/ideas/\d+-a-sauna"))

    page.get_by_role("button", name="people want this").click()
    expect(page.locator(".flash")).to_contain_text("Your vote counts. 1 person wants this.")
    expect(page.locator(".vote-button")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_role("button", name="Stop following")).to_be_visible()
    page.get_by_label("What do you want to say").fill("I would bring birch.")
    page.get_by_role("button", name="Say it").click()
    page.locator(".thread summary").first.click()
    page.get_by_label("Your reply").fill("And I the towels.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".replies")).to_contain_text("And I the towels.")


def test_a_vote_in_a_list_leads_back_to_its_row(page_without_scripts):
    page = page_without_scripts
    sign_in(page, "member")
    page.goto("/boards/data-and-tools?sort=new")
    row = page.locator(".idea-row").filter(has=page.locator('[aria-pressed="false"]')).first
    number = row.get_attribute("id")

    row.get_by_role("button").click()

    assert page.url.endswith(f"/boards/data-and-tools?sort=new#{number}")
    expect(page.locator(f"#{number} .vote-button")).to_have_attribute("aria-pressed", "true")
    page.locator(f"#{number} .vote-button").click()
    expect(page.locator(f"#{number} .vote-button")).to_have_attribute("aria-pressed", "false")


def test_a_visitor_is_asked_to_sign_in_and_their_vote_counts(page_without_scripts):
    page = page_without_scripts
    page.goto("/boards/data-and-tools?sort=new&status=open")
    page.locator(".idea-row .vote-button").last.click()
    page.wait_for_url(re.compile("/sign-in"))

    page.get_by_label("E-mail address").fill("tomas@demo.example")
    page.get_by_label("Password", exact=True).fill("tomas-keeps-the-keys")
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.wait_for_url(re.compile(r"/ideas/\d+"))
    expect(page.locator(".vote-button")).to_have_attribute("aria-pressed", "true")


def test_a_picture_comes_with_the_form(page_without_scripts, tmp_path):
    page = page_without_scripts
    file = tmp_path / "rota.png"
    file.write_bytes(encoded())
    sign_in(page, "member")
    page.goto("/boards/garden-planner/new")

    page.get_by_label("Your idea in one line").fill("A rota that hangs in the shed")
    page.get_by_label("Add a picture").set_input_files(file)
    page.get_by_label("What does it show?").fill("our rota")
    page.get_by_role("button", name="Put it into the text").click()
    expect(page.get_by_label("What would it change for you")).to_have_value(re.compile(r"!\[our rota\]\(/pictures/"))
    page.get_by_role("button", name="Post this idea").click()

    page.wait_for_url(re.compile(r"/ideas/\d+-a-rota"))
    assert page.get_by_alt_text("our rota").bounding_box()["width"] == 60


def test_the_team_previews_answers_corrects_and_undoes(page_without_scripts):
    page = page_without_scripts
    sign_in(page, "team")
    page.goto("/boards/garden-planner/needs-an-answer")
    page.locator(".triage-line").last.click()
    page.locator("#open-title a").click()
    page.locator(".side-team").get_by_role("link", name="Answer", exact=True).click()

    page.get_by_label("What is it now").select_option(label="Planned")
    page.get_by_label("Why?").select_option(label="We have decided to do it")
    page.get_by_label("Your answer").fill("Two of us build the first one over the winter.")
    page.get_by_role("checkbox").first.check()
    page.locator("#how-author").fill("Your idea became the first of them.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#forecast")).to_contain_text("Your idea became the first of them.")
    page.locator("[data-announce-button]").click()
    page.wait_for_url(re.compile(r"/ideas/\d+-"))
    page.get_by_role("link", name="Correct").first.click()
    page.get_by_label("Your answer").fill("Three of us build the first one over the winter.")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.locator(".answer")).to_contain_text("Three of us")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".flash")).to_contain_text("Nobody was told")


def test_menus_open_without_a_script(page_without_scripts):
    page = page_without_scripts
    page.goto("/boards/garden-planner")

    page.locator("summary", has_text="Status").click()
    page.get_by_role("link", name="Planned", exact=True).click()

    assert "status=" in page.url
