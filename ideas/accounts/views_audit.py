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


def _asked() -> AuditAsked:
    """What the address asks. Raises ValidationError for a day that is none."""
    said = {name: readable(request.args.get(name, "")) for name in ("act", "subject", "actor")}
    return AuditAsked(**said, since=_day("since"), until=_day("until"))


def _day(name: str) -> date | None:
    said = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        wrong = _("“%(said)s” is no day. Write it like 2026-11-22.", said=readable(said)[:40])
        raise ValidationError({name: [wrong]}) from None


@bp.get("/manage/audit")
def audit_log() -> ResponseReturnValue:
    asked, reader = _asked(), signin.member()
    page = queries.audit(reader, asked, cursor=request.args.get("cursor"))
    said = {name: value for name in AuditAsked.__dataclass_fields__ if (value := getattr(asked, name))}
    return render_template("accounts/audit.html", page=page, acts=queries.audited_acts(reader), asked=asked, said=said)


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
