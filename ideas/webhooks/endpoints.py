"""Endpoints: made, changed, paused, removed, their secrets. The only code that writes `webhook_endpoint`, but for how
each is doing, which sending.py knows."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas import happenings, outgoing
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import policy, queries
from ideas.boards.queries import BoardRow
from ideas.db import db, utcnow
from ideas.errors import Conflict, NotAllowed, NotFound
from ideas.webhooks import kinds, payloads, recording, signing
from ideas.webhooks.errors import EndpointDisabled, EndpointPaused
from ideas.webhooks.models import Reason, State, WebhookDelivery, WebhookEndpoint, WebhookMessage
from ideas.words import _

MOST = 20  # endpoints of one person
OVERLAP = timedelta(hours=24)  # in which the former secret signs as well
REPLAYED_MOST = 10_000  # at once
_SHOWN = (joinedload(WebhookEndpoint.owner), joinedload(WebhookEndpoint.board))


# --- Who may ---


def require_team(actor: User) -> None:
    """Webhooks are for the team of the site or of a board; to others they are not there: NotFound."""
    if not payloads.is_of_a_team(actor):
        raise NotFound(_("There is nothing here, or you may not see it."))


def get(actor: User, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint of one's own; administrators see all. Raises NotFound. Loaded: owner, board."""
    require_team(actor)
    statement = sa.select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, _mine(actor))
    found = db.session.scalar(statement.options(*_SHOWN).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is no such endpoint, or you may not see it."))
    return found


def every(actor: User) -> Sequence[WebhookEndpoint]:
    """One's own, for administrators all, the newest first. Loaded: owner, board."""
    require_team(actor)
    statement = sa.select(WebhookEndpoint).where(_mine(actor)).options(*_SHOWN)
    return db.session.scalars(statement.order_by(WebhookEndpoint.id.desc())).all()


def _mine(actor: User) -> sa.ColumnElement[bool]:
    return sa.true() if actor.is_admin else WebhookEndpoint.owner_id == actor.id


# --- Make and change ---


def add(actor: User, said: dict[str, Any]) -> tuple[WebhookEndpoint, str]:
    """A new endpoint of `actor`, and its secret, which is shown this once.

    said: as schemas.EndpointWords loads it. Raises ValidationError for an address to which nothing is sent and for a
    board of whose team `actor` is not, NotAllowed for e-mail addresses asked by anybody but an administrator, Conflict
    when there are very many.
    """
    require_team(actor)
    count = sa.select(sa.func.count()).where(WebhookEndpoint.owner_id == actor.id)
    if db.session.scalars(count).one() >= MOST:
        raise Conflict(_("You have %(most)s endpoints. Remove one that is no longer used.", most=MOST))
    _judge(actor, said)
    endpoint = WebhookEndpoint(
        owner_id=actor.id,
        address=said["address"],
        description=said["description"],
        kinds=sorted(set(said["kinds"])),
        with_emails=said["with_emails"],
        board_id=_board_id(actor, said.get("board")),
        seed=signing.fresh_seed(),
    )
    db.session.add(endpoint)
    db.session.flush()  # gives the id
    listen()
    audit.record(actor, "webhook.made", endpoint.subject, kinds=endpoint.kinds, with_emails=endpoint.with_emails)
    return get(actor, endpoint.id), secrets_of(endpoint, utcnow())[0]


def change(actor: User, endpoint_id: int, said: dict[str, Any]) -> WebhookEndpoint:
    """Give an endpoint another address, board, description or kinds; what is left out stays. Raises as `add` does."""
    endpoint = get(actor, endpoint_id)
    _judge(actor, said)
    if "board" in said:
        said = {name: value for name, value in said.items() if name != "board"} | {
            "board_id": _board_id(actor, said["board"])
        }
    changed = {name: value for name, value in said.items() if value != getattr(endpoint, name)}
    if "kinds" in changed:
        changed["kinds"] = sorted(set(changed["kinds"]))
    for name, value in changed.items():
        setattr(endpoint, name, value)
    if changed:
        db.session.flush()
        listen()
        told = {name: value for name, value in changed.items() if name in ("kinds", "with_emails")}
        audit.record(actor, "webhook.changed", endpoint.subject, fields=sorted(changed), **told)
    return endpoint


def _judge(actor: User, said: dict[str, Any]) -> None:
    if said.get("with_emails") and not actor.is_admin:
        raise NotAllowed(_("Only administrators may have e-mail addresses sent along."))
    if "address" not in said:
        return
    rules = outgoing.rules()
    try:
        asked = outgoing.target(said["address"], rules)
        if (ip := _ip(asked.host)) is not None:  # what a name stands for is asked when it is sent
            outgoing.judge(asked, [ip], rules)
    except outgoing.Refused as error:
        raise ValidationError({"address": [_(str(error))]}) from None


def _board_id(actor: User, slug: str | None) -> int | None:
    """Raises ValidationError, naming the field, unless `actor` is of that board's team."""
    if not slug:
        return None
    try:
        row = queries.get_board(actor, slug)
        policy.require_team(row.standing)
    except (NotFound, NotAllowed):
        raise ValidationError({"board": [_("There is no such board, or you are not of its team.")]}) from None
    return row.board.id


def boards_of(actor: User) -> list[BoardRow]:
    """The boards of whose team `actor` is."""
    return [row for row in queries.list_boards(actor) if row.standing.is_team]


def _ip(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def pause(actor: User, endpoint_id: int) -> WebhookEndpoint:
    """Send nothing for now; what happens meanwhile waits, for thirty days at most. Twice is once."""
    endpoint = get(actor, endpoint_id)
    _require_enabled(endpoint)
    if endpoint.paused_at is None:
        endpoint.paused_at = utcnow()
        audit.record(actor, "webhook.paused", endpoint.subject)
    return endpoint


def resume(actor: User, endpoint_id: int) -> WebhookEndpoint:
    """Send again, also after the endpoint was disabled; what waits goes out at once. Twice is once."""
    endpoint = get(actor, endpoint_id)
    if endpoint.state in ("paused", "disabled"):
        endpoint.paused_at = endpoint.disabled_at = endpoint.disabled_for = None
        endpoint.failing_since = endpoint.told_at = None
        db.session.flush()
        listen()
        audit.record(actor, "webhook.resumed", endpoint.subject)
    return endpoint


def remove(actor: User, endpoint_id: int) -> None:
    """The endpoint is gone, and its log with it."""
    endpoint = get(actor, endpoint_id)
    audit.record(actor, "webhook.removed", endpoint.subject)
    delete([endpoint.id])


def delete(ids: Collection[int]) -> None:
    """Without asking: of somebody who is forgotten."""
    leave = sa.delete(WebhookEndpoint).where(WebhookEndpoint.id.in_(ids))
    db.session.execute(leave.execution_options(synchronize_session="fetch"))
    listen()


def rotate(actor: User, endpoint_id: int) -> str:
    """A new secret, shown this once; for a day the former one signs as well, so that nothing is lost in between."""
    endpoint = get(actor, endpoint_id)
    now = utcnow()
    endpoint.former_seed, endpoint.former_until = endpoint.seed, now + OVERLAP
    endpoint.seed = signing.fresh_seed()
    audit.record(actor, "webhook.secret_rotated", endpoint.subject)
    db.session.flush()
    return secrets_of(endpoint, now)[0]


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets with which is signed now, the present one first; none when the site's key was changed since."""
    seeds = [endpoint.seed]
    if endpoint.former_seed and endpoint.former_until and endpoint.former_until > now:
        seeds.append(endpoint.former_seed)
    return [grown for seed in seeds if (grown := signing.secret(seed)) is not None]


def listen() -> None:
    """What any endpoint wants is listened for, and nothing else."""
    wanted = sa.select(WebhookEndpoint.kinds).where(WebhookEndpoint.disabled_at.is_(None))
    happenings.listen_for({kind for each in db.session.scalars(wanted) for kind in each if kind in kinds.KINDS})


def end_waiting(endpoint_id: int, reason: Reason, now: datetime) -> None:
    """What waits for an endpoint is not sent."""
    db.session.execute(
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == State.PENDING.value)
        .values(state=State.FAILED.value, reason=reason.value, lease=None, done_at=now)
        .execution_options(synchronize_session=False)
    )


# --- Tests and replays ---


def send_test(actor: User, endpoint_id: int) -> WebhookMessage:
    """Send a message of which nothing happened. Raises EndpointDisabled, EndpointPaused."""
    endpoint = get(actor, endpoint_id)
    _require_enabled(endpoint)
    if endpoint.paused_at is not None:
        raise EndpointPaused(_("This endpoint is paused, so no test is sent either. Resume it first."))
    return recording.of_test(endpoint)


def replay(actor: User, endpoint_id: int, delivery_id: int) -> None:
    """Send a message again, as it was, from the first attempt on. One that waits goes out at once.

    Raises NotFound, EndpointDisabled.
    """
    if _again(actor, endpoint_id, WebhookDelivery.id == delivery_id) == 0:
        raise NotFound(_("There is no such message in this log."))


def replay_range(actor: User, endpoint_id: int, *, since: datetime, until: datetime, only_unsent: bool = True) -> int:
    """The same for all that happened from `since` to before `until`; how many. At most REPLAYED_MOST, oldest first."""
    within = sa.select(WebhookMessage.id).where(WebhookMessage.happened_at >= since, WebhookMessage.happened_at < until)
    which: sa.ColumnElement[bool] = WebhookDelivery.message_id.in_(within)
    if only_unsent:
        which = sa.and_(which, WebhookDelivery.state != State.SENT.value)
    return _again(actor, endpoint_id, which)


def _again(actor: User, endpoint_id: int, which: sa.ColumnElement[bool]) -> int:
    endpoint = get(actor, endpoint_id)
    _require_enabled(endpoint)
    now = utcnow()
    ids = sa.select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == endpoint.id,
        # what somebody has in hand is being sent already
        sa.or_(WebhookDelivery.state != State.PENDING.value, WebhookDelivery.lease.is_(None)),
        which,
    )
    again = (
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ids.order_by(WebhookDelivery.id).limit(REPLAYED_MOST)))
        .values(state=State.PENDING.value, reason=None, attempts=0, due_at=now, lease=None, done_at=None)
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    count = len(db.session.execute(again).all())
    if count:
        audit.record(actor, "webhook.replayed", endpoint.subject, messages=count)
    return count


def _require_enabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise EndpointDisabled(_("This endpoint is disabled. Enable it first."))
