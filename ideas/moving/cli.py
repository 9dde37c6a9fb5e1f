"""Commands of this room: take over what other systems wrote, and hand out everything.

Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ideas.boards.models import Board
from ideas.csv_in import FileRefused, Refused
from ideas.db import db, one_moment, unit_of_work
from ideas.errors import NotFound
from ideas.moving import writing
from ideas.moving.exporting import Scope
from ideas.moving.formats import FORMATS, Given, options_of
from ideas.moving.importing import Tally, Work
from ideas.moving.readers_csv import EmailPattern
from ideas.moving.verdicts import Became
from ideas.moving.writing import Shape
from ideas.words import _

REFUSED_SHOWN = 50
EXAMPLES_SHOWN = 30

Step = Callable[[str, int, int], None]


@click.group("import")
def import_() -> None:
    """Take over what another system exported. Nobody is told. See docs/import.md."""


def _command(name: str, text: str, *, is_table: bool = False, needs_board: bool = True) -> None:
    """Make the command `ideas import NAME`."""

    def run(file: Path, **given: Any) -> None:
        _import(name, file, **given)

    run.__doc__ = text
    options: list[Callable[[Any], Any]] = [
        click.argument("file", type=click.Path(exists=True, path_type=Path)),
        click.option("--board", "slug", required=needs_board, metavar="SLUG", help="The board that takes them."),
        click.option("--dry-run", is_flag=True, help="Compare and keep nothing: says what would happen."),
        click.option("--skip-refused", is_flag=True, help="Take the other rows when some cannot be taken."),
        click.option(
            "--status", "statuses", multiple=True, metavar="THEIRS=OURS", help="What a status is called here."
        ),
    ]
    if is_table:
        options += [
            click.option("--map", "pairs", multiple=True, metavar="OURS=THEIRS", help="A column called otherwise."),
            click.option(
                "--email-pattern",
                metavar="PATTERN",
                help="Addresses of the source's people, such as 'voter{voter_id}.{board}@example.test'. Without, none.",
            ),
        ]
    for option in reversed(options):
        run = option(run)
    import_.command(name)(run)


_command(
    "ideas",
    """Take over the ideas in FILE, a table.

    Columns: id, text or title (and body), author_id; if it has them created_at, moderated, status, tags.
    """,
    is_table=True,
)
_command(
    "votes",
    """Take over the votes in FILE, a table, on ideas that were imported before.

    Columns: idea_id, voter_id; if it has them vote (1, 0 or -1) and created_at. The last event of a person counts.
    """,
    is_table=True,
)


for _name, _text in {
    "canny": """Take over from Canny: FILE is a zip, a folder or a file with what its API's lists answered.""",
    "uservoice": """Take over from UserVoice: FILE is what its API's lists answered, or its table of ideas.""",
    "fider": """Take over from Fider: FILE is the zip that its page Export makes.""",
    "github": """Take over GitHub issues and discussions: FILE is what its API answered.""",
}.items():
    _command(_name, _text)
_command(
    "answerback",
    """Take over FILE, which `ideas export` wrote: a folder, a zip or one file. Boards that are not here are made.""",
    needs_board=False,
)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "shape",
    type=click.Choice([shape.value for shape in Shape]),
    default=Shape.NDJSON.value,
    help="How it is written.",
)
@click.option("--board", "slug", metavar="SLUG", help="This board alone, and whoever has to do with it.")
@click.option(
    "--with-addresses", is_flag=True, help="With people's e-mail addresses, by which they claim what is theirs."
)
def export(path: Path, shape: str, slug: str | None, with_addresses: bool) -> None:
    """Hand out everything as PATH: a folder, or a file that ends in .zip or .ndjson. `ideas import` takes it.

    Boards, people, companies, ideas, votes, comments, evidence, answers, merges, follows and releases.
    See docs/import.md.
    """
    if path.suffix == ".ndjson" and shape != Shape.NDJSON:
        raise click.UsageError(_("One file has one shape: a table of each kind needs a folder or a zip."))
    if path.exists() and (path.is_file() or any(path.iterdir())):
        raise click.UsageError(_("%(path)s is there already.", path=path))
    scope = Scope(_board(slug).id if slug else None, with_addresses)
    counts: dict[str, int] = {}
    try:
        with _bar() as step, one_moment():
            for what, done in writing.write(path, Shape(shape), scope):
                counts[what] = done
                step(what, done, 0)
    except OSError as error:
        raise click.ClickException(_("%(path)s cannot be written: %(why)s.", path=path, why=error.strerror)) from None
    for what, number in counts.items():
        click.echo(f"{what}: {number:,}")


def _import(
    name: str,
    file: Path,
    *,
    slug: str | None,
    dry_run: bool,
    skip_refused: bool,
    statuses: tuple[str, ...],
    pairs: tuple[str, ...] = (),
    email_pattern: str | None = None,
) -> None:
    given = Given(slug or "", _pairs("--map", pairs), _pattern(email_pattern), _pairs("--status", statuses))
    board_id = _board(slug).id if slug else None
    db.session.rollback()
    with tempfile.TemporaryDirectory(prefix="ideas-import-") as folder:
        options = options_of(name, file, given, board_id)
        work = Work(FORMATS[name].read(file, given), options, Path(folder) / "spool")
        try:
            with _bar() as step:
                run_through(work, file.name, skip_refused=skip_refused, dry_run=dry_run, step=step)
        except FileRefused as error:
            _show_refused(error.refused, len(error.refused))
            raise
        finally:
            db.session.rollback()
        refusals = work.spool.refusals(REFUSED_SHOWN)
        _show(work.found if dry_run else work.done, work, given.ignored, examples=dry_run)
        _show_refused(tuple(refusals), work.spool.refused_count())
        work.close()


def run_through(work: Work, file_name: str, *, skip_refused: bool = False, dry_run: bool = False, step: Step) -> None:
    """Do all of it, each piece in a transaction of its own. Raises FileRefused before anything is written."""
    for _pause in work.read():
        step(_("Reading"), work.spool.read, 0)
    for _pause in work.check():
        step(_("Comparing"), work.checked, work.total)
    db.session.rollback()
    if not skip_refused:
        work.require_whole()
    goes_on = not dry_run
    while goes_on:
        with unit_of_work():
            goes_on = work.put_next(file_name)
        step(_("Importing"), work.place, work.total)


def _pairs(option: str, pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        first, is_pair, second = pair.partition("=")
        if not (first and is_pair and second):
            sample = "OURS=THEIRS, such as --map title=text" if option == "--map" else "THEIRS=OURS"
            raise click.BadParameter(
                _("Write %(option)s %(sample)s, not “%(pair)s”.", option=option, sample=sample, pair=pair)
            )
        found[first] = second
    return found


def _pattern(pattern: str | None) -> EmailPattern | None:
    if pattern is None:
        return None
    try:
        return EmailPattern.parse(pattern)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--email-pattern") from None


def _show(tally: Tally, work: Work, ignored: tuple[str, ...], *, examples: bool) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    shown = [each for each in Became if each != Became.PASSED and (tally.of(each) or each in _ALWAYS)]
    for column in ("", *(each.value for each in shown)):
        table.add_column(column, justify="left" if not column else "right")
    for row in tally.rows():
        table.add_row(row["kind"], *(f"{row[each.value]:,}" for each in shown))
    console.print(table)
    click.echo(_("Rows read: %(rows)s", rows=f"{work.spool.read:,}"))
    if ignored:
        click.echo(_("Columns not used: %(columns)s", columns=", ".join(ignored)))
    if examples:
        for each in tally.examples[:EXAMPLES_SHOWN]:
            said = "; ".join(f"{name}: “{pair[0]}” → “{pair[1]}”" for name, pair in each["differences"].items())
            click.echo(f"{each['where']}: {each['kind']} {each['became']}: {each['name']}{' — ' if said else ''}{said}")
        click.echo(_("This was tried and nothing was kept."))
    elif not tally.changed:
        click.echo(_("Nothing changed: all of it was here already."))


_ALWAYS = {Became.NEW, Became.SAME}


def _show_refused(refused: tuple[Refused, ...], number: int) -> None:
    for row in refused[:REFUSED_SHOWN]:
        click.echo(f"{row.where}: {row.reason}", err=True)
    if number > len(refused[:REFUSED_SHOWN]):
        click.echo(_("… and %(more)s more.", more=number - len(refused[:REFUSED_SHOWN])), err=True)


def _board(slug: str) -> Board:
    found = db.session.scalar(sa.select(Board).where(Board.slug == slug))
    if found is None:
        raise NotFound(_("There is no board “%(slug)s”. Make it first: ideas board create", slug=slug))
    return found


@contextmanager
def _bar() -> Iterator[Step]:
    """A line that moves while the block works, on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def step(what: str, done: int, of: int) -> None:
            progress.update(task, description=escape(what), completed=done, total=of or None)

        yield step


commands: tuple[click.Command, ...] = (import_, export)
