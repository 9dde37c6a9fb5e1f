"""Places where a test may kill the process, or put it to sleep, to show that nothing is lost."""

from __future__ import annotations

import os
import signal

_passed = 0


def crashpoint(name: str) -> None:
    """Do nothing, unless the environment names this place: then SIGKILL this process.

    `CRASHPOINT=name` kills at the first passage, `CRASHPOINT=name:250` at the 250th. `CRASHPOINT=name:250:STOP` puts it
    to sleep there once, until it gets SIGCONT. Tests find all names in the code.
    """
    wanted = os.environ.get("CRASHPOINT")
    if not wanted:
        return
    place, _, rest = wanted.partition(":")
    if place != name:
        return
    count, _, how = rest.partition(":")
    global _passed
    _passed += 1
    if how == "STOP" and _passed == int(count):
        os.kill(os.getpid(), signal.SIGSTOP)
    elif not how and _passed >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
