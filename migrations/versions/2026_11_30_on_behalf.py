"""What customers said elsewhere, and votes on their behalf"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0043"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("link", sa.String(length=1000), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_evidence_by_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_evidence_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_evidence_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_idea_id_id"), ["idea_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_user_id_id"), ["user_id", "id"], unique=False)
    op.create_table(
        "vote_on_behalf",
        sa.Column("id", BIG, nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("denied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_vote_on_behalf_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["outbox_entry.id"], name=op.f("fk_vote_on_behalf_entry_id")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_vote_on_behalf_evidence_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_vote_on_behalf_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_vote_on_behalf_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_on_behalf")),
        sa.UniqueConstraint("idea_id", "user_id", name=op.f("uq_vote_on_behalf_idea_id_user_id")),
    )
    with op.batch_alter_table("vote_on_behalf", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_on_behalf_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_on_behalf_evidence_id"), ["evidence_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_on_behalf_user_id_idea_id"), ["user_id", "idea_id"], unique=False)


def downgrade() -> None:
    op.drop_table("vote_on_behalf")
    op.drop_table("evidence")
