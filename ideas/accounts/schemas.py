"""What people may send to the pages of this room. Pure: no database, no current person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from marshmallow import ValidationError, fields, post_load, validates_schema

from ideas import api, colours
from ideas.accounts import addresses, passwords
from ideas.accounts.models import SiteRole
from ideas.accounts.models_brand import SITE_NAME_LONGEST
from ideas.db import utcnow
from ideas.schemas import AppSchema, Line
from ideas.words import _

NAME_LONGEST = 80
TITLE_LONGEST = 80
KEY_NAME_LONGEST = 80
KEY_DAYS = (30, 90, 365)  # what the page offers; 0 is no end


class Address(fields.String):
    """An e-mail address in its one spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options) or ""
        if not text.strip():
            raise ValidationError(_("Please enter your e-mail address."))
        try:
            return addresses.email(text)
        except ValueError:
            raise ValidationError(_("This is not an e-mail address. One looks like mia@example.org.")) from None


class NewPassword(fields.String):
    """A password that will do. Nothing is cut from it: blanks at its ends may be meant."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options) or ""
        if objection := passwords.objection(text):
            raise ValidationError(objection)
        return text


class WithNext(AppSchema):
    """Where to go afterwards; what is no path of this site becomes "/"."""

    next = fields.String(load_default="", allow_none=True)

    @post_load
    def keep_local(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {**data, "next": addresses.local_path(data["next"])}


class OldPassword(fields.String):
    """A password to be compared with one that was accepted before."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options) or ""
        if not text:
            raise ValidationError(_("Please enter your password, or ask for a link by mail."))
        if len(text) > passwords.LONGEST:
            raise ValidationError(_("This is longer than any password here."))
        return text


class SignIn(WithNext):
    email = Address(required=True)
    password = OldPassword(required=True)


class AskForLink(WithNext):
    email = Address(required=True)


class AskForReset(AppSchema):
    email = Address(required=True)


class SignUp(WithNext):
    name = Line(required=True, longest=NAME_LONGEST)
    email = Address(required=True)
    password = NewPassword(required=True)

    @validates_schema
    def password_is_not_the_address(self, data: dict[str, Any], **_options: Any) -> None:
        if objection := passwords.objection(data["password"], about=data["email"]):
            raise ValidationError(objection, "password")


class SetUp(SignUp):
    """The first administrator signs up without next, but alike."""


class ProveElsewhere(AppSchema):
    """Another browser signed up: name and password are chosen here."""

    name = Line(required=True, longest=NAME_LONGEST)
    password = NewPassword(required=True)
    resume = fields.Boolean(load_default=False)


class ChoosePassword(AppSchema):
    password = NewPassword(required=True)


class Profile(AppSchema):
    name = Line(required=True, longest=NAME_LONGEST)
    title = Line(load_default="", longest=TITLE_LONGEST)
    locale = fields.String(load_default="")
    timezone = fields.String(load_default="")
    shown_as_backer = fields.Boolean(load_default=False)

    @validates_schema
    def choices_exist(self, data: dict[str, Any], **_options: Any) -> None:
        require_choices(data)


class Confirm(WithNext):
    """Somebody signed in says once more who they are."""

    password = OldPassword(required=True)


class Erase(AppSchema):
    """What cannot be undone is asked for in so many words."""

    with_text = fields.Boolean(load_default=False)
    sure = fields.Boolean(load_default=False)

    @validates_schema
    def is_meant(self, data: dict[str, Any], **_options: Any) -> None:
        if not data["sure"]:
            raise ValidationError(_("Tick this to go on. Afterwards nobody can bring it back."), "sure")


class NewKey(AppSchema):
    name = Line(required=True, longest=KEY_NAME_LONGEST)
    scopes = fields.List(fields.String(), load_default=[])
    days = fields.Integer(load_default=KEY_DAYS[1])

    @validates_schema
    def scopes_exist(self, data: dict[str, Any], **_options: Any) -> None:
        if not data["scopes"]:
            raise ValidationError(_("Choose what the key is for."), "scopes")
        if unknown := sorted(set(data["scopes"]) - set(api.SCOPES)):
            raise ValidationError(
                _(
                    "There is no scope “%(unknown)s”. These exist: %(known)s.",
                    unknown=unknown[0],
                    known=", ".join(api.SCOPES),
                ),
                "scopes",
            )
        if data["days"] not in (0, *KEY_DAYS):
            raise ValidationError(_("Choose one of the lengths."), "days")

    @post_load
    def name_the_day(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        days = data.pop("days")
        return {**data, "expires_at": utcnow() + timedelta(days=days) if days else None}


class Suspension(AppSchema):
    reason = Line(required=True, shortest=5, longest=300)


class Role(AppSchema):
    role = fields.Enum(SiteRole, by_value=True, required=True)


class RoleInvited(AppSchema):
    """Whom an administrator invites, and to what."""

    email = fields.String(required=True)
    role = fields.Enum(SiteRole, by_value=True, required=True)


class Belonging(AppSchema):
    """What an administrator says of a person: the company by its name, "" for none."""

    company = Line(load_default="", longest=120)
    title = Line(load_default="", longest=TITLE_LONGEST)


class CompanyName(AppSchema):
    name = Line(required=True, longest=120)


class Accent(fields.String):
    """A colour as #rrggbb, for which there are shades that can be read; "" for none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        colour = (super()._deserialize(value, attr, data, **options) or "").strip().lower()
        if not colour:
            return ""
        if not re.fullmatch("#([0-9a-f]{3}|[0-9a-f]{6})", colour):
            raise ValidationError(_("This is no colour. Write it like #0b6b5f."))
        try:
            colours.palette(colour)
        except ValueError:
            raise ValidationError(
                _("In a grey so pale links and buttons look switched off. Take a colour, or a grey as dark as #767676.")
            ) from None
        return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


class BrandWords(AppSchema):
    """How the site is called and looks; what is empty is as the settings say."""

    site_name = Line(longest=SITE_NAME_LONGEST, load_default="")
    accent = Accent(load_default="")

    @post_load
    def _nothing_is_none(self, loaded: dict[str, Any], **_values: Any) -> dict[str, Any]:
        return {name: value or None for name, value in loaded.items()}


def require_choices(profile: Mapping[str, Any]) -> None:
    """Raises ValidationError, at its field, for a language or a time zone that there is not."""
    if profile.get("locale") and not is_language(profile["locale"]):
        raise ValidationError(_("Choose one of the languages."), "locale")
    if profile.get("timezone") and profile["timezone"] not in available_timezones():
        raise ValidationError(_("Choose one of the time zones."), "timezone")


def is_language(code: str) -> bool:
    """Whether `code`, such as de or pt_BR, names a language."""
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return False
    return True
