"""How the databases find the team's list: by the index of its order, or by what narrows it, and never all of it."""

from typing import Any

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.backlog import desk
from ideas.backlog.asking import Asked, Order, Weights
from ideas.boards.models import Stage
from ideas.db import db
from tests.boards.arranging import statements
from tests.boards.test_plans import explain

OF_ALL = {
    Order.VOTES: "ix_idea_rank_top",
    Order.TRENDING: "ix_idea_rank_trending",
    Order.NEW: "ix_idea_rank_new",
    Order.DISCUSSED: "ix_idea_rank_discussed",
    Order.SILENCE: "ix_backlog_rank_silent_since_idea_id",
    Order.BREADTH: "ix_backlog_rank_breadth_idea_id",
    Order.VALUE: "ix_backlog_rank_value_idea_id",
    Order.PRIORITY: "ix_backlog_rank_priority_idea_id",
    Order.LATELY: "ix_backlog_rank_lately_idea_id",
    Order.SINCE: "ix_backlog_rank_since_word_idea_id",
    Order.DUE: "ix_idea_rank_due",
}
# what most ideas are like, so that the order is walked
LONG: list[dict[str, Any]] = [
    {"stage": Stage.OPEN},
    {"tag": "common"},
    {"plan": "free"},
    {"segment": "most"},
    {"owner": "nobody"},
    {"young": 150},
    {"old": 1},
    {"silent": 2},
    {"since": 2},
    {"lately": 2},
    {"credited": False},
    {"doubled": False},
]
# what few are like: the index that finds them
NARROW: list[tuple[dict[str, Any], str]] = [
    ({"stage": Stage.PLANNED}, "ix_idea_rank_stage_top"),
    ({"status": "planned"}, "ix_idea_status_id"),
    ({"tag": "rare"}, "ix_idea_tag_tag_id"),
    ({"plan": "enterprise"}, "backlog_plan"),
    ({"segment": "few"}, "backlog_segment"),
    ({"owner": "me"}, "ix_idea_owner_id"),
    ({"young": 3}, "ix_idea_rank_board_new"),
    ({"silent": 166}, "ix_backlog_rank_silent_since"),
    ({"since": 89}, "ix_backlog_rank_since_word"),
    ({"lately": 39}, "ix_backlog_rank_lately"),
    ({"due": 3}, "ix_idea_rank_due"),
    ({"doubled": True}, "backlog_double"),
]
READ_IN_ORDER = {"idea_rank", "backlog_rank", "backlog_segment"}
IN_SEGMENT = {
    Order.REACH: "ix_backlog_segment_segment_id_votes_idea_id",
    Order.PRIORITY: "ix_backlog_segment_segment_id_priority_idea_id",
}


def plans(site, **asked):
    """The plans of the statements that read places, in their order: the last is that of the page."""
    opened = desk.open_for(db.session.get_one(User, site.team.id))
    with statements() as found:
        desk.lines(opened, Asked(**asked), limit=50)
    made = [explain(*each) for each in found if "idea_rank" in each[0]]
    db.session.rollback()
    return made


def walks(plan, order):
    names = {OF_ALL[order], OF_ALL[order].replace("ix_idea_rank_", "ix_idea_rank_board_")} if order in OF_ALL else set()
    names |= {IN_SEGMENT[order]} if order in IN_SEGMENT else set()
    return bool(plan.indexes & names) and not plan.sorts and not plan.read_through & READ_IN_ORDER


def test_every_order_walks_its_index_whatever_is_asked_of_many(large_site):
    wrong = {}
    for order in OF_ALL:
        for asked in [{}, *LONG]:
            plan = plans(large_site, order=order, **asked)[-1]
            if not walks(plan, order):
                wrong[f"{order} {asked}"] = plan.words

    assert wrong == {}


def test_reach_and_priority_of_a_segment_walk_its_own_indexes(large_site):
    for order, index in IN_SEGMENT.items():
        for asked in ({}, {"stage": Stage.OPEN}, {"credited": False}):
            plan = plans(large_site, order=order, segment="most", **asked)[-1]
            assert index in plan.indexes, plan.words
            assert walks(plan, order), plan.words


def test_what_few_ideas_are_like_is_found_by_its_own_index(large_site):
    wrong = {}
    for asked, index in NARROW:
        found, page = plans(large_site, order=Order.BREADTH, **asked)
        if not any(index in each for each in found.indexes) and db.engine.dialect.name == "sqlite":
            wrong[str(asked)] = found.words
        if page.indexes & {OF_ALL[Order.BREADTH]}:
            wrong[f"page of {asked}"] = page.words

    assert wrong == {}


def test_points_are_added_up_in_the_narrowest_table(large_site):
    (plan,) = plans(large_site, order=Order.POINTS, weights=Weights(votes=1, breadth=2))

    assert "idea_rank" not in plan.read_through, plan.words


@pytest.mark.sqlite
def test_sqlite_plans_no_worse_once_it_has_counted(large_site):
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()

    test_every_order_walks_its_index_whatever_is_asked_of_many(large_site)
