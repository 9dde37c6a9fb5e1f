"""Where reports about mail come in, from the doors for mail."""

from __future__ import annotations

from ideas.db import unit_of_work
from ideas.ledger import bounces
from ideas.mail_reports import Report


def take(report: Report, about: str | None) -> str:
    """Take a report; what it meant, in a word."""
    with unit_of_work():
        return bounces.take(report, about).value
