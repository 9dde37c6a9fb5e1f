"""What people read for kinds of records, and for what becomes of them."""

from __future__ import annotations

from ideas.moving.models_running import State
from ideas.moving.records import Kind
from ideas.moving.verdicts import Became
from ideas.words import lazy

KIND_WORDS = {
    Kind.BOARD: lazy("Boards"),
    Kind.TAG: lazy("Tags"),
    Kind.COMPANY: lazy("Companies"),
    Kind.PERSON: lazy("People"),
    Kind.IDEA: lazy("Ideas"),
    Kind.VOTE: lazy("Votes"),
    Kind.COMMENT: lazy("Comments"),
    Kind.EVIDENCE: lazy("Evidence"),
    Kind.ON_BEHALF: lazy("Votes on behalf"),
    Kind.ANSWER: lazy("Answers"),
    Kind.MERGE: lazy("Merges"),
    Kind.FOLLOW: lazy("Follows"),
    Kind.RELEASE: lazy("Releases"),
}
BECAME_WORDS = {
    Became.NEW: lazy("new"),
    Became.CHANGED: lazy("added to"),
    Became.REMOVED: lazy("taken back"),
    Became.SAME: lazy("the same"),
    Became.DIFFERS: lazy("different here, stays"),
    Became.KEPT: lazy("decided here, stays"),
    Became.REFUSED: lazy("refused"),
}
STATE_WORDS = {
    State.CHECKING: lazy("being compared"),
    State.CHECKED: lazy("waits for you"),
    State.RUNNING: lazy("being imported"),
    State.DONE: lazy("imported"),
    State.REFUSED: lazy("refused"),
}
