"""People behind one cache that keeps all it may are never given what was made for one of the others."""

from __future__ import annotations

import itertools

import pytest
from flask import Response, g
from werkzeug.datastructures import Headers

from ideas.accounts import signin
from tests.safety import crawling, world
from tests.safety.shared_cache import SharedCache, may_keep

TURN = ("admin", "author", "visitor", "admin", "author")
OF_EACH = 4  # addresses of one rule
OWN = {"accounts.sign_out", "accounts.export"}


def cached(app):
    cache = app.wsgi_app = SharedCache(app.wsgi_app)
    return cache


@pytest.mark.sqlite  # what may be kept is said by the pages, whatever the database
@pytest.mark.own_app
def test_nobody_is_given_what_was_made_for_somebody_else(app):
    made = world.make(app)
    cache, seen = cached(app), crawling.Crawl()

    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and rule.endpoint not in OWN:
            for path in itertools.islice(crawling.addresses(rule, made, "GET"), OF_EACH):
                for role in TURN:
                    crawling.ask(app, made, seen, role, rule.endpoint, "GET", path)

    assert seen.leaks == []
    assert seen.errors == []
    assert cache.hits > 20
    kept = [each for answers in cache.kept.values() for each in answers]
    assert len(kept) > 10
    for each in kept:
        assert "Set-Cookie" not in each.headers
        assert b"csrf_token" not in each.body
        assert not any(token.word.encode() in each.body for token in made.tokens if token.kind in crawling.NEVER_KEPT)


@pytest.mark.own_app
def test_a_page_that_says_it_is_everybodys_and_is_not_is_found(app):
    def planted():
        person = signin.reader()
        g.same_for_everybody = True
        return Response(person.email if person else "Nobody.", headers={"Cache-Control": "public, max-age=60"})

    app.add_url_rule("/planted", "planted", planted)
    made = world.make(app)
    without, behind = crawling.Crawl(), crawling.Crawl()

    for role in TURN:
        crawling.ask(app, made, without, role, "planted", "GET", "/planted")
    cached(app)
    for role in TURN:
        crawling.ask(app, made, behind, role, "planted", "GET", "/planted")

    def strangers(seen):
        return [leak for leak in seen.leaks if leak.startswith("visitor reads own address of admin")]

    assert not strangers(without)
    assert strangers(behind)


@pytest.mark.parametrize(
    ("asked", "status", "headers", "kept"),
    [
        ({}, 200, {}, True),
        ({}, 200, {"Cache-Control": "public, max-age=5"}, True),
        ({}, 200, {"Cache-Control": "max-age=5", "Set-Cookie": "a=b"}, True),
        ({}, 200, {"Cache-Control": "s-maxage=5, max-age=0"}, True),
        ({}, 404, {}, True),
        ({}, 302, {}, False),
        ({}, 302, {"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, True),
        ({}, 200, {"Cache-Control": "no-store"}, False),
        ({}, 200, {"Cache-Control": "private"}, False),
        ({}, 200, {"Cache-Control": "private, max-age=3600"}, False),
        ({}, 200, {"Cache-Control": "no-cache"}, False),
        ({}, 200, {"Cache-Control": "max-age=0"}, False),
        ({}, 200, {"Vary": "*"}, False),
        ({"Authorization": "Bearer x"}, 200, {"Cache-Control": "max-age=5"}, False),
        ({"Authorization": "Bearer x"}, 200, {"Cache-Control": "public, max-age=5"}, True),
        ({"Cache-Control": "no-store"}, 200, {"Cache-Control": "public"}, False),
    ],
)
def test_the_cache_keeps_what_the_standard_lets_it_keep(asked, status, headers, kept):
    assert may_keep(asked, status, Headers(headers)) is kept


@pytest.mark.own_app
def test_the_cache_gives_one_what_another_got_unless_vary_says_otherwise(app):
    app.add_url_rule("/same", "same", lambda: Response("1", headers={"Cache-Control": "public, max-age=60"}))
    varying = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}
    app.add_url_rule("/varying", "varying", lambda: Response("1", headers=varying))
    cache = cached(app)

    for path, hits in (("/same", 1), ("/varying", 0)):
        cache.hits = 0
        for language in ("en", "de"):
            app.test_client().get(path, headers={"Accept-Language": language})

        assert cache.hits == hits, path
