"""How the page asks for what schemas.py judges."""

from __future__ import annotations

from ideas.embed import schemas
from ideas.forms import LinesField, SchemaForm
from ideas.words import lazy


class SitesForm(SchemaForm):
    """On which sites the board may be shown."""

    schema = schemas.SitesWords()
    sites = LinesField(lazy("Sites that may show it"))
