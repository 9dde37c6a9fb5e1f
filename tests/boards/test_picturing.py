"""A picture belongs to the text that shows it: who may read the one may see the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import pictures, storage
from ideas.boards import answering, commenting, moderating, picturing, posting, queries, schemas
from ideas.boards.models import Comment, Idea
from ideas.boards.models_pictures import Picture
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotAllowed, NotFound, TooMany
from tests.boards.arranging import count
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, MembershipFactory, UserFactory, team_member
from tests.pictures import encoded

pytestmark = pytest.mark.usefixtures("app")


def upload(owner, **values):
    made = pictures.taken(encoded(), most_bytes=10**6)
    with unit_of_work():
        row = picturing.add(owner, made, **values)
    picturing.keep(made)
    return row.name, picturing.markdown(row)


def sees(reader, name):
    try:
        return picturing.get(reader, name).name == name
    except NotFound:
        return False


def row(name):
    db.session.expire_all()
    return db.session.scalars(sa.select(Picture).where(Picture.name == name)).one()


def post(author, board, body):
    with unit_of_work():
        return posting.submit(author, queries.get_board(author, board.slug), title="A rota", body=body).id


def say(author, idea_id, body, **voice):
    with unit_of_work():
        return commenting.add(author, queries.get_idea(author, idea_id), body=body, **voice).id


@pytest.fixture
def mia():
    return UserFactory()


@pytest.fixture
def board():
    return BoardFactory()


def test_before_a_text_shows_it_its_owner_alone_sees_it(mia, board):
    name, _ = upload(mia)

    assert sees(mia, name)
    assert not sees(None, name)
    assert not sees(UserFactory(), name)
    assert not sees(team_member(board), name)
    assert not sees(UserFactory(admin=True), name)


def test_what_an_idea_shows_everybody_sees_who_sees_the_idea(mia, board):
    name, markdown = upload(mia, alt="the rota")

    idea_id = post(mia, board, f"Like this: {markdown}")

    assert (row(name).idea_id, row(name).comment_id) == (idea_id, None)
    assert 'alt="the rota"' in db.session.get_one(Idea, idea_id).body_html
    assert sees(None, name)


def test_on_a_private_board_outsiders_do_not_see_it(mia):
    private, member = BoardFactory(private=True), UserFactory()
    for person in (mia, member):
        MembershipFactory(board=private, user=person)
    name, markdown = upload(mia)

    post(mia, private, markdown)

    assert sees(member, name)
    assert not sees(None, name)
    assert not sees(UserFactory(), name)


def test_a_picture_follows_a_hidden_idea_and_comes_back_with_it(mia, board):
    team = team_member(board)
    name, markdown = upload(mia)
    idea_id = post(mia, board, markdown)

    with unit_of_work():
        moderating.hide_idea(team, queries.get_idea(team, idea_id), reason="It names a person.")
    assert (sees(None, name), sees(mia, name), sees(team, name)) == (False, True, True)

    with unit_of_work():
        moderating.restore_idea(team, queries.get_idea(team, idea_id))
    assert sees(None, name)


def test_a_picture_of_a_note_is_seen_by_the_team_alone(mia, board):
    team = team_member(board)
    idea = IdeaFactory(board=board, author=mia)
    name, markdown = upload(team)

    say(team, idea.id, markdown, internal=True)

    assert (sees(None, name), sees(mia, name), sees(team, name)) == (False, False, True)


def test_a_picture_of_a_hidden_comment_is_gone_for_others(mia, board):
    team = team_member(board)
    idea = IdeaFactory(board=board)
    name, markdown = upload(mia)
    comment_id = say(mia, idea.id, markdown)
    assert sees(None, name)

    with unit_of_work():
        moderating.hide_comment(team, queries.get_comment(team, comment_id), reason="It is an advertisement.")

    assert (sees(None, name), sees(mia, name)) == (False, True)


def test_a_deleted_comment_takes_its_pictures_with_it(mia, board):
    name, markdown = upload(mia)
    comment_id = say(mia, IdeaFactory(board=board).id, markdown)

    with unit_of_work():
        commenting.delete(mia, queries.get_comment(mia, comment_id))

    assert not sees(mia, name)
    with unit_of_work():
        picturing.sweep()
    assert not storage.pictures().exists(name)
    assert count(Picture) == 0
    assert db.session.get_one(Comment, comment_id).body == ""


def test_an_edit_may_bring_a_picture(mia, board):
    comment = CommentFactory(idea=IdeaFactory(board=board), author=mia)
    name, markdown = upload(mia)

    with unit_of_work():
        commenting.edit(mia, queries.get_comment(mia, comment.id), body=markdown)

    assert row(name).comment_id == comment.id


def test_an_answer_may_show_a_picture(board):
    team = team_member(board)
    idea = IdeaFactory(board=board)
    name, markdown = upload(team)

    with unit_of_work():
        words = {"status": "planned", "reason": "committed", "text": f"This is how it will look: {markdown}"}
        answering.answer(team, queries.get_idea(team, idea.id), schemas.NewAnswer().load(words))

    assert sees(None, name)


def test_nobody_shows_the_picture_of_another(mia, board):
    name, markdown = upload(mia)

    post(UserFactory(), board, markdown)

    assert row(name).is_loose
    assert not sees(None, name)


def test_a_picture_stays_with_the_first_text_that_shows_it(mia, board):
    private = BoardFactory(private=True)
    MembershipFactory(board=private, user=mia)
    name, markdown = upload(mia)
    secret = post(mia, private, markdown)

    post(mia, board, markdown)

    assert row(name).idea_id == secret
    assert not sees(None, name)


def test_what_no_text_shows_is_deleted_after_a_day(mia, board, clock):
    used, markdown = upload(mia)
    post(mia, board, markdown)
    loose, _ = upload(mia)

    clock.shift(timedelta(hours=23))
    with unit_of_work():
        picturing.sweep()
    assert count(Picture) == 2
    clock.shift(timedelta(hours=2))
    with unit_of_work():
        picturing.sweep()

    assert not storage.pictures().exists(loose)
    assert storage.pictures().exists(used)
    assert [one.name for one in picturing.of_person(mia.id)] == [used]


def test_so_many_a_day_and_no_more(app, make_app, mia):
    person_id = mia.id
    with make_app(PICTURES_PER_DAY="2").app_context():
        owner = UserFactory()
        upload(owner)
        upload(owner)

        with pytest.raises(TooMany, match="2 pictures a day"):
            upload(owner)

        db.session.execute(sa.update(Picture).values(created_at=utcnow() - timedelta(days=2)))
        db.session.commit()
        upload(owner)
    assert person_id


def test_whoever_is_suspended_uploads_nothing():
    with pytest.raises(NotAllowed):
        upload(UserFactory(suspended=True))


def test_all_of_a_person_go_when_they_are_erased(mia, board):
    name, markdown = upload(mia)
    other, _ = upload(UserFactory())
    post(mia, board, markdown)

    with unit_of_work():
        picturing.let_go_of(mia.id)
    with unit_of_work():
        picturing.sweep()

    assert not storage.pictures().exists(name)
    assert picturing.names_kept() == [other]
    assert picturing.of_person(mia.id) == []


def test_words_about_a_picture_cannot_end_it_early(mia, board):
    name, markdown = upload(mia, alt="a ]( javascript:alert(1) \\ [b]")

    idea_id = post(mia, board, markdown)

    html = db.session.get_one(Idea, idea_id).body_html
    assert html.count("<img") == 1
    assert name in html
