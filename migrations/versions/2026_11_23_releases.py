"""Releases, the ideas in them, and who hears of them"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_release_board_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_release_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["outbox_entry.id"], name=op.f("fk_release_entry_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["user.id"], name=op.f("fk_release_published_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_release_board_id_released_on_id"), ["board_id", "released_on", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_release_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_published_by_id"), ["published_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_released_on_id"), ["released_on", "id"], unique=False)
    op.create_table(
        "release_follow",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_release_follow_board_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_release_follow_user_id")),
        sa.PrimaryKeyConstraint("board_id", "user_id", name=op.f("pk_release_follow")),
    )
    with op.batch_alter_table("release_follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_follow_user_id"), ["user_id"], unique=False)
    op.create_table(
        "release_idea",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_html", sa.Text(), nullable=False),
        sa.Column("credits", sa.JSON(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("shipped_here", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_release_idea_answer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_release_idea_idea_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_idea_release_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "idea_id", name=op.f("pk_release_idea")),
    )
    with op.batch_alter_table("release_idea", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_idea_answer_id"), ["answer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_idea_idea_id"), ["idea_id"], unique=False)
    with op.batch_alter_table("picture", schema=None) as batch_op:
        batch_op.add_column(sa.Column("release_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_picture_release_id"), ["release_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_picture_release_id"), "release", ["release_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("picture", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_picture_release_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_picture_release_id"))
        batch_op.drop_column("release_id")
    op.drop_table("release_idea")
    op.drop_table("release_follow")
    op.drop_table("release")
