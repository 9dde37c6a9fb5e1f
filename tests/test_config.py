"""Settings: typed, with defaults, all complaints at once, and nothing unsafe in production."""

import dataclasses
import stat
from pathlib import Path

import pytest

from config import Config, ConfigError, Environment
from ideas import ROOT
from ideas.errors import NotFound

SECRET = "x" * 32
SAFE = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "BASE_URL": "https://ideas.example.org"}


@pytest.fixture
def instance(tmp_path):
    """Where these tests' sites keep their files."""
    return {"INSTANCE_PATH": str(tmp_path)}


def problems(environ):
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environ)
    return caught.value.problems


def test_everything_has_a_default(instance, tmp_path):
    config = Config.from_env(instance)

    assert config.environment is Environment.DEVELOPMENT
    assert config.database_url == f"sqlite:///{tmp_path}/answerback.sqlite"
    assert config.mail_url == f"folder:{tmp_path}/mail"
    assert config.base_url == "http://127.0.0.1:8000"
    assert (config.settle_minutes, config.lease_seconds, config.worker_poll_seconds) == (15, 300, 2.0)
    assert config.signup_open is True
    assert config.logo_url is None


def test_the_instance_folder_does_not_depend_on_where_one_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert Config.from_env({"SECRET_KEY": SECRET}).instance_path == ROOT / "instance"


def test_an_empty_variable_counts_as_none(instance):
    assert Config.from_env(instance | {"SITE_NAME": " ", "PORT": ""}).site_name == "Answerback"


def test_values_become_their_types(instance):
    given = {"PORT": "9000", "RATE_LIMITS": "off", "WORKER_POLL_SECONDS": "0.5", "ACCENT": "#ABC", "LOG_LEVEL": "debug"}

    config = Config.from_env(instance | given)

    assert (config.port, config.rate_limits, config.worker_poll_seconds) == (9000, False, 0.5)
    assert (config.accent, config.log_level) == ("#abc", "debug")
    assert config.base_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ENVIRONMENT", "prod", "must be development or production"),
        ("PORT", "http", "must be a whole number"),
        ("PORT", "0", "must be at least 1"),
        ("PORT", "65536", "must be at most 65535"),
        ("WORKER_POLL_SECONDS", "nan", "must be a number"),
        ("SETTLE_MINUTES", "-1", "must be at least 0"),
        ("SIGNUP_OPEN", "maybe", "must be true or false"),
        ("BASE_URL", "ideas.example.org", "must look like https://"),
        ("BASE_URL", "https://example.org/ideas", "must end after the host"),
        ("BASE_URL", "https://example.org:port", "port"),
        ("BASE_URL", "https://user@example.org", "must look like https://"),
        ("BASE_URL", "http://[::1]:8000", "IPv6"),
        ("DATABASE_URL", "mysql://localhost/ideas", "must start with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("MAIL_URL", "mail.example.org", "must be folder:path, smtp://"),
        ("MAIL_URL", "folder:", "must name the folder"),
        ("MAIL_URL", "smtp://mail.example.org?tls=maybe", "tls=starttls or tls=none"),
        ("MAIL_URL", "smtp://mail.example.org?starttls=1", "tls=starttls or tls=none"),
        ("MAIL_URL", "smtps://mail.example.org?tls=none", "encrypted from the start"),
        ("BROKER_URL", "localhost:6379", "must be redis://"),
        ("BROKER_URL", "https://queue.example.org", "must be redis://"),
        ("BROKER_URL", "redis://queue.example.org:port", "port"),
        ("MAIL_FROM", "nobody", "must be `address` or `Name <address>`"),
        ("MAIL_FROM", "Team <team@example.org", "must be `address` or `Name <address>`"),
        ("SUPPORT_EMAIL", "Team <team@example.org>", "must be an e-mail address"),
        ("ACCENT", "green", "must be a colour"),
        ("CURRENCY", "gold", "must be the code of a currency"),
        ("DEFAULT_LOCALE", "klingon", "must be a language"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus", "must be a time zone"),
        ("DEFAULT_TIMEZONE", "../../etc/passwd", "must be a time zone"),
        ("LOGO_URL", "missing.svg", "names a file that is not there"),
    ],
)
def test_a_wrong_value_is_refused_by_name(instance, name, value, says):
    (problem,) = problems(instance | {name: value})

    assert problem.startswith(f"{name} ")
    assert says in problem


def test_all_that_is_wrong_is_told_at_once(instance):
    found = problems(instance | {"PORT": "x", "ACCENT": "y", "MAIL_URL": "z", "ENVIRONMENT": "production"})

    assert [problem.split()[0] for problem in found] == ["PORT", "ACCENT", "MAIL_URL", "SECRET_KEY"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgres://u:p@db/ideas", "postgresql://u:p@db/ideas"),
        ("postgresql://u:p@db/ideas", "postgresql://u:p@db/ideas"),
        ("sqlite:////var/lib/ideas.sqlite", "sqlite:////var/lib/ideas.sqlite"),
    ],
)
def test_database_addresses_are_kept_in_one_spelling(instance, given, kept):
    assert Config.from_env(instance | {"DATABASE_URL": given}).database_url == kept


def test_development_makes_a_secret_once_that_nobody_else_may_read(instance, tmp_path):
    first, second = Config.from_env(instance), Config.from_env(instance)

    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_wrong_settings_leave_nothing_behind(instance, tmp_path):
    problems(instance | {"PORT": "x"})

    assert list(tmp_path.iterdir()) == []


def test_production_starts_with_safe_settings(instance):
    config = Config.from_env(instance | SAFE)

    assert config.is_production
    assert config.secret_key == SECRET


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 31}, "SECRET_KEY"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"DEMO": "1"}, "DEMO"),
        ({"BASE_URL": "http://ideas.example.org"}, "BASE_URL"),
        ({"BASE_URL": "http://127.0.0.1.example.org"}, "BASE_URL"),
    ],
)
def test_production_refuses_what_is_unsafe(instance, tmp_path, change, names):
    (problem,) = problems(instance | SAFE | change)

    assert problem.startswith(names)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "ideas.localhost:8000"])
def test_production_may_be_tried_on_loopback(instance, host):
    assert Config.from_env(instance | SAFE | {"BASE_URL": f"http://{host}"}).base_url == f"http://{host}"


def test_a_short_secret_is_refused_in_development_too(instance):
    (problem,) = problems(instance | {"SECRET_KEY": "short"})

    assert problem.startswith("SECRET_KEY")


def test_mail_into_a_folder_is_advised_against_in_production(instance):
    assert any(advice.startswith("MAIL_URL") for advice in Config.from_env(instance | SAFE).advice())
    assert Config.from_env(instance).advice() == []


def test_the_demo_announces_after_a_minute_unless_told_otherwise(instance):
    assert Config.from_env(instance | {"DEMO": "1"}).settle_minutes == 1
    assert Config.from_env(instance | {"DEMO": "1", "SETTLE_MINUTES": "5"}).settle_minutes == 5


def test_cookies_are_host_bound_over_https_and_plain_over_http(instance):
    https = Config.from_env(instance | SAFE).flask_settings()
    http = Config.from_env(instance).flask_settings()

    assert (https["SESSION_COOKIE_NAME"], https["SESSION_COOKIE_SECURE"]) == ("__Host-session", True)
    assert (http["SESSION_COOKIE_NAME"], http["SESSION_COOKIE_SECURE"]) == ("session", False)


def test_only_the_configured_host_is_answered_in_production(instance):
    assert Config.from_env(instance | SAFE).flask_settings()["TRUSTED_HOSTS"] == ["ideas.example.org"]
    assert Config.from_env(instance).flask_settings()["TRUSTED_HOSTS"] == ["127.0.0.1", "localhost"]


def test_secrets_do_not_show_in_logs(instance):
    given = {
        "SECRET_KEY": "sesame" * 6,
        "DATABASE_URL": "postgresql://u:sesame@db/ideas",
        "MAIL_URL": "smtp://u:sesame@mail",
        "RATE_LIMIT_STORAGE": "redis://u:sesame@redis",
    }

    assert "sesame" not in repr(Config.from_env(instance | given))


def test_every_setting_says_its_type_its_default_and_what_it_is_for():
    rows = Config.documentation()

    fields = [field.name.upper() for field in dataclasses.fields(Config)]
    assert [name for name, *_ in rows] == [name for name in fields if name != "OPENID_PROVIDERS"]
    assert all(type_ and default and about.endswith(".") for _, type_, default, about in rows)


def test_documented_defaults_are_the_real_ones(instance, tmp_path):
    """Each default that is a value and not a sentence, when given, changes nothing."""
    told = {
        "INSTANCE_PATH",
        "BASE_URL",
        "SECRET_KEY",
        "MAIL_FROM",
        "SUPPORT_EMAIL",
        "SETTLE_MINUTES",
        "LOGO_URL",
        "METRICS_TOKEN",
        "BOUNCE_ADDRESS",
        "MAIL_IN_ADDRESS",
        "MAIL_IN_SECRET",
        "BROKER_URL",
        "SECRET_KEY_FALLBACKS",
        "WEB_WORKERS",
        "OUTGOING_ALLOW",
        "OPENID",
    }
    given = {name: default for name, _, default, _ in Config.documentation() if name not in told}

    assert Config.from_env(instance | given) == Config.from_env(instance)


def test_a_logo_is_counted_from_the_instance_folder(instance, tmp_path):
    Path(tmp_path / "logo.svg").write_text("<svg/>")

    assert Config.from_env(instance | {"LOGO_URL": "logo.svg"}).logo_url == tmp_path / "logo.svg"


def test_a_new_secret_takes_over_from_the_old_one(make_app):
    from ideas.ledger import preferences

    old, new = "the old secret of this very site and no other", "the new secret of this very site and no other"
    with make_app(SECRET_KEY=old).app_context():
        link = preferences.token(7, "planned", "idea:7")
    with make_app(SECRET_KEY=new, SECRET_KEY_FALLBACKS=f"{'x' * 40}, {old}").app_context():
        assert preferences.read(link).user_id == 7
        fresh = preferences.token(7, "planned", "idea:7")
    with make_app(SECRET_KEY=new).app_context():
        assert preferences.read(fresh).user_id == 7
        with pytest.raises(NotFound):
            preferences.read(link)


def test_a_short_former_secret_is_refused(instance):
    with pytest.raises(ConfigError, match="SECRET_KEY_FALLBACKS must be keys of at least 32"):
        Config.from_env(instance | {"SECRET_KEY_FALLBACKS": "short"})


@pytest.mark.parametrize(
    "address", ["Reply@in.example", "reply+x@in.example", "reply", "a@b c", "answers-to-our-mail@x.y"]
)
def test_an_address_that_mail_cannot_come_back_to_is_refused(instance, address):
    assert "MAIL_IN_ADDRESS must be an address" in problems(instance | {"MAIL_IN_ADDRESS": address})[0]


def test_a_short_secret_for_mail_that_comes_in_is_refused(instance):
    assert "MAIL_IN_SECRET must have at least 20" in problems(instance | {"MAIL_IN_SECRET": "short"})[0]
