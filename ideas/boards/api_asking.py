"""Whether what was shipped solved the need, as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import api_asking_examples as examples
from ideas.boards import api_examples, outcomes, overdue, policy, queries, silence, solving
from ideas.boards import schemas_out_asking as shapes
from ideas.boards.schemas import FollowUp, SolvedWords, StoryShown, Wanted
from ideas.boards.schemas_out import Shape
from ideas.db import unit_of_work

blueprint = Blueprint("solved", __name__, about="Whether what was built solved the need of those who asked for it.")


@blueprint.route("/ideas/<id:idea_id>/solved")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.OutcomeOut, example=examples.OUTCOME)
def get_outcome(idea_id: int) -> Any:
    """Read what people say of what was built

    All null and empty while nobody was asked.
    """
    on = queries.get_idea(api.reader(), idea_id)
    return shapes.outcome(outcomes.of_idea(on), unsolved=on.idea.rank.is_unsolved)


@blueprint.route("/ideas/<id:idea_id>/solved", method="PUT")
@blueprint.needs("votes:write")
@blueprint.takes(SolvedWords, example=examples.SOLVED_WORDS)
@blueprint.gives(shapes.OwnWordsOut, example=examples.OWN_WORDS)
def say_whether_solved(said: dict[str, Any], idea_id: int) -> Any:
    """Say whether it solved your need

    For those who were asked; the last word counts. Without `may_publish` only the team reads your words; taking it back
    takes the story down.
    """
    with unit_of_work():
        solving.say(api.member(), outcomes.get_own(api.member(), idea_id), **said)
    return shapes.own(outcomes.get_own(api.member(), idea_id).solved)


@blueprint.route("/ideas/<id:idea_id>/solved/answers")
@blueprint.needs("people:read")
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.SaidOut), example=api_examples.page(examples.SAID))
def list_said(asked: dict[str, Any], idea_id: int) -> Any:
    """List what everybody said

    For the team, newest first.
    """
    on = queries.get_idea(api.member(), idea_id)
    policy.require_team(on.standing)
    page = outcomes.what_they_said(on, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.said)


@blueprint.route("/solved/<id:solved_id>/story", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(StoryShown, example=examples.STORY_SHOWN)
@blueprint.gives(shapes.SaidOut, example=examples.SAID)
def show_story(wanted: dict[str, Any], solved_id: int) -> Any:
    """Show what somebody said as a story, or no longer

    For the team, with their consent alone.
    """
    with unit_of_work():
        solving.publish(api.member(), outcomes.get_said(api.member(), solved_id), **wanted)
    return shapes.said(outcomes.get_said(api.member(), solved_id).solved)


@blueprint.route("/ideas/<id:idea_id>/follow-up", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(FollowUp, example=examples.FOLLOW_UP)
@blueprint.gives(shapes.FollowedUpOut, status=201, example=examples.FOLLOWED_UP)
def follow_up(words: dict[str, Any], idea_id: int) -> Any:
    """Go on with what was not solved

    A new idea, backed by exactly those who said “partly” or “no”, who are told. Once: again it answers with the same
    idea. For the team.
    """
    with unit_of_work():
        new_id = solving.follow_up(api.member(), queries.get_idea(api.member(), idea_id), **words).id
    return api.created(_followed_up(new_id), f"/ideas/{new_id}")


@blueprint.route("/ideas/<id:idea_id>/still-wanted")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.SupportOut, example=examples.SUPPORT)
def get_support(idea_id: int) -> Any:
    """Read who still wants an idea

    People are asked when the team has said nothing on it for 90 days. All null or 0 while they were not.
    """
    return shapes.support(overdue.support(queries.get_idea(api.reader(), idea_id)))


@blueprint.route("/ideas/<id:idea_id>/still-wanted", method="PUT")
@blueprint.needs("votes:write")
@blueprint.takes(Wanted, example=examples.WANTED)
@blueprint.gives(shapes.SupportOut, example=examples.SUPPORT)
def say_whether_still_wanted(said: dict[str, Any], idea_id: int) -> Any:
    """Say whether you still want an idea

    For those who were asked. With `false` your vote is taken back.
    """
    with unit_of_work():
        silence.say(api.member(), queries.get_idea(api.member(), idea_id), **said)
    return shapes.support(overdue.support(queries.get_idea(api.member(), idea_id)))


def _followed_up(idea_id: int) -> Shape:
    row = queries.get_idea(api.member(), idea_id)
    return {"idea_id": idea_id, "vote_count": row.idea.rank.vote_count}
