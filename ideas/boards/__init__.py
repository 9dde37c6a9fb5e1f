"""Boards: where ideas are posted, backed, discussed and answered.

Owns: board, membership, invitation, status, tag, idea, idea_tag, idea_rank, idea_term, board_term, term_slip,
idea_meaning, revision, vote, comment, comment_version, mention, picture, idea_follow, board_follow, answer,
answer_version, credit, hiding, flag, merge, mail_reply, inquiry, solved, reminder, still_wanted,
release, release_idea, release_follow, snippet, left_out, evidence, vote_on_behalf, change.
Emits: idea_received, commented, answered, answer_corrected, hidden, appeal_answered, merged, unmerged,
solved_asked, not_solved, followed_up, still_wanted_asked, overdue, date_near, appealed,
release_published, voted_on_behalf.
Stands on: accounts, ledger, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages and API, what it wants told, how its acts are resumed, what it checks."""
    from dataclasses import replace
    from datetime import timedelta

    from ideas import settings
    from ideas.api import api
    from ideas.boards import (
        alike,
        boardkeeping,
        checks,
        erasing,
        exporting,
        notices,
        notices_asking,
        notices_behalf,
        notices_releases,
        notices_silence,
        picturing,
        queries,
        replying,
        silence,
        solving,
        unfinished,
        views,
        views_asking,
        views_capturing,
        views_evidence,
        views_manage,
        views_merging,
        views_moderating,
        views_pictures,
        views_releases,
        views_replying,
        views_roadmap,
        views_silence,
        views_similar,
        views_snippets,
        views_taking_part,
        views_team,
        views_triage,
    )
    from ideas.boards import api as boards_api
    from ideas.rounds import Round

    with app.app_context():
        rooms = settings.rooms()
    told = (notices, notices_asking, notices_silence, notices_releases, notices_behalf)
    own = {kind: notice for room in told for kind, notice in room.NOTICES.items()}
    rooms.notices = {**rooms.notices, **{kind: replace(notice, alike=alike.alike) for kind, notice in own.items()}}
    rooms.news = (*rooms.news, *notices.NEWS)
    rooms.name_subjects = notices.name_subjects
    rooms.is_on_board = queries.is_on_board
    rooms.resumers |= unfinished.RESUMERS
    rooms.team = boardkeeping.TEAM
    rooms.checks |= checks.CHECKS
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    rooms.sweeps.append(picturing.sweep)
    rooms.rounds["silence.ask"] = Round(timedelta(hours=1), silence.ask_due)
    rooms.rounds["silence.owners"] = Round(timedelta(hours=1), silence.remind_owners)
    rooms.rounds["silence.dates"] = Round(timedelta(hours=1), silence.remind_of_dates)
    rooms.rounds["mail_reply.forget"] = Round(timedelta(hours=6), replying.forget)
    rooms.rounds["solved.ask"] = Round(timedelta(minutes=10), solving.ask_due)
    rooms.files.append(picturing.FILES)
    rooms.mail_takers[replying.PURPOSE] = views_replying.take
    pages: tuple[Any, ...] = (views, views_taking_part, views_team, views_manage, views_merging, views_moderating)
    pages += (views_pictures, views_replying, views_similar, views_asking, views_silence)
    pages += (views_roadmap, views_releases, views_snippets, views_triage)
    pages += (views_evidence, views_capturing)
    for page in pages:
        app.register_blueprint(page.bp)
    for blueprint in boards_api.blueprints:
        api.register_blueprint(blueprint)
