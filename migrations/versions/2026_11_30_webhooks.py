"""Endpoints of other systems, and what is sent to them"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def time(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "listened_for",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_listened_for")),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("with_emails", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.String(length=80), nullable=False),
        sa.Column("former_seed", sa.String(length=80), nullable=True),
        time("former_until"),
        time("created_at", nullable=False),
        time("paused_at"),
        time("disabled_at"),
        sa.Column("disabled_for", sa.String(length=10), nullable=True),
        time("failing_since"),
        time("told_at"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_webhook_endpoint_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(op.f("ix_webhook_endpoint_owner_id"), "webhook_endpoint", ["owner_id"])
    op.create_table(
        "webhook_message",
        sa.Column("id", big(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("idea_id", big(), nullable=True),
        sa.Column("about_id", big(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        time("happened_at", nullable=False),
        time("prepared_at"),
        sa.Column("only_for", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
    )
    waiting = sa.text("prepared_at IS NULL")
    op.create_index(
        "ix_webhook_message_waiting", "webhook_message", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index(op.f("ix_webhook_message_happened_at"), "webhook_message", ["happened_at"])
    op.create_index(op.f("ix_webhook_message_kind_about_id"), "webhook_message", ["kind", "about_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", big(), nullable=False),
        sa.Column("message_id", big(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        time("due_at", nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        time("done_at"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["webhook_message.id"], name=op.f("fk_webhook_delivery_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("message_id", "endpoint_id", name=op.f("uq_webhook_delivery_message_id_endpoint_id")),
    )
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["endpoint_id", "due_at", "id"],
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.create_index(op.f("ix_webhook_delivery_endpoint_id_id"), "webhook_delivery", ["endpoint_id", "id"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", big(), nullable=False),
        sa.Column("delivery_id", big(), nullable=False),
        time("at", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_delivery_id_id"), "webhook_attempt", ["delivery_id", "id"])


def downgrade() -> None:
    for table in ("webhook_attempt", "webhook_delivery", "webhook_message", "webhook_endpoint", "listened_for"):
        op.drop_table(table)
