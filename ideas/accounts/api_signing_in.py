"""Second factors as JSON: one's own to be read, and the rule for the team."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.accounts import api_account, api_administration, api_site, factor_rule, factors
from ideas.accounts import schemas_signing_in as shapes
from ideas.accounts.schemas_factors import FactorRuleWords
from ideas.db import unit_of_work

own = api_account.blueprint
site = api_site.blueprint


@own.route("/me/second-factor")
@own.needs(api_account.WRITE)
@own.gives(shapes.FactorsOut, example=shapes.FACTORS)
def get_second_factor() -> Any:
    """Read your second factor

    What there is, without anything that opens. It is set up and removed in the browser alone.
    """
    me = api.member()
    return shapes.factors(me, factors.of(me))


@site.route("/second-factor-rule")
@site.needs(api_administration.ROLES)
@site.gives(shapes.FactorRuleOut, example=shapes.RULE)
def get_second_factor_rule() -> Any:
    """Read whether the team must have a second factor

    For administrators.
    """
    return shapes.rule(factor_rule.standing(api.member()))


@site.route("/second-factor-rule", method="PUT")
@site.needs(api_administration.ROLES)
@site.takes(FactorRuleWords, example={"days": 14})
@site.gives(shapes.FactorRuleOut, example=shapes.RULE)
def put_second_factor_rule(wanted: dict[str, Any]) -> Any:
    """Have the team need a second factor

    In so many days; sent again, they begin anew. Whoever has none is told by mail, and from then on led to set one up
    before any page opens; API keys go on working. You need one yourself. For administrators.
    """
    with unit_of_work():
        factor_rule.require(api.member(), days=wanted["days"])
    return shapes.rule(factor_rule.standing(api.member()))


@site.route("/second-factor-rule", method="DELETE")
@site.needs(api_administration.ROLES)
@site.gives_nothing
def drop_second_factor_rule() -> None:
    """Leave a second factor to each

    Whoever has one is asked for it as before. For administrators.
    """
    with unit_of_work():
        factor_rule.drop(api.member())
