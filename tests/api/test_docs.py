"""The guide for integrators is true: its commands are run, its answers have the shape of the real ones."""

import json
import re
import shlex
from pathlib import Path

import pytest

from ideas import api
from ideas.backlog import ranking
from ideas.boards import policy
from ideas.boards.models import IdeaTag
from ideas.db import db
from tests.api.asking import Asking, bearer
from tests.factories import (
    BoardFactory,
    CommentFactory,
    CompanyFactory,
    IdeaFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    team_member,
)
from tests.pictures import encoded

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SAID = re.findall(r"```(sh|json)\n(.*?)```", GUIDE, re.DOTALL)
# What of the commands is refused on purpose
REFUSED = {"titel": 422, "If-Match": 412, "imports/1/begin": 409}  # an import is begun when it was compared
FILES = {"@rota.jpg": encoded("JPEG"), "@wishes.csv": b"id,wish,author_id,status\n1,Benches,7,Beta\n"}


def commands():
    """Each command with the answer that the guide shows below it, if it shows one."""
    found = []
    for kind, text in SAID:
        lines = [line for line in text.splitlines() if line.startswith("curl ")]
        if kind == "json" and found:
            found[-1] = (found[-1][0], json.loads(text))
        found += [(line, None) for line in lines]
    return found


def ask_like_curl(asking, line, answer_id):
    """What curl would send, of the few options that the guide uses."""
    words = shlex.split(line)[1:]
    method, body, headers, path = "GET", None, {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            method, body = "POST", FILES[words.pop(0)]
        elif word == "--json":
            body = words.pop(0)
            method = "POST" if method == "GET" else method
        else:
            assert word.startswith("$SITE"), word
            path = word.removeprefix("$SITE").replace("answers/5", f"answers/{answer_id}")
    if headers.pop("Authorization", None):
        headers["Authorization"] = asking.key
    kind = headers.pop("Content-Type", "application/json")
    options = {} if body is None else {"data": body, "content_type": kind}
    return asking.ask(method, path, headers=headers, **options)


@pytest.fixture
def garden(app, document):
    """The garden of the guide, and Petra of its team."""
    board = BoardFactory(slug="garden", name="Garden")
    tag = TagFactory(board=board, slug="seed")
    ole, petra = UserFactory(name="Ole"), team_member(board, name="Petra", admin=True)  # people 1 and 2
    idea = IdeaFactory(id=23, board=board, title="Book a bed", author=petra)
    IdeaFactory(id=24, board=board, title="A list of free beds", author=petra)
    CommentFactory(id=88, idea=idea, author=ole)
    company = CompanyFactory(plan="pro", monthly_revenue=90_000)
    VoteFactory(idea=idea, user=UserFactory(company=company))
    db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
    ranking.recount([23, 24])  # as is done every minute
    db.session.commit()
    asking = Asking(app.test_client(), document, {})
    asking.key = bearer(petra)["Authorization"]
    return asking


def shape(body):
    """Which names stand where; a list is as its first row."""
    if isinstance(body, dict):
        return {name: shape(inner) for name, inner in body.items()}
    if isinstance(body, list):
        return [shape(body[0])] if body else []
    return None


def test_the_commands_of_the_guide_do_what_it_says(garden, document):
    assert len(commands()) > 15
    answer_id = None

    for line, shown in commands():
        answer = ask_like_curl(garden, line, answer_id)

        expected = next((status for mark, status in REFUSED.items() if mark in line), None)
        assert answer.status_code == expected if expected else answer.status_code in (200, 201, 202, 204), (
            line,
            answer.text,
        )
        if "/answers" in line and answer.status_code == 201:
            answer_id = answer.json["id"]
        if shown is not None:
            real = answer.get_json(force=True)
            assert shape(shown) == shape(real), line


def test_the_guide_names_every_scope_and_reason():
    for scope in api.SCOPES:
        assert f"`{scope}`" in GUIDE
    for reason, rule in policy.REASONS.items():
        line = next(row for row in GUIDE.splitlines() if row.startswith("|") and f"`{reason}`" in row)
        _empty, _reasons, stages, least, needs, _end = (part.strip() for part in line.split("|"))
        assert set(stages.split(", ")) == (set(rule.stages) if rule.stages else {"any"})
        assert int(least) == rule.shortest
        assert ("review_by" in needs) is rule.needs_review_by
