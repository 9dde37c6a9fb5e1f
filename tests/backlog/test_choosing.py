"""Several ideas at once: tagged, assigned, moved, merged, put into a release; all or none, and never declined."""

import pytest

from ideas.accounts.models import AuditEntry
from ideas.boards import listing
from ideas.boards.models import Answer, Idea, IdeaTag
from ideas.boards.models_releases import Release, ReleaseIdea
from ideas.db import db
from ideas.outbox import OutboxEntry
from tests.backlog.arranging import back, people
from tests.boards.arranging import READERS, count, reader_of
from tests.boards.pages import LONG_ENOUGH, browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, TagFactory, UserFactory, team_member

PATH = "/team/backlog/chosen"


@pytest.fixture
def board(app):
    made = BoardFactory(slug="garden")
    for slug in ("seed", "shed"):
        TagFactory(board=made, slug=slug)
    return made


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def ideas(board):
    return [IdeaFactory(board=board) for _ in range(3)]


def send(app, person, ideas, **fields):
    return browser_of(app, person).post(PATH, data={"idea": [idea.id for idea in ideas], **fields})


def tags_of(ideas):
    db.session.rollback()
    found = listing.tags_on([idea.id for idea in ideas])
    return [[tag.slug for tag in found.get(idea.id, [])] for idea in ideas]


def test_tags_come_and_go_and_the_others_stay(app, board, petra, ideas):
    seed = db.session.query(IdeaTag).count()
    send(app, petra, ideas[:1], add=["shed"])

    answer = send(app, petra, ideas, add=["seed"], off=["shed"])

    assert (seed, answer.status_code) == (0, 303)
    assert tags_of(ideas) == [["seed"]] * 3
    assert count(AuditEntry, AuditEntry.act == "idea.tagged") == 4


def test_they_get_an_owner_or_none(app, petra, ideas):
    send(app, petra, ideas, owner=str(petra.id))
    db.session.rollback()
    assert [db.session.get_one(Idea, idea.id).owner_id for idea in ideas] == [petra.id] * 3

    send(app, petra, ideas[:2], owner="nobody")
    db.session.rollback()
    assert [db.session.get_one(Idea, idea.id).owner_id for idea in ideas] == [None, None, petra.id]


def test_one_that_cannot_be_leaves_all_as_they_were_and_says_which(app, board, petra, ideas):
    other = BoardFactory(slug="other")
    admin = UserFactory(admin=True)
    theirs = IdeaFactory(board=other, title="Elsewhere")

    tagged = send(app, admin, [*ideas, theirs], add=["seed"])
    owned = send(app, admin, [*ideas, theirs], owner=str(petra.id))

    assert (tagged.status_code, owned.status_code) == (422, 422)
    assert "Elsewhere" in tagged.text
    assert "Elsewhere: this person is not of the team of its board." in owned.text
    assert tags_of(ideas) == [[], [], []]
    db.session.rollback()
    assert db.session.get_one(Idea, ideas[0].id).owner_id is None


def test_ideas_that_are_not_ones_own_to_answer_are_left_out(app, board, petra, ideas):
    theirs = IdeaFactory(board=BoardFactory(), title="Elsewhere")

    page = browser_of(app, petra).get(f"{PATH}?idea={ideas[0].id}&idea={theirs.id}&idea=x")

    assert page.status_code == 200
    assert ideas[0].title in page.text
    assert "Elsewhere" not in page.text
    assert browser_of(app, petra).get(f"{PATH}?idea={theirs.id}").status_code == 404
    assert browser_of(app, petra).get(PATH).status_code == 404


@pytest.mark.parametrize("kind", READERS)
def test_choosing_is_for_those_who_answer(app, board, ideas, kind):
    answer = browser_of(app, reader_of(kind, board)).get(f"{PATH}?idea={ideas[0].id}")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def test_there_is_no_way_to_answer_or_decline_several(app, petra, ideas):
    page = browser_of(app, petra).get(f"{PATH}?idea={ideas[0].id}").text
    answer = send(app, petra, ideas, status="declined", reason="not_us", text="We will not do any of these, sorry.")

    assert 'name="status"' not in page
    assert answer.status_code == 303
    assert count(Answer) == 0


# --- What people are told of ---


def act(app, person, what, ideas, **fields):
    data = {"idea": [idea.id for idea in ideas], **fields}
    return browser_of(app, person).post(f"{PATH}/{what}", data=data)


def now(ideas):
    db.session.rollback()
    return [db.session.get_one(Idea, idea.id) for idea in ideas]


def test_they_move_with_words_for_all_or_their_own_and_each_is_announced(app, petra, ideas):
    moved = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH}

    answer = act(app, petra, "move", ideas, **moved, **{f"own-{ideas[1].id}": "This one comes first, in the spring."})

    assert answer.status_code == 303
    texts = [each.text for each in db.session.query(Answer).order_by(Answer.idea_id)]
    assert texts == [LONG_ENOUGH, "This one comes first, in the spring.", LONG_ENOUGH]
    assert count(OutboxEntry, OutboxEntry.kind == "answered") == 3


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"status": "declined", "reason": "not_us"}, "Several ideas move at once only to where they stay open."),
        ({"status": "shipped", "reason": "shipped"}, "Several ideas move at once only to where they stay open."),
        ({"status": "open", "reason": "not_now"}, "This is said to each idea by itself."),
        ({"status": "planned", "reason": "cannot_say"}, "This is said to each idea by itself."),
        ({"status": "planned", "reason": "in_progress"}, "This reason does not fit that status."),
        ({"text": ""}, "Say a little more: at least 20 characters"),
        ({"text": LONG_ENOUGH, "own": "Too short."}, "Say a little more: at least 20 characters"),
    ],
)
def test_none_is_declined_or_put_off_in_passing_and_what_does_not_fit_moves_none(app, petra, ideas, fields, named):
    sent = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH, **fields}
    if own := sent.pop("own", ""):
        sent[f"own-{ideas[2].id}"] = own

    answer = act(app, petra, "move", ideas, **sent)

    assert answer.status_code == 422
    assert named in seen(answer.text)
    assert count(Answer) == 0


def test_sent_twice_they_move_once(app, petra, ideas):
    moved = {"status": "planned", "reason": "committed", "text": LONG_ENOUGH, "once": "the-same-form-sent-twice"}

    first, second = (act(app, petra, "move", ideas, **moved) for _ in range(2))

    assert (first.status_code, second.status_code, count(Answer)) == (303, 303, 3)


def test_they_become_one_and_the_page_says_how_many_people_that_is(app, petra, ideas):
    voters = people(3)
    back(ideas[0], voters[:2])
    back(ideas[1], voters[1:])
    page = browser_of(app, petra).get(f"{PATH}/merge?" + "&".join(f"idea={idea.id}" for idea in ideas)).text
    assert "Together 3 people back them" in seen(page)

    short = act(app, petra, "merge", ideas, into=ideas[1].id, text="Same.")
    outside = act(app, petra, "merge", ideas, into=999, text=LONG_ENOUGH)
    assert (short.status_code, outside.status_code) == (422, 422)
    answer = act(app, petra, "merge", ideas, into=ideas[1].id, text=LONG_ENOUGH)

    assert answer.headers["Location"] == f"/ideas/{ideas[1].id}"
    assert [idea.merged_root_id for idea in now(ideas)] == [ideas[1].id, None, ideas[1].id]
    assert count(OutboxEntry, OutboxEntry.kind == "merged") == 2


def test_one_that_cannot_be_merged_is_named_and_none_is(app, board, petra, ideas):
    hidden = IdeaFactory(board=board, hidden=True, title="Out of sight")

    answer = act(app, petra, "merge", [*ideas, hidden], into=ideas[0].id, text=LONG_ENOUGH)

    assert answer.status_code == 422
    assert "Out of sight: This idea is hidden" in seen(answer.text)
    assert [idea.merged_root_id for idea in now(ideas)] == [None] * 3


def test_they_go_into_a_release_of_their_board_each_with_its_line(app, petra, ideas):
    lines = {f"own-{idea.id}": f"{LONG_ENOUGH} {idea.id}" for idea in ideas}
    missing = act(app, petra, "ship", ideas, title="Spring", **{f"own-{ideas[0].id}": LONG_ENOUGH})
    nameless = act(app, petra, "ship", ideas, **lines)
    elsewhere = act(app, petra, "ship", ideas, release="99", **lines)
    assert [each.status_code for each in (missing, nameless, elsewhere)] == [422] * 3
    assert (count(Release), count(ReleaseIdea)) == (0, 0)

    made = act(app, petra, "ship", ideas[:2], title="Spring", **lines)
    draft = db.session.query(Release).one()
    act(app, petra, "ship", ideas[2:], release=str(draft.id), **lines)

    assert made.headers["Location"] == f"/releases/{draft.id}"
    found = db.session.query(ReleaseIdea).order_by(ReleaseIdea.idea_id).all()
    assert [(line.release_id, line.text) for line in found] == [(draft.id, lines[f"own-{idea.id}"]) for idea in ideas]
    assert count(Answer) == 0


@pytest.mark.parametrize("what", ["move", "merge", "ship"])
def test_ideas_of_several_boards_are_not_told_together(app, petra, ideas, what):
    theirs = IdeaFactory(board=BoardFactory(slug="other"))

    answer = act(app, UserFactory(admin=True), what, [*ideas, theirs], title="Spring", text=LONG_ENOUGH)

    assert answer.status_code == 422
    assert "These ideas are on several boards." in answer.text


@pytest.mark.parametrize("what", ["move", "merge", "ship"])
@pytest.mark.parametrize("kind", ["visitor", "member", "suspended"])
def test_what_people_are_told_is_for_those_who_answer(app, board, ideas, what, kind):
    answer = browser_of(app, reader_of(kind, board)).get(f"{PATH}/{what}?idea={ideas[0].id}")

    assert answer.status_code == (303 if kind == "visitor" else 404)
