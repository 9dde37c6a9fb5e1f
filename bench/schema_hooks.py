"""What Schemathesis is given to ask with, what it checks besides, and a tally of what it asked.

Loaded by Schemathesis itself, in its own process; bench.schema says by the environment which site is asked.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import re
import urllib.error
import urllib.request
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

from bench import schema_exceptions as exceptions
from ideas.serving import LONGEST_ADDRESS
from tests.api.asking import undescribed
from tests.embed import arranging

GIVEN: dict[str, Any] = json.loads(os.environ["BENCH_SCHEMA"])
KEYS: list[str] = GIVEN["keys"]
OF_PAGES = {"sign_in_on_page", "sign_out_of_page"}

_NUMBERS = re.compile(r"\d+")

_found: set[str] = set()
_named: dict[str, str] = {}  # Idempotency-Key → what was sent with it first
_turns = itertools.count()
_asked: Counter[str] = Counter()  # "asked phase mode operation status", "excepted reason"


def _id(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


# --- Keys ---


@schemathesis.auth(refresh_interval=1, cache_by_key=lambda case, _context: str(_id(case) in OF_PAGES))
class Keys:
    """The first key that works, or for pages that of the page."""

    def get(self, case: Any, _context: Any) -> str:
        if _id(case) in OF_PAGES:
            return str(GIVEN["page_key"])
        while len(KEYS) > 1 and not _works(KEYS[0]):
            KEYS.pop(0)
        return KEYS[0]

    def set(self, case: Any, key: str, _context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {key}"
        if _id(case) in OF_PAGES:
            case.headers["Origin"] = arranging.SITE


def _works(key: str) -> bool:
    return _ask("GET", "/api/v1/me/keys", key)[0] < 400


def _ask(method: str, path: str, key: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Origin": arranging.SITE}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(GIVEN["url"] + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, {}


# --- What is asked so that it can be taken ---


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """A name that was given to one thing is not given to another, and pages have tokens that their host signed."""
    if not _is_fine(case):
        return
    headers = case.headers if case.headers is not None else {}
    if (name := headers.get("Idempotency-Key")) is not None:
        sent = repr((case.path, case.path_parameters, case.query, case.body))
        # in chains each thing is new: the answer to one that was done before names what may be gone since
        if case.meta.phase.name.value == "stateful" or _named.setdefault(str(name), sent) != sent:
            headers["Idempotency-Key"] = uuid.uuid4().hex
    if _id(case) == "sign_in_on_page" and next(_turns) % 2:
        case.body = _word_of_host()
    if _id(case) == "sign_out_of_page" and next(_turns) % 2:
        said = _ask("POST", "/api/v1/embed/sessions", str(GIVEN["page_key"]), _word_of_host())[1]
        headers["Authorization"] = f"Bearer {said.get('token')}"


def _is_fine(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _word_of_host() -> dict[str, str]:
    said = arranging.claims(aud=GIVEN["url"], jti=uuid.uuid4().hex)
    return {"board": "garden", "token": arranging.signed(said, GIVEN["secret"])}


# --- What is checked besides ---


@schemathesis.check
def says_nothing_undescribed(_context: Any, response: Any, case: Any) -> None:
    """Every status that is answered is described for the operation itself, and so is every field."""
    described = case.operation.definition.raw["responses"]
    status = str(response.status_code)
    if case.method.upper() != case.operation.method.upper():
        return  # the operation was not asked
    assert status in described, f"{status} is answered, and not described"
    document = case.operation.schema.raw_schema
    answer = described[status]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content", {}).get(response.headers.get("content-type", [""])[0].partition(";")[0])
    if content and "json" in response.headers["content-type"][0]:
        unknown = list(undescribed(document, content["schema"], response.json()))
        assert not unknown, f"Not described: {unknown}"


# --- What was found ---


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether it is one. What is refused for a reason that no description can say is none, and is counted."""
    if response.status_code == 414 and len(response.request.path_url) > LONGEST_ADDRESS - len("DELETE  HTTP/1.1"):
        _asked["excepted an address too long for the server, which reads no further"] += 1
        return False
    if response.status_code == 412 and not isinstance(failure, RejectedPositiveData):
        _asked["excepted a tag of another state, and other things wrong"] += 1
        return False
    if isinstance(failure, RejectedPositiveData) and all(exceptions.reasons(_id(case), case, response.json())):
        for reason in exceptions.reasons(_id(case), case, response.json()):
            _asked[f"excepted {reason}"] += 1
        return False
    words = f"{failure.title}: {failure.message}"
    kind = f"{_id(case)} {failure.code} {response.status_code} {_NUMBERS.sub('0', words)[:300]}"
    if kind not in _found:
        _found.add(kind)
        request = response.request
        sent = request.body.decode(errors="replace") if isinstance(request.body, bytes) else request.body or ""
        said = response.content.decode(errors="replace")
        line = (
            f"{_id(case)}: {words[:700]} | {request.method} {request.url[:400]} {sent[:300]!r} → "
            f"{response.status_code} {said[:600]}"
        )
        with Path(GIVEN["found"]).open("a", encoding="utf-8") as file:
            file.write(" ".join(line.split()) + "\n")
    return True


# --- What was asked ---


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    phase = case.meta.phase.name.value if case.meta else "besides"
    mode = "" if case.meta is None else case.meta.generation.mode.value
    _asked[f"asked {phase} {mode} {_id(case)} {response.status_code}"] += 1


@atexit.register
def _tell() -> None:
    Path(GIVEN["tally"]).write_text(json.dumps(_asked), encoding="utf-8")
