"""How long ideas wait: the estimator against published tables, and the days it is given against small stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ideas.boards import answering, commenting, merging, posting, queries, waiting
from ideas.boards.models import Idea
from ideas.boards.waiting import Waits, Word
from ideas.db import at, db, unit_of_work
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

# Weeks of remission of children with leukaemia, treated with 6-mercaptopurine or a placebo; "+": still in remission.
# E. J. Freireich et al., Blood 21 (1963), 699-716; as printed with its survival table by E. A. Gehan,
# Biometrika 52 (1965), 203-223, and since in most textbooks.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def waits(words: str) -> list[Waits]:
    return [Waits(int(word.strip("+")), int("+" not in word), int("+" in word)) for word in words.split()]


def test_a_published_survival_table_comes_out_as_it_is_printed():
    found = waiting.estimate(waits(TREATED))

    assert [(step.day, round(step.share, 3)) for step in found.curve] == [
        (6, 0.857),
        (7, 0.807),
        (10, 0.753),
        (13, 0.690),
        (16, 0.627),
        (22, 0.538),
        (23, 0.448),
    ]
    assert (found.ideas, found.ended, found.median, found.ninth) == (21, 9, 23, None)


def test_where_nobody_is_left_out_it_is_the_share_that_still_waits():
    found = waiting.estimate(waits(PLACEBO))

    assert [round(step.share * 21) for step in found.curve] == [19, 17, 16, 14, 12, 8, 6, 4, 3, 2, 1, 0]
    assert (found.median, found.ninth) == (8, 17)


def test_a_half_is_reached_on_the_day_on_which_it_is_exactly_a_half():
    assert waiting.estimate([Waits(3, 1, 0), Waits(5, 1, 0)]).median == 3


def test_of_nothing_nothing_is_said():
    assert waiting.estimate([]) == waiting.Waiting(0, 0, None, None, ())


rows = st.lists(st.builds(Waits, st.integers(0, 40), st.integers(0, 4), st.integers(0, 4)), max_size=12)


@given(rows)
def test_it_is_the_product_of_exact_shares(given_rows):
    exact, share = {}, Fraction(1)
    for day in sorted({row.days for row in given_rows}):
        at_risk = sum(row.ended + row.left for row in given_rows if row.days >= day)
        ended = sum(row.ended for row in given_rows if row.days == day)
        if ended:
            share *= 1 - Fraction(ended, at_risk)
            exact[day] = share

    found = waiting.curve(given_rows)

    assert [step.day for step in found] == list(exact)
    assert [step.share for step in found] == pytest.approx([float(share) for share in exact.values()])


@given(rows, st.integers(0, 60))
def test_one_more_that_waits_never_makes_waits_look_shorter(given_rows, days):
    before, after = (waiting.estimate([*given_rows, *more]) for more in ([], [Waits(days, 0, 1)]))

    for quantile in ("median", "ninth"):
        shorter, longer = getattr(before, quantile), getattr(after, quantile)
        assert longer is None or (shorter is not None and longer >= shorter)


# --- The days, as the database finds them ---


def days_of(board: Any, word: Word, now: datetime) -> list[Waits]:
    lives = waiting.lives_of(Idea.board_id == board.id)
    asked = db.session.execute(waiting.waits(lives, word), {"now": waiting.epoch(now)})
    return sorted(Waits(*row) for row in asked)


def posted(board: Any, **values: Any) -> Any:
    made: Any = IdeaFactory(board=board, created_at=MONDAY, **values)
    return made


def answered(petra: Any, idea: Any, when: datetime, status: str, reason: str) -> None:
    words: dict[str, Any] = {
        "status": status,
        "reason": reason,
        "text": "We thought about this for a while, and this is what we decided.",
        "date": None,
        "review_by": None,
        "credits": [],
    }
    with unit_of_work(), at(when):
        answering.answer(petra, queries.get_idea(petra, idea.id), words)
    db.session.execute(sa.text("UPDATE outbox_entry SET fanned_out_at = recorded_at"))
    db.session.commit()


def days(number: float) -> timedelta:
    return timedelta(days=number)


def test_an_idea_waits_until_the_first_word_and_not_the_last(app):
    board = BoardFactory()
    petra, idea = team_member(board), posted(board)
    answered(petra, idea, MONDAY + days(3.9), "considering", "under_review")
    answered(petra, idea, MONDAY + days(10), "planned", "committed")
    answered(petra, idea, MONDAY + days(40), "shipped", "shipped")
    answered(petra, idea, MONDAY + days(50), "open", "reopened")

    now = MONDAY + days(60)

    assert days_of(board, Word.ANSWER, now) == [(3, 1, 0)]
    assert days_of(board, Word.DECISION, now) == [(10, 1, 0)]
    assert days_of(board, Word.SHIPPING, now) == [(40, 1, 0)]


def test_an_official_comment_is_a_word_and_decides_nothing(app):
    board = BoardFactory()
    petra, idea = team_member(board), posted(board)
    with unit_of_work(), at(MONDAY + days(2)):
        commenting.add(petra, queries.get_idea(petra, idea.id), body="We are looking into it.", official=True)
    with unit_of_work(), at(MONDAY + days(1)):
        commenting.add(UserFactory(), queries.get_idea(None, idea.id), body="I need this too.")

    now = MONDAY + days(5)

    assert days_of(board, Word.ANSWER, now) == [(2, 1, 0)]
    assert days_of(board, Word.DECISION, now) == [(5, 0, 1)]


def test_a_word_taken_back_was_never_said(app):
    board = BoardFactory()
    petra, idea = team_member(board), posted(board)
    CommentFactory(idea=idea, author=petra, is_official=True, created_at=MONDAY, hidden_at=MONDAY)
    with unit_of_work(), at(MONDAY + days(1)):
        words = {"status": "considering", "reason": "under_review", "text": "We will look at this in spring."}
        given = answering.answer(
            petra, queries.get_idea(petra, idea.id), {**words, "date": None, "review_by": None, "credits": []}
        )
    with unit_of_work():
        answering.undo(petra, queries.get_answer(petra, given.id))

    assert days_of(board, Word.ANSWER, MONDAY + days(9)) == [(9, 0, 1)]


def test_an_idea_that_was_merged_or_taken_back_waits_until_then(app):
    board = BoardFactory()
    petra, author = team_member(board), UserFactory()
    merged, kept, withdrawn = posted(board), posted(board), posted(board, author=author)
    with unit_of_work(), at(MONDAY + days(4)):
        on, into = (queries.get_idea(petra, idea.id) for idea in (merged, kept))
        merging.merge(petra, on, into, text="They ask for the same, so they are one.")
    with unit_of_work(), at(MONDAY + days(6)):
        posting.withdraw(author, queries.get_idea(author, withdrawn.id))

    assert days_of(board, Word.ANSWER, MONDAY + days(30)) == [(4, 0, 1), (6, 0, 1), (30, 0, 1)]


def test_an_idea_that_stands_for_itself_again_waits_on(app):
    board = BoardFactory()
    petra = team_member(board)
    merged, kept = posted(board), posted(board)
    with unit_of_work(), at(MONDAY + days(4)):
        on, into = (queries.get_idea(petra, idea.id) for idea in (merged, kept))
        merging.merge(petra, on, into, text="They ask for the same, so they are one.")
    with unit_of_work(), at(MONDAY + days(5)):
        merging.unmerge(petra, queries.get_idea(petra, merged.id), text="They are two after all, as it seems.")

    assert days_of(board, Word.ANSWER, MONDAY + days(30)) == [(30, 0, 2)]


def test_a_board_knows_how_long_its_ideas_wait(app):
    board = BoardFactory()
    petra = team_member(board)
    for number in (2, 3, 5):
        answered(petra, posted(board), MONDAY + days(number), "considering", "under_review")
    posted(board)
    posted(BoardFactory())

    found = waiting.of_board(board.id, MONDAY + days(7))

    assert (found.ideas, found.ended, found.median, found.ninth) == (4, 3, 3, None)
