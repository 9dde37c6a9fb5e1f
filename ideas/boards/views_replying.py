"""Where answers by mail come in, and what the team does with those that were set aside."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import replying
from ideas.boards.models_replying import Became
from ideas.crashpoints import crashpoint
from ideas.db import unit_of_work
from ideas.errors import DomainError, NotFound
from ideas.forms import ButtonForm
from ideas.mail_in import Incoming
from ideas.words import _

bp = Blueprint("replying", __name__, template_folder="templates")


def take(mail: Incoming, address_words: str) -> str:
    """Take an answer by mail, or send it back; what became of it."""
    try:
        with unit_of_work():
            became = replying.take(mail, replying.find(address_words))
            crashpoint("reply.before_commit")
        crashpoint("reply.after_commit")
        return became.value
    except (DomainError, ValidationError) as error:
        why = error.message if isinstance(error, DomainError) else _in_words(error)
    try:
        with unit_of_work():
            return replying.send_back(mail, replying.find(address_words), why).value
    except NotFound:
        return Became.PASSED_OVER.value


def _in_words(error: ValidationError) -> str:
    return " ".join(str(line) for lines in error.messages_dict.values() for line in lines)


@bp.post("/mail-replies/<int:reply_id>/keep")
def keep(reply_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        idea_id = replying.keep_as_note(signin.member(), reply_id)
    flash(_("It stands beside the idea, as a note for the team."))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id), 303)


@bp.post("/mail-replies/<int:reply_id>/discard")
def discard(reply_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        replying.discard(signin.member(), reply_id)
    flash(_("It is gone."))
    return redirect(url_for("moderation.all_waiting"), 303)
