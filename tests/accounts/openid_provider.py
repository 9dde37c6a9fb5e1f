"""An OpenID provider on this machine: over real HTTP, with real keys, as honest or not as a test wants it.

What it would say goes through one function of `Acts` first, which a test may replace to have it say something else. It
shares no code with ours: tokens are signed here, and what our side sends is checked here.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.client
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ideas.accounts import openid_asking
from ideas.setting_openid import Algorithm, For, Provider

CLIENT, SECRET = "answerback", "a secret: with/odd+letters"

Said = dict[str, Any]
Reply = tuple[int, dict[str, str], bytes]


@functools.cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of that name, made once for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(name: str, bits: int = 2048, **more: Any) -> Said:
    """The public part of a key, as a provider publishes it."""
    numbers = key(name, bits).public_key().public_numbers()
    n, e = (_piece(each.to_bytes((each.bit_length() + 7) // 8, "big")) for each in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": n, "e": e, **more}


def signed(header: Said, claims: Said | bytes, name: str = "first", bits: int = 2048) -> str:
    """A token with a signature by RS256, whatever its header says."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = f"{_piece(json.dumps(header).encode())}.{_piece(payload)}"
    signature = key(name, bits).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{_piece(signature)}"


def _piece(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


piece = _piece


def half_hash(text: str) -> str:
    return _piece(hashlib.sha256(text.encode()).digest()[:16])


def as_it_is(said: Any) -> Any:
    return said


@dataclass
class Acts:
    """What would be said → what is said: an object, or bytes for a body as it stands. `ahead` answers before all."""

    discovery: Callable[[Said], Any] = as_it_is
    keys: Callable[[Said], Any] = as_it_is
    header: Callable[[Said], Said] = as_it_is
    claims: Callable[[Said], Any] = as_it_is
    token: Callable[[Said], Any] = as_it_is
    userinfo: Callable[[Said], Any] = as_it_is
    back: Callable[[list[tuple[str, str]]], list[tuple[str, str]]] = as_it_is
    signed: Callable[[Said, Any], str] = signed
    ahead: dict[str, Reply | None] = field(default_factory=dict)  # by path; None: no answer at all


@dataclass
class OpenIdProvider:
    """Who is signed in there is `person`. asked: the paths that were, in order."""

    address: str
    person: Said = field(default_factory=dict)
    acts: Acts = field(default_factory=Acts)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Said] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # what somebody was sent there with last
    released: threading.Event = field(default_factory=threading.Event)

    def setting(self, slug: str = "acme", **more: Any) -> Provider:
        """As this site is told of it."""
        known: dict[str, Any] = {
            "slug": slug,
            "issuer": self.address,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "name": slug.capitalize(),
            "button": None,
            "scopes": "openid email profile",
            "whom": For.EVERYBODY,
            "domains": frozenset(),
            "algorithm": Algorithm.RS256,
        }
        return Provider(**{**known, **more})

    def be(self, sub: str = "4711", email: str = "mia@example.test", **more: Any) -> None:
        """Honest from now on, and somebody is signed in there."""
        self.person = {"sub": sub, "email": email, "email_verified": True, "name": "Mia", **more}
        self.acts, self.asked, self.codes = Acts(), [], {}

    def visit(self, url: str) -> str:
        """What a browser does there: it follows `url`, and is sent back to the address that this gives."""
        parts = urlsplit(url)
        there = http.client.HTTPConnection(parts.netloc, timeout=10)
        try:
            there.request("GET", f"{parts.path}?{parts.query}")
            answer = there.getresponse()
            assert answer.status == 302, answer.read()
            return str(answer.getheader("Location"))
        finally:
            there.close()

    # --- What it answers ---

    def discovery(self) -> Said:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def authorize(self, query: dict[str, list[str]]) -> str:
        self.told = {name: values[0] for name, values in query.items()}
        wanted = ("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge")
        assert not [name for name in wanted if len(query.get(name, [])) != 1]
        assert (self.told["response_type"], self.told["client_id"]) == ("code", CLIENT)
        assert self.told["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(self.told)
        pairs = self.acts.back([("code", code), ("state", self.told["state"]), ("iss", self.address)])
        return f"{self.told['redirect_uri']}?{urlencode(pairs)}"

    def exchange(self, form: dict[str, list[str]], authorization: str) -> tuple[int, Any]:
        """An honest provider is strict: its own client, its own address to go back to, PKCE, each code once."""
        said = {name: values[0] for name, values in form.items()}
        both = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        who = [unquote_plus(each) for each in both.split(":")]
        begun = self.codes.pop(said.get("code", ""), None)
        challenge = _piece(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if who != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != said.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        now = int(time.time())
        claims = self.acts.claims(
            {
                "iss": self.address,
                "aud": CLIENT,
                "exp": now + 300,
                "iat": now,
                "nonce": begun["nonce"],
                "at_hash": half_hash(access),
                **({"auth_time": now} if begun.get("max_age") == "0" else {}),
                **self.person,
            }
        )
        header = self.acts.header({"alg": "RS256", "kid": "first", "typ": "JWT"})
        token = self.acts.signed(header, claims)
        return 200, self.acts.token({"access_token": access, "token_type": "Bearer", "id_token": token})


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider that listens on loopback."""
    kept = OpenIdProvider("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if self._is_ahead(parts.path):
                return
            if parts.path == "/authorize":
                self._send(302, {"Location": kept.authorize(parse_qs(parts.query))}, b"")
            elif parts.path == "/.well-known/openid-configuration":
                self._say(200, kept.acts.discovery(kept.discovery()))
            elif parts.path == "/keys":
                self._say(200, kept.acts.keys({"keys": [jwk("first")]}))
            elif parts.path == "/userinfo" and self.headers.get("Authorization", "").startswith("Bearer "):
                self._say(200, kept.acts.userinfo(dict(kept.person)))
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self._is_ahead(self.path):
                self._say(*kept.exchange(parse_qs(body), self.headers.get("Authorization", "")))

        def _is_ahead(self, path: str) -> bool:
            kept.asked.append(path)
            if path not in kept.acts.ahead:
                return False
            reply = kept.acts.ahead[path]
            if reply is None:
                kept.released.wait(10)
            else:
                self._send(*reply)
            return True

        def _say(self, status: int, said: Any) -> None:
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self._send(status, {"Content-Type": "application/json"}, body)

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                """Whoever asked has heard enough."""

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    kept.address = f"http://127.0.0.1:{server.server_address[1]}"
    kept.be()
    try:
        yield kept
    finally:
        kept.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


# --- Our side of it ---


def offer(app: Flask, *providers: Provider, **settings: Any) -> None:
    """The site offers these providers, which may be on this machine and are not known yet."""
    openid_asking.forget()
    config = app.config["ANSWERBACK"]
    app.config["ANSWERBACK"] = replace(
        config, outgoing_allow="127.0.0.1", outgoing_http=True, openid_providers=providers, **settings
    )


def leads_to(answer: TestResponse) -> str | None:
    """Where the page takes somebody that comes after a provider's button; None where it is another page."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.text)
    return found[1].replace("&amp;", "&") if found else None


def away(client: FlaskClient, slug: str = "acme", **typed: str) -> str:
    """Press the provider's button; the provider's page to which it leads."""
    there = leads_to(client.post(f"/sign-in/with/{slug}", data=typed))
    assert there is not None
    return there


def through(client: FlaskClient, provider: OpenIdProvider, slug: str = "acme", **typed: str) -> TestResponse:
    """Press the button, be there, come back: the last page of ours."""
    answer = client.post(f"/sign-in/with/{slug}", data=typed)
    there = leads_to(answer)
    return client.get(provider.visit(there)) if there else answer
