import threading

import pytest
from argon2 import PasswordHasher

from ideas.accounts import passwords
from ideas.errors import TooMany

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(
    "password", ["four words in a row", "gärtnerin-47-haus", "a b c d e f g", "xyz " * 50, "tom&jerry'\"<>"]
)
def test_a_password_of_any_signs_will_do(password):
    assert passwords.objection(password) is None


@pytest.mark.parametrize("password", ["", "short", "seven77"])
def test_a_short_password_is_refused(password):
    assert "8 characters" in (passwords.objection(password) or "")


def test_a_password_has_at_most_200_characters():
    assert "200" in (passwords.objection("a b " * 51) or "")


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password1",
        "PASSWORD2026!",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "aaaaaaaa",
        "abababab",
        "abcdefgh",
        "87654321",
        "Dragon2024!",
        "Ｐａｓｓｗｏｒｄ",
    ],
)
def test_what_everybody_tries_first_is_refused(password):
    assert "anybody would try" in (passwords.objection(password) or "")


@pytest.mark.parametrize("password", ["mia.garden@example.test", "Mia.Garden"])
def test_the_own_address_is_no_password(password):
    assert "your address" in (passwords.objection(password, about="mia.garden@example.test") or "")


def test_control_characters_are_refused():
    assert passwords.objection("eight\x00chars") is not None


def test_a_password_is_right_or_not():
    kept = passwords.hashed("four words in a row")

    assert passwords.is_right("four words in a row", kept)
    assert not passwords.is_right("four words in a raw", kept)
    assert not passwords.is_right("four words in a row ", kept)


def test_the_same_letters_from_another_keyboard_are_the_same_password():
    assert passwords.is_right("cafe\u0301 au lait", passwords.hashed("caf\u00e9 au lait"))


def test_nobody_has_no_password():
    assert not passwords.is_right("", None)
    assert not passwords.is_right("four words in a row", None)
    assert not passwords.is_right("four words in a row", "no hash at all")


def test_a_hash_takes_what_owasp_asks_for():
    parts = passwords.hashed("four words in a row").split("$")

    assert parts[1] == "argon2id"
    assert parts[3] == "m=19456,t=2,p=1"


def test_a_hash_of_other_parameters_is_outdated():
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("four words in a row")

    assert passwords.is_right("four words in a row", weaker)
    assert passwords.is_outdated(weaker)
    assert not passwords.is_outdated(passwords.hashed("four words in a row"))


def test_no_more_hashes_at_once_than_the_machine_bears(monkeypatch):
    monkeypatch.setattr(passwords, "_at_once", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "_PATIENCE", 0.01)

    with passwords._turn(), pytest.raises(TooMany) as refused:
        passwords.hashed("four words in a row")

    assert refused.value.retry_after > 0
