"""The page on which administrators read what was done with privilege, and the same as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import audit_files, policy, queries, signin
from ideas.accounts.queries import AuditAsked
from ideas.accounts.views import bp
from ideas.db import one_moment
from ideas.text import readable
from ideas.words import _

DAYS = ("since", "until")


def _asked() -> AuditAsked:
    """What the address asks. Raises ValidationError, by their names, for days that are none."""
    days: dict[str, date | None] = {}
    wrong: dict[str, list[str]] = {}
    for name in DAYS:
        said = request.args.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(said) if said else None
        except ValueError:
            wrong[name] = [_("“%(said)s” is no day. Write it like 2026-11-22.", said=readable(said)[:40])]
    if wrong:
        raise ValidationError(wrong)
    return AuditAsked(**_words(), since=days["since"], until=days["until"])


def _words() -> dict[str, str]:
    return {name: readable(request.args.get(name, "")) for name in ("act", "subject", "actor")}


@bp.get("/manage/audit")
def audit_log() -> ResponseReturnValue:
    reader, wrong = signin.member(), {}
    try:
        asked = _asked()
    except ValidationError as error:
        asked, wrong = AuditAsked(**_words(), since=None, until=None), error.messages_dict
    page = queries.audit(reader, asked, cursor=request.args.get("cursor"))
    said = {name: value for name in AuditAsked.__dataclass_fields__ if (value := getattr(asked, name))}
    typed = {name: readable(request.args.get(name, "")) for name in DAYS}
    acts = queries.audited_acts(reader)
    drawn = render_template(
        "accounts/audit.html", page=page, acts=acts, asked=asked, said=said, typed=typed, wrong=wrong
    )
    return drawn, 422 if wrong else 200


@bp.get("/manage/audit.csv")
def audit_as_csv() -> ResponseReturnValue:
    return _file(audit_files.csv_lines, "text/csv", "csv")


@bp.get("/manage/audit.ndjson")
def audit_as_ndjson() -> ResponseReturnValue:
    return _file(audit_files.ndjson_lines, "application/x-ndjson", "ndjson")


def _file(lines_of: Callable[..., Iterator[str]], mimetype: str, ending: str) -> ResponseReturnValue:
    policy.require_admin(signin.member())
    asked = _asked()

    def lines() -> Iterator[str]:
        with one_moment():
            yield from lines_of(queries.all_audited(signin.member(), asked))

    answer = Response(stream_with_context(lines()), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="audit.{ending}"'
    return answer
