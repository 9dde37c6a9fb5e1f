"""What can be wrong with an act of this room."""

from __future__ import annotations

from ideas.errors import Conflict, NotAllowed, NotFound


class LinkSpent(NotFound):
    """The link was used already, is too old, or never was one. Ask for a new one: they are free."""

    code = "link-spent"


class OtherBrowser(Conflict):
    """A link that signs in works only in the browser that asked for it: nobody is signed in by another's link."""

    code = "other-browser"


class AddressTaken(Conflict):
    """Somebody has an account with this address already."""

    code = "address-taken"


class NameTaken(Conflict):
    """There is a company with this name already."""

    code = "name-taken"


class SignUpClosed(NotAllowed):
    """New people come in by invitation only. Ask somebody of the team to invite you."""

    code = "sign-up-closed"


class SetUpAlready(Conflict):
    """The site has an administrator, so nobody becomes one by a link any more."""

    code = "set-up-already"


class NoSuchCompany(NotFound):
    """No company has this name. Add it first."""

    code = "no-such-company"


class BeyondKey(NotAllowed):
    """A program gives a key no more than its own may: neither further scopes nor a longer life."""

    code = "beyond-key"


class LastWayIn(Conflict):
    """Without it nobody could sign in to this account any more. Add another way to sign in first."""

    code = "last-way-in"


class CodeWrong(Conflict):
    """These are not the digits that the authenticator app shows, or they were used already. Wait for the next ones."""

    code = "code-wrong"


class OfferOver(Conflict):
    """The key for the authenticator app was shown too long ago. Take the new one."""

    code = "offer-over"


class FactorThere(Conflict):
    """There is such a factor already. Remove it before setting up another."""

    code = "factor-there"


class NoSuchFactor(NotFound):
    """There is no such factor; perhaps it was removed elsewhere."""

    code = "no-such-factor"


class PasskeyRefused(Conflict):
    """What the passkey signed does not fit what it was asked, or it is not known here. Begin once more."""

    code = "passkey-refused"


class FactorNeeded(NotAllowed):
    """The team of this site needs a second factor. Set one up in the browser; keys of the API go on working."""

    code = "factor-needed"


class LastFactor(Conflict):
    """The team of this site needs a second factor. Set up another before removing this one."""

    code = "last-factor"
