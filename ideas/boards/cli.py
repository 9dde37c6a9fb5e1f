"""Commands of this room: people and boards to begin with, the demo, counting anew.

Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ideas.accounts import addresses, people, returning
from ideas.accounts.cli import user
from ideas.accounts.models import SiteRole
from ideas.boards import boardkeeping, demo, ranking, searching
from ideas.boards.models import Board, BoardRole, Visibility
from ideas.boards.schemas import BoardWords
from ideas.db import db, unit_of_work
from ideas.errors import Conflict, NotFound
from ideas.settings import absolute, current
from ideas.words import _

Step = Callable[[int, int], None]


# --- People and boards: what makes somebody one of a board's team stands here, the rest of `user` in their own room ---


@user.command("create")
@click.argument("email")
@click.option("--name", help="What they are called; the part of the address before “@” without it.")
@click.option("--admin", is_flag=True, help="They administer the site.")
@click.option("--team", metavar="BOARD", help="They are of the team of the board with this slug.")
def create_user(email: str, name: str | None, admin: bool, team: str | None) -> None:
    """Make an account for EMAIL and print a link with which its owner chooses a password."""
    if admin and team:
        raise click.UsageError(_("An administrator is of every team: give --admin or --team."))
    try:
        address = addresses.email(email)
    except ValueError:
        raise click.BadParameter(_("“%(email)s” is not an e-mail address.", email=email)) from None
    with unit_of_work():
        board = _board(team) if team else None
        role = SiteRole.ADMIN if admin else SiteRole.MEMBER
        person = people.create(address, name or address.partition("@")[0], site_role=role)
        if board is not None:
            boardkeeping.add_person(None, board, person, role=BoardRole.TEAM)
        link = returning.link_by_hand(person)
        called = person.name
    click.echo(_("%(name)s has an account. This link chooses its password, once, within 10 minutes:", name=called))
    click.echo(link)


@click.group()
def board() -> None:
    """Boards."""


@board.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="What the board is called.")
@click.option("--about", default="", help="What it is for, in a sentence.")
@click.option("--private", is_flag=True, help="Members see it, nobody else.")
@click.option("--unlisted", is_flag=True, help="Whoever has the address sees it; it stands in no list.")
@click.option("--promise", default="", help="What the team reads and when, in its own words.")
@click.option("--days", type=int, help="Within how many days it answers.")
def create_board(
    slug: str, name: str, about: str, private: bool, unlisted: bool, promise: str, days: int | None
) -> None:
    """Make a board at /boards/SLUG with statuses from open to shipped."""
    if private and unlisted:
        raise click.UsageError(_("A board is private or unlisted, not both."))
    visibility = Visibility.PRIVATE if private else Visibility.UNLISTED if unlisted else Visibility.PUBLIC
    words = BoardWords().load(
        {
            "slug": slug,
            "name": name,
            "about": about,
            "visibility": visibility.value,
            "promise": promise,
            "answer_within_days": days,
        }
    )
    with unit_of_work():
        boardkeeping.make(None, words)
    click.echo(_("The board is at %(address)s", address=absolute(f"/boards/{words['slug']}")))


# --- The demo ---


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing where there is something already.")
def fill_demo(if_empty: bool) -> None:
    """Fill an empty site with ideas, people and a month of history to look at."""
    if current().is_production:
        raise click.ClickException(_("This is production, and the demo's passwords are public."))
    try:
        with unit_of_work():
            demo.fill()
    except Conflict:
        if not if_empty:
            raise
        if not demo.is_here():
            return
    click.echo(_("The demo is at %(address)s. Sign in there as", address=current().base_url))
    for each in demo.sign_ins():
        click.echo(f"  {each.role}: {each.email}, {each.password}")


# --- Repairs ---


@click.command()
@click.option("--board", "slug", metavar="SLUG", help="This board alone.")
def recount(slug: str | None) -> None:
    """Count votes, comments and words anew and put right what differs. Safe while people take part."""
    with unit_of_work():
        only = _board(slug) if slug else None
        total = ranking.count_ideas(only.id if only else None)
        with _bar(_("Counting")) as step:
            found = ranking.recount(only.id if only else None, progress=lambda done: step(done, total))
        with _bar(_("Indexing")) as step:
            indexed = searching.recount(only.id if only else None, progress=lambda done: step(done, total))
    click.echo(_("Ideas counted: %(ideas)s. Put right: %(differed)s.", ideas=found.ideas, differed=found.differed))
    click.echo(_("Ideas indexed: %(ideas)s. Put right: %(differed)s.", ideas=indexed.ideas, differed=indexed.differed))


def _board(slug: str) -> Board:
    found = db.session.scalar(sa.select(Board).where(Board.slug == slug))
    if found is None:
        raise NotFound(_("There is no board “%(slug)s”. Make it first: ideas board create", slug=slug))
    return found


@contextmanager
def _bar(what: str) -> Iterator[Step]:
    """A line that moves while the block works, on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(what), total=None)

        def step(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of)

        yield step


commands: tuple[click.Command, ...] = (board, recount, fill_demo)
