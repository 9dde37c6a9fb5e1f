"""Another system on this machine, which the site may ask."""

from collections.abc import Iterator

import pytest

from tests.webhooks import arranging
from tests.webhooks.arranging import Receiver


@pytest.fixture
def other(app) -> Iterator[Receiver]:
    arranging.let_in(app)
    with arranging.receiver() as other:
        yield other
