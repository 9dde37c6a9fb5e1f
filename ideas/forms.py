"""How a page obeys the API's schema: WTForms draws and guards against CSRF, marshmallow judges."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from marshmallow import Schema, ValidationError
from marshmallow.exceptions import SCHEMA
from wtforms import Field, HiddenField
from wtforms.widgets import TextArea

from ideas import repeats
from ideas.words import _


class LinesField(Field):
    """A list, typed one thing a line."""

    widget: Any = TextArea()
    data: list[str] | None

    def _value(self) -> str:
        # what could not be used is shown as it was typed
        return str(self.raw_data[0]) if self.raw_data else "\n".join(self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [line.strip() for text in valuelist for line in text.splitlines() if line.strip()]


class SchemaForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form whose values are judged by `schema`; what passed is in `loaded`.

    Field names are the schema's field names. A message for a field that the form does not draw is shown on top.
    """

    schema: ClassVar[Schema]
    loaded: dict[str, Any]
    form_errors: list[str]

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        values = {name: self.data[name] for name in self.schema.load_fields if name in self.data}
        try:
            self.loaded = self.schema.load(values)
        except ValidationError as error:
            self.show(error)
            return False
        return True

    def show(self, error: ValidationError) -> None:
        """Put the messages of `error` beside their fields; nothing typed is lost."""
        for name, messages in error.messages_dict.items():
            self._put(str(name), messages)

    def _put(self, name: str, messages: Any) -> None:
        words = [str(message) for message in _flat(messages)]
        if name in self._fields:
            self[name].errors = [*self[name].errors, *words]
        else:
            self.form_errors = [*self.form_errors, *words]

    def loaded_or_raise(self) -> dict[str, Any]:
        """What was sent, judged; for buttons, which have nothing to draw again. Raises ValidationError."""
        if not self.validate_on_submit():
            wrong = {name: list(messages) for name, messages in self.errors.items()}
            raise ValidationError(wrong or {SCHEMA: [_("Please send the form again.")]})
        return self.loaded


class OnceForm(SchemaForm):
    """A form that makes something: pressed twice, or sent again by a browser, it makes it once."""

    once = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def make(self, person_id: int, act: Callable[[], int]) -> int:
        """The id of what `act` makes, or of what it made when these very words were sent before. In a unit of work."""
        words = json.dumps(self.loaded, default=str, sort_keys=True)
        token = self.once.data or secrets.token_urlsafe(16)
        named = repeats.begin(person_id, "form", token, key=words, wait=True)
        if named.former is None:
            made = act()
            repeats.keep(named, {"made": made})
            return made
        return int(named.former["made"])


def _flat(messages: Any) -> list[Any]:
    if isinstance(messages, dict):
        return [word for value in messages.values() for word in _flat(value)]
    if isinstance(messages, list):
        return [word for value in messages for word in _flat(value)]
    return [messages]


class ButtonSchema(Schema):
    """A button sends nothing but its token."""


class ButtonForm(SchemaForm):
    """One button that does one thing."""

    schema = ButtonSchema()
