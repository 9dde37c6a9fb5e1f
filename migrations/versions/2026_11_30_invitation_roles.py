"""What an invitation to a board makes of whoever follows it"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitation", sa.Column("role", sa.String(length=10), server_default="member", nullable=False))


def downgrade() -> None:
    op.drop_column("invitation", "role")
