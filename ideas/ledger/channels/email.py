"""A delivery as a mail: in the person's language and zone, with the ways to stop it.

Mail is made a batch at a time, before anything is sent, so that no connection to the database is held while sending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import css_inline
import sqlalchemy as sa
import structlog
from markupsafe import Markup

from ideas import colours, mail, mail_tokens, settings, words
from ideas.db import db, utcnow
from ideas.ledger import bounces, preferences, sending, wording
from ideas.ledger.channels import shapes
from ideas.ledger.sending import Addressee, Claimed, Outcome
from ideas.ledger.wording import BUILT_IN, Own
from ideas.outbox import DueDelivery, Notice
from ideas.words import _

log = structlog.get_logger()


class Stop(NamedTuple):
    """A way to hear less: an address that shows a page first, and what it stops."""

    url: str
    words: str


def compose(rows: Sequence[Claimed]) -> dict[int, mail.Message | Outcome]:
    """For each delivery its mail, or what becomes of it because none can be made.

    One that cannot be made hurts no other.
    """
    made: dict[int, mail.Message | Outcome] = {}
    groups: dict[tuple[str, str | None, str | None], list[Claimed]] = defaultdict(list)
    for row in rows:
        groups[row.delivery.kind, row.to.locale, row.to.timezone].append(row)
    own = wording.own_words() if rows else {}
    for (kind, _locale, _zone), group in groups.items():
        notice = settings.rooms().notices[kind]
        with words.addressing(group[0].to):
            said = find_words(notice, [row.delivery for row in group])
            alike = _alike(notice, said)
            for row in group:
                words_of = own.get(row.delivery.news, BUILT_IN)
                made[row.delivery.id] = _one(notice, row, said[row.delivery.id], alike.get(row.delivery.id), words_of)
    return made


def _alike(notice: Notice, said: Mapping[int, Mapping[str, Any] | Outcome]) -> Mapping[int, Hashable]:
    """What those have in common that read the same; nobody, where the room does not say."""
    if notice.alike is None:
        return {}
    return notice.alike({key: each for key, each in said.items() if not isinstance(each, Outcome)})


def find_words(notice: Notice, batch: Sequence[DueDelivery]) -> dict[int, Mapping[str, Any] | Outcome]:
    """For each delivery the names its templates use, or what becomes of it because it has none."""
    try:
        said = notice.words(batch)
        return {delivery.id: said.get(delivery.id, sending.gone()) for delivery in batch}
    except sa.exc.OperationalError:
        raise  # the database, not the words
    except Exception as error:  # one broken notice must not hold up everybody's mail
        db.session.rollback()
        if len(batch) > 1:
            return {key: value for delivery in batch for key, value in find_words(notice, [delivery]).items()}
        log.warning("notice_has_no_words", delivery=batch[0].id, exc_info=True)
        return {batch[0].id: sending.unrenderable(repr(error))}


def _one(
    notice: Notice, row: Claimed, said: Mapping[str, Any] | Outcome, alike: Hashable, own: Own = BUILT_IN
) -> mail.Message | Outcome:
    if isinstance(said, Outcome):
        return said
    try:
        return _message(notice, row, said, alike, own)
    except Exception as error:  # one broken notice must not hold up everybody's mail
        log.warning("mail_cannot_be_made", delivery=row.delivery.id, exc_info=True)
        return sending.unrenderable(repr(error))


def _message(notice: Notice, row: Claimed, said: Mapping[str, Any], alike: Hashable, own: Own) -> mail.Message:
    delivery = row.delivery
    token = preferences.token(delivery.user_id, delivery.news, delivery.subject)
    choices = settings.absolute(preferences.choices_link(row.to.id, row.to.email, delivery.recorded_at))
    answer_to = _answer_to(notice, delivery)
    answers = answer_to is not None
    if alike is None:
        links = (token, choices, row.to.name)
        made = _words(notice, delivery, row.to, said, links, own, answers=answers)
    else:
        key = (
            *(delivery.kind, delivery.path, delivery.news, answers, row.to.locale, row.to.timezone, alike, own),
            *_site(),
        )
        blanks = shapes.UNSUBSCRIBE, shapes.SETTINGS, shapes.NAME
        shape = shapes.shapes.get(key, lambda: _words(notice, delivery, row.to, said, blanks, own, answers=answers))
        made = shape.filled(unsubscribe=token, settings=choices, name=row.to.name)
    thread = f"<{delivery.subject.replace(':', '-')}@{host()}>"
    return mail.Message(
        to=row.to.email,
        to_name=row.to.name,
        sender_name=str(said["sender"]),
        subject=made.subject,
        text=made.text,
        html=made.html,
        message_id=f"<delivery-{delivery.id}@{host()}>",
        headers={
            **({"Reply-To": answer_to} if answer_to else {}),
            "In-Reply-To": thread,
            "References": thread,
            "List-Id": f"<{delivery.news.replace('_', '-')}.{host()}>",
            **unsubscribe_headers(token, f"{bounces.SINGLE}{delivery.id}"),
            "Feedback-ID": f"{delivery.kind}:{delivery.news}:{delivery.path}:answerback",
            "Auto-Submitted": "auto-generated",
        },
        reports_to=mail_tokens.for_reports(f"{bounces.SINGLE}{delivery.id}"),
    )


def _site() -> tuple[Hashable, ...]:
    """What is the same for all mail of a day: of another year a day is said with it."""
    config = settings.current()
    return config.base_url, settings.brand(), config.default_locale, utcnow().date()


def sample(notice: Notice, delivery: DueDelivery, to: Addressee, said: Mapping[str, Any], own: Own) -> shapes.Words:
    """What such a mail would say to `to`; its links lead nowhere. Inside `words.addressing`."""
    answers = _answer_to(notice, delivery) is not None
    return _words(notice, delivery, to, said, ("-", settings.absolute("/"), to.name), own, answers=answers)


def _words(
    notice: Notice,
    delivery: DueDelivery,
    to: Addressee,
    said: Mapping[str, Any],
    links: tuple[str, str, str],
    own: Own,
    *,
    answers: bool,
) -> shapes.Words:
    """What the mail says. links: the secret and the address in its frame, and the person's name, or blanks for them.

    own: what administrators say in this kind of mail. answers: the person can answer it by mail.
    """
    token, choices, name = links
    template = settings.rooms().templates.get_template
    names = {"subject_name": "", **said, "path": delivery.path, "news": delivery.news}
    names |= frame(to, _stops(token, str(names["subject_name"]), delivery.news), choices)
    names["answer_by_mail"] = answers
    words = shapes.Words(
        " ".join(template(f"{notice.template}/subject.txt").render(names).split()),
        template(f"{notice.template}/body.txt").render(names),
        template(f"{notice.template}/body.html").render(names),
    )
    return finished(words if own == BUILT_IN else _with_own(words, own, names, name), names)


def _with_own(words: shapes.Words, own: Own, names: Mapping[str, Any], name: str) -> shapes.Words:
    values = {
        "headline": words.subject,
        "title": str(names.get("known_title") or names["subject_name"] or words.subject),
        "board": str(names.get("board_name") or names["site_name"]),
        "name": name,
        "sender": str(names["sender"]),
        "site": str(names["site_name"]),
    }
    text = [wording.as_text(own.opening, values), words.text.strip(), wording.as_text(own.closing, values)]
    html = [wording.as_html(own.opening, values), words.html, wording.as_html(own.closing, values)]
    return shapes.Words(wording.subject_of(own, values), "\n\n".join(filter(None, text)), "\n".join(html))


def _answer_to(notice: Notice, delivery: DueDelivery) -> str | None:
    """The address to which the person answers; None when no mail comes back to this site."""
    return mail_tokens.address(*notice.answer_to(delivery)) if notice.answer_to is not None else None


def _stops(token: str, subject_name: str, news: str) -> list[Stop]:
    unsubscribe = settings.absolute(f"/u/{token}")
    about = _("Hear nothing more about “%(title)s”", title=subject_name) if subject_name else None
    return [
        Stop(f"{unsubscribe}?stop=subject", about or _("Hear nothing more about this")),
        Stop(f"{unsubscribe}?stop=kind", _("Get no more mail of this kind (%(kind)s)", kind=_label(news))),
        Stop(f"{unsubscribe}?stop=everything", _("Get no more mail at all")),
    ]


# --- What all mail to a person has around it ---


def host() -> str:
    """What stands behind the @ in names of mails."""
    return urlsplit(settings.current().base_url).hostname or "localhost"


def unsubscribe_headers(token: str, name: str) -> dict[str, str]:
    """The one click of mail programs (RFC 8058), and the same by mail for those that know only that.

    name: what the mail is called in addresses. Where no mail comes in, a person reads what programs write.
    """
    comes_in = mail_tokens.address(preferences.STOPS, name)
    said = "unsubscribe" if comes_in else f"unsubscribe {token}"
    by_mail = f"mailto:{comes_in or settings.current().support_email}?subject={quote(said)}"
    return {
        "List-Unsubscribe": f"<{settings.absolute(f'/u/{token}')}>, <{by_mail}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def finished(words: shapes.Words, names: Mapping[str, Any]) -> shapes.Words:
    """`words`, of which text and HTML are the body alone, with the frame around both."""
    template = settings.rooms().templates.get_template
    text = template("ledger/mail/frame.txt").render(names, body=words.text.strip())
    html = template("ledger/mail/frame.html").render(
        names,
        mail_subject=words.subject,
        body=Markup(words.html),  # noqa: S704 - ours
    )
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    return shapes.Words(words.subject, text, _inliner().inline(html))


def frame(to: Addressee, stops: Sequence[Stop], choices: str) -> dict[str, Any]:
    """The names that the frame and every body may use. choices: the address of the page with all that can be chosen."""
    brand = settings.brand()
    language = words.language()
    palette = _palette(brand.accent)
    return {
        "answer_by_mail": False,
        "person": to,
        "site_name": brand.site_name,
        "base_url": settings.current().base_url,
        "settings_url": choices,
        "stops": stops,
        "turn": _turn(),
        "light": palette.light,
        "dark": palette.dark,
        "lang": str(language).replace("_", "-"),
        "text_direction": language.text_direction,
    }


def _turn() -> Markup:
    """The returning mark, made of borders: it is there with pictures off."""
    return Markup(settings.rooms().templates.get_template("ledger/mail/turn.html").render())  # noqa: S704 - ours


def _label(news: str) -> str:
    return next((str(kind.label) for kind in settings.rooms().news if kind.name == news), _("news"))


_palette = cache(colours.palette)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
