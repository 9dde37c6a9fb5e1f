"""Answers, merges, follows and releases of a file: what becomes of them, and putting them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ideas.boards import answering, following, merging, ranking, releasing, trees
from ideas.boards.models import Answer, Board, BoardFollow, CreditKind, Idea, IdeaFollow, Reason, Stage, Status
from ideas.boards.models_merging import Merge
from ideas.boards.models_releases import Release, ReleaseFollow
from ideas.db import db
from ideas.moving.places import Places, keys_of
from ideas.moving.putting_ideas import Named, no_such
from ideas.moving.putting_people import no_board
from ideas.moving.records import Kind
from ideas.moving.spooling import Item
from ideas.moving.verdicts import Became, Verdict, known, refused
from ideas.words import _

# What an answer is taken to say where the source knows no reasons.
REASON_OF = {
    Stage.OPEN: Reason.REOPENED,
    Stage.CONSIDERING: Reason.UNDER_REVIEW,
    Stage.PLANNED: Reason.COMMITTED,
    Stage.STARTED: Reason.IN_PROGRESS,
    Stage.SHIPPED: Reason.SHIPPED,
    Stage.DECLINED: Reason.NOT_NOW,
}
Lines = Iterable[Mapping[str, Any]]


class _All:
    """Everything that some answers or releases name."""

    def __init__(self, places: Places, items: Sequence[Item], *people: str) -> None:
        lists = [each for item in items for each in (item.values, *_inner(item.values))]
        credits = [credit for each in lists for credit in each.get("credits") or ()]
        said = [*lists, *credits]
        self.ideas = Named(places, Kind.IDEA, _keys(said, "idea", "into"))
        self.people = Named(places, Kind.PERSON, _keys(said, *people, "person"))
        self.comments = Named(places, Kind.COMMENT, _keys(credits, "comment"))
        self.evidence = Named(places, Kind.EVIDENCE, _keys(credits, "evidence"))
        self.answers = Named(places, Kind.ANSWER, _keys(lists, "answer"))

    def missing(self, values: Mapping[str, Any], *people: str) -> str | None:
        """Why a record cannot be taken: what of all it names is nowhere."""
        for each in (values, *_inner(values)):
            for name in people:
                if each.get(name) not in self.people:
                    return no_such(Kind.PERSON, each[name])
            for name in ("idea", "into"):
                if each.get(name) not in self.ideas:
                    return no_such(Kind.IDEA, each[name])
            if each.get("answer") not in self.answers:
                return no_such(Kind.ANSWER, each["answer"])
            for credit in each.get("credits") or ():
                if credit["comment"] not in self.comments:
                    return no_such(Kind.COMMENT, credit["comment"])
                if credit["idea"] not in self.ideas:
                    return no_such(Kind.IDEA, credit["idea"])
                if credit["evidence"] not in self.evidence:
                    return no_such(Kind.EVIDENCE, credit["evidence"])
                if credit["person"] not in self.people:
                    return no_such(Kind.PERSON, credit["person"])
                if reason := _misnamed(credit):
                    return reason
        return None

    def credits(self, lines: Lines | None) -> list[answering.FormerCredit]:
        found = []
        for each in lines or ():
            named = self.comments.ids[each["comment"]] if each["comment"] else None
            named = self.ideas.ids[each["idea"]] if each["idea"] else named
            named = self.evidence.ids[each["evidence"]] if each["evidence"] else named
            person = self.people.ids[each["person"]] if each["person"] else None
            found.append(answering.FormerCredit(each["kind"], named, person, each["how"], each["since"] or 1))
        return found


def _misnamed(credit: Mapping[str, Any]) -> str | None:
    """Why a credit names what its kind does not."""
    kind = credit["kind"]
    if (kind == CreditKind.COMMENT) != (credit["comment"] is not None):
        return _("A credit of a comment names the comment, and no other does.")
    if (kind == CreditKind.MERGED_IDEA) != (credit["idea"] is not None):
        return _("A credit of a merged idea names the idea, and no other does.")
    if (kind == CreditKind.EVIDENCE) != (credit["evidence"] is not None):
        return _("A credit of evidence names the evidence, and no other does.")
    return None


def _inner(values: Mapping[str, Any]) -> Lines:
    yield from values.get("versions") or ()
    yield from values.get("ideas") or ()


def _keys(said: Lines, *names: str) -> set[str]:
    return {each[name] for each in said for name in names if each.get(name)}


# --- Answers ---


def judge_answers(places: Places, items: Sequence[Item]) -> list[Verdict]:
    ids = places.ids(Kind.ANSWER, {item.key for item in items})
    named = _All(places, items, "by")
    boards = _boards_of(places, items, named)
    rows = db.session.execute(sa.select(Answer.id, Answer.text).where(Answer.id.in_(list(ids.values()))))
    texts = {row.id: row.text for row in rows}
    found = []
    for item in items:
        values = item.values
        reason = named.missing(values, "by")
        board = boards.get(values["idea"], "")
        for status in (values["status"], values["former_status"]):
            if reason is None and status is not None and places.word(board, status) is None:
                reason = _("The board has no status “%(status)s”.", status=status)
        if reason is not None:
            found.append(refused(item, reason))
        elif item.key in ids:
            text = texts.get(ids[item.key], values["text"] or "")
            found.append(known(item, ids[item.key], {"text": (text, values["text"] or "")}))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def _boards_of(places: Places, items: Sequence[Item], named: _All) -> dict[str, str]:
    """Idea in the source → slug of its board."""
    keys = keys_of(items, "idea")
    told = places.spool.bodies(Kind.IDEA, keys)
    found = {key: places.board_of(values) for key, values in told.items()}
    rows = db.session.execute(
        sa.select(Idea.id, Board.slug)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.id.in_(named.ideas.ids.values()))
    )
    slugs = {row.id: row.slug for row in rows}
    return found | {key: slugs[here] for key, here in named.ideas.ids.items() if here in slugs}


def put_answers(places: Places, verdicts: Sequence[Verdict]) -> None:
    items = [verdict.item for verdict in verdicts]
    named = _All(places, items, "by")
    boards = _boards_of(places, items, named)
    formers = []
    for item in items:
        values, board = item.values, boards[item.values["idea"]]
        statuses = places.statuses(board)
        status = _status(places, board, values["status"])
        former = _status(places, board, values["former_status"]) if values["former_status"] else _first(statuses)
        last = {**values, "at": values["created_at"] or places.now}
        last["reason"] = values["reason"] or REASON_OF[Stage(status.stage)].value
        versions = [
            answering.FormerVersion(
                reason=version["reason"],
                text=version["text"] or "",
                planned_for=version["planned_for"],
                review_by=version["review_by"],
                by_id=named.people.ids[version["by"]],
                at=version["at"],
                credits=named.credits(version["credits"]),
            )
            for version in (*(values["versions"] or ()), *(() if values["versions"] else (last,)))
        ]
        versions[-1] = versions[-1]._replace(credits=named.credits(values["credits"]))
        formers.append(
            answering.Former(
                idea_id=named.ideas.ids[values["idea"]],
                status_id=status.id,
                former_status_id=former.id,
                by_id=named.people.ids[values["by"]],
                at=last["at"],
                undone_at=values["undone_at"],
                versions=versions,
            )
        )
    made = answering.take_over(formers)
    places.remember(Kind.ANSWER, [(item.key, row.id) for item, row in zip(items, made, strict=True)])
    _move(sorted({former.idea_id for former in formers}))


def _move(idea_ids: Sequence[int]) -> None:
    """What lists go by knows the last official word."""
    rows = db.session.execute(
        sa.select(Idea.id, Status.stage).join(Status, Status.id == Idea.status_id).where(Idea.id.in_(idea_ids))
    )
    for idea_id, stage in sorted((row.id, row.stage) for row in rows.all()):
        ranking.move(idea_id, stage)


def _status(places: Places, board: str, said: str) -> Status:
    word = places.word(board, said)
    assert word is not None  # noqa: S101  # judged a moment ago
    return places.statuses(board)[word.slug]


def _first(statuses: Mapping[str, Status]) -> Status:
    return next(status for status in statuses.values() if status.stage == Stage.OPEN)


# --- Merges ---


def judge_merges(places: Places, items: Sequence[Item]) -> list[Verdict]:
    """A merge that came before stays as it is; one that does not fit what was merged here since is left out."""
    ids = places.ids(Kind.MERGE, {item.key for item in items})
    named = _All(places, items, "by", "unmerged_by")
    boards = _boards_of(places, items, named)
    found = []
    for item in items:
        values = item.values
        reason = named.missing(values, "by", "unmerged_by")
        if reason is None and values["idea"] == values["into"]:
            reason = _("An idea cannot be part of itself.")
        told = places.spool.bodies(Kind.IDEA, [values["into"]]).get(values["into"])
        into_board = places.board_of(told) if told else boards.get(values["idea"])
        if reason is None and into_board != boards.get(values["idea"]):
            reason = _("The two ideas are on different boards.")
        if reason is not None:
            found.append(refused(item, reason))
        elif item.key in ids:
            found.append(Verdict(item, Became.SAME, ids[item.key]))
        elif values["unmerged_at"] is None and _is_merged(named.ideas.ids.get(values["idea"])):
            found.append(Verdict(item, Became.KEPT))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def _is_merged(idea_id: int | None) -> bool:
    standing = sa.exists().where(Merge.idea_id == idea_id, Merge.unmerged_at.is_(None))
    return idea_id is not None and bool(db.session.scalar(sa.select(standing)))


def put_merges(places: Places, verdicts: Sequence[Verdict]) -> None:
    """One by one: whether an idea would become part of itself depends on those before."""
    for verdict in verdicts:
        values = verdict.item.values
        named = _All(places, [verdict.item], "by", "unmerged_by")
        idea_id, into_id = named.ideas.ids[values["idea"]], named.ideas.ids[values["into"]]
        stands = values["unmerged_at"] is None
        if stands and (_is_merged(idea_id) or trees.root_of(into_id) == idea_id or idea_id == into_id):
            continue
        (made,) = merging.take_over(
            [
                merging.Former(
                    idea_id=idea_id,
                    into_id=into_id,
                    by_id=named.people.ids[values["by"]],
                    text=values["text"] or "",
                    at=values["at"] or places.now,
                    unmerged_at=values["unmerged_at"],
                    unmerged_by_id=named.people.ids.get(values["unmerged_by"] or ""),
                    unmerge_text=values["unmerge_text"] or "",
                )
            ]
        )
        places.remember(Kind.MERGE, [(verdict.item.key, made.id)])


# --- Follows ---


def judge_follows(places: Places, items: Sequence[Item]) -> list[Verdict]:
    named = _All(places, items, "person")
    users = set(named.people.ids.values())
    ideas = sa.select(IdeaFollow.idea_id, IdeaFollow.user_id).where(
        IdeaFollow.idea_id.in_(named.ideas.ids.values()), IdeaFollow.user_id.in_(users)
    )
    on_ideas = {tuple(row) for row in db.session.execute(ideas)}
    models = (BoardFollow, ReleaseFollow)
    on_boards = {
        (model is ReleaseFollow, row.slug, row.user_id)
        for model in models
        for row in db.session.execute(
            sa.select(Board.slug, model.user_id).join(Board, Board.id == model.board_id).where(model.user_id.in_(users))
        )
    }
    found = []
    for item in items:
        values = item.values
        board = "" if values["idea"] else places.board_of(values)
        reason = named.missing(values, "person")
        if reason is None and not values["idea"] and not places.words(board):
            reason = no_board(board)
        user = named.people.ids.get(values["person"])
        is_there = (
            (named.ideas.ids.get(values["idea"]), user) in on_ideas
            if values["idea"]
            else (bool(values["releases"]), board, user) in on_boards
        )
        if reason is not None:
            found.append(refused(item, reason))
        else:
            found.append(Verdict(item, Became.SAME if is_there else Became.NEW))
    return found


def put_follows(places: Places, verdicts: Sequence[Verdict]) -> None:
    named = _All(places, [verdict.item for verdict in verdicts], "person")
    ideas: list[tuple[int, int, datetime]] = []
    boards: list[tuple[int, int, datetime]] = []
    releases: list[tuple[int, int, datetime]] = []
    for values in (verdict.item.values for verdict in verdicts):
        user_id, at = named.people.ids[values["person"]], values["at"] or places.now
        if values["idea"]:
            ideas.append((named.ideas.ids[values["idea"]], user_id, at))
        else:
            board = db.session.scalars(sa.select(Board.id).where(Board.slug == places.board_of(values))).one()
            (releases if values["releases"] else boards).append((board, user_id, at))
    following.take_over(ideas, boards)
    releasing.take_over_follows(releases)


# --- Releases ---


def judge_releases(places: Places, items: Sequence[Item]) -> list[Verdict]:
    ids = places.ids(Kind.RELEASE, {item.key for item in items})
    named = _All(places, items, "by", "published_by")
    rows = db.session.execute(sa.select(Release.id, Release.title).where(Release.id.in_(list(ids.values()))))
    titles = {row.id: row.title for row in rows}
    found = []
    for item in items:
        reason = named.missing(item.values, "by", "published_by")
        board = places.board_of(item.values)
        if reason is None and not places.words(board):
            reason = no_board(board)
        if reason is not None:
            found.append(refused(item, reason))
        elif item.key in ids:
            title = titles.get(ids[item.key], item.values["title"])
            found.append(known(item, ids[item.key], {"title": (title, item.values["title"])}))
        else:
            found.append(Verdict(item, Became.NEW))
    return found


def put_releases(places: Places, verdicts: Sequence[Verdict]) -> None:
    named = _All(places, [verdict.item for verdict in verdicts], "by", "published_by")
    for verdict in verdicts:
        values = verdict.item.values
        at = values["created_at"] or places.now
        board = db.session.scalars(sa.select(Board.id).where(Board.slug == places.board_of(values))).one()
        lines = [
            releasing.FormerLine(
                idea_id=named.ideas.ids[line["idea"]],
                reason=line["reason"],
                text=line["text"] or "",
                credits=[
                    {"kind": credit.kind, "id": credit.named, "how": credit.how}
                    for credit in named.credits(line["credits"])
                ],
                answer_id=named.answers.ids[line["answer"]] if line["answer"] else None,
                shipped_here=bool(line["shipped_here"]),
                at=line["at"] or at,
            )
            for line in values["ideas"] or ()
        ]
        release = releasing.take_over(
            releasing.Former(
                board_id=board,
                title=values["title"],
                body=values["body"] or "",
                released_on=values["released_on"],
                by_id=named.people.ids[values["by"]],
                at=at,
                version=values["version"] or 1,
                published_at=values["published_at"],
                published_by_id=named.people.ids.get(values["published_by"] or ""),
                lines=lines,
            )
        )
        places.remember(Kind.RELEASE, [(verdict.item.key, release.id)])
