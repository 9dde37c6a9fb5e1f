"""The widget's scripts: plain modules, which browsers take as they stand, under a name that changes with them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ideas import colours, looks, words
from ideas.settings import brand, current

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "static"
_LINE = "v1.js"  # what pages name; it alone is not found under a version
_SITE = "/*SITE*/ {}"


def line() -> str:
    """What the line on a page loads: the small script that brings the rest, with what it has to know of this site."""
    shown = brand()
    site = {
        "version": version(),
        "name": shown.site_name,
        "language": current().default_locale,
        "languages": [each.code for each in looks.languages()],
        **_shades(shown.accent),
    }
    script = (SCRIPTS / _LINE).read_text(encoding="utf-8")
    return script.replace(_SITE, json.dumps(site, ensure_ascii=False))


def script(name: str) -> str | None:
    """The module of that name; None if there is none."""
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8") if name in _modules() else None


def version() -> str:
    """Another one whenever a script or a word is another."""
    files = tuple(str(path) for path in _parts())
    return _fingerprint(files, tuple(os.stat(file).st_mtime_ns for file in files))


def words_module(said: dict[str, Any]) -> str:
    """`said` as a module, with the language that words come in now and the locale of its dates and numbers."""
    locale = words.language()
    known = {
        "lang": str(locale).replace("_", "-"),
        "dir": locale.text_direction,
        "formats": str(words.formats()).replace("_", "-"),
        "words": said,
    }
    return f"export default {json.dumps(known, ensure_ascii=False, separators=(',', ':'))};\n"


@cache
def _modules() -> frozenset[str]:
    return frozenset(path.stem for path in SCRIPTS.glob("*.js")) - {Path(_LINE).stem}


def _parts() -> Iterator[Path]:
    yield HERE / "said.py"
    yield from sorted(SCRIPTS.glob("*.js"))
    yield from sorted((looks.HERE / "translations").glob("*/LC_MESSAGES/*.mo"))


@cache
def _fingerprint(files: tuple[str, ...], _changed: tuple[int, ...]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(Path(file).read_bytes()).digest())
    return whole.hexdigest()[:12]


@cache
def _shades(accent: str) -> dict[str, dict[str, str]]:
    light, dark = colours.palette(accent)
    return {
        theme: {"accent": shades.accent, "on_accent": shades.on_accent}
        for theme, shades in (("light", light), ("dark", dark))
    }
