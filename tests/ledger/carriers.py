"""Processes of `ideas schedule` and `ideas carry`, which fork others: begun, ended in order, and killed with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from tests.servers import ROOT, environment

Process = subprocess.Popen[bytes]


def start(settings: Mapping[str, str], *command: str) -> Process:
    words = [sys.executable, "-m", "ideas.cli", *command]
    env = environment(settings)
    return subprocess.Popen(words, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)


def end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        kill(process)


def kill(process: Process) -> None:
    """With all the processes that it began, as a machine that loses its power."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
