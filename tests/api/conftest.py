"""Programs that ask the API: `ask(person, "scope", …)` has a key, `ask()` has none."""

import json
from typing import Any, Protocol

import pytest

from ideas import api
from ideas.accounts.models import User
from tests.api.asking import Asking, bearer


class Ask(Protocol):
    def __call__(self, person: User | None = None, *scopes: str) -> Asking: ...


@pytest.fixture
def document(app) -> dict[str, Any]:
    """The description of the API."""
    described: dict[str, Any] = json.loads(api.openapi())
    return described


@pytest.fixture
def ask(app, document) -> Ask:
    def make(person: User | None = None, *scopes: str) -> Asking:
        return Asking(app.test_client(), document, bearer(person, *scopes) if person else {})

    return make
