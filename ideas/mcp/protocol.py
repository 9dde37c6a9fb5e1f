"""The Model Context Protocol over streamable HTTP, as far as a server of tools speaks it. Pure: no web, no database.

Two eras are understood on one address. Since 2026-07-28 each request says by itself which version it speaks, and what
its headers say must be what its body says. Before, a client began with `initialize`; nothing of that is kept here, so
that any process answers any request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

MODERN = ("2026-07-28",)
LEGACY = ("2025-11-25", "2025-06-18")
UNSAID = "2025-03-26"  # what a client speaks that names no version
VERSIONS = (*MODERN, *LEGACY)

META = "io.modelcontextprotocol/"
FRESH_MS = 60_000  # what a key may may change with the site's settings

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
NO_SUCH_METHOD = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

Json = dict[str, Any]
Header = Callable[[str], str | None]


class Fault(Exception):
    """A request that is not as the protocol wants it. status: of HTTP."""

    def __init__(self, code: int, message: str, *, status: int = 400, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data


class NoSuchTool(Exception):
    """There is no tool of that name."""


class Server(Protocol):
    """What answers. Arguments of a tool come as they were sent."""

    def info(self) -> Json: ...

    def instructions(self) -> str: ...

    def tools(self) -> list[Json]: ...

    def call(self, name: str, arguments: Json) -> Json: ...


class Reply(NamedTuple):
    """The answer to one message; body: None when there is nothing to say."""

    status: int
    body: Json | None


@dataclass(frozen=True)
class Message:
    """One request or, without an id, one notification."""

    id: str | int | None
    method: str
    params: Json
    is_modern: bool


def answer(body: Json, header: Header, server: Server) -> Reply:
    """What is said to one message. header: the value of one of the request, whatever the case of its name."""
    try:
        message = _read(body, header)
        if message.id is None:
            return Reply(202, None)
        result = _METHODS_OF[message.is_modern].get(message.method, _no_such_method)(message, server)
        if message.is_modern:
            result = {"resultType": "complete", **result, "_meta": {f"{META}serverInfo": server.info()}}
        return Reply(200, {"jsonrpc": "2.0", "id": message.id, "result": result})
    except Fault as fault:
        return refusal(fault, body.get("id"))


def refusal(fault: Fault, asked: Any = None) -> Reply:
    """The answer to what cannot be answered; asked: its id, if it has one that may be one."""
    error: Json = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data
    said: Json = {"jsonrpc": "2.0", "error": error}
    if _is_id(asked):
        said["id"] = asked
    return Reply(fault.status, said)


# --- Reading ---


def _read(body: Json, header: Header) -> Message:
    if body.get("jsonrpc") != "2.0" or not isinstance(body.get("method"), str):
        raise Fault(INVALID_REQUEST, "Send a request or a notification of JSON-RPC 2.0.")
    if "id" in body and not _is_id(body["id"]):
        raise Fault(INVALID_REQUEST, "The id is a text or a whole number.")
    method, params = body["method"], body.get("params", {})
    if not isinstance(params, dict):
        raise Fault(INVALID_PARAMS, "The parameters are an object.")
    meta = params.get("_meta", {})
    said = meta.get(f"{META}protocolVersion") if isinstance(meta, dict) else None
    spoken = header("MCP-Protocol-Version")
    is_modern = (said is not None and said not in LEGACY) or (said is None and spoken in MODERN)
    message = Message(body.get("id"), method, params, is_modern)
    if message.id is not None:
        if is_modern:
            _require_modern(message, meta, said, header)
        elif spoken is not None and spoken not in (*LEGACY, UNSAID) and method != "initialize":
            raise _unsupported(spoken)
    return message


def _require_modern(message: Message, meta: Json, said: Any, header: Header) -> None:
    if not isinstance(said, str) or not isinstance(meta.get(f"{META}clientCapabilities"), dict):
        raise Fault(INVALID_PARAMS, f"_meta says {META}protocolVersion and {META}clientCapabilities.")
    wanted: Json = {"MCP-Protocol-Version": said, "Mcp-Method": message.method}
    if message.method == "tools/call":
        wanted["Mcp-Name"] = message.params.get("name")
    for name, value in wanted.items():
        given = header(name)
        if (_decoded(given) if name == "Mcp-Name" else given) != value:
            raise Fault(HEADER_MISMATCH, f"Header mismatch: {name} is not what the body says.")
    if said not in MODERN:
        raise _unsupported(said)


def _unsupported(asked: str) -> Fault:
    data = {"supported": list(VERSIONS), "requested": asked[:40]}
    return Fault(UNSUPPORTED_VERSION, "Unsupported protocol version", data=data)


def _is_id(given: Any) -> bool:
    return isinstance(given, str) or type(given) is int


def _decoded(given: str | None) -> str | None:
    """A header's value; what no header can hold comes in Base64."""
    if given is None or not (given.startswith("=?base64?") and given.endswith("?=")):
        return given
    try:
        return base64.b64decode(given[9:-2], validate=True).decode()
    except (binascii.Error, ValueError):
        return None


# --- Answering ---


def _initialize(message: Message, server: Server) -> Json:
    asked = message.params.get("protocolVersion")
    if not isinstance(asked, str):
        raise Fault(INVALID_PARAMS, "Say which protocolVersion you speak.", status=200)
    return {
        "protocolVersion": asked if asked in LEGACY else LEGACY[0],
        "capabilities": {"tools": {}},
        "serverInfo": server.info(),
        "instructions": server.instructions(),
    }


def _discover(_message: Message, server: Server) -> Json:
    return {
        "supportedVersions": list(VERSIONS),
        "capabilities": {"tools": {}},
        "instructions": server.instructions(),
        "ttlMs": FRESH_MS,
        "cacheScope": "private",
    }


def _ping(_message: Message, _server: Server) -> Json:
    return {}


def _list_tools(message: Message, server: Server) -> Json:
    if message.params.get("cursor"):
        raise Fault(INVALID_PARAMS, "All tools are on one page.", status=_soft(message))
    listed: Json = {"tools": server.tools()}
    return {**listed, "ttlMs": FRESH_MS, "cacheScope": "private"} if message.is_modern else listed


def _call_tool(message: Message, server: Server) -> Json:
    name, arguments = message.params.get("name"), message.params.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise Fault(INVALID_PARAMS, "Name a tool, and send its arguments as an object.", status=_soft(message))
    try:
        return server.call(name, arguments)
    except NoSuchTool:
        raise Fault(INVALID_PARAMS, f"Unknown tool: {name[:128]}", status=_soft(message)) from None


def _no_such_method(message: Message, _server: Server) -> Json:
    raise Fault(NO_SUCH_METHOD, f"Method not found: {message.method[:128]}", status=404 if message.is_modern else 200)


def _soft(message: Message) -> int:
    """Errors within a session were said with 200; since there is none, the status says them as well."""
    return 400 if message.is_modern else 200


_Method = Callable[[Message, Server], Json]
_OF_BOTH: dict[str, _Method] = {"tools/list": _list_tools, "tools/call": _call_tool}
_METHODS_OF: dict[bool, dict[str, _Method]] = {
    True: {"server/discover": _discover, **_OF_BOTH},
    False: {"initialize": _initialize, "ping": _ping, **_OF_BOTH},
}
