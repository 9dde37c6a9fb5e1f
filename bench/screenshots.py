"""Pictures of every page of the demo, at 360 and 1280 pixels, light and dark: `python -m bench.screenshots FOLDER`.

`--readme FOLDER` takes the few that the README shows instead.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, executable
from tests.browser.visiting import PAGES, pages_of, sign_in
from tests.servers import RunningApp, Unavailable, running_app

SETTINGS = {"DEMO": "1", "RATE_LIMITS": "off", "SETTLE_MINUTES": "15"}
THEMES = ("light", "dark")
WIDTHS = (360, 1280)
PATIENCE_SECONDS = 60

WANTED = "Say what a shift needs"
DRAFT = (
    "Each shift gets a line for what it needs: boots, a car, how many people. Whoever signs up reads it first.\n\n"
    "**One line and no form**, because every garden needs other things."
)

TYPED = "Larger text in the shift list"
TWICE, ONCE = "Bigger letters for the list of shifts", "Larger letters in the shift list"
WHY = "You both hold the phone at arm's length. The list will follow the size of text that the phone is set to."

# Where a picture of that height begins so that a receipt is in it and none above is cut
START_OF_PICTURE = """(used, height) => {
  const own = used.getBoundingClientRect().top + scrollY;
  const last = Math.min(own, document.documentElement.scrollHeight - height);
  const tops = [...document.querySelectorAll(".receipt")].map((each) => each.getBoundingClientRect().top + scrollY);
  return Math.max(0, ...tops.filter((top) => top <= last + 1)) - 8;
}"""


@contextmanager
def demo() -> Iterator[tuple[Browser, RunningApp]]:
    """A browser, and a demo of its own."""
    with running_app(SETTINGS, ("serve",), prepare=(("migrate",), ("demo",))) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser, site
        browser.close()


def page_for(
    browser: Browser, url: str, who: str, *, theme: str = "light", size: tuple[int, int] = (1280, 900)
) -> Page:
    """A page of `who`, signed in; nothing on it moves."""
    context = browser.new_context(
        base_url=url,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": size[0], "height": size[1]},
        locale="en",
        reduced_motion="reduce",
    )
    page = context.new_page()
    sign_in(page, who)
    return page


def every_page(folder: Path) -> int:
    """A picture of each page for each kind of reader; how many were taken."""
    taken = 0
    with demo() as (browser, site):
        for who in PAGES:
            for theme in THEMES:
                page = page_for(browser, site.url, who, theme=theme)
                for path in pages_of(page, who):
                    for width in WIDTHS:
                        page.set_viewport_size({"width": width, "height": 900})
                        page.goto(path)
                        page.screenshot(path=folder / f"{who}-{_name(path)}-{width}-{theme}.png", full_page=True)
                        taken += 1
                page.context.close()
    return taken


def readme(folder: Path) -> int:
    """The pictures that the README shows; how many were taken."""
    with demo() as (browser, site):
        page = page_for(browser, site.url, "member", size=(1280, 860))
        page.goto("/boards/garden-planner")
        page.screenshot(path=folder / "board.png")
        page.goto("/boards/garden-planner?stage=shipped&sort=top")
        answered = page.locator(".idea-row-title a").first.get_attribute("href") or ""
        page.goto(answered)
        page.screenshot(path=folder / "idea.png")
        page.goto("/receipts")
        used = page.locator(".receipt").filter(has=page.locator(".receipt-use"), has_text="Told by")
        while not used.count():
            page.get_by_role("link", name="More").click()
        start = used.first.evaluate(START_OF_PICTURE, 860)
        page.screenshot(
            path=folder / "receipts.png", full_page=True, clip={"x": 0, "y": start, "width": 1280, "height": 860}
        )

        page.goto("/boards/garden-planner/new")
        page.get_by_label("Your idea in one line").fill(TYPED)
        page.locator(".similar-row").nth(1).wait_for()
        page.screenshot(path=folder / "similar.png")

        page = page_for(browser, site.url, "member", theme="dark", size=(360, 760))
        page.goto(answered)
        page.screenshot(path=folder / "phone.png")
        page = page_for(browser, site.url, "member", theme="dark", size=(1280, 860))
        page.goto("/boards/garden-planner")
        page.screenshot(path=folder / "dark.png")

        page = page_for(browser, site.url, "member", size=(1280, 860))
        page.goto("/settings/notifications")
        page.screenshot(path=folder / "choices.png")

        page = page_for(browser, site.url, "team", size=(1280, 860))
        page.goto("/loop-health?period=ever")
        page.screenshot(path=folder / "loop-health.png")
        page.goto("/boards/garden-planner?sort=new&q=bigger+letters")
        page.get_by_role("link", name=TWICE).click()
        page.get_by_role("link", name="Merge into another").click()
        page.get_by_role("link", name=ONCE).click()
        page.get_by_label("Why are they one?").fill(WHY)
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=folder / "merging.png")

        page = page_for(browser, site.url, "team", size=(1280, 1000))
        page.goto("/boards/garden-planner?stage=open&sort=top")
        page.get_by_role("link", name=WANTED).click()
        page.get_by_role("link", name="Answer", exact=True).click()
        page.get_by_label("What is it now").select_option(label="Planned")
        page.get_by_label("Your answer").fill(DRAFT)
        page.locator("#credit-votes").check()
        page.locator("#how-votes").fill("So many of you asked that it comes before the new beds.")
        page.get_by_role("button", name="Preview").click()
        page.locator("#forecast .sample").nth(1).locator("summary").click()
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=folder / "answering.png")

        page.locator("[data-announce-button]").click()
        page.get_by_role("button", name="Send now").click()
        # a page of its own: ours would apply their content policy to the mail
        page = browser.new_page(viewport={"width": 640, "height": 860})
        page.set_content(_mail_to_a_voter(site.folder / "mail"))
        page.screenshot(path=folder / "mail.png")
    return len(list(folder.glob("*.png")))


def _mail_to_a_voter(folder: Path) -> str:
    """The HTML of the first mail that tells somebody what became of their vote."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for file in sorted(folder.glob("*.eml")):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            html = message.get_body(("html",))
            if html is not None and "You voted for this" in html.get_content():
                return str(html.get_content())
        time.sleep(0.2)
    sys.exit("No mail to a voter was written.")


def _name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:60] or "home"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", help="where to put a picture of every page")
    parser.add_argument("--readme", metavar="FOLDER", help="where to put the pictures of the README")
    asked = parser.parse_args()
    if not asked.folder and not asked.readme:
        parser.error("say where the pictures are to lie")
    folder = Path(asked.readme or asked.folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        taken = readme(folder) if asked.readme else every_page(folder)
    except Unavailable as error:
        sys.exit(str(error))
    print(f"{taken} pictures are in {folder}.")


if __name__ == "__main__":
    main()
