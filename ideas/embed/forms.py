"""How the page asks for what schemas.py judges."""

from __future__ import annotations

from wtforms import HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.embed import schemas
from ideas.embed.models import Algorithm
from ideas.forms import LinesField, SchemaForm
from ideas.words import lazy


class SitesForm(SchemaForm):
    """On which sites the board may be shown."""

    schema = schemas.SitesWords()
    sites = LinesField(lazy("Sites that may show it"))


class HostForm(SchemaForm):
    """How the host signs who somebody is."""

    schema = schemas.HostWords()
    issuer = StringField(lazy("Issuer"))
    algorithm = SelectField(
        lazy("How it signs"),
        choices=[
            SelectChoice(Algorithm.HS256.value, lazy("HS256, with a secret that you share with us")),
            SelectChoice(Algorithm.RS256.value, lazy("RS256, with keys of yours")),
            SelectChoice(Algorithm.EDDSA.value, lazy("EdDSA (Ed25519), with keys of yours")),
        ],
    )
    keys_address = StringField(lazy("Address of your keys"))


class CheckForm(SchemaForm):
    """Which page shall be looked at."""

    schema = schemas.CheckWords()
    address = StringField(lazy("Address of a page"))
    token = StringField(lazy("A token of yours"))


class WindowForm(SchemaForm):
    """Whether a page may know who somebody is."""

    schema = schemas.WindowWords()
    board = HiddenField()
    origin = HiddenField()
    state = HiddenField()
