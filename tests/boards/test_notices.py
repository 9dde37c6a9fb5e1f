"""Who is owed word of what: the table of product.md, line by line, each person by their strongest path."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import answering, commenting, following, moderating, notices, posting, queries, schemas, voting
from ideas.boards.models import Answer, BoardRole, Comment, Membership
from ideas.boards.models_moderating import Hiding
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import fanout, judging
from ideas.ledger.models import Channel, Delivery
from ideas.outbox import AUDIENCE_COLUMNS, OutboxEntry
from tests.factories import (
    BoardFactory,
    BoardFollowFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

WHY = "We will build this in spring, because so many of you asked for it."
MOVES = {
    "moved": {"status": "considering", "reason": "under_review"},
    "planned": {"status": "planned", "reason": "committed"},
    "shipped": {"status": "shipped", "reason": "shipped"},
    "declined": {"status": "declined", "reason": "not_us"},
}


def told():
    """Name → (path, news, default) of all who are owed word of the latest event."""
    return {name: row[:3] for name, row in owed().items()}


def parts():
    """Name → (kind, id) of the contribution that their message names."""
    return {name: row[3:] for name, row in owed().items()}


def owed():
    entry = db.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc())).first()
    people = judging.strongest(notices.NOTICES[entry.kind].audience(entry.about_id), but=entry.actor_id)
    rows = db.session.execute(sa.select(User.name, people).join(people, people.c.user_id == User.id)).all()
    assert len(rows) == len({row.name for row in rows})
    return {row.name: (row.path, row.news, row.by_default, row.contribution_kind, row.contribution_id) for row in rows}


def say(author, scene, body="I would use it daily.", **more):
    with unit_of_work():
        return commenting.add(author, queries.get_idea(author, scene.id), body=body, **more).id


def answer(scene, *, status="planned", reason="committed", **more):
    words = schemas.NewAnswer().load({"status": status, "reason": reason, "text": WHY, **more})
    with unit_of_work():
        return answering.answer(scene.mia, queries.get_idea(scene.mia, scene.id), words).id


def correct(scene, answer_id, **more):
    words = schemas.AnswerWords().load({"reason": "committed", "text": WHY, **more})
    with unit_of_work():
        answering.correct(scene.mia, queries.get_answer(scene.mia, answer_id), words)


def announced(answer_id):
    """As if the worker had told people."""
    entry_id = db.session.get_one(Answer, answer_id).entry_id
    db.session.get_one(OutboxEntry, entry_id).fanned_out_at = utcnow()
    db.session.commit()


@pytest.fixture
def scene():
    """An idea with one person for each way to be connected with it; Mia of the team acts."""
    board = BoardFactory(slug="garden")
    mia = team_member(board, name="Mia")
    idea = IdeaFactory(board=board, author=UserFactory(name="author"))
    kim = UserFactory(name="commenter")
    comment = CommentFactory(idea=idea, author=kim)
    CommentFactory(idea=idea, author=kim)
    vote = VoteFactory(idea=idea, user=UserFactory(name="voter"))
    IdeaFollowFactory(idea=idea, user=UserFactory(name="follower"))
    BoardFollowFactory(board=board, user=UserFactory(name="board follower"))
    team_member(board, name="team")
    UserFactory(name="admin", admin=True)
    # nobody of these has a part in it
    UserFactory(name="stranger")
    VoteFactory(user=UserFactory(name="voter elsewhere"))
    MembershipFactory(board=board, user=UserFactory(name="member"), role=BoardRole.MEMBER)
    return SimpleNamespace(board=board, mia=mia, id=idea.id, idea=idea, comment_id=comment.id, vote_id=vote.id)


# --- Answers ---


@pytest.mark.parametrize(
    ("news", "commenters", "voters"),
    [
        ("moved", "daily", "daily"),
        ("planned", "daily", "instant"),
        ("shipped", "instant", "instant"),
        ("declined", "instant", "instant"),
    ],
)
def test_an_answer_is_told_to_everybody_who_had_a_part(scene, news, commenters, voters):
    answer(scene, **MOVES[news])

    assert told() == {
        "author": ("author", news, "instant"),
        "commenter": ("commenter", news, commenters),
        "voter": ("voter", news, voters),
        "follower": ("follower", news, "instant"),
    }


def test_each_hears_of_their_own_contribution(scene):
    answer(scene)

    assert parts() == {
        "author": ("idea", scene.id),
        "commenter": ("comment", scene.comment_id),
        "voter": ("vote", scene.vote_id),
        "follower": (None, None),
    }


def test_whoever_is_credited_hears_of_that_first_of_all(scene):
    answer(
        scene,
        credits=[
            {"kind": "author", "how": "Your sketch is on our wall."},
            {"kind": "comment", "id": scene.comment_id, "how": "Your rota became the plan."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ],
    )

    assert told() == {
        "author": ("credited", "credited", "instant"),
        "commenter": ("credited", "credited", "instant"),
        "voter": ("credited", "credited", "instant"),
        "follower": ("follower", "planned", "instant"),
    }
    assert parts()["author"] == ("idea", scene.id)
    assert parts()["commenter"] == ("comment", scene.comment_id)
    assert parts()["voter"] == ("vote", scene.vote_id)


def test_votes_alone_credited_leave_the_others_as_they_are(scene):
    answer(scene, credits=[{"kind": "votes", "how": "So many votes moved it up."}])

    assert {name: row[0] for name, row in told().items()} == {
        "author": "author",
        "commenter": "commenter",
        "voter": "credited",
        "follower": "follower",
    }


@pytest.mark.parametrize(
    ("weaker", "strongest"),
    [
        (("follow",), "follower"),
        (("follow", "vote"), "voter"),
        (("follow", "vote", "comment"), "commenter"),
    ],
)
def test_one_person_hears_once_by_the_strongest_path(scene, weaker, strongest):
    person = UserFactory(name="person")
    with unit_of_work():
        idea = queries.get_idea(person, scene.id).idea
        if "follow" in weaker:
            following.follow_idea(person, idea)
        if "vote" in weaker:
            voting.cast(person, idea)
    if "comment" in weaker:
        say(person, scene)

    answer(scene)

    assert told()["person"][0] == strongest


def test_an_author_who_did_everything_hears_as_the_author(scene):
    author = db.session.get_one(User, scene.idea.author_id)
    with unit_of_work():
        voting.cast(author, queries.get_idea(author, scene.id).idea)
        following.follow_idea(author, scene.idea)
    say(author, scene)

    answer(scene)

    assert told()["author"][0] == "author"


def test_nobody_hears_of_their_own_act(scene):
    with unit_of_work():
        voting.cast(scene.mia, queries.get_idea(scene.mia, scene.id).idea)
        following.follow_idea(scene.mia, scene.idea)
    own = say(scene.mia, scene)

    answer(scene, credits=[{"kind": "comment", "id": own, "how": "My own words, of all things."}])

    assert "Mia" not in told()


@pytest.mark.parametrize("gone", [{"deleted_at": utcnow()}, {"hidden_at": utcnow()}, {"is_internal": True}])
def test_a_comment_that_others_cannot_read_is_no_part_in_it(scene, gone):
    db.session.execute(sa.update(Comment).values(**gone))
    db.session.commit()

    answer(scene)

    assert "commenter" not in told()


def test_whoever_commented_twice_hears_of_the_first_that_stands(scene):
    commenter = db.session.scalars(sa.select(User).where(User.name == "commenter")).one()
    with unit_of_work():
        commenting.delete(commenter, queries.get_comment(commenter, scene.comment_id))

    answer(scene)

    assert parts()["commenter"] == ("comment", scene.comment_id + 1)


def test_a_vote_taken_back_is_no_part_in_it(scene):
    voter = db.session.scalars(sa.select(User).where(User.name == "voter")).one()
    with unit_of_work():
        voting.retract(voter, queries.get_idea(voter, scene.id).idea)

    answer(scene)

    assert "voter" not in told()


# --- Corrections ---


def test_a_moved_date_is_told_to_everybody_again(scene):
    given = answer(scene)
    announced(given)

    correct(scene, given, date="2031-05-01")

    assert {name: row[:2] for name, row in told().items()} == {
        "author": ("author", "planned"),
        "commenter": ("commenter", "planned"),
        "voter": ("voter", "planned"),
        "follower": ("follower", "planned"),
    }


def test_a_new_credit_is_told_to_that_person_alone(scene):
    given = answer(scene, credits=[{"kind": "author", "how": "Your sketch is on our wall."}])
    announced(given)

    correct(
        scene,
        given,
        credits=[
            {"kind": "author", "how": "Your sketch hangs on our wall."},
            {"kind": "comment", "id": scene.comment_id, "how": "Your rota became the plan."},
        ],
    )

    assert told() == {"commenter": ("credited", "credited", "instant")}


def test_a_moved_date_and_a_new_credit_are_one_message_each(scene):
    given = answer(scene)
    announced(given)

    correct(scene, given, date="2031-05-01", credits=[{"kind": "votes", "how": "So many votes moved it up."}])

    assert {name: row[0] for name, row in told().items()} == {
        "author": "author",
        "commenter": "commenter",
        "voter": "credited",
        "follower": "follower",
    }


# --- Comments ---


def test_a_comment_is_told_to_followers_and_the_owner(scene):
    owner = team_member(scene.board, name="owner")
    with unit_of_work():
        posting.assign(scene.mia, queries.get_idea(scene.mia, scene.id), owner)

    say(UserFactory(name="speaker"), scene)

    assert told() == {
        "follower": ("follower", "new_comment", "instant"),
        "owner": ("owner", "new_comment", "daily"),
    }


def test_an_author_hears_of_comments_if_they_follow(scene):
    author = db.session.get_one(User, scene.idea.author_id)
    IdeaFollowFactory(idea=scene.idea, user=author)

    say(UserFactory(name="speaker"), scene)

    assert told()["author"] == ("follower", "new_comment", "instant")


def test_a_reply_is_told_to_whoever_is_replied_to(scene):
    say(UserFactory(name="speaker"), scene, parent_id=scene.comment_id)

    assert told() == {
        "commenter": ("replied_to", "reply", "instant"),
        "follower": ("follower", "new_comment", "instant"),
    }
    assert parts()["commenter"] == ("comment", scene.comment_id)


def test_a_reply_to_a_reply_is_told_to_both(scene):
    reply = say(UserFactory(name="first to reply"), scene, parent_id=scene.comment_id)

    say(UserFactory(name="speaker"), scene, parent_id=reply)

    assert {name for name, row in told().items() if row[1] in ("reply", "mention")} == {"commenter", "first to reply"}


def test_a_mention_is_told_to_whoever_is_named(scene):
    say(UserFactory(name="speaker"), scene, "@commenter and @author, what do you think?")

    assert told() == {
        "commenter": ("mentioned", "mention", "instant"),
        "author": ("mentioned", "mention", "instant"),
        "follower": ("follower", "new_comment", "instant"),
    }


def test_a_reply_that_names_its_reader_is_a_reply(scene):
    say(UserFactory(name="speaker"), scene, "@commenter, why?", parent_id=scene.comment_id)

    assert told()["commenter"] == ("replied_to", "reply", "instant")


def test_an_official_word_is_told_to_everybody_who_had_a_part(scene):
    say(scene.mia, scene, official=True)

    assert told() == {
        "author": ("author", "official_comment", "instant"),
        "commenter": ("commenter", "official_comment", "instant"),
        "voter": ("voter", "official_comment", "daily"),
        "follower": ("follower", "official_comment", "instant"),
    }


def test_an_official_reply_reaches_whoever_is_replied_to_as_a_reply(scene):
    say(scene.mia, scene, official=True, parent_id=scene.comment_id)

    assert told()["commenter"] == ("replied_to", "reply", "instant")
    assert told()["voter"] == ("voter", "official_comment", "daily")


def test_a_note_is_told_to_the_team_alone(scene):
    for name in ("team", "admin"):
        IdeaFollowFactory(idea=scene.idea, user=db.session.scalars(sa.select(User).where(User.name == name)).one())
    owner = team_member(scene.board, name="owner")
    gone = team_member(scene.board, name="gone")
    with unit_of_work():
        posting.assign(scene.mia, queries.get_idea(scene.mia, scene.id), owner)
    IdeaFollowFactory(idea=scene.idea, user=gone)
    db.session.execute(sa.delete(Membership).where(Membership.user_id == gone.id))
    db.session.commit()

    say(scene.mia, scene, "@commenter, ask @author first.", internal=True, parent_id=scene.comment_id)

    assert told() == {
        "team": ("follower", "new_comment", "instant"),
        "admin": ("follower", "new_comment", "instant"),
        "owner": ("owner", "new_comment", "daily"),
    }


@pytest.mark.parametrize("gone", [{"deleted_at": utcnow()}, {"hidden_at": utcnow()}])
@pytest.mark.parametrize("voice", [{}, {"official": True}])
def test_nobody_is_told_of_a_comment_that_is_gone_by_then(scene, gone, voice):
    said = say(scene.mia, scene, parent_id=scene.comment_id, **voice)
    assert told()

    db.session.execute(sa.update(Comment).where(Comment.id == said).values(**gone))
    db.session.commit()

    assert told() == {}


# --- New ideas, and what is hidden ---


def test_a_new_idea_is_told_to_its_author_the_board_s_followers_and_its_team(scene):
    newcomer = UserFactory(name="newcomer")
    team_member(BoardFactory(), name="team elsewhere")
    with unit_of_work():
        idea = posting.submit(newcomer, queries.get_board(newcomer, "garden"), title="A pond", body="")
        idea_id = idea.id

    assert told() == {
        "newcomer": ("author", "received", "instant"),
        "board follower": ("follower", "new_idea", "instant"),
        "Mia": ("team", "new_idea", "daily"),
        "team": ("team", "new_idea", "daily"),
        "admin": ("team", "new_idea", "daily"),
    }
    assert parts()["newcomer"] == ("idea", idea_id)


def test_a_follower_of_the_team_who_posts_hears_as_the_author(scene):
    BoardFollowFactory(board=scene.board, user=scene.mia)
    with unit_of_work():
        posting.submit(scene.mia, queries.get_board(scene.mia, "garden"), title="A pond", body="")

    assert told()["Mia"] == ("author", "received", "instant")
    assert told()["team"] == ("team", "new_idea", "daily")


def test_what_is_hidden_is_told_to_whoever_wrote_it(scene):
    with unit_of_work():
        row = queries.get_comment(scene.mia, scene.comment_id)
        moderating.hide_comment(scene.mia, row, reason="It names a neighbour.")
    assert (told(), parts()) == (
        {"commenter": ("author", "hidden", "instant")},
        {"commenter": ("comment", scene.comment_id)},
    )

    with unit_of_work():
        moderating.hide_idea(scene.mia, queries.get_idea(scene.mia, scene.id), reason="It is an advertisement.")
    assert (told(), parts()) == ({"author": ("author", "hidden", "instant")}, {"author": ("idea", scene.id)})


def test_what_became_of_an_appeal_is_told_to_whoever_appealed(scene):
    commenter = queries.get_comment(scene.mia, scene.comment_id).comment.author
    with unit_of_work():
        moderating.hide_comment(scene.mia, queries.get_comment(scene.mia, scene.comment_id), reason="Too harsh a word.")
    hiding = db.session.scalars(sa.select(Hiding)).one()
    with unit_of_work():
        moderating.appeal(commenter, queries.get_hiding(commenter, hiding.id), words="It quotes a song.")

    with unit_of_work():
        moderating.uphold(scene.mia, queries.get_hiding(scene.mia, hiding.id), reply="It is still too harsh.")

    assert (told(), parts()) == (
        {"commenter": ("author", "appeal", "instant")},
        {"commenter": ("comment", scene.comment_id)},
    )


def test_a_moderator_is_not_told_of_hiding_their_own(scene):
    own = say(scene.mia, scene)
    with unit_of_work():
        moderating.hide_comment(scene.mia, queries.get_comment(scene.mia, own), reason="I was too quick.")

    assert told() == {}


# --- What every notice keeps ---


def test_every_event_has_its_notice_and_every_news_its_name(scene):
    assert set(notices.NOTICES) == {"idea_received", "commented", "answered", "answer_corrected", "hidden"} | {
        "merged",
        "unmerged",
        "appeal_answered",
    }
    assert [kind.name for kind in notices.NEWS] == [
        *("received", "credited", "shipped", "planned", "declined", "moved"),
        *("official_comment", "merged", "solved", "follow_up", "not_solved"),
        *("still_wanted", "on_behalf", "silent", "overdue", "date_near", "appealed"),
        *("reply", "mention", "new_comment", "new_idea", "release", "hidden", "appeal"),
    ]


def test_every_audience_has_the_columns_that_the_ledger_reads(scene):
    answer(scene, date="2031-05-01", credits=[{"kind": "votes", "how": "So many votes moved it up."}])
    with unit_of_work():
        moderating.hide_idea(scene.mia, queries.get_idea(scene.mia, scene.id), reason="It is an advertisement.")

    for entry in db.session.scalars(sa.select(OutboxEntry)).all():
        audience = notices.NOTICES[entry.kind].audience(entry.about_id)
        assert tuple(audience.selected_columns.keys()) == AUDIENCE_COLUMNS


# --- Announced by the ledger ---


def announce():
    """Name → (channel, reason why not) after the ledger announced all there is."""
    found = True
    while found:
        with unit_of_work():
            found = fanout.fan_out_next(notices.NOTICES)
    rows = db.session.execute(
        sa.select(User.name, Delivery.reason)
        .join(User, User.id == Delivery.user_id)
        .where(Delivery.channel == Channel.INBOX)
    )
    return {row.name: row.reason for row in rows}


def test_of_a_private_board_those_hear_who_still_belong_to_it():
    board = BoardFactory(private=True)
    mia = team_member(board, name="Mia")
    idea = IdeaFactory(board=board, author=UserFactory(name="left the board"))
    for name in ("still there", "left too"):
        person = UserFactory(name=name)
        VoteFactory(idea=idea, user=person)
        if name == "still there":
            MembershipFactory(board=board, user=person)

    answer(SimpleNamespace(mia=mia, id=idea.id))

    assert announce() == {"still there": None, "left too": "not_visible", "left the board": "not_visible"}


def test_of_a_hidden_idea_its_author_alone_hears(scene):
    answer(scene)
    with unit_of_work():
        moderating.hide_idea(scene.mia, queries.get_idea(scene.mia, scene.id), reason="It is an advertisement.")

    assert announce() == {
        "author": None,
        "commenter": "not_visible",
        "voter": "not_visible",
        "follower": "not_visible",
    }


def test_a_suspended_person_is_not_told(scene):
    db.session.execute(sa.update(User).where(User.name == "voter").values(suspended_at=utcnow()))
    db.session.commit()

    answer(scene)

    assert announce()["voter"] == "suspended"
