"""What was reported of mail, and addresses that get none"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("why", sa.String(12), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", "why", name=op.f("pk_suppression")),
    )
    op.create_table(
        "mail_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mail", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_report")),
        sa.UniqueConstraint("mail", "verdict", name=op.f("uq_mail_report_mail_verdict")),
    )
    op.create_index(op.f("ix_mail_report_address_received_at"), "mail_report", ["address", "received_at"])
    op.create_index(op.f("ix_mail_report_received_at"), "mail_report", ["received_at"])
    op.add_column("user", sa.Column("mail_stopped", sa.String(12), nullable=True))
    op.add_column("letter", sa.Column("asked_for", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("letter") as letter:
        letter.drop_column("asked_for")
    with op.batch_alter_table("user") as user:
        user.drop_column("mail_stopped")
    op.drop_table("mail_report")
    op.drop_table("suppression")
