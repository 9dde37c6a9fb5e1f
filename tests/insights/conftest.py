"""A story for each test of this room."""

import pytest

from tests.insights.arranging import Story


@pytest.fixture
def story(app):
    return Story(app)
