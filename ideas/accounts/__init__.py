"""People: who they are, how they sign in, what they may do site-wide, and what was done with privilege.

Owns: user, rhythm, company, user_session, half_sign_in, totp, passkey, passkey_challenge, recovery_code, factor_rule,
ticket, attempt, unfinished_act, letter, suppression, mail_report, api_key, audit_entry, role_invitation, segment,
segment_person, brand, identity.
Emits: nothing. Stands on: the ground.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: who is signed in, its pages, and what the worker tidies for it."""
    from ideas import rounds, settings
    from ideas.accounts import api as accounts_api
    from ideas.accounts import (  # noqa: F401 the last ones add to views.bp
        api_account,
        api_administration,
        api_audit,
        api_signing_in,
        api_site,
        api_suppressions,
        checks,
        factors,
        inviting,
        letters,
        signin,
        suppressions,
        tidying,
        views,
        views_admin,
        views_audit,
        views_branding,
        views_factor_rule,
        views_factors,
        views_inviting,
        views_language,
        views_me,
        views_openid,
        views_passkeys,
        views_privacy,
        views_spreadsheets,
    )
    from ideas.api import api

    with app.app_context():
        rooms = settings.rooms()
    signin.init_app(app)
    rooms.checks |= checks.CHECKS
    rooms.checks["second factors are asked for"] = factors.noted_as_they_are
    rooms.resumers["role"] = inviting.resume
    rooms.figures.append(letters.figures)
    rooms.sweeps.append(tidying.sweep)
    rooms.rounds["reports.forget"] = rounds.Round(every=timedelta(days=1), run=suppressions.forget)
    app.register_blueprint(views.bp)
    views_branding.init_app(app, rooms)
    for part in (accounts_api, api_audit, api_account, api_administration, api_site, api_suppressions):
        api.register_blueprint(part.blueprint)
