"""What can be wrong with an act of this room."""

from __future__ import annotations

from ideas.errors import Conflict


class SegmentInUse(Conflict):
    """Views of the backlog ask for this segment. Change or remove them first, so that no list changes unseen."""

    code = "segment-in-use"
