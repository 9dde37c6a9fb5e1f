"""The few people of the team are found among all customers"""

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_user_site_role_id"), "user", ["site_role", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_user_site_role_id"), table_name="user")
