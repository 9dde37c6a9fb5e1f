"""Boards whose team reads what members say before others do"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board", sa.Column("premoderation", sa.String(length=10), server_default="none", nullable=False))


def downgrade() -> None:
    op.drop_column("board", "premoderation")
