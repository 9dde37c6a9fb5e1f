"""The worker's work carried by Celery, over Redis or RabbitMQ, for those who outgrow the loop (the extra `scale`).

A scheduler finds in the ledger what is due and offers it; what the broker carries is ids, and what it loses is offered
again, because it is still due. Whoever carries claims it when they begin, not before, by the same leases as the loop:
what is offered twice is done once, and both ways of working may run beside each other.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import kombu.exceptions
import sqlalchemy as sa
import structlog
from celery import Celery, signals

from config import Config
from ideas import mail
from ideas.accounts import letters
from ideas.db import db, utcnow
from ideas.ledger import beside, digests, fanout, sending, turns
from ideas.ledger.models import Delivery
from ideas.ledger.worker import FIRST_PAUSE, LONGEST_PAUSE, Application, Worker, stopped_by_signals

log = structlog.get_logger()

QUEUE = "answerback"
OFFERED_MOST = 16  # messages that may wait in the queue: who comes late waits behind no more
OFFERED_AGAIN_AFTER = 30.0  # seconds after which what is still due was lost, or refused by a relay that was down
BEGUN_AFTER = 1.0  # seconds in which whoever took a message has begun with it
BROKER_SECONDS = 5  # to be waited for a broker that says nothing
LEFTOVERS_MOST = 20

CLIENTS = ("redis.", "amqp.")


def make_celery(config: Config) -> Any:
    """What carries, with a task for each part of the work. Nothing but ids goes through it."""
    carrier = Celery("answerback", broker=config.broker_url, set_as_current=False)
    carrier.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=60,  # seconds in which a process has to be ready, on a busy machine
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=BROKER_SECONDS,
        enable_utc=True,
    )
    for name, part in TASKS.items():
        carrier.task(part, name=f"answerback.{name}")
    return carrier


# --- Who carries ---

_working: Worker | None = None  # of this process, once it is forked


def carry(app_for: Callable[[], Application], config: Config, *, processes: int) -> None:
    """Take what is offered, in so many processes, until told to end. `app_for` makes an application in each of them."""
    signals.worker_process_init.connect(lambda **_: _begin(app_for()), weak=False)
    signals.worker_process_shutdown.connect(lambda **_: _end(), weak=False)
    signals.setup_logging.connect(lambda **_: None, weak=False)  # ours is set up already
    quietly = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    make_celery(config).worker_main(["--quiet", "worker", f"--concurrency={processes}", *quietly])


def _begin(app: Application) -> None:
    global _working
    _working = Worker(app, mail.transport_for(app.config["ANSWERBACK"]))


def _end() -> None:
    if _working is not None:
        _working.finish()


def _worker() -> Worker:
    if _working is None:
        raise RuntimeError("This process carries nothing yet.")
    return _working


def _announce(entry_id: int) -> None:
    _worker().announce(entry_id)
    _worker().beat()


def _send(ids: list[int]) -> None:
    _worker().send_some(ids)
    _worker().beat()


def _send_digests(people: list[int]) -> None:
    _worker().send_digests_to(people)
    _worker().beat()


def _send_left_over(delivery_id: int) -> None:
    _worker().send_some([delivery_id], leftover=True)
    _worker().beat()


def _send_digest_left_over(user_id: int) -> None:
    _worker().send_digests_to([user_id], leftover=True)
    _worker().beat()


def _send_letters() -> None:
    _worker().send_letters()
    _worker().beat()


TASKS: dict[str, Callable[..., None]] = {
    "announce": _announce,
    "send": _send,
    "digests": _send_digests,
    "leftover": _send_left_over,
    "leftover_digest": _send_digest_left_over,
    "letters": _send_letters,
}


# --- Who offers ---


class Offer(NamedTuple):
    """A task and what it is called with. whats: what is due by which it is known again, see Scheduler.offered."""

    task: str
    said: list[Any]
    whats: list[Hashable]


@dataclass
class Scheduler:
    """Finds what is due and offers it; run as many as you like. It also makes the rounds, of which each is made once.

    offered: what was offered, and when, so that it is not offered again while it waits in the queue. It need not be
    true: what is offered twice is claimed once.
    """

    app: Application
    carrier: Any
    rounds: Worker
    offered: dict[Hashable, float] = field(default_factory=dict)

    def turn(self) -> bool:
        """Offer what is due as far as the queue has room; False when there was nothing to do. Raises BrokerAway."""
        did = self.rounds.tidy()
        waiting = self._queued()
        # of an empty queue it is either lost or in somebody's hands, and these have claimed it by now
        again_after = OFFERED_AGAIN_AFTER if waiting else BEGUN_AFTER
        now = time.monotonic()
        self.offered = {what: at for what, at in self.offered.items() if now - at < again_after}
        with self.app.app_context():
            try:
                offers = list(itertools.islice(self._found(), max(0, OFFERED_MOST - waiting)))
            finally:
                db.session.rollback()
        for offer in offers:
            with _reaching_the_broker():
                self.carrier.send_task(f"answerback.{offer.task}", args=offer.said, queue=QUEUE, retry=False)
            self.offered |= dict.fromkeys(offer.whats, now)
        return did or bool(offers)

    def _queued(self) -> int:
        """How many messages wait in the queue."""
        with _reaching_the_broker(), self.carrier.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
            declared = connection.default_channel.queue_declare(queue=QUEUE, durable=True, auto_delete=False)
            return int(declared.message_count)

    def _found(self) -> Iterator[Offer]:
        """What is due and was not offered just now, in the order of its worth."""
        now = utcnow()
        letter_due = letters.next_due()
        if letter_due is not None and letter_due <= now:
            yield from self._one_by_one("letters", [()])
        yield from self._one_by_one("announce", fanout.due(most=OFFERED_MOST))
        enough = {"now": now, "most": 2 * OFFERED_MOST * sending.BATCH}
        yield from self._together("send", db.session.scalars(turns.due(locked=False), enough), sending.BATCH)
        yield from self._together("digests", db.session.scalars(digests.people_due(now)), digests.PEOPLE)
        # whoever dies of one of these takes no others with them
        yield from self._one_by_one("leftover", db.session.execute(_left_over(now)))
        people = dict.fromkeys(db.session.scalars(digests.people_due(now, leftover=True).limit(LEFTOVERS_MOST)))
        yield from self._one_by_one("leftover_digest", ((each,) for each in people))

    def _one_by_one(self, task: str, rows: Iterable[Sequence[Any]]) -> Iterator[Offer]:
        """rows: an id first, if it takes one; what follows tells apart the times at which the same is offered."""
        for row in list(rows):
            if (what := (task, *row)) not in self.offered:
                yield Offer(task, list(row[:1]), [what])

    def _together(self, task: str, ids: Iterable[int], size: int) -> Iterator[Offer]:
        fresh = [each for each in dict.fromkeys(ids) if (task, each) not in self.offered]
        for first in range(0, len(fresh), size):
            some = fresh[first : first + size]
            yield Offer(task, [some], [(task, each) for each in some])


def _left_over(now: datetime) -> sa.Select[int]:
    return (
        sa.select(Delivery.id)
        .where(turns.pending, turns.single, Delivery.due_at <= now, sending.left_over())
        .order_by(Delivery.due_at, Delivery.id)
        .limit(LEFTOVERS_MOST)
    )


class BrokerAway(Exception):
    """The broker cannot be reached; nothing is lost by that."""


@contextmanager
def _reaching_the_broker() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # each broker's client has errors of its own
        if isinstance(error, kombu.exceptions.KombuError | OSError) or type(error).__module__.startswith(CLIENTS):
            raise BrokerAway(str(error)) from error
        raise


def schedule(app: Application, config: Config) -> None:
    """Offer what is due until told to end; trouble with the database or the broker is waited out."""
    stopping = threading.Event()
    scheduler = Scheduler(app, make_celery(config), Worker(app, mail.transport_for(config), stopping=stopping))
    with stopped_by_signals(stopping), beside.working(app, stopping, config.worker_poll_seconds):
        log.info("scheduler_started")
        pause = FIRST_PAUSE
        while not stopping.is_set():
            try:
                busy = scheduler.turn()
            except (BrokerAway, sa.exc.DBAPIError) as error:
                log.error("cannot_offer", error=str(error)[:300], again_in=pause)
                stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            stopping.wait(min(0.1, config.worker_poll_seconds) if busy else config.worker_poll_seconds)
        log.info("scheduler_ended")
