"""The rows behind each figure of loop health, beside those that the dashboard counts as well."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from ideas.boards import outcomes, waiting
from ideas.boards.models import Answer, Idea, Stage, Status
from ideas.boards.models_solving import Helped, Solved
from ideas.boards.waiting import Word
from ideas.insights import answered, solved, told, used
from ideas.insights.scope import Scope
from ideas.ledger.models import Channel, Delivery, Path, State, Suppressed
from ideas.words import lazy

Statement = tuple[Any, Any]  # of rows with an id and what else is known of them; their key


class Counted(StrEnum):
    """What loop health counts, and what opens into its rows."""

    OWED = "owed"
    DELIVERED = "delivered"
    OPTED_OUT = "opted-out"
    UNREACHED = "unreached"
    FINALISED = "finalised"
    CLOSED = "closed"
    DUE = "due"
    ANSWERED = "answered"
    IN_TIME = "in-time"
    WAITED = "waited"
    WAITED_ANSWER = "waited-answer"
    WAITED_DECISION = "waited-decision"
    WAITED_SHIPPING = "waited-shipping"
    OPEN = "open"
    PROMISED = "promised"
    LATE = "late"
    SAID = "said"
    SAID_YES = "said-yes"
    SHIPPED = "shipped"
    ASKED = "asked"
    ANSWERS = "answers"
    CREDITING = "crediting"
    CONTRIBUTORS = "contributors"
    CREDITED = "credited"
    MAILED = "mailed"
    MAILED_TO = "mailed-to"
    UNSUBSCRIBED = "unsubscribed"
    JUNK = "junk"
    TWICE = "twice"
    IDEAS = "ideas"


HEADS = {
    Counted.OWED: lazy("People owed word of a closed idea"),
    Counted.DELIVERED: lazy("People told of a closed idea"),
    Counted.OPTED_OUT: lazy("People who wanted no word of a closed idea"),
    Counted.UNREACHED: lazy("People who could not be reached when an idea was closed"),
    Counted.FINALISED: lazy("Ideas that were closed by an answer"),
    Counted.CLOSED: lazy("Closed ideas of which everybody owed was told"),
    Counted.DUE: lazy("Ideas as old as the promise"),
    Counted.ANSWERED: lazy("Ideas as old as the promise that have a word of the team"),
    Counted.IN_TIME: lazy("Ideas that had a word of the team in time"),
    Counted.WAITED: lazy("Ideas that were posted"),
    Counted.WAITED_ANSWER: lazy("Ideas that had their first answer"),
    Counted.WAITED_DECISION: lazy("Ideas that were decided"),
    Counted.WAITED_SHIPPING: lazy("Ideas that were shipped"),
    Counted.OPEN: lazy("Ideas that are open"),
    Counted.PROMISED: lazy("Open ideas on boards with a promise"),
    Counted.LATE: lazy("Open ideas that wait longer than was promised"),
    Counted.SAID: lazy("Answers to “did this solve it?”"),
    Counted.SAID_YES: lazy("People who said that it solved their need"),
    Counted.SHIPPED: lazy("Ideas that were closed by shipping them"),
    Counted.ASKED: lazy("Shipped ideas whose people were asked"),
    Counted.ANSWERS: lazy("Answers that were given"),
    Counted.CREDITING: lazy("Answers that say how something was used"),
    Counted.CONTRIBUTORS: lazy("People who put something into what was answered"),
    Counted.CREDITED: lazy("People who were credited"),
    Counted.MAILED: lazy("E-mails that were sent"),
    Counted.MAILED_TO: lazy("People who got an e-mail"),
    Counted.UNSUBSCRIBED: lazy("People who had unsubscribed"),
    Counted.JUNK: lazy("E-mails that were called junk"),
    Counted.TWICE: lazy("Messages that came twice"),
    Counted.IDEAS: lazy("Ideas that were posted"),
}


# --- Ideas and how long they wait ---


def _of_due(scope: Scope, *also: str) -> Statement:
    """also: of a life, what has to be."""
    lives = answered.lives(scope)
    is_due, was_answered, was_in_time = answered.of_promise(lives)
    more = {"answered": was_answered, "in_time": was_in_time}
    statement = sa.select(lives.c.idea_id.label("id"), lives.c.idea_id)
    return statement.where(is_due, *(more[each] for each in also)), lives.c.idea_id


def _of_waits(scope: Scope, word: Word | None = None) -> Statement:
    lives = answered.lives(scope)
    statement = sa.select(lives.c.idea_id.label("id"), lives.c.idea_id)
    return statement.where(waiting.has_ended(lives, word)) if word else statement, lives.c.idea_id


def _of_open(scope: Scope, which: Callable[[Any], Any] | None = None) -> Statement:
    """which: of days without a word and days that were promised."""
    one = answered.silences(scope).subquery("open")
    statement = sa.select(one.c.idea_id.label("id"), one.c.idea_id, one.c.at)
    return statement.where(which(one)) if which else statement, one.c.idea_id


# --- What people said of what was shipped ---


def _of_said(scope: Scope, *also: Any) -> Statement:
    columns = Solved.id, Solved.answered_at.label("at"), Solved.idea_id, Solved.user_id
    statement = sa.select(*columns).join(Idea, Idea.id == Solved.idea_id)
    return statement.where(*solved.said_of(scope), *also), Solved.id


def _of_shipped(scope: Scope, *, asked: bool = False) -> Statement:
    closing = told.closings(*scope.ideas(), *scope.within(Answer.created_at))
    statement = (
        sa.select(closing.c.idea_id.label("id"), closing.c.idea_id, Answer.created_at.label("at"))
        .select_from(closing)
        .join(Answer, Answer.id == closing.c.answer_id)
        .join(Status, Status.id == Answer.status_id)
        .where(Status.stage == Stage.SHIPPED)
    )
    was_asked = outcomes.was_asked(closing.c.idea_id, closing.c.answer_id)
    return statement.where(was_asked) if asked else statement, closing.c.idea_id


# --- What was used ---


def _of_crediting(scope: Scope) -> Statement:
    columns = Answer.id, Answer.created_at.label("at"), Answer.idea_id, Answer.by_id.label("user_id")
    statement = sa.select(*columns).join(Idea, Idea.id == Answer.idea_id)
    return statement.where(*used.given(scope), *scope.ideas(), used.with_credits()), Answer.id


def _of_contributors(scope: Scope, *also: Any) -> Statement:
    named = used.named(scope).where(*also).with_only_columns(Delivery.user_id).distinct().subquery("named")
    return sa.select(named.c.user_id.label("id"), named.c.user_id), named.c.user_id


# --- What was sent ---

_MAILED = (Delivery.channel == Channel.EMAIL.value, Delivery.state == State.SENT.value)


def _of_lines(scope: Scope, *which: Any) -> Statement:
    columns = Delivery.id, Delivery.done_at.label("at"), Delivery.user_id
    entries = told.entries_of(scope)
    statement = sa.select(*columns, entries.c.idea_id).join(entries, entries.c.id == Delivery.entry_id)
    return statement.where(*scope.by_whom(Delivery.user_id), *which), Delivery.id


def _of_people(scope: Scope, *which: Any) -> Statement:
    """Whom lines tell; as often as they are counted: by channel, and by what became of the lines and why."""
    entries = told.entries_of(scope)
    each = (
        sa.select(sa.func.min(Delivery.id).label("id"), Delivery.user_id)
        .join(entries, entries.c.id == Delivery.entry_id)
        .where(*scope.by_whom(Delivery.user_id), *which)
        .group_by(Delivery.user_id, Delivery.channel, Delivery.state, Delivery.reason)
        .subquery("each")
    )
    return sa.select(each.c.id, each.c.user_id), each.c.id


def _of_twice(scope: Scope) -> Statement:
    entries = told.entries_of(scope)
    same = (entries.c.kind, entries.c.about_id, Delivery.user_id, Delivery.channel)
    place = sa.func.row_number().over(partition_by=same, order_by=Delivery.id)
    sent = (
        sa.select(Delivery.id, Delivery.done_at.label("at"), Delivery.user_id, entries.c.idea_id, place.label("place"))
        .join(entries, entries.c.id == Delivery.entry_id)
        .where(Delivery.state == State.SENT.value)
        .subquery("sent")
    )
    columns = sent.c.id, sent.c.at, sent.c.user_id, sent.c.idea_id
    return sa.select(*columns).where(sent.c.place > 1), sent.c.id


def _of_pairs(scope: Scope, which: Callable[[Any], Any]) -> Statement:
    found = told.pairs(scope).subquery("found")
    return sa.select(found.c.id, found.c.at, found.c.idea_id, found.c.user_id).where(which(found)), found.c.id


def _has_opted_out(found: Any) -> Any:
    return sa.and_(found.c.state == State.SUPPRESSED.value, found.c.reason.in_(told.OPTED_OUT))


STATEMENTS: dict[Counted, Callable[[Scope], Statement]] = {
    Counted.OPTED_OUT: lambda scope: _of_pairs(scope, _has_opted_out),
    Counted.UNREACHED: lambda scope: _of_pairs(scope, lambda found: found.c.state == State.FAILED.value),
    Counted.DUE: _of_due,
    Counted.ANSWERED: lambda scope: _of_due(scope, "answered"),
    Counted.IN_TIME: lambda scope: _of_due(scope, "in_time"),
    Counted.WAITED: _of_waits,
    Counted.WAITED_ANSWER: lambda scope: _of_waits(scope, Word.ANSWER),
    Counted.WAITED_DECISION: lambda scope: _of_waits(scope, Word.DECISION),
    Counted.WAITED_SHIPPING: lambda scope: _of_waits(scope, Word.SHIPPING),
    Counted.OPEN: _of_open,
    Counted.PROMISED: lambda scope: _of_open(scope, lambda one: one.c.promise.is_not(None)),
    Counted.LATE: lambda scope: _of_open(scope, lambda one: one.c.days > one.c.promise),
    Counted.SAID: _of_said,
    Counted.SAID_YES: lambda scope: _of_said(scope, Solved.answer == Helped.YES.value),
    Counted.SHIPPED: _of_shipped,
    Counted.ASKED: lambda scope: _of_shipped(scope, asked=True),
    Counted.CREDITING: _of_crediting,
    Counted.CONTRIBUTORS: _of_contributors,
    Counted.CREDITED: lambda scope: _of_contributors(scope, Delivery.path == Path.CREDITED.value),
    Counted.MAILED: lambda scope: _of_lines(scope, *_MAILED),
    Counted.MAILED_TO: lambda scope: _of_people(scope, *_MAILED),
    Counted.UNSUBSCRIBED: lambda scope: _of_people(scope, Delivery.reason == Suppressed.UNSUBSCRIBED.value),
    Counted.JUNK: lambda scope: _of_lines(
        scope, Delivery.state == State.SENT.value, Delivery.reason == Suppressed.COMPLAINED.value
    ),
    Counted.TWICE: _of_twice,
}
