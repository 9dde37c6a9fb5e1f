"""The team says that an idea is the same as another, or that it is not after all. The only code that writes `merge`.

A link, never a copy: votes, comments and follows stay on the idea where they were made, and the idea they count for
follows from the links. So unmerging restores exactly, whatever happened on either side meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import markup, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import changes, policy, queries, ranking, trees
from ideas.boards.errors import AnswerWaiting, ChangedMeanwhile, Merged, MergingClosed, NotMerged
from ideas.boards.events import AnswerCorrected, Answered, MergedInto, MergeUndone
from ideas.boards.models import Idea
from ideas.boards.models_merging import Merge
from ideas.boards.queries import IdeaRow
from ideas.boards.settling import settle_time
from ideas.db import db, utcnow
from ideas.outbox import OutboxEntry
from ideas.words import _

TEXT_SHORTEST = 20
PARTS_MOST = 500  # so many ideas may be one in the end


def merge(actor: User, on: IdeaRow, into: IdeaRow, *, text: str) -> Merge:
    """Make an idea part of another, which takes its votes from now on; both sides are told after the settle time.

    What was merged into `on` before goes with it. Raises NotAllowed for anybody but the team, ValidationError naming
    the field (`into`, `text`), Merged when `on` is part of another already, MergingClosed when it is hidden or
    withdrawn, AnswerWaiting while an answer to either is not announced.
    """
    policy.require_team(on.standing)
    _require_text(text)
    _require_two_of_a_board(on, into)
    on, into = _hold_both(actor, on.idea.id, into.idea.id)
    require_fitting(on, into)
    links = trees.links(on.idea.id)
    parts = {on.idea.id, *links}
    others = trees.links(into.idea.id)
    if len(parts) + len(others) > PARTS_MOST:
        raise _not_into(_("At most %(most)s ideas can become one.", most=PARTS_MOST))
    _call_off_unmerging(on.idea.id)
    made = Merge(
        idea_id=on.idea.id,
        into_id=into.idea.id,
        by_id=actor.id,
        text=text,
        text_html=markup.render(text),
        merged_at=utcnow(),
    )
    db.session.add(made)
    db.session.flush()  # the event names its id
    made.entry_id = outbox.record(
        MergedInto(subject=into.idea.subject, about_id=made.id, actor_id=actor.id), wait=settle_time()
    )
    audit.record(actor, "idea.merged", on.idea.subject, into=into.idea.id, merge=made.id)
    _link(on.idea.id, into.idea.id)
    _root(parts, into.idea.id)
    _rank_anew(on.idea.id, into.idea.id, {into.idea.id: parts | others.keys()})
    changes.note_ideas("idea.merged", [made.idea_id])
    changes.note_ideas("idea.updated", sorted({made.into_id, *parts} - {made.idea_id}))
    return made


def unmerge(actor: User, on: IdeaRow, *, text: str = "") -> Merge:
    """Make an idea stand for itself again, with what had been merged into it; votes and comments are where they were.

    Before the merge is announced it is as if it had never been, and nobody hears. Afterwards `text` says why, and both
    sides are told after the settle time. Raises NotAllowed for anybody but the team, NotMerged, and ValidationError for
    a text that is too short.
    """
    policy.require_team(on.standing)
    on, former_root = _hold_merged(actor, on)
    standing = db.session.scalars(
        sa.select(Merge).where(Merge.idea_id == on.idea.id, Merge.unmerged_at.is_(None))
    ).one()
    links = trees.links(former_root)
    standing.unmerged_at = utcnow()
    standing.unmerged_by_id = actor.id
    standing.unmerge_text, standing.unmerge_text_html = text, markup.render(text)
    if standing.entry_id is None or not outbox.cancel(standing.entry_id):
        _require_text(text)
        standing.unmerge_entry_id = outbox.record(
            MergeUndone(subject=f"idea:{former_root}", about_id=standing.id, actor_id=actor.id), wait=settle_time()
        )
    audit.record(actor, "idea.unmerged", on.idea.subject, into=standing.into_id, merge=standing.id)
    parts = trees.below(links, on.idea.id)
    _link(on.idea.id, None)
    _root({on.idea.id}, None)
    _root(parts, on.idea.id)
    left = {idea_id: into_id for idea_id, into_id in links.items() if idea_id not in {on.idea.id, *parts}}
    counted = {each: trees.below(left, each) for each in trees.above(links, on.idea.id)}
    _rank_anew(on.idea.id, standing.into_id, counted)
    changes.note_ideas("idea.unmerged", [standing.idea_id])
    changes.note_ideas("idea.updated", sorted({former_root, *parts, *counted} - {standing.idea_id}))
    return standing


class Former(NamedTuple):
    """A merge of another system or another site; by_id of an undone one is who did both, unless unmerged_by_id is."""

    idea_id: int
    into_id: int
    by_id: int
    text: str
    at: datetime
    unmerged_at: datetime | None = None
    unmerged_by_id: int | None = None
    unmerge_text: str = ""


def take_over(merges: Sequence[Former]) -> list[Merge]:
    """Make ideas part of others as they were elsewhere, and tell nobody.

    The caller has seen that no idea becomes part of itself, or of two others at a time.
    """
    rows = [
        Merge(
            idea_id=each.idea_id,
            into_id=each.into_id,
            by_id=each.by_id,
            text=each.text,
            text_html=markup.render(each.text),
            merged_at=each.at,
            unmerged_at=each.unmerged_at,
            unmerged_by_id=each.unmerged_by_id,
            unmerge_text=each.unmerge_text,
            unmerge_text_html=markup.render(each.unmerge_text),
        )
        for each in merges
    ]
    db.session.add_all(rows)
    db.session.flush()  # the caller remembers their ids
    ids = [row.id for row in rows]
    for row in rows:
        for act in ("idea.merged", *["idea.unmerged"] * bool(row.unmerged_at)):
            audit.record(None, act, f"idea:{row.idea_id}", into=row.into_id, merge=row.id, imported=True)
    for idea_id, into_id in [(row.idea_id, row.into_id) for row in rows if row.unmerged_at is None]:
        root_id = trees.root_of(into_id)
        for each_id in sorted({idea_id, root_id}):
            ranking.hold(each_id)
        parts = {idea_id, *trees.links(idea_id)}
        _link(idea_id, into_id)
        _root(parts, root_id)
        links = trees.links(root_id)
        _rank_anew(idea_id, into_id, {each: trees.below(links, each) for each in trees.above(links, idea_id)})
    made = [db.session.get_one(Merge, merge_id) for merge_id in ids]
    changes.note_ideas("idea.merged", [each.idea_id for each in made if each.unmerged_at is None])
    return made


def standing_on(idea: Idea) -> Merge | None:
    """What made this idea part of another, with its entry; None when it stands for itself."""
    return db.session.scalar(
        sa.select(Merge)
        .where(Merge.idea_id == idea.id, Merge.unmerged_at.is_(None))
        .options(sa.orm.joinedload(Merge.entry))
    )


def _require_text(text: str) -> None:
    if len(text) < TEXT_SHORTEST:
        raise ValidationError(
            {
                "text": [
                    _(
                        "Say a little more: at least %(least)s characters, and this has %(has)s.",
                        least=TEXT_SHORTEST,
                        has=len(text),
                    )
                ]
            }
        )


def _not_into(message: str) -> ValidationError:
    return ValidationError({"into": [message]})


def _hold_both(actor: User, *ids: int) -> tuple[IdeaRow, IdeaRow]:
    """Both ideas as they are now, held, each found to stand for itself.

    One after the other in the order of their ids, so that two merges do not wait for each other; and looked at as soon
    as it is held: whoever holds a root may be waiting for the rows of what is merged into it, so nobody waits for a
    root while holding one of those.
    """
    rows: dict[int, IdeaRow] = {}
    for idea_id in sorted(ids):
        ranking.hold(idea_id)
        rows[idea_id] = queries.get_idea(actor, idea_id)
        root_id = rows[idea_id].idea.merged_root_id
        if root_id is not None and idea_id == ids[0]:
            raise Merged(_("This idea is part of idea %(number)s already.", number=root_id), into_id=root_id)
        _require_root(ids[0], rows[idea_id])
    return rows[ids[0]], rows[ids[1]]


def _hold_merged(actor: User, on: IdeaRow) -> tuple[IdeaRow, int]:
    """The merged idea as it is now, and its root, which is held."""
    root_id = trees.root_of(on.idea.id)
    if root_id == on.idea.id:
        raise NotMerged(_("This idea is not part of another one."))
    ranking.hold(root_id)
    if trees.root_of(on.idea.id) != root_id:
        raise ChangedMeanwhile(_("Somebody else merged or took apart these ideas a moment ago. Look again."))
    return queries.get_idea(actor, on.idea.id), root_id


def require_fitting(on: IdeaRow, into: IdeaRow) -> None:
    """The one can become part of the other, as far as one sees before both are held.

    Raises ValidationError naming `into`, MergingClosed, AnswerWaiting.
    """
    _require_two_of_a_board(on, into)
    _require_root(on.idea.id, into)
    if on.idea.hidden_at is not None or on.idea.withdrawn_at is not None:
        raise MergingClosed(_("This idea is hidden or was withdrawn, so it stays as it is."))
    if into.idea.hidden_at is not None or into.idea.withdrawn_at is not None:
        raise _not_into(_("That idea is hidden or was withdrawn. Choose one that everybody sees."))
    waiting = db.session.scalar(
        sa.select(OutboxEntry.id)
        .where(
            OutboxEntry.subject.in_([on.idea.subject, into.idea.subject]),
            OutboxEntry.kind.in_([Answered.kind, AnswerCorrected.kind]),
            OutboxEntry.fanned_out_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )
        .limit(1)
    )
    if waiting is not None:
        raise AnswerWaiting(
            _("An answer to one of these ideas is about to be announced. Undo it or send it now, then merge.")
        )


def _require_two_of_a_board(on: IdeaRow, into: IdeaRow) -> None:
    if into.idea.id == on.idea.id:
        raise _not_into(_("An idea cannot be part of itself. Choose another one."))
    if into.idea.board_id != on.idea.board_id:
        raise _not_into(_("That idea is on another board. Only ideas of one board can become one."))


def _require_root(idea_id: int, into: IdeaRow) -> None:
    root_id = into.idea.merged_root_id
    if root_id is None:
        return
    if root_id == idea_id:
        raise _not_into(_("That idea is part of this one. Take it out first, or merge this one elsewhere."))
    raise _not_into(_("That idea is part of idea %(number)s itself. Choose that one.", number=root_id))


def _call_off_unmerging(idea_id: int) -> None:
    """Merged anew before anybody was told that it stands for itself again: then nobody is."""
    entries = db.session.scalars(
        sa.select(Merge.unmerge_entry_id).where(Merge.idea_id == idea_id, Merge.unmerge_entry_id.is_not(None))
    )
    for entry_id in entries.all():
        if entry_id is not None:
            outbox.cancel(entry_id)


def _link(idea_id: int, into_id: int | None) -> None:
    _write([idea_id], merged_into_id=into_id)


def _root(idea_ids: Collection[int], root_id: int | None) -> None:
    if idea_ids:
        _write(sorted(idea_ids), merged_root_id=root_id)


def _write(idea_ids: Sequence[int], **values: int | None) -> None:
    db.session.execute(
        sa.update(Idea).where(Idea.id.in_(idea_ids)).values(**values).execution_options(synchronize_session=False)
    )
    db.session.expire_all()  # what was read of the rows before is old now


def _rank_anew(idea_id: int, into_id: int, counted: dict[int, set[int]]) -> None:
    """`counted`: the ideas that another number backs now, each with its parts."""
    ranking.show_or_hide(db.session.get_one(Idea, idea_id))
    ranking.note_parts(into_id)
    for each, parts in counted.items():
        ranking.count_backers(each, parts)
