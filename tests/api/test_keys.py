"""Who asks: keys, scopes, people who may not, for every operation there is."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ideas import api
from ideas.accounts import suppressions
from ideas.accounts.models import ApiKey, Suppression, UserSession
from ideas.accounts.models_invitations import RoleInvitation
from ideas.accounts.models_segments import Segment
from ideas.backlog.models_views import BacklogView
from ideas.boards.models import Invitation
from ideas.boards.models_evidence import Evidence
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_replying import MailReply
from ideas.boards.models_silence import Occasion, Reminder
from ideas.boards.models_snippets import Snippet
from ideas.boards.models_solving import Inquiry, Solved
from ideas.db import db, insert_once, utcnow
from ideas.embed.models import PublishableKey
from ideas.moving.models_running import Import, State
from ideas.sharing.models import PrivateFeed
from ideas.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from tests.api.asking import bearer
from tests.factories import (
    BoardFactory,
    CommentFactory,
    CompanyFactory,
    IdeaFactory,
    TagFactory,
    UserFactory,
    VoteOnBehalfFactory,
    charlie,
    status_of,
    team_member,
)
from tests.pictures import encoded

PICTURE = encoded()
FLAG = {"reason": "spam"}
WHY = {"reason": "It is an advertisement."}
ANSWER = {
    "status": "planned",
    "reason": "committed",
    "text": "We will build it in spring, with the money we have.",
}

ESTIMATE = {
    "impact": 2,
    "impact_source": "Interviews",
    "confidence": 80,
    "confidence_source": "They agree",
    "effort": 4,
    "effort_source": "A guess",
}
SAME = "Both ask for the same bed."

LINE = {"text": "It is there since this morning, for everybody who asked for it."}

# Every operation: method, address, body, what a key needs, and whether visitors may (they read what is public).
OPERATIONS: dict[str, tuple[str, str, Any, str, bool]] = {
    "list_boards": ("GET", "boards", None, "ideas:read", True),
    "get_board": ("GET", "boards/garden", None, "ideas:read", True),
    "edit_board": ("PATCH", "boards/garden", {"premoderation": "ideas"}, "boards:write", False),
    "get_board_health": ("GET", "boards/garden/loop-health", None, "ideas:read", True),
    "get_loop_health": ("GET", "loop-health?board=garden", None, "people:read", False),
    "get_roadmap": ("GET", "roadmap?board=garden", None, "ideas:read", True),
    "list_releases": ("GET", "releases?board=garden", None, "ideas:read", True),
    "get_release": ("GET", "releases/{release}", None, "ideas:read", True),
    "draft_release": ("POST", "releases", {"board": "garden", "title": "Spring"}, "answers:write", False),
    "edit_release": ("PATCH", "releases/{release}", {"title": "Autumn"}, "answers:write", False),
    "put_release_idea": ("PUT", "releases/{draft}/ideas/{unanswered}", LINE, "answers:write", False),
    "take_out_release_idea": ("DELETE", "releases/{draft}/ideas/{unanswered}", None, "answers:write", False),
    "publish_release": ("POST", "releases/{draft}/publish", None, "answers:write", False),
    "send_release_now": ("POST", "releases/{release}/send-now", None, "answers:write", False),
    "undo_release": ("POST", "releases/{release}/undo", None, "answers:write", False),
    "discard_release": ("DELETE", "releases/{draft}", None, "answers:write", False),
    "follow_releases": ("PUT", "boards/garden/releases/follow", None, "notifications:write", False),
    "unfollow_releases": ("DELETE", "boards/garden/releases/follow", None, "notifications:write", False),
    "list_ideas": ("GET", "ideas", None, "ideas:read", True),
    "get_idea": ("GET", "ideas/{idea}", None, "ideas:read", True),
    "post_idea": ("POST", "ideas", {"board": "garden", "title": "Book a bed"}, "ideas:write", False),
    "edit_idea": ("PATCH", "ideas/{idea}", {"title": "Book a bed"}, "ideas:write", False),
    "cast_vote": ("PUT", "ideas/{idea}/vote", None, "votes:write", False),
    "retract_vote": ("DELETE", "ideas/{idea}/vote", None, "votes:write", False),
    "list_own_votes": ("GET", "me/votes?ideas={idea}", None, "ideas:read", False),
    "list_comments": ("GET", "ideas/{idea}/comments", None, "ideas:read", True),
    "add_comment": ("POST", "ideas/{idea}/comments", {"body": "Yes."}, "comments:write", False),
    "get_comment": ("GET", "comments/{comment}", None, "ideas:read", True),
    "edit_comment": ("PATCH", "comments/{comment}", {"body": "Yes."}, "comments:write", False),
    "delete_comment": ("DELETE", "comments/{comment}", None, "comments:write", False),
    "list_answers": ("GET", "ideas/{idea}/answers", None, "ideas:read", True),
    "answer_idea": ("POST", "ideas/{unanswered}/answers", ANSWER, "answers:write", False),
    "get_answer": ("GET", "answers/{answer}", None, "ideas:read", True),
    "correct_answer": ("PATCH", "answers/{answer}", {"text": ANSWER["text"] + " So."}, "answers:write", False),
    "undo_answer": ("POST", "answers/{answer}/undo", None, "answers:write", False),
    "send_answer_now": ("POST", "answers/{answer}/send-now", None, "answers:write", False),
    "list_revisions": ("GET", "ideas/{idea}/revisions", None, "ideas:read", True),
    "list_comment_revisions": ("GET", "comments/{comment}/revisions", None, "ideas:read", True),
    "flag_idea": ("POST", "ideas/{idea}/flags", FLAG, "flags:write", False),
    "flag_comment": ("POST", "comments/{comment}/flags", FLAG, "flags:write", False),
    "get_hiding": ("GET", "hidings/{hiding}", None, "ideas:read", False),
    "appeal": ("POST", "hidings/{hiding}/appeal", {"words": "Please look again."}, "flags:write", False),
    "list_all_waiting": ("GET", "moderation", None, "moderation:write", False),
    "list_waiting": ("GET", "boards/garden/moderation", None, "moderation:write", False),
    "dismiss_flags_of_idea": ("POST", "ideas/{idea}/flags/dismiss", None, "moderation:write", False),
    "dismiss_flags_of_comment": ("POST", "comments/{comment}/flags/dismiss", None, "moderation:write", False),
    "hide_idea": ("POST", "ideas/{idea}/hide", WHY, "moderation:write", False),
    "restore_idea": ("POST", "ideas/{idea}/restore", None, "moderation:write", False),
    "hide_comment": ("POST", "comments/{comment}/hide", WHY, "moderation:write", False),
    "restore_comment": ("POST", "comments/{comment}/restore", None, "moderation:write", False),
    "refuse_held": ("POST", "hidings/{held}/refuse", WHY, "moderation:write", False),
    "refuse_appeal": ("POST", "hidings/{appealed}/keep", {"reply": "It stays hidden."}, "moderation:write", False),
    "get_outcome": ("GET", "ideas/{idea}/solved", None, "ideas:read", True),
    "say_whether_solved": ("PUT", "ideas/{idea}/solved", {"answer": "no"}, "votes:write", False),
    "list_said": ("GET", "ideas/{idea}/solved/answers", None, "people:read", False),
    "show_story": ("PUT", "solved/{solved}/story", {"shown": False}, "answers:write", False),
    "follow_up": ("POST", "ideas/{idea}/follow-up", {}, "answers:write", False),
    "get_support": ("GET", "ideas/{unanswered}/still-wanted", None, "ideas:read", True),
    "say_whether_still_wanted": ("PUT", "ideas/{unanswered}/still-wanted", {"wanted": True}, "votes:write", False),
    "keep_mail": ("POST", "mail-replies/{mail}/keep", None, "moderation:write", False),
    "discard_mail": ("DELETE", "mail-replies/{mail}", None, "moderation:write", False),
    "post_picture": ("POST", "pictures", None, "pictures:write", False),
    "list_backlog": ("GET", "backlog?order=breadth", None, "people:read", False),
    "put_tags": ("PUT", "ideas/{idea}/tags", {"tags": []}, "answers:write", False),
    "put_owner": ("PUT", "ideas/{idea}/owner", {"owner": None}, "answers:write", False),
    "put_due": ("PUT", "ideas/{idea}/due", {"due_on": "2099-12-04"}, "answers:write", False),
    "list_views": ("GET", "backlog/views", None, "people:read", False),
    "keep_view": ("POST", "backlog/views", {"name": "Mornings", "weights": {"votes": 1}}, "answers:write", False),
    "get_view": ("GET", "backlog/views/{view}", None, "people:read", False),
    "edit_view": ("PATCH", "backlog/views/{view}", {"name": "Mornings"}, "answers:write", False),
    "remove_view": ("DELETE", "backlog/views/{view}", None, "answers:write", False),
    "preview_answer": ("POST", "ideas/{unanswered}/answers/preview", ANSWER, "answers:write", False),
    "list_snippets": ("GET", "snippets", None, "people:read", False),
    "keep_snippet": ("POST", "snippets", {"name": "Thanks", "text": "Thank you."}, "answers:write", False),
    "get_snippet": ("GET", "snippets/{snippet}", None, "people:read", False),
    "edit_snippet": ("PATCH", "snippets/{snippet}", {"name": "Thanks"}, "answers:write", False),
    "remove_snippet": ("DELETE", "snippets/{snippet}", None, "answers:write", False),
    "get_scores": ("GET", "ideas/{idea}/scores", None, "people:read", False),
    "put_estimate": ("PUT", "ideas/{idea}/estimate", ESTIMATE, "answers:write", False),
    "remove_estimate": ("DELETE", "ideas/{idea}/estimate", None, "answers:write", False),
    "list_merges": ("GET", "ideas/{unanswered}/merges", None, "ideas:read", True),
    "preview_merge": ("GET", "ideas/{loose}/merge/preview?into={unanswered}", None, "answers:write", False),
    "merge_idea": ("POST", "ideas/{loose}/merge", {"text": SAME}, "answers:write", False),
    "unmerge_idea": ("POST", "ideas/{merged}/unmerge", {"text": SAME}, "answers:write", False),
    "search": ("GET", "search?q=bed", None, "ideas:read", True),
    "find_similar": ("GET", "similar?board=garden&title=bed", None, "ideas:read", True),
    "list_receipts": ("GET", "me/receipts", None, "ideas:read", False),
    "mute_idea": ("PUT", "ideas/{idea}/mute", None, "notifications:write", False),
    "unmute_idea": ("DELETE", "ideas/{idea}/mute", None, "notifications:write", False),
    "get_notifications": ("GET", "me/notifications", None, "ideas:read", False),
    "put_notifications": ("PUT", "me/notifications", {"digest_hour": 9}, "notifications:write", False),
    "list_deliveries": ("GET", "ideas/{idea}/deliveries", None, "people:read", False),
}
OPERATIONS |= {
    "list_companies": ("GET", "companies?sort=revenue", None, "people:read", False),
    "get_company": ("GET", "companies/{company}", None, "people:read", False),
    "list_ideas_of_company": ("GET", "companies/{company}/ideas", None, "people:read", False),
    "list_people": ("GET", "people?company={company}", None, "people:read", False),
    "get_person": ("GET", "people/{person}", None, "people:read", False),
    "list_contributions": ("GET", "people/{person}/contributions", None, "people:read", False),
    "list_audit": ("GET", "audit?act=idea.answered", None, "audit:read", False),
    "put_company": ("PUT", "companies/external/acct-1", {"name": "Allotments Ltd"}, "people:write", False),
    "put_companies": ("POST", "companies/batch", {"data": [{"external_id": "a", "name": "A"}]}, "people:write", False),
    "put_person": ("PUT", "people/external/user-1", {"name": "Ole"}, "people:write", False),
    "put_people": ("POST", "people/batch", {"data": [{"external_id": "o", "name": "Ole"}]}, "people:write", False),
}
QUESTION = {"match": "all", "conditions": [{"about": "plan", "is": "known"}]}
OPERATIONS |= {
    "list_segments": ("GET", "segments", None, "people:read", False),
    "make_segment": ("POST", "segments", {"name": "With a plan", "question": QUESTION}, "people:write", False),
    "get_segment": ("GET", "segments/{segment}", None, "people:read", False),
    "edit_segment": ("PATCH", "segments/{segment}", {"name": "With a plan"}, "people:write", False),
    "remove_segment": ("DELETE", "segments/{segment}", None, "people:write", False),
    "get_insights": ("GET", "insights?board=garden", None, "people:read", False),
    "list_counted": ("GET", "insights/ideas?board=garden", None, "people:read", False),
}
SAID = {"kind": "call", "words": "I walk to the shed."}
OPERATIONS |= {
    "list_evidence": ("GET", "ideas/{unanswered}/evidence", None, "people:read", False),
    "add_evidence": ("POST", "ideas/{unanswered}/evidence", SAID, "votes:on_behalf", False),
    "get_evidence": ("GET", "evidence/{evidence}", None, "people:read", False),
    "remove_evidence": ("DELETE", "evidence/{evidence}", None, "votes:on_behalf", False),
    "list_on_behalf": ("GET", "ideas/{unanswered}/on-behalf", None, "people:read", False),
    "say_on_behalf": ("PUT", "ideas/{unanswered}/on-behalf", {"wanted": True}, "votes:write", False),
    "vote_on_behalf": ("PUT", "ideas/{loose}/on-behalf/{person}", None, "votes:on_behalf", False),
    "take_back_on_behalf": ("DELETE", "ideas/{loose}/on-behalf/{person}", None, "votes:on_behalf", False),
}
OPERATIONS |= {
    "list_imports": ("GET", "imports", None, "imports:write", False),
    "send_import": ("POST", "imports?format=ideas&board=garden", None, "imports:write", False),
    "get_import": ("GET", "imports/{import}", None, "imports:write", False),
    "begin_import": ("POST", "imports/{import}/begin", {}, "imports:write", False),
    "discard_import": ("DELETE", "imports/{import}", None, "imports:write", False),
    "export": ("GET", "export", None, "export:read", False),
}
OPERATIONS |= {
    "make_board": ("POST", "boards", {"slug": "orchard", "name": "Orchard"}, "boards:write", False),
    "list_statuses": ("GET", "boards/garden/statuses", None, "ideas:read", True),
    "add_status": ("POST", "boards/garden/statuses", {"name": "Sown", "stage": "started"}, "boards:write", False),
    "order_statuses": ("PUT", "boards/garden/statuses", {"order": []}, "boards:write", False),
    "edit_status": ("PATCH", "boards/garden/statuses/{status}", {"name": "Thinking"}, "boards:write", False),
    "remove_status": ("DELETE", "boards/garden/statuses/{status}", None, "boards:write", False),
    "list_tags": ("GET", "boards/garden/tags", None, "ideas:read", True),
    "add_tag": ("POST", "boards/garden/tags", {"name": "Water"}, "boards:write", False),
    "rename_tag": ("PATCH", "boards/garden/tags/{tag}", {"name": "Water"}, "boards:write", False),
    "remove_tag": ("DELETE", "boards/garden/tags/{tag}", None, "boards:write", False),
    "list_board_people": ("GET", "boards/garden/people", None, "boards:write", False),
    "put_board_person": ("PUT", "boards/garden/people/{person}", {"role": "team"}, "boards:write", False),
    "remove_board_person": ("DELETE", "boards/garden/people/{mate}", None, "boards:write", False),
    "list_board_invitations": ("GET", "boards/garden/invitations", None, "boards:write", False),
    "invite_to_board": ("POST", "boards/garden/invitations", {"email": "ada@example.org"}, "boards:write", False),
    "withdraw_board_invitation": ("DELETE", "boards/garden/invitations/{invitation}", None, "boards:write", False),
    "list_publishable_keys": ("GET", "boards/garden/embed/keys", None, "embed:manage", False),
    "make_publishable_key": ("POST", "boards/garden/embed/keys", None, "embed:manage", False),
    "revoke_publishable_key": ("DELETE", "boards/garden/embed/keys/{page_key}", None, "embed:manage", False),
    "get_embed": ("GET", "boards/garden/embed", None, "embed:manage", False),
    "edit_embed": ("PATCH", "boards/garden/embed", {"issuer": "https://app.example.org"}, "embed:manage", False),
    "make_embed_secret": ("POST", "boards/garden/embed/secret", None, "embed:manage", False),
    "end_former_secret": ("DELETE", "boards/garden/embed/secret/former", None, "embed:manage", False),
    "check_embed": ("POST", "boards/garden/embed/check", {"token": "x"}, "embed:manage", False),
    "edit_person": ("PATCH", "people/{person}", {"title": "Gardener"}, "people:write", False),
    "put_role": ("PUT", "people/{person}/role", {"role": "team"}, "roles:write", False),
    "suspend_person": ("PUT", "people/{person}/suspension", {"reason": "They advertise."}, "roles:write", False),
    "unsuspend_person": ("DELETE", "people/{person}/suspension", None, "roles:write", False),
    "add_company": ("POST", "companies", {"name": "Riverside"}, "people:write", False),
    "rename_company": ("PATCH", "companies/{company}", {"name": "Riverside"}, "people:write", False),
    "list_role_invitations": ("GET", "role-invitations", None, "roles:write", False),
    "invite_to_role": ("POST", "role-invitations", {"email": "ada@example.org", "role": "team"}, "roles:write", False),
    "withdraw_role_invitation": ("DELETE", "role-invitations/{role_invitation}", None, "roles:write", False),
    "get_brand": ("GET", "brand", None, "site:write", False),
    "edit_brand": ("PATCH", "brand", {"accent": "#0b6b5f"}, "site:write", False),
    "put_logo": ("PUT", "brand/logo", None, "site:write", False),
    "drop_logo": ("DELETE", "brand/logo", None, "site:write", False),
    "list_mail_words": ("GET", "mail-words", None, "site:write", False),
    "get_mail_words": ("GET", "mail-words/shipped", None, "site:write", False),
    "put_mail_words": ("PUT", "mail-words/shipped", {"opening": "Hello."}, "site:write", False),
    "reset_mail_words": ("DELETE", "mail-words/shipped", None, "site:write", False),
    "preview_mail_words": ("POST", "mail-words/shipped/preview", {"opening": "Hello."}, "site:write", False),
}
KEPT_BY_ADMINISTRATORS = set(list(OPERATIONS)[list(OPERATIONS).index("make_board") :]) - {"list_statuses", "list_tags"}
OPERATIONS |= {
    "get_me": ("GET", "me", None, "ideas:read", False),
    "edit_me": ("PATCH", "me", {"name": "Petra"}, "account:write", False),
    "list_sessions": ("GET", "me/sessions", None, "account:write", False),
    "end_sessions": ("DELETE", "me/sessions", None, "account:write", False),
    "end_session": ("DELETE", "me/sessions/{session}", None, "account:write", False),
    "list_keys": ("GET", "me/keys", None, "keys:write", False),
    "make_key": ("POST", "me/keys", {"name": "The till", "scopes": ["keys:write"]}, "keys:write", False),
    "rotate_key": ("POST", "me/keys/{key}/rotate", {}, "keys:write", False),
    "revoke_key": ("DELETE", "me/keys/{key}", None, "keys:write", False),
    "list_inbox": ("GET", "me/inbox", None, "ideas:read", False),
    "mark_read": ("POST", "me/inbox/read", {}, "notifications:write", False),
    "unmute": ("DELETE", "me/muted/idea:1", None, "notifications:write", False),
    "list_follows": ("GET", "me/follows?ideas={idea}", None, "ideas:read", False),
    "follow_idea": ("PUT", "ideas/{idea}/follow", None, "notifications:write", False),
    "unfollow_idea": ("DELETE", "ideas/{idea}/follow", None, "notifications:write", False),
    "follow_board": ("PUT", "boards/garden/follow", None, "notifications:write", False),
    "unfollow_board": ("DELETE", "boards/garden/follow", None, "notifications:write", False),
    "list_events": ("GET", "events", None, "ideas:read", False),
    "withdraw_idea": ("POST", "ideas/{author_s}/withdraw", None, "ideas:write", False),
    "list_feeds": ("GET", "me/feeds", None, "ideas:read", False),
    "make_feed": ("POST", "me/feeds", {"board": "garden"}, "feeds:write", False),
    "revoke_feed": ("DELETE", "me/feeds/{feed}", None, "feeds:write", False),
}
HOOK, SENT = "webhooks/{endpoint}", "webhooks/{endpoint}/messages/{message}"
A_DAY = {"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
HOOKED = {"address": "https://tools.example.org/hooks", "kinds": ["idea.answered"]}
WEBHOOKS: dict[str, tuple[str, str, Any, str, bool]] = {
    "list_webhooks": ("GET", "webhooks", None, "webhooks:manage", False),
    "add_webhook": ("POST", "webhooks", HOOKED, "webhooks:manage", False),
    "get_webhook": ("GET", HOOK, None, "webhooks:manage", False),
    "edit_webhook": ("PATCH", HOOK, {"kinds": ["idea.answered"]}, "webhooks:manage", False),
    "remove_webhook": ("DELETE", HOOK, None, "webhooks:manage", False),
    "pause_webhook": ("POST", f"{HOOK}/pause", None, "webhooks:manage", False),
    "resume_webhook": ("POST", f"{HOOK}/resume", None, "webhooks:manage", False),
    "rotate_webhook_secret": ("POST", f"{HOOK}/secret", None, "webhooks:manage", False),
    "send_test_webhook": ("POST", f"{HOOK}/test", None, "webhooks:manage", False),
    "list_webhook_messages": ("GET", f"{HOOK}/messages", None, "webhooks:manage", False),
    "get_webhook_message": ("GET", SENT, None, "webhooks:manage", False),
    "replay_webhook_message": ("POST", f"{SENT}/replay", None, "webhooks:manage", False),
    "replay_webhook": ("POST", f"{HOOK}/replay", A_DAY, "webhooks:manage", False),
}
OPERATIONS |= WEBHOOKS
AGAIN = {"email": "back@example.test", "reason": "Their server is back."}
NO_MAIL = {"email": "gone@example.test", "why": "bounced", "reason": "It came back at our former provider."}
OPERATIONS |= {
    "list_suppressions": ("GET", "suppressions", None, "people:read", False),
    "add_suppression": ("POST", "suppressions", NO_MAIL, "people:write", False),
    "lift_suppression": (
        "POST",
        "suppressions/lift",
        {"email": "back@example.test", "reason": "Their server is back."},
        "people:write",
        False,
    ),
    "get_second_factor": ("GET", "me/second-factor", None, "account:write", False),
    "get_second_factor_rule": ("GET", "second-factor-rule", None, "roles:write", False),
    "put_second_factor_rule": ("PUT", "second-factor-rule", {"days": 14}, "roles:write", False),
    "drop_second_factor_rule": ("DELETE", "second-factor-rule", None, "roles:write", False),
}
# What no key of a program opens; see tests/embed.
ON_PAGES_ALONE = {"sign_in_on_page", "sign_out_of_page"}
# What another system knows is put in with the key of an administrator; to others there is nothing.
OF_ADMINISTRATORS = {"list_audit", "put_company", "put_companies", "put_person", "put_people"}
OF_ADMINISTRATORS |= {
    "edit_board",
    "list_imports",
    "send_import",
    "get_import",
    "begin_import",
    "discard_import",
    "export",
}
OF_ADMINISTRATORS |= KEPT_BY_ADMINISTRATORS
OF_ADMINISTRATORS |= {"list_suppressions", "add_suppression", "lift_suppression"}
OF_ADMINISTRATORS |= {"get_second_factor_rule", "put_second_factor_rule", "drop_second_factor_rule"}
# What is one's own, and on no board.
ON_NO_BOARD = {"post_picture", "unmute_idea", "get_notifications", "put_notifications", "get_me", "edit_me", "unmute"}
ON_NO_BOARD |= {
    "get_second_factor",
    "list_sessions",
    "end_sessions",
    "list_keys",
    "make_key",
    "list_follows",
    "mark_read",
}
# Browsers and keys of others are not there.
NEVER_OF_OTHERS = {"end_session", "rotate_key", "revoke_key", "revoke_feed"}
# What a person without any part in the board may do to things of others, beside reading what is public.
OPEN_TO_ALL = {
    "flag_idea",
    "flag_comment",
    "post_idea",
    "cast_vote",
    "retract_vote",
    "add_comment",
    "post_picture",
    "list_own_votes",
    "list_receipts",
    "mute_idea",
    "unmute_idea",
    "get_notifications",
    "put_notifications",
    "follow_releases",
    "unfollow_releases",
    "list_inbox",
    "list_events",
    "follow_idea",
    "unfollow_idea",
    "follow_board",
    "unfollow_board",
    "list_feeds",
    "make_feed",
} | ON_NO_BOARD
# The team does not change the words of others, nor do authors answer.
AUTHOR_ALONE = {"withdraw_idea", "edit_idea", "edit_comment", "delete_comment", "appeal", "say_whether_still_wanted"}
# Whoever was not asked is told so.
OF_THE_ASKED = {"say_whether_solved", "say_whether_still_wanted", "say_on_behalf"}
# What one hears of is one's own affair: also somebody suspended chooses it, and about what is out of sight by now.
OF_ONESELF = {"mute_idea", "unmute_idea", "put_notifications", "unfollow_releases", "unfollow_idea", "unfollow_board"}
OF_ONESELF |= {"edit_me", "end_sessions", "end_session", "revoke_key", "mark_read", "unmute", "revoke_feed"}
VIEWS = {"list_views", "keep_view", "get_view", "edit_view", "remove_view"}
# Why something is hidden is nobody's business but the author's and the team's, whom nobody suspended is of.
OF_FEW = {"list_backlog", "list_all_waiting", *VIEWS, "get_hiding", "refuse_held", "refuse_appeal", "show_story"}
# So are what teams say often, and customers.
OF_FEW |= {"list_snippets", "keep_snippet", "get_snippet", "edit_snippet", "remove_snippet"}
OF_FEW |= {"list_companies", "get_company", "list_ideas_of_company", "list_people", "get_person", "list_contributions"}
OF_FEW |= {"list_segments", "make_segment", "get_segment", "edit_segment", "remove_segment"}
# What they said elsewhere, too.
OF_FEW |= {"get_evidence", "remove_evidence"}
# Nor are the endpoints of a team anybody else's.
OF_FEW |= WEBHOOKS.keys()
# A release that is not published is there for its team alone.
OF_FEW |= {"put_release_idea", "take_out_release_idea", "publish_release", "discard_release"}


def a_hiding(idea, author, by):
    """A comment that is hidden: by somebody, or, held, by nobody."""
    comment = CommentFactory(idea=idea, author=author, hidden_at=utcnow(), is_held=by is None)
    hiding = Hiding(idea_id=idea.id, comment_id=comment.id, reason="It names a neighbour.", by_id=by.id if by else None)
    db.session.add(hiding)
    db.session.flush()
    return hiding


def a_site(ask):
    """A board with an idea that is answered, one that is not, a comment, and everybody's key."""
    board = BoardFactory(slug="garden")
    team = team_member(board)
    company = CompanyFactory()
    author = UserFactory(company=company)
    answered = IdeaFactory(board=board)
    mine, own = IdeaFactory(board=board, author=author), IdeaFactory(board=board, author=author)
    comment = CommentFactory(idea=answered, author=author)
    hidings = [a_hiding(answered, author, team), a_hiding(answered, author, None), a_hiding(answered, author, team)]
    hidings[2].appeal, hidings[2].appealed_at = "Please look again.", utcnow()
    mail = MailReply(
        digest="1",
        user_id=author.id,
        idea_id=answered.id,
        became="set_aside",
        doubt="other_sender",
        said="Yes, please.",
    )
    db.session.add(mail)
    loose, merged = IdeaFactory(board=board), IdeaFactory(board=board)
    db.session.commit()
    joined = ask(team).post(f"ideas/{merged.id}/merge", {"into": mine.id, "text": SAME})
    assert joined.status_code == 201, joined.text
    given = ask(team).post(f"ideas/{answered.id}/answers", ANSWER)
    assert given.status_code == 201, given.text
    begun = [ask(team).post("releases", {"board": "garden", "title": "Spring"}).json["id"] for _ in range(2)]
    assert ask(team).post(f"releases/{begun[0]}/publish").status_code == 200
    inquiry = Inquiry(idea_id=answered.id, answer_id=given.json["id"])
    db.session.add(inquiry)
    db.session.flush()
    said = {"idea_id": answered.id, "asked_at": utcnow(), "answer": "no", "answered_at": utcnow()}
    asked = [Solved(inquiry_id=inquiry.id, user_id=person.id, **said) for person in (team, author)]
    heard = Evidence(idea_id=mine.id, user_id=author.id, by_id=team.id, kind="call", words="I walk to the shed.")
    db.session.add(heard)
    VoteOnBehalfFactory(idea=mine, user=team, by=UserFactory())
    view = BacklogView(owner_id=team.id, name="Evenings")
    snippet = Snippet(owner_id=team.id, board_id=board.id, name="Thanks", text="Thank you.")
    segment = Segment(slug="on-a-plan", name="On a plan", question=QUESTION, by_id=team.id)
    sent = Import(by_id=team.id, board_id=board.id, format="ideas", file_name="wishes.csv", state=State.CHECKED)
    db.session.add_all([view, snippet, segment, sent])
    mate = team_member(board)
    soon = utcnow() + timedelta(days=1)
    till = ApiKey(user_id=team.id, name="The till", token_hash="k" * 64, hint="ab_sk_kkkk", scopes="keys:write")
    browser = UserSession(token_hash="s" * 64, user_id=team.id, expires_at=soon)
    offer = {"email": "ole@example.org", "role": "team", "invited_by_id": team.id, "expires_at": soon}
    to_board, to_role = (
        Invitation(board_id=board.id, token_hash="b" * 64, **offer),
        RoleInvitation(token_hash="r" * 64, created_at=utcnow(), **offer),
    )
    tag = TagFactory(board=board)
    hook = WebhookEndpoint(owner_id=team.id, description="", seed="s" * 40, **HOOKED)
    happened = WebhookMessage(name="msg_1", kind="idea.answered", facts={}, happened_at=utcnow())
    db.session.add_all([hook, happened])
    db.session.flush()
    done: dict[str, Any] = {"state": "failed", "due_at": utcnow(), "done_at": utcnow()}
    sent_there = WebhookDelivery(message_id=happened.id, endpoint_id=hook.id, **done)
    db.session.add(sent_there)
    feed = PrivateFeed(user_id=team.id, board_id=board.id, token_hash="f" * 64, hint="ffff")
    page_key = PublishableKey(board_id=board.id, token="ab_pk_" + "p" * 43)
    db.session.add_all([till, browser, to_board, to_role, feed, page_key])
    insert_once(Suppression, address=suppressions.hashed("back@example.test"), why="bounced", status="", since=utcnow())
    db.session.add_all([*asked, Reminder(occasion=Occasion.SILENCE, about_id=mine.id, at=utcnow())])
    db.session.commit()
    return {
        "team": team,
        "author": author,
        "admin": UserFactory(admin=True, factor_since=utcnow()),
        "names": {
            "idea": answered.id,
            "unanswered": mine.id,
            "comment": comment.id,
            "answer": given.json["id"],
            "loose": loose.id,
            "merged": merged.id,
            "view": view.id,
            "segment": segment.id,
            "snippet": snippet.id,
            "import": sent.id,
            "feed": feed.id,
            "mail": mail.id,
            "release": begun[0],
            "draft": begun[1],
            "solved": asked[1].id,
            "evidence": heard.id,
            "company": company.id,
            "person": author.id,
            "mate": mate.id,
            "key": till.id,
            "endpoint": hook.id,
            "message": sent_there.id,
            "session": browser.id,
            "invitation": to_board.id,
            "page_key": page_key.id,
            "role_invitation": to_role.id,
            "tag": tag.id,
            "status": status_of(board, "considering").id,
            "author_s": own.id,
            **dict(zip(("hiding", "held", "appealed"), (each.id for each in hidings), strict=True)),
        },
        "edited": mine.id,
    }


@pytest.fixture
def site(begin, ask):
    return begin(a_site, ask)


def send(asking, site, name, method=None):
    verb, path, body, _scope, _open = OPERATIONS[name]
    names = site["names"] if name != "edit_idea" else {**site["names"], "idea": site["edited"]}
    if name == "post_picture":
        return asking.ask(verb, path, data=PICTURE, content_type="image/png")
    if name == "put_logo":
        return asking.ask(verb, path, data=PICTURE, content_type="image/png")
    if name == "order_statuses":
        body = {"order": [names["status"]]}
    if name == "send_import":
        return asking.ask(verb, path, data=b"id,text,author_id\n1,Benches,7\n", content_type="text/csv")
    if name == "merge_idea":
        body = {**body, "into": names["unanswered"]}
    return asking.ask(verb, path.format(**names), body)


def test_no_operation_is_left_out(app, document):
    described = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }

    assert described - {"openapi"} - ON_PAGES_ALONE == set(OPERATIONS)


def test_every_address_of_the_api_is_described(app, document):
    described = {
        (path, method.upper())
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(api.PREFIX)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert routed == described


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_description_says_what_a_key_needs(document, name):
    _method, _path, _body, scope, is_open = OPERATIONS[name]
    operation = next(
        each
        for item in document["paths"].values()
        for each in item.values()
        if isinstance(each, dict) and each.get("operationId") == name
    )

    assert operation["security"] == [*([{}] if is_open else []), {"key": [scope]}]
    assert scope in api.SCOPES


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_a_key_one_only_reads_what_is_public(ask, site, name):
    answer = send(ask(), site, name)

    if OPERATIONS[name][-1]:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_key_does_what_its_scope_says_and_nothing_else(ask, site, name):
    scope = OPERATIONS[name][-2]
    person = site["author"] if name in AUTHOR_ALONE else site["admin" if name in OF_ADMINISTRATORS else "team"]
    others = [each for each in api.SCOPES if each != scope]

    refused = send(ask(person, *others), site, name)
    done = send(ask(person, scope), site, name)

    assert refused.status_code == 403
    assert refused.get_json(force=True)["code"] == "scope-missing"
    assert refused.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
    assert done.status_code in (200, 201, 202, 204), done.text


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_suspended_person_reads_and_does_nothing(ask, site, name):
    person = site["author"] if name in AUTHOR_ALONE else site["team"]
    suspended = ask(person)
    person.suspended_at = utcnow()

    answer = send(suspended, site, name)

    if name in OF_FEW | OF_ADMINISTRATORS:
        assert answer.status_code == 404
        return
    if name in OF_ONESELF:
        assert answer.status_code in (200, 204)
        return
    of_the_team = (
        *("list_deliveries", "list_waiting", "get_loop_health", "preview_merge", "list_said", "get_scores"),
        *("list_evidence", "list_on_behalf", "get_insights", "list_counted"),
    )
    reads = OPERATIONS[name][0] == "GET" and name not in of_the_team
    assert answer.status_code == (200 if reads else 403)


@pytest.mark.parametrize("name", OPERATIONS)
def test_things_of_others_are_left_alone(ask, site, name):
    answer = send(ask(charlie()), site, name)

    if name in OF_FEW | OF_ADMINISTRATORS | NEVER_OF_OTHERS or name == "appeal":
        assert answer.status_code == 404
        return
    if name in OF_THE_ASKED:
        assert (answer.status_code, answer.json["code"]) == (409, "not-asked")
        return
    reads = OPERATIONS[name][-1]
    assert answer.status_code in ((200, 201, 204) if reads or name in OPEN_TO_ALL else (403,))


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_on_a_board_one_may_not_see_is_not_there(ask, site, name):
    db.session.execute(sa.text("UPDATE board SET visibility = 'private'"))

    answer = send(ask(charlie()), site, name)

    nothing_named = {"list_boards", "list_ideas", "list_own_votes", "list_receipts", "search", "list_inbox"}
    nothing_named |= {"list_feeds", "list_events"}
    if name in ON_NO_BOARD:
        assert answer.status_code in (200, 201, 204)
        return
    assert answer.status_code == (200 if name in nothing_named else 404)
    if name in nothing_named:
        assert answer.json["data"] == []


def test_a_key_without_scope_is_refused_before_anything_is_looked_up(ask):
    missing = ask(UserFactory(), "ideas:read").put("ideas/2000000000/vote")

    assert missing.status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer ab_sk_unknownunknownunknown",
        "Bearer ab_sk_unknown unknown",
        "Basic bWlhOnNlY3JldA==",
        "ab_sk_unknownunknownunknown",
        "Bearer ' OR 1=1 --",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_key_that_does_not_work_opens_nothing(ask, header):
    BoardFactory()

    answer = ask().get("boards", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.get_json(force=True)["code"] == "key-unknown"


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_an_ended_key_opens_nothing(ask, end):
    mia = ask(UserFactory())
    assert mia.get("boards").status_code == 200

    db.session.execute(sa.update(ApiKey).values({end: utcnow() - timedelta(seconds=1)}))

    assert mia.get("boards").status_code == 401


def test_a_key_in_the_address_is_not_a_key(ask):
    idea, header = IdeaFactory(), bearer(UserFactory())["Authorization"]

    answer = ask().put(f"ideas/{idea.id}/vote?access_token={header.removeprefix('Bearer ')}")

    assert answer.status_code == 401


def test_a_session_is_not_a_key(app, ask):
    from ideas.accounts import sessions
    from ideas.db import unit_of_work

    idea, mia = IdeaFactory(), UserFactory()
    with unit_of_work():
        _row, token = sessions.open_for(mia, browser="Firefox", network_address="127.0.0.1")
    visitor = ask()
    with visitor.client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True

    answer = visitor.put(f"ideas/{idea.id}/vote")

    assert db.session.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 1
    assert answer.status_code == 401
    assert visitor.get("ideas?author=me").status_code == 401
