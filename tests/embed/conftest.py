"""Programs that ask the API, as in the tests of the API."""

from tests.api.conftest import ask, document

__all__ = ["ask", "document"]
