"""The loop on real input: people take part, one idea is answered with credits, and exactly those owed word get it.

    python -m bench.the_loop --data FOLDER [--database sqlite|postgresql]

What everybody must hear is computed here from the CSV files and the acts alone, and compared with the mail that came,
the deliveries and receipts the API serves, the ledger's rows and the figures on the page. On SQLite with one worker,
on PostgreSQL with four.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import stage
from bench.owed import ANSWERED, ASIDE, BOARD, HOWS, QUIET, TEAM, VOTES_HOW, Acts, Comment, Letter, Line, voter
from bench.stage import Findings
from tests.servers import ReceivedMail, RunningApp, SmtpSink, environment

WORKERS = {"sqlite": 1, "postgresql": 4}
ANSWER = "We will do this: it stands in the plan for the coming year, and this is what it rests on."
MEMBERS = ("ana", "ben", "cem", "dora", "emil", "fay", "gil", "hana")


def main() -> None:
    asked = stage.arguments("Follows what people put in to what each of them hears.", data=True)
    findings = Findings("The loop on real input")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with SmtpSink() as sink, stage.site({**fresh(), "MAIL_URL": sink.url, "SETTLE_MINUTES": "15"}) as site:
                stage.import_conversation(site, asked.data, BOARD)
                show(findings, kind, site, sink, asked.data)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp, sink: SmtpSink, data: Path) -> None:
    acts = Acts(stage.read_conversation(data, BOARD))
    acts.voters = {
        idea: {voter(person): acts.source.since[idea, person] for person in people}
        for idea, people in acts.source.votes.items()
    }
    keys = arrange(site, acts)
    ids = {
        idea["source"]["id"]: idea["id"]
        for idea in stage.ask_all(f"{site.url}/api/v1/ideas?board={BOARD}&limit=100", key=keys[TEAM])
    }
    take_part(site, acts, keys, ids)
    for _number in range(WORKERS[kind]):
        site.start("worker")
    wait_until_told(site)
    stop_hearing(site, acts, sink, keys, ids)
    wait_until_told(site)
    answer_id = answer(site, acts, keys, ids)
    begun = time.monotonic()
    wait_until_told(site)
    findings.note(f"{kind}: workers", WORKERS[kind])
    findings.note(f"{kind}: seconds until everybody was told", f"{time.monotonic() - begun:.1f}")
    compare_mail(findings, kind, acts, sink)
    compare_ledger(findings, kind, acts, site)
    compare_api(findings, kind, acts, site, keys, ids, answer_id)
    findings.holds(f"{kind}: ideas doctor", "All is well" in site.ideas("doctor"), "well")


# --- The acts ---


@contextmanager
def inside(site: RunningApp) -> Iterator[Any]:
    """The product itself, for what has no door of its own yet."""
    from config import Config
    from ideas import create_app
    from ideas.db import db

    app = create_app(Config.from_env(environment(site.env)))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def arrange(site: RunningApp, acts: Acts) -> dict[str, str]:
    """Members with their keys, and who follows what."""
    from ideas.accounts import keys, people
    from ideas.accounts.models import SiteRole
    from ideas.boards import following
    from ideas.boards.models import Idea
    from ideas.db import db, unit_of_work

    made = {}
    follows = {ANSWERED: ("fay", "gil", "hana"), ASIDE: ("gil",), QUIET: ("hana",)}
    with inside(site), unit_of_work():
        team = people.create(TEAM, "Team", site_role=SiteRole.ADMIN)
        scopes = ["ideas:read", "comments:write", "votes:write", "answers:write", "people:read"]
        made[TEAM] = keys.make(team, "evidence", scopes)
        for name in MEMBERS:
            member = people.create(f"{name}@example.test", name.capitalize())
            made[name] = keys.make(member, "evidence", scopes[:3])
            for source_id, names in follows.items():
                if name in names:
                    idea = db.session.scalars(sa.select(Idea).where(Idea.source_id == source_id)).one()
                    following.follow_idea(member, idea)
                    acts.followers.setdefault(source_id, set()).add(member.email or "")
    return made


def take_part(site: RunningApp, acts: Acts, keys: dict[str, str], ids: dict[str, int]) -> None:
    """Votes and comments over the API, before any worker runs: all of it is announced together."""
    for name in ("ana", "cem", "fay"):
        stage.ask(f"{site.url}/api/v1/ideas/{ids[ANSWERED]}/vote", key=keys[name], method="PUT")
        acts.voters[ANSWERED][f"{name}@example.test"] = datetime.now(UTC)
    said = [
        ("rota", ANSWERED, "ana", "We keep a list of who does what in each valley.", ""),
        ("rivers", ANSWERED, "ben", "What about the rivers?", ""),
        ("reply", ANSWERED, "cem", "Ours hangs in the school.", "rota"),
        ("aside", ASIDE, "dora", "Our council splits this over three offices.", ""),
        ("aside too", ASIDE, "cem", "Ours over four.", ""),
        ("quiet", QUIET, "emil", "My doctor says the same.", ""),
        ("official", ASIDE, TEAM, "We are asking the councils how they share this work.", ""),
    ]
    for key, idea, name, text, parent in said:
        acts.comments[key] = say(site, acts, keys, ids, name, idea, text, parent)
    for key, _idea, name, _text, parent in said:
        acts.of_comment(acts.comments[key], official=name == TEAM, reply_to=parent)


def say(
    site: RunningApp,
    acts: Acts,
    keys: dict[str, str],
    ids: dict[str, int],
    name: str,
    idea: str,
    text: str,
    parent: str,
) -> Comment:
    body: dict[str, Any] = {"body": text}
    if parent:
        body["parent_id"] = acts.comments[parent].id
    if name == TEAM:
        body["official"] = True
    made = stage.ask(f"{site.url}/api/v1/ideas/{ids[idea]}/comments", key=keys[name], method="POST", json_body=body)
    return Comment(made["id"], idea, name if name == TEAM else f"{name}@example.test", text)


def stop_hearing(site: RunningApp, acts: Acts, sink: SmtpSink, keys: dict[str, str], ids: dict[str, int]) -> None:
    """Unsubscribe by the links of mail that came, mute, choose the inbox, suspend; then a second official word."""
    from ideas.accounts import people
    from ideas.accounts.models import User
    from ideas.db import db, unit_of_work
    from ideas.ledger import preferences
    from ideas.ledger.models import EVERYTHING, Mode

    dora, cem = "dora@example.test", "cem@example.test"
    stage.ask(unsubscribe_link(sink, dora), method="POST", form="List-Unsubscribe=One-Click")
    acts.unsubscribed.add((dora, "official_comment"))
    stage.ask(unsubscribe_link(sink, cem), method="POST", form="stop=everything")
    acts.unsubscribed.add((cem, "*"))
    imported = sorted(voter(person) for person in acts.source.votes[ANSWERED] & acts.source.votes[ASIDE])
    imported = [person for person in imported if person != acts.author(ANSWERED)]
    muting, quiet, gone = (*imported[:3], "gil@example.test"), imported[3:5], imported[5]

    def find(email: str) -> User:
        return db.session.scalars(sa.select(User).where(User.email == email)).one()

    with inside(site), unit_of_work():
        for person in muting:
            preferences.mute(find(person), f"idea:{ids[ANSWERED]}")
            acts.muted.add((person, ANSWERED))
        for person in quiet:
            preferences.choose(find(person), EVERYTHING, email=Mode.OFF, inbox=None)
            acts.inbox_only.add(person)
        people.suspend(None, find(gone), reason="Evidence of what a suspension stops.")
        acts.suspended.add(gone)
    comment = say(site, acts, keys, ids, TEAM, ASIDE, "Two councils have answered so far.", "")
    acts.comments["official too"] = comment
    acts.of_comment(comment, official=True)


def unsubscribe_link(sink: SmtpSink, person: str) -> str:
    """The link of the latest mail about an official word that this person got."""
    for mail in reversed(sink.messages):
        if mail.recipients == (person,) and ":official_comment:" in str(mail.message["Feedback-ID"]):
            found = re.search(r"<(http[^>]+)>", str(mail.message["List-Unsubscribe"]))
            assert found is not None
            return found[1]
    raise RuntimeError(f"{person} got no mail with a link to unsubscribe.")


def answer(site: RunningApp, acts: Acts, keys: dict[str, str], ids: dict[str, int]) -> int:
    credits: list[dict[str, Any]] = [{"kind": "votes", "how": VOTES_HOW}]
    credits += [{"kind": "comment", "id": acts.comments[key].id, "how": how} for key, how in HOWS.items()]
    words = {"status": "planned", "reason": "committed", "text": ANSWER, "credits": credits}
    given = stage.ask(
        f"{site.url}/api/v1/ideas/{ids[ANSWERED]}/answers", key=keys[TEAM], method="POST", json_body=words
    )
    acts.of_answer(given["id"], ANSWERED)
    stage.ask(f"{site.url}/api/v1/answers/{given['id']}/send-now", key=keys[TEAM], method="POST")
    return int(given["id"])


def wait_until_told(site: RunningApp, timeout: float = 300) -> None:
    """Come back when nothing is left to announce or to send."""
    deadline = time.monotonic() + timeout
    left = (
        "SELECT (SELECT count(*) FROM outbox_entry WHERE fanned_out_at IS NULL AND cancelled_at IS NULL)"
        " + (SELECT count(*) FROM outbox_entry WHERE under_way IS NOT NULL)"
        " + (SELECT count(*) FROM delivery WHERE state = 'pending' AND digest IS NULL)"
    )
    while True:
        with stage.connection(stage.database_url(site)) as database:
            if database.exec_driver_sql(left).scalar_one() == 0:
                return
        if time.monotonic() > deadline:
            raise RuntimeError(f"Not everybody was told in {timeout:g} s:\n{site.log.read_text(errors='replace')}")
        time.sleep(0.2)


# --- What came of them ---


def compare_mail(findings: Findings, kind: str, acts: Acts, sink: SmtpSink) -> None:
    came = Counter(letter(mail) for mail in sink.messages)
    owed = Counter(acts.letters)
    findings.same(f"{kind}: mails that arrived", sum(owed.values()), sum(came.values()))
    findings.same(f"{kind}: mails that say the same to the same person twice", 0, sum(n > 1 for n in came.values()))
    findings.holds(
        f"{kind}: (person, path, contribution, how it was used) of each mail",
        came == owed,
        stage.differences(set(owed), set(came)),
    )
    credited = sum(bool(each.uses) for each in came)
    findings.note(f"{kind}: of these say how somebody's input was used", credited)
    ids = [str(mail.message["Message-ID"]) for mail in sink.messages]
    findings.same(f"{kind}: different Message-IDs", len(ids), len(set(ids)))


def letter(mail: ReceivedMail) -> Letter:
    """What a mail says, read from its words."""
    event, _news, path, _product = str(mail.message["Feedback-ID"]).split(":")
    part = mail.message.get_body(("plain",))
    assert part is not None
    text = str(part.get_content())
    lines = text.splitlines()
    starts = (
        "You voted for",
        "You said on",
        "You wrote this",
        "You follow this",
        "You are of",
        "You owe",
        "You are named",
    )
    why = next((line for line in lines if line.startswith(starts)), "")
    uses = tuple(sorted(line.partition(": ")[2] for line in lines if line.startswith("↩")))
    comment = re.search(r"#comment-(\d+)", text)
    about = int(comment[1]) if comment else -1
    return Letter(event, about, mail.recipients[0], path, why, uses)


LEDGER = """
SELECT outbox_entry.kind, outbox_entry.about_id, person.email, delivery.channel, delivery.path,
       delivery.contribution_kind, delivery.contribution_id, delivery.state, delivery.reason,
       own_vote.user_id AS vote_by, vote_idea.source_id AS vote_on, own_idea.source_id AS idea
FROM delivery
JOIN outbox_entry ON outbox_entry.id = delivery.entry_id
JOIN "user" AS person ON person.id = delivery.user_id
LEFT JOIN vote AS own_vote ON delivery.contribution_kind = 'vote' AND own_vote.id = delivery.contribution_id
     AND own_vote.user_id = delivery.user_id
LEFT JOIN idea AS vote_idea ON vote_idea.id = own_vote.idea_id
LEFT JOIN idea AS own_idea ON delivery.contribution_kind = 'idea' AND own_idea.id = delivery.contribution_id
     AND own_idea.author_id = delivery.user_id
"""


def compare_ledger(findings: Findings, kind: str, acts: Acts, site: RunningApp) -> None:
    found = []
    with stage.connection(stage.database_url(site)) as database:
        for row in database.exec_driver_sql(LEDGER):
            which = {"vote": row.vote_on, "idea": row.idea, "comment": row.contribution_id}.get(
                row.contribution_kind, ""
            )
            contribution = (row.contribution_kind or "", str(which))
            about = -1 if row.kind == "answered" else row.about_id
            found.append(Line(row.kind, about, row.email, row.channel, row.path, contribution, row.state, row.reason))
    owed = [line._replace(about=-1) if line.event == "answered" else line for line in acts.lines]
    findings.same(f"{kind}: rows of the ledger", len(owed), len(found))
    findings.holds(
        f"{kind}: each row: who, event, channel, path, contribution, outcome, reason",
        Counter(found) == Counter(owed),
        stage.differences(set(map(str, owed)), set(map(str, found))),
    )


def compare_api(
    findings: Findings,
    kind: str,
    acts: Acts,
    site: RunningApp,
    keys: dict[str, str],
    ids: dict[str, int],
    answer_id: int,
) -> None:
    api = f"{site.url}/api/v1"
    names = {voter(person): f"Person {person}" for person in {*acts.source.authors.values(), *acts.source.voters}}
    names |= {f"{name}@example.test": name.capitalize() for name in MEMBERS} | {TEAM: "Team"}
    comments = {comment.id: comment.idea for comment in acts.comments.values()}
    for source_id in (ANSWERED, ASIDE, QUIET):
        served = Counter(
            (each["event"], each["person"]["name"], each["path"], each["channel"], each["state"], each["reason"])
            for each in stage.ask_all(f"{api}/ideas/{ids[source_id]}/deliveries?limit=100", key=keys[TEAM])
        )
        owed = Counter(
            (line.event, names[line.person], line.path, line.channel, line.state, line.reason)
            for line in acts.lines
            if (ANSWERED if line.event == "answered" else comments[line.about]) == source_id
        )
        findings.holds(
            f"{kind}: deliveries the API serves for source idea {source_id}",
            served == owed,
            f"{sum(served.values())} rows; " + stage.differences(set(map(str, owed)), set(map(str, served))),
        )
    compare_receipts(findings, kind, acts, api, keys, ids)
    lines = [line for line in acts.lines if line.event == "answered"]
    by_mail = {line.person for line in lines if line.channel == "email" and line.state == "sent"}
    waiting = {line.person for line in lines if line.state == "pending"}
    in_inbox = {line.person for line in lines if line.channel == "inbox" and line.state == "sent"} - by_mail - waiting
    owed_people = {line.person for line in lines}
    told = {
        "owed": len(owed_people),
        "sent": len(by_mail) + len(in_inbox),
        "pending": len(waiting),
        "suppressed": len(owed_people - by_mail - in_inbox - waiting),
        "failed": 0,
    }
    idea = stage.ask(f"{api}/ideas/{ids[ANSWERED]}", key=keys[TEAM])
    findings.same(f"{kind}: people told, as the API says", told, idea["people_told"])
    findings.same(f"{kind}: the answer that stands", answer_id, idea["answer"]["id"])
    page = re.sub(r"<[^>]+>", " ", stage.ask(idea["url"]))
    figures = re.search(r"([\d,]+) people told: ([\d,]+) by e-mail, ([\d,]+) in their inbox", page)
    findings.same(
        f"{kind}: people told, by e-mail, in their inbox, as the page says",
        [told["sent"], len(by_mail), len(in_inbox)],
        [int(figure.replace(",", "")) for figure in figures.groups()] if figures else "nothing",
    )


def compare_receipts(
    findings: Findings, kind: str, acts: Acts, api: str, keys: dict[str, str], ids: dict[str, int]
) -> None:
    """Of members on the answered idea: each contribution with how it was used, and how they were told."""
    owed, served = Counter[Any](), Counter[Any]()
    outcomes = {(line.person, line.channel): line.state for line in acts.lines if line.event == "answered"}
    for name in MEMBERS:
        person = f"{name}@example.test"
        told = tuple(sorted((channel, state) for (who, channel), state in outcomes.items() if who == person))
        if person in acts.voters[ANSWERED]:
            owed[person, "vote", VOTES_HOW, told] += 1
        for key, comment in acts.comments.items():
            if comment.author == person and comment.idea == ANSWERED:
                owed[person, "comment", HOWS.get(key), told] += 1
        for receipt in stage.ask_all(f"{api}/me/receipts?limit=100", key=keys[name]):
            if receipt["idea"]["id"] == ids[ANSWERED]:
                ways = tuple(sorted((way["channel"], way["state"]) for way in receipt["told"]))
                served[person, receipt["contribution"]["kind"], receipt["how_used"], ways] += 1
    findings.holds(
        f"{kind}: receipts the API serves to the members who took part",
        served == owed,
        f"{sum(served.values())} receipts; " + stage.differences(set(map(str, owed)), set(map(str, served))),
    )


if __name__ == "__main__":
    main()
