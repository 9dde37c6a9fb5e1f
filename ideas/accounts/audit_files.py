"""The audit log as files: for spreadsheets, none of whose cells is run as a formula, and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from ideas.accounts.models import AuditEntry
from ideas.privacy import formula_safe
from ideas.schemas import when

COLUMNS = ("id", "at", "actor_id", "actor", "act", "subject", "details")


def line_of(entry: AuditEntry) -> dict[str, Any]:
    """One privileged act. actor: None for the command line."""
    return {
        "id": entry.id,
        "at": when(entry.at),
        "actor_id": entry.actor_id,
        "actor": entry.actor.name if entry.actor else None,
        "act": entry.act,
        "subject": entry.subject,
        "details": entry.details,
    }


def csv_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    yield "\ufeff" + _row(COLUMNS)
    for entry in entries:
        line = line_of(entry)
        line["details"] = json.dumps(line["details"], ensure_ascii=False, sort_keys=True)
        yield _row([formula_safe("" if value is None else str(value)) for value in line.values()])


def ndjson_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(line_of(entry), ensure_ascii=False) + "\n"


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
