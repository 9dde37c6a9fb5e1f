"""How long the site takes says nothing of whether an address is known: Welch's t of known and unknown addresses.

Each form by which people come in is sent for addresses of both kinds in turn, in an order thrown by dice, and timed by
the clock and by the processor. |t| stays below 4.5 (a bar that chance alone passes once in some hundred thousand
times). Two mistakes planted here pass it: no hash for somebody who is not there, and no link.

python -m bench.timing [--database sqlite|postgresql] [--samples 300]
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from ideas.accounts import joining, passwords, people, returning
from ideas.db import unit_of_work

BAR = 4.5
PLANTED_SAMPLES = 100
WARM_UP = 10
KEPT = 0.9  # of all samples: what is slower was slowed by something else, and would drown what is looked for
PASSWORD = "four words in a row"
FORMS: dict[str, dict[str, str]] = {
    "/sign-in": {"password": "wrong words here"},
    "/sign-in/link": {},
    "/reset": {},
    "/sign-up": {"name": "Somebody", "password": PASSWORD},
}
FOREVER_APART = 1 << 24  # network addresses to choose from, so that no limit is met


class Sample(NamedTuple):
    """Seconds that one request took."""

    clock: float
    processor: float


def main() -> None:
    asked = stage.arguments(
        __doc__.splitlines()[0] if __doc__ else "",
        data=False,
        samples={"type": int, "default": 300, "help": "of each kind for each form (300)"},
    )
    findings = Findings("Known and unknown addresses take the same time")
    for site in inside.applications(asked):
        _people(max(asked.samples, PLANTED_SAMPLES) + WARM_UP)
        for path in FORMS:
            _compare(site, findings, path, asked.samples)
        with _no_hash_for_nobody():
            _compare(site, findings, "/sign-in", PLANTED_SAMPLES, planted="no hash for nobody")
        with _no_link_for_nobody():
            _compare(site, findings, "/reset", PLANTED_SAMPLES, planted="no link and no letter for nobody")
    findings.end()


def welch(one: Sequence[float], other: Sequence[float]) -> float:
    """Welch's t of two samples; positive when the first is larger.

    Source: B. L. Welch, Biometrika 34 (1947), 28-35.
    """
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / spread**0.5 if spread else 0.0


def _compare(site: Inside, findings: Findings, path: str, samples: int, *, planted: str = "") -> None:
    there, nowhere = _measure(site, path, samples)
    seen = {}
    for name in Sample._fields:
        known, unknown = _without_the_slowest([getattr(each, name) for each in there], nowhere, name)
        seen[name] = welch(known, unknown)
        if planted:
            continue
        medians = " and ".join(f"{statistics.median(each) * 1000:.2f}" for each in (known, unknown))
        words = f"t = {seen[name]:+.2f}, medians {medians} ms"
        what = f"{site.kind}: {path} by the {name}, {samples} of each"
        findings.holds(what, abs(seen[name]) < BAR, words, wanted=f"|t| < {BAR}")
    if planted:
        words = ", ".join(f"{found:+.2f} by the {name}" for name, found in seen.items())
        is_seen = max(map(abs, seen.values())) >= BAR
        findings.holds(f"{site.kind}: {path}, planted: {planted}", is_seen, f"t = {words}", wanted=f"a |t| ≥ {BAR}")


def _without_the_slowest(
    there: Sequence[float], nowhere: Sequence[Sample], name: str
) -> tuple[Sequence[float], Sequence[float]]:
    """Both without what is slower than most of the two together: judged alike, neither is favoured."""
    unknown = [getattr(each, name) for each in nowhere]
    bound = sorted([*there, *unknown])[int(KEPT * (len(there) + len(unknown))) - 1]
    return [each for each in there if each <= bound], [each for each in unknown if each <= bound]


def _measure(site: Inside, path: str, samples: int) -> tuple[list[Sample], list[Sample]]:
    dice = random.Random(4711)
    found: dict[str, list[Sample]] = {"known": [], "other": []}
    gc.collect()
    gc.disable()
    try:
        for number in range(samples + WARM_UP):
            for kind in dice.sample(sorted(found), 2):
                found[kind].append(_time(site, path, _address(kind, number), dice.randrange(FOREVER_APART)))
            if number % 50 == 0:
                gc.collect()
    finally:
        gc.enable()
    return found["known"][WARM_UP:], found["other"][WARM_UP:]


def _time(site: Inside, path: str, email: str, network: int) -> Sample:
    typed = {"email": email, **FORMS[path]}
    there = {"REMOTE_ADDR": f"10.{network >> 16}.{network >> 8 & 255}.{network & 255}"}
    client = site.app.test_client()
    clock, processor = time.perf_counter(), time.process_time()
    answer = client.post(path, data=typed, environ_base=there)
    sample = Sample(time.perf_counter() - clock, time.process_time() - processor)
    if answer.status_code != (422 if path == "/sign-in" else 303):
        raise RuntimeError(f"{path} was answered {answer.status_code}: {answer.text[:300]}")
    return sample


def _address(kind: str, number: int) -> str:
    return f"{kind}{number:04}@example.test"


def _people(count: int) -> None:
    """Somebody behind each of the known addresses; their password is hashed once."""
    kept = passwords.hashed(PASSWORD)
    with unit_of_work():
        for number in range(count):
            people.claim(_address("known", number), "Somebody", kept)


@contextmanager
def _no_hash_for_nobody() -> Iterator[None]:
    real = passwords.is_right

    def hasty(password: str, kept: str | None) -> bool:
        return kept is not None and real(password, kept)

    passwords.is_right = hasty
    try:
        yield
    finally:
        passwords.is_right = real


@contextmanager
def _no_link_for_nobody() -> Iterator[None]:
    real = returning.send_reset

    def hasty(email: str, asked: joining.Asked) -> None:
        if people.by_email(email) is not None:
            real(email, asked)

    returning.send_reset = hasty
    try:
        yield
    finally:
        returning.send_reset = real


if __name__ == "__main__":
    main()
