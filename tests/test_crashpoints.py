"""A test may kill the process at a place of its choice; nobody else can."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

IDEAS = Path(__file__).resolve().parent.parent / "ideas"

PASSES_THREE_TIMES = """
from ideas.crashpoints import crashpoint
for passage in range(3):
    crashpoint("here")
    print(passage, flush=True)
"""


def run(**environment):
    return subprocess.run(
        [sys.executable, "-c", PASSES_THREE_TIMES],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("wanted", ["", "elsewhere", "her", "here:4"])
def test_without_a_wish_for_it_the_place_is_passed(wanted):
    done = run(CRASHPOINT=wanted)

    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2"])


@pytest.mark.parametrize(("wanted", "passed"), [("here", []), ("here:1", []), ("here:3", ["0", "1"])])
def test_the_process_is_killed_at_the_wanted_passage(wanted, passed):
    done = run(CRASHPOINT=wanted)

    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, passed)


def test_the_process_sleeps_once_at_the_wanted_passage():
    sleeper = subprocess.Popen(
        [sys.executable, "-c", PASSES_THREE_TIMES],
        env=os.environ | {"CRASHPOINT": "here:2:STOP"},
        stdout=subprocess.PIPE,
        text=True,
    )
    _, status = os.waitpid(sleeper.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)

    sleeper.send_signal(signal.SIGCONT)

    assert sleeper.communicate(timeout=30)[0].split() == ["0", "1", "2"]


def test_every_place_has_a_name_of_its_own():
    names = [
        name
        for file in IDEAS.rglob("*.py")
        for name in re.findall(r"^\s+crashpoint\(\"([^\"]+)\"\)", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert len(names) == len(set(names))
