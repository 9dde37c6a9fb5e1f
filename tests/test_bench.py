"""What the evidence commands read and compute by themselves: a mistake there would make them show nothing."""

import gzip
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from bench import stage
from bench.owed import ASIDE, Acts, Comment, Owed, voter
from bench.races import WRONG
from bench.stage import Findings, differences
from ideas.db import db
from tests.factories import VoteFactory

IDEAS = """\
id,text,author_id,created_at,agrees,disagrees,moderated
23,Water at night,7,2019-08-01T01:49:36.276Z,5,1,1
45,Paint the shed,8,2019-08-02T10:00:00Z,2,2,-1
"""
VOTES = """\
created_at,idea_id,voter_id,vote
2019-08-05T00:00:01Z,23,7,1
2019-08-05T00:00:02Z,23,1,1
2019-08-05T00:00:03Z,23,1,0
2019-08-05T00:00:04Z,45,1,-1
2019-08-05T00:00:05Z,45,1,1
2019-08-06T00:00:05Z,45,1,1
"""


@pytest.fixture
def data(tmp_path):
    for name in ("nz-biodiversity", "vtaiwan-uberx"):
        folder = tmp_path / "polis" / name
        folder.mkdir(parents=True)
        (folder / "ideas.csv").write_text(IDEAS, encoding="utf-8")
        (folder / "votes.csv.gz").write_bytes(gzip.compress(VOTES.encode()))
    return tmp_path


def test_the_last_word_of_each_person_is_read_from_the_files(data):
    read = stage.read_conversation(data, "nz-biodiversity")

    assert read.counts == {"23": 1, "45": 1}
    assert read.hidden == {"45"}
    assert read.since["45", "1"] == datetime(2019, 8, 5, 0, 0, 5, tzinfo=UTC)


def test_absent_data_ends_the_command_with_a_word(data, monkeypatch):
    (data / "polis" / "vtaiwan-uberx" / "ideas.csv").unlink()
    monkeypatch.setattr("sys.argv", ["evidence", "--data", str(data)])

    with pytest.raises(SystemExit, match=r"polis/vtaiwan-uberx/ideas\.csv"):
        stage.arguments("", data=True)

    monkeypatch.setattr("sys.argv", ["evidence"])
    with pytest.raises(SystemExit, match="DATA=folder"):
        stage.arguments("", data=True)


def test_one_database_may_be_asked_for(monkeypatch):
    monkeypatch.setattr("sys.argv", ["evidence", "--database", "sqlite"])

    with stage.databases(stage.arguments("", data=False)) as found:
        assert list(found) == ["sqlite"]


def test_a_breach_ends_the_command_with_1(capsys):
    findings = Findings("Evidence")
    findings.same("votes", 3, 3)
    findings.note("seconds", 1.5)
    findings.end()
    findings.same("votes", 3, 2)

    with pytest.raises(SystemExit) as ended:
        findings.end()

    assert ended.value.code == "1 of these do not hold."
    assert "BREACH votes: 2 (wanted 3)" in capsys.readouterr().out


def test_differences_are_named():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3}) == "1 differ. b: 2 wanted, 3 found"
    assert differences({"a", "b"}, {"b", "c"}) == "1 missing ['a'], 1 too many ['c']"
    assert differences({"a"}, {"a"}) == "none differs"


@pytest.mark.usefixtures("app")
def test_a_wrong_count_is_seen_in_a_snapshot():
    vote = VoteFactory()
    assert db.session.scalar(WRONG) == 0

    db.session.execute(sa.text("UPDATE idea_rank SET vote_count = 2 WHERE idea_id = :idea"), {"idea": vote.idea_id})

    assert db.session.scalar(WRONG) == 1


@pytest.fixture
def acts(data):
    read = stage.read_conversation(data, "nz-biodiversity")
    made = Acts(read)
    made.voters = {idea: {voter(who): read.since[idea, who] for who in people} for idea, people in read.votes.items()}
    return made


def states(acts):
    return {(line.person, line.channel): (line.path, line.state, line.reason) for line in acts.lines}


def test_the_strongest_path_is_expected_and_never_the_one_who_acted(acts):
    ana, ben = "ana@example.test", "ben@example.test"
    follower = Owed(ana, "follower", "planned", "instant", ("", ""))
    credited = Owed(ana, "credited", "credited", "instant", ("vote", ASIDE))
    acts.voters[ASIDE][ana] = datetime(2019, 8, 5, tzinfo=UTC)

    acts.announce("commented", 5, ben, ASIDE, [follower, credited, follower._replace(person=ben)])

    assert states(acts) == {(ana, "inbox"): ("credited", "sent", None), (ana, "email"): ("credited", "sent", None)}
    assert [letter.why for letter in acts.letters] == ["You voted for this on 5 August 2019."]


def test_what_people_chose_is_expected(acts):
    names = [f"{name}@example.test" for name in ("ana", "ben", "cem", "dora", "emil")]
    acts.muted.add((names[0], ASIDE))
    acts.suspended.add(names[1])
    acts.unsubscribed.add((names[2], "*"))
    acts.inbox_only.add(names[3])

    acts.announce(
        "commented", 5, "", ASIDE, [Owed(name, "follower", "new_comment", "instant", ("", "")) for name in names]
    )

    found = states(acts)
    assert [found[name, "email"][2] for name in names] == ["muted", "suspended", "unsubscribed", "inbox_only", None]
    assert [found[name, "inbox"][1] for name in names] == ["suppressed", "suppressed", "sent", "sent", "sent"]
    assert [letter.person for letter in acts.letters] == names[4:]


def test_an_official_word_is_owed_to_author_commenters_voters_and_followers(acts):
    acts.followers["45"] = {"gil@example.test"}
    acts.comments = {
        "said": Comment(1, "45", "dora@example.test", "Three offices."),
        "official": Comment(2, "45", "team@example.test", "We are asking."),
    }

    acts.of_comment(acts.comments["official"], official=True)

    assert {(line.person, line.path) for line in acts.lines} == {
        (voter("8"), "author"),
        ("dora@example.test", "commenter"),
        (voter("1"), "voter"),
        ("gil@example.test", "follower"),
    }
    assert states(acts)[voter("1"), "email"] == ("voter", "pending", None)
