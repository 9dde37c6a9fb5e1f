"""Feeds of what not everybody may read"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "private_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_private_feed_user_id")),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_private_feed_board_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_private_feed_token_hash")),
    )
    op.create_index(op.f("ix_private_feed_user_id"), "private_feed", ["user_id"])
    op.create_index(op.f("ix_private_feed_board_id"), "private_feed", ["board_id"])


def downgrade() -> None:
    op.drop_table("private_feed")
