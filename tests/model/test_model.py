"""The product is what the model of its promises says, whatever people do; `make evidence-model` tries it for longer."""

from __future__ import annotations

import pytest

from ideas.accounts import keys
from ideas.accounts.models import ApiKey
from ideas.boards import ranking
from ideas.db import db
from tests.model import machine
from tests.model.machine import Story, Tally


def test_whatever_people_do_the_product_is_what_it_promises(app, worlds):
    tally = Tally()

    machine.tell_stories(app, worlds, tally, runs=5, steps=15)

    assert tally.runs >= 5


def test_the_model_would_notice_a_vote_that_stays_counted_and_a_key_that_stays(app, worlds, monkeypatch):
    story = Story(app, worlds, Tally())
    story.vote_or_take_back(who=4, which=0, what=0, on=True)
    story.revoke_a_key(who=5, which=0, what=0, own=1)
    with monkeypatch.context() as broken:
        broken.setattr(ranking, "uncount_vote", lambda _idea_id: 1)
        with pytest.raises(AssertionError, match="vote_count"):
            story.vote_or_take_back(who=4, which=0, what=0, on=False)

    db.session.query(ApiKey).update({"revoked_at": None})
    db.session.commit()
    with pytest.raises(AssertionError, match="“done”, and “key-unknown” was promised"):
        story.vote_or_take_back(who=5, which=7, what=0, on=True)
    assert keys.find(story.site.secrets[story.model.keys[5]]) is not None
