"""The only code that writes `comment`, `comment_version` and `mention`: say, edit, delete."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import happenings, markup, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import (
    changes,
    moderating,
    picturing,
    policy,
    queries,
    ranking,
    screening,
)
from ideas.boards.events import Commented
from ideas.boards.models import Comment, Idea, Mention
from ideas.boards.models_revisions import CommentVersion
from ideas.boards.queries import CommentRow, IdeaRow
from ideas.boards.screening import Sent, Signal
from ideas.db import db, utcnow
from ideas.text import folded
from ideas.words import _

MENTIONS_MOST = 20
PLACES_MOST = 200  # a text of nothing but "@" is not searched for names for ever


class Former(NamedTuple):
    """A comment of another system or another site. versions: what it said before, each with when that was written."""

    idea_id: int
    author_id: int
    body: str
    at: datetime
    reply_to: Comment | None = None
    is_official: bool = False
    is_internal: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    hidden_at: datetime | None = None
    versions: Sequence[tuple[str, datetime]] = ()


def take_over(comments: Sequence[Former]) -> list[Comment]:
    """Put comments down as they were said elsewhere, in order, and tell nobody. `ranking.count_comments` comes next."""
    rows = [
        Comment(
            idea_id=each.idea_id,
            author_id=each.author_id,
            parent_id=(each.reply_to.parent_id or each.reply_to.id) if each.reply_to else None,
            reply_to_id=each.reply_to.id if each.reply_to else None,
            body=each.body,
            body_html=markup.render(each.body),
            is_official=each.is_official,
            is_internal=each.is_internal,
            created_at=each.at,
            edited_at=each.edited_at,
            deleted_at=each.deleted_at,
            hidden_at=each.hidden_at,
        )
        for each in comments
    ]
    db.session.add_all(rows)
    db.session.flush()  # versions and replies name their ids
    db.session.add_all(
        CommentVersion(comment_id=row.id, number=number, body=body, body_html=markup.render(body), written_at=at)
        for row, each in zip(rows, comments, strict=True)
        for number, (body, at) in enumerate(each.versions, start=1)
    )
    for row in rows:
        if row.is_official:
            audit.record(None, "comment.official", f"comment:{row.id}", imported=True)
    db.session.flush()
    changes.note_comments("comment.created", [row.id for row in rows])
    return rows


def add(
    author: User,
    on: IdeaRow,
    *,
    body: str,
    parent_id: int | None = None,
    official: bool = False,
    internal: bool = False,
    sent: Sent = screening.PLAIN,
) -> Comment:
    """Say something on an idea; those who are owed word of it will hear, what waits for the team once it has looked.

    A reply to a reply joins the same thread. Raises NotAllowed for a suspended author or an official word or note by
    anybody but the team, CommentingClosed on a withdrawn idea, Merged on one that is part of another, ValidationError
    for a parent that is not there and for an official word in reply to an internal note.
    """
    policy.require_comment(author, on.idea)
    screening.require_few(author, on.standing, Comment)
    odd = screening.signals(author, on.standing, body, sent)
    if screening.read_first(on.idea.board, on.standing, Comment):
        odd.append(Signal.READ_FIRST)
    # of a comment and a merge at once the later one is told of the other
    if not ranking.hold(on.idea.id).listed:
        policy.require_comment(author, queries.get_idea(on.standing.user, on.idea.id).idea)
    if official or internal:
        policy.require_team(on.standing)
    parent = _parent(author, on, parent_id) if parent_id is not None else None
    # an answer to a note is a note: it would tell the others what the note says
    internal = internal or (parent is not None and parent.is_internal)
    if official and internal:
        raise ValidationError({"official": [_("This is a note that the team alone sees, so it is no official word.")]})
    comment = Comment(
        idea_id=on.idea.id,
        author_id=author.id,
        parent_id=(parent.parent_id or parent.id) if parent else None,
        reply_to_id=parent.id if parent else None,
        body=body,
        body_html=markup.render(body),
        is_official=official,
        is_internal=internal,
        created_at=utcnow(),
    )
    db.session.add(comment)
    db.session.flush()  # mentions and the event name its id
    _mention(comment, on.idea)
    picturing.tie(author.id, comment.body_html, on.idea.id, comment.id)
    if screening.must_wait(odd):
        moderating.hold(on.idea, comment, odd)
        return comment
    ranking.count_comments(on.idea.id)
    if official:
        audit.record(author, "comment.official", f"comment:{comment.id}", idea=on.idea.id)
    outbox.record(Commented(subject=on.idea.subject, about_id=comment.id, actor_id=author.id))
    happenings.tell("comment.created", on.idea.id, comment.id)
    changes.note("comment.created", [(on.idea.board_id, on.idea.id, comment.id)])
    return comment


def edit(author: User, row: CommentRow, *, body: str) -> None:
    """Change the words of one's own comment; the page says so, and what it said before stays readable.

    Nobody is told again. Where the team reads comments first, the others see it once they have read the new words.
    """
    policy.require_part(author)
    policy.require_edit_comment(row.on.standing, row.comment)
    if body == row.comment.body:
        return
    _keep_version(row.comment)
    row.comment.body = body
    row.comment.body_html = markup.render(body)
    row.comment.edited_at = utcnow()
    picturing.tie(author.id, row.comment.body_html, row.on.idea.id, row.comment.id)
    if screening.read_first(row.on.idea.board, row.on.standing, Comment):
        moderating.hold(row.on.idea, row.comment, [Signal.CHANGED])
    happenings.tell("comment.updated", row.on.idea.id, row.comment.id)
    changes.note("comment.updated", [(row.on.idea.board_id, row.on.idea.id, row.comment.id)])


def delete(author: User, row: CommentRow) -> None:
    """Take one's own comment back: its words and pictures are gone, a tombstone keeps the thread readable."""
    policy.require_edit_comment(row.on.standing, row.comment)
    row.comment.body = row.comment.body_html = ""
    row.comment.deleted_at = utcnow()
    picturing.let_go(row.comment)
    db.session.execute(sa.delete(Mention).where(Mention.comment_id == row.comment.id))
    db.session.execute(sa.delete(CommentVersion).where(CommentVersion.comment_id == row.comment.id))
    db.session.flush()  # ranking reads the row
    ranking.count_comments(row.on.idea.id)
    happenings.tell("comment.deleted", row.on.idea.id, row.comment.id)
    changes.note_comments("comment.deleted", [row.comment.id])


def _keep_version(comment: Comment) -> None:
    # of two edits at once the later waits here, and keeps what the earlier wrote
    db.session.execute(sa.select(Comment.id).where(Comment.id == comment.id).with_for_update(key_share=True))
    db.session.refresh(comment, ["body", "body_html", "edited_at"])
    former = sa.select(sa.func.count()).select_from(CommentVersion).where(CommentVersion.comment_id == comment.id)
    db.session.add(
        CommentVersion(
            comment_id=comment.id,
            number=(db.session.scalar(former) or 0) + 1,
            body=comment.body,
            body_html=comment.body_html,
            written_at=comment.edited_at or comment.created_at,
        )
    )


def _parent(author: User, on: IdeaRow, parent_id: int) -> Comment:
    parent = db.session.get(Comment, parent_id)
    seen = parent is not None and (not parent.is_internal or on.standing.is_team)
    gone = parent is not None and (parent.deleted_at is not None or parent.hidden_at is not None)
    if parent is None or parent.idea_id != on.idea.id or gone or not seen:
        raise ValidationError({"parent_id": [_("The comment you reply to is not on this idea any more.")]})
    return parent


def _mention(comment: Comment, idea: Idea) -> None:
    """Find "@Name" of people who take part on this idea or are of the board's team.

    Only those: otherwise anybody could call, or find out, anybody.
    """
    text = folded(comment.body)
    if "@" not in text:
        return
    here = sa.union(
        sa.select(Idea.author_id).where(Idea.id == idea.id),
        sa.select(Comment.author_id).where(Comment.idea_id == idea.id),
        *queries.team_of([idea.board_id]),
    )
    people = db.session.execute(sa.select(User.id, User.name).where(User.id.in_(here)))
    named = mentioned(text, {person.id: person.name for person in people})
    named.discard(comment.author_id)
    if named:
        rows = [{"comment_id": comment.id, "user_id": person} for person in sorted(named)[:MENTIONS_MOST]]
        db.session.execute(sa.insert(Mention), rows)


def mentioned(text: str, names: dict[int, str]) -> set[int]:
    """Which of the people `names` (id → name) the folded `text` names with "@": in full, or by a first name that is
    only one person's. The longest name wins; somebody whose whole name it is, over those whose first name it is."""
    in_full: dict[str, set[int]] = {}
    by_first: dict[str, set[int]] = {}
    for person, name in names.items():
        full = folded(name)
        in_full.setdefault(full, set()).add(person)
        by_first.setdefault(full.split(" ")[0], set()).add(person)
    by_name = by_first | in_full
    by_start: dict[str, list[str]] = {}
    for name in by_name:
        by_start.setdefault(name[:1], []).append(name)
    found: set[int] = set()
    for match in itertools.islice(re.finditer(r"(?<!\w)@(?=(\w))", text), PLACES_MOST):
        place = match.end()
        fitting = [
            name
            for name in by_start.get(match[1], [])
            if text.startswith(name, place) and not text[place + len(name) : place + len(name) + 1].isalnum()
        ]
        if fitting and len(people := by_name[max(fitting, key=len)]) == 1:
            found |= people
    return found
