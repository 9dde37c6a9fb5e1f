"""An endpoint may hear of one board alone"""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("board_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_webhook_endpoint_board_id"), "board", ["board_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_webhook_endpoint_board_id"), type_="foreignkey")
        batch_op.drop_column("board_id")
