"""The demo's mail can be read in the browser, and nobody else's."""

from contextlib import ExitStack
from pathlib import Path

import pytest

MAIL = b"""From: Petra <team@example.test>
To: ole@example.test
Subject: Planned for 3 March: a rota
List-Unsubscribe: <http://localhost/u/abc>
Content-Type: text/plain; charset=utf-8

You voted for this. <b>Not a tag</b> http://localhost/ideas/1
"""


@pytest.fixture
def site(make_app):
    """Makes a site with other settings, and gives its application: site(DEMO="1")."""
    with ExitStack() as contexts:

        def make(**settings):
            app = make_app(**settings)
            contexts.enter_context(app.app_context())
            return app

        yield make


@pytest.fixture
def demo(site):
    app = site(DEMO="1")
    folder = Path(app.config["ANSWERBACK"].mail_url.removeprefix("folder:"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00000001.eml").write_bytes(MAIL)
    return app.test_client()


def test_the_demo_lists_its_mail_and_leads_to_it(demo):
    listed = demo.get("/mail").text

    assert "Planned for 3 March: a rota" in listed
    assert 'href="/mail/00000001"' in listed
    assert 'href="/mail"' in demo.get("/").text


def test_a_mail_is_shown_as_it_was_written_with_its_headers(demo):
    shown = demo.get("/mail/00000001").text

    assert "You voted for this. &lt;b&gt;Not a tag&lt;/b&gt;" in shown
    assert "List-Unsubscribe: &lt;http://localhost/u/abc&gt;" in shown


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fsecret", "..%2Fsecret", ".hidden"])
def test_nothing_but_mail_is_shown(demo, name):
    assert demo.get(f"/mail/{name}").status_code == 404


def test_a_demo_without_mail_says_what_will_be_there(site):
    assert "No mail yet" in site(DEMO="1").test_client().get("/mail").text


def test_only_the_demo_has_a_mail_room(site):
    client = site().test_client()

    assert client.get("/mail").status_code == 404
    assert 'href="/mail"' not in client.get("/").text


def test_a_demo_whose_mail_leaves_has_no_mail_room(site):
    client = site(DEMO="1", MAIL_URL="smtp://localhost:2525").test_client()

    assert client.get("/mail").status_code == 404
