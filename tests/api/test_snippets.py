"""Snippets as JSON."""

from tests.factories import BoardFactory, charlie, team_member


def test_snippets_are_kept_read_changed_and_removed(ask):
    board = BoardFactory(slug="garden")
    petra = team_member(board, name="Petra")

    made = ask(petra).post("snippets", {"name": "Wanted", "text": "“{{title}}” is wanted.", "board": "garden"})
    number = made.get_json()["id"]
    changed = ask(petra).patch(f"snippets/{number}", {"name": "Much wanted"}).get_json()

    assert made.status_code == 201
    assert (changed["name"], changed["text"], changed["board"]) == ("Much wanted", "“{{title}}” is wanted.", "garden")
    assert changed["by"]["name"] == "Petra"
    assert [each["id"] for each in ask(team_member(board)).get("snippets").get_json()["data"]] == [number]
    assert ask(charlie()).get(f"snippets/{number}").status_code == 404
    assert ask(petra).delete(f"snippets/{number}").status_code == 204
    assert ask(petra).get(f"snippets/{number}").status_code == 404


def test_a_blank_that_there_is_not_is_refused_by_its_name(ask):
    answer = ask(team_member(BoardFactory())).post("snippets", {"name": "Wanted", "text": "{{ config }}"})

    assert answer.status_code == 422
    (error,) = answer.get_json(force=True)["errors"]
    assert error["pointer"] == "/text"
    assert "{{config}}" in error["detail"]
