"""Who may do what to what: the one table against which every write of the site is held, by form and by API.

A row is an act in the product's words, what it is done to, and what comes of it for each role. The signs:

    +  done          =  nothing to do: it is so already, and nothing is written
    x  refused       -  “not found”: it is not there for them       s  sign in first

Things are the author's on a public board unless they say otherwise; “private” is a board on which invited, author, team
and admin may read. A form answers a refusal with a page that goes on from there, or with a message; it writes nothing.
A visitor has no key, so the API asks them to sign in whatever the thing is. How each act is done says acts.py, what the
things are things.py. A form or an operation without a row fails the tests.

The roles are the seven of the policy and one more: elsewhere is of the team of another board. member has an account and
nothing else; author wrote the thing and belongs to the private board.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

COLUMNS = ("visitor", "suspended", "member", "invited", "author", "team", "elsewhere", "admin")

# act                             thing                                                                v s m i a t e A
TABLE = """
propose                           board public                                                         s x + + + + + +
propose                           board private                                                        - - - + + + - +
edit an idea                      idea open                                                            s x x x + x x x
edit an idea                      idea held, idea hidden                                               s - - - x x - x
edit an idea                      idea withdrawn, idea merged, idea answered, idea closed              s x x x x x x x
edit an idea                      idea suspended's                                                     s x x x x x x x
edit an idea                      idea private                                                         s - - x + x - x
take an idea back                 idea open                                                            s x x x + x x x
take an idea back                 idea held, idea hidden                                               s - - - x x - x
take an idea back                 idea withdrawn, idea merged, idea answered, idea closed              s x x x x x x x
take an idea back                 idea suspended's                                                     s x x x x x x x
take an idea back                 idea private                                                         s - - x + x - x
back                              idea open, idea answered                                             s x + + + + + +
back                              idea held, idea hidden                                               - - - - + + - +
back                              idea withdrawn, idea merged, idea closed                             s x x x x x x x
back                              idea private                                                         - - - + + + - +
take a vote back                  idea backed                                                          s x + + + + + +
follow an idea                    idea open, idea withdrawn, idea answered, idea closed                s x + + + + + +
follow an idea                    idea held, idea hidden                                               s - - - + + - +
follow an idea                    idea merged                                                          s x x x x x x x
follow an idea                    idea private                                                         s - - + + + - +
follow an idea no more            idea backed                                                          s + + + + + + +
mute an idea                      idea open, idea withdrawn, idea merged, idea answered, idea closed   s + + + + + + +
mute an idea                      idea held, idea hidden                                               s - - - + + - +
mute an idea                      idea private                                                         s - - + + + - +
mute an idea no more              idea backed                                                          s + + + + + + +
upload a picture                  oneself                                                              s x + + + + + +
comment                           idea open, idea answered, idea closed                                s x + + + + + +
comment                           idea held, idea hidden                                               - - - - + + - +
comment                           idea withdrawn, idea merged                                          s x x x x x x x
comment                           idea private                                                         - - - + + + - +
speak for the team                idea open, idea answered, idea closed                                s x x x x + x +
speak for the team                idea held, idea hidden                                               - - - - x + - +
speak for the team                idea withdrawn, idea merged                                          s x x x x x x x
speak for the team                idea private                                                         - - - x x + - +
note for the team                 idea open, idea answered, idea closed                                s x x x x + x +
note for the team                 idea held, idea hidden                                               - - - - x + - +
note for the team                 idea withdrawn, idea merged                                          s x x x x x x x
note for the team                 idea private                                                         - - - x x + - +
edit a comment                    comment open, comment merged                                         s x x x + x x x
edit a comment                    comment hidden, comment held                                         s - - - x x - x
edit a comment                    comment deleted                                                      s x x x x x x x
edit a comment                    comment note                                                         s - - - - + - x
edit a comment                    comment private                                                      s - - x + x - x
delete a comment                  comment open, comment merged                                         s x x x + x x x
delete a comment                  comment hidden, comment held                                         s - - - x x - x
delete a comment                  comment deleted                                                      s x x x x x x x
delete a comment                  comment note                                                         s - - - - + - x
delete a comment                  comment private                                                      s - - x + x - x
flag an idea                      idea open, idea withdrawn, idea merged, idea answered, idea closed   s x + + x + + +
flag an idea                      idea held, idea hidden                                               s - - - x x - x
flag an idea                      idea private                                                         s - - = x + - +
flag a comment                    comment open, comment merged                                         s x + + x + + +
flag a comment                    comment hidden, comment held                                         s - - - x x - x
flag a comment                    comment deleted                                                      s x x x x x x x
flag a comment                    comment note                                                         s - - - - x - +
flag a comment                    comment private                                                      s - - = x + - +
dismiss flags of an idea          idea told                                                            s x x x x + x +
dismiss flags of an idea          idea private                                                         s - - x x + - +
dismiss flags of a comment        comment flagged                                                      s x x x x + x +
dismiss flags of a comment        comment private                                                      s - - x x + - +
hide an idea                      idea open, idea withdrawn, idea merged, idea answered, idea closed   s x x x x + x +
hide an idea                      idea held, idea hidden                                               s - - - x = - =
hide an idea                      idea private                                                         s - - x x + - +
show an idea again                idea open                                                            s x x x x = x =
show an idea again                idea hidden, idea held                                               s - - - x + - +
hide a comment                    comment open, comment merged                                         s x x x x + x +
hide a comment                    comment hidden, comment held                                         s - - - x = - =
hide a comment                    comment deleted                                                      s x x x x = x =
hide a comment                    comment note                                                         s - - - - + - +
hide a comment                    comment private                                                      s - - x x + - +
show a comment again              comment hidden, comment held                                         s - - - x + - +
show a comment again              comment open                                                         s x x x x = x =
appeal                            hiding hidden                                                        s - - - + x - x
appeal                            hiding held, hiding appealed                                         s - - - x x - x
grant an appeal                   hiding hidden, hiding held                                           s - - - x x - x
grant an appeal                   hiding appealed                                                      s - - - x + - +
refuse an appeal                  hiding hidden, hiding held                                           s - - - x x - x
refuse an appeal                  hiding appealed                                                      s - - - x + - +
let through what waits            hiding hidden, hiding held, hiding appealed                          s - - - x + - +
refuse what waits                 hiding hidden, hiding appealed                                       s - - - x x - x
refuse what waits                 hiding held                                                          s - - - x + - +
keep what came by mail            mail                                                                 s x x x x + x +
discard what came by mail         mail                                                                 s x x x x + x +
answer                            idea open, idea withdrawn                                            s x x x x + x +
answer                            idea held, idea hidden                                               s - - - x + - +
answer                            idea merged, idea answered, idea closed                              s x x x x x x x
answer                            idea private                                                         s - - x x + - +
try an answer                     idea open                                                            s x x x x + x +
try an answer                     idea private                                                         s - - x x + - +
correct an answer                 answer answered                                                      s x x x x + x +
correct an answer                 answer private                                                       s - - x x + - +
undo an answer                    answer answered                                                      s x x x x + x +
undo an answer                    answer private                                                       s - - x x + - +
send an answer now                answer answered                                                      s x x x x + x +
send an answer now                answer private                                                       s - - x x + - +
merge                             idea open                                                            s x x x x + x +
merge                             idea held, idea hidden                                               s - - - x x - x
merge                             idea withdrawn, idea merged, idea answered, idea closed              s x x x x x x x
merge                             idea private                                                         s - - x x + - +
take apart                        idea merged                                                          s x x x x + x +
take apart                        idea open                                                            s x x x x x x x
say whether it helped             idea shipped                                                         s x + + + + + +
say whether it helped             idea open                                                            s x x x x x x x
show a story                      story                                                                s - - - - + - +
follow up                         idea shipped                                                         s x x x x + x +
follow up                         idea open                                                            s x x x x x x x
say whether still wanted          idea backed                                                          s x + + + + + +
tag                               idea open, idea withdrawn, idea merged, idea answered, idea closed   s x x x x + x +
tag                               idea held, idea hidden                                               s - - - x + - +
tag                               idea private                                                         s - - x x + - +
give an owner                     idea open, idea withdrawn, idea merged, idea answered, idea closed   s x x x x + x +
give an owner                     idea held, idea hidden                                               s - - - x + - +
give an owner                     idea private                                                         s - - x x + - +
give a day                        idea open, idea withdrawn, idea answered, idea closed                s x x x x + x +
give a day                        idea held, idea hidden                                               s - - - x + - +
give a day                        idea merged                                                          s x x x x x x x
give a day                        idea private                                                         s - - x x + - +
estimate                          idea open, idea withdrawn, idea answered, idea closed                s x x x x + x +
estimate                          idea held, idea hidden                                               s - - - x + - +
estimate                          idea merged                                                          s x x x x x x x
estimate                          idea private                                                         s - - x x + - +
remove an estimate                idea told                                                            s x x x x + x +
remove an estimate                idea private                                                         s - - x x + - +
sort several                      idea open, idea private                                              s - - - - + - +
move several                      idea open, idea private                                              s - - - - + - +
merge several                     idea open, idea private                                              s - - - - + - +
ship several                      idea open, idea private                                              s - - - - + - +
keep a view                       site                                                                 s - - - - + + +
change a view                     view of the team                                                     s - - - - + x +
change a view                     view of the admin                                                    s - - - - x x +
remove a view                     view of the team                                                     s - - - - + x +
remove a view                     view of the admin                                                    s - - - - x x +
keep a snippet                    board public                                                         s - - - - + x +
keep a snippet                    board private                                                        s - - - - + - +
change a snippet                  snippet public, snippet private                                      s - - - - + - +
remove a snippet                  snippet public, snippet private                                      s - - - - + - +
note evidence                     idea open, idea withdrawn, idea answered, idea closed                s x x x x + x +
note evidence                     idea held, idea hidden                                               s - - - x + - +
note evidence                     idea merged                                                          s x x x x x x x
note evidence                     idea private                                                         s - - x x + - +
capture evidence                  board public                                                         s - - - - + x +
capture evidence                  board private                                                        s - - - - + - +
remove evidence                   evidence told, evidence private                                      s - - - - + - +
vote for somebody                 idea open, idea answered                                             s x x x x + x +
vote for somebody                 idea merged, idea closed, idea withdrawn                             s x x x x x x x
vote for somebody                 idea private                                                         s - - x x + - +
take that vote back               idea told                                                            s x x x x + x +
say about a vote for oneself      idea told                                                            s x + x x x x x
draft a release                   board public                                                         s x x x x + x +
draft a release                   board private                                                        s - - x x + - +
edit a release                    release draft, release private draft                                 s - - - - + - +
edit a release                    release published                                                    s x x x x + x +
discard a release                 release draft, release private draft                                 s - - - - + - +
discard a release                 release published                                                    s x x x x x x x
put an idea into a release        release draft, release private draft                                 s - - - - + - +
put an idea into a release        release published                                                    s x x x x x x x
take an idea out of a release     release draft, release private draft                                 s - - - - + - +
take an idea out of a release     release published                                                    s x x x x x x x
publish a release                 release draft, release private draft                                 s - - - - + - +
publish a release                 release published                                                    s x x x x = x =
undo a release                    release published                                                    s x x x x + x +
undo a release                    release draft                                                        s - - - - = - =
send a release now                release published                                                    s x x x x + x +
send a release now                release draft                                                        s - - - - x - x
follow releases                   board public                                                         s x + + + + + +
follow releases                   board private                                                        s - - + + + - +
follow releases no more           board followed                                                       s + + + + + + +
follow a board                    board public                                                         s x + + + + + +
follow a board                    board private                                                        s - - + + + - +
follow a board no more            board followed                                                       s + + + + + + +
make a board                      site                                                                 s - - - - - - +
change a board                    board public, board private                                          s - - - - - - +
add a status                      board public, board private                                          s - - - - - - +
change a status                   board public, board private                                          s - - - - - - +
order statuses                    board public, board private                                          s - - - - - - +
remove a status                   board public, board private                                          s - - - - - - +
add a tag                         board public, board private                                          s - - - - - - +
rename a tag                      board public, board private                                          s - - - - - - +
remove a tag                      board public, board private                                          s - - - - - - +
put somebody on a board           board public, board private                                          s - - - - - - +
take somebody off a board         board public, board private                                          s - - - - - - +
invite to a board                 board public, board private                                          s - - - - - - +
withdraw an invitation to a board board public, board private                                          s - - - - - - +
name sites of a board             board public, board private                                          s - - - - - - +
set up signed identity            board public, board private                                          s - - - - - - +
make a secret of a host           board public, board private                                          s - - - - - - +
end the former secret of a host   board public, board private                                          s - - - - - - +
make a publishable key            board public, board private                                          s - - - - - - +
revoke a publishable key          board public, board private                                          s - - - - - - +
check a page                      board public, board private                                          s - - - - - - +
add a company                     site                                                                 s - - - - - - +
rename a company                  site                                                                 s - - - - - - +
put in a company                  site                                                                 s - - - - - - +
put in companies                  site                                                                 s - - - - - - +
put in a person                   somebody                                                             s - - - - - - +
put in people                     site                                                                 s - - - - - - +
say where somebody belongs        somebody                                                             s - - - - - - +
give a role                       somebody                                                             s - - - - - - +
suspend                           somebody                                                             s - - - - - - +
suspend no more                   somebody suspended                                                   s - - - - - - +
erase somebody                    somebody                                                             s - - - - - - +
take a second factor away         somebody                                                             s - - - - - - +
invite to a role                  site                                                                 s - - - - - - +
withdraw an invitation to a role  site                                                                 s - - - - - - +
stop mail to an address           site                                                                 s - - - - - - +
let mail to an address again      site                                                                 s - - - - - - +
keep a segment                    site                                                                 s - - - - + + +
change a segment                  segment of the admin                                                 s - - - - x x +
remove a segment                  segment of the admin                                                 s - - - - x x +
change the look                   site                                                                 s - - - - - - +
put up a logo                     site                                                                 s - - - - - - +
drop the logo                     site                                                                 s - - - - - - +
ask for second factors            site                                                                 s - - - - - - +
ask for second factors no more    site                                                                 s - - - - - - +
word mails                        site                                                                 s - - - - - - +
try words of mails                site                                                                 s - - - - - - +
reset words of mails              site                                                                 s - - - - - - +
send a file to import             site                                                                 s - - - - - - +
begin an import                   site                                                                 s - - - - - - +
discard an import                 site                                                                 s - - - - - - +
take everything along             site                                                                 s - - - - - - +
add a webhook                     site                                                                 s - - - - + + +
change a webhook                  webhook of the team                                                  s - - - - + - +
change a webhook                  webhook of the admin                                                 s - - - - - - +
remove a webhook                  webhook of the team                                                  s - - - - + - +
remove a webhook                  webhook of the admin                                                 s - - - - - - +
pause a webhook                   webhook of the team                                                  s - - - - + - +
pause a webhook                   webhook of the admin                                                 s - - - - - - +
let a webhook go on               webhook paused by the team                                           s - - - - + - +
let a webhook go on               webhook paused by the admin                                          s - - - - - - +
give a webhook a new secret       webhook of the team                                                  s - - - - + - +
give a webhook a new secret       webhook of the admin                                                 s - - - - - - +
test a webhook                    webhook of the team                                                  s - - - - + - +
test a webhook                    webhook of the admin                                                 s - - - - - - +
send a message again              webhook of the team                                                  s - - - - + - +
send a message again              webhook of the admin                                                 s - - - - - - +
send messages again               webhook of the team                                                  s - - - - + - +
send messages again               webhook of the admin                                                 s - - - - - - +
change one's profile              oneself                                                              s + + + + + + +
end a sign-in                     sign-in of the author                                                s - - - + - - -
end all sign-ins                  oneself                                                              s + + + + + + +
make a key                        oneself                                                              s x + + + + + +
rotate a key                      key of the author                                                    s x - - + - - -
revoke a key                      key of the author                                                    s - - - + - - -
make a feed                       oneself                                                              s x + + + + + +
revoke a feed                     feed of the author                                                   s - - - + - - -
choose what to hear of            oneself                                                              s + + + + + + +
choose when                       oneself                                                              s + + + + + + +
stop all mail                     oneself                                                              s + + + + + + +
mute no more                      oneself                                                              s + + + + + + +
mark as read                      news of the author                                                   s = = = + = = =
mark all as read                  oneself                                                              s + + + + + + +
"""


@dataclass(frozen=True)
class Row:
    """One act on one thing, and what comes of it for each role, in the order of COLUMNS."""

    act: str
    thing: str
    signs: tuple[str, ...]

    def wanted(self, role: str) -> str:
        return self.signs[COLUMNS.index(role)]


def rows() -> Iterator[Row]:
    for line in TABLE.strip().splitlines():
        act, said = line[:34].strip(), line[34:]
        named, signs = said[:69], tuple(said[69:].split())
        assert len(signs) == len(COLUMNS), line
        for thing in named.split(", "):
            yield Row(act, thing.strip(), signs)
