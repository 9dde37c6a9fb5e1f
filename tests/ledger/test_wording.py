"""What administrators say in a kind of mail: texts with blanks, and nothing else."""

import re

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry
from ideas.boards import behalf, merging, queries
from ideas.boards.models import Idea
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.ledger import sending, wording
from ideas.ledger.channels import email, shapes
from ideas.ledger.models import MailWords
from tests.boards.arranging import announce, count, statements
from tests.boards.pages import LONG_ENOUGH, answered, browser_of, in_order
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, charlie, team_member

SAID = {
    "subject": "[{{board}}] {{headline}}",
    "opening": "Dear {{name}},\n\nabout “{{title}}”:",
    "closing": "Kind regards,\n{{sender}} of {{site}} & <friends>",
}


@pytest.fixture
def ada(app):
    return UserFactory(name="Ada", admin=True)


@pytest.fixture
def idea(app):
    """Planned, and announced to its author and two voters."""
    board = BoardFactory(name="Garden")
    made = IdeaFactory(board=board, title="A rota", author=UserFactory(name="Ole"))
    for name in ("Mia", "Zoë <b>"):
        VoteFactory(idea=made, user=UserFactory(name=name))
    answered(team_member(board, name="Petra"), made)
    announce()
    return made


def say(actor, news="planned", **words):
    with unit_of_work():
        wording.say(actor, news, {**SAID, **words})


def mails():
    """The mails that are due now, by who gets them."""
    with unit_of_work():
        claim = sending.claim()
    made = email.compose(claim.rows)
    found = {row.to.name: made[row.delivery.id] for row in claim.rows}
    with unit_of_work():
        sending.release(claim, claim.rows)
    return found


def test_a_mail_says_what_administrators_say_and_all_that_it_must(ada, idea):
    before = mails()
    say(ada)
    after = mails()

    assert set(after) == {"Ole", "Mia", "Zoë <b>"}
    for name, mail in after.items():
        assert mail.subject == f"[Garden] {before[name].subject}"
        assert mail.text.startswith(f"Dear {name},\n\nabout “A rota”:\n\n{before[name].text[:60]}")
        kept = before[name].text.partition("\n--\n")[0]
        assert kept in mail.text
        assert "Kind regards,\nPetra of" in mail.text
        assert mail.text.partition("\n--\n")[2].count("/u/") == before[name].text.count("/u/") == 3
        assert mail.headers["List-Unsubscribe"] == before[name].headers["List-Unsubscribe"]
        assert shapes.NAME not in mail.html + mail.text + mail.subject
    assert "Dear Zoë &lt;b&gt;," in after["Zoë <b>"].html
    assert "&amp; &lt;friends&gt;" in after["Mia"].html
    assert "<friends>" not in after["Mia"].html


def test_words_that_are_changed_or_reset_hold_for_what_waits(ada, idea):
    built_in = mails()["Mia"].subject
    say(ada, subject="{{title}} for {{name}}")
    assert mails()["Mia"].subject == "A rota for Mia"
    say(ada, subject="Now: {{headline}}")
    assert mails()["Mia"].subject == f"Now: {built_in}"
    say(ada, subject="", opening="", closing="")

    assert mails()["Mia"].subject == built_in
    assert count(MailWords) == 0
    assert count(AuditEntry, AuditEntry.act == "mail_words.changed") == 3


def test_many_mails_are_still_made_of_one(ada, idea):
    say(ada)
    for _each in range(5):
        VoteFactory(idea=idea, user=UserFactory())
    shapes.shapes.clear()
    mails()
    made = len(shapes.shapes._kept)

    with statements() as asked:
        mails()

    assert made == 2  # one for the author, one for all who voted on one day
    assert sum("mail_words" in statement for statement, _values in asked) == 1


def test_a_blank_that_there_is_not_is_refused_by_its_name_and_only_administrators_choose(ada, idea):
    with pytest.raises(ValidationError) as refused:
        say(ada, closing="{{ unsubscribe }}")
    assert "{{unsubscribe}}" in refused.value.messages_dict["closing"][0]
    db.session.rollback()
    with pytest.raises(NotFound):
        say(charlie())


def test_no_words_take_away_what_a_mail_must_say(ada, idea):
    for field, words in (
        ("subject", "News for {{name}}"),  # of which of their ideas
        ("subject", "{{title}} {{title}}"),
        ("opening", "Hello\n-- \nbye"),  # programs fold away what follows
        ("closing", "_____"),
        ("opening", "{% if name %}{{ name|safe }}{% endif %}"),
        ("closing", "{{settings_url}}"),
        ("closing", "{{name.__class__}}"),
    ):
        with pytest.raises(ValidationError) as refused:
            say(ada, **{field: words})
        assert set(refused.value.messages_dict) == {field}
        db.session.rollback()
    assert count(MailWords) == 0


def test_mark_up_in_words_is_words(ada, idea):
    hostile = "</p></td></table><style>.stop{display:none}</style><!-- <a href='https://x.test'>x</a> {% raw %} \u202e"
    say(ada, subject="{{headline}} <!-- \u202e", opening=hostile, closing=f"{hostile}\n\n{{{{name}}}} {{{{title}}}}")
    db.session.execute(sa.update(Idea).values(title="{{name}} <b>{{sender}}</b>"))
    db.session.commit()

    for name, mail in mails().items():
        assert hostile in mail.text
        assert mail.text.partition("\n--\n")[2].count("/u/") == 3
        body = mail.html.partition("<body")[2]
        assert body.count("/u/") == 3
        assert "display:none" not in re.sub(r"&lt;style&gt;.*?&lt;/style&gt;", "", body)
        assert "<!--" not in body
        assert "x.test'" not in re.sub(r"&lt;a href=.*?&gt;", "", body)
        assert f"{name} {{{{name}}}} <b>{{{{sender}}}}</b>" in mail.text  # what is filled in is not read again


def test_title_and_subject_are_of_the_persons_own_idea_that_became_part_of_another(ada):
    board = BoardFactory()
    petra = team_member(board)
    own = IdeaFactory(board=board, title="A watering plan", author=UserFactory(name="Ruth"))
    into = IdeaFactory(board=board, title="A rota", author=UserFactory(name="Ole"))
    with unit_of_work():
        merging.merge(petra, queries.get_idea(petra, own.id), queries.get_idea(petra, into.id), text=LONG_ENOUGH)
    announce()
    answered(petra, into)
    announce()
    say(ada, subject="{{title}}", opening="", closing="About {{title}}")

    found = [(name, mail) for name, mail in mails().items() if mail.subject in ("A watering plan", "A rota")]

    assert {name: mail.subject for name, mail in found} == {"Ruth": "A watering plan", "Ole": "A rota"}
    assert all(f"About {mail.subject}" in mail.text for _name, mail in found)


def test_a_sample_shows_no_link_by_which_somebody_else_says_something(app, ada):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    nadia = team_member(board)
    with unit_of_work():
        behalf.note(nadia, queries.get_idea(nadia, idea.id), UserFactory(name="Ole"))
    announce()
    asked = mails()["Ole"]
    assert "/on-behalf/" in asked.text

    page = browser_of(app, ada).get("/manage/mails/on_behalf").text

    assert in_order(page, "What people read", "Do you want this?", "http://localhost/…")
    assert "/on-behalf/" not in page
    assert "/u/" not in page


def test_the_words_are_tried_kept_and_reset_on_a_page(app, ada, idea):
    browser, path = browser_of(app, ada), "/manage/mails/planned"

    tried = browser.post(path, data={**SAID, "preview": "1"}).text
    assert count(MailWords) == 0
    assert in_order(tried, "Whoever had the idea", "[Garden]", "Dear Ada,", "Somebody who voted", "You voted for this")
    refused = browser.post(path, data={**SAID, "subject": "{{price}}"})
    assert refused.status_code == 422
    assert in_order(refused.text, "There is no blank “{{price}}”")
    assert browser.post(path, data=SAID).status_code == 303
    assert "your own" in browser.get("/manage/mails").text
    assert browser.post(f"{path}/reset").status_code == 303
    assert count(MailWords) == 0
    assert browser.get("/manage/mails/nothing").status_code == 404
    assert browser_of(app, charlie()).get(path).status_code in (403, 404)
