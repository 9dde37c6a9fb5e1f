"""How the pages of this room draw what `schemas.py` judges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import CheckboxInput, ListWidget

from ideas import api, looks
from ideas.accounts import schemas
from ideas.accounts.models import SiteRole
from ideas.forms import SchemaForm
from ideas.words import _, lazy

ROLES = {
    SiteRole.MEMBER: lazy("Member: takes part"),
    SiteRole.TEAM: lazy("Team: answers on every board"),
    SiteRole.ADMIN: lazy("Administrator: runs the site"),
}


INVITED = {role: words for role, words in ROLES.items() if role != SiteRole.MEMBER}


def _choices(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class SignInForm(SchemaForm):
    schema = schemas.SignIn()
    email = EmailField(lazy("E-mail address"))
    password = PasswordField(lazy("Password"))
    next = HiddenField()


class WithProviderForm(SchemaForm):
    schema = schemas.WithNext()
    next = HiddenField()


class AskForLinkForm(SchemaForm):
    schema = schemas.AskForLink()
    email = EmailField(lazy("E-mail address"))
    next = HiddenField()


class AskForResetForm(SchemaForm):
    schema = schemas.AskForReset()
    email = EmailField(lazy("E-mail address"))


class SignUpForm(SchemaForm):
    schema = schemas.SignUp()
    name = StringField(lazy("Your name"))
    email = EmailField(lazy("E-mail address"))
    password = PasswordField(lazy("Password"))
    next = HiddenField()


class SetUpForm(SignUpForm):
    schema = schemas.SetUp()


class ProveElsewhereForm(SchemaForm):
    schema = schemas.ProveElsewhere()
    name = StringField(lazy("Your name"))
    password = PasswordField(lazy("Password"))
    resume = BooleanField(lazy("Also do what was begun before signing up"))


class ChoosePasswordForm(SchemaForm):
    schema = schemas.ChoosePassword()
    password = PasswordField(lazy("New password"))


class ProfileForm(SchemaForm):
    schema = schemas.Profile()
    name = StringField(lazy("Your name"))
    title = StringField(lazy("What you do on the team"))
    locale = SelectField(lazy("Language"), validate_choice=False)
    timezone = SelectField(lazy("Time zone"), validate_choice=False)
    shown_as_backer = BooleanField(lazy("Show my name among those who back an idea"))

    def offer(self, *, with_title: bool) -> None:
        """Fill the lists to choose from, in the reader's language."""
        self.locale.choices = _choices([("", _("Like my browser")), *looks.languages()])
        self.timezone.choices = _choices([("", _("Like the site")), *((zone, zone) for zone in _zones())])
        if not with_title:
            del self.title


class ConfirmForm(SchemaForm):
    schema = schemas.Confirm()
    password = PasswordField(lazy("Password"))
    next = HiddenField()


class EraseForm(SchemaForm):
    schema = schemas.Erase()
    with_text = BooleanField(lazy("Also delete the text, where others took part as well"))
    sure = BooleanField(lazy("I understand that this cannot be undone"))


class NewKeyForm(SchemaForm):
    schema = schemas.NewKey()
    name = StringField(lazy("What is it for"))
    scopes = SelectMultipleField(
        lazy("What it may do"),
        choices=_choices(api.SCOPES.items()),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    days = SelectField(lazy("How long it works"), default=str(schemas.KEY_DAYS[1]), validate_choice=False)

    def offer(self) -> None:
        lengths = [(str(days), _("%(days)s days", days=days)) for days in schemas.KEY_DAYS]
        self.days.choices = _choices([*lengths, ("0", _("Until it is revoked"))])


class SuspensionForm(SchemaForm):
    schema = schemas.Suspension()
    reason = StringField(lazy("Why"))


class RoleForm(SchemaForm):
    schema = schemas.Role()
    role = RadioField(lazy("Role on the whole site"), choices=_choices(ROLES.items()), validate_choice=False)


class RoleInvitationForm(SchemaForm):
    """Somebody who is to hold a role on the whole site."""

    schema = schemas.RoleInvited()
    email = StringField(lazy("E-mail address"), filters=[lambda value: value or ""])
    role = RadioField(lazy("Role on the whole site"), choices=_choices(INVITED.items()), validate_choice=False)


class BelongingForm(SchemaForm):
    schema = schemas.Belonging()
    company = StringField(lazy("Company"))
    title = StringField(lazy("Title beside the name"))


class CompanyForm(SchemaForm):
    schema = schemas.CompanyName()
    name = StringField(lazy("Name of the company"))


def _text(value: str | None) -> str:
    """A field that a form left out is an empty text."""
    return value or ""


class BrandForm(SchemaForm):
    """How the site is called and looks; what is left empty is as the settings say."""

    schema = schemas.BrandWords()
    site_name = StringField(lazy("Name of the site"), filters=[_text])
    accent = StringField(lazy("Colour of links and buttons"), filters=[_text])
    picture = FileField(lazy("Logo"))


def _zones() -> list[str]:
    """Zones that are places or UTC; the rest are old names for them."""
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return sorted(zone for zone in available_timezones() if zone == "UTC" or zone.partition("/")[0] in areas)
