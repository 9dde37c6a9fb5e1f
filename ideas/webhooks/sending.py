"""What is due to an endpoint is claimed, and what came of it written down. One transaction each, the caller's.

A claim is a lease, longer than a request may take: whoever holds it alone may send, and writes down nothing once
somebody else has it. The attempt is counted when it is claimed, so that what kills its sender is given up too.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import joinedload

from ideas import outgoing, settings, words
from ideas.accounts import audit, letters
from ideas.accounts.letters import Words
from ideas.db import db, utcnow
from ideas.outgoing import Answer
from ideas.webhooks import endpoints, payloads, signing
from ideas.webhooks.models import (
    Disabled,
    Reason,
    State,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from ideas.words import _

log = structlog.get_logger()

# After the first try, each so long after the one before.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
TRIES = len(PAUSES) + 1
JITTER = 0.2
RETRY_AFTER_MOST = timedelta(hours=24)
DISABLED_AFTER = timedelta(days=5)  # of nothing but failures
ANSWER_KEPT, ERROR_KEPT = 500, 200  # characters
KEY_CHANGED = "The site’s key was changed: make a new secret for this endpoint."


@dataclass(frozen=True)
class Post:
    """A request that this process alone may make until its lease runs out. headers: None when it cannot be signed."""

    delivery_id: int
    endpoint_id: int
    lease: str
    address: str
    body: bytes
    headers: Mapping[str, str] | None
    is_failing: bool = False  # the endpoint, until now


@dataclass(frozen=True)
class Outcome:
    """What came of a post: an answer, or in words why there was none."""

    post: Post
    at: datetime
    milliseconds: int
    answer: Answer | None
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.answer is not None and 200 <= self.answer.status < 300


# --- Claim ---

_due = (
    WebhookDelivery.endpoint_id == WebhookEndpoint.id,
    # as the index says it
    WebhookDelivery.state == sa.literal_column("'pending'", sa.String),
    WebhookDelivery.due_at <= sa.bindparam("now", type_=WebhookDelivery.due_at.type),
)
_ENDPOINTS_DUE = (
    sa.select(WebhookEndpoint.id, WebhookEndpoint.failing_since)
    .where(WebhookEndpoint.disabled_at.is_(None), WebhookEndpoint.paused_at.is_(None), sa.exists().where(*_due))
    .order_by(WebhookEndpoint.id)
)
_TAKE = (
    sa.update(WebhookDelivery)
    .where(
        WebhookDelivery.id.in_(
            sa.select(
                sa.select(WebhookDelivery.id)
                .where(
                    WebhookDelivery.endpoint_id == sa.bindparam("endpoint"),
                    WebhookDelivery.state == sa.literal_column("'pending'", sa.String),
                    WebhookDelivery.due_at <= sa.bindparam("now", type_=WebhookDelivery.due_at.type),
                )
                .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
                .limit(sa.bindparam("most", type_=sa.Integer))
                .with_for_update(skip_locked=True)
                .cte("due")
                .prefix_with("MATERIALIZED", dialect="postgresql")
                .c.id
            )
        )
    )
    .values(
        lease=sa.bindparam("the_lease"),
        due_at=sa.bindparam("until", type_=WebhookDelivery.due_at.type),
        attempts=WebhookDelivery.attempts + 1,
    )
    .returning(WebhookDelivery.id)
    .execution_options(synchronize_session=False)
)


def endpoints_due() -> dict[int, bool]:
    """Endpoints to which something is due now → whether they are failing. Reads, and claims nothing."""
    return {row.id: row.failing_since is not None for row in db.session.execute(_ENDPOINTS_DUE, {"now": utcnow()})}


def claim(room: Mapping[int, int]) -> list[Post]:
    """Take of what is due to each endpoint at most so many as there is `room` for.

    What its owner may not see (any more) is struck out with the reason, and so is what was tried too often.
    """
    now = utcnow()
    lease = secrets.token_hex(16)
    until = now + timedelta(seconds=settings.current().lease_seconds + outgoing.SECONDS)
    values = {"now": now, "the_lease": lease, "until": until}
    taken: list[int] = []
    for endpoint_id, most in sorted(room.items()):
        taken += db.session.scalars(_TAKE, {**values, "endpoint": endpoint_id, "most": most})
    if not taken:
        return []
    statement = (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.id.in_(taken))
        .options(
            joinedload(WebhookDelivery.message),
            joinedload(WebhookDelivery.endpoint).joinedload(WebhookEndpoint.owner),
        )
        .order_by(WebhookDelivery.id)
        .execution_options(populate_existing=True)
    )
    return [post for line in db.session.scalars(statement).all() if (post := _post(line, now)) is not None]


def _post(line: WebhookDelivery, now: datetime) -> Post | None:
    """The request for a line in hand; None when there is none to be made, which is written down."""
    endpoint = line.endpoint
    if line.attempts > TRIES:  # whoever tried it was never heard of again
        _end(line, State.FAILED, Reason.GAVE_UP, now)
        return None
    try:
        made = payloads.body(line.message, endpoint.owner, with_emails=endpoint.with_emails)
    except payloads.NotTheirs:
        _end(line, State.SUPPRESSED, Reason.NOT_VISIBLE, now)
        return None
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise  # the database, not the message
    except Exception:  # one that is broken must not hold up the others
        log.exception("webhook_cannot_be_made", delivery=line.id)
        _end(line, State.FAILED, Reason.UNRENDERABLE, now)
        return None
    if not line.body or not payloads.says_no_more(line.body, endpoint.owner, with_emails=endpoint.with_emails):
        line.body = made
    body = line.body.encode()
    keys = endpoints.secrets_of(endpoint, now)
    signed = signing.headers(line.message.name, now, body, keys) if keys else None
    is_failing = endpoint.failing_since is not None
    return Post(line.id, endpoint.id, line.lease or "", endpoint.address, body, signed, is_failing)


def _end(line: WebhookDelivery, state: State, reason: Reason | None, now: datetime) -> None:
    line.state, line.reason, line.lease, line.done_at = state.value, reason and reason.value, None, now
    if state is State.SUPPRESSED:
        line.attempts -= 1  # nothing was tried


# --- Write down ---


def write_down(outcomes: Sequence[Outcome]) -> None:
    """Record what came of these posts: the log of attempts, the lines, and how each endpoint is doing."""
    for outcome in outcomes:
        _write_down(outcome)
    db.session.flush()


def _write_down(outcome: Outcome) -> None:
    post, now = outcome.post, utcnow()
    line = db.session.scalar(
        sa.select(WebhookDelivery)
        # the fence: whoever slept through their lease changes nothing
        .where(WebhookDelivery.id == post.delivery_id, WebhookDelivery.lease == post.lease)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if line is None:
        log.info("webhook", delivery=post.delivery_id, endpoint=post.endpoint_id, outcome="not_mine")
        return
    endpoint = db.session.scalars(
        sa.select(WebhookEndpoint)
        .where(WebhookEndpoint.id == post.endpoint_id)
        .options(joinedload(WebhookEndpoint.owner))
        .with_for_update(of=WebhookEndpoint)
        .execution_options(populate_existing=True)
    ).one()
    answer = outcome.answer
    status = answer.status if answer else None
    said = answer.body.decode("utf-8", "replace").replace("\0", "") if answer else ""
    error = outcome.error or _what_is_wrong(outcome)
    db.session.add(
        WebhookAttempt(
            delivery_id=line.id,
            at=outcome.at,
            milliseconds=outcome.milliseconds,
            status=status,
            answer=said[:ANSWER_KEPT],
            error=error[:ERROR_KEPT],
        )
    )
    log.info("webhook", delivery=line.id, endpoint=endpoint.id, status=status, error=error, attempt=line.attempts)
    if outcome.is_success:
        _end(line, State.SENT, None, now)
        endpoint.failing_since = endpoint.told_at = None
        return
    endpoint.failing_since = endpoint.failing_since or outcome.at
    if status == 410:
        _end(line, State.FAILED, Reason.DISABLED, now)
        _disable(endpoint, Disabled.GONE, now)
    elif now - endpoint.failing_since >= DISABLED_AFTER:
        _end(line, State.FAILED, Reason.DISABLED, now)
        _disable(endpoint, Disabled.FAILING, now)
    elif line.attempts >= TRIES:
        _end(line, State.FAILED, Reason.GAVE_UP, now)
        if endpoint.told_at is None:  # once, until something arrives again
            endpoint.told_at = now
            _mail(endpoint, _gave_up)
    else:
        line.lease = None
        line.due_at = now + pause(line.attempts, _retry_after(answer, now))


def pause(attempts: int, asked: timedelta | None = None, *, chance: float | None = None) -> timedelta:
    """How long to wait after so many failed attempts: as planned, give or take a fifth, and as long as was `asked`.

    chance: between 0 and 1, in place of a throw of the dice.
    """
    drawn = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
    planned = PAUSES[min(attempts, len(PAUSES)) - 1] * (1 + JITTER * (2 * drawn - 1))
    return max(planned, min(asked or timedelta(0), RETRY_AFTER_MOST))


def _retry_after(answer: Answer | None, now: datetime) -> timedelta | None:
    """What the other side asks for, in seconds or as a date (RFC 9110)."""
    said = answer.headers.get("retry-after", "").strip() if answer else ""
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), int(RETRY_AFTER_MOST.total_seconds())))
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(timedelta(0), at - now)


def _what_is_wrong(outcome: Outcome) -> str:
    status = outcome.answer.status if outcome.answer else 0
    if outcome.is_success:
        return ""
    return "A redirect is not followed." if 300 <= status < 400 else f"It answered {status}."


def _disable(endpoint: WebhookEndpoint, why: Disabled, now: datetime) -> None:
    endpoint.disabled_at, endpoint.disabled_for = now, why.value
    db.session.flush()
    endpoints.end_waiting(endpoint.id, Reason.DISABLED, now)
    endpoints.listen()
    audit.record(None, "webhook.disabled", endpoint.subject, why=why.value)
    endpoint.told_at = now
    _mail(endpoint, _gone if why is Disabled.GONE else _disabled)


# --- Telling the owner: a letter, for it is about something of their own and not about anything on a board ---


def _mail(endpoint: WebhookEndpoint, say: _Say) -> None:
    owner = endpoint.owner
    if owner.email is None or owner.is_suspended:
        return
    with words.addressing(owner):
        letter = say(endpoint)
    letters.write(owner.email, letter, good_for=timedelta(days=3), asked_for=False)


class _Say(Protocol):
    """What one of these letters says of an endpoint."""

    def __call__(self, endpoint: WebhookEndpoint) -> Words: ...


def _letter(endpoint: WebhookEndpoint, subject: str, before: Sequence[str], after: Sequence[str]) -> Words:
    where = _("It is the endpoint %(address)s.", address=endpoint.address)
    return Words(
        subject=subject,
        before=[*before, where],
        button=_("See what went wrong"),
        url=settings.absolute(f"/manage/webhooks/{endpoint.id}"),
        after=after,
    )


def _gave_up(endpoint: WebhookEndpoint) -> Words:
    return _letter(
        endpoint,
        _("A webhook does not arrive"),
        [_("%(site)s tried ten times in three days to send a webhook, and gave up.", site=settings.brand().site_name)],
        [_("Others are still tried. After five days of nothing but failures the endpoint is disabled.")],
    )


def _disabled(endpoint: WebhookEndpoint) -> Words:
    return _letter(
        endpoint,
        _("A webhook endpoint was disabled"),
        [_("For five days nothing that %(site)s sent arrived.", site=settings.brand().site_name)],
        [_("Put it right and enable it again; from its log you can have sent again what was missed.")],
    )


def _gone(endpoint: WebhookEndpoint) -> Words:
    return _letter(
        endpoint,
        _("A webhook endpoint was disabled"),
        [_("It told %(site)s that it is gone (410), so nothing is sent there.", site=settings.brand().site_name)],
        [_("If that was a mistake, enable it again.")],
    )
