"""What machines ask of a site: whether it lives, whether it is ready, how it is doing."""

import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from ideas import health, metrics, migrating
from ideas.db import db
from tests.boards.pages import browser_of
from tests.factories import IdeaFactory, UserFactory
from tests.servers import running_app

DOWN = {
    "sqlite": "sqlite:////not/there/at/all.sqlite",
    "postgresql": "postgresql://nobody@127.0.0.1:1/nothing",
}
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def figures(text: str) -> dict[str, float]:
    """Name with labels → value."""
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in rows}


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_a_site_that_is_well_says_so_to_nobody_in_particular(client, address):
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert client.head(address).status_code == 200


def test_a_monitor_may_ask_by_address_instead_of_by_name(client):
    assert client.get("/healthz", base_url="http://10.0.0.7:8000").status_code == 200
    assert client.get("/", base_url="http://10.0.0.7:8000").status_code == 400


@pytest.mark.parametrize("kind", sorted(DOWN))
def test_without_its_database_a_process_lives_and_is_not_ready(make_app, kind):
    client = make_app(DATABASE_URL=DOWN[kind]).test_client()

    alive, ready = client.get("/healthz"), client.get("/readyz")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.headers["Retry-After"] == "5"
    assert ready.headers["Cache-Control"] == "no-store"
    assert "nobody@" not in ready.text


def test_a_database_of_another_shape_is_not_ready(make_app, database):
    url = database.fresh()
    migrating.downgrade(url, "-1")
    client = make_app(DATABASE_URL=url).test_client()

    before = client.get("/readyz")
    migrating.upgrade(url)

    assert before.status_code == 503
    assert "shape" in before.text
    assert client.get("/readyz").status_code == 200


def test_a_database_that_says_nothing_holds_one_thread_and_nobody_waits_for_long(app, monkeypatch):
    answered = threading.Event()
    asked = []

    def silent(connection):
        asked.append(connection)
        answered.wait(30)
        return migrating.newest()

    monkeypatch.setattr(migrating, "taken", silent)
    readiness = health.Readiness(app)

    problems = [readiness.problem(0.05) for _ in range(3)]
    answered.set()

    assert problems == ["The database does not answer in time."] * 3
    assert len(asked) == 1
    assert readiness.problem(30) == ""


def test_other_methods_are_the_sites_own_business(client):
    assert client.post("/healthz").status_code in (400, 404, 405)


# --- Figures ---


def test_requests_are_counted_by_pattern_and_never_by_address(app, client):
    idea = IdeaFactory(title="canary of a title")
    db.session.commit()
    before = figures(metrics_of(app))

    for _ in range(2):
        client.get(f"/ideas/{idea.id}-{idea.slug}")
    client.get("/nowhere/at-all")
    client.open("/", method="BREW")

    text = metrics_of(app)
    after = figures(text)
    shown = [name for name in after if name.startswith("answerback_requests_total") and "/ideas/" in name]
    assert sum(after[name] - before.get(name, 0) for name in shown) == 2
    assert 'route="none"' in text
    assert 'method="other"' in text
    assert "BREW" not in text
    assert "nowhere" not in text
    assert "canary" not in text
    assert any(name.startswith("answerback_request_seconds_bucket") for name in after)


def metrics_of(app):
    with app.app_context():
        return metrics.exposition()


def test_the_queues_are_figures(app):
    found = figures(metrics_of(app))

    assert found["answerback_database_up"] == 1
    assert found["answerback_outbox_due"] == 0
    assert {f'answerback_deliveries_waiting{{state="{state}"}}' for state in ("due", "later", "held")} <= set(found)
    for name in ("deliveries_oldest_seconds", "letters_waiting", "letters_oldest_seconds", "workers"):
        assert f"answerback_{name}" in found


def test_figures_are_there_while_the_database_is_away(make_app):
    app = make_app(DATABASE_URL=DOWN["postgresql"])

    found = figures(metrics_of(app))

    assert found["answerback_database_up"] == 0
    assert "answerback_outbox_due" not in found


def test_without_a_token_figures_are_for_this_machine_alone(client):
    assert client.get("/metrics", environ_base=LOCAL).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", environ_base=LOCAL, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


def test_with_a_token_they_are_for_whoever_sends_it(make_app):
    client = make_app(METRICS_TOKEN="a token that only the monitor knows").test_client()
    right = {"Authorization": "Bearer a token that only the monitor knows", "X-Forwarded-For": "203.0.113.9"}

    assert client.get("/metrics", headers=right).status_code == 200
    assert client.get("/metrics", environ_base=LOCAL).status_code == 404
    for wrong in ("Bearer a token", "a token that only the monitor knows", "Bearer ümlaut"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 404


def test_all_processes_of_a_site_count_together_and_workers_are_seen(database):
    env = {"DATABASE_URL": database.fresh(), "WEB_WORKERS": "2", "LOG_LEVEL": "info", "ENVIRONMENT": "production"}
    secret = {"SECRET_KEY": "tests sign with this key and nobody else does"}
    with running_app({**env, **secret}, ("web", "worker"), prepare=()) as site:
        for _ in range(12):
            urllib.request.urlopen(f"{site.url}/").close()
        name = 'answerback_requests_total{method="GET",route="/",status="200"}'
        deadline = time.monotonic() + 300
        while (found := figures(read(site.url))).get("answerback_workers") != 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)

        assert found[name] == 12
        assert found["answerback_worker_turns_total"] >= 1
        lines = [json.loads(line) for line in site.log.read_text().splitlines() if line.startswith("{")]

    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 12
    assert {(line["route"], line["status"], line["person"]) for line in requests} == {("/", 200, None)}
    assert all(re.fullmatch("[0-9a-f]{32}", line["request_id"]) and line["ms"] > 0 for line in requests)


def read(url: str) -> str:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        return str(answer.read().decode())


def test_a_web_server_leaves_no_files_of_figures_behind(tmp_path):
    with running_app({"TMPDIR": str(tmp_path)}) as site:
        assert read(site.url)
        assert list(tmp_path.glob("answerback-metrics-*"))

    assert list(tmp_path.glob("answerback-metrics-*")) == []


def test_a_process_that_was_killed_does_not_take_the_figures_with_it():
    with running_app({"WEB_WORKERS": "1"}) as site:
        urllib.request.urlopen(f"{site.url}/").close()
        (web,) = site.processes
        children = subprocess.run(["pgrep", "--parent", str(web.pid)], capture_output=True, text=True, check=True)
        subprocess.run(["kill", "-9", children.stdout.split()[0]], check=True)
        site.wait_until_it_answers()

        found = figures(read(site.url))

    assert found['answerback_requests_total{method="GET",route="/",status="200"}'] == 1


# --- The log ---


def test_each_request_is_one_line_that_names_the_person_by_number(make_app, capsys):
    app = make_app(LOG_LEVEL="info", ENVIRONMENT="production", BASE_URL="http://localhost")
    with app.app_context():
        mia = UserFactory(name="Mia Canary")
        browser = browser_of(app, mia)
        capsys.readouterr()
        browser.get("/inbox?q=secret-words", headers={"X-Request-Id": "trace-4711-abc"})
        browser.get("/static/css/base.css").close()
        browser.get("/healthz")

        (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert line["event"] == "request"
        assert (line["route"], line["status"], line["person"]) == ("/inbox", 200, mia.id)
        assert line["request_id"] == "trace-4711-abc"
        assert line["ms"] > 0
        assert "Canary" not in json.dumps(line)
        assert "secret-words" not in json.dumps(line)
