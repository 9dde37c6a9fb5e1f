"""Going over a page with a keyboard alone."""

import re

from playwright.sync_api import Page

MOST_STEPS = 120


def tab_to(page: Page, pattern: str) -> None:
    """Press Tab until the focus is on what says `pattern`, as somebody who listens would."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        said = page.evaluate(
            """() => {
              const here = document.activeElement;
              const labels = [...(here.labels ?? [])].map((label) => label.textContent).join(" ");
              return `${here.getAttribute("aria-label") ?? ""} ${labels} ${here.textContent}`.replace(/\\s+/g, " ");
            }"""
        )
        if re.search(pattern, said):
            return
    raise AssertionError(f"No stop of the keyboard says {pattern}.")


def press(page: Page, pattern: str) -> None:
    tab_to(page, pattern)
    page.keyboard.press("Enter")
