"""What is wrong with a field, in words for people and by a code for programs."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.words import _

CODES = (
    "required, unknown-field, wrong-type, not-offered, too-short, too-long, wrong-length, too-small, too-great, "
    "out-of-range; invalid: something else. More may join."
)

# marshmallow's names → ours. What has none is "invalid".
_CODES = {"required": "required", "null": "required", "type": "wrong-type"}
_OF_LENGTH = ("too-short", "too-long", "wrong-length")
_OF_RANGE = ("too-small", "too-great", "out-of-range")
_OF_TYPE = (fields.Integer, fields.Number, fields.Boolean, fields.List, fields.Mapping)


class Wrong(str):
    """Words that remember what they stand for."""

    code: str

    def __new__(cls, words: str, code: str = "invalid") -> Wrong:
        made = super().__new__(cls, words)
        made.code = code
        return made

    def format(self, *parts: object, **named: object) -> Wrong:
        return Wrong(super().format(*parts, **named), self.code)


def unknown_field() -> Wrong:
    """What is said of a name that nobody knows."""
    return Wrong(_("Unknown field."), "unknown-field")


def code_of(words: Any) -> str:
    """What the words stand for; the same for the same cause for ever."""
    return words.code if isinstance(words, Wrong) else "invalid"


def give_codes(field: fields.Field[Any]) -> None:
    """Let what marshmallow says of a field, and of what is in it, remember what it stands for."""
    is_text = isinstance(field, fields.String) and not isinstance(field, fields.Email | fields.Url)
    is_of_type = is_text or isinstance(field, _OF_TYPE)
    named = {**_CODES, **({"invalid": "wrong-type"} if is_of_type else {})}
    field.error_messages = {
        key: Wrong(words, named.get(key, "invalid")) if isinstance(words, str) else words
        for key, words in field.error_messages.items()
    }
    for judge in field.validators:
        if isinstance(judge, validate.OneOf):
            judge.error = Wrong(judge.error, "not-offered")
        elif isinstance(judge, validate.Length | validate.Range):
            less, more, either = _OF_LENGTH if isinstance(judge, validate.Length) else _OF_RANGE
            judge.message_min, judge.message_max = Wrong(judge.message_min, less), Wrong(judge.message_max, more)
            judge.message_all = Wrong(judge.message_all, either)
            if judge.error:
                judge.error = Wrong(judge.error, either)
    if isinstance(field, fields.List):
        give_codes(field.inner)
