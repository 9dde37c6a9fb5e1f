"""What stands beside an answer: the strongest comments, how a text reads, whether it was said before."""

import pytest

from ideas.accounts.models import User
from ideas.boards import composing, grading, likeness, queries
from ideas.boards.models import Comment, CreditKind
from ideas.boards.models_evidence import Evidence
from ideas.db import db
from tests.boards.pages import answered, browser_of, credit, in_order, seen
from tests.factories import BoardFactory, CommentFactory, CompanyFactory, IdeaFactory, UserFactory, charlie, team_member

PLAIN = (
    "We read what you wrote. You need to see who has the key. From May the page shows it. If it is not there, tell us."
)
HARD = (
    "In consideration of the organisational implications, the responsible administrative committee has determined that "
    "the aforementioned functionality necessitates comprehensive reconsideration of fundamental architectural "
    "characteristics of the underlying infrastructure before implementation can be contemplated."
)


@pytest.mark.parametrize(
    ("word", "count"),
    [("key", 1), ("made", 1), ("table", 2), ("wanted", 2), ("walked", 1), ("committee", 3), ("don't", 1), ("pages", 2)],
)
def test_syllables_are_counted_as_they_are_said(word, count):
    assert grading.syllables(word) == count


def test_a_grade_is_what_the_formula_says():
    words = "The cat sat on the mat and the dog sat on the rug. It was not hot, and it was not cold at all there."

    found = grading.grade([words])

    assert found is not None
    assert (found.words, found.sentences, found.longest_words) == (25, 2, 13)
    assert found.level == pytest.approx(0.39 * 25 / 2 + 11.8 * 25 / 25 - 15.59)


def test_plain_words_are_easy_and_long_ones_hard():
    plain, hard = grading.grade([PLAIN]), grading.grade([HARD])

    assert plain is not None
    assert plain.is_easy
    assert not plain.has_long_sentence
    assert hard is not None
    assert hard.is_hard
    assert hard.longest == HARD


@pytest.mark.parametrize(
    "text",
    [
        "Too short to be graded at all.",
        "Wir haben gelesen, was ihr geschrieben habt, und wir wollen im Mai eine Seite zeigen, auf der man sieht, wer "
        "den Schlüssel hat und wann er wieder im Schrank ist.",
        "Nous avons lu ce que vous avez écrit et nous voulons montrer dans une page qui a la clé et quand elle est de "
        "retour dans son armoire, pour que chacun la trouve.",
        "We hebben gelezen wat jullie schreven en we willen in mei een bladzijde tonen waarop je ziet wie de sleutel "
        "heeft en wanneer hij weer in de kast is.",
        "我们读了你们写的东西，从五月开始页面会显示谁拿着钥匙。" * 4,
    ],
)
def test_what_is_short_or_not_english_has_no_grade(text):
    assert grading.grade([text]) is None


def test_texts_are_nearly_equal_when_few_words_differ():
    text = (
        "Thank you for asking for the {}. We looked at it with everyone who asked, and we decided to build it this "
        "spring, because it helps whoever waters the beds when others are away for a while. It will be on the page "
        "where you book the beds, and you need not do anything for it."
    )
    others = [(1, "We will not do this, because the roof does not carry it, and nobody can pay for a stronger one.")]

    assert likeness.nearest(text.format("rota"), others) is None
    found = likeness.nearest(text.format("rota"), [*others, (2, text.format("key list"))])
    assert found is not None
    assert found.key == 2
    assert likeness.nearest(text.format("rota"), [(3, text.format("rota"))]) == likeness.Likest(3, 1.0)
    chinese = "我们读了你们写的东西，从五月开始页面会显示谁拿着钥匙。"
    assert likeness.nearest(chinese, [(4, chinese.replace("五月", "六月"))]) is not None
    assert likeness.nearest("", [(5, "")]) is None


@pytest.fixture
def board(app):
    return BoardFactory()


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, title="A rota for watering", author=UserFactory(name="Ole"))


def on(person: User, idea):
    return queries.get_idea(person, idea.id)


def reply(idea, to: Comment, author: User | None = None) -> None:
    CommentFactory(idea=idea, parent_id=to.id, reply_to_id=to.id, **({"author": author} if author else {}))


def test_the_strongest_comment_is_what_most_people_replied_to(idea, petra):
    first, used, talked, liked = (CommentFactory(idea=idea) for _each in range(4))
    chatty = UserFactory()
    for _each in range(3):
        reply(idea, talked, chatty)  # one person, however often
    reply(idea, liked, UserFactory())
    reply(idea, liked, UserFactory())
    reply(idea, first, db.session.get(User, first.author_id))  # to oneself
    answered(petra, idea, credits=[credit(CreditKind.COMMENT, "It became the page.", used.id)])
    CommentFactory(idea=idea, is_internal=True)

    found = composing.strongest(on(petra, idea))

    assert [each.comment.id for each in found[:4]] == [liked.id, talked.id, used.id, first.id]
    assert [(each.repliers, each.was_credited) for each in found[:4]] == [(2, False), (1, False), (0, True), (0, False)]
    assert len(found) == composing.STRONGEST


def test_only_answers_on_boards_of_ones_own_are_compared(idea, board, petra):
    elsewhere = IdeaFactory(board=BoardFactory(), title="Somewhere else")
    answered(team_member(elsewhere.board), elsewhere, text=PLAIN)

    assert composing.said_before(petra, PLAIN) is None
    assert composing.said_before(UserFactory(admin=True), PLAIN) is not None

    given = answered(petra, idea, text=PLAIN)
    earlier = composing.said_before(petra, PLAIN.replace("May", "June"))
    assert earlier is not None
    assert (earlier.answer_id, earlier.title) == (given.id, "A rota for watering")
    assert composing.said_before(petra, PLAIN, but=given.id) is None


def test_the_composer_warns_of_words_said_before_and_takes_them_all_the_same(app, board, idea, petra):
    answered(petra, IdeaFactory(board=board, title="A list of keys"), text=PLAIN)
    browser = browser_of(app, petra)
    words = {"status": "planned", "reason": "committed", "text": PLAIN}

    shown = browser.post(f"/ideas/{idea.id}/answer", data={**words, "preview": "1"}).text
    given = browser.post(f"/ideas/{idea.id}/answer", data=words)

    assert in_order(shown, "nearly the words of another answer", "A list of keys", "Reading grade")
    assert given.status_code == 303


def test_a_comment_is_credited_where_it_stands_and_nothing_typed_is_lost(app, idea, petra):
    said = CommentFactory(idea=idea, author=UserFactory(name="Ruth"), body="Show who has the key.")
    for _each in range(9):
        CommentFactory(idea=idea)
    reply(idea, said)
    browser = browser_of(app, petra)
    key = f"comment-{said.id}"

    page = browser.get(f"/ideas/{idea.id}/answer").text
    assert in_order(
        page, "What else was said", "What was asked", "The strongest comments", "Ruth", "1 person replied", "next ones"
    )
    picked = browser.post(
        f"/ideas/{idea.id}/answer",
        data={"text": "Half a thought", "credit": "author", "how-author": "Yours", "pick": key},
    )

    assert picked.status_code == 200
    assert "Half a thought</textarea>" in picked.text.replace("\r\n", "")
    assert f'value="{key}" checked' in picked.text
    assert 'value="author" checked' in picked.text
    assert 'value="Yours"' in picked.text
    assert "Credited" in seen(picked.text)
    assert browser_of(app, charlie()).post(f"/ideas/{idea.id}/answer", data={"pick": key}).status_code == 403


def test_what_customers_said_elsewhere_stands_beside_the_answer_and_is_credited_where_it_stands(app, idea, petra):
    ole = UserFactory(name="Ole", company=CompanyFactory(name="Hafen"))
    by = {"idea_id": idea.id, "by_id": petra.id, "kind": "call"}
    nobodys, oles = (
        Evidence(words="It rained on mine.", **by),
        Evidence(words="Ours rust <b>away</b>.", user_id=ole.id, **by),
    )
    db.session.add_all([nobodys, oles])
    db.session.commit()
    key = f"evidence-{oles.id}"
    browser = browser_of(app, petra)

    page = browser.get(f"/ideas/{idea.id}/answer").text
    assert in_order(page, "What was asked", "What customers said elsewhere", "Hafen", "rust <b>away</b>.", "Somebody")
    assert "<b>away" not in page
    button = 'name="pick" value="evidence-{}"'
    assert button.format(oles.id) in page
    assert button.format(nobodys.id) not in page  # nobody is there to be told

    picked = browser.post(f"/ideas/{idea.id}/answer", data={"text": "Half a thought", "pick": key})
    assert f'value="{key}" checked' in picked.text
    assert "Half a thought</textarea>" in picked.text.replace("\r\n", "")
