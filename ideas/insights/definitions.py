"""What each figure is, as people read it beside the figure: the same definitions as in the functions that count."""

from __future__ import annotations

from ideas.words import lazy

PEOPLE_CLOSED = lazy(
    "Closures delivered of closures owed. An idea is closed by an answer that gives it a final stage in the "
    "period. Each person who wrote it, voted for it, commented on it or did so on an idea merged into it is owed "
    "word of it, once for each idea they put something into. Who opted out or could not be reached stays in the "
    "sum."
)
IDEAS_CLOSED = lazy(
    "Ideas of which everybody owed was told, or it is written down why not, of all ideas that were closed in the "
    "period. While one message waits, the idea is not closed."
)
ANSWERED = lazy(
    "Ideas posted in the period that have an official answer or comment, of those that have waited as long as the "
    "board promises to answer within. What was merged, hidden or taken back before then does not count. Tenths "
    "go by votes."
)
WAITS = lazy(
    "Days until the first official word, until the first answer that plans, starts, ships or declines it, and "
    "until the first that says it is there: for half of the ideas posted in the period, and for nine of ten. "
    "Estimated by Kaplan and Meier’s method over all of them: an idea that still waits counts as waiting. Means "
    "over answered ideas alone would flatter, so there are none."
)
SILENCE = lazy(
    "Days since the last official word on each idea that is neither shipped nor declined, or since it was posted. "
    "Of today, whatever the period."
)
SOLVED = lazy(
    "Yes, of all answers to “did this solve it?” that were given in the period, each person’s last word on each "
    "idea. And of the ideas that were shipped in the period, how many were asked about: people are asked some days "
    "after."
)
USED = lazy(
    "Answers given in the period with at least one credit, of all answers; and people credited, of all who had "
    "put something into those ideas. Voters count when they were credited as a whole."
)
SENDING = lazy(
    "Everything that was announced in the period, by what became of it. Complaints are e-mails that their readers "
    "called junk. Duplicates are people told the same twice by one way; there should be none."
)
CAPACITY = lazy("Answers given in the period, of ideas posted in it, by weeks. Below one, what waits grows.")

# The dashboard
IDEAS = lazy("Ideas posted in the period, whatever became of them since.")
VOTES = lazy(
    "Votes that were cast in the period and stand, one for each person and idea. Of a segment or a company, the votes "
    "of its people, whoever wrote the idea."
)
PEOPLE = lazy(
    "People who voted, posted or commented in the period; what the team says officially or among itself is no part of "
    "it. In the whole each counts once, and so in each bar. New voices never took part before, on the boards that are "
    "shown."
)
KEEPING_UP = lazy(
    "Answers given in the period, without those undone, beside the ideas posted. Below one, what waits grows."
)
HEARD = lazy(
    "Companies of whose people somebody took part in the period, of all companies that have people here; of a segment, "
    "people of it."
)
GINI = lazy(
    "How unevenly the people who took part did so, by Gini’s coefficient of how often each voted, posted or commented "
    "in the period: 0 when everybody put in as much, towards 1 when few put in nearly all."
)
