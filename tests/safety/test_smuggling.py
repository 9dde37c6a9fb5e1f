"""No request that is hidden in another is answered, by the very server that `ideas serve` starts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.safety import smuggling
from tests.safety.smuggling import CORPUS, NEXT, OUTER, SMUGGLED, Odd
from tests.servers import running_app

pytestmark = pytest.mark.sqlite  # no page asked for here comes from a database


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running_app({"RATE_LIMITS": "off", "LOG_LEVEL": "error"}, ("serve",)) as site:
        yield urlsplit(site.url).port or 0
        assert "Traceback" not in site.log.read_text(errors="replace")


def test_there_are_more_than_forty():
    assert sum(odd.is_refused for odd in CORPUS) >= 100
    assert len({odd.name for odd in CORPUS}) == len({odd.sent for odd in CORPUS}) == len(CORPUS)


def test_a_second_answer_would_be_seen(port):
    heard = smuggling.send(port, smuggling.PIPELINED)

    assert [heard.names(each) for each in (OUTER, SMUGGLED, NEXT)] == [True, True, True]


@pytest.mark.parametrize("odd", [odd for odd in CORPUS if odd.is_refused], ids=lambda odd: odd.name)
def test_what_can_be_read_in_two_ways_is_refused_and_hung_up_on(port, odd: Odd):
    heard = smuggling.send(port, odd.sent)

    assert heard.status in (0, 400, 414, 417, 431, 501), heard.first
    assert not heard.names(SMUGGLED)
    assert not heard.names(NEXT), "the connection was used for more"


@pytest.mark.parametrize("odd", [odd for odd in CORPUS if not odd.is_refused], ids=lambda odd: odd.name)
def test_a_request_in_a_body_stays_a_body(port, odd: Odd):
    heard = smuggling.send(port, odd.sent)

    assert 200 <= heard.status < 500
    assert not heard.names(SMUGGLED)
    # what follows is our own next request, answered as ever, or a refusal of what was left and the end
    answers = Counter(re.findall(rb"HTTP/1\.1 (\d{3})", heard.rest))
    assert answers in (Counter(), Counter([b"400"]), Counter([b"200"]))
    assert heard.names(NEXT) == (answers == Counter([b"200"]))
