"""People point things out, authors appeal, and what looks like spam is held"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=30), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_flag_by_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_flag_comment_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_flag_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["settled_by_id"], ["user.id"], name=op.f("fk_flag_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("subject", "by_id", name=op.f("uq_flag_subject_by_id")),
    )
    with op.batch_alter_table("flag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flag_by_id_created_at"), ["by_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_flag_comment_id"), ["comment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_flag_idea_id"), ["idea_id"], unique=False)
        batch_op.create_index(
            "ix_flag_open",
            ["idea_id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_held", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("hiding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signals", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("appeal", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("appeal_reply", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("appeal_settled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("appeal_settled_by_id", sa.Integer(), nullable=True))
        batch_op.alter_column("by_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(
            "ix_hiding_appealed",
            ["idea_id"],
            unique=False,
            sqlite_where=sa.text("appealed_at IS NOT NULL AND appeal_settled_at IS NULL"),
            postgresql_where=sa.text("appealed_at IS NOT NULL AND appeal_settled_at IS NULL"),
        )
        batch_op.create_index(
            "ix_hiding_held",
            ["idea_id"],
            unique=False,
            sqlite_where=sa.text("by_id IS NULL AND restored_at IS NULL"),
            postgresql_where=sa.text("by_id IS NULL AND restored_at IS NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_hiding_appeal_settled_by_id"), "user", ["appeal_settled_by_id"], ["id"]
        )


def downgrade() -> None:
    # what is held stays hidden; somebody has to have done it
    op.execute("UPDATE hiding SET by_id = restored_by_id WHERE by_id IS NULL")
    op.execute(
        "UPDATE hiding SET by_id = (SELECT author_id FROM idea WHERE idea.id = hiding.idea_id) WHERE by_id IS NULL"
    )
    with op.batch_alter_table("hiding", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_hiding_appeal_settled_by_id"), type_="foreignkey")
        batch_op.drop_index(
            "ix_hiding_held",
            sqlite_where=sa.text("by_id IS NULL AND restored_at IS NULL"),
            postgresql_where=sa.text("by_id IS NULL AND restored_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_hiding_appealed",
            sqlite_where=sa.text("appealed_at IS NOT NULL AND appeal_settled_at IS NULL"),
            postgresql_where=sa.text("appealed_at IS NOT NULL AND appeal_settled_at IS NULL"),
        )
        batch_op.alter_column("by_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("appeal_settled_by_id")
        batch_op.drop_column("appeal_settled_at")
        batch_op.drop_column("appeal_reply")
        batch_op.drop_column("appealed_at")
        batch_op.drop_column("appeal")
        batch_op.drop_column("signals")

    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_column("is_held")

    op.drop_table("flag")
