"""What boards keep about one person, for their export: what they wrote, backed, follow, and how it was used."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas import storage
from ideas.accounts.exporting import stream
from ideas.boards import picturing, queries
from ideas.boards.models import (
    Answer,
    AnswerVersion,
    Board,
    BoardFollow,
    Comment,
    Credit,
    Idea,
    IdeaFollow,
    Invitation,
    Membership,
    Mention,
    Revision,
    Status,
    Vote,
)
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.boards.models_left_out import LeftOut
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.models_pictures import Picture
from ideas.boards.models_releases import Release, ReleaseFollow
from ideas.boards.models_replying import MailReply
from ideas.boards.models_revisions import CommentVersion
from ideas.boards.models_silence import StillWanted
from ideas.boards.models_snippets import Snippet
from ideas.boards.models_solving import Solved
from ideas.privacy import Attachment, Part
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    yield from _wrote(person_id)
    yield from _backs(person_id)
    yield from _by_mail(person_id)
    yield from _belongs(person_id)


def _wrote(person_id: int) -> Iterator[Part]:
    yield Part(
        "ideas",
        _("ideas you wrote, as they read now"),
        stream(
            sa.select(
                *(Idea.id, Board.slug.label("board"), Idea.title, Idea.body, Status.name.label("status")),
                *(Idea.source_kind, Idea.source_id, Idea.created_at, Idea.edited_at),
                *(Idea.withdrawn_at, Idea.hidden_at),
            )
            .join(Board, Board.id == Idea.board_id)
            .join(Status, Status.id == Idea.status_id)
            .where(Idea.author_id == person_id)
            .order_by(Idea.id)
        ),
    )
    yield Part(
        "revisions",
        _("each version of them"),
        stream(
            sa.select(Revision.idea_id, Revision.number, Revision.title, Revision.body, Revision.created_at)
            .where(Revision.author_id == person_id)
            .order_by(Revision.idea_id, Revision.number)
        ),
    )
    yield Part(
        "comments",
        _("what you said on ideas"),
        stream(
            sa.select(
                *(Comment.id, Comment.idea_id, Comment.reply_to_id, Comment.body, Comment.is_official),
                *(Comment.is_internal, Comment.created_at, Comment.edited_at, Comment.deleted_at, Comment.hidden_at),
            )
            .where(Comment.author_id == person_id)
            .order_by(Comment.id)
        ),
    )
    yield Part(
        "comment_versions",
        _("what you said on ideas before you changed it"),
        stream(
            sa.select(
                *(CommentVersion.comment_id, CommentVersion.number, CommentVersion.body, CommentVersion.written_at),
            )
            .join(Comment, Comment.id == CommentVersion.comment_id)
            .where(Comment.author_id == person_id)
            .order_by(CommentVersion.comment_id, CommentVersion.number)
        ),
    )
    yield Part(
        "answers",
        _("answers you gave for the team, in each version"),
        stream(
            sa.select(
                *(Answer.idea_id, AnswerVersion.answer_id, AnswerVersion.number, AnswerVersion.reason),
                *(AnswerVersion.text, AnswerVersion.planned_for, AnswerVersion.review_by, AnswerVersion.created_at),
            )
            .join(Answer, Answer.id == AnswerVersion.answer_id)
            .where(AnswerVersion.by_id == person_id)
            .order_by(AnswerVersion.answer_id, AnswerVersion.number)
        ),
    )
    yield Part(
        "releases",
        _("releases you wrote for the team"),
        stream(
            sa.select(Release.id, Release.title, Release.body, Release.created_at, Release.published_at)
            .where(Release.by_id == person_id)
            .order_by(Release.id)
        ),
    )
    yield Part(
        "left_out",
        _("whom you left out when a team told of an answer"),
        stream(
            sa.select(LeftOut.answer_id, LeftOut.user_id, LeftOut.company_id, LeftOut.reason, LeftOut.created_at)
            .where(LeftOut.by_id == person_id)
            .order_by(LeftOut.id)
        ),
    )
    yield Part(
        "snippets",
        _("texts that you keep for answers"),
        stream(
            sa.select(Snippet.id, Snippet.board_id, Snippet.name, Snippet.text, Snippet.created_at, Snippet.changed_at)
            .where(Snippet.owner_id == person_id)
            .order_by(Snippet.id)
        ),
    )
    yield Part(
        "pictures",
        _("pictures you uploaded; the files are in the folder “files”"),
        stream(
            sa.select(
                *(Picture.name, Picture.idea_id, Picture.comment_id, Picture.alt),
                *(Picture.width, Picture.height, Picture.bytes, Picture.created_at),
            )
            .where(Picture.owner_id == person_id, Picture.gone_at.is_(None))
            .order_by(Picture.id)
        ),
    )
    yield Part(
        "flags",
        _("what you pointed out to the team"),
        stream(
            sa.select(*(Flag.subject, Flag.reason, Flag.words, Flag.created_at, Flag.settled_at))
            .where(Flag.by_id == person_id)
            .order_by(Flag.id)
        ),
    )
    theirs = sa.or_(
        sa.and_(Hiding.comment_id.is_(None), Idea.author_id == person_id),
        Comment.author_id == person_id,
        Hiding.by_id == person_id,
    )
    yield Part(
        "hidings",
        _("what was hidden of yours, or by you, and why"),
        stream(
            sa.select(
                *(Hiding.id, Hiding.idea_id, Hiding.comment_id, Hiding.reason, Hiding.hidden_at, Hiding.restored_at),
                *(Hiding.appeal, Hiding.appealed_at, Hiding.appeal_reply, Hiding.appeal_settled_at),
            )
            .join(Idea, Idea.id == Hiding.idea_id)
            .outerjoin(Comment, Comment.id == Hiding.comment_id)
            .where(theirs)
            .order_by(Hiding.id)
        ),
    )


def _backs(person_id: int) -> Iterator[Part]:
    yield Part(
        "votes",
        _("ideas you back"),
        stream(
            sa.select(
                *(Vote.id, Vote.idea_id, Vote.cast_at),
                sa.case((queries.idea_seen_by(sa.literal(person_id)), Idea.title), else_=None).label("idea"),
            )
            .join(Idea, Idea.id == Vote.idea_id)
            .join(Board, Board.id == Idea.board_id)
            .where(Vote.user_id == person_id)
            .order_by(Vote.id)
        ),
    )
    yield Part(
        "solved",
        _("whether what was built solved your need, as you said"),
        stream(
            sa.select(
                *(Solved.id, Solved.idea_id, Solved.asked_at, Solved.answer, Solved.words, Solved.answered_at),
                *(Solved.may_publish, Solved.show_name, Solved.published_at),
            )
            .where(Solved.user_id == person_id)
            .order_by(Solved.id)
        ),
    )
    yield Part(
        "on_behalf",
        _("ideas of which the team noted that you want them, and what you said to it"),
        stream(
            sa.select(
                *(VoteOnBehalf.id, VoteOnBehalf.idea_id, VoteOnBehalf.noted_at),
                *(VoteOnBehalf.confirmed_at, VoteOnBehalf.denied_at),
            )
            .where(VoteOnBehalf.user_id == person_id)
            .order_by(VoteOnBehalf.id)
        ),
    )
    of_them = sa.and_(Evidence.user_id.is_not(None), Evidence.user_id == person_id)
    yield Part(
        "evidence",
        _("what the team noted that you said of ideas, and what you noted for it"),
        stream(
            sa.select(
                *(Evidence.id, Evidence.idea_id, Evidence.kind, Evidence.noted_at),
                # what they noted for others to have said is the others’
                *(
                    sa.case((of_them, column), else_=None).label(column.key)
                    for column in (Evidence.words, Evidence.link)
                ),
                sa.case((of_them, True), else_=False).label("said_by_you"),
            )
            .where(sa.or_(of_them, Evidence.by_id == person_id), Evidence.removed_at.is_(None))
            .order_by(Evidence.id)
        ),
    )
    yield Part(
        "still_wanted",
        _("whether you still want ideas, as you said"),
        stream(
            sa.select(StillWanted.idea_id, StillWanted.wanted, StillWanted.said_at)
            .where(StillWanted.user_id == person_id)
            .order_by(StillWanted.idea_id)
        ),
    )
    yield Part(
        "credits",
        _("answers that name what you contributed, and how it was used"),
        stream(
            sa.select(
                *(Credit.id, Answer.idea_id, Credit.kind, Credit.comment_id, Credit.evidence_id, Credit.how),
                Answer.created_at,
            )
            .join(Answer, Answer.id == Credit.answer_id)
            .where(Credit.user_id == person_id)
            .order_by(Credit.id)
        ),
    )
    receipts = (
        sa.select(
            Idea.id.label("idea_id"),
            Answer.id.label("answer_id"),
            *(Answer.reason, Answer.text, Answer.planned_for, Answer.created_at),
        )
        .join(Idea, Idea.id == Answer.idea_id)
        .join(Board, Board.id == Idea.board_id)
        .where(
            queries.idea_seen_by(sa.literal(person_id)),
            Answer.undone_at.is_(None),
            sa.or_(
                Idea.author_id == person_id,
                sa.exists().where(Vote.idea_id == Idea.id, Vote.user_id == person_id),
                sa.exists().where(Comment.idea_id == Idea.id, Comment.author_id == person_id),
                sa.exists().where(VoteOnBehalf.idea_id == Idea.id, VoteOnBehalf.user_id == person_id),
                sa.exists().where(Evidence.idea_id == Idea.id, Evidence.user_id == person_id),
            ),
        )
        .order_by(Answer.id)
    )
    yield Part("receipts", _("what the team answered to ideas you had a part in"), stream(receipts))
    yield Part(
        "mentions",
        _("comments that name you"),
        stream(
            sa.select(Mention.comment_id, Comment.idea_id, Comment.created_at)
            .join(Comment, Comment.id == Mention.comment_id)
            .where(Mention.user_id == person_id, sa.not_(Comment.is_internal))
            .order_by(Mention.comment_id)
        ),
    )


def _by_mail(person_id: int) -> Iterator[Part]:
    yield Part(
        "mail_replies",
        _("your answers by mail, and what became of them"),
        stream(
            sa.select(MailReply.idea_id, MailReply.received_at, MailReply.became, MailReply.sender, MailReply.said)
            .where(MailReply.user_id == person_id)
            .order_by(MailReply.id)
        ),
    )


def _belongs(person_id: int) -> Iterator[Part]:
    idea_follows = sa.select(sa.literal("idea").label("kind"), IdeaFollow.idea_id.label("id"), IdeaFollow.followed_at)
    board_follows = sa.select(sa.literal("board"), BoardFollow.board_id, BoardFollow.followed_at)
    release_follows = sa.select(sa.literal("releases"), ReleaseFollow.board_id, ReleaseFollow.followed_at)
    for kind, statement in (
        ("release_follows", release_follows.where(ReleaseFollow.user_id == person_id).order_by(ReleaseFollow.board_id)),
        ("idea_follows", idea_follows.where(IdeaFollow.user_id == person_id).order_by(IdeaFollow.idea_id)),
        ("board_follows", board_follows.where(BoardFollow.user_id == person_id).order_by(BoardFollow.board_id)),
    ):
        yield Part(kind, _("what you follow"), stream(statement))
    yield Part(
        "memberships",
        _("boards you belong to"),
        stream(
            sa.select(Board.slug.label("board"), Board.name, Membership.role, Membership.joined_at)
            .join(Board, Board.id == Membership.board_id)
            .where(Membership.user_id == person_id)
            .order_by(Board.id)
        ),
    )
    yield Part(
        "invitations",
        _("invitations you sent"),
        stream(
            sa.select(
                *(Invitation.id, Invitation.board_id, Invitation.created_at),
                *(Invitation.accepted_at, Invitation.withdrawn_at),
            )
            .where(Invitation.invited_by_id == person_id)
            .order_by(Invitation.id)
        ),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    """Their pictures. One that cannot be read now is left out; its line stands in the table."""
    for picture in picturing.of_person(person_id):
        try:
            content = storage.pictures().open(picture.name)
        except (storage.Missing, storage.Unavailable):
            continue
        yield Attachment(picture.name, (content,))
