"""Who else may say who somebody is: the OpenID providers that the environment names.

`OPENID` lists short names; what is known of each stands in variables that begin with it, such as `OPENID_ACME_ISSUER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

PREFIX = "OPENID_"
PROVIDERS_MOST = 10
ISSUER_LONGEST = 300
_VISIBLE = re.compile(r"[\x21-\x7e]{1,500}")
_SECRET = re.compile(r"[\x20-\x7e]{1,500}")  # RFC 6749, A.2


class For(StrEnum):
    EVERYBODY = "everybody"
    TEAM = "team"  # whoever holds a role on the whole site


class Algorithm(StrEnum):
    """With what a provider signs: the one that is taken, whatever a token says of itself."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


@dataclass(frozen=True)
class Provider:
    """Who says who somebody is, and as whom it knows this site.

    slug: its short name, in addresses of ours. domains: of e-mail; empty: any. button: its words; None: the usual ones.
    """

    slug: str
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    name: str
    button: str | None
    scopes: str
    whom: For
    domains: frozenset[str]
    algorithm: Algorithm

    @property
    def is_for_team(self) -> bool:
        return self.whom == For.TEAM


# What may be said of each: the end of the variable's name → its default and what it is for.
PARTS: dict[str, tuple[str, str]] = {
    "ISSUER": ("—", "The provider's address, exactly as it calls itself; discovery begins there."),
    "CLIENT_ID": ("—", "As whom the provider knows this site."),
    "CLIENT_SECRET": ("none", "What proves that it is this site; without one the site is a public client."),
    "NAME": ("the short name", "How people call the provider."),
    "BUTTON": ("Go on with NAME", "The words on its button."),
    "SCOPES": ("openid email profile", "What is asked for, separated by blanks."),
    "FOR": ("everybody", "`everybody`, or `team`: those alone who hold a role on the whole site already."),
    "DOMAINS": (
        "any",
        "Of whose e-mail addresses, as it states them, people may be, separated by commas, such as `example.com`.",
    ),
    "ALGORITHM": ("RS256", "With what it signs: `RS256`, `PS256`, `ES256` or `EdDSA`. No other is believed."),
}


def read(listed: str | None, environ: Mapping[str, str], *, plain: bool) -> tuple[tuple[Provider, ...], list[str]]:
    """The providers that `listed` names, and everything that is wrong with them, a sentence for each.

    plain: whether an issuer may be reached by plain http.
    """
    slugs = [each.strip().lower() for each in (listed or "").split(",") if each.strip()]
    if any(not re.fullmatch(r"[a-z][a-z0-9]{0,19}", slug) for slug in slugs) or len(set(slugs)) < len(slugs):
        return (), ["OPENID must be different short names of letters and digits, separated by commas."]
    if len(slugs) > PROVIDERS_MOST:
        return (), [f"OPENID must name at most {PROVIDERS_MOST} providers."]
    known = {variable(slug, part) for slug in slugs for part in PARTS}
    problems = [
        f"{name} is no setting; is its provider named in OPENID?"
        for name in sorted(environ)
        if name.startswith(PREFIX) and environ[name].strip() and name not in known
    ]
    providers: list[Provider] = []
    for slug in slugs:
        said = {part: environ.get(variable(slug, part), "").strip() for part in PARTS}
        wrong = [f"{variable(slug, part)} {what}" for part, what in _wrong(said, plain=plain)]
        problems += wrong
        if not wrong:
            providers.append(_provider(slug, said))
    if len({each.issuer for each in providers}) < len(providers):
        problems.append("OPENID names two providers with the same issuer.")
    return tuple(providers), problems


def variable(slug: str, part: str) -> str:
    return f"{PREFIX}{slug.upper()}_{part}"


def _provider(slug: str, said: Mapping[str, str]) -> Provider:
    return Provider(
        slug=slug,
        issuer=said["ISSUER"],
        client_id=said["CLIENT_ID"],
        client_secret=said["CLIENT_SECRET"] or None,
        name=said["NAME"] or slug.capitalize(),
        button=said["BUTTON"] or None,
        scopes=" ".join((said["SCOPES"] or PARTS["SCOPES"][0]).split()),
        whom=For(said["FOR"] or For.EVERYBODY),
        domains=frozenset(_domains(said["DOMAINS"])),
        algorithm=Algorithm(said["ALGORITHM"] or Algorithm.RS256),
    )


def _wrong(said: Mapping[str, str], *, plain: bool) -> Iterator[tuple[str, str]]:
    """Which part is wrong, and the end of a sentence that begins with the variable's name."""
    if objection := _objection(said["ISSUER"], plain=plain):
        yield "ISSUER", objection
    if not _VISIBLE.fullmatch(said["CLIENT_ID"]):
        yield "CLIENT_ID", "must be what the provider calls this site."
    if said["CLIENT_SECRET"] and not _SECRET.fullmatch(said["CLIENT_SECRET"]):
        yield "CLIENT_SECRET", "has characters that no secret has."  # never the secret itself
    for part in ("NAME", "BUTTON"):
        if len(said[part]) > 60 or not said[part].isprintable():
            yield part, "must be a few words."
    scopes = (said["SCOPES"] or PARTS["SCOPES"][0]).split()
    if "openid" not in scopes or not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", each) for each in scopes):
        yield "SCOPES", "must be names with blanks between them, `openid` among them."
    if said["FOR"] not in ("", *For):
        yield "FOR", f"must be {' or '.join(For)}."
    if not all(map(_is_domain, _domains(said["DOMAINS"]))):
        yield "DOMAINS", "must be domains such as example.com, separated by commas."
    if said["ALGORITHM"] not in ("", *Algorithm):
        yield "ALGORITHM", f"must be {' or '.join(Algorithm)}."


def _is_domain(text: str) -> bool:
    parts = text.split(".")
    return len(parts) > 1 and all(re.fullmatch(r"[a-z0-9-]{1,63}", part) for part in parts)


def _domains(text: str) -> list[str]:
    return [each.strip().lower() for each in text.split(",") if each.strip()]


def _objection(issuer: str, *, plain: bool) -> str | None:
    try:
        parts = urlsplit(issuer)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not _VISIBLE.fullmatch(issuer) or len(issuer) > ISSUER_LONGEST or "@" in parts.netloc:
        return "must be the provider's address, such as https://login.example.com."
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        return "must begin with https://."
    if "?" in issuer or "#" in issuer:
        return "must end with its path: no question mark, no #."
    return None
