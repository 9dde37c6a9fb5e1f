"""What each worker does beside telling people: hand messages over to endpoints, several at a time.

The requests are made in threads that touch no database; claiming and writing down is done by one, between them. An
endpoint that takes its time holds a few of them and no more, and one that fails has a single one, so that the others
never wait for it. Mail is sent by another thread and waits for none of this.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import structlog

from ideas import outgoing
from ideas.crashpoints import crashpoint
from ideas.db import db, unit_of_work, utcnow
from ideas.outgoing import Resolver, Rules
from ideas.webhooks import preparing, sending
from ideas.webhooks.sending import Outcome, Post

log = structlog.get_logger()

AT_ONCE = 16  # requests of one worker
OF_ONE = 4  # … to one endpoint that is well
OF_FAILING = 6  # … to all endpoints together that are failing, one to each
PATIENCE = 0.1  # seconds to wait for the first of them before it is looked for more


@dataclass
class Courier:
    """Hands over what is due; `turn` begins and ends some of it, `finish` waits for what is under way."""

    rules: Rules
    resolve: Resolver = outgoing.ask_system
    seconds: float = outgoing.SECONDS
    in_flight: dict[Future[Outcome], Post] = field(default_factory=dict)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
    )

    def turn(self) -> bool:
        """Some of what is due; False when there was nothing to do and nothing is under way."""
        did = self._end()
        did = self._prepare() or did
        did = self._begin() or did
        if self.in_flight:
            wait(self.in_flight, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        return did or bool(self.in_flight)

    def finish(self) -> None:
        """What is under way ends within the time of a request, and is written down."""
        wait(self.in_flight, timeout=self.seconds + 1)
        self._end()
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _prepare(self) -> bool:
        if not preparing.is_needed():
            db.session.rollback()
            return False
        with unit_of_work():
            preparing.prepare()
        return True

    def _begin(self) -> bool:
        due = sending.endpoints_due()
        db.session.rollback()
        room = self._room(due)
        if not room:
            return False
        with unit_of_work():
            posts = sending.claim(room)
            crashpoint("webhook.before_commit")
        for post in posts:
            self.in_flight[self.threads.submit(self._hand_over, post)] = post
        return True

    def _room(self, due: Mapping[int, bool]) -> dict[int, int]:
        """Endpoint → how many of its messages may be begun now."""
        held = Counter(post.endpoint_id for post in self.in_flight.values())
        left = AT_ONCE - len(self.in_flight)
        for_failing = OF_FAILING - sum(1 for post in self.in_flight.values() if post.is_failing)
        room: dict[int, int] = {}
        for endpoint_id in sorted(due, key=lambda each: (held[each], each)):
            if due[endpoint_id]:
                most = min(1 - held[endpoint_id], for_failing)
                for_failing -= max(0, most)
            else:
                most = OF_ONE - held[endpoint_id]
            if (taken := min(most, left)) > 0:
                room[endpoint_id] = taken
                left -= taken
        return room

    def _hand_over(self, post: Post) -> Outcome:
        """Runs in a thread, and touches no database."""
        at, began = utcnow(), time.monotonic()
        answer, error = None, ""
        try:
            if post.headers is None:
                error = sending.KEY_CHANGED
            else:
                crashpoint("webhook.before_post")
                headers = {"Content-Type": "application/json", **post.headers}
                answer = outgoing.request(
                    "POST",
                    post.address,
                    rules=self.rules,
                    body=post.body,
                    headers=headers,
                    seconds=self.seconds,
                    resolve=self.resolve,
                )
                crashpoint("webhook.after_post")
        except (outgoing.Refused, outgoing.Unreachable) as problem:
            error = str(problem)
        except Exception as problem:  # whatever it is, the log of attempts says that it was tried
            log.exception("webhook_broken", delivery=post.delivery_id)
            error = repr(problem)
        return Outcome(post, at, round(1000 * (time.monotonic() - began)), answer, error)

    def _end(self) -> bool:
        ended = [future for future in self.in_flight if future.done()]
        if not ended:
            return False
        outcomes = [future.result() for future in ended]
        with unit_of_work():
            sending.write_down(outcomes)
            crashpoint("webhook.before_written")
        for future in ended:
            del self.in_flight[future]
        return True
