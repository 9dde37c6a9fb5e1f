"""Holes that applications of this kind had, each as a test: what must not work here."""

import ast
import re
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ideas.accounts import addresses, letters, tickets, writing
from ideas.accounts.models import TicketKind
from ideas.boards import queries
from ideas.db import db, unit_of_work
from ideas.ledger import preferences, worker
from tests.accounts.arranging import a_person, enter
from tests.factories import IdeaFactory, IdeaFollowFactory, UserFactory

IDEAS = Path(__file__).resolve().parents[2] / "ideas"

# --- Redirects ---

SCHEMES = ("", "http:", "https:", "HTTP:", "javascript:", "data:", "ftp:", "\thttp:", "http:\t", "\x00http:")
SLASHES = ("//", "///", "/\\", "\\/", "\\\\", "/\t/", "/ /", "/%2f", "/\n/", "/\r/")
HOSTS = ("evil.test", "evil.test/x", "evil.test@localhost", "localhost@evil.test", "[::1]", "evil。test")
ELSEWHERE = [f"{scheme}{slashes}{host}" for scheme in SCHEMES for slashes in SLASHES for host in HOSTS]


def test_there_are_two_hundred_addresses_that_lead_elsewhere():
    assert len(ELSEWHERE) >= 200


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_nobody_is_led_to_another_site(scheme):
    for address in (each for each in ELSEWHERE if each.startswith(scheme)):
        path = addresses.local_path(address)

        assert path.startswith("/"), address
        # what browsers make of it: backslashes are slashes, tabs and line ends are nothing
        read = re.sub(r"[\t\r\n]", "", path).replace("\\", "/")
        assert not read.startswith("//"), address


# --- Mail ---


class Tags(HTMLParser):
    """How often each tag with each attribute stands in a mail."""

    def __init__(self):
        super().__init__()
        self.seen = Counter()

    def handle_starttag(self, tag, attrs):
        self.seen[tag, tuple(sorted(name for name, _value in attrs))] += 1


def tags_of(message):
    parser = Tags()
    parser.feed(message.get_body(("html",)).get_content())
    return parser.seen


HOSTILE = '"><img src=x onerror=hit()><a href="//evil.test">'


def mails_about(app, mails, words):
    follower = UserFactory(name=f"Olga {words}", email="olga@example.test")
    idea = IdeaFactory(title=f"A shed {words}", author=UserFactory(name=f"Mia {words}"))
    IdeaFollowFactory(idea=idea, user=follower)
    from ideas.boards import commenting

    with unit_of_work():
        speaker = UserFactory(name=f"Ole {words}")
        commenting.add(speaker, queries.get_idea(speaker, idea.id), body="It rains.")
        preferences.choose(db.session.merge(follower), "new_comment", email=None, inbox=None)
        letters.write("olga@example.test", writing.sign_in("token"), good_for=tickets.GOOD_FOR[TicketKind.SIGN_IN])
    worker.run_once(app)
    return mails()


def test_names_and_titles_add_no_markup_and_no_header_to_a_mail(app, mails):
    fine = mails_about(app, mails, "and words")
    UserFactory._meta.sqlalchemy_session().execute(db.text('UPDATE "user" SET email = NULL'))
    db.session.commit()

    hostile = mails_about(app, mails, HOSTILE)[len(fine) :]

    assert len(hostile) == len(fine) > 0
    assert [tags_of(each) for each in hostile] == [tags_of(each) for each in fine]
    assert [each.keys() for each in hostile] == [each.keys() for each in fine]


# --- Caches that are shared ---


def test_no_page_of_somebody_signed_in_is_kept_by_others(app, client):
    person = a_person()
    enter(client, person)
    IdeaFactory()

    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith("/api/"):
            with client.get(rule.rule) as answer:
                kept = answer.headers.get("Cache-Control", "")
            is_everybodys = rule.endpoint in ("looks.favicon", "looks.logo", "looks.theme")
            assert is_everybodys or "no-store" in kept or "private" in kept, (rule.rule, kept)


# --- Bodies ---


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"title=" + b"a" * 2_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(400_000)), "application/x-www-form-urlencoded"),
        (
            b"".join(b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" for _ in range(5_000)) + b"--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"[" * 100_000, "application/json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json"),
        (b'{"title": "a", "title": "b"}', "application/json"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "application/json"),
    ],
    ids=["long", "many fields", "many parts", "deep list", "deep object", "twice", "digits"],
)
def test_a_body_made_to_exhaust_is_refused_soon(app, client, sent, kind):
    begun = time.process_time()

    path = "/api/v1/ideas" if "json" in kind else "/sign-in"
    answer = client.post(path, data=sent, content_type=kind)

    assert 400 <= answer.status_code < 500
    assert time.process_time() - begun < 5


# --- Patterns that take for ever ---


def patterns():
    """Every pattern that the code compiles from a plain string."""
    for path in sorted(IDEAS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                yield path.name, node.args[0].value


GROWING = [" ", "a", "0", "-", ".", "@", "<", "[", "(", "*", "_", "`", "\\", "/", "\n", "a.", "a@", "a-", "a ", "中"]


@pytest.mark.parametrize(("file", "pattern"), sorted(set(patterns())), ids=lambda each: repr(each)[:40])
def test_no_pattern_takes_for_ever(file, pattern):
    compiled = re.compile(pattern)
    for piece in GROWING:
        begun = time.process_time()
        compiled.search((piece * 20_000)[:20_000] + "\x01")

        assert time.process_time() - begun < 2.5, (file, piece)
