"""Which idea one without a word is most likely the same as"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backlog_double",
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("words_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_backlog_double_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["idea.id"], name=op.f("fk_backlog_double_other_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("idea_id", name=op.f("pk_backlog_double")),
    )
    op.create_index(op.f("ix_backlog_double_other_id"), "backlog_double", ["other_id"])
    op.create_index(
        "ix_backlog_double_suspected",
        "backlog_double",
        ["idea_id"],
        sqlite_where=sa.text("other_id IS NOT NULL"),
        postgresql_where=sa.text("other_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("backlog_double")
