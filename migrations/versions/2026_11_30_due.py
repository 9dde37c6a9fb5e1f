"""The day by which the team wants to give an idea its next answer"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idea_rank", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("answer", sa.Column("former_due_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_idea_rank_due",
        "idea_rank",
        ["due_on", "idea_id"],
        sqlite_where=sa.text("listed = 1 AND due_on IS NOT NULL"),
        postgresql_where=sa.text("listed AND due_on IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_idea_rank_due", table_name="idea_rank")
    op.drop_column("answer", "former_due_on")
    op.drop_column("idea_rank", "due_on")
