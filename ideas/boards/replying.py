"""Answers by mail: a mail to the address of a notice is a comment, “+1” a vote. The only code that writes `mail_reply`.

Whose address it is stands in it, signed; the mail must come from that person's own address as well, because mail is
forwarded and its addresses with it. What is in doubt waits for the team; what cannot be taken goes back to its writer,
with the reason and their words. Nothing a machine wrote is posted.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import settings, text, words
from ideas.accounts import audit, letters
from ideas.accounts.models import User
from ideas.boards import commenting, policy, queries, voting
from ideas.boards.errors import Merged
from ideas.boards.models import TEXT_LONGEST, Comment, Idea
from ideas.boards.models_replying import Became, Doubt, MailReply
from ideas.boards.queries import IdeaRow
from ideas.crashpoints import crashpoint
from ideas.db import db, insert_once, utcnow
from ideas.errors import NotFound
from ideas.mail_in import Incoming, Kind
from ideas.outbox import DueDelivery
from ideas.words import _

PURPOSE = "r"
KEPT_FOR = timedelta(days=30)
RETURNED_FOR = timedelta(days=3)
FORGOTTEN_AT_ONCE = 500

_AGREES = re.compile(r"(?:\+\s?1|👍\ufe0f?[\U0001f3fb-\U0001f3ff]?)[.!]?")
_PLACE = re.compile(r"(?P<person>\d{1,18})\.(?P<kind>[ic])(?P<number>\d{1,18})")


class Place(NamedTuple):
    """Where an answer by mail belongs: whose it is, on which idea, in reply to which comment."""

    person_id: int
    idea_id: int
    comment_id: int | None = None


def idea_of(delivery: DueDelivery) -> str:
    """The words of an address by which the person of `delivery` answers about its idea."""
    return f"{delivery.user_id}.i{delivery.subject.partition(':')[2]}"


def comment_of(delivery: DueDelivery) -> str:
    """… by which they answer the comment that it tells of."""
    return f"{delivery.user_id}.c{delivery.about_id}"


def find(address_words: str) -> Place:
    """Where the words of an address lead. Raises NotFound when there is nothing any more."""
    match = _PLACE.fullmatch(address_words)
    if match is None:
        raise NotFound(_("This address is not complete."))
    person_id, number = int(match["person"]), int(match["number"])
    if match["kind"] == "i":
        return Place(person_id, number)
    idea_id = db.session.scalar(sa.select(Comment.idea_id).where(Comment.id == number))
    if idea_id is None:
        raise NotFound(_("The comment you reply to is not on this idea any more."))
    return Place(person_id, idea_id, number)


def take(mail: Incoming, place: Place) -> Became:
    """Do what an answer by mail asks for; the same mail again does nothing and says what became of it.

    Raises what commenting and voting raise, and NotFound for an idea that the person no longer sees: the caller rolls
    back and calls `send_back`.
    """
    person = _person(place)
    if person is None:
        return Became.PASSED_OVER
    former = db.session.scalar(sa.select(MailReply.became).where(MailReply.digest == mail.digest))
    if former is not None:
        return Became(former)
    row = queries.get_idea(person, place.idea_id)
    became, doubt = _judge(mail, person)
    kept = {"sender": mail.sender[:320], "said": mail.said[:TEXT_LONGEST]} if became is Became.SET_ASIDE else {}
    if not _write(mail, place, became, doubt=doubt, **kept):
        return became  # somebody else is at it
    crashpoint("reply.after_note")
    if became is Became.VOTED:
        voting.cast(person, _root(person, row).idea)
    elif became is Became.COMMENTED:
        _comment(person, row, mail.said, place.comment_id)
    return became


def send_back(mail: Incoming, place: Place, why: str) -> Became:
    """Tell the writer why their answer was not taken, with their words, so that nothing is lost."""
    person = _person(place)
    if person is None or _judge(mail, person)[0] not in (Became.COMMENTED, Became.VOTED):
        return Became.PASSED_OVER
    if db.session.get(Idea, place.idea_id) is None or not _write(mail, place, Became.RETURNED):
        return Became.RETURNED
    with words.addressing(person):
        said = letters.Words(
            subject=_("Your answer could not be posted"),
            before=[
                _("You answered a message of ours by mail. It could not be posted:"),
                why,
                _("So that nothing is lost, these are your words:"),
                mail.said,
            ],
            button=_("Open the site"),
            url=settings.absolute(f"/ideas/{place.idea_id}"),
            after=[],
        )
        letters.write(str(person.email), said, good_for=RETURNED_FOR, asked_for=False)
    return Became.RETURNED


def keep_as_note(actor: User, reply_id: int) -> int:
    """Put an answer that was set aside beside its idea, as a note of the team; the idea's id.

    Not in its writer's name: who wrote it is what was in doubt. Raises NotFound, NotAllowed.
    """
    reply, on = _set_aside(actor, reply_id)
    body = _("By mail from %(sender)s:", sender=reply.sender or "?") + "\n\n" + (reply.said or "")
    commenting.add(actor, on, body=body[:TEXT_LONGEST], internal=True)
    _settle(actor, reply)
    return reply.idea_id


def discard(actor: User, reply_id: int) -> int:
    """Let go of an answer that was set aside; the idea's id. Raises NotFound, NotAllowed."""
    reply, _on = _set_aside(actor, reply_id)
    _settle(actor, reply)
    return reply.idea_id


def forget() -> bool:
    """Delete what came in long ago; True when there is more of it."""
    old = (
        sa.select(MailReply.id)
        .where(MailReply.received_at < utcnow() - KEPT_FOR)
        .order_by(MailReply.received_at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    gone = sa.delete(MailReply).where(MailReply.id.in_(old)).returning(MailReply.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all()) == FORGOTTEN_AT_ONCE


def _person(place: Place) -> User | None:
    person = db.session.get(User, place.person_id)
    return None if person is None or person.erased_at is not None or person.email is None else person


def _judge(mail: Incoming, person: User) -> tuple[Became, Doubt | None]:
    if mail.kind in (Kind.AUTOMATIC, Kind.REPORT):
        return Became.PASSED_OVER, None
    if mail.kind is Kind.UNREADABLE:
        return Became.SET_ASIDE, Doubt.UNREADABLE
    if not mail.said:
        return Became.PASSED_OVER, None
    if text.folded(mail.sender) != text.folded(person.email or ""):
        return Became.SET_ASIDE, Doubt.OTHER_SENDER
    return (Became.VOTED if _AGREES.fullmatch(mail.said) else Became.COMMENTED), None


def _comment(person: User, row: IdeaRow, said: str, comment_id: int | None) -> None:
    if len(said) > TEXT_LONGEST:
        raise ValidationError({"body": [_("A comment has at most %(most)s characters.", most=TEXT_LONGEST)]})
    on = _root(person, row)
    parent = db.session.get(Comment, comment_id) if comment_id is not None else None
    # what was said on an idea that became part of another stays there; the answer to it is said where all talk goes on
    within = parent is not None and parent.idea_id == on.idea.id and parent.deleted_at is None
    commenting.add(person, on, body=text.clean(said), parent_id=comment_id if within else None)


def _root(person: User, row: IdeaRow) -> IdeaRow:
    try:
        policy.require_comment(person, row.idea)
    except Merged as error:
        return queries.get_idea(person, error.into_id)
    return row


def _write(mail: Incoming, place: Place, became: Became, **values: str | None) -> bool:
    row = {"doubt": None, "sender": None, "said": None, **values}
    return insert_once(
        MailReply,
        digest=mail.digest,
        received_at=utcnow(),
        user_id=place.person_id,
        idea_id=place.idea_id,
        became=became.value,
        settled_at=None,
        settled_by_id=None,
        **row,
    )


def _set_aside(actor: User, reply_id: int) -> tuple[MailReply, IdeaRow]:
    statement = (
        sa.select(MailReply)
        .where(MailReply.id == reply_id, MailReply.became == Became.SET_ASIDE.value, MailReply.settled_at.is_(None))
        .with_for_update()
    )
    reply = db.session.scalar(statement)
    if reply is None:
        raise NotFound(_("Somebody has dealt with this already."))
    on = queries.get_idea(actor, reply.idea_id)
    policy.require_team(on.standing)
    return reply, on


def _settle(actor: User, reply: MailReply) -> None:
    reply.settled_at = utcnow()
    reply.settled_by_id = actor.id
    reply.sender = reply.said = None
    audit.record(actor, "mail.settled", f"idea:{reply.idea_id}")
