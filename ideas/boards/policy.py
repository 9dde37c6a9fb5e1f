"""Who may do what on a board: pure questions and answers, no queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ideas.accounts.models import User
from ideas.boards.errors import CommentingClosed, EditingClosed, Merged, Suspended, VotingClosed
from ideas.boards.models import FINAL_STAGES, BoardRole, Comment, Idea, Reason, Stage
from ideas.errors import NotAllowed
from ideas.words import _


@dataclass(frozen=True)
class Standing:
    """What a person is on one board. `user` is None for a visitor, `role` None for somebody without membership."""

    user: User | None
    role: str | None

    @property
    def is_team(self) -> bool:
        if self.user is None or self.user.is_suspended:
            return False
        return self.user.is_site_team or self.role == BoardRole.TEAM

    @property
    def is_member(self) -> bool:
        """May see a private board."""
        return self.user is not None and (self.role is not None or self.user.is_site_team)

    def is_author(self, thing: Idea | Comment) -> bool:
        return self.user is not None and thing.author_id == self.user.id


class ReasonRule(NamedTuple):
    """What an answer with this reason needs. stages None: any. owed_as None: declined if final, else moved."""

    stages: frozenset[Stage] | None
    shortest: int
    needs_review_by: bool
    owed_as: str | None


def _rule(*stages: Stage, text: int, owed_as: str, review: bool = False) -> ReasonRule:
    return ReasonRule(frozenset(stages), text, review, owed_as)


REASONS: dict[Reason, ReasonRule] = {
    Reason.UNDER_REVIEW: _rule(Stage.CONSIDERING, text=20, owed_as="moved"),
    Reason.COMMITTED: _rule(Stage.PLANNED, text=20, owed_as="planned"),
    Reason.IN_PROGRESS: _rule(Stage.STARTED, text=20, owed_as="moved"),
    Reason.SHIPPED: _rule(Stage.SHIPPED, text=40, owed_as="shipped"),
    Reason.SHIPPED_DIFFERENTLY: _rule(Stage.SHIPPED, text=40, owed_as="shipped"),
    Reason.PARTLY: _rule(Stage.SHIPPED, text=40, owed_as="shipped"),
    Reason.ALREADY_POSSIBLE: _rule(Stage.SHIPPED, Stage.DECLINED, text=40, owed_as="shipped"),
    Reason.NOT_NOW: _rule(Stage.OPEN, Stage.DECLINED, text=40, owed_as="declined", review=True),
    Reason.CANNOT_SAY: ReasonRule(None, 40, True, None),
    Reason.NOT_US: _rule(Stage.DECLINED, text=40, owed_as="declined"),
    Reason.NOT_EVER: _rule(Stage.DECLINED, text=40, owed_as="declined"),
    Reason.REOPENED: _rule(Stage.OPEN, Stage.CONSIDERING, text=20, owed_as="moved"),
}


def owed_as(reason: str, stage: str) -> str:
    """The kind of news that an answer is: moved, planned, shipped or declined."""
    fixed = REASONS[Reason(reason)].owed_as
    if fixed is not None:
        return fixed
    return "declined" if stage in FINAL_STAGES else "moved"


def require_part(person: User) -> None:
    """Taking part at all: posting, voting, commenting, following."""
    if person.is_suspended:
        raise Suspended(_("Your account is suspended: you can read, and take no part for now."))


def require_unmerged(idea: Idea) -> None:
    """The idea stands for itself: whoever wants something of one that was merged goes to where it went."""
    if idea.merged_root_id is not None:
        raise merged(idea.merged_root_id)


def merged(into_id: int) -> Merged:
    return Merged(_("This idea is part of idea %(number)s now. Go on there.", number=into_id), into_id=into_id)


def require_vote(voter: User, idea: Idea) -> None:
    require_part(voter)
    require_open(idea)


def require_open(idea: Idea) -> None:
    """The idea takes votes."""
    require_unmerged(idea)
    if idea.withdrawn_at is not None:
        raise VotingClosed(_("This idea was withdrawn by its author and takes no votes."))
    if not idea.status.takes_votes:
        raise VotingClosed(_("Ideas that are “%(status)s” no longer take votes.", status=idea.status.name))


def require_comment(person: User, idea: Idea) -> None:
    require_part(person)
    require_unmerged(idea)
    if idea.withdrawn_at is not None:
        raise CommentingClosed(_("This idea was withdrawn by its author and takes no comments."))


def may_edit(standing: Standing, idea: Idea, *, answered: bool) -> bool:
    """Only the author, and only until the team's first answer."""
    return (
        standing.is_author(idea)
        and not answered
        and idea.withdrawn_at is None
        and idea.hidden_at is None
        and idea.merged_root_id is None
        and standing.user is not None
        and not standing.user.is_suspended
    )


def require_edit(standing: Standing, idea: Idea, *, answered: bool) -> None:
    if not standing.is_author(idea):
        raise NotAllowed(_("Only the author can change the words of an idea."))
    if standing.user is not None:
        require_part(standing.user)
    require_unmerged(idea)
    if idea.withdrawn_at is not None:
        raise EditingClosed(_("You took this idea back, so it stays as it is."))
    if idea.hidden_at is not None:
        raise EditingClosed(_("The team hid this idea, so it stays as it is until they show it again."))
    if answered:
        raise EditingClosed(_("This idea stays as the team answered it. Say the rest in a comment."))


def require_withdraw(standing: Standing, idea: Idea, *, answered: bool) -> None:
    """As `require_edit`; and what others said and voted elsewhere is not taken off the lists with it."""
    require_edit(standing, idea, answered=answered)
    if idea.rank.has_merged:
        raise EditingClosed(
            _("Other people’s ideas are part of this one now, so it stays. Write to the team about it.")
        )


def may_flag(standing: Standing, thing: Idea | Comment) -> bool:
    """Anybody who takes part may point out what others wrote, while it is there to be read."""
    return (
        standing.user is not None
        and not standing.user.is_suspended
        and not standing.is_author(thing)
        and thing.hidden_at is None
        and getattr(thing, "deleted_at", None) is None
    )


def require_flag(standing: Standing, thing: Idea | Comment) -> None:
    if standing.user is not None:
        require_part(standing.user)
    if not may_flag(standing, thing):
        raise NotAllowed(_("Only what others wrote, and everybody reads, can be pointed out to the team."))


def require_appeal(standing: Standing, thing: Idea | Comment) -> None:
    if not standing.is_author(thing):
        raise NotAllowed(_("Only its author can appeal."))
    if standing.user is not None:
        require_part(standing.user)


def require_team(standing: Standing) -> None:
    if not standing.is_team:
        raise NotAllowed(_("This is for the team of this board."))


def require_admin(person: User) -> None:
    if not person.is_admin or person.is_suspended:
        raise NotAllowed(_("This is for the administrators of this site."))


def may_edit_comment(standing: Standing, comment: Comment) -> bool:
    return (
        standing.is_author(comment)
        and comment.deleted_at is None
        and comment.hidden_at is None
        and standing.user is not None
        and not standing.user.is_suspended
    )


def require_edit_comment(standing: Standing, comment: Comment) -> None:
    if not may_edit_comment(standing, comment):
        raise NotAllowed(_("Only its author can change or delete a comment."))


def days_waiting(since: datetime, now: datetime) -> int:
    """Whole days an idea has waited for its first answer."""
    return max(0, (now - since).days)
