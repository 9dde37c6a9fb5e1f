"""What describes the API: the document for programs, and the same for people below /api/docs, all of it served by us.

The pages are one for each resource. What stands on them is made once for a process and language, and read from the very
document that programs are given.
"""

from __future__ import annotations

import json
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ideas import api, markup, problems
from ideas.api_conventions import CONVENTIONS, in_markdown
from ideas.api_described import Resource, resources
from ideas.http import wants_part
from ideas.settings import rooms
from ideas.words import language

bp = Blueprint("api_docs", __name__)

INFO = {"description": in_markdown(), "license": {"name": "MIT", "identifier": "MIT"}}

KEY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of yours: Authorization: Bearer ab_sk_… It acts as you, within its scopes.",
}
PAGE_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "On a page of another site: a publishable key of a board, ab_pk_…, or the token of somebody who is "
    "signed in on it, ab_wt_…",
}

QUESTION_LONGEST = 100


@bp.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The description of the API (OpenAPI 3.1)."""
    answer = Response(api.openapi(), content_type="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@bp.get("/api/docs")
def docs() -> ResponseReturnValue:
    asked = request.args.get("q", "").strip()[:QUESTION_LONGEST]
    found = _found(asked) if asked else _overview()
    if wants_part():
        return found
    return _page("api_docs.html", found=found, question=asked)


@bp.get("/api/docs/<slug:slug>")
def resource(slug: str) -> ResponseReturnValue:
    described = next((each for each in _resources() if each.slug == slug), None)
    if described is None:
        abort(404)
    return _page("api_resource.html", resource=described, operations=_operations(described))


@bp.get("/problems")
def all_problems() -> str:
    return render_template("problem_kinds.html", problems=problems.all_problems().values())


@bp.get("/problems/<code>")
def problem(code: str) -> ResponseReturnValue:
    found = problems.find(code)
    if found is None:
        abort(404)
    return render_template("problem_kind.html", problem=found)


def describe_itself(spec: Any, app: Flask) -> None:
    """Put the document's own address into the document."""
    spec.tag({"name": "description", "description": "The API about itself."})
    spec.path(
        rule=next(app.url_map.iter_rules("api_docs.openapi")),
        parameters=[],
        operations={
            "get": {
                "operationId": "openapi",
                "summary": "This description",
                "tags": ["description"],
                "security": [{}],
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.1",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    "304": {"description": "Not changed"},
                },
            }
        },
    )


# --- What stands on the pages, made once ---


def _page(template: str, **words: Any) -> Response:
    """The page, with a tag for visitors: what somebody sees who is signed in is nobody else's, and kept by nobody."""
    answer = make_response(render_template(template, resources=_resources(), **words))
    reader = rooms().reader
    if reader is None or reader() is None:
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.add_etag()
        answer.make_conditional(request)
    return answer


def _resources() -> tuple[Resource, ...]:
    kept = _kept()
    if "resources" not in kept:
        kept["resources"] = resources(json.loads(api.openapi()))
    return cast(tuple[Resource, ...], kept["resources"])


def _overview() -> Markup:
    return _made(
        "overview",
        "_api_overview.html",
        resources=_resources(),
        conventions=[(each, markup.safe(markup.render(each.text))) for each in CONVENTIONS],
        scopes=api.SCOPES,
        problems=problems.all_problems().values(),
    )


def _operations(described: Resource) -> Markup:
    return _made(described.tag, "_api_operations.html", resource=described)


def _found(asked: str) -> Markup:
    """The operations that say all of these words."""
    words = asked.lower().split()
    matches = [(each, [one for one in each.operations if one.says(words)]) for each in _resources()]
    found = render_template("_api_found.html", matches=[(each, some) for each, some in matches if some])
    return Markup(found)  # noqa: S704 - a template of ours, escaped as any


def _made(name: str, template: str, **words: Any) -> Markup:
    kept, place = _kept(), f"{language()}:{name}"
    if place not in kept:
        kept[place] = Markup(render_template(template, **words))  # noqa: S704 - a template of ours, escaped as any
    return cast(Markup, kept[place])


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = current_app.extensions.setdefault("answerback.api_docs", {})
    return kept
