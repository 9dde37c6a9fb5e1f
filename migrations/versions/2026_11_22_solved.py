"""People say whether what was shipped solved their need"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inquiry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", BIG, nullable=True),
        sa.Column("unsolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_id", sa.Integer(), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_inquiry_answer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["entry_id"], ["outbox_entry.id"], name=op.f("fk_inquiry_entry_id")),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["idea.id"], name=op.f("fk_inquiry_follow_up_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_inquiry_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry")),
        sa.UniqueConstraint("idea_id", name=op.f("uq_inquiry_idea_id")),
    )
    op.create_index(op.f("ix_inquiry_answer_id"), "inquiry", ["answer_id"])
    op.create_index(op.f("ix_inquiry_follow_up_id"), "inquiry", ["follow_up_id"])
    op.create_table(
        "solved",
        sa.Column("id", BIG, nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=6), nullable=True),
        sa.Column("words", sa.String(length=500), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("may_publish", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("show_name", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_solved_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["published_by_id"], ["user.id"], name=op.f("fk_solved_published_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_solved_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solved")),
        sa.UniqueConstraint("idea_id", "user_id", name=op.f("uq_solved_idea_id_user_id")),
    )
    op.create_index(op.f("ix_solved_user_id_idea_id"), "solved", ["user_id", "idea_id"])
    op.create_index(op.f("ix_solved_idea_id_answered_at_id"), "solved", ["idea_id", "answered_at", "id"])
    op.add_column("idea_rank", sa.Column("is_unsolved", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("idea_rank", "is_unsolved")
    op.drop_table("solved")
    op.drop_table("inquiry")
