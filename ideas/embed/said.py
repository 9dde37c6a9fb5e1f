"""The words of the widget, by the names that its scripts know them by. They stand in the catalogues like all others."""

from __future__ import annotations

from typing import Any

from ideas import words
from ideas.boards.labels import REASON_WORDS
from ideas.words import lazy


def ngettext(one: str, many: str) -> tuple[str, str]:
    """Words by number, for `make words` to find; their forms are looked up when they are asked for."""
    return one, many


_SAID = {
    "launcher": lazy("Ideas"),
    "list": lazy("Ideas"),
    "roadmap": lazy("Roadmap"),
    "releases": lazy("Releases"),
    "receipts": lazy("What became of it"),
    "views": lazy("Views"),
    "back": lazy("Back"),
    "close": lazy("Close"),
    "again": lazy("Try again"),
    "newtab": lazy("opens in a new tab"),
    "slow": lazy("This takes longer than usual."),
    "away": lazy("This cannot be reached right now. What you typed is kept."),
    "fault": lazy("That did not work."),
    "nothing": lazy("There is nothing here, or you may not see it."),
    # the list
    "ask": lazy("What would you like to be different?"),
    "post": lazy("Post an idea"),
    "order": lazy("Order"),
    "trending": lazy("Trending"),
    "top": lazy("Top"),
    "new": lazy("New"),
    "more": lazy("More ideas"),
    "alike": lazy("Ideas like this one"),
    "nonealike": lazy("Nothing here is much like it."),
    "anew": lazy("Post “%(words)s” as a new idea"),
    "saidas": lazy("also said as “%(title)s”"),
    "nobody": lazy("Nobody has said anything here yet."),
    "befirst": lazy("Say what you need, back what others need, and hear what became of it."),
    # an idea
    "partof": lazy("“%(moved)s” is part of “%(title)s” now"),
    "by": lazy("idea by %(name)s"),
    "answerby": lazy("Answer by %(name)s"),
    "team": lazy("for the team"),
    "plannedfor": lazy("Planned for"),
    "lookagain": lazy("We look at it again by"),
    "input": lazy("What your input did"),
    "everyone": lazy("Everyone who voted"),
    "customer": lazy("What a customer told us"),
    "readall": lazy("Read all of it"),
    "takenback": lazy("Your vote is taken back."),
    "picture": lazy("A picture"),
    # a new idea
    "yours": lazy("Your idea"),
    "inoneline": lazy("Your idea in one line"),
    "lead": lazy("In one line: ideas like it are found by this."),
    "change": lazy("What would it change for you?"),
    "optional": lazy("optional"),
    "capture": lazy("Add where I am now. Whoever reads the idea reads this too:"),
    "page": lazy("Page: %(address)s"),
    "release": lazy("Version %(number)s"),
    "postthis": lazy("Post this idea"),
    "first": lazy("Sign in first; it takes a moment, and what you wrote is kept."),
    "missing": lazy("Please fill this in."),
    "kept": lazy("What you typed is kept."),
    "posted": lazy("Your idea is here for everybody to back. You hear from us when there is an answer."),
    "waits": lazy("The team looks at this before others see it. You find it here, and hear when it is let through."),
    # who somebody is
    "signin": lazy("Sign in"),
    "signout": lazy("Sign out"),
    "as": lazy("Signed in as %(name)s"),
    "sign-in": lazy("Sign in to go on."),
    "blocked": lazy("Your browser opened no window to sign in."),
    "given-up": lazy("The window was closed before you were signed in."),
    "whoareyou": lazy("Sign in to see what became of everything you put in."),
    # what became of it
    "had": lazy("You had the idea"),
    "votedfor": lazy("You voted for"),
    "commented": lazy("You said something on"),
    "noted": lazy("The team noted that you want"),
    "told:email": lazy("Told by e-mail"),
    "told:inbox": lazy("Told in your inbox"),
    "unanswered": lazy("Nobody has answered yet"),
    "nothingyours": lazy("Nothing of yours yet"),
    "thenhere": lazy(
        "Vote for an idea, say something, or post your own. What becomes of it is shown here, pair by pair."
    ),
    # the roadmap and releases
    "stage:planned": lazy("Planned"),
    "stage:started": lazy("Started"),
    "stage:shipped": lazy("Shipped"),
    "none:planned": lazy("Nothing is planned right now."),
    "none:started": lazy("Nothing is being made right now."),
    "none:shipped": lazy("Nothing is there yet."),
    "until": lazy("by"),
    "noreleases": lazy("Nothing was released yet"),
    **{f"reason:{reason}": said for reason, said in REASON_WORDS.items()},
}

_BY_NUMBER = {
    "asked": ngettext("%(num)s person asked", "%(num)s people asked"),
    "comments": ngettext("%(num)s comment", "%(num)s comments"),
    "counts": ngettext("Your vote counts. %(num)s person wants this.", "Your vote counts. %(num)s people want this."),
    "found": ngettext("%(num)s similar idea is here already.", "%(num)s similar ideas are here already."),
    "told": ngettext("%(num)s person told", "%(num)s people told"),
    "unansweredwithin": ngettext(
        "Not answered yet. The team answers within %(num)s day.",
        "Not answered yet. The team answers within %(num)s days.",
    ),
    "unread": ngettext("%(num)s piece of news", "%(num)s pieces of news"),
    "votes": ngettext("%(num)s vote", "%(num)s votes"),
    "votesfor": ngettext("vote for %(title)s", "votes for %(title)s"),
    "votesword": ngettext("vote", "votes"),
    "want": ngettext("person wants this", "people want this"),
    "within": ngettext("We answer within %(num)s day.", "We answer within %(num)s days."),
}

# Among so many numbers every kind that a language knows comes up, but those of millions, which are said like any other.
_NUMBERS = range(200)


def everything() -> dict[str, Any]:
    """All of it in the language that words come in now: a text, or one for each kind of number by its Unicode name."""
    kind_of = words.language().plural_form
    examples: dict[str, int] = {}
    for number in _NUMBERS:
        examples.setdefault(kind_of(number), number)
    return {name: str(said) for name, said in _SAID.items()} | {
        name: {kind: words.in_catalogue_by_number(one, many, number) for kind, number in examples.items()}
        for name, (one, many) in _BY_NUMBER.items()
    }
