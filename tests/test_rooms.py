"""Which room may import which: read from the syntax trees, so nothing has to run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

IDEAS = Path(__file__).resolve().parent.parent / "ideas"

# A room may import itself, these, and the ground. Siblings meet through the outbox.
STANDS_ON: dict[str, set[str]] = {
    "accounts": set(),
    "ledger": {"accounts"},
    "boards": {"accounts", "ledger"},
    "insights": {"accounts", "ledger", "boards"},
    "backlog": {"accounts", "ledger", "boards"},
    "moving": {"accounts", "ledger", "boards"},
    "sharing": {"accounts", "ledger", "boards"},
    "webhooks": {"accounts", "ledger", "boards"},
    "embed": {"accounts", "ledger", "boards"},
    "mcp": {"accounts", "ledger", "boards", "insights", "backlog"},
}
KNOWS_EVERY_ROOM = {"ideas/__init__.py", "ideas/cli.py"}

WEB = {"flask", "flask_login", "flask_smorest", "flask_wtf"}
EDGES = {"views", "api", "forms", "cli"}  # files of these names, or views_manage.py where one grew too long
# Beside the edges: who is signed in, and each room's door, where it hands its edges to the application.
EDGE_FILES = {"ideas/accounts/signin.py", *(f"ideas/{room}/__init__.py" for room in STANDS_ON)}

Files = dict[str, str]


def files() -> Files:
    """Path → source of every module of the application."""
    return {str(path.relative_to(IDEAS.parent)): path.read_text(encoding="utf-8") for path in IDEAS.rglob("*.py")}


def rooms_of(files: Files) -> set[str]:
    return {parts[1] for path in files if len(parts := path.split("/")) > 2}


def imports(source: str) -> Iterator[str]:
    """Every dotted name that the source imports, wherever it stands: in functions and for type checkers too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaches(files: Files) -> list[str]:
    """Each import that breaks a rule, as a sentence."""
    found = []
    for path, source in sorted(files.items()):
        parts = path.split("/")
        room = parts[1] if len(parts) > 2 else None
        is_edge = parts[-1].removesuffix(".py").split("_")[0] in EDGES or path in EDGE_FILES
        for name in imports(source):
            first, second = [*name.split("."), ""][:2]
            if first in WEB and room and not is_edge:
                found.append(f"{path} imports {first}: only {', '.join(sorted(EDGES))} know it")
            if first != "ideas" or second not in STANDS_ON:
                continue
            if room is None and path not in KNOWS_EVERY_ROOM:
                found.append(f"{path} imports {second}: the ground knows no room")
            if room and second != room and second not in STANDS_ON.get(room, set()):
                found.append(f"{path} imports {second}: {room} does not stand on it")
    return found


def test_imports_point_down_and_only_edges_know_the_web():
    assert breaches(files()) == []


def test_every_room_is_on_the_map():
    assert rooms_of(files()) == set(STANDS_ON)


def test_the_map_points_down():
    """No room stands on one that stands on it, at any remove."""
    for room, below in STANDS_ON.items():
        reached, waiting = set(), set(below)
        while waiting:
            reached.add(each := waiting.pop())
            waiting |= STANDS_ON[each] - reached
        assert room not in reached


@pytest.mark.parametrize(
    ("path", "line", "complaint"),
    [
        ("ideas/boards/voting.py", "import flask", "ideas/boards/voting.py imports flask"),
        ("ideas/boards/voting.py", "from flask_login import current_user", "imports flask_login"),
        ("ideas/ledger/channels/email.py", "from flask import g", "imports flask"),
        ("ideas/ledger/fanout.py", "from ideas.boards import queries", "ledger does not stand on it"),
        ("ideas/ledger/fanout.py", "from ideas import boards", "ledger does not stand on it"),
        ("ideas/accounts/views.py", "def f():\n    import ideas.ledger.inbox", "accounts does not stand on it"),
        ("ideas/outbox.py", "from ideas.accounts.models import User", "the ground knows no room"),
    ],
)
def test_a_planted_import_is_found(path, line, complaint):
    planted = files() | {path: line}

    assert any(complaint in each for each in breaches(planted))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("ideas/boards/views.py", "from flask import redirect\nfrom ideas.ledger import report"),
        ("ideas/accounts/signin.py", "import flask_login"),
        ("ideas/boards/views_manage.py", "import flask"),
        ("ideas/cli.py", "import ideas.boards.cli"),
    ],
)
def test_what_the_rules_allow_is_not_a_breach(path, line):
    assert not [each for each in breaches({path: line}) if each.startswith(path)]


def test_a_room_missing_from_the_map_is_found():
    assert rooms_of(files() | {"ideas/unheard_of/drawing.py": ""}) != set(STANDS_ON)
