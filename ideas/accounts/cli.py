"""Commands about people that need no boards. The boards room adds `create` to the group `user`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ideas.accounts import (
    addresses,
    erasing,
    exporting,
    factors,
    keys,
    people,
    returning,
    schemas,
    spreadsheets,
    suppressions,
)
from ideas.accounts.models import SiteRole, User
from ideas.csv_in import FileRefused, Refused
from ideas.db import one_moment, unit_of_work
from ideas.errors import NotFound

REFUSED_SHOWN = 50


def find_person(email: str) -> User:
    """Whoever has this address. Raises NotFound, UsageError when it is no address."""
    try:
        person = people.by_email(addresses.email(email))
    except ValueError:
        raise click.UsageError(f"“{email}” is not an e-mail address.") from None
    if person is None:
        raise NotFound(f"Nobody has the address {email}. Create them first: ideas user create {email}")
    return person


@click.group()
def user() -> None:
    """People: make, suspend, give a role, let in."""


@user.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a link by which EMAIL chooses a password and is signed in, once, within 10 minutes."""
    with unit_of_work():
        address = returning.link_by_hand(find_person(email))
    click.echo(address)


@user.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why; it stands in the audit log.")
def suspend(email: str, reason: str) -> None:
    """Let EMAIL read but take no part, and sign them out."""
    with unit_of_work():
        people.suspend(None, find_person(email), reason=reason)
    click.echo(f"{email} is suspended.")


@user.command()
@click.argument("email")
def unsuspend(email: str) -> None:
    """Let EMAIL take part again."""
    with unit_of_work():
        people.unsuspend(None, find_person(email))
    click.echo(f"{email} takes part again.")


@user.command()
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in SiteRole]))
def role(email: str, role: str) -> None:
    """Give EMAIL a ROLE on the whole site."""
    with unit_of_work():
        people.set_role(None, find_person(email), SiteRole(role))
    click.echo(f"{email} is {role} now.")


@user.command()
@click.argument("email")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The zip to write.")
def export(email: str, path: Path) -> None:
    """Write everything that is kept about EMAIL into one archive, to be handed to them."""
    with path.open("wb") as out, one_moment():
        exporting.write(out, find_person(email))
    click.echo(f"What is kept about {email} is in {path}.")


@user.command()
@click.argument("email")
@click.option("--with-text", is_flag=True, help="Also delete what they wrote, where others took part as well.")
@click.confirmation_option(prompt="This cannot be undone. Go on?")
def erase(email: str, with_text: bool) -> None:
    """Forget EMAIL for good: their account goes, what others built on stays without their name."""
    with unit_of_work():
        leaving = erasing.erase(None, find_person(email), with_text=with_text)
    erasing.finish(leaving)
    click.echo("Erased.")


@click.group()
def factor() -> None:
    """Second factors: apps, passkeys and recovery codes."""


@factor.command()
@click.argument("email")
@click.confirmation_option(prompt="They will sign in without a second factor. Is it really they who ask?")
def reset(email: str) -> None:
    """Let EMAIL, who lost what they had, sign in without it; they are told by mail."""
    with unit_of_work():
        factors.take_away(None, find_person(email))
    click.echo(f"{email} signs in without a second factor now, and is signed out everywhere.")


@click.group()
def key() -> None:
    """API keys."""


@key.command()
@click.argument("email")
@click.option("--scopes", required=True, help="What it may do, separated by commas: ideas:read,votes:write")
@click.option("--name", default="Made on the command line", show_default=True, help="What it is for.")
def create(email: str, scopes: str, name: str) -> None:
    """Make a key that acts as EMAIL; the last line printed is the key alone, shown this once."""
    wanted = {"name": name, "scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()], "days": 0}
    made = schemas.NewKey().load(wanted)
    with unit_of_work():
        token = keys.make(find_person(email), made["name"], made["scopes"])
    click.echo(f"This key acts as {email} until it is revoked. It is not shown again:", err=True)
    click.echo(token)


@click.group()
def suppression() -> None:
    """Addresses that get no mail but links to sign in: mail to them came back, or was called junk."""


@suppression.command("list")
@click.option("--json", "as_json", is_flag=True, help="Say it to a program.")
def list_suppressions(as_json: bool) -> None:
    """List them: whose they are, why, with which code, since when.

    An address that nobody here has any more is kept as a hash alone; LIFT takes the address itself.
    """
    rows: list[suppressions.Listed] = []
    while page := suppressions.listed(after=(rows[-1].key, rows[-1].why.value) if rows else None):
        rows += page
    if as_json:
        found = [{**row._asdict(), "why": row.why.value, "since": row.since.isoformat()} for row in rows]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for row in rows:
        who = row.address or f"(nobody here; {row.key[:12]}…)"
        click.echo(f"{who}  {row.why.value}  {row.status or '-'}  {row.since:%Y-%m-%d}")
    click.echo(f"{len(rows)} {'address gets' if len(rows) == 1 else 'addresses get'} no mail.", err=True)


@suppression.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why; it stands in the audit log.")
def lift(email: str, reason: str) -> None:
    """Send mail to EMAIL again."""
    try:
        with unit_of_work():
            lifted = suppressions.lift(None, email, reason=reason)
    except ValueError:
        raise click.UsageError(f"“{email}” is not an e-mail address.") from None
    click.echo(f"{email} gets mail again; it had {' and '.join(each.value for each in lifted)}.")


# --- Companies and people as files ---


@click.group("people")
def people_files() -> None:
    """Companies and people from CSV files, plain or gzipped, and as such files. Nobody is told."""


_KIND = click.argument("kind", type=click.Choice([kind.value for kind in spreadsheets.Kind]))


class _Undo(Exception):
    """Ends a unit of work that was only tried."""


@people_files.command("import")
@_KIND
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Do it all and keep nothing: says what would change.")
@click.option("--skip-refused", is_flag=True, help="Take the other rows when some cannot be taken.")
def import_people(kind: str, file: Path, dry_run: bool, skip_refused: bool) -> None:
    """Put in the companies or people that FILE tells of; see docs/import.md."""
    taken: spreadsheets.Taken | None = None
    try:
        with unit_of_work():
            taken = spreadsheets.take(None, spreadsheets.Kind(kind), file, skip_refused=skip_refused)
            if dry_run:
                raise _Undo
    except _Undo:
        click.echo("This was tried and nothing was kept.")
    except FileRefused as error:
        _show_refused(error.refused)
        raise
    if taken is None:
        return
    for change in taken.changes:
        said = "; ".join(
            f"{name}: {after}" if change.is_new else f"{name}: {before} → {after}"
            for name, (before, after) in change.fields.items()
        )
        click.echo(f"Line {change.line}: {change.name}{' (new)' if change.is_new else ''}: {said}")
    if taken.ignored:
        click.echo(f"Columns not used: {', '.join(taken.ignored)}")
    click.echo(f"{taken.rows} rows: {taken.added} new, {taken.changed} changed, {taken.same} as they were.")
    _show_refused(taken.refused)


def _show_refused(refused: Sequence[Refused]) -> None:
    for row in refused[:REFUSED_SHOWN]:
        click.echo(f"Line {row.line}: {row.reason}", err=True)
    if len(refused) > REFUSED_SHOWN:
        click.echo(f"… and {len(refused) - REFUSED_SHOWN} more.", err=True)


@people_files.command("export")
@_KIND
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_people(kind: str, file: Path) -> None:
    """Write all companies or people into FILE, as import takes them."""
    with file.open("w", encoding="utf-8", newline="") as out, one_moment():
        out.writelines(spreadsheets.lines_of(None, spreadsheets.Kind(kind)))
    click.echo(f"Written to {file}.")


commands: list[click.Command] = [user, factor, key, suppression, people_files]
