"""What the codes of this room are called where people read them."""

from __future__ import annotations

from ideas.boards.behalf import Became
from ideas.boards.models import Reason
from ideas.boards.models_evidence import EvidenceKind
from ideas.boards.models_moderating import FlagReason
from ideas.boards.models_solving import Helped
from ideas.ledger.models import Channel, Path, State, Suppressed
from ideas.words import _, counted, lazy, ngettext

REASON_WORDS = {
    Reason.UNDER_REVIEW: lazy("We are looking into it"),
    Reason.COMMITTED: lazy("We have decided to do it"),
    Reason.IN_PROGRESS: lazy("We are working on it"),
    Reason.SHIPPED: lazy("It is there, as asked"),
    Reason.SHIPPED_DIFFERENTLY: lazy("It is there, in another way than asked"),
    Reason.PARTLY: lazy("Part of it is there"),
    Reason.ALREADY_POSSIBLE: lazy("It was possible already"),
    Reason.NOT_NOW: lazy("Not now"),
    Reason.CANNOT_SAY: lazy("We cannot say yet"),
    Reason.NOT_US: lazy("Good, but not for us to do"),
    Reason.NOT_EVER: lazy("We will not do this"),
    Reason.REOPENED: lazy("We are taking it up again"),
}

FLAG_WORDS = {
    FlagReason.SPAM: lazy("Advertising or spam"),
    FlagReason.ABUSE: lazy("Insults or threats"),
    FlagReason.PERSONAL_DATA: lazy("It names a person, or says something private of them"),
    FlagReason.OFF_TOPIC: lazy("It does not belong here"),
    FlagReason.OTHER: lazy("Something else"),
}

HELPED_WORDS = {
    Helped.YES: lazy("Yes"),
    Helped.PARTLY: lazy("Partly"),
    Helped.NO: lazy("No"),
}

EVIDENCE_WORDS = {
    EvidenceKind.CALL: lazy("In a call"),
    EvidenceKind.TICKET: lazy("In a ticket"),
    EvidenceKind.MAIL: lazy("In a mail"),
    EvidenceKind.PAGE: lazy("On a page"),
}

# Why somebody hears of an idea, as the team reads it beside the person's name.
PATH_WORDS = {
    Path.CREDITED: lazy("credited"),
    Path.AUTHOR: lazy("had the idea"),
    Path.MERGED_AUTHOR: lazy("had an idea that was merged in"),
    Path.REPLIED_TO: lazy("was replied to"),
    Path.MENTIONED: lazy("was named"),
    Path.COMMENTER: lazy("commented"),
    Path.VOTER: lazy("voted"),
    Path.FOLLOWER: lazy("follows"),
    Path.OWNER: lazy("owns the idea"),
    Path.TEAM: lazy("of the team"),
}

WHY_NOT_WORDS = {
    Suppressed.OFF: lazy("turned this kind of news off"),
    Suppressed.MUTED: lazy("muted this idea"),
    Suppressed.SUSPENDED: lazy("suspended"),
    Suppressed.NOT_VISIBLE: lazy("may not see it any more"),
    Suppressed.INBOX_ONLY: lazy("inbox alone"),
    Suppressed.EMAIL_ONLY: lazy("e-mail alone"),
    Suppressed.UNSUBSCRIBED: lazy("unsubscribed"),
    Suppressed.NO_ADDRESS: lazy("no address we can write to"),
    Suppressed.ADDRESS_BOUNCED: lazy("mail to their address comes back"),
    Suppressed.COMPLAINED: lazy("called a mail of ours junk"),
    Suppressed.RESTORED: lazy("held back, as a backup was restored"),
    Suppressed.CANCELLED: lazy("the mail was called off"),
    Suppressed.ERASED: lazy("erased"),
    Suppressed.LEFT_OUT: lazy("left out by the team"),
}


def people_on_path(path: str, count: int) -> str:
    """What connects so many people with the news; the number stands before it."""
    words = {
        Path.CREDITED: ngettext("credited", "credited", count),
        Path.AUTHOR: ngettext("author", "authors", count),
        Path.MERGED_AUTHOR: ngettext("author of a merged idea", "authors of merged ideas", count),
        Path.REPLIED_TO: ngettext("person replied to", "people replied to", count),
        Path.MENTIONED: ngettext("person named", "people named", count),
        Path.COMMENTER: ngettext("commenter", "commenters", count),
        Path.VOTER: ngettext("voter", "voters", count),
        Path.FOLLOWER: ngettext("follower", "followers", count),
        Path.OWNER: ngettext("owner", "owners", count),
        Path.TEAM: ngettext("of the team", "of the team", count),
    }
    return words[Path(path)]


def became(what: Became | None) -> str:
    """What became of noting what a customer said, and of the vote on their behalf; None: there was none."""
    if what is None:
        return _("It is noted.")
    words = {
        Became.ASKED: _("It is noted. They are asked, and counted apart until they say yes."),
        Became.WAITING: _("It is noted. They were asked before, and have not said anything yet."),
        Became.VOTED: _("It is noted. They vote for it themselves, so nobody has to be asked."),
        Became.DENIED: _("It is noted. They said before that they do not want it, so they are not asked again."),
    }
    return words[what]


def why_not(reason: str | None) -> str:
    """Why somebody was not told by a channel."""
    return str(WHY_NOT_WORDS[Suppressed(reason)]) if reason in set(Suppressed) else (reason or "")


def people_told(sent: int, *, by_email: int, in_inbox: int, pending: int, failed: int) -> str:
    """How many were told of what became of an idea: "143 people told: 120 by e-mail, 23 in their inbox; …"."""
    parts = []
    if sent:
        told = ngettext("%(num)s person told", "%(num)s people told", sent)
        by = {"email": counted(by_email), "inbox": counted(in_inbox)}
        if not by_email:
            parts.append(_("%(told)s, in their inbox", told=told))
        elif not in_inbox:
            parts.append(_("%(told)s, by e-mail", told=told))
        else:
            parts.append(_("%(told)s: %(email)s by e-mail, %(inbox)s in their inbox", told=told, **by))
    if pending:
        parts.append(ngettext("%(num)s e-mail is on its way", "%(num)s e-mails are on their way", pending))
    if failed:
        parts.append(ngettext("%(num)s could not be reached", "%(num)s could not be reached", failed))
    return "; ".join(parts)


def outcome(state: str, reason: str | None) -> str:
    """What became of telling somebody, in the team's list."""
    if state == State.SENT:
        return _("told, and called it junk") if reason == Suppressed.COMPLAINED else _("told")
    if state == State.PENDING:
        return _("on its way")
    if state == State.FAILED:
        return _("could not be reached")
    if reason == Suppressed.INBOX_ONLY:
        return _("in the inbox alone")
    if reason == Suppressed.EMAIL_ONLY:
        return _("by e-mail alone")
    return _("not told: %(why)s", why=why_not(reason))


def told(channel: str, state: str, reason: str | None) -> str:
    """How a person was told, as they read it themselves; "" for what concerns nobody."""
    if reason == Suppressed.CANCELLED:
        return _("The e-mail was called off by whoever runs this site")
    if state == State.SENT:
        return _("Told by e-mail") if channel == Channel.EMAIL else _("Told in your inbox")
    if state == State.PENDING:
        return _("An e-mail is on its way")
    if state == State.FAILED:
        return _("An e-mail did not reach you")
    return ""
