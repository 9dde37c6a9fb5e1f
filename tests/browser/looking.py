"""What must hold on every page: axe finds nothing, in both themes and at both widths; nothing is wider than a phone;
controls are large enough.
"""

from collections.abc import Callable

from playwright.sync_api import Page

WIDE, PHONE = 1280, 360
SMALL = """() => {
  const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
  const inText = (element) => getComputedStyle(element).display === "inline";
  const controls = "button, select, summary, input:not([type=hidden], [type=checkbox], [type=radio])";
  return [...document.querySelectorAll(controls)]
    .filter((element) => seen(element) && !inText(element))
    .filter((element) => element.getBoundingClientRect().height < 36)
    .map((element) => element.outerHTML.slice(0, 120));
}"""


def look_at(page: Page, axe: Callable[..., list[str]]) -> list[str]:
    """What is wrong with the page that is open, at both widths and in both themes."""
    wrong: list[str] = []
    for width in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            # what is no matter of colour is the same in both themes
            all_rules = (width, theme) in ((WIDE, "light"), (PHONE, "dark"))
            wrong += [f"{width} {theme}: {line}" for line in axe(page, *(() if all_rules else ("color-contrast",)))]
        if (over := page.evaluate("document.documentElement.scrollWidth - window.innerWidth")) > 0:
            wrong.append(f"{width}: {over} pixels too wide")
    return wrong + [f"too small for a thumb: {control}" for control in page.evaluate(SMALL)]
