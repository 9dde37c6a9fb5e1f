"""The second factor: an authenticator app, recovery codes, the question at signing in, and a factor that is lost."""

import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import factors, factors_totp, limits, people, recovery, sealing, sessions, tidying
from ideas.accounts.errors import CodeWrong, FactorThere, NoSuchFactor, OfferOver
from ideas.accounts.models import AuditEntry, User, UserSession
from ideas.accounts.models_factors import HalfSignIn, RecoveryCode, Totp
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed, NotFound
from tests.accounts.arranging import (
    PASSWORD,
    App,
    a_person,
    an_admin,
    an_app_of,
    codes_of,
    committed,
    enter,
    last_link_to,
    letters_to,
    sign_in,
    who_is_in,
)

SECOND = "/sign-in/second"
RECOVERY = "/sign-in/recovery"
PAGE = "/profile/signing-in"


def anew(person) -> User:
    return db.session.scalars(
        sa.select(User).where(User.id == person.id).execution_options(populate_existing=True)
    ).one()


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)))


def step(client, code):
    return client.post(SECOND, data={"code": code})


def fields_of(page: str) -> tuple[str, App]:
    """What the page that sets up an app sends back, and the app that has taken in its key."""
    sealed, key = re.search(r'name="sealed"[^>]*value="([^"]+)"', page), re.search(r'account-offer">([^<]+)<', page)
    assert sealed
    assert key
    return sealed[1], App(key[1])


# --- The app ---


def test_an_app_is_set_up_with_its_first_digits_and_recovery_codes_come_with_it(client, clock):
    mia = a_person(password=PASSWORD)
    sign_in(client)
    sealed, app = fields_of(client.get(f"{PAGE}/app").text)

    wrong = client.post(f"{PAGE}/app", data={"sealed": sealed, "code": "abcdef"})
    done = client.post(f"{PAGE}/app", data={"sealed": sealed, "code": app.shows()})

    assert wrong.status_code == 422
    assert f'value="{sealed}"' in wrong.text, "the key stays the one that the app has taken in"
    assert done.status_code == 201
    assert len(re.findall(r"<li><code>[0-9a-z]{6}(-[0-9a-z]{6}){3}</code>", done.text)) == 10
    assert anew(mia).factor_since is not None
    assert acts() == ["factor.added"]
    assert "authenticator app was set up" in letters_to("mia@example.test")[-1].text
    again = client.get(PAGE).text
    assert "10 of 10 are left" in again
    assert app.totp.secret not in again


def test_the_database_alone_tells_no_key_and_no_code(app, clock):
    mia = a_person()
    phone = an_app_of(mia)
    codes = codes_of(mia)

    kept = str([*db.session.execute(sa.select(Totp.secret)), *db.session.execute(sa.select(RecoveryCode.code_hash))])

    assert phone.totp.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_a_key_that_was_shown_too_long_ago_or_to_somebody_else_is_none(app, clock):
    mia, ole = a_person(), a_person("ole@example.test", "Ole")
    offer = factors_totp.offer(mia)
    phone = App(offer.key)

    with pytest.raises(OfferOver):
        committed(factors.add_app, ole, offer.sealed, phone.shows(), here=None)
    with pytest.raises(CodeWrong):
        committed(factors.add_app, mia, offer.sealed, phone.shows(later=120), here=None)
    clock.shift(timedelta(minutes=31))
    with pytest.raises(OfferOver):
        committed(factors.add_app, mia, offer.sealed, phone.shows(), here=None)


def test_one_app_at_a_time(app, clock):
    mia = a_person()
    an_app_of(mia)

    with pytest.raises(FactorThere):
        an_app_of(mia)


def test_digits_count_once_half_a_minute_early_or_late_and_never_again(app, clock):
    mia = a_person()
    phone = an_app_of(mia)

    def is_right(code):
        return committed(factors.prove_by_app, anew(mia), code)

    assert not is_right(phone.shows(later=-30)), "with these it was set up"
    assert not is_right(phone.shows(later=60))
    assert is_right(phone.shows(later=30))
    assert not is_right(phone.shows(later=30)), "used"
    assert not is_right(phone.shows()), "older than what was used"
    clock.shift(timedelta(seconds=90))
    assert not is_right(phone.shows(later=-60))
    now = phone.shows()
    assert is_right(f" {now[:3]} {now[3:]} "), "as apps group them"
    assert not is_right("１２３４５６")


def test_of_eight_who_send_the_same_code_at_once_one_comes_in(app, clock):
    mia = a_person()
    phone, codes = an_app_of(mia), codes_of(mia)
    mia_id = mia.id
    for proves, code in ((factors.prove_by_app, phone.shows()), (factors.prove_by_recovery, codes[0])):
        start, right = threading.Barrier(8), []

        def at_once(proves=proves, code=code, start=start, right=right):
            with app.app_context():
                start.wait()
                with unit_of_work():
                    right.append(proves(db.session.get_one(User, mia_id), code))

        threads = [threading.Thread(target=at_once) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(right) == [False] * 7 + [True]


def test_a_former_key_of_the_site_still_opens_and_is_replaced(make_app, clock):
    first, second = "the first key of this site and long enough", "the second key of this site and long enough"
    with make_app(SECRET_KEY=first).app_context():
        mia = a_person()
        phone = an_app_of(mia)
        mia_id = mia.id
    with make_app(SECRET_KEY=second, SECRET_KEY_FALLBACKS=first).app_context():
        assert factors_totp.unreadable() == []
        assert committed(factors.prove_by_app, db.session.get_one(User, mia_id), phone.shows())
    with make_app(SECRET_KEY=second).app_context():
        assert factors_totp.unreadable() == []
    with make_app(SECRET_KEY=first).app_context():
        assert factors_totp.unreadable() == [mia_id]
        clock.shift(timedelta(seconds=30))
        assert not committed(factors.prove_by_app, db.session.get_one(User, mia_id), phone.shows())
        assert [breach.where for breach in factors.noted_as_they_are()] == [f"person:{mia_id}"]


def test_what_is_sealed_opens_for_its_purpose_alone(app):
    sealed = sealing.seal("one thing", "secret")

    assert sealing.unseal("one thing", sealed).text == "secret"
    assert [sealing.unseal("one thing", bad) for bad in ("", "ü", sealed[:-4])] == [None] * 3
    assert sealing.unseal("another", sealed) is None


# --- The question ---


def test_a_password_alone_opens_nothing_any_more(app, client, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)

    halfway = sign_in(client, next="/receipts")

    assert halfway.location == SECOND
    assert who_is_in(client) is None
    assert client.get(PAGE).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0
    assert step(client, "000000").status_code == 422
    assert step(client, "").status_code == 422
    assert who_is_in(client) is None
    done = step(client, phone.shows())
    assert done.location == "/receipts"
    assert who_is_in(client) == "Mia"
    assert "Password and authenticator app" in client.get("/profile/sessions").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(HalfSignIn)) == 0
    assert step(app.test_client(), phone.shows()).location == "/sign-in"


def test_neither_a_link_nor_a_new_password_goes_round_the_factor(app, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    by_link, by_reset = app.test_client(), app.test_client()

    by_link.post("/sign-in/link", data={"email": "mia@example.test", "next": "/inbox"})
    assert by_link.post(last_link_to("mia@example.test")).location == SECOND
    by_reset.post("/reset", data={"email": "mia@example.test"})
    changed = by_reset.post(last_link_to("mia@example.test"), data={"password": "five words in a row"})

    assert changed.location == SECOND
    assert step(by_link, phone.shows()).location == "/sign-in", "the new password ended it"
    assert step(by_reset, phone.shows()).location == "/"
    assert who_is_in(by_reset) == "Mia"


def test_what_was_begun_before_is_done_once_the_factor_was_given(client, clock):
    from tests.factories import BoardFactory

    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    BoardFactory(slug="garden")
    db.session.commit()
    client.post("/boards/garden/new", data={"title": "A shed for bicycles", "body": ""})

    sign_in(client)
    done = step(client, phone.shows())

    assert done.location == "/ideas/1"


def test_halfway_ends_after_ten_minutes_and_with_a_suspension(app, client, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    sign_in(client)
    clock.shift(timedelta(minutes=10, seconds=1))
    assert step(client, phone.shows()).location == "/sign-in"
    committed(tidying.sweep)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(HalfSignIn)) == 0

    sign_in(client)
    committed(people.suspend, None, anew(mia), reason="spam on every board")
    assert step(client, phone.shows()).location == "/sign-in"
    assert who_is_in(client) is None


def test_ten_wrong_codes_and_nobody_guesses_on_until_the_hour_is_over(app, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    browsers = [app.test_client() for _ in range(3)]
    for browser in browsers:
        sign_in(browser)

    answers = [step(browsers[number % 3], f"{number:06}").status_code for number in range(10)]
    refused = step(browsers[0], phone.shows())

    assert answers == [422] * 10
    assert refused.status_code == 429
    assert browsers[1].post(RECOVERY, data={"recovery": "x"}).status_code == 429
    assert int(refused.headers["Retry-After"]) <= 3600
    clock.shift(limits.FACTOR.within)
    sign_in(browsers[0])
    assert step(browsers[0], phone.shows()).status_code == 303


def test_proving_again_who_one_is_asks_for_both_and_leaves_nobody_out(client, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    sign_in(client)
    step(client, phone.shows())
    clock.shift(timedelta(minutes=16))

    assert client.get(f"{PAGE}/app").location.startswith("/profile/confirm")
    asked = client.post("/profile/confirm", data={"password": PASSWORD, "next": PAGE})

    assert asked.location == SECOND
    assert who_is_in(client) == "Mia", "who gives up halfway stays as they were"
    assert client.post(f"{PAGE}/app/remove").location.startswith("/profile/confirm")
    assert step(client, phone.shows()).location == PAGE
    assert client.post(f"{PAGE}/app/remove").location == PAGE


# --- Recovery codes ---


def test_a_recovery_code_lets_in_once_and_its_owner_is_told(app, clock):
    mia = a_person(password=PASSWORD)
    an_app_of(mia)
    codes = codes_of(mia)
    first, second = app.test_client(), app.test_client()
    for browser in (first, second):
        sign_in(browser)

    typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    done = first.post(RECOVERY, data={"recovery": typed})
    again = second.post(RECOVERY, data={"recovery": codes[3]})

    assert done.location == PAGE
    assert who_is_in(first) == "Mia"
    assert "9 of 10 are left" in first.get(PAGE).text
    assert again.status_code == 422
    assert who_is_in(second) is None
    assert "9 codes are left" in letters_to("mia@example.test")[-1].text
    assert acts()[-1] == "factor.recovery_used"


def test_new_codes_end_the_former_ones_and_are_saved_as_a_file_while_they_are_shown(client, clock):
    mia = a_person(password=PASSWORD)
    phone = an_app_of(mia)
    former = codes_of(mia)
    sign_in(client)
    step(client, phone.shows())

    shown = client.post(f"{PAGE}/codes")
    codes = re.findall(r"<li><code>([^<]+)</code>", shown.text)
    saved = client.post(f"{PAGE}/codes/file", data={"codes": " ".join(codes)})

    assert shown.status_code == 201
    assert len(set(codes) - set(former)) == recovery.MANY
    assert not committed(factors.prove_by_recovery, anew(mia), former[0])
    assert saved.headers["Content-Disposition"] == "attachment; filename=recovery-codes.txt"
    assert all(code in saved.text for code in codes)
    assert client.post(f"{PAGE}/codes/file", data={"codes": " ".join(former)}).status_code == 404
    assert "New recovery codes" in letters_to("mia@example.test")[-1].subject


# --- Away with it ---


def test_the_first_factor_signs_out_every_browser_that_came_in_without(app, client, clock):
    mia = a_person()
    enter(client, mia)
    other = app.test_client()
    enter(other, mia)
    here = db.session.scalar(sa.select(sa.func.min(UserSession.id)))
    offer = factors_totp.offer(mia)

    committed(factors.add_app, mia, offer.sealed, App(offer.key).shows(), here=here)

    assert who_is_in(client) == "Mia"
    assert who_is_in(other) is None


def test_without_a_factor_there_is_nothing_to_ask_and_codes_end_with_it(client, clock):
    mia = a_person(password=PASSWORD)
    an_app_of(mia)
    codes = codes_of(mia)

    committed(factors.remove_app, anew(mia))

    assert anew(mia).factor_since is None
    assert not committed(factors.prove_by_recovery, anew(mia), codes[0])
    assert "was removed" in letters_to("mia@example.test")[-1].text
    assert sign_in(client).location == "/"
    for act in (factors.remove_app, factors.renew_codes):
        with pytest.raises(NoSuchFactor):
            committed(act, anew(mia))


def test_an_administrator_takes_a_lost_factor_away_and_its_owner_is_told(client, clock):
    petra, mia = an_admin(), a_person(password=PASSWORD)
    an_app_of(mia)
    committed(sessions.open_for, mia, browser="b", network_address="")
    enter(client, petra)
    page = f"/manage/people/{mia.id}"

    assert "They have one since" in client.get(page).text
    assert client.post(f"{page}/take-away-factor").location == page

    assert anew(mia).factor_since is None
    assert db.session.scalar(sa.select(sa.func.count()).where(UserSession.user_id == mia.id)) == 0
    assert "took away" in letters_to("mia@example.test")[-1].text
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "factor.taken_away")).one()
    assert (entry.actor_id, entry.subject, entry.details) == (petra.id, f"person:{mia.id}", {"had": ["app"]})
    assert client.post(f"{page}/take-away-factor").status_code == 404
    assert factors.noted_as_they_are() == []


def test_nobody_takes_away_their_own_or_anybodys_without_the_role_or_a_fresh_sign_in(client, clock):
    petra, mia, ole = an_admin(), a_person(), a_person("ole@example.test", "Ole")
    for person in (petra, mia):
        an_app_of(person)

    with pytest.raises(NotAllowed):
        committed(factors.take_away, anew(petra), anew(petra))
    with pytest.raises(NotFound):
        committed(factors.take_away, anew(ole), anew(mia))
    committed(factors.remove_app, anew(petra))
    enter(client, petra)
    clock.shift(timedelta(minutes=16))
    assert client.post(f"/manage/people/{mia.id}/take-away-factor").location.startswith("/profile/confirm")
    assert anew(mia).factor_since is not None


def test_who_lost_everything_is_let_in_by_the_command_line(ideas_command, client, clock):
    petra = an_admin(password=PASSWORD)
    an_app_of(petra)

    refused = ideas_command("factor", "reset", "petra@example.test", input="n\n")
    done = ideas_command("factor", "reset", "petra@example.test", "--yes")
    again = ideas_command("factor", "reset", "petra@example.test", "--yes")

    assert refused.exit_code == 1
    assert done.exit_code == 0, done.output
    assert again.exit_code == 1
    assert sign_in(client, "petra@example.test").location == "/"
    assert acts()[-1] == "factor.taken_away"


def test_what_is_noted_beside_a_person_and_is_not_so_is_found(app, clock):
    mia = a_person()
    an_app_of(mia)
    db.session.execute(sa.update(User).values(factor_since=None))
    db.session.commit()

    assert [breach.where for breach in factors.noted_as_they_are()] == [f"person:{mia.id}"]
