"""How a host is set up: what is said of it, the lines to paste, and the check of a page."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards.models import Board
from ideas.db import db, utcnow
from ideas.embed import checking, claims, hosts, policies, snippets
from ideas.embed.claims import Expected
from tests.boards.pages import browser_of, seen
from tests.embed.arranging import ISSUER, SELF, SITE, key_of, set_up, signed
from tests.embed.arranging import claims as said_of_mia
from tests.factories import BoardFactory, UserFactory
from tests.webhooks.arranging import let_in

BASE = "https://ideas.example.org"
GO_BEGINS = """
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	var said struct {
		ID            json.Number
		Name, Email   string
		EmailVerified bool `json:"email_verified"`
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &said); err != nil {
		panic(err)
	}
	token, err := Token(User{said.ID.String(), said.Name, said.Email, said.EmailVerified})
	if err != nil {
		panic(err)
	}
	fmt.Println(token)
}
"""
MIA = {"id": 7, "name": "Mia “M” Maier", "email": "mia@example.org", "email_verified": True}


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", embed_sites=[SITE])


def test_administrators_set_up_how_the_host_signs(app, ask, board):
    ada, mia = UserFactory(admin=True), UserFactory()
    db.session.commit()
    browser, path = browser_of(app, ada), "/manage/boards/garden/embed"
    words = {"issuer": ISSUER, "algorithm": "HS256", "keys_address": ""}

    assert browser.post(f"{path}/identity", data=words).status_code == 303
    made = browser.post(f"{path}/secret")

    secret = hosts.secrets_of(hosts.of(board.id), utcnow())[0]
    assert (made.status_code, secret in made.text) == (201, True)
    page = browser.get(path)
    assert secret not in page.text
    assert ISSUER in seen(page.text)
    without = browser.post(f"{path}/identity", data={**words, "algorithm": "RS256"})
    assert (without.status_code, "Say where the host publishes" in without.text) == (422, True)
    inside = browser.post(f"{path}/identity", data={**words, "algorithm": "RS256", "keys_address": "http://10.0.0.1/"})
    assert (inside.status_code, "must begin with https" in inside.text) == (422, True)
    assert 'value="http://10.0.0.1/"' in inside.text
    asking = ask(ada)
    assert asking.get("boards/garden/embed").json == {
        "sites": [SITE],
        "issuer": ISSUER,
        "algorithm": "HS256",
        "keys_address": None,
        "has_secret": True,
        "former_secret_until": None,
    }
    edited = asking.patch(
        "boards/garden/embed",
        {"sites": [], "algorithm": "EdDSA", "keys_address": "https://app.example.org/keys"},
    )
    assert (edited.json["sites"], edited.json["algorithm"], edited.json["issuer"]) == ([], "EdDSA", ISSUER)
    rotated = asking.post("boards/garden/embed/secret").json
    assert rotated["secret"] != secret
    assert secret in hosts.secrets_of(hosts.of(board.id), utcnow())
    assert asking.delete("boards/garden/embed/secret/former").status_code == 204
    assert hosts.secrets_of(hosts.of(board.id), utcnow()) == [rotated["secret"]]
    acts = db.session.execute(
        sa.select(AuditEntry.act, AuditEntry.details).where(AuditEntry.act.startswith("embed.")).order_by(AuditEntry.id)
    )
    rows = acts.all()
    first = ["embed.changed", "embed.secret_made", "embed.changed", "embed.secret_made"]
    assert [row.act for row in rows] == [*first, "embed.former_secret_ended"]
    assert secret not in str(rows)
    for method, address in (("GET", path), *(("POST", f"{path}/{each}") for each in ("identity", "secret", "check"))):
        assert browser_of(app, mia).open(address, method=method).status_code == 404


def test_the_widget_is_seen_as_it_is_chosen_before_anything_is_pasted(app, board):
    ada, mia = UserFactory(admin=True), UserFactory()
    db.session.commit()
    browser, path = browser_of(app, ada), "/manage/boards/garden/embed"
    without = browser.get(path)
    assert "Make a key first" in without.text
    assert "<iframe" not in without.text
    assert browser.get(f"{path}/preview").status_code == 404
    key = key_of(board)
    chosen = {"theme": "dark", "launcher": "start", "lang": "de", "label": 'Say "it" & go', "accent": "#fc0"}
    attributes = ' data-theme="dark" data-launcher="start" data-lang="de" data-label="Say &quot;it&quot; &amp; go"'

    plain, page = browser.get(path), browser.get(path, query_string={**chosen, "screen": "phone"})
    part = browser.get(path, query_string=chosen, headers={"X-Requested-With": "fetch"})
    framed = browser.get(f"{path}/preview", query_string=chosen)

    assert html.escape(snippets.line(SELF, "garden", key)) in plain.text.replace("&#34;", "&quot;")
    assert "data-theme" not in seen(plain.text)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert 'data-screen="phone"' in page.text
    for text in (page.text, part.text):
        said = html.unescape(re.search(r'<pre class="embed-line".*?<code>(.*?)</code>', text)[1])
        script = f'src="{SELF}/embed/v1.js" data-board="garden" data-key="{key}"{attributes} async'
        assert said == f"<script {script}></script>"
        assert "--answerback-accent: #ffcc00;" in text
    assert "<html" not in part.text
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]
    assert f'data-key="{key}"{attributes}' in framed.text.replace("&#34;", "&quot;")
    assert snippets.styles(snippets.Look(**{**chosen, "accent": "#ffcc00"})) in framed.text
    wrong = browser.get(path, query_string={**chosen, "accent": "#eeeeee"})
    assert (wrong.status_code, "In a grey so pale" in seen(wrong.text)) == (422, True)
    assert 'value="#eeeeee"' in wrong.text
    assert browser.get(f"{path}/preview?accent=red").status_code == 422
    assert "No site may show it yet" not in page.text
    board.embed_sites = []
    db.session.commit()
    assert "No site may show it yet" in browser.get(path).text
    board.visibility = "private"
    db.session.commit()
    assert "for its members alone" in browser.get(path).text
    assert browser_of(app, mia).get(f"{path}/preview").status_code == 404


def test_a_colour_is_pasted_in_shades_that_can_be_read():
    auto, light, dark = (snippets.styles(snippets.Look(theme, accent="#ffcc00")) for theme in ("", "light", "dark"))

    assert auto.count("--answerback-accent") == 2
    assert auto.startswith(light)
    assert "prefers-color-scheme" not in light + dark
    assert light != dark
    assert snippets.styles(snippets.Look("dark")) == ""


@pytest.mark.parametrize("language", ["Python", "Node.js", "PHP", "Ruby", "Go"])
def test_the_lines_for_a_server_make_a_token_that_counts(language, tmp_path):
    programs = {"Python": "python3", "Node.js": "node", "PHP": "php", "Ruby": "ruby", "Go": "go"}
    ends = {
        "Python": "\nimport sys\nprint(answerback_token(json.loads(sys.argv[1])))\n",
        "Node.js": "\nconsole.log(answerbackToken(JSON.parse(process.argv[2])));\n",
        "PHP": "\necho answerback_token(json_decode($argv[1], true));\n",
        "Ruby": "\nputs answerback_token(JSON.parse(ARGV[0], symbolize_names: true))\n",
        "Go": GO_BEGINS,
    }
    text = next(each.text for each in snippets.all_of(ISSUER, SELF) if each.language == language)
    assert ISSUER in text
    assert "<ISSUER>" not in text
    assert "<AUDIENCE>" not in text
    if not shutil.which(programs[language]):
        pytest.skip(f"{programs[language]} is not on this machine")
    secret = "ab_es_" + "s" * 43
    file, about = tmp_path / "token", json.dumps(MIA)
    command = [programs[language], str(file), about]
    if language == "Go":  # a package of its own there; a program begins in "main"
        file, begins = tmp_path / "token.go", tmp_path / "main.go"
        text = text.replace("package answerback", "package main")
        begins.write_text(ends.pop(language), encoding="utf-8")
        command = ["go", "run", str(file), str(begins), about]
    file.write_text(text + ends.get(language, ""), encoding="utf-8")

    around = {**os.environ, "ANSWERBACK_SECRET": secret, "GOCACHE": str(tmp_path / "compiled")}
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=around)

    expected = Expected("HS256", ISSUER, SELF)
    read = claims.read(made.stdout.strip(), expected, lambda _kid: [secret], now=utcnow())
    assert (read.subject, read.name, read.email, read.email_verified) == ("7", MIA["name"], MIA["email"], True)


@pytest.mark.parametrize(
    ("policy", "stopped"),
    [
        ("", []),
        ("img-src 'self'", []),
        (f"default-src 'self' {BASE}", []),
        ("default-src 'self'", ["script", "connect", "frame"]),
        ("default-src 'none'", ["script", "connect", "frame"]),
        ("default-src *", []),
        ("default-src https:", []),
        ("default-src http:", []),
        ("default-src wss: data:", ["script", "connect", "frame"]),
        (f"script-src {BASE}; connect-src {BASE}; frame-src {BASE}", []),
        (f"script-src {BASE}/embed/; connect-src 'self'", ["connect"]),
        (f"script-src {BASE}/embed/v2.js", ["script"]),
        (f"script-src {BASE}/embed/v1.js", []),
        ("script-src *.example.org", []),
        ("script-src *.ideas.example.org", ["script"]),
        ("script-src ideas.example.org", []),
        ("script-src ideas.example.org:443", []),
        ("script-src ideas.example.org:8443", ["script"]),
        ("script-src ideas.example.org:*", []),
        ("script-src http://ideas.example.org", []),
        ("script-src 'nonce-abc'", []),
        ("script-src 'nonce-ABC'", ["script"]),
        (f"script-src 'strict-dynamic' {BASE}", ["script"]),
        (f"script-src {BASE}; script-src 'none'", []),
        (f"script-src-elem 'none'; script-src {BASE}", ["script"]),
        ("child-src 'none'", ["frame"]),
        (f"default-src {BASE}, connect-src 'self'", ["connect"]),
        ("SCRIPT-SRC 'NONE'", ["script"]),
        ("script-src 'none' é [ :", ["script"]),
    ],
)
def test_a_content_policy_is_read_as_browsers_read_it(policy, stopped):
    found = [
        need
        for need in policies.NEEDS
        if any(
            policies.stops(each, need, f"{BASE}/embed/v1.js", page=f"{SITE}/", nonce="abc")
            for each in policies.parsed(policy)
        )
    ]

    assert found == stopped


@contextmanager
def hosted():
    """A page of a host, which may change."""
    said = {"status": 200, "body": "", "policy": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = said["body"].encode()
            self.send_response(said["status"])
            if said["policy"]:
                self.send_header("Content-Security-Policy", said["policy"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_check_says_what_stands_in_the_way_and_when_nothing_does(app, ask, board):
    let_in(app)
    config = app.config["ANSWERBACK"]
    app.config["ANSWERBACK"] = replace(config, base_url=BASE)
    key, other = key_of(board), key_of(BoardFactory(slug="other"))
    secret = set_up(board)
    ada = UserFactory(admin=True)
    db.session.commit()

    def looked(address="", token=""):
        found = checking.findings(db.session.get_one(Board, board.id), address=address, token=token)
        return [each.code for each in found if not each.is_good]

    with hosted() as (site, said):
        assert looked(site) == ["line", "origin"]
        board.embed_sites = [site]
        db.session.commit()
        said["body"] = snippets.line(BASE, "garden", key)
        assert looked(site) == []
        said["body"] = f"<p>&lt;script src={BASE}/embed/v1.js&gt;<!-- {snippets.line(BASE, 'garden', key)} -->"
        assert looked(site) == ["line"]
        for line in (snippets.line(BASE, "garden", other), snippets.line(BASE, "garden", "x" * 5000)):
            said["body"] = line
            assert looked(site) == ["key"]
        said["body"] = snippets.line(BASE, "other", other)
        assert looked(site) == ["line"]
        element = f'<answerback-board board="garden" data-key="{key}"></answerback-board>'
        said["body"] = f'<script src="http://[x"></script><script src="{BASE}/embed/v1.js" async></script>{element}'
        assert looked(site) == []
        said["body"] = snippets.line(BASE, "garden", key)
        said["policy"] = f"default-src 'self'; script-src 'self' {BASE}"
        assert looked(site) == ["policy-connect"]
        said["body"] += f'<iframe src="{BASE}/boards/garden/frame"></iframe>'
        assert looked(site) == ["policy-connect", "policy-frame"]
        said["policy"] = ""
        said["body"] += "<meta http-equiv=Content-Security-Policy content=\"script-src 'self'\">"
        assert looked(site) == ["policy-script"]
        said["status"] = 302
        assert looked(site) == ["reached"]
    assert looked(site) == ["reached"]
    for refused in ("http://10.0.0.1/", "ftp://example.org/", "no address"):
        assert looked(refused) == ["reached"]
    fine = signed({**said_of_mia(), "aud": BASE}, secret)
    assert looked(token=fine) == looked(token=f" {fine}\n") == []
    assert looked(token=signed({**said_of_mia(), "aud": SELF}, secret)) == ["token-audience"]
    assert looked(token="x") == ["token-malformed"]

    app.config["ANSWERBACK"] = config
    answer = ask(ada).post("boards/garden/embed/check", {"token": "x"}).json["data"]
    assert [(each["code"], each["good"]) for each in answer] == [("token-malformed", False)]
    browser = browser_of(app, ada)
    page = browser.post("/manage/boards/garden/embed/check", data={"address": "ftp://a", "token": "x"})
    assert "To do The page cannot be read" in seen(page.text)
    assert 'value="ftp://a"' in page.text
    empty = browser.post("/manage/boards/garden/embed/check", data={"address": " ", "token": ""})
    assert (empty.status_code, "Say which page" in empty.text) == (422, True)
