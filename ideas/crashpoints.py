"""Places where a test may kill the process, to show that nothing is lost."""

from __future__ import annotations

import os
import signal

_passed = 0


def crashpoint(name: str) -> None:
    """Do nothing, unless the environment names this place: then SIGKILL this process.

    `CRASHPOINT=name` kills at the first passage, `CRASHPOINT=name:250` at the 250th. Tests find all names in the code.
    """
    wanted = os.environ.get("CRASHPOINT")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place != name:
        return
    global _passed
    _passed += 1
    if _passed >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
