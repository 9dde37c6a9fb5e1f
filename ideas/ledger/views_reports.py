"""Where mail programs say something of mail that we sent, from the doors for mail: what became of it, and to stop."""

from __future__ import annotations

from ideas.db import unit_of_work
from ideas.ledger import bounces, preferences
from ideas.ledger.preferences import Stop
from ideas.mail_in import Incoming, Kind
from ideas.mail_reports import Report

STOPPED, PASSED_OVER = "stopped", "passed_over"


def take(report: Report, about: str | None) -> str:
    """Take a report; what it meant, in a word."""
    with unit_of_work():
        return bounces.take(report, about).value


def stop(mail: Incoming, name: str) -> str:
    """Stop mail of the kind that `name` was, as its one click does, whatever the mail to that address says.

    Its address was in that mail alone, and many programs write such mails by themselves.
    """
    with unit_of_work():
        link = None if mail.kind is Kind.REPORT else bounces.link_of(name)
        if link is None:
            return PASSED_OVER
        preferences.unsubscribe(link, Stop.KIND)
        return STOPPED
