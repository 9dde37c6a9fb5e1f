"""What an endpoint is told of a message: the shapes of the API, as far as the endpoint's owner may see them.

An endpoint hears of the boards of whose team its owner is, when it is sent. Internal notes leave the site for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.boards import listing, queries, releases
from ideas.boards import schemas_out as shapes
from ideas.boards import schemas_out_releases as release_shapes
from ideas.boards.listing import AnswerLine
from ideas.boards.models import Membership, Status
from ideas.boards.models_merging import Merge
from ideas.boards.policy import Standing
from ideas.boards.queries import IdeaRow
from ideas.boards.releases import Shown
from ideas.db import db
from ideas.errors import NotFound
from ideas.ledger import api as ledger_shapes
from ideas.ledger.models import Delivery
from ideas.schemas import when
from ideas.webhooks import kinds
from ideas.webhooks.models import WebhookMessage

Shape = dict[str, Any]

MOST = 20_000  # bytes of a body
LENGTHS = (8_000, 4_000, 2_000, 1_000, 500, 200)  # to which texts are cut, one after the other until all fits
ROWS = (100, 50, 20, 10)  # … and then lists
PEOPLE = ("author", "by", "person")  # names of fields that hold a person

TEST_WORDS = "This is a test. Nothing happened on any board."


class NotTheirs(Exception):
    """The owner of the endpoint may not see what the message tells of, or it is gone."""


def body(message: WebhookMessage, owner: User, *, with_emails: bool) -> str:
    """The body for an endpoint of `owner`. Raises NotTheirs."""
    if owner.is_suspended or owner.erased_at is not None:
        raise NotTheirs
    try:
        data = _DATA[message.kind](message, owner)
    except NotFound:
        raise NotTheirs from None
    if with_emails and owner.is_admin:
        _add_emails(data)
    data = {"sequence": message.id, **data}
    return _fitting({"type": message.kind, "timestamp": when(message.happened_at), "data": data})


def may_be_read(said: str, message: WebhookMessage, owner: User, *, with_emails: bool) -> bool:
    """Whether `said`, the body of `message` as it was sent, tells no more than `owner` may be told now."""
    try:
        body(message, owner, with_emails=False)
    except NotTheirs:
        return False
    return says_no_more(said, owner, with_emails=with_emails)


def says_no_more(said: str, owner: User, *, with_emails: bool) -> bool:
    """Whether there are addresses in a body only if its endpoint may have them now."""
    return (with_emails and owner.is_admin) or not any("email" in each for each in _people(json.loads(said)))


# --- The data of each kind ---


def _on_team(message: WebhookMessage, owner: User) -> IdeaRow:
    row = queries.get_idea(owner, message.idea_id or 0)
    if not row.standing.is_team:
        raise NotTheirs
    return row


def _shape(row: IdeaRow) -> Shape:
    number = row.idea.id
    line = listing.answers_on([number]).get(number)
    return shapes.idea(row.idea, listing.tags_on([number]).get(number, []), line, team=True)


def _idea(message: WebhookMessage, owner: User) -> Shape:
    return {"idea": _shape(_on_team(message, owner))}


def _answered(message: WebhookMessage, owner: User) -> Shape:
    on = _on_team(message, owner)
    row = queries.get_answer(owner, message.about_id or 0)
    line = AnswerLine(row.answer, listing.credits_on([row.answer.id]).get(row.answer.id, []))
    former = db.session.get(Status, message.facts.get("former_status_id", 0))
    return {
        "idea": _shape(on),
        "previous_status": shapes.stage(former or row.answer.former_status),
        "answer": shapes.answer(line),
    }


def _merged(message: WebhookMessage, owner: User) -> Shape:
    on = _on_team(message, owner)
    statement = sa.select(Merge).where(Merge.id == message.about_id)
    merge = db.session.scalar(
        statement.options(joinedload(Merge.into), joinedload(Merge.by), joinedload(Merge.unmerged_by))
    )
    if merge is None:
        raise NotTheirs
    if message.kind == "idea.merged":
        said = {"text": merge.text, "by": shapes.person(merge.by)}
    else:
        said = {"text": merge.unmerge_text, "by": shapes.person(merge.unmerged_by)}
    return {"idea": _shape(on), "other": shapes.idea_named(merge.into), **said}


def _vote(message: WebhookMessage, owner: User) -> Shape:
    on = _on_team(message, owner)
    voter = db.session.get(User, message.about_id or 0)
    return {
        "idea_id": on.idea.id,
        "voted": message.kind != "vote.deleted",
        "vote_count": message.facts.get("vote_count", on.idea.rank.vote_count),
        "person": shapes.person(voter),
    }


def _comment(message: WebhookMessage, owner: User) -> Shape:
    row = queries.get_comment(owner, message.about_id or 0)
    if row.comment.is_internal or not row.on.standing.is_team:
        raise NotTheirs
    return {"comment": shapes.comment(row.on, row.comment)}


def _release(message: WebhookMessage, owner: User) -> Shape:
    row = releases.get(owner, message.about_id or 0)
    if not row.standing.is_team:
        raise NotTheirs
    shown = Shown(row, releases.lines_of(owner, [row])[row.release.id])
    return {"release": release_shapes.release(shown)}


def _failed(message: WebhookMessage, owner: User) -> Shape:
    if message.idea_id is not None:
        _on_team(message, owner)
    elif not owner.is_site_team:
        raise NotTheirs
    statement = sa.select(Delivery).where(Delivery.id == message.about_id)
    row = db.session.scalar(statement.options(joinedload(Delivery.entry), joinedload(Delivery.user)))
    if row is None:
        raise NotTheirs
    return {"idea_id": message.idea_id, "delivery": ledger_shapes.delivery(row)}


def _erased(message: WebhookMessage, owner: User) -> Shape:
    if not is_of_a_team(owner):
        raise NotTheirs
    return {"person": {"id": message.about_id}, "with_text": message.facts.get("with_text", False)}


def _test(_message: WebhookMessage, _owner: User) -> Shape:
    return {"words": TEST_WORDS}


_DATA: dict[str, Callable[[WebhookMessage, User], Shape]] = {
    **dict.fromkeys(("idea.created", "idea.updated", "idea.hidden", "idea.restored", "idea.deleted"), _idea),
    "idea.answered": _answered,
    **dict.fromkeys(("idea.merged", "idea.unmerged"), _merged),
    **dict.fromkeys(("vote.created", "vote.deleted", "vote.confirmed"), _vote),
    **dict.fromkeys(("comment.created", "comment.updated", "comment.deleted"), _comment),
    "release.published": _release,
    "delivery.failed": _failed,
    "person.erased": _erased,
    kinds.TEST: _test,
}


def is_of_a_team(person: User) -> bool:
    """Whether somebody is of the team of the site or of any board."""
    if person.is_suspended:
        return False
    if person.is_site_team:
        return True
    board = sa.select(Membership.board_id).where(Membership.user_id == person.id).limit(1)
    return any(
        Standing(person, role).is_team
        for role in db.session.scalars(board.with_only_columns(Membership.role).distinct().limit(10))
    )


# --- Addresses, for endpoints that ask for them ---


def _add_emails(data: Shape) -> None:
    found = list(_people(data))
    ids = {each["id"] for each in found}
    rows = db.session.execute(sa.select(User.id, User.email).where(User.id.in_(ids)))
    emails: dict[int, str | None] = {row.id: row.email for row in rows}
    for each in found:
        each["email"] = emails.get(each["id"])


def _people(value: Any) -> Iterator[Shape]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name in PEOPLE and isinstance(part, dict) and "name" in part:
                yield part
            yield from _people(part)
    elif isinstance(value, list):
        for part in value:
            yield from _people(part)


# --- Of a size that everybody takes ---


def _fitting(payload: Shape) -> str:
    """As JSON of at most MOST bytes. What was shortened for it is named in the data, by its place."""
    said = _json(payload)
    if _fits(said):
        return said
    data = payload["data"]
    shortened: dict[str, None] = {}
    data["shortened"] = []
    cuts: Sequence[Callable[[], None]] = [
        partial(_cut_texts, data, "", 0, shortened, only_html=True),
        *(partial(_cut_texts, data, "", most, shortened, only_html=False) for most in LENGTHS),
        *(partial(_cut_lists, data, "", most, shortened) for most in ROWS),
    ]
    for cut in cuts:
        cut()
        data["shortened"] = list(shortened)[:20]
        said = _json(payload)
        if _fits(said):
            break
    return said


def _fits(said: str) -> bool:
    return len(said.encode()) <= MOST


def _json(payload: Shape) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _cut_texts(value: Any, place: str, most: int, shortened: dict[str, None], *, only_html: bool) -> None:
    """Cut each text to `most` characters; only_html: those that are HTML, which is useless when it is cut."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in list(parts):
        where = f"{place}.{name}" if place else str(name)
        if isinstance(part, str) and part:
            if only_html and str(name).endswith("_html"):
                value[name] = ""
                shortened[where] = None
            elif not only_html and len(part) > most:
                value[name] = part[:most].rstrip() + "…"
                shortened[where] = None
        elif name != "shortened":
            _cut_texts(part, where, most, shortened, only_html=only_html)


def _cut_lists(value: Any, place: str, most: int, shortened: dict[str, None]) -> None:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in list(parts):
        where = f"{place}.{name}" if place else str(name)
        if isinstance(part, list) and name != "shortened" and len(part) > most:
            del part[most:]
            shortened[where] = None
        if isinstance(part, dict | list) and name != "shortened":
            _cut_lists(part, where, most, shortened)
