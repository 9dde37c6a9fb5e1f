"""The change feed, by program: what happened, in order, and nothing of what one may not see."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import erasing
from ideas.boards import changes
from ideas.boards.models_changes import Change
from ideas.db import db, unit_of_work, utcnow
from tests.api.test_keys import a_site, send
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, charlie, team_member

LONG = "We will have a page for booking beds before the spring comes."


def follow(asking, path="events?limit=100"):
    """All lines from there on, and where to go on later."""
    lines, cursor = [], None
    while path:
        answer = asking.get(path)
        assert answer.status_code == 200, answer.text
        lines += answer.json["data"]
        cursor = answer.json["cursor"]
        path = (answer.json["next"] or "").removeprefix("http://localhost")
    return lines, cursor


def since(asking, cursor):
    lines, _cursor = follow(asking, f"events?after={cursor}")
    return [(line["type"], line["idea_id"], line["comment_id"], line["gone"]) for line in lines]


def test_an_idea_is_followed_from_its_beginning_to_its_end(ask):
    board = BoardFactory(slug="garden")
    ole, petra, mia = ask(UserFactory()), ask(team_member(board)), ask(charlie())
    _lines, cursor = follow(mia)

    posted = ole.post("ideas", {"board": "garden", "title": "Book a bed"}).json["id"]
    ole.patch(f"ideas/{posted}", {"body": "For a season."})
    said = petra.post(f"ideas/{posted}/comments", {"body": "A rota would do."}).json["id"]
    note = petra.post(f"ideas/{posted}/comments", {"body": "Nobody has time for it.", "internal": True}).json["id"]
    petra.patch(f"comments/{said}", {"body": "A rota would do for a start."})
    petra.delete(f"comments/{said}")
    petra.post(f"ideas/{posted}/hide", {"reason": "It is an advertisement."})
    petra.post(f"ideas/{posted}/restore")
    ole.put(f"ideas/{posted}/vote")
    ole.post(f"ideas/{posted}/withdraw")

    assert since(mia, cursor) == [
        ("idea.created", posted, None, True),
        ("idea.updated", posted, None, True),
        ("comment.created", posted, said, True),
        ("comment.updated", posted, said, True),
        ("comment.deleted", posted, said, True),
        ("idea.hidden", posted, None, True),
        ("idea.restored", posted, None, True),
        ("idea.deleted", posted, None, True),
    ]
    assert ("comment.created", posted, note, False) in since(petra, cursor)


def test_the_feed_says_what_is_there_and_what_is_gone(ask):
    board = BoardFactory(slug="garden")
    petra, mia = ask(team_member(board)), ask(charlie())
    idea, into = IdeaFactory(board=board), IdeaFactory(board=board)
    db.session.commit()
    _lines, cursor = follow(mia)

    answered = petra.post(f"ideas/{into.id}/answers", {"status": "planned", "reason": "committed", "text": LONG}).json
    petra.post(f"answers/{answered['id']}/undo")
    petra.post(f"ideas/{idea.id}/merge", {"into": into.id, "text": "Both ask for the same bed."})
    petra.post(f"ideas/{idea.id}/unmerge", {"text": ""})
    petra.post(f"ideas/{idea.id}/hide", {"reason": "It is an advertisement."})

    told = since(mia, cursor)
    assert told == [
        ("idea.answered", into.id, None, False),
        ("idea.updated", into.id, None, False),
        ("idea.merged", idea.id, None, True),
        ("idea.updated", into.id, None, False),
        ("idea.unmerged", idea.id, None, True),
        ("idea.updated", into.id, None, False),
        ("idea.hidden", idea.id, None, True),
    ]
    # the team still sees what it hid
    assert [line[:3] for line in since(petra, cursor)] == [line[:3] for line in told]
    assert not any(line[3] for line in since(petra, cursor))


def test_what_one_may_not_see_is_not_in_the_feed(ask):
    secret = BoardFactory(slug="secret", visibility="private")
    BoardFactory(slug="unlisted", visibility="unlisted")
    waiting = BoardFactory(slug="waiting", premoderation="ideas")
    author, petra, inside = UserFactory(), team_member(waiting), team_member(secret)
    for person, slug in ((inside, "secret"), (UserFactory(), "unlisted"), (author, "waiting")):
        assert ask(person).post("ideas", {"board": slug, "title": "Book a bed"}).status_code == 201

    def boards(person):
        return {line["board"] for line in follow(ask(person))[0]}

    assert boards(charlie()) == set()
    assert boards(inside) == {"secret"}
    assert boards(UserFactory(admin=True)) >= {"secret", "unlisted"}
    held = ask(petra).get("boards/waiting/moderation").json["held"][0]
    ask(petra).post(f"ideas/{held['idea_id']}/restore")
    assert boards(charlie()) == {"waiting"}


def test_a_board_that_comes_into_more_lists_says_so(ask):
    secret, ada = BoardFactory(slug="secret", visibility="private"), UserFactory(admin=True)
    mia, joins, keeper = UserFactory(), UserFactory(), ask(ada)
    IdeaFactory(board=secret)
    db.session.commit()
    _lines, before = follow(ask(joins))

    assert keeper.put(f"boards/secret/people/{joins.id}", {"role": "member"}).status_code == 204
    keeper.put(f"boards/secret/people/{joins.id}", {"role": "member"})  # belongs already

    told, cursor = follow(ask(joins))
    assert [(each["type"], each["board"], each["gone"]) for each in told] == [("board.opened", "secret", False)]
    assert since(ask(mia), before) == []
    keeper.patch("boards/secret", {"visibility": "public"})
    assert [line[0] for line in since(ask(mia), before)][-2:] == ["board.updated", "board.opened"]
    assert [line[0] for line in since(ask(joins), cursor)] == ["board.updated", "board.opened"]


def test_nothing_comes_to_stand_before_what_was_read(app):
    """Two transactions draw their numbers in one order and end in the other: the later end has the later place."""
    board = BoardFactory()
    db.session.execute(sa.delete(Change))
    late = {"id": 5, "kind": "board.updated", "board_id": board.id, "at": utcnow()}
    db.session.execute(sa.insert(Change).values({**late, "id": 9}))
    db.session.commit()
    with unit_of_work():
        changes.place()
    with unit_of_work():  # one with a smaller number, whose transaction took longer
        db.session.execute(sa.insert(Change).values(late))
    with unit_of_work():
        changes.place()

    assert db.session.scalars(sa.select(Change.id).order_by(Change.place)).all() == [9, 5]
    assert not changes.are_unplaced()


def test_a_feed_of_which_one_sees_little_is_read_in_bounded_pieces(ask, monkeypatch):
    monkeypatch.setattr(changes, "LOOKED_AT", 7)
    board, secret = BoardFactory(), BoardFactory(visibility="private")
    db.session.execute(sa.delete(Change))
    seen, unseen = ((each.id, None, None) for each in (board, secret))
    changes.note("board.updated", [*[unseen] * 20, seen, seen, *[unseen] * 14, seen])
    db.session.commit()
    mia = ask(charlie())

    lines, _cursor = follow(mia, "events?limit=1")

    assert [line["board"] for line in lines] == [board.slug] * 3


@pytest.mark.parametrize("after", ["nonsense", "x" * 2000, "WzFd.AAAA"])
def test_a_place_that_we_did_not_name_is_refused(ask, after):
    answer = ask(UserFactory()).get(f"events?after={after}")

    assert answer.status_code == 422
    assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == ["/after"]


def test_lists_say_what_changed_since(ask, clock):
    board = BoardFactory(slug="garden")
    petra = ask(team_member(board))
    former = petra.post("ideas", {"board": "garden", "title": "A second tap"}).json["id"]
    old = petra.post(f"ideas/{former}/comments", {"body": "By the far beds."}).json["id"]
    petra.post(f"ideas/{former}/comments", {"body": "Yes.", "parent_id": old})
    clock.shift(timedelta(hours=2))
    then = (utcnow() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    latter = petra.post("ideas", {"board": "garden", "title": "A hose"}).json["id"]
    asked = f"ideas?board=garden&sort=new&updated_since={then}"

    assert [row["id"] for row in petra.get(asked).json["data"]] == [latter]
    assert petra.get(f"ideas/{former}/comments?updated_since={then}").json["data"] == []
    assert petra.get(f"ideas/{former}/answers?updated_since={then}").json["data"] == []

    petra.put(f"ideas/{former}/vote")
    assert [row["id"] for row in petra.get(asked).json["data"]] == [latter]
    petra.post(f"ideas/{former}/comments", {"body": "Also there.", "parent_id": old})
    given = petra.post(f"ideas/{former}/answers", {"status": "planned", "reason": "committed", "text": LONG}).json

    assert [row["id"] for row in petra.get(asked).json["data"]] == [latter, former]
    (thread,) = petra.get(f"ideas/{former}/comments?updated_since={then}").json["data"]
    assert (thread["id"], len(thread["replies"])) == (old, 2)
    (answer,) = petra.get(f"ideas/{former}/answers?updated_since={then}").json["data"]
    assert answer["id"] == given["id"]
    assert petra.get("ideas?updated_since=yesterday").status_code == 422


# --- Nothing changes unseen ---

SEEN = "title body status tags comment_count merged_into hidden answer not_solved"
CHANGING = (
    *("post_idea", "edit_idea", "withdraw_idea", "add_comment", "edit_comment", "delete_comment", "answer_idea"),
    *("correct_answer", "undo_answer", "unmerge_idea", "merge_idea", "hide_idea", "hide_comment", "refuse_held"),
    *("put_tags", "publish_release", "undo_release", "keep_mail"),
)
BY_THE_AUTHOR = ("edit_idea", "withdraw_idea", "edit_comment", "delete_comment")


def pictured(asking):
    """Every idea and comment as the team reads it."""
    ideas = {row["id"]: row for page in asking.all_pages("ideas?sort=new&limit=100") for row in page}
    comments = {}
    for idea_id in ideas:
        for page in asking.all_pages(f"ideas/{idea_id}/comments"):
            for thread in page:
                for said in (thread, *thread["replies"]):
                    comments[said["id"]] = {name: said[name] for name in said if name != "replies"}
    return {number: {key: row[key] for key in SEEN.split() if key in row} for number, row in ideas.items()}, comments


def test_nothing_changes_that_the_feed_does_not_tell_of(begin, ask):
    site = begin(a_site, ask)
    team, author = ask(site["team"]), ask(site["author"])
    changed_in_all = 0
    for name in CHANGING:
        before, cursor = pictured(team), follow(team)[1]

        send(author if name in BY_THE_AUTHOR else team, site, name)

        lines = since(team, cursor)
        for place, (former, latter) in enumerate(zip(before, pictured(team), strict=True)):
            changed = {each for each in former.keys() | latter.keys() if former.get(each) != latter.get(each)}
            assert changed <= {line[1 + place] for line in lines}, (name, changed, lines)
            changed_in_all += len(changed)
    assert changed_in_all > 12


def test_what_is_forgotten_of_somebody_is_told(ask):
    board = BoardFactory()
    ole = UserFactory()
    idea, other = IdeaFactory(board=board, author=ole), IdeaFactory(board=board)
    comment_id = CommentFactory(idea=other, author=ole).id
    mia, admin = ask(charlie()), ask(UserFactory(admin=True))
    _lines, cursor = follow(mia)

    with unit_of_work():
        erasing.erase(None, ole, with_text=True)

    told = since(mia, cursor)
    assert ("idea.deleted", idea.id, None, True) in told
    assert ("comment.deleted", other.id, comment_id, True) in told
    assert "person.erased" not in {line[0] for line in told}
    assert "person.erased" in {line[0] for line in since(admin, cursor)}
