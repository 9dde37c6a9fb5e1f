"""Loop health as people see it: whom the page is for, what it shows, and its files."""

import csv
import io
import re

import pytest

from ideas.accounts import segments
from ideas.accounts.models import User
from ideas.accounts.schemas_segments import SegmentWords
from ideas.boards.models import IdeaTag
from ideas.db import db, unit_of_work
from ideas.insights import charts, tables
from ideas.insights.tables import Table
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, CompanyFactory, IdeaFactory, TagFactory, UserFactory, VoteFactory
from tests.insights.arranging import Story, day
from tests.remembering import Begin

FILES = tuple(tables.FILES)


def three_ideas(app) -> Story:
    story = Story(app)
    shipped = story.post(0, voters=[UserFactory(), UserFactory()])
    planned = story.post(1)
    story.post(2)
    story.answer(shipped, 4, "shipped")
    story.answer(planned, 8, "planned", [{"kind": "author", "how": "Your words are in the plan now."}])
    return story


@pytest.fixture
def told(begin: Begin, app, clock) -> Story:
    """An idea that was shipped, one that is planned, one that waits; it is day 30."""
    story = begin(three_ideas, app)
    clock.move_to(day(30))
    return story


def get(app, person, path="/loop-health"):
    return browser_of(app, person).get(path)


@pytest.mark.parametrize("kind", READERS)
def test_the_page_is_for_the_team(app, told, kind):
    for path in ("/loop-health", "/loop-health/figures.csv", f"/loop-health?board={told.board.slug}"):
        answer = get(app, reader_of(kind, told.board), path)

        assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def test_the_page_says_each_figure_with_how_it_is_counted(app, told):
    page = seen(get(app, told.petra).text)

    assert "3 of 3 closures owed were delivered." in page
    assert "Of 1 idea that was closed, everybody was told for 1" in page
    assert "Of 3 ideas as old as the promise, 2 have a word of the team; 2 in time." in page
    assert "First official word 2 of 3 7 days not reached" in page
    assert "It is there 1 of 3 not reached not reached" in page
    assert "Of 2 answers, 1 say how something was used. Of 4 contributors, 1 were credited." in page
    assert "4 e-mails" in page
    assert "0 messages came twice." in page
    assert "0.67 answers for each idea" in page
    assert page.count("How this is counted") == 9


def test_every_chart_has_a_title_and_a_table(app, told):
    page = get(app, told.petra).text

    charts = re.findall(r'<svg class="plot"[^>]*role="img"[^>]*aria-labelledby="(\S+) (\S+)"', page)
    assert len(charts) == 5
    for title, words in charts:
        assert f'<title id="{title}">' in page
        assert f'<desc id="{words}">' in page
    assert page.count("As a table") == 7


def test_with_nothing_to_count_it_says_so(app, story, clock):
    page = seen(get(app, story.petra).text)

    assert page.count("Not enough data") >= 7
    assert "No idea is open." in page


def test_without_a_promise_it_says_what_is_missing(app, told):
    told.board.answer_within_days = None
    db.session.commit()

    assert "There is no promise to answer within some days" in seen(get(app, told.petra).text)


def test_filters_stand_in_the_address_and_in_the_form(app, told):
    tag = TagFactory(board=told.board, slug="seed", name="Seeds")
    db.session.add(IdeaTag(idea_id=told.post(3).id, tag_id=tag.id))
    db.session.commit()

    page = get(app, told.petra, f"/loop-health?board={told.board.slug}&tag=seed&period=365&company=").text

    assert '<option value="seed" selected>' in page
    assert '<option value="365" selected>' in page
    assert "Of 1 idea as old as the promise, 0 has a word" in seen(page)
    assert f"figures.csv?board={told.board.slug}&amp;tag=seed&amp;period=365" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tag=nothing-like-it", "tag"),
        ("period=7", "period"),
        ("from=2026-03-09&to=2026-03-02", "to"),
        ("from=tomorrow", "from"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_form_which_is_kept(app, told, query, field):
    answer = get(app, told.petra, f"/loop-health?{query}")

    assert answer.status_code == 422
    assert f'href="#ask-{field}"' in answer.text
    assert "figure-number" not in answer.text
    if "from=2026" in query:
        assert 'value="2026-03-09"' in answer.text


def test_days_are_whole_and_the_last_is_included(app, told):
    page = seen(get(app, told.petra, "/loop-health?from=2026-03-02&to=2026-03-03").text)

    assert "Of 2 ideas as old as the promise" in page  # posted on days 0 and 1


def test_companies_are_shown_to_administrators_alone(app, told):
    acme = CompanyFactory(name="Acme")
    admin = UserFactory(admin=True)

    assert "Acme" not in get(app, told.petra).text
    assert get(app, told.petra, f"/loop-health?company={acme.id}").status_code == 404
    assert "Acme" in get(app, admin, f"/loop-health?company={acme.id}").text
    assert get(app, admin, "/loop-health?company=999").status_code == 404


def test_a_segment_narrows_to_what_its_people_wrote(app, told):
    author = UserFactory(attributes={"role": "gardener"})
    told.post(3, author=author)
    db.session.commit()
    condition = {"about": "person_attribute", "name": "role", "is": "is", "value": "gardener"}
    with unit_of_work():
        words = SegmentWords().load({"name": "Gardeners", "question": {"conditions": [condition]}})
        segments.bring_one_up_to_date(segments.make(db.session.get_one(User, told.petra.id), words))

    page = get(app, told.petra, "/loop-health?segment=gardeners").text

    assert "Of 1 idea as old as the promise, 0 has a word" in seen(page)
    assert '<option value="gardeners" selected>' in page
    assert get(app, told.petra, "/loop-health?segment=nobody").status_code == 422


def test_boards_of_other_teams_are_not_counted(app, told):
    IdeaFactory(board=BoardFactory(), created_at=day(0))

    assert "Of 3 ideas as old as the promise" in seen(get(app, told.petra).text)
    assert "Of 4 ideas as old as the promise" in seen(get(app, UserFactory(admin=True)).text)


def test_twenty_ideas_cost_as_many_questions_as_three(app, told):
    browser = browser_of(app, told.petra)

    def cost():
        with statements() as asked:
            assert browser.get("/loop-health").status_code == 200
        return len(asked)

    few = cost()
    for _ in range(20):
        idea = IdeaFactory(board=told.board)
        VoteFactory(idea=idea)
    told.answer(idea, 29, "declined")

    assert cost() == few <= 22


# --- Files ---


def rows_of(answer):
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text)))


@pytest.mark.parametrize("name", FILES)
def test_each_table_is_a_file(app, told, name):
    rows = rows_of(get(app, told.petra, f"/loop-health/{name}.csv"))

    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1


def test_the_figures_are_in_a_file(app, told):
    rows = rows_of(get(app, told.petra, "/loop-health/figures.csv"))

    assert ["closed_people", "3", "3", "1.0"] in rows
    assert ["days_to_answer_median", "2", "3", "7"] in rows
    assert ["days_to_shipping_median", "1", "3", ""] in rows


def test_there_are_no_other_files(app, told):
    assert get(app, told.petra, "/loop-health/people.csv").status_code == 404


def test_no_cell_is_a_formula():
    table = Table(("a", "b"), [("=1+1", -3), ("plain", None)])

    assert tables.as_csv(table) == "a,b\r\n'=1+1,-3\r\nplain,\r\n"


# --- For everybody ---


@pytest.mark.parametrize("kind", READERS)
def test_everybody_who_sees_the_board_reads_how_it_answers(app, told, kind):
    page = get(app, reader_of(kind, told.board), f"/boards/{told.board.slug}/loop-health")

    assert page.status_code == 200
    assert "Of 3 ideas as old as the promise, 2 have a word of the team" in seen(page.text)
    assert ("All of loop health" in page.text) == (kind in ("team", "admin"))
    for inside in ("Telling people", "Loops closed, people", "Feedback used"):
        assert inside not in page.text


@pytest.mark.parametrize("kind", READERS)
def test_how_a_private_board_answers_is_for_its_members(app, clock, kind):
    board = BoardFactory(private=True)

    page = get(app, reader_of(kind, board), f"/boards/{board.slug}/loop-health")

    assert page.status_code == (200 if kind in ("invited", "author", "team", "admin") else 404)


# --- Charts ---


def test_parts_of_a_whole_fill_it_in_order():
    bars = charts.parts([charts.Part("told", 3), charts.Part("out", 0), charts.Part("failed", 1)])

    assert [(bar.kind, bar.x, bar.width) for bar in bars] == [("told", 0, 75), ("failed", 75, 25)]


def test_many_weeks_are_drawn_together(story):
    for number in range(0, 420, 7):
        story.post(number)
    capacity = story.health(420, since=day(0)).capacity

    together, bars = charts.weeks(capacity.weeks)

    assert (together, len(bars)) == (2, 60)
    assert {bar.height for bar in bars if bar.kind == "ideas"} == {100}
