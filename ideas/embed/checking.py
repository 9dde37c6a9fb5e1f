"""Whether a page shows the widget: read as a browser gets it, and each thing said that stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sa

from ideas import outgoing
from ideas.boards.models import Board
from ideas.db import db
from ideas.embed import arriving, hosts, policies, publishable
from ideas.embed.errors import TokenRefused
from ideas.embed.models import SpentToken
from ideas.settings import current
from ideas.words import _

SECONDS = 10.0
BYTES_MOST = 500_000
SCRIPT = "/embed/v1.js"
TAG = "answerback-board"


class Finding(NamedTuple):
    """One thing that was looked at. code: for programs, the same for ever."""

    code: str
    is_good: bool
    said: str


@dataclass
class Found(HTMLParser):
    """What of a page matters. scripts: of our scripts their attributes. policies: those in `meta` elements.

    has_frame: something of ours stands on it in a frame.
    """

    script: str
    scripts: list[dict[str, str]] = field(default_factory=list)
    elements: list[dict[str, str]] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    address: str = ""
    has_frame: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in reversed(attrs)}  # of one that stands twice the first counts
        if tag == "script" and self._address_of(said.get("src", "")) == self.script:
            self.scripts.append(said)
        elif tag == TAG:
            self.elements.append(said)
        elif tag == "iframe" and self._address_of(said.get("src", "")).startswith(
            self.script.removesuffix(SCRIPT) + "/"
        ):
            self.has_frame = True
        elif tag == "meta" and said.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(said.get("content", ""))

    def _address_of(self, source: str) -> str:
        try:
            return urljoin(self.address, source)
        except ValueError:  # such as http://[x
            return ""


def findings(board: Board, *, address: str, token: str) -> list[Finding]:
    """What there is to say of a page and of a token; either may be empty."""
    board_id = board.id
    found = page(board, address) if address else []
    return [*found, of_token(board_id, token.strip())] if token.strip() else found


def page(board: Board, address: str) -> list[Finding]:
    """What there is to say of the page at `address`. Stands in no transaction: it is asked for. Never raises."""
    slug, sites, board_id = board.slug, list(board.embed_sites), board.id
    db.session.rollback()  # nothing was written; no connection waits while somebody else's server is asked
    try:
        answer = outgoing.request("GET", address, rules=outgoing.rules(), seconds=SECONDS, most=BYTES_MOST)
    except (outgoing.Refused, outgoing.Unreachable) as error:
        return [Finding("reached", False, _("The page cannot be read: %(why)s", why=error))]
    if answer.status != 200:
        return [
            Finding(
                "reached",
                False,
                _("The page answers %(status)s. Give one that anybody may read.", status=answer.status),
            )
        ]
    found = Found(current().base_url + SCRIPT, address=address)
    found.feed(answer.body.decode("utf-8", "replace"))
    header = answer.headers.get("content-security-policy", "")
    return [
        Finding("reached", True, _("The page can be read.")),
        *_of_line(found, slug, board_id),
        _of_origin(address, sites),
        *_of_policies([header, *found.policies], found, address),
    ]


def _of_line(found: Found, slug: str, board_id: int) -> list[Finding]:
    if not found.scripts:
        return [
            Finding("line", False, _("The line is not on the page. What a script puts there later is not seen here."))
        ]
    said = [*found.scripts, *found.elements]
    boards = [each.get("data-board") or each.get("board") or "" for each in said]
    if slug not in boards:
        other = next(filter(None, boards), "")
        return [Finding("line", False, _("The line is there, for another board: “%(slug)s”.", slug=other[:60]))]
    findings = [Finding("line", True, _("The line is there, for this board."))]
    token = next((text for each in said if (text := each.get("data-key") or each.get("key"))), "")
    key = publishable.find(token) if token.startswith(publishable.PREFIX) else None
    if key is None or key.board_id != board_id:
        findings.append(Finding("key", False, _("Its key is none of this board, or was revoked.")))
    else:
        findings.append(Finding("key", True, _("Its key works.")))
    return findings


def _of_origin(address: str, sites: list[str]) -> Finding:
    parts = urlsplit(address)
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    origin = f"{parts.scheme}://{parts.hostname}{port}"
    if origin in sites:
        return Finding("origin", True, _("%(site)s is on the list.", site=origin))
    return Finding("origin", False, _("%(site)s is not on the list above.", site=origin))


def _of_policies(texts: list[str], found: Found, address: str) -> list[Finding]:
    nonce = next((each["nonce"] for each in found.scripts if each.get("nonce")), "")
    base = current().base_url
    stopped = {
        (name, need)
        for text in texts
        for policy in policies.parsed(text)
        for need in policies.NEEDS
        if need != "frame" or found.has_frame  # the widget itself draws none
        if (name := policies.stops(policy, need, base + SCRIPT, page=address, nonce=nonce))
    }
    if not stopped:
        return [Finding("policy", True, _("Its content policy lets the widget through."))]
    words = {
        "script": _("the script"),
        "connect": _("what it asks of us"),
        "frame": _("frames of ours"),
    }
    return [
        Finding(
            f"policy-{need}",
            False,
            _("Its content policy stops %(what)s: add %(site)s to %(name)s.", what=words[need], site=base, name=name),
        )
        for name, need in sorted(stopped, key=lambda each: list(policies.NEEDS).index(each[1]))
    ]


def of_token(board_id: int, text: str) -> Finding:
    """What there is to say of a token of the host; it is not used up by that."""
    try:
        claims = hosts.read(board_id, text)
    except TokenRefused as error:
        return Finding(f"token-{error.reason}", False, error.message)
    spent = sa.select(SpentToken.digest).where(SpentToken.digest == arriving.digest(board_id, claims))
    if db.session.scalar(spent) is not None:
        return Finding("token-used", False, _("The token is good, but it was used already."))
    if claims.email and not claims.email_verified:
        return Finding(
            "token", True, _("The token is good. Without “email_verified” its e-mail address is not looked at.")
        )
    return Finding("token", True, _("The token is good: it signs in %(name)s.", name=claims.name or claims.subject))
