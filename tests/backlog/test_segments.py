"""Segments at the team's desk: whom an idea reaches, its priority for them, and the pages on which they are kept."""

import pytest

from ideas.accounts import erasing, segments
from ideas.accounts.models import User
from ideas.accounts.models_segments import Segment
from ideas.accounts.schemas_segments import SegmentWords
from ideas.backlog import desk, files, ranking, segmenting
from ideas.backlog.asking import Asked, Order, Weights
from ideas.backlog.errors import SegmentInUse
from ideas.backlog.models_views import BacklogView
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed, NotFound
from tests.backlog.arranging import back, company, estimate, people, walk
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, charlie, team_member

LARGE = {"name": "Large", "question": {"conditions": [{"about": "plan", "is": "is", "value": "enterprise"}]}}


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def two(board, petra):
    """loud: nine votes, one of a large company. quiet: three votes, all of large ones. bare: none."""
    loud, quiet, bare = (IdeaFactory(board=board, title=title) for title in ("Loud", "Quiet", "Bare"))
    back(loud, [*people(8, company("free")), *people(1, company("enterprise"))])
    back(quiet, [each for _ in range(3) for each in people(1, company("enterprise"))])
    for idea in (loud, quiet, bare):
        estimate(petra, idea)
    return loud, quiet, bare


def keep(petra, words=LARGE):
    db.session.commit()
    with unit_of_work():
        made = segmenting.make(db.session.get_one(User, petra.id), SegmentWords().load(words))
        segment_id = made.id
    walk()
    return segments.get(segment_id)


def listed(petra, **asked):
    db.session.rollback()
    opened = desk.open_for(db.session.get_one(User, petra.id))
    return desk.lines(opened, Asked(**asked), limit=50).rows


def test_within_a_segment_its_people_are_whom_an_idea_reaches(petra, two):
    keep(petra)

    by_reach = listed(petra, segment="large", order=Order.REACH)
    by_priority = listed(petra, segment="large", order=Order.PRIORITY)
    by_votes = listed(petra, segment="large", order=Order.VOTES)
    of_all = listed(petra, order=Order.PRIORITY)

    # priority is reach × 2 × 50 % / 4
    assert [(line.title, line.votes, line.reach, line.priority) for line in by_reach] == [
        ("Quiet", 3, 3, 0.75),
        ("Loud", 9, 1, 0.25),
    ]
    assert [line.title for line in by_priority] == ["Quiet", "Loud"]
    assert [line.title for line in by_votes] == ["Loud", "Quiet"]
    assert [(line.title, line.reach, line.priority) for line in of_all][:2] == [("Loud", 9, 2.25), ("Quiet", 3, 0.75)]


def test_points_within_a_segment_go_by_its_priority(petra, two):
    keep(petra)

    lines = listed(petra, segment="large", order=Order.POINTS, weights=Weights(priority=4))

    assert [(line.title, line.points) for line in lines] == [("Quiet", 3), ("Loud", 1)]


def test_who_comes_into_a_segment_or_votes_counts_a_little_later(petra, two):
    _loud, quiet, _bare = two
    segment = keep(petra)
    late = people(1, company("enterprise"))
    back(quiet, late)
    mia = db.session.get_one(User, people(1)[0].id)
    back(quiet, [mia])
    walk()
    assert [line.reach for line in listed(petra, segment="large", order=Order.REACH)] == [3, 1]

    mia.company_id = company("enterprise").id
    db.session.get_one(Segment, segment.id).counted_at = None
    db.session.commit()
    has_more = True
    while has_more:
        with unit_of_work():
            has_more = ranking.refresh_segments()
    walk()

    assert [line.reach for line in listed(petra, segment="large", order=Order.REACH)] == [5, 1]


def test_the_file_of_a_segment_says_what_its_priorities_are_made_of(petra, two):
    keep(petra)
    db.session.commit()

    rows = list(files.rows(db.session.get_one(User, petra.id), Asked(segment="large", order=Order.PRIORITY)))

    assert [(row["title"], row["votes"], row["votes_of_segment"], row["reach"]) for row in rows] == [
        ("Quiet", 3, 3, 3),
        ("Loud", 9, 1, 1),
    ]
    assert [row["reach"] * row["impact"] * row["confidence"] / 100 / row["effort"] for row in rows] == [0.75, 0.25]


# --- Who keeps them ---


def test_whoever_answers_keeps_segments_and_changes_their_own(board, petra, two):
    segment = keep(petra)
    other, mate = charlie(), team_member(board)
    db.session.commit()
    words = SegmentWords().load({**LARGE, "name": "Larger"})

    with unit_of_work(), pytest.raises(NotFound):
        segmenting.make(db.session.get_one(User, other.id), words)
    with unit_of_work(), pytest.raises(NotAllowed):
        segmenting.change(db.session.get_one(User, mate.id), segments.get(segment.id), words)
    with unit_of_work():
        segmenting.change(db.session.get_one(User, petra.id), segments.get(segment.id), words)

    assert (segments.get(segment.id).name, segments.get(segment.id).slug) == ("Larger", "large")


def test_a_segment_that_a_view_asks_for_stays(petra, two):
    segment = keep(petra)
    db.session.add(BacklogView(owner_id=petra.id, name="Mornings", asked={"segment": "large"}))
    db.session.commit()

    with unit_of_work(), pytest.raises(SegmentInUse, match="“Mornings”"):
        segmenting.remove(db.session.get_one(User, petra.id), segments.get(segment.id))
    db.session.query(BacklogView).delete()
    db.session.commit()
    with unit_of_work():
        segmenting.remove(db.session.get_one(User, petra.id), segments.get(segment.id))

    assert db.session.query(Segment).count() == 0


def test_a_segment_named_after_somebody_erased_is_called_and_found_otherwise(petra, board):
    mia = UserFactory(name="Mia Gardener")
    segment = keep(petra, {**LARGE, "name": "Like Mia Gardener"})
    db.session.add(BacklogView(owner_id=petra.id, name="Mornings", asked={"segment": segment.slug}))
    db.session.commit()

    with unit_of_work():
        gone = erasing.erase(None, db.session.get_one(User, mia.id), with_text=False)
    erasing.finish(gone)

    segment = segments.get(segment.id)
    assert (segment.name, segment.slug) == ("Like Former member", "segment")
    assert db.session.query(BacklogView).one().asked == {"segment": "segment"}


# --- Pages ---


@pytest.mark.parametrize("kind", READERS)
def test_segments_are_for_those_who_answer(app, board, kind):
    answer = browser_of(app, reader_of(kind, board)).get("/team/segments")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def send(app, person, *lines, path="/team/segments/new", **fields):
    rows = {
        f"conditions-{place}-{name}": value
        for place, line in enumerate(lines)
        for name, value in zip(("what", "name", "value"), line, strict=True)
    }
    return browser_of(app, person).post(path, data={"name": "Large", "match": "all", "once": "a", **rows, **fields})


def test_a_segment_is_made_read_changed_and_removed_on_pages(app, petra, two):
    answer = send(app, petra, ("plan.is", "", "enterprise, pro"), ("monthly_revenue.at_most", "", "0.50"))
    assert answer.status_code == 303
    segment = db.session.query(Segment).one()
    browser = browser_of(app, petra)

    page = browser.get("/team/segments").text
    assert in_order(page, "Large", "Plan is enterprise or pro and revenue a month is at most €0.50", "0 companies")

    form = browser.get(f"/team/segments/{segment.id}/edit").text
    assert 'value="enterprise, pro"' in form
    assert 'value="0.50"' in form

    path = f"/team/segments/{segment.id}"
    assert send(app, petra, ("plan.is", "", "enterprise"), path=f"{path}/edit").status_code == 303
    walk()
    page = browser.get("/team/segments").text
    assert in_order(page, "Large", "Plan is enterprise", "4 companies", "4 people", "what they back")
    assert browser.get("/team/people?segment=large").text.count("/team/people/") == 4
    assert browser.get("/team/companies?segment=large").text.count('<th scope="row">') == 4
    ideas = browser.get("/team/backlog?segment=large&order=reach").text
    assert in_order(
        ideas, "Backed by “Large”: Plan is enterprise.", "Idea", "Votes", "Reach", "Quiet", "3", "Loud", "9"
    )
    scores = seen(browser.get(f"/ideas/{two[0].id}/scores?segment=large").text)
    assert "1 – its voters of “Large”, counted" in scores
    assert "Everybody 9 Large 1" in scores

    assert browser.post(f"{path}/remove").status_code == 303
    assert "No segments yet" in browser.get("/team/segments").text


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        (("", "", "enterprise"), "what", "Choose what this condition asks."),
        (("renews_on.within_days", "", "soon"), "value", "Say how many days"),
        (("monthly_revenue.at_least", "", "a lot"), "value", "This is no amount."),
        (("person_attribute.is", "No name", "x"), "name", "Say which attribute."),
        (("plan.is", "", " , "), "value", "Say what it is compared with."),
        (("plan.past", "", ""), "what", "Choose what this condition asks."),
    ],
)
def test_what_cannot_be_asked_is_said_in_its_line_and_nothing_is_lost(app, petra, line, field, words):
    answer = send(app, petra, ("plan.is", "", "kept"), line)

    assert answer.status_code == 422
    assert f'href="#conditions-1-{field}"' in answer.text
    assert f"Condition 2: {words}" in seen(answer.text)
    assert 'value="kept"' in answer.text
    assert db.session.query(Segment).count() == 0


def test_a_segment_without_a_name_or_a_question_is_refused(app, petra):
    assert 'href="#name"' in send(app, petra, ("plan.known", "", ""), name=" ").text
    empty = send(app, petra).text
    assert "Between 1 and 10 conditions." in seen(empty)
    assert 'href="#conditions-0-what"' in empty


def test_what_is_no_segment_cannot_be_asked_for(app, petra):
    browser = browser_of(app, petra)

    assert 'href="#ask-segment"' in browser.get("/team/backlog?segment=nothing").text
    assert browser.get("/team/people?segment=nothing").status_code == 404


def test_the_pages_ask_as_much_for_ten_segments_as_for_one(app, petra, two):
    browser = browser_of(app, petra)
    paths = ("/team/segments", "/team/backlog?segment=large", f"/ideas/{two[0].id}/scores")

    def asked(path):
        with statements() as found:
            assert browser.get(path).status_code == 200
        return len(found)

    keep(petra)
    one = [asked(path) for path in paths]
    for number in range(9):
        keep(petra, {**LARGE, "name": f"Large {number}"})

    assert [asked(path) for path in paths] == one
