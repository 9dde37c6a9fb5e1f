"""Merging"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_html", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unmerged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unmerged_by_id", sa.Integer(), nullable=True),
        sa.Column("unmerge_text", sa.Text(), nullable=False),
        sa.Column("unmerge_text_html", sa.Text(), nullable=False),
        sa.Column("unmerge_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_merge_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["outbox_entry.id"], name=op.f("fk_merge_entry_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_merge_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["into_id"], ["idea.id"], name=op.f("fk_merge_into_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["unmerge_entry_id"], ["outbox_entry.id"], name=op.f("fk_merge_unmerge_entry_id")),
        sa.ForeignKeyConstraint(["unmerged_by_id"], ["user.id"], name=op.f("fk_merge_unmerged_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    with op.batch_alter_table("merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_idea_id_id"), ["idea_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_into_id_id"), ["into_id", "id"], unique=False)
        batch_op.create_index(
            "uq_merge_standing",
            ["idea_id"],
            unique=True,
            sqlite_where=sa.text("unmerged_at IS NULL"),
            postgresql_where=sa.text("unmerged_at IS NULL"),
        )

    with op.batch_alter_table("credit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_idea_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_credit_merged_idea_id"), ["merged_idea_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_credit_merged_idea_id"), "idea", ["merged_idea_id"], ["id"])

    with op.batch_alter_table("idea", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("merged_root_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_idea_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_idea_merged_root_id"), ["merged_root_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_idea_merged_root_id"), "idea", ["merged_root_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_idea_merged_into_id"), "idea", ["merged_into_id"], ["id"])

    # Not rebuilt: of indexes that fit equally well SQLite takes one by the order in which they were made.
    op.add_column("idea_rank", sa.Column("has_merged", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    # Each idea stands for itself again. `hot` of those that had others merged into them: ideas recount
    op.execute(
        "UPDATE idea_rank SET listed = (SELECT withdrawn_at IS NULL FROM idea WHERE idea.id = idea_id)"
        " WHERE idea_id IN (SELECT id FROM idea WHERE merged_into_id IS NOT NULL)"
    )
    op.execute(
        "UPDATE idea_rank SET vote_count = (SELECT count(*) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
        " WHERE has_merged"
    )
    op.execute("DELETE FROM credit WHERE kind = 'merged_idea'")
    op.drop_column("idea_rank", "has_merged")

    with op.batch_alter_table("idea", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_idea_merged_into_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_idea_merged_root_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_idea_merged_root_id"))
        batch_op.drop_index(batch_op.f("ix_idea_merged_into_id"))
        batch_op.drop_column("merged_root_id")
        batch_op.drop_column("merged_into_id")

    with op.batch_alter_table("credit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_credit_merged_idea_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_credit_merged_idea_id"))
        batch_op.drop_column("merged_idea_id")

    with op.batch_alter_table("merge", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_merge_standing",
            sqlite_where=sa.text("unmerged_at IS NULL"),
            postgresql_where=sa.text("unmerged_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_merge_into_id_id"))
        batch_op.drop_index(batch_op.f("ix_merge_idea_id_id"))

    op.drop_table("merge")
