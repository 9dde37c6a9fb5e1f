"""Administrators keep boards: what they are called, their statuses and tags, who belongs to them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts import people
from ideas.accounts.models import AuditEntry, Letter, SiteRole
from ideas.boards import boardkeeping, posting, queries, ranking
from ideas.boards.errors import InUse, SlugTaken, Suspended
from ideas.boards.models import Board, BoardRole, Idea, IdeaRank, IdeaTag, Membership, Stage, Status, Tag
from ideas.boards.schemas import BoardWords
from ideas.db import at, db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from tests.factories import (
    BoardFactory,
    IdeaFactory,
    MembershipFactory,
    TagFactory,
    UserFactory,
    charlie,
    status_of,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")


def words(**given):
    return BoardWords().load({"slug": "garden", "name": "Garden", **given})


def keep(act, *arguments, **named):
    with unit_of_work():
        return act(*arguments, **named)


def audited(act):
    return db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == act)).all()


def statuses(board):
    return [status.name for status in queries.statuses_of(board)]


# --- Boards ---


def test_a_new_board_has_a_status_for_every_stage():
    board = keep(boardkeeping.make, UserFactory(admin=True), words())

    assert {status.stage for status in queries.statuses_of(board)} == set(Stage)
    assert posting.first_status(board).name == "Open"
    assert [entry.subject for entry in audited("board.made")] == [f"board:{board.id}"]


def test_the_command_line_may_make_a_board():
    keep(boardkeeping.make, None, words())

    assert audited("board.made")[0].actor_id is None


def test_charlie_makes_no_board():
    with pytest.raises(NotAllowed):
        keep(boardkeeping.make, charlie(), words())

    assert db.session.scalar(sa.select(Board)) is None


def test_two_boards_cannot_have_one_address():
    keep(boardkeeping.make, None, words())

    with pytest.raises(SlugTaken, match="garden") as refused:
        keep(boardkeeping.make, None, words(name="Another garden"))

    assert refused.value.field == "slug"
    assert db.session.scalars(sa.select(Board.name)).all() == ["Garden"]


def test_what_is_edited_changes_and_the_rest_stays():
    board = keep(boardkeeping.make, None, words(about="Beds and paths."))

    keep(boardkeeping.edit, None, board, {"name": "Gardens", "visibility": "private"})

    assert (board.name, board.about, board.is_private) == ("Gardens", "Beds and paths.", True)
    assert audited("board.edited")[0].details["before"] == {"name": "Garden", "visibility": "public"}


def test_an_edit_cannot_take_the_address_of_another_board():
    keep(boardkeeping.make, None, words())
    other = keep(boardkeeping.make, None, words(slug="kitchen"))

    with pytest.raises(SlugTaken):
        keep(boardkeeping.edit, None, other, {"slug": "garden"})

    assert sorted(db.session.scalars(sa.select(Board.slug))) == ["garden", "kitchen"]


# --- Statuses ---


def test_a_status_is_added_after_the_others():
    board = BoardFactory()

    keep(boardkeeping.add_status, None, board, name="Needs a sponsor", stage=Stage.CONSIDERING)

    assert statuses(board)[-1] == "Needs a sponsor"
    assert queries.statuses_of(board)[-1].slug == "needs-a-sponsor"


def test_a_status_in_any_script_has_an_address_that_every_keyboard_types():
    board = BoardFactory()

    first = keep(boardkeeping.add_status, None, board, name="计划中", stage=Stage.PLANNED)
    second = keep(boardkeeping.add_status, None, board, name="später geplant", stage=Stage.PLANNED)

    assert (first.slug, second.slug) == ("planned-2", "spater-geplant")


def test_two_statuses_cannot_have_one_name():
    board = BoardFactory()

    with pytest.raises(SlugTaken) as refused:
        keep(boardkeeping.add_status, None, board, name="PLANNED", stage=Stage.PLANNED)

    assert refused.value.field == "name"


def test_a_status_keeps_its_address_when_it_is_renamed():
    board = BoardFactory()
    planned = status_of(board, Stage.PLANNED)

    keep(boardkeeping.change_status, None, board, planned.id, name="On the list", stage=Stage.PLANNED)

    assert (planned.name, planned.slug) == ("On the list", "planned")


def test_ideas_follow_their_status_to_another_stage():
    board = BoardFactory()
    idea, other = IdeaFactory(board=board, stage=Stage.CONSIDERING), IdeaFactory(board=board)
    status = status_of(board, Stage.CONSIDERING)

    keep(boardkeeping.change_status, None, board, status.id, name=status.name, stage=Stage.PLANNED)

    places = dict(db.session.execute(sa.select(IdeaRank.idea_id, IdeaRank.stage)).all())
    assert places == {idea.id: "planned", other.id: "open"}
    with unit_of_work():
        assert ranking.recount(board.id).differed == 0


def test_a_board_keeps_a_status_in_which_ideas_begin():
    board = BoardFactory()
    first = status_of(board, Stage.OPEN)

    with pytest.raises(InUse):
        keep(boardkeeping.change_status, None, board, first.id, name="Closed", stage=Stage.DECLINED)
    with pytest.raises(InUse):
        keep(boardkeeping.remove_status, None, board, first.id)

    assert posting.first_status(board).id == first.id


def test_a_status_that_ideas_have_stays():
    board = BoardFactory()
    IdeaFactory(board=board, stage=Stage.PLANNED)

    with pytest.raises(InUse, match="Planned"):
        keep(boardkeeping.remove_status, None, board, status_of(board, Stage.PLANNED).id)

    assert "Planned" in statuses(board)


def test_a_status_without_ideas_goes():
    board = BoardFactory()

    keep(boardkeeping.remove_status, None, board, status_of(board, Stage.STARTED).id)

    assert "Started" not in statuses(board)
    assert audited("status.removed")


def test_statuses_come_in_the_order_given():
    board = BoardFactory()
    shipped, planned = status_of(board, Stage.SHIPPED), status_of(board, Stage.PLANNED)

    keep(boardkeeping.order_statuses, None, board, [shipped.id, planned.id])

    assert statuses(board) == ["Shipped", "Planned", "Open", "Considering", "Started", "Declined"]


def test_the_status_of_another_board_is_out_of_reach():
    board, other = BoardFactory(), BoardFactory()

    with pytest.raises(NotFound):
        keep(boardkeeping.remove_status, None, board, status_of(other, Stage.STARTED).id)

    assert len(statuses(other)) == 6


# --- Tags ---


def test_a_tag_is_added_renamed_and_removed_with_all_its_uses():
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    tag = keep(boardkeeping.add_tag, None, board, name="Seeds")
    db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))

    db.session.commit()
    keep(boardkeeping.rename_tag, None, board, tag.id, name="Seeds and bulbs")
    assert [(each.name, each.slug) for each in queries.tags_of(board)] == [("Seeds and bulbs", "seeds")]
    keep(boardkeeping.remove_tag, None, board, tag.id)

    assert queries.tags_of(board) == []
    assert db.session.scalar(sa.select(IdeaTag)) is None
    assert [len(audited(act)) for act in ("tag.added", "tag.renamed", "tag.removed")] == [1, 1, 1]


def test_two_tags_cannot_have_one_name():
    board = BoardFactory()
    TagFactory(board=board, name="Seeds")
    other = TagFactory(board=board, name="Tools")

    with pytest.raises(SlugTaken):
        keep(boardkeeping.add_tag, None, board, name="seeds")
    with pytest.raises(SlugTaken):
        keep(boardkeeping.rename_tag, None, board, other.id, name="Seeds")

    assert [tag.name for tag in queries.tags_of(board)] == ["Seeds", "Tools"]


# --- People ---


def test_somebody_becomes_one_of_the_team():
    board, person = BoardFactory(), UserFactory()

    keep(boardkeeping.add_person, UserFactory(admin=True), board, person, role=BoardRole.TEAM)

    assert queries.get_board(person, board.slug).standing.is_team
    assert audited("person.added")


def test_a_second_role_replaces_the_first():
    board = BoardFactory()
    person = team_member(board)
    idea = IdeaFactory(board=board, owner_id=person.id)

    keep(boardkeeping.add_person, None, board, person, role=BoardRole.MEMBER)

    assert not queries.get_board(person, board.slug).standing.is_team
    assert db.session.get_one(Idea, idea.id, populate_existing=True).owner_id is None


def test_who_leaves_the_team_owes_nobody_a_word():
    board = BoardFactory(private=True)
    person = team_member(board)
    idea = IdeaFactory(board=board, owner_id=person.id)

    keep(boardkeeping.remove_person, None, board, person.id)

    assert db.session.get_one(Idea, idea.id, populate_existing=True).owner_id is None
    with pytest.raises(NotFound):
        queries.get_board(person, board.slug)


def test_nobody_is_removed_who_does_not_belong():
    with pytest.raises(NotFound):
        keep(boardkeeping.remove_person, None, BoardFactory(), charlie().id)


def test_the_team_stands_first_among_those_who_belong():
    board = BoardFactory()
    MembershipFactory(board=board, user=UserFactory(name="Ada"))
    team_member(board, name="Zoe")

    assert [person.name for person, _membership in boardkeeping.people_of(board)] == ["Zoe", "Ada"]


# --- Invitations ---


def invited(board, email="mia@example.test", *, by=None, role=BoardRole.MEMBER):
    """Invite somebody; the token that the letter carries."""
    keep(boardkeeping.invite, by or UserFactory(admin=True), board, email=email, role=role)
    text = db.session.scalars(sa.select(Letter.text).order_by(Letter.id.desc())).first()
    return re.search(r"/invitations/([\w-]+)", text)[1]


def role_of(person, board):
    return db.session.scalar(
        sa.select(Membership.role).where(Membership.user_id == person.id, Membership.board_id == board.id)
    )


def test_an_invitation_opens_a_private_board():
    board, mia = BoardFactory(private=True, name="Council"), UserFactory()
    token = invited(board)

    assert boardkeeping.invited_to(token).name == "Council"
    keep(boardkeeping.accept, mia, token)

    assert queries.get_board(mia, board.slug).board.id == board.id
    assert [len(audited(act)) for act in ("invitation.sent", "invitation.accepted")] == [1, 1]


def test_the_letter_goes_to_who_is_invited_and_the_token_is_not_kept():
    board = BoardFactory(private=True, name="Council")

    token = invited(board, "Mia@Example.test")

    letter = db.session.scalars(sa.select(Letter)).one()
    assert (letter.recipient, letter.subject) == ("mia@example.test", "You are invited to “Council”")
    assert token not in {invitation.token_hash for invitation in boardkeeping.invitations_of(board)}


def test_an_invitation_works_once():
    board = BoardFactory(private=True)
    token = invited(board)
    keep(boardkeeping.accept, UserFactory(), token)

    with pytest.raises(NotFound):
        keep(boardkeeping.accept, charlie(), token)

    assert boardkeeping.invitations_of(board) == []


def test_an_invitation_to_the_team_is_for_whoever_has_the_address():
    board, mia = BoardFactory(), UserFactory(email="mia@example.test")
    keep(boardkeeping.add_person, UserFactory(admin=True), board, mia, role=BoardRole.MEMBER)
    token = invited(board, role=BoardRole.TEAM)

    with pytest.raises(NotAllowed):
        keep(boardkeeping.accept, charlie(), token)
    db.session.rollback()
    keep(boardkeeping.accept, mia, token)

    assert role_of(mia, board) == BoardRole.TEAM
    keep(boardkeeping.accept, mia, invited(board))
    assert role_of(mia, board) == BoardRole.TEAM  # a member's link takes nothing away
    assert [entry.details["role"] for entry in audited("invitation.accepted")] == ["team", "member"]


def test_an_invitation_to_the_team_ends_with_the_rights_of_who_sent_it():
    board, petra = BoardFactory(), UserFactory(admin=True)
    mia = UserFactory(email="mia@example.test")
    to_team, to_board = invited(board, by=petra, role=BoardRole.TEAM), invited(BoardFactory(private=True), by=petra)
    keep(people.set_role, UserFactory(admin=True), petra, SiteRole.MEMBER)

    with pytest.raises(NotFound):
        keep(boardkeeping.accept, mia, to_team)
    db.session.rollback()

    keep(boardkeeping.accept, mia, to_board)
    assert role_of(mia, board) is None


def test_looking_at_an_invitation_uses_nothing_up():
    board, mia = BoardFactory(private=True), UserFactory()
    token = invited(board)

    for _ in range(3):
        boardkeeping.invited_to(token)
    keep(boardkeeping.accept, mia, token)

    assert role_of(mia, board) == BoardRole.MEMBER


def test_an_invitation_runs_out():
    board = BoardFactory(private=True)
    token = invited(board)

    with at(utcnow() + timedelta(days=14, minutes=1)), pytest.raises(NotFound):
        keep(boardkeeping.accept, UserFactory(), token)


def test_a_withdrawn_invitation_opens_nothing():
    board = BoardFactory(private=True)
    token = invited(board)

    keep(boardkeeping.withdraw_invitation, None, board, boardkeeping.invitations_of(board)[0].id)

    with pytest.raises(NotFound):
        boardkeeping.invited_to(token)


def test_a_new_invitation_ends_the_one_before():
    board = BoardFactory(private=True)
    first = invited(board)
    second = invited(board)

    with pytest.raises(NotFound):
        boardkeeping.invited_to(first)
    assert boardkeeping.invited_to(second).id == board.id


def test_one_of_the_team_stays_of_the_team_when_they_follow_an_invitation():
    board = BoardFactory(private=True)
    person = team_member(board)

    keep(boardkeeping.accept, person, invited(board))

    assert role_of(person, board) == BoardRole.TEAM


def test_a_suspended_person_accepts_nothing():
    board = BoardFactory(private=True)
    token = invited(board)

    with pytest.raises(Suspended):
        keep(boardkeeping.accept, UserFactory(suspended=True), token)

    assert boardkeeping.invited_to(token).id == board.id


def test_what_is_no_address_is_not_invited():
    with pytest.raises(ValidationError) as refused:
        keep(boardkeeping.invite, UserFactory(admin=True), BoardFactory(), email="mia")

    assert list(refused.value.messages_dict) == ["email"]


@pytest.mark.parametrize(
    "act",
    [
        lambda who, board: boardkeeping.edit(who, board, {"name": "Mine"}),
        lambda who, board: boardkeeping.add_status(who, board, name="Mine", stage=Stage.OPEN),
        lambda who, board: boardkeeping.change_status(
            who, board, status_of(board, Stage.OPEN).id, name="Mine", stage=Stage.OPEN
        ),
        lambda who, board: boardkeeping.order_statuses(who, board, []),
        lambda who, board: boardkeeping.remove_status(who, board, status_of(board, Stage.STARTED).id),
        lambda who, board: boardkeeping.add_tag(who, board, name="Mine"),
        lambda who, board: boardkeeping.rename_tag(
            who, board, db.session.scalars(sa.select(Tag.id)).one(), name="Mine"
        ),
        lambda who, board: boardkeeping.remove_tag(who, board, db.session.scalars(sa.select(Tag.id)).one()),
        lambda who, board: boardkeeping.add_person(who, board, who, role=BoardRole.TEAM),
        lambda who, board: boardkeeping.remove_person(who, board, who.id),
        lambda who, board: boardkeeping.invite(who, board, email="charlie@example.test"),
        lambda who, board: boardkeeping.withdraw_invitation(who, board, 1),
    ],
)
@pytest.mark.parametrize("who", ["somebody", "team", "suspended administrator"])
def test_only_administrators_keep_boards(act, who):
    board = BoardFactory()
    TagFactory(board=board)
    person = {
        "somebody": charlie,
        "team": lambda: team_member(board),
        "suspended administrator": lambda: UserFactory(admin=True, suspended=True),
    }[who]()
    before = [db.session.scalars(sa.select(model.name)).all() for model in (Board, Status, Tag)]

    with pytest.raises(NotAllowed):
        keep(act, person, board)

    assert [db.session.scalars(sa.select(model.name)).all() for model in (Board, Status, Tag)] == before
    assert db.session.scalar(sa.select(AuditEntry)) is None
