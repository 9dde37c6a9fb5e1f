"""A site in which everything that is private holds a word that stands nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from ideas import happenings, pictures
from ideas.accounts import audit, inviting, keys, passkeys, people, sessions, tickets, unfinished
from ideas.accounts.models import ApiKey, SiteRole, Ticket, TicketKind, User, UserSession
from ideas.accounts.models_segments import Segment
from ideas.accounts.schemas_segments import SegmentWords
from ideas.backlog import keeping, segmenting
from ideas.backlog.models_views import BacklogView
from ideas.boards import (
    behalf,
    boardkeeping,
    commenting,
    evidence,
    evidencing,
    moderating,
    outcomes,
    overdue,
    phrasing,
    picturing,
    posting,
    queries,
    releases,
    releasing,
    voting,
)
from ideas.boards.models import (
    Answer,
    Board,
    BoardRole,
    Comment,
    CreditKind,
    Idea,
    Invitation,
    Reason,
    Stage,
    Status,
    Tag,
)
from ideas.boards.models_evidence import Evidence, EvidenceKind, VoteOnBehalf
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.models_pictures import Picture
from ideas.boards.models_releases import Release, ReleaseFollow
from ideas.boards.models_replying import MailReply
from ideas.boards.models_silence import Occasion, Reminder
from ideas.boards.models_snippets import Snippet
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import preferences
from ideas.ledger.models import Delivery
from ideas.moving.models_running import Import, State
from ideas.sharing import private
from ideas.sharing.models import PrivateFeed
from ideas.webhooks import signing
from ideas.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from tests.accounts.arranging import enter
from tests.api.asking import bearer
from tests.boards.pages import answered, credit
from tests.factories import BoardFactory, CompanyFactory, MembershipFactory, UserFactory
from tests.safety.policy_table import ROLES


@dataclass(frozen=True)
class Token:
    """A word that stands for something private. owner: the role whose own it is, if it is anybody's."""

    word: str
    kind: str
    owner: str | None = None


@dataclass
class World:
    """The tokens, the people by role, and the values that stand for each part of an address."""

    tokens: list[Token] = field(default_factory=list)
    people: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[Any]] = field(default_factory=dict)
    browsers: dict[str, FlaskClient] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    feeds: dict[str, str] = field(default_factory=dict)  # role → the token of a private feed
    unseen: dict[str, list[int]] = field(default_factory=dict)  # role → ideas on boards that it may not see
    hidden: dict[str, list[int]] = field(default_factory=dict)  # role → ideas that the team hid from it on others

    def token(self, kind: str, owner: str | None = None) -> str:
        """A new word for something private of that kind."""
        word = f"zx{kind.replace(' ', '').replace(chr(39), '')[:9]}{len(self.tokens):03}q"
        self.tokens.append(Token(word, kind, owner))
        return word

    def keep(self, word: str, kind: str, owner: str | None = None) -> None:
        """A word that is there already is private."""
        self.tokens.append(Token(word, kind, owner))


def make(app: Flask) -> World:
    """The whole site, in the application's database, which is empty."""
    world = World()
    _people(world)
    _public_board(world)
    _private_board(world)
    db.session.commit()
    _accounts(world, app)
    _parts(world)
    _who(world, "suspended").suspended_at = utcnow()  # who had a part in all of it until now
    db.session.commit()
    return world


def _who(world: World, role: str) -> User:
    return db.session.get_one(User, world.people[role])


def _on(world: World, role: str, idea_id: int) -> Any:
    return queries.get_idea(_who(world, role), idea_id)


def _people(world: World) -> None:
    for role in ROLES[1:]:
        address = f"{world.token('own address', role)}@example.test"
        company: Any = CompanyFactory(
            name=f"{world.token('own company', role)} Ltd", attributes={"note": world.token("company's attributes")}
        )
        known = {
            "external_id": world.token("own attributes", role),
            "attributes": {"a": world.token("own attributes", role)},
        }
        person: Any = UserFactory(name=f"{role.capitalize()} Person", email=address, company_id=company.id, **known)
        world.people[role] = person.id
    with unit_of_work():
        people.set_role(None, _who(world, "admin"), SiteRole.ADMIN)
    for number in range(2):
        name = world.token("unseen backer")
        backer: Any = UserFactory(name=f"{name} Backer", email=f"{world.token('own address', 'backer')}@example.test")
        world.people[f"backer {number}"] = backer.id


def _public_board(world: World) -> None:
    board: Any = BoardFactory(slug="garden", name="Garden")
    MembershipFactory(board=board, user=_who(world, "team"), team=True)
    db.session.commit()
    with unit_of_work():
        where = queries.get_board(_who(world, "author"), "garden")
        author = _who(world, "author")
        seen = posting.submit(author, where, title="A shed for bicycles", body="It rains.").id
        word = world.token("withdrawn idea")
        withdrawn = posting.submit(author, where, title=f"{word} taken back", body=f"{word} once").id
        word = world.token("hidden idea")
        hidden = posting.submit(author, where, title=f"{word} hidden wish", body=f"{word} in the body").id
        moved = posting.submit(author, where, title="A tower", body="So that one sees far.").id
    with unit_of_work():
        for number in range(2):
            voting.cast(_who(world, f"backer {number}"), _on(world, "author", seen).idea)
        voting.cast(_who(world, "member"), _on(world, "member", moved).idea)
        posting.withdraw(_who(world, "author"), _on(world, "author", withdrawn))
        said = commenting.add(_who(world, "member"), _on(world, "member", seen), body="I would park there.")
        rude = commenting.add(_who(world, "author"), _on(world, "author", seen), body=world.token("hidden comment"))
        gone = commenting.add(_who(world, "author"), _on(world, "author", seen), body=world.token("deleted words"))
        commenting.add(_who(world, "team"), _on(world, "team", seen), body=world.token("internal note"), internal=True)
        team = _who(world, "team")
        moderating.hide_comment(team, queries.get_comment(team, rude.id), reason=world.token("hiding reason") + " rude")
        moderating.hide_idea(team, _on(world, "team", hidden), reason=world.token("hiding reason") + " spam")
        db.session.add(
            Flag(
                subject=f"idea:{moved}",
                idea_id=moved,
                by_id=world.people["member"],
                reason="spam",
                words=world.token("words to the team", "member"),
            )
        )
        db.session.add(
            MailReply(
                digest="1",
                user_id=world.people["member"],
                idea_id=moved,
                became="set_aside",
                doubt="other_sender",
                sender=f"{world.token('mail set aside', 'member')}@elsewhere.example",
                said=world.token("mail set aside", "member"),
            )
        )
        db.session.add(Reminder(occasion=Occasion.SILENCE, about_id=moved, at=utcnow()))
        appeal = {"appeal": world.token("words to the team", "author"), "appealed_at": utcnow()}
        db.session.execute(sa.update(Hiding).where(Hiding.comment_id == rude.id).values(appeal))
        commenting.delete(_who(world, "author"), queries.get_comment(_who(world, "author"), gone.id))
        commenting.add(_who(world, "member"), _on(world, "member", seen), body="Said.", parent_id=said.id)
    answered(
        _who(world, "team"),
        db.session.get_one(Idea, moved),
        reason=Reason.COMMITTED,
        credits=[credit(CreditKind.VOTES, "You moved it.")],
    )
    with unit_of_work():
        inquiry = Inquiry(idea_id=moved, answer_id=db.session.scalars(sa.select(Answer.id)).one())
        db.session.add(inquiry)
        db.session.flush()
        for role in ("admin", "member", "author"):
            # the link below is the administrator's: whoever has it reads what stands behind it
            words = "" if role == "admin" else world.token("own words to the team", role)
            asked: dict[str, Any] = {"asked_at": utcnow(), "answer": "no", "answered_at": utcnow(), "words": words}
            db.session.add(Solved(inquiry_id=inquiry.id, idea_id=moved, user_id=world.people[role], **asked))
    _note(world, moved)
    _release(world, "garden", moved, hidden)
    _picture(world, world.token("own picture", "author"), None)
    _picture(world, world.token("hidden idea"), hidden)
    for role in ROLES:
        if role not in ("author", "team", "admin"):
            world.hidden.setdefault(role, []).append(hidden)


def _note(world: World, idea_id: int) -> None:
    """What a customer said elsewhere, what nobody knows who said, and whom the team counts on."""
    for person_id, word in (
        (world.people["member"], world.token("own evidence", "member")),
        (None, world.token("evidence")),
    ):
        said = {"kind": EvidenceKind.CALL, "words": f"{word} in a call", "link": f"https://calls.example/{word}"}
        who = {"person": person_id, "email": None, "name": "", "vote": False}
        with unit_of_work():
            evidencing.add(_who(world, "team"), _on(world, "team", idea_id), {**said, **who})
    with unit_of_work():
        behalf.note(_who(world, "team"), _on(world, "team", idea_id), _who(world, "author"))


def _picture(world: World, word: str, idea_id: int | None) -> None:
    name = f"{word}{'0' * 20}-10x10.webp"
    made = pictures.Picture(name=name, content=f"picture {word}".encode(), width=10, height=10)
    with unit_of_work():
        picturing.add(_who(world, "author"), made).idea_id = idea_id
    picturing.keep(made)


def _release(world: World, slug: str, *idea_ids: int, word: Any = None) -> None:
    """A draft with these ideas, and a published release with the last; both with a picture. word: for what is private
    on the board."""

    def drafted(said: str, *within: int) -> int:
        team = _who(world, "team")
        with unit_of_work():
            words = {"title": f"{said} release", "body": f"{said} in it", "date": None}
            release_id = releasing.draft(team, queries.get_board(team, slug), words).id
        for idea_id in within:
            with unit_of_work():
                text = f"{said} is there since this morning, for everybody who asked."
                line = {"reason": Reason.SHIPPED, "text": text, "credits": []}
                on = queries.get_idea(_who(world, "team"), idea_id)
                releasing.put(_who(world, "team"), releases.get(_who(world, "team"), release_id), on, line)
        return release_id

    drafted(world.token("release draft"), *idea_ids)
    told = drafted(word() if word else "the spring", idea_ids[-1])
    with unit_of_work():
        for follower in ("invited", "member"):
            db.session.add(
                ReleaseFollow(
                    board_id=releases.get(_who(world, "team"), told).release.board_id, user_id=world.people[follower]
                )
            )
        releasing.publish(_who(world, "team"), releases.get(_who(world, "team"), told))


def _private_board(world: World) -> None:
    def word() -> str:
        return world.token("private board")

    board: Any = BoardFactory(slug=f"{word()}-board", name=word(), about=word(), promise=word(), visibility="private")
    for role in ("invited", "author"):
        MembershipFactory(board=board, user=_who(world, role), role=BoardRole.MEMBER)
    MembershipFactory(board=board, user=_who(world, "team"), team=True)
    slug = board.slug
    db.session.commit()
    with unit_of_work():
        admin, target = _who(world, "admin"), queries.get_board(_who(world, "admin"), slug).board
        boardkeeping.add_tag(admin, target, name=f"{word()} tag")
        boardkeeping.add_status(admin, target, name=f"{word()} state", stage=Stage.CONSIDERING)
        invitation = boardkeeping.invite(
            admin, target, email=f"{world.token('invited address', 'invited')}@example.test"
        )
        world.keep(invitation.token_hash, "secret")
        to_team = f"{world.token('invited address', 'invited')}@example.test"
        world.keep(inviting.invite(admin, email=to_team, role=SiteRole.TEAM).token_hash, "secret")
    with unit_of_work():
        where = queries.get_board(_who(world, "author"), slug)
        secret = posting.submit(_who(world, "author"), where, title=f"{word()} secret wish", body=f"{word()} body").id
        other = posting.submit(_who(world, "author"), where, title=f"{word()} second wish", body=f"{word()} body").id
        rude = world.token("hidden idea")
        hidden = posting.submit(_who(world, "author"), where, title=f"{rude} hidden wish", body=f"{rude} in it").id
    with unit_of_work():
        voting.cast(_who(world, "invited"), _on(world, "invited", secret).idea)
        team = _who(world, "team")
        moderating.hide_idea(team, _on(world, "team", hidden), reason=world.token("hiding reason") + " spam")
        commenting.add(_who(world, "invited"), _on(world, "invited", secret), body=word())
        commenting.add(
            _who(world, "team"), _on(world, "team", secret), body=world.token("internal note"), internal=True
        )
        # somebody who had a part in it and was sent away since
        left: Any = _who(world, "member")
        voting.cast(left, _on(world, "invited", other).idea)
    planned = sa.select(Status.slug).where(Status.board_id == board.id, Status.stage == Stage.PLANNED)
    to = db.session.scalars(planned).one()
    for idea_id in (secret, other):
        answered(
            _who(world, "team"),
            db.session.get_one(Idea, idea_id),
            status=to,
            text=f"{word()} is why we do it, and we looked at everything.",
            credits=[credit(CreditKind.VOTES, word())],
        )
    _release(world, slug, secret, other, hidden, word=word)
    for role in ROLES:
        if role not in ("invited", "author", "team", "admin"):
            world.unseen.setdefault(role, []).extend([hidden, secret, other])


def _accounts(world: World, app: Flask) -> None:
    for role in ROLES:
        browser = world.browsers[role] = app.test_client()
        if role == "visitor":
            world.headers[role] = {}
            continue
        enter(browser, _who(world, role))
        world.headers[role] = bearer(_who(world, role))
        with unit_of_work():
            agent = f"{world.token('own browser', role)}/1.0"
            address = f"198.51.100.{10 + ROLES.index(role)}"
            sessions.open_for(_who(world, role), browser=agent, network_address=address)
            world.keep(address, "own browser", role)
            if role != "suspended":
                keys.make(_who(world, role), world.token("own key", role), ["ideas:read"])
                world.feeds[role] = private.make(_who(world, role), None)[1]
            passkeys.add(_who(world, role), passkeys.New(role, "k", 0), world.token("own passkey", role))
            tickets.issue(TicketKind.RESET, person=_who(world, role), details={"path": f"/{world.token('secret')}"})
    with unit_of_work():
        unfinished.keep("comment", {"body": world.token("secret")})
        audit.record(_who(world, "admin"), "board.changed", "board:1", note=world.token("audit details"))
        preferences.mute(_who(world, "member"), "idea:1")
        # the link to the administrator's choices names only those of them that every visitor may see
        for idea_id in (1, *world.unseen["visitor"]):
            preferences.mute(_who(world, "admin"), f"idea:{idea_id}")
        words = {"error": world.token("relay's words", "backer")}
        db.session.execute(sa.update(Delivery).where(Delivery.user_id == world.people["backer 0"]).values(words))
    db.session.commit()
    for column in (Ticket.token_hash, UserSession.token_hash, ApiKey.token_hash, PrivateFeed.token_hash):
        for value in db.session.scalars(sa.select(column)):
            world.keep(value, "secret")


def _send_files(world: World) -> None:
    """A file for each board, compared and waiting."""
    for board_id in db.session.scalars(sa.select(Board.id).order_by(Board.id)):
        sent = Import(by_id=world.people["admin"], board_id=board_id, format="canny", file_name="canny.zip")
        sent.options, sent.state = {"statuses": {"Beta": "started"}}, State.CHECKED
        db.session.add(sent)


def _webhooks(world: World) -> None:
    """An endpoint of the board's team and one of an administrator, each with something that was sent there."""
    for role in ("team", "admin"):
        word = world.token("own webhook", role)
        endpoint = WebhookEndpoint(
            owner_id=world.people[role],
            address=f"https://{word}.example.test/hook",
            description=f"For {word}",
            kinds=["idea.created"],
            seed=signing.fresh_seed(),
        )
        message = WebhookMessage(name=f"msg_{word}", kind="idea.created", facts={}, happened_at=utcnow())
        message.prepared_at = utcnow()
        db.session.add_all([endpoint, message])
        db.session.flush()
        state = {"state": "failed", "reason": "gave_up", "due_at": utcnow(), "done_at": utcnow()}
        line = WebhookDelivery(message_id=message.id, endpoint_id=endpoint.id, body=f'{{"type":"{word}"}}', **state)
        db.session.add(line)
        db.session.flush()
        db.session.add(
            WebhookAttempt(delivery_id=line.id, at=utcnow(), milliseconds=9, status=500, answer=word, error="")
        )
    happenings.listen_for(["idea.created"])


def _parts(world: World) -> None:
    """Values for each part of an address; what is other people's is among them."""

    def ids(model: Any) -> list[int]:
        return list(db.session.scalars(sa.select(model.id).order_by(model.id)))

    with unit_of_work():
        for slug in db.session.scalars(sa.select(Board.slug).order_by(Board.id)).all():
            said = world.token("snippet")
            phrasing.keep(_who(world, "team"), {"name": said, "text": f"{said} for “{{{{title}}}}”", "board": slug})
        condition = {"about": "plan", "is": "known"}
        words = {"name": "On a plan", "question": {"conditions": [condition]}}
        segmenting.make(_who(world, "admin"), SegmentWords().load(words))
        _send_files(world)
        _webhooks(world)
        keeping.keep(_who(world, "admin"), {"name": "Silent", "is_shared": True, "asked": {"stage": "open"}})
        reset = tickets.issue(TicketKind.RESET, person=_who(world, "admin"))
        link = tickets.issue(TicketKind.SIGN_IN, person=_who(world, "admin"), browser="another")
    helped = outcomes.token(db.session.scalars(sa.select(Solved.id).order_by(Solved.id)).first() or 0)
    stop = preferences.token(world.people["admin"], "moved", "idea:1")
    choose = (preferences.choices_path(world.people["admin"]) or "").removeprefix("/choices/")
    asked = db.session.scalars(sa.select(Reminder.about_id)).one()
    wanted = overdue.token(world.people["member"], asked)
    counted_on = evidence.token(db.session.scalars(sa.select(VoteOnBehalf.id)).one())
    world.parts = {
        "idea_id": ids(Idea),
        "comment_id": ids(Comment),
        "answer_id": ids(Answer),
        "person_id": [*world.people.values()],
        "invitation_id": ids(Invitation),
        "session_id": ids(UserSession)[:3],
        "status_id": ids(Status)[-2:],
        "tag_id": ids(Tag),
        "company_id": [1],
        "external_id": ["acct-1", "nothing"],
        "key_id": [1, 2],
        "hiding_id": ids(Hiding),
        "release_id": ids(Release),
        "view_id": ids(BacklogView),
        "snippet_id": ids(Snippet),
        "segment_id": ids(Segment),
        "import_id": ids(Import),
        "endpoint_id": ids(WebhookEndpoint),
        "webhook_id": ids(WebhookEndpoint),
        "message_id": ids(WebhookDelivery),
        "release_path": [f"/releases/{each.id}-{each.slug}" for each in db.session.scalars(sa.select(Release))],
        "solved_id": ids(Solved),
        "evidence_id": ids(Evidence),
        "delivery_id": ids(Delivery)[:6],
        "slug": list(db.session.scalars(sa.select(Board.slug).order_by(Board.id))),
        "token": ["nothing", reset, link, stop, choose, helped, wanted, counted_on, world.feeds["member"]],
        "name": list(db.session.scalars(sa.select(Picture.name))),
        "status": ["planned", "nothing"],
        "feed_id": ids(PrivateFeed),
        "part": ["figures", "nothing"],
        "card": ["votes", "nothing"],
        "figure": ["ideas", "votes", "people", "answers", "owed", "heard", "nothing"],
        "subject": ["idea:1", "nothing"],
        "news": ["planned", "credited", "hidden", "nothing"],
        "code": ["not_found", "nothing"],
        "filename": ["css/base.css"],
    }
