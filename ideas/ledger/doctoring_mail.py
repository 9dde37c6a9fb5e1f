"""What `ideas doctor mail` looks at: whether mail that leaves here has a chance to arrive. Each line says what to do.

DNS cannot say everything: what the relay signs, and from which machines it sends, only mail that arrived shows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

from config import Config, is_loopback
from ideas import mail, mail_tokens, settings
from ideas.ledger import names
from ideas.ledger.names import Names, NoAnswer

TEST = "t"  # before a number: what a test is called in reports about it


@dataclass
class Looked:
    """What was found, by part: what is wrong, and what could be better or cannot be told from here."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def look(asked: Names, *, to: str | None, selectors: Sequence[str]) -> Looked:
    """Look at the relay and at what the domain name system says of the sender; with `to`, send a test there."""
    config = settings.current()
    found = Looked()
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "Relay": lambda: _relay(config, to),
        "Sender": lambda: _sender(asked, config, found.notes),
        "SPF": lambda: _spf(asked, config, found.notes),
        "DKIM": lambda: _dkim(asked, config, selectors, found.notes),
        "DMARC": lambda: _dmarc(asked, config, found.notes),
    }
    for name, part in parts.items():
        try:
            found.wrong[name] = list(part())
        except NoAnswer as error:
            found.wrong[name] = [f"{error} Nothing can be said about it; look at this machine's name servers."]
    return found


def _domain(config: Config) -> str:
    return parseaddr(config.mail_from)[1].rpartition("@")[2].lower()


def _envelope_domain(config: Config) -> str:
    """The domain on the envelope, which is the one that SPF is asked of."""
    return config.bounce_address.rpartition("@")[2] if config.bounce_address else _domain(config)


def _relay(config: Config, to: str | None) -> Iterator[str]:
    if config.mail_url.startswith("folder:"):
        yield "MAIL_URL is a folder: nobody will receive any mail. Name your relay: MAIL_URL='smtp://…'"
        return
    transport = mail.transport_for(config)
    try:
        if to is None:
            transport.check()
        else:
            transport.send(_test(config, to))
    except mail.RelayDown as error:
        yield f"{error} Look at MAIL_URL and the mail server."
    except mail.PermanentFailure as error:
        yield f"The relay refuses mail to {to}: {error}"
    except mail.TemporaryFailure as error:
        yield f"The relay does not take mail to {to} now: {error} Try again later."
    except mail.Unmailable as error:
        yield str(error)
    finally:
        transport.close()


def _test(config: Config, to: str) -> mail.Message:
    host = urlsplit(config.base_url).hostname
    words = (
        f"This is a test of {settings.brand().site_name}. Nobody else gets it.\n\n"
        "Did it arrive where you read your mail, and not among junk? Look at its source, too: the line\n"
        "Authentication-Results says spf=pass, dkim=pass and dmarc=pass if all is well.\n"
    )
    return mail.Message(
        to=to,
        to_name="",
        sender_name=mail.own_name(config, settings.brand().site_name),
        subject=f"A test of {settings.brand().site_name}",
        text=words,
        html="",
        message_id=f"<test-{secrets.token_hex(8)}@{host}>",
        headers={"Auto-Submitted": "auto-generated"},
        reports_to=mail_tokens.for_reports(f"{TEST}1"),
    )


def _sender(asked: Names, config: Config, notes: list[str]) -> Iterator[str]:
    domain, envelope = _domain(config), _envelope_domain(config)
    if is_loopback(domain) or "." not in domain:
        yield f"MAIL_FROM ends with {domain}, which is no domain of the internet. Set MAIL_FROM='ideas@your.domain'"
        return
    if not asked.takes_mail(domain):
        yield f"Nobody takes mail for {domain}, and people will reply to it. Give it an MX record, or change MAIL_FROM."
    if config.bounce_address and envelope != domain and not asked.takes_mail(envelope):
        yield f"Nobody takes mail for {envelope}, so no report reaches BOUNCE_ADDRESS. Give it an MX record."
    if config.bounce_address is None and config.mail_in_secret is None:
        notes.append(
            "What could not be delivered is reported to MAIL_FROM alone, and nobody here reads that. "
            "Set BOUNCE_ADDRESS, or give your provider the webhook (see “Mail that comes back” in docs/operators.md)."
        )
    if not config.is_https:
        notes.append("BASE_URL is no https address: mail programs offer no button to unsubscribe.")


def _spf(asked: Names, config: Config, notes: list[str]) -> Iterator[str]:
    domain = _envelope_domain(config)
    relay = urlsplit(config.mail_url).hostname or ""
    senders = [] if is_loopback(relay) or config.mail_url.startswith("folder:") else _addresses(asked, relay)
    found = names.spf(asked, domain, senders)
    yield from found.problems
    if found.record is None:
        if not found.problems:
            yield f"{domain} does not say who may send for it. Add the TXT record: v=spf1 {_for_relay(relay)} -all"
        return
    if found.names is False:
        notes.append(
            f"SPF: {domain} does not name {', '.join(map(str, senders))}, the address of {relay}. If your relay sends "
            f"from others, ask it what to put there; if not, add {_for_relay(relay)} before the end of: {found.record}"
        )
    if not senders:
        notes.append(f"SPF: which machine sends cannot be told from MAIL_URL. See that it is named in: {found.record}")
    if found.ends in ("+", "?", ""):
        said = {"+": "allows everybody (+all)", "?": "says nothing of all others (?all)"}.get(found.ends, "has no end")
        yield f"The record of {domain} {said}, so it protects from nobody. Let it end with -all: {found.record}"


def _addresses(asked: Names, host: str) -> list[names.Ip]:
    try:
        return [ip_address(host)]
    except ValueError:
        return asked.addresses(host)


def _for_relay(relay: str) -> str:
    return f"a:{relay}" if relay and not is_loopback(relay) else "ip4:THE-ADDRESS-OF-YOUR-RELAY"


def _dkim(asked: Names, config: Config, selectors: Sequence[str], notes: list[str]) -> Iterator[str]:
    domain = _domain(config)
    if not selectors:
        notes.append(
            "DKIM: its key stands at a name that your relay chose. Say which, to have it looked at: --selector NAME"
        )
    for selector in selectors:
        found = names.dkim(asked, domain, selector)
        if found.record is None:
            yield (
                f"There is no key at {selector}._domainkey.{domain}, so signatures of your relay count for nothing. "
                "Your relay says which record to put there."
            )
        yield from found.problems
        notes += [f"DKIM, {selector}: {each}" for each in found.notes]


def _dmarc(asked: Names, config: Config, notes: list[str]) -> Iterator[str]:
    domain, envelope = _domain(config), _envelope_domain(config)
    found = names.dmarc(asked, domain)
    yield from found.problems
    if not found.place:
        yield (
            f"{domain} does not say what is to become of mail that is not from it; large providers want that. Begin "
            f"with the TXT record at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
        )
        return
    if found.policy == "none":
        notes.append(
            f"DMARC: {found.place} says p=none, which asks for nothing. Once its reports look fine: p=quarantine"
        )
    if not found.reports_to:
        notes.append(f"DMARC: {found.place} asks for no reports. Add rua=mailto:postmaster@{domain}")
    aligned = envelope == domain if found.strict else names.are_of_one(envelope, domain)
    if not aligned:
        notes.append(
            f"DMARC: the envelope is of {envelope} and the sender of {domain}, so SPF does not count for it; the "
            f"relay's signature (DKIM) must be of {domain}."
        )
