"""The one door for every HTTP request that leaves this site, wherever somebody else chose the address.

A name is resolved once; if any address that it has is not to be asked, nothing is; and the connection goes to the very
address that was judged, under the name that was asked for. Nothing is followed, unpacked or sent through a proxy; time
and what is read have an end. The standard library's client is used because it does none of these things by itself.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

import idna

from ideas import settings
from ideas.words import _

SECONDS = 15.0  # from the first question for the name to the last byte
BYTES_MOST = 20_000  # that are read, with the headers
ADDRESSES_MOST = 3  # of one name that are tried, one after the other
PORTS = frozenset({443, 8443})
AGENT = "Answerback"

Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

# Not to be asked: this machine, its neighbours, what names no single machine, and every form in which an address of
# version 6 hides one of version 4.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32"),
        *("2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_UNICAST = ipaddress.ip_network("2000::/3")  # of version 6 nothing else is given to anybody
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]+", re.IGNORECASE)
_METHOD = re.compile(r"GET|HEAD|POST")


class Refused(Exception):
    """This site does not ask there. The message says why, for whoever gave the address."""


class Unreachable(Exception):
    """Nobody answered, or not in time, or nothing that is HTTP. The message says which, in a few words."""


@dataclass(frozen=True)
class Rules:
    """Where requests may go beyond the public network: `allowed` networks at any port, and by plain http if `plain`."""

    allowed: tuple[Network, ...] = ()
    plain: bool = False


@dataclass(frozen=True)
class Target:
    """An address taken apart. host: in ASCII. path: with the query."""

    is_plain: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Answer:
    """What came back: of the body what fits into what is read. seconds: how long it all took."""

    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)  # names in small letters


def rules() -> Rules:
    """As the settings of this site say."""
    config = settings.current()
    return Rules(networks(config.outgoing_allow or ""), config.outgoing_http)


def networks(text: str) -> tuple[Network, ...]:
    """The networks in `text`, separated by commas. Raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())


def target(address: str, rules: Rules) -> Target:
    """`address` taken apart. Raises Refused for one to which nothing is sent, whatever its name stands for."""
    if not address.isprintable() or any(each in address for each in " \\"):
        raise Refused(_("The address has characters that no address has."))
    try:
        parts = urlsplit(address)
        host, port = _ascii(parts.hostname or ""), parts.port
    except ValueError:  # idna's errors among them
        raise Refused(_("This is no address.")) from None
    if parts.scheme not in ("https", "http"):
        raise Refused(_("The address must begin with https://."))
    is_plain = parts.scheme == "http"
    if is_plain and not rules.plain:
        raise Refused(_("The address must begin with https://."))
    if "@" in parts.netloc:
        raise Refused(_("The address must hold no name and password."))
    if not _HOST.fullmatch(host) or parts.netloc.endswith(":") or port == 0:
        raise Refused(_("The address names no host."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused(_("Write what is not ASCII in the address with per cent signs."))
    return Target(is_plain, host, port or (80 if is_plain else 443), path)


def _ascii(host: str) -> str:
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def is_refused(ip: Ip | str, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address is none of the public network, and in no network of `allowed`."""
    found = ipaddress.ip_address(ip.partition("%")[0]) if isinstance(ip, str) else ip
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if any(found.version == each.version and found in each for each in allowed):
        return False
    if isinstance(found, IPv6Address) and found not in _UNICAST:
        return True
    if not found.is_global:
        return True
    return any(found.version == each.version and found in each for each in _REFUSED)


def judge(asked: Target, ips: Sequence[str], rules: Rules) -> None:
    """Raises Refused when any of these addresses of the target is not to be asked, or its port is not."""
    if not ips or any(is_refused(ip, rules.allowed) for ip in ips):
        raise Refused(_("The address leads to a place that is not public."))
    is_ours = all(is_refused(ip) for ip in ips)  # allowed by the settings alone
    if asked.port not in PORTS and not is_ours and not (asked.is_plain and asked.port == 80):
        raise Refused(_("The address has a port that is not asked: leave it out, or take 443 or 8443."))


def ask_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def request(
    method: str,
    address: str,
    *,
    rules: Rules,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    most: int = BYTES_MOST,
    resolve: Resolver = ask_system,
) -> Answer:
    """Ask `address` once, and read at most `most` bytes of what it says, within `seconds` in all.

    Needs no application around it, so that threads may call it. Raises Refused before anything is connected, and
    Unreachable.
    """
    if not _METHOD.fullmatch(method):
        raise ValueError(f"{method} is not asked here.")
    began = time.monotonic()
    deadline = began + seconds
    asked = target(address, rules)
    ips = _resolved(asked, deadline, resolve)
    judge(asked, ips, rules)
    connection = _Pinned(asked, ips[:ADDRESSES_MOST], deadline, most)
    try:
        connection.request(method, asked.path, body, {"User-Agent": AGENT, "Connection": "close", **(headers or {})})
        response = connection.getresponse()
        said = _read(response, most)
    except TimeoutError:
        raise Unreachable("No answer in time.") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"The certificate is not good: {error.verify_message}.") from None
    except ssl.SSLError:
        raise Unreachable("No encrypted connection came about.") from None
    except (http.client.HTTPException, ValueError):
        raise Unreachable("What answered speaks no HTTP.") from None
    except OSError as error:
        raise Unreachable(f"The connection failed: {error.strerror or 'it was closed'}.") from None
    finally:
        connection.end()
    named = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, said, time.monotonic() - began, named)


def _resolved(asked: Target, deadline: float, resolve: Resolver) -> Sequence[str]:
    """In a thread of its own: the system's resolver cannot be told when to give up."""
    said: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            said.put(resolve(asked.host, asked.port))
        except (OSError, UnicodeError):
            said.put(())

    threading.Thread(target=ask, daemon=True).start()
    try:
        ips = said.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise Unreachable("The name was not found in time.") from None
    if not ips:
        raise Unreachable("The name was not found.")
    return ips


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """As much of the body as there is in time: what was said before is an answer all the same."""
    said = bytearray()
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(said) < most and (piece := response.read1(most - len(said))):
            said += piece
    return bytes(said)


@functools.cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the addresses that were judged, under the name that was asked for."""

    def __init__(self, asked: Target, ips: Sequence[str], deadline: float, most: int) -> None:
        super().__init__(asked.host, asked.port)
        self.default_port = 80 if asked.is_plain else 443  # the Host header names any other
        self._asked, self._ips, self._deadline, self._most = asked, ips, deadline, most
        self._made: socket.socket | None = None

    def end(self) -> None:
        self.close()
        if self._made is not None:
            self._made.close()

    def connect(self) -> None:
        made = self._connected()
        try:
            if not self._asked.is_plain:
                made.settimeout(_left(self._deadline))
                made = _trusting().wrap_socket(made, server_hostname=self._asked.host)
        except BaseException:
            made.close()
            raise
        self._made = made
        self.sock = _Wire(made, self._deadline, self._most)

    def _connected(self) -> socket.socket:
        for place, ip in enumerate(self._ips):
            left = _left(self._deadline)
            try:
                # the last may take what is left; those before it leave time for another
                return socket.create_connection(
                    (ip, self._asked.port), left if place == len(self._ips) - 1 else left / 3
                )
            except OSError:
                if place == len(self._ips) - 1:
                    raise
        raise OSError("no address")


class _Wire:
    """As much of a socket as the client uses, with one end for all of it: a moment, and a number of bytes."""

    def __init__(self, made: socket.socket, deadline: float, most: int) -> None:
        self._made, self._deadline, self._most = made, deadline, most

    def sendall(self, data: bytes) -> None:
        self._made.settimeout(_left(self._deadline))
        self._made.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._made, self._deadline, self._most), 4096)

    def close(self) -> None:
        """Not yet: the client closes as soon as it has the headers, and the body may still be on its way. See `end`."""


class _Reader(io.RawIOBase):
    def __init__(self, made: socket.socket, deadline: float, most: int) -> None:
        self._made, self._deadline, self._more = made, deadline, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # of io's own buffers
        if self._more <= 0:
            return 0  # as if it ended here
        self._made.settimeout(_left(self._deadline))
        taken = self._made.recv_into(memoryview(buffer)[: self._more])
        self._more -= taken
        return taken


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
