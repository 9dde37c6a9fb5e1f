"""Sentences that mails, the inbox and previews share, in the reader's language and time zone.

Functions, not template macros: a macro of a text template does not escape, and HTML mails say the same sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from ideas import looks, markup
from ideas.accounts.models import User
from ideas.boards.contributions import Contribution, Through, Use
from ideas.boards.models import Answer, Board, Comment, Idea, Reason, Revision
from ideas.boards.models_evidence import VoteOnBehalf
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_solving import Helped, Solved
from ideas.boards.outcomes import Counts
from ideas.boards.overdue import Owed
from ideas.ledger.models import Path
from ideas.words import _, grouped, ngettext


def day(at: date | datetime) -> str:
    """A day as people say it, without markup: "3 March"."""
    return looks.day(at).striptags()


def signed(person: User) -> str:
    """Name and role, as under a letter."""
    return f"{person.name}, {person.title}" if person.title else person.name


class Occasion(StrEnum):
    """What of an answer is news."""

    ANSWER = "answer"
    DATE = "date"  # it was given before, and its date moved
    CREDITS = "credits"  # it was given before, and somebody's input was named since


def headline(idea: Idea, answer: Answer, owed_as: str, occasion: str, through: Through | None = None) -> str:
    """The news of an answer in a line, by the title that the reader knows. Loaded: the answer's status."""
    title = own_title(idea, through)
    if occasion == Occasion.CREDITS:
        return _("How your input was used: %(title)s", title=title)
    if occasion == Occasion.DATE and answer.planned_for is not None:
        return _("New date, %(day)s: %(title)s", day=day(answer.planned_for), title=title)
    if owed_as == "planned" and answer.planned_for is not None:
        return _("Planned for %(day)s: %(title)s", day=day(answer.planned_for), title=title)
    said = {
        Reason.ALREADY_POSSIBLE: _("Possible already: %(title)s", title=title),
        Reason.PARTLY: _("Partly there: %(title)s", title=title),
        Reason.NOT_NOW: _("Not now: %(title)s", title=title),
        Reason.CANNOT_SAY: _("We cannot say yet: %(title)s", title=title),
    }.get(Reason(answer.reason))
    if said is not None:
        return said
    if owed_as == "shipped":
        return _("It is there: %(title)s", title=title)
    if owed_as == "declined":
        return _("We will not do this: %(title)s", title=title)
    return _("%(status)s: %(title)s", status=answer.status.name, title=title)


def in_short(answer: Answer) -> str:
    """The first words of an answer, and when it is looked at again; for lists, where not all of it is read."""
    said = markup.excerpt(answer.text_html)
    if answer.review_by is None:
        return said
    return _("%(said)s We look at it again by %(day)s.", said=said, day=day(answer.review_by))


def own_title(idea: Idea, through: Through | None) -> str:
    """What the reader knows an idea as: by the title of the one that became part of it, if that was theirs."""
    return through.title if through else idea.title


def why(
    path: str,
    contribution: Contribution | None,
    board: Board,
    through: Through | None = None,
    idea: Idea | None = None,
) -> str:
    """Why this person hears of it: what they did and when, and through which idea they have a part in `idea`."""
    if through is not None and idea is not None:
        values = {"why": why_own(path, contribution, through.title), "title": idea.title}
        if through.stands:
            return _("%(why)s It is part of “%(title)s” now.", **values)
        return _("%(why)s It was part of “%(title)s” then.", **values)
    fixed = {
        Path.MENTIONED: _("You are named in this comment."),
        Path.OWNER: _("You owe this idea its next word."),
        Path.TEAM: _("You are of the team of %(board)s.", board=board.name),
        Path.FOLLOWER: _("You follow this."),
    }.get(Path(path))
    if fixed is not None:
        return fixed
    if contribution is None:
        return _("You had a part in this.")
    when = day(contribution.at)
    if contribution.kind == "idea":
        return _("You wrote this idea on %(day)s.", day=when)
    if contribution.kind == "vote":
        return _("You voted for this on %(day)s.", day=when)
    if contribution.kind == "on_behalf":
        return _("%(name)s noted on %(day)s that you want this.", name=contribution.by, day=when)
    if contribution.kind == "evidence":
        return _("%(name)s noted on %(day)s what you said of this.", name=contribution.by, day=when)
    if not contribution.quote:  # a picture alone has no words
        return _("You commented on this on %(day)s.", day=when)
    return _("You said on %(day)s: “%(quote)s”", day=when, quote=contribution.quote)


def why_own(path: str, contribution: Contribution | None, title: str) -> str:
    """What this person did, on which of two ideas that are or were one."""
    if contribution is None:
        return _("You follow “%(title)s”.", title=title) if path == Path.FOLLOWER else _("You had a part in this.")
    values = {"title": title, "day": day(contribution.at)}
    if contribution.kind == "idea":
        return _("You wrote “%(title)s” on %(day)s.", **values)
    if contribution.kind == "vote":
        return _("You voted for “%(title)s” on %(day)s.", **values)
    if contribution.kind == "on_behalf":
        return _("%(name)s noted on %(day)s that you want “%(title)s”.", name=contribution.by, **values)
    if contribution.kind == "evidence":
        return _("%(name)s noted on %(day)s what you said of “%(title)s”.", name=contribution.by, **values)
    if not contribution.quote:  # a picture alone has no words
        return _("You commented on “%(title)s” on %(day)s.", **values)
    return _("You said on “%(title)s” on %(day)s: “%(quote)s”", quote=contribution.quote, **values)


def why_new(path: str, board: Board) -> str:
    """Why this person hears of a new idea: what they have to do with its board."""
    if path == Path.FOLLOWER:
        return _("You follow %(board)s.", board=board.name)
    return why(path, None, board)


def used(use: Use) -> str:
    """Which input an answer used."""
    if use.kind == "votes":
        return _("Your vote")
    if use.kind == "author":
        return _("Your idea")
    if use.kind == "evidence":
        return _("What you told us")
    if use.kind == "merged_idea":
        return _("Your idea “%(title)s”", title=use.quote)
    if not use.quote:  # taken back since, or a picture alone
        return _("Your comment")
    return _("Your words “%(quote)s”", quote=use.quote)


def promise(board: Board) -> str:
    """Who reads an idea, and by when they answer."""
    reads = board.promise or _("The team of %(board)s reads every idea.", board=board.name)
    if board.answer_within_days is None:
        return reads
    days = board.answer_within_days
    by_when = ngettext("You hear from them within %(num)s day.", "You hear from them within %(num)s days.", days)
    return f"{reads} {by_when}"


def read_first(board: Board, since: datetime | None, *, comment: bool = False) -> str:
    """That the team reads what members say before others do, and by when what was said then; "" where it does not."""
    if comment:
        what = _("Here the team reads every comment before others see it.") if board.reads_comments_first else ""
    else:
        what = _("Here the team reads every idea before others see it.") if board.reads_ideas_first else ""
    if not what or since is None or board.answer_within_days is None:
        return what
    by = since + timedelta(days=board.answer_within_days)
    return f"{what} {_('It reads this by %(day)s.', day=day(by))}"


def comment_line(news: str, comment: Comment, idea: Idea, through: Through | None = None) -> str:
    """Who said something to whom, on what the reader knows it as. Loaded: the comment's author."""
    values = {"name": comment.author.name, "title": own_title(idea, through)}
    if news == "official_comment":
        return _("%(name)s, for the team, on: %(title)s", **values)
    if news == "reply":
        return _("%(name)s replied to you on: %(title)s", **values)
    if news == "mention":
        return _("%(name)s named you on: %(title)s", **values)
    return _("%(name)s commented on: %(title)s", **values)


def comment_in_short(comment: Comment) -> str:
    """Its first words; none of a note of the team, which whoever has left it shall not read in an old list."""
    return "" if comment.is_internal else markup.excerpt(comment.body_html)


def changed(revision: Revision) -> str:
    """That an idea is not quite what those before backed."""
    return ngettext(
        "Changed on %(day)s after %(num)s person backed it.",
        "Changed on %(day)s after %(num)s people backed it.",
        revision.backers,
        day=day(revision.created_at),
    )


def merged_line(moved_title: str, into: Idea) -> str:
    """Which idea is part of which."""
    return _("“%(moved)s” is part of “%(title)s” now", moved=moved_title, title=into.title)


def after_merging(is_theirs: bool, contribution: Contribution | None) -> str:
    """What it means for somebody on the one side, whose idea became part of another, or on the other."""
    if not is_theirs:
        return _("Whoever wanted the other is counted here from now on.")
    if contribution is not None and contribution.kind == "vote":
        return _("Your vote counts there from now on, and you hear what becomes of it.")
    return _("It is answered there from now on, and you hear what becomes of it.")


def after_unmerging(is_theirs: bool, contribution: Contribution | None) -> str:
    """The same when they are two again."""
    if not is_theirs:
        return _("Whoever wanted the other alone is no longer counted here.")
    if contribution is not None and contribution.kind == "vote":
        return _("Your vote counts where you gave it, and it is answered by itself.")
    return _("It takes votes and is answered by itself again.")


def unmerged_line(moved_title: str, into: Idea) -> str:
    return _("“%(moved)s” is no longer part of “%(title)s”", moved=moved_title, title=into.title)


def appeal_line(hiding: Hiding, idea: Idea) -> str:
    """What became of an appeal, in a line."""
    values = {"title": idea.title}
    if hiding.comment_id is not None:
        if hiding.restored_at:
            return _("Your comment is shown again on: %(title)s", **values)
        return _("Your comment stays hidden on: %(title)s", **values)
    if hiding.restored_at:
        return _("Your idea is shown again: %(title)s", **values)
    return _("Your idea stays hidden: %(title)s", **values)


def hidden_line(hiding: Hiding, idea: Idea) -> str:
    if hiding.comment_id is not None:
        return _("Your comment was hidden on: %(title)s", title=idea.title)
    return _("Your idea was hidden: %(title)s", title=idea.title)


def behalf_line(idea: Idea, through: Through | None = None) -> str:
    return _("Do you want this? %(title)s", title=own_title(idea, through))


def noted_by(asked: VoteOnBehalf) -> str:
    """Who noted it, and when. Loaded: by."""
    return _("%(name)s noted on %(day)s that you want this.", name=asked.by.name, day=day(asked.noted_at))


def behalf_state(asked: VoteOnBehalf) -> str:
    """What whoever the team votes for said to it, as the team reads it."""
    if asked.confirmed_at is not None:
        return _("confirmed it on %(day)s", day=day(asked.confirmed_at))
    if asked.denied_at is not None:
        return _("denied it on %(day)s", day=day(asked.denied_at))
    return _("not heard yet")


# --- Did it solve the need ---


def asked_line(idea: Idea, through: Through | None = None) -> str:
    return _("Did this solve it for you? %(title)s", title=own_title(idea, through))


def there_since(answer: Answer) -> str:
    """That what was wanted has been there for a while."""
    return _("It has been there since %(day)s.", day=day(answer.created_at))


def helped(answer: str) -> str:
    """What somebody said, in a word."""
    words = {Helped.YES: _("yes"), Helped.PARTLY: _("partly"), Helped.NO: _("no")}
    return words[Helped(answer)]


def you_said(said: Solved) -> str:
    if said.answered_at is None or said.answer is None:
        return ""
    return _("You said “%(answer)s” on %(day)s.", answer=helped(said.answer), day=day(said.answered_at))


def not_solved_line(idea: Idea) -> str:
    return _("Not solved yet for most who asked: %(title)s", title=idea.title)


def counted(counts: Counts) -> str:
    """How many said what of something shipped."""
    return ngettext(
        "Of %(num)s person who answered, %(yes)s say yes, %(partly)s partly and %(no)s no.",
        "Of %(num)s people who answered, %(yes)s say yes, %(partly)s partly and %(no)s no.",
        counts.answers,
        yes=grouped(counts.yes),
        partly=grouped(counts.partly),
        no=grouped(counts.no),
    )


def goes_on_line(former: Idea) -> str:
    return _("We go on with: %(title)s", title=former.title)


def you_are_counted(answer: str | None) -> str:
    """Why somebody backs an idea without having voted for it."""
    if answer == Helped.PARTLY:
        return _("You said that it solved your need in part. You are counted among those who want the rest.")
    return _("You said that it did not solve your need. You are counted among those who want it to go on.")


# --- Silence ---


def silence_line(news: str, idea: Idea, through: Through | None = None) -> str:
    if news == "silent":
        return _("Answer or say when: %(title)s", title=idea.title)
    return _("Do you still want this? %(title)s", title=own_title(idea, through))


def no_word_since(since: datetime) -> str:
    return _("The team has said nothing on it since %(day)s.", day=day(since))


def ask_owner(vote_count: int) -> str:
    """What whoever owes the word is asked to do, and that people were asked meanwhile."""
    return ngettext(
        "%(num)s person wants it, and is asked whether they still do. Give them an answer, or a day by which they have "
        "one.",
        "%(num)s people want it, and are asked whether they still do. Give them an answer, or a day by which they have "
        "one.",
        vote_count,
    )


def overdue_line(owed: Sequence[tuple[Owed, str]]) -> str:
    """How many ideas are overdue, and which the longest."""
    return ngettext(
        "%(num)s idea waits for your word: %(title)s",
        "%(num)s ideas wait for your word, first: %(title)s",
        len(owed),
        title=owed[0][0].idea.title,
    )


def waits(days: int) -> str:
    return ngettext("waits since %(num)s day", "waits since %(num)s days", days)


def date_near_line(answer: Answer, idea: Idea) -> str:
    if answer.planned_for is None:
        return idea.title
    return _("Due on %(day)s, as you said: %(title)s", day=day(answer.planned_for), title=idea.title)


def appealed_line(hiding: Hiding, idea: Idea) -> str:
    if hiding.comment_id is not None:
        return _("Look again at a hidden comment on: %(title)s", title=idea.title)
    return _("Look again at a hidden idea: %(title)s", title=idea.title)
