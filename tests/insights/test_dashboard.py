"""The dashboard: every number is as many rows as it opens into, whoever looks, whatever is asked for."""

import csv
import html
import io
import itertools
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from ideas import api
from ideas.accounts import segments
from ideas.accounts.models import User
from ideas.accounts.schemas_segments import SegmentWords
from ideas.boards.models import Answer, Credit, Idea, IdeaTag, Vote
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db, unit_of_work
from ideas.insights import behind, cards, counting, dashboard, periods
from ideas.insights.behind_health import Counted
from ideas.insights.counting import Figure
from ideas.insights.periods import By
from ideas.insights.scope import Scope
from ideas.ledger.models import Delivery
from tests.api.asking import Asking, bearer
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, CompanyFactory, IdeaFactory, TagFactory, UserFactory, VoteFactory
from tests.insights.arranging import BEGIN, Story, day


@pytest.fixture
def lived(story: Story, clock) -> Story:
    """Seven weeks: people of two companies and of none post, vote and comment; the team answers, merges and speaks."""
    acme, shed = CompanyFactory(name="Acme"), CompanyFactory(name="Shed")
    CompanyFactory(name="Nobody there")
    UserFactory(company=CompanyFactory(name="Never heard"))
    people: Any = [UserFactory(company=company) for company in (acme, acme, shed, None)]
    mia, ole, ada, bo = people
    old = story.post(-40, ole)
    first = story.post(1, mia, [ole, ada, bo])
    second = story.post(9, ole, [mia])
    third = story.post(20, bo, [mia, ole])
    tag: Any = TagFactory(board=story.board, slug="seed")
    db.session.add(IdeaTag(idea_id=first.id, tag_id=tag.id))
    story.say(ada, second, 21)
    story.say(story.petra, third, 22, official=True)
    story.vote(bo, old, 30)
    story.answer(first, 31, "shipped")
    story.answer(second, 32, "planned")
    story.merge(third, second, 33)
    story.answer(second, 40, "declined", tell=False)
    VoteFactory(idea=IdeaFactory(board=BoardFactory(), created_at=day(5)), cast_at=day(6))
    clock.move_to(day(47))
    db.session.commit()
    words = {"conditions": [{"about": "company", "is": "known"}]}
    with unit_of_work():
        made = segments.make(
            db.session.get_one(User, story.petra.id), SegmentWords().load({"name": "At home", "question": words})
        )
        segments.bring_one_up_to_date(made)
    return story


def page_of(app, person, query=""):
    return browser_of(app, person).get(f"/insights?{query}")


def links_in(page):
    """Each number of the page that opens into something: (its address, the number)."""
    found = re.findall(r'<a href="([^"]+)" data-figure="[a-z-]+">([\d,]+)</a>', page)
    return [(html.unescape(address), int(number.replace(",", ""))) for address, number in found]


def rows_behind(browser, address):
    """How many rows stand there, page by page to the last."""
    rows = 0
    while address:
        page = browser.get(address)
        assert page.status_code == 200, address
        rows += page.text.count("<tr data-row>")
        more = re.search(r'<a class="button" data-look="quiet" href="([^"]*cursor=[^"]*)"', page.text)
        address = html.unescape(more[1]) if more else None
    return rows


@pytest.mark.parametrize("query", ["period=90", "period=ever&by=months", "segment=at-home", "tag=seed&by=months"])
def test_every_number_is_as_many_rows_as_it_opens_into(app, lived, monkeypatch, query):
    monkeypatch.setattr(behind, "ROWS", 2)  # so that there are pages
    monkeypatch.setattr(behind.rows, "__kwdefaults__", {**behind.rows.__kwdefaults__, "limit": 2})
    browser = browser_of(app, lived.petra)

    links = links_in(browser.get(f"/insights?{query}").text)

    assert len(links) > 40
    assert sum(number for _address, number in links) > 40
    assert {address: rows_behind(browser, address) for address, number in links} == dict(links)


@pytest.fixture
def told_and_asked(lived: Story, clock) -> Story:
    """The same, on a board with a promise, where people were asked, one could not be reached and one wants no mail."""
    lived.board.answer_within_days = 7
    first: Any = db.session.scalars(sa.select(Idea).order_by(Idea.created_at).offset(1)).first()
    answer = db.session.scalars(sa.select(Answer).where(Answer.idea_id == first.id)).one()
    inquiry = Inquiry(idea_id=first.id, answer_id=answer.id)
    db.session.add_all(
        [inquiry, Credit(answer_id=answer.id, kind="author", user_id=first.author_id, how="It is there.")]
    )
    db.session.flush()
    voters = db.session.scalars(sa.select(Vote.user_id).where(Vote.idea_id == first.id).order_by(Vote.id)).all()
    for person, said in zip(voters, ("yes", "no", None), strict=True):
        answered_at = day(36) if said else None
        db.session.add(
            Solved(
                inquiry_id=inquiry.id,
                idea_id=first.id,
                user_id=person,
                asked_at=day(35),
                answer=said,
                answered_at=answered_at,
            )
        )
    mails = sa.select(Delivery).where(Delivery.channel == "email", Delivery.state == "sent").order_by(Delivery.id)
    of_closing = db.session.scalars(mails.where(Delivery.entry_id == answer.entry_id)).all()
    others = db.session.scalars(mails.where(Delivery.entry_id != answer.entry_id)).all()
    of_closing[0].state, of_closing[0].reason = "failed", "bounced"
    out = sa.update(Delivery).where(Delivery.entry_id == answer.entry_id, Delivery.user_id == of_closing[1].user_id)
    db.session.execute(out.values(state="suppressed", reason="off"))
    credited = sa.update(Delivery).where(
        Delivery.entry_id == answer.entry_id, Delivery.user_id == of_closing[0].user_id
    )
    db.session.execute(credited.values(path="credited"))
    others[0].reason = "complained"
    others[1].state, others[1].reason = "suppressed", "unsubscribed"
    db.session.commit()
    return lived


@pytest.mark.parametrize("query", ["period=90", "period=ever&segment=at-home", "tag=seed&period=ever"])
def test_so_is_every_number_of_loop_health(app, told_and_asked, monkeypatch, query):
    monkeypatch.setattr(behind.rows, "__kwdefaults__", {**behind.rows.__kwdefaults__, "limit": 2})
    browser = browser_of(app, told_and_asked.petra)

    links = links_in(browser.get(f"/loop-health?{query}").text)

    assert {address: rows_behind(browser, address) for address, number in links} == dict(links)
    if query == "period=90":
        by_figure = {address.split("?")[0].rpartition("/")[2]: number for address, number in links}
        assert by_figure.keys() == {*Counted}
        assert {name for name, number in by_figure.items() if not number} == {"twice"}


def test_nobody_else_opens_a_figure_of_loop_health(app, told_and_asked):
    address = links_in(browser_of(app, told_and_asked.petra).get("/loop-health").text)[0][0]

    assert browser_of(app, UserFactory(verified_at=day(0))).get(address).status_code == 404
    assert "data-figure" not in browser_of(app, None).get(f"/boards/{told_and_asked.board.slug}/loop-health").text


def numbers(story, by=By.WEEKS, **options):
    scope = Scope((story.board,), since=BEGIN.replace(hour=0), until=day(47), now=day(47), **options)
    found = dashboard.measure(scope, by)
    return {str(figure): counted.number for figure, counted in found.figures.items()}, found


def test_figures_are_what_happened(app, lived):
    counted, found = numbers(lived)

    assert counted == {
        "ideas": 3,
        "votes": 7,
        "people": 4,
        "answers": 3,
        "finalised": 2,
        "closed": 1,  # the last answer is not announced yet
        "owed": 4,
        "delivered": 4,
        "new": 3,  # Ole posted before
        "heard": 2,
        "customers": 3,  # where nobody is, nobody can be heard
    }
    assert found.figures[Figure.VOTES].parts == (3, 1, 2, 0, 1, 0, 0)
    assert found.figures[Figure.PEOPLE].parts == (4, 2, 3, 1, 1, 0, 0)
    assert found.figures[Figure.HEARD].parts == (2, 1, 1, 1, 0, 0, 0)
    # three people did three things each, one did two
    assert found.gini == pytest.approx(counting.gini([(3, 3), (2, 1)]))


def test_months_are_of_the_calendar(app, lived):
    _counted, found = numbers(lived, By.MONTHS)

    assert [part.begins.strftime("%m-%d") for part in found.parts] == ["03-02", "04-01"]
    assert found.figures[Figure.ANSWERS].parts == (0, 3)


def test_a_period_may_be_one_part(app, lived):
    scope = Scope((lived.board,), since=day(1), until=day(2), now=day(47))

    found = dashboard.measure(scope, By.MONTHS)

    assert {len(counted.parts) for counted in found.figures.values()} == {1}
    ideas, votes = found.figures[Figure.IDEAS], found.figures[Figure.VOTES]
    assert ideas.parts == (ideas.number,) == (1,)
    assert votes.parts == (votes.number,) != (0,)


def test_evenness_is_ginis_coefficient():
    def by_definition(amounts):
        pairs = [abs(one - other) for one in amounts for other in amounts]
        return sum(pairs) / (2 * len(amounts) * sum(amounts))

    for amounts in ([1, 1, 1], [1, 2, 3, 10], [5], [1] * 9 + [91]):
        often = [(amount, amounts.count(amount)) for amount in set(amounts)]
        assert counting.gini(often) == pytest.approx(by_definition(amounts), abs=1e-12)
    assert counting.gini([]) is None


def test_a_long_period_has_a_bounded_number_of_parts():
    for by in By:
        parts = periods.parts_of(day(0), day(40_000), by)
        assert len(parts) <= periods.PARTS_MOST
        assert (parts[0].begins, parts[-1].ends) == (day(0), day(40_000))
        assert all(one.ends == other.begins for one, other in itertools.pairwise(parts))


@pytest.mark.parametrize("kind", READERS)
def test_the_dashboard_is_for_the_team(app, lived, kind):
    wanted = 303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404
    for path in ("/insights", "/insights/votes", "/insights/votes.csv", f"/insights?board={lived.board.slug}"):
        assert browser_of(app, reader_of(kind, lived.board)).get(path).status_code == wanted


def test_each_card_says_how_it_counts_and_comes_as_a_file(app, lived):
    browser = browser_of(app, lived.petra)

    page = browser.get("/insights").text

    assert page.count("How this is counted") == len(cards.CARDS)
    said = seen(page)
    assert "3 beside 4 ideas: 0.75 answers for each." in said
    assert "2 of 3 companies that have people here took part." in said
    for card in (*cards.BY_NAME, cards.ALL):
        rows = list(csv.reader(io.StringIO(browser.get(f"/insights/{card}.csv").text)))
        assert len(rows) > 1
    votes = list(csv.reader(io.StringIO(browser.get("/insights/votes.csv").text)))
    assert int(votes[-1][-1]) == sum(int(row[-1]) for row in votes[1:-1]) == 7


def test_what_cannot_be_asked_is_said_beside_its_field(app, lived):
    assert 'href="#ask-by"' in page_of(app, lived.petra, "by=hours").text
    assert 'href="#ask-segment"' in page_of(app, lived.petra, "segment=nobody").text
    browser = browser_of(app, lived.petra)
    assert browser.get("/insights/nothing").status_code == 404
    assert browser.get("/insights/nothing.csv").status_code == 404
    assert browser.get("/insights/votes?begins=yesterday").status_code == 422


def test_an_empty_board_has_a_dashboard(app, story, clock):
    page = seen(page_of(app, story.petra).text)

    assert "Not enough data" in page
    assert "Nothing was counted" in seen(browser_of(app, story.petra).get("/insights/people").text)


def test_many_votes_are_counted_once_an_hour(app, lived, monkeypatch):
    monkeypatch.setattr(dashboard, "VOTES_MANY", 1)
    dashboard.forget()
    before, _found = numbers(lived)
    VoteFactory(idea=lived.post(3), user=UserFactory(), cast_at=day(4))

    kept, _found = numbers(lived)
    dashboard.forget()
    anew, _found = numbers(lived)
    dashboard.forget()

    assert (kept, anew["votes"]) == (before, before["votes"] + 1)


def test_the_pages_ask_as_much_for_many_ideas_as_for_few(app, lived):
    browser = browser_of(app, lived.petra)
    paths = ("/insights", "/insights/votes", "/insights/people", "/insights/owed")

    def asked(path):
        with statements() as found:
            assert browser.get(path).status_code == 200
        return len(found)

    few = [asked(path) for path in paths]
    for _ in range(10):
        lived.post(40, UserFactory(company=CompanyFactory()), [UserFactory(), UserFactory()])

    assert [asked(path) for path in paths] == few
    assert few[0] <= 24


def test_programs_read_the_same(app, lived):
    asking = Asking(app.test_client(), json.loads(api.openapi()), bearer(lived.petra))

    found = asking.get("insights?by=weeks").get_json()
    figures = {each["figure"]: each for each in found["figures"]}

    assert figures["votes"]["number"] == sum(figures["votes"]["parts"]) == 7
    assert len(figures["votes"]["parts"]) == len(found["parts"])
    rows = asking.get(f"insights/votes?begins={found['since']}&ends={found['until']}&limit=100").get_json()["data"]
    assert len(rows) == 7
    assert rows[0]["idea"]["title"]
    assert asking.get("insights/nothing").status_code == 404
