"""What providers report of mail they sent for us, as JSON: each shape becomes reports. Knows no room.

Their events of other kinds (delivered, opened, tried again) are known here and say nothing that is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ideas.mail_reports import SAID_LONGEST, Report, Verdict, status_in, verdict_of
from ideas.text import readable

MOST = 1000  # events of one call


def read(body: Any) -> list[Report] | None:
    """What is reported in `body`, final things alone; None when it is in none of these shapes."""
    for knows, reports in _SHAPES:
        if knows(body):
            return list(reports(body))
    return None


def _is_postmark(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("RecordType"), str)


_NOBODY_AT_POSTMARK = {"HardBounce", "BadEmailAddress", "ManuallyDeactivated"}
_REFUSED_AT_POSTMARK = {"SoftBounce", "Blocked", "DnsError", "SpamNotification", "DMARCPolicy", "Unknown"}
_OUR_NAME = re.compile(r"<((?:delivery|digest|letter)-[0-9.]+@[^<>\s]+)>")


def _postmark(body: dict[str, Any]) -> Iterator[Report]:
    kind = _text(body.get("Type"))
    said = _text(body.get("Details")) or _text(body.get("Description"))
    status = status_in(said)
    if kind == "SpamComplaint" or body["RecordType"] == "SpamComplaint":
        verdict = Verdict.COMPLAINT
    elif kind in _NOBODY_AT_POSTMARK:
        verdict = Verdict.NOBODY
    elif kind in _REFUSED_AT_POSTMARK:
        verdict = verdict_of(status)
    else:
        return
    name = _OUR_NAME.search(_text(body.get("Content"), longest=100_000))
    yield _report(
        verdict,
        body.get("Email"),
        message_id=name[1] if name else "",
        status=status,
        said=said,
        at=_moment(body.get("BouncedAt")),
    )


def _is_sendgrid(body: Any) -> bool:
    return (
        isinstance(body, list)
        and bool(body)
        and all(isinstance(each, dict) and "event" in each and "email" in each for each in body)
    )


def _sendgrid(body: list[dict[str, Any]]) -> Iterator[Report]:
    for each in body[:MOST]:
        said = _text(each.get("reason")) or _text(each.get("response"))
        status = status_in(_text(each.get("status"))) or status_in(said)
        match each["event"]:
            case "spamreport":
                verdict = Verdict.COMPLAINT
            case "bounce":
                verdict = Verdict.NOBODY if each.get("type") == "bounce" and not status else verdict_of(status)
            case "dropped" if "spam report" in said.casefold():
                verdict = Verdict.COMPLAINT
            case "dropped" if "bounced" in said.casefold() or "invalid" in said.casefold():
                verdict = Verdict.NOBODY
            case "dropped":
                verdict = Verdict.REFUSED
            case _:
                continue
        yield _report(
            verdict,
            each.get("email"),
            message_id=_text(each.get("smtp-id")),
            status=status,
            said=said,
            at=_moment(each.get("timestamp")),
        )


def _is_mailgun(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("event-data"), dict)


_ON_MAILGUNS_LISTS = {"suppress-bounce": Verdict.NOBODY, "suppress-complaint": Verdict.COMPLAINT}


def _mailgun(body: dict[str, Any]) -> Iterator[Report]:
    event = body["event-data"]
    answer = _dict(event.get("delivery-status"))
    said = _text(answer.get("message")) or _text(answer.get("description"))
    status = status_in(_text(answer.get("enhanced-code"))) or status_in(said)
    reason = _text(event.get("reason"))
    if event.get("event") == "complained":
        verdict = Verdict.COMPLAINT
    elif event.get("event") != "failed" or event.get("severity") == "temporary":
        return  # of a temporary failure they try again
    elif reason in _ON_MAILGUNS_LISTS:
        verdict = _ON_MAILGUNS_LISTS[reason]
    else:
        verdict = verdict_of(status)
    headers = _dict(_dict(event.get("message")).get("headers"))
    yield _report(
        verdict,
        event.get("recipient"),
        message_id=_text(headers.get("message-id")),
        status=status,
        said=said,
        at=_moment(event.get("timestamp")),
    )


def _is_amazon(body: Any) -> bool:
    return _notice(body) is not None


def _notice(body: Any) -> dict[str, Any] | None:
    """Amazon's notice of a bounce or a complaint, out of the notification that carries it."""
    try:
        notice = json.loads(body["Message"])
        kind = notice.get("notificationType") or notice.get("eventType")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return notice if isinstance(kind, str) and kind != "Received" else None


def _amazon(body: dict[str, Any]) -> Iterator[Report]:
    notice = _notice(body) or {}
    message_id = next(
        (
            _text(each.get("value"))
            for each in _dicts(_dict(notice.get("mail")).get("headers"))
            if _text(each.get("name")).casefold() == "message-id"
        ),
        "",
    )
    complaint, bounce = _dict(notice.get("complaint")), _dict(notice.get("bounce"))
    for each in _dicts(complaint.get("complainedRecipients")):
        if complaint.get("complaintFeedbackType") != "not-spam":
            yield _report(
                Verdict.COMPLAINT,
                each.get("emailAddress"),
                message_id=message_id,
                said=_text(complaint.get("complaintFeedbackType")),
                at=_moment(complaint.get("timestamp")),
            )
    for each in _dicts(bounce.get("bouncedRecipients")):
        said = _text(each.get("diagnosticCode"))
        status = status_in(_text(each.get("status"))) or status_in(said)
        is_for_good = bounce.get("bounceType") == "Permanent" and bounce.get("bounceSubType") in (
            *("General", "NoEmail", "Suppressed", "OnAccountSuppressionList"),
        )
        yield _report(
            Verdict.NOBODY if is_for_good and not status else verdict_of(status),
            each.get("emailAddress"),
            message_id=message_id,
            status=status,
            said=said,
            at=_moment(bounce.get("timestamp")),
        )


_SHAPES: tuple[tuple[Callable[[Any], bool], Callable[[Any], Iterable[Report]]], ...] = (
    (_is_postmark, _postmark),
    (_is_sendgrid, _sendgrid),
    (_is_mailgun, _mailgun),
    (_is_amazon, _amazon),
)


def _report(
    verdict: Verdict,
    address: Any,
    *,
    message_id: str = "",
    status: str = "",
    said: str = "",
    at: datetime | None = None,
) -> Report:
    return Report(
        verdict,
        address=_text(address),
        message_id=message_id.strip("<> "),
        status=status,
        said=said[:SAID_LONGEST],
        at=at,
    )


def _moment(value: Any) -> datetime | None:
    """A time as providers write it: seconds since 1970, or ISO 8601 with more digits than Python reads."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value)))
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _text(value: Any, *, longest: int = 1000) -> str:
    return readable(value)[:longest] if isinstance(value, str) else ""


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
