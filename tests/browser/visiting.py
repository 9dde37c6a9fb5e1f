"""Who visits the demo in browser tests, which pages there are, and how somebody signs in."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from ideas.boards.demo_words import crowd

_ROLES = {"member": "mia", "team": "nadia", "admin": "tomas"}
_KNOWN = {known.key: known for known in crowd.KNOWN}
SIGN_INS = {role: (_KNOWN[key].email, _KNOWN[key].password) for role, key in _ROLES.items()}

# Who sees which page. {idea} is an answered idea with credits, {open} one that takes votes,
# {hidden} one that the team hid.
PAGES: dict[str, tuple[str, ...]] = {
    "visitor": (
        "/",
        "/boards/garden-planner",
        "/boards/garden-planner?sort=top&stage=planned",
        "/boards/garden-planner?q=zeppelin",
        "/boards/garden-planner/roadmap",
        "/boards/garden-planner/loop-health",
        "/boards/garden-planner/new",
        "{idea}",
        "{open}",
        "{idea_number}/history",
        "{hidden}",
        "/sign-in",
        "/sign-up",
        "/reset",
        "/check-your-mail",
        "/mail",
        "/problems",
        "/problems/voting-closed",
        "/api/docs",
        "/there-is-nothing-here",
    ),
    "member": (
        "/",
        "/boards/garden-planner",
        "{idea}",
        "{open}",
        "{open_number}/flag",
        "/receipts",
        "/inbox",
        "/settings/notifications",
        "/profile",
        "/profile/sessions",
        "/profile/keys",
    ),
    "team": (
        "/boards/garden-planner",
        "{idea}",
        "{idea_number}/answer",
        "{idea_number}/owner",
        "{idea_number}/tags",
        "{idea_number}/hide",
        "{answer}/correct",
        "{answer}/told",
        "/needs-an-answer",
        "/loop-health",
        "/loop-health?tag=nothing-like-it",
        "/moderation",
        "/boards/garden-planner/moderation",
        "/boards/garden-planner/needs-an-answer",
    ),
    "admin": (
        "/manage/boards",
        "/manage/boards/new",
        "/manage/boards/garden-planner",
        "/manage/people",
        "/manage/companies",
        "/loop-health?period=ever",
        "/manage/audit",
    ),
}


def sign_in(page: Page, who: str) -> None:
    """Sign in as one of SIGN_INS ("member", "team", "admin"); a visitor stays one."""
    if who == "visitor":
        return
    email, password = SIGN_INS[who]
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def pages_of(page: Page, who: str) -> list[str]:
    """The paths of PAGES for `who`, with the demo's own ideas in them."""
    page.goto("/boards/garden-planner?sort=answered&stage=shipped")
    answered = _first_idea(page)
    page.goto("/boards/garden-planner?sort=new&stage=open")
    is_open = _first_idea(page)
    number = re.match(r"/ideas/\d+", answered)
    assert number
    names = {"idea": answered, "open": is_open, "idea_number": number[0], "answer": "", "hidden": ""}
    names["open_number"] = "-".join(is_open.split("-")[:1])
    if who == "visitor":
        names["hidden"] = _hidden_idea(page)
    if who == "team":
        page.goto(answered)
        names["answer"] = page.get_by_role("link", name="Who was told").get_attribute("href") or ""
        names["answer"] = names["answer"].removesuffix("/told")
    return [path.format(**names) for path in PAGES[who]]


def _first_idea(page: Page) -> str:
    return page.locator(".idea-row-title a").first.get_attribute("href") or ""


def _hidden_idea(page: Page) -> str:
    """One that the team of the demo hid: no list leads there, so addresses are tried."""
    paths = (f"/ideas/{number}" for number in range(1, 200))
    return next(path for path in paths if "hidden by the team</h1>" in page.request.get(path).text())
