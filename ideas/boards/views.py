"""What everybody reads: boards and their lists, ideas and their history, receipts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.boards import (
    evidence,
    histories,
    labels,
    linked,
    listing,
    outcomes,
    overdue,
    parts,
    policy,
    queries,
    queues,
    reading,
    receipts,
    releases,
    sayings,
    trees,
    views_similar,
    waiting,
)
from ideas.boards.errors import HiddenByTeam, Merged
from ideas.boards.forms import CommentForm
from ideas.boards.labels import REASON_WORDS
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import Answer, Stage
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.reading import Record, Thread
from ideas.boards.silence import SILENT_AFTER
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.http import show_problem, wants_json, wants_part
from ideas.ledger import preferences, report
from ideas.paging import PAGE, Page
from ideas.text import cut, readable
from ideas.words import _

LATELY_ANSWERED = 5
QUESTION_LONGEST = 200
RECORD_IS_GOOD = timedelta(minutes=1)
WAITS_ARE_GOOD = timedelta(hours=1)  # they are counted in days, and all ideas of a board are read for them

bp = Blueprint("boards", __name__, template_folder="templates")


@bp.app_context_processor
def _team_menu() -> dict[str, Any]:
    """Whether the frame leads to the team's pages. Drawn even while the database cannot be asked: then it does not."""
    try:
        person = signin.known_reader()
        is_team = person is not None and reading.answers_somewhere(person)
        return {"team_boards": is_team, "to_look_at": queues.count_for(person) if person and is_team else 0}
    except sa.exc.SQLAlchemyError:
        if not db.session().info.get("in_unit_of_work"):
            db.session.rollback()
        return {"team_boards": False, "to_look_at": 0}


@bp.get("/")
def home() -> ResponseReturnValue:
    reader = signin.reader()
    boards = queries.list_boards(reader)
    # an official comment counts as a word too, but here the answer itself is shown
    official = listing.ideas_on(reader, boards, Wanted(sort=Sort.ANSWERED), limit=PAGE).rows
    answered = [card for card in official if card.answer is not None][:LATELY_ANSWERED]
    return render_template("boards/home.html", boards=boards, answered=answered)


@bp.get("/boards/<slug>")
def board(slug: str) -> ResponseReturnValue:
    reader = signin.reader()
    row = queries.get_board(reader, slug)
    wanted = _wanted()
    page = listing.ideas_on(reader, [row], wanted, limit=PAGE, cursor=request.args.get("cursor"))
    shown = {
        "row": row,
        "wanted": wanted,
        "page": page,
        "next": _address(slug, wanted, cursor=page.next) if page.next else None,
        "first": _address(slug, wanted) if request.args.get("cursor") else None,
        # nothing says all of it: what comes closest
        "found": views_similar.about_to_say(reader, row, wanted.question, "") if not page.rows else [],
        "new": url_for("taking_part.new_idea", slug=slug, title=wanted.question or None),
    }
    if wants_part():
        return render_template("boards/_results.html", **shown)
    chips = listing.chips_of(row.board)
    return render_template(
        "boards/board.html",
        **shown,
        record=_record(row),
        sorts=[
            (words, _address(slug, replace(wanted, sort=sort)), wanted.order is sort) for sort, words in _sorts(wanted)
        ],
        filters=_filters(slug, wanted, chips),
        everything=_address(slug, Wanted(sort=None if wanted.sort is Sort.RELEVANCE else wanted.sort)),
    )


def _record(row: BoardRow) -> Record | None:
    """How the board keeps its promise, at most RECORD_IS_GOOD old: it is read with every list and moves by the day."""
    kept: dict[Any, tuple[datetime, Record | None]] = current_app.extensions.setdefault("boards_records", {})
    board = row.board
    promise = (board.id, board.created_at, board.answer_within_days)  # another promise has another record
    read_at, record = kept.get(promise, (None, None))
    if read_at is None or utcnow() - read_at > RECORD_IS_GOOD:
        record = reading.record_of(row)
        if record is not None:
            record = record._replace(waits=_waits(row))
        kept[promise] = (utcnow(), record)
    return record


def _waits(row: BoardRow) -> waiting.Waiting:
    """How long ideas wait on the board, at most WAITS_ARE_GOOD old."""
    kept: dict[Any, tuple[datetime, waiting.Waiting]] = current_app.extensions.setdefault("boards_waits", {})
    key = (row.board.id, row.board.created_at)
    if key not in kept or utcnow() - kept[key][0] > WAITS_ARE_GOOD:
        kept[key] = (utcnow(), waiting.of_board(row.board.id, utcnow()))
    return kept[key][1]


@bp.app_errorhandler(Merged)
def _go_where_it_went(error: Merged) -> ResponseReturnValue:
    """Somebody acts on an idea that was merged meanwhile: a program is told, a person is led to where it went."""
    if wants_json():
        return show_problem(409, error.code, error.message)
    try:
        row = queries.get_idea(signin.known_reader(), error.into_id)
    except NotFound as unseen:
        return show_problem(404, unseen.code, unseen.message)
    flash(_("That idea is part of this one now. Vote, follow and comment here."))
    return redirect(path_of(row), 303)


@bp.app_errorhandler(HiddenByTeam)
def _tombstone(error: HiddenByTeam) -> ResponseReturnValue:
    """Where something stood that the team hid: not what it was, but that it was, and the way on."""
    if wants_json():
        return show_problem(404, error.code, error.message)
    return render_template("boards/tombstone.html", board=error.board, idea=error.idea), 404


@bp.get("/ideas/<int:idea_id>")
def idea_by_number(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.reader(), idea_id)
    return redirect(path_of(row) if row.idea.merged_root_id is None else _where_it_went(row), 301)


@bp.get("/ideas/<int:idea_id>-", defaults={"slug": ""})  # a title of nothing but signs
@bp.get("/ideas/<int:idea_id>-<slug>")
def idea(idea_id: int, slug: str) -> ResponseReturnValue:
    row = queries.get_idea(signin.reader(), idea_id)
    if row.idea.merged_root_id is not None:
        return redirect(_where_it_went(row), 301)
    if slug != row.idea.slug:
        return redirect(path_of(row), 301)
    # what was written before signing in and could not be said then
    kept = (signin.draft("comment") or {}) if row.standing.user else {}
    is_here = bool(kept) and kept.get("idea") in {idea_id, *trees.links(idea_id)}
    return show_idea(row, CommentForm(body=kept["body"] if is_here else None))


def _where_it_went(row: IdeaRow) -> str:
    """The place of a merged idea on the page of the one it is part of; NotFound for who may not see that one.

    The redirect is kept by nobody in between (see the headers in http.py): ideas can be taken apart again.
    """
    root = queries.get_idea(row.standing.user, row.idea.merged_root_id or 0)
    return f"{path_of(root)}#merged-{row.idea.id}"


def show_idea(row: IdeaRow, form: CommentForm, status: int = 200) -> ResponseReturnValue:
    """The idea with everything around it; `form` is the comment to be written, or one that could not be used."""
    given = reading.answers(row)
    threads = reading.discussion(row, cursor=request.args.get("cursor"))
    standing = given[0] if given and given[0].answer.undone_at is None else None
    entry = standing.answer.entry if standing else None
    waiting = entry if entry and entry.fanned_out_at is None and entry.cancelled_at is None else None
    page = render_template(
        "boards/idea.html",
        row=row,
        idea=row.idea,
        tags=listing.tags_on([row.idea.id]).get(row.idea.id, []),
        answer=standing,
        earlier=[line for line in given if line is not standing],
        reasons=REASON_WORDS,
        threads=threads,
        more_comments=path_of(row, cursor=threads.next) + "#discussion" if threads.next else None,
        readable=lambda comment: reading.is_readable(row, comment),
        may_edit_comment=lambda comment: policy.may_edit_comment(row.standing, comment),
        hidings=reading.hidings_of(row) if _shows_something_hidden(row, threads) else {},
        may_flag=lambda thing: policy.may_flag(row.standing, thing),
        backers=reading.backers(row),
        timeline=reading.timeline(row, given),
        parts=parts.told_apart(row),
        changed=histories.last_material(row),
        say=sayings,
        may_edit=policy.may_edit(row.standing, row.idea, answered=row.answered),
        form=form,
        fresh_form=CommentForm(formdata=None),
        waiting=waiting,
        people_told=told_in_words(standing.answer) if standing and not waiting else "",
        support=overdue.support(row) if _is_silent(row) else None,
        outcome=outcomes.of_idea(row) if row.idea.status.stage == Stage.SHIPPED else None,
        release=releases.with_answer(standing.answer) if standing and row.idea.status.stage == Stage.SHIPPED else None,
        noted=evidence.beside(row) if row.standing.is_team else None,
        asked=evidence.asked_on(row),
        linked=linked.of_idea(row, standing, threads.rows),
        muted=preferences.is_muted(row.standing.user, row.idea.subject) if row.standing.user else False,
    )
    return page, status


def _is_silent(row: IdeaRow) -> bool:
    rank = row.idea.rank
    return utcnow() - (rank.answered_at or rank.created_at) >= SILENT_AFTER


def _shows_something_hidden(row: IdeaRow, threads: Page[Thread]) -> bool:
    """Whether the page may show the reader what is hidden from others, and so has to say why."""
    if row.standing.is_team or row.idea.hidden_at is not None:
        return True
    said = (each for thread in threads.rows for each in (thread.comment, *thread.replies))
    return any(each.hidden_at is not None and row.standing.is_author(each) for each in said)


def told_in_words(answer: Answer) -> str:
    """How many people were told of the answer, and how; "" while nobody was."""
    told = report.people_told(receipts.announcements([answer.id]).get(answer.id, []))
    return labels.people_told(
        told.sent, by_email=told.email, in_inbox=told.inbox, pending=told.pending, failed=told.failed
    )


@bp.get("/ideas/<int:idea_id>/history")
def history(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.reader(), idea_id)
    given = reading.answers(row)
    page = histories.of_idea(row, cursor=request.args.get("cursor"))
    here = url_for(".history", idea_id=idea_id)
    return render_template(
        "boards/history.html",
        row=row,
        idea=row.idea,
        revisions=page,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
        answers=[(line, reading.versions_of(line.answer)) for line in given],
        reasons=REASON_WORDS,
    )


@bp.get("/comments/<int:comment_id>/history")
def comment_history(comment_id: int) -> ResponseReturnValue:
    row = queries.get_comment(signin.reader(), comment_id)
    page = histories.of_comment(row, cursor=request.args.get("cursor"))
    here = url_for(".comment_history", comment_id=comment_id)
    return render_template(
        "boards/comment_history.html",
        row=row,
        page=page,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
    )


@bp.get("/receipts")
def what_became_of_it() -> ResponseReturnValue:
    page = receipts.receipts_of(signin.member(), limit=PAGE, cursor=request.args.get("cursor"))
    here = url_for(".what_became_of_it")
    return render_template(
        "boards/receipts.html",
        page=page,
        told_words=labels.told,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
    )


def path_of(row: IdeaRow, **query: Any) -> str:
    """The idea's page."""
    return url_for("boards.idea", idea_id=row.idea.id, slug=row.idea.slug, **query)


# --- What a list's address says ---


def _wanted() -> Wanted:
    """The list that the address asks for; what it says wrongly is left out."""
    asked = request.args
    return Wanted(
        sort=_one_of(Sort, asked.get("sort")),
        stage=_one_of(Stage, asked.get("stage")),
        status=readable(asked.get("status", "")) or None,
        tag=readable(asked.get("tag", "")) or None,
        question=cut(readable(asked.get("q", "")), QUESTION_LONGEST),
        author=_number(asked.get("author", "")),
        mine="mine" in asked,
        voted="voted" in asked,
    )


def _number(text: str) -> int | None:
    """The id that the address says; None if it is none."""
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _one_of(kind: Any, text: str | None) -> Any:
    return kind(text) if text in set(kind) else None


@lru_cache(maxsize=10_000)
def _address(slug: str, wanted: Wanted, cursor: str | None = None) -> str:
    """The address of a list, as short as it can be: it is what people share. A list shows twenty, mostly the same."""
    said = {
        "q": wanted.question,
        "sort": wanted.order.value if wanted.order is not Wanted(question=wanted.question).order else "",
        "stage": wanted.stage.value if wanted.stage else "",
        "status": wanted.status,
        "tag": wanted.tag,
        "author": str(wanted.author or ""),
        "mine": "1" if wanted.mine else "",
        "voted": "1" if wanted.voted else "",
        "cursor": cursor,
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return f"/boards/{quote(slug)}" + (f"?{query}" if query else "")


def _sorts(wanted: Wanted) -> list[tuple[Sort, str]]:
    return [
        *([(Sort.RELEVANCE, _("Best match"))] if wanted.question else []),
        (Sort.TRENDING, _("Trending")),
        (Sort.TOP, _("Top")),
        (Sort.NEW, _("New")),
        (Sort.DISCUSSED, _("Discussed")),
        (Sort.ANSWERED, _("Answered")),
    ]


def _filters(slug: str, wanted: Wanted, chips: listing.Chips) -> dict[str, Any]:
    """Each filter as (what it shows, the address that sets it or takes it back, whether it is set)."""

    def to(**changes: Any) -> str:
        return _address(slug, replace(wanted, **changes))

    return {
        "statuses": [
            (status, to(status=None if wanted.status == status.slug else status.slug), wanted.status == status.slug)
            for status in chips.statuses
        ],
        "tags": [
            (tag, to(tag=None if wanted.tag == tag.slug else tag.slug), wanted.tag == tag.slug) for tag in chips.tags
        ],
        "stage": (wanted.stage, to(stage=None), wanted.stage is not None),
        "author": (wanted.author, to(author=None)),
        "mine": to(mine=not wanted.mine),
        "voted": to(voted=not wanted.voted),
        "is_narrowed": wanted.is_narrow,
    }
