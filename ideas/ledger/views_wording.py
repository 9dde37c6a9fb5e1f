"""The pages on which administrators choose the words of mails, with what each kind of recipient would read beside."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import policy, signin
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.ledger import sampling, wording
from ideas.ledger.forms import MailWordsForm
from ideas.ledger.models import Path
from ideas.ledger.views import bp
from ideas.ledger.wording import Own
from ideas.outbox import NewsKind
from ideas.settings import rooms
from ideas.words import _, lazy

PATHS = {
    Path.CREDITED: lazy("Somebody whose input was used"),
    Path.AUTHOR: lazy("Whoever had the idea"),
    Path.MERGED_AUTHOR: lazy("Whoever had an idea that is part of it"),
    Path.REPLIED_TO: lazy("Somebody who was replied to"),
    Path.MENTIONED: lazy("Somebody who was named"),
    Path.COMMENTER: lazy("Somebody who commented"),
    Path.VOTER: lazy("Somebody who voted"),
    Path.FOLLOWER: lazy("Somebody who follows"),
    Path.OWNER: lazy("Whoever owes the next word"),
    Path.TEAM: lazy("Somebody of the team"),
}


@bp.get("/manage/mails")
def mails() -> ResponseReturnValue:
    policy.require_admin(signin.member())
    return render_template("ledger/mails.html", kinds=rooms().news, own=wording.own_words())


@bp.route("/manage/mails/<news>", methods=["GET", "POST"])
def mail_words(news: str) -> ResponseReturnValue:
    kind = wording.kind_of(signin.member(), news)
    own = wording.own_words().get(news, wording.BUILT_IN)
    form = MailWordsForm(**own._asdict())
    if request.method != "POST":
        return _draw(kind, form, own)
    if not form.validate_on_submit():
        return _draw(kind, form, own), 422
    try:
        wording.require_sound(form.loaded)
        if "preview" in request.form:
            return _draw(kind, form, Own(**form.loaded))
        with unit_of_work():
            wording.say(signin.member(), news, form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(kind, form, own), 422
    flash(_("Mail of this kind says so from now on."))
    return redirect(url_for(".mail_words", news=news), 303)


@bp.post("/manage/mails/<news>/reset")
def reset_mail_words(news: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        wording.say(signin.member(), news, wording.BUILT_IN._asdict())
    flash(_("The built-in words are back."))
    return redirect(url_for(".mail_words", news=news), 303)


def _draw(kind: NewsKind, form: MailWordsForm, own: Own) -> str:
    """The page; `own` is what the samples say."""
    return render_template(
        "ledger/mail_words.html",
        kind=kind,
        form=form,
        is_own=kind.name in wording.own_words(),
        blanks=wording.BLANKS,
        paths=PATHS,
        samples=sampling.samples(signin.member(), kind.name, own),
    )
