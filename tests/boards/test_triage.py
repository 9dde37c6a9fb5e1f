"""What waits for a first word: by what was promised, one idea open beside the list, every act undone by one press."""

import html
import re
from datetime import timedelta

import pytest
from marshmallow import ValidationError

from ideas.boards import commenting, flagging, listing, overdue, posting, queries, reading
from ideas.boards.models import Comment, Idea
from ideas.boards.models_moderating import FlagReason
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed
from tests.boards.arranging import reader_of
from tests.boards.pages import answered, browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, TagFactory, UserFactory, team_member


@pytest.fixture
def board(app):
    made = BoardFactory(slug="garden", answer_within_days=14)
    TagFactory(board=made, slug="shed", name="Shed")
    return made


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def slow_app(make_app):
    """A site that waits fifteen minutes before it tells people."""
    app = make_app(SETTLE_MINUTES="15")
    with app.app_context():
        yield app


def place(idea):
    db.session.rollback()
    return queries.get_idea(UserFactory(admin=True), idea.id).idea.rank


def due(person, idea, day):
    db.session.commit()
    with unit_of_work():
        posting.set_due(person, queries.get_idea(person, idea.id), day)


def form(page, action):
    """The fields of the first form of the page that leads there, as a browser sends it untouched."""
    drawn = next(
        each for each in re.findall(r"<form.*?</form>", page, re.S) if f'action="{action}"' in each.partition(">")[0]
    )
    fields = {}
    for tag in re.findall(r"<input[^>]*>", drawn):
        names = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "checked" in tag or names.get("type") not in ("radio", "checkbox"):
            fields.setdefault(html.unescape(names["name"]), []).append(html.unescape(names.get("value", "")))
    for name, words in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', drawn, re.S):
        fields[name] = [html.unescape(words)]
    return fields


def days_ago(days):
    return utcnow() - timedelta(days=days)


# --- The list ---


def test_what_was_promised_for_the_earliest_day_comes_first_whatever_the_board(petra, board):
    quick = BoardFactory(answer_within_days=2)
    none = BoardFactory(answer_within_days=None)
    for each in (quick, none):
        MembershipFactory(board=each, user=petra, team=True)
    slow = IdeaFactory(board=board, created_at=days_ago(5))
    soon = IdeaFactory(board=quick, created_at=days_ago(4))
    unsaid = IdeaFactory(board=none, created_at=days_ago(6))
    late = IdeaFactory(board=board, created_at=days_ago(20))
    boards = queries.list_boards(petra)

    found, cursor = [], None
    for _ in range(4):
        page = reading.needs_an_answer(boards, limit=1, cursor=cursor)
        found += [row.idea.id for row in page.rows]
        cursor = page.next

    assert found == [late.id, soon.id, slow.id, unsaid.id]
    assert cursor is None


# --- Days ---


def test_a_day_of_the_teams_own_is_kept_until_the_answer_and_comes_back_when_that_is_undone(slow_app):
    board = BoardFactory()
    petra, idea = team_member(board), IdeaFactory(board=board)
    day = utcnow().date() + timedelta(days=3)
    due(petra, idea, day)
    assert place(idea).due_on == day

    given = answered(petra, idea)
    assert place(idea).due_on is None
    browser_of(slow_app, petra).post(f"/answers/{given.id}/undo")

    assert place(idea).due_on == day


def test_a_day_that_is_past_is_refused_and_others_set_none(petra, board):
    idea = IdeaFactory(board=board)

    with pytest.raises(ValidationError) as error:
        due(petra, idea, utcnow().date() - timedelta(days=2))
    with pytest.raises(NotAllowed):
        due(reader_of("member", board), idea, utcnow().date())

    assert "due_on" in error.value.messages_dict
    assert place(idea).due_on is None


def test_its_owner_is_reminded_once_the_day_has_passed(petra, board):
    idea = IdeaFactory(board=board, owner=petra)
    due(petra, idea, utcnow().date())

    assert overdue.owners(utcnow()) == []
    assert overdue.owners(utcnow() + timedelta(days=2)) == [petra.id]


# --- The page ---


def test_the_open_idea_shows_what_the_team_needs(app, petra, board):
    same = IdeaFactory(board=board, title="A shed for bicycles", created_at=days_ago(30))
    answered(petra, same)
    idea = IdeaFactory(board=board, title="Sheds for our bicycles", body="It rains.")
    other = IdeaFactory(board=board, title="A tower")
    with unit_of_work():
        on = queries.get_idea(petra, idea.id)
        commenting.add(petra, on, body="Ask the landlord first.", internal=True)
        flagging.flag(UserFactory(name="Ole"), on, reason=FlagReason.SPAM, words="I read this elsewhere.")

    page = browser_of(app, petra).get(f"/boards/garden/needs-an-answer?idea={idea.id}").text

    assert in_order(page, "It rains", "I read this elsewhere.", "both say: shed, bicycles", "Ask the landlord first.")
    assert "<mark>shed</mark>" in page
    assert f'name="into" value="{same.id}" checked' in page
    assert f"?idea={other.id}#open" in page


def test_every_act_leads_on_and_is_taken_back_by_one_press(slow_app):
    board = BoardFactory(slug="garden")
    TagFactory(board=board, slug="shed")
    petra = team_member(board)
    same = IdeaFactory(board=board, title="A shed for bicycles", created_at=days_ago(2))
    idea = IdeaFactory(board=board, title="Sheds for bicycles", created_at=days_ago(1))
    browser = browser_of(slow_app, petra)
    here, there = (f"/boards/garden/needs-an-answer?idea={each.id}" for each in (idea, same))
    day = (utcnow().date() + timedelta(days=7)).isoformat()

    def act(action, **fields):
        answer = browser.post(action, data={**form(browser.get(here).text, action), **fields})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].removesuffix("#open")

    def undo(action):
        assert "Undo:" in seen(browser.get(there).text)
        answer = browser.post(action, data=form(browser.get(there).text, action))
        assert answer.headers["Location"] == f"{here}#open"
        assert "Undo:" not in seen(browser.get(here).text)

    def now():
        db.session.rollback()
        found = db.session.get_one(Idea, idea.id)
        tags = [tag.slug for tag in listing.tags_on([idea.id]).get(idea.id, [])]
        return found.owner_id, tags, found.merged_root_id, found.hidden_at is not None, str(place(idea).due_on)

    before = now()
    assert act(f"/ideas/{idea.id}/owner") == here
    assert now()[0] == petra.id
    undo(f"/ideas/{idea.id}/owner")
    assert act(f"/ideas/{idea.id}/tags", tags=["shed"]) == here
    assert now()[1] == ["shed"]
    undo(f"/ideas/{idea.id}/tags")
    assert act(f"/ideas/{idea.id}/due", due_on=day) == here
    assert now()[4] == day
    undo(f"/ideas/{idea.id}/due")
    assert act(f"/ideas/{idea.id}/merge") == there
    assert now()[2] == same.id
    undo(f"/ideas/{idea.id}/unmerge")
    assert act(f"/ideas/{idea.id}/hide", reason="It says what it should not.") == there
    assert now()[3]
    undo(f"/ideas/{idea.id}/restore")
    assert act(f"/ideas/{idea.id}/comments", body="Only between us.") == here
    note = db.session.query(Comment).one()
    assert (note.is_internal, note.body) == (True, "Only between us.")
    undo(f"/comments/{note.id}/delete")

    assert now() == before


def test_a_refused_form_is_drawn_on_its_own_page_and_still_leads_back(app, petra, board):
    idea = IdeaFactory(board=board)
    back = "/needs-an-answer#open"

    refused = browser_of(app, petra).post(f"/ideas/{idea.id}/due", data={"due_on": "2020-01-01", "next": back})

    assert refused.status_code == 422
    assert "This day is past" in refused.text
    assert f'name="next" value="{back}"' in refused.text


def test_nothing_leads_to_another_site(app, petra, board):
    idea = IdeaFactory(board=board)

    answer = browser_of(app, petra).post(
        f"/ideas/{idea.id}/owner", data={"owner": "", "next": "https://elsewhere.example/"}
    )

    assert answer.headers["Location"] == "/"
