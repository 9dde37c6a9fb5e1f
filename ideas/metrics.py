"""Figures for Prometheus: what the web processes count, and what the rooms say about their queues when asked.

No label holds what a person typed: routes are patterns, methods and states are of fixed sets. Web processes count
together through files in PROMETHEUS_MULTIPROC_DIR, which `serving.py` sets before any of them is started.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ideas import http
from ideas.checking import Figure
from ideas.db import db
from ideas.settings import rooms

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_registry = CollectorRegistry()
_requests = Counter("answerback_requests", "Requests answered.", ["route", "method", "status"], registry=_registry)
_seconds = Histogram(
    "answerback_request_seconds", "How long answers took.", ["route", "method"], buckets=SECONDS, registry=_registry
)
_connections = Gauge(
    "answerback_database_connections",
    "Connections to the database that requests hold now.",
    registry=_registry,
    multiprocess_mode="livesum",
)


def init_app(app: Flask) -> None:
    app.after_request(_count)


def exposition() -> str:
    """All figures, as Prometheus reads them."""
    counted: Collector | CollectorRegistry = _registry
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # it has no types
    asked = CollectorRegistry()
    asked.register(_Rooms())
    return generate_latest(counted).decode() + generate_latest(asked).decode()


class _Rooms(Collector):
    """What the rooms answer, asked at each scrape; without the database there is only that it is away."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("answerback_database_up", "Whether the database answered.")
        try:
            found = [figure for figures in rooms().figures for figure in figures()]
        except sa.exc.SQLAlchemyError:
            found = []
            up.add_metric([], 0)
        else:
            up.add_metric([], 1)
        finally:
            db.session.rollback()
        yield up
        yield from _families(found)


def _families(figures: Iterable[Figure]) -> Iterator[Metric]:
    families: dict[str, Any] = {}
    for figure in figures:
        kind = CounterMetricFamily if figure.only_grows else GaugeMetricFamily
        family = families.setdefault(
            figure.name, kind(f"answerback_{figure.name}", figure.about, labels=[name for name, _ in figure.labels])
        )
        family.add_metric([value for _, value in figure.labels], figure.value)
    yield from families.values()


def _count(answer: Response) -> Response:
    route = str(request.url_rule) if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    _requests.labels(route, method, str(answer.status_code)).inc()
    _seconds.labels(route, method).observe(http.seconds_so_far())
    pool = db.engine.pool
    if isinstance(pool, sa.pool.QueuePool):
        _connections.set(pool.checkedout())
    return answer
