"""The main paths with a keyboard alone: no click, no pointer."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.keyboard import press, tab_to
from tests.browser.visiting import SIGN_INS, post_idea, sign_in

pytestmark = pytest.mark.browser


def sign_in_by_keyboard(page: Page, who: str) -> None:
    email, password = SIGN_INS[who]
    page.goto("/sign-in")
    tab_to(page, "E-mail address")
    page.keyboard.type(email)
    tab_to(page, "Password")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_the_first_stop_leads_past_the_header(page):
    page.goto("/boards/garden-planner")

    press(page, "Skip to content")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_every_stop_can_be_seen(page):
    page.goto("/boards/garden-planner")

    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
              const here = document.activeElement;
              const own = getComputedStyle(here), after = getComputedStyle(here, "::after");
              const shown = [own, after].some((style) => style.outlineStyle !== "none" && style.outlineWidth !== "0px");
              return shown ? "" : here.outerHTML.slice(0, 100);
            }"""
        )
        if outline:
            unseen.append(outline)

    assert unseen == []


def test_a_member_searches_posts_votes_and_comments(page):
    sign_in_by_keyboard(page, "member")
    page.goto("/boards/garden-planner")

    tab_to(page, "Say something, or search")
    page.keyboard.type("A zip line over the compost")
    expect(page.locator("[data-results]")).to_contain_text("as a new idea")
    press(page, "as a new idea")
    page.wait_for_url(re.compile("/new"))
    tab_to(page, "What would it change for you")
    page.keyboard.type("The **children** would come along.")
    expect(page.locator("#preview strong")).to_have_text("children")
    press(page, "^ *Post this idea")
    page.wait_for_url(re.compile(r"/ideas/\d+-a-zip-line"))

    press(page, "people want this|person wants this")
    expect(page.locator(".vote-button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-announce]")).to_contain_text("Your vote counts. 1 person wants this.")
    tab_to(page, "What do you want to say")
    page.keyboard.type("I would bring a rope.")
    press(page, "^ *Say it")
    expect(page.locator("#discussion")).to_contain_text("I would bring a rope.")


def test_a_menu_opens_and_closes_and_gives_the_focus_back(page):
    sign_in_by_keyboard(page, "member")

    press(page, "Menu of")
    expect(page.get_by_role("link", name="Your profile")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Your profile")).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('summary')")


def test_the_team_answers_what_waits(page):
    sign_in_by_keyboard(page, "team")
    page.goto("/boards/garden-planner/needs-an-answer")

    page.keyboard.press("j")
    expect(page.locator("#open")).to_be_focused()
    page.keyboard.press("a")
    page.wait_for_url(re.compile("/answer\\?"))
    tab_to(page, "What is it now")
    page.keyboard.type("Under")
    tab_to(page, "Your answer")
    page.keyboard.type("We ask the gardens that have one what it took to build theirs.")
    expect(page.locator("#forecast .sample").first).to_contain_text("We ask the gardens")
    tab_to(page, "who had the idea|had the idea")
    page.keyboard.press("Space")
    tab_to(page, "What did it become")
    page.keyboard.type("Your idea is the first question we ask them.")
    expect(page.locator("#forecast")).to_contain_text("Your idea is the first question we ask them.")
    press(page, "^ *Announce to|^ *Answer *$")
    page.wait_for_url(re.compile("/needs-an-answer"))

    expect(page.locator(".flash")).to_contain_text("Your answer is here")
    expect(page.locator("#open")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator(".flash")).to_contain_text("Nobody was told")


def test_the_team_makes_two_ideas_one_and_undoes_it(page, new_context):
    member = new_context().new_page()
    sign_in(member, "member")
    old = post_idea(member, "A bench beneath the walnut tree")
    stays = post_idea(member, "Somewhere to sit in the shade of the walnut")
    sign_in_by_keyboard(page, "team")
    page.goto(old)

    press(page, "^ *Merge into another")
    page.wait_for_url(re.compile("/merge$"))
    tab_to(page, "Which idea stays")
    page.keyboard.type("sit in the shade")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q="))
    press(page, "^ *Somewhere to sit in the shade")
    page.wait_for_url(re.compile(r"\?into="))
    expect(page.locator("#side-" + number(stays)).locator("..")).to_contain_text("Stays")
    expect(page.locator(".compose-side")).to_contain_text("1 author")
    tab_to(page, "Why are they one")
    page.keyboard.type("Too short.")
    press(page, "^ *Make them one and tell 1 person")
    expect(page.locator(".problem-summary")).to_contain_text("at least 20 characters")
    expect(page.get_by_label("Why are they one")).to_have_value("Too short.")
    tab_to(page, "Why are they one")
    page.keyboard.type(" Whoever sits below the walnut sits in its shade.")
    press(page, "^ *Make them one and tell 1 person")
    page.wait_for_url(re.compile("#merged-"))
    expect(page.locator(".part")).to_contain_text("A bench beneath the walnut tree")

    page.goto(old)
    assert page.url.partition("#")[0].endswith(stays)  # its address leads to where it went
    press(page, "^ *Undo: A bench")
    page.wait_for_url(re.compile("/unmerge$"))
    press(page, "^ *Undo it")
    page.wait_for_url(re.compile("a-bench-beneath"))
    expect(page.locator(".flash")).to_contain_text("Nobody was told")


def number(path: str) -> str:
    """The number in the path of an idea."""
    return path.removeprefix("/ideas/").partition("-")[0]
