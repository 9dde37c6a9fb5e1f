"""What people want to hear. The only code that writes `preference` and `mute`; it also strikes out what is waiting."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer

from ideas import settings
from ideas.accounts import people, rhythms, suppressions
from ideas.accounts.models import User
from ideas.accounts.rhythms import Chosen
from ideas.db import INSERTS, db, insert_once, utcnow
from ideas.errors import NotFound
from ideas.ledger import pacing
from ideas.ledger.models import EVERYTHING, Channel, Delivery, Gathered, Mode, Mute, Preference, State, Suppressed
from ideas.outbox import OutboxEntry
from ideas.words import _

Choice = Mode | None  # None: as is usual for that news


DIGEST = "digest:"  # before its id: the subject of a link in a digest
STOPS = "u"  # the purpose of addresses by which mail programs unsubscribe that call no site


class Stop(StrEnum):
    """What a link in a mail stops."""

    SUBJECT = "subject"  # nothing more about this, by any channel
    KIND = "kind"  # no more mail of this kind of news; from a digest, of the kinds that were in it
    EVERYTHING = "everything"  # no more mail


@dataclass(frozen=True)
class Link:
    """What a link in a mail knows: whose it is, and of which news about what; from a digest, which one it was."""

    user_id: int
    news: str
    subject: str

    @property
    def digest_id(self) -> int | None:
        return int(self.subject.removeprefix(DIGEST)) if self.subject.startswith(DIGEST) else None


def of(person: User) -> Mapping[str, Preference]:
    """What `person` chose, by kind of news; EVERYTHING stands for all kinds."""
    rows = db.session.scalars(sa.select(Preference).where(Preference.user_id == person.id))
    return {row.news: row for row in rows}


def muted_by(person: User) -> list[str]:
    """The subjects that `person` muted, latest first."""
    statement = sa.select(Mute.subject).where(Mute.user_id == person.id).order_by(Mute.muted_at.desc(), Mute.subject)
    return list(db.session.scalars(statement))


def is_muted(person: User, subject: str) -> bool:
    return db.session.get(Mute, (person.id, subject)) is not None


def choose(person: User, news: str, *, email: Choice, inbox: Choice) -> None:
    """From now on `person` hears that kind of news (or EVERYTHING) like this by each channel; None: as is usual.

    Choosing mail takes back having unsubscribed from that kind. What waits to be sent obeys at once.
    """
    if email is None and inbox is None:
        db.session.execute(_delete(Preference).where(Preference.user_id == person.id, Preference.news == news))
        return
    if email is not None and email is not Mode.OFF:
        _wait_by(person.id, news, email)
    values = {"email": email, "inbox": inbox, "by_unsubscribing": False, "changed_at": utcnow()}
    still = {"by_unsubscribing": Preference.by_unsubscribing} if email is Mode.OFF else {}
    _put(Preference, {"user_id": person.id, "news": news}, values, on_conflict=values | still)


def _wait_by(user_id: int, news: str, mode: Mode) -> None:
    """What waits of that kind goes out as it was chosen now; what too much was gathered of stays where it is."""
    theirs = Delivery.news == news
    if news == EVERYTHING:
        own = sa.select(Preference.news).where(Preference.user_id == user_id, Preference.email.is_not(None))
        theirs = Delivery.news.not_in(own)
    only = sa.and_(theirs, sa.or_(Delivery.digest.is_(None), Delivery.digest != Gathered.MANY.value))
    digest = None if mode is Mode.INSTANT else mode.value
    db.session.execute(
        sa.update(Delivery)
        .where(pacing.waits_for(user_id), only)
        .values(digest=digest)
        .execution_options(synchronize_session=False)
    )
    pacing.rearrange(user_id, utcnow(), only=only)


def hours_of(person: User) -> dict[str, Any]:
    """At which hours `person` gets mail, as `choose_hours` takes it."""
    return {**vars(rhythms.of(person)), "gathers": not person.never_gathered}


def choose_hours(person: User, hours: Mapping[str, Any]) -> None:
    """From now on `person` gets mail at these hours (see schemas.Hours); what is left out stays as it is."""
    wanted = {**hours_of(person), **hours}
    gathers = wanted.pop("gathers")
    people.choose_hours(person, Chosen(**wanted), gathers=gathers)
    if not gathers:
        gathered = sa.and_(pacing.waits_for(person.id), Delivery.digest == Gathered.MANY.value)
        db.session.execute(
            sa.update(Delivery).where(gathered).values(digest=None).execution_options(synchronize_session=False)
        )
        pacing.rearrange(person.id, utcnow())


def new_hours(user_id: int) -> None:
    """Mail comes at other hours to that person from now on: what waits moves there."""
    pacing.rearrange(user_id, utcnow())


def stop_everything(person: User) -> None:
    """No mail of any kind any more, until `choose` says otherwise of EVERYTHING; the inbox goes on."""
    unsubscribe(Link(person.id, EVERYTHING, ""), Stop.EVERYTHING)


def want_mail(person: User) -> None:
    """Mail comes again, as was chosen for each kind: also to somebody who once called a mail of ours junk."""
    choose(person, EVERYTHING, email=None, inbox=None)
    suppressions.wanted_again(person)


def mute(person: User, subject: str) -> None:
    """`person` hears nothing more about `subject`, not even what waits to be sent. Muting twice is muting once."""
    _mute(person.id, subject)


def unmute(person: User, subject: str) -> None:
    db.session.execute(_delete(Mute).where(Mute.user_id == person.id, Mute.subject == subject))


# --- Links in mail ---

GOOD_FOR = timedelta(days=180)  # of a link to all choices; one that only stops mail never ends
CLOCKS_DIFFER = timedelta(seconds=60)


def choices_path(user_id: int, at: datetime | None = None) -> str | None:
    """The address of that person's choices, for mail: it works without signing in, for GOOD_FOR from `at` on.

    None for somebody without an address. It ends when the address changes: mail to the former one is somebody else's.
    """
    address = db.session.scalar(sa.select(User.email).where(User.id == user_id))
    return choices_link(user_id, address, at or utcnow()) if address else None


def choices_link(user_id: int, address: str, at: datetime) -> str:
    return f"/choices/{_choices_signer().dumps([user_id, _mark(address), int(at.timestamp())])}"


def person_of(token: str) -> User:
    """Whose choices the link is for. Raises NotFound for one that we did not make, or that is over."""
    try:
        user_id, mark, issued_at = _choices_signer().loads(token)
        ends_at = datetime.fromtimestamp(issued_at, UTC) + GOOD_FOR + CLOCKS_DIFFER
    except (BadData, ValueError, TypeError):
        ends_at = datetime.min.replace(tzinfo=UTC)
    person = db.session.get(User, user_id) if utcnow() < ends_at else None
    # made "later" than now is not asked: we signed it, so some clock of ours was ahead
    if person is None or person.email is None or person.erased_at is not None or _mark(person.email) != mark:
        raise NotFound(_("This link does not work any more. Take the one in a newer mail, or sign in."))
    return person


def _mark(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _choices_signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="choices")


def token(user_id: int, news: str, subject: str) -> str:
    """The secret of a link by which a person stops mail without signing in. Nobody can make one, and it never ends."""
    return _signer().dumps([user_id, news, subject])


def read(token: str) -> Link:
    """What the link knows. Raises NotFound for one that we did not make."""
    try:
        user_id, news, subject = _signer().loads(token)
    except (BadData, ValueError):
        raise NotFound(_("This link is not complete. Open it from the mail once more.")) from None
    return Link(user_id, news, subject)


def kinds_of(link: Link) -> list[str]:
    """The kinds of news that the link's mail told."""
    if link.digest_id is None:
        return [link.news]
    theirs = sa.and_(Delivery.digest_id == link.digest_id, Delivery.user_id == link.user_id)
    return sorted(db.session.scalars(sa.select(Delivery.news).where(theirs).distinct()))


def unsubscribe(link: Link, what: Stop, *, news: str | None = None) -> None:
    """Stop what the link's owner asks for, at once: also what waits to be sent, alone or for a digest.

    news: one of `kinds_of` the link, where it is not all of them.
    """
    if what is Stop.SUBJECT and link.digest_id is None:
        return _mute(link.user_id, link.subject)
    kinds = [news] if news else kinds_of(link)
    for kind in [EVERYTHING] if what is Stop.EVERYTHING else kinds:
        _put(
            Preference,
            {"user_id": link.user_id, "news": kind},
            {"email": Mode.OFF.value, "by_unsubscribing": True, "changed_at": utcnow()},
        )
    waiting = _waiting(link.user_id, Suppressed.UNSUBSCRIBED)
    db.session.execute(waiting if what is Stop.EVERYTHING else waiting.where(Delivery.news.in_(kinds)))
    return None


def strike_out(user_id: int, reason: Suppressed) -> None:
    """No mail that waits for that person is sent, for that reason."""
    db.session.execute(_waiting(user_id, reason))


def _mute(user_id: int, subject: str) -> None:
    insert_once(Mute, user_id=user_id, subject=subject, muted_at=utcnow())
    about = sa.select(OutboxEntry.id).where(OutboxEntry.subject == subject)
    db.session.execute(_waiting(user_id, Suppressed.MUTED).where(Delivery.entry_id.in_(about)))


def _waiting(user_id: int, reason: Suppressed) -> sa.Update:
    """Strike out a person's waiting mail. A lease on one stays: what is under way by now was sent all the same."""
    return (
        sa.update(Delivery)
        .where(
            Delivery.user_id == user_id,
            Delivery.channel == Channel.EMAIL.value,
            Delivery.state == State.PENDING.value,
        )
        .values(state=State.SUPPRESSED.value, reason=reason.value, done_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def _put(
    model: type[Preference], key: dict[str, Any], values: dict[str, Any], on_conflict: dict[str, Any] | None = None
) -> None:
    insert = INSERTS[db.session.get_bind().dialect.name]
    statement = insert(model).values(**key, **values)
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=on_conflict or values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def _delete(model: type[Preference] | type[Mute]) -> sa.Delete:
    return sa.delete(model).execution_options(synchronize_session=False)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="unsubscribe")
