"""Whoever wrote what was hidden may ask the team once to look again, and hears what it says."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards import listing, moderating, queries, queues
from ideas.boards.errors import AppealClosed, ChangedMeanwhile
from ideas.boards.models_moderating import Hiding
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed, NotFound
from ideas.outbox import OutboxEntry
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

pytestmark = pytest.mark.usefixtures("app")

WORDS = "The neighbour agrees by now."


class Scene:
    """Mia's idea, hidden by Petra."""

    def __init__(self, *, comment=False):
        self.mia = UserFactory(name="Mia")
        board = BoardFactory(slug="garden")
        self.petra = team_member(board, name="Petra")
        self.idea = IdeaFactory(board=board, author=UserFactory() if comment else self.mia)
        self.comment = CommentFactory(idea=self.idea, author=self.mia) if comment else None
        with unit_of_work():
            if self.comment:
                row = queries.get_comment(self.petra, self.comment.id)
                moderating.hide_comment(self.petra, row, reason="It names a neighbour.")
            else:
                on = queries.get_idea(self.petra, self.idea.id)
                moderating.hide_idea(self.petra, on, reason="It names a neighbour.")
        self.id = db.session.scalars(sa.select(Hiding.id)).one()

    def row(self, person):
        return queries.get_hiding(person, self.id)

    def appeal(self, person=None):
        with unit_of_work():
            moderating.appeal(person or self.mia, self.row(person or self.mia), words=WORDS)

    def uphold(self):
        with unit_of_work():
            moderating.uphold(self.petra, self.row(self.petra), reply="They told us that they do not.")

    def grant(self):
        with unit_of_work():
            moderating.grant(self.petra, self.row(self.petra))


@pytest.fixture(params=[False, True], ids=["idea", "comment"])
def scene(request):
    return Scene(comment=request.param)


def events():
    return db.session.scalars(sa.select(OutboxEntry.kind).order_by(OutboxEntry.id)).all()


def acts():
    return db.session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)).all()[1:]


def test_an_appeal_waits_for_the_team(scene):
    scene.appeal()

    (waiting,) = queues.waiting(queries.list_boards(scene.petra)).appeals
    assert (waiting.id, waiting.appeal) == (scene.id, WORDS)
    assert queues.count_for(scene.petra) == 1


def test_one_appeals_once(scene):
    scene.appeal()

    with pytest.raises(AppealClosed):
        scene.appeal()


def test_an_appeal_that_is_granted_shows_it_again_and_tells_its_author(scene):
    scene.appeal()

    scene.grant()

    assert queries.get_idea(None, scene.idea.id).idea.hidden_at is None
    if scene.comment:
        assert queries.get_comment(None, scene.comment.id).comment.hidden_at is None
    assert events() == ["hidden", "appealed", "appeal_answered"]
    assert acts() == ["appeal.granted", "comment.restored" if scene.comment else "idea.restored"]
    assert queues.count_for(scene.petra) == 0


def test_an_appeal_that_is_refused_keeps_it_hidden_and_says_why(scene):
    scene.appeal()

    scene.uphold()

    hiding = scene.row(scene.mia).hiding
    assert (hiding.restored_at, hiding.appeal_reply) == (None, "They told us that they do not.")
    assert events() == ["hidden", "appealed", "appeal_answered"]
    assert acts() == ["appeal.refused"]


def test_of_two_who_answer_an_appeal_one_is_late(scene):
    scene.appeal()
    scene.uphold()

    for act in (scene.uphold, scene.grant):
        with pytest.raises(ChangedMeanwhile):
            act()


def test_restoring_answers_a_waiting_appeal_too(scene):
    scene.appeal()

    with unit_of_work():
        if scene.comment:
            moderating.restore_comment(scene.petra, queries.get_comment(scene.petra, scene.comment.id))
        else:
            moderating.restore_idea(scene.petra, queries.get_idea(scene.petra, scene.idea.id))

    assert events() == ["hidden", "appealed", "appeal_answered"]


def test_what_is_shown_again_is_not_appealed_against(scene):
    with unit_of_work():
        if scene.comment:
            moderating.restore_comment(scene.petra, queries.get_comment(scene.petra, scene.comment.id))
        else:
            moderating.restore_idea(scene.petra, queries.get_idea(scene.petra, scene.idea.id))

    with pytest.raises(AppealClosed):
        scene.appeal()


def test_the_author_alone_appeals_and_the_team_alone_answers(scene):
    with pytest.raises(NotAllowed):
        scene.appeal(scene.petra)
    with pytest.raises(NotFound):
        scene.appeal(UserFactory())
    scene.appeal()
    with pytest.raises(NotAllowed), unit_of_work():
        moderating.grant(scene.mia, scene.row(scene.mia))
    with pytest.raises(NotAllowed), unit_of_work():
        moderating.uphold(scene.mia, scene.row(scene.mia), reply="I say so.")


def test_one_s_own_hidden_idea_is_in_the_list_of_one_s_own():
    scene = Scene()
    mine = listing.Wanted(mine=True)

    def listed(person, wanted):
        return [card.idea.id for card in listing.ideas_on(person, queries.list_boards(person), wanted, limit=5).rows]

    assert listed(scene.mia, mine) == [scene.idea.id]
    assert listed(scene.mia, listing.Wanted()) == []
    assert listed(UserFactory(), mine) == []


# --- Pages ---


def test_the_author_appeals_from_the_page_and_reads_what_became_of_it(app, scene):
    browser, team = browser_of(app, scene.mia), browser_of(app, scene.petra)
    page = browser.get(f"/ideas/{scene.idea.id}", follow_redirects=True)
    assert f'href="/hidden/{scene.id}"' in page.text

    short = browser.post(f"/hidden/{scene.id}", data={"words": "No."})
    done = browser.post(f"/hidden/{scene.id}", data={"words": WORDS}, follow_redirects=True)
    again = browser.post(f"/hidden/{scene.id}", data={"words": WORDS}, follow_redirects=True)
    too_late = browser.post(f"/hidden/{scene.id}", data={"words": "No."})

    assert short.status_code == 422
    assert too_late.status_code == 303  # the form is gone, so nothing about it would be read
    assert "Nobody has answered yet." in seen(done.text)
    assert "before" in seen(again.text)
    assert WORDS in seen(team.get("/moderation").text)
    assert team.post(f"/hidden/{scene.id}/keep", data={"reply": "short"}).status_code == 422
    assert team.post(f"/hidden/{scene.id}/keep", data={"reply": "It is still too harsh."}).status_code == 303
    assert "It is still too harsh." in seen(browser.get(f"/hidden/{scene.id}").text)


def test_the_team_shows_it_again_from_the_page(app, scene):
    scene.appeal()

    answer = browser_of(app, scene.petra).post(f"/hidden/{scene.id}/grant")

    assert answer.status_code == 303
    assert "shown again" in seen(browser_of(app, scene.mia).get(f"/hidden/{scene.id}").text)


def test_others_do_not_learn_why_something_was_hidden(app, scene):
    assert browser_of(app, UserFactory()).get(f"/hidden/{scene.id}").status_code == 404
    assert browser_of(app, None).get(f"/hidden/{scene.id}").status_code == 303
    for act in ("grant", "let-through"):
        assert browser_of(app, UserFactory()).post(f"/hidden/{scene.id}/{act}").status_code == 404
