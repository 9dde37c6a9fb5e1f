"""Segments: what a question means, whatever is known of people; who comes and goes; what cannot be asked."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts import segment_questions as questions
from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.accounts.schemas_segments import SegmentWords
from ideas.accounts.segment_questions import HOWS, NAMED, About, How
from ideas.db import db, unit_of_work, utcnow
from tests.factories import CompanyFactory, UserFactory

pytestmark = pytest.mark.usefixtures("app")

PLAN = {"about": "plan", "is": "is", "value": ["enterprise"]}
SOON = {"about": "renews_on", "is": "within_days", "value": 90}


def asking(*conditions, match="all", name="Large"):
    return SegmentWords().load({"name": name, "question": {"match": match, "conditions": list(conditions)}})


def kept(*conditions, **options):
    """The segment, and everybody looked at."""
    maker = UserFactory(attributes={})
    db.session.commit()
    with unit_of_work():
        segment_id = segments.make(maker, asking(*conditions, **options)).id
    count()
    return segments.get(segment_id)


def count():
    db.session.commit()
    has_more = True
    while has_more:
        with unit_of_work():
            has_more = segments.bring_up_to_date().has_more
    db.session.expire_all()


def those_of(segment):
    return set(db.session.scalars(segments.belonging(segment.id)))


def judged(question):
    """What `question` is refused for."""
    with pytest.raises(ValidationError) as refused:
        questions.QuestionWords().load(question)
    return refused.value.messages_dict["conditions"]


# --- What a question means ---


def number(text):
    try:
        return float(text) if text is not None and not set(text) - set("-0123456789.") else None
    except ValueError:
        return None


def holds(said, person, company, now):
    """The same, in the plainest words there are."""
    about, how, value = said["about"], said["is"], said.get("value")
    if about == "joined":
        return (person.created_at >= now - timedelta(days=value)) is (how == "within_days")
    of_company = company.attributes if company else {}
    known = {
        "plan": company and company.plan,
        "monthly_revenue": company and company.monthly_revenue,
        "renews_on": company and company.renews_on,
        "company": person.company_id,
        "company_attribute": of_company.get(said.get("name")),
        "person_attribute": person.attributes.get(said.get("name")),
    }[about]
    if how in ("known", "unknown"):
        return (known is not None) is (how == "known")
    if how in ("is", "is_not"):
        return (known in value) is (how == "is")
    if about == "renews_on":
        today, last = now.date(), now.date() + timedelta(days=value or 0)
        return known is not None and {"past": known < today, "within_days": today <= known <= last}.get(
            how, known > last
        )
    amount = known if about == "monthly_revenue" else number(known)
    return amount is not None and (amount >= value if how == "at_least" else amount <= value)


def a_condition(chance):
    about = chance.choice(list(About))
    how = chance.choice(HOWS[about])
    said = {"about": str(about), "is": str(how)}
    if about in NAMED:
        said["name"] = chance.choice(["seats", "region"])
    if how in (How.IS, How.IS_NOT):
        said["value"] = chance.sample(["pro", "enterprise", "north", "12", "Größe"], 2)
    elif how in (How.WITHIN, How.BEYOND):
        said["value"] = chance.choice([0, 1, 30, 90])
    elif how in (How.AT_LEAST, How.AT_MOST):
        said["value"] = chance.choice([0, 12, 500])
    return said


def test_a_question_means_what_it_says_whatever_is_known():
    chance, now = random.Random(7), utcnow()
    texts = [None, "12", "12.5", "-3", "twelve", "north", "Größe", "1e9", "pro"]
    companies = [None]
    for _ in range(12):
        attributes = {name: text for name in ("seats", "region") if (text := chance.choice(texts))}
        days = chance.choice([None, -1, 0, 1, 30, 31, 90, 91])
        companies.append(
            CompanyFactory(
                plan=chance.choice([None, "pro", "enterprise", "Größe"]),
                monthly_revenue=chance.choice([None, 0, 12, 13, 500]),
                renews_on=None if days is None else now.date() + timedelta(days=days),
                attributes=attributes,
            )
        )
    for place in range(40):
        company = companies[place % len(companies)]
        attributes = {name: text for name in ("seats", "region") if (text := chance.choice(texts))}
        at = now - timedelta(days=chance.choice([0, 1, 30, 31, 91]), hours=1)
        UserFactory(company_id=company.id if company else None, attributes=attributes, created_at=at)
    db.session.commit()
    everybody = sa.select(User, Company).outerjoin(Company, Company.id == User.company_id)
    for _ in range(60):
        match, conditions = chance.choice(["all", "any"]), [a_condition(chance) for _ in range(chance.randint(1, 3))]
        loaded = questions.QuestionWords().load({"match": match, "conditions": conditions})
        question = questions.read(questions.kept(loaded))

        found = set(
            db.session.scalars(
                sa.select(User.id).outerjoin(Company, Company.id == User.company_id).where(segments.sql(question, now))
            )
        )

        of = all if match == "all" else any
        wanted = {
            person.id
            for person, company in db.session.execute(everybody)
            if of(holds(each, person, company, now) for each in conditions)
        }
        assert found == wanted, conditions
        assert questions.in_words(question, str)


def test_a_question_is_read_as_people_say_it():
    said = asking(
        PLAN, SOON, {"about": "company_attribute", "name": "seats", "is": "at_least", "value": 50}, match="any"
    )

    words = questions.in_words(questions.read(said["question"]), str)

    assert words == "Plan is enterprise, or renewal within 90 days, or company’s seats is at least 50"


# --- What cannot be asked ---


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({"about": "mood", "is": "is", "value": "good"}, "about"),
        ({"about": "plan", "is": "past"}, "is"),
        ({"about": "plan", "is": "is"}, "value"),
        ({"about": "plan", "is": "is", "value": ["a\x00"]}, "value"),
        ({"about": "plan", "is": "is", "value": [1]}, "value"),
        ({"about": "plan", "is": "known", "value": "x"}, "value"),
        ({"about": "plan", "is": "is", "name": "x", "value": "y"}, "name"),
        ({"about": "renews_on", "is": "within_days", "value": "soon"}, "value"),
        ({"about": "renews_on", "is": "within_days", "value": 10**9}, "value"),
        ({"about": "monthly_revenue", "is": "at_least", "value": 0.5}, "value"),
        ({"about": "person_attribute", "is": "is", "name": "Not a name", "value": "x"}, "name"),
        ({"about": "person_attribute", "is": "at_least", "name": "seats", "value": "nan"}, "value"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_condition(condition, field):
    refused = judged({"conditions": [PLAN, condition]})

    assert list(refused) == [1]
    assert list(refused[1]) == [field]


def test_a_segment_asks_something_and_not_too_much():
    assert judged({"conditions": []}) == ["Between 1 and 10 conditions."]
    assert judged({"conditions": [PLAN] * 11}) == ["Between 1 and 10 conditions."]


def test_two_segments_never_have_one_name_and_each_has_an_address():
    first, second = kept(PLAN, name="Größe L"), kept(PLAN, name="大")

    assert (first.slug, second.slug) == ("groe-l", "segment")
    with unit_of_work(), pytest.raises(ValidationError) as refused:
        segments.make(db.session.get_one(User, first.by_id), asking(PLAN, name="größe l"))
    assert "There is a segment with this name already." in refused.value.messages_dict["name"]


# --- Who belongs ---


def test_people_come_and_go_as_what_is_known_of_them_changes():
    company = CompanyFactory(plan="pro", renews_on=utcnow().date() + timedelta(days=30))
    mia, ole = UserFactory(company=company), UserFactory(company=company)
    UserFactory()
    segment = kept(PLAN, SOON)
    assert (those_of(segment), segment.people, segment.companies) == (set(), 0, 0)

    company = db.session.get_one(Company, company.id)
    company.plan = "enterprise"
    db.session.commit()
    again(segment)
    assert (those_of(segment), segment.people, segment.companies) == ({mia.id, ole.id}, 2, 1)

    db.session.get_one(User, ole.id).company_id = None
    again(segment)
    assert (those_of(segment), segment.people) == ({mia.id}, 1)


def again(segment):
    segment.counted_at = utcnow() - segments.EVERY
    count()


def test_what_was_counted_a_moment_ago_is_not_counted_again():
    segment = kept(PLAN)
    UserFactory(company=CompanyFactory(plan="enterprise"))
    count()

    assert those_of(segment) == set()


def test_another_question_is_counted_at_once_and_many_people_in_turns(monkeypatch):
    monkeypatch.setattr(segments, "MOVED_MOST", 2)
    made = [UserFactory(company=CompanyFactory(plan="pro")) for _ in range(5)]
    segment = kept(PLAN)
    words = asking({"about": "plan", "is": "is", "value": ["pro"]})

    with unit_of_work():
        segments.change(db.session.get_one(User, segment.by_id), segments.get(segment.id), words)
    with unit_of_work():
        first = segments.bring_up_to_date()
    count()

    assert (len(first.people), first.has_more) == (2, True)
    assert those_of(segment) == {each.id for each in made}


def test_the_erased_belong_to_nothing():
    mia = UserFactory(company=CompanyFactory(plan="enterprise"))
    segment = kept(PLAN)
    assert those_of(segment) == {mia.id}

    db.session.get_one(User, mia.id).erased_at = utcnow()
    again(segment)

    assert those_of(segment) == set()
    assert db.session.get_one(Segment, segment.id).people == 0
