"""The demo's mail, readable in the browser. In production, and wherever mail really leaves, there is no such page."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from ideas.errors import NotFound
from ideas.privacy import Leaving
from ideas.settings import current
from ideas.words import _

SHOWN = 100

bp = Blueprint("mailroom", __name__, url_prefix="/mail")


class Letter(NamedTuple):
    """One mail as it lies in the folder."""

    name: str
    written_at: datetime
    sender: str
    to: str
    subject: str
    text: str
    headers: list[tuple[str, str]]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("")
def letters() -> ResponseReturnValue:
    newest = sorted(_folder().glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    return render_template("mail.html", letters=[_read(file) for file in newest[:SHOWN]], more=len(newest) > SHOWN)


@bp.get("/<name>")
def letter(name: str) -> ResponseReturnValue:
    file = _folder() / f"{name}.eml"
    # the name comes from the address: it must be a plain one, of a file in this folder
    if not re.fullmatch(r"[\w-][\w.-]*", name) or not file.is_file():
        raise NotFound(_("There is no such mail."))
    return render_template("mail_letter.html", letter=_read(file))


def _folder() -> Path:
    config = current()
    if not config.demo or config.is_production or not config.mail_url.startswith("folder:"):
        raise NotFound(_("There is nothing here, or you may not see it."))
    return Path(config.mail_url.removeprefix("folder:"))


def forget(leaving: Leaving) -> None:
    """No mail in the folder is to somebody erased, or names them. What left through a relay is out of our reach."""
    config = current()
    if not config.mail_url.startswith("folder:"):
        return
    named = [word.casefold() for word in (leaving.email, leaving.name if " " in leaving.name else None) if word]
    for file in Path(config.mail_url.removeprefix("folder:")).glob("*.eml"):
        message = email.message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=default)
        parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
        text = " ".join([*map(str, message.values()), *parts]).casefold()
        if any(name in text for name in named):
            file.unlink(missing_ok=True)


def _read(file: Path) -> Letter:
    message = email.message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=default)
    body = message.get_body(("plain",))
    return Letter(
        name=file.stem,
        written_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=str(body.get_content()) if body else "",
        headers=[(name, str(value)) for name, value in message.items()],
    )
