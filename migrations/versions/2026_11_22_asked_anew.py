"""People are asked again when something was reopened and ships again"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inquiry", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_inquiry_idea_id"), type_="unique")
        batch_op.drop_index(op.f("ix_inquiry_answer_id"))
        batch_op.create_unique_constraint(op.f("uq_inquiry_answer_id"), ["answer_id"])
        batch_op.create_index(op.f("ix_inquiry_idea_id_id"), ["idea_id", "id"])
    op.add_column("solved", sa.Column("inquiry_id", sa.Integer(), nullable=True))
    # until now there was one for each idea
    op.execute("UPDATE solved SET inquiry_id = (SELECT id FROM inquiry WHERE inquiry.idea_id = solved.idea_id)")
    with op.batch_alter_table("solved", schema=None) as batch_op:
        batch_op.alter_column("inquiry_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(op.f("uq_solved_idea_id_user_id"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_solved_inquiry_id_user_id"), ["inquiry_id", "user_id"])
        batch_op.create_foreign_key(op.f("fk_solved_inquiry_id"), "inquiry", ["inquiry_id"], ["id"], ondelete="CASCADE")


def downgrade() -> None:
    # of what somebody said of one idea several times, the last word stays; of several inquiries the newest
    op.execute(
        "DELETE FROM solved WHERE EXISTS (SELECT 1 FROM solved later WHERE later.idea_id = solved.idea_id "
        "AND later.user_id = solved.user_id AND later.id > solved.id)"
    )
    with op.batch_alter_table("solved", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_solved_inquiry_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("uq_solved_inquiry_id_user_id"), type_="unique")
        batch_op.drop_column("inquiry_id")
        batch_op.create_unique_constraint(op.f("uq_solved_idea_id_user_id"), ["idea_id", "user_id"])
    op.execute(
        "DELETE FROM inquiry WHERE EXISTS "
        "(SELECT 1 FROM inquiry later WHERE later.idea_id = inquiry.idea_id AND later.id > inquiry.id)"
    )
    with op.batch_alter_table("inquiry", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_inquiry_idea_id_id"))
        batch_op.drop_constraint(op.f("uq_inquiry_answer_id"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_inquiry_idea_id"), ["idea_id"])
        batch_op.create_index(op.f("ix_inquiry_answer_id"), ["answer_id"])
