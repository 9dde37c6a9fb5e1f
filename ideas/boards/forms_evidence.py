"""How pages ask for what schemas_evidence.py judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.accounts.models import User
from ideas.boards import evidence, schemas_evidence
from ideas.boards.labels import EVIDENCE_WORDS
from ideas.boards.models_evidence import EvidenceKind
from ideas.boards.similar import Similar
from ideas.forms import OnceForm, SchemaForm
from ideas.words import _, lazy, ngettext

NEW = "new"


def _text(value: str | None) -> str:
    return value or ""


class EvidenceForm(OnceForm):
    """What a customer said elsewhere. Who it was is typed, found, and then chosen among those who were found."""

    schema = schemas_evidence.NewEvidence()
    kind = RadioField(
        lazy("Where was it said?"),
        choices=[SelectChoice(kind.value, words) for kind, words in EVIDENCE_WORDS.items()],
        default=EvidenceKind.CALL.value,
        validate_choice=False,
    )
    words = TextAreaField(lazy("What did they say?"), filters=[_text])
    link = StringField(lazy("Link"), filters=[_text])
    who = StringField(lazy("Who said it?"), filters=[_text])
    person = RadioField(lazy("Which of these?"), choices=[], validate_choice=False)
    name = StringField(lazy("What are they called?"), filters=[_text])
    vote = BooleanField(lazy("Vote on their behalf"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered: list[SelectChoice] = []
        self.reached = ""  # who has the address that was typed

    @property
    def data(self) -> dict[str, Any]:
        own: dict[str, Any] = super().data
        who, chosen = own.pop("who"), own["person"] or ""
        # whoever is new by an address is known by it when the form is sent once more: the address names them both times
        own["email"] = evidence.address_in(who or "") if chosen in (NEW, self.reached) else None
        own["person"] = int(chosen) if chosen.isdecimal() and len(chosen) < 10 and not own["email"] else None
        return own

    def show(self, error: ValidationError) -> None:
        """What is wrong with whom it is stands where they are typed, while there is nobody to be chosen."""
        messages = dict(error.messages_dict)
        if "person" in messages and not (self.who.data or "").strip():
            messages["who"] = messages.pop("person")
        super().show(ValidationError(messages))

    def offer(self) -> None:
        """Let those be chosen who are like what was typed; an address says it by itself."""
        typed = (self.who.data or "").strip()
        address = evidence.address_in(typed)
        found = evidence.people_like(typed) if typed else []
        known = [str(person.id) for person in found if address is not None and person.email == address]
        self.offered = [SelectChoice(str(person.id), _said_of(person)) for person in found]
        if address is not None and not known:
            self.offered.append(SelectChoice(NEW, _("Somebody new, with the address %(email)s", email=address)))
        self.person.choices = self.offered
        self.reached = known[0] if known else ""
        if known or (address is not None and not found):
            self.person.data = self.person.data or (known[0] if known else NEW)

    def require_choice(self) -> bool:
        """Whether who was typed is one of those offered, or nobody was typed; otherwise it is said beside the field."""
        if not (self.who.data or "").strip() or self.person.data in {choice.value for choice in self.offered}:
            return True
        if self.offered:
            self.show(ValidationError({"person": [_("Choose who it is.")]}))
        self.require_somebody()
        return False

    def require_somebody(self) -> None:
        """Say it beside the field when nobody is like who was typed."""
        if (self.who.data or "").strip() and not self.offered:
            self.show(ValidationError({"who": [_("Nobody here is called so. Say their e-mail address.")]}))


class CaptureForm(EvidenceForm):
    """What stands on some page, as evidence for an idea that is found by what it is about, or for a new one."""

    board = SelectField(lazy("Board"), validate_choice=False)
    title = StringField(lazy("What is it about?"), filters=[_text])
    idea = RadioField(lazy("Which idea?"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"kind": EvidenceKind.PAGE.value, **options})
        self.offered_ideas: list[SelectChoice] = []

    def offer_ideas(self, found: Sequence[Similar]) -> None:
        """Let those be chosen; a new one can be at any time."""
        self.offered_ideas = [SelectChoice(str(each.idea.id), _counted(each)) for each in found]
        self.offered_ideas.append(SelectChoice(NEW, _("A new idea, with this title")))
        self.idea.choices = self.offered_ideas

    def require_idea(self) -> bool:
        """Whether an idea was chosen, and a new one has a title; otherwise it is said beside the field."""
        if self.idea.data not in {choice.value for choice in self.offered_ideas}:
            self.show(ValidationError({"idea": [_("Choose the idea it speaks for, or a new one.")]}))
            return False
        if self.idea.data == NEW and not (self.title.data or "").strip():
            self.show(ValidationError({"title": [_("Say in a few words what it is about.")]}))
            return False
        return True


def _counted(each: Similar) -> str:
    votes = ngettext("%(num)s vote", "%(num)s votes", each.idea.rank.vote_count)
    return f"{each.idea.title} · {votes}"


def _said_of(person: User) -> str:
    """How one tells people of one name apart."""
    parts = [
        person.name,
        person.company.name if person.company else "",
        "" if person.is_claimed else _("no account yet"),
    ]
    return " · ".join(part for part in parts if part)


class BehalfForm(SchemaForm):
    """A button that says whether somebody wants what the team noted that they want."""

    schema = schemas_evidence.BehalfWords()
    wanted = HiddenField()
