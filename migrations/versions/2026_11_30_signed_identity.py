"""Who somebody is by the word of a host, and where they are signed in"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embed_host",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=True),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("keys_address", sa.String(length=500), nullable=True),
        sa.Column("seed", sa.String(length=60), nullable=True),
        sa.Column("former_seed", sa.String(length=60), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_embed_host_board_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("board_id", name=op.f("pk_embed_host")),
    )
    op.create_table(
        "embed_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_embed_identity_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embed_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_embed_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_embed_identity_user_id"), "embed_identity", ["user_id"])
    op.create_table(
        "embed_spent",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_embed_spent")),
    )
    op.create_index(op.f("ix_embed_spent_expires_at"), "embed_spent", ["expires_at"])
    op.create_table(
        "widget_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_widget_session_board_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_widget_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_widget_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_widget_session_token_hash")),
    )
    for name in ("user_id", "board_id", "expires_at"):
        op.create_index(op.f(f"ix_widget_session_{name}"), "widget_session", [name])


def downgrade() -> None:
    for table in ("widget_session", "embed_spent", "embed_identity", "embed_host"):
        op.drop_table(table)
