"""Webhooks as programs look after them, and what they are sent: as the description says, kind by kind."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from standardwebhooks import WebhookVerificationError

from ideas import ROOT
from ideas.accounts import erasing
from ideas.accounts.models import AuditEntry, User
from ideas.boards import behalf, confirming, evidence, posting, queries
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger.models import Delivery
from ideas.webhooks import api_examples, endpoints, payloads, recording
from ideas.webhooks.kinds import EVERY, KINDS
from ideas.webhooks.schemas_payloads import SCHEMAS
from tests.api.asking import check_shape
from tests.boards.arranging import count
from tests.factories import BoardFactory, IdeaFactory, TagFactory, UserFactory, charlie, team_member
from tests.webhooks import arranging
from tests.webhooks.arranging import listen, work

TEXT = "We will have a page for booking beds before the spring comes."


@pytest.fixture
def other(app):
    arranging.let_in(app)
    with arranging.receiver() as other:
        yield other


@pytest.fixture
def board(app):
    board = BoardFactory(slug="garden")
    TagFactory(board=board, slug="seed")
    return board


def schema_of(document, kind):
    content = document["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
    return content["schema"], content["example"]


def test_every_kind_is_described_and_its_example_has_the_shape(document):
    assert set(document["webhooks"]) == set(EVERY) == set(SCHEMAS) == set(api_examples.DATA) == set(payloads._DATA)
    assert len(KINDS) == 17

    for kind in EVERY:
        schema, example = schema_of(document, kind)
        check_shape(document, schema, example)
        assert document["webhooks"][kind]["post"]["description"], kind


def test_every_kind_is_sent_as_it_is_described(app, ask, document, board, other):
    """A year in the garden: everything happens of which anybody can be told."""
    petra, mia = team_member(board, name="Petra", email="petra@example.test"), UserFactory(name="Mia")
    leaver = UserFactory(name="Ole Olsen", email="ole@example.test")
    _id, secret = listen(petra, other.address)
    team, member = ask(petra), ask(mia)

    first = member.post("ideas", {"board": "garden", "title": "Book a bed", "body": "I never know."}).json["id"]
    second = member.post("ideas", {"board": "garden", "title": "A list of beds", "body": "Which are free?"}).json["id"]
    third = ask(leaver).post("ideas", {"board": "garden", "title": "A shed", "body": "For tools."}).json["id"]
    work(app)
    member.patch(f"ideas/{first}", {"title": "Book a bed for a season"})
    ask(leaver).put(f"ideas/{first}/vote")
    ask(leaver).delete(f"ideas/{first}/vote")
    said = member.post(f"ideas/{first}/comments", {"body": "A rota would do."}).json["id"]
    work(app)
    member.patch(f"comments/{said}", {"body": "A rota on the door would do."})
    work(app)
    member.delete(f"comments/{said}")
    team.post(f"ideas/{second}/merge", {"into": first, "text": "Whoever books sees which are free, so one."})
    work(app)
    team.post(f"ideas/{second}/unmerge", {"text": "Some want the list alone, so these are two."})
    answer = {"status": "planned", "reason": "committed", "text": TEXT, "credits": [{"kind": "votes", "how": "Much."}]}
    team.post(f"ideas/{first}/answers", answer)
    work(app)
    with unit_of_work():
        who = db.session.get_one(User, petra.id)
        behalf.note(who, queries.get_idea(who, third), db.session.get_one(User, mia.id))
    with unit_of_work():
        voter = db.session.get_one(User, mia.id)
        confirming.say(voter, evidence.get_own(voter, third), wanted=True)
    team.post(f"ideas/{third}/hide", {"reason": "It names somebody."})
    work(app)
    team.post(f"ideas/{third}/restore")
    release = team.post("releases", {"board": "garden", "title": "Spring"}).json["id"]
    team.put(f"releases/{release}/ideas/{first}", {"text": TEXT})
    team.post(f"releases/{release}/publish")
    work(app)
    with unit_of_work():
        author = db.session.get_one(User, mia.id)
        posting.withdraw(author, queries.get_idea(author, second))
    db.session.execute(
        sa.update(Delivery)
        .where(Delivery.id == sa.select(sa.func.min(Delivery.id)).where(Delivery.channel == "email").scalar_subquery())
        .values(state="failed", reason="bounced", done_at=utcnow())
    )
    db.session.commit()
    with unit_of_work():
        person = db.session.get_one(User, leaver.id)
        left = erasing.erase(person, person, with_text=False)
    erasing.finish(left)
    with unit_of_work():
        endpoints.send_test(db.session.get_one(User, petra.id), _id)
    with unit_of_work():
        recording.find_failed()
    work(app)

    verified = other.verified(secret)
    by_kind = {payload["type"]: payload for payload in verified}
    assert set(by_kind) == set(EVERY)
    for payload in verified:
        schema, _example = schema_of(document, payload["type"])
        check_shape(document, schema, payload)
    for kind, payload in by_kind.items():
        assert set(payload["data"]) == set(api_examples.payload(kind)["data"]), kind
    first_word, shipped = (payload["data"] for payload in verified if payload["type"] == "idea.answered")
    assert (first_word["previous_status"]["slug"], shipped["previous_status"]["slug"]) == ("open", "planned")
    assert first_word["answer"]["credits"][0]["how"] == "Much."
    assert (shipped["answer"]["reason"], shipped["answer"]["text"]) == ("shipped", TEXT)
    assert by_kind["vote.deleted"]["data"]["person"]["id"] == leaver.id
    assert by_kind["idea.merged"]["data"]["other"]["id"] == first
    assert by_kind["person.erased"]["data"]["person"] == {"id": leaver.id}
    sequences = [payload["data"]["sequence"] for payload in verified if "idea" in payload["data"]]
    assert sorted(set(sequences)) == sorted(sequences)
    everything = b"".join(body for _headers, body in other.taken)
    assert b"@example.test" not in everything


def test_addresses_go_to_endpoints_of_administrators_that_ask_and_long_texts_are_cut(app, ask, board, other):
    ada, petra, mia = UserFactory(admin=True), team_member(board), UserFactory(name="Mia", email="mia@example.test")
    listen(ada, other.address + "/with", "idea.created", with_emails=True)
    listen(petra, other.address + "/without", "idea.created")

    ask(mia).post("ideas", {"board": "garden", "title": "Long", "body": "<b>&</b> " * 2200})
    work(app)

    assert len(other.taken) == 2
    assert all(len(body) <= payloads.MOST for _headers, body in other.taken)
    emails = [payload["data"]["idea"]["author"].get("email") for payload in other.payloads]
    assert sorted(emails, key=str) == [None, "mia@example.test"]
    for payload in other.payloads:
        assert payload["data"]["shortened"] == ["idea.body_html", "idea.body"]
        assert payload["data"]["idea"]["body"].endswith("…")
        assert payload["data"]["idea"]["title"] == "Long"
    elsewhere = BoardFactory(slug="elsewhere")
    for slug in (elsewhere.slug, "nowhere"):
        wrong = ask(petra).post("webhooks", {**api_examples.WORDS, "board": slug})
        assert [line["pointer"] for line in wrong.get_json(force=True)["errors"]] == ["/board"]
    refused = ask(petra).post("webhooks", {**api_examples.WORDS, "with_emails": True})
    assert refused.status_code == 403


def test_internal_notes_leave_the_site_for_nobody(app, ask, board, other):
    petra, idea = team_member(board), IdeaFactory(board=board)
    listen(petra, other.address, "comment.created")

    ask(petra).post(f"ideas/{idea.id}/comments", {"body": "Too dear, I think.", "internal": True})
    ask(petra).post(f"ideas/{idea.id}/comments", {"body": "We look into it."})
    work(app)

    assert [payload["data"]["comment"]["body"] for payload in other.payloads] == ["We look into it."]


def test_an_endpoint_is_made_changed_paused_and_removed(app, ask, board):
    petra = team_member(board, name="Petra")
    asking = ask(petra, "webhooks:manage")

    made = asking.post("webhooks", api_examples.WORDS)
    where = f"webhooks/{made.json['id']}"
    assert (made.status_code, made.json["state"], made.json["owner"]["name"]) == (201, "active", "Petra")
    assert made.json["secret"].startswith("whsec_")
    assert "secret" not in asking.get(where).json
    assert asking.patch(where, api_examples.EDIT).json["kinds"] == ["idea.answered"]
    assert asking.post(f"{where}/pause").json["state"] == "paused"
    assert asking.post(f"{where}/resume").json["state"] == "active"
    rotated = asking.post(f"{where}/secret")
    assert rotated.status_code == 201
    assert rotated.json["secret"] != made.json["secret"]
    assert [each["id"] for each in asking.get("webhooks").json["data"]] == [made.json["id"]]

    for stranger, status in ((ask(team_member(board)), 404), (ask(charlie()), 404), (ask(petra, "ideas:read"), 403)):
        assert stranger.get(where).status_code == status
        assert stranger.delete(where).status_code == status
        assert stranger.post(f"{where}/test").status_code == status
    assert ask(charlie()).post("webhooks", api_examples.WORDS).status_code == 404
    assert ask(UserFactory(admin=True)).get(where).status_code == 200
    assert asking.delete(where).status_code == 204
    assert asking.get(where).status_code == 404
    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.act.startswith("webhook."))).all()
    assert set(acts) == {
        f"webhook.{act}" for act in ("made", "changed", "paused", "resumed", "secret_rotated", "removed")
    }
    assert made.json["secret"] not in json.dumps(db.session.scalars(sa.select(AuditEntry.details)).all())


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        ({"address": "http://tools.example.org/"}, "/address"),
        ({"address": "https://127.0.0.1/"}, "/address"),
        ({"address": "https://[fd00::1]/"}, "/address"),
        ({"address": "https://me:secret@tools.example.org/"}, "/address"),
        ({"kinds": ["idea.exploded"]}, "/kinds/0"),
        ({"kinds": []}, "/kinds"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_its_field(ask, board, words, pointer):
    answer = ask(team_member(board)).post("webhooks", {**api_examples.WORDS, **words})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json(force=True)["errors"]] == [pointer]


def test_the_log_says_what_was_tried_and_what_failed_is_sent_again_as_it_was(app, ask, board, other, clock):
    clock.move_to(utcnow(), tick=False)  # nothing is due again meanwhile, however slow the machine
    petra, idea = team_member(board), IdeaFactory(board=board)
    endpoint_id, secret = listen(petra, other.address, "comment.created")
    other.reply = lambda _path: (500, {"X-Secret": "1"}, b"not today")
    asking, where = ask(petra), f"webhooks/{endpoint_id}"
    asking.post(f"ideas/{idea.id}/comments", {"body": "First."})
    asking.post(f"ideas/{idea.id}/comments", {"body": "Second."})
    work(app)

    lines = asking.get(f"{where}/messages?state=pending&limit=1")
    assert [(line["kind"], line["attempts"]) for line in lines.json["data"]] == [("comment.created", 1)]
    assert lines.json["next"]
    (second,) = lines.json["data"]
    whole = asking.get(f"{where}/messages/{second['id']}").json
    assert json.loads(whole["body"])["data"]["comment"]["body"] == "Second."
    assert [(each["status"], each["answer"], each["error"]) for each in whole["tries"]] == [
        (500, "not today", "It answered 500.")
    ]

    other.reply = lambda _path: (200, {}, b"ok")
    assert asking.post(f"{where}/messages/{second['id']}/replay").json["state"] == "pending"
    work(app)
    assert asking.get(f"{where}/messages/{second['id']}").json["state"] == "sent"
    span = {"since": (utcnow() - timedelta(days=1)).isoformat(), "until": (utcnow() + timedelta(hours=1)).isoformat()}
    assert asking.post(f"{where}/replay", span).json == {"replayed": 1}
    assert asking.post(f"{where}/replay", {**span, "only_unsent": False}).json == {"replayed": 2}
    work(app)

    names = [headers["webhook-id"] for headers, _body in other.taken]
    bodies = {(headers["webhook-id"], body) for headers, body in other.taken}
    assert len(other.taken) == 5
    assert len(set(names)) == len(bodies) == 2  # under the same name, and the same words
    other.verified(secret)
    assert asking.post(f"{where}/replay", {"since": span["until"], "until": span["since"]}).status_code == 422
    assert ask(team_member(board)).post(f"{where}/messages/{second['id']}/replay").status_code == 404


def test_the_guides_python_takes_each_message_once_and_nothing_forged(app, ask, board, other):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    (code,) = [each for each in examples if "def take" in each]
    names = {}
    exec(code, names)  # noqa: S102 - it is ours
    petra = team_member(board)
    endpoint_id, secret = listen(petra, other.address, "idea.created")
    with unit_of_work():
        endpoints.send_test(db.session.get_one(User, petra.id), endpoint_id)
    work(app)
    ((headers, body),) = other.taken

    assert names["take"](secret, headers, body)["type"] == "webhook.test"
    assert names["take"](secret, headers, body) is None
    for forged in (body + b" ", body.replace(b"test", b"best")):
        with pytest.raises(WebhookVerificationError):
            names["take"](secret, headers, forged)


def test_two_secrets_sign_for_a_day_and_then_the_new_one_alone(app, ask, board, other, clock):
    petra = team_member(board)
    endpoint_id, former = listen(petra, other.address, "idea.created")
    with unit_of_work():
        fresh = endpoints.rotate(db.session.get_one(User, petra.id), endpoint_id)

    def test():
        other.taken.clear()
        with unit_of_work():
            endpoints.send_test(db.session.get_one(User, petra.id), endpoint_id)
        work(app)

    test()
    assert other.verified(former) == other.verified(fresh)
    clock.shift(timedelta(hours=25))
    test()
    assert other.verified(fresh)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        other.verified(former)
    clock.shift(timedelta(minutes=10))
    with pytest.raises(WebhookVerificationError, match="too old"):
        other.verified(fresh)
    assert count(AuditEntry, AuditEntry.act == "webhook.secret_rotated") == 1
