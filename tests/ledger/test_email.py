"""What a mail says and carries."""

import email
import email.policy
import email.utils
from collections import Counter
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser

from ideas import mail
from ideas.db import db
from tests.ledger.arranging import World, lines, person


def received(world: World) -> EmailMessage:
    """The last mail that left, as a mail program reads it."""
    sent = mail.as_bytes(world.transport.sent[-1], "Answerback <no-reply@example.test>")
    return email.message_from_bytes(sent, _class=EmailMessage, policy=email.policy.default)


def test_a_mail_carries_what_mail_programs_need(world: World):
    mia = person("Mia")
    world.happens((mia, "voter"))

    world.work()

    message = received(world)
    number = lines()[mia.id, "email"].id
    assert message["Message-ID"] == f"<delivery-{number}@localhost>"
    assert message["In-Reply-To"] == message["References"] == "<idea-7@localhost>"
    assert message["List-Id"] == "<planned.localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith("<http://localhost/u/")
    assert "<mailto:" in message["List-Unsubscribe"]
    assert message["Feedback-ID"] == "tried:planned:voter:answerback"
    assert str(message["To"]) == f"Mia <{mia.email}>"
    assert str(message["From"]) == "Petra <no-reply@example.test>"
    assert message["Subject"] == "News: It is planned"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_text_and_html_say_the_same_and_how_to_stop(world: World):
    world.happens((person(), "voter"))

    world.work()

    for kind in ("plain", "html"):
        body = received(world).get_body((kind,))
        assert body is not None
        words = body.get_content()
        for said in ("It is planned", "You are the voter.", "this is why.", "http://localhost/ideas/7"):
            assert said in words
        for stop in ("stop=subject", "stop=kind", "stop=everything", "/choices/"):
            assert stop in words


def test_styles_are_on_the_elements_and_dark_mode_is_kept(world: World):
    world.happens((person(), "voter"))

    world.work()

    html = world.transport.sent[0].html
    assert '<h1 style="' in html
    assert "prefers-color-scheme" in html
    assert "<img" not in html
    assert "<link" not in html


class Tags(HTMLParser):
    """Counts what a browser would make of a page: tags with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag, tuple(name for name, _value in attrs)] += 1


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.test">here</a>',
    "</title><style>*{display:none}</style>",
    "</td></tr></table><h1>Your account is closed</h1>",
    "{{ 7 * 7 }} {% if true %}",
    "<!-- ",
    "&lt;b&gt;",
    "]]><svg onload=alert(1)>",
]


def test_hostile_names_and_titles_leave_the_same_tags(world: World):
    def tags(words: str) -> Counter[tuple[str, tuple[str, ...]]]:
        world.title = world.text = words
        world.happens((person(words), "voter"))
        world.work()
        parser = Tags()
        parser.feed(world.transport.sent[-1].html)
        return parser.found

    benign = tags("Mia")

    for words in HOSTILE:
        assert tags(words) == benign, words
        assert "49" not in world.transport.sent[-1].subject


def test_a_name_in_any_script_is_the_name_that_arrives(world: World):
    names = ["Zoë Müller-Łukasz", "村上 春樹", "محمد", 'O\'Brien, "Bob" <b@x.test>', "=?utf-8?q?fake?=", "👩‍🌾 " * 20]
    for name in names:
        world.happens((person(name), "voter"))
        world.work()

        message = world.transport.sent[-1]
        raw = email.message_from_bytes(mail.as_bytes(message, "no-reply@example.test"))
        # not by the newer policy: its parser of names puts a blank between two coded words
        arrived, address = email.utils.parseaddr(raw["To"].replace("\r\n", ""))
        assert str(make_header(decode_header(arrived))).strip() == name.strip()
        assert address == message.to
        assert all(len(line) <= 78 for line in raw["To"].splitlines())


def test_the_same_delivery_is_the_same_mail(world: World):
    mia = person()
    world.happens((mia, "voter"))
    world.work()
    line = lines()[mia.id, "email"]
    line.state, line.done_at, line.lease = "pending", None, None
    db.session.commit()

    world.work()

    first, second = world.transport.sent
    assert first == second
