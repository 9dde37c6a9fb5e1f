"""Edits of comments are kept; a material edit of an idea is marked"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_comment_version_comment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_version")),
        sa.UniqueConstraint("comment_id", "number", name=op.f("uq_comment_version_comment_id_number")),
    )
    op.add_column("revision", sa.Column("is_material", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("revision", sa.Column("backers", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("revision", "backers")
    op.drop_column("revision", "is_material")
    op.drop_table("comment_version")
