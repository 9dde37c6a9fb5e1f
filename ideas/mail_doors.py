"""The doors by which mail comes in: a provider's webhook and LMTP. What stands in it is the affair of rooms.

A door hands over the bytes of a mail and the addresses on its envelope. The first address that this site made says
which room takes it. What providers send is put into one shape here; whoever sends must know MAIL_IN_SECRET.

Reports about mail of ours come by the same doors: as mail, of which a signed address says what it is about, whoever
wrote it, and as what providers make of them, who are believed because they know the secret.
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

from ideas import mail_events, mail_in, mail_tokens
from ideas.http import open_to_all_origins
from ideas.mail_in import Incoming
from ideas.mail_reports import Report
from ideas.settings import current, rooms

log = structlog.get_logger()

LARGEST = mail_in.LARGEST
SIGNED_LARGEST = 1_000_000  # bytes of a report whose sender is known by nothing but the signature in it
SIGNED_FOR = 600  # seconds a provider's signature is good for; their clocks differ
NOBODY = "nobody"  # it went to no address that this site made
NOTHING = "nothing"  # it says nothing that is kept: that a mail is tried again, or was opened

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
    references = [each for each in map(mail_tokens.read, read.recipients) if each is not None]
    about = _reported(read, references)
    if about is not None:
        outcome = report(read.report, about) if read.report is not None else NOTHING
        log.info("mail_came_in", outcome=outcome, purpose=mail_tokens.REPORTS, kind=read.kind.value)
        return outcome
    for reference in references:
        if taker := rooms().mail_takers.get(reference.purpose):
            outcome = taker(read, reference.words)
            log.info("mail_came_in", outcome=outcome, purpose=reference.purpose, kind=read.kind.value)
            return outcome
    log.info("mail_came_in", outcome=NOBODY, kind=read.kind.value)
    return NOBODY


def report(said: Report, about: str | None) -> str:
    """Give a report to the room that sends mail; what it meant, in a word. about: the mail, as a signed address says.

    Without that it comes from a provider, and names the mail or where it went.
    """
    taker = rooms().take_report
    return taker(said, about) if taker is not None else NOBODY


def _reported(read: Incoming, references: list[mail_tokens.Reference]) -> str | None:
    """Which mail of ours a mail reports about: by the address it came to, or one in the mail that it gives back."""
    inside = read.report.came_from if read.report is not None else ()
    candidates = [*references, *(each for each in map(mail_tokens.read, inside) if each is not None)]
    return next((each.words for each in candidates if each.purpose == mail_tokens.REPORTS), None)


@bp.post("")
@open_to_all_origins
def webhook() -> ResponseReturnValue:
    """A mail by one of the shapes that providers use, each told by what it brings; or reports of theirs."""
    request.max_content_length = request.max_form_memory_size = 2 * LARGEST  # in JSON it takes a third more
    body = _require_sender()
    reports = mail_events.read(body)
    if reports is not None:
        outcomes = [report(each, None) for each in reports]
        log.info("mail_was_reported_on", outcomes=outcomes)
        return jsonify(outcome=outcomes[0] if len(outcomes) == 1 else NOTHING if not outcomes else "taken")
    handed = _handed(body)
    if handed is None:
        return _answer(422, "This is in none of the shapes that are known here.")
    return jsonify(outcome=take(handed))


def _answer(status: int, words: str) -> Response:
    answer = jsonify(error=words)
    answer.status_code = status
    return answer


# --- Who may hand mail in ---


def _require_sender() -> Any:
    """By a password (Basic or Bearer) that is the secret, or by a signature made with it, as Mailgun does.

    What was sent as JSON, None if it was something else: of one who gives no password, only so much is read as a
    signed report takes.
    """
    secret = current().mail_in_secret
    if secret is None:
        abort(404)
    if (given := request.authorization) is not None:
        said = given.token or given.password or ""
        if not said or not hmac.compare_digest(said.encode(), secret.encode()):
            abort(401)
        return _json()
    if _is_json():
        request.max_content_length = SIGNED_LARGEST
    body = _json()
    signature = body.get("signature") if isinstance(body, dict) else request.form
    if not isinstance(signature, Mapping) or not _is_signed(signature, secret):
        abort(401)
    return body


def _is_signed(form: Mapping[str, Any], secret: str) -> bool:
    made_at, token, signature = (str(form.get(name, "")) for name in ("timestamp", "token", "signature"))
    if not made_at.isdecimal() or len(made_at) > 12 or abs(time.time() - int(made_at)) > SIGNED_FOR:
        return False
    wanted = hmac.new(secret.encode(), f"{made_at}{token}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())


# --- The shapes ---


def _is_json() -> bool:
    return request.mimetype in ("application/json", "text/plain")  # Amazon's notices say they are plain text


def _json() -> Any:
    return request.get_json(force=True, silent=True) if _is_json() else None


def _handed(body: Any) -> Handed | None:
    if request.mimetype in ("message/rfc822", "application/octet-stream"):
        return Handed(request.get_data(), tuple(request.args.getlist("to")))
    if isinstance(body, dict):
        return _from_json(body)
    return None if _is_json() else _from_form(request.form)


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
