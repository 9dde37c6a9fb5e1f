"""A language is chosen in the foot of a page, by whoever is not signed in: the browser keeps it."""

from __future__ import annotations

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from ideas import looks
from ideas.accounts import addresses
from ideas.accounts.views import bp
from ideas.errors import NotFound
from ideas.words import _


@bp.get("/language")
def choose_language() -> ResponseReturnValue:
    """A link like any other: it changes what this browser is shown, and nothing here."""
    code = request.args.get("to")
    if code not in {each.code for each in looks.languages()}:
        raise NotFound(_("There is nothing here, or you may not see it."))
    answer = make_response(redirect(addresses.local_path(request.args.get("next")), 303))
    looks.keep_language(answer, str(code))
    return answer
