"""Pictures of a mail of every kind at 360 pixels, light and dark: `python -m bench.mail_looks FOLDER`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import time_machine
from playwright.sync_api import Browser, sync_playwright

from bench.screenshots import THEMES
from bench.stage import SETTINGS
from config import Config
from ideas import create_app, mail, mail_in, migrating
from ideas.accounts.models import SiteRole
from ideas.boards import boardkeeping, replying
from ideas.db import db, unit_of_work, utcnow
from ideas.outbox import OutboxEntry
from tests import factories, mails
from tests.boards import test_notice_words
from tests.browser.chromium import FLAGS, executable
from tests.servers import Unavailable

WIDTH = 360
told: Any = test_notice_words  # tests have no types
make: Any = factories


@contextmanager
def fresh_site(template: Path, folder: Path) -> Iterator[None]:
    """The application's context, on an empty database of its own."""
    file = folder / "site.sqlite"
    for leftover in folder.glob("site.sqlite*"):
        leftover.unlink()
    shutil.copyfile(template, file)
    own = {"DATABASE_URL": f"sqlite:///{file}", "INSTANCE_PATH": str(folder), "BASE_URL": "https://ideas.example.org"}
    more = {"SETTLE_MINUTES": "0", "SITE_NAME": "Garden Ideas", "MAIL_IN_ADDRESS": "reply@in.example.org"}
    app = create_app(Config.from_env({**SETTINGS, **own, **more}))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def of_event(name: str) -> dict[str, mail.Message]:
    """The mails of one event: to whoever is closest to it, to whoever is least, and all of it as a digest."""
    with time_machine.travel(told.MARCH, tick=False) as clock:
        told.EVENTS[name](told.Scene(clock))
        if name == "received":
            db.session.execute(sa.delete(OutboxEntry).where(OutboxEntry.kind != "idea_received"))
            db.session.commit()
        batch = told.due()
        made = mails.to_people(batch)
        found = {name: made[0], f"{name}-digest": mails.as_digest(batch[:1])}
        return found | ({f"{name}-weakest": made[-1]} if len(made) > 1 else {})


def all_in_one() -> dict[str, mail.Message]:
    """A digest with news of several kinds about two ideas, for whoever gets too many mails."""
    with time_machine.travel(told.MARCH, tick=False) as clock:
        scene = told.Scene(clock)
        batch = told.due()[:1]
        for happens in (told.EVENTS["official"], told.EVENTS["planned"], told.EVENTS["shipped"], lambda it: it.merge()):
            db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=utcnow()))
            db.session.commit()
            happens(scene)
            batch += [each._replace(id=len(batch) + 1) for each in told.due()[:1]]
        return {"digest-of-many": mails.as_digest(batch, is_many=True)}


def letters() -> dict[str, mail.Message]:
    found = dict(mails.sign_in_letters())
    petra = make.UserFactory(name="Petra Lund", site_role=SiteRole.ADMIN)
    board = make.BoardFactory(slug="garden", name="Garden planner")
    with unit_of_work():
        boardkeeping.invite(petra, board, email="new@example.org")
    found["invitation"] = mails.last_letter()
    idea = make.IdeaFactory(board=board)
    answer = b"From: %s\r\nMessage-ID: <1@x.test>\r\n\r\nCould the roof be green?\n\nThat would help the bees." % (
        petra.email.encode()
    )
    with unit_of_work():
        place = replying.Place(petra.id, idea.id)
        replying.send_back(mail_in.read(answer), place, "Comments on this idea are closed.")
    found["returned"] = mails.last_letter()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where to put the pictures")
    parser.add_argument("--only", nargs="*", help="kinds that are wanted; without it, all")
    asked = parser.parse_args()
    out = Path(asked.folder)
    out.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, Callable[[], dict[str, mail.Message]]] = {
        **{name: lambda name=name: of_event(name) for name in told.EVENTS},  # type: ignore[misc]  # each has its own name
        "digest-of-many": all_in_one,
        "letters": letters,
    }
    with tempfile.TemporaryDirectory() as place:
        template = Path(place) / "template.sqlite"
        migrating.upgrade(f"sqlite:///{template}")
        made: dict[str, mail.Message] = {}
        for name, make in kinds.items():
            if not asked.only or name in asked.only:
                with fresh_site(template, Path(place)):
                    made |= make()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
            taken = sum(picture(browser, out, name, message) for name, message in made.items())
            browser.close()
    except Unavailable as error:
        sys.exit(str(error))
    print(f"{taken} pictures are in {out}.")


def picture(browser: Browser, folder: Path, name: str, message: mail.Message) -> int:
    """Its HTML at the width of a telephone, in both themes; how many were taken. Nothing may be wider."""
    for theme in THEMES:
        page = browser.new_page(
            viewport={"width": WIDTH, "height": 640}, color_scheme="dark" if theme == "dark" else "light"
        )
        page.set_content(message.html)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > WIDTH:
            sys.exit(f"{name} is {width} pixels wide.")
        page.screenshot(path=folder / f"{name}-{theme}.png", full_page=True)
        page.close()
    return len(THEMES)


if __name__ == "__main__":
    main()
