"""Snippets as JSON: texts that teams use often in answers."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import Blueprint, list_of
from ideas.boards import phrasing
from ideas.boards import schemas_out_snippets as shapes
from ideas.boards.schemas_out import Shape
from ideas.boards.schemas_out_snippets import SnippetOut
from ideas.boards.schemas_snippets import SnippetEdit, SnippetWords
from ideas.db import unit_of_work
from ideas.paging import Page

blueprint = Blueprint("snippets", __name__, about="Texts that teams use often in answers. For those who answer.")

_WORDS = {
    "name": "Needs a sponsor",
    "text": "{{votes}} people want “{{title}}”. What is missing is somebody who pays for it.",
    "board": "garden",
}
_EDIT = {"name": "Needs a sponsor first"}
_EXAMPLE = {
    "id": 3,
    **_WORDS,
    "by": {"id": 2, "name": "Petra", "role": "team"},
    "changed_at": "2026-11-22T10:00:00Z",
}


@blueprint.route("/snippets")
@blueprint.needs("people:read")
@blueprint.gives(list_of(SnippetOut), example={"data": [_EXAMPLE], "next": None})
def list_snippets() -> Any:
    """List snippets

    Yours and those of the boards whose team you are of, by name.
    """
    phrasing.require_somewhere(api.member())
    return api.listed(Page(phrasing.all_for(api.member()), None), shapes.snippet)


@blueprint.route("/snippets", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(SnippetWords, example=_WORDS)
@blueprint.gives(SnippetOut, status=201, example=_EXAMPLE)
def keep_snippet(words: dict[str, Any]) -> Any:
    """Keep a snippet

    For the team of a board, or for yourself. A blank that there is not is refused by its name.
    """
    with unit_of_work():
        snippet_id = phrasing.keep(api.member(), words).id
    return api.created(_snippet(snippet_id), f"/snippets/{snippet_id}")


@blueprint.route("/snippets/<id:snippet_id>")
@blueprint.needs("people:read")
@blueprint.gives(SnippetOut, example=_EXAMPLE)
def get_snippet(snippet_id: int) -> Any:
    """Read a snippet"""
    return _snippet(snippet_id)


@blueprint.route("/snippets/<id:snippet_id>", method="PATCH")
@blueprint.needs("answers:write")
@blueprint.takes(SnippetEdit, example=_EDIT)
@blueprint.gives(SnippetOut, example={**_EXAMPLE, **_EDIT})
def edit_snippet(words: dict[str, Any], snippet_id: int) -> Any:
    """Change a snippet

    What is left out stays. Whose it is does not change.
    """
    with unit_of_work():
        phrasing.change(api.member(), phrasing.get(api.member(), snippet_id), words)
    return _snippet(snippet_id)


@blueprint.route("/snippets/<id:snippet_id>", method="DELETE")
@blueprint.needs("answers:write")
@blueprint.gives_nothing
def remove_snippet(snippet_id: int) -> None:
    """Remove a snippet"""
    with unit_of_work():
        phrasing.remove(api.member(), phrasing.get(api.member(), snippet_id))


def _snippet(snippet_id: int) -> Shape:
    return shapes.snippet(phrasing.get(api.member(), snippet_id))
