"""How each act of the rights table is done: the form that a browser sends, and the operation of the API.

`$word` in what is sent, and in addresses, is looked up in the thing to which it is done (things.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tests.boards.pages import LONG_ENOUGH

EXAMPLE = "what the description of the API shows"  # as the body of an operation
WORDS = "Water runs off the beds and nobody sees it in time."
PICTURE: Literal["picture"] = "picture"
ONCE = "$once"  # a new one for each sending


@dataclass(frozen=True)
class Act:
    """What somebody does to something.

    typed: the fields of the form beside its token. sent: the body. asked: the query. file: the field of the form, or of
    the body in parts, that holds a file. keeps_nothing: it writes nothing when it is allowed.
    """

    name: str
    form: str | None = None
    typed: dict[str, Any] | None = None
    operation: str | None = None
    sent: Any = EXAMPLE
    asked: dict[str, str] | None = None
    file: str = ""
    keeps_nothing: bool = False


def _line(status: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "reason": reason, "text": LONG_ENOUGH, **more}


_IDEA = {"title": "A bench by the gate", "body": WORDS}
_ESTIMATE = {"reach": "7", "impact": "1", "confidence": "50", "effort": "2"}
_SOURCES = {f"{name}_source": "Five interviews" for name in _ESTIMATE}
_EVIDENCE = {"kind": "call", "words": WORDS, "link": "", "who": "", "once": ONCE}
_RELEASE = {"title": "The spring release", "body": WORDS, "date": ""}
_SNIPPET = {"name": "Needs a sponsor", "text": LONG_ENOUGH}
_VIEW = {"list": "stage=open", "name": "Broad", "votes": "1", "breadth": "3", "value": "0", "priority": "0"}
_SEGMENT = {"name": "Large", "match": "all", "conditions-0-what": "company_attribute.is"}
_SEGMENT |= {"conditions-0-name": "seats", "conditions-0-value": "9"}
_BOARD = {"name": "Orchard", "about": "Old trees", "visibility": "public", "premoderation": "none"}
_BOARD |= {"promise": "We read it.", "answer_within_days": "9", "embed_sites": ""}
_HOOK = {"address": "https://tools.example.org/hooks", "description": "Chat", "kinds": ["idea.created"], "board": ""}
_MAIL = {"subject": "{{headline}}", "opening": "Hello {{name}},", "closing": ""}
_ON, _OFF = {"on": "1"}, {"on": "0"}
_NO: dict[str, Any] = {}

ACTS = (
    # Ideas
    Act("propose", "taking_part.new_idea", {**_IDEA, "once": ONCE}, "post_idea", {**_IDEA, "board": "$slug"}),
    Act("edit an idea", "taking_part.edit_idea", _IDEA, "edit_idea"),
    Act("take an idea back", "taking_part.withdraw", _NO, "withdraw_idea"),
    Act("back", "taking_part.vote", _ON, "cast_vote"),
    Act("take a vote back", "taking_part.vote", _OFF, "retract_vote"),
    Act("follow an idea", "taking_part.follow_idea", _ON, "follow_idea"),
    Act("follow an idea no more", "taking_part.follow_idea", _OFF, "unfollow_idea"),
    Act("mute an idea", "taking_part.mute_idea", _ON, "mute_idea"),
    Act("mute an idea no more", "taking_part.mute_idea", _OFF, "unmute_idea"),
    Act("upload a picture", "pictures.add", _NO, "post_picture", _NO, file="picture"),
    # Comments
    Act("comment", "taking_part.comment", {"body": WORDS, "once": ONCE}, "add_comment"),
    Act(
        "speak for the team",
        "taking_part.comment",
        {"body": WORDS, "once": ONCE, "voice": "official"},
        "add_comment",
        {"body": WORDS, "official": True},
    ),
    Act(
        "note for the team",
        "taking_part.comment",
        {"body": WORDS, "once": ONCE, "voice": "internal"},
        "add_comment",
        {"body": WORDS, "internal": True},
    ),
    Act("edit a comment", "taking_part.edit_comment", {"body": WORDS}, "edit_comment"),
    Act("delete a comment", "taking_part.delete_comment", _NO, "delete_comment"),
    # Moderation
    Act("flag an idea", "moderation.flag_idea", {"reason": "spam", "words": "Look"}, "flag_idea"),
    Act("flag a comment", "moderation.flag_comment", {"reason": "spam", "words": "Look"}, "flag_comment"),
    Act("dismiss flags of an idea", "moderation.dismiss_idea", _NO, "dismiss_flags_of_idea"),
    Act("dismiss flags of a comment", "moderation.dismiss_comment", _NO, "dismiss_flags_of_comment"),
    Act("hide an idea", "team.hide_idea", {"reason": WORDS}, "hide_idea"),
    Act("show an idea again", "team.restore_idea", _NO, "restore_idea"),
    Act("hide a comment", "team.hide_comment", {"reason": WORDS}, "hide_comment"),
    Act("show a comment again", "team.restore_comment", _NO, "restore_comment"),
    Act("appeal", "moderation.hidden", {"words": WORDS}, "appeal"),
    Act("grant an appeal", "moderation.grant", _NO),
    Act("refuse an appeal", "moderation.keep", {"reply": WORDS}, "refuse_appeal"),
    Act("let through what waits", "moderation.let_through", _NO),
    Act("refuse what waits", "moderation.refuse", {"reason": WORDS}, "refuse_held"),
    Act("keep what came by mail", "replying.keep", _NO, "keep_mail"),
    Act("discard what came by mail", "replying.discard", _NO, "discard_mail"),
    # Answers
    Act(
        "answer",
        "team.answer",
        {**_line("started", "in_progress"), "once": ONCE},
        "answer_idea",
        {**_line("started", "in_progress"), "credits": []},
    ),
    Act(
        "try an answer",
        None,
        None,
        "preview_answer",
        {**_line("started", "in_progress"), "credits": []},
        keeps_nothing=True,
    ),
    Act(
        "correct an answer",
        "team.correct",
        {"reason": "committed", "text": WORDS + LONG_ENOUGH, "version": "1", "once": ONCE},
        "correct_answer",
        {"text": WORDS + LONG_ENOUGH},
    ),
    Act("undo an answer", "team.undo", _NO, "undo_answer"),
    Act("send an answer now", "team.send_now", _NO, "send_answer_now"),
    Act(
        "merge",
        "merging.merge",
        {"into": "$target", "text": LONG_ENOUGH},
        "merge_idea",
        {"into": "$target", "text": LONG_ENOUGH},
    ),
    Act("take apart", "merging.unmerge", {"text": LONG_ENOUGH}, "unmerge_idea"),
    Act("say whether it helped", "asking.solved", {"answer": "partly", "words": WORDS}, "say_whether_solved"),
    Act("show a story", "asking.story", _ON, "show_story"),
    Act("follow up", "asking.follow_up", _IDEA, "follow_up"),
    Act("say whether still wanted", "silence.still_wanted", {"wanted": "true"}, "say_whether_still_wanted"),
    # The team's own sorting
    Act("tag", "team.tags", {"tags": ["seed"]}, "put_tags"),
    Act("give an owner", "team.owner", {"owner": "$team"}, "put_owner", {"owner": "$team"}),
    Act("give a day", "team.due", {"due_on": "2099-12-04"}, "put_due"),
    Act("estimate", "backlog.scores", {**_ESTIMATE, **_SOURCES}, "put_estimate"),
    Act("remove an estimate", "backlog.remove_estimate", _NO, "remove_estimate"),
    Act("sort several", "chosen.chosen", {"idea": ["$idea_id"], "owner": "$team"}),
    Act("move several", "chosen.move", {"idea": ["$idea_id"], **_line("considering", "under_review"), "once": ONCE}),
    Act(
        "merge several",
        "chosen.merge",
        {"idea": ["$idea_id", "$target"], "into": "$target", "text": LONG_ENOUGH, "once": ONCE},
    ),
    Act(
        "ship several",
        "chosen.ship",
        {"idea": ["$idea_id"], "release": "", "title": "Spring", "own-$idea_id": LONG_ENOUGH, "once": ONCE},
    ),
    Act("keep a view", "desk_views.new", {**_VIEW, "lately": "0", "once": ONCE}, "keep_view"),
    Act("change a view", "desk_views.edit", {**_VIEW, "lately": "0", "once": ONCE}, "edit_view"),
    Act("remove a view", "desk_views.remove", _NO, "remove_view"),
    Act(
        "keep a snippet",
        "snippets.new",
        {**_SNIPPET, "board": "$slug", "once": ONCE},
        "keep_snippet",
        {**_SNIPPET, "board": "$slug"},
    ),
    Act("change a snippet", "snippets.edit", {**_SNIPPET, "once": ONCE}, "edit_snippet"),
    Act("remove a snippet", "snippets.remove", _NO, "remove_snippet"),
    # What customers said elsewhere
    Act("note evidence", "evidence.new", _EVIDENCE, "add_evidence", {"kind": "call", "words": WORDS}),
    Act(
        "capture evidence",
        "capturing.capture",
        {**_EVIDENCE, "board": "$slug", "title": "A bench", "idea": "new"},
    ),
    Act("remove evidence", "evidence.remove", _NO, "remove_evidence"),
    Act("vote for somebody", None, None, "vote_on_behalf", None),
    Act("take that vote back", "evidence.take_back", _NO, "take_back_on_behalf"),
    Act("say about a vote for oneself", "evidence.on_behalf", {"wanted": "true"}, "say_on_behalf"),
    # Releases
    Act(
        "draft a release",
        "releases.new",
        {**_RELEASE, "once": ONCE},
        "draft_release",
        {**_RELEASE, "date": None, "board": "$slug"},
    ),
    Act("edit a release", "releases.edit", {**_RELEASE, "version": "$version", "once": ONCE}, "edit_release"),
    Act("discard a release", "releases.discard", _NO, "discard_release"),
    Act(
        "put an idea into a release",
        "releases.line",
        {"reason": "shipped", "text": LONG_ENOUGH, "once": ONCE},
        "put_release_idea",
        {"reason": "shipped", "text": LONG_ENOUGH, "credits": []},
    ),
    Act("take an idea out of a release", "releases.take_out", _NO, "take_out_release_idea"),
    Act("publish a release", "releases.publish", _NO, "publish_release"),
    Act("undo a release", "releases.undo", _NO, "undo_release"),
    Act("send a release now", "releases.send_now", _NO, "send_release_now"),
    Act("follow releases", "releases.follow", _ON, "follow_releases"),
    Act("follow releases no more", "releases.follow", _OFF, "unfollow_releases"),
    # Boards
    Act("follow a board", "taking_part.follow_board", _ON, "follow_board"),
    Act("follow a board no more", "taking_part.follow_board", _OFF, "unfollow_board"),
    Act("make a board", "manage.new_board", {**_BOARD, "slug": "orchard"}, "make_board"),
    Act("change a board", "manage.board", {**_BOARD, "slug": "$slug"}, "edit_board"),
    Act(
        "add a status",
        "manage.add_status",
        {"new-status-name": "In the shed", "new-status-stage": "started"},
        "add_status",
    ),
    Act(
        "change a status",
        "manage.change_status",
        {"status-$status_id-name": "In the shed", "status-$status_id-stage": "$stage"},
        "edit_status",
    ),
    Act("order statuses", "manage.move_status_up", _NO, "order_statuses", {"order": "$order"}),
    Act("remove a status", "manage.remove_status", _NO, "remove_status"),
    Act("add a tag", "manage.add_tag", {"new-tag-name": "Water"}, "add_tag"),
    Act("rename a tag", "manage.rename_tag", {"tag-$tag_id-name": "Water"}, "rename_tag"),
    Act("remove a tag", "manage.remove_tag", _NO, "remove_tag"),
    Act(
        "put somebody on a board",
        "manage.add_person",
        {"new-person-email": "$email", "new-person-role": "team"},
        "put_board_person",
    ),
    Act("take somebody off a board", "manage.remove_person", _NO, "remove_board_person"),
    Act(
        "invite to a board",
        "manage.invite",
        {"new-invitation-email": "ada@example.org", "new-invitation-role": "member"},
        "invite_to_board",
    ),
    Act("withdraw an invitation to a board", "manage.withdraw_invitation", _NO, "withdraw_board_invitation"),
    # A board on other sites
    Act(
        "name sites of a board",
        "embed.show",
        {"sites": "https://shop.example.org"},
        "edit_board",
        {"embed_sites": ["https://shop.example.org"]},
    ),
    Act(
        "set up signed identity",
        "embed.identity",
        {"issuer": "https://app.example.org", "algorithm": "HS256", "keys_address": ""},
        "edit_embed",
    ),
    Act("make a secret of a host", "embed.make_secret", _NO, "make_embed_secret"),
    Act("end the former secret of a host", "embed.end_former_secret", _NO, "end_former_secret"),
    Act("make a publishable key", "embed.make_key", _NO, "make_publishable_key"),
    Act("revoke a publishable key", "embed.revoke_key", _NO, "revoke_publishable_key"),
    Act(
        "check a page",
        "embed.check",
        {"address": "", "token": "x.y.z"},
        "check_embed",
        {"token": "x.y.z"},
        keeps_nothing=True,
    ),
    # People and companies
    Act("add a company", "accounts.list_companies", {"name": "Riverside"}, "add_company"),
    Act("rename a company", "accounts.company", {"name": "Riverside"}, "rename_company"),
    Act("put in a company", None, None, "put_company"),
    Act("put in companies", "accounts.import_companies", {"act": "take"}, "put_companies", file="companies"),
    Act("put in a person", None, None, "put_person", {"email": "ole@example.org", "name": "Ole"}),
    Act("put in people", "accounts.import_people", {"act": "take"}, "put_people", file="people"),
    Act("say where somebody belongs", "accounts.set_belonging", {"company": "", "title": "Head"}, "edit_person"),
    Act("give a role", "accounts.set_role", {"role": "team"}, "put_role", {"role": "team"}),
    Act("suspend", "accounts.suspend", {"reason": WORDS}, "suspend_person"),
    Act("suspend no more", "accounts.unsuspend", _NO, "unsuspend_person"),
    Act("erase somebody", "accounts.erase_person", {"sure": "y"}),
    Act("take a second factor away", "accounts.take_away_factor", _NO),
    Act("invite to a role", "accounts.invitations", {"email": "ada@example.org", "role": "team"}, "invite_to_role"),
    Act("withdraw an invitation to a role", "accounts.withdraw_role_invitation", _NO, "withdraw_role_invitation"),
    Act(
        "stop mail to an address",
        None,
        None,
        "add_suppression",
        {"email": "eve@example.org", "why": "bounced", "reason": WORDS},
    ),
    Act("let mail to an address again", None, None, "lift_suppression"),
    Act("keep a segment", "segments.new", {**_SEGMENT, "once": ONCE}, "make_segment"),
    Act("change a segment", "segments.edit", {**_SEGMENT, "once": ONCE}, "edit_segment"),
    Act("remove a segment", "segments.remove", _NO, "remove_segment"),
    # The site
    Act("change the look", "branding.look", {"site_name": "Beds", "accent": "#0b6b5f"}, "edit_brand"),
    Act("put up a logo", None, None, "put_logo", None, file=PICTURE),
    Act("drop the logo", "branding.drop_logo", _NO, "drop_logo"),
    Act("ask for second factors", "accounts.team_signing_in", {"days": "14"}, "put_second_factor_rule"),
    Act("ask for second factors no more", "accounts.drop_factor_rule", _NO, "drop_second_factor_rule"),
    Act("word mails", "ledger.mail_words", _MAIL, "put_mail_words"),
    Act("try words of mails", "ledger.mail_words", {**_MAIL, "preview": "1"}, "preview_mail_words", keeps_nothing=True),
    Act("reset words of mails", "ledger.reset_mail_words", _NO, "reset_mail_words"),
    Act(
        "send a file to import",
        "moving.home",
        {"format": "ideas", "board": "garden", "columns": "title=wish"},
        "send_import",
        _NO,
        {"format": "ideas", "board": "garden"},
        file="file",
    ),
    Act("begin an import", "moving.begin", _NO, "begin_import"),
    Act("discard an import", "moving.discard", _NO, "discard_import"),
    Act("take everything along", "moving.export", {"only_board": "", "shape": "ndjson"}),
    # Webhooks
    Act("add a webhook", "webhooks.home", {**_HOOK, "once": ONCE}, "add_webhook"),
    Act("change a webhook", "webhooks.show", _HOOK, "edit_webhook"),
    Act("remove a webhook", "webhooks.remove", _NO, "remove_webhook"),
    Act("pause a webhook", "webhooks.pause", _NO, "pause_webhook"),
    Act("let a webhook go on", "webhooks.resume", _NO, "resume_webhook"),
    Act("give a webhook a new secret", "webhooks.rotate", _NO, "rotate_webhook_secret"),
    Act("test a webhook", "webhooks.send_test", _NO, "send_test_webhook"),
    Act("send a message again", "webhooks.replay", _NO, "replay_webhook_message"),
    Act(
        "send messages again",
        "webhooks.replay_range",
        {"first": "$today", "last": "$today", "all_of_it": "y"},
        "replay_webhook",
        {"since": "$since", "until": "$until", "only_unsent": False},
    ),
    # One's own account
    Act(
        "change one's profile",
        "accounts.profile",
        {"name": "Mia", "title": "", "locale": "de", "timezone": ""},
        "edit_me",
    ),
    Act("end a sign-in", "accounts.revoke_session", _NO, "end_session"),
    Act("end all sign-ins", "accounts.revoke_other_sessions", _NO, "end_sessions"),
    Act("make a key", "accounts.api_keys", {"name": "Till", "scopes": ["ideas:read"], "days": "90"}, "make_key"),
    Act("rotate a key", None, None, "rotate_key"),
    Act("revoke a key", "accounts.revoke_key", _NO, "revoke_key"),
    Act("make a feed", "private_feeds.own", {"board": ""}, "make_feed", {"board": "garden"}),
    Act("revoke a feed", "private_feeds.revoke", _NO, "revoke_feed"),
    Act("choose what to hear of", "ledger.choose", {"email_moved": "weekly"}, "put_notifications"),
    Act(
        "choose when",
        "ledger.choose_hours",
        {"digest_hour": "9", "digest_weekday": "", "quiet_from": "", "quiet_to": ""},
    ),
    Act("stop all mail", "ledger.stop_or_start_mail", _OFF),
    Act("mute no more", "ledger.unmute", {"subject": "$subject"}, "unmute"),
    Act("mark as read", "ledger.mark_read", _NO, "mark_read", {"ids": ["$delivery_id"]}),
    Act("mark all as read", "ledger.mark_all_read", _NO),
)

BY_PROOF = "who signs in, signs up or proves who they are needs the proof and no right; tests/accounts tries each"
OWN_PROOF = "of oneself alone, after a proof that it is really oneself; tests/accounts tries each"
BY_LINK = "whoever has the link that was mailed; tests of the room that mails it try it"
# Forms and operations without a row, each with the reason.
WITHOUT_A_ROW = {
    **dict.fromkeys(
        (
            *("accounts.ask_for_link", "accounts.ask_for_reset", "accounts.begin_second_passkey"),
            *("accounts.begin_sign_in_by_passkey", "accounts.confirm", "accounts.link_identity", "accounts.sign_in"),
            *("accounts.recovery_step", "accounts.second_passkey", "accounts.second_step", "accounts.set_up"),
            *("accounts.sign_in_by_passkey", "accounts.sign_in_with", "accounts.sign_out", "accounts.sign_up"),
        ),
        BY_PROOF,
    ),
    **dict.fromkeys(
        (
            *("accounts.add_app", "accounts.add_passkey", "accounts.begin_passkey", "accounts.codes_as_file"),
            *("accounts.erase_oneself", "accounts.export", "accounts.remove_app", "accounts.remove_identity"),
            *("accounts.remove_passkey", "accounts.renew_codes", "embed_own.remove"),
        ),
        OWN_PROOF,
    ),
    **dict.fromkeys(
        (
            *("accounts.accept_role", "accounts.reset", "accounts.use_link", "accounts.verify", "manage.invitation"),
            *("asking.solved_by_link", "evidence.behalf_by_link", "silence.still_wanted_by_link"),
            *("ledger.choose_by_link", "ledger.choose_hours_by_link", "ledger.stop_or_start_mail_by_link"),
            *("ledger.unmute_by_link", "ledger.unsubscribe"),
        ),
        BY_LINK,
    ),
    "embed_window.hand_over": "of oneself alone, for a page of another site; tests/embed/test_window.py tries it",
    "sign_in_on_page": "a page's own key and a host's signature; tests/embed tries each",
    "sign_out_of_page": "whoever is signed in on that page; tests/embed tries it",
    "mail_doors.webhook": "a provider of mail, which proves who it is; tests/test_mail_doors.py tries it",
    "mcp.speak": "the services and keys of the API by another way; tests/mcp tries it",
}
