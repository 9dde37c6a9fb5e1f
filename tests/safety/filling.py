"""Puts hostile strings into every field of every sheet, and says what came of it.

Each request meets the same site. All fields of a sheet are filled at once, each with another string; those that a
refusal names get fine words, and the rest is sent again, until it is taken. So each string is judged in each field.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from ideas import pictures, text
from ideas.accounts import addresses
from tests.pictures import encoded
from tests.safety import looking
from tests.safety.looking import Spot
from tests.safety.restoring import Kept
from tests.safety.sheets import Place, Sheet
from tests.safety.world import World

FORM = "application/x-www-form-urlencoded"
LONGEST_QUESTION = 4_000  # a web server takes no longer address
LONG = 100_000  # from here on a string may be too much for the request as a whole
NOT_THERE = {404}
# What is wrong with the two together is said of both: whoever guesses learns nothing.
OF_ALL = {"POST /sign-in"}
# One of them alone says nothing, which is said at the one that is missing.
TOGETHER = ({"quiet_from", "quiet_to"}, {"reach", "reach_source"}, {"who", "person"})
# Several values with commas between them.
LISTED = re.compile(r"/team/segments/.* conditions-N-value")
# Where an idea may be named by its number, it is shown in place of the question.
NUMBERED = re.compile(r"GET /ideas/N/merge \?q")
PROBES = ("Zq{}Alphaword", "Qz{}Otherword")
PLAIN_PROBES = ("zq{}alphaword", "qz{}otherword")
MAIL_PROBES = ("zq{}alpha@example.test", "qz{}other@example.test")


@dataclass
class Filled:
    """What came of it: per field, how often a string was taken, refused, kept and shown. breaches: sentences."""

    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    not_there: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    places: int = 0  # fields of all sheets; some have one name, such as those of a list
    requests: int = 0

    @property
    def fields(self) -> set[str]:
        return {*self.taken, *self.refused, *self.not_there}


RENDERED = re.compile(r'<p>$|description"\\ content="$')  # places that show Markdown as something else


@dataclass
class Known:
    """Of one field: the columns that keep its words, and where an answer or a page shows them."""

    columns: set[tuple[str, str]] = field(default_factory=set)
    said: set[Place] = field(default_factory=set)
    pages: dict[str, set[Spot]] = field(default_factory=dict)
    rendered: dict[str, set[tuple[str, str]]] = field(default_factory=dict)  # page → columns whose HTML stands in it


class Filling:
    """Fills sheets; inside `with`."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app = app
        self.world = world
        self.found = Filled()
        self.kept = Kept()
        self.program = app.test_client(use_cookies=False)
        self.cookies = {role: dict(browser._cookies or {}) for role, browser in world.browsers.items()}

    def __enter__(self) -> Filling:
        self.kept.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.__exit__()

    # --- One sheet ---

    def choose(self, sheets: Iterable[Sheet]) -> Sheet | None:
        """The first of these that is taken with fine words; that none is, is a breach."""
        sheet, answer = None, None
        for sheet in sheets:
            answer = self._send(sheet, {})
            self._put_back(sheet)
            if answer.status_code < 400:
                return sheet
        if sheet is not None and answer is not None:
            page = answer.get_data(as_text=True)
            why = looking.named(page) or page[:200]
            self.found.breaches.append(f"{sheet.name}: fine words are refused with {answer.status_code} ({why})")
        return None

    def fill(self, sheet: Sheet, values: Sequence[str]) -> None:
        """Each value in each field."""
        known = self.learn(sheet)
        self.found.places += len(sheet.places)
        if sheet.is_query:
            values = [value[:LONGEST_QUESTION] for value in values]
        apart = max(1, len(values) // max(1, len(sheet.places)))
        for number in range(len(values)):
            each = {place: values[(number + step * apart) % len(values)] for step, place in enumerate(sheet.places)}
            # what no person fills in is named to nobody, so it is sent apart
            for is_hidden in (False, True):
                rest = {place: each[place] for place in each if (place[0] in sheet.hidden) is is_hidden}
                while rest:
                    rest = self._round(sheet, rest, known)

    def _round(self, sheet: Sheet, sent: dict[Place, str], known: dict[Place, Known]) -> dict[Place, str]:
        """Send these and judge what can be judged; what is left to be sent again."""
        answer = self._send(sheet, sent)
        try:
            return self._judged(sheet, sent, known, answer)
        finally:
            self._put_back(sheet)

    def _judged(
        self, sheet: Sheet, sent: dict[Place, str], known: dict[Place, Known], answer: TestResponse
    ) -> dict[Place, str]:
        status = answer.status_code
        if status < 400:
            for place in sent:
                self.found.taken[sheet.label(place)] += 1
            self._compare(sheet, sent, known, answer)
            return {}
        named = self._named(sheet, sent, answer) if status < 500 else set()
        if named:
            for place in named:
                self.found.refused[sheet.label(place)] += 1
            self._keeps_what_was_typed(sheet, sent, answer)
            return {place: value for place, value in sent.items() if place not in named}
        if len(sent) > 1:
            for place, value in sent.items():
                self._put_back(sheet)
                self._round(sheet, {place: value}, known)
            return {}
        ((place, value),) = sent.items()
        self._refused_without_name(sheet, place, value, answer)
        return {}

    def _refused_without_name(self, sheet: Sheet, place: Place, value: str, answer: TestResponse) -> None:
        status, label = answer.status_code, sheet.label(place)
        is_fine = (
            (status in (413, 414, 431) and len(value) >= LONG)
            or (status < 500 and not sheet.is_api and place[0] in sheet.hidden)
            or (status < 500 and sheet.name in OF_ALL and 'role="alert"' in answer.text)
        )
        if status in NOT_THERE:
            self.found.not_there[label] += 1
        elif is_fine:
            self.found.refused[label] += 1
        else:
            why = f"answered {status}" if status >= 500 else f"refused ({status}) without naming the field"
            self.found.breaches.append(f"{label} ← {value[:40]!r}: {why}")

    def _named(self, sheet: Sheet, sent: dict[Place, str], answer: TestResponse) -> set[Place]:
        """Which of the fields a refusal names."""
        if not sheet.is_api:
            names = looking.named(answer.get_data(as_text=True))
            return {place for place in sent if place[0] in names | _with(names)}
        ways = [tuple(line["pointer"].split("/")[1:]) for line in (answer.json or {}).get("errors", [])]
        ways += [(name,) for name in _with({way[0] for way in ways if len(way) == 1})]
        return {place for place in sent if any(way and _starts_alike(tuple(map(str, place)), way) for way in ways)}

    def _keeps_what_was_typed(self, sheet: Sheet, sent: dict[Place, str], answer: TestResponse) -> None:
        if sheet.is_api:
            return
        page = answer.get_data(as_text=True)
        for place, value in sent.items():
            name = str(place[0])
            if name in sheet.secret or name in sheet.hidden or len(value) >= LONG or not value.isprintable():
                continue
            kept = looking.typed(page, name)
            if kept is not None and kept not in (value, value.strip(), text.one_line(value)):
                label = sheet.label(place)
                self.found.breaches.append(f"{label} ← {value[:40]!r}: what was typed became {kept[:40]!r}")

    # --- Sending ---

    def _send(self, sheet: Sheet, values: dict[Place, str]) -> TestResponse:
        self.found.requests += 1
        sent = sheet.filled(values)
        headers = self.world.headers[sheet.role] if sheet.is_api else {}
        client = self.program if sheet.is_api else self.world.browsers[sheet.role]
        if sheet.is_query:
            path = f"{sheet.path.partition('?')[0]}?{urlencode(list(_pairs(sent)))}"
            kind = "image/png" if sheet.file == pictures.FIELD else "application/octet-stream"
            body: dict[str, Any] = {"data": encoded(size=(2, 2)), "content_type": kind} if sheet.file else {}
            return client.open(path, method=sheet.method, headers=headers, buffered=True, **body)
        if sheet.is_api:
            headers = {**headers, "Content-Type": "application/json"}
            return client.open(sheet.path, method=sheet.method, headers=headers, data=json.dumps(sent))
        if sheet.file:
            data: dict[str, Any] = {name: _as_text(value) for name, value in sent.items()}
            data[sheet.file] = (io.BytesIO(encoded(size=(2, 2))), "x.png")
            return client.post(sheet.path, data=data, buffered=True)
        if "once" in sent and ("once",) not in values:
            sent = {**sent, "once": secrets.token_urlsafe(16)}
        typed = urlencode(list(_pairs(sent)))
        return client.open(sheet.path, method=sheet.method, data=typed, content_type=FORM, buffered=True)

    def _put_back(self, sheet: Sheet) -> None:
        self.kept.put_back()
        if not sheet.is_api:
            browser, cookies = self.world.browsers[sheet.role], self.cookies[sheet.role]
            if browser._cookies != cookies:
                browser._cookies = dict(cookies)

    # --- What became of it ---

    def learn(self, sheet: Sheet) -> dict[Place, Known]:
        """Send plain words twice, and see where they are kept and shown."""
        known = {place: Known() for place in sheet.places}
        probes = self._probes(sheet)
        seen: list[tuple[dict[Place, str], TestResponse, dict[str, str]]] = []
        for words in probes:
            answer = self._send(sheet, words)
            if answer.status_code >= 400:
                return known
            for table, rows in self.kept.changes().items():
                for row in rows:
                    for column, value in row.items():
                        for place, word in words.items():
                            if value == word:
                                known[place].columns.add((table, column))
            seen.append((words, answer, self._pages(sheet, answer, self._candidates(sheet))))
            self._put_back(sheet)
        (words, answer, pages), (others, _other, other_pages) = seen
        for place, word in words.items():
            mine = known[place]
            if sheet.is_api and answer.is_json:
                mine.said = {way for way, value in _leaves(answer.json) if value == word}
            for path, page in pages.items():
                found = set(looking.spots(page, word, other_pages.get(path, ""), others[place]))
                html = {(table, f"{column}_html") for table, column in mine.columns}
                if any(f"<p>{word}</p>" in page for _ in html):
                    mine.rendered[path] = html
                    # what the head of a page says of Markdown is its text, of which tests/sharing are
                    found = {spot for spot in found if not RENDERED.search(spot.before.pattern)}
                if found:
                    mine.pages[path] = found
        _fewest_pages(known)
        return known

    def _probes(self, sheet: Sheet) -> list[dict[Place, str]]:
        """Words for each field that takes any, twice: tried all at once, and one by one where a refusal names none."""
        numbers = {place: number for number, place in enumerate(sheet.places)}
        chosen: dict[Place, tuple[str, str]] = {}
        kinds = [PROBES, PLAIN_PROBES, MAIL_PROBES]
        open_ = [place for place in sheet.places if not self._is_given(sheet, place)]
        left = dict.fromkeys(open_, 0)
        while True:
            answer = self._send(sheet, {place: kinds[kind][0].format(numbers[place]) for place, kind in left.items()})
            self._put_back(sheet)
            if answer.status_code < 400:
                return [{place: kinds[left[place]][turn].format(numbers[place]) for place in left} for turn in (0, 1)]
            named = self._named(sheet, dict.fromkeys(left, ""), answer)
            if not named:  # also when nothing is left: then it wants no words of ours at all
                break
            left = {place: kind + (place in named) for place, kind in left.items()}
            left = {place: kind for place, kind in left.items() if kind < len(kinds)}
        for place in open_:
            for pair in kinds:
                answer = self._send(sheet, {place: pair[0].format(numbers[place])})
                self._put_back(sheet)
                if answer.status_code < 400:
                    chosen[place] = pair
                    break
        return [{place: chosen[place][turn].format(numbers[place]) for place in chosen} for turn in (0, 1)]

    def _is_given(self, sheet: Sheet, place: Place) -> bool:
        """It is chosen from a list, or no person fills it in."""
        return not sheet.is_api and (place[0] in sheet.hidden or isinstance(sheet.fine.get(place[0]), list))

    def _candidates(self, sheet: Sheet) -> list[str]:
        found = ["answer", "location"]
        if not sheet.is_query:
            found += [sheet.page] if sheet.page else []
            found += ["made"] if sheet.is_api else []
            for prefix in ("/api/v1/ideas/", "/ideas/"):
                if sheet.path.startswith(prefix):
                    found.append(f"/ideas/{sheet.path.removeprefix(prefix).partition('/')[0]}")
            if sheet.path.startswith("/api/v1/comments/") and sheet.method == "PATCH":
                found.append(f"/comments/{sheet.path.rpartition('/')[2]}/edit")
        return found

    def _pages(self, sheet: Sheet, answer: TestResponse, wanted: Iterable[str]) -> dict[str, str]:
        """What those pages say now. "answer" is the answer itself, "location" where it leads, "made" what it names."""
        pages = {}
        browser = self.world.browsers[sheet.role]
        for path in wanted:
            real = path
            if path == "answer":
                if answer.mimetype == "text/html" and answer.status_code < 300:
                    pages[path] = answer.get_data(as_text=True)
                continue
            if path == "location":
                real = answer.headers.get("Location", "")
            if path == "made":
                real = str((answer.json or {}).get("url") or "") if answer.is_json else ""
            parts = urlsplit(real)
            if not parts.path.startswith("/") or parts.path.startswith("/api/"):
                continue
            page = browser.get(parts.path, query_string=parts.query, follow_redirects=True)
            if page.mimetype == "text/html":
                pages[path] = page.get_data(as_text=True)
        return pages

    def _compare(self, sheet: Sheet, sent: dict[Place, str], known: dict[Place, Known], answer: TestResponse) -> None:
        """What was kept of each is what was sent, in the one documented form, and what is shown is what was kept."""
        changes = self.kept.changes()
        wanted_pages = {path for place in sent for path in (*known[place].pages, *known[place].rendered)}
        pages = self._pages(sheet, answer, sorted(wanted_pages))
        said = dict(_leaves(answer.json)) if sheet.is_api and answer.is_json else {}
        for place, value in sent.items():
            mine, label = known[place], sheet.label(place)
            shown = f"{label} ← {value[:40]!r}"
            if NUMBERED.fullmatch(label) and value.strip().isdecimal():
                continue
            wanted = forms_of(value)
            if LISTED.search(label):
                wanted |= {", ".join(part.strip() for part in each.split(",") if part.strip()) for each in wanted}
            kept = [row[column] for table, column in mine.columns for row in changes.get(table, []) if row[column]]
            right = [each for each in kept if each in wanted]
            if right:
                self.found.stored[label] += 1
            elif mine.columns and any(wanted) and value != "":
                self.found.breaches.append(f"{shown}: kept as {[str(each)[:60] for each in kept]}")
                continue
            if not any(wanted) or not value.strip():
                continue
            for way in mine.said:
                if way in said and said[way] not in wanted:
                    self.found.breaches.append(f"{shown}: answered as {str(said[way])[:60]!r}")
            self._look(shown, label, mine, set(right) or wanted, pages, changes, typed=value)

    def _look(
        self,
        shown: str,
        label: str,
        mine: Known,
        right: set[str],
        pages: dict[str, str],
        changes: dict[str, list[dict[str, Any]]],
        *,
        typed: str,
    ) -> None:
        for path, spots in mine.pages.items():
            if path not in pages:
                self.found.breaches.append(f"{shown}: the page on which it was shown ({path}) is not there")
                continue
            for spot in spots:
                read = spot.read(pages[path])
                # a form that is shown again says what was typed
                wanted = {*right, typed} if path == "answer" else right
                if not any(_same(each, words) for each in read for words in wanted):
                    what = [each[:60] for each in read[:3]]
                    self.found.breaches.append(
                        f"{shown}: shown on {path} after {spot.before.pattern[-40:]!r} as {what}"
                    )
                else:
                    self.found.shown[label] += 1
        for path, columns in mine.rendered.items():
            html = [row[column] for table, column in columns for row in changes.get(table, []) if row.get(column)]
            if html and path in pages:
                if any(each in pages[path] for each in html):
                    self.found.shown[label] += 1
                else:
                    self.found.breaches.append(f"{shown}: {path} does not have the HTML that is kept of it")


def fill(app: Flask, world: World, choices: Iterable[list[Sheet]], values: Sequence[str]) -> Filled:
    """Every value in every field of the first of each choice that is taken."""
    with Filling(app, world) as filling:
        for sheets in choices:
            sheet = filling.choose(sheets)
            if sheet is not None:
                filling.fill(sheet, values)
        return filling.found


def _fewest_pages(known: dict[Place, Known]) -> None:
    """One page for each field is enough, and one for several is better."""
    for kind in ("pages", "rendered"):
        chosen: set[str] = set()
        for mine in known.values():
            offered: dict[str, Any] = getattr(mine, kind)
            often = {path: sum(path in getattr(each, kind) for each in known.values()) for path in offered}
            best = sorted(offered, key=lambda path: (path not in chosen, -often[path], path))[:1]
            chosen |= set(best)
            setattr(mine, kind, {path: offered[path] for path in best})


def _with(names: set[str]) -> set[str]:
    """The fields that go together with one of these."""
    return {name for pair in TOGETHER if pair & names for name in pair}


def forms_of(value: str) -> set[str]:
    """A value as it may be kept: normalised as text.py says, in one line or several; an address in its one spelling."""
    forms = set()
    for normal in (text.clean, text.one_line, addresses.email):
        try:
            forms.add(normal(value))
        except ValueError:
            continue
    return forms


def _same(shown: str, kept: str) -> bool:
    """Shown is what is kept, or its beginning with "…"."""
    shown, kept = shown.replace("\r\n", "\n"), kept.replace("\r\n", "\n").strip()
    return shown == kept or (shown.endswith("…") and len(kept) > 60 and kept.startswith(shown[:-1]))


def _starts_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    least = min(len(one), len(other))
    return one[:least] == other[:least]


def _as_text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _pairs(sent: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    for name, value in sent.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, each.encode("utf-8", "surrogatepass")


def _leaves(value: Any, way: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*way, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*way, number))
    else:
        yield way, value
