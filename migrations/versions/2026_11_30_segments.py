"""Segments, who belongs to them, and what they back"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("companies", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_segment_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("slug", name=op.f("uq_segment_slug")),
    )
    op.create_index(op.f("ix_segment_by_id"), "segment", ["by_id"])
    op.create_table(
        "segment_person",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name=op.f("fk_segment_person_segment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_segment_person_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("segment_id", "user_id", name=op.f("pk_segment_person")),
    )
    op.create_index(op.f("ix_segment_person_user_id_segment_id"), "segment_person", ["user_id", "segment_id"])
    op.create_table(
        "backlog_segment",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name=op.f("fk_backlog_segment_segment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_backlog_segment_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("segment_id", "idea_id", name=op.f("pk_backlog_segment")),
    )
    op.create_index(op.f("ix_backlog_segment_idea_id"), "backlog_segment", ["idea_id"])
    for column in ("votes", "priority"):
        name = op.f(f"ix_backlog_segment_segment_id_{column}_idea_id")
        op.create_index(name, "backlog_segment", ["segment_id", column, "idea_id"])


def downgrade() -> None:
    for table in ("backlog_segment", "segment_person", "segment"):
        op.drop_table(table)
