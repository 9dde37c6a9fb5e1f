"""A release that ships five ideas: the ledger, the receipts and the public pages say the same of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import newcomer, post_idea, sign_in

pytestmark = pytest.mark.browser

TITLES = [f"A wish for the {place}" for place in ("gate", "shed", "pond", "hedge", "bench")]
WORDS = "It is there since this morning, and it was you who asked for it: look at the {place}."


def told(page, path):
    """Who was told of the idea at `path`, as the team reads it in the ledger."""
    page.goto(path)
    page.get_by_role("link", name="Who was told").click()
    return {cell.inner_text().strip() for cell in page.locator("tbody th").all()}


def test_a_release_of_five_ideas_is_told_once_to_each_and_read_alike_everywhere(page, new_context, demo_site):
    author = page
    newcomer(author, demo_site, "Rosalind")
    paths = [post_idea(author, title) for title in TITLES]
    backer = new_context().new_page()
    newcomer(backer, demo_site, "Bertram")
    for path in paths[:2]:
        backer.goto(path)
        backer.locator(".vote-button").click()
        expect(backer.locator(".vote-button")).to_have_attribute("aria-pressed", "true")
    follower = new_context().new_page()
    newcomer(follower, demo_site, "Fiona")
    for person in (backer, follower):
        person.goto("/boards/garden-planner/releases")
        person.get_by_role("button", name="Hear of releases").click()
        expect(person.locator(".flash")).to_contain_text("You hear of every release here.")

    team = new_context().new_page()
    sign_in(team, "team")
    team.goto("/boards/garden-planner/releases/new")
    team.get_by_label("What is the release called?").fill("Five wishes at once")
    team.get_by_label("What is new?").fill("All of them are **there**.")
    team.get_by_role("button", name="Go on to its ideas").click()
    draft = team.url
    for title in TITLES:
        team.goto(f"{draft}?q={title.replace(' ', '+')}")
        team.get_by_role("link", name=title, exact=True).click()
        team.get_by_label("Your answer").fill(WORDS.format(place=title.split()[-1]))
        if title == TITLES[0]:
            team.locator("#credit-author").check()
            team.locator("#how-author").fill("Your wish became the new gate.")
        team.get_by_role("button", name="Put it into the release").click()
        expect(team.locator(".release-idea", has_text=title)).to_be_visible()
    expect(team.locator(".release-publish")).to_contain_text("5 ideas are each answered with their line")
    team.get_by_role("button", name=re.compile("^Publish")).click()
    expect(team.locator(".flash")).to_contain_text("The release is out.")
    team.get_by_role("button", name="Send now").click()
    release = team.url
    for _ in range(60):  # the worker comes by in its own time
        if not team.locator(".settling").count():
            break
        team.wait_for_timeout(500)
        team.reload()
    expect(team.locator(".settling")).to_have_count(0)

    # the public pages
    visitor = new_context().new_page()
    visitor.goto(release)
    lines = visitor.locator(".release-idea")
    expect(lines).to_have_count(5)
    for title, path in zip(TITLES, paths, strict=True):
        words = WORDS.format(place=title.split()[-1])
        expect(lines.filter(has_text=title)).to_contain_text(words)
        visitor.goto(path)
        expect(visitor.locator(".answer")).to_contain_text(words)
        visitor.goto(release)

    # the receipts
    author.goto("/receipts")
    for title in TITLES:
        receipt = author.locator(".receipt", has_text=title)
        expect(receipt).to_contain_text(WORDS.format(place=title.split()[-1]))
    expect(author.locator(".receipt", has_text=TITLES[0])).to_contain_text("Your wish became the new gate.")

    # the ledger
    assert [told(team, path) for path in paths] == [{"Rosalind", "Bertram"}] * 2 + [{"Rosalind"}] * 3
    for person, of_release, of_ideas in ((follower, 1, 0), (backer, 0, 2)):
        person.goto("/inbox")
        expect(person.get_by_role("link", name="A release on Garden planner: Five wishes at once")).to_have_count(
            of_release
        )
        expect(person.get_by_role("link", name=re.compile("A wish for the"))).to_have_count(of_ideas)
