"""What is said on ideas: threads of one level, names that are called, official words, notes, tombstones, counts."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry, User
from ideas.boards import commenting, queries, reading
from ideas.boards.errors import CommentingClosed, Suspended
from ideas.boards.models import Comment, IdeaRank, Mention
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed
from ideas.outbox import OutboxEntry
from ideas.text import folded
from tests.boards.arranging import count, statements
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, charlie, team_member

pytestmark = pytest.mark.usefixtures("app")


def say(author, idea, body="I would use it daily.", **more):
    with unit_of_work():
        return commenting.add(author, queries.get_idea(author, idea.id), body=body, **more).id


def edit(author, comment_id, body):
    with unit_of_work():
        commenting.edit(author, queries.get_comment(author, comment_id), body=body)


def delete(author, comment_id):
    with unit_of_work():
        commenting.delete(author, queries.get_comment(author, comment_id))


def comment(comment_id):
    db.session.expire_all()
    return db.session.get_one(Comment, comment_id)


def threads(reader, idea):
    """Each thread as [id, ids of its replies]."""
    found = reading.discussion(queries.get_idea(reader, idea.id)).rows
    return [[thread.comment.id, *(reply.id for reply in thread.replies)] for thread in found]


def place(idea):
    db.session.expire_all()
    return db.session.get_one(IdeaRank, idea.id)


def called(comment_id):
    names = sa.select(User.name).join(Mention, Mention.user_id == User.id).where(Mention.comment_id == comment_id)
    return set(db.session.scalars(names))


@pytest.fixture
def board():
    return BoardFactory()


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, author=UserFactory(name="Ole Hansen"))


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia Berg")


@pytest.fixture
def ida():
    return UserFactory(name="Ida Lund")


# --- Saying ---


def test_a_comment_is_kept_counted_and_recorded(ida, idea):
    said = say(ida, idea, "It is *dry* there.")

    assert comment(said).body_html == "<p>It is <em>dry</em> there.</p>\n"
    assert place(idea).comment_count == 1
    entry = db.session.scalars(sa.select(OutboxEntry)).one()
    assert (entry.kind, entry.subject, entry.about_id, entry.actor_id) == ("commented", idea.subject, said, ida.id)


def test_threads_are_oldest_first_with_their_replies(ida, idea):
    first, second = say(ida, idea), say(ida, idea)
    replies = [say(ida, idea, parent_id=first) for _ in range(2)]

    assert threads(None, idea) == [[first, *replies], [second]]


def test_a_reply_to_a_reply_joins_the_thread(ida, idea):
    first = say(ida, idea)
    reply = say(ida, idea, parent_id=first)

    deeper = say(ida, idea, parent_id=reply)

    assert comment(deeper).parent_id == first
    assert threads(None, idea) == [[first, reply, deeper]]


def test_what_a_comment_replies_to_is_kept_deep_in_a_thread(ida, idea):
    first = say(ida, idea)
    reply = say(UserFactory(name="Bo Dahl"), idea, parent_id=first)

    deeper = say(charlie(), idea, parent_id=reply)

    assert comment(deeper).reply_to_id == reply
    assert called(deeper) == set()


@pytest.mark.parametrize("gone", ["deleted_at", "hidden_at"])
def test_nobody_replies_to_what_is_gone(ida, idea, gone):
    first = CommentFactory(idea=idea, **{gone: utcnow()}).id

    with pytest.raises(ValidationError) as refused:
        say(ida, idea, parent_id=first)

    assert "parent_id" in refused.value.messages_dict


def test_a_reply_needs_a_comment_on_this_idea(ida, idea):
    elsewhere = CommentFactory().id

    for parent_id in (elsewhere, 4711):
        with pytest.raises(ValidationError) as refused:
            say(ida, idea, parent_id=parent_id)
        assert list(refused.value.messages_dict) == ["parent_id"]

    assert count(Comment) == 1


def test_a_withdrawn_idea_takes_no_comments(ida):
    with pytest.raises(CommentingClosed):
        say(ida, IdeaFactory(withdrawn=True))


def test_a_suspended_person_says_nothing(idea):
    with pytest.raises(Suspended):
        say(UserFactory(suspended=True), idea)

    assert place(idea).comment_count == 0


# --- The team's words ---


def test_an_official_word_is_the_idea_s_last_and_is_audited(mia, idea):
    said = say(mia, idea, official=True)

    assert place(idea).answered_at == comment(said).created_at
    assert count(AuditEntry, AuditEntry.act == "comment.official", AuditEntry.subject == f"comment:{said}") == 1


def test_a_plain_word_of_the_team_is_not_official(mia, idea):
    say(mia, idea)

    assert place(idea).answered_at is None
    assert count(AuditEntry) == 0


@pytest.mark.parametrize("voice", ["official", "internal"])
def test_only_the_team_speaks_for_the_team_or_leaves_notes(ida, idea, voice):
    with pytest.raises(NotAllowed):
        say(ida, idea, **{voice: True})


def test_a_note_is_seen_and_counted_by_nobody_else(mia, ida, idea):
    note = say(mia, idea, internal=True)

    assert threads(mia, idea) == [[note]]
    assert threads(ida, idea) == threads(None, idea) == []
    assert place(idea).comment_count == 0


def test_an_answer_to_a_note_is_a_note(mia, idea):
    note = say(mia, idea, internal=True)

    reply = say(mia, idea, parent_id=note)
    deeper = say(mia, idea, parent_id=reply)

    assert comment(reply).is_internal
    assert comment(deeper).is_internal
    assert threads(None, idea) == []


def test_a_note_in_a_public_thread_stays_with_the_team(mia, ida, idea):
    first = say(ida, idea)
    note = say(mia, idea, parent_id=first, internal=True)
    answer_to_it = say(mia, idea, parent_id=note)

    assert threads(None, idea) == [[first]]
    assert threads(mia, idea) == [[first, note, answer_to_it]]


def test_an_answer_to_a_note_is_no_official_word(mia, idea):
    note = say(mia, idea, internal=True)

    with pytest.raises(ValidationError) as refused:
        say(mia, idea, parent_id=note, official=True)

    assert list(refused.value.messages_dict) == ["official"]
    assert [moment.what for moment in reading.timeline(queries.get_idea(None, idea.id), [])] == ["posted"]


def test_others_cannot_even_tell_that_there_is_a_note_to_reply_to(mia, ida, idea):
    note = say(mia, idea, internal=True)

    with pytest.raises(ValidationError) as there:
        say(ida, idea, parent_id=note)
    with pytest.raises(ValidationError) as missing:
        say(ida, idea, parent_id=4711)

    assert there.value.messages_dict == missing.value.messages_dict


# --- Editing and deleting ---


def test_an_edited_comment_says_so_and_tells_nobody_again(ida, idea):
    said = say(ida, idea)

    edit(ida, said, "I would use it **weekly**.")

    now = comment(said)
    assert (now.body_html, now.edited_at is not None) == ("<p>I would use it <strong>weekly</strong>.</p>\n", True)
    assert count(OutboxEntry) == 1


def test_saving_a_comment_as_it_was_is_no_edit(ida, idea):
    said = say(ida, idea)

    edit(ida, said, comment(said).body)

    assert comment(said).edited_at is None


def test_nobody_else_edits_or_deletes_a_comment(mia, ida, idea):
    said = say(ida, idea)

    for person in (mia, charlie(), UserFactory(admin=True)):
        for act in (lambda who: edit(who, said, "Mine."), lambda who: delete(who, said)):
            with pytest.raises(NotAllowed):
                act(person)

    assert comment(said).body == "I would use it daily."


def test_a_deleted_comment_has_no_words_left(ida, idea):
    said = say(ida, idea, "My number is 555 1234, @Ole.")

    delete(ida, said)

    now = comment(said)
    assert (now.body, now.body_html, now.deleted_at is not None) == ("", "", True)
    assert called(said) == set()
    assert place(idea).comment_count == 0


def test_a_deleted_comment_is_not_deleted_again_or_edited(ida, idea):
    said = say(ida, idea)
    delete(ida, said)

    with pytest.raises(NotAllowed):
        delete(ida, said)
    with pytest.raises(NotAllowed):
        edit(ida, said, "Back again.")


def test_a_tombstone_stays_while_somebody_replied(mia, ida, idea):
    alone, answered = say(ida, idea), say(ida, idea)
    reply = say(charlie(), idea, parent_id=answered)
    for said in (alone, answered):
        delete(ida, said)

    assert threads(None, idea) == [[answered, reply]]
    assert threads(mia, idea) == [[alone], [answered, reply]]


def test_a_deleted_reply_leaves_no_trace(ida, idea):
    first = say(ida, idea)
    reply = say(ida, idea, parent_id=first)

    delete(ida, reply)

    assert threads(None, idea) == [[first]]


def test_a_deleted_official_word_is_no_word(mia, idea):
    said = say(mia, idea, official=True)

    delete(mia, said)

    assert place(idea).answered_at is None


def test_a_long_discussion_has_pages_and_costs_two_queries_each(ida, idea):
    said = [CommentFactory(idea=idea).id for _ in range(5)]
    for parent_id in said:
        CommentFactory(idea=idea, parent_id=parent_id)
    on = queries.get_idea(None, idea.id)

    with statements() as asked:
        first = reading.discussion(on, limit=3)
    second = reading.discussion(on, limit=3, cursor=first.next)

    assert [thread.comment.id for page in (first, second) for thread in page.rows] == said
    assert [len(thread.replies) for thread in first.rows] == [1, 1, 1]
    assert second.next is None
    assert len(asked) == 2


# --- Names that are called ---


NAMES = {1: "Ole Hansen", 2: "Ole Hansen Berg", 3: "Mia Berg", 4: "Mia Lund", 5: "Éva", 6: "Li", 7: "Bo", 8: "Bo Dahl"}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@Ole Hansen knows", {1}),
        ("@ole hansen knows", {1}),
        ("@Ole Hansen Berg knows", {2}),
        ("@Ole Hansen Bergen knows", {1}),
        ("@Ole knows", set()),
        ("@Mia Berg and @Mia Lund", {3, 4}),
        ("@Mia knows", set()),
        ("@Éva and @éva and @E\u0301va", {5}),
        ("@Eva", set()),
        ("@Li, @Li. (@Li)", {6}),
        ("@Lisa", set()),
        ("@Li's roof", {6}),
        ("mail@Li is an address", set()),
        ("@ Li", set()),
        ("@@Li", {6}),
        ("Li", set()),
        ("@Bo", {7}),
        ("@Bo Dahl", {8}),
        ("@", set()),
        ("", set()),
    ],
)
def test_who_is_called(text, people):
    assert commenting.mentioned(folded(text), NAMES) == people


def test_two_people_of_one_name_are_not_called_by_it():
    assert commenting.mentioned("@ole hansen", {1: "Ole Hansen", 2: "Ole Hansen"}) == set()


def test_a_text_of_nothing_but_calls_costs_little():
    names = {number: f"Person {number}" for number in range(3_000)}
    began = time.process_time()

    commenting.mentioned("@person " * 2_500, names)

    assert time.process_time() - began < 2


def test_people_who_take_part_and_the_team_are_called(mia, ida, idea):
    say(ida, idea)
    UserFactory(name="Ada Holm", admin=True)

    said = say(charlie(), idea, "@Ole @Ida @Mia @Ada, look.")

    assert called(said) == {"Ole Hansen", "Ida Lund", "Mia Berg", "Ada Holm"}


def test_others_are_not_called_nor_found_out(idea):
    bystander, voter = UserFactory(name="Bo Dahl"), UserFactory(name="Liv Moe")
    VoteFactory(idea=idea, user=voter)
    CommentFactory(author=bystander)

    assert called(say(charlie(), idea, "@Bo Dahl @Liv Moe")) == set()


def test_the_team_of_another_board_is_not_called(idea):
    team_member(BoardFactory(), name="Else Where")

    assert called(say(charlie(), idea, "@Else Where")) == set()


def test_nobody_calls_themselves(ida, idea):
    assert called(say(ida, idea, "@Ida Lund says so.")) == set()


def test_a_comment_calls_twenty_people_at_most(idea):
    for number in range(25):
        CommentFactory(idea=idea, author=UserFactory(name=f"Helper{number:02}"))

    said = say(charlie(), idea, " ".join(f"@Helper{number:02}" for number in range(25)))

    assert len(called(said)) == commenting.MENTIONS_MOST


# --- Counts ---


def test_the_count_is_that_of_comments_everybody_may_read(mia, ida, idea):
    first, gone = say(ida, idea), say(ida, idea)
    say(ida, idea, parent_id=first)
    say(mia, idea, internal=True)
    delete(ida, gone)

    assert place(idea).comment_count == 2
