"""What the team's list calls its orders, columns and filters."""

from __future__ import annotations

from ideas.backlog.asking import Column, Order
from ideas.boards.models import Stage
from ideas.words import lazy

STAGES = {
    Stage.OPEN: lazy("Open"),
    Stage.CONSIDERING: lazy("Considering"),
    Stage.PLANNED: lazy("Planned"),
    Stage.STARTED: lazy("Started"),
    Stage.SHIPPED: lazy("Shipped"),
    Stage.DECLINED: lazy("Declined"),
}

ORDERS = {
    Order.VOTES: lazy("Most votes"),
    Order.TRENDING: lazy("Trending"),
    Order.NEW: lazy("Newest"),
    Order.DISCUSSED: lazy("Most comments"),
    Order.SILENCE: lazy("Longest without a word"),
    Order.BREADTH: lazy("Breadth"),
    Order.VALUE: lazy("Value"),
    Order.PRIORITY: lazy("Priority"),
    Order.LATELY: lazy("Votes in the last 30 days"),
    Order.SINCE: lazy("Votes since the last word"),
    Order.REACH: lazy("Votes of the segment"),
    Order.DUE: lazy("Due first"),
    Order.POINTS: lazy("Points of this view"),
}

COLUMNS = {
    Column.VOTES: lazy("Votes"),
    Column.POINTS: lazy("Points"),
    Column.REACH: lazy("Reach"),
    Column.BREADTH: lazy("Breadth"),
    Column.COMPANIES: lazy("Companies"),
    Column.VALUE: lazy("Value"),
    Column.PRIORITY: lazy("Priority"),
    Column.LATELY: lazy("30 days"),
    Column.SINCE: lazy("Since word"),
    Column.SILENCE: lazy("Silence"),
    Column.STATUS: lazy("Status"),
    Column.OWNER: lazy("Owner"),
    Column.TAGS: lazy("Tags"),
    Column.BOARD: lazy("Board"),
    Column.POSTED: lazy("Posted"),
    Column.COMMENTS: lazy("Comments"),
    Column.TRENDING: lazy("Trending"),
    Column.DUE: lazy("Due"),
    Column.DOUBLE: lazy("Perhaps the same as"),
}

# What each column says when one does not know it yet.
ABOUT = {
    Column.VOTES: lazy("One for each person"),
    Column.POINTS: lazy("By the weights of this view"),
    Column.REACH: lazy("Votes of people of the segment; of all people without one"),
    Column.BREADTH: lazy("Effective number of independent supporters"),
    Column.COMPANIES: lazy("Companies whose people back it"),
    Column.VALUE: lazy("A month’s revenue of these companies, each once"),
    Column.PRIORITY: lazy("Reach × impact × confidence ∕ effort"),
    Column.LATELY: lazy("Votes in the last 30 days"),
    Column.SINCE: lazy("Votes since the team’s last official word"),
    Column.SILENCE: lazy("Since the last official word, or since it was posted"),
    Column.DUE: lazy("By when the team wants to give its next answer"),
    Column.DOUBLE: lazy("Of what waits for a word: the idea it is most likely the same as"),
}

# What a view gives points for.
AMOUNTS = {
    "votes": lazy("votes"),
    "breadth": lazy("breadth"),
    "value": lazy("revenue in thousands"),
    "priority": lazy("priority"),
    "lately": lazy("votes in 30 days"),
}

# The order that a column's head leads to.
ORDER_OF = {
    Column.VOTES: Order.VOTES,
    Column.POINTS: Order.POINTS,
    Column.REACH: Order.REACH,
    Column.BREADTH: Order.BREADTH,
    Column.VALUE: Order.VALUE,
    Column.PRIORITY: Order.PRIORITY,
    Column.LATELY: Order.LATELY,
    Column.SINCE: Order.SINCE,
    Column.SILENCE: Order.SILENCE,
    Column.POSTED: Order.NEW,
    Column.COMMENTS: Order.DISCUSSED,
    Column.TRENDING: Order.TRENDING,
    Column.DUE: Order.DUE,
}
NUMERIC = {
    *(Column.VOTES, Column.POINTS, Column.REACH, Column.BREADTH, Column.COMPANIES, Column.VALUE, Column.PRIORITY),
    *(Column.LATELY, Column.SINCE, Column.COMMENTS, Column.TRENDING),
}
