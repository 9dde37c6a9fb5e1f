"""What the product promises, as plain Python: who may do what, what counts where, and who is owed word of what.

It knows no database, no request and none of the code that is held against it. A refusal has the code programs read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

FINAL = ("shipped", "declined")
# what an idea may become: the reason that goes with it, and the kind of news that it is
MOVES = {
    "open": ("reopened", "moved"),
    "considering": ("under_review", "moved"),
    "planned": ("committed", "planned"),
    "shipped": ("shipped", "shipped"),
    "declined": ("not_us", "declined"),
}
Circle = set["Person"]
Audience = list[tuple[Circle, str]]  # who hears, and as what; whoever stands in several hears the first


class Refused(Exception):
    """It cannot be done; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class Person:
    name: str
    is_admin: bool = False
    team_of: str | None = None
    may_read: str | None = None  # a private board
    blocked: bool = False
    signed_in: bool = True


@dataclass(eq=False)
class Key:
    of: Person
    made_with: Key | None = None
    works: bool = True


@dataclass(eq=False)
class Comment:
    by: Person
    on: Idea
    official: bool = False
    reply_to: Comment | None = None
    deleted: bool = False

    @property
    def thread(self) -> Comment:
        """What began it."""
        return self.reply_to.thread if self.reply_to else self


@dataclass(eq=False)
class Answer:
    on: Idea
    stage: str
    before: str
    news: News | None = None


@dataclass(eq=False)
class Idea:
    board: str
    author: Person
    stage: str = "open"
    into: Idea | None = None
    votes: Circle = field(default_factory=set)
    followers: Circle = field(default_factory=set)
    comments: list[Comment] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    merging: News | None = None
    parting: News | None = None


@dataclass(eq=False)
class News:
    """Something of which people will be told, whoever they are by then."""

    about: Idea
    actor: Person | None
    whom: Callable[[], Audience]
    said: Comment | None = None  # what it is about, if that may be gone one day


@dataclass(frozen=True)
class Told:
    """A line of the ledger. fate: told, or why not."""

    person: Person
    kind: str
    news: News
    fate: str

    @property
    def stands_in_inbox(self) -> bool:
        return self.fate == "told" and not (self.news.said and self.news.said.deleted)


class Model:
    def __init__(self, private: str, people: list[Person], ideas: list[Idea], keys: list[Key]) -> None:
        self.private, self.people, self.ideas, self.keys = private, people, ideas, keys
        self.waiting: list[News] = []
        self.told: list[Told] = []

    # --- What is so ---

    def sees(self, person: Person | None, idea: Idea) -> bool:
        if idea.board != self.private:
            return True
        return person is not None and (person.is_admin or self.private in (person.team_of, person.may_read))

    def is_team(self, person: Person, idea: Idea) -> bool:
        return not person.blocked and (person.is_admin or person.team_of == idea.board)

    def root(self, idea: Idea) -> Idea:
        return self.root(idea.into) if idea.into else idea

    def within(self, idea: Idea) -> list[Idea]:
        """The idea, and all that is part of it."""
        return [idea, *(each for part in self.ideas if part.into is idea for each in self.within(part))]

    def backers(self, idea: Idea) -> Circle:
        """Each person once, for whichever of the ideas that are one they voted."""
        return set().union(*(each.votes for each in self.within(idea)))

    def readable(self, idea: Idea) -> list[Comment]:
        return [comment for comment in idea.comments if not comment.deleted]

    # --- What is asked before anything is done ---

    def by(self, key: Key) -> Person:
        self._require(key.works, "key-unknown")
        return key.of

    def in_browser(self, person: Person, at: Idea | None = None) -> Person:
        """Of somebody who is signed out nobody knows who they are; an idea that all may read is shown to them."""
        self._require(person.signed_in or at is None or self.sees(None, at), "not-found")
        self._require(person.signed_in, "sign-in-needed")
        return person

    def sign_in(self, person: Person) -> None:
        """Also who is blocked may read."""
        person.signed_in = True

    def _require(self, is_so: bool, code: str) -> None:
        if not is_so:
            raise Refused(code)

    def _require_part(self, person: Person, idea: Idea) -> None:
        self._require(self.sees(person, idea), "not-found")
        self._require(not person.blocked, "suspended")
        self._require(idea.into is None, "merged")

    def _require_team(self, person: Person, idea: Idea) -> None:
        self._require(self.sees(person, idea), "not-found")
        self._require(self.is_team(person, idea), "not-allowed")

    # --- Taking part ---

    def post(self, person: Person, board: str) -> Idea:
        idea = Idea(board, person)
        self._require(self.sees(person, idea), "not-found")
        self._require(not person.blocked, "suspended")
        self.ideas.append(idea)
        team = {each for each in self.people if each.is_admin or each.team_of == board}
        self._tell(idea, None, lambda: [({person}, "received"), (team, "new_idea")])
        return idea

    def vote(self, person: Person, idea: Idea) -> int:
        self._require_part(person, idea)
        self._require(idea.stage not in FINAL, "voting-closed")
        idea.votes.add(person)
        return len(self.backers(idea))

    def unvote(self, person: Person, idea: Idea) -> int:
        """One takes back the whole of one's support, also what was given to a part."""
        self._require_part(person, idea)
        self._require(idea.stage not in FINAL, "voting-closed")
        for each in self.within(idea):
            each.votes.discard(person)
        return len(self.backers(idea))

    def follow(self, person: Person, idea: Idea) -> None:
        self._require_part(person, idea)
        idea.followers.add(person)

    def comment(self, person: Person, idea: Idea, official: bool, reply_to: Comment | None) -> Comment:
        self._require_part(person, idea)
        self._require(not official or self.is_team(person, idea), "not-allowed")
        said = Comment(person, idea, official, reply_to)
        idea.comments.append(said)
        self._tell(idea, person, lambda: [] if said.deleted else self._hears(said), said)
        return said

    def _hears(self, said: Comment) -> Audience:
        answered = set()
        if said.reply_to:
            answered = {said.reply_to.by, said.thread.by}
        if not said.official:
            return [(answered, "reply"), (self._followers(said.on), "new_comment")]
        mine, others = self._part_in(said.on, "official_comment")
        return [*mine, (answered, "reply"), *others]

    def delete(self, person: Person, comment: Comment) -> None:
        self._require(self.sees(person, comment.on), "not-found")
        self._require(comment.by is person and not person.blocked, "not-allowed")
        comment.deleted = True

    # --- Answers ---

    def answer(self, person: Person, idea: Idea, stage: str, credited: list[Person], credits_votes: bool) -> Answer:
        self._require_team(person, idea)
        self._require(idea.into is None, "merged")
        self._require(not self._is_answer_waiting(idea), "answer-waiting")
        given = Answer(idea, stage, before=idea.stage)
        given.news = self._tell(idea, person, lambda: self._answered(given, set(credited), credits_votes))
        idea.answers.append(given)
        idea.stage = stage
        return given

    def _answered(self, given: Answer, credited: Circle, credits_votes: bool) -> Audience:
        thanked = credited | (self.backers(given.on) if credits_votes else set())
        mine, others = self._part_in(given.on, MOVES[given.stage][1])
        return [(thanked, "credited"), *mine, *others]

    def undo(self, person: Person, given: Answer) -> None:
        """Nobody hears of what was undone before they were told."""
        self._require_team(person, given.on)
        self._require(given.news in self.waiting, "already-announced")
        self._call_off(given.news)
        given.on.answers.remove(given)
        given.on.stage = given.before

    def _is_answer_waiting(self, idea: Idea) -> bool:
        return any(given.news in self.waiting for given in idea.answers)

    # --- Merging ---

    def merge(self, person: Person, idea: Idea, into: Idea) -> None:
        self._require(self.sees(person, idea), "not-found")
        self._require(self.sees(person, into), "invalid-input")
        self._require(self.is_team(person, idea), "not-allowed")
        self._require(idea is not into and idea.board == into.board, "invalid-input")
        for each in sorted((idea, into), key=self.ideas.index):
            self._require(each.into is None, "merged" if each is idea else "invalid-input")
        self._require(not self._is_answer_waiting(idea) and not self._is_answer_waiting(into), "answer-waiting")
        self._call_off(idea.parting)
        idea.into = into
        idea.merging = self._tell(into, person, lambda: self._became_one(idea, into))

    def unmerge(self, person: Person, idea: Idea) -> None:
        """Each is what it would be without the merge; of one that nobody was told of, nobody is told."""
        self._require_team(person, idea)
        root, into = self.root(idea), idea.into
        if into is None:
            raise Refused("not-merged")
        idea.into = None
        if not self._call_off(idea.merging):
            idea.parting = self._tell(root, person, lambda: self._became_two(idea, into))

    def _became_one(self, idea: Idea, into: Idea) -> Audience:
        """The side that became part of the other; of the other its author, and whoever spoke there or follows."""
        this = self.within(idea)
        whole = this + [each for each in self.within(into) if each not in this]
        people = {each.author for each in [*this, into]} | self.backers(idea)
        return [(people.union(*(self._speakers(each) | each.followers for each in whole)), "merged")]

    def _became_two(self, idea: Idea, into: Idea) -> Audience:
        both = [*self.within(idea), *self.within(into)]
        had_a_part = ({each.author} | each.votes | self._speakers(each) | each.followers for each in both)
        return [(set().union(*had_a_part), "merged")]

    # --- Blocking, keys, browsers ---

    def block(self, person: Person, whom: Person, *, on: bool) -> None:
        self._require(person.is_admin, "not-found")
        self._require(not person.blocked and whom is not person, "not-allowed")
        whom.signed_in = whom.signed_in and (whom.blocked or not on)
        whom.blocked = on

    def make_key(self, key: Key | None, person: Person) -> Key:
        self._require(not person.blocked, "not-allowed")
        self.keys.append(Key(person, made_with=key))
        return self.keys[-1]

    def revoke(self, person: Person, key: Key) -> None:
        self._require(key.of is person and key.works, "not-found")
        key.works = False
        for each in self.keys:
            if key in self._makers(each):
                each.works = False

    def _makers(self, key: Key) -> Iterator[Key]:
        while key := key.made_with:  # type: ignore[assignment]
            yield key

    # --- Telling ---

    def announce(self) -> None:
        for news in self.waiting:
            owed: dict[Person, str] = {}
            for people, kind in news.whom():
                owed = {**dict.fromkeys(people, kind), **owed}
            owed.pop(news.actor, None)  # type: ignore[arg-type]
            self.told += [Told(each, kind, news, self._fate(each, news.about)) for each, kind in owed.items()]
        self.waiting.clear()

    def _fate(self, person: Person, about: Idea) -> str:
        return "suspended" if person.blocked else "told" if self.sees(person, about) else "not_visible"

    def _tell(
        self, about: Idea, actor: Person | None, whom: Callable[[], Audience], said: Comment | None = None
    ) -> News:
        self.waiting.append(News(about, actor, whom, said))
        return self.waiting[-1]

    def _call_off(self, news: News | None) -> bool:
        if is_in_time := news in self.waiting:
            self.waiting.remove(news)
        return is_in_time

    def _part_in(self, idea: Idea, news: str) -> tuple[Audience, Audience]:
        """Everybody who had a part in what is one idea now, or follows it: first those who had it, then the others."""
        parts = self.within(idea)
        speakers = set().union(*(self._speakers(each) for each in parts))
        mine = [({each.author for each in parts}, news)]
        return mine, [(speakers | self.backers(idea) | self._followers(idea), news)]

    def _speakers(self, idea: Idea) -> Circle:
        return {comment.by for comment in self.readable(idea)}

    def _followers(self, idea: Idea) -> Circle:
        return set().union(*(each.followers for each in self.within(idea)))
