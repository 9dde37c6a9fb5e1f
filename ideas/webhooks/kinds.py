"""The kinds of happenings of which other systems can be told: names, and words for those who choose."""

from __future__ import annotations

from typing import Any, NamedTuple

from ideas.words import lazy

TEST = "webhook.test"


class Kind(NamedTuple):
    """One kind. about: what it says, for whoever reads the description of the API."""

    name: str
    label: Any
    about: str


class Group(NamedTuple):
    """Kinds about one thing."""

    label: Any
    kinds: tuple[Kind, ...]


GROUPS = (
    Group(
        lazy("Ideas"),
        (
            Kind("idea.created", lazy("An idea was posted"), "An idea was posted, or let through."),
            Kind(
                "idea.updated",
                lazy("An idea was changed"),
                "Its words or tags were changed, or the words of its answer after it was announced.",
            ),
            Kind("idea.answered", lazy("An idea was answered"), "Sent when people are told, after the settle time."),
            Kind("idea.merged", lazy("An idea became part of another"), "Sent when people are told."),
            Kind("idea.unmerged", lazy("An idea stands for itself again"), "Sent when people are told."),
            Kind("idea.hidden", lazy("An idea was hidden"), "The team hid it, or it waits for their look."),
            Kind("idea.restored", lazy("An idea is shown again"), "It was hidden until now."),
            Kind("idea.deleted", lazy("An idea was taken back"), "Its author took it back; it is in no list."),
        ),
    ),
    Group(
        lazy("Votes"),
        (
            Kind("vote.created", lazy("Somebody voted"), "Somebody backs an idea."),
            Kind("vote.deleted", lazy("Somebody took a vote back"), "Somebody no longer backs an idea."),
            Kind(
                "vote.confirmed",
                lazy("Somebody confirmed a vote on their behalf"),
                "Whoever the team counted on says that they want it.",
            ),
        ),
    ),
    Group(
        lazy("Comments"),
        (
            Kind("comment.created", lazy("Somebody commented"), "A comment was written, or let through."),
            Kind("comment.updated", lazy("A comment was changed"), "Its words changed, or it was hidden or shown."),
            Kind("comment.deleted", lazy("A comment was taken back"), "Its author took it back."),
        ),
    ),
    Group(
        lazy("Releases, mail and people"),
        (
            Kind("release.published", lazy("A release was published"), "Sent when people are told."),
            Kind("delivery.failed", lazy("Somebody could not be told"), "A mail came back, or was given up."),
            Kind("person.erased", lazy("Somebody was erased"), "Forget them too: their number is all that is left."),
        ),
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for group in GROUPS for kind in group.kinds}
EVERY: dict[str, Kind] = {**KINDS, TEST: Kind(TEST, lazy("Test"), "Somebody pressed the button, or asked by the API.")}

# What the ledger announces → the kind that it is here; answers wait for the settle time like everybody's mail.
ANNOUNCED = {
    "answered": "idea.answered",
    "merged": "idea.merged",
    "unmerged": "idea.unmerged",
    "release_published": "release.published",
}
