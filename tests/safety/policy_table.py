"""Who may see what: the one table against which every page, every answer of the API and every mail is held.

KINDS says who may see a private thing anywhere at all; ROUTES says on which addresses it may stand for them. A thing is
where it may be when both say so. An address of the site without a row fails the tests, and so does a row without an
address. Roles are the seven of the policy, in two places: a public board, and a private board on which `invited`,
`author`, `team` and `admin` may read.
"""

from __future__ import annotations

ROLES = ("visitor", "suspended", "invited", "member", "author", "team", "admin")

INSIDE = {"invited", "author", "team", "admin"}
TEAM = {"team", "admin"}
NOBODY: set[str] = set()
EVERYBODY = set(ROLES)

# Kind of private thing → who may see it. `own…` is a person's own: whoever it belongs to, and besides them those here.
KINDS: dict[str, set[str]] = {
    "private board": INSIDE,  # its name and about, its ideas, comments, answers, statuses, tags
    "hidden idea": {"author", *TEAM},
    "hidden comment": {"author", *TEAM},  # the author wrote it
    "hiding reason": {"author", *TEAM},
    "internal note": TEAM,
    "mail set aside": TEAM,  # what came by mail from an address that is not known; the team may make a note of it
    "words to the team": TEAM,  # why somebody pointed something out, or appealed
    "unseen backer": TEAM,  # the name of somebody who voted and did not choose to be seen
    "withdrawn idea": EVERYBODY,  # readable at its address, in no list
    "snippet": TEAM,  # a text that the team uses often
    "release draft": TEAM,  # a release that is not published, and what it says of ideas
    "deleted words": NOBODY,
    "secret": NOBODY,  # hashes of passwords, tokens and keys; links that others got; what was begun elsewhere
    "own words to the team": TEAM,  # whether what was built helped
    "evidence": TEAM,  # what somebody said elsewhere, as the team noted it
    "own evidence": TEAM,
    "own address": {"admin"},  # e-mail
    "own browser": NOBODY,  # network address and browser of a sign-in
    "own key": {"admin"},  # an API key's name, which stands in the log
    "own company": TEAM,
    "own attributes": TEAM,  # what another system knows of a person
    "company's attributes": TEAM,
    "own picture": NOBODY,  # uploaded and in no text yet
    "invited address": TEAM,
    "relay's words": {"admin"},  # what a mail server said of somebody's address
    "audit details": {"admin"},
}

NOTHING: set[str] = set()
ON_A_LIST = {"private board", "hidden idea"}
ON_AN_IDEA = {
    *("private board", "hidden idea", "hidden comment", "hiding reason", "internal note", "unseen backer"),
    "withdrawn idea",
    "mail set aside",
}
IN_A_RELEASE = {"private board", "hidden idea", "release draft"}
COMPOSING = {*ON_AN_IDEA, "own company", "snippet"}  # the company of whoever commented, beside their words
NOTED = {*ON_AN_IDEA, "evidence", "own evidence"}
WITH_ONES_WORDS = {*ON_AN_IDEA, "own words to the team"}
TO_LOOK_AT = {*ON_AN_IDEA, "words to the team"}
OF_ONESELF = {"own address", "own company"}
A_PERSON = {*OF_ONESELF, "unseen backer"}

OF_A_COMPANY = {"own company", "company's attributes"}
COUNTED = {"private board", "hidden idea", "withdrawn idea", "unseen backer", "own company"}
A_CUSTOMER = {"own company", "own attributes", "unseen backer"}

IN_THE_LOG = {
    "audit details",
    "own address",
    "invited address",
    "hiding reason",
    "private board",
    "own key",
    "snippet",
}
EVERYTHING_OUT = {*(ON_AN_IDEA | A_PERSON | OF_A_COMPANY | IN_A_RELEASE | NOTED), "own attributes"}

# Endpoint → kinds of private things that may stand on it for those who may see them at all.
ROUTES: dict[str, set[str]] = {
    # Coming in. A page that a link leads to names its reader's own address at most.
    "accounts.sign_in": NOTHING,
    "accounts.sign_out": NOTHING,
    "accounts.sign_up": NOTHING,
    "accounts.set_up": NOTHING,
    "accounts.ask_for_link": NOTHING,
    "accounts.ask_for_reset": NOTHING,
    "accounts.check_your_mail": NOTHING,
    "accounts.link": NOTHING,
    "accounts.use_link": NOTHING,
    "accounts.verify": NOTHING,
    "accounts.reset": NOTHING,
    # One's own account
    "accounts.profile": OF_ONESELF,
    "accounts.confirm": {"own address"},
    "accounts.browsers": {"own address", "own browser"},
    "accounts.revoke_session": NOTHING,
    "accounts.revoke_other_sessions": NOTHING,
    "accounts.api_keys": {"own key"},
    "accounts.revoke_key": NOTHING,
    "accounts.own_data": NOTHING,
    "accounts.export": {
        *(OF_ONESELF | TO_LOOK_AT | {"own browser", "own key", "own picture", "relay's words"}),
        *("own words to the team", "own evidence"),
        *("audit details", "invited address", "own attributes"),
    },
    "accounts.erase_oneself": {"own address"},
    # Administration
    "accounts.list_people": A_PERSON,
    "accounts.person": A_PERSON,
    "accounts.erase_person": A_PERSON,
    "accounts.suspend": A_PERSON,
    "accounts.unsuspend": NOTHING,
    "accounts.set_role": A_PERSON,
    "accounts.invitations": {"own address", "invited address"},
    "accounts.withdraw_role_invitation": NOTHING,
    "accounts.accept_role": NOTHING,
    "accounts.set_belonging": A_PERSON,
    "accounts.list_companies": {"own company"},
    "accounts.company": {"own company"},
    "accounts.import_companies": NOTHING,
    "accounts.import_people": NOTHING,
    "accounts.companies_as_csv": OF_A_COMPANY,
    "accounts.people_as_csv": {"own address", "own company", "own attributes", "unseen backer"},
    "accounts.audit_log": IN_THE_LOG,
    "accounts.audit_as_csv": IN_THE_LOG,
    "accounts.audit_as_ndjson": IN_THE_LOG,
    # Import and export
    "moving.home": {"private board"},
    "moving.show": {"private board"},
    "moving.begin": NOTHING,
    "moving.discard": NOTHING,
    "moving.export": EVERYTHING_OUT,
    "api_moving.list_imports": {"private board"},
    "api_moving.send_import": NOTHING,
    "api_moving.get_import": {"private board"},
    "api_moving.begin_import": NOTHING,
    "api_moving.discard_import": NOTHING,
    "api_moving.export": EVERYTHING_OUT,
    # Boards and ideas
    "boards.home": ON_A_LIST,
    "boards.board": ON_A_LIST,
    "roadmap.everywhere": ON_A_LIST,
    "roadmap.of_board": ON_A_LIST,
    "releases.everywhere": IN_A_RELEASE,
    "releases.of_board": IN_A_RELEASE,
    "releases.by_number": IN_A_RELEASE,  # the address it leads to has the title in it
    "releases.show": IN_A_RELEASE,
    "releases.follow": NOTHING,
    "releases.new": {"private board"},
    "releases.edit": IN_A_RELEASE,
    "releases.line": {*NOTED, "release draft"},
    "releases.take_out": IN_A_RELEASE,
    "releases.publish": IN_A_RELEASE,
    "releases.undo": IN_A_RELEASE,
    "releases.send_now": IN_A_RELEASE,
    "releases.discard": IN_A_RELEASE,
    "boards.idea": NOTED,
    "boards.idea_by_number": ON_AN_IDEA,  # the address it leads to has the title in it
    "boards.history": ON_AN_IDEA,
    "boards.comment_history": ON_AN_IDEA,
    "boards.what_became_of_it": ON_AN_IDEA,
    "pictures.add": NOTHING,
    "pictures.show": {"own picture", "hidden idea", "private board", "release draft"},
    # Taking part
    "taking_part.comment": NOTED,
    "taking_part.delete_comment": ON_AN_IDEA,
    "taking_part.edit_comment": ON_AN_IDEA,
    "taking_part.edit_idea": ON_AN_IDEA,
    "taking_part.follow_board": ON_A_LIST,
    "taking_part.follow_idea": ON_AN_IDEA,
    "taking_part.mute_idea": ON_AN_IDEA,
    "taking_part.new_idea": ON_A_LIST,
    "similar.while_typing": ON_A_LIST,
    "similar.beside": ON_AN_IDEA,
    "taking_part.vote": ON_AN_IDEA,
    "taking_part.withdraw": ON_AN_IDEA,
    # The team
    "triage.everywhere": TO_LOOK_AT,
    "triage.of_board": TO_LOOK_AT,
    "team.answer": {*COMPOSING, *NOTED},
    "team.correct": {*COMPOSING, *NOTED},
    "snippets.all_snippets": {"private board", "snippet"},
    "snippets.new": {"private board"},
    "snippets.edit": {"private board", "snippet"},
    "snippets.remove": NOTHING,
    "team.send_now": ON_AN_IDEA,
    "team.undo": ON_AN_IDEA,
    "team.told": ON_AN_IDEA,
    "team.told_as_csv": ON_AN_IDEA,
    "team.hide_idea": ON_AN_IDEA,
    "team.hide_comment": ON_AN_IDEA,
    "team.restore_idea": ON_AN_IDEA,
    "team.restore_comment": ON_AN_IDEA,
    "team.owner": ON_AN_IDEA,
    "team.tags": ON_AN_IDEA,
    "team.due": ON_AN_IDEA,
    # What waits for the team, and what its author may say against it
    "moderation.all_waiting": TO_LOOK_AT,
    "moderation.waiting": TO_LOOK_AT,
    "moderation.flag_idea": ON_AN_IDEA,
    "moderation.flag_comment": ON_AN_IDEA,
    "moderation.dismiss_idea": ON_AN_IDEA,
    "moderation.dismiss_comment": ON_AN_IDEA,
    "moderation.hidden": TO_LOOK_AT,
    "moderation.keep": TO_LOOK_AT,
    "moderation.refuse": TO_LOOK_AT,
    "moderation.grant": TO_LOOK_AT,
    "moderation.let_through": TO_LOOK_AT,
    # Whether it solved the need: one's own word, and everybody's for the team
    "asking.solved": WITH_ONES_WORDS,
    "asking.solved_page": WITH_ONES_WORDS,
    "asking.solved_by_link": WITH_ONES_WORDS,
    "asking.said": WITH_ONES_WORDS,
    "asking.story": WITH_ONES_WORDS,
    "asking.follow_up": ON_AN_IDEA,
    "silence.still_wanted": ON_AN_IDEA,
    "silence.still_wanted_page": ON_AN_IDEA,
    "silence.still_wanted_by_link": ON_AN_IDEA,
    # What customers said elsewhere, and whom the team counts on; each of these says whether that is so
    "evidence.of_idea": {*NOTED, "own company"},
    "evidence.new": {*ON_AN_IDEA, *A_PERSON},
    "evidence.remove": NOTHING,
    "evidence.take_back": NOTHING,
    "capturing.bookmarklet": NOTHING,
    "capturing.capture": {*ON_A_LIST, *A_PERSON},
    "evidence.on_behalf": ON_AN_IDEA,
    "evidence.behalf_page": ON_AN_IDEA,
    "evidence.behalf_by_link": ON_AN_IDEA,
    "replying.keep": TO_LOOK_AT,
    "replying.discard": TO_LOOK_AT,
    "mail_doors.webhook": NOTHING,  # a provider of mail, which proves who it is
    # The team's desk
    "backlog.scores": {*ON_AN_IDEA, "own company"},
    "backlog.remove_estimate": ON_AN_IDEA,
    "desk.backlog": ON_A_LIST,
    "desk.export": ON_A_LIST,
    "chosen.chosen": ON_AN_IDEA,
    "chosen.move": ON_AN_IDEA,
    "chosen.merge": ON_AN_IDEA,
    "chosen.ship": {*ON_AN_IDEA, "release draft"},
    "desk_views.view": ON_A_LIST,
    "desk_views.new": NOTHING,
    "desk_views.edit": NOTHING,
    "desk_views.remove": NOTHING,
    "merging.merge": ON_AN_IDEA,
    "merging.unmerge": ON_AN_IDEA,
    "merging.part": ON_AN_IDEA,
    "branding.look": NOTHING,
    "branding.drop_logo": NOTHING,
    # Boards, as their team and administrators keep them
    "manage.manage": NOTHING,
    "manage.boards": {"private board"},
    "manage.new_board": NOTHING,
    "manage.board": {"private board", "own address", "invited address"},
    "manage.add_person": {"private board", "own address", "invited address"},
    "manage.remove_person": {"private board"},
    "manage.add_status": {"private board", "own address", "invited address"},
    "manage.change_status": {"private board", "own address", "invited address"},
    "manage.move_status_up": {"private board"},
    "manage.remove_status": {"private board", "own address", "invited address"},
    "manage.add_tag": {"private board", "own address", "invited address"},
    "manage.rename_tag": {"private board", "own address", "invited address"},
    "manage.remove_tag": {"private board"},
    "manage.invite": {"private board", "own address", "invited address"},
    "manage.withdraw_invitation": {"private board"},
    "manage.invitation": {"private board"},  # whoever has the link reads what they are invited to
    # What one hears
    "ledger.inbox": ON_AN_IDEA,
    "ledger.mark_all_read": NOTHING,
    "ledger.mark_read": ON_AN_IDEA,
    "ledger.notifications": {*ON_AN_IDEA, "own address"},
    "ledger.choose": {*ON_AN_IDEA, "own address"},
    "ledger.stop_or_start_mail": NOTHING,
    "ledger.unmute": NOTHING,
    "ledger.choose_hours": NOTHING,
    "ledger.notifications_by_link": NOTHING,
    "ledger.choose_by_link": NOTHING,
    "ledger.choose_hours_by_link": NOTHING,
    "ledger.stop_or_start_mail_by_link": NOTHING,
    "ledger.unmute_by_link": NOTHING,
    "ledger.unsubscribe": NOTHING,
    "ledger.mails": NOTHING,
    "ledger.mail_words": {*ON_AN_IDEA, "own address", "own words to the team", "words to the team"},
    "ledger.reset_mail_words": NOTHING,
    "ledger.unsubscribe_page": NOTHING,
    # How well the loop is closed: numbers, beside the names of boards, tags and companies to choose from
    "insights.health": {"private board", "own company"},
    "insights.rows": COUNTED,
    "insights.file": NOTHING,
    "insights.board_health": {"private board"},
    # Figures over time, and the rows behind each: ideas, and who voted, posted or was told
    "dashboard.insights": {"private board", "own company"},
    "dashboard.rows": COUNTED,
    "dashboard.file": NOTHING,
    # Customers: who they are, and what they asked for on the boards whose team one is of
    "customers.companies": OF_A_COMPANY,
    "customers.company": {*OF_A_COMPANY, *ON_AN_IDEA},
    "customers.company_people": {*OF_A_COMPANY, *A_CUSTOMER},
    "customers.people": A_CUSTOMER,
    "customers.person": {*A_CUSTOMER, *NOTED},
    "segments.segments": NOTHING,
    "segments.new": NOTHING,
    "segments.edit": NOTHING,
    "segments.remove": NOTHING,
    # The API
    "api_boards.list_boards": {"private board"},
    "api_boards.get_board": {"private board"},
    "api_boards.edit_board": {"private board"},
    "api_backlog.get_scores": {"own company"},
    "api_backlog.list_backlog": ON_A_LIST,
    "api_backlog.put_tags": NOTHING,
    "api_backlog.put_owner": NOTHING,
    "api_backlog.put_due": NOTHING,
    "api_backlog.list_views": NOTHING,
    "api_backlog.keep_view": NOTHING,
    "api_backlog.get_view": NOTHING,
    "api_backlog.edit_view": NOTHING,
    "api_backlog.remove_view": NOTHING,
    "api_segments.list_segments": NOTHING,
    "api_segments.make_segment": NOTHING,
    "api_segments.get_segment": NOTHING,
    "api_segments.edit_segment": NOTHING,
    "api_segments.remove_segment": NOTHING,
    "api_backlog.put_estimate": {"own company"},
    "api_backlog.remove_estimate": NOTHING,
    "api_insights.get_loop_health": {"private board"},
    "api_insights.get_insights": {"private board"},
    "api_insights.list_counted": COUNTED,
    "api_insights.get_board_health": {"private board"},
    "api_ideas.list_ideas": ON_A_LIST,
    "api_roadmap.get_roadmap": ON_A_LIST,
    "api_releases.list_releases": IN_A_RELEASE,
    "api_releases.get_release": IN_A_RELEASE,
    "api_releases.draft_release": NOTHING,
    "api_releases.edit_release": IN_A_RELEASE,
    "api_releases.discard_release": NOTHING,
    "api_releases.put_release_idea": IN_A_RELEASE,
    "api_releases.take_out_release_idea": NOTHING,
    "api_releases.publish_release": IN_A_RELEASE,
    "api_releases.undo_release": IN_A_RELEASE,
    "api_releases.send_release_now": IN_A_RELEASE,
    "api_releases.follow_releases": NOTHING,
    "api_releases.unfollow_releases": NOTHING,
    "api_search.search": ON_A_LIST,
    "api_search.find_similar": ON_A_LIST,
    "api_ideas.get_idea": ON_AN_IDEA,
    "api_ideas.list_revisions": ON_AN_IDEA,
    "api_ideas.edit_idea": ON_AN_IDEA,
    "api_ideas.post_idea": NOTHING,
    "api_ideas.cast_vote": NOTHING,
    "api_ideas.retract_vote": NOTHING,
    "api_ideas.list_own_votes": NOTHING,
    "api_comments.list_comments": ON_AN_IDEA,
    "api_comments.get_comment": ON_AN_IDEA,
    "api_comments.list_comment_revisions": ON_AN_IDEA,
    "api_comments.add_comment": ON_AN_IDEA,
    "api_comments.edit_comment": ON_AN_IDEA,
    "api_comments.delete_comment": NOTHING,
    "api_answers.list_answers": ON_AN_IDEA,
    "api_answers.preview_answer": ON_AN_IDEA,
    "api_answers.get_answer": ON_AN_IDEA,
    "api_answers.answer_idea": ON_AN_IDEA,
    "api_answers.correct_answer": ON_AN_IDEA,
    "api_answers.send_answer_now": ON_AN_IDEA,
    "api_answers.undo_answer": ON_AN_IDEA,
    "api_snippets.list_snippets": {"private board", "snippet"},
    "api_snippets.keep_snippet": NOTHING,
    "api_snippets.get_snippet": {"private board", "snippet"},
    "api_snippets.edit_snippet": {"private board", "snippet"},
    "api_snippets.remove_snippet": NOTHING,
    "api_merges.list_merges": ON_AN_IDEA,
    "api_merges.preview_merge": ON_AN_IDEA,
    "api_merges.merge_idea": ON_AN_IDEA,
    "api_merges.unmerge_idea": ON_AN_IDEA,
    "api_moderation.appeal": TO_LOOK_AT,
    "api_moderation.dismiss_flags_of_comment": TO_LOOK_AT,
    "api_moderation.dismiss_flags_of_idea": TO_LOOK_AT,
    "api_moderation.flag_comment": TO_LOOK_AT,
    "api_moderation.flag_idea": TO_LOOK_AT,
    "api_moderation.get_hiding": TO_LOOK_AT,
    "api_moderation.hide_comment": TO_LOOK_AT,
    "api_moderation.hide_idea": TO_LOOK_AT,
    "api_moderation.keep_mail": TO_LOOK_AT,
    "api_moderation.discard_mail": TO_LOOK_AT,
    "api_moderation.list_waiting": TO_LOOK_AT,
    "api_moderation.list_all_waiting": TO_LOOK_AT,
    "api_moderation.refuse_appeal": TO_LOOK_AT,
    "api_moderation.refuse_held": TO_LOOK_AT,
    "api_moderation.restore_comment": TO_LOOK_AT,
    "api_moderation.restore_idea": TO_LOOK_AT,
    "api_evidence.list_evidence": NOTED,
    "api_evidence.add_evidence": NOTED,
    "api_evidence.get_evidence": NOTED,
    "api_evidence.remove_evidence": NOTHING,
    "api_evidence.list_on_behalf": {"unseen backer"},
    "api_evidence.say_on_behalf": NOTHING,
    "api_evidence.vote_on_behalf": NOTHING,
    "api_evidence.take_back_on_behalf": NOTHING,
    "api_solved.get_outcome": WITH_ONES_WORDS,
    "api_solved.say_whether_solved": WITH_ONES_WORDS,
    "api_solved.list_said": WITH_ONES_WORDS,
    "api_solved.show_story": WITH_ONES_WORDS,
    "api_solved.follow_up": NOTHING,
    "api_solved.get_support": ON_AN_IDEA,
    "api_solved.say_whether_still_wanted": ON_AN_IDEA,
    "api_pictures.post_picture": NOTHING,
    "api_told.list_receipts": ON_AN_IDEA,
    "api_told.mute_idea": NOTHING,
    "api_told.unmute_idea": NOTHING,
    "api_notifications.get_notifications": ON_AN_IDEA,
    "api_notifications.put_notifications": ON_AN_IDEA,
    "api_told.list_deliveries": {"unseen backer"},
    "api_audit.list_audit": IN_THE_LOG,
    "api_people.put_company": {"own company", "company's attributes"},
    "api_people.put_companies": NOTHING,
    "api_people.put_person": {"own company", "own address", "own attributes"},
    "api_people.put_people": NOTHING,
    "api_customers.list_companies": OF_A_COMPANY,
    "api_customers.get_company": OF_A_COMPANY,
    "api_customers.list_ideas_of_company": ON_AN_IDEA,
    "api_customers.list_people": {*A_CUSTOMER, "own address"},
    "api_customers.get_person": {*A_CUSTOMER, "own address"},
    "api_customers.list_contributions": ON_AN_IDEA,
    # The same for everybody
    "api_docs.docs": NOTHING,
    "api_docs.openapi": NOTHING,
    "api_docs.all_problems": NOTHING,
    "api_docs.problem": NOTHING,
    "looks.favicon": NOTHING,
    "looks.logo": NOTHING,
    "looks.theme": NOTHING,
    "mailroom.letters": NOTHING,
    "mailroom.letter": NOTHING,
    "static": NOTHING,
}

# Whoever has a link that was sent to an address is taken for its reader and may read that address there.
BY_LINK = {"accounts.link", "accounts.use_link", "accounts.reset", "accounts.verify"}

# Addresses that are answered before the application is asked.
OUTSIDE = ("/healthz", "/readyz", "/metrics", "/nothing/here", "/api/v1/nothing")

# What may stand in a message to somebody who may see it at all.
IN_MESSAGES = {*ON_AN_IDEA, "own address", "invited address"}
