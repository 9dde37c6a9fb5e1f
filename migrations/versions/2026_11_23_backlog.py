"""What the team's list of ideas goes by, and what the team thinks of an idea"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backlog_walk",
        sa.Column("name", sa.String(length=10), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_backlog_walk")),
    )
    op.create_table(
        "backlog_company",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("people_sum", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=True),
        sa.Column("monthly_revenue", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_backlog_company_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_backlog_company")),
    )
    op.create_table(
        "backlog_plan",
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_backlog_plan_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan", "idea_id", name=op.f("pk_backlog_plan")),
    )
    op.create_index(op.f("ix_backlog_plan_idea_id"), "backlog_plan", ["idea_id"])
    op.create_table(
        "backlog_rank",
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("lately", sa.Integer(), nullable=False),
        sa.Column("since_word", sa.Integer(), nullable=False),
        sa.Column("companies", sa.Integer(), nullable=False),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("breadth", sa.Double(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("silent_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hot", sa.Double(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_backlog_rank_board_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_backlog_rank_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("idea_id", name=op.f("pk_backlog_rank")),
    )
    op.create_index(op.f("ix_backlog_rank_breadth_idea_id"), "backlog_rank", ["breadth", "idea_id"])
    op.create_index(op.f("ix_backlog_rank_lately_idea_id"), "backlog_rank", ["lately", "idea_id"])
    op.create_index(op.f("ix_backlog_rank_priority_idea_id"), "backlog_rank", ["priority", "idea_id"])
    op.create_index(op.f("ix_backlog_rank_silent_since_idea_id"), "backlog_rank", ["silent_since", "idea_id"])
    op.create_index(op.f("ix_backlog_rank_since_word_idea_id"), "backlog_rank", ["since_word", "idea_id"])
    op.create_index(op.f("ix_backlog_rank_value_idea_id"), "backlog_rank", ["value", "idea_id"])
    op.create_table(
        "estimate",
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=True),
        sa.Column("reach_source", sa.String(length=200), nullable=False),
        sa.Column("impact", sa.Double(), nullable=False),
        sa.Column("impact_source", sa.String(length=200), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("confidence_source", sa.String(length=200), nullable=False),
        sa.Column("effort", sa.Double(), nullable=False),
        sa.Column("effort_source", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_estimate_by_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_estimate_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("idea_id", name=op.f("pk_estimate")),
    )
    op.create_index(op.f("ix_estimate_by_id"), "estimate", ["by_id"])


def downgrade() -> None:
    for table in ("estimate", "backlog_rank", "backlog_plan", "backlog_company", "backlog_walk"):
        op.drop_table(table)
