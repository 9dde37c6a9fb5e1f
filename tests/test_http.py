"""The edge that all rooms share: errors in the asker's form, headers on every answer, other sites refused."""

from __future__ import annotations

import json

import pytest
from flask import abort

from ideas.errors import Conflict, NotAllowed, NotFound, TooMany
from tests.conftest import MakeApp

CANARY = "what only the log should say"
VALUE = "".join(("what a variable ", "held"))  # put together, so that no line of this file says it


def fail():
    held = VALUE.upper().lower()
    raise RuntimeError(f"{CANARY} {len(held)}")


@pytest.fixture
def site(make_app: MakeApp):
    """An application with addresses that go wrong in every way, as in production."""
    app = make_app()
    app.testing = False
    errors = {
        "refused": lambda: _raise(NotAllowed("Not for you.")),
        "missing": lambda: _raise(NotFound("Nothing here.")),
        "conflict": lambda: _raise(Conflict("It changed meanwhile.")),
        "busy": lambda: _raise(TooMany("Too often.", retry_after=7)),
        "ours": fail,
        "teapot": lambda: abort(418),
    }
    for name, view in errors.items():
        app.add_url_rule(f"/{name}", f"page-{name}", view)
        app.add_url_rule(f"/api/v1/{name}", f"api-{name}", view)
    return app


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("refused", 403, "not-allowed"),
        ("missing", 404, "not-found"),
        ("nowhere", 404, "not-found"),
        ("conflict", 409, "conflict"),
        ("busy", 429, "too-many"),
        ("teapot", 418, "http-418"),
        ("ours", 500, "our-fault"),
    ],
)
def test_a_program_gets_a_problem_and_a_person_a_page(site, name, status, code):
    page = site.test_client().get(f"/{name}")
    problem = site.test_client().get(f"/api/v1/{name}")

    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.json["code"] == code
    assert problem.json["type"] == f"http://localhost/problems/{code}"
    assert problem.json["request_id"] == problem.headers["X-Request-Id"]


@pytest.mark.parametrize("address", ["/ours", "/api/v1/ours"])
def test_no_traceback_leaves_the_house(site, address):
    answer = site.test_client().get(address)

    assert answer.status_code == 500
    assert CANARY not in answer.text
    assert "Traceback" not in answer.text


def test_the_log_names_the_place_and_no_values(site, capsys):
    site.test_client().get("/ours", headers={"X-Request-Id": "trace-4711-abc"})

    log = capsys.readouterr().err
    assert "in fail" in log
    assert "trace-4711-abc" in log
    assert VALUE not in log


def test_the_log_has_no_link_that_opens_anything(make_app, capsys):
    app = make_app()
    app.testing = False
    app.add_url_rule("/opens/<token>", "opens", lambda token: fail())

    app.test_client().get("/opens/4711-sesame")

    log = capsys.readouterr().err
    assert "/opens/<token>" in log
    assert "sesame" not in log


def test_in_production_each_line_of_the_log_is_json(make_app, capsys):
    app = make_app(ENVIRONMENT="production", BASE_URL="https://ideas.example.org", LOG_LEVEL="warning")
    app.testing = False
    app.add_url_rule("/ours", "ours", fail)

    app.test_client().get("/ours", base_url="https://ideas.example.org")

    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["event"], line["level"], line["path"]) == ("unexpected_error", "error", "/ours")
    assert "in fail" in line["exception"]


def test_too_many_says_how_long_to_wait(site):
    assert site.test_client().get("/busy").headers["Retry-After"] == "7"


@pytest.mark.parametrize("address", ["/", "/boards/garden", "/api/v1/boards", "/sign-in"])
def test_a_database_that_is_down_is_a_503_that_says_when_to_come_again(make_app, tmp_path, address):
    down = {
        "sqlite": f"sqlite:///{tmp_path}/not/there/at/all.sqlite",
        "postgresql": "postgresql://nobody@127.0.0.1:1/nothing",
    }
    for url in down.values():
        app = make_app(DATABASE_URL=url)
        app.testing = False

        answer = app.test_client().post(address) if address == "/sign-in" else app.test_client().get(address)

        if answer.status_code != 503:
            assert address == "/sign-in", "an empty form is refused before the database is asked"
            continue
        assert answer.headers["Retry-After"] == "5"
        assert "Traceback" not in answer.text
        assert "nobody@" not in answer.text


def test_a_request_keeps_the_name_its_sender_gave_it(site):
    answer = site.test_client().get("/missing", headers={"X-Request-Id": "trace-4711-abc"})

    assert answer.headers["X-Request-Id"] == "trace-4711-abc"


def test_a_form_that_is_refused_keeps_that_name_too(site):
    site.config["WTF_CSRF_ENABLED"] = True

    answer = site.test_client().post("/sign-in", headers={"X-Request-Id": "trace-4711-abc"})

    assert (answer.status_code, answer.headers["X-Request-Id"]) == (400, "trace-4711-abc")


@pytest.mark.parametrize("name", ["short", "x" * 65, "with blank in it", 'quote"in-it-123'])
def test_a_name_that_could_break_a_log_is_replaced(site, name):
    answer = site.test_client().get("/missing", headers={"X-Request-Id": name})

    assert answer.headers["X-Request-Id"] != name


def test_every_answer_says_what_a_browser_may_do_with_it(site):
    for address in ("/", "/missing", "/ours", "/api/v1/boards", "/static/css/base.css"):
        with site.test_client().get(address) as answer:
            headers = answer.headers

        assert "default-src 'none'" in headers["Content-Security-Policy"], address
        assert "unsafe" not in headers["Content-Security-Policy"], address
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_kept_by_nobody_in_between(site):
    assert site.test_client().get("/").headers["Cache-Control"] == "private, no-store"


def test_only_https_sites_ask_for_https(make_app):
    plain = make_app().test_client().get("/problems")
    safe = (
        make_app(BASE_URL="https://ideas.example.org")
        .test_client()
        .get("/problems", base_url="https://ideas.example.org")
    )

    assert "Strict-Transport-Security" not in plain.headers
    assert safe.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_other_sites_are_refused(client, headers):
    assert client.post("/sign-in", data={}, headers=headers).status_code == 403


def test_our_own_forms_are_not(client):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

    assert client.post("/sign-in", data={}, headers=headers).status_code != 403


def test_every_form_needs_its_token(app):
    """No page may change anything without the token that stands in our own forms; but see open_to_all_origins."""
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    open_to_all = set()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or set()) or rule.rule.startswith("/api/"):
            continue
        address = rule.rule
        for argument in rule.arguments:
            converter = rule._converters[argument]
            value = "1" if type(converter).__name__ == "IntegerConverter" else "x"
            address = address.replace(f"<int:{argument}>", value).replace(f"<{argument}>", value)
        answer = client.post(address.split("<")[0], data={"on": "1"})
        if answer.status_code != 400:
            open_to_all.add(rule.rule)

    by_link = {"/choices/<token>", *(f"/choices/<token>/{act}" for act in ("hours", "mail", "unmute"))}
    assert open_to_all == {
        "/mcp",  # by a key, which no browser sends by itself
        "/u/<token>",
        "/solved/<token>",
        "/still-wanted/<token>",
        "/on-behalf/<token>",
        "/hooks/mail",
        *by_link,
    }
