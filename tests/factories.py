"""The least that makes a valid row. Traits have product names; a test states only what matters to it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import factory
import sqlalchemy as sa
from factory.alchemy import SQLAlchemyModelFactory

from ideas import markup
from ideas.accounts.models import Company, SiteRole, User
from ideas.boards import ranking, searching
from ideas.boards.models import (
    Board,
    BoardFollow,
    BoardRole,
    Comment,
    Idea,
    IdeaFollow,
    IdeaRank,
    Membership,
    Revision,
    Stage,
    Status,
    Tag,
    Visibility,
    Vote,
)
from ideas.boards.models_evidence import VoteOnBehalf
from ideas.db import db, utcnow


class Factory(SQLAlchemyModelFactory):
    """What a test asks for is committed once, with all that it takes: each commit costs as much as making a row."""

    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731 - the session of the test's application
        sqlalchemy_session_persistence = "flush"

    _depth: ClassVar[int] = 0  # of what is being made for something else

    @classmethod
    def _generate(cls, strategy: str, params: Any) -> Any:
        Factory._depth += 1
        try:
            made = super()._generate(strategy, params)
        finally:
            Factory._depth -= 1
        if strategy == factory.CREATE_STRATEGY and not Factory._depth:
            db.session.commit()
        return made


class CompanyFactory(Factory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Allotments {n} Ltd")


class UserFactory(Factory):
    class Meta:
        model = User

    class Params:
        admin = factory.Trait(site_role=SiteRole.ADMIN)
        suspended = factory.Trait(suspended_at=factory.LazyFunction(utcnow))
        unverified = factory.Trait(verified_at=None)
        imported = factory.Trait(is_imported=True, verified_at=None, email=None)

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.test")
    verified_at = factory.LazyFunction(utcnow)


class StatusFactory(Factory):
    class Meta:
        model = Status

    class Params:
        board = factory.SubFactory("tests.factories.BoardFactory")

    board_id = factory.LazyAttribute(lambda made: made.board.id)
    slug = factory.LazyAttribute(lambda made: made.stage)
    name = factory.LazyAttribute(lambda made: str(made.stage).capitalize())
    stage = Stage.OPEN
    position = factory.LazyAttribute(lambda made: list(Stage).index(Stage(made.stage)))


class BoardFactory(Factory):
    """A public board with one status for each stage, named for it."""

    class Meta:
        model = Board

    class Params:
        private = factory.Trait(visibility=Visibility.PRIVATE)
        unlisted = factory.Trait(visibility=Visibility.UNLISTED)

    slug = factory.Sequence(lambda n: f"board-{n}")
    name = factory.Sequence(lambda n: f"Board {n}")
    promise = "We read everything on Mondays."
    answer_within_days = 14

    @factory.post_generation
    def statuses(self: Board, create: bool, extracted: Any, **_values: Any) -> None:
        db.session.add_all([StatusFactory.build(board=self, stage=stage) for stage in Stage])
        db.session.flush()


class MembershipFactory(Factory):
    class Meta:
        model = Membership

    class Params:
        board = factory.SubFactory(BoardFactory)
        user = factory.SubFactory(UserFactory)
        team = factory.Trait(role=BoardRole.TEAM)

    board_id = factory.LazyAttribute(lambda made: made.board.id)
    user_id = factory.LazyAttribute(lambda made: made.user.id)


class TagFactory(Factory):
    class Meta:
        model = Tag

    class Params:
        board = factory.SubFactory(BoardFactory)

    board_id = factory.LazyAttribute(lambda made: made.board.id)
    slug = factory.Sequence(lambda n: f"tag-{n}")
    name = factory.LazyAttribute(lambda made: made.slug.capitalize())


class IdeaFactory(Factory):
    """An idea with its first revision and its place in lists."""

    class Meta:
        model = Idea

    class Params:
        board = factory.SubFactory(BoardFactory)
        author = factory.SubFactory(UserFactory)
        stage = Stage.OPEN
        closed = factory.Trait(stage=Stage.SHIPPED)
        withdrawn = factory.Trait(withdrawn_at=factory.LazyFunction(utcnow))
        hidden = factory.Trait(hidden_at=factory.LazyFunction(utcnow))

    board_id = factory.LazyAttribute(lambda made: made.board.id)
    author_id = factory.LazyAttribute(lambda made: made.author.id)
    status_id = factory.LazyAttribute(lambda made: status_of(made.board, made.stage).id)
    title = factory.Sequence(lambda n: f"A bicycle shed number {n}")
    body = "So that bicycles stay dry."
    body_html = factory.LazyAttribute(lambda made: markup.render(made.body))
    excerpt = factory.LazyAttribute(lambda made: markup.excerpt(made.body_html))
    created_at = factory.LazyFunction(utcnow)

    @factory.post_generation
    def place(self: Idea, create: bool, extracted: Any, **_values: Any) -> None:
        db.session.add(
            Revision(
                idea_id=self.id,
                number=1,
                title=self.title,
                body=self.body,
                body_html=self.body_html,
                author_id=self.author_id,
                created_at=self.created_at,
            )
        )
        status = db.session.get_one(Status, self.status_id)
        ranking.begin(self, status.stage)
        if self.withdrawn_at is None:
            searching.add([self])


class VoteFactory(Factory):
    """A vote that is counted."""

    class Meta:
        model = Vote

    class Params:
        idea = factory.SubFactory(IdeaFactory)
        user = factory.SubFactory(UserFactory)

    idea_id = factory.LazyAttribute(lambda made: made.idea.id)
    user_id = factory.LazyAttribute(lambda made: made.user.id)
    cast_at = factory.LazyFunction(utcnow)

    @factory.post_generation
    def counted(self: Vote, create: bool, extracted: Any, **_values: Any) -> None:
        db.session.get_one(IdeaRank, self.idea_id).vote_count += 1


class VoteOnBehalfFactory(Factory):
    """Whom the team counts on and asks; nobody is told of it by this."""

    class Meta:
        model = VoteOnBehalf

    class Params:
        idea = factory.SubFactory(IdeaFactory)
        user = factory.SubFactory(UserFactory)
        by = factory.SubFactory(UserFactory)

    idea_id = factory.LazyAttribute(lambda asked: asked.idea.id)
    user_id = factory.LazyAttribute(lambda asked: asked.user.id)
    by_id = factory.LazyAttribute(lambda asked: asked.by.id)


class CommentFactory(Factory):
    """A comment that is counted."""

    class Meta:
        model = Comment

    class Params:
        idea = factory.SubFactory(IdeaFactory)
        author = factory.SubFactory(UserFactory)
        official = factory.Trait(is_official=True)
        internal = factory.Trait(is_internal=True)

    idea_id = factory.LazyAttribute(lambda made: made.idea.id)
    author_id = factory.LazyAttribute(lambda made: made.author.id)
    body = factory.Sequence(lambda n: f"I would use it on {n} days of the week.")
    body_html = factory.LazyAttribute(lambda made: markup.render(made.body))
    created_at = factory.LazyFunction(utcnow)

    @factory.post_generation
    def counted(self: Comment, create: bool, extracted: Any, **_values: Any) -> None:
        ranking.count_comments(self.idea_id)


class IdeaFollowFactory(Factory):
    class Meta:
        model = IdeaFollow

    class Params:
        idea = factory.SubFactory(IdeaFactory)
        user = factory.SubFactory(UserFactory)

    idea_id = factory.LazyAttribute(lambda made: made.idea.id)
    user_id = factory.LazyAttribute(lambda made: made.user.id)


class BoardFollowFactory(Factory):
    class Meta:
        model = BoardFollow

    class Params:
        board = factory.SubFactory(BoardFactory)
        user = factory.SubFactory(UserFactory)

    board_id = factory.LazyAttribute(lambda made: made.board.id)
    user_id = factory.LazyAttribute(lambda made: made.user.id)


def status_of(board: Board, stage: Stage | str) -> Status:
    """The status of that stage that BoardFactory made."""
    return db.session.scalars(sa.select(Status).where(Status.board_id == board.id, Status.stage == stage)).one()


def team_member(board: Board, **values: Any) -> User:
    """Somebody of the board's team."""
    user: Any = UserFactory(**values)
    MembershipFactory(board=board, user=user, team=True)
    return cast(User, user)


def charlie() -> User:
    """Somebody who has no business here."""
    return cast(User, UserFactory(name="Charlie"))
