"""What an answer costs: as many questions to the database for twenty rows as for one."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import current_app

from ideas.boards.models import Idea, IdeaTag
from ideas.db import db
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

LIST_MOST = 6
IDEA_MOST = 12
WHY = "We will build it in spring, because so many of you asked for it."


@contextmanager
def counted():
    """The statements sent to the database meanwhile, with nothing remembered of earlier answers."""
    current_app.extensions["answerback.memory"].clear()
    statements = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def fill(ask, board, team, mia, times):
    """So many ideas with everything an idea can have, backed and discussed by Mia."""
    tag = TagFactory(board=board)
    asking = ask(team)
    for _ in range(times):
        idea = IdeaFactory(board=board)
        db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
        comment = CommentFactory(idea=idea, author=mia)
        CommentFactory(idea=idea, parent_id=comment.id)
        VoteFactory(idea=idea, user=mia)
        words = {
            "status": "planned",
            "reason": "committed",
            "text": WHY,
            "credits": [
                {"kind": "votes", "how": "Your votes moved it."},
                {"kind": "comment", "id": comment.id, "how": "Your rota became the page."},
            ],
        }
        assert asking.post(f"ideas/{idea.id}/answers", words).status_code == 201
    return idea.id


LISTS = [
    "ideas?sort=trending",
    "ideas?sort=answered",
    "ideas?board=garden&sort=top&stage=planned",
    "ideas?board=garden&tag=tag-of-all",
    "ideas?author=me",
    "boards",
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["visitor", "team"])
def test_a_list_costs_the_same_for_one_row_and_for_twenty(ask, path, who):
    if "me" in path and who == "visitor":
        path = "ideas?sort=new"
    board, mia = BoardFactory(slug="garden"), UserFactory()
    team = team_member(board)
    asking = ask(team if who == "team" else None)
    fill(ask, board, team, mia, 1)

    asking.get(path)  # what is made once
    with counted() as one:
        asking.get(path)
    fill(ask, board, team, mia, 19)
    for _ in range(3):
        BoardFactory()
    with counted() as twenty:
        asking.get(path)

    assert len(one) == len(twenty) <= LIST_MOST, "\n".join(twenty)


@pytest.mark.parametrize("path", ["ideas/{}/comments", "ideas/{}/answers", "me/receipts", "ideas/{}/deliveries"])
def test_what_belongs_to_an_idea_costs_the_same_however_much_it_is(ask, path):
    board = BoardFactory(slug="garden")
    team = team_member(board)
    asking = ask(team)
    idea = fill(ask, board, team, team, 1)
    asking.get(path.format(idea))  # that a key is in use is noted once
    with counted() as few:
        asking.get(path.format(idea))
    for _ in range(10):
        comment = CommentFactory(idea=db.session.get_one(Idea, idea), author=team)
        CommentFactory(idea=db.session.get_one(Idea, idea), parent_id=comment.id)
    fill(ask, board, team, team, 5)
    with counted() as many:
        asking.get(path.format(idea))

    assert len(few) == len(many) <= IDEA_MOST, "\n".join(many)


@pytest.mark.parametrize("who", ["visitor", "team"])
def test_an_idea_costs_no_more_with_everything_than_bare(ask, who):
    board, mia = BoardFactory(slug="garden"), UserFactory()
    team = team_member(board)
    asking = ask(team if who == "team" else None)
    idea = fill(ask, board, team, mia, 1)

    with counted() as asked:
        assert asking.get(f"ideas/{idea}").status_code == 200

    assert len(asked) <= IDEA_MOST, "\n".join(asked)


def test_a_vote_costs_a_handful(ask):
    path, mia = f"ideas/{IdeaFactory().id}/vote", ask(UserFactory())
    mia.delete(path)

    with counted() as asked:
        mia.put(path)

    # the key with its person, the idea, the vote, the count: on PostgreSQL the last two are one
    assert len(asked) == (3 if db.engine.dialect.name == "postgresql" else 4), "\n".join(asked)
