"""An idea's page in words for machines: schema.org as JSON-LD, of what everybody reads on it anyway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ideas import markup
from ideas.boards.listing import AnswerLine
from ideas.boards.models import Comment, Visibility
from ideas.boards.queries import IdeaRow
from ideas.boards.reading import Thread
from ideas.schemas import when
from ideas.settings import absolute, brand

Words = dict[str, Any]


def of_idea(row: IdeaRow, answer: AnswerLine | None, threads: Iterable[Thread]) -> Words | None:
    """A posting in a forum, with the team's answer and the comments as comments; None for what is not for all to find.

    Who posted and who answered are named as on the page. Votes are what people agreed by.
    """
    idea = row.idea
    if idea.board.visibility != Visibility.PUBLIC or idea.hidden_at is not None or idea.withdrawn_at is not None:
        return None
    path = absolute(f"/ideas/{idea.id}-{idea.slug}")
    said = [each for thread in threads for each in (thread.comment, *thread.replies) if _is_open(each)]
    comments = [
        _comment(f"{path}#comment-{each.id}", each.author.name, each.body_html, when(each.created_at)) for each in said
    ]
    if answer is not None:
        given = answer.answer
        comments.insert(
            0, _comment(f"{path}#answer-{given.id}", given.by.name, given.text_html, when(given.created_at))
        )
    words: Words = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "@id": path,
        "url": path,
        "headline": idea.title,
        "text": markup.plain(idea.body_html).strip() or idea.title,
        "author": _person(idea.author.name),
        "datePublished": when(idea.created_at),
        "creativeWorkStatus": idea.status.name,
        "commentCount": idea.rank.comment_count,
        "isPartOf": {
            "@type": "WebPage",
            "name": idea.board.name,
            "url": absolute(f"/boards/{idea.board.slug}"),
        },
        "publisher": {"@type": "Organization", "name": brand().site_name, "url": absolute("/")},
        "interactionStatistic": [
            _counted("https://schema.org/AgreeAction", idea.rank.vote_count),
            _counted("https://schema.org/CommentAction", idea.rank.comment_count),
        ],
        "comment": comments,
    }
    if idea.edited_at is not None:
        words["dateModified"] = when(idea.edited_at)
    return words


def _is_open(comment: Comment) -> bool:
    gone = comment.deleted_at is not None or comment.hidden_at is not None
    return not (gone or comment.is_internal or comment.is_held)


def _comment(address: str, by: str, html: str, at: str | None) -> Words:
    text = markup.plain(html).strip()
    return {"@type": "Comment", "url": address, "author": _person(by), "text": text, "datePublished": at}


def _person(name: str) -> Words:
    return {"@type": "Person", "name": name}


def _counted(what: str, number: int) -> Words:
    return {"@type": "InteractionCounter", "interactionType": what, "userInteractionCount": number}
