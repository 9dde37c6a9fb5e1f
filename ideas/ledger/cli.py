"""Commands of this room: `doctor`, which looks at everything that can be looked at, `resume-sending`, and the group
`ledger` (cli_ledger.py).

Exit codes: 0 all well, 1 something is wrong.
"""

from __future__ import annotations

import json

import click

from ideas.db import unit_of_work
from ideas.ledger import cli_mail, doctoring, holding
from ideas.ledger.cli_ledger import ledger


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Say it to a program.")
def doctor(as_json: bool) -> None:
    """Look at the database, mail, queue, files, counters and settings; say what is wrong and what to do."""
    found = doctoring.look()
    wrong = sum(map(len, found.values()))
    notes = [] if found["Database"] else doctoring.notes()
    if as_json:
        click.echo(json.dumps({"well": not wrong, "wrong": found, "notes": notes}, indent=2, ensure_ascii=False))
        raise SystemExit(1 if wrong else 0)
    for name, lines in found.items():
        click.echo(f"{name}: {'well' if not lines else ''}".rstrip())
        for line in lines:
            click.echo(f"  {line}")
    for line in notes:
        click.echo(f"Note: {line}")
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
    click.echo("All is well.")


@click.command("resume-sending")
def resume_sending() -> None:
    """Send what was held back when a backup was restored, to those who still want it."""
    with unit_of_work():
        held = holding.let_go()
    click.echo(f"Released: {held.messages} messages and the mail of {held.announcements} announcements.")


doctor.add_command(cli_mail.mail)

commands = [doctor, resume_sending, ledger]
