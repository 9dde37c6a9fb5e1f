"""The figures as tables: beside each chart, and as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ideas import privacy
from ideas.boards import labels
from ideas.boards.models_solving import Helped
from ideas.boards.waiting import Word
from ideas.insights.answered import Quiet
from ideas.insights.loop_health import BoardHealth, LoopHealth
from ideas.ledger.models import Channel, Failed, State
from ideas.words import _, lazy

Cell = str | int | float | None

WORD_NAMES = {
    Word.ANSWER: lazy("First official word"),
    Word.DECISION: lazy("Decision"),
    Word.SHIPPING: lazy("It is there"),
}
STATE_NAMES = {
    State.SENT: lazy("told"),
    State.PENDING: lazy("on its way"),
    State.FAILED: lazy("could not be reached"),
    State.SUPPRESSED: lazy("not to be told"),
}
CHANNEL_NAMES = {Channel.EMAIL: lazy("E-mail"), Channel.INBOX: lazy("Inbox")}
FAILED_NAMES = {
    Failed.BOUNCED: lazy("refused by their mail server"),
    Failed.GAVE_UP: lazy("tried for three days"),
    Failed.UNRENDERABLE: lazy("no message could be made"),
    Failed.KILLS_WORKER: lazy("given up after the worker ended each time"),
}
HELPED_NAMES = {Helped.YES: lazy("yes"), Helped.PARTLY: lazy("partly"), Helped.NO: lazy("no")}
BUCKETS = ((0, 7), (8, 14), (15, 30), (31, 90), (91, 365), (366, None))


class Table(NamedTuple):
    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def people_closed(health: LoopHealth) -> Table:
    people = health.people_closed
    rows: list[tuple[Cell, ...]] = [
        (_("told"), people.delivered),
        (_("on its way"), people.pending),
        *((why_failed(reason), number) for reason, number in sorted(people.failed.items())),
        *((labels.why_not(reason), number) for reason, number in sorted(people.suppressed.items())),
        (_("all who were owed"), people.owed),
    ]
    return Table((_("What became of it"), _("People and ideas")), rows)


def answered(health: BoardHealth) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (each.number, each.votes_least, each.votes_most, each.ideas, each.answered) for each in health.answered.tenths
    ]
    return Table((_("Tenth"), _("Votes from"), _("Votes to"), _("Ideas"), _("Answered")), rows)


def waits(health: BoardHealth) -> Table:
    """The curves: on each day on which something happened, the share that still waits."""
    steps: dict[int, dict[Word, float]] = {}
    for word, wait in health.waits.items():
        for step in wait.curve:
            steps.setdefault(step.day, {})[word] = step.share
    rows: list[tuple[Cell, ...]] = []
    now = dict.fromkeys(Word, 1.0)
    for day, changed in sorted(steps.items()):
        now |= changed
        rows.append((day, *(round(now[word], 4) for word in Word)))
    return Table((_("Day"), *(_("%(word)s: still waiting", word=WORD_NAMES[word]) for word in Word)), rows)


def silence(health: BoardHealth) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (days_words(*bucket), sum(each.ideas for each in some), sum(each.late for each in some))
        for bucket, some in zip(BUCKETS, by_silence(health), strict=True)
    ]
    return Table((_("Days without a word"), _("Ideas"), _("Longer than promised")), rows)


def by_silence(health: BoardHealth) -> list[list[Quiet]]:
    """For each of BUCKETS what falls into it."""
    days = health.silence.days
    return [
        [each for each in days if least <= each.days and (most is None or each.days <= most)] for least, most in BUCKETS
    ]


def solved(health: LoopHealth) -> Table:
    rows: list[tuple[Cell, ...]] = [(str(HELPED_NAMES[said]), health.solved.answers.get(said, 0)) for said in Helped]
    return Table((_("Did this solve it?"), _("People")), rows)


def used(health: LoopHealth) -> Table:
    used = health.used
    return Table(
        ("", _("Credited"), _("All")),
        [(_("Answers"), used.with_credits, used.answers), (_("People"), used.credited, used.contributors)],
    )


def sending(health: LoopHealth) -> Table:
    sending = health.sending
    rows: list[tuple[Cell, ...]] = [
        (str(CHANNEL_NAMES[channel]), str(STATE_NAMES[state]), sending.by_channel[channel][state])
        for channel in Channel
        for state in State
        if sending.by_channel.get(channel, {}).get(state)
    ]
    email = str(CHANNEL_NAMES[Channel.EMAIL])
    rows += [(email, why_failed(reason), number) for reason, number in sorted(sending.failed.items())]
    rows += [(email, labels.why_not(reason), number) for reason, number in sorted(sending.suppressed.items())]
    rows += [(email, _("people who had unsubscribed"), sending.unsubscribed)]
    rows += [(email, _("complaints"), sending.complaints), ("", _("duplicates"), sending.duplicates)]
    return Table((_("By"), _("What became of it"), _("Messages")), rows)


def capacity(health: BoardHealth) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (week.begins.date().isoformat(), week.ideas, week.answers) for week in health.capacity.weeks
    ]
    return Table((_("Week from"), _("Ideas"), _("Answers")), rows)


def figures(health: LoopHealth) -> Table:
    """Each figure on a line: what was counted, of how many, and the share or the days."""
    people, ideas, silent, paced = health.people_closed, health.ideas_closed, health.silence, health.capacity
    rows: list[tuple[Cell, ...]] = [
        ("closed_people", people.delivered, people.owed, people.share),
        ("closed_ideas", ideas.closed, ideas.finalised, ideas.share),
        ("answered", health.answered.answered, health.answered.due, health.answered.share),
    ]
    for word, wait in health.waits.items():
        rows.append((f"days_to_{word.value}_median", wait.ended, wait.ideas, wait.median))
        rows.append((f"days_to_{word.value}_p90", wait.ended, wait.ideas, wait.ninth))
    rows += [
        ("silence_days_median", None, silent.ideas, silent.median),
        ("silence_days_p90", None, silent.ideas, silent.ninth),
        ("silence_beyond_promise", silent.late, silent.promised, silent.share_late),
        ("solved", health.solved.answers.get(Helped.YES, 0), health.solved.answered, health.solved.share),
        ("shipped_ideas_asked", health.solved.asked, health.solved.shipped, health.solved.share_asked),
        ("answers_with_credits", health.used.with_credits, health.used.answers, health.used.share_of_answers),
        ("people_credited", health.used.credited, health.used.contributors, health.used.share_of_people),
        ("emails_a_person_and_week", health.sending.sent, health.sending.people, health.sending.a_week),
        ("duplicates", health.sending.duplicates, None, None),
        ("answers_by_ideas", paced.answers, paced.ideas, paced.ratio),
    ]
    return Table((_("Figure"), _("Counted"), _("Of"), _("Value")), rows)


# What can be had as a file, by the name that stands in its address.
FILES: Mapping[str, Callable[[LoopHealth], Table]] = {
    "figures": figures,
    "people-closed": people_closed,
    "answered": answered,
    "waits": waits,
    "silence": silence,
    "solved": solved,
    "used": used,
    "sending": sending,
    "capacity": capacity,
}


def as_csv(table: Table) -> str:
    """The table as RFC 4180 has it; what is not there is empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.head)
    writer.writerows(
        [[privacy.formula_safe(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows]
    )
    return file.getvalue()


def why_failed(reason: str) -> str:
    return str(FAILED_NAMES[Failed(reason)]) if reason in set(Failed) else reason


def days_words(least: int, most: int | None) -> str:
    return _("%(days)s and more", days=least) if most is None else _("%(least)s to %(most)s", least=least, most=most)
