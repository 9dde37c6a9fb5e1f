"""Administrators keep boards in the browser; invited people join."""

import re

import pytest

from ideas.boards.models import Board, BoardRole, Invitation, Membership, Status, Tag
from ideas.db import db
from tests.accounts.arranging import PASSWORD, a_person, letters_to, sign_in
from tests.boards.arranging import count
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, TagFactory, UserFactory, team_member

BOARD = {"name": "Garden", "slug": "garden", "visibility": "public", "promise": "Mia reads.", "answer_within_days": "9"}


@pytest.fixture
def ada(app):
    """A browser of an administrator."""
    return browser_of(app, UserFactory(name="Ada", admin=True))


def statuses(board):
    return [status.name for status in db.session.query(Status).filter_by(board_id=board.id).order_by(Status.position)]


@pytest.mark.parametrize("path", ["/manage/boards", "/manage/boards/new", "/manage/boards/garden"])
def test_administration_is_not_there_for_others(app, path):
    board = BoardFactory(slug="garden")

    assert browser_of(app, team_member(board)).get(path).status_code == 404
    assert browser_of(app, None).get(path).location.startswith("/sign-in")


def test_a_board_is_made_with_statuses_to_begin_with(ada):
    answer = ada.post("/manage/boards/new", data=BOARD)

    assert answer.location == "/manage/boards/garden"
    assert in_order(ada.get("/boards/garden").text, "Garden", "Mia reads. We answer within 9 days.")
    assert ada.post("/boards/garden/new", data={"title": "Bees"}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"slug": "Not a slug"}, "Small letters, digits and “-” only"),
        ({"answer_within_days": "soon"}, "Not a valid integer."),
        ({"answer_within_days": "999"}, "365"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(ada, wrong, said):
    answer = ada.post("/manage/boards/new", data=BOARD | wrong)

    assert answer.status_code == 422
    assert said in answer.text
    assert count(Board) == 0


def test_an_address_that_is_taken_is_said_and_the_rest_kept(ada):
    BoardFactory(slug="garden")

    answer = ada.post("/manage/boards/new", data=BOARD | {"name": "Another garden"})

    assert answer.status_code == 422
    assert "Another board already has the address “garden”." in answer.text
    assert 'value="Another garden"' in answer.text


def test_a_board_is_edited_and_may_promise_no_time(ada):
    BoardFactory(slug="garden")

    answer = ada.post("/manage/boards/garden", data=BOARD | {"slug": "yard", "answer_within_days": ""})

    assert answer.location == "/manage/boards/yard"
    assert "We answer within" not in ada.get("/boards/yard").text


def test_statuses_are_added_renamed_moved_and_removed(ada):
    board = BoardFactory(slug="garden")
    last = db.session.query(Status).filter_by(board_id=board.id, stage="declined").one().id
    base = "/manage/boards/garden/statuses"

    ada.post(base, data={"new-status-name": "On the bench", "new-status-stage": "considering"})
    ada.post(f"{base}/{last}", data={f"status-{last}-name": "Not for us", f"status-{last}-stage": "declined"})
    added = db.session.query(Status).filter_by(name="On the bench").one().id
    ada.post(f"{base}/{added}/up")

    assert statuses(board)[-2:] == ["On the bench", "Not for us"]

    ada.post(f"{base}/{added}/remove")
    assert "On the bench" not in statuses(board)


def test_a_status_that_is_in_use_stays_and_the_page_says_why(ada):
    board = BoardFactory(slug="garden")
    idea = IdeaFactory(board=board, stage="planned")

    page = ada.post(f"/manage/boards/garden/statuses/{idea.status_id}/remove", follow_redirects=True).text

    assert "Ideas or answers stand on “Planned”." in page
    assert "Planned" in statuses(board)


def test_a_name_that_is_taken_is_said_beside_it(ada):
    BoardFactory(slug="garden")

    answer = ada.post(
        "/manage/boards/garden/statuses", data={"new-status-name": "planned", "new-status-stage": "planned"}
    )

    assert answer.status_code == 422
    assert "The board already has “planned”." in answer.text
    assert 'href="#new-status-name"' in answer.text


def test_tags_are_added_renamed_and_removed(ada):
    board = BoardFactory(slug="garden")
    tag = TagFactory(board=board, name="Seed")
    base = "/manage/boards/garden/tags"

    ada.post(base, data={"new-tag-name": "Tools"})
    ada.post(f"{base}/{tag.id}", data={f"tag-{tag.id}-name": "Seeds"})
    assert sorted(each.name for each in db.session.query(Tag)) == ["Seeds", "Tools"]

    ada.post(f"{base}/{tag.id}/remove")
    assert [each.name for each in db.session.query(Tag)] == ["Tools"]


def test_a_person_joins_the_team_and_leaves_it(app, ada):
    board = BoardFactory(slug="garden")
    jon = UserFactory(name="Jon", email="jon@example.test")
    base = "/manage/boards/garden/people"

    ada.post(base, data={"new-person-email": "Jon@Example.test", "new-person-role": "team"})
    assert browser_of(app, jon).get("/boards/garden/needs-an-answer").status_code == 200
    assert "Jon" in seen(ada.get("/manage/boards/garden").text)

    ada.post(f"{base}/{jon.id}/remove")
    assert browser_of(app, jon).get("/boards/garden/needs-an-answer").status_code == 403
    assert count(Membership, Membership.board_id == board.id) == 0


def test_somebody_without_an_account_is_to_be_invited(ada):
    BoardFactory(slug="garden")

    answer = ada.post(
        "/manage/boards/garden/people", data={"new-person-email": "no@example.test", "new-person-role": "member"}
    )

    assert answer.status_code == 422
    assert "Nobody has an account with this address. Invite them instead." in answer.text


# --- Invitations ---


def invitation_link(email):
    """The path of the link in the letter that was sent there."""
    text = letters_to(email)[-1].text
    found = re.search(r"http://localhost(/invitations/\S+)", text)
    assert found, text
    return found[1]


@pytest.fixture
def link(ada):
    """The link of an invitation of Mia to a private board."""
    BoardFactory(slug="keys", name="Key holders", private=True)
    ada.post("/manage/boards/keys/invitations", data={"new-invitation-email": "mia@example.test"})
    return invitation_link("mia@example.test")


def test_reading_an_invitation_uses_nothing_up_and_its_button_joins(app, link):
    mia = UserFactory(email="mia@example.test")
    mias = browser_of(app, mia)

    assert "You are invited to “Key holders”" in mias.get(link).text
    assert mias.get("/boards/keys").status_code == 404
    answer = mias.post(link)

    assert answer.location == "/boards/keys"
    assert mias.get("/boards/keys").status_code == 200
    assert db.session.query(Membership).one().role == BoardRole.MEMBER


def test_an_invitation_works_once(app, link):
    browser_of(app, UserFactory()).post(link)

    again = browser_of(app, UserFactory()).post(link)

    assert again.status_code == 404
    assert "This invitation was used or withdrawn" in again.text


def test_an_invited_visitor_joins_once_signed_in(client, link):
    a_person(password=PASSWORD)

    client.post(link)
    answer = sign_in(client)

    assert answer.location == "/boards/keys"
    assert client.get("/boards/keys").status_code == 200


def test_somebody_without_an_account_is_invited_to_the_team_and_answers_there(app, ada):
    BoardFactory(slug="keys", name="Key holders")
    ada.post(
        "/manage/boards/keys/invitations",
        data={"new-invitation-email": "mia@example.test", "new-invitation-role": "team"},
    )
    link = invitation_link("mia@example.test")
    assert in_order(ada.get("/manage/boards/keys").text, "mia@example.test", "Team", "Withdraw")
    mia, ole = (browser_of(app, UserFactory(email=f"{name}@example.test")) for name in ("mia", "ole"))

    assert "You are invited to the team of “Key holders”" in ole.get(link).text
    assert ole.post(link).status_code == 403
    assert mia.post(link).location == "/boards/keys"

    assert db.session.query(Membership).one().role == BoardRole.TEAM
    assert mia.get("/boards/keys/moderation").status_code == 200


def test_a_withdrawn_invitation_no_longer_works(app, ada, link):
    invitation = db.session.query(Invitation).one()

    ada.post(f"/manage/boards/keys/invitations/{invitation.id}/withdraw")

    assert browser_of(app, UserFactory()).get(link).status_code == 404


def test_what_is_no_address_is_refused(ada):
    BoardFactory(slug="keys")

    answer = ada.post("/manage/boards/keys/invitations", data={"new-invitation-email": "nobody"})

    assert answer.status_code == 422
    assert "This is not an e-mail address we can write to." in answer.text


def test_a_member_sees_a_private_board_and_no_administration(app):
    board = BoardFactory(slug="keys", private=True)
    mia = UserFactory()
    MembershipFactory(board=board, user=mia)
    mias = browser_of(app, mia)

    assert mias.get("/boards/keys").status_code == 200
    assert mias.get("/manage/boards/keys").status_code == 404
