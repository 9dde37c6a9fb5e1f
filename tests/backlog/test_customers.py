"""What teams read about companies and people: on their own boards, in pages that cost the same for any number."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import Company, User
from ideas.backlog import customers
from ideas.backlog.customers import Order
from ideas.boards.models import Idea, Reason, Vote
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.ledger import worker
from tests.accounts.arranging import enter
from tests.api.test_cost import counted
from tests.boards.arranging import statements
from tests.boards.pages import answered
from tests.boards.test_plans import explain
from tests.factories import (
    BoardFactory,
    CommentFactory,
    CompanyFactory,
    IdeaFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def garden():
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def petra(garden):
    return team_member(garden, name="Petra")


@pytest.fixture
def shed():
    return CompanyFactory(name="Shed Ltd", plan="pro", monthly_revenue=190_000, attributes={"seats": "12"})


def all_pages(read):
    rows, cursor = [], None
    while True:
        page = read(cursor)
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows


# --- Companies ---


@pytest.mark.parametrize("order", Order)
def test_every_company_is_on_one_page_and_on_no_other(petra, order):
    for number in range(7):
        CompanyFactory(monthly_revenue=number // 2, renews_on=utcnow().date() + timedelta(days=number // 3))
    CompanyFactory()

    rows = all_pages(lambda cursor: customers.companies(petra, order=order, limit=3, cursor=cursor))

    named = [row.company for row in rows]
    assert len({company.id for company in named}) == len(named) == (8 if order == Order.NAME else 7)
    keys = {
        Order.NAME: [company.name for company in named],
        Order.REVENUE: [-(company.monthly_revenue or 0) for company in named],
        Order.RENEWAL: [company.renews_on for company in named],
    }[order]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("asked", "plan", "found"), [("shed", "", 1), ("acct-1", "", 1), ("100%", "", 1), ("", "pro", 1), ("_", "", 0)]
)
def test_companies_are_found_by_name_id_and_plan(petra, shed, asked, plan, found):
    CompanyFactory(name="100% Rake", external_id="acct-1")

    assert len(customers.companies(petra, asked=asked, plan=plan).rows) == found


def test_a_company_is_listed_with_its_people(petra, shed):
    UserFactory(company=shed)
    UserFactory(company=shed)

    assert [row.people for row in customers.companies(petra).rows] == [2]
    assert [row.person.company_id for row in customers.people(petra, company_id=shed.id).rows] == [shed.id] * 2


@pytest.mark.parametrize("name", ["companies", "people", "plans"])
def test_to_others_than_teams_there_is_nothing(garden, name):
    with pytest.raises(NotFound):
        getattr(customers, name)(charlie())


# --- What they asked for ---


def test_what_a_company_asked_for_counts_its_people_once_through_merges_too(garden, petra, shed):
    ole, ada = UserFactory(company=shed), UserFactory(company=shed)
    bed, other = IdeaFactory(board=garden, author=ole), IdeaFactory(board=garden)
    part = IdeaFactory(board=garden)
    part.merged_into_id = part.merged_root_id = bed.id
    for person in (ole, ada):
        VoteFactory(idea=part, user=person)
    VoteFactory(idea=bed, user=ole)
    CommentFactory(idea=other, author=ada)
    VoteFactory(idea=other)

    found = customers.asked_for(petra, shed).rows

    assert [(row.idea.id, row.people, row.voters) for row in found] == [(bed.id, 2, 2), (other.id, 1, 0)]


def test_internal_notes_and_deleted_words_are_no_asking(garden, petra, shed):
    ole = UserFactory(company=shed)
    CommentFactory(idea=IdeaFactory(board=garden), author=ole, internal=True)
    CommentFactory(idea=IdeaFactory(board=garden), author=ole, deleted_at=utcnow())

    assert customers.asked_for(petra, shed).rows == []


def test_what_they_asked_for_on_boards_of_others_is_not_shown(petra, shed):
    ole = UserFactory(company=shed)
    VoteFactory(idea=IdeaFactory(), user=ole)

    assert customers.asked_for(petra, shed).rows == []
    assert customers.contributions_of(petra, ole).rows == []


def test_every_idea_is_on_one_page_and_on_no_other(garden, petra, shed):
    people = [UserFactory(company=shed) for _ in range(3)]
    for number in range(7):
        idea = IdeaFactory(board=garden)
        for person in people[: 1 + number % 3]:
            VoteFactory(idea=idea, user=person)

    rows = all_pages(lambda cursor: customers.asked_for(petra, shed, limit=2, cursor=cursor))

    assert len({row.idea.id for row in rows}) == len(rows) == 7
    assert [row.people for row in rows] == sorted((row.people for row in rows), reverse=True)


def test_what_is_owed_and_who_was_told_stands_beside_each_idea(app, garden, petra, shed):
    ole = UserFactory(company=shed)
    late = IdeaFactory(board=garden, author=ole, created_at=utcnow() - timedelta(days=20))
    planned, shipped = IdeaFactory(board=garden), IdeaFactory(board=garden)
    for idea in (planned, shipped):
        VoteFactory(idea=idea, user=ole)
    db.session.commit()
    day = utcnow().date() + timedelta(days=30)
    answered(petra, db.session.get_one(Idea, planned.id), reason=Reason.COMMITTED, status="planned", date=day)
    answered(petra, db.session.get_one(Idea, shipped.id), reason=Reason.SHIPPED, status="shipped")
    worker.run_once(app)

    found = {row.idea.id: row for row in customers.asked_for(petra, shed).rows}

    assert (found[late.id].owed.debt, found[late.id].owed.is_late) == ("first_word", True)
    assert (found[planned.id].owed.debt, found[planned.id].owed.by) == ("planned", day)
    assert found[shipped.id].owed is None
    assert (found[shipped.id].told, found[shipped.id].waiting) == (1, 0)


# --- Pages ---


@pytest.fixture
def browser(client, petra):
    enter(client, petra)
    return client


def test_the_pages_of_a_company_and_a_person_tell_their_story(browser, garden, shed):
    ole = UserFactory(company=shed, name="Ole", attributes={"role": "buyer"})
    VoteFactory(idea=IdeaFactory(board=garden, title="Book a bed"), user=ole)

    page = browser.get(f"/team/companies/{shed.id}").text
    person = browser.get(f"/team/people/{ole.id}").text

    for words in ("Shed Ltd", "€1,900", "seats", "Book a bed", "A first answer"):
        assert words in page
    for words in ("Ole", "Shed Ltd", "buyer", "Voted for", "Book a bed", "Waits for a first answer"):
        assert words in person
    assert ole.email not in page + person
    assert "Ole" in browser.get(f"/team/companies/{shed.id}/people").text


@pytest.mark.parametrize(
    "path", ["/team/companies", "/team/people", "/team/companies/{company}", "/team/people/{person}"]
)
def test_the_pages_are_there_for_teams_alone(app, browser, garden, shed, path):
    path = path.format(company=shed.id, person=UserFactory().id)
    other, stranger = app.test_client(), app.test_client()
    enter(other, charlie())

    assert browser.get(path).status_code == 200
    assert other.get(path).status_code == 404
    assert stranger.get(path).status_code == 303


@pytest.mark.parametrize("path", ["/team/companies/999", "/team/people/99999999999", "/team/companies/999/people"])
def test_who_is_not_there_is_not_found(browser, path):
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/team/companies?sort=revenue", "/team/people?q=Person", "/team/companies/{company}", "/team/people/{person}"],
)
def test_a_page_of_twenty_costs_as_much_as_one_of_one(browser, garden, shed, path):
    ole = UserFactory(company=shed)
    path = path.format(company=shed.id, person=ole.id)
    VoteFactory(idea=IdeaFactory(board=garden), user=ole)
    browser.get(path)
    with counted() as few:
        browser.get(path)
    for _ in range(6):
        CompanyFactory(monthly_revenue=5)
        VoteFactory(idea=IdeaFactory(board=garden), user=ole)
        UserFactory(company=shed)

    with counted() as many:
        browser.get(path)

    assert len(few) == len(many) <= 20, "\n".join(many)


# --- Plans ---


@pytest.mark.parametrize(
    ("order", "index"), [(Order.REVENUE, "ix_company_monthly_revenue"), (Order.RENEWAL, "ix_company_renews_on")]
)
def test_companies_are_walked_by_an_index(petra, order, index):
    today = utcnow().date()
    rows = [{"name": f"Company {n}", "monthly_revenue": n, "renews_on": today + timedelta(days=n)} for n in range(2000)]
    db.session.execute(sa.insert(Company), rows)
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()

    with statements() as asked:
        customers.companies(petra, order=order)
    plan = explain(*next(each for each in asked if "FROM company" in each[0]))

    assert index in plan.indexes, plan.words
    assert not plan.sorts, plan.words


def test_what_a_company_asked_for_is_found_without_reading_all_votes(garden, petra, shed):
    """By its people and their votes; what they put in is then sorted, and nothing else."""
    crowd = [{"name": f"Person {n}", "email": f"n{n}@example.test", "attributes": {}} for n in range(3000)]
    db.session.execute(sa.insert(User), crowd)
    idea = IdeaFactory(board=garden)
    voters = db.session.scalars(sa.select(User.id)).all()
    db.session.execute(sa.insert(Vote), [{"idea_id": idea.id, "user_id": each, "cast_at": utcnow()} for each in voters])
    ole = UserFactory(company=shed)
    VoteFactory(idea=idea, user=ole)
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()

    with statements() as asked:
        found = customers.asked_for(petra, shed).rows
    plan = explain(*next(each for each in asked if "UNION ALL" in each[0]))

    assert [row.people for row in found] == [1]
    assert "ix_vote_user_id_idea_id" in plan.indexes, plan.words
    assert "vote" not in plan.read_through, plan.words
