"""`ideas doctor mail`: whether mail that leaves here has a chance to arrive."""

from __future__ import annotations

import json

import click

from ideas.accounts import addresses
from ideas.ledger import doctoring_mail, names


@click.command()
@click.option("--to", metavar="ADDRESS", help="Send a test to this address.")
@click.option("--selector", "selectors", multiple=True, help="Where your relay's DKIM key stands; may be said again.")
@click.option("--nameserver", metavar="HOST[:PORT]", help="Ask this name server instead of the machine's own.")
@click.option("--json", "as_json", is_flag=True, help="Say it to a program.")
def mail(to: str | None, selectors: tuple[str, ...], nameserver: str | None, as_json: bool) -> None:
    """Look at the relay, SPF, DKIM and DMARC, and send a test; say what to fix."""
    if to is not None:
        try:
            to = addresses.email(to)
        except ValueError:
            raise click.UsageError(f"“{to}” is not an e-mail address.") from None
    try:
        asked = names.Names(names.resolver(nameserver))
    except names.NoAnswer as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"“{nameserver}” is no name server: say an address, such as 9.9.9.9.") from error
    found = doctoring_mail.look(asked, to=to, selectors=selectors)
    wrong = sum(map(len, found.wrong.values()))
    if as_json:
        said = {"well": not wrong, "wrong": found.wrong, "notes": found.notes, "sent_to": to}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        raise SystemExit(1 if wrong else 0)
    for name, lines in found.wrong.items():
        click.echo(f"{name}: {'well' if not lines else ''}".rstrip())
        for line in lines:
            click.echo(f"  {line}")
    for line in found.notes:
        click.echo(f"Note: {line}")
    if to and not found.wrong["Relay"]:
        click.echo(f"A test is on its way to {to}. See that it arrives, and not among junk.")
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
    click.echo("All is well.")
