"""The client for Python asks a real server, and the guide's example of it does what it says."""

import contextlib
import importlib.util
import io
import re
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from ideas.boards.models import Idea
from ideas.db import db
from tests.api.asking import bearer
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def client_module():
    path = DOCS / "clients" / "python" / "answerback_client.py"
    spec = importlib.util.spec_from_file_location("answerback_client", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["answerback_client"] = module  # dataclasses look for it there, and the example imports it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["answerback_client"]


class Between:
    """Stands between the client and the site; `broken` are statuses that it answers itself, the next one first."""

    def __init__(self, app):
        self.app, self.broken, self.seen = app, [], []

    def __call__(self, environ, start_response):
        self.seen.append((environ["REQUEST_METHOD"], environ.get("HTTP_IDEMPOTENCY_KEY")))
        if not self.broken:
            return self.app(environ, start_response)
        status, header = self.broken.pop(0)
        if status == "done but unheard":
            list(self.app(environ, lambda *_answer: None))
            status = "503 Service Unavailable"
        start_response(status, [header, ("Content-Type", "text/plain")])
        return [b"away"]


@pytest.fixture
def served(app):
    between = Between(app.wsgi_app)
    server = make_server("127.0.0.1", 0, between, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    between.url = f"http://127.0.0.1:{server.server_port}"
    yield between
    server.shutdown()
    thread.join()
    server.server_close()


def key_of(person):
    return bearer(person)["Authorization"].removeprefix("Bearer ")


def test_the_example_of_the_guide_runs(served, client_module):
    board = BoardFactory(slug="garden")
    IdeaFactory(board=board, title="Book a bed")
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text(encoding="utf-8"), re.DOTALL)[:1]
    names = {"SITE": served.url, "KEY": key_of(team_member(board))}
    said = io.StringIO()

    with contextlib.redirect_stdout(said):
        exec(compile(example, "docs/api.md", "exec"), names)  # noqa: S102 - our own guide

    assert said.getvalue().splitlines() == ["0 Book a bed open", "invalid-input ['/text']"]
    assert names["changed"] == []
    hose = db.session.scalars(sa.select(Idea).where(Idea.title == "A hose and a tap")).one()
    assert names["site"].idea(hose.id)["vote_count"] == 1
    assert names["site"].idea(hose.id)["comment_count"] == 1


def test_pages_are_followed_on_the_site_that_was_named(served, client_module):
    board = BoardFactory(slug="garden")
    for _ in range(5):
        IdeaFactory(board=board)
    db.session.commit()
    site = client_module.Answerback(served.url)

    assert len(list(site.pages("ideas", limit="2"))) == 5
    assert [each["slug"] for each in site.boards()] == ["garden"]


def test_what_got_no_answer_is_sent_again_and_done_once(served, client_module):
    BoardFactory(slug="garden")
    slept = []
    site = client_module.Answerback(served.url, key=key_of(UserFactory()), sleep=slept.append)
    served.broken = [("done but unheard", ("Retry-After", "3")), ("429 Too Many Requests", ("Retry-After", "900"))]

    posted = site.post_idea("garden", "A second tap")

    assert db.session.scalars(sa.select(Idea.id)).all() == [posted["id"]]
    assert slept == [3.0, client_module.WAIT_MOST]
    assert len({name for _method, name in served.seen}) == 1


def test_what_a_proxy_says_is_no_answer_and_an_edit_rests_on_a_tag(served, client_module):
    mia, slept = UserFactory(), []
    idea = IdeaFactory(board=BoardFactory(slug="garden"), author=mia)
    site = client_module.Answerback(served.url, key=key_of(mia), sleep=slept.append)
    served.broken = [("502 Bad Gateway", ("X-Proxy", "1")), ("504 Gateway Timeout", ("X-Proxy", "1"))]

    read, tag = site.tagged(f"ideas/{idea.id}")

    assert slept == [1.0, 2.0]
    assert site.send("PATCH", f"ideas/{idea.id}", {"title": "Newer"}, match=tag)["title"] == "Newer" != read["title"]
    with pytest.raises(client_module.Problem) as outdated:
        site.send("PATCH", f"ideas/{idea.id}", {"title": "Newest"}, match=tag)
    assert outdated.value.code == "outdated"
    with pytest.raises(client_module.Problem) as refused:
        site.send("PATCH", f"ideas/{idea.id}", {"titel": "x"})
    assert [(each.pointer, each.code) for each in refused.value.errors] == [("/titel", "unknown-field")]


def test_a_key_is_carried_nowhere_and_problems_have_their_code(served, client_module):
    site = client_module.Answerback(served.url, key="ab_sk_unknownunknown", sleep=lambda _seconds: None)
    served.broken = [("302 Found", ("Location", "http://127.0.0.1:9/elsewhere"))]

    with pytest.raises(client_module.Problem) as redirected:
        site.get("boards")
    with pytest.raises(client_module.Problem) as unknown:
        site.get("boards")

    assert redirected.value.status == 302
    assert (unknown.value.status, unknown.value.code) == (401, "key-unknown")
    assert unknown.value.request_id
