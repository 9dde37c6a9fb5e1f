"""What scripts add: no new page for a vote, results while typing, nothing typed is lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import post_idea, sign_in
from tests.pictures import encoded

pytestmark = pytest.mark.browser


def test_a_vote_needs_no_new_page_and_is_announced(page):
    sign_in(page, "member")
    page.goto("/boards/data-and-tools?sort=new")
    row = page.locator(".idea-row").filter(has=page.locator('[aria-pressed="false"]')).last
    number = row.get_attribute("id")
    button = page.locator(f"#{number} .vote-button")
    page.evaluate("window.stayed = true")

    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-announce]")).to_contain_text("Your vote counts.")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")

    assert page.evaluate("window.stayed")
    assert page.evaluate("document.activeElement.matches('.vote-button')")


def test_a_vote_goes_through_when_the_script_cannot_send_it(page):
    sign_in(page, "member")
    page.goto("/boards/data-and-tools?sort=new")
    number = page.locator(".idea-row").filter(has=page.locator('[aria-pressed="false"]')).first.get_attribute("id")
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")

    page.locator(f"#{number} .vote-button").click()

    expect(page.locator(".flash")).to_contain_text("Your vote counts.")
    page.locator(f"#{number} .vote-button").click()


def test_a_visitors_vote_leads_to_signing_in(page):
    page.goto("/boards/data-and-tools?sort=new&status=open")

    page.locator(".idea-row .vote-button").first.click()

    page.wait_for_url(re.compile("/sign-in"))


def test_what_is_hard_to_take_back_is_asked_once_more(page):
    sign_in(page, "member")
    page.goto("/profile/keys")
    page.locator("#name").fill("A key that is asked about")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make the key").click()
    row = page.locator("tr", has_text="A key that is asked about")
    asked = []

    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Revoke").click()

    expect(row).to_have_count(0)
    assert asked == ["Programs that use this key stop working at once. Revoke it?"]


def test_results_come_while_typing_and_the_address_can_be_shared(page):
    page.goto("/boards/garden-planner")

    page.get_by_label("Say something, or search").press_sequentially("rota")

    expect(page.locator("[data-results] .idea-row-title").first).to_contain_text(re.compile("rota", re.I))
    expect(page).to_have_url(re.compile(r"q=rota"))
    assert page.evaluate("document.activeElement.id") == "say"


def test_what_was_typed_is_there_again(page):
    sign_in(page, "member")
    page.goto("/boards/garden-planner/new")
    page.get_by_label("Your idea in one line").fill("A lamp on the compost")
    page.get_by_label("What would it change for you").fill("In December it is dark at four.")

    page.goto("/")
    page.goto("/boards/garden-planner/new")

    expect(page.get_by_label("Your idea in one line")).to_have_value("A lamp on the compost")
    expect(page.get_by_label("What would it change for you")).to_have_value("In December it is dark at four.")


def test_what_is_there_already_is_shown_while_typing_and_backed_instead_of_posted(page, new_context):
    other = new_context().new_page()
    sign_in(other, "admin")
    there = post_idea(other, "A hammock between the two quince trees")
    sign_in(page, "member")
    page.goto("/boards/garden-planner/new")

    page.get_by_label("Your idea in one line").press_sequentially("Hamocks for quince tr")  # a slip, half a word
    row = page.locator(".similar-row", has_text="A hammock between the two quince trees")
    expect(row).to_be_visible()
    expect(page.locator("[data-announce]")).to_contain_text("here already")
    row.get_by_role("button").click()

    expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(row).to_contain_text("there is no need to post it again")
    expect(page.get_by_label("Your idea in one line")).to_have_value("Hamocks for quince tr")
    row.get_by_role("link", name="Go to this idea").click()
    assert page.url.endswith(there)
    expect(page.locator(".vote-button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".vote-count")).to_have_text("1")


def test_a_picture_is_seen_described_and_taken_out_again(page, tmp_path):
    file = tmp_path / "rota.png"
    file.write_bytes(encoded())
    sign_in(page, "member")
    page.goto("/boards/garden-planner/new")
    text = page.get_by_label("What would it change for you")
    text.fill("It hangs in the shed.")

    page.get_by_label("Add a picture").set_input_files(file)
    described = page.get_by_label("What does it show?")
    expect(described).to_be_focused()
    described.fill("the [old] rota")

    expect(text).to_have_value(re.compile(r"^It hangs in the shed\.\n\n!\[the \(old\) rota\]\(/pictures/\S+\)\s*$"))
    shown = page.locator("#preview img")
    expect(shown).to_have_attribute("alt", "the (old) rota")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    assert page.locator(".picture-thumb").evaluate("image => image.decode().then(() => image.naturalWidth)") == 60

    page.get_by_role("button", name="Take it out").click()
    expect(text).to_have_value("It hangs in the shed.")
    expect(page.locator(".picture-shown")).to_have_count(0)
    expect(shown).to_have_count(0)


BROUGHT = """([bytes, kind, event]) => {
  const brought = new DataTransfer();
  brought.items.add(new File([new Uint8Array(bytes)], "brought", { type: kind }));
  const text = document.querySelector("#body");
  const how = { bubbles: true, cancelable: true, [event === "paste" ? "clipboardData" : "dataTransfer"]: brought };
  const made = event === "paste" ? new ClipboardEvent(event, how) : new DragEvent(event, how);
  return text.dispatchEvent(made);
}"""


def test_pictures_can_be_pasted_and_dropped_and_what_is_none_is_said(page):
    sign_in(page, "member")
    page.goto("/boards/garden-planner/new")

    page.evaluate(BROUGHT, [list(encoded()), "image/png", "paste"])
    expect(page.locator(".picture-shown")).to_have_count(1)
    page.evaluate(BROUGHT, [list(encoded("JPEG")), "image/jpeg", "drop"])
    expect(page.locator(".picture-shown")).to_have_count(2)
    page.evaluate(BROUGHT, [list(b"no picture"), "image/png", "drop"])
    expect(page.locator(".picture-said")).to_contain_text("JPEG, PNG, WebP and GIF")
    page.evaluate(BROUGHT, [list(b"%PDF"), "application/pdf", "drop"])
    expect(page.locator(".picture-said")).to_contain_text("JPEG, PNG, WebP or GIF")
    expect(page.locator(".picture-shown")).to_have_count(2)


def test_a_comment_that_was_refused_is_still_there_and_one_that_was_taken_is_not(page):
    sign_in(page, "member")
    page.goto("/boards/data-and-tools?sort=new")
    page.locator(".idea-row-title a").first.click()
    said = page.get_by_label("What do you want to say")
    said.fill("A word that must not get lost.")
    page.evaluate("() => { document.querySelector('.comment-form [name=csrf_token]').value = 'stale'; }")
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("main")).to_contain_text("This form was open for too long")

    page.go_back()
    page.reload()
    expect(said).to_have_value("A word that must not get lost.")
    page.get_by_role("button", name="Say it").click()

    expect(page.locator("#discussion")).to_contain_text("A word that must not get lost.")
    expect(said).to_have_value("")


def test_only_reasons_that_fit_are_offered(page):
    sign_in(page, "team")
    page.goto("/boards/garden-planner/needs-an-answer")
    page.locator("[data-keys-answer]").click()
    page.wait_for_url(re.compile(r"/answer\?"))  # and until its scripts have run

    page.get_by_label("What is it now").select_option(label="Planned")

    offered = page.locator("select[name=reason] option:not([disabled])").all_inner_texts()
    assert offered == ["We have decided to do it", "We cannot say yet"]


def test_motion_is_left_out_for_those_who_want_none(new_context):
    page = new_context(reduced_motion="reduce").new_page()
    page.goto("/boards/garden-planner")

    slow = page.evaluate(
        """[...document.querySelectorAll("*")].filter((element) => {
          const style = getComputedStyle(element);
          return parseFloat(style.transitionDuration) > 0.01 || parseFloat(style.animationDuration) > 0.01;
        }).length"""
    )

    assert slow == 0
