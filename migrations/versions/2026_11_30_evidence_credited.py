"""Answers credit evidence"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("credit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_credit_evidence_id"), ["evidence_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_credit_evidence_id"), "evidence", ["evidence_id"], ["id"])


def downgrade() -> None:
    # before this step a credit could not name evidence
    op.execute(sa.text("DELETE FROM credit WHERE kind = 'evidence'"))
    with op.batch_alter_table("credit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_credit_evidence_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_credit_evidence_id"))
        batch_op.drop_column("evidence_id")
