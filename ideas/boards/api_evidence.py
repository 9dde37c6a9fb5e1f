"""What customers said elsewhere, and votes on their behalf, as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import Blueprint, ListQuery, list_of
from ideas.boards import api_evidence_examples as examples
from ideas.boards import api_examples, behalf, confirming, evidence, evidencing, policy, queries
from ideas.boards import schemas_out_evidence as shapes
from ideas.boards.queries import IdeaRow
from ideas.boards.schemas_evidence import BehalfWords, NewEvidence
from ideas.boards.schemas_out import Shape
from ideas.db import unit_of_work

ON_BEHALF = "votes:on_behalf"

blueprint = Blueprint(
    "evidence", __name__, about="What customers said in calls, tickets and mails, and votes for them."
)


def _ours(idea_id: int) -> IdeaRow:
    on = queries.get_idea(api.member(), idea_id)
    policy.require_team(on.standing)
    return on


@blueprint.route("/ideas/<id:idea_id>/evidence")
@blueprint.needs("people:read")
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.EvidenceOut), example=api_examples.page(examples.EVIDENCE))
def list_evidence(asked: dict[str, Any], idea_id: int) -> Any:
    """List what customers said of an idea

    For the team, newest first, with what was said of ideas merged into it.
    """
    page = evidence.of_idea(_ours(idea_id), limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.evidence)


@blueprint.route("/ideas/<id:idea_id>/evidence", method="POST")
@blueprint.needs(ON_BEHALF)
@blueprint.takes(NewEvidence, example=examples.NEW_EVIDENCE)
@blueprint.gives(shapes.AddedOut, status=201, example=examples.ADDED)
def add_evidence(words: dict[str, Any], idea_id: int) -> Any:
    """Note what a customer said

    With `vote` they are told and asked whether they want it; `became` says `asked`, or why nobody has to be: `waiting`,
    `voted`, `denied`. For the team.
    """
    with unit_of_work():
        added = evidencing.add(api.member(), _ours(idea_id), words)
        evidence_id, became = added.evidence.id, added.became
    noted = evidence.read(api.member(), evidence_id)
    return api.created({**shapes.evidence(noted), "became": became}, f"/evidence/{evidence_id}")


@blueprint.route("/evidence/<id:evidence_id>")
@blueprint.needs("people:read")
@blueprint.gives(shapes.EvidenceOut, example=examples.EVIDENCE)
def get_evidence(evidence_id: int) -> Any:
    """Read one piece of evidence

    For the team.
    """
    return shapes.evidence(evidence.read(api.member(), evidence_id))


@blueprint.route("/evidence/<id:evidence_id>", method="DELETE")
@blueprint.needs(ON_BEHALF)
@blueprint.gives_nothing
def remove_evidence(evidence_id: int) -> None:
    """Remove one piece of evidence

    Its words and its link are gone. A vote on somebody's behalf stays theirs to decide. For the team.
    """
    with unit_of_work():
        noted, on = evidence.get(api.member(), evidence_id)
        evidencing.remove(api.member(), on, noted)


@blueprint.route("/ideas/<id:idea_id>/on-behalf")
@blueprint.needs("people:read")
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.WaitingOut), example=api_examples.page(examples.WAITING))
def list_on_behalf(asked: dict[str, Any], idea_id: int) -> Any:
    """List those who have not said yet whether they want it

    Whom the team counts on, newest first. They are not among the votes. For the team.
    """
    page = evidence.waiting_on(_ours(idea_id), limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.waiting)


@blueprint.route("/ideas/<id:idea_id>/on-behalf", method="PUT")
@blueprint.needs("votes:write")
@blueprint.takes(BehalfWords, example=examples.WANTED)
@blueprint.gives(shapes.ConfirmedOut, example=examples.SAID)
def say_on_behalf(said: dict[str, Any], idea_id: int) -> Any:
    """Say whether you want what the team noted that you want

    For those who were asked. Yes is a vote of yours; no takes back one that you have, and nobody asks again.
    """
    with unit_of_work():
        confirming.say(api.member(), evidence.get_own(api.member(), idea_id), **said)
    row = evidence.get_own(api.member(), idea_id)
    return shapes.said(row)


@blueprint.route("/ideas/<id:idea_id>/on-behalf/<id:person_id>", method="PUT")
@blueprint.needs(ON_BEHALF)
@blueprint.gives(shapes.OnBehalfOut, example=examples.ON_BEHALF)
def vote_on_behalf(idea_id: int, person_id: int) -> Any:
    """Vote on behalf of somebody

    They are told, and it is a vote once they say yes. Twice is once. For the team.
    """
    with unit_of_work():
        became = behalf.note(api.member(), _ours(idea_id), evidence.person(person_id))
    return _on_behalf(idea_id, person_id, became)


@blueprint.route("/ideas/<id:idea_id>/on-behalf/<id:person_id>", method="DELETE")
@blueprint.needs(ON_BEHALF)
@blueprint.gives_nothing
def take_back_on_behalf(idea_id: int, person_id: int) -> None:
    """Take back a vote that was noted for somebody

    While they have said nothing; what they said themselves stays. For the team.
    """
    with unit_of_work():
        behalf.take_back(api.member(), _ours(idea_id), person_id)


def _on_behalf(idea_id: int, person_id: int, became: behalf.Became) -> Shape:
    on = queries.get_idea(api.member(), idea_id)
    unheard = evidence.unheard_on([idea_id]).get(idea_id, 0)
    return {
        "idea_id": idea_id,
        "person_id": person_id,
        "became": became,
        "vote_count": on.idea.rank.vote_count,
        "on_behalf_count": unheard,
    }
