"""What can be wrong with what a page of another site asks."""

from __future__ import annotations

from ideas.errors import NotAllowed


class BeyondBoard(NotAllowed):
    """A key for pages opens what visitors may see of one board, and no more.

    Publishable keys, and tokens of those who are signed in on a page, stand on pages of other sites. What goes beyond
    one board, or is for its team, is asked with a secret key from a server.
    """

    code = "beyond-board"
