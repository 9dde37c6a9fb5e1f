"""Snippets: texts that teams use often in answers."""

import pytest
from marshmallow import ValidationError

from ideas import blanks
from ideas.accounts.models import AuditEntry
from ideas.boards import phrasing, queries
from ideas.boards.models_snippets import Snippet
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed, NotFound
from tests.boards.arranging import count
from tests.boards.pages import browser_of, in_order
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, charlie, team_member

TEXT = "{{votes}} people want “{{ title }}”, which {{author}} asked for."


def test_blanks_are_filled_once_and_without_logic():
    known = {"title": "A {{board}} of beds", "votes": 3}

    assert (
        blanks.filled("{{title}} {{ votes }} {{other}} {votes} {{", known)
        == "A {{board}} of beds 3 {{other}} {votes} {{"
    )
    assert blanks.names_in("{{ title }} and {{7*7}}") == ["title", "7*7"]
    with pytest.raises(ValidationError, match=r"{{7\*7}}.*{{title}}, {{votes}}"):
        blanks.require_known("{{title}} {{7*7}}", known, field="text")


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def kept(actor, board=None, text=TEXT):
    with unit_of_work():
        words = {"name": "Wanted", "text": text, "board": board.slug if board else None}
        return phrasing.keep(actor, words).id


def test_a_boards_snippets_are_its_teams_and_ones_own_are_ones_own(board, petra):
    colleague, elsewhere = team_member(board), team_member(BoardFactory())
    ours, mine = kept(petra, board), kept(petra)

    assert {each.id for each in phrasing.all_for(petra)} == {ours, mine}
    assert {each.id for each in phrasing.all_for(colleague)} == {ours}
    assert {each.id for each in phrasing.all_for(UserFactory(admin=True))} == {ours}
    assert phrasing.all_for(elsewhere) == []
    for reader, number in ((colleague, mine), (elsewhere, ours), (charlie(), ours)):
        with pytest.raises(NotFound):
            phrasing.get(reader, number)
    with pytest.raises(NotAllowed):
        kept(elsewhere, board)
    with pytest.raises(NotFound):
        kept(charlie())


def test_what_a_team_shares_is_written_down_and_what_is_ones_own_is_not(board, petra):
    ours, mine = kept(petra, board), kept(petra)
    for number in (ours, mine):
        with unit_of_work():
            phrasing.change(petra, phrasing.get(petra, number), {"name": "Much wanted"})
        with unit_of_work():
            phrasing.remove(petra, phrasing.get(petra, number))

    acts = [entry.act for entry in db.session.query(AuditEntry).order_by(AuditEntry.id) if entry.act[:7] == "snippet"]
    assert acts == ["snippet.added", "snippet.changed", "snippet.removed"]
    assert count(Snippet) == 0


def test_there_is_an_end_to_snippets(board, petra, monkeypatch):
    monkeypatch.setattr(phrasing, "MOST", 1)
    kept(petra, board)
    kept(petra)

    with pytest.raises(ValidationError) as refused:
        kept(team_member(board), board)
    assert set(refused.value.messages_dict) == {"name"}


def test_a_snippet_is_put_into_an_answer_with_its_blanks_filled(app, board, petra):
    idea = IdeaFactory(board=board, title="A {{votes}} rota", author=UserFactory(name="Ole"))
    VoteFactory(idea=idea)
    snippet, other = kept(petra, board), kept(team_member(other_board := BoardFactory()), other_board)
    browser = browser_of(app, petra)

    shown = browser.get(f"/ideas/{idea.id}/answer").text
    put = browser.post(
        f"/ideas/{idea.id}/answer", data={"text": "We read it.", "snippet": str(snippet), "insert": "1"}
    ).text
    not_ours = browser.post(f"/ideas/{idea.id}/answer", data={"text": "We read it.", "snippet": other, "insert": "1"})

    votes = queries.get_idea(petra, idea.id).idea.rank.vote_count
    filled = f"{votes} people want “A {{{{votes}}}} rota”, which Ole asked for."
    assert f'data-text="{filled}"' in shown
    assert f"We read it.\n\n{filled}</textarea>" in put.replace("\r\n", "\n")
    assert "We read it.</textarea>" in not_ours.text.replace("\r\n", "")


def test_snippets_are_kept_changed_and_removed_on_pages(app, board, petra):
    browser = browser_of(app, petra)

    assert in_order(browser.get("/team/snippets").text, "No snippets yet", "Keep a snippet")
    refused = browser.post("/team/snippets/new", data={"name": "Wanted", "text": "{{price}} of it", "board": "garden"})
    assert refused.status_code == 422
    assert in_order(refused.text, "There is no blank “{{price}}” here", "{{price}} of it")
    assert (
        browser.post("/team/snippets/new", data={"name": "Wanted", "text": TEXT, "board": "garden"}).status_code == 303
    )
    assert in_order(browser.get("/team/snippets").text, "Wanted", "The team of Garden")
    number = phrasing.all_for(petra)[0].id
    assert browser.post(f"/team/snippets/{number}", data={"name": "Much wanted", "text": TEXT}).status_code == 303
    assert "Much wanted" in browser.get(f"/team/snippets/{number}").text
    assert browser_of(app, charlie()).get(f"/team/snippets/{number}").status_code == 404
    assert browser.post(f"/team/snippets/{number}/remove").status_code == 303
    assert browser.get(f"/team/snippets/{number}").status_code == 404
