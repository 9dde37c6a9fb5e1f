"""How the API reads what programs send: strictly, naming the place of each fault, so that nothing odd gets further."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn, cast

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from ideas.problems import MalformedJson
from ideas.text import clean
from ideas.words import _

DEEPEST = 20
GREATEST = 2**63 - 1  # what a database's largest integer holds
JSON_TYPES = {"application/json"}
PATCH_TYPES = {"application/json", "application/merge-patch+json"}


class Parser(FlaskParser):
    """webargs with our reading of JSON and our errors; what is unknown is refused everywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": RAISE, "query": RAISE}  # noqa: RUF012 - webargs declares it so

    def load_json(self, req: Any, schema: Schema) -> Any:
        body = read_json()
        require_types(schema, body)
        return body

    def load_querystring(self, req: Any, schema: Schema) -> Any:
        return read_query(request.args)

    def handle_error(self, error: ValidationError, req: Any, schema: Schema, **options: Any) -> NoReturn:
        # webargs files the messages under "json" or "query"; our pointers start at the body itself
        if isinstance(error.messages, dict) and len(error.messages) == 1:
            (messages,) = error.messages.values()
            raise ValidationError(messages if isinstance(messages, dict) else {"_schema": messages}) from None
        raise error


class _Object(dict[str, Any]):
    """A JSON object that remembers which name it was given twice."""

    repeated: str | None = None


class _TooGreat:
    """Stands for an integer of so many digits that reading it is already too much."""


def read_query(values: MultiDict[str, str]) -> dict[str, str]:
    """The query as one value for each name.

    Raises ValidationError for a name given twice and for control characters.
    """
    read = {}
    for name, (value, *more) in values.lists():
        if more:
            raise ValidationError({_visible(name): [_("This was given twice.")]})
        read[name] = value
    _require_sane(read)
    return read


def read_json() -> dict[str, Any]:
    """The body as a JSON object.

    Raises UnsupportedMediaType (415) for a body that is not said to be JSON, MalformedJson (400) for one that is none,
    ValidationError (422) with the place for repeated names, control characters, too deep nesting and numbers that no
    database holds. RequestEntityTooLarge (413) comes from the server's limit.
    """
    if request.mimetype not in (PATCH_TYPES if request.method == "PATCH" else JSON_TYPES):
        raise UnsupportedMediaType
    try:
        body = json.loads(
            request.get_data().decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise _too_deep(()) from None
    except ValueError:  # JSONDecodeError and UnicodeDecodeError among them
        raise MalformedJson(_("The body is not JSON in UTF-8.")) from None
    if not isinstance(body, dict):
        raise ValidationError({"_schema": [_("Send a JSON object.")]})
    _require_sane(body)
    return body


def require_types(schema: Schema, body: dict[str, Any]) -> None:
    """Numbers are numbers and true is true: forms say them in words, JSON has its own.

    Raises ValidationError with the place of each that is something else.
    """
    if wrong := _types_of_object(schema, body):
        raise ValidationError(wrong)


def _types_of_object(schema: Schema, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        return {}  # said by the field itself
    named = {field.data_key or name: field for name, field in schema.load_fields.items()}
    found = {name: _types_of(named[name], inner) for name, inner in value.items() if name in named}
    return {name: wrong for name, wrong in found.items() if wrong}


def _types_of(field: fields.Field[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, fields.Nested):
        rows = {place: _types_of_object(field.schema, row) for place, row in enumerate(value)} if field.many else {}
        return _types_of_object(field.schema, value) or {place: wrong for place, wrong in rows.items() if wrong}
    if isinstance(field, fields.List) and isinstance(value, list):
        inner = {place: _types_of(field.inner, each) for place, each in enumerate(value)}
        return {place: wrong for place, wrong in inner.items() if wrong}
    if isinstance(field, fields.Boolean):
        fits = isinstance(value, bool)
    elif isinstance(field, fields.Integer):
        fits = type(value) is int or (isinstance(value, float) and value.is_integer())
    elif isinstance(field, fields.Number):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = True
    return None if fits else [field.error_messages["invalid"]]


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object()
    for name, value in pairs:
        if name in made:
            made.repeated = name
        made[name] = value
    return made


def _integer(digits: str) -> int | _TooGreat:
    return int(digits) if len(digits) <= 20 else _TooGreat()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _require_sane(body: dict[str, Any]) -> None:
    for path, value in _walk(body, ()):
        if wrong := _what_is_wrong(value):
            raise ValidationError(_nested(path, wrong))


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its place, the containers before what is in them; never deeper than DEEPEST."""
    yield path, value
    if not isinstance(value, dict | list):
        return
    if len(path) >= DEEPEST:
        raise _too_deep(path)
    named = value.items() if isinstance(value, dict) else ((str(place), inner) for place, inner in enumerate(value))
    for name, inner in named:
        try:
            clean(name)
        except ValueError as error:
            raise ValidationError(_nested((*path, _visible(name)), str(error))) from None
        yield from _walk(inner, (*path, name))


def _what_is_wrong(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            clean(value)
        except ValueError as error:
            return str(error)
    if isinstance(value, _Object) and value.repeated is not None:
        return _("“%(name)s” was given twice.", name=_visible(value.repeated))
    if isinstance(value, _TooGreat) or (type(value) is int and abs(value) > GREATEST):
        return _("This number is too great.")
    if isinstance(value, float) and not math.isfinite(value):
        return _("This number is too great.")
    return None


def _too_deep(path: tuple[str, ...]) -> ValidationError:
    # the outermost name is enough to find it
    return ValidationError(_nested(path[:1], _("This is nested more than %(most)s deep.", most=DEEPEST)))


def _nested(path: tuple[str, ...], message: str) -> dict[str, Any]:
    """The message under its place, as marshmallow files them."""
    messages: Any = [message]
    for name in reversed(path or ("_schema",)):
        messages = {name: messages}
    return cast(dict[str, Any], messages)


def _visible(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
