"""Who may do what site-wide: pure questions and answers."""

from __future__ import annotations

from ideas.accounts.models import User
from ideas.errors import NotAllowed, NotFound
from ideas.words import _


def require_admin(actor: User) -> None:
    """Administration is not there for anybody else: NotFound. Raises NotAllowed for a suspended administrator."""
    if not actor.is_admin:
        raise NotFound(_("There is nothing here, or you may not see it."))
    require_active(actor)


def require_active(actor: User) -> None:
    """Raises NotAllowed for a suspended person, who reads and writes nothing."""
    if actor.is_suspended:
        raise NotAllowed(_("Your account is suspended. You can read, but not take part."))


def require_other(actor: User | None, person: User) -> None:
    """An administrator leaves their own rights to another one, so that one always remains."""
    if actor is not None and actor.id == person.id:
        raise NotAllowed(_("This is your own account. Ask another administrator."))


def may_have_title(person: User) -> bool:
    """A title stands beside the name of somebody who speaks for the team."""
    return person.is_site_team or bool(person.title)
