"""The section “webhooks” of the description of the API: what we send, kind by kind, with an example of each."""

from __future__ import annotations

from typing import Any

from ideas.webhooks import api_examples as examples
from ideas.webhooks.kinds import EVERY
from ideas.webhooks.schemas_payloads import SCHEMAS

_HEADERS = (
    ("webhook-id", "The same on every attempt: by it you know what you had already."),
    ("webhook-timestamp", "When this attempt was made, in seconds since 1970."),
    ("webhook-signature", "v1,… for each secret of the endpoint, separated by blanks (Standard Webhooks 1.0.0)."),
)


def describe(spec: Any) -> None:
    """Put the section into the description."""
    resolver = next(plugin for plugin in spec.plugins if hasattr(plugin, "resolver")).resolver
    spec.options["webhooks"] = {kind: {"post": _operation(kind, resolver)} for kind in EVERY}


def _operation(kind: str, resolver: Any) -> dict[str, Any]:
    payload = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [kind]},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": resolver.resolve_schema_dict(SCHEMAS[kind]),
        },
    }
    return {
        "operationId": f"on_{kind.replace('.', '_')}",
        "summary": str(EVERY[kind].label),
        "description": EVERY[kind].about,
        "tags": ["webhooks"],
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": about}
            for name, about in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": payload, "example": examples.payload(kind)}},
        },
        "responses": {
            "2XX": {"description": "It arrived."},
            "410": {"description": "Nothing is sent here any more: the endpoint is disabled."},
            "default": {"description": "It is tried again, ten times in three days; Retry-After is honoured."},
        },
    }
