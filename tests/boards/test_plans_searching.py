"""How the databases answer what somebody types: by the index of words, however common the words are."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.boards import listing, matching, queries, scoring, searching, similar
from ideas.boards.models import Idea, IdeaRank, Stage
from ideas.boards.models_searching import BoardTerm, IdeaTerm
from ideas.db import db, unit_of_work, utcnow
from tests.boards.arranging import statements
from tests.boards.test_plans import explain
from tests.factories import BoardFactory, UserFactory, status_of

IDEAS = 2_500
WORDS = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(400)]


def two_boards():
    """Two boards of many ideas: all say “common” and “usual”, each a few rarer words."""
    made, author = [BoardFactory(), BoardFactory()], UserFactory()
    first = {board.id: status_of(board, Stage.OPEN).id for board in made}
    now = utcnow()
    rows = [
        {
            "id": number + 1,
            "board_id": made[number % 2].id,
            "status_id": first[made[number % 2].id],
            "author_id": author.id,
            "title": f"Common usual {WORDS[number % 400]}",
            "body": f"{WORDS[number * 7 % 400]} {WORDS[number * 11 % 400]}",
            "created_at": now,
        }
        for number in range(IDEAS)
    ]
    places = [
        {"idea_id": row["id"], "board_id": row["board_id"], "stage": "open", "created_at": now, "hot": float(row["id"])}
        for row in rows
    ]
    db.session.execute(sa.insert(Idea), rows)
    db.session.execute(sa.insert(IdeaRank), places)
    db.session.commit()
    with unit_of_work():
        searching.recount()
    return made


@pytest.fixture
def boards(begin):
    made = begin(two_boards)
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    return made


def asked_of(act):
    with statements() as said:
        act()
    return said


@pytest.mark.sqlite  # of a few thousand ideas PostgreSQL may rather read all than look up hundreds one by one
@pytest.mark.parametrize(
    "typed", ["common usual", "common", "wordab wordac", "wordab", "word", "c", "wrodab common", "common usual wordaa"]
)
@pytest.mark.parametrize("many", [False, True], ids=["one board", "all boards"])
def test_the_index_is_not_read_through(boards, typed, many):
    rows = queries.list_boards(None)[: 2 if many else 1]
    wanted = listing.Wanted(question=typed)

    said = asked_of(lambda: similar.similar(None, rows, typed))
    said += asked_of(lambda: listing.ideas_on(None, rows, wanted, limit=20))

    for statement, values in said:
        if statement.startswith(("SELECT", "WITH")):
            plan = explain(statement, values)
            assert "idea_term" not in plan.read_through, (statement, plan.words)


def test_common_words_are_not_walked_to_the_end(boards, monkeypatch):
    read = []
    take = matching._Found.take

    def counting(self, rows):
        rows = list(rows)
        read.append(len(rows))
        take(self, rows)

    monkeypatch.setattr(matching._Found, "take", counting)
    monkeypatch.setattr(matching, "WHOLE_MOST", 200)
    monkeypatch.setattr(matching, "SEARCHED_MOST", 100)
    rows = queries.list_boards(None)

    alike = similar.similar(None, rows, "common usual", least=0.0)
    similar_read, read[:] = sum(read), []
    found = similar.search(rows, "common usual")

    assert alike
    assert found
    assert similar_read <= 2 * 2 * matching.FIRST + matching.LOOKED_UP * matching.COMMON_MOST
    assert sum(read) <= 200 + 100 + matching.PLACES_MOST
    assert sum(read) < IDEAS


def test_a_narrow_list_is_searched_through_whole_however_common_the_words(boards, monkeypatch):
    monkeypatch.setattr(matching, "WHOLE_MOST", 50)
    monkeypatch.setattr(matching, "SEARCHED_MOST", 50)
    author = UserFactory()
    db.session.execute(sa.update(Idea).where(Idea.id.in_([3, 1201, 2401])).values(author_id=author.id))
    db.session.commit()
    rows = queries.list_boards(None)

    page = listing.ideas_on(None, rows, listing.Wanted(question="common usual", author=author.id), limit=20)

    assert sorted(card.idea.id for card in page.rows) == [3, 1201, 2401]


def test_the_index_is_the_same_on_every_database(boards):
    terms = {row.term: row.ideas for row in db.session.execute(sa.select(BoardTerm.term, BoardTerm.ideas))}
    weights = db.session.execute(sa.select(IdeaTerm.term, IdeaTerm.weight).where(IdeaTerm.idea_id == 1)).all()

    assert terms["common"] == IDEAS // 2
    assert dict(tuple(row) for row in weights) == searching.weights_of("Common usual wordaa", "wordaa wordaa")
    assert max(row.weight for row in weights) <= scoring.WEIGHT_MOST
