"""Boards kept by programs of administrators: statuses, tags, people, invitations; and what people follow."""

import re

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, Letter
from ideas.boards.models import Idea, Stage
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, UserFactory, charlie, status_of, team_member


@pytest.fixture
def admin(ask):
    return ask(UserFactory(admin=True, name="Petra"))


def rows(answer):
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def audited():
    return set(db.session.scalars(sa.select(AuditEntry.act)))


def examples(document, name):
    """The example of an operation's body."""
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("operationId") == name:
                return operation["requestBody"]["content"]["application/json"]["example"]
    raise AssertionError(name)


def test_a_board_is_made_with_statuses_to_begin_with(admin, ask, document):
    made = admin.post("boards", examples(document, "make_board"))
    again = admin.post("boards", examples(document, "make_board"))

    assert made.status_code == 201
    assert made.headers["Location"] == "http://localhost/api/v1/boards/orchard"
    assert made.json["promise"] == {"text": "We read everything on Mondays.", "answer_within_days": 14}
    assert made.json["statuses"][0]["stage"] == "open"
    assert ask().get("boards/orchard").json == made.json
    assert (again.status_code, again.get_json(force=True)["code"]) == (409, "slug-taken")
    assert "board.made" in audited()


def test_statuses_are_added_changed_ordered_and_removed(admin, ask, document):
    board = BoardFactory(slug="garden")
    planned = status_of(board, Stage.PLANNED)
    IdeaFactory(board=board, status=planned)

    added = admin.post("boards/garden/statuses", examples(document, "add_status"))
    number = added.json["id"]
    changed = admin.patch(f"boards/garden/statuses/{number}", {"name": "In the far shed"})
    ordered = admin.put("boards/garden/statuses", {"order": [number, planned.id]})

    assert (added.status_code, added.json["slug"], added.json["stage"]) == (201, "in-the-shed", "started")
    assert changed.json == {"id": number, "slug": "in-the-shed", "name": "In the far shed", "stage": "started"}
    assert [each["id"] for each in rows(ordered)][:2] == [number, planned.id]
    assert rows(ask().get("boards/garden/statuses")) == rows(ordered)
    in_use = admin.delete(f"boards/garden/statuses/{planned.id}")
    assert (in_use.status_code, in_use.get_json(force=True)["code"]) == (409, "in-use")
    assert admin.delete(f"boards/garden/statuses/{number}").status_code == 204
    assert number not in {each["id"] for each in rows(admin.get("boards/garden/statuses"))}
    wrong = admin.put("boards/garden/statuses", {"order": [planned.id, number]})
    assert [line["pointer"] for line in wrong.get_json(force=True)["errors"]] == ["/order/1"]
    assert admin.patch(f"boards/garden/statuses/{planned.id}", {"name": " "}).status_code == 422


def test_a_status_of_another_board_is_not_there(admin):
    BoardFactory(slug="garden")
    other = status_of(BoardFactory(slug="orchard"), Stage.PLANNED)

    assert admin.patch(f"boards/garden/statuses/{other.id}", {"name": "Mine"}).status_code == 404
    assert admin.delete(f"boards/garden/statuses/{other.id}").status_code == 404


def test_tags_are_added_renamed_and_removed(admin, ask):
    BoardFactory(slug="garden")

    made = admin.post("boards/garden/tags", {"name": "Water"})
    renamed = admin.patch(f"boards/garden/tags/{made.json['id']}", {"name": "Rain"})

    assert (made.status_code, made.json["slug"]) == (201, "water")
    assert renamed.json == {"id": made.json["id"], "slug": "water", "name": "Rain"}
    assert rows(ask().get("boards/garden/tags")) == [renamed.json]
    assert admin.post("boards/garden/tags", {"name": "rain"}).status_code == 409
    assert admin.delete(f"boards/garden/tags/{made.json['id']}").status_code == 204
    assert rows(ask().get("boards/garden/tags")) == []


def test_people_come_to_a_board_and_go(admin, ask):
    board = BoardFactory(slug="garden", visibility="private")
    ole = UserFactory(name="Ole")
    team = team_member(board)
    assert ask(ole).get("boards/garden").status_code == 404

    assert admin.put(f"boards/garden/people/{ole.id}", {"role": "member"}).status_code == 204
    assert ask(ole).get("boards/garden").status_code == 200
    listed = admin.all_pages("boards/garden/people?limit=1")
    assert {(each["id"], each["role"]) for page in listed for each in page} == {(ole.id, "member"), (team.id, "team")}
    assert [len(page) for page in listed] == [1, 1]
    assert admin.delete(f"boards/garden/people/{ole.id}").status_code == 204
    assert ask(ole).get("boards/garden").status_code == 404
    assert admin.delete(f"boards/garden/people/{ole.id}").status_code == 404
    assert {"person.added", "person.removed"} <= audited()


def test_invitations_go_out_by_mail_and_are_withdrawn(admin, ask, document):
    BoardFactory(slug="garden")

    sent = admin.post("boards/garden/invitations", examples(document, "invite_to_board"))

    assert (sent.status_code, sent.json["role"]) == (201, "member")
    assert rows(admin.get("boards/garden/invitations")) == [sent.json]
    letter = db.session.scalars(sa.select(Letter)).one()
    assert letter.recipient == "ada@example.org"
    # the secret of the link stands in the mail and in no answer
    token = re.search(r"/invitations/([\w-]+)", letter.text)
    assert token
    assert token[1] not in sent.text
    assert admin.delete(f"boards/garden/invitations/{sent.json['id']}").status_code == 204
    assert rows(admin.get("boards/garden/invitations")) == []
    wrong = admin.post("boards/garden/invitations", {"email": "nobody"})
    assert [line["pointer"] for line in wrong.get_json(force=True)["errors"]] == ["/email"]


def test_an_idea_is_taken_back_by_its_author_alone(ask):
    ole = UserFactory()
    idea = IdeaFactory(author=ole)

    assert ask(charlie()).post(f"ideas/{idea.id}/withdraw").status_code == 403
    assert ask(ole).post(f"ideas/{idea.id}/withdraw").status_code == 200
    assert rows(ask().get("ideas")) == []
    assert db.session.get_one(Idea, idea.id, populate_existing=True).withdrawn_at is not None


def test_what_one_follows_is_chosen_and_read(ask):
    board = BoardFactory(slug="garden")
    idea, other = IdeaFactory(board=board), IdeaFactory(board=board)
    mia = ask(UserFactory())

    for path in (f"ideas/{idea.id}/follow", f"ideas/{idea.id}/follow", "boards/garden/follow"):
        assert mia.put(path).status_code == 204

    asked = f"me/follows?ideas={idea.id},{other.id}"
    assert mia.get(asked).json == {"ideas": [idea.id], "boards": ["garden"]}
    assert mia.delete(f"ideas/{idea.id}/follow").status_code == 204
    assert mia.delete("boards/garden/follow").status_code == 204
    assert mia.get(asked).json == {"ideas": [], "boards": []}


def test_following_what_became_part_of_an_idea_is_following_it(ask):
    board = BoardFactory(slug="garden")
    part, whole = IdeaFactory(board=board), IdeaFactory(board=board)
    mia = ask(UserFactory())
    mia.put(f"ideas/{part.id}/follow")
    asking = ask(team_member(board))
    asking.post(f"ideas/{part.id}/merge", {"into": whole.id, "text": "Both ask for the same bed."})

    assert mia.get(f"me/follows?ideas={whole.id}").json["ideas"] == [whole.id]
