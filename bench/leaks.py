"""A word that stands nowhere else in everything private; every address of the site, asked as everybody, shows it only
to those whom the policy table names, and so does every mail. A planted leak and an address without a row are found.

python -m bench.leaks [--database sqlite|postgresql]
"""

from __future__ import annotations

from pathlib import Path

from bench import inside, stage
from bench.inside import Inside
from bench.stage import Findings
from ideas.ledger import worker
from tests.safety import crawling, policy_table, world
from tests.safety.world import World


def main() -> None:
    asked = stage.arguments(__doc__.splitlines()[0] if __doc__ else "", data=False)
    findings = Findings("Nothing private is seen by anybody whom the policy table does not name")
    for site in inside.applications(asked):
        findings.same(f"{site.kind}: addresses without a row in the policy table", [], crawling.without_a_row(site.app))
        planted: list[str] = []
        site.app.add_url_rule("/planted", "planted", lambda words=planted: f"<p>{chr(32).join(words)}</p>")
        made = world.make(site.app)
        worker.run_once(site.app)
        _crawl(site, made, findings)
        planted.append(next(token.word for token in made.tokens if token.kind == "internal note"))
        seen = crawling.crawl_one(site.app, made, "planted", "/planted")
        may = len(policy_table.ROLES)
        findings.same(
            f"{site.kind}: a planted page with an internal note is found, for each role", may, len(seen.leaks)
        )
        findings.same(f"{site.kind}: … and has no row in the table", ["planted"], crawling.without_a_row(site.app))
    findings.end()


def _crawl(site: Inside, made: World, findings: Findings) -> None:
    refusals = crawling.differing_refusals(site.app, made)
    seen = crawling.crawl(site.app, made)
    crawling.read_mail(made, seen, Path(site.app.config["ANSWERBACK"].mail_url.removeprefix("folder:")))
    findings.note(f"{site.kind}: private words", len(made.tokens))
    findings.note(f"{site.kind}: endpoints × roles", f"{len(policy_table.ROUTES)} × {len(policy_table.ROLES)}")
    findings.note(f"{site.kind}: requests, mails read", f"{seen.asked:,}, {seen.mails}")
    findings.holds(
        f"{site.kind}: words seen where they may be", seen.sightings > 1000, seen.sightings, wanted="> 1,000"
    )
    findings.same(f"{site.kind}: words seen where they may not be", [], sorted(set(seen.leaks)))
    findings.same(f"{site.kind}: answers of our own fault", [], sorted(set(seen.errors)))
    findings.same(f"{site.kind}: refusals that differ from “not there”", [], refusals)


if __name__ == "__main__":
    main()
