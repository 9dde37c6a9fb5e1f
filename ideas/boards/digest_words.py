"""How the subject of a digest says of how many ideas it brings which news: "one idea shipped; 3 ideas moved"."""

from __future__ import annotations

from collections.abc import Callable

from ideas.words import ngettext

COUNTED: dict[str, Callable[[int], str]] = {
    "credited": lambda n: ngettext("your input was used", "your input was used for %(num)s ideas", n),
    "shipped": lambda n: ngettext("one idea shipped", "%(num)s ideas shipped", n),
    "declined": lambda n: ngettext("one idea was declined", "%(num)s ideas were declined", n),
    "planned": lambda n: ngettext("one idea is planned", "%(num)s ideas are planned", n),
    "moved": lambda n: ngettext("one idea moved", "%(num)s ideas moved", n),
    "official_comment": lambda n: ngettext("a word from the team", "words from the team on %(num)s ideas", n),
    "merged": lambda n: ngettext("one idea became part of another", "%(num)s ideas became part of others", n),
    "solved": lambda n: ngettext("did it solve your need?", "did %(num)s ideas solve your need?", n),
    "follow_up": lambda n: ngettext("one idea goes on", "%(num)s ideas go on", n),
    "not_solved": lambda n: ngettext("one idea is not solved yet", "%(num)s ideas are not solved yet", n),
    "on_behalf": lambda n: ngettext("do you want one idea?", "do you want %(num)s ideas?", n),
    "still_wanted": lambda n: ngettext("do you still want one idea?", "do you still want %(num)s ideas?", n),
    "silent": lambda n: ngettext("one idea waits for a word", "%(num)s ideas wait for a word", n),
    "overdue": lambda n: ngettext("an answer is overdue", "answers are overdue on %(num)s boards", n),
    "date_near": lambda n: ngettext("a date comes near", "%(num)s dates come near", n),
    "appealed": lambda n: ngettext("an appeal", "appeals on %(num)s ideas", n),
    "received": lambda n: ngettext("we have your idea", "we have %(num)s ideas of yours", n),
    "hidden": lambda n: ngettext("something of yours was hidden", "something of yours was hidden on %(num)s ideas", n),
    "appeal": lambda n: ngettext("your appeal was answered", "%(num)s appeals of yours were answered", n),
    "reply": lambda n: ngettext("a reply to you", "replies to you on %(num)s ideas", n),
    "mention": lambda n: ngettext("you were named", "you were named on %(num)s ideas", n),
    "new_comment": lambda n: ngettext("comments on one idea", "comments on %(num)s ideas", n),
    "release": lambda n: ngettext("a release is out", "%(num)s releases are out", n),
    "new_idea": lambda n: ngettext("one new idea", "%(num)s new ideas", n),
}
