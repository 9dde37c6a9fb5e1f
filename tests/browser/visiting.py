"""Who visits the demo in browser tests, which pages there are, and how somebody signs in."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from playwright.sync_api import Page

from ideas.boards.demo_words import crowd
from tests.servers import RunningApp

_ROLES = {"member": "mia", "team": "nadia", "admin": "tomas"}
_KNOWN = {known.key: known for known in crowd.KNOWN}
SIGN_INS = {role: (_KNOWN[key].email, _KNOWN[key].password) for role, key in _ROLES.items()}

# What stands for the demo's own things in PAGES, with an address like those that `pages_of` finds.
NAMES = {
    "import": "/manage/moving/1",
    "webhook": "/manage/webhooks/1",  # to which a test was sent, and did not arrive
    "webhook_message": "/manage/webhooks/1/messages/1",
    "idea": "/ideas/1-water",  # answered, with credits and an idea merged into it
    "idea_number": "/ideas/1",
    "merged_number": "/ideas/2",  # that one
    "open": "/ideas/3-shed",  # takes votes, and is the team's to answer
    "open_number": "/ideas/3",
    "own": "/ideas/4-mine",  # the member's, changed after people backed it
    "own_number": "/ideas/4",
    "open_id": "3",
    "own_id": "4",
    "asked_number": "/ideas/14",  # was built, and the member was asked whether that solved it
    "own_hidden": "/hidden/5",  # a comment of the member
    "own_comment": "/comments/6",
    "comment": "/comments/7",  # somebody else's
    "edited_comment": "/comments/8",
    "answer": "/answers/9",
    "held": "/hidden/10",
    "appeal": "/hidden/11",
    "release": "/releases/14-spring",
    "draft": "/releases/15",
    "idea_of_draft": "/16",
    "person": "/manage/people/12",
    "company": "/manage/companies/13",
    "customer": "/team/companies/13",
    "customer_person": "/team/people/12",
    "view": "/team/backlog/views/14",
    "segment": "/team/segments/15",
    "snippet": "/team/snippets/16",
    "counted_on": "/ideas/17",  # the team counts on the member, who has not said anything
}

# Who sees which page: full ones, empty ones, and those that lead nowhere any more.
PAGES: dict[str, tuple[str, ...]] = {
    "visitor": (
        "/",
        "/boards/garden-planner",
        "/boards/garden-planner?sort=top&stage=planned",
        "/boards/garden-planner?q=watering&tag=watering",
        "/boards/garden-planner?q=zeppelin",
        "/roadmap",
        "/roadmap?by=date",
        "/boards/garden-planner/roadmap",
        "/boards/garden-planner/roadmap?by=date",
        "/releases",
        "/boards/garden-planner/releases",
        "{release}",
        "/boards/garden-planner/loop-health",
        "/boards/garden-planner/new",
        "/boards/garden-planner/new?title=Remind+us+of+thirsty+tomatoes",
        "{idea}",
        "{open}",
        "{own}",
        "{idea_number}/history",
        "{own_number}/history",
        "{edited_comment}/history",
        "{merged_number}/as-it-was",
        "/sign-in",
        "/sign-up",
        "/reset",
        "/check-your-mail",
        "/link/spent",
        "/reset/spent",
        "/verify/spent",
        "/setup/spent",
        "/u/spent",
        "/choices/spent",
        "/solved/spent",
        "/still-wanted/spent",
        "/on-behalf/spent",
        "/roles/spent",
        "/embed{idea_number}",
        "/embed{open_number}",
        "/embed/boards/garden-planner",
        "/embed/boards/garden-planner/roadmap",
        "/embed/boards/garden-planner/releases",
        "/mail",
        "/problems",
        "/problems/voting-closed",
        "/api/docs",
        "/api/docs?q=vote",
        "/api/docs/ideas",
        "/api/docs/pictures",
        "/there-is-nothing-here",
    ),
    "member": (
        "/",
        "/boards/garden-planner",
        "/boards/garden-planner?mine=1",
        "/boards/garden-planner/new?title=Remind+us+of+thirsty+tomatoes",
        "{idea}",
        "{open}",
        "{open_number}/flag",
        "{comment}/flag",
        "{own}",
        "{own_number}/edit",
        "{own_number}/withdraw",
        "{own_comment}/edit",
        "{own_comment}/delete",
        "{own_hidden}",
        "{asked_number}/solved",
        "{asked_number}/solved?answer=partly",
        "{counted_on}/on-behalf",
        "/receipts",
        "/inbox",
        "/settings/notifications",
        "/profile",
        "/profile/sessions",
        "/profile/signing-in",
        "/profile/signing-in/app",
        "/profile/keys",
        "/profile/feeds",
        "/profile/data",
        "/profile/erase",
        "/profile/confirm",
        "/invitations/spent",
    ),
    "team": (
        "/boards/garden-planner",
        "{idea}",
        "{idea_number}/answer",
        "{idea_number}/owner",
        "{idea_number}/due",
        "{idea_number}/tags",
        "{idea_number}/hide",
        "{idea_number}/scores",
        "{idea_number}/similar",
        "{idea_number}/said",
        "{idea_number}/evidence",
        "{idea_number}/evidence/new",
        "/team/evidence/capture",
        "/team/evidence/bookmarklet",
        "{comment}/hide",
        "{merged_number}/unmerge",
        "{open_number}/merge",
        "{open_number}/merge?q=compost",
        "{open_number}/merge?q=zeppelin",
        "{open_number}/merge?q={idea_number}",
        "{answer}/correct",
        "{answer}/told",
        "/team/backlog",
        "/team/backlog?order=breadth&stage=open&column=value&column=tags",
        "/team/backlog?q=zeppelin",
        "/team/backlog/views/new?stage=open",
        "/team/backlog/chosen?idea=1&idea=2&idea=3&idea=4",
        "/team/backlog/chosen/move?idea={open_id}&idea={own_id}",
        "/team/backlog/chosen/merge?idea={open_id}&idea={own_id}",
        "/team/backlog/chosen/ship?idea={open_id}&idea={own_id}",
        "{view}",
        "{view}/edit",
        "/team/segments",
        "/team/segments/new",
        "{segment}/edit",
        "/team/backlog?segment=city-gardens&order=reach",
        "/team/people?segment=city-gardens",
        "/boards/garden-planner/releases",
        "/boards/garden-planner/releases/new",
        "{release}",
        "{draft}",
        "{draft}?q=zeppelin",
        "{draft}/edit",
        "{draft}/ideas{idea_of_draft}",
        "/needs-an-answer",
        "/team/snippets",
        "/team/snippets/new",
        "{snippet}",
        "/loop-health",
        "/insights",
        "/insights?period=ever&by=months",
        "/insights?tag=nothing-like-it",
        "/insights/votes",
        "/insights/people",
        "/insights/owed?period=ever",
        "/loop-health/waited?period=ever",
        "/loop-health/mailed-to?period=ever",
        "/loop-health?tag=nothing-like-it",
        "/moderation",
        "/boards/garden-planner/moderation",
        "/boards/data-and-tools/moderation",
        "{held}/refuse",
        "{appeal}",
        "{appeal}/keep",
        "/boards/garden-planner/needs-an-answer",
        "/team/companies",
        "/team/companies?sort=renewal&plan=zeppelin",
        "{customer}",
        "{customer}/people",
        "/team/people",
        "{customer_person}",
    ),
    "admin": (
        "/boards/garden-planner?mine=1",
        "/receipts",
        "/inbox",
        "/manage/boards",
        "/manage/boards/new",
        "/manage/boards/garden-planner",
        "/manage/boards/garden-planner/embed",
        "/manage/people",
        "{person}",
        "{person}/erase",
        "/manage/companies",
        "{company}",
        "/manage/companies/import",
        "/manage/people/import",
        "/manage/moving",
        "/manage/webhooks",
        "{webhook}",
        "{webhook_message}",
        "{import}",
        "/loop-health?period=ever",
        "/manage/look",
        "/manage/signing-in",
        "/manage/audit",
        "/manage/mails",
        "/manage/invitations",
        "/manage/mails/planned",
    ),
}

# Pages whose form is refused when nothing is written into it.
REFUSING: dict[str, tuple[str, ...]] = {
    "visitor": ("/sign-up", "/sign-in"),
    "member": (
        "/boards/garden-planner/new",
        "{open}",
        "{open_number}/flag",
        "{own_number}/edit",
        "{own_comment}/edit",
        "{own_hidden}",
        "{asked_number}/solved",
        "/profile/erase",
    ),
    "team": (
        "{idea_number}/hide",
        "{idea_number}/answer",
        "{idea_number}/scores",
        "/team/backlog/views/new",
        "/team/snippets/new",
        "/team/segments/new",
        "{open_number}/merge?q={idea_number}",
        "{merged_number}/unmerge",
        "{held}/refuse",
        "{appeal}/keep",
        "/boards/garden-planner/releases/new",
        "{draft}/ideas{idea_of_draft}",
        "{idea_number}/evidence/new",
        "/team/evidence/capture",
    ),
    "admin": (
        "/manage/boards/new",
        "/manage/invitations",
        "/manage/companies/import",
        "/manage/moving",
        "/manage/webhooks",
    ),
}


def sign_in(page: Page, who: str) -> None:
    """Sign in as one of SIGN_INS ("member", "team", "admin"); a visitor stays one."""
    if who == "visitor":
        return
    enter(page, *SIGN_INS[who])


def enter(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def pages_of(page: Page, who: str) -> list[str]:
    """The paths of PAGES for `who`, with the demo's own things in them."""
    names = found_by(page, who)
    return [path.format(**names) for path in PAGES[who]]


def refusing_of(page: Page, who: str) -> list[str]:
    names = found_by(page, who)
    return [path.format(**names) for path in REFUSING[who]]


def found_by(page: Page, who: str) -> dict[str, str]:
    """What `who` finds on the demo for the NAMES in their pages."""
    found = dict(NAMES)
    page.goto("/boards/garden-planner?q=thirsty+tomatoes")
    found["idea"] = _first_idea(page)
    page.goto("/boards/garden-planner?sort=top&stage=open")
    found["open"] = _first_idea(page)
    page.goto("/boards/garden-planner?q=beds+have+stories")
    found["own"] = _first_idea(page)
    for name in ("idea", "open", "own"):
        found[f"{name}_number"] = _before_the_dash(found[name])
        found[f"{name}_id"] = _number(found[f"{name}_number"])
    if who == "team":
        page.goto("/team/backlog/views/new?stage=open&order=breadth")
        page.get_by_label("Name").fill("Mornings")
        page.get_by_label("For each vote", exact=True).fill("1")
        page.get_by_role("button", name="Keep it").click()
        found["view"] = urlsplit(page.url).path
        page.goto("/team/segments")
        found["segment"] = _href(page, 'main a[href$="/edit"]').removesuffix("/edit")
        page.goto("/team/snippets")
        found["snippet"] = _href(page, ".snippet-name a")
    page.goto("/boards/garden-planner/releases")
    found["release"] = _href(page, ".release-title a")
    if who == "team":
        page.goto(_href(page, ".release-drafts a"))
        line = _href(page, 'a[href^="/releases/"][href*="/ideas/"]')
        found["draft"], found["idea_of_draft"] = line.split("/ideas")
    page.goto(found["idea"])
    found["merged_number"] = f"/ideas/{_number(page.locator('.part').first.get_attribute('id'))}"
    if who == "team":
        found["answer"] = _href(page, 'a[href$="/told"]').removesuffix("/told")
        found["comment"] = _href(page, '.discussion a[href$="/hide"]').removesuffix("/hide")
        page.goto("/moderation")
        found["held"] = _href(page, 'a[href$="/refuse"]').removesuffix("/refuse")
        found["appeal"] = _href(page, 'a[href$="/keep"]').removesuffix("/keep")
        page.goto("/team/companies?sort=revenue")
        found["customer"] = _href(page, 'main a[href^="/team/companies/"]')
        page.goto("/team/people?q=mia")
        found["customer_person"] = _href(page, 'main a[href^="/team/people/"]')
    elif who == "member":
        found["comment"] = _href(page, '.discussion a[href$="/flag"]').removesuffix("/flag")
        found["own_comment"] = _href(page, 'a[href$="/delete"]').removesuffix("/delete")
        page.goto("/boards/garden-planner?q=guests+see+the+plan")
        page.goto(_first_idea(page))
        found["own_hidden"] = _href(page, 'a[href^="/hidden/"]')
        page.goto("/boards/garden-planner?q=potatoes+where+potatoes+were")
        found["counted_on"] = _before_the_dash(_first_idea(page))
        page.goto("/boards/garden-planner?voted=1&stage=shipped&sort=answered")
        found["asked_number"] = _asked(page)
    elif who == "visitor":
        page.goto("/boards/garden-planner?q=hours+without+a+clock")
        page.goto(_first_idea(page))
        found["edited_comment"] = _href(page, 'a[href^="/comments/"][href$="/history"]').removesuffix("/history")
    elif who == "admin":
        page.goto("/manage/people?q=mia")
        found["person"] = _href(page, 'main a[href^="/manage/people/"]:not([href$="/import"])')
        page.goto("/manage/companies")
        found["company"] = _href(page, 'main a[href^="/manage/companies/"]:not([href$="/import"])')
        page.goto("/manage/moving")
        page.get_by_label("What wrote it?").select_option("ideas")
        page.locator("#board").select_option("garden-planner")
        table = b"id,text,author_id\n1,A seat for every season,7\n2,,7\n"
        page.get_by_label("File", exact=True).set_input_files(
            {"name": "wishes.csv", "mimeType": "text/csv", "buffer": table}
        )
        page.get_by_role("button", name="Show what would change").click()
        found["import"] = urlsplit(page.url).path
        found["webhook"], found["webhook_message"] = _webhook(page)
    return found


def _webhook(page: Page) -> tuple[str, str]:
    """An endpoint, which is made if there is none, and a test that was sent there."""
    page.goto("/manage/webhooks")
    link = page.locator('main table a[href^="/manage/webhooks/"]')
    if not link.count():
        page.get_by_label("Address", exact=True).fill("https://hooks.example.invalid/ideas")
        page.get_by_label("What is it for").fill("Answers go to the chat of the support team")
        page.get_by_label("An idea was answered").check()
        page.get_by_role("button", name="Add the endpoint").click()
        page.goto("/manage/webhooks")
    endpoint = _href(page, 'main table a[href^="/manage/webhooks/"]')
    page.goto(endpoint)
    page.get_by_role("button", name="Send a test").click()
    sent = page.locator('main table a[href*="/messages/"]')
    while not sent.count():  # the worker is about to take it up
        page.wait_for_timeout(200)
        page.reload()
    return endpoint, sent.first.get_attribute("href") or ""


def _asked(page: Page) -> str:
    """Of the ideas that are listed, one on which the reader was asked whether it solved their need."""
    for link in [each.get_attribute("href") or "" for each in page.locator(".idea-row-title a").all()]:
        page.goto(link)
        if page.locator('a[href*="/solved"]').count():
            return _before_the_dash(link)
    return ""


def _first_idea(page: Page) -> str:
    return _href(page, ".idea-row-title a")


def _href(page: Page, selector: str) -> str:
    return page.locator(selector).first.get_attribute("href") or ""


def _before_the_dash(path: str) -> str:
    return path.partition("-")[0]


def _number(element_id: str | None) -> str:
    return re.sub(r"\D", "", element_id or "")


def newcomer(page: Page, site: RunningApp, name: str) -> tuple[str, str]:
    """Somebody who is new on the demo, signed in: their address and password. Tests that erase or hide use them."""
    email, password = f"{name.lower()}.{secrets.token_hex(4)}@demo.example", "a-few-words-in-a-row"
    site.ideas("user", "create", email, "--name", name)
    page.goto(site.ideas("user", "link", email).strip())
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Save the new password").click()
    page.wait_for_url(lambda url: "/reset/" not in url)
    return email, password


def post_idea(page: Page, title: str, body: str = "") -> str:
    """Whoever is signed in posts an idea on the garden planner's board; its path."""
    page.goto("/boards/garden-planner/new")
    page.get_by_label("Your idea in one line").fill(title)
    page.get_by_label("What would it change for you").fill(body)
    page.get_by_role("button", name="Post this idea").click()
    page.wait_for_url(re.compile(r"/ideas/\d+-"))
    return urlsplit(page.url).path
