"""Who somebody is by the word of a host: what is taken, what is refused, who it is here, and for how long."""

from __future__ import annotations

import json
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from ideas.accounts import people
from ideas.accounts.models import AuditEntry, Company, SiteRole, User
from ideas.boards import boardkeeping
from ideas.boards.models import Board, Idea, Membership
from ideas.db import at, db, unit_of_work, utcnow
from ideas.embed import arriving, hosts, keysets, sessions
from ideas.embed.claims import LONGEST
from ideas.embed.models import HostIdentity, SpentToken, WidgetSession
from tests.accounts.arranging import PASSWORD, a_person, an_app_of, enter, letters_to
from tests.api.asking import Asking
from tests.embed.arranging import ISSUER, SELF, SITE, claims, key_of, part, published, set_up, signed
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member
from tests.webhooks.arranging import let_in

HOUR = 3600


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", embed_sites=[SITE])


@pytest.fixture
def page(app, document):
    """A page of a site that sends this key or token."""

    def with_key(token, origin=SITE):
        headers = {"Authorization": f"Bearer {token}", "Origin": origin}
        return Asking(app.test_client(), document, headers)

    return with_key


@pytest.fixture
def sign_in(page, board):
    """What a page is answered that brings a token of the host."""
    secret, key = set_up(board), key_of(board)

    def bring(token=None, origin=SITE, **said):
        body = {"board": "garden", "token": token or signed(claims(**said), secret)}
        return page(key, origin).post("embed/sessions", body)

    bring.secret, bring.key = secret, key
    return bring


def counts():
    kinds = (User, HostIdentity, WidgetSession, SpentToken)
    return [db.session.scalar(sa.select(sa.func.count()).select_from(kind)) for kind in kinds]


def raw(name, value, **said):
    """The JSON of claims in which `name` stands a second time."""
    return json.dumps(claims(**said))[:-1].encode() + f', "{name}": {json.dumps(value)}}}'.encode()


def forgeries(secret, now):
    """Each token that must not count, and the reason that is told."""
    fine = signed(claims(), secret)
    head, body, signature = fine.split(".")
    pair = rsa.generate_private_key(65537, 2048)
    pem = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    other = part(claims(sub="admin"))
    deep = json.dumps(claims())[:-1].encode() + b', "x": ' + b"[" * 60 + b"]" * 60 + b"}"
    for alg in (
        "none",
        "None",
        "nOnE",
        "NONE",
        "",
        "HS384",
        "HS512",
        "RS256",
        "ES256",
        "EdDSA",
        "hs256",
        None,
        1,
        ["HS256"],
    ):
        yield f"alg {alg}", signed(claims(), secret, {"alg": alg}), "algorithm"
        yield f"alg {alg}, unsigned", f"{part({'alg': alg})}.{part(claims())}.{part(b'x')}", "algorithm"
    yield "no signature", f"{part({'alg': 'none'})}.{body}.", "malformed"
    yield "RS256 by itself", jwt.encode(claims(), pair, algorithm="RS256"), "algorithm"
    for name, key in (
        ("an RSA public key", pem),
        ("the same without its last line end", pem.strip()),
        ("nothing", b""),
        ("the name of the algorithm", b"HS256"),
        ("the secret of another board", b"ab_es_" + b"x" * 43),
        ("half of the secret", secret.encode()[:20]),
        ("the secret without its mark", secret.removeprefix("ab_es_").encode()),
        ("the secret in other letters", secret.upper().encode()),
    ):
        yield f"signed with {name}", signed(claims(), key), "signature"
    yield "hashed otherwise", signed(claims(), secret, digest="sha512"), "signature"
    yield "another body", f"{head}.{other}.{signature}", "signature"
    yield "another head", f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': '1'})}.{body}.{signature}", "signature"
    yield "cut signature", fine[:-4], None
    for name, header, reason in (
        ("a kid that is a path", {"kid": "../../dev/null"}, None),
        ("a kid that is SQL", {"kid": "' UNION SELECT 'x"}, None),
        ("a kid that is no text", {"kid": ["1"]}, "header"),
        ("an empty kid", {"kid": ""}, "header"),
        ("a key of its own", {"jwk": {"kty": "oct", "k": "eA"}}, "header"),
        ("an address of keys", {"jku": "https://evil.example/keys"}, "header"),
        ("an address of certificates", {"x5u": "https://evil.example/c"}, "header"),
        ("certificates", {"x5c": ["MIIB"]}, "header"),
        ("what must be understood", {"crit": ["exp"]}, "header"),
        ("a body that is not encoded", {"b64": False, "crit": ["b64"]}, "header"),
        ("a packed body", {"zip": "DEF"}, "header"),
        ("another type", {"typ": "at+jwt"}, "header"),
        ("a type that is no text", {"typ": 7}, "header"),
    ):
        key = b"" if reason is None else secret
        yield f"{name} in the head", signed(claims(), key, header), reason or "signature"
    for name, said, reason in (
        ("no issuer", {"iss": None}, "missing"),
        ("another issuer", {"iss": f"{ISSUER}/"}, "issuer"),
        ("several issuers", {"iss": [ISSUER]}, "issuer"),
        ("no audience", {"aud": None}, "missing"),
        ("another audience", {"aud": "https://ideas.example.com"}, "audience"),
        ("several audiences", {"aud": [SELF, "https://other.example"]}, "audience"),
        ("a part of the audience", {"aud": SELF[:-1]}, "audience"),
        ("no end", {"exp": None}, "missing"),
        ("an end that is past", {"exp": now - 61, "iat": now - 300}, "expired"),
        ("an end in two hours", {"exp": now + 2 * HOUR}, "too-long"),
        ("a life of more than an hour", {"iat": now - HOUR, "exp": now + 2 * 60 + 1}, "too-long"),
        ("an end that is a text", {"exp": str(now + 60)}, "form"),
        ("an end that is half a second", {"exp": now + 60.5}, "form"),
        ("an end that is true", {"exp": True}, "form"),
        ("an end beyond all times", {"exp": 10**30}, "form"),
        ("an end before all times", {"exp": -1}, "form"),
        ("no beginning", {"iat": None}, "missing"),
        ("a beginning to come", {"iat": now + 120, "exp": now + 300}, "not-yet"),
        ("not yet", {"nbf": now + 120}, "not-yet"),
        ("not yet, as a text", {"nbf": "soon"}, "form"),
        ("no name of its own", {"jti": None}, "missing"),
        ("a name of its own that is none", {"jti": 7}, "form"),
        ("an empty name of its own", {"jti": ""}, "form"),
        ("nobody", {"sub": None}, "missing"),
        ("nobody, as an empty text", {"sub": ""}, "form"),
        ("somebody who is a number", {"sub": 1}, "form"),
        ("somebody with a NUL", {"sub": "u-1\x00"}, "form"),
        ("somebody with blanks", {"sub": " u-1"}, "form"),
        ("somebody of 1,000 letters", {"sub": "u" * 1000}, "form"),
        ("half a letter", {"sub": "\ud800"}, "form"),
        ("a truth that is a text", {"email": "mia@example.org", "email_verified": "true"}, "form"),
        ("a name that is an object", {"name": {"first": "Mia"}}, "form"),
        ("companies that are none", {"companies": "acme"}, "form"),
        ("a company without an id", {"companies": [{"name": "Acme"}]}, "form"),
        ("too many companies", {"companies": [{"id": str(number)} for number in range(11)]}, "form"),
        ("revenue that is a text", {"companies": [{"id": "1", "mrr": "1e3"}]}, "form"),
    ):
        yield name, signed(claims(**said), secret), reason
    for name, said in (("sub", "admin"), ("exp", now + 300), ("aud", SELF), ("email_verified", True)):
        yield f"{name} twice", signed(raw(name, said, email_verified=False), secret), "malformed"
    yield "alg twice", signed(claims(), secret, b'{"alg":"none","alg":"HS256"}'), "malformed"
    yield "no object", signed([claims()], secret), "malformed"
    yield "no JSON", signed(b"sub=u-1", secret), "malformed"
    yield "no number", signed(json.dumps(claims(x=0)).replace('"x": 0', '"x": NaN').encode(), secret), "malformed"
    yield "very deep", signed(deep, secret), "malformed"
    yield "no UTF-8", signed(b'{"sub":"\xff"}', secret), "malformed"
    yield "very long", signed(claims(note="x" * LONGEST), secret), "malformed"
    for name, text in (
        ("padded", f"{head}=.{body}==.{signature}="),
        ("with a blank", f"{head}.{body} .{signature}"),
        ("two parts", f"{head}.{body}"),
        ("four parts", f"{fine}.{signature}"),
        ("five parts, as if encrypted", f"{head}..{body}.{signature}.{signature}"),
        (
            "other letters for the same bits",
            fine[:-1] + chr(ord(fine[-1]) + 1),
        ),
        ("in the other base64", f"{head}.{body}.{signature[:-2]}+/"),
        ("only dots", ".."),
        ("JSON with a signature", json.dumps({"payload": body, "signatures": [signature]})),
    ):
        yield name, text, None


def test_what_is_forged_signs_nobody_in(sign_in, page, board):
    now = int(utcnow().timestamp())
    tokens = list(forgeries(sign_in.secret, now))
    before = counts()

    for name, token, reason in tokens:
        answer = sign_in(token)
        assert (answer.status_code, answer.json["code"]) == (403, "identity-refused"), (name, answer.text)
        told = answer.json["errors"][0]
        assert told["pointer"] == "/token"
        assert told["code"] in ({reason} if reason else {"malformed", "signature"}), (name, told)
        assert "token" not in answer.json

    assert len(tokens) >= 60
    assert counts() == before
    # and what is not forged does
    assert sign_in().status_code == 201


def test_a_token_counts_once_on_its_board_and_with_the_secret_of_now(sign_in, page, board):
    token = signed(claims(), sign_in.secret)
    assert sign_in(token).status_code == 201
    assert sign_in(token).json["errors"][0]["code"] == "used"

    other = BoardFactory(slug="other", embed_sites=[SITE])
    set_up(other)
    elsewhere = {"board": "other", "token": signed(claims(), sign_in.secret)}
    assert page(key_of(other)).post("embed/sessions", elsewhere).json["errors"][0]["code"] == "signature"
    assert page(sign_in.key).post("embed/sessions", elsewhere).status_code == 404

    with unit_of_work():
        fresh = hosts.rotate(None, db.session.get_one(Board, board.id))
    assert sign_in(signed(claims(), fresh)).status_code == sign_in().status_code == 201
    with at(utcnow() + hosts.OVERLAP + timedelta(minutes=1)):
        assert sign_in().json["errors"][0]["code"] == "signature"
        assert sign_in(signed(claims(), fresh)).status_code == 201
        with unit_of_work():
            hosts.change(None, db.session.get_one(Board, board.id), {"issuer": None})
        assert sign_in(signed(claims(), fresh)).json["errors"][0]["code"] == "not-set-up"
    with unit_of_work(), at(utcnow() + timedelta(days=2)):
        arriving.sweep()
        sessions.sweep()
    assert counts()[2:] == [0, 0]


def test_what_is_no_page_signs_nobody_in(app, document, sign_in):
    asking = Asking(app.test_client(), document, {"Authorization": f"Bearer {sign_in.key}"})
    token = signed(claims(), sign_in.secret)
    before = counts()

    refused = asking.post("embed/sessions", {"board": "garden", "token": token})

    assert (refused.status_code, refused.json["code"]) == (403, "origin-not-listed")
    assert counts() == before
    assert sign_in(token).status_code == 201


def test_a_token_of_a_page_opens_no_tool_of_an_assistant(app, sign_in):
    """Without an origin: an assistant names none, and with that of a page it is refused before."""
    token = sign_in(email="mia@example.org", email_verified=True).json["token"]
    said = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    asked = {"json": said, "headers": {"Authorization": f"Bearer {token}"}}

    with_it = [app.test_client().post("/mcp", **asked)]
    db.session.scalars(sa.select(WidgetSession)).one().origin = SELF
    db.session.commit()
    with_it.append(app.test_client().post("/mcp", **asked))

    assert [answer.status_code for answer in with_it] == [403, 403]


def test_somebody_signed_in_takes_part_on_the_board_and_site_alone(sign_in, page, board):
    other = IdeaFactory(board=BoardFactory(slug="other", embed_sites=[SITE]))
    idea = IdeaFactory(board=board)
    answer = sign_in(email="mia@example.org", email_verified=True, locale="de-AT")
    mia = page(token := answer.json["token"])

    person = db.session.get_one(User, answer.json["person"]["id"])
    assert (person.name, person.email, person.locale, person.is_claimed) == ("Mia", "mia@example.org", "de_AT", False)
    assert mia.put(f"ideas/{idea.id}/vote").json["voted"]
    assert mia.get(f"me/votes?ideas={idea.id}").json["data"] == [idea.id]
    posted = mia.post("ideas", {"board": "garden", "title": "A shed for rain"})
    assert (posted.status_code, db.session.get_one(Idea, posted.json["id"]).source_kind) == (201, "widget")
    assert posted.headers["Access-Control-Allow-Origin"] == SITE
    assert posted.headers["Cache-Control"] == "private, no-store"
    assert mia.post(f"ideas/{idea.id}/comments", {"body": "Yes."}).status_code == 201
    assert len(mia.get("me/receipts?board=garden").json["data"]) == 3
    assert mia.get("me/inbox?board=garden").status_code == 200
    assert mia.post("me/inbox/read", {"board": "garden"}).status_code == 204
    for asked in ("me/inbox", "me/receipts", "ideas"):
        assert mia.get(asked).json["errors"][0]["pointer"] == "/board"
    for refused in (
        mia.put(f"ideas/{other.id}/vote"),
        mia.get(f"me/votes?ideas={idea.id},{other.id}"),
        mia.get(f"me/votes?ideas={other.id:010}"),
        mia.get("me/receipts?board=other"),
        mia.post("ideas", {"board": "other", "title": "A shed"}),
        mia.post("me/inbox/read", {"board": "other"}),
    ):
        assert refused.status_code == 404, refused.text
    for beyond in (mia.get("me"), mia.get("boards"), mia.get("me/keys"), mia.get("events")):
        assert (beyond.status_code, beyond.json["code"]) == (403, "beyond-board")

    for origin in ("https://evil.example", SELF, "null"):
        assert page(token, origin).get("ideas?board=garden").json["code"] == "origin-not-listed"
    assert page(token).delete("embed/sessions/current").status_code == 204
    assert mia.get("ideas?board=garden").status_code == 401
    assert page(sign_in.key).delete("embed/sessions/current").status_code == 404

    again = sign_in(email="mia@example.org", email_verified=True)
    mia = page(again.json["token"])
    assert again.json["person"]["id"] == person.id
    with unit_of_work():
        boardkeeping.edit(None, db.session.get_one(Board, board.id), {"embed_sites": []})
    assert mia.get("ideas?board=garden").json["code"] == "origin-not-listed"
    with at(utcnow() + sessions.LASTS):
        assert mia.get("ideas?board=garden").status_code == 401


def test_an_address_leads_to_an_account_only_when_both_sides_proved_it(sign_in):
    def who(**said):
        return sign_in(**said).json["person"]["id"]

    mia = UserFactory(name="Mia Maier", email="mia@example.org")
    begun = UserFactory(email="begun@example.org", verified_at=None)
    imported = UserFactory(email="ole@example.org", verified_at=None, is_imported=True)
    db.session.commit()
    proven = {"email_verified": True}

    assert who(sub="1", email="Mia@Example.org", **proven) == mia.id
    assert who(sub="2", email="mia@example.org") != mia.id
    assert who(sub="3", email="begun@example.org", **proven) != begun.id
    assert who(sub="4", email="ole@example.org", **proven) == imported.id
    # somebody else of the same host came by that address
    assert who(sub="5", email="mia@example.org", **proven) not in (mia.id, imported.id)
    # who they are is the host's name for them from now on, whatever their address
    assert who(sub="1", email="new@example.org", **proven) == mia.id
    assert (mia.name, mia.email) == ("Mia Maier", "mia@example.org")
    new = db.session.get_one(User, who(sub="3", name="Begun Later"))
    assert (new.name, new.email) == ("Begun Later", None)


def test_an_address_that_passed_to_another_makes_nobody_two_people(sign_in):
    def who(**said):
        return sign_in(**{"email_verified": True, **said}).json["person"]["id"]

    ann = db.session.get_one(User, who(sub="ann", email="shared@example.org"))
    assert who(sub="ann", email="ann@example.org") == ann.id
    db.session.refresh(ann)
    assert ann.email == "ann@example.org"
    with unit_of_work():
        bob = people.claim("shared@example.org", "Bob", None)
    assert bob.id != ann.id

    # an address that is somebody else's is not taken, and the former one is theirs no more
    assert who(sub="ann", email="shared@example.org") == ann.id
    db.session.refresh(ann)
    assert ann.email is None

    # claimed by the former address before the host said another: the host means somebody else from then on
    eve = db.session.get_one(User, who(sub="eve", email="eve@example.org"))
    fay = db.session.get_one(User, who(sub="fay", email="fay@example.org"))
    with unit_of_work():
        people.claim("eve@example.org", "Somebody else", None)
        people.claim("fay@example.org", "Fay", None)
    assert who(sub="eve", email="eve.new@example.org") not in (eve.id, fay.id)
    assert who(sub="fay", email="fay@example.org") == fay.id
    # both said the same once it was hers, so she may move within the host
    assert who(sub="fay", email="fay.new@example.org") == fay.id


def test_who_has_an_account_hears_of_a_host_and_takes_it_away(client, sign_in, page):
    mia = a_person("mia@example.org", "Mia Maier")
    secured = a_person("petra@example.org", "Petra", password=PASSWORD)
    an_app_of(secured)
    db.session.commit()
    proven = {"email": "mia@example.org", "email_verified": True}
    refused = sign_in(sub="p", email="petra@example.org", email_verified=True)
    assert refused.json["errors"][0]["code"] == "second-factor"

    tokens = [sign_in(**proven).json["token"] for _ in range(2)]

    (letter,) = letters_to("mia@example.org")
    assert "app.example.org signs you in" in letter.text
    acts = sa.select(AuditEntry.act).where(AuditEntry.subject == f"person:{mia.id}").order_by(AuditEntry.id)
    assert db.session.scalars(acts).all() == ["host_identity.linked"]
    enter(client, mia)
    assert "app.example.org" in client.get("/profile/signing-in").text
    client.post("/profile/sessions/revoke-others")
    assert page(tokens[0]).get("ideas?board=garden").status_code == 401
    again = sign_in(**proven).json["token"]
    with unit_of_work():
        people.set_password(db.session.get_one(User, mia.id), "x")
    assert page(again).get("ideas?board=garden").status_code == 401

    enter(client, mia)
    ours = db.session.scalars(sa.select(HostIdentity.id).where(HostIdentity.user_id == mia.id)).one()
    other = client.application.test_client()
    enter(other, a_person("olga@example.org", "Olga"))
    assert other.post(f"/profile/pages/{ours}/remove").status_code == 404
    assert client.post(f"/profile/pages/{ours}/remove").status_code == 303
    client.get("/")  # shows what was said of it
    assert "app.example.org" not in client.get("/profile/signing-in").text
    assert sign_in(**proven).json["person"]["id"] != mia.id
    assert db.session.scalars(acts).all() == ["host_identity.linked", "host_identity.removed"]
    assert len(letters_to("mia@example.org")) == 2


def test_nobody_of_a_team_is_signed_in(sign_in, page, board):
    petra = team_member(board, email="petra@example.org")
    ada = UserFactory(admin=True, email="ada@example.org")
    mia = db.session.get_one(User, sign_in(sub="m").json["person"]["id"])
    token = sign_in(sub="m").json["token"]
    before = counts()

    for person in (petra, ada):
        answer = sign_in(sub=person.name, email=person.email, email_verified=True)
        assert (answer.status_code, answer.json["code"]) == (403, "team-not-signed-in")
    assert counts() == before
    assert page(token).get("ideas?board=garden").status_code == 200
    db.session.add(Membership(board_id=board.id, user_id=mia.id, role="team"))
    db.session.commit()
    assert page(token).get("ideas?board=garden").status_code == 401
    assert sign_in(sub="m").json["code"] == "team-not-signed-in"
    with unit_of_work():
        db.session.delete(db.session.get_one(Membership, (board.id, mia.id)))
        people.prove(mia)
        people.set_role(None, mia, SiteRole.TEAM)
    assert sign_in(sub="m").json["code"] == "team-not-signed-in"


def test_what_the_host_says_of_companies_is_known_here(sign_in):
    acme = {"id": "c-1", "name": "Acme", "plan": "gold", "mrr": 120_000}
    mia = db.session.get_one(User, sign_in(companies=[acme, {"id": "c-2"}]).json["person"]["id"])

    def known():
        db.session.expire_all()
        found = db.session.get_one(Company, mia.company_id)
        return found.external_id, found.name, found.plan, found.monthly_revenue

    assert known() == ("c-1", "Acme", "gold", 120_000)
    sign_in()
    assert known()[0] == "c-1"
    sign_in(companies=[{"id": "c-1", "plan": None}])
    assert known() == ("c-1", "Acme", None, 120_000)
    # a company that cannot be taken keeps nobody out
    assert sign_in(companies=[{"id": "c-3", "name": "Acme"}]).status_code == 201
    assert known()[0] == "c-1"
    sign_in(companies=[])
    db.session.expire_all()
    assert mia.company_id is None


def test_what_merely_describes_somebody_is_tidied_and_keeps_nobody_out(sign_in):
    firm = {"id": "c-9", "name": "Acme\t Works ", "plan": "p" * 90, "mrr": 99.5}
    answer = sign_in(name="Mia\tMaier ", email=" mia@example.org", email_verified=True, locale="de ", companies=[firm])

    mia = db.session.get_one(User, answer.json["person"]["id"])
    company = db.session.get_one(Company, mia.company_id)
    assert (mia.name, mia.email, mia.locale) == ("Mia Maier", "mia@example.org", "de")
    assert (company.name, company.plan, company.monthly_revenue) == ("Acme Works", "p" * 40, 100)
    assert sign_in(name="x" * 201, companies=[{**firm, "mrr": -1}]).status_code == 201
    assert db.session.get_one(Company, mia.company_id, populate_existing=True).monthly_revenue == 100
    assert sign_in(companies=[{**firm, "id": "c-9 "}]).json["code"] == "identity-refused"


def test_hosts_sign_with_keys_that_they_publish(app, sign_in, page, board):
    let_in(app)
    keysets.forget()
    first, second = (rsa.generate_private_key(65537, 2048) for _each in "ab")
    of_edwards = ed25519.Ed25519PrivateKey.generate()

    def public(key, algorithm, **more):
        kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.OKPAlgorithm
        return {**kind.to_jwk(key.public_key(), as_dict=True), **more}

    keys = [
        public(first, "RS256", kid="1"),
        public(of_edwards, "EdDSA", kid="2"),
        {"kty": "oct", "k": "eA", "kid": "3"},
    ]
    with published(keys) as (address, asked):
        set_up(board, algorithm="RS256", keys_address=address)

        def rs(key=first, kid="1", **said):
            return sign_in(jwt.encode(claims(**said), key, algorithm="RS256", headers={"kid": kid} if kid else {}))

        assert rs().status_code == rs().status_code == rs(kid=None).status_code == 201
        assert len(asked) == 1
        for refused, reason in (
            (rs(second), "signature"),
            (rs(kid="2"), "unknown-key"),
            (rs(kid="3"), "unknown-key"),
            (sign_in(), "algorithm"),
            (sign_in(signed(claims(), json.dumps(keys[0]), {"kid": "1"})), "algorithm"),
            (sign_in(jwt.encode(claims(), of_edwards, algorithm="EdDSA", headers={"kid": "2"})), "algorithm"),
        ):
            assert refused.json["errors"][0]["code"] == reason
        # names that nobody knows do not make us ask again and again; a minute later a new key is found
        assert len(asked) == 1
        keys.append(public(second, "RS256", kid="new"))
        assert rs(second, "new").json["errors"][0]["code"] == "unknown-key"
        for kept in keysets._kept.values():
            kept.asked_at -= keysets.ONCE_IN
        assert rs(second, "new").status_code == 201
        # while the host is down, what it said last counts for an hour
        keys.clear()
        for kept in keysets._kept.values():
            kept.asked_at -= keysets.KEPT_FOR
            kept.said_at -= keysets.KEPT_FOR
        assert rs().status_code == 201
        for kept in keysets._kept.values():
            kept.said_at -= keysets.STALE_FOR
        assert rs().json["errors"][0]["code"] == "keys-unreachable"
        keys.append(public(of_edwards, "EdDSA"))
        set_up(board, algorithm="EdDSA", keys_address=address)
        assert sign_in(jwt.encode(claims(), of_edwards, algorithm="EdDSA")).status_code == 201


def test_weak_and_private_keys_of_a_host_do_not_count():
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    strong = rsa.generate_private_key(65537, 2048)
    to_jwk = jwt.algorithms.RSAAlgorithm.to_jwk
    public = to_jwk(strong.public_key(), as_dict=True)
    rows = [
        to_jwk(weak.public_key(), as_dict=True),
        to_jwk(strong, as_dict=True),
        *({**public, **more} for more in ({"use": "enc"}, {"alg": "RS512"}, {"key_ops": ["sign"]}, {"n": "AQAB"})),
        *("no key", {"kty": "RSA"}, None),
    ]

    assert keysets.read(json.dumps({"keys": rows}).encode(), "RS256") == []
    assert len(keysets.read(json.dumps({"keys": [{**public, "kid": "1"}]}).encode(), "RS256")) == 1
    for body in (b"", b"[]", b'{"keys": 1}', b"[" * 100_000, b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - what json raises, too
            keysets.read(body, "RS256")
