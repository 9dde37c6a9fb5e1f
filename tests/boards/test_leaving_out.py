"""Whom a team does not tell of an answer: never whoever had the idea or is credited, and never without a trace."""

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.boards import composing, forecast, queries
from ideas.boards.models import Answer, Comment, CreditKind
from ideas.boards.models_left_out import LeftOut
from ideas.db import db
from ideas.ledger import preferences
from ideas.ledger.models import Delivery
from tests.boards.arranging import announce, count
from tests.boards.pages import LONG_ENOUGH, answered, browser_of, credit, in_order
from tests.factories import (
    BoardFactory,
    CommentFactory,
    CompanyFactory,
    IdeaFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

WHY = "Our own test accounts."
WORDS = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH}


class Garden:
    """An idea of Ole's. Tess and Till of the company Testers voted, and Mia, of none; Ruth of Testers commented."""

    def __init__(self):
        self.board = BoardFactory()
        self.petra = team_member(self.board, name="Petra")
        self.testers = CompanyFactory(name="Testers")
        self.ole = UserFactory(name="Ole", company=self.testers)
        self.idea = IdeaFactory(board=self.board, author=self.ole)
        self.tess, self.till = (UserFactory(name=name, company=self.testers) for name in ("Tess", "Till"))
        self.ruth, self.mia = UserFactory(name="Ruth", company=self.testers), UserFactory(name="Mia")
        for person in (self.tess, self.till, self.mia):
            VoteFactory(idea=self.idea, user=person)
        self.said: Comment = CommentFactory(idea=self.idea, author=self.ruth)

    def whom(self, *, person=None, company=None):
        return {"person": person and person.id, "company": company and company.id, "reason": WHY}

    def outcomes(self):
        db.session.rollback()
        names = {person.id: person.name for person in (self.ole, self.tess, self.till, self.ruth, self.mia)}
        rows = db.session.execute(sa.select(Delivery.user_id, Delivery.channel, Delivery.state, Delivery.reason))
        return {(names[row.user_id], row.channel): row.reason or row.state for row in rows}


@pytest.fixture
def garden(app):
    return Garden()


def test_who_is_left_out_keeps_a_line_with_the_reason_and_who_has_a_right_hears(garden):
    preferences.mute(garden.till, garden.idea.subject)
    db.session.commit()
    used = credit(CreditKind.COMMENT, "It became the page.", garden.said.id)
    left_out = [garden.whom(company=garden.testers), garden.whom(person=garden.mia)]

    given = answered(garden.petra, garden.idea, credits=[used], left_out=left_out)
    announce()

    assert garden.outcomes() == {
        ("Ole", "inbox"): "sent",  # had the idea
        ("Ole", "email"): "pending",
        ("Ruth", "inbox"): "sent",  # is credited
        ("Ruth", "email"): "pending",
        ("Tess", "inbox"): "left_out",
        ("Tess", "email"): "left_out",
        ("Till", "inbox"): "muted",  # what they chose themselves comes first
        ("Till", "email"): "muted",
        ("Mia", "inbox"): "left_out",
        ("Mia", "email"): "left_out",
    }
    assert count(LeftOut, LeftOut.answer_id == given.id, LeftOut.reason == WHY) == 2


def test_who_hears_by_right_cannot_be_left_out_by_name(garden):
    used = credit(CreditKind.COMMENT, "It became the page.", garden.said.id)

    for person in (garden.ole, garden.ruth):
        with pytest.raises(ValidationError, match=f"{person.name} .*hears by right"):
            answered(garden.petra, garden.idea, credits=[used], left_out=[garden.whom(person=person)])
        db.session.rollback()
    with pytest.raises(ValidationError, match="no such person"):
        answered(garden.petra, garden.idea, left_out=[{"person": 9999, "company": None, "reason": WHY}])
    assert count(Answer) == 0


def test_the_forecast_counts_whom_the_ledger_would_leave_out(garden):
    typed = {**WORDS, "credits": [{"kind": "comment", "id": garden.said.id, "how": "So"}], "leave_out": "Testers\nNo"}

    seen = forecast.of(garden.petra, queries.get_idea(garden.petra, garden.idea.id), typed)

    assert (seen.total, seen.left_out) == (3, [("left out by the team", 2)])


def test_lines_name_companies_and_those_who_had_a_part(garden):
    another = UserFactory(name="Mia")
    VoteFactory(idea=garden.idea, user=another)
    UserFactory(name="Stranger")

    found = composing.left_out(garden.idea.id, f" Testers \n\nTess\nMia #{another.id}", WHY)
    assert [(each["person"], each["company"]) for each in found] == [
        (None, garden.testers.id),
        (garden.tess.id, None),
        (another.id, None),
    ]
    with pytest.raises(ValidationError) as refused:
        composing.left_out(garden.idea.id, "Mia\nStranger", WHY)
    several, nobody = refused.value.messages_dict["leave_out"]
    assert f"Mia #{garden.mia.id}, Mia #{another.id}" in several
    assert "Stranger" in nobody
    with pytest.raises(ValidationError) as unsaid:
        composing.left_out(garden.idea.id, "Tess", " ")
    assert set(unsaid.value.messages_dict) == {"leave_out_reason"}
    for lines, reason, field in (("Te\0sters", WHY, "leave_out"), ("Testers", "So\ud800", "leave_out_reason")):
        with pytest.raises(ValidationError) as broken:
            composing.left_out(garden.idea.id, lines, reason)
        assert set(broken.value.messages_dict) == {field}


def test_a_team_leaves_people_out_on_the_page_and_reads_whom_beside_who_was_told(app, garden):
    browser = browser_of(app, garden.petra)
    path = f"/ideas/{garden.idea.id}/answer"

    refused = browser.post(path, data={**WORDS, "leave_out": "Ole", "leave_out_reason": WHY})
    assert refused.status_code == 422
    assert in_order(refused.text, "hears by right")
    given = browser.post(path, data={**WORDS, "leave_out": "Testers\nMia", "leave_out_reason": WHY})
    announce()
    told = browser.get(f"/answers/{db.session.scalars(sa.select(Answer.id)).one()}/told").text

    assert given.status_code == 303
    assert in_order(told, "Left out by the team", "Everybody of Testers", "Our own test accounts.", "Petra")
    assert in_order(told, "not told: left out by the team")
    assert WHY not in browser_of(app, garden.mia).get(given.location, follow_redirects=True).text
