"""What the demo says: a made-up maker of an app for community gardens, and the people who garden with it.

One TOML file for each board, and one for what the team keeps for itself. Times are days: `age` of an idea before today,
`after` of what follows after its begin, `date` and `review_by` from today.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from ideas.boards.demo_words.shapes import (
    Answered,
    Appealed,
    Asked,
    BoardStory,
    Corrected,
    Credited,
    Edited,
    Event,
    Flagged,
    Heard,
    Helped,
    Line,
    Merged,
    Phrase,
    Released,
    Said,
    Story,
)

FILES = ("garden-planner.toml", "data-and-tools.toml", "council.toml")


def boards() -> tuple[BoardStory, ...]:
    """The boards with all that happened on them, each idea's events in their order."""
    folder = resources.files(__name__)
    return tuple(_board(tomllib.loads(folder.joinpath(name).read_text("utf-8"))) for name in FILES)


def of_the_team() -> tuple[tuple[Asked, ...], tuple[Phrase, ...]]:
    """What the team keeps for itself: segments, and snippets."""
    told = tomllib.loads(resources.files(__name__).joinpath("team.toml").read_text("utf-8"))
    return tuple(Asked(**each) for each in told["segments"]), tuple(Phrase(**each) for each in told["snippets"])


def _board(told: dict[str, Any]) -> BoardStory:
    stories = tuple(_story(story) for story in told["stories"])
    releases = tuple(_release(release) for release in told.get("releases", []))
    return BoardStory(**{**told, "stories": stories, "releases": releases})


def _release(told: dict[str, Any]) -> Released:
    return Released(**{**told, "ideas": tuple(Line(**each) for each in told.get("ideas", []))})


def _story(told: dict[str, Any]) -> Story:
    events: list[Event] = [Said(**each) for each in told.pop("said", [])]
    events += [Heard(**each) for each in told.pop("heard", [])]
    events += [Answered(**_credited(each)) for each in told.pop("answered", [])]
    events += [Merged(**each) for each in told.pop("merged", [])]
    events += [Edited(**each) for each in told.pop("edited", [])]
    events += [Flagged(**each) for each in told.pop("flagged", [])]
    events += [Appealed(**each) for each in told.pop("appealed", [])]
    events += [Corrected(**_credited(each)) for each in told.pop("corrected", [])]
    helped = tuple(Helped(**each) for each in told.pop("helped", []))
    return Story(**told, helped=helped, events=tuple(sorted(events, key=lambda event: event.after)))


def _credited(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "credits": tuple(Credited(**each) for each in told.get("credits", []))}
