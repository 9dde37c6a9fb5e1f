"""News to many is announced in pieces, sent in turn, can be called off, and is found by its request in the logs"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SINGLE = "state = 'pending' AND digest IS NULL"
UNDER_WAY = "under_way IS NOT NULL"


def upgrade() -> None:
    op.add_column("outbox_entry", sa.Column("under_way", sa.JSON(), nullable=True))
    op.add_column("outbox_entry", sa.Column("request_id", sa.String(length=64), nullable=True))
    op.add_column("outbox_entry", sa.Column("mail_cancelled", sa.Boolean(), nullable=False, server_default=sa.false()))
    _index("outbox_entry", "under_way", ["due_at", "id"], UNDER_WAY)
    op.add_column("delivery", sa.Column("lane", sa.SmallInteger(), nullable=False, server_default="0"))
    op.drop_index("ix_delivery_due", "delivery")
    _index("delivery", "due", ["lane", "due_at", "id"], SINGLE)
    _index("delivery", "failed", ["reason"], "state = 'failed'")


def downgrade() -> None:
    op.drop_index("ix_delivery_failed", "delivery")
    op.drop_index("ix_delivery_due", "delivery")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_column("lane")
    _index("delivery", "due", ["due_at", "id"], SINGLE)
    op.drop_index("ix_outbox_entry_under_way", "outbox_entry")
    with op.batch_alter_table("outbox_entry", schema=None) as batch_op:
        batch_op.drop_column("mail_cancelled")
        batch_op.drop_column("request_id")
        batch_op.drop_column("under_way")


def _index(table: str, name: str, columns: list[str], where: str) -> None:
    condition = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(f"ix_{table}_{name}", table, columns, **condition)
