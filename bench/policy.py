"""Every act of the rights table, on everything it names, as everybody, by form and by API: each comes out as the table
says, and whatever is not done writes nothing. Keys that may only read, or stand in public, write nothing anywhere. Ids
of others in the place of one's own, and columns of the tables among the fields, reach nothing.

python -m bench.policy [--database sqlite|postgresql]
"""

from __future__ import annotations

from unittest import mock

from bench import inside, stage
from bench.stage import Findings
from ideas.boards import policy
from tests.safety import rights, things, trespassing, walking


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    findings = Findings("Everybody may do what the rights table says, by form and by API, and nothing else")
    rows = list(rights.rows())
    for site in inside.applications(asked):
        made = things.make(site.app)
        trespassing.prepare(made)
        with walking.Walk(site.app, made) as walk:
            findings.same(f"{site.kind}: forms and operations without a row", [], walking.without_a_row(walk))
            cells = list(walking.all_cells(walk, rows))
            found = walking.walked(walk, cells)
            by_form = sum(cell.edge == walking.FORM for cell in cells)
            findings.note(f"{site.kind}: acts, rows of the table", f"{len(walk.acts)}, {len(rows)}")
            findings.note(f"{site.kind}: asked by form, by API", f"{by_form:,}, {len(cells) - by_form:,}")
            findings.same(f"{site.kind}: what came out otherwise", [], found.breaches)
            findings.same(f"{site.kind}: weak keys that may write", [], walking.let_through_by_weak_keys(walk))
            trespassing_found(walk, site.kind, findings)
            planted = [row for row in rows if (row.act, row.thing) == ("hide an idea", "idea open")]
            with mock.patch.object(policy, "require_team", return_value=None):
                open_to_all = walking.walked(walk, walking.all_cells(walk, planted))
            findings.same(
                f"{site.kind}: hiding opened to everybody is found, for five roles at two edges",
                10,
                len(open_to_all.breaches),
            )
    findings.end()


def trespassing_found(walk: walking.Walk, kind: str, findings: Findings) -> None:
    """Ids of others in the place of one's own, and every column among the fields of every write."""
    asked, found = trespassing.crossed(walk)
    findings.same(f"{kind}: of {asked} writes that name what is others', done", [], found)
    asked, found = trespassing.mass(walk)
    findings.same(f"{kind}: of {asked} writes with every column among the fields, with any effect", [], found)


if __name__ == "__main__":
    main()
