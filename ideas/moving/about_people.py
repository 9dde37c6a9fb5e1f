"""What this room knows of one person: for their export, and to forget it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.db import db, utcnow
from ideas.moving.models import Imported
from ideas.moving.models_running import FILE_NAME_LONGEST, UNDER_WAY, Import, ImportPiece, State
from ideas.moving.places import pseudonym
from ideas.moving.records import Kind
from ideas.privacy import Attachment, Leaving, Part
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    """Under which ids they came, and what they brought over."""
    known = sa.select(Imported.source, Imported.foreign_id).where(
        Imported.kind == Kind.PERSON, Imported.here_id == person_id
    )
    yield Part(
        "imported_as",
        _("under which id other systems knew you that were imported here"),
        stream(known.order_by(Imported.source, Imported.foreign_id)),
    )
    sent = sa.select(Import.id, Import.format, Import.file_name, Import.state, Import.created_at, Import.ended_at)
    yield Part(
        "imports", _("files that you imported"), stream(sent.where(Import.by_id == person_id).order_by(Import.id))
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    """None: files that were sent are not kept."""
    yield from ()


def erase(leaving: Leaving) -> None:
    """Their ids elsewhere become pseudonyms, by which a later import of the same file finds that they are forgotten."""
    theirs = sa.select(Imported).where(Imported.kind == Kind.PERSON, Imported.here_id == leaving.id)
    for row in db.session.scalars(theirs):
        row.foreign_id = pseudonym(row.source, row.foreign_id)
    _forget_files(leaving)


def _forget_files(leaving: Leaving) -> None:
    """Files that wait may tell of them, and nobody can take them out of there: they have to be sent again."""
    waiting = sa.select(Import.id).where(Import.state.in_(UNDER_WAY))
    db.session.execute(sa.delete(ImportPiece).where(ImportPiece.import_id.in_(waiting)))
    told = (leaving.may_stand_in(column) for column in (Import.report, Import.options, Import.file_name))
    for sent in db.session.scalars(sa.select(Import).where(sa.or_(Import.state.in_(UNDER_WAY), *told))):
        if sent.state in UNDER_WAY:
            sent.state, sent.ended_at = State.REFUSED, utcnow()
            sent.report = {"wrong": _("Somebody was forgotten on this site meanwhile. Send the file again.")}
        sent.report = leaving.rewritten_json(sent.report)
        sent.options = leaving.rewritten_json(sent.options)
        sent.file_name = leaving.rewritten(sent.file_name)[:FILE_NAME_LONGEST]
    db.session.flush()
