"""What other systems know of companies and people"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _of_those(column: str) -> dict[str, sa.TextClause]:
    there = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": there, "postgresql_where": there}


def upgrade() -> None:
    op.add_column("company", sa.Column("external_id", sa.String(length=80), nullable=True))
    op.add_column("company", sa.Column("plan", sa.String(length=40), nullable=True))
    op.add_column("company", sa.Column("monthly_revenue", sa.BigInteger(), nullable=True))
    op.add_column("company", sa.Column("renews_on", sa.Date(), nullable=True))
    op.add_column("company", sa.Column("attributes", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("user", sa.Column("external_id", sa.String(length=80), nullable=True))
    op.add_column("user", sa.Column("attributes", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("uq_company_external_id", "company", ["external_id"], unique=True, **_of_those("external_id"))
    op.create_index("ix_company_monthly_revenue", "company", ["monthly_revenue", "id"], **_of_those("monthly_revenue"))
    op.create_index("ix_company_renews_on", "company", ["renews_on", "id"], **_of_those("renews_on"))
    op.create_index("uq_user_external_id", "user", ["external_id"], unique=True, **_of_those("external_id"))


def downgrade() -> None:
    for index, table in (
        ("uq_user_external_id", "user"),
        ("ix_company_renews_on", "company"),
        ("ix_company_monthly_revenue", "company"),
        ("uq_company_external_id", "company"),
    ):
        op.drop_index(index, table_name=table)
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("attributes")
        batch_op.drop_column("external_id")
    with op.batch_alter_table("company", schema=None) as batch_op:
        for column in ("attributes", "renews_on", "monthly_revenue", "plan", "external_id"):
            batch_op.drop_column(column)
