"""What a worker does about a relay that is down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Breaker:
    """Keeps from asking a relay that is down again and again; kept in this process."""

    first: timedelta = timedelta(seconds=60)
    longest: timedelta = timedelta(minutes=10)
    closed_until: datetime | None = None  # nothing is sent before
    trips: int = 0

    def is_tripped(self, now: datetime) -> bool:
        return self.closed_until is not None and now < self.closed_until

    def trip(self, now: datetime) -> None:
        """Leave the relay alone for a while, twice as long each time in a row."""
        self.closed_until = now + min(self.first * 2**self.trips, self.longest)
        self.trips += 1

    def reset(self) -> None:
        self.closed_until, self.trips = None, 0
