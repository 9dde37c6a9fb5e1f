"""What is reported of mail of ours: it did not arrive, or its reader called it junk. Knows no room.

Mail servers report by mail (RFC 3464, RFC 5965), providers as JSON (see mail_events.py). What a mail server's answer
means is the same in both, and when a relay gives it while it takes a mail: the codes of RFC 3463.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from enum import StrEnum
from typing import Any

from ideas.text import readable

SAID_LONGEST = 300
TEXT_LONGEST = 20_000  # characters of a report without fields that are looked at
PARTS_MOST = 50


class Verdict(StrEnum):
    """What a report says of a mail."""

    NOBODY = "nobody"  # it did not arrive, and nothing ever will: there is no such mailbox
    REFUSED = "refused"  # it did not arrive, for the mailbox or the way to it; another one may
    UNWANTED = "unwanted"  # it was refused for what it is or where it comes from, which says nothing of the mailbox
    COMPLAINT = "complaint"  # it arrived, and its reader called it junk


@dataclass(frozen=True)
class Report:
    """What somebody reports of one mail of ours.

    address: where it went, as far as the report says; "" when it does not. message_id: its name, without brackets.
    status: a code of RFC 3463, such as "5.1.1". said: the other side's words. at: when it happened, if that is said.
    came_from: addresses to which reports about it go, as the mail itself bore them.
    """

    verdict: Verdict
    address: str = ""
    message_id: str = ""
    status: str = ""
    said: str = ""
    at: datetime | None = None
    came_from: tuple[str, ...] = ()


# --- What a code means (RFC 3463, and the registry of RFC 5248) ---

NOBODY_THERE = {
    "5.1.1",  # no such mailbox
    "5.1.2",  # no such host
    "5.1.3",  # that is no address
    "5.1.6",  # moved, and nobody knows where to
    "5.1.10",  # the host takes no mail at all
    "5.2.1",  # the mailbox is closed
}
ABOUT_THE_MAIL = ("3", "5", "6", "7")  # the second figure: system, protocol, content, policy
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")


def status_in(words: str) -> str:
    """The first code of RFC 3463 in what a mail server said; "" if there is none."""
    match = _STATUS.search(words)
    return match[1] if match else ""


def verdict_of(status: str) -> Verdict:
    """What it means that a mail did not arrive with that code.

    A provider that refuses all our mail for a week must not cost us the addresses of all who read theirs there.
    """
    if status in NOBODY_THERE:
        return Verdict.NOBODY
    return Verdict.UNWANTED if status[2:3] in ABOUT_THE_MAIL else Verdict.REFUSED


# --- Reports that come as mail ---

_NOT_OVER_YET = re.compile(r"delay|warning|verzöger|retard", re.IGNORECASE)


def read(message: EmailMessage) -> Report | None:
    """What a mail of a mail server reports; None when it reports nothing that is final."""
    kinds = list(_parts(message))
    for part in kinds:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(part, kinds)
    for part in kinds:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return _bounce(part, kinds)
    if any(part.get_content_type() == "message/disposition-notification" for part in kinds):
        return None  # it was read
    return _told_in_words(message, kinds)


def _parts(message: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    """The parts of a report itself; not those of the mail that it gives back."""
    yield message
    if message.get_content_maintype() != "multipart":
        return
    payload = message.get_payload()
    for part in payload[:PARTS_MOST] if isinstance(payload, list) else []:
        if isinstance(part, Message):
            yield from _parts(part)


def _complaint(part: Message[Any, Any], kinds: list[Message[Any, Any]]) -> Report | None:
    fields = _blocks(part)[0]
    if _field(fields, "Feedback-Type").casefold() not in ("abuse", "fraud", "other", ""):
        return None  # "not-spam", say
    original = _original(kinds)
    return Report(
        Verdict.COMPLAINT,
        address=_bare(_field(fields, "Original-Rcpt-To")) or _bare(_field(original, "To")),
        message_id=_bare(_field(original, "Message-ID")),
        said=_field(fields, "Feedback-Type"),
        came_from=_came_from(original, _field(fields, "Original-Mail-From")),
    )


def _bounce(part: Message[Any, Any], kinds: list[Message[Any, Any]]) -> Report | None:
    original = _original(kinds)
    for fields in _blocks(part):
        if _field(fields, "Action").casefold() != "failed":
            continue  # "delayed": it goes on trying; the others say that it arrived
        said = _field(fields, "Diagnostic-Code").partition(";")[2].strip() or _field(fields, "Diagnostic-Code")
        status = _status_of(_field(fields, "Status"), said)
        recipient = _field(fields, "Original-Recipient") or _field(fields, "Final-Recipient")
        return Report(
            verdict_of(status),
            address=_bare(recipient.partition(";")[2]),
            message_id=_bare(_field(original, "Message-ID")),
            status=status,
            said=said[:SAID_LONGEST],
            came_from=_came_from(original),
        )
    return None


def _status_of(given: str, said: str) -> str:
    """The code of a report. Some servers say "5.0.0" for everything, and the real one in words."""
    status = status_in(given)
    return status_in(said) or status if status in ("", "5.0.0", "4.0.0") else status


def _told_in_words(message: EmailMessage, kinds: list[Message[Any, Any]]) -> Report | None:
    """Old mail servers, and providers that take a report apart, leave nothing but words."""
    if _NOT_OVER_YET.search(_field(message, "Subject")):
        return None
    words = "\n".join(_words(part) for part in kinds if part.get_content_maintype() == "text")[:TEXT_LONGEST]
    status = status_in(words)
    if status.startswith("2"):
        return None
    line = next((line.strip() for line in words.splitlines() if status and status in line), "")
    quoted = email.message_from_string(words[words.find("Return-Path:") :]) if "Return-Path:" in words else Message()
    return Report(
        verdict_of(status), status=status, said=line[:SAID_LONGEST], came_from=_came_from(_original(kinds) or quoted)
    )


def _words(part: Message[Any, Any]) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _blocks(part: Message[Any, Any]) -> list[Message[Any, Any]]:
    """The groups of fields in a part: the parser finds them in the best known kind, and leaves others as one text."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return [email.message_from_string(each) for each in re.split(r"\r?\n\r?\n", _words(part)) if each.strip()] or [
            Message()
        ]
    blocks = []
    for each in payload:
        if isinstance(each, Message):
            blocks.append(each)
            rest = each.get_payload()
            if isinstance(rest, str) and rest.strip():
                blocks += [email.message_from_string(more) for more in re.split(r"\r?\n\r?\n", rest) if more.strip()]
    return blocks or [Message()]


def _original(kinds: list[Message[Any, Any]]) -> Message[Any, Any]:
    """The mail that a report is about, or its head; empty when it gives nothing back."""
    for part in kinds:
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else Message()
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return _blocks(part)[0] if isinstance(payload, list) else email.message_from_string(_words(part))
    return Message()


def _came_from(original: Message[Any, Any], *more: str) -> tuple[str, ...]:
    named = [*more, _field(original, "Return-Path"), _field(original, "CFBL-Address").partition(";")[0]]
    return tuple(address for address in map(_bare, named) if "@" in address)


def _field(message: Message[Any, Any], name: str) -> str:
    """The first field of that name, in one line; "" for one that is not there or cannot be read."""
    try:
        value = message.get(name, "")
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):  # what the parser raises on broken ones
        return ""
    return " ".join(readable(str(value)).split())


def _bare(address: str) -> str:
    """An address or a name of a mail without what stands around it."""
    inner = re.search(r"<([^<>]*)>", address)
    return (inner[1] if inner else address).strip()
