"""How the databases find what a list shows: by the index made for it, without reading a table through or sorting it.

Plans are those of the statements as they are run, on tables with rows enough that it matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import api_reading, changes, listing, queries, ranking, reading, receipts
from ideas.boards import queues as queues_of_the_team
from ideas.boards.listing import Wanted
from ideas.boards.models import Comment, Idea, IdeaRank, IdeaTag, Stage, Vote
from ideas.boards.models_changes import Change
from ideas.db import db, utcnow
from ideas.ledger import fanout, sending, turns
from ideas.ledger import queries as inbox
from ideas.ledger.models import Channel, Delivery, Path, State
from ideas.outbox import OutboxEntry
from ideas.paging import write_cursor
from tests.boards.arranging import statements
from tests.factories import BoardFactory, TagFactory, UserFactory, status_of

IDEAS, PEOPLE, DISCUSSED = 4_000, 300, 5
BIG = {"idea", "idea_rank", "vote", "comment", "delivery", "outbox_entry", "idea_term", "answer", "change"}


class Plan(NamedTuple):
    """What a database is going to do: the indexes it uses, the tables it reads through, and whether it sorts."""

    indexes: set[str]
    read_through: set[str]
    sorts: bool
    words: str


def explain(statement: str, values: Any) -> Plan:
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return _of_sqlite([row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)])
    [(found,)] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    return _of_postgresql(found[0]["Plan"])


def _of_sqlite(steps: list[str]) -> Plan:
    indexes, read_through = set(), set()
    for step in steps:
        words = step.split()
        if "INDEX" in words and "USING" in words and "AUTOMATIC" not in words:
            indexes.add(words[words.index("INDEX") + 1])
        elif words[0] == "SCAN" and words[1] in BIG:
            read_through.add(words[1])
    return Plan(indexes, read_through, any("TEMP B-TREE FOR ORDER BY" in step for step in steps), "\n".join(steps))


def _of_postgresql(plan: dict[str, Any]) -> Plan:
    nodes = list(_nodes(plan))
    return Plan(
        {node["Index Name"] for node in nodes if "Index Name" in node},
        {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} & BIG,
        any("Sort" in node["Node Type"] for node in nodes),
        "\n".join(f"{node['Node Type']} {node.get('Index Name', node.get('Relation Name', ''))}" for node in nodes),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", []):
        yield from _nodes(each)


class Site(NamedTuple):
    """Boards with ideas, votes, comments, and a ledger; `reader` took part and was told."""

    boards: list[Any]
    reader: Any
    team: Any


def a_large_site():
    boards = [BoardFactory() for _ in range(3)]
    reader, team = UserFactory(), UserFactory(admin=True)
    people = db.session.scalars(
        sa.insert(User).returning(User.id),
        [{"name": f"Person {number}", "email": f"p{number}@example.test", "locale": None} for number in range(PEOPLE)],
    ).all()
    now = utcnow()
    ids = [reader.id, *people]
    statuses = {(board.id, stage): status_of(board, stage).id for board in boards for stage in Stage}
    tags = [TagFactory(board=boards[0], slug=slug).id for slug in ("rare", "common")]
    ideas = [
        {
            "id": number + 1,
            "board_id": boards[number % 3].id,
            "status_id": statuses[boards[number % 3].id, _stage(number + 1)],
            "author_id": ids[number % len(ids)],
            "title": f"Idea {number}",
            "created_at": now - timedelta(hours=number),
        }
        for number in range(IDEAS)
    ]
    db.session.execute(sa.insert(Idea), ideas)
    db.session.execute(
        sa.insert(IdeaRank),
        [
            {
                "idea_id": idea["id"],
                "board_id": idea["board_id"],
                "stage": _stage(idea["id"]),
                "listed": idea["id"] % 50 != 0,
                "is_hidden": idea["id"] % 97 == 0,
                "created_at": idea["created_at"],
                "vote_count": idea["id"] * 7919 % 500,
                "comment_count": idea["id"] * 7919 % 40,
                "answered_at": idea["created_at"] if idea["id"] % 3 else None,
                "hot": ranking.weight(idea["created_at"]) + idea["id"] * 7919 % 50,
            }
            for idea in ideas
        ],
    )
    db.session.execute(
        sa.insert(IdeaTag),
        [{"idea_id": idea["id"], "tag_id": tags[1]} for idea in ideas[::3]]
        + [{"idea_id": idea["id"], "tag_id": tags[0]} for idea in ideas[::900]],
    )
    votes = {(number * 7919 % IDEAS + 1, ids[number % len(ids)]) for number in range(12_000)}
    db.session.execute(sa.insert(Vote), [{"idea_id": idea, "user_id": person} for idea, person in sorted(votes)])
    db.session.execute(
        sa.insert(Comment),
        [
            {"idea_id": number % IDEAS + 1, "author_id": ids[number % len(ids)], "body": "Yes.", "body_html": "Yes."}
            for number in range(8_000)
        ]
        + [
            {"idea_id": DISCUSSED, "author_id": ids[number % len(ids)], "body": "Yes.", "body_html": "Yes."}
            for number in range(2_000)
        ],
    )
    db.session.execute(
        sa.insert(OutboxEntry),
        [
            {
                "id": number + 1,
                "kind": "answered",
                "subject": f"idea:{number + 1}",
                "about_id": number + 1,
                "recorded_at": now,
                "due_at": now - timedelta(minutes=number),
                "fanned_out_at": now if number > 5 else None,
                "under_way": {"from": 0, "starts": [], "told": 0} if number % 500 == 9 else None,
            }
            for number in range(2_000)
        ],
    )
    db.session.execute(
        sa.insert(Delivery),
        [
            {
                "entry_id": number // 80 + 1,
                "user_id": ids[number % 80 * 3],
                "channel": channel,
                "path": Path.VOTER,
                "news": "planned",
                "state": State.PENDING if number % 200 == 0 and channel is Channel.EMAIL else State.SENT,
                "due_at": now - timedelta(minutes=number),
            }
            for number in range(8_000)
            for channel in Channel
        ],
    )
    db.session.execute(
        sa.insert(Change),
        [
            {"kind": "idea.updated", "board_id": idea["board_id"], "idea_id": idea["id"], "at": idea["created_at"]}
            | {"place": number + 1}
            for number, idea in enumerate(reversed(ideas))
        ],
    )
    return Site(boards, reader, team)


@pytest.fixture
def site(begin):
    site = begin(a_large_site)
    learn()
    return site


def _stage(idea_id):
    """Nearly all are open; each other stage has some fifty."""
    stages = list(Stage)
    return stages[idea_id % 5 + 1] if idea_id % 16 == 0 else Stage.OPEN


def learn():
    """PostgreSQL counts by itself now and then; SQLite never does unless somebody asks it to."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


def plan_of(act, *, number=0):
    """The plan of a statement that `act` runs on the big tables; `number`: which of them."""
    with statements() as asked:
        act()
    found = explain(*[(statement, values) for statement, values in asked if BIG & set(statement.split())][number])
    db.session.rollback()
    return found


def lists(site):
    """Name → what a page asks for, and the indexes it may walk."""
    visitors = queries.list_boards(None)
    team = queries.list_boards(site.team)
    found = {}
    for sort in listing.KEYS:
        for name, boards, index in (("one board", visitors[:1], f"board_{sort}"), ("all boards", visitors, str(sort))):
            # where a third of the ideas are on the board, PostgreSQL may as well walk those of all boards
            fitting = {f"ix_idea_rank_{index}", f"ix_idea_rank_{sort}"}
            page = {"boards": boards, "wanted": Wanted(sort=sort), "limit": 20}
            after = listing.ideas_on(None, **page).next
            found[f"{sort}, {name}"] = (lambda page=page: listing.ideas_on(None, **page)), fitting
            found[f"{sort}, {name}, second page"] = (
                lambda page=page, after=after: listing.ideas_on(None, **page, cursor=after),
                fitting,
            )
        found[f"{sort}, for the team"] = (
            lambda sort=sort: listing.ideas_on(site.team, team, Wanted(sort=sort), limit=20),
            {f"ix_idea_rank_{sort}"},
        )
    return found


def queues(site):
    team = queries.list_boards(site.team)
    after = {
        name: reading.needs_an_answer(boards, limit=20).next for name, boards in (("one", team[:1]), ("all", team))
    }
    now = utcnow()
    unanswered, new = {"ix_idea_rank_unanswered"}, {"ix_idea_rank_new"}
    return {
        "needs an answer": (lambda: reading.needs_an_answer(team[:1], limit=20), unanswered),
        "needs an answer, second page": (
            lambda: reading.needs_an_answer(team[:1], limit=20, cursor=after["one"]),
            unanswered,
        ),
        "needs an answer, all boards": (lambda: reading.needs_an_answer(team, limit=20), new),
        "needs an answer, all boards, second page": (
            lambda: reading.needs_an_answer(team, limit=20, cursor=after["all"]),
            new,
        ),
        "the inbox": (lambda: inbox.inbox_for(site.reader, limit=20), {"ix_delivery_person"}),
        "when something is due": (sending.next_due, {"ix_delivery_due"}),
        "what is to be announced": (lambda: fanout._take_oldest(now), {"ix_outbox_entry_waiting"}),
        "what is being announced": (
            lambda: fanout._take_oldest(now, under_way=True),
            {"ix_outbox_entry_under_way"},
        ),
    }


def wrong(asked):
    """Name → plan, of those that read a table through, sort, or walk another index."""
    found = {}
    for name, (act, fitting) in asked.items():
        plan = plan_of(act)
        if plan.read_through or plan.sorts or not plan.indexes & fitting:
            found[name] = plan.words
    return found


def test_every_list_walks_its_index(site):
    assert wrong(lists(site)) == {}


def test_every_queue_walks_its_index(site):
    assert wrong(queues(site)) == {}


def test_what_is_due_is_read_at_the_head_of_each_lane(site):
    due = {"now": utcnow(), "lease": "x", "until": utcnow(), "most": 50}

    plan = plan_of(lambda: db.session.execute(sending._take(False), due).all())

    assert "ix_delivery_due" in plan.indexes, plan.words
    assert plan.read_through == set()
    walked = [line for line in plan.words.splitlines() if "ix_delivery_due" in line]
    assert len(walked) == len(turns.LANES)
    # on SQLite the index is entered by lane and moment, so that no more is read than is taken
    assert all("lane=? AND due_at<?" in line for line in walked) or db.engine.dialect.name == "postgresql"


@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        ({"stage": Stage.PLANNED}, "ix_idea_rank_stage_top"),
        ({"status": "planned"}, "ix_idea_status_id"),
        ({"tag": "rare"}, "ix_idea_tag_tag_id"),
        ({"since": utcnow() - timedelta(hours=30)}, "ix_change_at_idea_id"),
    ],
)
def test_a_narrow_list_is_found_by_what_narrows_it(site, narrowed, index):
    boards = queries.list_boards(None)[:1]

    def narrow():
        return listing.ideas_on(None, boards, Wanted(**narrowed), limit=20)

    which, shown = plan_of(narrow), plan_of(narrow, number=1)

    assert narrow().rows
    # so few rows PostgreSQL, which counts them, may as well read through
    assert index in which.indexes or db.engine.dialect.name == "postgresql", which.words
    assert not {"ix_idea_rank_board_trending", "ix_idea_rank_trending"} & (which.indexes | shown.indexes)


def test_a_long_list_is_walked_in_its_order(site):
    boards = queries.list_boards(None)[:1]

    plan = plan_of(lambda: listing.ideas_on(None, boards, Wanted(stage=Stage.OPEN), limit=20), number=1)

    assert plan.indexes & {"ix_idea_rank_board_trending", "ix_idea_rank_trending"}, plan.words
    assert not plan.sorts


def test_the_feed_is_read_from_its_place_on(site):
    after = write_cursor(changes.ORDER, [3_000])

    plan = plan_of(lambda: changes.feed(site.reader, limit=20, cursor=after), number=0)

    assert plan.read_through == set(), plan.words
    assert changes.feed(site.reader, limit=20, cursor=after).lines[0].place == 3_001


@pytest.mark.sqlite
def test_sqlite_plans_no_worse_once_it_has_counted(site):
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()

    assert wrong(lists(site)) == {}
    assert wrong(queues(site)) == {}


def test_the_longest_wait_is_found_at_the_head_of_the_queue(site):
    board = queries.list_boards(None)[0]

    plan = plan_of(lambda: reading.record_of(board), number=-1)

    assert plan.indexes == {"ix_idea_rank_unanswered"}
    assert not plan.sorts


def test_a_long_discussion_is_read_in_its_order(site):
    on = queries.get_idea(None, DISCUSSED)

    plan = plan_of(lambda: reading.discussion(on))

    assert "ix_comment_idea_id_created_at_id" in plan.indexes
    assert (plan.sorts, plan.read_through) == (False, set())


def test_what_is_mine_is_found_by_me(site):
    """A person's contributions, votes and ideas are few: they may be sorted, but nobody else's are read."""
    reader, boards = db.session.get_one(User, site.reader.id), queries.list_boards(None)

    def indexes(act):
        plan = plan_of(act)
        assert not plan.read_through & {"vote", "comment", "delivery"}, plan.words
        return plan.indexes

    receipt = indexes(lambda: receipts.receipts_of(reader, limit=20))
    voted = indexes(lambda: listing.ideas_on(reader, boards, Wanted(voted=True), limit=20))
    mine = indexes(lambda: listing.ideas_on(reader, boards, Wanted(mine=True), limit=20))

    assert receipt >= {"ix_idea_author_id", "ix_vote_user_id_idea_id", "ix_comment_author_id_idea_id"}
    assert "ix_vote_user_id_idea_id" in voted
    assert "ix_idea_author_id" in mine


def test_whether_i_voted_is_looked_up(site):
    reader, ids = db.session.get_one(User, site.reader.id), list(range(1, 21))

    plan = plan_of(lambda: api_reading.votes_among(reader, ids))

    assert plan.indexes & {"ix_vote_user_id_idea_id", "sqlite_autoindex_vote_1", "uq_vote_idea_id_user_id"}
    assert not plan.read_through


@pytest.mark.sqlite  # PostgreSQL rather reads three hundred people through
def test_the_team_is_found_without_looking_at_everybody(site):
    board = queries.get_board(site.team, site.boards[0].slug)

    with statements() as asked:
        reading.team_of(board)
    plan = explain(*asked[-1])

    assert "ix_user_site_role_id" in plan.indexes, plan.words


def test_what_waits_for_a_look_is_counted_without_walking_all_ideas(site):
    db.session.execute(sa.text("ANALYZE"))  # where SQLite knows that nothing waits, it would begin with all ideas

    plan = plan_of(lambda: queues_of_the_team.count_for(site.team))

    assert "SCAN idea" not in plan.words
    assert "idea" not in plan.read_through
