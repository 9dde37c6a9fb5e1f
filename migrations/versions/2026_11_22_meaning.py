"""Meaning of ideas"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idea_meaning",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_idea_meaning_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idea_meaning")),
        sa.UniqueConstraint("idea_id", name=op.f("uq_idea_meaning_idea_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("idea_meaning") as batch_op:
        batch_op.create_index(batch_op.f("ix_idea_meaning_board_id_id"), ["board_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("idea_meaning")
