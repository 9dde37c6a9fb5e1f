"""What the domain name system says of a sender: SPF, DKIM and DMARC, asked for and read. Knows nothing of this site.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import dns.exception
import dns.name
import dns.resolver

SECONDS = 5.0  # for one question
LOOKUPS_MOST = 10  # RFC 7208, 4.6.4
DEPTH_MOST = 10
WEAK_KEY = 200  # bytes: one of 1024 bits takes 162, of 2048 bits 294

Ip = IPv4Address | IPv6Address


class NoAnswer(Exception):
    """No name server answers, so nothing can be said."""


def resolver(nameserver: str | None = None) -> dns.resolver.Resolver:
    """One that asks the machine's own name servers, or this one ("host" or "host:port")."""
    if nameserver is None:
        try:
            found = dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration as error:
            raise NoAnswer("This machine knows no name server.") from error
    else:
        host, _colon, port = nameserver.partition(":")
        found = dns.resolver.Resolver(configure=False)
        found.nameservers = [host]
        found.port = int(port or 53)
    found.lifetime = SECONDS
    return found


@dataclass(frozen=True)
class Names:
    """The domain name system, asked by one resolver."""

    resolver: dns.resolver.Resolver

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, their pieces put together."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def addresses(self, name: str) -> list[Ip]:
        return [ip_address(str(record.address)) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def exchangers(self, name: str) -> list[str]:
        """The hosts that take mail for a domain; "" for one that says that it takes none (RFC 7505)."""
        return [str(record.exchange).rstrip(".") for record in self._ask(name, "MX")]

    def takes_mail(self, domain: str) -> bool:
        exchangers = self.exchangers(domain)
        return any(exchangers) if exchangers else bool(self.addresses(domain))

    def _ask(self, name: str, kind: str) -> Sequence[dns.resolver.Answer]:
        try:
            return list(self.resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.EmptyLabel, dns.name.LabelTooLong):
            return []
        except dns.exception.DNSException as error:
            raise NoAnswer(f"The name servers do not answer for {name}.") from error


# --- SPF ---


@dataclass
class Spf:
    """What a domain says of who may send for it. problems: why nobody can follow it. ends: what it says of all others.

    names: whether it names that address, None where no address was asked about.
    """

    record: str | None = None
    problems: list[str] = field(default_factory=list)
    ends: str = ""
    names: bool | None = None
    lookups: int = 0


def spf(names: Names, domain: str, senders: Sequence[Ip] = ()) -> Spf:
    """What `domain` says, and whether it names all of `senders`."""
    found = Spf()
    records = _spf_records(names, domain)
    if len(records) > 1:
        found.problems.append(f"{domain} has {len(records)} SPF records; then none counts. Keep one.")
    if len(records) != 1:
        return found
    found.record = records[0]
    results = [_follow(names, domain, sender, found, depth=0) for sender in (*senders, *([] if senders else [None]))]
    found.names = all(result == "+" for result in results) if senders else None
    found.problems = list(dict.fromkeys(found.problems))
    found.lookups = found.lookups // max(1, len(senders))
    if found.lookups > LOOKUPS_MOST:
        found.problems.append(
            f"It leads to {found.lookups} further questions; with more than {LOOKUPS_MOST} none counts."
        )
    return found


def _spf_records(names: Names, domain: str) -> list[str]:
    return [text for text in names.texts(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


def _follow(names: Names, domain: str, sender: Ip | None, found: Spf, *, depth: int) -> str:
    """What the record of `domain` says of `sender` ("+", "-", "~", "?"), "" if nothing."""
    records = _spf_records(names, domain)
    if len(records) != 1 or depth > DEPTH_MOST or found.lookups > 10 * LOOKUPS_MOST:
        if depth:
            found.problems.append(
                f"It refers to {domain}, which has {'no' if not records else 'no single'} SPF record."
            )
        return ""
    said, redirect, result = "", "", ""
    for term in records[0].split()[1:]:
        match = re.fullmatch(r"([+?~-])?(all|include|a|mx|ip4|ip6|exists|ptr)([:/].*)?", term, re.IGNORECASE)
        if match is None:
            name, equals, value = term.partition("=")
            if not equals:
                found.problems.append(f"“{term}” in the record of {domain} is nothing that SPF knows.")
            elif name.lower() == "redirect":
                redirect = value
            continue
        sign, kind, value = match[1] or "+", match[2].lower(), match[3] or ""
        if kind == "all":
            said = sign
            redirect = ""
        if not result and _matches(names, domain, sender, kind, value, found, depth=depth):
            result = sign
        if kind == "all":
            break
    if redirect:
        found.lookups += 1
        return result or _follow(names, redirect, sender, found, depth=depth + 1)
    if depth == 0 or not found.ends:
        found.ends = said or found.ends
    return result


def _matches(names: Names, domain: str, sender: Ip | None, kind: str, value: str, found: Spf, *, depth: int) -> bool:
    if kind == "all":
        return sender is not None
    target, _slash, length = value.removeprefix(":").partition("/")
    if kind in ("ip4", "ip6"):
        try:
            network = ip_network(value.removeprefix(":"), strict=False)
        except ValueError:
            found.problems.append(f"“{kind}{value}” in the record of {domain} is no address.")
            return False
        return sender is not None and sender.version == network.version and sender in network
    found.lookups += 1
    if "%" in value:  # a macro, which depends on each mail
        return False
    if kind == "include":
        ends = found.ends
        result = _follow(names, target, sender, found, depth=depth + 1)
        found.ends = ends
        return result == "+"
    if kind == "ptr" or sender is None:
        return False
    if kind == "exists":
        return bool(names.addresses(target))
    hosts = names.exchangers(target or domain) if kind == "mx" else [target or domain]
    prefix = length.partition("/")[0]
    return any(_is_near(sender, each, prefix) for host in hosts if host for each in names.addresses(host))


def _is_near(sender: Ip, other: Ip, prefix: str) -> bool:
    if sender.version != other.version:
        return False
    bits = prefix if prefix.isdecimal() and sender.version == 4 else str(other.max_prefixlen)
    return sender in ip_network(f"{other}/{bits}", strict=False)


# --- DKIM ---


@dataclass(frozen=True)
class Dkim:
    """What stands at a selector. problems: why no signature can be checked with it; notes: what could be better."""

    record: str | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def dkim(names: Names, domain: str, selector: str) -> Dkim:
    """The key by which signatures of `domain` are checked."""
    place = f"{selector}._domainkey.{domain}"
    records = [text for text in names.texts(place) if "p=" in text]
    if not records:
        return Dkim(None)
    if len(records) > 1:
        return Dkim(records[0], (f"{place} has {len(records)} keys; keep one.",))
    tags = _tags(records[0])
    key = re.sub(r"\s", "", tags.get("p", ""))
    if not key:
        return Dkim(records[0], (f"The key at {place} was withdrawn (p= is empty).",))
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return Dkim(records[0], (f"The key at {place} is damaged: paste it anew, in one piece.",))
    if tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa") not in ("rsa", "ed25519"):
        return Dkim(records[0], (f"What stands at {place} is no key that mail servers know.",))
    notes = []
    if tags.get("k", "rsa") == "rsa" and len(decoded) < WEAK_KEY:
        notes.append("The key has 1024 bits or fewer; let your relay make one of 2048.")
    if "y" in tags.get("t", "").split(":"):
        notes.append("The key says that it is only tried out (t=y); take that away once signatures are right.")
    return Dkim(records[0], (), tuple(notes))


# --- DMARC ---


@dataclass(frozen=True)
class Dmarc:
    """What a domain asks others to do with mail that is not from it. place: where that stands. strict: of SPF."""

    place: str = ""
    policy: str = ""
    reports_to: str = ""
    strict: bool = False
    problems: tuple[str, ...] = ()


def dmarc(names: Names, domain: str) -> Dmarc:
    """The policy of `domain`, its own or that of the domain above it."""
    for each in _upwards(domain):
        place = f"_dmarc.{each}"
        records = [text for text in names.texts(place) if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
        if not records:
            continue
        if len(records) > 1:
            return Dmarc(place, problems=(f"{place} has {len(records)} DMARC records; then none counts. Keep one.",))
        tags = _tags(records[0])
        policy = (tags.get("sp") if each != domain else None) or tags.get("p", "")
        problems = () if policy in ("none", "quarantine", "reject") else (f"{place} does not say p=none, say.",)
        return Dmarc(place, policy, tags.get("rua", ""), tags.get("aspf") == "s", problems)
    return Dmarc()


def _upwards(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


def are_of_one(domain: str, other: str) -> bool:
    """Whether two domains may stand for one sender, as far as can be told without a list of all registries."""
    return (
        domain == other
        or domain.endswith(f".{other}")
        or other.endswith(f".{domain}")
        or (domain.split(".")[-2:] == other.split(".")[-2:] and len(domain.split(".")[-2]) > 3)
    )


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}
