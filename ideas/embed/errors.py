"""What can be wrong with what a page of another site asks."""

from __future__ import annotations

from ideas.errors import NotAllowed


class BeyondBoard(NotAllowed):
    """A key for pages opens what visitors may see of one board, and no more.

    Publishable keys, and tokens of those who are signed in on a page, stand on pages of other sites. What goes beyond
    one board, or is for its team, is asked with a secret key from a server.
    """

    code = "beyond-board"


class TokenRefused(NotAllowed):
    """The signed identity that the page sent is not one that counts, so nobody was signed in.

    “errors” says why, by a code: not-set-up, malformed, header, algorithm, unknown-key, keys-unreachable, signature,
    missing, form, audience, issuer, expired, too-long, not-yet, used, second-factor. A token is made anew for each
    signing in: a token is taken once.
    """

    code = "identity-refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.lines = [{"pointer": "/token", "code": reason, "detail": message}]


class TeamNotSignedIn(NotAllowed):
    """Whoever belongs to a team is not signed in on pages of other sites.

    Such a page acts with what it is given, and must not act for the team. They sign in on the site itself.
    """

    code = "team-not-signed-in"


class SiteNotListed(NotAllowed):
    """The site that asks who somebody is, is not on the list of the board.

    Nobody is asked in its name, and it is told nothing. An administrator adds a site on the page of the board.
    """

    code = "site-not-listed"
