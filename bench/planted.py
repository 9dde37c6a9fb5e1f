"""A wrong count, a leaked private title and a lost delivery are planted; each turns its check red, and only that.

python -m bench.planted [--database sqlite|postgresql]
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from tests.servers import RunningApp

COUNCIL = "SELECT id FROM board WHERE visibility = 'private'"
PUBLIC = "SELECT min(id) FROM board WHERE visibility = 'public'"
PRIVATE_IDEA = f"SELECT min(id) FROM idea WHERE board_id = ({COUNCIL})"
# a mail that was sent, of an announcement to many
LOST = "SELECT min(id) FROM delivery WHERE channel = 'email' AND state = 'sent' AND path = 'credited'"


class Plant(NamedTuple):
    """Something broken on purpose. where: what the check must name; says: a word that must stand in its line."""

    what: str
    plant: str
    mend: str
    where: str
    says: str


def plants(database: sa.Connection) -> list[Plant]:
    voted = database.exec_driver_sql("SELECT idea_id, vote_count FROM idea_rank ORDER BY vote_count DESC").first()
    assert voted is not None
    private = database.exec_driver_sql(PRIVATE_IDEA).scalar_one()
    lost = dict(database.exec_driver_sql(f"SELECT * FROM delivery WHERE id = ({LOST})").mappings().one())
    return [
        Plant(
            "one vote too many in a count",
            f"UPDATE idea_rank SET vote_count = vote_count + 1 WHERE idea_id = {voted[0]}",
            f"UPDATE idea_rank SET vote_count = {voted[1]} WHERE idea_id = {voted[0]}",
            f"idea:{voted[0]}",
            "I1",
        ),
        Plant(
            "a private title in a public list",
            f"UPDATE idea_rank SET board_id = ({PUBLIC}) WHERE idea_id = {private}",
            f"UPDATE idea_rank SET board_id = ({COUNCIL}) WHERE idea_id = {private}",
            f"idea:{private}",
            "I7",
        ),
        Plant(
            "one delivery lost",
            f"DELETE FROM delivery WHERE id = {lost['id']}",
            _insert(lost),
            f"entry:{lost['entry_id']}",
            "I3",
        ),
    ]


def _insert(row: dict[str, Any]) -> str:
    values = ", ".join("NULL" if value is None else f"'{value}'" for value in row.values())
    return f"INSERT INTO delivery ({', '.join(row)}) VALUES ({values})"


def main() -> None:
    asked = stage.arguments("Plants what must not be, and looks whether the checks see it.", data=False)
    findings = Findings("Planted")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh()) as site:
                site.ideas("demo")
                show(findings, kind, site)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp) -> None:
    url = stage.database_url(site)
    findings.same(f"{kind}: the untouched site", [], found_by_doctor(site))
    with stage.connection(url) as database:
        planned = plants(database)
    for plant in planned:
        change(url, plant.plant)
        if plant.says == "I7":
            findings.holds(f"{kind}: the title can really be read by everybody now", is_leaked(site, url), "yes")
        lines = found_by_doctor(site)
        found = all(plant.where in line and line.startswith(f"{plant.says}:") for line in lines) and bool(lines)
        findings.holds(f"{kind}: {plant.what}", found, lines or "nothing", wanted=f"{plant.says}: {plant.where} …")
        change(url, plant.mend)
        findings.same(f"{kind}: once that is mended", [], found_by_doctor(site))


def found_by_doctor(site: RunningApp) -> list[str]:
    """What `ideas doctor` says is wrong, a line each."""
    try:
        said = site.ideas("doctor")
    except RuntimeError as error:
        said = str(error)
    else:
        assert "All is well." in said
    return re.findall(r"^  (.*)$", said, re.MULTILINE)


def is_leaked(site: RunningApp, url: str) -> bool:
    with stage.connection(url) as database:
        title = database.exec_driver_sql(f"SELECT title FROM idea WHERE id = ({PRIVATE_IDEA})").scalar_one()
        board = database.exec_driver_sql(f"SELECT slug FROM board WHERE id = ({PUBLIC})").scalar_one()
    listed = stage.ask_all(f"{site.url}/api/v1/ideas?board={board}&limit=100")
    return title in {idea["title"] for idea in listed}


def change(url: str, statement: str) -> None:
    with stage.connection(url) as database:
        database.exec_driver_sql(statement)
        database.commit()


if __name__ == "__main__":
    main()
