"""Holes that applications of this kind had, each as a test: what must not work here."""

import ast
import csv
import email
import email.policy
import io
import re
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ideas import mail, privacy
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


# What would add a recipient or a header, and where in an address it may stand.
BREAKS = (
    *("\r\nBcc: all@evil.test", "\nBcc: all@evil.test", "\rBcc: all@evil.test", "\r\n\r\nwords", "\n\nwords", "\0"),
    *(",all@evil.test", ";all@evil.test", " all@evil.test", "<all@evil.test>", ">all@evil.test<", "(all@evil.test)"),
    *('"all@evil.test"', "\x0bBcc: a", "\x0cBcc: a", "\x1cBcc: a", "\x85Bcc: a", "\u2028Bcc: a", "\u2029Bcc: a"),
    *(
        "%0d%0aBcc:all@evil.test",
        "%0aBcc%3aall",
        "=?utf-8?q?=0aBcc=3aall?=",
        "\\r\\nBcc: a",
        "\u560a\u560dBcc: a",
    ),
    *("@evil.test", "\t", "\u200b", "\u202e", "\ufeff", "\xa0"),
)
PLACES = ("{}mia@example.test", "mi{}a@example.test", "mia{}@example.test", "mia@{}example.test", "mia@example.test{}")
ADDRESSES = [place.format(each) for each in BREAKS for place in PLACES]


def test_there_are_more_than_a_hundred_addresses_that_hold_more_than_one():
    assert len(set(ADDRESSES)) >= 100


def test_an_address_is_one_address_or_none(app, client):
    plain = mail_to("mia@example.test")
    taken = set()
    for typed in ADDRESSES:
        answer = client.post("/sign-in/link", data={"email": typed})
        try:
            address = addresses.email(typed)
        except ValueError:
            assert answer.status_code == 422, typed
        else:
            taken.add(address)
            message = mail_to(address)
            assert message.keys() == plain.keys(), typed
            assert [each.addr_spec for each in message["To"].addresses] == [address], typed
    # those that only look odd: percent signs stand for themselves, and what stands around an address is cut off
    assert len(taken) < 25
    assert not any(re.search(r"[\s,;<>()\"\0]|@.*@", address) for address in taken)


@pytest.mark.parametrize(
    "address", [each for each in ADDRESSES if re.search(r"[\r\n\0,;<> ]", each.strip())], ids=ascii
)
def test_no_mail_is_made_for_more_than_one(address):
    with pytest.raises(mail.Unmailable):
        mail_to(address)


def mail_to(address):
    """A mail to that address as a mail program reads it."""
    message = mail.Message(address, "", "Petra", "News", "Words.", "<p>Words.</p>", "<1@localhost>")
    return email.message_from_bytes(mail.as_bytes(message, "team@localhost"), policy=email.policy.default)


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


# Read as by a visitor, whoever asks; that they are the same for everybody, tests/sharing says.
OF_VISITORS = ("feeds.everywhere", "feeds.releases_everywhere", "feeds.calendar_everywhere", "links.embed")


def test_no_page_of_somebody_signed_in_is_kept_by_others(app, client):
    person = a_person()
    enter(client, person)
    IdeaFactory()

    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith("/api/"):
            with client.get(rule.rule) as answer:
                kept = answer.headers.get("Cache-Control", "")
            is_everybodys = rule.endpoint in (
                *("looks.favicon", "looks.logo", "looks.theme", "widget.line"),
                *OF_VISITORS,
            )
            assert is_everybodys or "no-store" in kept or "private" in kept, (rule.rule, kept)


# --- Tables for spreadsheets ---

FORMULAS = [f"{start}{rest}" for start in privacy.FORMULA_STARTS for rest in ("1+1", "cmd|' /C calc'!A0", "SUM(1)", "")]


def test_nothing_that_people_write_is_a_formula():
    for text in FORMULAS:
        row = next(csv.reader(io.StringIO(f'"{privacy.formula_safe(text)}"', newline="")))

        assert row[0] == f"'{text}"
    for text in ("plain", "a=1", "1-1", "'=1+1", ""):
        assert privacy.formula_safe(text) == text


def test_every_table_that_leaves_is_written_by_the_one_that_knows():
    """Whoever writes CSV anywhere asks formula_safe."""
    writing = [path for path in IDEAS.rglob("*.py") if "csv.writer" in path.read_text(encoding="utf-8")]

    assert writing
    assert [path.name for path in writing if "formula_safe(" not in path.read_text(encoding="utf-8")] == []


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
        (b"--x\r\n" + b"a" * 2_000_000, "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n" + b"X: y\r\n" * 60_000,
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"a" * 900_000, "multipart/form-data; boundary=x"),
        (b"\r\n--x" * 200_000, "multipart/form-data; boundary=x"),
        (b"%" * 1_000_000, "application/x-www-form-urlencoded"),
        (b"a" * 2_000_000, "text/plain"),
        (b"[" * 100_000, "application/json"),
        (b'"' + b"\\u0041" * 160_000 + b'"', "application/json"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}", "application/json"),
        (b"1" * 1_000_000, "application/json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json"),
        (b'{"title": "a", "title": "b"}', "application/json"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "application/json"),
    ],
    ids=[
        *("long", "many fields", "many parts", "no head", "a long head", "no end", "boundaries", "percent", "plain"),
        *("deep list", "escapes", "many names", "a long number", "deep object", "twice", "digits"),
    ],
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


def test_no_pattern_takes_for_ever():
    found = set(patterns())
    assert len(found) > 40
    for file, pattern in found:
        compiled = re.compile(pattern)
        for piece in GROWING:
            begun = time.process_time()
            compiled.search((piece * 20_000)[:20_000] + "\x01")

            assert time.process_time() - begun < 2.5, (file, pattern, piece)
