"""Voting on behalf of customers: they are asked and told, counted apart until they say yes, and never asked twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry, User
from ideas.boards import (
    behalf,
    checks,
    confirming,
    evidence,
    evidencing,
    listing,
    merging,
    overdue,
    queries,
    receipts,
    schemas_evidence,
    schemas_out,
    silence,
    voting,
)
from ideas.boards.behalf import Became
from ideas.boards.errors import NotAsked, VotingClosed
from ideas.boards.models import CreditKind, IdeaRank, Reason, Visibility, Vote
from ideas.boards.models_evidence import Evidence
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed
from ideas.ledger.models import Delivery
from tests.boards.arranging import announce, statements
from tests.boards.pages import answered
from tests.factories import BoardFactory, CompanyFactory, IdeaFactory, UserFactory, VoteFactory, charlie, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def nadia(board):
    return team_member(board, name="Nadia")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, title="A roof for bicycles")


@pytest.fixture
def ole(app):
    return UserFactory(name="Ole")


def note(actor, idea_id, person) -> Became:
    with unit_of_work():
        return behalf.note(actor, queries.get_idea(actor, idea_id), person)


def say(person, idea_id, *, wanted) -> None:
    with unit_of_work():
        person = db.session.get_one(User, person.id)
        confirming.say(person, evidence.get_own(person, idea_id), wanted=wanted)


def votes(idea_id) -> tuple[int, int, int]:
    """What the place counts, the votes there are, and who is counted apart."""
    db.session.rollback()
    place = db.session.get_one(IdeaRank, idea_id)
    there = db.session.scalars(sa.select(sa.func.count()).where(Vote.idea_id == idea_id)).one()
    return place.vote_count, there, evidence.unheard_on([idea_id]).get(idea_id, 0)


def told(person, news) -> list[tuple[str | None, str]]:
    """By which contribution, and in which state, the person has the inbox's line of that news."""
    lines = sa.select(Delivery.contribution_kind, Delivery.state).where(
        Delivery.user_id == person.id, Delivery.news == news, Delivery.channel == "inbox"
    )
    return [(line.contribution_kind, line.state) for line in db.session.execute(lines)]


def breaches() -> list[object]:
    return [breach for check in checks.CHECKS.values() for breach in check()]


def test_whoever_is_counted_on_is_asked_and_is_no_vote_until_they_say_so(app, nadia, idea, ole):
    assert note(nadia, idea.id, ole) is Became.ASKED
    assert note(nadia, idea.id, ole) is Became.WAITING
    assert votes(idea.id) == (0, 0, 1)

    announce()
    assert told(ole, "on_behalf") == [("on_behalf", "sent")]
    say(ole, idea.id, wanted=True)
    say(ole, idea.id, wanted=True)

    assert votes(idea.id) == (1, 1, 0)
    assert note(nadia, idea.id, ole) is Became.VOTED
    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.subject == idea.subject)).all()
    assert acts == ["vote.on_behalf"]
    assert breaches() == []


def test_who_denies_it_is_not_counted_not_told_and_not_asked_again(app, nadia, idea, ole):
    note(nadia, idea.id, ole)
    announce()

    say(ole, idea.id, wanted=False)

    assert votes(idea.id) == (0, 0, 0)
    assert note(nadia, idea.id, ole) is Became.DENIED
    answered(nadia, idea, "shipped", Reason.SHIPPED)
    announce()
    assert told(ole, "shipped") == []


def test_who_takes_the_vote_back_has_denied_it_too(app, nadia, idea, ole):
    note(nadia, idea.id, ole)
    with unit_of_work():  # they vote by themselves, as if nobody had asked
        voting.cast(ole, queries.get_idea(ole, idea.id).idea)
    assert votes(idea.id) == (1, 1, 0)

    with unit_of_work():
        voting.retract(ole, queries.get_idea(ole, idea.id).idea)

    assert votes(idea.id) == (0, 0, 0)
    assert note(nadia, idea.id, ole) is Became.DENIED


def test_a_decided_idea_says_so_and_can_still_be_denied(app, nadia, idea, ole):
    note(nadia, idea.id, ole)
    answered(nadia, idea, "shipped", Reason.SHIPPED)
    announce()
    assert told(ole, "shipped") == [("on_behalf", "sent")]

    with pytest.raises(VotingClosed):
        say(ole, idea.id, wanted=True)
    with pytest.raises(VotingClosed):
        note(nadia, idea.id, UserFactory())
    say(ole, idea.id, wanted=False)

    assert votes(idea.id) == (0, 0, 0)


def test_nobody_but_the_team_votes_for_others_and_only_for_who_could_say_no(app, nadia, board, idea, ole):
    with pytest.raises(NotAllowed):
        note(charlie(), idea.id, ole)
    for nobody in (nadia, UserFactory(suspended=True)):
        with pytest.raises(ValidationError, match="person"):
            note(nadia, idea.id, nobody)
    board.visibility = Visibility.PRIVATE
    db.session.commit()
    with pytest.raises(ValidationError, match="do not see this board"):
        note(nadia, idea.id, ole)
    with pytest.raises(NotAsked):
        say(nadia, idea.id, wanted=True)

    assert votes(idea.id) == (0, 0, 0)


def test_taken_back_in_time_nobody_is_asked(app, nadia, idea, ole):
    note(nadia, idea.id, ole)

    with unit_of_work():
        behalf.take_back(nadia, queries.get_idea(nadia, idea.id), ole.id)
    announce()

    assert told(ole, "on_behalf") == []
    assert note(nadia, idea.id, ole) is Became.ASKED
    say(ole, idea.id, wanted=True)
    with unit_of_work():
        behalf.take_back(nadia, queries.get_idea(nadia, idea.id), ole.id)
    assert votes(idea.id) == (1, 1, 0), "what they said themselves stays"


def test_merging_and_unmerging_lose_nobody(app, nadia, board, idea, ole):
    """Noted on an idea that becomes part of another: counted there once, told there, confirmed where it was asked."""
    into = IdeaFactory(board=board, title="A shed")
    kim = UserFactory(name="Kim")
    for person in (ole, kim):
        note(nadia, idea.id, person)
    note(nadia, into.id, ole)
    VoteFactory(idea=into, user=kim)
    with unit_of_work():
        on, other = queries.get_idea(nadia, idea.id), queries.get_idea(nadia, into.id)
        merging.merge(nadia, on, other, text="Both ask for the same, so they are one.")
    announce()
    assert votes(into.id) == (1, 1, 1), "Ole once; Kim votes for the whole"
    assert told(ole, "merged") == [("on_behalf", "sent")]

    say(ole, idea.id, wanted=True)

    assert votes(into.id)[0::2] == (2, 0)
    assert note(nadia, into.id, kim) is Became.VOTED
    with unit_of_work():
        merging.unmerge(nadia, queries.get_idea(nadia, idea.id), text="They are two needs after all.")
    assert votes(idea.id) == (1, 1, 1), "Ole votes where he was asked, and Kim was asked there"
    assert votes(into.id) == (1, 1, 1)
    assert breaches() == []


def test_who_is_asked_whether_they_still_want_it_says_both_with_one_word(app, nadia, idea, ole, clock):
    note(nadia, idea.id, ole)
    announce()
    clock.shift(timedelta(days=90))
    with unit_of_work():
        silence.ask_due()
    announce()
    assert told(ole, "still_wanted") == [("on_behalf", "sent")]

    with unit_of_work():
        linked = overdue.by_token(overdue.token(ole.id, idea.id))
        silence.say(linked.person, linked.on, wanted=True)

    assert votes(idea.id) == (1, 1, 0)


def test_their_receipts_say_who_noted_it_and_how_they_were_told(app, nadia, idea, ole):
    note(nadia, idea.id, ole)
    answered(nadia, idea, "shipped", Reason.SHIPPED)
    announce()

    (receipt,) = receipts.receipts_of(db.session.get_one(User, ole.id), limit=20).rows

    assert (receipt.contribution.kind, receipt.contribution.by) == ("on_behalf", "Nadia")
    assert [(each.channel, each.state) for each in receipt.told] == [("email", "pending"), ("inbox", "sent")]


# --- Evidence ---


def words(**more):
    said = {"kind": "call", "words": "They keep their bicycles in the hall."}
    return schemas_evidence.NewEvidence().load({**said, **more})


def add(actor, idea_id, **more):
    with unit_of_work():
        return evidencing.add(actor, queries.get_idea(actor, idea_id), words(**more))


def test_evidence_of_somebody_new_makes_a_person_without_an_account_who_is_asked(app, nadia, idea):
    added = add(nadia, idea.id, email="Vera@Example.org", name="Vera", link="https://tickets.example/7", vote=True)

    assert added.became is Became.ASKED
    vera = db.session.scalars(sa.select(User).where(User.email == "vera@example.org")).one()
    assert (vera.name, vera.is_claimed, vera.is_imported) == ("Vera", False, True)
    announce()
    assert told(vera, "on_behalf") == [("on_behalf", "sent")]
    again = add(nadia, idea.id, email="vera@example.org", name="Another name", vote=True)
    assert again.became is Became.WAITING
    assert db.session.scalars(sa.select(User.name).where(User.email == "vera@example.org")).all() == ["Vera"]


def test_evidence_is_read_with_the_whole_and_gone_with_its_words_when_removed(app, nadia, board, idea, ole):
    first = add(nadia, idea.id, person=ole.id).evidence.id
    into = IdeaFactory(board=board)
    add(nadia, into.id, kind="page", words="A page says so.")
    with unit_of_work():
        on, other = queries.get_idea(nadia, idea.id), queries.get_idea(nadia, into.id)
        merging.merge(nadia, on, other, text="Both ask for the same, so they are one.")

    read = evidence.of_idea(queries.get_idea(nadia, into.id)).rows

    assert [each.evidence.words for each in read] == ["A page says so.", "They keep their bicycles in the hall."]
    with unit_of_work():
        noted, on = evidence.get(nadia, first)
        evidencing.remove(nadia, on, noted)
    assert len(evidence.of_idea(queries.get_idea(nadia, into.id)).rows) == 1
    assert db.session.get_one(Evidence, first).words == ""
    assert breaches() == []


def test_an_answer_credits_what_somebody_said_and_they_alone_read_that_it_was_theirs(app, nadia, idea, ole):
    seen = UserFactory(name="Vera", shown_as_backer=True)
    heard = [add(nadia, idea.id, person=person.id).evidence.id for person in (ole, seen)]
    credits = [{"kind": CreditKind.EVIDENCE, "id": each, "how": "The roof covers the hall now."} for each in heard]

    answered(nadia, idea, "shipped", Reason.SHIPPED, credits=credits)
    announce()

    assert told(ole, "credited") == [("evidence", "sent")]
    (receipt,) = receipts.receipts_of(db.session.get_one(User, ole.id), limit=20).rows
    assert (receipt.contribution.kind, receipt.contribution.quote) == ("evidence", "")
    assert [(use.how, use.quote) for use in receipt.uses] == [("The roof covers the hall now.", "")]
    line = listing.answers_on([idea.id])[idea.id]
    assert [credit.named.name if credit.named else None for credit in line.credits] == [None, "Vera"]
    assert [each["person"] and each["person"]["name"] for each in schemas_out.answer(line)["credits"]] == [None, "Vera"]


def test_what_nobody_known_said_or_what_was_denied_is_not_credited(app, nadia, idea, ole):
    unknown = add(nadia, idea.id).evidence.id
    denied = add(nadia, idea.id, person=ole.id, vote=True).evidence.id
    say(ole, idea.id, wanted=False)

    for each in (unknown, denied):
        with pytest.raises(ValidationError, match="credits"):
            answered(nadia, idea, credits=[{"kind": CreditKind.EVIDENCE, "id": each, "how": "It became the roof."}])
    assert evidence.creditable(queries.get_idea(nadia, idea.id)) == []


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"link": "javascript:alert(1)"}, {"link"}),
        ({"link": "https://"}, {"link"}),
        ({"words": "  "}, {"words"}),
        ({"vote": True}, {"person"}),
        ({"person": 1, "email": "mia@example.org"}, {"person", "email"}),
        ({"email": "mia"}, {"email"}),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(app, more, fields):
    with pytest.raises(ValidationError) as refused:
        words(**more)

    assert set(refused.value.messages) == fields


def test_customers_are_found_by_name_company_or_whole_address_alone(app, ole):
    acme = CompanyFactory(name="Acme 100 %")
    vera = UserFactory(name="Vera Lund", email="vera@example.org", company=acme)

    found = {asked: [person.id for person in evidence.people_like(asked)] for asked in ("vera", "acme", "100 %", "ol")}

    assert found == {"vera": [vera.id], "acme": [vera.id], "100 %": [vera.id], "ol": [ole.id]}
    assert [person.id for person in evidence.people_like("Vera@example.org")] == [vera.id]
    assert evidence.people_like("example.org") == [], "nobody finds out addresses by their parts"
    assert evidence.people_like(" \x00") == []


def test_counting_costs_one_question_however_many_ideas(app, nadia, board, ole):
    ideas = [IdeaFactory(board=board) for _ in range(3)]
    for each in ideas:
        note(nadia, each.id, ole)

    assert evidence.unheard_on([each.id for each in ideas]) == {each.id: 1 for each in ideas}
    with statements() as asked:
        evidence.unheard_on([each.id for each in ideas])
    assert len(asked) == 1
