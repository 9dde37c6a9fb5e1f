"""The command `ideas ledger`: what became of telling people, and stepping in where something went wrong."""

from __future__ import annotations

from collections.abc import Callable

import click

from ideas.accounts import people
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.ledger import intervening, tracing
from ideas.ledger.intervening import Step, Target

WHAT = "WHAT is an event (entry:12), what it happened to (idea:7), a message (delivery:99) or a person's address."


@click.group()
def ledger() -> None:
    """The ledger: who was told of what, and what became of it."""


_because = click.option("--because", required=True, help="Why; it stands in the audit log.")


@ledger.command(epilog=WHAT)
@click.argument("what")
@click.option("--lines", type=click.IntRange(0, 1000), default=20, show_default=True, help="How many lines at most.")
def show(what: str, lines: int) -> None:
    """Say what became of WHAT, the newest lines first."""
    for target in _targets(what):
        for line in tracing.lines_about(target, most=lines):
            click.echo(line)


@ledger.command(epilog=WHAT)
@click.argument("what")
@_because
def retry(what: str, because: str) -> None:
    """Send again what failed of WHAT, to those who still want it; announce what could not be announced."""
    changed = _in_pieces(what, lambda target, after: intervening.retry(None, target, because=because, after=after))
    click.echo(f"{changed} messages are tried again.")


@ledger.command(epilog=WHAT)
@click.argument("what")
@_because
def cancel(what: str, because: str) -> None:
    """Send no more mail of WHAT. Inboxes keep the news, and everybody's receipts say that the mail was called off."""
    changed = _in_pieces(what, lambda target, after: intervening.cancel(None, target, because=because, after=after))
    click.echo(f"{changed} messages are called off.")


def _in_pieces(what: str, change: Callable[[Target, int], Step]) -> int:
    changed = 0
    for target in _targets(what):
        after: int | None = 0
        while after is not None:
            with unit_of_work():
                step = change(target, after)
            changed, after = changed + step.changed, step.after
    return changed


def _targets(what: str) -> list[Target]:
    kind, _colon, number = what.partition(":")
    is_number = number.isdecimal() and 0 < int(number) < 2**63
    try:
        if "@" in what:
            found = people.by_email(what)
            if found is None:
                raise NotFound(f"Nobody has the address {what}.")
            return [intervening.person(found)]
        if not is_number:
            raise click.UsageError(f"“{what}” is none of these. {WHAT}")
        if kind == "entry":
            return [intervening.event(int(number))]
        if kind == "delivery":
            return [intervening.message(int(number))]
        return intervening.events_of(what)
    finally:
        db.session.rollback()
