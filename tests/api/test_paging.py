"""Lists go on where they ended, whatever came or went meanwhile; and a cursor is only ours."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.boards.models import Idea, IdeaRank
from ideas.db import db
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory

SORTS = ["trending", "top", "new", "discussed"]


def some_ideas(board, many):
    """Ideas of which several share every key they are sorted by."""
    made = []
    for place in range(many):
        idea = IdeaFactory(board=board)
        made.append(idea.id)
        db.session.get_one(IdeaRank, idea.id).vote_count = place // 3
        db.session.get_one(IdeaRank, idea.id).comment_count = place // 4
    db.session.commit()
    return made


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_every_row_is_shown_once(ask, sort, limit):
    board = BoardFactory()
    made = some_ideas(board, 10)

    pages = ask().all_pages(f"ideas?board={board.slug}&sort={sort}&limit={limit}")

    assert all(len(page) <= limit for page in pages)
    assert sorted(row["id"] for page in pages for row in page) == made


def test_twenty_rows_are_a_page(ask):
    board = BoardFactory()
    some_ideas(board, 21)

    assert [len(page) for page in ask().all_pages("ideas?sort=new")] == [20, 1]


def test_the_next_page_is_named_in_the_body_and_as_a_link(ask):
    board = BoardFactory()
    some_ideas(board, 3)

    first = ask().get(f"ideas?board={board.slug}&sort=top&limit=2")
    last = ask().get(first.json["next"].removeprefix("http://localhost"))

    assert first.headers["Link"] == f'<{first.json["next"]}>; rel="next"'
    assert first.json["next"].startswith(f"http://localhost/api/v1/ideas?board={board.slug}&sort=top&limit=2&cursor=")
    assert last.json["next"] is None
    assert "Link" not in last.headers


@pytest.mark.parametrize("sort", SORTS)
def test_nothing_is_skipped_or_shown_twice_while_others_come_and_go(ask, sort):
    board = BoardFactory()
    made = some_ideas(board, 12)
    path = f"ideas?board={board.slug}&sort={sort}&limit=3"
    seen, gone = [], set()
    following = path
    while following:
        answer = ask().get(following.removeprefix("http://localhost"))
        seen += [row["id"] for row in answer.json["data"]]
        following = answer.json["next"]
        # one comes at the top, the first of those seen goes, and so does one that is still to come
        new = IdeaFactory(board=board, created_at=db.session.get_one(Idea, made[-1]).created_at + timedelta(hours=1))
        db.session.get_one(IdeaRank, new.id).vote_count = db.session.get_one(IdeaRank, new.id).comment_count = 99
        waiting = [each for each in made if each not in seen and each not in gone]
        leaving = {seen[0], *waiting[:1]} - gone
        db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id.in_(leaving)).values(listed=False))
        gone |= leaving

    assert len(seen) == len(set(seen))
    assert set(made) - gone <= set(seen)
    assert set(seen) <= set(made)


def test_comments_go_on_where_they_ended(ask):
    idea = IdeaFactory()
    said = [CommentFactory(idea=idea).id for _ in range(5)]
    CommentFactory(idea=idea, parent_id=said[0])

    pages = ask().all_pages(f"ideas/{idea.id}/comments?limit=2")

    assert [[row["id"] for row in page] for page in pages] == [said[:2], said[2:4], said[4:]]


def test_receipts_go_on_where_they_ended(ask):
    mia = UserFactory()
    votes = [VoteFactory(user=mia).id for _ in range(5)]

    pages = ask(mia).all_pages("me/receipts?limit=2")

    assert [row["contribution"]["id"] for page in pages for row in page] == votes[::-1]


@pytest.mark.parametrize("path", ["ideas?", "ideas/{idea}/comments?", "me/receipts?"])
def test_a_cursor_that_is_not_ours_is_refused(ask, path):
    board = BoardFactory()
    idea, mia = IdeaFactory(board=board), UserFactory()
    some_ideas(board, 3)
    asking = ask(mia)
    ours = asking.get("ideas?sort=new&limit=1").json["next"].partition("cursor=")[2]
    forged = ["x", ours[:-1] + ("A" if ours[-1] != "A" else "B"), ours[::-1], "WzFd.x", "." * 999, "%F0%9F%92%A5"]
    of_another_list = [ours]

    for cursor in forged + of_another_list:
        answer = asking.get(path.format(idea=idea.id) + f"cursor={cursor}")

        assert answer.status_code == 422
        assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == ["/cursor"]
