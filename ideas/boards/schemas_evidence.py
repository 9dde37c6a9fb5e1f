"""What comes in of what customers said elsewhere, for pages and API alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validates_schema

from ideas.accounts.schemas import NAME_LONGEST, Address
from ideas.boards.models_evidence import LINK_LONGEST, WORDS_LONGEST, EvidenceKind
from ideas.schemas import AppSchema, Id, Line, Prose
from ideas.words import _


def is_web_address(text: str) -> bool:
    """A link may lead there: it is a page, and no script."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in text


class WebAddress(Line):
    """The address of a page: what a link may lead to."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not text:
            return ""
        if not is_web_address(text):
            raise ValidationError(_("This is no address of a page. One begins with https://."))
        return text


class NewEvidence(AppSchema):
    """What a customer said elsewhere, and who it was: somebody by number, or by address, or nobody that is known."""

    kind = fields.Enum(EvidenceKind, by_value=True, required=True)
    words = Prose(
        longest=WORDS_LONGEST, required=True, metadata={"description": "What they said. The team alone reads it."}
    )
    link = WebAddress(
        longest=LINK_LONGEST, load_default="", metadata={"description": "Where it was said: of a ticket, a page."}
    )
    person = Id(load_default=None, allow_none=True, metadata={"description": "The number of the person."})
    email = Address(
        load_default=None,
        allow_none=True,
        metadata={"description": "Or their address. Nobody’s until now, it becomes a person without an account."},
    )
    name = Line(
        longest=NAME_LONGEST, load_default="", metadata={"description": "What to call somebody who is new here."}
    )
    vote = fields.Bool(
        load_default=False,
        metadata={"description": "Vote on their behalf: they are asked, and counted apart until they say yes."},
    )

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("person") is not None and data.get("email") is not None:
            not_both = [_("Name the person by number or by address, not both.")]
            raise ValidationError({"person": not_both, "email": not_both})
        if data.get("vote") and data.get("person") is None and data.get("email") is None:
            raise ValidationError({"person": [_("Say who it is that you vote for.")]})


class BehalfWords(AppSchema):
    """Whether somebody wants what the team noted that they want."""

    wanted = fields.Bool(required=True)
