"""The command line `ideas`: runs the site and gathers the commands of every room.

Exit codes: 0 done, 1 failed, 2 wrong usage or wrong settings.
"""

import copy
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from marshmallow import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

import ideas.accounts.cli
import ideas.boards.cli
import ideas.ledger.cli
import ideas.moving.cli
from config import Config, ConfigError
from ideas import backups, create_app, mail, migrating, serving
from ideas.accounts import erasing, setup, tidying
from ideas.db import unit_of_work
from ideas.errors import DomainError
from ideas.ledger import holding
from ideas.ledger import worker as ledger_worker
from ideas.webhooks import preparing


class ConfigProblem(click.ClickException):
    """Wrong settings are wrong usage."""

    exit_code = 2


def make_app() -> Flask:
    """The application: the one given to the command line, as tests do, or the one the environment describes."""
    given = click.get_current_context().find_root().obj
    return given if isinstance(given, Flask) else create_app(make_config())


def make_config() -> Config:
    try:
        return Config.from_env()
    except ConfigError as error:
        raise ConfigProblem(
            "These settings cannot be used:\n" + "\n".join(f"  {each}" for each in error.problems)
        ) from None


def with_app(command: click.Command) -> click.Command:
    """A copy of a room's command, or of all commands of a group, that runs inside the application's context."""
    command = copy.copy(command)
    if isinstance(command, click.Group):
        command.commands = {name: with_app(each) for name, each in command.commands.items()}
        if command.invoke_without_command and command.callback is not None:
            command.callback = _unless_another(_inside(command.callback))
    elif command.callback is not None:
        command.callback = _inside(command.callback)
    return command


def _unless_another(callback: Callable[..., Any]) -> Callable[..., Any]:
    """What a group does by itself, when none of its commands was asked for."""

    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        return callback(*args, **kwargs) if click.get_current_context().invoked_subcommand is None else None

    return run


def _inside(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with make_app().app_context():
                return callback(*args, **kwargs)
        except DomainError as error:
            raise click.ClickException(error.message) from error
        except ValidationError as error:
            lines = [f"{field}: {' '.join(map(str, said))}" for field, said in error.messages_dict.items()]
            raise click.UsageError("\n".join(lines)) from error
        except sa.exc.OperationalError as error:
            raise _silent_database(error) from error

    return run


def _silent_database(error: sa.exc.OperationalError) -> click.ClickException:
    return click.ClickException(f"The database cannot be used: {error.orig}".rstrip())


@click.command()
@click.option(
    "--statement-seconds",
    type=click.IntRange(1),
    default=migrating.STATEMENT_SECONDS,
    show_default=True,
    help="How long one statement may take, on PostgreSQL.",
)
def migrate(statement_seconds: int) -> None:
    """Bring the database to the shape this version needs."""
    url = make_config().database_url
    try:
        done = migrating.upgrade(
            url, statement_seconds=statement_seconds, say=lambda words: click.echo(words, err=True)
        )
    except migrating.Blocked as error:
        raise click.ClickException(str(error)) from error
    except sa.exc.OperationalError as error:
        raise _silent_database(error) from error
    for step in done:
        click.echo(f"Done: {step}")
    click.echo("The database is up to date." if done else "The database was up to date already.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Put the whole site into FILE, while it runs: database and pictures, as they are at one moment."""
    with make_app().app_context(), _progress() as progress:
        try:
            done = backups.write(file, progress=progress)
        except backups.Refused as error:
            raise click.ClickException(str(error)) from error
        except sa.exc.OperationalError as error:
            raise _silent_database(error) from error
    _say_done(f"{file} holds", done)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of the site that is there now.")
@click.option(
    "--erased",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The journal of those who were erased since; without it, the one in INSTANCE_PATH.",
)
def restore(file: Path, replace: bool, erased: Path | None) -> None:
    """Make this site what FILE holds; FILE may come from the other kind of database.

    Mail that waited in the backup is held back, as it may have been sent since. Whoever was erased since is forgotten
    again. Everybody signs in anew.
    """
    config = make_config()
    with _progress() as progress:
        try:
            done = backups.restore(config, file, afterwards=lambda: _settle(erased), replace=replace, progress=progress)
        except backups.Refused as error:
            raise click.ClickException(str(error)) from error
        except sa.exc.OperationalError as error:
            raise _silent_database(error) from error
    _say_done("Restored", done)


def _settle(erased: Path | None) -> list[str]:
    """What must be so before anybody is served from a restored database; what was done, in words."""
    with unit_of_work():
        # first: what they had begun is found by their links
        leaving = erasing.replay(erased or erasing.journal())
        held = holding.hold_back()
        webhooks = preparing.hold_back()
        ended = tidying.after_restore()
    erasing.finish(*leaving)
    return [
        f"Held back: {held.messages} messages and the mail of {held.announcements} announcements, which may have been "
        "sent since the backup. To send them after all: ideas resume-sending",
        f"Held back: {webhooks} webhooks. To send those after all: from the log of each endpoint.",
        f"Ended: {ended} sign-ins and links.",
        f"Forgotten again: {len(leaving)} people who were erased since.",
        "API keys that were revoked and people who were suspended since the backup are so no more: look at them.",
    ]


def _say_done(what: str, done: backups.Done) -> None:
    click.echo(f"{what} {done.rows:,} rows and {done.pictures:,} pictures, of schema {done.revision}.")
    for line in done.said:
        click.echo(line)


@contextmanager
def _progress() -> Iterator[backups.Progress]:
    """A bar for each kind of thing, on a terminal; elsewhere nothing."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        shown: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in shown:
                shown[what] = bars.add_task(what, total=total)
            bars.update(shown[what], completed=done, total=total)

        yield show


@click.command()
def serve() -> None:
    """Run the whole site on this machine: the web server and one worker."""
    config = make_config()
    if not serving.port_is_free(config.host, config.port):
        raise click.ClickException(f"Port {config.port} is taken. Choose another: PORT={config.port + 1}")
    app = create_app(config)
    _require_migrated(config)
    with app.app_context(), unit_of_work():
        link = setup.first_admin_link()
    for each in config.advice():
        click.echo(f"Note: {each}", err=True)

    def announce() -> bool:
        if not serving.answers(config.host, config.port):
            return False
        click.echo(f"{config.site_name} is at {config.base_url}")
        if link:
            click.echo(f"Nobody administers it yet. This link makes the first administrator, once: {link}")
        sys.stdout.flush()
        return True

    commands = {"web server": _ourselves("web"), "worker": _ourselves("worker")}
    sys.exit(serving.supervise(commands, announce=announce))


@click.command()
def web() -> None:
    """Run the web server alone."""
    config = make_config()
    _require_migrated(config)
    serving.WebServer(config).run()


@click.command()
@click.option("--drain", is_flag=True, help="Work until nothing is due, then exit.")
def worker(drain: bool) -> None:
    """Tell people what they are owed word of. Run as many of these as you like."""
    app = make_app()
    _require_migrated(app.config["ANSWERBACK"])
    try:
        ledger_worker.run(app, drain=drain)
    except mail.RelayDown as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="How many work at once.")
def carry(processes: int) -> None:
    """Do what `ideas schedule` offers, in so many processes (needs BROKER_URL)."""
    config = _config_with_broker()
    from ideas.ledger import carrying

    carrying.carry(lambda: create_app(config), config, processes=processes)


@click.command()
def schedule() -> None:
    """Offer what is due to those who run `ideas carry`, and make the rounds (needs BROKER_URL)."""
    config = _config_with_broker()
    from ideas.ledger import carrying

    carrying.schedule(create_app(config), config)


def _config_with_broker() -> Config:
    config = make_config()
    if config.broker_url is None:
        raise click.ClickException("BROKER_URL is not set: nothing can be carried.")
    _require_migrated(config)
    return config


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8024", show_default=True, help="Where to take mail.")
def lmtp(listen: str) -> None:
    """Take mail that comes in from a mail server beside this site, by LMTP (needs the extra `lmtp`)."""
    host, _colon, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise click.BadParameter("Say host and port, such as 127.0.0.1:8024.", param_hint="--listen")
    app = make_app()
    _require_migrated(app.config["ANSWERBACK"])
    config = app.config["ANSWERBACK"]
    if config.mail_in_address is None and config.bounce_address is None:
        raise click.ClickException(
            "MAIL_IN_ADDRESS is not set, nor is BOUNCE_ADDRESS: no mail can come back to this site."
        )
    try:
        from ideas import lmtp as door
    except ModuleNotFoundError as error:
        raise click.ClickException("This needs the extra “lmtp”: pip install -r requirements/lmtp.txt.") from error
    door.serve(app, host.strip("[]"), int(port))


def _require_migrated(config: Config) -> None:
    try:
        current = migrating.is_current(config.database_url)
    except sa.exc.OperationalError as error:
        raise _silent_database(error) from error
    if not current:
        raise click.ClickException("The database is not in the shape this version needs. Run: ideas migrate")


def _ourselves(command: str) -> list[str]:
    """How to start another of our commands, from whatever folder: -P keeps what lies there from being imported."""
    return [sys.executable, "-P", "-m", "ideas.cli", command]


def program() -> click.Group:
    """The whole command line."""
    group = click.Group("ideas", help="Answerback: an idea exchange that answers back.")
    rooms: Iterable[click.Command] = (
        *ideas.accounts.cli.commands,
        *ideas.boards.cli.commands,
        *ideas.ledger.cli.commands,
        *ideas.moving.cli.commands,
    )
    for command in (serve, web, worker, carry, schedule, lmtp, migrate, backup, restore, *map(with_app, rooms)):
        group.add_command(command)
    return group


def main() -> None:
    program()()


if __name__ == "__main__":
    main()
