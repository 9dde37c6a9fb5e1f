"""Sites that may show a board in a frame"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board", sa.Column("embed_sites", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("board", "embed_sites")
