"""How pages ask for what schemas_releases.py judges."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.boards import schemas_releases as schemas
from ideas.boards.forms import AnswerForm, PicturesForm
from ideas.boards.labels import REASON_WORDS
from ideas.forms import OnceForm
from ideas.words import lazy


def _text(value: str | None) -> str:
    return value or ""


class ReleaseForm(OnceForm, PicturesForm):
    """What a release says, apart from its ideas."""

    schema = schemas.ReleaseWords()
    title = StringField(lazy("What is the release called?"), filters=[_text])
    body = TextAreaField(lazy("What is new?"), filters=[_text])
    date = StringField(lazy("Which day does it bear?"), filters=[lambda value: value or None])
    version = HiddenField()


class LineForm(AnswerForm):
    """How an idea is answered by the release: an answer whose status is known."""

    schema = schemas.ReleaseLine()
    status = None  # how WTForms takes a field out of a form
    date = None
    review_by = None
    announce_at = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reason.choices = [
            SelectChoice(reason.value, words) for reason, words in REASON_WORDS.items() if reason in schemas.SHIPPING
        ]
