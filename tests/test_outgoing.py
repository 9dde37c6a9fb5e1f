"""Requests that leave the site go where anybody may go, to the address that was judged, and end in time."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ideas import outgoing
from ideas.outgoing import Refused, Rules, Unreachable

HERE = Rules(outgoing.networks("127.0.0.1"), plain=True)

# Of no public machine, and what hides one of them.
NETWORKS = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
::/128 ::1/128 fc00::/7 fe80::/10 ff00::/8 100::/64 2001:db8::/32 3fff::/20 64:ff9b::/96 64:ff9b:1::/48 2002::/16
2001::/32 5f00::/16
"""


def refused_addresses():
    """First, last and middle of each network, and each of version 4 in the forms in which version 6 hides it."""
    found = []
    for network in map(ipaddress.ip_network, NETWORKS.split()):
        few = {network[0], network[-1], network[network.num_addresses // 2], network[network.num_addresses // 3]}
        for ip in sorted(few):
            found.append(str(ip))
            if ip.version == 4:
                number = int(ip)
                found += [f"::ffff:{ip}", f"::{ip}", f"64:ff9b::{ip}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::"]
    return [*found, "169.254.169.254", "fd00:ec2::254", "fe80::1%lo"]


# What the system's resolver takes for numbers, and names that never leave the machine.
SPELLINGS = """
127.1 0 0x7f.1 0x7f000001 2130706433 0177.0.0.1 017700000001 10.1 192.168.257 localhost [::] [::1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] 127.0.0.1. [::127.0.0.1] １２７.0.0.1 127。0。0。1 0x7f.0x0.0x0.0x1
"""

NO_ADDRESSES = [
    *("ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "javascript:alert(1)", "//example.org/"),
    *("https://", "https:///x", "https://a@example.org/", "https://a:b@example.org/", "https://example.org:0/"),
    *("https://example.org:99999/", "https://example.org:/", "https://ex ample.org/", "https://example.org\\@a/"),
    *("https://example.org/\r\nX: y", "https://example.org/\x00", "https://[::1/", "https://-/", "https://a_.-/"),
    *("http://example.org/", "HTTP://example.org/", "example.org", "", "https://example.org/ä"),
]


@pytest.fixture
def sockets(monkeypatch):
    """Where anybody connects to; nobody gets anywhere."""
    asked = []

    def connect(place, *_rest, **_options):
        asked.append(place)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    return asked


def test_no_request_goes_to_an_address_that_is_not_public(sockets):
    addresses = refused_addresses()
    asked = [(ip, [ip]) for ip in addresses] + [(f"mixed {ip}", ["93.184.216.34", ip]) for ip in addresses[::7]]
    assert len(asked) + len(SPELLINGS.split()) >= 300

    for name, ips in asked:
        with pytest.raises(Refused):
            outgoing.request("POST", "https://hooks.example.org/", rules=Rules(), resolve=lambda *_asked, ips=ips: ips)
        assert outgoing.is_refused(ips[-1]), name
    for host in SPELLINGS.split():
        with pytest.raises((Refused, Unreachable)):
            outgoing.request("POST", f"https://{host}/", rules=Rules())
    for address in NO_ADDRESSES:
        with pytest.raises(Refused):
            outgoing.request("POST", address, rules=Rules(), resolve=lambda *_asked: ["93.184.216.34"])

    assert sockets == []


def test_public_addresses_are_asked_on_the_ports_of_https(sockets):
    neighbours = "8.8.8.8 11.0.0.1 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 192.167.255.255 192.169.0.0"
    for ip in [*neighbours.split(), "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"]:
        assert not outgoing.is_refused(ip), ip

    for port, is_asked in ((443, True), (8443, True), (22, False), (6379, False), (80, False)):
        with pytest.raises(Unreachable if is_asked else Refused):
            outgoing.request("GET", f"https://a.example:{port}/", rules=Rules(), resolve=lambda *_asked: ["8.8.8.8"])

    assert sockets == [("8.8.8.8", 443), ("8.8.8.8", 8443)]


def test_a_name_is_resolved_once_and_the_address_that_was_judged_is_asked(sockets):
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])

    with pytest.raises(Unreachable):
        outgoing.request("POST", "https://rebinding.example/", rules=Rules(), resolve=lambda *_asked: next(answers))

    assert sockets == [("93.184.216.34", 443)]
    assert next(answers) == ["127.0.0.1"]


def test_what_the_settings_allow_is_asked_at_any_port_and_nothing_beside_it(sockets):
    rules = Rules(outgoing.networks("10.1.0.0/16, 127.0.0.1"))

    for ip, error in (("10.1.2.3", Unreachable), ("10.2.0.1", Refused), ("127.0.0.1", Unreachable), ("::1", Refused)):
        with pytest.raises(error):
            outgoing.request("POST", "https://inside.example:9000/", rules=rules, resolve=lambda *_asked, ip=ip: [ip])
    with pytest.raises(Refused):
        outgoing.request("POST", "http://inside.example/", rules=rules, resolve=lambda *_asked: ["10.1.2.3"])

    assert sockets == [("10.1.2.3", 9000), ("127.0.0.1", 9000)]


# --- At the socket ---


class Server:
    """Says to each who comes, by what they ask for, what `said` has: pieces of bytes, or seconds to wait."""

    def __init__(self, said, context=None):
        self.said, self.context, self.heard, self.names = said, context, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                request = b""
                while b"\r\n\r\n" not in request or (b"POST" in request and not request.endswith(b"{}")):
                    request += connection.recv(65536)
                self.heard.append(request)
                for piece in self.said[request.split()[1].decode()]:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    elif piece == "reset":
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        return
                    else:
                        connection.sendall(piece)
            except OSError:
                return
            finally:
                connection.close()


@contextmanager
def serving(said, context=None):
    server = Server(said, context)
    try:
        yield server
    finally:
        server.socket.close()


OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b"\0" * 10_000_000)
SAID = {
    "/hang": [3.0],
    "/drip": [OK, *[b"X", 0.05] * 60],
    "/drip-body": [OK + b"Content-Length: 999\r\n\r\n", *[b"y", 0.05] * 60],
    "/headers": [OK, *[b"X-A: " + b"a" * 60_000 + b"\r\n"] * 90],
    "/302": [b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"],
    "/large": [OK + b"Content-Length: 10000000\r\n\r\n", *[b"z" * 65536] * 150],
    "/bomb": [OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB],
    "/chunks": [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"5\r\nhello\r\n"] * 3, b"zz\r\n"],
    "/reset": ["reset"],
    "/garbage": [b"220 mail.example ESMTP\r\n"],
    "/late": [OK + b"Connection: close\r\nContent-Length: 4\r\n\r\n", 0.1, b"late"],
    "/429": [b"HTTP/1.1 429 Slow\r\nRetry-After: 30\r\nContent-Length: 4\r\n\r\nslow"],
}


def test_whatever_answers_takes_no_more_than_its_share_of_time_and_bytes():
    with serving(SAID) as server:

        def ask(path, **options):
            return outgoing.request("POST", f"http://127.0.0.1:{server.port}{path}", body=b"{}", rules=HERE, **options)

        began = time.monotonic()
        for path in ("/hang", "/drip"):
            with pytest.raises(Unreachable, match="No answer in time"):
                ask(path, seconds=0.4)
        dripped = ask("/drip-body", seconds=0.4)
        assert time.monotonic() - began < 2.5
        assert (dripped.status, set(dripped.body)) == (200, set(b"y"))
        for path in ("/reset", "/garbage"):
            with pytest.raises(Unreachable):
                ask(path)
        moved, large, bomb, chunks, slow = map(ask, ("/302", "/large", "/bomb", "/chunks", "/429"))
        late = ask("/late")  # whoever closes is read to the end all the same
        headers = ask("/headers")  # read to the bound, which is in the first

    assert (moved.status, moved.headers["location"]) == (302, "http://127.0.0.1:1/")
    assert large.status == bomb.status == headers.status == 200
    assert headers.body == b""
    assert 0 < len(large.body) <= outgoing.BYTES_MOST
    assert bomb.body[:2] == BOMB[:2]  # as it came
    assert chunks.body == b"hello" * 3
    assert late.body == b"late"
    assert (slow.status, slow.headers["retry-after"], slow.body) == (429, "30", b"slow")
    assert len([heard for heard in server.heard if b"/302" in heard.split(b"\r\n")[0]]) == 1


def test_names_that_stand_for_nothing_or_are_never_found_end_too():
    def never(_host, _port):
        time.sleep(2)
        return ["8.8.8.8"]

    def fails(_host, _port):
        raise socket.gaierror(-2, "unknown")

    with pytest.raises(Unreachable, match="not found in time"):
        outgoing.request("GET", "https://a.example/", rules=Rules(), seconds=0.1, resolve=never)
    with pytest.raises(Unreachable, match="The name was not found"):
        outgoing.request("GET", "https://a.example/", rules=Rules(), resolve=fails)


def certificate(folder, name):
    """A certificate for `name` that it signed itself, and its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / f"{name}.pem"
    file.write_bytes(key.private_bytes(pem, pkcs8, plain) + made.public_bytes(pem))
    return file


def test_certificates_are_asked_for_the_name_though_an_address_is_connected_to(tmp_path, monkeypatch):
    file = certificate(tmp_path, "hooks.example.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    names = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with serving({"/": [OK + b"Content-Length: 2\r\n\r\nok"]}, context) as server:

        def ask(name):
            address = f"https://{name}:{server.port}/"
            return outgoing.request("POST", address, body=b"{}", rules=HERE, resolve=lambda *_asked: ["127.0.0.1"])

        with pytest.raises(Unreachable, match="certificate is not good"):
            ask("hooks.example.test")  # nobody vouches for it
        trusting = ssl.create_default_context(cafile=str(file))
        monkeypatch.setattr(outgoing, "_trusting", lambda: trusting)
        assert ask("hooks.example.test").body == b"ok"
        with pytest.raises(Unreachable, match="certificate is not good"):
            ask("other.example.test")

    assert names[:2] == ["hooks.example.test"] * 2
    assert f"Host: hooks.example.test:{server.port}".encode() in server.heard[0]


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    with serving({"/": [OK + b"Content-Length: 2\r\n\r\nok"]}) as server, serving({}) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        answer = outgoing.request("GET", f"http://127.0.0.1:{server.port}/", rules=HERE)

    assert (answer.body, proxy.heard) == (b"ok", [])
