"""What describes the API: the document for programs, and the same for people at /api/docs, all of it served by us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template
from flask.typing import ResponseReturnValue

from ideas import api, problems
from ideas.api_addresses import ID_MOST

bp = Blueprint("api_docs", __name__)

INFO = {
    "description": (
        "Boards, ideas, votes, comments, answers and receipts as JSON. What is public may be read without a key; "
        "everything else is done as the person whose key is sent. Times are RFC 3339 in UTC, lists are paged by the "
        "address in “next”, errors are application/problem+json (RFC 9457)."
    ),
    "license": {"name": "MIT", "identifier": "MIT"},
}

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

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """One field of a body, or one parameter, as the page shows it."""

    name: str
    kind: str
    required: bool
    about: str
    default: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing the API can do, as the page shows it."""

    id: str
    method: str
    path: str
    title: str
    about: str
    scopes: tuple[str, ...]
    open_to_nobody: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_example: str
    answer: tuple[Field, ...]
    answer_status: str
    answer_example: str


@bp.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The description of the API (OpenAPI 3.1)."""
    answer = Response(api.openapi(), content_type="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@bp.get("/api/docs")
def docs() -> str:
    document = json.loads(api.openapi())
    return render_template(
        "api_docs.html",
        document=document,
        sections=sections(document),
        scopes=api.SCOPES,
        problems=problems.all_problems().values(),
    )


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


def sections(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """Tag → its operations, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                shared = item.get("parameters", [])
                found.setdefault(operation["tags"][0], []).append(_operation(document, method, path, operation, shared))
    return found


def _operation(
    document: dict[str, Any], method: str, path: str, operation: dict[str, Any], shared: list[Any]
) -> Operation:
    taken = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    status, answer = next((code, answer) for code, answer in operation["responses"].items() if code.startswith("2"))
    given = answer.get("content", {}).get("application/json", {})
    security = operation.get("security", [])
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation.get("summary", ""),
        about=operation.get("description", ""),
        scopes=tuple(scope for way in security for scope in way.get("key", [])),
        open_to_nobody={} in security,
        parameters=tuple(_parameter(document, each) for each in [*shared, *operation.get("parameters", [])]),
        body=_fields(document, taken.get("schema", {})),
        body_example=_pretty(taken.get("example")),
        answer=_fields(document, given.get("schema", {})),
        answer_status=status,
        answer_example=_pretty(given.get("example")),
    )


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> Field:
    parameter = _resolved(document, parameter)
    schema = _resolved(document, parameter.get("schema", {}))
    return Field(
        parameter["name"],
        _kind(document, schema),
        parameter.get("required", False),
        parameter.get("description") or schema.get("description", ""),
        _default(schema),
    )


def _fields(document: dict[str, Any], schema: dict[str, Any], inside: str = "") -> tuple[Field, ...]:
    """The fields of an object and of what is in them: “credits[].how” is `how` of each row of `credits`."""
    schema = _resolved(document, schema)
    required = schema.get("required", [])
    found: list[Field] = []
    for name, part in schema.get("properties", {}).items():
        place = f"{inside}{name}"
        found.append(Field(place, _kind(document, part), name in required, part.get("description", ""), _default(part)))
        for inner in [part, *part.get("anyOf", []), *part.get("allOf", [])]:
            if "$ref" in inner:
                found += _fields(document, inner, f"{place}.")
            elif "items" in inner:
                found += _fields(document, inner["items"], f"{place}[].")
    return tuple(found)


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "$ref" in schema:
        return "object"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(document, each) for each in schema[several]))
    if "enum" in schema:
        return " · ".join(str(value) for value in schema["enum"] if value is not None)
    kinds = schema.get("type", "any")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in words:
        words[words.index("array")] = f"list of {_kind(document, schema.get('items', {}))}"
    text = " or ".join(words)
    if form := schema.get("format"):
        text += f" ({form})"
    limits = [
        f"{low}{schema[name]}"
        for name, low in (
            ("minLength", "at least "),
            ("maxLength", "at most "),
            ("minimum", "from "),
            ("maximum", "to "),
            ("maxItems", "at most "),
        )
        if schema.get(name, ID_MOST) != ID_MOST  # that ids are what a database holds need not be said
    ]
    return ", ".join([text, *limits])


def _default(schema: dict[str, Any]) -> str:
    return "" if schema.get("default") is None else json.dumps(schema["default"])


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(document, found)


def _pretty(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
