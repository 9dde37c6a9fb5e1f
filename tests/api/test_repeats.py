"""What is sent again under its Idempotency-Key is done once, and answered as the first time."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import repeats
from ideas.boards import posting
from ideas.boards.models import Comment, Idea
from ideas.db import db, unit_of_work
from ideas.repeats import IdempotencyKey
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

NAMED = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
IDEA = {"board": "garden", "title": "A second tap"}


def code(answer):
    return answer.get_json(force=True)["code"]


def count(model):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_same_request_again_gets_the_first_answer(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())

    first, second = (mia.post("ideas", IDEA, headers=NAMED) for _ in range(2))

    assert count(Idea) == 1
    assert second.status_code == first.status_code == 201
    assert second.get_data() == first.get_data()
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers


def test_the_answer_is_the_one_that_was_given_then(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    first = mia.post("ideas", IDEA, headers=NAMED)
    mia.patch(f"ideas/{first.json['id']}", {"title": "Another tap"})

    assert mia.post("ideas", IDEA, headers=NAMED).json == first.json


def test_how_json_is_written_makes_no_difference(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    mia.post("ideas", IDEA, headers=NAMED)

    again = mia.ask(
        "POST",
        "ideas",
        headers=NAMED,
        data='{ "title":"A second tap","board": "garden"}',
        content_type="application/json",
    )

    assert again.status_code == 201
    assert count(Idea) == 1


def test_something_else_under_the_same_key_is_refused(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    mia.post("ideas", IDEA, headers=NAMED)

    other = mia.post("ideas", {**IDEA, "title": "Another tap"}, headers=NAMED)

    assert other.status_code == 422
    assert code(other) == "idempotency-key-reused"
    assert count(Idea) == 1


def test_the_same_words_on_another_idea_are_something_else(ask):
    here, there, mia = IdeaFactory(), IdeaFactory(), ask(UserFactory())
    mia.post(f"ideas/{here.id}/comments", {"body": "Yes."}, headers=NAMED)

    assert code(mia.post(f"ideas/{there.id}/comments", {"body": "Yes."}, headers=NAMED)) == "idempotency-key-reused"


def test_a_key_belongs_to_one_credential_and_one_route(ask):
    BoardFactory(slug="garden")
    idea, person = IdeaFactory(), UserFactory()
    mia = ask(person)

    mia.post("ideas", IDEA, headers=NAMED)
    assert mia.post(f"ideas/{idea.id}/comments", {"body": "Yes."}, headers=NAMED).status_code == 201
    assert ask(person).post("ideas", {**IDEA, "title": "Other key"}, headers=NAMED).status_code == 201
    assert ask(UserFactory()).post("ideas", {**IDEA, "title": "Other person"}, headers=NAMED).status_code == 201
    assert count(Comment) == 1


def test_without_a_key_each_request_is_a_new_one(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())

    for _ in range(2):
        mia.post("ideas", IDEA)

    assert count(Idea) == 2


def test_what_was_refused_may_be_put_right_under_the_same_key(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())

    refused = mia.post("ideas", {**IDEA, "title": ""}, headers=NAMED)
    nowhere = mia.post("ideas", {**IDEA, "board": "nowhere"}, headers=NAMED)

    assert (refused.status_code, nowhere.status_code) == (422, 404)
    assert count(IdempotencyKey) == 0
    assert mia.post("ideas", IDEA, headers=NAMED).status_code == 201


def test_an_act_without_a_body_is_done_once_too(ask, app):
    board = BoardFactory()
    idea, petra = IdeaFactory(board=board), ask(team_member(board))
    words = {"status": "planned", "reason": "committed", "text": "We will build it in spring, as so many asked."}
    given = petra.post(f"ideas/{idea.id}/answers", words, headers=NAMED).json["id"]

    first, second = (petra.post(f"answers/{given}/undo", headers=NAMED) for _ in range(2))

    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "   ", "x" * 256, "with blank", '"open', '""', "ümlaut", 'a"b', "back\\slash"])
def test_a_key_that_is_none_is_refused_by_name(ask, key):
    BoardFactory(slug="garden")

    answer = ask(UserFactory()).post("ideas", IDEA, headers={"Idempotency-Key": key.encode("utf-8").decode("latin-1")})

    assert answer.status_code == 400
    assert code(answer) == "idempotency-key-malformed"
    assert "Idempotency-Key" in answer.get_json(force=True)["detail"]
    assert count(Idea) == 0


def test_a_key_in_quotes_is_the_same_key(ask):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())

    for key in ("one-key", '"one-key"'):
        mia.post("ideas", IDEA, headers={"Idempotency-Key": key})

    assert count(Idea) == 1


def test_a_visitor_has_nothing_to_name(ask):
    BoardFactory(slug="garden")

    assert ask().post("ideas", IDEA, headers=NAMED).status_code == 401
    assert count(IdempotencyKey) == 0


def test_a_key_lasts_a_day(ask, app, clock):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    first = mia.post("ideas", IDEA, headers=NAMED).json

    clock.shift(timedelta(hours=23))
    again = mia.post("ideas", IDEA, headers=NAMED).json
    clock.shift(timedelta(hours=2))
    another = mia.post("ideas", IDEA, headers=NAMED).json

    assert again["id"] == first["id"] != another["id"]


def test_keys_of_yesterday_are_forgotten(app, clock):
    mia = UserFactory()
    db.session.commit()
    with unit_of_work():
        repeats.begin(mia.id, "form", key="old")
    clock.shift(timedelta(hours=25))
    with unit_of_work():
        repeats.begin(mia.id, "form", key="new")

    with unit_of_work():
        repeats.sweep()

    assert count(IdempotencyKey) == 1


def test_it_is_the_worker_who_forgets(app):
    assert repeats.sweep in app.extensions["answerback"].sweeps


# --- At the same time ---


def in_another_thread(app, act):
    """Start `act` in a thread with a context of its own; what it gives is in the list once joined."""
    results = []

    def run():
        with app.app_context():
            results.append(act())

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


@pytest.mark.postgresql
def test_while_the_first_is_at_work_the_second_is_told_so(ask, app, monkeypatch):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    begun, may_end = threading.Event(), threading.Event()
    submit = posting.submit

    def slowly(*args, **values):
        begun.set()
        assert may_end.wait(30)
        return submit(*args, **values)

    monkeypatch.setattr(posting, "submit", slowly)
    thread, first = in_another_thread(app, lambda: mia.post("ideas", IDEA, headers=NAMED))
    assert begun.wait(30)
    second = mia.post("ideas", IDEA, headers=NAMED)
    may_end.set()
    thread.join(30)
    third = mia.post("ideas", IDEA, headers=NAMED)

    assert (second.status_code, code(second)) == (409, "idempotency-key-in-use")
    assert second.headers["Retry-After"] == "1"
    assert third.get_data() == first[0].get_data()
    assert count(Idea) == 1


def test_many_at_once_make_one(ask, app):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    db.session.commit()

    started = [in_another_thread(app, lambda: mia.post("ideas", IDEA, headers=NAMED)) for _ in range(6)]
    answers = []
    for thread, results in started:
        thread.join(60)
        answers += results

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.get_data() for answer in answers if answer.status_code == 201}) == 1
    assert count(Idea) == 1
    assert mia.post("ideas", IDEA, headers=NAMED).status_code == 201
    assert count(Idea) == 1


def test_one_that_died_in_the_middle_holds_nobody_up(ask, app, monkeypatch):
    BoardFactory(slug="garden")
    mia = ask(UserFactory())
    app.config["SHOW_500"] = True
    monkeypatch.setattr(repeats, "keep", lambda *_: 1 / 0)
    # the act was done as far as it went, and all of it is taken back
    assert mia.client.post("/api/v1/ideas", json=IDEA, headers={**mia.headers, **NAMED}).status_code == 500
    monkeypatch.undo()

    assert count(Idea) == count(IdempotencyKey) == 0
    assert mia.post("ideas", IDEA, headers=NAMED).status_code == 201


def test_keys_go_with_the_person(app):
    mia = UserFactory()
    db.session.commit()
    with unit_of_work():
        repeats.begin(mia.id, "form", key="hers")

    kept = db.session.scalars(sa.select(IdempotencyKey)).one()

    assert kept.user_id == mia.id
    assert {key.ondelete for key in IdempotencyKey.__table__.foreign_keys} == {"CASCADE"}


def test_each_post_of_the_description_takes_a_key(document):
    looks = {"check_embed", "preview_answer", "preview_mail_words"}  # change nothing
    posts = [each["post"] for each in document["paths"].values() if "post" in each]
    posts = [each for each in posts if each["operationId"] not in looks]

    assert posts
    for operation in posts:
        assert "Idempotency-Key" in [part.get("name") for part in operation.get("parameters", [])]
        assert {"400", "409", "422"} <= set(operation["responses"])


def test_a_key_of_another_scope_gets_no_answer(app, ask):
    BoardFactory(slug="garden")
    person = UserFactory()
    ask(person).post("ideas", IDEA, headers=NAMED)

    assert code(ask(person, "ideas:read").post("ideas", IDEA, headers=NAMED)) == "scope-missing"
