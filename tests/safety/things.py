"""What acts are done to: one thing of each kind in each state, beside the world in which everybody has their role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from ideas.accounts import factor_rule, inviting, keys, sessions, suppressions
from ideas.accounts.models import ApiKey, SiteRole, Stopped, User, UserSession
from ideas.accounts.models_factors import Totp
from ideas.backlog import estimating, keeping
from ideas.backlog.models_views import BacklogView
from ideas.boards import (
    behalf,
    boardkeeping,
    evidencing,
    flagging,
    following,
    merging,
    moderating,
    posting,
    queries,
    releases,
    releasing,
    voting,
)
from ideas.boards.models import Answer, Board, Idea, Reason
from ideas.boards.models_evidence import Evidence, EvidenceKind
from ideas.boards.models_moderating import FlagReason, Hiding
from ideas.boards.models_releases import Release, ReleaseFollow
from ideas.boards.models_replying import MailReply
from ideas.boards.models_silence import Occasion, Reminder
from ideas.boards.models_snippets import Snippet
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.embed import publishable
from ideas.ledger import preferences, wording
from ideas.ledger.models import Channel, Delivery, Path, State
from ideas.outbox import OutboxEntry
from ideas.sharing.models import PrivateFeed
from ideas.webhooks import signing
from ideas.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.accounts.arranging import enter
from tests.api.asking import bearer
from tests.boards.pages import LONG_ENOUGH, answered
from tests.factories import (
    BoardFactory,
    CommentFactory,
    CompanyFactory,
    IdeaFactory,
    MembershipFactory,
    StatusFactory,
    TagFactory,
    UserFactory,
)
from tests.safety import world
from tests.safety.world import World

ELSEWHERE = "elsewhere"  # of the team of another board
EVERYBODY = ("suspended", "member", "invited", "author", "team", ELSEWHERE, "admin")

Thing = dict[str, Any]


@dataclass
class Things:
    """By name: what stands for each part of an address, and for each `$word` in what is sent."""

    world: World
    of: dict[str, Thing] = field(default_factory=dict)


def make(app: Flask) -> Things:
    """The whole site of tests/safety/world.py, and beside it a thing for each row of the table."""
    made = Things(world.make(app))
    who(made, "suspended").suspended_at = None  # until all is there
    _elsewhere(made, app)
    _ideas(made)
    _comments(made)
    _hidings(made)
    _answers(made)
    _releases(made)
    _of_boards(made)
    _of_the_site(made)
    _own(made)
    who(made, "suspended").suspended_at = utcnow()
    db.session.commit()
    return made


def who(made: Things, role: str) -> User:
    return db.session.get_one(User, made.world.people[role])


def _on(made: Things, role: str, idea_id: int) -> Any:
    return queries.get_idea(who(made, role), idea_id)


def _first(model: Any, *conditions: Any) -> Any:
    return db.session.scalars(sa.select(model).where(*conditions).order_by(model.id)).first()


def _elsewhere(made: Things, app: Flask) -> None:
    meadow: Any = BoardFactory(slug="meadow", name="Meadow")
    person: Any = UserFactory(name="Elsewhere Person", email="elsewhere@example.test")
    MembershipFactory(board=meadow, user=person, team=True)
    made.world.people[ELSEWHERE] = person.id
    made.world.browsers[ELSEWHERE] = app.test_client()
    enter(made.world.browsers[ELSEWHERE], person)
    with unit_of_work():
        sessions.open_for(who(made, ELSEWHERE), browser="Another/1.0", network_address="198.51.100.99")
    made.world.headers[ELSEWHERE] = bearer(person)


def _boards() -> tuple[Board, Board]:
    public, private = db.session.scalars(sa.select(Board).where(Board.slug != "meadow").order_by(Board.id))
    return public, private


def new_idea(made: Things, board: Board, role: str = "author") -> int:
    idea: Any = IdeaFactory(board=board, author=who(made, role), created_at=utcnow() - timedelta(days=2))
    number: int = idea.id
    return number


def _ideas(made: Things) -> None:
    """One of the author's in each state; and one that everybody backs, follows and mutes."""
    public, private = _boards()
    for board in (public, private):
        TagFactory(board=board, slug="seed", name="Seed")
    numbers = {state: new_idea(made, public) for state in ("open", "held", "hidden", "withdrawn", "merged", "answered")}
    others = ("closed", "backed", "into", "whole", "shipped", "draft", "told")
    numbers |= {state: new_idea(made, public) for state in others}
    numbers |= {"private": new_idea(made, private), "into private": new_idea(made, private)}
    numbers |= {"suspended's": new_idea(made, public, "suspended"), "team's": new_idea(made, public, "team")}
    with unit_of_work():
        moderating.hold(db.session.get_one(Idea, numbers["held"]), None, ["many_links"])
        moderating.hide_idea(who(made, "team"), _on(made, "team", numbers["hidden"]), reason=LONG_ENOUGH)
        posting.withdraw(who(made, "author"), _on(made, "author", numbers["withdrawn"]))
    with unit_of_work():
        one, into = (_on(made, "admin", numbers[state]) for state in ("merged", "into"))
        merging.merge(who(made, "admin"), one, into, text=LONG_ENOUGH)
    answered(who(made, "team"), db.session.get_one(Idea, numbers["answered"]))
    closed = db.session.get_one(Idea, numbers["closed"])
    answered(who(made, "team"), closed, status="declined", reason=Reason.NOT_US)
    for role in EVERYBODY:
        with unit_of_work():
            idea = _on(made, role, numbers["backed"]).idea
            voting.cast(who(made, role), idea)
            following.follow_idea(who(made, role), idea)
            preferences.mute(who(made, role), idea.subject)
    db.session.add(Reminder(occasion=Occasion.SILENCE.value, about_id=numbers["backed"], at=utcnow()))
    db.session.commit()
    with unit_of_work():
        estimate = {"reach": 7, "impact": 1.0, "confidence": 50, "effort": 2.0}
        sources = {f"{name}_source": "Five interviews" for name in estimate}
        for state in ("told", "private"):
            on = _on(made, "invited", numbers[state])
            flagging.flag(who(made, "invited"), on, None, reason=FlagReason.SPAM, words="")
            estimating.say(who(made, "team"), _on(made, "team", numbers[state]), {**estimate, **sources})
    for state, number in numbers.items():
        target = numbers["into private"] if "private" in state else numbers["into"]
        slug = (private if "private" in state else public).slug
        params = {"idea_id": number, "target": target, "slug": slug, "team": made.world.people["team"]}
        whom = made.world.people["invited" if "private" in state else "member"]
        made.of[f"idea {state}"] = {**params, "person_id": whom}


def _comments(made: Things) -> None:
    public_idea, private_idea = made.of["idea told"]["idea_id"], made.of["idea private"]["idea_id"]
    merged = made.of["idea merged"]["idea_id"]
    places = {"open": public_idea, "hidden": public_idea, "held": public_idea, "deleted": public_idea}
    places |= {"private": private_idea, "merged": merged, "flagged": public_idea}
    for state, number in places.items():
        comment: Any = CommentFactory(idea=db.session.get_one(Idea, number), author=who(made, "author"))
        made.of[f"comment {state}"] = {"comment_id": comment.id}
    note: Any = CommentFactory(idea=db.session.get_one(Idea, public_idea), author=who(made, "team"), is_internal=True)
    made.of["comment note"] = {"comment_id": note.id}
    with unit_of_work():
        team = who(made, "team")

        def row(state: str) -> Any:
            return queries.get_comment(team, made.of[f"comment {state}"]["comment_id"])

        moderating.hide_comment(team, row("hidden"), reason=LONG_ENOUGH)
        moderating.hold(row("held").on.idea, row("held").comment, ["many_links"])
        row("deleted").comment.deleted_at = utcnow()
        invited = who(made, "invited")
        for state in ("flagged", "private"):
            one = queries.get_comment(invited, made.of[f"comment {state}"]["comment_id"])
            flagging.flag(invited, one.on, one.comment, reason=FlagReason.SPAM, words="")


def _hidings(made: Things) -> None:
    """What is hidden and may be appealed, what was appealed, and what waits."""

    def of(state: str) -> Hiding:
        found: Hiding = _first(Hiding, Hiding.idea_id == made.of[f"idea {state}"]["idea_id"])
        return found

    for name, hiding in (("hidden", of("hidden")), ("held", of("held"))):
        made.of[f"hiding {name}"] = {"hiding_id": hiding.id}
    appealed = _first(Hiding, Hiding.appealed_at.is_not(None))
    made.of["hiding appealed"] = {"hiding_id": appealed.id}
    reply = _first(MailReply)
    made.of["mail"] = {"reply_id": reply.id}


def _answers(made: Things) -> None:
    for state in ("answered", "shipped"):
        number = made.of[f"idea {state}"]["idea_id"]
        if state == "shipped":
            shipped = db.session.get_one(Idea, number)
            answered(who(made, "team"), shipped, status="shipped", reason=Reason.SHIPPED)
        answer = _first(Answer, Answer.idea_id == number)
        made.of[f"answer {state}"] = {"answer_id": answer.id}
    inquiry = Inquiry(idea_id=number, answer_id=answer.id, unsolved_at=utcnow())
    db.session.add(inquiry)
    db.session.flush()
    for role in EVERYBODY:
        said: dict[str, Any] = {"asked_at": utcnow()}
        if role == "author":
            said |= {"answer": "no", "answered_at": utcnow(), "words": "Not for me.", "may_publish": True}
        db.session.add(Solved(inquiry_id=inquiry.id, idea_id=number, user_id=made.world.people[role], **said))
    db.session.commit()
    private = _first(Answer, Answer.idea_id.in_(sa.select(Idea.id).where(Idea.board_id == _boards()[1].id)))
    made.of["answer private"] = {"answer_id": private.id}
    made.of["story"] = {"solved_id": _first(Solved, Solved.inquiry_id == inquiry.id, Solved.may_publish).id}


def _releases(made: Things) -> None:
    public, private = _boards()
    line = {"reason": Reason.SHIPPED, "text": LONG_ENOUGH, "credits": []}
    for name, board, on in (("draft", public, "idea draft"), ("private draft", private, "idea private")):
        team = who(made, "team")
        with unit_of_work():
            words = {"title": "The spring", "body": "It is there.", "date": None}
            number = releasing.draft(who(made, "team"), queries.get_board(who(made, "team"), board.slug), words).id
        with unit_of_work():
            team = who(made, "team")
            releasing.put(team, releases.get(team, number), _on(made, "team", made.of[on]["idea_id"]), line)
        made.of[f"release {name}"] = {"release_id": number, "idea_id": made.of[on]["idea_id"]}
    with unit_of_work():
        words = {"title": "The summer", "body": "It is there.", "date": None}
        number = releasing.draft(who(made, "team"), queries.get_board(who(made, "team"), public.slug), words).id
    with unit_of_work():
        team = who(made, "team")
        releasing.put(team, releases.get(team, number), _on(made, "team", made.of["idea whole"]["idea_id"]), line)
    with unit_of_work():
        releasing.publish(who(made, "team"), releases.get(who(made, "team"), number))
    made.of["release published"] = {"release_id": number, "idea_id": made.of["idea whole"]["idea_id"]}
    for thing in made.of:
        if thing.startswith("release"):
            release = db.session.get_one(Release, made.of[thing]["release_id"])
            made.of[thing]["version"] = str(release.version)


def _of_boards(made: Things) -> None:
    public, private = _boards()
    member = made.world.people["member"]
    for name, board in (("public", public), ("private", private)):
        spare: Any = StatusFactory(board=board, slug="spare", name="Spare", position=9)
        statuses = queries.statuses_of(board)
        tag = queries.tags_of(board)[0]
        with unit_of_work():
            admin = who(made, "admin")
            here = queries.get_board(admin, board.slug).board
            sent = boardkeeping.invite(admin, here, email=f"{name}@example.test")
            key = publishable.make(admin, here)
            invited, key_id = sent.id, key.id
        ids = [each.id for each in statuses]
        made.of[f"board {name}"] = {
            "slug": board.slug,
            "status_id": spare.id,
            "stage": "open",
            "order": ids[::-1],
            "tag_id": tag.id,
            "invitation_id": invited,
            "key_id": key_id,
            "person_id": member,
            "email": who(made, "member").email,
        }
        snippet = _first(Snippet, Snippet.board_id == board.id)
        made.of[f"snippet {name}"] = {"snippet_id": snippet.id}
        invited_person = made.world.people["invited"]
        made.of[f"board {name}"] |= {"person_id": invited_person if name == "private" else made.world.people["team"]}
    for role in EVERYBODY:
        with unit_of_work():
            board = queries.get_board(who(made, role), "meadow").board
            following.follow_board(who(made, role), board)
            releasing.follow(who(made, role), board)
        db.session.execute(sa.delete(ReleaseFollow).where(ReleaseFollow.board_id.in_([public.id, private.id])))
    db.session.commit()
    made.of["board followed"] = {"slug": "meadow"}
    with unit_of_work():
        team = who(made, "team")
        said = {"kind": EvidenceKind.CALL, "words": LONG_ENOUGH, "link": None, "email": None, "name": "", "vote": False}
        for state in ("told", "private"):
            on = _on(made, "team", made.of[f"idea {state}"]["idea_id"])
            evidencing.add(team, on, {**said, "person": made.world.people["invited"]})
        behalf.note(team, _on(made, "team", made.of["idea told"]["idea_id"]), who(made, "member"))
    for state in ("told", "private"):
        found = _first(Evidence, Evidence.idea_id == made.of[f"idea {state}"]["idea_id"])
        made.of[f"evidence {state}"] = {"evidence_id": found.id}


def _of_the_site(made: Things) -> None:
    company: Any = CompanyFactory(external_id="acct-1")
    with unit_of_work():
        admin = who(made, "admin")
        sent = inviting.invite(admin, email="someone@example.test", role=SiteRole.TEAM)
        suppressions.add(admin, "ole@example.org", Stopped.BOUNCED, reason="They wrote so.")
        wording.say(admin, "planned", {"subject": "{{headline}}", "opening": "", "closing": "Bye"})
        keeping.keep(who(made, "team"), {"name": "Of the team", "is_shared": True, "asked": {"stage": "open"}})
        invitation = sent.id
    member, suspended = made.world.people["member"], made.world.people["suspended"]
    db.session.add(Totp(user_id=member, **_totp()))
    db.session.get_one(User, member).factor_since = utcnow()
    db.session.get_one(User, made.world.people["admin"]).factor_since = utcnow()
    db.session.commit()
    with unit_of_work():
        factor_rule.require(who(made, "admin"), days=400)
    views = made.world.parts["view_id"]
    parts = {"company_id": company.id, "external_id": "acct-1", "invitation_id": invitation, "news": "planned"}
    made.of["site"] = {**parts, "import_id": made.world.parts["import_id"][0]}
    made.of["somebody"] = {"person_id": member, "external_id": "user-1"}
    made.of["somebody suspended"] = {"person_id": suspended}
    made.of["view of the team"] = {"view_id": _first(BacklogView, BacklogView.id.not_in(views)).id}
    made.of["view of the admin"] = {"view_id": views[0]}
    made.of["segment of the admin"] = {"segment_id": made.world.parts["segment_id"][0]}
    today = utcnow()
    for role in ("team", "admin"):
        hook = _first(WebhookEndpoint, WebhookEndpoint.owner_id == made.world.people[role])
        line = _first(WebhookDelivery, WebhookDelivery.endpoint_id == hook.id)
        params = {"webhook_id": hook.id, "endpoint_id": hook.id, "message_id": line.id}
        params |= {"today": today.date().isoformat()}
        params |= {"since": (today - timedelta(days=1)).isoformat(), "until": (today + timedelta(days=1)).isoformat()}
        made.of[f"webhook of the {role}"] = params
        paused = WebhookEndpoint(
            owner_id=hook.owner_id,
            address="https://paused.example.test/hook",
            description="",
            kinds=["idea.created"],
            seed=signing.fresh_seed(),
            paused_at=today,
        )
        db.session.add(paused)
        db.session.flush()
        made.of[f"webhook paused by the {role}"] = {"webhook_id": paused.id, "endpoint_id": paused.id}
    db.session.commit()


def _own(made: Things) -> None:
    """What is the author's own, and what everybody has of their own."""
    author = made.world.people["author"]
    with unit_of_work():
        keys.make(who(made, "author"), "Till", ["ideas:read"])
    key = _first(ApiKey, ApiKey.user_id == author, ApiKey.name == "Till")
    made.of["key of the author"] = {"key_id": key.id}
    made.of["sign-in of the author"] = {
        "session_id": db.session.scalars(
            sa.select(UserSession.id).where(UserSession.user_id == author).order_by(UserSession.id.desc())
        ).first()
    }
    made.of["feed of the author"] = {"feed_id": _first(PrivateFeed, PrivateFeed.user_id == author).id}
    entry = _first(OutboxEntry, OutboxEntry.subject.like("idea:%"))
    values = {"channel": Channel.INBOX.value, "path": Path.AUTHOR.value, "news": "moved", "state": State.SENT.value}
    for role in EVERYBODY:
        row = Delivery(entry_id=entry.id, user_id=made.world.people[role], due_at=utcnow(), done_at=utcnow(), **values)
        db.session.add(row)
    db.session.flush()
    mine = _first(Delivery, Delivery.user_id == author, Delivery.channel == Channel.INBOX.value)
    made.of["news of the author"] = {"delivery_id": mine.id}
    made.of["oneself"] = {"subject": f"idea:{made.of['idea backed']['idea_id']}", "delivery_id": mine.id}


def _totp() -> dict[str, Any]:
    return {"secret": "x", "last_step": 0}
