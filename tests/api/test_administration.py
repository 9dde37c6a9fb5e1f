"""The site kept by programs of administrators: roles, suspensions, companies, its looks, the words of its mails."""

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, Letter
from ideas.db import db, utcnow
from tests.boards.arranging import announce
from tests.boards.pages import answered
from tests.factories import BoardFactory, CompanyFactory, IdeaFactory, UserFactory, VoteFactory, team_member
from tests.pictures import encoded


@pytest.fixture
def admin(ask):
    return ask(UserFactory(admin=True, name="Petra", factor_since=utcnow()))


def rows(answer):
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [line["pointer"] for line in answer.get_json(force=True)["errors"]]


def audited():
    return set(db.session.scalars(sa.select(AuditEntry.act)))


def test_administrators_say_who_somebody_is_on_the_site(admin, ask):
    ole, company = UserFactory(name="Ole"), CompanyFactory(name="Riverside")

    belongs = admin.patch(f"people/{ole.id}", {"company": company.id, "title": "Gardener"})
    promoted = admin.put(f"people/{ole.id}/role", {"role": "team"})
    suspended = admin.put(f"people/{ole.id}/suspension", {"reason": "They advertise everywhere."})

    assert (belongs.json["company"]["name"], belongs.json["title"]) == ("Riverside", "Gardener")
    assert promoted.json["role"] == "team"
    assert suspended.json["suspended_at"]
    assert ask(ole).get("me").json["suspended"] is True
    assert admin.delete(f"people/{ole.id}/suspension").status_code == 204
    assert admin.patch(f"people/{ole.id}", {"company": None}).json["company"] is None
    assert pointers(admin.patch(f"people/{ole.id}", {"company": 999})) == ["/company"]
    acts = {"person.company_changed", "person.title_changed", "person.role_changed"}
    assert acts | {"person.suspended", "person.unsuspended"} <= audited()


def test_nobody_takes_their_own_role(admin):
    me = admin.get("me").json["id"]

    assert admin.put(f"people/{me}/role", {"role": "member"}).status_code == 403
    assert admin.put(f"people/{me}/suspension", {"reason": "A mistake."}).status_code == 403


def test_companies_are_added_and_renamed(admin):
    made = admin.post("companies", {"name": "Riverside"})
    renamed = admin.patch(f"companies/{made.json['id']}", {"name": "Riverside Allotments"})

    assert made.status_code == 201
    assert renamed.json == {**made.json, "name": "Riverside Allotments"}
    again = admin.post("companies", {"name": "Riverside Allotments"})
    assert (again.status_code, again.get_json(force=True)["code"]) == (409, "name-taken")


def test_people_are_invited_to_roles_by_mail(admin):
    sent = admin.post("role-invitations", {"email": "ada@example.org", "role": "admin"})

    assert (sent.status_code, sent.json["role"]) == (201, "admin")
    assert rows(admin.get("role-invitations")) == [sent.json]
    assert db.session.scalars(sa.select(Letter.recipient)).all() == ["ada@example.org"]
    assert admin.delete(f"role-invitations/{sent.json['id']}").status_code == 204
    assert rows(admin.get("role-invitations")) == []
    assert pointers(admin.post("role-invitations", {"email": "ada@example.org", "role": "member"})) == ["/role"]


def test_the_site_has_the_name_the_colour_and_the_logo_that_were_chosen(admin, client):
    plain = admin.get("brand").json

    changed = admin.patch("brand", {"site_name": "Ideas of the allotments", "accent": "#123"})
    logo = admin.ask("PUT", "brand/logo", data=encoded("PNG"), content_type="image/png")

    assert (plain["site_name"], plain["accent"], plain["has_logo"]) == (None, None, False)
    assert (changed.json["shown_name"], changed.json["shown_accent"]) == ("Ideas of the allotments", "#112233")
    assert logo.json == {**changed.json, "has_logo": True}
    assert "Ideas of the allotments" in client.get("/").text
    assert admin.delete("brand/logo").status_code == 204
    assert admin.patch("brand", {"site_name": None}).json == {**plain, "accent": "#112233", "shown_accent": "#112233"}
    assert pointers(admin.patch("brand", {"accent": "red"})) == ["/accent"]
    assert pointers(admin.ask("PUT", "brand/logo", data=b"none", content_type="image/png")) == ["/picture"]
    assert admin.ask("PUT", "brand/logo", data=b"none", content_type="text/plain").status_code == 415
    assert {"brand.changed", "brand.logo_dropped"} <= audited()


def test_mails_say_what_was_chosen_after_it_was_looked_at(admin):
    board = BoardFactory()
    idea = IdeaFactory(board=board, title="Book a bed")
    VoteFactory(idea=idea, user=UserFactory())
    answered(team_member(board), idea)
    announce()
    words = {"subject": "{{headline}}", "opening": "Hello {{name}},", "closing": ""}

    (*_, sample) = rows(admin.post("mail-words/planned/preview", words))
    before = admin.get("mail-words/planned").json
    after = admin.put("mail-words/planned", words)

    assert "Hello Petra," in sample["text"]
    assert (before["built_in"], before["opening"]) == (True, "")
    assert after.json == {**before, **words, "built_in": False}
    assert [each["news"] for each in rows(admin.get("mail-words")) if not each["built_in"]] == ["planned"]
    assert pointers(admin.put("mail-words/planned", {"subject": "News"})) == ["/subject"]
    assert pointers(admin.post("mail-words/planned/preview", {"opening": "{{nobody}}"})) == ["/opening"]
    assert admin.delete("mail-words/planned").status_code == 204
    assert admin.get("mail-words/planned").json == before
    assert admin.get("mail-words/nothing").status_code == 404


def test_an_inbox_is_read(ask):
    board = BoardFactory()
    idea, voter = IdeaFactory(board=board, title="Book a bed"), UserFactory()
    VoteFactory(idea=idea, user=voter)
    mia = ask(voter)
    answered(team_member(board), idea)
    announce()

    (told,) = rows(mia.get("me/inbox"))

    assert (told["news"], told["subject"], told["read"]) == ("planned", f"idea:{idea.id}", False)
    assert "Book a bed" in told["html"]
    assert mia.post("me/inbox/read", {"ids": [told["id"] + 1]}).status_code == 204
    assert rows(mia.get("me/inbox"))[0]["read"] is False
    assert mia.post("me/inbox/read", {}).status_code == 204
    assert rows(mia.get("me/inbox"))[0]["read"] is True
    mia.put(f"ideas/{idea.id}/mute")
    assert mia.delete(f"me/muted/idea:{idea.id}").status_code == 204
    assert mia.get("me/notifications").json["muted"] == []


def test_the_examples_are_taken(admin, document):
    ole = UserFactory(id=9)
    CompanyFactory(id=4)
    db.session.commit()
    sent = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("tags", [""])[0] in (
                "administration",
                "site",
                "mail_words",
            ):
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if content:
                    real = path.format(person_id=ole.id, company_id=4, news="shipped")
                    answer = admin.ask(method.upper(), real, content["example"])
                    assert answer.status_code in (200, 201, 204), (path, answer.text)
                    sent += 1
    assert sent == 10


def test_addresses_that_get_no_mail_are_listed_added_and_lifted(admin, ask, document):
    mia = UserFactory(email="mia@example.test")
    reason = "It came back at our former provider."

    for email in ("mia@example.test", "gone@example.test", "away@example.test"):
        made = admin.post("suppressions", {"email": email, "why": "bounced", "reason": reason})
        assert made.status_code == 201, made.text

    pages = admin.all_pages("suppressions?limit=2")
    assert [len(page) for page in pages] == [2, 1]
    listed = {row["email"] for page in pages for row in page}
    assert listed == {"mia@example.test", None}  # what nobody here has is a hash
    lifted = admin.post("suppressions/lift", {"email": "Mia@example.test", "reason": "Their server is back."})
    assert lifted.json == {"lifted": ["bounced"]}
    again = admin.post("suppressions/lift", {"email": "mia@example.test", "reason": "Their server is back."})
    assert again.status_code == 404
    assert pointers(admin.post("suppressions", {"email": "nobody", "why": "odd", "reason": "Why"})) == [
        "/email",
        "/why",
        "/reason",
    ]
    assert {"suppression.added", "suppression.lifted"} <= audited()
    for other in (ask(mia), ask(team_member(BoardFactory()))):
        assert other.get("suppressions").status_code == 404
        assert other.post("suppressions/lift", {"email": "gone@example.test", "reason": reason}).status_code == 404
    assert ask(UserFactory(admin=True), "people:read").post("suppressions", {}).status_code == 403
