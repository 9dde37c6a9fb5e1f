"""What is said of the protocol alone: versions, headers, and what is refused with which code."""

import pytest

from ideas.mcp import protocol
from ideas.mcp.protocol import META, NoSuchTool

NOW, BEFORE = protocol.MODERN[0], protocol.LEGACY[0]


class Answers:
    """A server with one tool."""

    def info(self):
        return {"name": "answers", "version": "1"}

    def instructions(self):
        return "Ask."

    def tools(self):
        return [{"name": "say"}]

    def call(self, name, arguments):
        if name != "say":
            raise NoSuchTool
        return {"content": [{"type": "text", "text": str(arguments)}], "isError": False}


class Headers(dict[str, str]):
    """Names in any case, as web servers give them."""

    def __call__(self, name):
        return next((value for key, value in self.items() if key.lower() == name.lower()), None)


def ask(method, params=None, *, headers=None, **body):
    whole = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {} if params is None else params, **body}
    return protocol.answer(whole, Headers(headers or {}), Answers())


def ask_now(method, params=None, *, said=NOW, headers=None, capabilities=True, **body):
    """As clients ask since there is no session."""
    meta = {f"{META}protocolVersion": said}
    if capabilities:
        meta[f"{META}clientCapabilities"] = {}
    given = {"mcp-protocol-version": said, "Mcp-Method": method}
    if params and "name" in params:
        given["Mcp-Name"] = params["name"]
    return ask(method, {**(params or {}), "_meta": meta}, headers=given | (headers or {}), **body)


def code(reply):
    return reply.status, reply.body["error"]["code"]


@pytest.mark.parametrize(
    ("asked", "spoken"), [(BEFORE, BEFORE), ("2025-06-18", "2025-06-18"), ("2024-11-05", BEFORE), (NOW, BEFORE)]
)
def test_a_session_begins_with_a_version_that_both_speak(asked, spoken):
    reply = ask("initialize", {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "c"}})

    assert reply.status == 200
    assert reply.body["result"]["protocolVersion"] == spoken
    assert reply.body["result"]["capabilities"] == {"tools": {}}
    assert reply.body["result"]["serverInfo"]["name"] == "answers"


def test_within_a_session():
    headers = {"MCP-Protocol-Version": BEFORE}

    assert ask("notifications/initialized", headers=headers, id=None)[0] == 400  # null is no id
    noted = protocol.answer({"jsonrpc": "2.0", "method": "notifications/initialized"}, Headers(headers), Answers())
    assert noted == (202, None)
    assert ask("ping", headers=headers).body == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert ask("tools/list", headers=headers, id="a").body == {
        "jsonrpc": "2.0",
        "id": "a",
        "result": {"tools": [{"name": "say"}]},
    }
    said = ask("tools/call", {"name": "say", "arguments": {"a": 1}}, headers=headers)
    assert said.body["result"]["content"][0]["text"] == "{'a': 1}"
    assert code(ask("tools/call", {"name": "sing"}, headers=headers)) == (200, protocol.INVALID_PARAMS)
    assert code(ask("resources/list", headers=headers)) == (200, protocol.NO_SUCH_METHOD)
    assert code(ask("server/discover", headers=headers)) == (200, protocol.NO_SUCH_METHOD)
    assert ask("tools/list").status == 200  # whoever names no version spoke the first one


def test_without_a_session_each_request_says_what_it_speaks():
    found = ask_now("server/discover").body["result"]
    listed = ask_now("tools/list").body["result"]
    said = ask_now("tools/call", {"name": "say", "arguments": {}})

    assert found["supportedVersions"] == list(protocol.VERSIONS)
    for result in (found, listed, said.body["result"]):
        assert result["resultType"] == "complete"
        assert result["_meta"] == {f"{META}serverInfo": {"name": "answers", "version": "1"}}
    assert (listed["cacheScope"], listed["ttlMs"] > 0) == ("private", True)  # what is offered depends on the key
    encoded = {"Mcp-Name": "=?base64?c2F5?="}
    assert ask_now("tools/call", {"name": "say"}, headers=encoded).status == 200
    assert code(ask_now("initialize")) == (404, protocol.NO_SUCH_METHOD)
    assert code(ask_now("tools/call", {"name": "sing"})) == (400, protocol.INVALID_PARAMS)


def test_what_headers_say_is_what_the_body_says():
    for headers in (
        {"mcp-protocol-version": BEFORE},
        {"Mcp-Method": "tools/list"},
        {"Mcp-Name": "sing"},
        {"Mcp-Name": "=?base64?%%%?="},
    ):
        assert code(ask_now("tools/call", {"name": "say"}, headers=headers)) == (400, protocol.HEADER_MISMATCH)
    bare = {"_meta": {f"{META}protocolVersion": NOW, f"{META}clientCapabilities": {}}}
    assert code(ask("tools/list", bare)) == (400, protocol.HEADER_MISMATCH)


def test_versions_that_are_not_spoken_are_refused_with_those_that_are():
    for reply in (
        ask_now("tools/list", said="1900-01-01"),
        ask("tools/list", headers={"MCP-Protocol-Version": "1900-01-01"}),
    ):
        assert code(reply) == (400, protocol.UNSUPPORTED_VERSION)
        assert reply.body["error"]["data"] == {"supported": list(protocol.VERSIONS), "requested": "1900-01-01"}
    assert code(ask_now("tools/list", capabilities=False)) == (400, protocol.INVALID_PARAMS)
    assert code(ask("tools/list", headers={"MCP-Protocol-Version": NOW})) == (400, protocol.INVALID_PARAMS)


@pytest.mark.parametrize(
    "body",
    [
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": {}, "method": ["ping"]},
    ],
)
def test_what_is_no_message_is_refused(body):
    reply = protocol.answer(body, Headers(), Answers())

    assert code(reply) == (400, protocol.INVALID_REQUEST)
    assert ("id" in reply.body) == (type(body.get("id")) is int)


def test_parameters_are_objects():
    assert code(ask("tools/list", headers={}, params=[])) == (400, protocol.INVALID_PARAMS)
    assert code(ask("tools/call", {"name": "say", "arguments": []})) == (200, protocol.INVALID_PARAMS)
    assert code(ask("tools/call", {"name": 1})) == (200, protocol.INVALID_PARAMS)
    assert code(ask("initialize", {})) == (200, protocol.INVALID_PARAMS)
