"""The tools that assistants are offered: which there are, who may use which, and how they are described."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from ideas.accounts.models import User

Shape = dict[str, Any]
Run = Callable[[User, dict[str, Any]], Shape]

LINE_LONGEST = 600  # characters of one text in a list
TEXT_LONGEST = 20_000


@dataclass(frozen=True)
class Tool:
    """One tool. asks: judges its arguments. scope: what a key needs. longest: of each text in what it gives."""

    name: str
    title: str
    about: str
    asks: Schema
    scope: str
    writes: bool
    longest: int
    run: Run


TOOLS: dict[str, Tool] = {}


def tool(asks: type[Schema], *, scope: str, writes: bool = False, longest: int = LINE_LONGEST) -> Callable[[Run], Run]:
    """Offer a function as a tool of its name; the first line of its docstring is the title, the rest what it does."""

    def offer(run: Run) -> Run:
        title, _blank, about = (inspect.getdoc(run) or "").partition("\n\n")
        name = run.__name__
        TOOLS[name] = Tool(name, title, " ".join(about.split()) or title, asks(), scope, writes, longest, run)
        return run

    return offer


def described(offered: Tool) -> Shape:
    """As `tools/list` says it."""
    return {
        "name": offered.name,
        "title": offered.title,
        "description": offered.about,
        "inputSchema": _arguments(type(offered.asks)),
        "annotations": {
            "title": offered.title,
            "readOnlyHint": not offered.writes,
            "destructiveHint": False,  # nothing is lost: what is written is kept in versions, or may be undone
            "idempotentHint": not offered.writes,
            "openWorldHint": False,
        },
    }


@cache
def _arguments(asks: type[Schema]) -> Shape:
    """What a tool takes, as JSON Schema that refers to nothing outside of itself."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda _schema: "")  # what has no name stands where it is used
    APISpec("tools", "1", "3.1.0", plugins=[plugin])
    schema = cast(Shape, cast(Any, plugin.converter).schema2jsonschema(asks()))
    return {"type": "object", "properties": {}, **schema, "additionalProperties": False}
