"""Whom a team leaves out of an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "left_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_left_out_answer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_left_out_user_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_left_out_company_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_left_out_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_out")),
    )
    op.create_index(op.f("ix_left_out_answer_id"), "left_out", ["answer_id"])
    op.create_index(op.f("ix_left_out_user_id"), "left_out", ["user_id"])
    op.create_index(op.f("ix_left_out_company_id"), "left_out", ["company_id"])


def downgrade() -> None:
    op.drop_table("left_out")
