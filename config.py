"""Every setting: its name in the environment, its type, its default and what it is for.

`Config.from_env()` is the only place that reads the environment. It reports everything that is wrong at once, and in
production refuses what would be unsafe. `Config.documentation()` is what the docs list.
"""

import dataclasses
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints
from urllib.parse import urlsplit

from ideas import setting_openid, setting_values
from ideas.setting_openid import Provider
from ideas.setting_values import FALSE, SHORTEST_SECRET, Setting


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Mcp(StrEnum):
    OFF = "off"
    READ = "read"
    WRITE = "write"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class ConfigError(Exception):
    """The settings cannot be used; `problems` says why, one sentence for each, naming the variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _cores(_: dict[str, Any]) -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _mail_host(read: dict[str, Any]) -> str:
    host = urlsplit(read["base_url"]).hostname or "localhost"
    return "localhost" if is_loopback(host) else host


def is_loopback(host: str) -> bool:
    """True for names and addresses that never leave this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one site. Made by `Config.from_env`; in a view it is `current_app.config["ANSWERBACK"]`."""

    environment: Annotated[
        Environment,
        Setting(
            "development",
            "`production` refuses what is unsafe: a missing or short `SECRET_KEY`, debug, the demo, plain http.",
        ),
    ]
    instance_path: Annotated[
        Path,
        Setting("instance", "The folder for what this site keeps as files. Relative paths are counted from it."),
    ]
    host: Annotated[str, Setting("127.0.0.1", "The address the web server listens on.")]
    port: Annotated[int, Setting("8000", "The port the web server listens on.", least=1, most=65535)]
    base_url: Annotated[
        str,
        Setting(
            "http://127.0.0.1:PORT",
            "Where people reach the site. Every link in pages, mail and the API starts with it; "
            "https makes cookies Secure.",
            derive=lambda read: f"http://127.0.0.1:{read['port']}",
        ),
    ]
    secret_key: Annotated[
        str,
        Setting(
            "made once, kept in INSTANCE_PATH/secret",
            "Signs sessions and links. At least 32 characters; required in production. "
            "Whoever has it can sign in as anybody.",
            derive=lambda read: "",  # `from_env` makes it last, once nothing else is wrong
        ),
    ] = field(repr=False)
    secret_key_fallbacks: Annotated[
        str | None,
        Setting(
            "none",
            "Former values of `SECRET_KEY`, separated by commas: what they signed stays valid, nothing new is signed "
            "with them.",
        ),
    ] = field(repr=False)
    database_url: Annotated[
        str,
        Setting(
            "sqlite:///answerback.sqlite",
            "`sqlite:///path` or `postgresql://user:password@host/database`.",
        ),
    ] = field(repr=False)
    demo: Annotated[
        bool,
        Setting("false", "A site to look around in: announces after 1 minute and shows its mail. Never in production."),
    ]
    site_name: Annotated[str, Setting("Answerback", "The name at the top of pages and in mail.")]
    logo_url: Annotated[
        Path | None, Setting("none", "Path of a picture file shown beside the name; PNG, SVG, JPEG or WebP.")
    ]
    accent: Annotated[str, Setting("#0b6b5f", "Colour of links and buttons, as #rgb or #rrggbb.")]
    default_locale: Annotated[str, Setting("en", "Language of those who chose none.")]
    default_timezone: Annotated[str, Setting("UTC", "Time zone of those who chose none, such as `Europe/Berlin`.")]
    currency: Annotated[str, Setting("EUR", "The currency in which companies' revenue is, by its ISO 4217 code.")]
    signup_open: Annotated[bool, Setting("true", "Whether anybody may make an account; if not, by invitation only.")]
    session_days: Annotated[
        int, Setting("30", "Days a sign-in lasts at most; two weeks without a visit end it too.", least=1, most=400)
    ]
    mail_url: Annotated[
        str,
        Setting(
            "folder:mail",
            "How mail leaves: `smtp://user:password@host:587?tls=starttls` (`tls=none` for none), `smtps://…`, "
            "or `folder:path`, which writes .eml files.",
        ),
    ] = field(repr=False)
    mail_from: Annotated[
        str,
        Setting(
            "no-reply@ the host of BASE_URL",
            "The sender of mail, as `address` or `Name <address>`.",
            derive=lambda read: f"no-reply@{_mail_host(read)}",
        ),
    ]
    support_email: Annotated[
        str,
        Setting(
            "team@ the host of BASE_URL",
            "The team's address, named where people may want to ask a person.",
            derive=lambda read: f"team@{_mail_host(read)}",
        ),
    ]
    mail_in_address: Annotated[
        str | None,
        Setting(
            "none",
            "An address whose mail comes back to this site by webhook or LMTP, with anything after a “+”, such as "
            "`reply@in.example.com`: people answer messages to it.",
        ),
    ]
    bounce_address: Annotated[
        str | None,
        Setting(
            "none",
            "An address like that of `MAIL_IN_ADDRESS`, or the same one: mail servers report to it what could not be "
            "delivered. Without it their reports go to `MAIL_FROM`, and nobody here reads them.",
        ),
    ]
    mail_in_secret: Annotated[
        str | None,
        Setting(
            "none",
            "What a provider must send along to hand mail or reports in at `/hooks/mail`: as a password, or it signs "
            "with it. "
            "At least 20 characters.",
        ),
    ] = field(repr=False)
    pictures_url: Annotated[
        str,
        Setting(
            "folder:pictures",
            "Where pictures are kept: `folder:path`, or a bucket that speaks S3, "
            "`s3://key:secret@host/bucket?region=eu-1&tls=on` (needs the extra `s3`).",
        ),
    ] = field(repr=False)
    picture_megabytes: Annotated[int, Setting("20", "The largest picture that is taken.", least=1, most=50)]
    pictures_per_day: Annotated[
        int, Setting("50", "How many pictures one person may upload in a day.", least=0, most=10_000)
    ]
    new_account_hours: Annotated[
        int,
        Setting(
            "24",
            "For how many hours an account is new; 0 for none. The four limits below are for those hours.",
            least=0,
            most=720,
        ),
    ]
    new_account_ideas: Annotated[int, Setting("5", "How many ideas a new account may post.", least=0)]
    new_account_comments: Annotated[int, Setting("30", "How many comments a new account may write.", least=0)]
    new_account_links: Annotated[
        int, Setting("2", "Links in one text of a new account; with more it waits for a look of the team.", least=0)
    ]
    new_account_pictures: Annotated[int, Setting("10", "How many pictures a new account may upload.", least=0)]
    similar_by_meaning: Annotated[
        bool,
        Setting(
            "false",
            "Whether similar ideas are found by meaning too, across words and languages (needs the extra `semantic`).",
        ),
    ]
    settle_minutes: Annotated[
        int,
        Setting(
            "15 (1 in the demo)",
            "Minutes between an answer and telling people, in which the team may undo it.",
            derive=lambda read: 1 if read["demo"] else 15,
            least=0,
            most=1440,
        ),
    ]
    solved_after_days: Annotated[
        int,
        Setting(
            "14",
            "Days after people were told that an idea is there, until they are asked whether it solved their need; "
            "0: nobody is asked.",
            least=0,
            most=365,
        ),
    ]
    digest_hour: Annotated[
        int,
        Setting(
            "8", "The hour at which digests go out, by the clock of each reader who chose no other.", least=0, most=23
        ),
    ]
    digest_weekday: Annotated[Weekday, Setting("monday", "The day of weekly digests, for those who chose no other.")]
    single_mails_a_week: Annotated[
        int,
        Setting(
            "10",
            "How many single mails a person gets within seven days; what comes beyond waits for their daily digest. "
            "News that something shipped, was declined, or used their input comes by itself and is not counted.",
            least=1,
        ),
    ]
    lease_seconds: Annotated[
        int,
        Setting("300", "Seconds after which work that a stopped worker had begun is taken up again.", least=1),
    ]
    worker_poll_seconds: Annotated[
        float, Setting("2", "Seconds a worker with nothing to do waits before it looks again.", least=0.01, most=60)
    ]
    broker_url: Annotated[
        str | None,
        Setting(
            "none",
            "`redis://host:6379/0` or `amqp://user:password@host//`: what carries work to `ideas carry` when one loop "
            "is not enough (needs the extra `scale`). It need not keep anything: what it loses is found in the "
            "database.",
        ),
    ] = field(repr=False)
    outgoing_allow: Annotated[
        str | None,
        Setting(
            "none",
            "Networks inside yours where webhooks may go and OpenID providers may be, separated by commas, such as "
            "`10.1.0.0/16,127.0.0.1`; without them only addresses of the public network are asked.",
        ),
    ]
    outgoing_http: Annotated[
        bool,
        Setting("false", "Whether webhooks may go to plain http, while you develop. Never in production."),
    ]
    openid: Annotated[
        str | None,
        Setting(
            "none",
            "Short names of the OpenID providers with which people may sign in, separated by commas, such as "
            "`acme,partner`. What each is stands in settings of its own, [listed for operators]"
            "(operators.md#signing-in-with-another-account).",
        ),
    ]
    mcp: Annotated[
        Mcp,
        Setting(
            "read",
            "What assistants may do at `/mcp` by an API key: nothing, read, or also write what its scopes allow.",
        ),
    ]
    web_workers: Annotated[
        int, Setting("number of cores", "Processes of the web server.", derive=_cores, least=1, most=64)
    ]
    web_threads: Annotated[int, Setting("2", "Threads in each of them; more rarely help.", least=1, most=64)]
    trusted_proxies: Annotated[
        int,
        Setting(
            "0", "How many proxies in front of the web server to believe about the client's address.", least=0, most=10
        ),
    ]
    rate_limits: Annotated[bool, Setting("true", "Whether to limit how often one client may ask.")]
    rate_limit_storage: Annotated[
        str,
        Setting(
            "memory://", "Where requests are counted: `memory://` counts in each process, `redis://host` together."
        ),
    ] = field(repr=False)
    metrics_token: Annotated[
        str | None,
        Setting(
            "none",
            "Who sends it as `Authorization: Bearer …` may read `/metrics`; without one, only this machine itself.",
        ),
    ] = field(repr=False)
    log_level: Annotated[LogLevel, Setting("info", "The least important messages to log.")]
    openid_providers: tuple[Provider, ...] = ()  # what the variables beside `openid` say of each

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The settings that `environ` describes; an empty variable counts as none.

        In development a missing SECRET_KEY is made and kept under INSTANCE_PATH.
        Raises ConfigError with everything that is wrong.
        """
        read: dict[str, Any] = {}
        problems: list[str] = []
        for name, (kind, setting) in _settings(cls).items():
            text = environ.get(name.upper(), "").strip()
            try:
                read[name] = setting_values.value(name, kind, setting, text, read)
            except ValueError as error:
                problems.append(f"{name.upper()} {error}")
                # So that what follows from this setting can still be judged.
                read[name] = setting_values.value(name, kind, setting, "", read)
        read["openid_providers"], wrong = setting_openid.read(read["openid"], environ, plain=read["outgoing_http"])
        problems += wrong
        if read["environment"] is Environment.PRODUCTION:
            problems += _unsafe_in_production(read, environ)
        elif 0 < len(read["secret_key"]) < SHORTEST_SECRET:
            problems.append(f"SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
        if problems:
            raise ConfigError(problems)
        read["secret_key"] = read["secret_key"] or _kept_secret(read["instance_path"] / "secret")
        return cls(**read)

    @classmethod
    def documentation(cls) -> list[tuple[str, str, str, str]]:
        """Name, type, default and purpose of every setting, in the order to read them."""
        return [
            (name.upper(), setting_values.type_in_words(kind), setting.default, setting.about)
            for name, (kind, setting) in _settings(cls).items()
        ]

    @property
    def secret_keys(self) -> list[str]:
        """What may have signed something, the present key last, as itsdangerous wants them."""
        former = [key.strip() for key in (self.secret_key_fallbacks or "").split(",")]
        return [*filter(None, former), self.secret_key]

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def picture_bytes(self) -> int:
        return self.picture_megabytes * 1_000_000

    def advice(self) -> list[str]:
        """What is allowed but probably not meant, one sentence for each."""
        if not self.is_production:
            return []
        found = []
        if self.mail_url.startswith("folder:"):
            found.append("MAIL_URL is a folder: nobody will receive any mail.")
        if self.support_email.endswith("@localhost"):
            found.append("SUPPORT_EMAIL is not set: messages name an address that nobody reads.")
        if self.trusted_proxies == 0 and self.is_https:
            found.append("TRUSTED_PROXIES is 0 though BASE_URL is https: every client will seem to be the proxy.")
        return found

    def _engine_options(self) -> dict[str, Any]:
        """No connection is awaited for ever. What becomes of one whose server restarts, db.py knows."""
        if self.database_url.startswith("sqlite"):
            return {}
        # Reading needs no transaction: under READ COMMITTED each statement sees its own moment anyway, and BEGIN and
        # ROLLBACK are two questions more for every request. `unit_of_work` opens one for every act.
        return {"connect_args": {"connect_timeout": 5}, "isolation_level": "AUTOCOMMIT"}

    def flask_settings(self) -> dict[str, Any]:
        """The same, in the words of Flask and its extensions."""
        hosts = [urlsplit(self.base_url).hostname or ""]
        if not self.is_production:
            hosts += ["localhost", "127.0.0.1"]
        return {
            "ANSWERBACK": self,
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": self.secret_keys[:-1],
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "PREFERRED_URL_SCHEME": urlsplit(self.base_url).scheme,
            "TRUSTED_HOSTS": list(dict.fromkeys(hosts)),
            # Browsers keep a __Host- cookie over https only; on loopback, plain http has to do.
            "SESSION_COOKIE_NAME": "__Host-session" if self.is_https else "session",
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_PATH": "/",
            "PERMANENT_SESSION_LIFETIME": timedelta(days=self.session_days),
            # What one request may make us keep in memory; for why, see CVE-2023-46136 and CVE-2024-49767.
            "MAX_CONTENT_LENGTH": 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1000,
            "BABEL_DEFAULT_LOCALE": self.default_locale,
            "BABEL_DEFAULT_TIMEZONE": self.default_timezone,
            # Some browsers send no Referer; http.py asks for the Origin instead, which all of them send.
            "WTF_CSRF_SSL_STRICT": False,
            "RATELIMIT_ENABLED": self.rate_limits,
            "RATELIMIT_STORAGE_URI": self.rate_limit_storage,
        }


def _settings(config: type[Config]) -> dict[str, tuple[Any, Setting]]:
    """Field name → its type and Setting."""
    hints = get_type_hints(config, include_extras=True)
    found = {}
    for each in dataclasses.fields(config):
        if each.name != "openid_providers":  # put together from several
            kind, setting = get_args(hints[each.name])
            found[each.name] = (kind, setting)
    return found


def _unsafe_in_production(read: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    problems = []
    if not read["secret_key"]:
        problems.append("SECRET_KEY must be set in production. Make one: openssl rand -hex 32")
    elif len(read["secret_key"]) < SHORTEST_SECRET:
        problems.append(f"SECRET_KEY must have at least {SHORTEST_SECRET} characters. Make one: openssl rand -hex 32")
    if environ.get("FLASK_DEBUG", "").strip().lower() not in FALSE | {""}:
        problems.append("FLASK_DEBUG must be off in production: its console runs anybody's code.")
    if read["demo"]:
        problems.append(
            "DEMO must be off in production: its passwords are public and its mail is for everyone to read."
        )
    if read["outgoing_http"]:
        problems.append("OUTGOING_HTTP must be off in production: anybody on the way could read what is sent.")
    url = urlsplit(read["base_url"])
    if url.scheme != "https" and not is_loopback(url.hostname or ""):
        problems.append("BASE_URL must be https in production, unless it is on this machine.")
    return problems


def _kept_secret(file: Path) -> str:
    """The secret in `file`, made now if there is none; nobody else on the machine may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
    if not file.exists():
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
            handle.write(secrets.token_hex(32))
        try:
            # Two processes may start at once: the first link wins, and no reader ever sees half a secret.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()
