"""How a person hears who is connected with the news in several ways."""

import pytest

from tests.ledger.arranging import World, lines, outcome, person


@pytest.mark.parametrize(
    ("stronger", "weaker", "news"), [("commenter", "voter", "planned"), ("voter", "follower", "moved")]
)
def test_a_weaker_path_by_which_one_hears_at_once_still_brings_the_mail(
    world: World, stronger: str, weaker: str, news: str
):
    mia = person()
    world.happens((mia, stronger, news, "daily", "comment", 4), (mia, weaker, news, "instant", "vote", 3))

    world.announce()

    assert lines()[mia.id, "email"].path == stronger
    assert outcome(mia, "email") == ("pending", None)


def test_what_nobody_is_told_at_once_waits_for_the_digest(world: World):
    mia = person()
    world.happens((mia, "commenter", "moved", "daily", "comment", 4), (mia, "voter", "moved", "daily", "vote", 3))

    world.announce()

    assert outcome(mia, "email") == ("pending", None)
    assert lines()[mia.id, "email"].digest == "daily"
