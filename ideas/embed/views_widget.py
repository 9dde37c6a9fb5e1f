"""What pages of other sites load: the line's script, the modules it brings, and the widget's words."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from ideas import looks, words
from ideas.embed import loader, said
from ideas.errors import NotFound
from ideas.words import _

MOMENT = timedelta(minutes=5)
YEAR = timedelta(days=365)

bp = Blueprint("widget", __name__)


class _Anybody(NamedTuple):
    locale: str
    timezone: str | None = None


@bp.get("/embed/v1.js")
def line() -> ResponseReturnValue:
    return _for_every_page(loader.line(), MOMENT)


@bp.get("/embed/v1/<version>/<name>.js")
def module(version: str, name: str) -> ResponseReturnValue:
    """A page that has an older line gets what there is now, and asks again soon."""
    found = loader.script(name)
    if found is None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return _for_every_page(found, YEAR if version == loader.version() else MOMENT)


@bp.get("/embed/words/<language>.js")
def words_in(language: str) -> ResponseReturnValue:
    if language not in {each.code for each in looks.languages()}:
        raise NotFound(_("There is nothing here, or you may not see it."))
    with words.addressing(_Anybody(language)):
        made = loader.words_module(said.everything())
    return _for_every_page(made, MOMENT)


def _for_every_page(script: str, kept: timedelta) -> Response:
    answer = Response(script, mimetype="text/javascript")
    # the same for everybody and nobody's secret, so any page may load it, also one that isolates itself from others
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.cache_control.public = True
    answer.cache_control.max_age = int(kept.total_seconds())
    if kept == YEAR:
        answer.cache_control.immutable = True
    else:
        answer.cache_control.stale_while_revalidate = 86_400
    answer.add_etag()
    g.same_for_everybody = True
    answer.make_conditional(request)
    return answer
