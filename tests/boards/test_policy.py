"""Who may do what: each act by each kind of person, and what an answer with each reason needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ideas.accounts.models import SiteRole, User
from ideas.boards import (
    answering,
    commenting,
    flagging,
    following,
    moderating,
    policy,
    posting,
    queries,
    schemas,
    voting,
)
from ideas.boards.models import Board, BoardRole, Reason, Stage, Visibility
from ideas.boards.models_moderating import FlagReason
from ideas.boards.policy import Standing
from ideas.db import unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound
from tests.boards.arranging import reader_of
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

PEOPLE = ("suspended", "invited", "member", "author", "team", "admin")
WHY = "We will build this in spring, because so many of you asked for it."


def on(person, idea):
    return queries.get_idea(person, idea.id)


def said(person, idea):
    return queries.get_comment(person, idea.comment_id)


def new_answer(person, idea):
    words = {"status": "planned", "reason": "committed", "text": WHY}
    answering.answer(person, on(person, idea), schemas.NewAnswer().load(words))


# Each act as a page or a program does it; the comment on the idea is the author's.
ACTS = {
    "post": lambda person, idea: posting.submit(
        person, queries.get_board(person, idea.board_slug), title="A roof", body=""
    ),
    "follow a board": lambda person, idea: following.follow_board(
        person, queries.get_board(person, idea.board_slug).board
    ),
    "vote": lambda person, idea: voting.cast(person, on(person, idea).idea),
    "take a vote back": lambda person, idea: voting.retract(person, on(person, idea).idea),
    "follow": lambda person, idea: following.follow_idea(person, on(person, idea).idea),
    "comment": lambda person, idea: commenting.add(person, on(person, idea), body="Mine too."),
    "reply": lambda person, idea: commenting.add(person, on(person, idea), body="Why?", parent_id=idea.comment_id),
    "speak for the team": lambda person, idea: commenting.add(person, on(person, idea), body="Yes.", official=True),
    "note": lambda person, idea: commenting.add(person, on(person, idea), body="Ask Bo.", internal=True),
    "edit": lambda person, idea: posting.revise(person, on(person, idea), {"title": "Another"}),
    "withdraw": lambda person, idea: posting.withdraw(person, on(person, idea)),
    "edit a comment": lambda person, idea: commenting.edit(person, said(person, idea), body="Better."),
    "delete a comment": lambda person, idea: commenting.delete(person, said(person, idea)),
    "sort": lambda person, idea: posting.retag(person, on(person, idea), []),
    "own": lambda person, idea: posting.assign(person, on(person, idea), None),
    "hide": lambda person, idea: moderating.hide_idea(person, on(person, idea), reason="It is an advertisement."),
    "restore": lambda person, idea: moderating.restore_idea(person, on(person, idea)),
    "hide a comment": lambda person, idea: moderating.hide_comment(person, said(person, idea), reason="It is rude."),
    "restore a comment": lambda person, idea: moderating.restore_comment(person, said(person, idea)),
    "answer": new_answer,
    "point out": lambda person, idea: flagging.flag(person, on(person, idea), reason=FlagReason.SPAM),
    "point out a comment": lambda person, idea: flagging.flag(
        person, on(person, idea), said(person, idea).comment, reason=FlagReason.SPAM
    ),
    "dismiss": lambda person, idea: flagging.dismiss(person, on(person, idea)),
}

PART, WRITER, TEAM = {"invited", "member", "author", "team", "admin"}, {"author"}, {"team", "admin"}
ALLOWED = {
    **dict.fromkeys(("post", "follow a board", "vote", "take a vote back", "follow", "comment", "reply"), PART),
    **dict.fromkeys(("edit", "withdraw", "edit a comment", "delete a comment"), WRITER),
    **dict.fromkeys(("speak for the team", "note", "sort", "own", "hide", "restore", "answer"), TEAM),
    **dict.fromkeys(("hide a comment", "restore a comment", "dismiss"), TEAM),
    **dict.fromkeys(("point out", "point out a comment"), PART - {"author"}),
}


class Scene:
    """People on a board, and for each act an idea with a comment, both by the author."""

    def __init__(self, *, visibility: Visibility = Visibility.PUBLIC, hidden: bool = False) -> None:
        board: Any = BoardFactory(visibility=visibility)
        self.board: Board = board
        self.board_slug = self.board.slug
        self.people = {kind: reader_of(kind, self.board) for kind in PEOPLE}
        self.hidden_at = utcnow() if hidden else None

    def outcome(self, act, kind):
        idea = IdeaFactory(board=self.board, author=self.people["author"], hidden_at=self.hidden_at)
        self.id = idea.id
        self.comment_id = CommentFactory(idea=idea, author=self.people["author"]).id
        try:
            with unit_of_work():
                ACTS[act](self.people[kind], self)
        except (NotAllowed, NotFound) as refused:
            return refused.code
        return "done"


@pytest.mark.parametrize("act", ACTS)
def test_who_may_do_what(act):
    scene = Scene()

    outcomes = {kind: scene.outcome(act, kind) for kind in PEOPLE}

    assert {kind for kind, outcome in outcomes.items() if outcome == "done"} == ALLOWED[act]
    assert set(outcomes.values()) <= {"done", "not-allowed", "suspended"}
    if ALLOWED[act] == PART:
        assert outcomes["suspended"] == "suspended"


@pytest.mark.parametrize("kind", ["suspended", "member"])
def test_on_a_private_board_an_outsider_finds_nothing_to_act_on(kind):
    scene = Scene(visibility=Visibility.PRIVATE)

    assert {act: scene.outcome(act, kind) for act in ACTS} == dict.fromkeys(ACTS, "not-found")


@pytest.mark.parametrize("kind", ["suspended", "invited", "member"])
def test_on_a_hidden_idea_others_find_nothing_to_act_on(kind):
    scene = Scene(hidden=True)
    acts = ACTS.keys() - {"post", "follow a board"}

    assert {act: scene.outcome(act, kind) for act in acts} == dict.fromkeys(acts, "not-found")


def test_the_team_of_another_board_is_not_the_team():
    scene = Scene()
    scene.people["elsewhere"] = team_member(BoardFactory())
    acts = [act for act, people in ALLOWED.items() if people == TEAM]

    assert {act: scene.outcome(act, "elsewhere") for act in acts} == dict.fromkeys(acts, "not-allowed")


# --- What a person is on a board ---


def standing(role=None, **values):
    return Standing(User(id=1, name="Mia", **{"site_role": SiteRole.MEMBER, **values}), role)


@pytest.mark.parametrize(
    ("who", "is_team", "is_member"),
    [
        (Standing(None, None), False, False),
        (standing(), False, False),
        (standing(BoardRole.MEMBER), False, True),
        (standing(BoardRole.TEAM), True, True),
        (standing(site_role=SiteRole.TEAM), True, True),
        (standing(site_role=SiteRole.ADMIN), True, True),
        (standing(BoardRole.TEAM, suspended_at=datetime.now(UTC)), False, True),
        (standing(site_role=SiteRole.ADMIN, suspended_at=datetime.now(UTC)), False, True),
    ],
)
def test_what_a_person_is_on_a_board(who, is_team, is_member):
    assert (who.is_team, who.is_member) == (is_team, is_member)


def test_a_visitor_wrote_nothing():
    idea = IdeaFactory()

    assert not Standing(None, None).is_author(idea)
    assert not policy.may_edit(Standing(None, None), idea, answered=False)


@pytest.mark.parametrize(
    ("values", "may"),
    [
        ({}, True),
        ({"withdrawn": True}, False),
        ({"hidden": True}, False),
    ],
)
def test_the_page_offers_editing_to_those_whom_the_service_lets(values, may):
    author = reader_of("author", BoardFactory())
    row = on(author, IdeaFactory(author=author, **values))

    assert policy.may_edit(row.standing, row.idea, answered=row.answered) is may
    assert not policy.may_edit(row.standing, row.idea, answered=True)


@pytest.mark.parametrize(("values", "may"), [({}, True), ({"hidden_at": utcnow()}, False)])
def test_the_page_offers_editing_a_comment_to_its_author(values, may):
    author = reader_of("author", BoardFactory())
    row = queries.get_comment(author, CommentFactory(author=author, **values).id)

    assert policy.may_edit_comment(row.on.standing, row.comment) is may


@pytest.mark.parametrize(("person", "allowed"), [("admin", True), ("team", False), ("member", False)])
def test_only_administrators_run_the_site(person, allowed):
    someone = reader_of(person, BoardFactory())

    if allowed:
        policy.require_admin(someone)
    else:
        with pytest.raises(NotAllowed):
            policy.require_admin(someone)


def test_a_suspended_administrator_runs_nothing():
    with pytest.raises(NotAllowed):
        policy.require_admin(User(name="Ada", site_role=SiteRole.ADMIN, suspended_at=utcnow()))


@pytest.mark.parametrize(
    ("ago", "days"), [(timedelta(hours=23), 0), (timedelta(days=3, hours=1), 3), (-timedelta(5), 0)]
)
def test_days_of_waiting_are_whole_ones(ago, days):
    now = utcnow()

    assert policy.days_waiting(now - ago, now) == days


# --- Reasons: product.md, "answers", line by line ---

RULES = [
    ("under_review", {"considering"}, 20, False, "moved"),
    ("committed", {"planned"}, 20, False, "planned"),
    ("in_progress", {"started"}, 20, False, "moved"),
    ("shipped", {"shipped"}, 40, False, "shipped"),
    ("shipped_differently", {"shipped"}, 40, False, "shipped"),
    ("partly", {"shipped"}, 40, False, "shipped"),
    ("already_possible", {"shipped", "declined"}, 40, False, "shipped"),
    ("not_now", {"open", "declined"}, 40, True, "declined"),
    ("not_us", {"declined"}, 40, False, "declined"),
    ("not_ever", {"declined"}, 40, False, "declined"),
    ("reopened", {"open", "considering"}, 20, False, "moved"),
    ("cannot_say", set(Stage), 40, True, None),
]


def words(reason, *, text="x" * 40, **changes):
    return {"reason": Reason(reason), "text": text, "date": None, "review_by": date(2099, 1, 1), **changes}


@pytest.mark.parametrize(("reason", "stages", "shortest", "needs_review_by", "owed_as"), RULES)
def test_what_an_answer_with_a_reason_needs(reason, stages, shortest, needs_review_by, owed_as):
    stage = Stage(sorted(stages)[0])

    assert {each for each in Stage if answering.judge(each, words(reason)) == {}} == stages
    assert list(answering.judge(stage, words(reason, text="x" * (shortest - 1)))) == ["text"]
    assert answering.judge(stage, words(reason, text="x" * shortest)) == {}
    assert list(answering.judge(stage, words(reason, review_by=None))) == (["review_by"] if needs_review_by else [])
    if owed_as:
        assert {policy.owed_as(reason, each) for each in stages} == {owed_as}


def test_every_reason_has_its_rule():
    assert {rule[0] for rule in RULES} == set(Reason) == set(policy.REASONS)


@pytest.mark.parametrize("stage", Stage)
def test_what_we_cannot_say_yet_is_owed_as_a_no_where_it_is_final(stage):
    expected = "declined" if stage in (Stage.SHIPPED, Stage.DECLINED) else "moved"

    assert policy.owed_as("cannot_say", stage) == expected


def test_all_that_does_not_fit_is_said_at_once():
    wrong = answering.judge(Stage.SHIPPED, words("not_now", text="No.", review_by=None, date=date(2099, 1, 1)))

    assert sorted(wrong) == ["date", "reason", "review_by", "text"]


@pytest.mark.parametrize("stage", Stage)
def test_a_date_goes_with_what_is_to_come(stage):
    wrong = answering.judge(stage, words("cannot_say", date=date(2099, 1, 1)))

    assert ("date" not in wrong) == (stage in (Stage.PLANNED, Stage.STARTED))
