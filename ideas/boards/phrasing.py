"""The only code that writes `snippet`: texts that teams use often, for a board's team or for oneself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas import blanks
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import policy, queries, reading
from ideas.boards.models import BoardRole, Membership
from ideas.boards.models_snippets import Snippet
from ideas.boards.queries import IdeaRow
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.words import _, lazy

MOST = 100  # of one person, or of one board
SHOWN = 200

# What may stand in double braces, and what it stands for.
BLANKS = {
    "title": lazy("the idea’s title"),
    "author": lazy("the name of who had the idea"),
    "board": lazy("the name of the board"),
    "votes": lazy("how many voted"),
}


def keep(actor: User, words: dict[str, Any]) -> Snippet:
    """Keep a text, as schemas_snippets.SnippetWords loads it.

    Raises NotFound for somebody of no team, NotAllowed for somebody who is not of that board's, ValidationError for a
    blank that there is not, and for one too many.
    """
    require_somewhere(actor)
    blanks.require_known(words["text"], BLANKS, field="text")
    board = None
    if words["board"] is not None:
        row = queries.get_board(actor, words["board"])
        policy.require_team(row.standing)
        board = row.board
    own = sa.and_(Snippet.owner_id == actor.id, Snippet.board_id.is_(None))
    kept = sa.select(sa.func.count()).where(own if board is None else Snippet.board_id == board.id)
    if (db.session.scalar(kept) or 0) >= MOST:
        raise ValidationError(
            {"name": [_("There are %(most)s of these already. Remove one that nobody needs.", most=MOST)]}
        )
    snippet = Snippet(owner_id=actor.id, board_id=board.id if board else None, name=words["name"], text=words["text"])
    db.session.add(snippet)
    db.session.flush()  # gives the id
    if board is not None:
        audit.record(actor, "snippet.added", _subject(snippet), board=board.slug, name=snippet.name)
    return snippet


def change(actor: User, snippet: Snippet, words: dict[str, Any]) -> None:
    """Change what is named in `words`; whose it is stays. Raises ValidationError for a blank that there is not."""
    if "text" in words:
        blanks.require_known(words["text"], BLANKS, field="text")
    for name, value in words.items():
        setattr(snippet, name, value)
    snippet.changed_at = utcnow()
    if snippet.board_id is not None:
        audit.record(actor, "snippet.changed", _subject(snippet), name=snippet.name)
    db.session.flush()  # the caller reads it again


def remove(actor: User, snippet: Snippet) -> None:
    if snippet.board_id is not None:
        audit.record(actor, "snippet.removed", _subject(snippet), name=snippet.name)
    db.session.delete(snippet)


def get(reader: User, snippet_id: int) -> Snippet:
    """One of one's own, or of a board whose team one is of. Raises NotFound. Loaded: owner, board."""
    require_somewhere(reader)
    statement = sa.select(Snippet).where(Snippet.id == snippet_id, _seen_by(reader)).options(*_LOADED)
    found = db.session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is no such snippet, or you may not see it."))
    return found


def all_for(reader: User, *, on: IdeaRow | None = None) -> list[Snippet]:
    """One's own and those of one's teams, by name, at most SHOWN; `on`: without those of other boards than its own.

    Loaded: owner, board.
    """
    statement = sa.select(Snippet).where(_seen_by(reader)).options(*_LOADED)
    if on is not None:
        statement = statement.where(sa.or_(Snippet.board_id.is_(None), Snippet.board_id == on.idea.board_id))
    return list(db.session.scalars(statement.order_by(Snippet.name, Snippet.id).limit(SHOWN)))


def filled(snippet: Snippet, on: IdeaRow) -> str:
    """The text as it is put into an answer to that idea."""
    idea = on.idea
    return blanks.filled(
        snippet.text,
        {
            "title": idea.title,
            "author": idea.author.name,
            "board": idea.board.name,
            "votes": idea.rank.vote_count,
        },
    )


def require_somewhere(person: User) -> None:
    """Somebody who answers on some board. Raises NotFound for anybody else."""
    if not reading.answers_somewhere(person):
        raise NotFound(_("There is nothing here, or you may not see it."))


_LOADED = (joinedload(Snippet.owner), joinedload(Snippet.board))


def _seen_by(reader: User) -> sa.ColumnElement[bool]:
    own = sa.and_(Snippet.owner_id == reader.id, Snippet.board_id.is_(None))
    if reader.is_site_team:
        return sa.or_(own, Snippet.board_id.is_not(None))
    team = sa.select(Membership.board_id).where(Membership.user_id == reader.id, Membership.role == BoardRole.TEAM)
    return sa.or_(own, Snippet.board_id.in_(team))


def _subject(snippet: Snippet) -> str:
    return f"snippet:{snippet.id}"
