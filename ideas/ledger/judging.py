"""Whether a person is told, and by which channel: decided here alone, in SQL.

Announcing, sending and forecasting an audience all ask these questions, so that they cannot disagree. The order of the
reasons is the order of product.md: what concerns both channels first, then what stops e-mail alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ideas.accounts import rhythms
from ideas.accounts.models import Rhythm, Stopped, User
from ideas.ledger.models import EVERYTHING, Channel, Gathered, Mode, Mute, Path, Preference, State, Suppressed

PATHS = {path.value: rank for rank, path in enumerate(Path)}
CONTRIBUTIONS = {"author": 0, "idea": 0, "comment": 1, "vote": 2, "on_behalf": 3, "evidence": 4}
UNKNOWN = 99  # ranks behind all that have a name


# Of those whom a statement judges: somebody erased is owed nothing any more, and has no line.
is_here = User.erased_at.is_(None)


@dataclass(frozen=True)
class Judgement:
    """A statement's tables, and the reasons why a person is not told: at all, or by one channel; NULL if they are.

    Apart, so that a statement which needs both asks the dear question of visibility once for each person.
    """

    tables: sa.FromClause
    at_all: sa.ColumnElement[str | None]
    by_email_alone: sa.ColumnElement[str | None]
    by_inbox_alone: sa.ColumnElement[str | None]
    mode: sa.ColumnElement[str]  # how mail of this news comes, if it does

    @property
    def by_inbox(self) -> sa.ColumnElement[str | None]:
        return sa.func.coalesce(self.at_all, self.by_inbox_alone)

    @property
    def by_email(self) -> sa.ColumnElement[str | None]:
        return sa.func.coalesce(self.at_all, self.by_email_alone)


def judge(
    people: sa.FromClause,
    *,
    user_id: sa.SQLColumnExpression[int],
    news: sa.SQLColumnExpression[str],
    by_default: sa.SQLColumnExpression[str],
    muting: sa.ColumnElement[bool],
    visible: sa.ColumnElement[bool],
    left_out: sa.ColumnElement[bool] | None = None,
) -> Judgement:
    """Judge the rows of `people`, each a person (`user_id`) who would hear that news.

    by_default: how whoever set no preference gets it by e-mail. muting: which mutes silence it, as a condition on
    Mute.subject. visible: whether the person may see the subject now. left_out: whether somebody decided that they are
    not told; what people chose themselves comes first.
    """
    own, all_kinds = aliased(Preference), aliased(Preference)
    tables = (
        sa.join(people, User, User.id == user_id)
        .outerjoin(own, sa.and_(own.user_id == user_id, own.news == news))
        .outerjoin(all_kinds, sa.and_(all_kinds.user_id == user_id, all_kinds.news == EVERYTHING))
        .outerjoin(Rhythm, Rhythm.id == User.rhythm_id)
    )
    by_email = sa.func.coalesce(own.email, all_kinds.email, by_default)
    not_in_inbox = sa.func.coalesce(own.inbox, all_kinds.inbox) == Mode.OFF.value
    unsubscribed = sa.or_(own.by_unsubscribing, all_kinds.by_unsubscribing)
    unproven = sa.and_(User.verified_at.is_(None), sa.not_(User.is_imported))
    for_both = (
        (User.erased_at.is_not(None), _word(Suppressed.ERASED)),
        (User.suspended_at.is_not(None), _word(Suppressed.SUSPENDED)),
        (sa.not_(visible), _word(Suppressed.NOT_VISIBLE)),
        (sa.exists().where(Mute.user_id == user_id, muting).correlate_except(Mute), _word(Suppressed.MUTED)),
        (sa.and_(by_email == Mode.OFF.value, not_in_inbox), _word(Suppressed.OFF)),
        *([] if left_out is None else [(left_out, _word(Suppressed.LEFT_OUT))]),
    )
    for_email = (
        (unsubscribed, _word(Suppressed.UNSUBSCRIBED)),
        (by_email == Mode.OFF.value, _word(Suppressed.INBOX_ONLY)),
        (sa.or_(User.email.is_(None), unproven), _word(Suppressed.NO_ADDRESS)),
        (User.mail_stopped == Stopped.COMPLAINED.value, _word(Suppressed.COMPLAINED)),
        (User.mail_stopped == Stopped.BOUNCED.value, _word(Suppressed.ADDRESS_BOUNCED)),
    )
    for_inbox = (
        (sa.and_(not_in_inbox, unsubscribed), _word(Suppressed.OFF)),
        (not_in_inbox, _word(Suppressed.EMAIL_ONLY)),
    )
    at_all, by_email_alone, by_inbox_alone = (sa.case(*each, else_=None) for each in (for_both, for_email, for_inbox))
    return Judgement(tables, at_all, by_email_alone, by_inbox_alone, by_email)


Audience = sa.Select[Any] | sa.CompoundSelect[Any]


class Part(Protocol):
    """Whom of an audience a statement is about."""

    def holds(self, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]: ...


class Among(NamedTuple):
    """Of an audience those who are in another one too."""

    other: Audience

    def holds(self, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return user_id.in_(sa.select(self.other.subquery("other").c.user_id))


class Within(NamedTuple):
    """Of an audience those whose ids are from `first` on, and before `end`; None: without end."""

    first: int
    end: int | None

    def holds(self, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        from_first = user_id >= self.first
        return from_first if self.end is None else sa.and_(from_first, user_id < self.end)


def strongest(audience: Audience, *, but: int | None, within: Part | None = None) -> sa.Subquery:
    """One row for each person of the audience: their strongest path, and on it their weightiest contribution.

    Whoever would hear the same news at once by a weaker path hears it at once: to comment on what one voted for, or to
    follow it, must not cost anybody the mail. `but` is who is not told: nobody hears of their own act.
    """
    rows = audience.subquery("audience")
    at_once = sa.func.max(sa.case((rows.c.by_default == Mode.INSTANT.value, 1), else_=0)).over(
        partition_by=(rows.c.user_id, rows.c.news)
    )
    by_default = sa.case((at_once == 1, _word(Mode.INSTANT)), else_=rows.c.by_default).label("by_default")
    place = (
        sa.func.row_number()
        .over(
            partition_by=rows.c.user_id,
            order_by=(
                sa.case(PATHS, value=rows.c.path, else_=UNKNOWN),
                sa.case(CONTRIBUTIONS, value=rows.c.contribution_kind, else_=UNKNOWN),
                sa.func.coalesce(rows.c.contribution_id, 0),
                rows.c.news,
            ),
        )
        .label("place")
    )
    others = [column for column in rows.c if column.name != "by_default"]
    ranked = sa.select(*others, by_default, place).where(rows.c.user_id.is_not(None))
    if but is not None:
        ranked = ranked.where(rows.c.user_id != but)
    if within is not None:
        ranked = ranked.where(within.holds(rows.c.user_id))
    table = ranked.subquery("ranked")
    kept = [column for column in table.c if column.name != "place"]
    return sa.select(*kept).where(table.c.place == 1).subquery("people")


def starts(audience: Audience, *, every: int) -> sa.Select[int]:
    """Where an audience is cut so that no piece has more than `every` people: the ids by which later ones begin."""
    rows = audience.subquery("audience")
    people = sa.select(rows.c.user_id).where(rows.c.user_id.is_not(None)).distinct().subquery("people")
    place = sa.func.row_number().over(order_by=people.c.user_id).label("place")
    placed = sa.select(people.c.user_id, place).subquery("placed")
    return sa.select(placed.c.user_id).where(placed.c.place > 1, placed.c.place % every == 1).order_by(placed.c.user_id)


def gathered(mode: sa.ColumnElement[str]) -> sa.ColumnElement[str | None]:
    """Which digest a mail waits for; NULL for one that comes by itself."""
    return sa.case((mode.in_([Mode.DAILY.value, Mode.WEEKLY.value]), mode), else_=None)


def due_at(digest: sa.ColumnElement[str | None], now: datetime) -> sa.ColumnElement[datetime]:
    """When a mail goes out: at the hour of its digest, otherwise now, or when it is no longer quiet.

    Stands in a statement that joins Rhythm; who has none keeps the site's hours.
    """
    site = rhythms.site_moments(now)
    return sa.case(
        (digest == Gathered.WEEKLY.value, sa.func.coalesce(Rhythm.weekly_at, _at(site.weekly_at))),
        (digest.is_not(None), sa.func.coalesce(Rhythm.daily_at, _at(site.daily_at))),
        else_=sa.func.coalesce(Rhythm.quiet_until, _at(now)),
    )


def _at(moment: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(moment, Rhythm.daily_at.type)


def state_for(channel: Channel, reason: sa.ColumnElement[str | None]) -> sa.ColumnElement[str]:
    """What a delivery begins as: there is nothing to hand over for an inbox."""
    told = State.PENDING if channel is Channel.EMAIL else State.SENT
    return sa.case((reason.is_(None), _word(told)), else_=_word(State.SUPPRESSED))


def _word(word: str) -> sa.ColumnElement[str]:
    # as a literal: PostgreSQL would not know the type of a parameter here
    return sa.literal_column(f"'{word}'", sa.String)
