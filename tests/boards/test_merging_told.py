"""Who hears that ideas became one or two, and who hears of the surviving idea, under which title."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ideas import settings, words
from ideas.accounts.models import User
from ideas.boards import (
    answering,
    commenting,
    forecast,
    listing,
    merging,
    moderating,
    notices,
    queries,
    receipts,
    schemas,
    voting,
)
from ideas.db import at, db, unit_of_work, utcnow
from ideas.ledger import judging, preferences, report
from ideas.ledger.models import Delivery, Mode, Path
from ideas.outbox import DueDelivery, OutboxEntry
from tests.boards.arranging import announce
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    UserFactory,
    VoteFactory,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

WHY = "Both ask for a dry place, so they are one."
SHIPPED = "The roof stands since Monday; bring your bicycles and tell us how it is."


class Crowd:
    """Two ideas and a third, each with its author, voter, commenter and follower, named after what they did."""

    def __init__(self):
        self.board = BoardFactory()
        self.petra = team_member(self.board, name="Petra")
        self.ids = {}
        for title in ("shed", "roof", "rack"):
            idea = IdeaFactory(board=self.board, title=f"A {title}", author=UserFactory(name=f"{title} author"))
            self.ids[title] = idea.id
            VoteFactory(idea=idea, user=UserFactory(name=f"{title} voter"))
            CommentFactory(idea=idea, author=UserFactory(name=f"{title} commenter"))
            IdeaFollowFactory(idea=idea, user=UserFactory(name=f"{title} follower"))

    def on(self, title, reader=None):
        return queries.get_idea(reader or self.petra, self.ids[title])

    def merge(self, title, into):
        with unit_of_work():
            merging.merge(self.petra, self.on(title), self.on(into), text=WHY)

    def unmerge(self, title):
        with unit_of_work():
            merging.unmerge(self.petra, self.on(title), text=WHY)

    def answer(self, title, status="shipped", reason="shipped", text=SHIPPED, **more):
        given = schemas.NewAnswer().load({"status": status, "reason": reason, "text": text, **more})
        with unit_of_work():
            return answering.answer(self.petra, self.on(title), given).id

    def person(self, name):
        return db.session.scalars(sa.select(User).where(User.name == name)).one()


@pytest.fixture
def crowd():
    return Crowd()


def audience():
    entry = db.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc())).first()
    people = judging.strongest(notices.NOTICES[entry.kind].audience(entry.about_id), but=entry.actor_id)
    return entry, db.session.execute(sa.select(User.name, people).join(people, people.c.user_id == User.id)).all()


def told():
    """Name → path of all who are owed word of the latest event."""
    _entry, rows = audience()
    assert len(rows) == len({row.name for row in rows})
    return {row.name: row.path for row in rows}


def defaults():
    return {row.name: row.by_default for row in audience()[1]}


def read():
    """Name → (subject, why they hear of it) of the latest event."""
    entry, rows = audience()
    found = {}
    for number, row in enumerate(rows, start=1):
        due = DueDelivery(
            *(number, entry.kind, entry.subject, entry.about_id, entry.recorded_at, row.user_id, row.path, row.news),
            *(row.contribution_kind, row.contribution_id),
        )
        notice = notices.NOTICES[entry.kind]
        with words.addressing(db.session.get_one(User, row.user_id)):
            names = {**notice.words([due])[number], "path": due.path, "news": due.news}
            subject, body = (
                settings.rooms().templates.get_template(f"{notice.template}/{part}.txt").render(names).strip()
                for part in ("subject", "body")
            )
        found[row.name] = (subject, body)
    return found


def of(title, *kinds):
    return {f"{title} {kind}" for kind in kinds}


ALL = ("author", "voter", "commenter", "follower")


# --- Merged and unmerged ---


def test_a_merge_is_told_on_both_sides_and_to_the_voters_of_the_one(crowd):
    crowd.merge("shed", "roof")

    assert told().keys() == of("shed", *ALL) | of("roof", "author", "commenter", "follower")
    assert {told()[f"{title} author"] for title in ("shed", "roof")} == {"author"}


def test_what_was_merged_before_moves_on_and_its_people_hear_too(crowd):
    crowd.merge("shed", "roof")

    crowd.merge("roof", "rack")

    assert told().keys() == of("shed", *ALL) | of("roof", *ALL) | of("rack", "author", "commenter", "follower")
    assert told()["shed author"] == "merged_author"
    subjects = {name: subject for name, (subject, _body) in read().items()}
    assert subjects["shed voter"] == "“A shed” is part of “A rack” now"
    assert subjects["roof voter"] == "“A roof” is part of “A rack” now"
    assert subjects["rack author"] == "“A roof” is part of “A rack” now"


def test_taking_them_apart_is_told_to_everybody_on_both_sides(crowd):
    crowd.merge("shed", "roof")
    announce()

    crowd.unmerge("shed")

    assert told().keys() == of("shed", *ALL) | of("roof", *ALL)
    said = read()
    assert said["shed voter"][0] == said["roof voter"][0] == "“A shed” is no longer part of “A roof”"
    assert f"/ideas/{crowd.ids['shed']}-" in said["shed voter"][1]
    assert f"/ideas/{crowd.ids['roof']}-" in said["roof voter"][1]


def test_nobody_is_told_of_a_merge_that_was_undone_in_time(crowd):
    crowd.merge("shed", "roof")
    crowd.unmerge("shed")

    announce()

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


def test_whoever_muted_either_idea_hears_nothing(crowd):
    with unit_of_work():
        preferences.mute(crowd.person("shed voter"), f"idea:{crowd.ids['shed']}")
        preferences.mute(crowd.person("shed follower"), f"idea:{crowd.ids['roof']}")
        preferences.mute(crowd.person("roof author"), f"idea:{crowd.ids['rack']}")
    crowd.merge("shed", "roof")

    announce()

    muted = sa.select(User.name).join(Delivery, Delivery.user_id == User.id).where(Delivery.reason == "muted")
    assert set(db.session.scalars(muted)) == {"shed voter", "shed follower"}


# --- News of the surviving idea ---


def test_news_of_the_surviving_idea_reaches_everybody_under_the_title_they_know(crowd):
    crowd.merge("shed", "roof")
    announce()

    crowd.answer("roof")

    assert told().keys() == of("shed", *ALL) | of("roof", *ALL)
    assert (told()["shed author"], told()["roof author"]) == ("merged_author", "author")
    said = read()
    for kind in ALL:
        assert said[f"shed {kind}"][0] == "It is there: A shed"
        assert "It is part of “A roof” now." in said[f"shed {kind}"][1]
        assert said[f"roof {kind}"][0] == "It is there: A roof"


@pytest.mark.parametrize(
    ("status", "reason", "authors", "voters"),
    [
        ("considering", "under_review", "daily", "daily"),
        ("planned", "committed", "instant", "instant"),
        ("declined", "not_us", "instant", "instant"),
    ],
)
def test_they_hear_it_as_voters_do(crowd, status, reason, authors, voters):
    crowd.merge("shed", "roof")
    announce()

    crowd.answer("roof", status, reason)

    assert (defaults()["shed author"], defaults()["shed voter"]) == (authors, voters)
    assert defaults()["roof author"] == "instant"


def test_an_official_word_reaches_them_in_the_digest(crowd):
    crowd.merge("shed", "roof")
    announce()

    with unit_of_work():
        commenting.add(crowd.petra, crowd.on("roof"), body="We measure it next week.", official=True)

    assert told().keys() == of("shed", *ALL) | of("roof", *ALL)
    assert (defaults()["shed author"], defaults()["shed voter"], defaults()["shed commenter"]) == (
        "daily",
        "daily",
        "instant",
    )
    assert read()["shed follower"][0] == "Petra, for the team, on: A shed"


def test_another_comment_reaches_the_followers_of_either(crowd):
    crowd.merge("shed", "roof")
    announce()

    with unit_of_work():
        commenting.add(UserFactory(), crowd.on("roof"), body="Mine leaks.")

    assert told().keys() == {"shed follower", "roof follower"}


def test_each_person_hears_once_by_the_strongest_path_and_their_own_idea_first(crowd):
    ana, ben = UserFactory(name="Ana"), UserFactory(name="Ben")
    for title in ("shed", "roof"):
        VoteFactory(idea=crowd.on(title).idea, user=ana)
        IdeaFollowFactory(idea=crowd.on(title).idea, user=ana)
    VoteFactory(idea=crowd.on("roof").idea, user=ben)
    CommentFactory(idea=crowd.on("shed").idea, author=ben)
    crowd.merge("shed", "roof")
    announce()

    crowd.answer("roof")

    assert (told()["Ana"], told()["Ben"]) == ("voter", "commenter")
    assert (read()["Ana"][0], read()["Ben"][0]) == ("It is there: A roof", "It is there: A shed")


def test_a_merged_idea_is_credited_and_the_voters_are_those_of_all(crowd):
    crowd.merge("shed", "roof")
    announce()
    ids = crowd.ids

    crowd.answer(
        "roof",
        credits=[
            {"kind": "merged_idea", "id": ids["shed"], "how": "Your shed became the south end."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ],
    )

    paths = told()
    assert {name for name, path in paths.items() if path == "credited"} == {"shed author", "shed voter", "roof voter"}
    said = read()
    assert "↩ Your idea “A shed”: Your shed became the south end." in said["shed author"][1]
    assert "↩ Your vote: So many votes moved it up." in said["shed voter"][1]


def test_a_comment_on_a_merged_idea_may_be_credited(crowd):
    crowd.merge("shed", "roof")
    announce()
    comment = db.session.scalars(
        sa.select(commenting.Comment).where(commenting.Comment.idea_id == crowd.ids["shed"])
    ).one()

    crowd.answer("roof", credits=[{"kind": "comment", "id": comment.id, "how": "Your days became the opening hours."}])

    assert told()["shed commenter"] == "credited"


def test_an_idea_that_is_not_part_of_it_is_not_credited(crowd):
    with pytest.raises(merging.ValidationError) as caught:
        crowd.answer(
            "roof", credits=[{"kind": "merged_idea", "id": crowd.ids["shed"], "how": "It became the south end."}]
        )

    assert caught.value.messages_dict == {"credits": {0: {"id": ["That idea is not part of this one any more."]}}}


def test_the_forecast_is_whom_the_answer_then_reaches(crowd):
    crowd.merge("shed", "roof")
    announce()
    shed = crowd.ids["shed"]
    credits = [
        {"kind": "merged_idea", "id": str(shed), "how": "Your shed became the south end."},
        {"kind": "votes", "id": None, "how": "So many votes moved it up."},
    ]
    typed = {"status": "shipped", "reason": "shipped", "text": SHIPPED, "credits": credits}

    seen = forecast.of(crowd.petra, crowd.on("roof"), typed)
    crowd.answer("roof", credits=[{**each, "id": shed if each["id"] else None} for each in credits])

    assert seen.total == len(told()) == 8
    assert [sample.reader for sample in seen.samples if sample.through] == [
        "shed author, who had the idea “A shed”",
        "Somebody who voted for “A shed”",
    ]


def test_the_title_of_a_hidden_part_is_said_to_its_author_alone(crowd):
    crowd.merge("shed", "roof")
    announce()
    with unit_of_work():
        moderating.hide_idea(crowd.petra, crowd.on("shed"), reason="It names a neighbour.")

    crowd.answer("roof")

    said = read()
    assert said["shed author"][0] == "It is there: A shed"
    assert said["shed voter"][0] == "It is there: A roof"
    assert "A shed" not in said["shed voter"][1]


# --- Receipts ---


def received(person):
    return [
        (
            each.contribution.kind,
            each.idea.title,
            each.through.title if each.through else None,
            each.answer.answer.reason if each.answer else None,
            [use.how for use in each.uses],
            sorted((way.channel, way.state) for way in each.told),
        )
        for each in receipts.receipts_of(person, limit=20).rows
    ]


def test_receipts_tell_what_became_of_a_part(crowd):
    crowd.merge("shed", "roof")
    crowd.answer(
        "roof",
        credits=[
            {"kind": "merged_idea", "id": crowd.ids["shed"], "how": "Your shed became the south end."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ],
    )
    announce()

    ways = [("email", "pending"), ("inbox", "sent")]
    assert received(crowd.person("shed author")) == [
        ("idea", "A roof", "A shed", "shipped", ["Your shed became the south end."], ways)
    ]
    assert received(crowd.person("shed voter")) == [
        ("vote", "A roof", "A shed", "shipped", ["So many votes moved it up."], ways)
    ]
    assert received(crowd.person("shed commenter")) == [("comment", "A roof", "A shed", "shipped", [], ways)]


def test_an_idea_that_was_decided_first_keeps_its_answer_until_the_other_has_one(crowd):
    crowd.answer("shed", "declined", "not_us")
    announce()
    crowd.merge("shed", "roof")
    announce()
    voter = crowd.person("shed voter")
    assert [row[:4] for row in received(voter)] == [("vote", "A roof", "A shed", "not_us")]

    crowd.answer("roof")

    assert [row[:4] for row in received(voter)] == [("vote", "A roof", "A shed", "shipped")]


def test_people_told_are_those_of_all_parts(crowd):
    crowd.merge("shed", "roof")
    answer_id = crowd.answer("roof")
    announce()

    assert report.people_told(receipts.announcements([answer_id])[answer_id]).owed == 8
    assert listing.answers_on([crowd.ids["roof"]])[crowd.ids["roof"]].answer.id == answer_id


def test_a_vote_after_the_answer_was_told_of_did_not_move_it(crowd):
    crowd.merge("shed", "roof")
    crowd.answer("roof", "planned", "committed", credits=[{"kind": "votes", "how": "So many votes moved it up."}])
    announce()
    ana = UserFactory()
    with at(utcnow() + timedelta(minutes=1)), unit_of_work():
        voting.cast(ana, crowd.on("roof", ana).idea)

    assert received(ana) == [("vote", "A roof", None, "committed", [], [])]


def test_the_first_vote_is_the_earliest_and_not_the_one_with_the_least_number():
    person: Any = UserFactory()
    whole, one, other = (IdeaFactory() for _ in range(3))
    now = utcnow()
    later = VoteFactory(user=person, idea=one, cast_at=now)
    first = VoteFactory(user=person, idea=other, cast_at=now - timedelta(days=1))

    told = db.session.execute(notices.voters(whole.id, [one.id, other.id], Path.VOTER, "moved", Mode.INSTANT)).all()
    own = db.session.execute(notices.voters(one.id, [other.id], Path.VOTER, "moved", Mode.INSTANT)).all()

    assert [row.contribution_id for row in told] == [first.id]
    assert [row.contribution_id for row in own] == [later.id]


def test_a_word_on_an_idea_that_was_merged_before_anybody_was_told_reaches_whoever_is_part_of_it(crowd):
    """The shed is part of the roof, the team says something there, and then the roof becomes part of the rack."""
    crowd.merge("shed", "roof")
    announce()
    with unit_of_work():
        commenting.add(crowd.petra, crowd.on("roof"), body="We measure it next week.", official=True)
    before, comment_id = told(), audience()[0].about_id

    crowd.merge("roof", "rack")

    whom = judging.strongest(notices.commented(comment_id), but=crowd.petra.id)
    rows = db.session.execute(sa.select(User.name, whom.c.path).join(whom, whom.c.user_id == User.id))
    assert {row.name: row.path for row in rows} == before
    assert {"shed author", "shed voter", "shed commenter", "shed follower"} < before.keys()
