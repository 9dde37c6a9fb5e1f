"""`Idempotency-Key` on every POST of the API (draft-ietf-httpapi-idempotency-key-header-07).

A request that is sent again under its key gets the answer of the first. What was refused was not done, so it leaves no
key behind and may be sent again, put right, under the same one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, request

from ideas import repeats
from ideas.api_input import JSON_TYPES, read_json
from ideas.crashpoints import crashpoint
from ideas.db import one_act
from ideas.problems import NameInUse, NameMalformed, NameReused
from ideas.words import _

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
_VISIBLE = r"[!#-\[\]-~]"
PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": HEADER,
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST + 2,
        "pattern": rf'^(?:"{_VISIBLE}{{1,{LONGEST}}}"|{_VISIBLE}{{1,{LONGEST}}})$',
    },
    "description": "A name of your own for what you want done. Sent again within 24 hours, it is not done twice: "
    "you get the first answer again, with “Idempotent-Replayed: true”.",
}
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Link")

# The draft's form is a quoted string; most clients send the bare word, so both are the same key.
_KEY = re.compile(rf'"(?P<quoted>{_VISIBLE}+)"|(?P<bare>{_VISIBLE}+)')


def once(person_id: int, credential: str, make: Callable[[], Any]) -> Any:
    """The answer that `make` makes, or, if the request's key says that it was made before, that one again."""
    given = request.headers.get(HEADER)
    if given is None:
        return make()
    key, sent = _key(given), _sent()
    try:
        with one_act():
            act = repeats.begin(person_id, credential, _route(), key=key, sent=sent)
            if act.former is not None:
                return _again(act.former)
            answer = make()
            repeats.keep(act, _kept(answer))
        crashpoint("repeat.after_commit")
        return answer
    except repeats.StillAtIt:
        raise NameInUse(_("The first request with this Idempotency-Key is still at work.")) from None
    except repeats.Different:
        raise NameReused(_("This Idempotency-Key was sent before with something else.")) from None


def shown_once(*names: str) -> None:
    """Let these fields of the present answer be kept as null: they are secrets, which stand nowhere but in it."""
    g.shown_once = names


def _key(given: str) -> str:
    found = _KEY.fullmatch(given.strip())
    key = (found["quoted"] or found["bare"]) if found else ""
    if not 1 <= len(key) <= LONGEST:
        raise NameMalformed(
            _("Idempotency-Key must be 1 to %(most)s visible ASCII characters without quotes.", most=LONGEST)
        )
    return key


def _route() -> str:
    return f"{request.method} {request.url_rule}"


def _sent() -> bytes:
    """What was asked for, the same however its JSON is spaced and ordered. Raises what `read_json` raises."""
    if request.mimetype in JSON_TYPES and request.get_data():
        body = json.dumps(read_json(), sort_keys=True).encode()
    elif request.files or request.form:
        # what is sent by parts has another boundary each time
        parts = [*request.form.items(multi=True)]
        for name, file in request.files.items(multi=True):
            digest = hashlib.sha256()
            while piece := file.read(2**20):
                digest.update(piece)
            parts.append((name, f"{file.filename}:{digest.hexdigest()}"))
            file.seek(0)
        body = json.dumps(parts).encode()
    else:
        body = request.get_data()
    return b"\0".join((request.full_path.encode(), body))


def _kept(answer: Response) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    body = answer.get_data(as_text=True)
    if secret := g.pop("shown_once", ()):
        body = json.dumps({**json.loads(body), **dict.fromkeys(secret)})
    return {"status": answer.status_code, "headers": headers, "body": body}


def _again(former: dict[str, Any]) -> Response:
    answer = Response(former["body"], status=former["status"], headers=former["headers"])
    answer.headers[REPLAYED] = "true"
    return answer
