"""The doors by which mail comes in: a provider's webhook and LMTP. What stands in it is the affair of rooms.

A door hands over the bytes of a mail and the addresses on its envelope. The first address that this site made says
which room takes it. What providers send is put into one shape here; whoever sends must know MAIL_IN_SECRET.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, NamedTuple

import structlog
from flask import Blueprint, Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ideas import mail_in, mail_tokens
from ideas.http import open_to_all_origins
from ideas.settings import current, rooms

log = structlog.get_logger()

LARGEST = mail_in.LARGEST
SIGNED_FOR = 600  # seconds a provider's signature is good for; their clocks differ
NOBODY = "nobody"  # it went to no address that this site made

bp = Blueprint("mail_doors", __name__, url_prefix="/hooks/mail")


class Handed(NamedTuple):
    """A mail as a door has it. to: the addresses on its envelope, as far as they are known."""

    content: bytes
    to: tuple[str, ...] = ()


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


def take(handed: Handed) -> str:
    """Give a mail to the room that its address names; what became of it, in a word, NOBODY if there is no such room."""
    read = mail_in.read(handed.content, handed.to)
    for address in read.recipients:
        reference = mail_tokens.read(address)
        if reference is not None and (taker := rooms().mail_takers.get(reference.purpose)):
            outcome = taker(read, reference.words)
            log.info("mail_came_in", outcome=outcome, purpose=reference.purpose, kind=read.kind.value)
            return outcome
    log.info("mail_came_in", outcome=NOBODY, kind=read.kind.value)
    return NOBODY


@bp.post("")
@open_to_all_origins
def webhook() -> ResponseReturnValue:
    """A mail by one of the shapes that providers use, each told by what it brings."""
    request.max_content_length = request.max_form_memory_size = 2 * LARGEST  # in JSON it takes a third more
    _require_sender()
    handed = _handed()
    if handed is None:
        return _answer(422, "This is in none of the shapes that are known here.")
    return jsonify(outcome=take(handed))


def _answer(status: int, words: str) -> Response:
    answer = jsonify(error=words)
    answer.status_code = status
    return answer


# --- Who may hand mail in ---


def _require_sender() -> None:
    """By a password (Basic or Bearer) that is the secret, or by a signature made with it, as Mailgun does."""
    secret = current().mail_in_secret
    if secret is None or current().mail_in_address is None:
        abort(404)
    given = request.authorization
    said = (given.token or given.password or "") if given else ""
    if said and hmac.compare_digest(said.encode(), secret.encode()):
        return
    if given is None and _is_signed(request.form, secret):
        return
    abort(401)


def _is_signed(form: Mapping[str, str], secret: str) -> bool:
    made_at, token, signature = (form.get(name, "") for name in ("timestamp", "token", "signature"))
    if not made_at.isdecimal() or len(made_at) > 12 or abs(time.time() - int(made_at)) > SIGNED_FOR:
        return False
    wanted = hmac.new(secret.encode(), f"{made_at}{token}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())


# --- The shapes ---


def _handed() -> Handed | None:
    if request.mimetype in ("message/rfc822", "application/octet-stream"):
        return Handed(request.get_data(), tuple(request.args.getlist("to")))
    if request.mimetype in ("application/json", "text/plain"):  # Amazon's notices say they are plain text
        body = request.get_json(force=True, silent=True)
        return _from_json(body) if isinstance(body, dict) else None
    return _from_form(request.form)


def _from_json(body: Mapping[str, Any]) -> Handed | None:
    if isinstance(body.get("Message"), str):
        return _from_amazon(body)
    if isinstance(body.get("RawEmail"), str):
        return Handed(body["RawEmail"].encode("utf-8", "surrogateescape"), _postmark_to(body))
    if "TextBody" in body or "HtmlBody" in body:
        pairs = [(str(each.get("Name")), str(each.get("Value"))) for each in _dicts(body.get("Headers"))]
        named = {
            "From": str(body.get("From", "")),
            "To": str(body.get("To", "")),
            "Subject": str(body.get("Subject", "")),
            "Message-ID": f"<{body.get('MessageID', '')}>",
        }
        text, html = str(body.get("TextBody") or ""), str(body.get("HtmlBody") or "")
        return Handed(_put_together(pairs, named, text, html), _postmark_to(body))
    return None


def _postmark_to(body: Mapping[str, Any]) -> tuple[str, ...]:
    full = [str(each.get("Email", "")) for each in _dicts(body.get("ToFull"))]
    return tuple(address for address in (str(body.get("OriginalRecipient", "")), *full) if address)


def _from_amazon(body: Mapping[str, Any]) -> Handed | None:
    if body.get("Type") == "SubscriptionConfirmation":
        # we open no address that somebody sends us: the operator does
        log.warning("mail_door_asks_to_be_confirmed", url=str(body.get("SubscribeURL"))[:500])
        return None
    try:
        notice = json.loads(body["Message"])
        content = notice["content"]
        receipt = notice.get("receipt") or {}
        if (receipt.get("action") or {}).get("encoding") == "BASE64":
            raw = base64.b64decode(content, validate=True)
        else:
            raw = content.encode("utf-8", "surrogateescape")
        return Handed(raw, tuple(str(address) for address in receipt.get("recipients") or ()))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return None


def _from_form(form: MultiDict[str, str]) -> Handed | None:
    to = tuple(filter(None, (form.get("recipient", ""), *_envelope_to(form.get("envelope", "")))))
    for whole in ("body-mime", "email"):
        if whole in form:
            return Handed(form[whole].encode("utf-8", "surrogateescape"), to)
    if "message-headers" in form:
        pairs = _pairs(form["message-headers"])
        return Handed(_put_together(pairs, {}, form.get("body-plain", ""), form.get("body-html", "")), to)
    if "headers" in form:
        lines = [line.partition(":") for line in form["headers"].splitlines() if ":" in line and line[:1] not in " \t"]
        pairs = [(name, value.strip()) for name, _, value in lines]
        return Handed(_put_together(pairs, {}, form.get("text", ""), form.get("html", "")), to)
    return None


def _envelope_to(text: str) -> list[str]:
    try:
        return [str(address) for address in json.loads(text)["to"]]
    except (ValueError, KeyError, TypeError):
        return []


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return [(str(name), str(value)) for name, value in json.loads(text)]
    except (ValueError, TypeError):
        return []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_OF_THE_BODY = {"content-type", "content-transfer-encoding", "mime-version", "content-disposition"}


def _put_together(pairs: list[tuple[str, str]], named: Mapping[str, str], text: str, html: str) -> bytes:
    """A mail again, of the headers and texts into which a provider took it apart."""
    message = EmailMessage(policy=SMTP)
    lines = []
    seen = set()
    for name, value in [*pairs, *named.items()]:
        key = name.casefold()
        if key in _OF_THE_BODY or (key in seen and (name, value) in named.items()) or not name.isascii():
            continue
        seen.add(key)
        lines.append(f"{name}: {' '.join(value.split())}\r\n")
    if text or not html:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html, subtype="html")
    return "".join(lines).encode("utf-8", "replace") + message.as_bytes()
