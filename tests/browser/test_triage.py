"""Twenty new ideas decided on by keyboard alone; what the database says afterwards is what was pressed."""

import re
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import press, tab_to
from tests.browser.visiting import sign_in

pytestmark = pytest.mark.browser

# Of some things somebody says twice what they want; those of the second time are merged into the first.
TWICE = ("bench by the gate", "tap near the shed", "hedge along the road")
ONCE = (
    "Owls", "Maps of the soil", "Frost warnings", "Quiet hours", "A beehive", "Labels that last", "Swings", "Music",
    "Later closing", "Ramps", "Compost for sale", "Lamps", "A calendar of shifts", "Spanish",
)  # fmt: skip
TITLES = [*(f"A {thing}" for thing in TWICE), *ONCE, *(f"One more {thing}" for thing in TWICE)]


@pytest.fixture
def triage(page, new_context, demo_site, tmp_path):
    """Somebody of the team of a board with twenty new ideas, whose first is open."""
    rows = [f"{place},{title},{place},2026-01-{place + 1:02}T10:00:00Z" for place, title in enumerate(TITLES)]
    file = tmp_path / "wishes.csv"
    file.write_text("\n".join(["id,title,author_id,created_at", *rows]))
    demo_site.ideas("board", "create", "yard", "--name", "Yard", "--days", "14")
    demo_site.ideas("import", "ideas", str(file), "--board", "yard")
    link = demo_site.ideas("user", "create", "vera@yard.example", "--name", "Vera", "--team", "yard").split()[-1]
    admin = new_context().new_page()
    sign_in(admin, "admin")
    admin.goto("/manage/boards/yard")
    admin.locator("#tags .manage-new").get_by_role("textbox").fill("Small")
    admin.get_by_role("button", name="Add a tag").click()
    page.goto(link)
    page.get_by_label("New password").fill("a-few-words-in-a-row")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/reset/" not in url)
    page.goto("/boards/yard/needs-an-answer#open")
    return page


def test_twenty_new_ideas_are_decided_on_by_keyboard_alone(triage, demo_site):
    keys = triage.keyboard
    opened, shown = triage.locator("#open"), triage.locator("#open-title")

    def at(title):
        expect(shown).to_have_text(title)
        expect(opened).to_be_focused()  # and the keys work

    def done(words):
        expect(triage.locator(".flash")).to_contain_text(words)
        expect(opened).to_be_focused()

    at(TITLES[0])
    keys.press("?")
    expect(triage.locator(".keys-list")).to_be_visible()
    keys.press("Escape")
    expect(triage.locator(".keys-list")).to_be_hidden()
    for title in TITLES[:17]:
        at(title)
        kind = TITLES.index(title) % 4
        if kind == 0:
            keys.press("o")
            done("Vera owes this idea its next word.")
        elif kind == 1:
            keys.press("t")
            keys.press("Space")
            keys.press("Control+Enter")
            expect(triage.locator("input[name=tags]")).to_be_checked()
            expect(opened).to_be_focused()
        elif kind == 2:
            keys.press("d")
            keys.type("12312090")
            keys.press("Enter")
            done("Kept. The answer takes the day away.")
        else:
            keys.press("n")
            keys.type(f"Ask about: {title}")
            keys.press("Control+Enter")
            expect(triage.locator(".triage-notes")).to_contain_text(f"Ask about: {title}")
            expect(opened).to_be_focused()
        keys.press("j")
    for thing in TWICE[:2]:
        at(f"One more {thing}")
        keys.press("m")
        done("They are one now.")
    at(f"One more {TWICE[2]}")
    keys.press("m")
    at(TITLES[16])  # the last of the list is left
    keys.press("z")
    at(f"One more {TWICE[2]}")
    keys.press("m")
    at(TITLES[16])
    keys.press("a")
    triage.wait_for_url(re.compile("/answer"))
    tab_to(triage, "What is it now")
    keys.type("Under")
    tab_to(triage, "Your answer")
    keys.type("We look for somebody who speaks it and has an hour a week.")
    press(triage, "^ *Announce|^ *Answer")
    at(TITLES[15])
    keys.press("k")
    at(TITLES[14])

    with sqlite3.connect(next(demo_site.folder.glob("*.sqlite"))) as database:
        rows = database.execute(
            """SELECT idea.title, vera.name, idea_rank.due_on, tag.slug, root.title, comment.body, answer.text
               FROM idea JOIN board ON board.id = idea.board_id JOIN idea_rank ON idea_rank.idea_id = idea.id
               LEFT JOIN user AS vera ON vera.id = idea.owner_id LEFT JOIN idea AS root ON root.id = idea.merged_root_id
               LEFT JOIN idea_tag ON idea_tag.idea_id = idea.id LEFT JOIN tag ON tag.id = idea_tag.tag_id
               LEFT JOIN comment ON comment.idea_id = idea.id AND comment.is_internal
               LEFT JOIN answer ON answer.idea_id = idea.id
               WHERE board.slug = 'yard' ORDER BY idea.created_at"""
        ).fetchall()
    wanted = []
    for place, title in enumerate(TITLES):
        kind = place % 4 if place < 17 else None
        wanted.append(
            (
                title,
                "Vera" if kind == 0 else None,
                "2090-12-31" if kind == 2 else None,
                "small" if kind == 1 else None,
                f"A {title.removeprefix('One more ')}" if place >= 17 else None,
                f"Ask about: {title}" if kind == 3 else None,
                "We look for somebody who speaks it and has an hour a week." if place == 16 else None,
            )
        )
    assert rows == wanted
