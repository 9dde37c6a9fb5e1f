"""What came from which system, under which id"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("foreign_id", sa.String(length=60), nullable=False),
        sa.Column("here_id", sa.Integer(), nullable=False),
        sa.Column("votes_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", "kind", "foreign_id", name=op.f("pk_imported")),
    )
    op.create_index(op.f("ix_imported_kind_here_id"), "imported", ["kind", "here_id"])
    op.execute(
        "INSERT INTO imported (source, kind, foreign_id, here_id, votes_until)"
        " SELECT 'csv:' || board_id, 'person', source_id, user_id, CURRENT_TIMESTAMP FROM imported_person"
    )
    op.execute(
        "INSERT INTO imported (source, kind, foreign_id, here_id)"
        " SELECT 'csv:' || board_id, 'idea', source_id, id FROM idea"
        " WHERE source_kind = 'import' AND source_id IS NOT NULL"
    )
    op.drop_table("imported_person")


def downgrade() -> None:
    op.create_table(
        "imported_person",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_imported_person_board_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_imported_person_user_id")),
        sa.PrimaryKeyConstraint("board_id", "source_id", name=op.f("pk_imported_person")),
    )
    op.create_index(op.f("ix_imported_person_user_id"), "imported_person", ["user_id"])
    op.execute(
        "INSERT INTO imported_person (board_id, source_id, user_id)"
        " SELECT CAST(substr(source, 5) AS INTEGER), foreign_id, here_id FROM imported"
        " WHERE kind = 'person' AND source LIKE 'csv:%'"
    )
    op.drop_table("imported")
