"""What people see of boards and ideas."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ideas.boards import searching
from ideas.boards.models import CreditKind, IdeaTag, Reason, Stage
from ideas.db import db, utcnow
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import answered, browser_of, credit, in_order, seen
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    status_of,
    team_member,
)

# --- Which boards are there ---


def test_the_first_page_lists_public_boards_with_what_they_promise(client):
    BoardFactory(name="Garden", about="Beds and tools.", answer_within_days=14)

    page = client.get("/").text

    assert in_order(page, "Garden", "Beds and tools.", "Answers within 14 days")


def test_an_unlisted_board_is_in_no_list_and_open_to_whoever_has_its_address(client):
    BoardFactory(unlisted=True, name="Quiet corner", slug="quiet")

    assert "Quiet corner" not in client.get("/").text
    assert "Quiet corner" in client.get("/boards/quiet").text


def test_a_private_board_is_there_for_its_members_alone(app, client):
    board = BoardFactory(private=True, name="Key holders", slug="keys")
    member = UserFactory()
    MembershipFactory(board=board, user=member)

    for path in ("/boards/keys", "/boards/keys/new", "/boards/keys/roadmap"):
        assert client.get(path).status_code == 404
        assert browser_of(app, charlie()).get(path).status_code == 404
        assert browser_of(app, member).get(path).status_code == 200
    assert "Key holders" not in client.get("/").text
    assert "Key holders" in browser_of(app, member).get("/").text


def test_missing_and_hidden_ideas_look_the_same(client):
    hidden = IdeaFactory(board=BoardFactory(private=True))

    first, second = (client.get(f"/ideas/{number}-x") for number in (hidden.id, 10**9))

    assert first.status_code == second.status_code == 404
    assert seen(first.text) == seen(second.text)


def test_a_site_without_boards_says_what_will_be_here(client):
    assert "No boards yet" in client.get("/").text


# --- Lists ---


def test_a_board_shows_its_promise_and_how_it_is_kept(app, client):
    board = BoardFactory(promise="Mia reads everything on Mondays.", answer_within_days=14)
    petra = team_member(board)
    old = utcnow() - timedelta(days=20)
    answered(petra, IdeaFactory(board=board))
    IdeaFactory(board=board, created_at=old)

    page = seen(client.get(f"/boards/{board.slug}").text)

    assert "Mia reads everything on Mondays. We answer within 14 days." in page
    assert "0 % kept, oldest unanswered" in page


def test_a_row_says_what_an_idea_is_and_how_it_was_answered(client):
    board = BoardFactory()
    idea = IdeaFactory(board=board, title="A rota for watering", body="So that nothing dries out.")
    VoteFactory(idea=idea)
    CommentFactory(idea=idea)
    petra = team_member(board, name="Petra")
    answered(petra, idea, text="We build a booking page for the taps, before the first dry month.")

    page = client.get(f"/boards/{board.slug}").text

    assert in_order(
        page,
        "1 vote for A rota for watering",
        "So that nothing dries out.",
        "Planned",
        "1 comment",
        "Petra : We build a booking page",
    )


@pytest.mark.parametrize(
    ("sort", "first"),
    [("top", "Much wanted"), ("new", "Latest"), ("discussed", "Talked about"), ("trending", "Latest")],
)
def test_ideas_come_in_the_order_that_was_chosen(client, sort, first):
    board = BoardFactory()
    long_ago = utcnow() - timedelta(days=100)
    wanted = IdeaFactory(board=board, title="Much wanted", created_at=long_ago)
    talked = IdeaFactory(board=board, title="Talked about", created_at=long_ago)
    IdeaFactory(board=board, title="Latest")
    for _ in range(2):
        VoteFactory(idea=wanted)
        CommentFactory(idea=talked)

    page = client.get(f"/boards/{board.slug}?sort={sort}").text

    others = {"Much wanted", "Latest", "Talked about"} - {first}
    assert all(in_order(page, first, other) for other in others)


def test_answered_ideas_come_by_their_answer_and_the_others_are_left_out(client):
    board = BoardFactory()
    petra = team_member(board)
    first, second = IdeaFactory(board=board, title="First asked"), IdeaFactory(board=board, title="Second asked")
    IdeaFactory(board=board, title="Never answered")
    answered(petra, second)
    answered(petra, first)

    page = client.get(f"/boards/{board.slug}?sort=answered").text

    assert in_order(page, "First asked", "Second asked")
    assert "Never answered" not in page


def test_a_list_can_be_narrowed_and_its_address_shared(client):
    board = BoardFactory()
    seeds = TagFactory(board=board, slug="seeds", name="Seeds")
    IdeaFactory(board=board, title="Open one")
    IdeaFactory(board=board, title="Planned one", stage=Stage.PLANNED)
    address = f"/boards/{board.slug}"

    planned = seen(client.get(f"{address}?status=planned").text)

    assert "Planned one" in planned
    assert "Open one" not in planned
    assert "Planned one" in client.get(f"{address}?stage=planned").text
    assert "Nothing fits all of this" in client.get(f"{address}?tag={seeds.slug}").text
    assert "Open one" not in client.get(f"{address}?q=planned").text


def test_what_an_address_says_wrongly_is_left_out(client):
    idea = IdeaFactory()

    page = client.get(f"/boards/{idea.board.slug}?sort=loud&stage=gone&cursor=")

    assert page.status_code == 200
    assert idea.title in page.text


def test_a_forged_place_in_a_list_is_refused_in_words(client):
    board = BoardFactory()

    answer = client.get(f"/boards/{board.slug}?cursor=forged")

    assert answer.status_code == 422
    assert "This place in the list is not known" in answer.text


def test_a_list_goes_on_where_it_ended(client):
    board = BoardFactory()
    for number in range(25):
        IdeaFactory(board=board, title=f"Wish {number:02}.", created_at=utcnow() - timedelta(hours=number))

    first = client.get(f"/boards/{board.slug}?sort=new").text
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text

    shown = [number for number in range(25) if f"Wish {number:02}." in first]
    assert shown == list(range(20))
    assert [number for number in range(25) if f"Wish {number:02}." in second] == list(range(20, 25))
    assert "Back to the first" in second


def test_searching_offers_to_post_what_was_searched_for(client):
    board = BoardFactory()

    page = client.get(f"/boards/{board.slug}?q=a+second+gate").text

    assert "Post “a second gate” as a new idea" in page
    assert f"/boards/{board.slug}/new?title=a+second+gate" in page


def test_a_script_that_searches_gets_the_results_alone(client):
    idea = IdeaFactory()
    searching.index(idea)

    part = client.get(f"/boards/{idea.board.slug}?q=bicycle", headers={"X-Requested-With": "fetch"}).text

    assert idea.title in part
    assert "<html" not in part


def test_people_find_their_own_ideas_and_votes(app):
    mia = UserFactory()
    board = BoardFactory()
    IdeaFactory(board=board, author=mia, title="Written by me")
    VoteFactory(idea=IdeaFactory(board=board, title="Voted by me"), user=mia)
    mias = browser_of(app, mia)

    mine, voted = (mias.get(f"/boards/{board.slug}?{narrowed}=1").text for narrowed in ("mine", "voted"))

    assert "Written by me" in mine
    assert "Voted by me" not in mine
    assert "Voted by me" in voted
    assert "Written by me" not in voted


def test_hidden_and_withdrawn_ideas_leave_the_lists_of_others(app, client):
    board = BoardFactory()
    petra = team_member(board)
    IdeaFactory(board=board, title="Something rude", hidden=True)
    IdeaFactory(board=board, title="Taken back", withdrawn=True)
    address = f"/boards/{board.slug}"

    page, teams = client.get(address).text, browser_of(app, petra).get(address).text

    assert "Something rude" not in page
    assert "Something rude" in teams
    assert "Taken back" not in page + teams


# --- An idea ---


def path_of(idea):
    return f"/ideas/{idea.id}-{idea.slug}"


def test_an_idea_has_one_address(client):
    idea = IdeaFactory(title="A rota for watering")

    for other in (f"/ideas/{idea.id}", f"/ideas/{idea.id}-something-else"):
        answer = client.get(other)
        assert answer.status_code == 301
        assert answer.location.endswith(f"/ideas/{idea.id}-a-rota-for-watering")


def test_the_answer_stands_first_with_what_each_input_did(client):
    board = BoardFactory()
    ole, ruth = UserFactory(name="Ole"), UserFactory(name="Ruth")
    idea = IdeaFactory(board=board, author=ole, title="A rota", body="We need a rota.")
    said = CommentFactory(idea=idea, author=ruth, body="Show who has the key.")
    petra = team_member(board, name="Petra", title="Product lead")
    credits = [
        credit(CreditKind.VOTES, "Your votes moved it forward."),
        credit(CreditKind.AUTHOR, "Your rota became the booking page."),
        credit(CreditKind.COMMENT, "The page shows who has the key.", said.id),
    ]
    answered(petra, idea, text="We build a booking page for the taps.", credits=credits, date=date(2031, 5, 1))

    page = client.get(path_of(idea)).text

    assert in_order(
        page,
        "Petra",
        "Product lead",
        "Planned",
        "We have decided to do it",
        "We build a booking page for the taps.",
        "1 May 2031",
        "Everyone who voted → Your votes moved it forward.",
        "Ole had the idea → Your rota became the booking page.",
        "“Show who has the key.”",
        "Ruth → The page shows who has the key.",
        "We need a rota.",
    )


def test_an_unanswered_idea_says_by_when_it_is_answered(client):
    page = client.get(path_of(IdeaFactory(board=BoardFactory(answer_within_days=9)))).text

    assert "The team answers within 9 days." in page


def test_backers_are_a_number_and_named_if_they_want(app, client):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    VoteFactory(idea=idea, user=UserFactory(name="Shy Sara"))
    VoteFactory(idea=idea, user=UserFactory(name="Open Ole", shown_as_backer=True))
    petra = team_member(board)

    page, teams = client.get(path_of(idea)).text, browser_of(app, petra).get(path_of(idea)).text

    assert "2 backers" in page
    assert "Open Ole" in page
    assert "Shy Sara" not in page
    assert "Shy Sara" in teams


def test_a_discussion_shows_replies_official_words_and_tombstones(client):
    idea = IdeaFactory()
    first = CommentFactory(idea=idea, body="The first word.")
    CommentFactory(idea=idea, body="A reply to it.", parent_id=first.id)
    CommentFactory(idea=idea, body="Said for the team.", official=True)
    CommentFactory(idea=idea, body="Seen by the team alone.", internal=True)
    CommentFactory(idea=idea, body="Something rude.", hidden_at=utcnow())

    page = client.get(path_of(idea)).text

    assert in_order(page, "The first word.", "A reply to it.", "official word", "Said for the team.")
    assert "A comment was hidden by the team." in page
    assert "Seen by the team alone." not in page
    assert "Something rude." not in page


def test_the_team_sees_notes_and_what_is_hidden(app):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    CommentFactory(idea=idea, body="Ask Jon about the budget.", internal=True)
    CommentFactory(idea=idea, body="Something rude.", hidden_at=utcnow())

    page = browser_of(app, team_member(board)).get(path_of(idea)).text

    assert "Ask Jon about the budget." in page
    assert "Something rude." in page


def test_what_people_write_can_run_nothing(client):
    idea = IdeaFactory(title="<script>alert(1)</script>", body="<img src=x onerror=alert(1)> [x](javascript:alert(1))")

    page = client.get(f"/ideas/{idea.id}", follow_redirects=True).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page


def test_history_keeps_what_was_written(client):
    board = BoardFactory()
    idea = IdeaFactory(board=board, title="A rota for watering")
    answered(team_member(board, name="Petra"), idea)

    page = client.get(f"/ideas/{idea.id}/history").text

    assert in_order(page, "Answer by Petra", "Version 1", "The idea", "A rota for watering")


def test_a_page_shows_times_in_words_and_exactly(client):
    idea = IdeaFactory(created_at=datetime(2020, 3, 3, 12, 0, tzinfo=UTC))

    page = client.get(path_of(idea)).text

    assert '<time datetime="2020-03-03T12:00:00Z"' in page
    assert ">3 March 2020</time>" in page


# --- What became of it ---


def test_each_contribution_is_shown_with_what_became_of_it(app):
    board = BoardFactory(answer_within_days=14)
    ruth = UserFactory(name="Ruth")
    shipped, waiting = IdeaFactory(board=board, title="A rota"), IdeaFactory(board=board, title="Bees", author=ruth)
    said = CommentFactory(idea=shipped, author=ruth, body="Show who has the key.")
    credits = [credit(CreditKind.COMMENT, "The page shows who has the key.", said.id)]
    answered(team_member(board, name="Petra"), shipped, "shipped", Reason.SHIPPED, credits=credits)

    page = browser_of(app, ruth).get("/receipts").text

    assert in_order(
        page, "You said", "“Show who has the key.”", "Shipped says Petra", "The page shows who has the key."
    )
    assert in_order(page, "You had the idea", waiting.title, "Waiting for an answer since", "The promise is 14 days.")


def test_receipts_are_ones_own(app, client):
    VoteFactory()

    assert client.get("/receipts").status_code == 303
    assert "Nothing of yours yet" in browser_of(app, charlie()).get("/receipts").text


# --- What pages cost ---


def filled(board, number):
    """Ideas with all that a row shows."""
    tag = TagFactory(board=board)
    petra = team_member(board)
    for _ in range(number):
        idea = IdeaFactory(board=board)
        VoteFactory(idea=idea, user=UserFactory(shown_as_backer=True))
        CommentFactory(idea=idea)
        db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
        db.session.commit()
        answered(petra, idea)
    db.session.commit()


def cost(client, path):
    client.get(path)  # the first visit of a process also builds statements and templates
    with statements() as asked:
        assert client.get(path).status_code == 200
    return len([line for line, _values in asked if not line.startswith(("BEGIN", "PRAGMA"))])


@pytest.mark.parametrize("kind", READERS)
def test_a_list_of_twenty_costs_what_a_list_of_one_costs(app, kind):
    short, long = BoardFactory(), BoardFactory()
    filled(short, 1)
    filled(long, 20)

    for board_path in ("/boards/{}", "/boards/{}?sort=top&stage=planned", "/boards/{}/roadmap"):
        costs = {
            cost(browser_of(app, reader_of(kind, board)), board_path.format(board.slug)) for board in (short, long)
        }
        assert len(costs) == 1, board_path


def test_a_list_asks_the_database_six_times_at_most(app, client):
    board = BoardFactory()
    filled(board, 3)

    assert cost(client, f"/boards/{board.slug}") <= 6
    assert cost(client, "/") <= 6


def test_an_idea_asks_the_database_twelve_times_at_most_whatever_was_said(app, client):
    board = BoardFactory()
    filled(board, 1)
    few, many = IdeaFactory(board=board), IdeaFactory(board=board)
    petra = team_member(board)
    for idea, times in ((few, 1), (many, 20)):
        for _ in range(times):
            root = CommentFactory(idea=idea)
            CommentFactory(idea=idea, parent_id=root.id)
            VoteFactory(idea=idea, user=UserFactory(shown_as_backer=True))
        answered(petra, idea, credits=[credit(CreditKind.COMMENT, "It was used like this.", root.id)])

    assert cost(client, path_of(few)) == cost(client, path_of(many)) <= 12


def test_receipts_cost_the_same_for_one_and_for_twenty(app):
    board = BoardFactory()
    petra = team_member(board)
    few, many = UserFactory(), UserFactory()
    for person, times in ((few, 1), (many, 20)):
        for _ in range(times):
            idea = IdeaFactory(board=board)
            VoteFactory(idea=idea, user=person)
            CommentFactory(idea=idea, author=person)
            answered(petra, idea)

    assert cost(browser_of(app, few), "/receipts") == cost(browser_of(app, many), "/receipts")


def test_the_team_can_tell_statuses_apart_by_name(client):
    board = BoardFactory()
    status = status_of(board, Stage.DECLINED)
    status.name = "Not for us"
    IdeaFactory(board=board, stage=Stage.DECLINED)

    assert "Not for us" in client.get(f"/boards/{board.slug}").text


def test_a_suspended_person_is_told_so_on_every_page(app):
    idea = IdeaFactory()

    page = browser_of(app, UserFactory(suspended=True)).get(path_of(idea)).text

    assert "Your account is suspended: you can read, and take no part for now." in page


def test_the_first_page_shows_what_was_answered_lately(client):
    board = BoardFactory()
    CommentFactory(idea=IdeaFactory(board=board, title="Only talked about"), official=True)
    answered(team_member(board, name="Petra"), IdeaFactory(board=board, title="Really answered"))

    page = client.get("/").text

    assert in_order(page, "Answered lately", "Really answered", "Petra : We have looked at it")
    assert "Only talked about" not in page


def test_a_title_of_signs_alone_has_a_page_too(client):
    idea = IdeaFactory(title="?!")

    page = client.get(f"/ideas/{idea.id}", follow_redirects=True)

    assert page.status_code == 200
    assert f'href="{page.request.path}"' in client.get(f"/boards/{idea.board.slug}").text
    assert client.get(f"/ideas/{idea.id}-").status_code == 200


@pytest.mark.parametrize("sign", ["%00", "%01", "%0B", "%7F", "%ED%A0%80", "%FF", "%F0%9F%92%A5"])
def test_an_address_of_odd_signs_is_answered(client, sign):
    board = IdeaFactory().board

    for name in ("q", "status", "tag", "sort", "stage"):
        assert client.get(f"/boards/{board.slug}?{name}=a{sign}").status_code == 200
    assert client.get(f"/boards/{board.slug}?cursor=a{sign}").status_code == 422
    assert client.get(f"/boards/{board.slug}/new?title=a{sign}").status_code in (200, 303)
