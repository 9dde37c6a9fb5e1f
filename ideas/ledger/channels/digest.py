"""A digest as a mail: what closed first, then the rest, grouped by what it is about.

What a notice says in the inbox is its short form, and a digest is made of those. As with single mails everything is
found out before anything is sent, so that no connection to the database is held while sending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog
from markupsafe import Markup

from ideas import mail, mail_tokens, settings, words
from ideas.ledger import bounces, pacing, preferences, sending
from ideas.ledger.channels import email, shapes
from ideas.ledger.channels.email import Stop
from ideas.ledger.digests import Claimed
from ideas.ledger.sending import Outcome
from ideas.outbox import DueDelivery, NewsKind
from ideas.words import _

log = structlog.get_logger()

PHRASES = 3  # of a subject; more is not read


class Line(NamedTuple):
    """One delivery in a digest."""

    delivery: DueDelivery
    headline: str  # what its own mail would have as subject
    subject_name: str
    url: str
    html: Markup
    text: list[str]


class Group(NamedTuple):
    """What a digest says about one subject; the title stands above it if it takes more than one line."""

    title: str
    lines: list[Line]


@dataclass
class Prepared:
    """A digest with the words of all that is in it, to be made a mail of just before sending."""

    digest: Claimed
    lines: Sequence[Line]

    def message(self, ids: Collection[int]) -> mail.Message | None:
        """The mail that tells those of its deliveries; None if there is nothing to tell."""
        lines = [line for line in self.lines if line.delivery.id in ids]
        self.digest.included = [line.delivery.id for line in lines]
        if not lines:
            return None
        with words.addressing(self.digest.to):
            return _message(self.digest, _grouped(lines))


def prepare(claimed: Sequence[Claimed]) -> list[Prepared]:
    """Find the words for each digest. What cannot be said is noted in the digest as lost, and hurts nothing else."""
    said: dict[int, Line | Outcome] = {}
    groups: dict[tuple[str, str | None, str | None], list[tuple[Claimed, DueDelivery]]] = defaultdict(list)
    for digest in claimed:
        for delivery in digest.deliveries:
            groups[delivery.kind, digest.to.locale, digest.to.timezone].append((digest, delivery))
    for (kind, _locale, _zone), group in groups.items():
        notice = settings.rooms().notices[kind]
        with words.addressing(group[0][0].to):
            found = email.find_words(notice, [delivery for _digest, delivery in group])
            for digest, delivery in group:
                said[delivery.id] = _line(notice.template, digest, delivery, found[delivery.id])
    prepared = []
    for digest in claimed:
        ways = {delivery.id: said[delivery.id] for delivery in digest.deliveries}
        digest.lost = {key: way for key, way in ways.items() if isinstance(way, Outcome)}
        prepared.append(Prepared(digest, [way for way in ways.values() if isinstance(way, Line)]))
    return prepared


def _line(folder: str, digest: Claimed, delivery: DueDelivery, said: Mapping[str, Any] | Outcome) -> Line | Outcome:
    if isinstance(said, Outcome):
        return said
    template = settings.rooms().templates.get_template
    names = {"subject_name": "", **said, "path": delivery.path, "news": delivery.news, "person": digest.to}
    try:
        headline = " ".join(template(f"{folder}/subject.txt").render(names).split())
        html = Markup(template(f"{folder}/inbox.html").render(names))  # noqa: S704 - ours
    except Exception as error:  # one broken notice must not hold up everybody's mail
        log.warning("mail_cannot_be_made", delivery=delivery.id, exc_info=True)
        return sending.unrenderable(repr(error))
    return Line(delivery, headline, str(names["subject_name"]), str(said["url"]), html, _as_text(html))


def _as_text(html: Markup) -> list[str]:
    """The paragraphs of a short form as plain text, without its markup."""
    found = []
    for part in re.split(r"</(?:p|li|div|blockquote|h[1-6])>", html):
        text = " ".join(Markup(part).striptags().split())  # noqa: S704 - only to take the markup away
        if text:
            found.append(f"↩ {text}" if "news-use" in part else text)
    return found


# --- In which order ---


def _grouped(lines: Sequence[Line]) -> list[Group]:
    """Groups by subject: those in which something closed first, each with its weightiest line first."""
    rank = _ranks()
    by_subject: dict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (rank(line), line.delivery.id)):
        by_subject[line.delivery.subject].append(line)
    return [Group(group[0].subject_name or group[0].headline, group) for group in by_subject.values()]


def _ranks() -> Any:
    closing, kinds = pacing.closure(), [kind.name for kind in settings.rooms().news]

    def rank(line: Line) -> tuple[bool, int]:
        news = line.delivery.news
        return news not in closing, kinds.index(news) if news in kinds else len(kinds)

    return rank


def _subject(groups: Sequence[Group]) -> str:
    """What happened, in a line: how much of each kind, what closed first."""
    lines = [line for group in groups for line in group.lines]
    if len(lines) == 1:
        return lines[0].headline
    subjects: dict[str, set[str]] = defaultdict(set)
    for line in sorted(lines, key=_ranks()):
        subjects[line.delivery.news].add(line.delivery.subject)
    kinds = {kind.name: kind for kind in settings.rooms().news}
    phrases = [_counted(kinds.get(news), news, len(about)) for news, about in subjects.items()]
    said = "; ".join(phrases[:PHRASES])
    return said[:1].upper() + said[1:]


def _counted(kind: NewsKind | None, news: str, count: int) -> str:
    if kind is not None and kind.counted is not None:
        return kind.counted(count)
    return _("%(kind)s: %(num)s", kind=kind.label if kind else news, num=count)


# --- The mail ---


def _message(digest: Claimed, groups: Sequence[Group]) -> mail.Message:
    config = settings.current()
    subject = _subject(groups)
    token = preferences.token(digest.to.id, "", f"{preferences.DIGEST}{digest.id}")
    unsubscribe = settings.absolute(f"/u/{token}")
    stops = [
        Stop(f"{unsubscribe}?stop=kind", _("Get no more mail of these kinds")),
        Stop(f"{unsubscribe}?stop=everything", _("Get no more mail at all")),
    ]
    choices = settings.absolute(preferences.choices_link(digest.to.id, digest.to.email, digest.moment))
    names = {
        "headline": subject,
        "groups": groups,
        "most": config.single_mails_a_week if digest.is_many else None,
        **email.frame(digest.to, stops, choices),
    }
    html, text = (settings.rooms().templates.get_template(f"ledger/mail/digest.{kind}") for kind in ("html", "txt"))
    host = email.host()
    made = email.finished(shapes.Words(subject, text.render(names), html.render(names)), names)
    return mail.Message(
        to=digest.to.email,
        to_name=digest.to.name,
        sender_name=mail.own_name(config, settings.brand().site_name),
        subject=made.subject,
        text=made.text,
        html=made.html,
        message_id=f"<digest-{digest.id}@{host}>",
        headers={
            "List-Id": f"<digest.{host}>",
            **email.unsubscribe_headers(token, f"{bounces.DIGEST}{digest.id}"),
            "Feedback-ID": "digest:digest:digest:answerback",
            "Auto-Submitted": "auto-generated",
        },
        reports_to=mail_tokens.for_reports(f"{bounces.DIGEST}{digest.id}"),
    )
