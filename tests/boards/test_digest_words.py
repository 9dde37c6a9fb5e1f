"""What the subject of a digest says."""

from flask import Flask

from ideas.boards.digest_words import COUNTED
from ideas.boards.notices import NEWS


def test_each_kind_of_news_has_its_words_for_one_and_for_many(app: Flask):
    assert set(COUNTED) == {kind.name for kind in NEWS}
    for news, say in COUNTED.items():
        one, many = say(1), say(3)
        assert one != many, news
        assert "%" not in one + many
        assert one[0].islower()
        assert many[0].islower() or many[0].isdigit()


def test_what_closes_a_loop_is_known():
    assert {kind.name for kind in NEWS if kind.is_closure} == {"credited", "shipped", "declined"}
