"""Requests whose end two readers in a row may see in different places, and what a server answers to them.

In each of them another request is hidden. A proxy may take it for the body of the first; a server that takes it for a
request of its own would answer somebody with what they never asked for.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import NamedTuple

OUTER, SMUGGLED, NEXT = "outer-request", "smuggled-request", "next-request"  # X-Request-Id, which the site says back
HOST = "127.0.0.1"
PATIENCE = 60.0


class Odd(NamedTuple):
    """A request as bytes. is_refused: it may not reach the application at all; otherwise it is one request, no more."""

    name: str
    sent: bytes
    is_refused: bool = True


def _request(target: str, of: str, *headers: bytes, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    lines = [f"{method} {target} {version}".encode(), f"Host: {HOST}".encode(), f"X-Request-Id: {of}".encode()]
    return b"\r\n".join([*lines, *headers, b"", b""])


INNER = _request("/problems", SMUGGLED)
CHUNKED = b"Transfer-Encoding: chunked"
FORM = b"Content-Type: application/x-www-form-urlencoded"
A_CHUNK = b"3\r\na=1\r\n"
END = b"0\r\n\r\n"


def _post(*headers: bytes, body: bytes, target: str = "/sign-in", version: str = "HTTP/1.1") -> bytes:
    return _request(target, OUTER, FORM, *headers, method="POST", version=version) + body


def _length(of: bytes) -> bytes:
    return f"Content-Length: {len(of)}".encode()


# Two lengths, or one that can be read in two ways.
_LENGTHS = {
    "two lengths, the shorter first": (b"Content-Length: 0", _length(INNER)),
    "two lengths, the longer first": (_length(INNER), b"Content-Length: 0"),
    "the same length twice": (b"Content-Length: 3", b"Content-Length: 3"),
    "two lengths in one header": (b"Content-Length: 3, 99",),
    "the same length twice in one header": (b"Content-Length: 3, 3",),
    "a length with plus": (b"Content-Length: +3",),
    "a length below nothing": (b"Content-Length: -3",),
    "a length in hex": (b"Content-Length: 0x3",),
    "a length in octal": (b"Content-Length: 0o3",),
    "a length with a fraction": (b"Content-Length: 3.0",),
    "a length with an exponent": (b"Content-Length: 3e0",),
    "a length with underscores": (b"Content-Length: 1_0",),
    "a length with a blank in it": (b"Content-Length: 3 3",),
    "a length of superscript": ("Content-Length: ³".encode("latin-1"),),
    "a length of Arabic digits": ("Content-Length: ٣".encode(),),
    "a length of nothing": (b"Content-Length:",),
    "a length of a word": (b"Content-Length: chunked",),
    "a length in quotes": (b'Content-Length: "3"',),
    "a length with a form feed": (b"Content-Length: \x0c3",),
    "a length with NUL": (b"Content-Length: 3\x00",),
    "a length too long for any number": (b"Content-Length: " + b"9" * 5_000,),
    "a length before a blank and the colon": (b"Content-Length : 3",),
    "a length before a tab and the colon": (b"Content-Length\t: 3",),
    "a length with NUL in its name": (b"Content-Length\x00: 3",),
    "a length with a vertical tab before its name": (b"\x0bContent-Length: 3",),
    "a length folded": (b"Content-Length:\r\n 3",),
    "a length after a folded header": (b"X-Long: a\r\n b", b"Content-Length: 3"),
    "a length behind a bare line feed": (b"X-Before: a\nContent-Length: 3",),
    "a length behind a bare carriage return": (b"X-Before: a\rContent-Length: 3",),
    "a line without a colon": (b"Content-Length 3", b"Content-Length: 3"),
    "a header without a name": (b": 3", b"Content-Length: 3"),
}

# A length beside chunks, chunks said in ways that some understand, and chunks where there are none.
_CODINGS = {
    "chunks and a length": (CHUNKED, b"Content-Length: 3"),
    "a length and chunks": (b"Content-Length: 3", CHUNKED),
    "chunks and no length at all": (CHUNKED, b"Content-Length: 0"),
    "chunks twice": (CHUNKED, CHUNKED),
    "chunks twice in one header": (b"Transfer-Encoding: chunked, chunked",),
    "chunks and identity": (b"Transfer-Encoding: chunked, identity",),
    "chunks and identity in two headers": (CHUNKED, b"Transfer-Encoding: identity"),
    "identity alone and a length": (b"Transfer-Encoding: identity", b"Content-Length: 3"),
    "chunks inside gzip": (b"Transfer-Encoding: chunked, gzip",),
    "gzip alone": (b"Transfer-Encoding: gzip",),
    "chunks misspelt": (b"Transfer-Encoding: xchunked",),
    "chunks with a word after": (b"Transfer-Encoding: chunked-foo",),
    "chunks in quotes": (b'Transfer-Encoding: "chunked"',),
    "chunks with a parameter": (b"Transfer-Encoding: chunked;q=1",),
    "chunks with a vertical tab before": (b"Transfer-Encoding: \x0bchunked",),
    "chunks with a form feed after": (b"Transfer-Encoding: chunked\x0c",),
    "chunks with NUL after": (b"Transfer-Encoding: chunked\x00",),
    "chunks with a hard blank before": (b"Transfer-Encoding: \xa0chunked",),
    "chunks before a blank and the colon": (b"Transfer-Encoding : chunked",),
    "chunks with a blank before the name": (b" Transfer-Encoding: chunked",),
    "chunks with a tab before the name": (b"\tTransfer-Encoding: chunked",),
    "chunks folded": (b"Transfer-Encoding:\r\n chunked",),
    "chunks folded in the middle": (b"Transfer-Encoding: chun\r\n ked",),
    "chunks behind a bare line feed": (b"X-Before: a\nTransfer-Encoding: chunked",),
    "chunks behind a bare carriage return": (b"X-Before: a\rTransfer-Encoding: chunked",),
    "chunks of nothing": (b"Transfer-Encoding:", b"Content-Length: 3"),
    "chunks with a comma": (b"Transfer-Encoding: ,chunked", b"Content-Length: 3"),
}

# Bodies in chunks that no two readers need agree on.
_CHUNKS = {
    "a chunk below nothing": b"-1\r\na=1\r\n" + END,
    "a chunk with plus": b"+3\r\na=1\r\n" + END,
    "a chunk with 0x": b"0x3\r\na=1\r\n" + END,
    "a chunk with an underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n" + END,
    "a chunk of no size": b"\r\na=1\r\n" + END,
    "a chunk of a word": b"three\r\na=1\r\n" + END,
    "a chunk with a blank before its size": b" 3\r\na=1\r\n" + END,
    "a chunk whose size ends with a line feed": b"3\na=1\r\n" + END,
    "a chunk that ends with a line feed": b"3\r\na=1\n" + END,
    "a chunk longer than its size": b"3\r\na=1234\r\n" + END,
    "a chunk with NUL in its size": b"3\x00\r\na=1\r\n" + END,
    "a chunk with a carriage return in its extension": b"3;a=\rb\r\na=1\r\n" + END,
    "a chunk with a line feed in its extension": b"3;a=\nb\r\na=1\r\n" + END,
    "chunks that end with line feeds": A_CHUNK + b"0\n\n",
    "a trailer with a length": A_CHUNK + b"0\r\nContent-Length: 5\r\n\r\n",
    "a trailer with a coding": A_CHUNK + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a trailer with a host": A_CHUNK + b"0\r\nHost: evil.test\r\n\r\n",
    "a trailer without a colon": A_CHUNK + b"0\r\nnothing\r\n\r\n",
}

# First lines and headers that say it in a way of their own.
_HEADS = {
    "HTTP/0.9": b"GET /problems\r\n" + INNER,
    "HTTP/0.9 with a header": b"GET /problems\r\nHost: 127.0.0.1\r\n\r\n" + INNER,
    "an old number": _request("/problems", OUTER, version="HTTP/0.9") + INNER,
    "a number to come": _request("/problems", OUTER, version="HTTP/3.0") + INNER,
    "a number with a third part": _request("/problems", OUTER, version="HTTP/1.1.1") + INNER,
    "another protocol": _request("/problems", OUTER, version="HTCPCP/1.0") + INNER,
    "small letters": _request("/problems", OUTER, version="http/1.1") + INNER,
    "a method in small letters": _request("/problems", OUTER, method="get") + INNER,
    "a method with NUL": _request("/problems", OUTER, method="GE\x00T") + INNER,
    "no method": b" /problems HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + INNER,
    "two blanks in the first line": b"GET  /problems HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + INNER,
    "a tab in the first line": b"GET\t/problems\tHTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + INNER,
    "an address with a blank": _request("/prob lems", OUTER) + INNER,
    "an address with NUL": _request("/prob\x00lems", OUTER) + INNER,
    "an address with a control": _request("/prob\x7flems", OUTER) + INNER,
    "an address with a bare line feed": _request("/problems HTTP/1.1\nX: y", OUTER) + INNER,
    "an address of 20,000 letters": _request("/" + "a" * 20_000, OUTER) + INNER,
    "a first line that never ends": b"GET /" + b"a" * 70_000,
    "a bare line feed after the first line": b"GET /problems HTTP/1.1\nHost: 127.0.0.1\r\n\r\n" + INNER,
    "line feeds alone": INNER.replace(b"\r\n", b"\n"),
    "a header of 100,000 letters": _request("/problems", OUTER, b"X-Long: " + b"a" * 100_000) + INNER,
    "a thousand headers": _request("/problems", OUTER, *(f"X-{n}: a".encode() for n in range(1_000))) + INNER,
    "a header with NUL": _request("/problems", OUTER, b"X-Odd: a\x00b") + INNER,
    "a name with a bracket": _request("/problems", OUTER, b"X-(Odd): a") + INNER,
    "a name beyond ASCII": _request("/problems", OUTER, "Tränsfer-Encoding: chunked".encode()) + INNER,
    "two hosts": _request("/problems", OUTER, b"Host: evil.test") + INNER,
    "a greeting of a proxy": b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n" + _request("/problems", OUTER) + INNER,
    "TLS instead of HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + INNER,
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + INNER,
    "an expectation of something else": _request("/problems", OUTER, b"Expect: 200-maybe") + INNER,
}

# What may be answered, once: the request that is hidden in it is a body and nothing else.
_BODIES = {
    "a body that nobody reads": _post(_length(INNER), body=INNER, target="/nothing/here"),
    "a body on a page that takes none": _post(_length(INNER), body=INNER, target="/problems"),
    "a body on a file": _post(_length(INNER), body=INNER, target="/static/css/base.css"),
    "a body on the way elsewhere": _post(_length(INNER), body=INNER, target="//sign-in"),
    "a body of a GET": _request("/problems", OUTER, _length(INNER)) + INNER,
    "a body of a HEAD": _request("/problems", OUTER, _length(INNER), method="HEAD") + INNER,
    "a body of OPTIONS": _request("/problems", OUTER, _length(INNER), method="OPTIONS") + INNER,
    "a body for a program": _request("/api/v1/ideas", OUTER, _length(INNER), method="POST") + INNER,
    "a body that asks to go on first": _post(_length(INNER), b"Expect: 100-continue", body=INNER),
    "chunks that nobody reads": _post(
        CHUNKED, body=f"{len(INNER):x}\r\n".encode() + INNER + b"\r\n" + END, target="/nothing/here"
    ),
    "chunks with an extension": _post(CHUNKED, body=f"{len(INNER):x};a=b\r\n".encode() + INNER + b"\r\n" + END),
    "a length with an underscore in its name": _post(b"Content_Length: 0", _length(INNER), body=INNER),
    "chunks with an underscore in their name": _post(b"Transfer_Encoding: chunked", _length(INNER), body=INNER),
    "a longer name for the method": _post(_length(INNER), b"X-HTTP-Method-Override: GET", body=INNER),
    "a change to HTTP/2": _request(
        *("/problems", OUTER, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
        *(_length(INNER),),
    )
    + INNER,
    "a tunnel": _request("127.0.0.1:80", OUTER, method="CONNECT") + INNER,
    "an address with a host": _request("http://evil.test/problems", OUTER, _length(INNER)) + INNER,
    "an address with a host and a user": _request("http://a@evil.test:x/problems", OUTER, _length(INNER)) + INNER,
    "a star": _request("*", OUTER, _length(INNER), method="OPTIONS") + INNER,
    "a length of HTTP/1.0": _post(_length(INNER), body=INNER, version="HTTP/1.0"),
    "more than the length of HTTP/1.0": _post(b"Content-Length: 0", body=INNER, version="HTTP/1.0"),
    "a length that says to close": _post(b"Content-Length: 0", b"Connection: close", body=INNER),
}

CORPUS = [
    *(Odd(name, _post(*headers, body=b"a=1" + INNER)) for name, headers in _LENGTHS.items()),
    *(Odd(name, _post(*headers, body=A_CHUNK + END + INNER)) for name, headers in _CODINGS.items()),
    Odd("chunks of HTTP/1.0", _post(CHUNKED, body=A_CHUNK + END + INNER, version="HTTP/1.0")),
    *(Odd(name, _post(CHUNKED, body=body + INNER)) for name, body in _CHUNKS.items()),
    *(
        Odd(f"{name}, which nobody reads", _post(CHUNKED, body=body + INNER, target="/nothing/here"), is_refused=False)
        for name, body in _CHUNKS.items()
    ),
    *(Odd(name, sent) for name, sent in _HEADS.items()),
    *(Odd(name, sent, is_refused=False) for name, sent in _BODIES.items()),
]

# Two requests in a row, as they may be sent: what shows that a second answer would be seen.
PIPELINED = _request("/problems", OUTER) + INNER


@dataclass
class Heard:
    """What came back on one connection: the first answer, and what came after it."""

    first: bytes = b""
    rest: bytes = b""

    @property
    def status(self) -> int:
        """Of the first answer; 0 when there was none."""
        found = re.match(rb"HTTP/1\.[01] (\d{3})", self.first)
        return int(found[1]) if found else 0

    def names(self, request: str) -> bool:
        """Whether that request was answered by the application."""
        return f"x-request-id: {request}".encode() in (self.first + self.rest).lower()


def send(port: int, sent: bytes) -> Heard:
    """Send it, read the first answer, and where the connection stays open ask for something of our own."""
    heard = Heard()
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(sent)
            heard.first, heard.rest = _one_answer(connection, is_head=sent.startswith(b"HEAD"))
            if heard.first:
                connection.sendall(_request("/problems", NEXT, b"Connection: close"))
                while piece := connection.recv(65536):
                    heard.rest += piece
        except ConnectionError:
            pass  # it hung up while we were still sending
    return heard


def _one_answer(connection: socket.socket, *, is_head: bool) -> tuple[bytes, bytes]:
    """The first answer, after any 100, and what came with it already."""
    buffer = b""
    while True:
        head, found, after = buffer.partition(b"\r\n\r\n")
        if found and re.match(rb"HTTP/1\.[01] 100", head):
            buffer = after
            continue
        if found:
            length = re.search(rb"(?im)^content-length: *(\d+)", head)
            size = len(head) + 4 + (int(length[1]) if length and not is_head else 0)
            if len(buffer) >= size:
                return buffer[:size], buffer[size:]
        piece = connection.recv(65536)
        if not piece:
            return buffer, b""
        buffer += piece
