"""How the host of a board says who somebody is: issuer, algorithm, secret, keys. The only code that writes
`embed_host`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from ideas import grown, outgoing
from ideas.accounts import audit, policy
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import db, insert_once, utcnow
from ideas.embed import claims, keysets
from ideas.embed.errors import TokenRefused
from ideas.embed.models import Algorithm, Host
from ideas.settings import current
from ideas.words import _

PREFIX = "ab_es_"
OVERLAP = timedelta(hours=24)  # in which the former secret counts as well


def of(board_id: int) -> Host:
    """How the host of the board signs; of a board that nobody set up, what is there at first."""
    found = db.session.get(Host, board_id, populate_existing=True)
    return found or Host(board_id=board_id, algorithm=Algorithm.HS256.value)


def change(actor: User | None, board: Board, said: Mapping[str, Any]) -> Host:
    """Set issuer, algorithm, keys_address; what is left out stays. Raises ValidationError for an address that is not
    asked, NotFound for anybody but an administrator."""
    host = _held(actor, board)
    wanted = {name: said[name] or None for name in ("issuer", "keys_address") if name in said}
    if "algorithm" in said:
        wanted["algorithm"] = said["algorithm"]
    changed = {name: value for name, value in wanted.items() if value != getattr(host, name)}
    algorithm = changed.get("algorithm", host.algorithm)
    address = changed.get("keys_address", host.keys_address)
    if algorithm != Algorithm.HS256 and not address:
        raise ValidationError({"keys_address": [_("Say where the host publishes its keys.")]})
    if "keys_address" in changed and address:
        _judge(address)
    for name, value in changed.items():
        setattr(host, name, value)
    if changed:
        keysets.forget()
        audit.record(actor, "embed.changed", _subject(board), **changed)
        db.session.flush()
    return host


def rotate(actor: User | None, board: Board) -> str:
    """A new secret of the board, shown this once; the former one counts for a day as well, or until `end_former`."""
    host = _held(actor, board)
    if host.seed is not None:
        host.former_seed, host.former_until = host.seed, utcnow() + OVERLAP
    host.seed = grown.fresh_seed("embed")
    audit.record(actor, "embed.secret_made", _subject(board))
    db.session.flush()
    return secrets_of(host, utcnow())[0]


def end_former(actor: User | None, board: Board) -> None:
    """The secret before this one counts no more: it leaked, say. Nothing happens when none does."""
    host = _held(actor, board)
    if host.former_seed is None:
        return
    host.former_seed = host.former_until = None
    audit.record(actor, "embed.former_secret_ended", _subject(board))
    db.session.flush()


def secrets_of(host: Host, now: datetime) -> list[str]:
    """The secrets that count now, the present one first."""
    seeds = [host.seed] if host.seed else []
    if host.former_seed and host.former_until and host.former_until > now:
        seeds.append(host.former_seed)
    return [
        PREFIX + base64.urlsafe_b64encode(found).rstrip(b"=").decode("ascii")
        for seed in seeds
        if (found := grown.secret("embed", seed)) is not None
    ]


def read(board_id: int, token: str) -> claims.Claims:
    """Who somebody is, by a token of the board's host. Changes nothing, and stands in no transaction: the host may have
    to be asked for its keys. Raises TokenRefused."""
    host = of(board_id)
    expected = expected_of(host)
    now = utcnow()
    secrets = secrets_of(host, now)
    if expected is None or (host.algorithm == Algorithm.HS256 and not secrets):
        raise TokenRefused("not-set-up", _("This board takes no signed identity: an administrator sets it up first."))
    address, algorithm = host.keys_address or "", host.algorithm
    if algorithm == Algorithm.HS256:
        return claims.read(token, expected, lambda _kid: secrets, now=now)
    db.session.rollback()  # nothing was written; no connection waits while somebody else's server is asked
    return claims.read(token, expected, lambda kid: keysets.keys(address, algorithm, kid), now=now)


def expected_of(host: Host) -> claims.Expected | None:
    """What a token must say; None while the board is not set up."""
    if not host.issuer:
        return None
    return claims.Expected(host.algorithm, host.issuer, current().base_url)


def _held(actor: User | None, board: Board) -> Host:
    if actor is not None:
        policy.require_admin(actor)
    insert_once(Host, board_id=board.id, algorithm=Algorithm.HS256.value)
    return db.session.get_one(Host, board.id, with_for_update=True, populate_existing=True)


def _judge(address: str) -> None:
    try:
        outgoing.target(address, outgoing.rules())
    except outgoing.Refused as error:
        raise ValidationError({"keys_address": [str(error)]}) from None


def _subject(board: Board) -> str:
    return f"board:{board.id}"
