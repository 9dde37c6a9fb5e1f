"""Pictures in texts: take them in, tie them to what shows them, let them go. The only code that writes `picture`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from ideas import markup, pictures, settings, storage
from ideas.accounts import locks
from ideas.accounts.models import User
from ideas.boards import policy, queries, releases, screening
from ideas.boards.models import Comment
from ideas.boards.models_pictures import Picture
from ideas.db import db, utcnow
from ideas.errors import NotFound, TooMany
from ideas.words import _, ngettext

FILES = sa.select(Picture.name).where(Picture.gone_at.is_(None))
ALT_LONGEST = 200
LOOSE_FOR = timedelta(days=1)  # what no text shows by then is deleted
DAY = timedelta(days=1)
SWEPT_AT_ONCE = 50


def add(owner: User, made: pictures.Picture, *, alt: str = "") -> Picture:
    """Note a picture that `pictures.taken` made; its file is put into storage by `keep`, once this is committed.

    In this order because a row without a file is tidied away, and a file without a row would lie there for ever.
    Raises NotAllowed for somebody suspended, TooMany when they have uploaded as many as fit into a day.
    """
    locks.hold(f"pictures:{owner.id}")
    require_room(owner)
    row = Picture(
        name=made.name,
        owner_id=owner.id,
        width=made.width,
        height=made.height,
        bytes=len(made.content),
        alt=alt,
        created_at=utcnow(),
    )
    db.session.add(row)
    db.session.flush()  # the caller shows it
    return row


def keep(made: pictures.Picture) -> None:
    """Put the file where it stays."""
    storage.pictures().put(made.name, made.content, pictures.CONTENT_TYPE)


def require_room(owner: User) -> None:
    """One more picture of this person fits. Asked before the work of decoding it, and again when it is noted.

    Raises as `add` does.
    """
    policy.require_part(owner)
    most, since = settings.current().pictures_per_day, utcnow() - DAY
    if not owner.is_site_team and screening.is_new(owner, utcnow()):
        most = min(most, settings.current().new_account_pictures)
    count = db.session.scalar(
        sa.select(sa.func.count()).select_from(Picture).where(Picture.owner_id == owner.id, Picture.created_at > since)
    )
    if (count or 0) < most:
        return
    words = ngettext(
        "You can upload %(num)s picture a day. Try again tomorrow.",
        "You can upload %(num)s pictures a day. Try again tomorrow.",
        most,
    )
    raise TooMany(words, retry_after=int(DAY.total_seconds()))


def markdown(row: Picture) -> str:
    """How a text shows it."""
    words = " ".join(row.alt.replace("[", "(").replace("]", ")").replace("\\", "").split())
    return f"![{words}]({markup.PICTURES}{row.name})"


def tie(author_id: int, html: str, idea_id: int, comment_id: int | None = None) -> None:
    """The author's pictures that these rendered words are the first to show belong to them from now on."""
    _tie(author_id, html, idea_id=idea_id, comment_id=comment_id)


def tie_to_release(author_id: int, html: str, release_id: int) -> None:
    """The same for the words of a release."""
    _tie(author_id, html, release_id=release_id)


def _tie(author_id: int, html: str, **to: int | None) -> None:
    names = markup.picture_names(html)
    if not names:
        return
    db.session.execute(
        sa.update(Picture)
        .where(
            Picture.name.in_(names),
            Picture.owner_id == author_id,
            Picture.idea_id.is_(None),
            Picture.release_id.is_(None),
            Picture.gone_at.is_(None),
        )
        .values(**to)
        .execution_options(synchronize_session=False)
    )


def let_go(comment: Comment) -> None:
    """The comment's words are gone, and its pictures with them."""
    _mark_gone(Picture.comment_id == comment.id)


def let_go_of(person_id: int) -> list[str]:
    """All pictures of somebody who is erased, and what was said of them; the names of their files."""
    _mark_gone(Picture.owner_id == person_id)
    theirs = sa.update(Picture).where(Picture.owner_id == person_id).values(alt="").returning(Picture.name)
    return list(db.session.scalars(theirs.execution_options(synchronize_session=False)))


def _mark_gone(which: sa.ColumnElement[bool]) -> None:
    db.session.execute(
        sa.update(Picture)
        .where(which, Picture.gone_at.is_(None))
        .values(gone_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def of_person(person_id: int) -> list[Picture]:
    """The pictures that somebody sent and that are still there, oldest first; their files: storage.pictures()."""
    statement = sa.select(Picture).where(Picture.owner_id == person_id, Picture.gone_at.is_(None))
    return list(db.session.scalars(statement.order_by(Picture.id)))


_BY_NAME = sa.select(Picture).where(Picture.name == sa.bindparam("name"), Picture.gone_at.is_(None))


def get(reader: User | None, name: str) -> Picture:
    """The picture, for whoever may read the text that shows it; otherwise NotFound, as if there were none."""
    missing = NotFound(_("There is nothing here, or you may not see it."))
    if not pictures.is_name(name):
        raise missing
    row = db.session.scalar(_BY_NAME, {"name": name})
    if row is None:
        raise missing
    if row.is_loose:
        if reader is None or reader.id != row.owner_id:
            raise missing
        return row
    try:
        if row.comment_id is not None:
            said = queries.get_comment(reader, row.comment_id)
            if said.comment.deleted_at is not None:
                raise missing
        elif row.release_id is not None:
            releases.get(reader, row.release_id)
        else:
            queries.get_idea(reader, row.idea_id or 0)
    except NotFound:
        raise missing from None
    return row


def everybody_sees(row: Picture) -> bool:
    """Whether anybody at all may see it, so that others than the reader may keep a copy."""
    try:
        get(None, row.name)
    except NotFound:
        return False
    return True


def sweep() -> None:
    """Delete what is gone and what no text came to show, some at a time: the file first, then the row."""
    loose = (Picture.idea_id.is_(None), Picture.comment_id.is_(None), Picture.release_id.is_(None))
    old = sa.and_(*loose, Picture.created_at < utcnow() - LOOSE_FOR)
    # one that became loose because its idea's row was deleted is old at once, and that is right
    rows = db.session.execute(
        sa.select(Picture.id, Picture.name)
        .where(sa.or_(Picture.gone_at.is_not(None), old))
        .order_by(Picture.id)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)  # a text that shows one of them this very moment waits, and is too late
    ).all()
    for row in rows:
        storage.pictures().delete(row.name)
    if rows:
        db.session.execute(
            sa.delete(Picture)
            .where(Picture.id.in_([row.id for row in rows]))
            .execution_options(synchronize_session=False)
        )


def names_kept() -> Sequence[str]:
    """The name of every file that a row knows, for backups and checks."""
    return db.session.scalars(sa.select(Picture.name).order_by(Picture.id)).all()
