"""Whoever is about to say something is shown who said it already; and nobody is shown what they may not see."""

from __future__ import annotations

import pytest

from ideas.boards import merging, posting, queries, similar
from ideas.db import db, unit_of_work
from tests.boards.arranging import statements
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, UserFactory, VoteFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

WHY = "Both ask for the same, so we answer them together."


@pytest.fixture
def board():
    made = BoardFactory()
    for title in ("A quiet garden", "Lamps along the path", "More benches by the pond", "A gate that locks"):
        IdeaFactory(board=made, title=title, body="")
    return made


def titles(board, typed, body="", reader=None, **options):
    return [
        found.idea.title
        for found in similar.similar(reader, [queries.get_board(reader, board.slug)], typed, body, **options)
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "A bicycle shed",
        "bicycle sheds",
        "shed for bicycles",
        "Shed, bicycle",
        "a bicycle she",
        "bicyc",
        "a bycicle shed",
        "bicycle shde",
        "We need a shed where a bicycle stays dry, please build one soon",
    ],
)
def test_what_somebody_types_finds_the_idea(board, typed):
    IdeaFactory(board=board, title="A bicycle shed", body="")

    assert titles(board, typed)[0] == "A bicycle shed"


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "xyzzy", "\x00", "\ud800"])
def test_what_says_nothing_finds_nothing(board, typed):
    assert titles(board, typed) == []


def test_what_has_a_common_word_alone_is_not_shown(board):
    for number in range(20):
        IdeaFactory(board=board, title=f"A garden with {number} beds", body="")

    assert titles(board, "Build a heated garage for tractors and lorries behind the garden") == []


@pytest.mark.parametrize(
    ("title", "typed"),
    [("自転車置き場がほしい", "置き場"), ("हिन्दी में लिखा हुआ", "हिन्दी"), ("我有用過 Uber 叫車", "用過")],
)
def test_every_script_is_found(board, title, typed):
    IdeaFactory(board=board, title=title, body="")

    assert titles(board, typed) == [title]


def test_the_text_helps_to_find(board):
    IdeaFactory(board=board, title="Somewhere dry", body="My bicycle rusts in the rain, and its saddle is wet.")

    assert titles(board, "Please help", "When I come back my bicycle stands in the rain with a wet saddle.") == [
        "Somewhere dry"
    ]


def test_at_most_five_are_shown_the_most_alike_first(board):
    for number in range(8):
        IdeaFactory(board=board, title=f"A shed for number {number}", body="")
    IdeaFactory(board=board, title="A shed", body="")

    found = similar.similar(None, [queries.get_board(None, board.slug)], "A shed")

    assert found[0].idea.title == "A shed"
    assert len(found) == similar.SHOWN
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_only_the_board_asked_for_is_searched(board):
    IdeaFactory(title="A bicycle shed")

    assert titles(board, "A bicycle shed") == []


# --- What may not be seen ---


@pytest.mark.parametrize("kind", ["hidden", "withdrawn"])
def test_what_is_not_there_for_everybody_is_not_shown(board, kind):
    IdeaFactory(board=board, title="A bicycle shed", **{kind: True})

    assert titles(board, "A bicycle shed") == []
    assert titles(board, "A bicycle shed", reader=UserFactory()) == []


def test_the_team_is_shown_what_it_hid(board):
    IdeaFactory(board=board, title="A bicycle shed", hidden=True)
    petra = team_member(board)

    assert titles(board, "A bicycle shed", reader=petra) == ["A bicycle shed"]


def test_an_idea_taken_back_by_its_author_is_not_shown(board):
    ole = UserFactory()
    with unit_of_work():
        idea_id = posting.submit(ole, queries.get_board(ole, board.slug), title="A bicycle shed", body="").id
    before = titles(board, "A bicycle shed")
    with unit_of_work():
        posting.withdraw(ole, queries.get_idea(ole, idea_id))

    assert before == ["A bicycle shed"]
    assert titles(board, "A bicycle shed") == []


def test_an_idea_is_found_by_what_it_says_now(board):
    ole = UserFactory()
    with unit_of_work():
        idea_id = posting.submit(ole, queries.get_board(ole, board.slug), title="A bicycle shed", body="").id
    with unit_of_work():
        posting.revise(ole, queries.get_idea(ole, idea_id), {"title": "A greenhouse"})

    assert titles(board, "A bicycle shed") == []
    assert titles(board, "greenhouse") == ["A greenhouse"]


def test_members_alone_are_shown_what_is_on_a_private_board():
    board = BoardFactory(visibility="private")
    kim = UserFactory()
    MembershipFactory(board=board, user=kim)
    IdeaFactory(board=board, title="A bicycle shed")

    assert titles(board, "bicycle shed", reader=kim) == ["A bicycle shed"]
    assert similar.similar(None, queries.list_boards(None), "bicycle shed") == []


# --- Merged ideas ---


def merge(board, idea, into):
    petra = team_member(board)
    with unit_of_work():
        merging.merge(petra, queries.get_idea(petra, idea.id), queries.get_idea(petra, into.id), text=WHY)


def test_the_words_of_a_merged_idea_lead_to_the_one_it_is_part_of(board):
    shed, roof = (IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "A roof for wheels"))
    merge(board, shed, roof)

    [found] = similar.similar(None, [queries.get_board(None, board.slug)], "A bicycle shed")

    assert (found.idea.title, found.said_as) == ("A roof for wheels", "A bicycle shed")


def test_an_idea_found_by_its_own_words_and_those_merged_into_it_is_shown_once(board):
    shed, roof = (IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "Bicycle sheds"))
    merge(board, shed, roof)

    assert titles(board, "bicycle shed") == ["Bicycle sheds"]


def test_the_words_of_a_hidden_idea_lead_nowhere(board):
    shed, roof = (IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "A roof for wheels"))
    merge(board, shed, roof)
    shed.hidden_at = shed.created_at
    db.session.commit()

    assert titles(board, "A bicycle shed") == []
    assert similar.search([queries.get_board(None, board.slug)], "bicycle shed") == {}


def test_words_lead_back_after_unmerging(board):
    shed, roof = (IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "A roof for wheels"))
    merge(board, shed, roof)
    petra = team_member(board)
    with unit_of_work():
        merging.unmerge(petra, queries.get_idea(petra, shed.id), text=WHY)

    assert titles(board, "A bicycle shed") == ["A bicycle shed"]


def test_who_backs_a_merged_idea_backs_what_is_shown(board):
    shed, roof = (IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "A roof for wheels"))
    ole = UserFactory()
    VoteFactory(idea=shed, user=ole)
    merge(board, shed, roof)

    [found] = similar.similar(ole, [queries.get_board(ole, board.slug)], "A bicycle shed")

    assert found.voted


def test_an_idea_is_not_like_itself_or_what_it_is_made_of(board):
    shed, roof, rack = (
        IdeaFactory(board=board, title=title, body="") for title in ("A bicycle shed", "Bicycle sheds", "Shed, bicycle")
    )
    merge(board, shed, roof)

    assert titles(board, roof.title, besides=roof.id) == [rack.title]


# --- Bounds ---


def test_the_number_of_questions_to_the_database_does_not_grow(board):
    def asked(typed):
        with statements() as said:
            similar.similar(None, [row], typed)
        return len(said)

    row = queries.get_board(None, board.slug)
    IdeaFactory(board=board, title="A bicycle shed")
    few = asked("a bicycle shed")
    for number in range(30):
        IdeaFactory(board=board, title=f"A bicycle shed with room for {number}")

    assert asked("a bicycle shed") <= few <= 9
    assert asked("a bycicle shde with rom for bicycls and benhces, lmaps, ptahs, gtaes") <= 10
