"""The team may have to have a second factor"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "factor_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("needed_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_rule")),
    )


def downgrade() -> None:
    op.drop_table("factor_rule")
