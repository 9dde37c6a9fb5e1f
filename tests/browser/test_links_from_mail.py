"""Pages behind the links of mails: good for everybody, with a keyboard alone, and without signing in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from config import Config
from ideas import create_app
from ideas.accounts import people, suppressions
from ideas.accounts.models import User
from ideas.boards import answering, outcomes, overdue, queries
from ideas.boards.models import Reason
from ideas.boards.models_silence import Occasion, Reminder
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import preferences
from ideas.mail_reports import Verdict
from tests.browser.keyboard import press, tab_to
from tests.browser.looking import look_at
from tests.browser.visiting import SIGN_INS, enter, newcomer, post_idea
from tests.servers import RunningApp

pytestmark = pytest.mark.browser

WHY_NO_MAIL = {Verdict.NOBODY: "came back, so we send nothing there", Verdict.COMPLAINT: "called a mail of ours junk"}
BUILT = {"status": "shipped", "reason": Reason.SHIPPED, "text": "It hangs since this morning, and closes by itself."}


class Links(NamedTuple):
    """Where mails to somebody would lead, and how they sign in."""

    choices: str
    stop: str
    solved: str
    still_wanted: str
    quiet: str
    email: str
    password: str


@contextmanager
def inside(site: RunningApp) -> Iterator[None]:
    """The site's own database and secrets, for what otherwise only time would bring about."""
    app = create_app(Config.from_env(site.env))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def links(demo_site: RunningApp, browser: Browser) -> Links:
    """Of somebody who is new, with an idea that was built and one on which nobody said a word for long."""
    context = browser.new_context(base_url=demo_site.url, locale="en")
    page = context.new_page()
    email, password = newcomer(page, demo_site, "Quita")
    paths = [post_idea(page, title) for title in ("A gate that closes by itself", "A gate that does not squeak")]
    built, quiet = (int(re.sub(r"\D", "", path.partition("-")[0])) for path in paths)
    context.close()
    with inside(demo_site), unit_of_work():
        person, team = (
            db.session.scalars(sa.select(User).where(User.email == address)).one()
            for address in (email, SIGN_INS["team"][0])
        )
        words: dict[str, Any] = {**BUILT, "credits": [], "date": None, "review_by": None}
        inquiry = Inquiry(idea_id=built, answer_id=answering.answer(team, queries.get_idea(team, built), words).id)
        silence = Reminder(occasion=Occasion.SILENCE, about_id=quiet, at=utcnow() - timedelta(hours=1))
        db.session.add_all([inquiry, silence])
        db.session.flush()
        asked = Solved(inquiry_id=inquiry.id, idea_id=built, user_id=person.id, asked_at=utcnow())
        db.session.add(asked)
        db.session.flush()
        return Links(
            choices=preferences.choices_path(person.id) or "",
            stop=f"/u/{preferences.token(person.id, 'shipped', f'idea:{built}')}",
            solved=f"/solved/{outcomes.token(asked.id)}",
            still_wanted=f"/still-wanted/{overdue.token(person.id, quiet)}",
            quiet=f"/ideas/{quiet}/still-wanted",
            email=email,
            password=password,
        )


def test_every_page_behind_a_link_is_for_everybody(new_context, axe, links):
    page = new_context(reduced_motion="reduce").new_page()

    found = {}
    for path in (links.choices, links.stop, links.solved, f"{links.solved}?answer=no", links.still_wanted):
        answer = page.goto(path)
        if wrong := [*look_at(page, axe), *([] if answer.status == 200 else [f"answered with {answer.status}"])]:
            found[path] = wrong
    enter(page, links.email, links.password)
    page.goto(links.quiet)
    if wrong := look_at(page, axe):
        found[links.quiet] = wrong

    assert found == {}


def test_why_no_mail_comes_is_said_to_everybody(new_context, axe, demo_site):
    page = new_context(reduced_motion="reduce").new_page()
    email, _password = newcomer(page, demo_site, "Bo")
    panel = page.locator(".mail-stopped")

    found = {}
    for verdict, words in WHY_NO_MAIL.items():
        with inside(demo_site), unit_of_work():
            suppressions.note(f"bo-{verdict.value}", email, verdict)
            choices = preferences.choices_path(people.by_email(email).id)
        for path in (choices, "/settings/notifications"):
            page.goto(path)
            expect(panel).to_contain_text(words)
            if wrong := look_at(page, axe):
                found[path, verdict.value] = wrong
    page.get_by_role("button", name="Get mail again").click()

    assert found == {}
    expect(panel).to_contain_text(WHY_NO_MAIL[Verdict.NOBODY])  # who wants mail again has not said that it arrives


def test_choices_are_made_by_a_link_with_the_keyboard_alone(page, links):
    page.goto(links.choices)

    tab_to(page, "E-mail: It is planned")
    page.keyboard.type("Once a week")
    press(page, "^ *Save *$")

    expect(page.locator(".flash")).to_contain_text("Your choice is saved")
    assert page.url.endswith(links.choices)
    expect(page.locator("select[name=email_planned]")).to_have_value("weekly")


def test_whether_it_helped_is_said_by_a_link_with_the_keyboard_alone(page, links):
    page.goto(links.solved)

    tab_to(page, "^ *Yes")
    page.keyboard.press("ArrowDown")
    tab_to(page, "In a few words")
    page.keyboard.type("It closes, and wakes the cat.")
    press(page, "^ *Send my answer")

    expect(page.get_by_role("status")).to_contain_text("Thank you, it is noted.")


def test_whether_it_is_still_wanted_is_said_by_a_link_with_the_keyboard_alone(page, links):
    page.goto(links.still_wanted)

    press(page, "^ *I still want it")

    expect(page.locator("main")).to_contain_text("you are counted among those who still want it")
