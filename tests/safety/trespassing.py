"""Writes that reach further than their sender may: ids of others put in the place of one's own, and columns of the
tables among the fields. Nothing of it is kept: it is refused or not there, or has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import sqlalchemy as sa
from werkzeug.test import TestResponse
from wtforms import Form

from ideas.boards import queries, releasing
from ideas.boards.models import Board, Tag
from ideas.db import Base, db, unit_of_work
from tests.safety.acts import Act
from tests.safety.rights import COLUMNS, rows
from tests.safety.things import ELSEWHERE, Thing, Things, new_idea, who
from tests.safety.walking import API, BESIDE, DONE, FORM, NOT_THERE, NOTHING, REFUSED, UNFIT, Walk

Changes = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Crossing:
    """`role` does the act to something of theirs, with what `swaps` names taken from something of others.

    typed, sent: fields beside those of the act in the form and the operation.
    """

    role: str
    act: str
    thing: str
    swaps: dict[str, str] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        other = {**self.swaps, **self.sent, **self.typed}
        return f"{self.role}: {self.act}, {self.thing}, with {other}"


def _of_another_board(act: str, name: str) -> Crossing:
    return Crossing("admin", act, "board public", {name: "board private"})


def _credit(comment: str) -> dict[str, Any]:
    shown = {"kind": "comment", "id": f"${comment}", "how": "It showed us the way."}
    return {
        "typed": {"credit": [f"comment-${comment}"], f"how-comment-${comment}": "So."},
        "sent": {"credits": [shown]},
    }


def _field(name: str, value: str) -> dict[str, Any]:
    return {"typed": {name: value}, "sent": {name: value}}


# What of others is named: `$word` is looked up in HERE, where it stands for something out of their reach.
CROSSINGS = (
    *(_of_another_board(act, "status_id") for act in ("change a status", "remove a status")),
    *(_of_another_board(act, "tag_id") for act in ("rename a tag", "remove a tag")),
    _of_another_board("withdraw an invitation to a board", "invitation_id"),
    _of_another_board("revoke a publishable key", "key_id"),
    Crossing("admin", "order statuses", "board public", dict.fromkeys(("order", "status_id"), "board private")),
    Crossing("team", "send a message again", "webhook of the team", {"message_id": "webhook of the admin"}),
    Crossing("admin", "send a message again", "webhook of the admin", {"message_id": "webhook of the team"}),
    # an idea of one's own board, and one of another
    *(
        Crossing(ELSEWHERE, act, "idea meadow", {"target": thing})
        for act in ("merge", "merge several")
        for thing in ("idea open", "idea private")
    ),
    Crossing("team", "merge", "idea open", {"target": "idea private"}),
    *(
        Crossing(ELSEWHERE, "put an idea into a release", "release meadow", {"idea_id": thing})
        for thing in ("idea open", "idea private", "idea hidden")
    ),
    Crossing("team", "put an idea into a release", "release draft", {"idea_id": "idea private"}),
    Crossing(ELSEWHERE, "ship several", "idea meadow", typed={"release": "$draft"}),
    Crossing(ELSEWHERE, "capture evidence", "board meadow", typed={"idea": "$public idea"}),
    Crossing(ELSEWHERE, "capture evidence", "board meadow", typed={"idea": "$private idea"}),
    # words that belong to something else
    *(
        Crossing("member", "comment", "idea open", **_field("parent_id", f"${comment}"))
        for comment in ("elsewhere's comment", "private comment", "note", "hidden comment")
    ),
    *(
        Crossing("team", act, thing, **_credit(comment))
        for act, thing in (("answer", "idea open"), ("correct an answer", "answer answered"))
        for comment in ("elsewhere's comment", "private comment")
    ),
    Crossing("member", "propose", "board public", **_field("tags", "$private tags")),
    Crossing("author", "edit an idea", "idea open", **_field("tags", "$private tags")),
    Crossing("team", "tag", "idea open", **_field("tags", "$private tags")),
    # boards and people out of reach
    Crossing("member", "make a feed", "oneself", **_field("board", "$private")),
    Crossing(ELSEWHERE, "keep a snippet", "board meadow", **_field("board", "$private")),
    Crossing(ELSEWHERE, "add a webhook", "site", **_field("board", "$private")),
    Crossing("team", "change a webhook", "webhook of the team", **_field("board", "meadow")),
    Crossing("team", "give an owner", "idea open", **_field("owner", "$member")),
    Crossing("team", "vote for somebody", "idea private", {"person_id": "idea open"}),
    Crossing("team", "take that vote back", "idea told", {"person_id": "board private"}),
)


def prepare(made: Things) -> None:
    """What is of another board, and what crossings name of others."""
    meadow = db.session.scalars(sa.select(Board).where(Board.slug == "meadow")).one()
    idea, other = new_idea(made, meadow), new_idea(made, meadow)
    with unit_of_work():
        by = who(made, ELSEWHERE)
        words = {"title": "The hay", "body": "It is in.", "date": None}
        release = releasing.draft(by, queries.get_board(by, "meadow"), words).id
    made.of["board meadow"] = {"slug": "meadow"}
    made.of["idea meadow"] = {**made.of["idea open"], "idea_id": idea, "target": other, "slug": "meadow"}
    made.of["release meadow"] = {"release_id": release, "idea_id": idea, "version": "1"}
    private = made.of["board private"]
    tags = db.session.scalars(
        sa.select(Tag.slug).join(Board, Board.id == Tag.board_id).where(Board.slug == private["slug"])
    )
    made.of["here"] = {
        "public idea": made.of["idea open"]["idea_id"],
        "private idea": made.of["idea private"]["idea_id"],
        "draft": made.of["release draft"]["release_id"],
        "elsewhere's comment": made.of["comment merged"]["comment_id"],
        "private comment": made.of["comment private"]["comment_id"],
        "hidden comment": made.of["comment hidden"]["comment_id"],
        "note": made.of["comment note"]["comment_id"],
        "private tags": [slug for slug in tags if slug != "seed"],
        "private": private["slug"],
        "member": made.world.people["member"],
    }


# --- Ids of others ---


def crossed(walk: Walk, crossings: Iterable[Crossing] = CROSSINGS) -> tuple[int, list[str]]:
    """How many were sent, and those that were done or wrote; or whose act is not done with what is their own either."""
    asked, found = 0, []
    tried: set[tuple[str, str, str, str]] = set()
    for crossing in crossings:
        act, own = walk.acts[crossing.act], walk.made.of[crossing.thing]
        thing = {**own, **{name: walk.made.of[other][name] for name, other in crossing.swaps.items()}}
        for edge in walk.edges(act):
            if (base := (crossing.role, act.name, crossing.thing, edge)) not in tried:
                tried.add(base)
                if (sign := _sign(walk, edge, act, own, crossing.role, {})) != DONE:
                    found.append(f"{crossing.role}: {act.name}, {crossing.thing} ({edge}): {sign}")
            more = crossing.typed if edge == FORM else crossing.sent
            if crossing.swaps or more:
                asked += 1
                sign = _sign(walk, edge, act, thing, crossing.role, _looked_up(more, {**thing, **walk.made.of["here"]}))
                if sign not in (REFUSED, NOT_THERE, UNFIT, NOTHING):
                    found.append(f"{crossing} ({edge}): {sign}")
    return asked, found


def _sign(walk: Walk, edge: str, act: Act, thing: Thing, role: str, more: dict[str, Any]) -> str:
    if edge == FORM:
        answer = walk.by_form(act, thing, role, more)
    else:
        body = walk.body(act, thing)
        answer = walk.send(act, walk.path(act, thing), {**(body or {}), **more} if more else body, role)
    with answer:
        sign = walk.sign(act, answer)
    walk.put_back(role)
    return sign


def _looked_up(value: Any, thing: Thing) -> Any:
    """As Walk.filled, for words of more than one."""
    if isinstance(value, dict):
        return {_looked_up(name, thing): _looked_up(each, thing) for name, each in value.items()}
    if isinstance(value, list):
        return [_looked_up(each, thing) for each in value]
    if isinstance(value, str) and "$" in value:
        before, _dollar, word = value.partition("$")
        return f"{before}{thing[word]}" if before else thing[word]
    return value


# --- Columns among the fields ---

OURS = {"csrf_token", "once", "act", "next", "idea"}  # what forms say of themselves; a list is chosen from by "idea"
WORD, YEAR = "zqmassword", 2001
ALSO = ("role", "is_admin", "score", "votes", "hidden", "author", "scopes", "is_suspended")


def mass(walk: Walk, edges: Iterable[str] = (FORM, API), only: Iterable[str] = ()) -> tuple[int, list[str]]:
    """Each act that is done by somebody, sent again with every column there is: how many, and what took any of it.

    only: the names of these acts.
    """
    asked, found = 0, []
    extra = _extra(walk)
    told = {row.act: row for row in reversed(list(rows())) if DONE in row.signs}
    for act in [walk.acts[name] for name in only] or walk.acts.values():
        row = told[act.name]
        role = COLUMNS[row.signs.index(DONE)]
        for edge in edges:
            if edge in walk.edges(act):
                asked += 1
                send = _by_form if edge == FORM else _by_api
                found += [f"{act.name} ({edge}): {words}" for words in send(walk, act, row.thing, role, extra)]
    return asked, found


def _extra(walk: Walk) -> dict[str, Any]:
    """A value for every column of every table, which is none that it would have anyway."""
    values: dict[str, Any] = dict.fromkeys(ALSO, WORD)
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            value: Any = WORD
            if isinstance(kind, sa.Boolean):
                value = "1"
            elif isinstance(kind, sa.Integer):
                value = str(walk.made.world.people["backer 1"])
            elif isinstance(kind, sa.DateTime | sa.Date):
                value = f"{YEAR}-02-03T04:05:06"
            values[column.name] = value
    return values


def _by_form(walk: Walk, act: Act, thing_name: str, role: str, extra: dict[str, Any]) -> list[str]:
    """Nothing comes out otherwise than without. What the form itself knows is not sent."""
    thing, known = walk.made.of[thing_name], set(OURS)
    begin = Form.process

    def process(form: Form, *given: Any, **more: Any) -> None:
        known.update(one.name for one in form)
        known.update(one.short_name for one in form)
        begin(form, *given, **more)

    with mock.patch.object(Form, "process", process):
        plain, before = _came(walk, act, role, walk.by_form(act, thing, role))
    typed = {name: value for name, value in extra.items() if name not in known and name not in (act.typed or {})}
    sign, changes = _came(walk, act, role, walk.by_form(act, thing, role, typed))
    if sign != plain:
        return [f"“{sign}” with columns, “{plain}” without"]
    return _differences(walk, before, changes)


def _came(walk: Walk, act: Act, role: str, answer: TestResponse) -> tuple[str, Changes]:
    """What came of it, and the rows that are new or others; then all is put back."""
    with answer:
        sign, changes = walk.sign(act, answer), walk.kept.changes()
    walk.put_back(role)
    return sign, changes


def _by_api(walk: Walk, act: Act, thing_name: str, role: str, extra: dict[str, Any]) -> list[str]:
    """Each of them is refused by its name, also in the query; what takes no body takes no notice."""
    thing = walk.made.of[thing_name]
    found = []
    body, path = walk.body(act, thing), walk.path(act, thing)
    if body is not None and not act.file:
        known = walk.known_fields(act)
        sent = {name: value for name, value in extra.items() if name not in known}
        with walk.send(act, path, {**body, **sent}, role) as answer:
            named = {line["pointer"].removeprefix("/") for line in (answer.json or {}).get("errors", [])}
            if answer.status_code != 422 or not named >= sent.keys():
                found.append(f"answered {answer.status_code}, and does not name {sorted(sent.keys() - named)[:5]}")
            if changed := walk.kept.differing(BESIDE):
                found.append(f"wrote {' '.join(sorted(changed))}")
        walk.put_back(role)
    elif not act.file:
        plain, before = _came(walk, act, role, walk.send(act, path, None, role))
        sign, changes = _came(walk, act, role, walk.send(act, path, extra, role))
        if sign == plain:
            found += _differences(walk, before, changes)
        elif sign != UNFIT:
            found.append(f"“{sign}” with columns, “{plain}” without")
    if not act.asked:
        with walk.send(act, f"{path}?is_admin=1&author_id=1", body, role) as answer:
            if answer.status_code != 422 or walk.kept.differing(BESIDE):
                found.append(f"a question of columns is answered {answer.status_code}")
        walk.put_back(role)
    return found


def _differences(walk: Walk, plain: Changes, changes: Changes) -> list[str]:
    """Columns that hold what was sent among the fields, and did not without."""
    found = []
    backer = walk.made.world.people["backer 1"]
    for table, rows_now in changes.items():
        if table in BESIDE:
            continue
        before = plain.get(table, [])
        if len(rows_now) != len(before):
            found.append(f"{len(rows_now)} rows of {table} with columns, {len(before)} without")
            continue
        for row, was in zip(rows_now, before, strict=True):
            for name, value in row.items():
                if value == was[name] or f"{table}.{name}" in BESIDE:
                    continue
                taken = (
                    isinstance(value, bool)
                    or (isinstance(value, int) and value == backer)
                    or (isinstance(value, datetime) and value.astimezone(UTC).year == YEAR)
                    or WORD in str(value)
                )
                if taken:
                    found.append(f"{table}.{name} became {value!r}")
    return found
