"""Somebody with a canary in every place that may hold a word about a person, and the search for it everywhere.

Shared by tests/safety/test_erasure.py and bench/erasure.py. A column that is neither under CANARIES nor WORDLESS fails
`unsorted`, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import gzip
import json
import secrets
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import pictures
from ideas.accounts import audit, keys, letters, limits, passkeys, people, sessions, tickets, writing
from ideas.accounts.models import Letter, SiteRole, TicketKind, UnfinishedAct, User
from ideas.accounts.models_identities import Identity
from ideas.accounts.models_invitations import RoleInvitation
from ideas.accounts.schemas_segments import SegmentWords
from ideas.backlog import estimating, keeping, segmenting
from ideas.backlog.schemas import EstimateWords, ViewWords
from ideas.boards import (
    commenting,
    evidencing,
    following,
    moderating,
    phrasing,
    picturing,
    posting,
    queries,
    releases,
    releasing,
    voting,
)
from ideas.boards.models import CreditKind, Idea, Invitation, Reason
from ideas.boards.models_evidence import EvidenceKind
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.models_replying import MailReply
from ideas.boards.models_searching import IdeaMeaning
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import Base, db, unit_of_work, utcnow
from ideas.embed.models import HostIdentity, WidgetSession
from ideas.ledger import preferences, worker
from ideas.ledger.models import Delivery, MailWords, Mode
from ideas.moving.models import Imported
from ideas.moving.models_running import Import, ImportPiece, State
from ideas.repeats import IdempotencyKey
from ideas.webhooks import signing
from ideas.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from tests.boards.pages import answered, credit
from tests.factories import BoardFactory, CompanyFactory, MembershipFactory, UserFactory

CANARY = "qzq"  # no word of any language, in any case
NETWORK = "203.0.113.77"
NAME = "Qzqname Qzqson"
EMAIL = "qzqmail@qzqhost.example"

# Where the canary is put; each is found there before, and nowhere afterwards.
CANARIES = {
    "answer.text", "answer.text_html", "answer_version.text", "answer_version.text_html", "answer_version.credits",
    "api_key.name", "audit_entry.details", "backlog_view.asked", "backlog_view.name",
    "board.about", "board.promise", "comment.body", "comment.body_html",
    "comment_version.body", "comment_version.body_html", "company.attributes",
    "credit.how", "delivery.error", "embed_identity.subject", "evidence.link", "evidence.words",
    "estimate.confidence_source", "estimate.effort_source", "estimate.impact_source",
    "estimate.reach_source", "flag.words", "hiding.appeal", "hiding.appeal_reply", "hiding.reason",
    "idea.title", "idea.body", "idea.body_html", "idea.excerpt", "idea_meaning.vector",
    "idea_term.term", "idempotency_key.answer", "identity.subject",
    "import.file_name", "import.options", "import.report",
    "import_piece.content", "imported.foreign_id", "invitation.email", "letter.recipient",
    "left_out.reason", "mail_words.subject", "mail_words.opening", "mail_words.closing",
    "letter.subject", "letter.text", "letter.html", "mail_reply.sender", "mail_reply.said",
    "merge.text", "merge.text_html", "merge.unmerge_text",
    "merge.unmerge_text_html", "passkey.name", "picture.alt",
    "segment.name", "segment.question",
    "role_invitation.email",
    "release.title", "release.body", "release.body_html", "release_idea.text", "release_idea.text_html",
    "release_idea.credits", "revision.title", "revision.body", "revision.body_html",
    "snippet.name", "snippet.text", "solved.words", "term_slip.slip",
    "term_slip.term", "board_term.term", "ticket.details",
    "unfinished_act.details", "user.attributes", "user.email", "user.external_id", "user.name",
    "user.title", "user_session.browser",
    "user_session.address",
    "webhook_attempt.answer", "webhook_delivery.body", "webhook_endpoint.address", "webhook_endpoint.description",
}  # fmt: skip

# What says nothing about a person in words: kinds, states, slugs and names of the site's own, hashes, numbers.
WORDLESS = {
    "answer.reason", "answer_version.reason", "api_key.token_hash", "api_key.hint", "api_key.scopes", "attempt.kind",
    "attempt.who", "backlog_company.plan", "backlog_plan.plan", "backlog_view.columns",
    "backlog_view.weights", "backlog_walk.name",
    "audit_entry.act", "audit_entry.subject", "board.slug", "board.name", "board.visibility", "board.premoderation",
    "board.embed_sites", "change.kind",
    "brand.site_name", "brand.accent", "brand.logo", "brand.logo_version",
    "company.external_id", "company.name", "company.plan", "credit.kind", "delivery.channel",
    "delivery.digest", "delivery.path", "delivery.news", "delivery.contribution_kind",
    "delivery.state", "delivery.reason", "delivery.lease", "evidence.kind",
    "flag.subject", "flag.reason", "flag.outcome",
    "hiding.signals", "idea.source_kind", "idea.source_id", "idea_rank.stage",
    "idempotency_key.name", "idempotency_key.fingerprint", "identity.issuer",
    "import.format", "import.state", "imported.kind",
    "imported.source", "invitation.role", "invitation.token_hash", "letter.lease", "letter.error",
    "mail_words.news", "mail_reply.digest", "mail_reply.became", "mail_reply.doubt",
    "membership.role", "mute.subject", "outbox_entry.kind", "outbox_entry.subject",
    "outbox_entry.under_way", "outbox_entry.request_id", "preference.news",
    "mail_report.mail", "mail_report.verdict", "mail_report.status", "mail_report.address",
    "private_feed.token_hash", "private_feed.hint", "publishable_key.token",
    "embed_identity.issuer", "embed_host.issuer", "embed_host.algorithm", "embed_host.keys_address", "embed_host.seed",
    "embed_host.former_seed",
    "embed_spent.digest", "widget_session.token_hash", "widget_session.origin",
    "picture.name", "preference.email", "preference.inbox", "release_idea.reason", "rhythm.key", "rhythm.timezone",
    "segment.slug", "solved.answer",
    "role_invitation.role", "role_invitation.token_hash",
    "status.slug", "status.name", "status.stage", "suppression.address", "suppression.why", "suppression.status",
    "tag.slug", "tag.name",
    "half_sign_in.by", "half_sign_in.token_hash", "recovery_code.code_hash", "totp.secret", "user_session.by",
    "user_session.second", "passkey.credential_id", "passkey.public_key", "passkey_challenge.challenge",
    "passkey_challenge.purpose", "passkey_challenge.token_hash",
    "ticket.token_hash",
    "ticket.kind", "ticket.browser_hash", "unfinished_act.token_hash", "unfinished_act.kind", "user.password_hash",
    "user.site_role", "user.locale", "user.mail_stopped", "user.timezone", "user_session.token_hash",
    "listened_for.kind", "webhook_attempt.error", "webhook_delivery.lease", "webhook_delivery.reason",
    "webhook_delivery.state", "webhook_endpoint.disabled_for", "webhook_endpoint.former_seed", "webhook_endpoint.kinds",
    "webhook_endpoint.seed", "webhook_message.facts", "webhook_message.kind", "webhook_message.name",
    "worker_beat.name", "worker_beat.outcomes", "round.name", "reminder.occasion",
}  # fmt: skip


def worded_columns() -> set[str]:
    """Every column of every table that can hold a word, or what was made of words."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON | sa.LargeBinary)
    }


def unsorted() -> set[str]:
    """Columns of which nobody said whether they may hold words about a person."""
    return worded_columns() ^ (CANARIES | WORDLESS)


class Seeded(NamedTuple):
    """What was arranged. alone: an idea nobody else touched; shared: one that others voted for and commented on."""

    person: User
    others: User
    team: User
    alone: int
    shared: int
    backed: int


def seed(client: Any | None = None) -> Seeded:
    """A person with a canary in each of CANARIES, among others who quote, mention, credit and hide them."""
    company: Any = CompanyFactory(attributes={"call": f"{NAME}, {EMAIL}"})
    person: Any = UserFactory(name=NAME, email=EMAIL, company_id=company.id, title="qzqtitle", password_hash="x")
    person.external_id, person.attributes = "qzq-17", {"note": "qzqwords of the sales team"}
    other: Any = UserFactory(name="Olga Other")
    with unit_of_work():
        team = people.create("tea@example.test", "Tea Team", site_role=SiteRole.ADMIN)
    board: Any = BoardFactory(about=f"Run by {NAME} until May.", promise=f"Ask {NAME}.")
    MembershipFactory(board=board, user=person)
    db.session.commit()
    ids = _take_part(person.id, other.id, team.id, board.slug)
    _be_told(person.id)
    _be_sent_elsewhere(person, team.id, ids[1])
    _have_an_account(person.id, board.id, team.id)
    return Seeded(db.session.get_one(User, person.id), other, team, *ids)


def _take_part(person_id: int, other_id: int, team_id: int, slug: str) -> tuple[int, int, int]:
    def who(user_id: int) -> User:
        return db.session.get_one(User, user_id)

    def on(user_id: int, idea_id: int) -> queries.IdeaRow:
        return queries.get_idea(who(user_id), idea_id)

    with unit_of_work():
        where = queries.get_board(who(person_id), slug)
        alone = posting.submit(who(person_id), where, title="qzqalone wish", body="qzqwords of mine").id
        shared = posting.submit(who(person_id), where, title="qzqshared wish", body="qzqwords for all").id
        theirs = posting.submit(who(other_id), where, title=f"What {NAME} said", body=f"{EMAIL} told me").id
    with unit_of_work():
        posting.revise(who(person_id), on(person_id, shared), {"title": "qzqshared wishes", "body": "qzqwords anew"})
        for idea_id in (shared, theirs):
            voting.cast(who(other_id), on(other_id, idea_id).idea)
            voting.cast(who(person_id), on(person_id, idea_id).idea)
        following.follow_idea(who(person_id), on(person_id, theirs).idea)
        said = commenting.add(who(person_id), on(person_id, theirs), body="qzqwords in passing")
        kept = commenting.add(who(person_id), on(person_id, theirs), body="qzqwords that were answered")
        answer = commenting.add(who(other_id), on(other_id, theirs), body="@Qzqname well said", parent_id=kept.id)
        commenting.add(who(other_id), on(other_id, theirs), body=f"As {NAME.upper()} ({EMAIL}) says: yes")
        commenting.add(who(team_id), on(team_id, theirs), body=f"{NAME} is a customer since May", internal=True)
        moderating.hide_comment(
            who(team_id), queries.get_comment(who(team_id), said.id), reason=f"{NAME} was rude here"
        )
        commenting.edit(who(other_id), queries.get_comment(who(other_id), answer.id), body="@Qzqname well said, indeed")
    idea = db.session.get_one(Idea, theirs)
    given = answered(
        who(team_id),
        idea,
        text=f"We have looked at it with {NAME} and with everyone who asked, and do it.",
        credits=[credit(CreditKind.COMMENT, f"{NAME} asked for it, and it came.", kept.id)],
        left_out=[{"person": None, "company": who(person_id).company_id, "reason": f"{NAME} told them."}],
    )
    _estimate(team_id, theirs)
    _merge(team_id, shared, theirs)
    _mean(alone, shared, theirs)
    _upload(person_id, shared)
    _argue(person_id, said.id, theirs)
    _say_whether_it_helped(person_id, theirs, given.id)
    _release(team_id, theirs, slug)
    _note_what_they_said(person_id, other_id, team_id, theirs)
    return alone, shared, theirs


def _argue(person_id: int, hidden_id: int, idea_id: int) -> None:
    """An appeal with its answer, and something that the person pointed out."""
    with unit_of_work():
        said = {"appeal": "qzqwords against it", "appeal_reply": f"No, {NAME}."}
        db.session.execute(sa.update(Hiding).where(Hiding.comment_id == hidden_id).values(said))
        db.session.add(
            Flag(
                subject=f"idea:{idea_id}",
                idea_id=idea_id,
                by_id=person_id,
                reason="other",
                words="qzqwords to the team",
            )
        )
        db.session.add(
            MailReply(
                digest="1",
                user_id=person_id,
                idea_id=idea_id,
                became="set_aside",
                sender=f"other.{EMAIL}",
                said="qzqwords by mail",
            )
        )


def _say_whether_it_helped(person_id: int, idea_id: int, answer_id: int) -> None:
    with unit_of_work():
        db.session.add(inquiry := Inquiry(idea_id=idea_id, answer_id=answer_id))
        db.session.flush()
        db.session.add(
            Solved(
                inquiry_id=inquiry.id,
                idea_id=idea_id,
                user_id=person_id,
                asked_at=utcnow(),
                answer="yes",
                words=f"qzqwords of thanks from {NAME}",
                answered_at=utcnow(),
                may_publish=True,
                show_name=True,
                published_at=utcnow(),
            )
        )


def _note_what_they_said(person_id: int, other_id: int, team_id: int, idea_id: int) -> None:
    """Evidence of theirs, and of another who names them; and that the team counts on them."""
    said = {"kind": EvidenceKind.CALL, "email": None, "name": "", "vote": False}
    theirs = {"person": person_id, "words": "qzqwords in a call", "link": "https://calls.example/qzqwords"}
    others = {"person": other_id, "words": f"As {NAME} says.", "link": f"https://mail.example/?from={EMAIL}"}
    for words in (theirs, others):
        with unit_of_work():
            team = db.session.get_one(User, team_id)
            evidencing.add(team, queries.get_idea(team, idea_id), {**said, **words})


def _estimate(team_id: int, idea_id: int) -> None:
    """What the team thinks of an idea, because somebody said so, and a list that is kept for them."""
    sources = dict.fromkeys(
        ("reach_source", "impact_source", "confidence_source", "effort_source"), f"A call with {NAME}"
    )
    words = EstimateWords().load({"reach": 40, "impact": 2, "confidence": 50, "effort": 4, **sources})
    with unit_of_work():
        team = db.session.get_one(User, team_id)
        estimating.say(team, queries.get_idea(team, idea_id), words)
        view = {"name": f"What {NAME} wants", "shared": True, "asked": {"q": NAME}}
        keeping.keep(team, ViewWords().load(view))
        board = queries.get_idea(team, idea_id).idea.board.slug
        phrasing.keep(team, {"name": f"As {NAME} says", "text": f"{NAME} would say: yes.", "board": board})
        condition = {"about": "company_attribute", "name": "call", "is": "is", "value": [f"{NAME}, {EMAIL}"]}
        question = {"conditions": [condition, {"about": "joined", "is": "within_days", "value": 9}], "match": "any"}
        segmenting.make(team, SegmentWords().load({"name": f"Those of {NAME}", "question": question}))


def _release(team_id: int, idea_id: int, slug: str) -> None:
    """A draft that names them wherever it has words."""
    with unit_of_work():
        team = db.session.get_one(User, team_id)
        words = {"title": f"What {NAME} wanted", "body": f"{NAME} asked, and it came.", "date": None}
        release_id = releasing.draft(team, queries.get_board(team, slug), words).id
    with unit_of_work():
        team = db.session.get_one(User, team_id)
        line = {
            "reason": Reason.SHIPPED,
            "text": f"It is there since this morning, as {NAME} asked for.",
            "credits": [credit(CreditKind.AUTHOR, f"{NAME} asked for it, and it came.")],
        }
        releasing.put(team, releases.get(team, release_id), queries.get_idea(team, idea_id), line)


def _merge(team_id: int, idea_id: int, into_id: int) -> None:
    """A merge that was taken back, with words on both."""
    merge = Base.metadata.tables["merge"]
    words = f"The same as what {NAME} said."
    with unit_of_work():
        for act in ("idea.merged", "idea.unmerged"):
            audit.record(db.session.get_one(User, team_id), act, f"idea:{idea_id}", into=into_id)
        db.session.execute(
            sa.insert(merge).values(
                idea_id=idea_id,
                into_id=into_id,
                by_id=team_id,
                text=words,
                text_html=f"<p>{words}</p>",
                merged_at=utcnow(),
                unmerged_at=utcnow(),
                unmerged_by_id=team_id,
                unmerge_text=words,
                unmerge_text_html=f"<p>{words}</p>",
            )
        )


def _mean(*idea_ids: int) -> None:
    """What ideas mean, as it is kept where they are found by meaning; whether that is on now does not matter."""
    with unit_of_work():
        for idea_id in idea_ids:
            board_id = db.session.get_one(Idea, idea_id).board_id
            db.session.add(IdeaMeaning(idea_id=idea_id, board_id=board_id, vector=b"made of qzqwords"))


def _upload(person_id: int, idea_id: int) -> None:
    """A picture that a text shows, and one that is in none."""
    for at in (idea_id, None):
        with unit_of_work():
            name = f"{secrets.token_hex(16)}-1x1.webp"
            made = pictures.Picture(name=name, content=b"picture of qzq", width=1, height=1)
            picturing.add(db.session.get_one(User, person_id), made, alt="qzqpicture").idea_id = at
        picturing.keep(made)


def _be_told(person_id: int) -> None:
    """Mail lies in the folder, waits in the queue, and one was refused with words about the address."""
    worker.run_once(_app())
    with unit_of_work():
        db.session.add(
            MailWords(news="silent", subject=f"For {NAME}", opening=f"{NAME} asks", closing=NAME, by_id=person_id)
        )
        person = db.session.get_one(User, person_id)
        preferences.choose(person, "moved", email=Mode.OFF, inbox=Mode.OFF)
        db.session.execute(
            sa.update(Delivery).where(Delivery.user_id == person_id).values(error=f"550 {EMAIL} unknown")
        )


def _be_sent_elsewhere(person: User, team_id: int, idea_id: int) -> None:
    """An endpoint of theirs, and one of the team to which their words were sent, and that said them back."""
    said = {"author": {"id": person.id, "name": NAME}, "body": "qzqwords for all"}
    with unit_of_work():
        for owner_id, host in ((person.id, "qzqhost.example"), (team_id, "tools.example")):
            words = {"address": f"https://{host}/hook", "description": f"For {NAME}", "kinds": ["idea.created"]}
            endpoint = WebhookEndpoint(owner_id=owner_id, seed=signing.fresh_seed(), **words)
            message = WebhookMessage(name="msg_1", kind="idea.created", idea_id=idea_id, facts={}, happened_at=utcnow())
            message.prepared_at = utcnow()
            db.session.add_all([endpoint, message])
            db.session.flush()
            line = WebhookDelivery(message_id=message.id, endpoint_id=endpoint.id, due_at=utcnow(), done_at=utcnow())
            line.state, line.body = "sent", json.dumps({"data": {"idea": said}}, separators=(",", ":"))
            db.session.add(line)
            db.session.flush()
            tried = {"at": utcnow(), "milliseconds": 5, "status": 200, "error": ""}
            db.session.add(WebhookAttempt(delivery_id=line.id, answer=f"Thank you, {NAME}", **tried))


def _app() -> Any:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy knows what it stands for


def _have_an_account(person_id: int, board_id: int, team_id: int) -> None:
    with unit_of_work():
        person = db.session.get_one(User, person_id)
        sessions.open_for(person, browser="qzqbrowser/1.0", network_address=NETWORK)
        keys.make(person, "qzqkey", ["ideas:read"])
        db.session.add(Identity(user_id=person.id, issuer="https://login.example", subject="qzqsubject"))
        audit.record(person, "identity.linked", people.subject(person), provider="Acme")
        passkeys.add(person, passkeys.New("qq", "kk", 0), "qzqphone")
        db.session.add(HostIdentity(issuer="https://app.example", subject="qzq-18", user_id=person.id))
        on_a_page = {"user_id": person.id, "board_id": board_id, "origin": "https://www.example"}
        db.session.add(WidgetSession(token_hash="w" * 64, expires_at=utcnow() + timedelta(minutes=9), **on_a_page))
        begun = UnfinishedAct(token_hash="u" * 64, kind="comment", details={"body": "qzqwords begun"})
        db.session.add(begun)
        db.session.flush()
        tickets.issue(TicketKind.SIGN_IN, person=person, browser="b", unfinished_id=begun.id, details={"path": "/qzq"})
        # signed up once more before the address was known to be theirs
        tickets.issue(TicketKind.VERIFY, details={"email": EMAIL, "name": NAME, "password_hash": "x"})
        letters.write(EMAIL, writing.sign_in("qzqtoken"), good_for=timedelta(minutes=10))
        db.session.add(
            Letter(
                recipient="friend@example.test",
                subject=f"{NAME} invites you",
                text=f"{NAME} invites you",
                html=f"<p>{NAME} invites you</p>",
                due_at=utcnow(),
                expires_at=utcnow(),
                failed_at=utcnow(),
            )
        )
        limits.spend(limits.MAIL, network=NETWORK, email=EMAIL)
        team = db.session.get_one(User, team_id)
        people.set_title(team, person, "qzqtitle of the team")
        audit.record(team, "member.invited", f"board:{board_id}", email=EMAIL)
        source = f"csv:{board_id}"
        db.session.add(Imported(source=source, kind="person", foreign_id="qzqperson-17", here_id=person_id))
        said = {"state": State.CHECKED, "report": {"refused": [NAME]}, "options": {"statuses": {"open": NAME}}}
        sent = Import(by_id=team.id, format="canny", file_name=f"{NAME}.zip", **said)
        db.session.add(sent)
        db.session.flush()
        db.session.add(ImportPiece(import_id=sent.id, number=1, content=f"id,title\n1,{NAME}\n".encode()))
        db.session.add(
            Invitation(
                board_id=board_id,
                email=EMAIL,
                token_hash="i" * 64,
                invited_by_id=team_id,
                expires_at=utcnow() + timedelta(days=7),
            )
        )
        db.session.add(
            RoleInvitation(
                email=EMAIL,
                role="team",
                token_hash="r" * 64,
                invited_by_id=team_id,
                expires_at=utcnow() + timedelta(days=7),
            )
        )
        db.session.add_all(
            [
                IdempotencyKey(name="n" * 64, user_id=person_id, fingerprint="f", answer={"title": "qzqalone wish"}),
                IdempotencyKey(name="m" * 64, user_id=team_id, fingerprint="f", answer={"by": {"name": NAME}}),
            ]
        )


# --- Where it is found ---


def columns_with(canary: str = CANARY) -> set[str]:
    """Each "table.column" in which the canary stands, whatever the type."""
    db.session.rollback()
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            for column, value in row.items():
                text = json.dumps(value, default=str, ensure_ascii=False).casefold()
                if canary in text or NETWORK in text:
                    found.add(f"{table.name}.{column}")
    db.session.rollback()
    return found


def files_with(folder: Path, canary: str = CANARY) -> list[str]:
    """Each file below `folder` in which the canary stands: plain, packed, or as mail writes it."""
    return [
        str(file.relative_to(folder))
        for file in sorted(path for path in folder.rglob("*") if path.is_file())
        if any(canary.encode() in form.lower() or NETWORK.encode() in form for form in _forms(file.read_bytes()))
    ]


def _forms(content: bytes) -> Iterator[bytes]:
    yield content
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(content)
        except (OSError, EOFError, zlib.error):
            continue


def totals() -> dict[str, int]:
    """What erasing a person leaves as it is."""
    counts = {
        "votes": sa.text("SELECT count(*) FROM vote"),
        "counted votes": sa.text("SELECT sum(vote_count) FROM idea_rank"),
        "deliveries": sa.text("SELECT count(*) FROM delivery"),
        "told": sa.text("SELECT count(*) FROM delivery WHERE state = 'sent'"),
        "owed": sa.text("SELECT sum(owed) FROM outbox_entry"),
        "answers": sa.text("SELECT count(*) FROM answer"),
        "credits": sa.text("SELECT count(*) FROM credit"),
        "people": sa.text('SELECT count(*) FROM "user"'),
    }
    found = {name: int(db.session.execute(statement).scalar_one() or 0) for name, statement in counts.items()}
    db.session.rollback()
    return found
