import pytest
from flask import Flask

from tests.ledger.arranging import World


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)
