"""Asks the API as programs do, and holds every answer against the API's own description."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from ideas import api
from ideas.accounts import keys
from ideas.accounts.models import User
from ideas.db import db, unit_of_work

DEFAULT = "default"
ALL_SCOPES = tuple(api.SCOPES)


def bearer(person: User, *scopes: str) -> dict[str, str]:
    """The header of a new key of `person`, with all scopes unless some are named."""
    db.session.commit()  # what the test arranged; a unit of work starts afresh
    with unit_of_work():
        # whoever is suspended made their key before
        suspended_at, person.suspended_at = person.suspended_at, None
        token = keys.make(person, "test", scopes or ALL_SCOPES)
        person.suspended_at = suspended_at
    return {"Authorization": f"Bearer {token}"}


class Asking:
    """One program with one key, or without. Answers that are not as described fail the test."""

    def __init__(self, client: FlaskClient, document: dict[str, Any], headers: dict[str, str]) -> None:
        self.client = client
        self.document = document
        self.headers = headers

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.ask("PUT", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.ask("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.ask("DELETE", path, **options)

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **options: Any
    ) -> TestResponse:
        if body is not None:
            options["json"] = body
        full = path if path.startswith("/") else f"/api/v1/{path}"
        answer = self.client.open(full, method=method, headers={**self.headers, **(headers or {})}, **options)
        check(self.document, method, full, answer)
        return answer

    def all_pages(self, path: str) -> list[list[Any]]:
        """The rows of each page, following "next" to the end."""
        pages = []
        following: str | None = path
        while following:
            answer = self.get(following.removeprefix("http://localhost"))
            assert answer.status_code == 200, answer.text
            body: dict[str, Any] = answer.get_json()
            pages.append(body["data"])
            following = body["next"]
        return pages


def check(document: dict[str, Any], method: str, path: str, answer: TestResponse) -> None:
    """Raises AssertionError unless the answer is one that the description names, in the shape it names."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Request-Id"]
    operation = operation_at(document, method, path.partition("?")[0])
    if operation is None:
        assert answer.status_code in (404, 405)
        check_problem(document, answer)
        return
    responses = operation["responses"]
    described = resolved(document, responses.get(str(answer.status_code)) or responses[DEFAULT])
    if answer.status_code >= 400:
        check_problem(document, answer)
        return
    assert str(answer.status_code) in responses, f"{method} {path} does not describe {answer.status_code}"
    if answer.status_code in (204, 304):
        assert answer.data == b""
        return
    kinds = described["content"]
    if answer.mimetype != "application/json":
        assert kinds[answer.mimetype]["schema"]["format"] == "binary"
        assert method == "HEAD" or answer.get_data()  # a file, which is read to its end before anything else is asked
    elif method != "HEAD":
        check_shape(document, described["content"]["application/json"]["schema"], answer.json)


def check_problem(document: dict[str, Any], answer: TestResponse) -> None:
    assert answer.content_type == "application/problem+json"
    body = answer.get_json(force=True)
    check_shape(document, {"$ref": "#/components/schemas/Problem"}, body)
    assert body["status"] == answer.status_code
    assert body["type"] == f"http://localhost/problems/{body['code']}"
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Traceback" not in answer.text


def check_shape(document: dict[str, Any], schema: dict[str, Any], body: Any) -> None:
    whole = {**schema, "components": document["components"]}
    found = [f"{error.json_path}: {error.message}" for error in OAS31Validator(whole).iter_errors(body)]
    assert not found, found
    assert not (unknown := list(undescribed(document, schema, body))), unknown


def undescribed(document: dict[str, Any], schema: dict[str, Any], body: Any, path: str = "$") -> Iterable[str]:
    """Fields that go out although the description does not name them."""
    schema = resolved(document, schema)
    for each in schema.get("anyOf", []) + schema.get("allOf", []):
        if body is not None and resolved(document, each).get("type") != "null":
            yield from undescribed(document, each, body, path)
    if isinstance(body, list) and "items" in schema:
        for place, inner in enumerate(body):
            yield from undescribed(document, schema["items"], inner, f"{path}[{place}]")
    if isinstance(body, dict) and "properties" in schema:
        for name, inner in body.items():
            if name not in schema["properties"]:
                yield f"{path}.{name}"
            else:
                yield from undescribed(document, schema["properties"][name], inner, f"{path}.{name}")


def operation_at(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    for described, item in document["paths"].items():
        pattern = re.sub(r"\\{(\w+)\\}", r"[^/]+", re.escape(described))
        if re.fullmatch(pattern, path):
            operation: dict[str, Any] | None = item.get("get" if method == "HEAD" else method.lower())
            return operation
    return None


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
