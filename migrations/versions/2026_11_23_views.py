"""Lists of the team that are kept under a name"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backlog_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_backlog_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backlog_view")),
    )
    op.create_index(op.f("ix_backlog_view_owner_id"), "backlog_view", ["owner_id"])
    op.create_index(op.f("ix_backlog_view_is_shared_name_id"), "backlog_view", ["is_shared", "name", "id"])


def downgrade() -> None:
    op.drop_table("backlog_view")
