"""The roadmap: what stands in it, in which order, for whom, and what it costs."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from ideas.boards import queries, roadmap
from ideas.boards.models import Idea, IdeaRank, Reason, Stage
from ideas.boards.roadmap import Item, Span
from ideas.db import at, db, utcnow
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import answered, browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

TODAY = date(2026, 11, 23)
SHIPPED = "It is there since this morning, for everybody who asked for it."


@pytest.fixture
def board():
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def columns(reader=None, *slugs):
    return roadmap.of(reader, [queries.get_board(reader, slug) for slug in slugs or ("garden",)])


def titles(found):
    return {column.stage: [item.title for item in column.items] for column in found}


def plan(petra, board, title, day=None, votes=0):
    idea = IdeaFactory(board=board, title=title)
    answered(petra, idea, date=day)
    db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id == idea.id).values(vote_count=votes))
    db.session.commit()
    return idea


def test_what_is_planned_stands_by_its_day_and_without_one_by_votes(board, petra):
    today = utcnow().date()
    plan(petra, board, "Wanted by many", votes=9)
    plan(petra, board, "Wanted by few", votes=2)
    plan(petra, board, "In spring", today + timedelta(days=90))
    plan(petra, board, "Soon", today + timedelta(days=9))

    assert titles(columns())[Stage.PLANNED] == ["Soon", "In spring", "Wanted by many", "Wanted by few"]


def test_what_is_there_stands_by_when_it_was_shipped(board, petra):
    for days, title in ((1, "Yesterday"), (40, "Last month"), (9, "Last week")):
        idea = IdeaFactory(board=board, title=title)
        with at(utcnow() - timedelta(days=days)):
            answered(petra, idea, "shipped", Reason.SHIPPED, SHIPPED)

    found = columns()

    assert titles(found)[Stage.SHIPPED] == ["Yesterday", "Last week", "Last month"]
    assert found[-1].items[0].said == SHIPPED


def test_what_is_open_declined_hidden_withdrawn_or_elsewhere_is_not_on_it(board):
    for stage in Stage:
        IdeaFactory(board=board, title=f"It is {stage}", stage=stage)
    IdeaFactory(board=board, stage=Stage.PLANNED, hidden=True)
    IdeaFactory(board=board, stage=Stage.PLANNED, withdrawn=True)
    IdeaFactory(stage=Stage.PLANNED)

    found = titles(columns())

    assert found == {
        Stage.PLANNED: ["It is planned"],
        Stage.STARTED: ["It is started"],
        Stage.SHIPPED: ["It is shipped"],
    }


def test_an_answer_that_was_undone_gives_no_day(board, petra):
    idea = plan(petra, board, "A shed", utcnow().date() + timedelta(days=9))
    db.session.execute(sa.text("UPDATE answer SET undone_at = created_at"))
    db.session.commit()

    assert [(item.id, item.day) for item in columns()[0].items] == [(idea.id, None)]


def test_of_a_stage_thirty_are_shown_and_that_there_are_more(board):
    for _ in range(roadmap.EACH + 1):
        IdeaFactory(board=board, stage=Stage.PLANNED)
    IdeaFactory(board=board, stage=Stage.STARTED)

    planned, started, _shipped = columns()

    assert (len(planned.items), planned.is_cut) == (roadmap.EACH, True)
    assert (len(started.items), started.is_cut) == (1, False)


def test_ones_own_vote_is_said_also_through_a_merged_idea(board):
    mia, idea = UserFactory(), IdeaFactory(board=board, stage=Stage.PLANNED)
    part = IdeaFactory(board=board)
    db.session.execute(sa.update(Idea).where(Idea.id == part.id).values(merged_into_id=idea.id, merged_root_id=idea.id))
    db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id == idea.id).values(has_merged=True))
    VoteFactory(idea=part, user=mia)
    other = IdeaFactory(board=board, stage=Stage.PLANNED)

    assert {item.id: item.voted for item in columns(mia)[0].items} == {idea.id: True, other.id: False}
    assert not any(item.voted for item in columns()[0].items)


def item(title, stage, day=None, answered_on=None):
    answered_at = datetime.combine(answered_on, datetime.min.time(), UTC) if answered_on else None
    status = roadmap.ListedStatus(stage, stage, stage)
    return Item(1, title, None, status, 3, False, day, answered_at, "")


def test_months_follow_each_other_after_what_is_late_and_before_what_has_no_day():
    found = roadmap.periods(
        [
            item("none", Stage.PLANNED),
            item("march", Stage.PLANNED, date(2027, 3, 9)),
            item("today", Stage.STARTED, TODAY),
            item("late", Stage.STARTED, date(2026, 11, 22)),
            item("march too", Stage.PLANNED, date(2027, 3, 31)),
        ],
        TODAY,
    )

    assert [(period.span, period.month, [each.title for each in period.items]) for period in found] == [
        (Span.LATE, None, ["late"]),
        (Span.MONTH, date(2026, 11, 1), ["today"]),
        (Span.MONTH, date(2027, 3, 1), ["march", "march too"]),
        (Span.UNDATED, None, ["none"]),
    ]


def test_what_is_there_is_never_late_and_the_latest_month_comes_first():
    column = roadmap.Column(
        Stage.SHIPPED,
        [
            item("now", Stage.SHIPPED, date(2026, 1, 1), TODAY),
            item("then", Stage.SHIPPED, None, date(2026, 9, 3)),
            item("imported", Stage.SHIPPED),
        ],
        False,
    )

    found = roadmap.of_stage(column, TODAY)

    assert [period.month for period in found] == [date(2026, 11, 1), date(2026, 9, 1), None]


def test_by_date_what_is_planned_and_what_is_made_stand_together():
    found = roadmap.to_come(
        [
            roadmap.Column(Stage.PLANNED, [item("in march", Stage.PLANNED, date(2027, 3, 9))], False),
            roadmap.Column(Stage.STARTED, [item("sooner", Stage.STARTED, date(2027, 3, 2))], False),
            roadmap.Column(Stage.SHIPPED, [item("there", Stage.SHIPPED, None, TODAY)], False),
        ],
        TODAY,
    )

    assert [[each.title for each in period.items] for period in found] == [["sooner", "in march"]]


# --- As pages ---


def test_the_roadmap_of_a_board_shows_what_is_planned_made_and_there(client, board):
    for stage in Stage:
        IdeaFactory(board=board, title=f"It is {stage}", stage=stage)

    page = client.get("/boards/garden/roadmap").text

    assert in_order(page, "Planned", "It is planned", "Started", "It is started", "Shipped", "It is shipped")
    assert "It is open" not in page


def test_by_date_the_nearest_month_comes_first(client, board, petra):
    day = utcnow().date() + timedelta(days=400)
    plan(petra, board, "In a year", day)
    plan(petra, board, "Some day")

    page = client.get("/roadmap?by=date").text

    assert in_order(page, "To come", f"{day:%B %Y}", "In a year", "No date yet", "Some day")


def test_an_empty_roadmap_says_what_will_be_here(client, board):
    assert "Nothing is on the roadmap yet" in seen(client.get("/boards/garden/roadmap").text)


@pytest.mark.parametrize("kind", READERS)
def test_across_boards_everybody_reads_those_they_find_in_lists(app, board, kind):
    private, unlisted = BoardFactory(private=True, slug="keys"), BoardFactory(unlisted=True)
    for each, title in ((board, "Everybody reads"), (private, "Members read"), (unlisted, "Whoever was told")):
        IdeaFactory(board=each, stage=Stage.PLANNED, title=title)
    person = reader_of(kind, private)

    page = browser_of(app, person).get("/roadmap").text

    assert "Everybody reads" in page
    assert "Whoever was told" not in page or kind == "admin"
    assert ("Members read" in page) == (kind in ("invited", "author", "team", "admin"))
    assert browser_of(app, person).get("/boards/keys/roadmap").status_code == (
        200 if kind in ("invited", "author", "team", "admin") else 404
    )


def test_it_asks_the_database_six_times_at_most(client, board, petra):
    for number in range(3):
        plan(petra, board, f"A shed {number}", utcnow().date())
    client.get("/roadmap")

    for path in ("/roadmap", "/roadmap?by=date", "/boards/garden/roadmap"):
        with statements() as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 6, path
