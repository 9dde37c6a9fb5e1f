"""Nobody waits in silence: who was reminded, and who still wants it"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("occasion", sa.String(length=10), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("occasion", "about_id", name=op.f("pk_reminder")),
    )
    op.create_table(
        "still_wanted",
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_still_wanted_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_still_wanted_user_id")),
        sa.PrimaryKeyConstraint("idea_id", "user_id", name=op.f("pk_still_wanted")),
    )
    op.create_index(op.f("ix_still_wanted_user_id"), "still_wanted", ["user_id"])


def downgrade() -> None:
    op.drop_table("still_wanted")
    op.drop_table("reminder")
