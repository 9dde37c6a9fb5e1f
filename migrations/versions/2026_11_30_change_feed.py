"""What happened on boards is kept in an order that never changes"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("place", BIG, nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=True),
        sa.Column("idea_id", sa.Integer(), nullable=True),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_change_board_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("place", name=op.f("uq_change_place")),
    )
    # what is there already, so that a copy that begins at the beginning is whole
    op.execute(
        "INSERT INTO change (kind, board_id, idea_id, at) "
        "SELECT 'idea.created', board_id, id, COALESCE(edited_at, created_at) FROM idea ORDER BY id"
    )
    op.execute(
        "INSERT INTO change (kind, board_id, idea_id, about_id, at) SELECT 'comment.created', idea.board_id, idea.id, "
        "comment.id, COALESCE(comment.deleted_at, comment.edited_at, comment.created_at) "
        "FROM comment JOIN idea ON idea.id = comment.idea_id ORDER BY comment.id"
    )
    op.execute(
        "INSERT INTO change (kind, board_id, about_id, at) "
        "SELECT 'release.published', board_id, id, published_at FROM release WHERE published_at IS NOT NULL ORDER BY id"
    )
    op.create_index(
        "ix_change_unplaced",
        "change",
        ["id"],
        sqlite_where=sa.text("place IS NULL"),
        postgresql_where=sa.text("place IS NULL"),
    )
    op.create_index(op.f("ix_change_at_idea_id"), "change", ["at", "idea_id"])
    op.create_index(op.f("ix_change_idea_id_at"), "change", ["idea_id", "at"])
    op.create_index(op.f("ix_change_about_id_at"), "change", ["about_id", "at"])


def downgrade() -> None:
    op.drop_table("change")
