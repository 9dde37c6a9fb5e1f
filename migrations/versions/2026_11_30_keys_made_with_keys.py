"""Programs make keys with keys, and a key may have more scopes"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_with_id", sa.Integer(), nullable=True))
        batch_op.alter_column("scopes", existing_type=sa.String(300), type_=sa.String(1000), existing_nullable=False)
        batch_op.create_foreign_key(
            op.f("fk_api_key_made_with_id"), "api_key", ["made_with_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index(op.f("ix_api_key_made_with_id"), ["made_with_id"])


def downgrade() -> None:
    # what does not fit any more is a key whose scopes nobody could read: it ends
    op.execute("DELETE FROM api_key WHERE length(scopes) > 300")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_api_key_made_with_id"))
        batch_op.drop_constraint(op.f("fk_api_key_made_with_id"), type_="foreignkey")
        batch_op.alter_column("scopes", existing_type=sa.String(1000), type_=sa.String(300), existing_nullable=False)
        batch_op.drop_column("made_with_id")
