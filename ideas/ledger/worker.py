"""The loop that tells people: make rounds, announce, send, tidy. Run as many of these as you like."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from ideas import mail, rounds, settings
from ideas.accounts import letters
from ideas.crashpoints import crashpoint
from ideas.db import db, one_statement, unit_of_work, utcnow
from ideas.ledger import beats, beside, digests, fanout, pacing, parcels, sending
from ideas.ledger.breaker import Breaker
from ideas.ledger.fanout import Announced
from ideas.ledger.models import State
from ideas.ledger.parcels import Parcel, Ready
from ideas.ledger.sending import Outcome
from ideas.outbox import Notices

log = structlog.get_logger()

ANNOUNCED_A_TURN = 20  # then mail gets its turn, however much happens
SWEEP_EVERY = timedelta(minutes=1)
ROUNDS_A_TURN = 10  # then what is due already gets its turn
LOOK_FOR_ROUNDS_EVERY = timedelta(seconds=10)
UNDECIDED_MOST = 20  # messages about which the relay may keep silent before others wait for it
BATCH_MOST = 4 * sending.BATCH  # claimed at once from a relay that is quick; what happens meanwhile waits behind it
QUICK = timedelta(seconds=1)  # in which a claim is handed over whose next may be larger
LAST_WORDS = 20.0  # seconds to hear what becomes of those when the worker ends
LAST_MOMENT = 28.0  # seconds after which a worker that was told to end is gone, whatever its relay is doing
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds, after something went wrong


class Application(Protocol):
    """As much of the web application as a worker needs."""

    @property
    def config(self) -> Mapping[str, Any]: ...

    def app_context(self) -> AbstractContextManager[Any]: ...


@dataclass
class Undecided:
    """A message that the relay has and does not yet say whether it takes; a thread listens for its last word."""

    parcel: Parcel
    wait: Callable[[], None]
    outcome: Outcome | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        self.outcome = _outcome(self.parcel, self.wait)


def _outcome(parcel: Parcel, hand_over: Callable[[], None]) -> Outcome:
    """What comes of handing a message over. Raises RelayDown, and Undecided when that is not known yet."""
    try:
        hand_over()
    except mail.Undecided:
        raise
    except mail.TemporaryFailure as error:
        return sending.try_again(parcel.attempts, parcel.first_tried_at, utcnow(), str(error))
    except mail.PermanentFailure as error:
        return sending.refused(str(error))
    except mail.Unmailable as error:
        return sending.unrenderable(str(error))
    return sending.SENT


@dataclass
class Worker:
    """One process that tells people. `stop` ends it after the message in hand."""

    app: Application
    transport: mail.Transport
    breaker: Breaker = field(default_factory=Breaker)
    stopping: threading.Event = field(default_factory=threading.Event)
    undecided: list[Undecided] = field(default_factory=list)
    swept_at: datetime | None = None
    looked_at: datetime | None = None  # for rounds; None: at once
    is_entered: bool = False  # whether each round is known to have its row
    careful: int = 0  # so many deliveries are claimed one by one: one of them is broken, or all take too long together
    most: int = sending.BATCH  # claimed at once
    beats: beats.Beats = field(default_factory=beats.Beats)

    def turn(self) -> bool:
        """Do some of everything that is due; False when there was nothing to do. Each part has its own transactions."""
        with self.app.app_context():
            self._hear_last_words()
            did = self._make_rounds()  # first, so that what they find is told in this turn
            did = self._announce() or did
            did = self._send() or did
            self._sweep()
            self.beats.turns += 1
            return did

    # --- A part of the work alone, for those to whom it is carried (see carrying.py) ---

    def announce(self, entry_id: int) -> bool:
        """Announce this entry, or the next piece of it; False when it is not due."""
        with self.app.app_context():
            return self._announce_one(lambda notices: fanout.announce(notices, entry_id))

    def send_some(self, ids: Sequence[int], *, leftover: bool = False) -> bool:
        """Send what of these deliveries is still due; False when nothing is, or the relay is down."""

        def send() -> bool:
            did = self._send_claim(leftover=leftover, only=ids)
            while did and self.careful:
                did = self._send_claim(leftover=leftover, only=ids)
            return did

        return self._carried(send)

    def send_digests_to(self, people: Sequence[int], *, leftover: bool = False) -> bool:
        """Send the digests of these people that are still due; False when none is, or the relay is down."""
        return self._carried(lambda: self._send_digests(leftover=leftover, only=people))

    def send_letters(self) -> bool:
        """Send the letters that are due; False when there are none, or the relay is down."""
        return self._carried(self._send_letters)

    def _carried(self, part: Callable[[], bool]) -> bool:
        """A part of sending. What the relay has not decided yet is waited for: nobody comes back soon to hear it."""
        if self.breaker.is_tripped(utcnow()):
            return False
        with self.app.app_context():
            try:
                return self._until_relay_is_down(part)
            finally:
                self._hear_last_words(wait=settings.current().lease_seconds / 2)

    def tidy(self) -> bool:
        """Make the rounds that are due, and sweep; False when there was nothing to do."""
        with self.app.app_context():
            did = self._make_rounds()
            self._sweep()
            return did

    # --- Make rounds ---

    def _make_rounds(self) -> bool:
        now = utcnow()
        if not settings.rooms().rounds or (self.looked_at is not None and now < self.looked_at + LOOK_FOR_ROUNDS_EVERY):
            return False
        if not self.is_entered:
            with unit_of_work():
                rounds.enter(settings.rooms().rounds)
            self.is_entered = True
        self.looked_at = None
        for _ in range(ROUNDS_A_TURN):
            if self.stopping.is_set():
                return False
            if not self._make_next_round():
                self.looked_at = now
                return False
        return True

    def _make_next_round(self) -> bool:
        try:
            with unit_of_work():
                return rounds.make_next(settings.rooms().rounds)
        except rounds.RoundFailed as error:
            log.exception("round_failed", round=error.name)
            with unit_of_work():
                rounds.put_off(error.name, settings.rooms().rounds)
            return True

    # --- Announce ---

    def _announce(self) -> bool:
        did = False
        for _ in range(ANNOUNCED_A_TURN):
            if self.stopping.is_set() or not self._announce_one(fanout.begin_next):
                break
            did = True
        if self.stopping.is_set():
            return did
        # one piece of what is told to many, so that it holds up neither mail nor what happens meanwhile
        return self._announce_one(fanout.go_on) or did

    def _announce_one(self, announce: Callable[[Notices], Announced | None]) -> bool:
        try:
            with unit_of_work():
                done = announce(settings.rooms().notices)
        except fanout.CannotAnnounce as error:
            log.exception("cannot_announce", entry=error.entry_id)
            with unit_of_work():
                fanout.put_off(error.entry_id)
            return True
        crashpoint("fanout.after_commit")
        if done is None:
            return False
        log.info("announced", entry=done.entry_id, kind=done.kind, request_id=done.request_id, pieces_left=done.left)
        return True

    def beat(self) -> None:
        """Say now and then that this worker is there."""
        if self.beats.is_due(utcnow()):
            with self.app.app_context(), unit_of_work():
                self.beats.beat(closed_until=self.breaker.closed_until)

    # --- Send ---

    def _send(self) -> bool:
        if self.stopping.is_set() or self.breaker.is_tripped(utcnow()):
            return False
        return self._until_relay_is_down(self._send_all)

    def _send_all(self) -> bool:
        did = self._send_letters()  # somebody sits and waits for these
        for leftover in (False, True):
            did = self._send_claim(leftover=leftover) or did
            did = self._send_digests(leftover=leftover) or did
        return did

    def _send_letters(self) -> bool:
        return letters.send_due(self.transport, stopping=self.stopping.is_set) > 0

    def _until_relay_is_down(self, part: Callable[[], bool]) -> bool:
        try:
            return part()
        except mail.RelayDown as error:
            self.breaker.trip(utcnow())
            self.transport.close()
            log.warning("relay_down", error=str(error), until=str(self.breaker.closed_until))
            return False

    def _send_claim(self, *, leftover: bool, only: Sequence[int] | None = None) -> bool:
        most = 1 if self.careful else len(only) if only is not None else self.most
        began = utcnow()
        try:
            with unit_of_work():
                claim = sending.claim(leftover=leftover, most=most, only=only)
                crashpoint("claim.before_commit")
        except sending.CannotAsk as error:
            self._find_the_broken(error)
            return True
        self.careful = max(0, self.careful - 1)
        crashpoint("claim.after_commit")
        if claim.rows:
            self._hand_over(parcels.singles(self._without_too_many(claim)))
        if most == self.most and not leftover:
            goes_well = claim.taken == most and utcnow() - began < QUICK
            self.most = min(2 * most, BATCH_MOST) if goes_well else sending.BATCH
        return claim.taken > 0

    def _without_too_many(self, claim: sending.Claim) -> sending.Claim:
        waits = pacing.too_many(claim.rows, claim.lease, utcnow())
        db.session.rollback()  # hardly ever there is something to change
        if not waits:
            return claim
        with unit_of_work():
            return sending.without(claim, waits)

    def _send_digests(self, *, leftover: bool, only: Sequence[int] | None = None) -> bool:
        try:
            with unit_of_work():
                claim = digests.claim(leftover=leftover, most=1 if self.careful else digests.PEOPLE, only=only)
                crashpoint("digest.before_commit")
        except sending.CannotAsk as error:
            self._give_up_broken_lines(error)
            return True
        crashpoint("digest.after_commit")
        if claim.rows:
            self._hand_over(parcels.gathered(claim))
        return claim.taken > 0

    def _find_the_broken(self, error: sending.CannotAsk) -> None:
        """Take them one by one from now on, until it stands alone."""
        if len(error.ids) > 1:
            self.careful = len(error.ids)
            return
        log.exception("delivery_is_broken", delivery=error.ids[0])
        with unit_of_work():
            sending.give_up(error.ids[0])

    def _give_up_broken_lines(self, error: sending.CannotAsk) -> None:
        """Of what digests would hold; the next claim does without them."""
        broken = sending.find_broken(error.ids)
        with unit_of_work():
            for delivery_id in broken or error.ids:
                sending.give_up(delivery_id)

    def _hand_over(self, in_hand: Sequence[Parcel]) -> None:
        # no message is begun so late that the lease could run out in the middle of it
        lease = timedelta(seconds=settings.current().lease_seconds)
        ready: Ready | None = None
        for place, parcel in enumerate(in_hand):
            if self.stopping.is_set() or utcnow() >= parcel.until - lease / 2:
                self._release(in_hand[place:])
                if place == 0:
                    self.careful = len(in_hand)  # or the next claim would end like this one, and nobody be told
                return
            try:
                outcome = self._try(parcel, ready)
            except mail.RelayDown:
                self._release(in_hand[place:])
                raise
            following = in_hand[place + 1] if place + 1 < len(in_hand) else None
            ready = self._write_down(parcel, outcome, following) if outcome is not None else None
            self._hear_last_words()

    def _try(self, parcel: Parcel, ready: Ready | None) -> Outcome | None:
        """Hand one message over; what came of it, None when it is no longer ours to send. Raises RelayDown."""
        if ready is None:
            ready = Ready(parcel.ready())
            db.session.rollback()
        message = ready.message
        if not isinstance(message, mail.Message):
            return message
        crashpoint("send.before")
        try:
            outcome = _outcome(parcel, lambda: self.transport.send(message, until=parcel.until))
        except mail.Undecided as undecided:
            self._leave(Undecided(parcel, undecided.wait))
            return None
        crashpoint("send.after")
        self.breaker.reset()  # whatever it said, it is there
        return outcome

    def _write_down(self, parcel: Parcel, outcome: Outcome, following: Parcel | None = None) -> Ready | None:
        """Record an outcome. It cannot be had again, so a database that is away is waited for while the lease lasts.

        What was found out thereby of the following one is returned.
        """
        act = one_statement if parcel.takes_one_statement(outcome) else unit_of_work
        while True:
            try:
                crashpoint("send.before_write")
                with act():
                    settled = parcel.write_down(outcome, following)
                crashpoint("send.after_commit")
                name = outcome.reason or ("retry" if outcome.state is State.PENDING else outcome.state.value)
                name = name if settled.is_mine else "not_mine"
                log.info("delivery", **parcel.about, outcome=name)
                self.beats.outcomes[name] += 1
                return settled.following
            except sa.exc.OperationalError as error:
                if utcnow() >= parcel.until:
                    raise
                log.error("outcome_not_recorded_yet", **parcel.about, error=str(error.orig))
                time.sleep(FIRST_PAUSE)

    # --- What the relay has and does not yet say whether it takes it: others need not wait for that ---

    def _leave(self, undecided: Undecided) -> None:
        if len(self.undecided) >= UNDECIDED_MOST:
            self.undecided[0].thread.join()
        undecided.thread.start()
        self.undecided.append(undecided)

    def _hear_last_words(self, *, wait: float = 0.0) -> None:
        """Write down what became of those about whom the relay has spoken, or does within `wait` seconds."""
        if not self.undecided:
            return
        deadline = time.monotonic() + wait
        for each in list(self.undecided):
            each.thread.join(max(0.0, deadline - time.monotonic()))
            if each.thread.is_alive():
                continue
            self.undecided.remove(each)
            if each.outcome is not None:
                self._write_down(each.parcel, each.outcome)

    def finish(self, *, wait: float = LAST_WORDS) -> None:
        """Let go of everything; about what the relay says nothing in time, it is asked again after the lease."""
        with self.app.app_context():
            self._hear_last_words(wait=wait)
            with unit_of_work():
                self.beats.end()
        self.transport.close()

    def _release(self, in_hand: Sequence[Parcel]) -> None:
        with unit_of_work():
            for parcel in in_hand:
                parcel.release()

    # --- Tidy ---

    def _sweep(self) -> None:
        now = utcnow()
        if self.stopping.is_set() or (self.swept_at is not None and now < self.swept_at + SWEEP_EVERY):
            return
        self.swept_at = now
        for sweep in (sending.sweep, *settings.rooms().sweeps):
            with unit_of_work():
                sweep()


def run_once(app: Application, transport: mail.Transport | None = None) -> None:
    """Do everything that is due now, once, in this process. Raises RelayDown when mail cannot leave."""
    _drain(Worker(app, transport or mail.transport_for(app.config["ANSWERBACK"])))


def _drain(worker: Worker) -> None:
    others = beside.made(worker.app)
    try:
        # both, or what one finds for the other would be left
        while any([worker.turn(), beside.turn(worker.app, others), worker.undecided]) and not worker.stopping.is_set():
            worker.stopping.wait(0.05 if worker.undecided else 0)
    finally:
        beside.finish(worker.app, others)
        worker.finish()
    if worker.breaker.trips:
        raise mail.RelayDown("Mail cannot leave; what is due is kept.")


def run(app: Application, *, drain: bool = False) -> None:
    """Work until told to end by SIGTERM or SIGINT; with `drain`, until nothing is due.

    Trouble with the database is waited out. With `drain` it is raised, and so is RelayDown.
    """
    config = app.config["ANSWERBACK"]
    worker = Worker(app, mail.transport_for(config))
    with stopped_by_signals(worker.stopping):
        if drain:
            _drain(worker)
        else:
            log.info("worker_started")
            with beside.working(app, worker.stopping, config.worker_poll_seconds):
                _work(worker, config.worker_poll_seconds)
            log.info("worker_ended")


def _work(worker: Worker, poll_seconds: float) -> None:
    pause = FIRST_PAUSE
    while not worker.stopping.is_set():
        try:
            busy = worker.turn()
            worker.beat()
        except Exception as error:
            # whatever is broken, it must not keep people from being told for longer than until it is well again
            if isinstance(error, sa.exc.DBAPIError):
                log.error("database_unavailable", error=str(error.orig), again_in=pause)
            else:
                log.exception("turn_failed", again_in=pause)
            worker.transport.close()
            worker.stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        if not busy:
            worker.stopping.wait(poll_seconds)
    worker.finish()


def _end_at_last() -> None:
    """End this process in the middle of what it does: a relay may take minutes over one command. What it had in hand
    becomes due again with its lease, as if it had been killed."""
    time.sleep(LAST_MOMENT)
    log.warning("worker_cut_off", after=LAST_MOMENT)
    os._exit(1)


@contextmanager
def stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if not stopping.is_set():
            threading.Thread(target=_end_at_last, daemon=True).start()
        stopping.set()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
