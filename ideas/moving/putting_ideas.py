"""Ideas, votes and comments of a file: what becomes of them, and putting them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ideas.boards import changes, commenting, posting, ranking, voting
from ideas.boards.models import Board, Comment, Idea, SourceKind, Status, Vote
from ideas.db import db
from ideas.moving.places import Places, keys_of
from ideas.moving.putting_people import no_board
from ideas.moving.records import Kind
from ideas.moving.spooling import Item
from ideas.moving.verdicts import Became, Verdict, known, refused
from ideas.text import folded
from ideas.words import _

# --- What records name ---


class Named:
    """What some records name: by the source's ids, what is here (ids) and what comes with the file."""

    def __init__(self, places: Places, kind: Kind, keys: set[str]) -> None:
        self.ids = places.ids(kind, keys)
        self._coming = places.coming(kind, keys, self.ids)

    def __contains__(self, key: str | None) -> bool:
        return key is None or key in self.ids or key in self._coming


def no_such(kind: Kind, key: str) -> str:
    said = {
        Kind.PERSON: _("There is no person “%(id)s”, here or in the file.", id=key),
        Kind.IDEA: _("There is no idea “%(id)s”, here or in the file.", id=key),
        Kind.COMMENT: _("There is no comment “%(id)s”, here or in the file.", id=key),
        Kind.EVIDENCE: _("There is no evidence “%(id)s”, here or in the file.", id=key),
        Kind.ANSWER: _("There is no answer “%(id)s”, here or in the file.", id=key),
    }
    return said[kind]


# --- Ideas ---


def judge_ideas(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """An idea that came before stays as it is: it may have been edited and answered here since."""
    ids = places.ids(Kind.IDEA, {item.key for item in items})
    versions = {version["author"] for item in items for version in item.values["revisions"] or ()}
    authors = Named(places, Kind.PERSON, keys_of(items, "author") | versions)
    rows = db.session.execute(
        sa.select(Idea.id, Idea.title, Idea.body, Status.slug)
        .join(Status, Status.id == Idea.status_id)
        .where(Idea.id.in_(list(ids.values())))
    )
    here = {row.id: row for row in rows}
    elsewhere = _by_source(items)
    tags: dict[str, set[str]] = {}
    found = []
    for item in items:
        reason = _unfitting(places, item, authors, tags)
        if reason is not None:
            found.append(refused(item, reason))
        elif item.key in ids:
            found.append(_judge_known(places, item, ids[item.key], here.get(ids[item.key])))
        else:
            other = elsewhere.get((places.board_of(item.values), *_source(item)))
            found.append(Verdict(item, Became.NEW if other is None else Became.CHANGED, other))
    return found


def _source(item: Item) -> tuple[str, str | None]:
    """Where the idea came from in the first place: kind, and id there."""
    values = item.values
    return values["source_kind"] or SourceKind.IMPORT.value, values["source_id"] if values["source_kind"] else item.key


def _by_source(items: Sequence[Item]) -> dict[tuple[str, str, str | None], int]:
    """(board, where it came from) → the idea that came from there to this board on another way."""
    source_ids = {source_id for _kind, source_id in map(_source, items) if source_id is not None}
    rows = db.session.execute(
        sa.select(Board.slug, Idea.source_kind, Idea.source_id, Idea.id)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.source_id.in_(source_ids))
    )
    return {(row.slug, row.source_kind, row.source_id): row.id for row in rows}


def _unfitting(places: Places, item: Item, authors: Named, tags: dict[str, set[str]]) -> str | None:
    values = item.values
    board = places.board_of(values)
    if not places.words(board):
        return no_board(board)
    if values["status"] is not None and places.word(board, values["status"]) is None:
        return _("The board has no status “%(status)s”.", status=values["status"])
    for tag in values["tags"] or ():
        if not {tag, folded(tag)} & _tags(places, board, tags) and not places.spool.bodies(
            Kind.TAG, [f"{board}\t{tag}"]
        ):
            return _("The board has no tag “%(tag)s”.", tag=tag)
    for author in (values["author"], *(version["author"] for version in values["revisions"] or ())):
        if author not in authors:
            return no_such(Kind.PERSON, author)
    return None


def _tags(places: Places, board: str, tags: dict[str, set[str]]) -> set[str]:
    if board not in tags:
        tags[board] = set(places.tags(board))
    return tags[board]


def _judge_known(places: Places, item: Item, idea_id: int, here: Any) -> Verdict:
    if here is None:  # deleted here
        return Verdict(item, Became.SAME)
    values = item.values
    word = places.word(places.board_of(values), values["status"]) if values["status"] else None
    said = {"title": (here.title, values["title"]), "body": (here.body, values["body"] or "")}
    return known(item, idea_id, {**said, "status": (here.slug, word.slug if word else None)})


def put_ideas(places: Places, verdicts: Sequence[Verdict]) -> None:
    by_board: dict[str, list[Verdict]] = {}
    places.remember(Kind.IDEA, [(v.item.key, v.here) for v in verdicts if v.here is not None])
    verdicts = [verdict for verdict in verdicts if verdict.here is None]
    for verdict in verdicts:
        by_board.setdefault(places.board_of(verdict.item.values), []).append(verdict)
    items = [verdict.item for verdict in verdicts]
    versions = {version["author"] for item in items for version in item.values["revisions"] or ()}
    authors = places.ids(Kind.PERSON, keys_of(items, "author") | versions)
    for slug, some in by_board.items():
        board = db.session.scalars(sa.select(Board).where(Board.slug == slug)).one()
        statuses, tags = places.statuses(slug), places.tags(slug)
        drafts = []
        for verdict in some:
            values = verdict.item.values
            word = places.word(slug, values["status"]) if values["status"] else None
            drafts.append(_draft(places, verdict.item, authors, statuses[word.slug] if word else None, tags))
        written = posting.write_all(board, drafts)
        pairs = [(verdict.item.key, idea.id) for verdict, idea in zip(some, written, strict=True)]
        places.remember(Kind.IDEA, pairs)
        changes.note("idea.created", [(board.id, idea.id, None) for idea in written])
    db.session.flush()
    places.forget()


def _draft(
    places: Places, item: Item, authors: Mapping[str, int], status: Status | None, tags: Mapping[str, int]
) -> posting.Draft:
    values = item.values
    source_kind, source_id = _source(item)
    return posting.Draft(
        author_id=authors[values["author"]],
        title=values["title"],
        body=values["body"] or "",
        at=values["created_at"] or places.now,
        source=SourceKind(source_kind),
        source_id=source_id,
        hidden_at=values["hidden_at"],
        status=status,
        tag_ids=sorted({tags.get(tag) or tags[folded(tag)] for tag in values["tags"] or ()}),
        edited_at=values["edited_at"],
        withdrawn_at=values["withdrawn_at"],
        versions=[
            posting.Former(
                author_id=authors[version["author"]],
                title=version["title"],
                body=version["body"] or "",
                at=version["at"],
                is_material=bool(version["is_material"]),
                backers=version["backers"] or 0,
            )
            for version in values["revisions"] or ()
        ],
    )


# --- Votes ---


def judge_votes(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """Votes become what the source says they are in the end, but for those who decide here since."""
    ideas = Named(places, Kind.IDEA, keys_of(items, "idea"))
    people = Named(places, Kind.PERSON, keys_of(items, "person"))
    user_ids = set(people.ids.values())
    standing = _standing(set(ideas.ids.values()), user_ids)
    deciding = places.deciding(user_ids)
    latest = _latest(items, ideas.ids, people.ids)
    found = []
    for item in items:
        values = item.values
        pair = ideas.ids.get(values["idea"]), people.ids.get(values["person"])
        if values["idea"] not in ideas:
            found.append(refused(item, no_such(Kind.IDEA, values["idea"])))
        elif values["person"] not in people:
            found.append(refused(item, no_such(Kind.PERSON, values["person"])))
        elif None in pair:
            found.append(Verdict(item, Became.PASSED if values["since"] is None else Became.NEW))
        elif latest[pair] is not item:
            found.append(Verdict(item, Became.PASSED))
        else:
            found.append(_judge_vote(item, standing.get(pair), deciding.get(pair[1] or 0)))
    return found


def _judge_vote(item: Item, vote: tuple[int, datetime] | None, deciding: datetime | None) -> Verdict:
    at, since = item.values["at"], item.values["since"]
    here = vote[0] if vote else None
    if (vote is not None) == (since is not None):
        return Verdict(item, Became.SAME, here)
    if deciding is not None and at <= deciding:
        return Verdict(item, Became.KEPT, here)
    if since is not None:
        return Verdict(item, Became.NEW)
    return Verdict(item, Became.KEPT if vote is None or vote[1] > at else Became.REMOVED, here)


def _latest(
    items: Sequence[Item], ideas: Mapping[str, int], people: Mapping[str, int]
) -> dict[tuple[int | None, int | None], Item]:
    """Two people of the source may be one here: the later end is theirs."""
    latest: dict[tuple[int | None, int | None], Item] = {}
    for item in items:
        pair = ideas.get(item.values["idea"]), people.get(item.values["person"])
        if pair not in latest or item.values["at"] >= latest[pair].values["at"]:
            latest[pair] = item
    return latest


def _standing(idea_ids: set[int], user_ids: set[int]) -> dict[tuple[int | None, int | None], tuple[int, datetime]]:
    rows = db.session.execute(
        sa.select(Vote.idea_id, Vote.user_id, Vote.id, Vote.cast_at).where(
            Vote.idea_id.in_(idea_ids), Vote.user_id.in_(user_ids)
        )
    )
    return {(row.idea_id, row.user_id): (row.id, row.cast_at) for row in rows}


def put_votes(places: Places, verdicts: Sequence[Verdict]) -> None:
    items = [verdict.item for verdict in verdicts]
    ideas = places.ids(Kind.IDEA, keys_of(items, "idea"))
    people = places.ids(Kind.PERSON, keys_of(items, "person"))
    added = [
        (ideas[values["idea"]], people[values["person"]], values["since"])
        for values in (verdict.item.values for verdict in verdicts if verdict.became == Became.NEW)
    ]
    removed = [verdict.here for verdict in verdicts if verdict.became == Became.REMOVED and verdict.here is not None]
    voting.take_over(added)
    if removed:
        voting.take_back(removed)
    voting.count_anew({ideas[item.values["idea"]] for item in items})


# --- Comments ---


def judge_comments(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """A comment that came before stays as it is; one that was deleted here does not come back."""
    ids = places.ids(Kind.COMMENT, {item.key for item in items})
    ideas = Named(places, Kind.IDEA, keys_of(items, "idea"))
    people = Named(places, Kind.PERSON, keys_of(items, "author"))
    above = Named(places, Kind.COMMENT, keys_of(items, "reply_to"))
    rows = db.session.execute(sa.select(Comment.id, Comment.body).where(Comment.id.in_(list(ids.values()))))
    bodies = {row.id: row.body for row in rows}
    found = []
    for item in items:
        values = item.values
        if values["idea"] not in ideas:
            found.append(refused(item, no_such(Kind.IDEA, values["idea"])))
        elif values["author"] not in people:
            found.append(refused(item, no_such(Kind.PERSON, values["author"])))
        elif values["reply_to"] not in above:
            found.append(refused(item, no_such(Kind.COMMENT, values["reply_to"])))
        elif item.key in ids:
            here = bodies.get(ids[item.key], values["body"] or "")
            found.append(known(item, ids[item.key], {"body": (here, values["body"] or "")}))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def put_comments(places: Places, verdicts: Sequence[Verdict]) -> None:
    items = [verdict.item for verdict in verdicts]
    ideas = places.ids(Kind.IDEA, keys_of(items, "idea"))
    people = places.ids(Kind.PERSON, keys_of(items, "author"))
    waiting: Sequence[Verdict] = verdicts
    while waiting:
        known_ids = places.ids(Kind.COMMENT, keys_of((verdict.item for verdict in waiting), "reply_to"))
        rows = db.session.scalars(sa.select(Comment).where(Comment.id.in_(set(known_ids.values()))))
        by_id = {row.id: row for row in rows}
        ready: list[Verdict] = []
        later: list[Verdict] = []
        for verdict in waiting:
            target = verdict.item.values["reply_to"]
            (ready if target is None or target in known_ids else later).append(verdict)
        if not ready:  # they reply to each other in a circle: each stands for itself
            ready, later = list(waiting), []
        formers = [
            _former(places, verdict.item, ideas, people, by_id.get(known_ids.get(verdict.item.values["reply_to"], 0)))
            for verdict in ready
        ]
        made = commenting.take_over(formers)
        places.remember(Kind.COMMENT, [(v.item.key, row.id) for v, row in zip(ready, made, strict=True)])
        waiting = later
    for idea_id in sorted(set(ideas.values())):
        ranking.count_comments(idea_id)


def _former(
    places: Places, item: Item, ideas: Mapping[str, int], people: Mapping[str, int], reply_to: Comment | None
) -> commenting.Former:
    values = item.values
    idea_id = ideas[values["idea"]]
    return commenting.Former(
        idea_id=idea_id,
        author_id=people[values["author"]],
        body=values["body"] or "",
        at=values["created_at"] or places.now,
        reply_to=reply_to if reply_to is not None and reply_to.idea_id == idea_id else None,
        is_official=bool(values["is_official"]),
        # an answer to a note is a note: it would tell the others what the note says
        is_internal=bool(values["is_internal"]) or (reply_to is not None and reply_to.is_internal),
        edited_at=values["edited_at"],
        deleted_at=values["deleted_at"],
        hidden_at=values["hidden_at"],
        versions=[(version["body"] or "", version["at"]) for version in values["versions"] or ()],
    )
