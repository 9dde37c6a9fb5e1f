"""The description of the API, read for people: its resources, what each operation takes and gives, and how to ask it.

It knows nothing but the OpenAPI document, so that what people read is what programs are told.
"""

from __future__ import annotations

import json
import pprint
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
ID_MOST = 2**31 - 1
PYTHON_WIDTH = 72

# What stands for a part of an address in examples; whatever else is asked for is 1.
SAMPLES = {
    "idea_id": "23",
    "comment_id": "88",
    "answer_id": "5",
    "slug": "garden",
    "external_id": "acct-17",
    "subject": "idea:23",
    "news": "shipped",
    "figure": "votes",
    "board": "garden",
    "title": "Booking of beds",
    "q": "book beds",
    "into": "24",
}


@dataclass(frozen=True)
class Field:
    """One field of a body, or one parameter. place: path, query, header or body. choices: all that may stand there."""

    name: str
    kind: str
    required: bool
    about: str
    default: str = ""
    place: str = "body"
    choices: tuple[str, ...] = ()
    sample: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing the API can do. body_kinds and answer_kinds: content types; refusals: status and its phrase."""

    id: str
    tag: str
    method: str
    path: str
    title: str
    about: tuple[str, ...]
    scopes: tuple[str, ...]
    open_to_nobody: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_about: str
    body_kinds: tuple[str, ...]
    body_example: str
    answer: tuple[Field, ...]
    answer_status: str
    answer_kinds: tuple[str, ...]
    answer_example: str
    refusals: tuple[tuple[str, str], ...]
    curl: str
    python: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def takes_file(self) -> bool:
        return bool(self.body_kinds) and JSON not in self.body_kinds

    def says(self, words: list[str]) -> bool:
        """Does it say every one of these words, in lower case, anywhere."""
        said = " ".join((self.tag, self.id, self.method, self.path, self.title, *self.about, *self.scopes)).lower()
        return all(word in said for word in words)


@dataclass(frozen=True)
class Resource:
    """What belongs together. slug: its name in addresses."""

    tag: str
    about: str
    operations: tuple[Operation, ...]

    @property
    def slug(self) -> str:
        return self.tag.replace("_", "-")

    @property
    def title(self) -> str:
        return self.tag.replace("_", " ").capitalize()


def resources(document: dict[str, Any]) -> tuple[Resource, ...]:
    """All of them, by name; operations in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if described := item.get(method):
                operation = _operation(document, method, path, described, item.get("parameters", []))
                found.setdefault(operation.tag, []).append(operation)
    about = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    return tuple(Resource(tag, about.get(tag, ""), tuple(found[tag])) for tag in sorted(found))


def _operation(
    document: dict[str, Any], method: str, path: str, described: dict[str, Any], shared: list[Any]
) -> Operation:
    taken = described.get("requestBody", {})
    body = taken.get("content", {})
    sent = body.get(JSON, {})
    status, answer = next((code, answer) for code, answer in described["responses"].items() if code.startswith("2"))
    answer = _resolved(document, answer)
    given = answer.get("content", {}).get(JSON, {})
    security = described.get("security", [])
    parameters = tuple(_parameter(document, each) for each in [*shared, *described.get("parameters", [])])
    asked = _Asked(
        document["servers"][0]["url"],
        method.upper(),
        path,
        parameters,
        {} not in security,
        sent.get("example"),
        next(iter(body), JSON),
        bool(body),
        next(iter(answer.get("content", {})), JSON),
        "next" in (given.get("example") or {}),
    )
    return Operation(
        id=described["operationId"],
        tag=described["tags"][0],
        method=method.upper(),
        path=path,
        title=described.get("summary", ""),
        about=tuple(part for part in described.get("description", "").split("\n\n") if part),
        scopes=tuple(scope for way in security for scope in way.get("key", [])),
        open_to_nobody={} in security,
        parameters=parameters,
        body=_fields(document, sent.get("schema", {})),
        body_about=taken.get("description", ""),
        body_kinds=tuple(body),
        body_example=_pretty(sent.get("example")),
        answer=_fields(document, given.get("schema", {})),
        answer_status=status,
        answer_kinds=tuple(answer.get("content", {})),
        answer_example=_pretty(given.get("example")),
        refusals=tuple(
            (code, HTTPStatus(int(code)).phrase) for code in sorted(described["responses"]) if code.startswith("4")
        ),
        curl=_in_curl(asked),
        python=_in_python(asked),
    )


# --- Fields ---


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> Field:
    parameter = _resolved(document, parameter)
    schema = _resolved(document, parameter.get("schema", {}))
    name, choices = parameter["name"], tuple(str(each) for each in schema.get("enum", ()) if each is not None)
    sample = str(parameter.get("example") or schema.get("example") or "") or SAMPLES.get(name, "")
    return Field(
        name,
        _kind(document, schema),
        parameter.get("required", False),
        parameter.get("description") or schema.get("description", ""),
        _default(schema),
        parameter["in"],
        choices or (("true", "false") if schema.get("type") == "boolean" else ()),
        sample or (choices[0] if choices else "1"),
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
    return ", ".join([text, *_limits(schema)])


def _limits(schema: dict[str, Any]) -> Iterator[str]:
    for name, words in (
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("minimum", "from "),
        ("maximum", "to "),
        ("maxItems", "at most "),
    ):
        # that ids are what a database holds need not be said, nor that a text has words
        if name in schema and schema[name] != ID_MOST and (name, schema[name]) != ("minLength", 1):
            yield f"{words}{schema[name]}"


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


# --- How it is asked ---


@dataclass(frozen=True)
class _Asked:
    """One request, as examples send it."""

    site: str
    method: str
    path: str
    parameters: tuple[Field, ...]
    with_key: bool
    body: Any
    body_kind: str
    has_body: bool
    answer_kind: str
    is_list: bool

    @property
    def filled(self) -> str:
        path = self.path
        for field in self.parameters:
            path = path.replace(f"{{{field.name}}}", quote(field.sample))
        return path

    @property
    def asks(self) -> dict[str, str]:
        return {each.name: each.sample for each in self.parameters if each.place == "query" and each.required}

    @property
    def sends_file(self) -> bool:
        return self.has_body and self.body_kind != JSON

    @property
    def address(self) -> str:
        return f"{self.site}{self.filled}" + (f"?{urlencode(self.asks)}" if self.asks else "")


def _in_curl(asked: _Asked) -> str:
    parts = ["curl"]
    if asked.method != "GET" and not (asked.method == "POST" and asked.has_body):
        parts[0] += f" -X {asked.method}"
    if asked.with_key:
        parts.append('-H "Authorization: Bearer $KEY"')
    if asked.sends_file:
        parts += [f"-H 'Content-Type: {asked.body_kind}'", "--data-binary @file"]
    elif asked.body is not None:
        parts.append("--json '{}'".format(_pretty(asked.body).replace("'", "'\\''")))
    if asked.answer_kind != JSON:
        parts.append("-O")
    parts.append(f'"{asked.address}"')
    return (" " if asked.body is None else " \\\n  ").join(parts)


def _in_python(asked: _Asked) -> str:
    key = "key=KEY" if asked.with_key else ""
    if asked.sends_file or asked.answer_kind != JSON:
        return _in_bare_python(asked)
    path = asked.filled.removeprefix("/api/v1/")
    lines = [
        "from answerback_client import Answerback",
        "",
        f"site = Answerback({', '.join(part for part in (json.dumps(asked.site), key) if part)})",
    ]
    named = ", ".join([json.dumps(path), *(f"{name}={json.dumps(value)}" for name, value in asked.asks.items())])
    if asked.is_list:
        lines += [f"for row in site.pages({named}):", "    print(row)"]
    elif asked.method == "GET":
        lines.append(f"print(site.get({named}))")
    elif asked.body is None:
        lines.append(f"print(site.send({json.dumps(asked.method)}, {json.dumps(path)}))")
    else:
        body = pprint.pformat(asked.body, width=PYTHON_WIDTH, sort_dicts=False)
        lines += [
            f"body = {body.replace(chr(10), chr(10) + '       ')}",
            f"print(site.send({json.dumps(asked.method)}, {json.dumps(path)}, body))",
        ]
    return "\n".join(lines)


def _in_bare_python(asked: _Asked) -> str:
    """Files go without the client, which knows JSON alone."""
    lines = ["from pathlib import Path", "from urllib.request import Request, urlopen", ""]
    headers, data = '"Authorization": f"Bearer {KEY}"', ""
    if asked.sends_file:
        headers += f', "Content-Type": "{asked.body_kind}"'
        data = '    Path("file").read_bytes(),\n'
    lines += [
        "request = Request(",
        f"    {json.dumps(asked.address)},",
        f"{data}    headers={{{headers}}},",
        f"    method={json.dumps(asked.method)},",
        ")",
        "with urlopen(request) as answer:",
        "    print(answer.read())" if asked.answer_kind == JSON else '    Path("out").write_bytes(answer.read())',
    ]
    return "\n".join(lines)
