"""What people want to hear is chosen for each channel"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("preference", sa.Column("email", sa.String(length=10), nullable=True))
    op.add_column("preference", sa.Column("inbox", sa.String(length=10), nullable=True))
    op.execute(
        "UPDATE preference SET email = CASE mode WHEN 'instant' THEN 'instant' ELSE 'off' END, "
        # whoever unsubscribed said nothing about their inbox
        "inbox = CASE WHEN mode = 'off' THEN 'off' WHEN by_unsubscribing THEN NULL ELSE 'instant' END"
    )
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.drop_column("mode")


def downgrade() -> None:
    op.add_column("preference", sa.Column("mode", sa.String(length=10), nullable=False, server_default="instant"))
    op.execute(
        "UPDATE preference SET mode = CASE WHEN email = 'off' AND inbox = 'off' THEN 'off' "
        "WHEN email = 'off' THEN 'inbox' ELSE 'instant' END"
    )
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.alter_column("mode", existing_type=sa.String(length=10), server_default=None)
        batch_op.drop_column("inbox")
        batch_op.drop_column("email")
