"""How the page asks for what schemas.py judges."""

from __future__ import annotations

from flask import request
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas import looks
from ideas.embed import schemas
from ideas.embed.models import Algorithm
from ideas.embed.snippets import AS_IT_COMES, Look
from ideas.forms import LinesField, SchemaForm
from ideas.words import _, lazy


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


class LookForm(SchemaForm):
    """How the widget shall look. What is chosen stands in the page's own address, and nothing is kept."""

    schema = schemas.LookWords()
    theme = SelectField(
        lazy("Light or dark"),
        choices=[
            SelectChoice("", lazy("As readers have it")),
            SelectChoice("light", lazy("Light")),
            SelectChoice("dark", lazy("Dark")),
        ],
        default="",
    )
    launcher = SelectField(
        lazy("Where the button stands"),
        choices=[SelectChoice("", lazy("Where lines end")), SelectChoice("start", lazy("Where lines begin"))],
        default="",
    )
    lang = SelectField(lazy("Language"), default="")
    label = StringField(lazy("Words on the button"), default="")
    accent = StringField(lazy("Colour of links and buttons"), default="")
    screen = SelectField(
        lazy("Seen on"),
        choices=[SelectChoice("desk", lazy("A wide screen")), SelectChoice("phone", lazy("A phone"))],
        default="desk",
    )

    def __init__(self) -> None:
        super().__init__(formdata=request.args, meta={"csrf": False})
        own = SelectChoice("", _("Like the page around it"))
        self.lang.choices = [own, *(SelectChoice(each.code, each.name) for each in looks.languages())]

    def chosen(self) -> Look:
        """What passed; as it comes when something has to be changed first."""
        return Look(**self.loaded) if self.validate() else AS_IT_COMES


class WindowForm(SchemaForm):
    """Whether a page may know who somebody is."""

    schema = schemas.WindowWords()
    board = HiddenField()
    origin = HiddenField()
    state = HiddenField()
