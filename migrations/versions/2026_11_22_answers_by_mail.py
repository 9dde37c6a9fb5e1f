"""Answers by mail, and what became of them"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ASIDE = sa.text("became = 'set_aside' AND settled_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "mail_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("became", sa.String(length=12), nullable=False),
        sa.Column("doubt", sa.String(length=16), nullable=True),
        sa.Column("sender", sa.String(length=320), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_mail_reply_user_id_user")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_mail_reply_idea_id_idea"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["settled_by_id"], ["user.id"], name=op.f("fk_mail_reply_settled_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_reply")),
        sa.UniqueConstraint("digest", name=op.f("uq_mail_reply_digest")),
    )
    op.create_index(op.f("ix_mail_reply_user_id"), "mail_reply", ["user_id"])
    op.create_index(op.f("ix_mail_reply_received_at"), "mail_reply", ["received_at"])
    op.create_index(
        "ix_mail_reply_aside", "mail_reply", ["idea_id", "id"], sqlite_where=_ASIDE, postgresql_where=_ASIDE
    )


def downgrade() -> None:
    op.drop_table("mail_reply")
