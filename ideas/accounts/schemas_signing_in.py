"""How people sign in, as the API says it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas.accounts.factor_rule import Standing
from ideas.accounts.factors import Factors
from ideas.accounts.models import User
from ideas.accounts.models_factors import Passkey
from ideas.api import OutSchema
from ideas.schemas import UtcTime, when

Shape = dict[str, Any]


class AppOut(OutSchema):
    """An authenticator app."""

    created_at = UtcTime()
    last_used_at = UtcTime(allow_none=True)


class PasskeyOut(AppOut):
    """A passkey of yours."""

    id = fields.Integer()
    name = fields.String(metadata={"description": "As you called it."})


class FactorsOut(OutSchema):
    """What you give besides a password or a link."""

    since = UtcTime(allow_none=True, metadata={"description": "null: nothing, and then the rest is empty too."})
    app = fields.Nested(AppOut, allow_none=True)
    passkeys = fields.List(fields.Nested(PasskeyOut))
    recovery_codes_left = fields.Integer()


class FactorRuleOut(OutSchema):
    """Whether the team must have a second factor, and how far it is."""

    needed_from = UtcTime(allow_none=True, metadata={"description": "null: it is up to each."})
    team = fields.Integer(metadata={"description": "How many people answer, on whichever board."})
    lacking = fields.Integer(metadata={"description": "How many of them have none."})


FACTORS = {
    "since": "2026-11-22T10:00:00Z",
    "app": {"created_at": "2026-11-22T10:00:00Z", "last_used_at": "2026-11-24T08:30:00Z"},
    "passkeys": [
        {"created_at": "2026-11-23T10:00:00Z", "last_used_at": None, "id": 4, "name": "The key on my keyring"},
    ],
    "recovery_codes_left": 9,
}
RULE = {"needed_from": "2026-12-06T10:00:00Z", "team": 7, "lacking": 3}


def factors(person: User, has: Factors) -> Shape:
    app = has.app
    return {
        "since": when(person.factor_since),
        "app": {"created_at": when(app.created_at), "last_used_at": when(app.last_used_at)} if app else None,
        "passkeys": [_passkey(each) for each in has.passkeys],
        "recovery_codes_left": has.codes.unused,
    }


def _passkey(row: Passkey) -> Shape:
    used = when(row.last_used_at)
    return {"created_at": when(row.created_at), "last_used_at": used, "id": row.id, "name": row.name}


def rule(now: Standing) -> Shape:
    return {"needed_from": when(now.needed_from), "team": now.team, "lacking": now.lacking}
