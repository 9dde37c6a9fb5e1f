"""Whatever a page can do the API can do: each form of the site has its operation, or a reason why there is none."""

import pytest

from tests.api.test_description import operations

BY_HAND = "who signs in, or proves who they are, is a person at a browser and no program"
BY_MAIL = "a link in a mail stands for whoever has the mail; with a key the same is said by "
IN_ONE_GO = "several at once, for the eye; a program does it one by one with "

# Form of a page → the operations that do the same …
DONE_BY: dict[str, str] = {
    "accounts.api_keys": "make_key",
    "accounts.company": "rename_company",
    "accounts.import_companies": "put_companies",
    "accounts.import_people": "put_people",
    "accounts.invitations": "invite_to_role",
    "accounts.list_companies": "add_company",
    "accounts.profile": "edit_me",
    "accounts.revoke_key": "revoke_key",
    "accounts.revoke_other_sessions": "end_sessions",
    "accounts.revoke_session": "end_session",
    "accounts.set_belonging": "edit_person",
    "accounts.set_role": "put_role",
    "accounts.suspend": "suspend_person",
    "accounts.unsuspend": "unsuspend_person",
    "accounts.withdraw_role_invitation": "withdraw_role_invitation",
    "asking.follow_up": "follow_up",
    "asking.solved": "say_whether_solved",
    "asking.story": "show_story",
    "backlog.remove_estimate": "remove_estimate",
    "backlog.scores": "put_estimate",
    "branding.drop_logo": "drop_logo",
    "branding.look": "edit_brand put_logo",
    "capturing.capture": "add_evidence post_idea find_similar",
    "desk_views.edit": "edit_view",
    "desk_views.new": "keep_view",
    "desk_views.remove": "remove_view",
    "embed.make_key": "make_publishable_key",
    "embed.revoke_key": "revoke_publishable_key",
    "embed.show": "edit_board",
    "evidence.new": "add_evidence",
    "evidence.on_behalf": "say_on_behalf",
    "evidence.remove": "remove_evidence",
    "evidence.take_back": "take_back_on_behalf",
    "ledger.choose": "put_notifications",
    "ledger.choose_hours": "put_notifications",
    "ledger.mail_words": "put_mail_words preview_mail_words",
    "ledger.mark_all_read": "mark_read",
    "ledger.mark_read": "mark_read",
    "ledger.reset_mail_words": "reset_mail_words",
    "ledger.stop_or_start_mail": "put_notifications",
    "ledger.unmute": "unmute",
    "manage.add_person": "put_board_person",
    "manage.add_status": "add_status",
    "manage.add_tag": "add_tag",
    "manage.board": "edit_board",
    "manage.change_status": "edit_status",
    "manage.invite": "invite_to_board",
    "manage.move_status_up": "order_statuses",
    "manage.new_board": "make_board",
    "manage.remove_person": "remove_board_person",
    "manage.remove_status": "remove_status",
    "manage.remove_tag": "remove_tag",
    "manage.rename_tag": "rename_tag",
    "manage.withdraw_invitation": "withdraw_board_invitation",
    "merging.merge": "merge_idea",
    "merging.unmerge": "unmerge_idea",
    "moderation.dismiss_comment": "dismiss_flags_of_comment",
    "moderation.dismiss_idea": "dismiss_flags_of_idea",
    "moderation.flag_comment": "flag_comment",
    "moderation.flag_idea": "flag_idea",
    "moderation.grant": "restore_idea restore_comment",
    "moderation.hidden": "appeal",
    "moderation.keep": "refuse_appeal",
    "moderation.let_through": "restore_idea restore_comment",
    "moderation.refuse": "refuse_held",
    "moving.begin": "begin_import",
    "moving.discard": "discard_import",
    "moving.export": "export",
    "moving.home": "send_import",
    "pictures.add": "post_picture",
    "private_feeds.own": "make_feed",
    "private_feeds.revoke": "revoke_feed",
    "releases.discard": "discard_release",
    "releases.edit": "edit_release",
    "releases.follow": "follow_releases unfollow_releases",
    "releases.line": "put_release_idea",
    "releases.new": "draft_release",
    "releases.publish": "publish_release",
    "releases.send_now": "send_release_now",
    "releases.take_out": "take_out_release_idea",
    "releases.undo": "undo_release",
    "replying.discard": "discard_mail",
    "replying.keep": "keep_mail",
    "segments.edit": "edit_segment",
    "segments.new": "make_segment",
    "segments.remove": "remove_segment",
    "silence.still_wanted": "say_whether_still_wanted",
    "snippets.edit": "edit_snippet",
    "snippets.new": "keep_snippet",
    "snippets.remove": "remove_snippet",
    "taking_part.comment": "add_comment",
    "taking_part.delete_comment": "delete_comment",
    "taking_part.edit_comment": "edit_comment",
    "taking_part.edit_idea": "edit_idea",
    "taking_part.follow_board": "follow_board unfollow_board",
    "taking_part.follow_idea": "follow_idea unfollow_idea",
    "taking_part.mute_idea": "mute_idea unmute_idea",
    "taking_part.new_idea": "post_idea",
    "taking_part.vote": "cast_vote retract_vote",
    "taking_part.withdraw": "withdraw_idea",
    "team.answer": "answer_idea preview_answer",
    "team.correct": "correct_answer",
    "team.due": "put_due",
    "team.hide_comment": "hide_comment",
    "team.hide_idea": "hide_idea",
    "team.owner": "put_owner",
    "team.restore_comment": "restore_comment",
    "team.restore_idea": "restore_idea",
    "team.send_now": "send_answer_now",
    "team.tags": "put_tags",
    "team.undo": "undo_answer",
    "webhooks.home": "add_webhook",
    "webhooks.pause": "pause_webhook",
    "webhooks.remove": "remove_webhook",
    "webhooks.replay": "replay_webhook_message",
    "webhooks.replay_range": "replay_webhook",
    "webhooks.resume": "resume_webhook",
    "webhooks.rotate": "rotate_webhook_secret",
    "webhooks.send_test": "send_test_webhook",
    "webhooks.show": "edit_webhook",
}

# … and those that no program fills in, each with the reason. What stands in backquotes is an operation, too.
FOR_PEOPLE: dict[str, str] = {
    "accounts.accept_role": "a role is taken by whoever reads the mail and is signed in with that address",
    "accounts.ask_for_link": BY_HAND,
    "accounts.ask_for_reset": BY_HAND,
    "accounts.confirm": BY_HAND,
    "accounts.link_identity": BY_HAND,
    "accounts.remove_identity": "asks first whether it is really you, which a key does not prove",
    "accounts.sign_in_with": BY_HAND,
    "accounts.erase_oneself": "asks first whether it is really you, which a key does not prove",
    "accounts.erase_person": "asks first whether it is really an administrator, which a key does not prove",
    "accounts.export": "asks first whether it is really you, which a key does not prove",
    "accounts.reset": BY_HAND,
    "accounts.set_up": BY_HAND,
    "accounts.sign_in": BY_HAND,
    "accounts.sign_out": BY_HAND,
    "accounts.sign_up": BY_HAND,
    "accounts.use_link": BY_HAND,
    "accounts.verify": BY_HAND,
    "asking.solved_by_link": BY_MAIL + "`say_whether_solved`",
    "chosen.chosen": IN_ONE_GO + "`put_tags`, `put_owner` and `put_due`",
    "chosen.merge": IN_ONE_GO + "`merge_idea`",
    "chosen.move": IN_ONE_GO + "`answer_idea`",
    "chosen.ship": IN_ONE_GO + "`put_release_idea`",
    "evidence.behalf_by_link": BY_MAIL + "`say_on_behalf`",
    "ledger.choose_by_link": BY_MAIL + "`put_notifications`",
    "ledger.choose_hours_by_link": BY_MAIL + "`put_notifications`",
    "ledger.stop_or_start_mail_by_link": BY_MAIL + "`put_notifications`",
    "ledger.unmute_by_link": BY_MAIL + "`unmute`",
    "ledger.unsubscribe": BY_MAIL + "`put_notifications`",
    "mail_doors.webhook": "no page: the door by which mail comes in",
    "manage.invitation": "a membership is taken by whoever reads the mail and is signed in",
    "silence.still_wanted_by_link": BY_MAIL + "`say_whether_still_wanted`",
}


@pytest.fixture
def forms(app):
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return {rule.endpoint for rule in rules if not rule.rule.startswith("/api/")}


def test_every_form_has_its_operation_or_a_reason(forms):
    assert not DONE_BY.keys() & FOR_PEOPLE.keys()
    assert forms - DONE_BY.keys() - FOR_PEOPLE.keys() == set()
    assert (DONE_BY.keys() | FOR_PEOPLE.keys()) - forms == set()


def test_every_operation_that_does_what_a_form_does_is_there_and_writes(document):
    known = operations(document)
    named = {name for done in DONE_BY.values() for name in done.split()}
    named |= {part for why in FOR_PEOPLE.values() for part in why.split("`")[1::2]}

    assert named - known.keys() == set()
    assert {name for name in named if known[name][0] == "get"} == {"find_similar", "export"}
