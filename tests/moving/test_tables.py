"""Ideas and votes of another system: what comes over, what is refused, and that nobody is told."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, User
from ideas.boards import posting, queries, ranking, similar, voting
from ideas.boards.models import (
    Idea,
    IdeaRank,
    IdeaTag,
    Revision,
    Stage,
    Vote,
)
from ideas.csv_in import FileRefused
from ideas.db import Base, at, db, unit_of_work, utcnow
from ideas.moving import readers_csv
from ideas.moving.models import Imported
from ideas.moving.readers_csv import EmailPattern, Table
from ideas.moving.records import Kind
from ideas.moving.verdicts import Became
from ideas.outbox import OutboxEntry
from tests.factories import BoardFactory, TagFactory, UserFactory, status_of
from tests.moving.arranging import taken

pytestmark = pytest.mark.usefixtures("app")

IDEAS = """\
id,text,author_id,created_at,moderated
23,Water the beds at night,7,2019-08-01T01:49:36.276Z,1
45,Paint the shed,8,2019-08-02T10:00:00Z,0
99,Buy cheap watches,9,2019-08-03T10:00:00Z,-1
"""

VOTES = """\
created_at,idea_id,voter_id,vote
2019-08-05T00:00:01Z,23,7,1
2019-08-05T00:00:02Z,23,1,1
2019-08-05T00:00:03Z,23,2,-1
2019-08-05T00:00:04Z,23,3,1
2019-08-05T00:00:05Z,23,3,0
2019-08-05T00:00:06Z,45,1,-1
2019-08-05T00:00:07Z,45,1,1
2019-08-05T00:00:08Z,99,1,1
"""

EMAILS = EmailPattern.parse("voter{voter_id}.{board}@example.test")


@pytest.fixture
def board():
    return BoardFactory(slug="garden")


@pytest.fixture
def file(tmp_path):
    def write(content, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


class Outcome:
    """What an import did, as these tests ask for it."""

    def __init__(self, work, given, what):
        kind = Kind(what.removesuffix("s"))
        self.rows = work.spool.read
        self.added = work.done.of(Became.NEW, kind)
        self.removed = work.done.of(Became.REMOVED, kind)
        self.same = work.done.of(Became.SAME, kind) + work.done.of(Became.DIFFERS, kind)
        self.kept = work.done.of(Became.KEPT, kind)
        self.people = work.done.of(Became.NEW, Kind.PERSON)
        self.refused = work.spool.refusals(1000)
        self.ignored = given.ignored
        self.changed = work.done.changed


def take(what, board, path, *, skip_refused=False, **options):
    with taken(what, board.slug, path, skip_refused=skip_refused, **options) as (work, given):
        return Outcome(work, given, what)


@pytest.fixture
def imported(board, file):
    take("ideas", board, file(IDEAS))
    return take("votes", board, file(VOTES))


def counts():
    rows = db.session.execute(sa.select(Idea.source_id, IdeaRank.vote_count).join(IdeaRank))
    return {row.source_id: row.vote_count for row in rows}


def everything():
    """Every row of every table."""
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(sa.select(table)).all()))
        for table in Base.metadata.tables.values()
    }


def refused(what, board, path, **options):
    with pytest.raises(FileRefused) as error:
        take(what, board, path, **options)
    return error.value


# --- Ideas ---


def test_ideas_come_over_with_author_and_time(board, file):
    outcome = take("ideas", board, file(IDEAS))

    idea = db.session.scalars(sa.select(Idea).where(Idea.source_id == "23")).one()
    assert (outcome.added, outcome.people) == (3, 3)
    assert (idea.title, idea.body) == ("Water the beds at night", "")
    assert idea.created_at == datetime(2019, 8, 1, 1, 49, 36, 276000, UTC)
    author = db.session.get_one(User, idea.author_id)
    assert (author.name, author.is_imported, author.email, author.is_claimed) == ("Person 7", True, None, False)


def test_an_imported_idea_is_like_any_other(board, file):
    take("ideas", board, file(IDEAS))

    idea = db.session.scalars(sa.select(Idea).where(Idea.source_id == "23")).one()
    assert idea.status_id == posting.first_status(board).id
    assert db.session.scalars(sa.select(Revision.title).where(Revision.idea_id == idea.id)).one() == idea.title
    found = similar.search([queries.get_board(None, board.slug)], "beds night")
    assert [db.session.get_one(Idea, idea).source_id for idea in found] == ["23"]
    with unit_of_work():
        assert ranking.recount(board.id).differed == 0


def test_a_text_too_long_for_a_title_becomes_title_and_body(board, file):
    text = "Ecosystems are connected and should be looked after together, " * 3

    take("ideas", board, file(f'id,text,author_id\n1,"{text}",7\n'))

    idea = db.session.scalars(sa.select(Idea)).one()
    assert len(idea.title) <= 120
    assert idea.title.endswith("…")
    assert text.startswith(idea.title[:-1])
    assert idea.body == text.strip()


def test_a_title_and_a_body_stay_what_they_are(board, file):
    take("ideas", board, file('id,title,body,author_id\n1,Benches,"In the **shade**\nplease",7\n'))

    idea = db.session.scalars(sa.select(Idea)).one()
    assert (idea.title, idea.body) == ("Benches", "In the **shade**\nplease")
    assert "<strong>shade</strong>" in idea.body_html


def test_columns_may_have_other_names(board, file):
    path = file("nr,wish,who\n5,Benches,7\n")

    take("ideas", board, path, columns={"id": "nr", "title": "wish", "author_id": "who"})

    assert db.session.scalars(sa.select(Idea.title)).all() == ["Benches"]


def test_a_column_with_another_meaning_does_not_keep_its_own(board, file):
    text = "Ecosystems are connected and should be looked after together, " * 3

    take("ideas", board, file(f'id,text,author_id\n1,"{text}",7\n'), columns={"title": "text"})

    assert db.session.scalars(sa.select(Idea.body)).all() == [text.strip()]


def test_columns_that_nobody_asked_for_are_named(board, file):
    outcome = take("ideas", board, file("id,text,author_id,agrees\n1,Benches,7,12\n"))

    assert outcome.ignored == ("agrees",)


def test_a_rejected_idea_comes_in_hidden(board, file):
    take("ideas", board, file(IDEAS))

    hidden = db.session.scalars(sa.select(Idea.source_id).where(Idea.hidden_at.is_not(None))).all()
    places = db.session.scalars(sa.select(IdeaRank.is_hidden).join(Idea).where(Idea.source_id == "99")).all()
    assert (hidden, places) == (["99"], [True])


def test_ideas_may_bring_status_and_tags(board, file):
    tag = TagFactory(board=board, slug="shade", name="Shade")
    path = file("id,text,author_id,status,tags\n1,Benches,7,shipped,Shade\n2,Trees,7,,\n")

    take("ideas", board, path)

    stages = dict(db.session.execute(sa.select(Idea.source_id, IdeaRank.stage).join(IdeaRank)).all())
    assert stages == {"1": "shipped", "2": "open"}
    assert db.session.scalars(sa.select(IdeaTag.tag_id)).all() == [tag.id]


def test_ideas_imported_before_stay_as_they_are(board, file):
    take("ideas", board, file(IDEAS))

    newer = IDEAS.replace("Paint the shed", "Paint it green") + "100,Bees,7,2019-09-01,1\n"

    outcome = take("ideas", board, file(newer))

    assert (outcome.added, outcome.same) == (1, 3)
    assert "Paint the shed" in db.session.scalars(sa.select(Idea.title)).all()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,,7,2019-08-01", "no words"),
        ("1,  ,7,2019-08-01", "no words"),
        (",Benches,7,2019-08-01", "no “id”"),
        ("1,Benches,,2019-08-01", "no “author_id”"),
        (f"{'9' * 61},Benches,7,2019-08-01", "longer than 60"),
        ("1,Benches,7,yesterday", "yesterday"),
        ("1,Benches,7,", "time"),
        ("1,Benches,7,2219-08-01", "future"),
        ("1,Benches,7,1819-08-01", "before 1970"),
        ("1,Benches,7,0001-01-01T00:00:00+14:00", "no time like"),
        (f"1,{'x ' * 10_001},7,2019-08-01", "20,000|20000|20002"),
        ("1,Ben\x00ches,7,2019-08-01", "U\\+0000"),
        ("1,Benches,7,2019-08-01,more", "5 fields"),
        ("1,Benches", "2 fields"),
    ],
)
def test_a_row_that_cannot_be_taken_refuses_the_file(board, file, row, reason):
    path = file(f"id,text,author_id,created_at\n0,Trees,7,2019-08-01\n{row}\n")
    before = everything()

    error = refused("ideas", board, path)

    assert [each.line for each in error.refused] == [3]
    assert re.search(reason, error.refused[0].reason)
    assert everything() == before


def test_one_id_stands_in_a_file_once(board, file):
    error = refused("ideas", board, file("id,text,author_id\n1,Benches,7\n1,Trees,7\n"))

    assert [each.line for each in error.refused] == [3]


def test_a_status_or_tag_that_the_board_lacks_is_refused(board, file):
    path = file("id,text,author_id,status,tags\n1,Benches,7,someday,\n2,Trees,7,,Shade\n")

    error = refused("ideas", board, path)

    assert [("someday" in each.reason, "Shade" in each.reason) for each in error.refused] == [
        (True, False),
        (False, True),
    ]


def test_the_other_rows_are_taken_when_asked_for(board, file):
    path = file("id,text,author_id\n1,Benches,7\n2,,7\n3,Trees,7\n")

    outcome = take("ideas", board, path, skip_refused=True)

    assert (outcome.rows, outcome.added, [each.line for each in outcome.refused]) == (3, 2, [3])
    assert counts().keys() == {"1", "3"}


# --- Files that cannot be read ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,text,author_id\n1,Benches,7\n2,Tr\xe9es,7\n", "Line 3: this is not UTF-8"),
        ("id,text,author_id\n1,Benches,7\n".encode("utf-16"), "Line 1: this is not UTF-8"),
        (b'id,text,author_id\n1,"Benches,7\n2,Trees,7\n', "Line 2: the quotes do not match"),
        (b'id,text,author_id\n1,"Ben"ches,7\n', "Line 2: the quotes do not match"),
        (b"id,text\n1,Benches\n", "no column “author_id”"),
        (b"id,author_id\n1,7\n", "no column “title” or “text”"),
        (b"id;text;author_id\n1;Benches;7\n", "no column “id”"),
        (b"id,text,author_id,id\n1,Benches,7,2\n", "“id” stands there twice"),
        (b"", "no column “id”"),
        (b"id,text,author_id\n1," + b"x" * 2**20 + b",7\n", "Line 2: the line is too long"),
        (gzip.compress(b"id,text,author_id\n1,Benches,7\n")[:-12], "the archive is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(board, file, content, said):
    assert said in refused("ideas", board, file(content)).message


def test_a_mapped_column_must_be_there(board, file):
    error = refused("ideas", board, file(IDEAS), columns={"title": "wish"})

    assert "no column “wish”" in error.message


def test_only_columns_we_know_are_mapped(board, file):
    error = refused("ideas", board, file(IDEAS), columns={"colour": "text"})

    assert "no column “colour”" in error.message


def test_byte_order_mark_line_ends_and_blank_lines_do_no_harm(board, file):
    content = "\ufeffid,text,author_id\r\n1,Benches,7\r\n\r\n2,Trees,7\r\n"

    assert take("ideas", board, file(content)).added == 2


def test_a_gzipped_file_is_read_whatever_it_is_called(board, file):
    assert take("ideas", board, file(gzip.compress(IDEAS.encode()), "ideas.csv")).added == 3


def test_a_small_archive_cannot_fill_the_memory(file):
    bomb = file(gzip.compress(b"id,text,author_id\n" + b"1,Benches,7\n" * 100_000), "ideas.csv.gz")

    with pytest.raises(FileRefused, match="too large"):
        list(readers_csv.ideas(bomb, Table("garden", most_bytes=100_000)))


# --- Votes ---


def test_the_last_event_of_a_person_counts(imported):
    assert counts() == {"23": 2, "45": 1, "99": 1}


def test_events_count_by_time_and_those_of_one_time_by_line(board, file):
    take("ideas", board, file(IDEAS))
    events = "created_at,idea_id,voter_id,vote\n"
    events += "2019-08-05T02:00:00Z,23,1,1\n2019-08-05T01:00:00Z,23,1,0\n"
    events += "2019-08-05T01:00:00Z,23,2,1\n2019-08-05T03:00:00+02:00,23,2,-1\n"

    take("votes", board, file(events))

    assert counts() == {"23": 1, "45": 0, "99": 0}


def test_a_vote_dates_from_when_it_began_to_stand(board, file):
    take("ideas", board, file(IDEAS))
    days = [(1, 1), (2, 0), (3, 1), (4, 1)]
    rows = "".join(f"2019-08-0{day},23,1,{vote}\n" for day, vote in days)

    take("votes", board, file(f"created_at,idea_id,voter_id,vote\n{rows}"))

    assert db.session.scalars(sa.select(Vote.cast_at)).all() == [datetime(2019, 8, 3, tzinfo=UTC)]


def test_a_hidden_idea_is_counted_too(imported):
    assert counts()["99"] == 1


def test_the_same_id_is_the_same_person_as_author_and_as_voter(imported, board):
    idea = db.session.scalars(sa.select(Idea).where(Idea.source_id == "23")).one()

    assert db.session.scalar(sa.select(Vote.id).where(Vote.idea_id == idea.id, Vote.user_id == idea.author_id))
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(Imported).where(Imported.kind == "person")) == 4
    )  # 7, 8, 9 and 1


def test_the_same_id_on_another_board_is_somebody_else(imported, file):
    other = BoardFactory(slug="kitchen")

    take("ideas", other, file(IDEAS))

    authors = db.session.scalars(sa.select(Idea.author_id).where(Idea.source_id == "23")).all()
    assert len(set(authors)) == 2


def test_who_never_backed_anything_is_nobody_here(imported):
    assert db.session.scalar(sa.select(Imported).where(Imported.kind == "person", Imported.foreign_id == "2")) is None


def test_a_second_import_changes_nothing(imported, board, file):
    before = everything()

    outcomes = [take("ideas", board, file(IDEAS)), take("votes", board, file(VOTES))]

    assert not any(outcome.changed for outcome in outcomes)
    assert everything() == before


def test_a_newer_file_adds_and_removes(imported, board, file):
    newer = VOTES + "2019-09-01,23,7,-1\n2019-09-01,23,2,1\n2019-09-01,45,4,1\n"

    outcome = take("votes", board, file(newer))

    assert (outcome.added, outcome.removed) == (2, 1)
    assert counts() == {"23": 2, "45": 2, "99": 1}
    with unit_of_work():
        assert ranking.recount(board.id).differed == 0


def test_a_file_without_votes_has_one_in_each_row(board, file):
    take("ideas", board, file(IDEAS))

    take("votes", board, file("idea_id,voter_id\n23,1\n23,2\n23,1\n"))

    assert counts()["23"] == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [("24,1,1", "“24”"), ("23,1,2", "not 1, 0 or -1"), ("23,1,", "not 1, 0 or -1"), ("23,,1", "no “voter_id”")],
)
def test_a_vote_that_cannot_be_taken_refuses_the_file(board, file, row, reason):
    take("ideas", board, file(IDEAS))
    before = everything()

    error = refused("votes", board, file(f"idea_id,voter_id,vote\n23,7,1\n{row}\n"))

    assert [each.line for each in error.refused] == [3]
    assert reason in error.refused[0].reason
    assert everything() == before


def test_imports_tell_nobody(imported):
    assert db.session.scalar(sa.select(OutboxEntry)) is None


def test_imports_are_audited(imported):
    acts = db.session.execute(sa.select(AuditEntry.act, AuditEntry.actor_id).order_by(AuditEntry.id)).all()

    assert [tuple(row) for row in acts] == [("import.begun", None), ("import.done", None)] * 2


def test_a_vote_given_here_beside_an_import_stays(imported, board, file):
    idea = db.session.scalars(sa.select(Idea).where(Idea.source_id == "23")).one()
    mia = UserFactory()
    with unit_of_work():
        voting.cast(mia, queries.get_idea(mia, idea.id).idea)

    take("votes", board, file(VOTES + "2019-09-01,23,9,1\n"))

    assert counts()["23"] == 4


# --- People and their addresses ---


def address_of(source_id):
    known = sa.select(Imported.here_id).where(Imported.kind == "person", Imported.foreign_id == source_id)
    found = sa.select(User.email).where(User.id.in_(known))
    return db.session.scalars(found).one()


def test_a_pattern_gives_addresses_to_voters_and_to_the_authors_among_them(board, file):
    take("ideas", board, file(IDEAS))

    take("votes", board, file(VOTES), email_pattern=EMAILS)

    assert [address_of(each) for each in "178"] == ["voter1.garden@example.test", "voter7.garden@example.test", None]


def test_a_second_import_with_a_pattern_changes_nothing(board, file):
    take("ideas", board, file(IDEAS))
    take("votes", board, file(VOTES), email_pattern=EMAILS)
    before = everything()

    assert not take("votes", board, file(VOTES), email_pattern=EMAILS).changed

    assert everything() == before


def test_an_address_that_somebody_has_is_that_person(board, file):
    mia = UserFactory(email="voter1.garden@example.test", name="Mia")
    take("ideas", board, file(IDEAS))

    take("votes", board, file(VOTES), email_pattern=EMAILS)

    votes = sa.select(Idea.source_id).join(Vote, Vote.idea_id == Idea.id).where(Vote.user_id == mia.id)
    assert sorted(db.session.scalars(votes)) == ["23", "45", "99"]
    assert mia.name == "Mia"


def test_what_was_imported_without_an_address_goes_to_who_turns_out_to_have_it(imported, board, file):
    mia = UserFactory(email="voter7.garden@example.test", name="Mia")

    take("votes", board, file(VOTES), email_pattern=EMAILS)

    assert db.session.scalars(sa.select(Idea.author_id).where(Idea.source_id == "23")).one() == mia.id
    assert counts() == {"23": 2, "45": 1, "99": 1}
    with unit_of_work():
        assert ranking.recount(board.id).differed == 0


def test_who_has_claimed_their_account_decides_here(board, file):
    take("ideas", board, file(IDEAS))
    take("votes", board, file(VOTES), email_pattern=EMAILS)
    person = db.session.scalars(sa.select(User).where(User.email == "voter1.garden@example.test")).one()
    idea = db.session.scalars(sa.select(Idea.id).where(Idea.source_id == "23")).one()
    with unit_of_work():
        person.verified_at = utcnow()
    with unit_of_work():
        voting.retract(person, queries.get_idea(person, idea).idea)

    outcome = take("votes", board, file(VOTES), email_pattern=EMAILS)

    assert (outcome.changed, outcome.kept) == (False, 1)
    assert counts()["23"] == 1


def test_a_vote_given_here_later_than_the_last_word_there_stands(board, file):
    mia = UserFactory(email="voter2.garden@example.test", verified_at=datetime(2018, 1, 1, tzinfo=UTC))
    take("ideas", board, file(IDEAS))
    idea = db.session.scalars(sa.select(Idea.id).where(Idea.source_id == "45")).one()
    with unit_of_work():
        voting.cast(mia, queries.get_idea(mia, idea).idea)

    events = "created_at,idea_id,voter_id,vote\n2019-08-05,45,2,0\n2019-08-05,23,2,1\n"
    outcome = take("votes", board, file(events), email_pattern=EMAILS)

    assert (outcome.added, outcome.removed, outcome.kept) == (1, 0, 1)
    assert counts() == {"23": 1, "45": 1, "99": 0}


@pytest.mark.parametrize(
    "pattern",
    ["all@example.test", "{voter}@example.test", "{voter_id}", "{voter_id", "{0}@example.test", "{voter_id.x}@a.test"],
)
def test_a_pattern_must_give_everybody_an_address_of_their_own(pattern):
    with pytest.raises(ValueError, match=r"\{voter_id\}|no address"):
        EmailPattern.parse(pattern)


def test_an_id_that_gives_no_address_is_refused(board, file):
    take("ideas", board, file(IDEAS))

    error = refused("votes", board, file("idea_id,voter_id\n23,Mia Müller\n"), email_pattern=EMAILS)

    assert "Mia Müller" in error.refused[0].reason


def test_two_ids_with_one_address_are_one_person_whose_last_word_counts(board, file):
    take("ideas", board, file(IDEAS))
    days = [(4, 23, "A", 1), (5, 23, "a", 1), (6, 23, "A", 0), (7, 45, "A", 1)]
    rows = "".join(f"2019-08-0{day},{idea},{who},{vote}\n" for day, idea, who, vote in days)
    events = f"created_at,idea_id,voter_id,vote\n{rows}"
    take("votes", board, file(events), email_pattern=EMAILS)
    before = everything()

    take("votes", board, file(events), email_pattern=EMAILS)

    assert counts() == {"23": 0, "45": 1, "99": 0}
    assert everything() == before


# --- Votes and answers afterwards ---


def test_votes_come_over_whatever_the_status(board, file):
    take("ideas", board, file("id,text,author_id,status\n1,Benches,7,shipped\n"))

    take("votes", board, file("idea_id,voter_id\n1,1\n1,2\n"))

    assert counts() == {"1": 2}
    assert db.session.scalars(sa.select(IdeaRank.stage)).all() == [status_of(board, Stage.SHIPPED).stage]


def test_imported_ideas_trend_by_their_own_times(board, file):
    with at(datetime(2026, 1, 1, tzinfo=UTC)):
        take("ideas", board, file(IDEAS))
    new = ranking.weight(utcnow() - timedelta(days=365))

    assert db.session.scalar(sa.select(sa.func.max(IdeaRank.hot))) < new
