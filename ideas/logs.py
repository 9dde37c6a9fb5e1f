"""What the processes write about themselves: one line for each event, JSON in production, readable otherwise.

A traceback names places in the code and no values: what stands in variables may be a password or somebody's words.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from config import Config


def init(config: Config) -> None:
    """Set up the logs of this process."""
    as_json = config.is_production
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        processors.append(
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        )
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[config.log_level.upper()]),
        logger_factory=_to_stderr,
    )


def _to_stderr(*_names: Any) -> structlog.PrintLogger:
    # asked for anew each time: a test may have put another stream in its place
    return structlog.PrintLogger(sys.stderr)
