"""How everything looks and reads: the theme made of settings, times and numbers in the reader's language and zone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, get_timezone
from babel.numbers import format_currency, get_currency_precision
from flask import Blueprint, Flask, Response, current_app, g, has_request_context, request, send_file, url_for
from flask_babel import Babel
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from config import ConfigError
from ideas import colours, http, markup, pictures, words
from ideas.db import utcnow
from ideas.settings import absolute, brand, current, rooms
from ideas.words import _, ngettext

HERE = Path(__file__).resolve().parent
NEAR = timedelta(hours=1)
YEAR_SECONDS = 365 * 86_400

bp = Blueprint("looks", __name__)
babel = Babel()


class Reader(Protocol):
    """What of a person decides how times and words are shown to them."""

    locale: str | None
    timezone: str | None


class Language(NamedTuple):
    """A language people may choose, by its own name."""

    code: str
    name: str


def init_app(app: Flask) -> None:
    """Give every template the filters, the theme and the reader's language.

    Raises ConfigError for an accent that cannot be used.
    """
    try:
        colours.palette(app.config["ANSWERBACK"].accent)
    except ValueError as error:
        raise ConfigError([f"ACCENT cannot be used: {error}"]) from None
    babel.init_app(
        app,
        default_translation_directories=str(HERE / "translations"),
        locale_selector=_locale,
        timezone_selector=_timezone,
    )
    # every address of a static file names its content, see `asset`
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)
    app.jinja_env.filters.update(time=time, date=day, month=month, number=number, money=money)
    app.jinja_env.filters.update(safe_html=markup.safe, excerpt=markup.excerpt)
    app.jinja_env.filters.update(with_full_addresses=markup.with_full_addresses)
    app.jinja_env.filters.update(mail_html=markup.for_mail, mail_text=markup.for_plain_mail)
    app.jinja_env.globals.update(absolute=absolute, asset=asset, digits=digits, hue=hue, languages=languages)
    # flask-babel's own ask for the reader's language at each word
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # made by the extension of that name
        words.in_catalogue, words.in_catalogue_by_number, newstyle=True
    )
    # and Jinja's go through the template's context twice for each
    app.jinja_env.globals.update(_=_gettext, ngettext=_ngettext)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_frame)
    app.register_blueprint(bp)


# --- The theme ---


@bp.get("/theme.css")
def theme() -> Response:
    """The accent's shades for both themes. Kept by browsers until it changes: its address names its content."""
    answer = Response(_theme(brand().accent), mimetype="text/css")
    answer.cache_control.public = True
    answer.cache_control.max_age = YEAR_SECONDS
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@bp.get("/logo")
def logo() -> Response:
    find, path = rooms().logo, current().logo_url
    if find is not None and (chosen := find()) is not None:
        answer = Response(chosen, mimetype=pictures.CONTENT_TYPE)
        answer.cache_control.public = True
        answer.cache_control.max_age = 3600
    elif path is not None:
        answer = send_file(path, max_age=3600)
    else:
        raise NotFound
    # an SVG opened by itself is a page: nothing in it may run
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@bp.get("/favicon.svg")
def favicon() -> Response:
    """The mark in the site's accent."""
    shades = colours.palette(brand().accent)
    picture = (HERE / "static" / "mark.svg").read_text(encoding="utf-8")
    picture = picture.replace("LIGHT", shades.light.accent).replace("DARK", shades.dark.accent)
    answer = Response(picture, mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    answer.cache_control.public = True
    answer.cache_control.max_age = 86_400
    return answer


@cache
def _theme(accent: str) -> str:
    light, dark = colours.palette(accent)
    at_night = f"@media (prefers-color-scheme: dark) {{\n:root {{\n{_properties(dark)}}}\n}}\n"
    return f":root {{\n{_properties(light)}}}\n\n{at_night}"


def _properties(shades: colours.Shades) -> str:
    names = {name: f"--{name.replace('_', '-')}" for name in shades._fields}
    names |= {"hover": "--accent-hover", "tint": "--accent-tint", "rule": "--accent-rule"}
    return "".join(f"  {names[name]}: {value};\n" for name, value in shades._asdict().items())


def asset(path: str) -> str:
    """The address of a static file with a part that changes with its content, so that browsers may keep it for good."""
    file = f"{_STATIC}/{path}"
    return f"{current_app.static_url_path}/{path}?v={_fingerprint(file, os.stat(file).st_mtime_ns)}"


_STATIC = str(HERE / "static")


@cache
def _fingerprint(file: str, _changed: int) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:10]


def _frame() -> dict[str, Any]:
    """What every page's frame shows."""
    config, shown = current(), brand()
    locale = words.language()
    return {
        "site_name": shown.site_name,
        "site_logo": url_for("looks.logo", v=shown.logo) if shown.logo else None,
        "theme_url": url_for("looks.theme", v=hashlib.sha256(_theme(shown.accent).encode()).hexdigest()[:10]),
        "support_email": config.support_email,
        "is_demo": config.demo,
        "lang": str(locale).replace("_", "-"),
        "text_direction": locale.text_direction,
    }


# --- Language and zone ---


@cache
def languages() -> tuple[Language, ...]:
    """What a person may choose: the language of the source and every catalogue there is."""
    found = []
    for code in _available():
        locale = Locale.parse(code)
        found.append(Language(code, (locale.get_display_name(locale) or code).capitalize()))
    return tuple(found)


def keep_language(answer: Response, code: str) -> None:
    """Have pages of this browser come in that language, until whoever sits there chooses another."""
    secure = current().is_https
    answer.set_cookie(_language_cookie(), code, max_age=YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")


def _language_cookie() -> str:
    # as the session's, see config.py
    return "__Host-language" if current().is_https else "language"


@cache
def _available() -> list[str]:
    """Codes of the languages there are; a new catalogue is found at the next start."""
    codes = {words.SOURCE_LANGUAGE} | {str(locale) for locale in babel.list_translations()}
    return sorted(codes, key=lambda code: (code != words.SOURCE_LANGUAGE, code))


def _locale() -> str:
    """The reader's own choice, else this browser's, else the first of its languages that we have, else the site's.

    What programs read, and what is the same for everybody, looks at no cookie.
    """
    available = _available()
    wanted = [choice for choice in (_of_reader(lambda reader: reader.locale),) if choice]
    if has_request_context() and "addressee" not in g:
        if not http.wants_json():
            wanted += [code for code in (request.cookies.get(_language_cookie()),) if code in available]
        wanted += [code.replace("-", "_") for code in request.accept_languages.values()]
    wanted += [current().default_locale]
    return negotiate_locale(wanted, available) or words.SOURCE_LANGUAGE


def _timezone() -> str | None:
    """The reader's own choice; a zone that the machine does not know, or no longer, is none."""
    name = _of_reader(lambda reader: reader.timezone)
    return name if name and _is_zone(name) else None


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    try:
        get_timezone(name)
    except LookupError:
        return False
    return True


def _of_reader(choice: Callable[[Reader], str | None]) -> str | None:
    who = rooms().reader
    reader = g.get("addressee") or (who() if who and has_request_context() else None)
    return choice(reader) if reader else None


# --- Filters ---
# A list shows some hundred of these, and Babel takes a tenth of a millisecond for each: what it says is remembered.


def time(when: datetime | None, now: datetime | None = None) -> Markup:
    """A moment as people say it ("in 15 minutes", "3 March"), exact on hover and for machines; nothing for None."""
    if when is None:
        return Markup("")
    now = now or utcnow()
    here, today = _here(when).replace(microsecond=0), _here(now).date()
    if here.date() < today - timedelta(days=1):
        return _long_ago(when, words.zone(), here.year == today.year, words.formats())
    return _marked_up(when, words.zone(), said(when, now), words.formats())


# The zone is said beside the moment: the same moment in two zones is equal, and would be remembered as one.


@lru_cache(maxsize=10_000)
def _long_ago(when: datetime, zone: tzinfo, this_year: bool, formats: Locale) -> Markup:
    return _marked_up(when, zone, _date_in_words(when.astimezone(zone).date(), this_year, formats), formats)


def _marked_up(when: datetime, zone: tzinfo, words: str, formats: Locale) -> Markup:
    return _TIME.format(when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), _exactly(when, zone, formats), words)


_TIME = Markup('<time datetime="{}" title="{}">{}</time>')


def said(when: datetime, now: datetime) -> str:
    """A moment in words, as seen from `now`."""
    away = when - now
    if abs(away) < timedelta(seconds=45):
        return _("just now") if away <= timedelta(0) else _("in a moment")
    if abs(away) < NEAR:
        minutes = round(abs(away) / timedelta(minutes=1))
        if away > timedelta(0):
            return ngettext("in %(num)s minute", "in %(num)s minutes", minutes)
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes)
    here, today = _here(when), _here(now).date()
    if here.date() == today:
        return _("today at %(clock)s", clock=_clock(here))
    if here.date() == today - timedelta(days=1):
        return _("yesterday at %(clock)s", clock=_clock(here))
    if here.date() == today + timedelta(days=1):
        return _("tomorrow at %(clock)s", clock=_clock(here))
    return _date_in_words(here.date(), here.year == today.year, words.formats())


def day(when: date | datetime | None, now: datetime | None = None) -> Markup:
    """A day as people say it ("3 March", with the year if it is another), exact on hover; nothing for None."""
    if when is None:
        return Markup("")
    shown = _here(when).date() if isinstance(when, datetime) else when
    this_year, formats = shown.year == _here(now or utcnow()).year, words.formats()
    exactly = format_date(shown, "full", locale=formats)
    return _TIME.format(shown.isoformat(), exactly, _date_in_words(shown, this_year, formats))


def month(when: date) -> str:
    """The month of a day, with its year: "March 2027"."""
    return _month_in_words(when.replace(day=1), words.formats())


def number(value: float | None) -> str:
    """19229 as "19,229"; nothing for None."""
    return "" if value is None else words.grouped(value)


def money(amount: int | None) -> str:
    """So many of the smallest unit of the site's currency: 1900000 as "€19,000"; nothing for None."""
    if amount is None:
        return ""
    code = current().currency
    places = get_currency_precision(code)
    locale = words.formats()
    if amount % 10**places:
        return str(format_currency(Decimal(amount).scaleb(-places), code, locale=locale))
    whole = str(locale.currency_formats["standard"].pattern).replace(".00", "")
    return str(format_currency(amount // 10**places, code, format=whole, locale=locale, currency_digits=False))


@pass_eval_context
def _gettext(context: EvalContext, said: str, **values: Any) -> str:
    """As `words._`, with what is no markup escaped where the template escapes."""
    said = words.in_catalogue(said)
    found = Markup(said) if context.autoescape else said  # noqa: S704
    return found % values if "%" in said else found


@pass_eval_context
def _ngettext(context: EvalContext, one: str, many: str, num: int, **values: Any) -> str:
    """As `words.ngettext`, with what is no markup escaped where the template escapes."""
    said = words.in_catalogue_by_number(one, many, num)
    return (Markup(said) if context.autoescape else said) % {"num": words.counted(num), **values}  # noqa: S704


def digits(value: int) -> int:
    return len(str(abs(value)))


def hue(person_id: int) -> int:
    """Which of six tints stands behind a person's initials."""
    return person_id * 7 % 6


def _here(when: datetime) -> datetime:
    return when.astimezone(words.zone())


def _clock(here: datetime) -> str:
    return str(format_time(here, "short", locale=words.formats()))


@lru_cache(maxsize=10_000)
def _exactly(when: datetime, zone: tzinfo, formats: Locale) -> str:
    return str(format_datetime(when.astimezone(zone).replace(microsecond=0), "long", locale=formats))


@lru_cache(maxsize=1_000)
def _month_in_words(shown: date, formats: Locale) -> str:
    return str(format_skeleton("yMMMM", datetime(shown.year, shown.month, 1, tzinfo=UTC), locale=formats))


@lru_cache(maxsize=10_000)
def _date_in_words(shown: date, this_year: bool, formats: Locale) -> str:
    if not this_year:
        return str(format_date(shown, "long", locale=formats))
    # a skeleton is all that Babel has for a day without its year, and it takes no bare date
    return str(format_skeleton("MMMMd", datetime(shown.year, shown.month, shown.day, tzinfo=UTC), locale=formats))
