"""The loop through merged ideas, on real input: five ideas become one, are answered, and each hears under their title.

    python -m bench.merged_loop --data FOLDER [--database sqlite|postgresql]

The three most backed ideas of a real conversation and the two whose backers overlap most with them become one, in a
chain; then the one is answered with credits. Who must hear what, with which subject and why, is computed here from the
CSV files and the acts alone, and compared with the mail that came. On SQLite with one worker, on PostgreSQL with four.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench import stage
from bench.owed import BOARD, TEAM, VOTES_HOW, day, voter
from bench.stage import Conversation, Findings
from bench.the_loop import WORKERS, inside, wait_until_told
from tests.servers import ReceivedMail, RunningApp, SmtpSink

WHY = "They ask for the same, so we answer them as one."
ANSWER = "It is there since Monday. Thank you for asking, each in your own way; tell us how it is."
MERGED_HOW = "Your words named the part of it that comes first."
STARTS = ("You voted for", "You wrote")


class Said(NamedTuple):
    """What one mail says: to whom, its subject, why they hear of it, and how their input was used."""

    person: str
    subject: str
    why: str
    uses: tuple[str, ...]


class Way(NamedTuple):
    """One way in which somebody is connected with the news; the least is the strongest. idea: where they took part."""

    path: int
    kind: int
    order: int
    idea: str


CREDITED, AUTHOR, MERGED_AUTHOR, VOTER = range(4)
IDEA, VOTE = range(2)


@dataclass
class Story:
    """The files, which idea is part of which, and what each mail must say."""

    source: Conversation
    titles: dict[str, str]
    ids: dict[str, int]
    into: dict[str, str] = field(default_factory=dict)
    owed: Counter[Said] = field(default_factory=Counter)

    def within(self, idea: str) -> list[str]:
        parts = [part for part, into in self.into.items() if into == idea]
        return [idea, *(each for part in parts for each in self.within(part))]

    def author(self, idea: str, path: int) -> tuple[str, Way]:
        return voter(self.source.authors[idea]), Way(path, IDEA, self.ids[idea], idea)

    def voters(self, idea: str, path: int) -> Iterable[tuple[str, Way]]:
        """Each by their vote on the idea itself, or else by their first on a part of it."""
        within = self.within(idea)
        for person in set().union(*(self.source.votes[each] for each in within)):
            own = [each for each in within if person in self.source.votes[each]]
            chosen = idea if idea in own else min(own, key=lambda each: self.source.since[each, person])
            # each has one vote here, so there is nothing to choose by its order
            yield voter(person), Way(path, VOTE, 0, chosen)

    def strongest(self, ways: Iterable[tuple[str, Way]]) -> dict[str, Way]:
        found: dict[str, Way] = {}
        for person, way in ways:
            found[person] = min(way, found.get(person, way))
        return found

    def why(self, person: str, way: Way) -> str:
        title = self.titles[way.idea]
        if way.kind == IDEA:
            return f"You wrote “{title}” on {day(self.source.created[way.idea])}."
        source_id = next(each for each in self.source.votes[way.idea] if voter(each) == person)
        return f"You voted for “{title}” on {day(self.source.since[way.idea, source_id])}."

    def merge(self, idea: str, into: str) -> None:
        moved, title = self.within(idea), self.titles[into]
        ways = [self.author(idea, AUTHOR), self.author(into, AUTHOR), *self.voters(idea, VOTER)]
        ways += [self.author(part, MERGED_AUTHOR) for part in moved[1:]]
        for person, way in self.strongest(ways).items():
            known = self.titles[way.idea] if way.idea in moved else self.titles[idea]
            self.owed[Said(person, f"“{known}” is part of “{title}” now", self.why(person, way), ())] += 1
        self.into[idea] = into

    def answer(self, idea: str, credited: list[str]) -> None:
        parts = self.within(idea)[1:]
        ways = [self.author(idea, AUTHOR), *(self.author(part, MERGED_AUTHOR) for part in parts)]
        ways += [self.author(part, CREDITED) for part in credited]
        ways += list(self.voters(idea, CREDITED))
        backers = {voter(person) for each in (idea, *parts) for person in self.source.votes[each]}
        for person, way in self.strongest(ways).items():
            why = self.why(person, way)
            if way.idea == idea:
                what = "You wrote this idea" if way.kind == IDEA else "You voted for this"
                why = f"{what} on{why.rpartition(' on')[2]}"
            else:
                why = f"{why} It is part of “{self.titles[idea]}” now."
            uses = [VOTES_HOW] if person in backers else []
            uses += [MERGED_HOW for part in credited if voter(self.source.authors[part]) == person]
            self.owed[Said(person, f"It is there: {self.titles[way.idea]}", why, tuple(sorted(uses)))] += 1


def main() -> None:
    asked = stage.arguments("Follows what people put into ideas that become one.", data=True)
    findings = Findings("The loop through merged ideas")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with SmtpSink() as sink, stage.site({**fresh(), "MAIL_URL": sink.url, "SETTLE_MINUTES": "0"}) as site:
                stage.import_conversation(site, asked.data, BOARD)
                show(findings, kind, site, sink, asked.data)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp, sink: SmtpSink, data: Path) -> None:
    key = arrange(site)
    ideas = stage.ask_all(f"{site.url}/api/v1/ideas?board={BOARD}&limit=100", key=key)
    story = Story(
        stage.read_conversation(data, BOARD),
        {idea["source"]["id"]: idea["title"] for idea in ideas},
        {idea["source"]["id"]: idea["id"] for idea in ideas},
    )
    one, two, three, near, far = chosen(story)
    overlap = len(story.source.votes[one] & story.source.votes[two])
    findings.note(
        f"{kind}: ideas {one}, {two}, {three} and neighbours {near}, {far}; voters of the first two in common", overlap
    )
    for _number in range(WORKERS[kind]):
        site.start("worker")
    # a neighbour goes into the second, that into the first: a chain; the others go there directly
    for idea, into in ((near, two), (far, three), (two, one), (three, one)):
        body = {"into": story.ids[into], "text": WHY}
        stage.ask(f"{site.url}/api/v1/ideas/{story.ids[idea]}/merge", key=key, method="POST", json_body=body)
        story.merge(idea, into)
        wait_until_told(site)
    compare(findings, f"{kind}, merged", story, sink)
    union = set().union(*(story.source.votes[each] for each in (one, two, three, near, far)))
    served = stage.ask(f"{site.url}/api/v1/ideas/{story.ids[one]}", key=key)
    findings.same(f"{kind}: people who back the five as one", len(union), served["vote_count"])
    credits: list[dict[str, Any]] = [{"kind": "votes", "how": VOTES_HOW}]
    credits += [{"kind": "merged_idea", "id": story.ids[each], "how": MERGED_HOW} for each in (two, near)]
    words = {"status": "shipped", "reason": "shipped", "text": ANSWER, "credits": credits}
    stage.ask(f"{site.url}/api/v1/ideas/{story.ids[one]}/answers", key=key, method="POST", json_body=words)
    story.answer(one, [two, near])
    wait_until_told(site)
    compare(findings, f"{kind}, answered", story, sink)
    told = stage.ask(f"{site.url}/api/v1/ideas/{story.ids[one]}", key=key)["people_told"]
    answered = sum(said.subject.startswith("It is there") for said in story.owed)
    findings.same(f"{kind}: people told, as the API says", answered, told["sent"])
    findings.holds(f"{kind}: ideas doctor", "All is well" in site.ideas("doctor"), "well")


def arrange(site: RunningApp) -> str:
    from ideas.accounts import keys, people
    from ideas.accounts.models import SiteRole
    from ideas.db import unit_of_work

    with inside(site), unit_of_work():
        team = people.create(TEAM, "Team", site_role=SiteRole.ADMIN)
        return keys.make(team, "evidence", ["ideas:read", "answers:write", "people:read"])


def chosen(story: Story) -> list[str]:
    """The three most backed ideas, and of the others the two that share the most voters with them."""
    votes = {idea: people for idea, people in story.source.votes.items() if idea not in story.source.hidden}
    most = sorted(votes, key=lambda idea: (-len(votes[idea]), int(idea)))[:3]
    theirs = set().union(*(votes[idea] for idea in most))
    others = sorted(set(votes) - set(most), key=lambda idea: (-len(votes[idea] & theirs), int(idea)))
    return [*most, *others[:2]]


def compare(findings: Findings, when: str, story: Story, sink: SmtpSink) -> None:
    came = Counter(said(mail) for mail in sink.messages)
    findings.same(f"{when}: mails that arrived", sum(story.owed.values()), sum(came.values()))
    findings.holds(
        f"{when}: (person, subject, why, how it was used) of each mail",
        came == story.owed,
        stage.differences(set(map(str, story.owed)), set(map(str, came))),
    )
    through = sum("It is part of" in each.why for each in came)
    findings.note(f"{when}: of these through a merged idea, under its own title", through)


def said(mail: ReceivedMail) -> Said:
    part = mail.message.get_body(("plain",))
    assert part is not None
    lines = str(part.get_content()).splitlines()
    why = next((line for line in lines if line.startswith(STARTS)), "")
    uses = tuple(sorted(line.partition(": ")[2] for line in lines if line.startswith("↩")))
    return Said(mail.recipients[0], " ".join(str(mail.message["Subject"]).split()), why, uses)


if __name__ == "__main__":
    main()
