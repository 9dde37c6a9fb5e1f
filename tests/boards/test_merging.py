"""Ideas that are the same become one by a link; taken apart again, each is what it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry
from ideas.boards import (
    api_reading,
    checks,
    commenting,
    following,
    listing,
    merging,
    moderating,
    posting,
    queries,
    ranking,
    searching,
    settling,
    voting,
)
from ideas.boards.errors import (
    AnswerWaiting,
    EditingClosed,
    Merged,
    MergingClosed,
    NotMerged,
    VotingClosed,
)
from ideas.boards.models import Idea, IdeaRank, Reason, Stage, Vote
from ideas.boards.models_merging import Merge
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed
from ideas.outbox import OutboxEntry
from tests.boards.arranging import count
from tests.boards.pages import answered, browser_of
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    UserFactory,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

WHY = "Both ask for a dry place, so they are one."


class Garden:
    """A board with its team and three ideas."""

    def __init__(self):
        self.board = BoardFactory()
        self.petra = team_member(self.board, name="Petra")
        self.author = UserFactory(name="Mia")  # of all three
        self.shed, self.roof, self.rack = (
            IdeaFactory(board=self.board, author=self.author, title=title) for title in ("A shed", "A roof", "A rack")
        )

    def merge(self, idea, into, by=None, text=WHY):
        by = by or self.petra
        with unit_of_work():
            merging.merge(by, queries.get_idea(by, idea.id), queries.get_idea(by, into.id), text=text)

    def unmerge(self, idea, by=None, text=WHY):
        by = by or self.petra
        with unit_of_work():
            merging.unmerge(by, queries.get_idea(by, idea.id), text=text)


@pytest.fixture
def garden():
    return Garden()


def backed(idea, *people):
    for person in people:
        with unit_of_work():
            voting.cast(person, queries.get_idea(person, idea.id).idea)


def unbacked(idea, person):
    with unit_of_work():
        return voting.retract(person, queries.get_idea(person, idea.id).idea)


def place(idea):
    db.session.expire_all()
    return db.session.get_one(IdeaRank, idea.id)


def votes(idea):
    return place(idea).vote_count


def state():
    """All that a merge could change of ideas, places, votes."""
    db.session.expire_all()
    ideas = db.session.execute(sa.select(Idea.id, Idea.merged_into_id, Idea.merged_root_id).order_by(Idea.id)).all()
    places = db.session.execute(sa.select(IdeaRank.__table__).order_by(IdeaRank.idea_id)).mappings().all()
    given = db.session.execute(sa.select(Vote.id, Vote.idea_id, Vote.user_id).order_by(Vote.id)).all()
    rounded = [{**row, "hot": round(row["hot"], 4)} for row in places]
    return list(map(tuple, ideas)), rounded, list(map(tuple, given))


def all_is_well():
    assert [each for check in checks.CHECKS.values() for each in check()] == []
    before = state()
    with unit_of_work():
        assert ranking.recount().differed == 0
    assert state() == before


# --- What merging does ---


def test_votes_are_the_union_of_people(garden):
    ana, ben, cem = UserFactory.create_batch(3)
    backed(garden.shed, ana, ben)
    backed(garden.roof, ben, cem)

    garden.merge(garden.shed, garden.roof)

    assert votes(garden.roof) == 3
    assert votes(garden.shed) == 2
    assert count(Vote) == 4
    all_is_well()


def test_a_merged_idea_is_in_no_list_and_the_other_shows_that_it_has_parts(garden):
    garden.merge(garden.shed, garden.roof)

    assert (place(garden.shed).listed, place(garden.roof).listed) == (False, True)
    assert (place(garden.shed).has_merged, place(garden.roof).has_merged) == (False, True)


def test_taken_apart_everything_is_as_it_was(garden):
    ana, ben = UserFactory.create_batch(2)
    backed(garden.shed, ana, ben)
    backed(garden.roof, ben)
    before = state()
    garden.merge(garden.shed, garden.roof)
    assert state() != before

    garden.unmerge(garden.shed)

    assert state() == before
    all_is_well()


def test_a_chain_counts_at_its_end_and_comes_apart_in_the_middle(garden):
    ana, ben, cem = UserFactory.create_batch(3)
    for idea, person in ((garden.shed, ana), (garden.roof, ben), (garden.rack, cem)):
        backed(idea, person)
    garden.merge(garden.shed, garden.roof)
    garden.merge(garden.roof, garden.rack)
    assert votes(garden.rack) == 3
    assert db.session.get_one(Idea, garden.shed.id).merged_root_id == garden.rack.id
    all_is_well()

    garden.unmerge(garden.roof)

    assert (votes(garden.rack), votes(garden.roof), votes(garden.shed)) == (1, 2, 1)
    assert db.session.get_one(Idea, garden.shed.id).merged_root_id == garden.roof.id
    assert not place(garden.rack).has_merged
    all_is_well()


def test_the_last_link_of_a_chain_comes_off_alone(garden):
    backed(garden.shed, UserFactory())
    garden.merge(garden.shed, garden.roof)
    garden.merge(garden.roof, garden.rack)

    garden.unmerge(garden.shed)

    assert (votes(garden.rack), votes(garden.roof), votes(garden.shed)) == (0, 0, 1)
    assert place(garden.shed).listed
    assert (place(garden.rack).has_merged, place(garden.roof).has_merged) == (True, False)
    all_is_well()


# --- Voting afterwards ---


def test_a_vote_counts_once_for_who_backs_a_part_already(garden):
    ana, ben = UserFactory.create_batch(2)
    backed(garden.shed, ana)
    garden.merge(garden.shed, garden.roof)

    backed(garden.roof, ana, ben)

    assert votes(garden.roof) == 2
    assert queries.get_idea(ana, garden.roof.id).voted
    all_is_well()


def test_taking_a_vote_back_takes_back_the_whole_support(garden):
    ana, ben = UserFactory.create_batch(2)
    for idea in (garden.shed, garden.roof, garden.rack):
        backed(idea, ana, ben)
    garden.merge(garden.shed, garden.roof)
    garden.merge(garden.roof, garden.rack)

    assert unbacked(garden.rack, ana) == 1

    assert not queries.get_idea(ana, garden.rack.id).voted
    assert [votes(idea) for idea in (garden.shed, garden.roof, garden.rack)] == [1, 1, 1]
    all_is_well()


def test_whoever_backs_a_part_backs_the_whole(garden):
    ana = UserFactory()
    backed(garden.shed, ana)

    garden.merge(garden.shed, garden.roof)

    assert queries.get_idea(ana, garden.roof.id).voted
    assert not queries.get_idea(UserFactory(), garden.roof.id).voted


def test_a_merged_idea_takes_nothing_any_more_and_names_the_other(garden):
    ana = UserFactory()
    backed(garden.shed, ana)
    garden.merge(garden.shed, garden.roof)

    def on(person):
        return queries.get_idea(person, garden.shed.id)

    for act in (
        lambda: voting.cast(ana, on(ana).idea),
        lambda: voting.retract(ana, on(ana).idea),
        lambda: following.follow_idea(ana, on(ana).idea),
        lambda: following.unfollow_idea(ana, on(ana).idea),
        lambda: commenting.add(ana, on(ana), body="Is this still about sheds?"),
        lambda: posting.revise(garden.author, on(garden.author), {"title": "A bigger shed"}),
        lambda: posting.withdraw(garden.author, on(garden.author)),
    ):
        with pytest.raises(Merged, match=f"idea {garden.roof.id} now") as caught, unit_of_work():
            act()
        assert caught.value.into_id == garden.roof.id
    with pytest.raises(Merged):
        answered(garden.petra, garden.shed)
    assert votes(garden.roof) == 1


@pytest.mark.parametrize("act", [voting.cast, voting.retract])
def test_a_vote_that_meets_a_merge_is_refused_whole(garden, act):
    ana = UserFactory()
    backed(garden.shed, UserFactory())
    read_before = queries.get_idea(ana, garden.shed.id).idea
    assert read_before.status.takes_votes
    root_before = read_before.merged_root_id
    garden.merge(garden.shed, garden.roof)
    stale = queries.get_idea(ana, garden.shed.id).idea
    sa.orm.attributes.set_committed_value(stale, "merged_root_id", root_before)

    with pytest.raises(Merged), unit_of_work():
        act(ana, stale)

    assert (count(Vote), votes(garden.roof)) == (1, 1)


def test_a_final_idea_that_has_parts_takes_no_votes(garden):
    garden.merge(garden.shed, garden.roof)
    answered(garden.petra, garden.roof, "shipped", Reason.SHIPPED)

    with pytest.raises(VotingClosed):
        backed(garden.roof, UserFactory())


def test_following_is_seen_and_ends_for_the_whole(garden):
    ana = UserFactory()
    IdeaFollowFactory(idea=garden.shed, user=ana)
    garden.merge(garden.shed, garden.roof)
    assert queries.get_idea(ana, garden.roof.id).follows

    with unit_of_work():
        following.unfollow_idea(ana, queries.get_idea(ana, garden.roof.id).idea)

    assert not queries.get_idea(ana, garden.roof.id).follows


def test_comments_stay_where_they_were_said_and_their_authors_keep_them(garden):
    ole = UserFactory()
    said = CommentFactory(idea=garden.shed, author=ole)
    garden.merge(garden.shed, garden.roof)

    with unit_of_work():
        commenting.delete(ole, queries.get_comment(ole, said.id))

    assert (place(garden.shed).comment_count, place(garden.roof).comment_count) == (0, 0)
    all_is_well()


# --- What is refused ---


def test_only_the_team_merges(garden):
    with pytest.raises(NotAllowed):
        garden.merge(garden.shed, garden.roof, by=garden.author)
    garden.merge(garden.shed, garden.roof)

    with pytest.raises(NotAllowed):
        garden.unmerge(garden.shed, by=garden.author)


def refused(act):
    with pytest.raises(ValidationError) as caught:
        act()
    return caught.value.messages_dict


def test_a_merge_needs_a_text(garden):
    assert "text" in refused(lambda: garden.merge(garden.shed, garden.roof, text="Same."))


def test_an_idea_is_not_merged_into_itself_or_its_parts(garden):
    assert "itself" in refused(lambda: garden.merge(garden.shed, garden.shed))["into"][0]
    garden.merge(garden.shed, garden.roof)

    assert "part of this one" in refused(lambda: garden.merge(garden.roof, garden.shed))["into"][0]


def test_an_idea_is_merged_into_the_end_of_a_chain(garden):
    garden.merge(garden.shed, garden.roof)

    said = refused(lambda: garden.merge(garden.rack, garden.shed))["into"][0]

    assert f"part of idea {garden.roof.id} itself" in said


def test_an_idea_is_part_of_one_other(garden):
    garden.merge(garden.shed, garden.roof)

    with pytest.raises(Merged, match="already"):
        garden.merge(garden.shed, garden.rack)


def test_ideas_of_two_boards_stay_apart(garden):
    other = BoardFactory(private=True)
    secret = IdeaFactory(board=other)
    petra = team_member(other)

    with pytest.raises(NotAllowed):
        garden.merge(garden.shed, secret, by=petra)
    garden.petra.site_role = "team"
    db.session.commit()

    assert "another board" in refused(lambda: garden.merge(garden.shed, secret))["into"][0]


def test_what_is_hidden_or_taken_back_stays_apart(garden):
    hidden, taken_back = IdeaFactory(board=garden.board, hidden=True), IdeaFactory(board=garden.board, withdrawn=True)

    for idea in (hidden, taken_back):
        with pytest.raises(MergingClosed):
            garden.merge(idea, garden.roof)
        assert "hidden or was withdrawn" in refused(lambda idea=idea: garden.merge(garden.roof, idea))["into"][0]


@pytest.mark.parametrize("waits_on", ["shed", "roof"])
def test_no_merge_while_an_answer_waits(garden, waits_on, monkeypatch):
    monkeypatch.setattr(settling, "settle_time", lambda: timedelta(minutes=15))
    answered(garden.petra, getattr(garden, waits_on))

    with pytest.raises(AnswerWaiting):
        garden.merge(garden.shed, garden.roof)


def test_final_ideas_may_be_merged(garden):
    built = IdeaFactory(board=garden.board, stage=Stage.SHIPPED)
    backed(garden.shed, UserFactory())

    garden.merge(garden.shed, built)

    assert votes(built) == 1
    all_is_well()


def test_what_is_not_merged_cannot_be_taken_out(garden):
    with pytest.raises(NotMerged):
        garden.unmerge(garden.shed)


def test_an_idea_that_others_are_part_of_is_not_taken_back(garden):
    garden.merge(garden.shed, garden.roof)

    with pytest.raises(EditingClosed, match="part of this one"), unit_of_work():
        posting.withdraw(garden.author, queries.get_idea(garden.author, garden.roof.id))


def test_hiding_a_part_leaves_the_whole_as_it_is(garden):
    backed(garden.shed, UserFactory())
    garden.merge(garden.shed, garden.roof)
    with unit_of_work():
        moderating.hide_idea(garden.petra, queries.get_idea(garden.petra, garden.shed.id), reason="It has an address.")

    assert votes(garden.roof) == 1
    all_is_well()
    garden.unmerge(garden.shed)
    assert place(garden.shed).is_hidden
    all_is_well()


# --- The settle time ---


def waiting(kind):
    db.session.expire_all()
    return [
        entry.cancelled_at is None
        for entry in db.session.scalars(sa.select(OutboxEntry).where(OutboxEntry.kind == kind).order_by(OutboxEntry.id))
    ]


def test_undone_before_it_is_announced_nobody_hears_and_no_text_is_asked_for(garden):
    garden.merge(garden.shed, garden.roof)

    garden.unmerge(garden.shed, text="")

    assert (waiting("merged"), waiting("unmerged")) == ([False], [])


def test_afterwards_it_needs_a_text_and_is_told(garden):
    garden.merge(garden.shed, garden.roof)
    db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=sa.func.now()))
    db.session.commit()

    assert "text" in refused(lambda: garden.unmerge(garden.shed, text="No."))
    garden.unmerge(garden.shed)

    assert waiting("unmerged") == [True]


def test_merged_anew_before_it_is_said_that_it_was_not(garden):
    garden.merge(garden.shed, garden.roof)
    db.session.execute(sa.update(OutboxEntry).values(fanned_out_at=sa.func.now()))
    db.session.commit()
    garden.unmerge(garden.shed)

    garden.merge(garden.shed, garden.rack)

    assert waiting("unmerged") == [False]


def test_each_act_is_in_the_log(garden):
    garden.merge(garden.shed, garden.roof)
    garden.unmerge(garden.shed)

    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.subject == garden.shed.subject)).all()
    assert sorted(acts) == ["idea.merged", "idea.unmerged"]
    assert [(each.into_id, each.text) for each in db.session.scalars(sa.select(Merge))] == [(garden.roof.id, WHY)]


# --- What the checks would find ---


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ("UPDATE idea SET merged_root_id = NULL WHERE merged_into_id IS NOT NULL", "I9"),
        ("UPDATE idea SET merged_into_id = NULL, merged_root_id = NULL", "I9"),
        ("DELETE FROM merge", "I9"),
        ("UPDATE idea_rank SET has_merged = false", "I7"),
        ("UPDATE idea_rank SET listed = true", "I7"),
        ("UPDATE idea_rank SET vote_count = vote_count + 1 WHERE has_merged", "I1"),
        ("UPDATE idea SET merged_into_id = {shed}, merged_root_id = {shed} WHERE id = {roof}", "I9"),
    ],
)
def test_a_broken_link_is_found(garden, broken, found):
    backed(garden.shed, UserFactory())
    garden.merge(garden.shed, garden.roof)
    db.session.execute(sa.text(broken.format(shed=garden.shed.id, roof=garden.roof.id)))
    db.session.commit()

    assert found in {each.invariant for check in checks.CHECKS.values() for each in check()}


# --- Lists and addresses ---


def listed(reader, **wanted):
    page = listing.ideas_on(reader, queries.list_boards(reader), listing.Wanted(**wanted), limit=20)
    return {card.idea.title: card.voted for card in page.rows}


def test_lists_show_the_surviving_idea_and_who_backs_a_part_backs_it(garden):
    ana = UserFactory()
    backed(garden.shed, ana)
    garden.merge(garden.shed, garden.roof)

    assert listed(ana) == {"A roof": True, "A rack": False}
    assert listed(ana, voted=True) == {"A roof": True}
    assert listed(garden.author, mine=True) == {"A roof": False, "A rack": False}
    assert api_reading.votes_among(ana, [garden.shed.id, garden.roof.id, garden.rack.id]) == [
        garden.shed.id,
        garden.roof.id,
    ]


def test_the_words_of_a_merged_idea_find_the_surviving_one(garden):
    with unit_of_work():
        for idea in (garden.shed, garden.roof, garden.rack):
            searching.index(db.session.get_one(Idea, idea.id))
    garden.merge(garden.shed, garden.roof)
    assert listed(None, question="shed") == {"A roof": False}

    with unit_of_work():
        moderating.hide_idea(garden.petra, queries.get_idea(garden.petra, garden.shed.id), reason="It has an address.")

    assert listed(None, question="shed") == {}
    assert listed(None, question="roof") == {"A roof": False}


def path(idea):
    return f"/ideas/{idea.id}-{idea.slug}"


def test_the_address_of_a_merged_idea_leads_to_the_surviving_one(garden, client):
    garden.merge(garden.shed, garden.roof)
    garden.merge(garden.roof, garden.rack)

    for address in (path(garden.shed), f"/ideas/{garden.shed.id}", f"/ideas/{garden.shed.id}-old-title"):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (301, f"{path(garden.rack)}#merged-{garden.shed.id}")
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_merged_idea_does_not_lead_to_a_hidden_one(garden, client):
    garden.merge(garden.shed, garden.roof)
    with unit_of_work():
        moderating.hide_idea(garden.petra, queries.get_idea(garden.petra, garden.roof.id), reason="It has an address.")

    for answer in (client.get(path(garden.shed)), client.get("/ideas/999999-a-shed")):
        assert answer.status_code == 404


def test_whoever_votes_on_an_old_page_is_led_to_the_surviving_idea(garden, app):
    garden.merge(garden.shed, garden.roof)
    browser = browser_of(app, UserFactory())

    answer = browser.post(f"/ideas/{garden.shed.id}/vote", data={"on": "1"})

    assert (answer.status_code, answer.location) == (303, path(garden.roof))
    assert "part of this one now" in browser.get(answer.location).text


def test_a_comment_written_on_an_old_page_is_not_lost(garden, app):
    garden.merge(garden.shed, garden.roof)

    answer = browser_of(app, UserFactory()).post(f"/ideas/{garden.shed.id}/comments", data={"body": "Mine leaks."})

    assert answer.status_code == 409
    assert "A roof" in answer.text
    assert "Mine leaks." in answer.text
