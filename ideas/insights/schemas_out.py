"""What the API shows of loop health: a schema for each shape, and below the functions that make them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas.api import OutSchema
from ideas.boards.models_solving import Helped
from ideas.boards.waiting import Waiting, Word
from ideas.insights.answered import Answered, Silence
from ideas.insights.loop_health import BoardHealth, LoopHealth
from ideas.insights.pace import Capacity
from ideas.schemas import UtcTime, when

Shape = dict[str, Any]


def _said(words: str) -> dict[str, str]:
    return {"description": words}


def _share(words: str) -> fields.Float:
    return fields.Float(allow_none=True, metadata=_said(f"{words} 0 to 1; null when there is nothing to count."))


def _days(words: str) -> fields.Integer:
    return fields.Integer(allow_none=True, metadata=_said(words))


def _by(words: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=_said(words))


class PeopleClosedOut(OutSchema):
    """Closures delivered / closures owed, over pairs of a person and an idea that was closed in the period."""

    owed = fields.Integer()
    delivered = fields.Integer()
    pending = fields.Integer()
    undeliverable = fields.Integer(metadata=_said("All that failed."))
    opted_out = fields.Integer(metadata=_said("Of the suppressed, those who chose so."))
    failed = _by("Reason → how many.")
    suppressed = _by("Reason → how many.")
    share = _share("Delivered of those owed.")


class IdeasClosedOut(OutSchema):
    """Ideas of which everybody owed was told, or it is written down why not / ideas finalised."""

    finalised = fields.Integer()
    closed = fields.Integer()
    share = _share("Closed of those finalised.")


class TenthOut(OutSchema):
    """A tenth of the ideas that are due, by votes."""

    tenth = fields.Integer(metadata=_said("1 is the least backed, 10 the most."))
    ideas = fields.Integer()
    answered = fields.Integer()
    votes_least = fields.Integer()
    votes_most = fields.Integer()


class AnsweredOut(OutSchema):
    """Ideas with an official answer or comment / ideas as old as the board's promise."""

    due = fields.Integer()
    answered = fields.Integer()
    in_time = fields.Integer(metadata=_said("Of the answered, those within the promise."))
    share = _share("Answered of those due.")


class AnsweredByTenthsOut(AnsweredOut):
    """The same, also by tenths of votes."""

    tenths = fields.List(fields.Nested(TenthOut))


class StepOut(OutSchema):
    """From that day on, this share still waits."""

    day = fields.Integer()
    share = fields.Float()


class WaitOut(OutSchema):
    """How long ideas posted in the period wait, by Kaplan-Meier; those still without the word are censored."""

    ideas = fields.Integer()
    ended = fields.Integer(metadata=_said("Those that have the word."))
    median_days = _days("null: not reached.")
    p90_days = _days("null: not reached.")


class WaitCurveOut(WaitOut):
    """The same with its curve."""

    curve = fields.List(fields.Nested(StepOut))


class WaitsOut(OutSchema):
    """Until the first answer, until a decision, until it is there."""

    answer = fields.Nested(WaitOut)
    decision = fields.Nested(WaitOut)
    shipping = fields.Nested(WaitOut)


class WaitCurvesOut(OutSchema):
    """Until the first answer, until a decision, until it is there."""

    answer = fields.Nested(WaitCurveOut)
    decision = fields.Nested(WaitCurveOut)
    shipping = fields.Nested(WaitCurveOut)


class SilenceOut(OutSchema):
    """Days since the last official word on ideas that are open now."""

    ideas = fields.Integer()
    median_days = _days("null: there are none.")
    p90_days = _days("null: there are none.")
    promised = fields.Integer(metadata=_said("Those on boards with a promise."))
    late = fields.Integer(metadata=_said("Of these, those that wait for longer than was promised."))
    share_late = _share("Late of those promised.")


class SolvedOut(OutSchema):
    """Whether what was shipped solved what people needed, by what they say."""

    yes = fields.Integer()
    partly = fields.Integer()
    no = fields.Integer()
    share = _share("Yes, of all answers.")
    shipped = fields.Integer(metadata=_said("Ideas that were shipped in the period."))
    asked = fields.Integer(metadata=_said("Of these, those whose people were asked."))
    share_asked = _share("Asked, of those shipped.")


class UsedOut(OutSchema):
    """Answers that say how something was used, and the people they name."""

    answers = fields.Integer()
    with_credits = fields.Integer()
    share_of_answers = _share("With credits, of all answers.")
    contributors = fields.Integer()
    credited = fields.Integer()
    share_of_people = _share("Credited, of all contributors.")


class SendingOut(OutSchema):
    """How telling people goes, over all that was announced in the period."""

    email = _by("State → how many lines.")
    inbox = _by("State → how many lines.")
    failed = _by("Reason → how many e-mails.")
    suppressed = _by("Reason → how many e-mails.")
    people = fields.Integer(metadata=_said("Who got an e-mail."))
    emails_a_week = fields.Float(allow_none=True, metadata=_said("For each of them, on average."))
    unsubscribed = fields.Integer()
    complaints = fields.Integer(metadata=_said("E-mails that their readers called junk."))
    duplicates = fields.Integer(metadata=_said("There are to be none."))


class WeekOut(OutSchema):
    """Seven days of the period."""

    begins = UtcTime()
    ideas = fields.Integer()
    answers = fields.Integer()


class CapacityOut(OutSchema):
    """Answers a week / ideas a week."""

    ideas = fields.Integer()
    answers = fields.Integer()
    ideas_a_week = fields.Float()
    answers_a_week = fields.Float()
    ratio = fields.Float(allow_none=True, metadata=_said("null when no idea was posted."))


class CapacityByWeekOut(CapacityOut):
    """The same, also week by week."""

    weeks = fields.List(fields.Nested(WeekOut))


class LoopHealthOut(OutSchema):
    """How well the loop is closed. What each figure is exactly: the guide for product managers."""

    boards = fields.List(fields.String(), metadata=_said("Their slugs."))
    tag = fields.String(allow_none=True)
    company_id = fields.Integer(allow_none=True)
    segment = fields.String(allow_none=True, metadata=_said("Its slug."))
    since = UtcTime()
    until = UtcTime(metadata=_said("Not included."))
    people_closed = fields.Nested(PeopleClosedOut)
    ideas_closed = fields.Nested(IdeasClosedOut)
    answered = fields.Nested(AnsweredByTenthsOut)
    waits = fields.Nested(WaitCurvesOut)
    silence = fields.Nested(SilenceOut)
    solved = fields.Nested(SolvedOut)
    used = fields.Nested(UsedOut)
    sending = fields.Nested(SendingOut)
    capacity = fields.Nested(CapacityByWeekOut)


class BoardHealthOut(OutSchema):
    """What everybody who sees a board may know of how it answers, over its last year."""

    board = fields.String(metadata=_said("Its slug."))
    since = UtcTime()
    until = UtcTime(metadata=_said("Not included."))
    ideas_closed = fields.Nested(IdeasClosedOut)
    answered = fields.Nested(AnsweredOut)
    waits = fields.Nested(WaitsOut)
    silence = fields.Nested(SilenceOut)
    capacity = fields.Nested(CapacityOut)


def loop_health(health: LoopHealth) -> Shape:
    scope, people = health.scope, health.people_closed
    return {
        "boards": sorted(board.slug for board in scope.boards),
        "tag": scope.tag,
        "company_id": scope.company.id if scope.company else None,
        "segment": scope.segment.slug if scope.segment else None,
        "since": when(scope.since),
        "until": when(scope.until),
        "people_closed": {
            "owed": people.owed,
            "delivered": people.delivered,
            "pending": people.pending,
            "undeliverable": people.undeliverable,
            "opted_out": people.opted_out,
            "failed": dict(people.failed),
            "suppressed": dict(people.suppressed),
            "share": people.share,
        },
        "ideas_closed": _ideas_closed(health),
        "answered": {
            **_answered(health.answered),
            "tenths": [
                {
                    "tenth": each.number,
                    "ideas": each.ideas,
                    "answered": each.answered,
                    "votes_least": each.votes_least,
                    "votes_most": each.votes_most,
                }
                for each in health.answered.tenths
            ],
        },
        "waits": {word.value: {**_wait(wait), "curve": _curve(wait)} for word, wait in health.waits.items()},
        "silence": _silence(health.silence),
        "solved": {
            **{said.value: health.solved.answers.get(said, 0) for said in Helped},
            "share": health.solved.share,
            "shipped": health.solved.shipped,
            "asked": health.solved.asked,
            "share_asked": health.solved.share_asked,
        },
        "used": {
            "answers": health.used.answers,
            "with_credits": health.used.with_credits,
            "share_of_answers": health.used.share_of_answers,
            "contributors": health.used.contributors,
            "credited": health.used.credited,
            "share_of_people": health.used.share_of_people,
        },
        "sending": {
            **{channel: dict(health.sending.by_channel.get(channel, {})) for channel in ("email", "inbox")},
            "failed": dict(health.sending.failed),
            "suppressed": dict(health.sending.suppressed),
            "people": health.sending.people,
            "emails_a_week": health.sending.a_week,
            "unsubscribed": health.sending.unsubscribed,
            "complaints": health.sending.complaints,
            "duplicates": health.sending.duplicates,
        },
        "capacity": {
            **_capacity(health.capacity),
            "weeks": [
                {"begins": when(week.begins), "ideas": week.ideas, "answers": week.answers}
                for week in health.capacity.weeks
            ],
        },
    }


def board_health(health: BoardHealth) -> Shape:
    return {
        "board": health.scope.boards[0].slug,
        "since": when(health.scope.since),
        "until": when(health.scope.until),
        "ideas_closed": _ideas_closed(health),
        "answered": _answered(health.answered),
        "waits": {word.value: _wait(health.waits[word]) for word in Word},
        "silence": _silence(health.silence),
        "capacity": _capacity(health.capacity),
    }


def _ideas_closed(health: BoardHealth) -> Shape:
    closed = health.ideas_closed
    return {"finalised": closed.finalised, "closed": closed.closed, "share": closed.share}


def _answered(answered: Answered) -> Shape:
    return {
        "due": answered.due,
        "answered": answered.answered,
        "in_time": answered.in_time,
        "share": answered.share,
    }


def _wait(wait: Waiting) -> Shape:
    return {"ideas": wait.ideas, "ended": wait.ended, "median_days": wait.median, "p90_days": wait.ninth}


def _curve(wait: Waiting) -> list[Shape]:
    return [{"day": step.day, "share": step.share} for step in wait.curve]


def _silence(silence: Silence) -> Shape:
    return {
        "ideas": silence.ideas,
        "median_days": silence.median,
        "p90_days": silence.ninth,
        "promised": silence.promised,
        "late": silence.late,
        "share_late": silence.share_late,
    }


def _capacity(capacity: Capacity) -> Shape:
    return {
        "ideas": capacity.ideas,
        "answers": capacity.answers,
        "ideas_a_week": capacity.ideas_a_week,
        "answers_a_week": capacity.answers_a_week,
        "ratio": capacity.ratio,
    }
