"""Mail may wait for a digest, at the hours of each person"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EPOCH = "1970-01-01 00:00:00+00:00"


def upgrade() -> None:
    op.create_table(
        "rhythm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column("digest_hour", sa.SmallInteger(), nullable=True),
        sa.Column("digest_weekday", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_to", sa.SmallInteger(), nullable=True),
        sa.Column("daily_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weekly_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rhythm")),
        sa.UniqueConstraint("key", name=op.f("uq_rhythm_key")),
    )
    op.create_index(op.f("ix_rhythm_good_until"), "rhythm", ["good_until"])
    op.create_table(
        "digest",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_digest_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("user_id", "moment", name=op.f("uq_digest_user_id_moment")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rhythm_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("never_gathered", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_foreign_key(batch_op.f("fk_user_rhythm_id"), "rhythm", ["rhythm_id"], ["id"])
    # whoever chose a time zone gets digests by it; the moments are worked out when they are first needed
    op.execute(
        "INSERT INTO rhythm (key, timezone, daily_at, weekly_at, good_until) "  # noqa: S608 - a constant
        f"SELECT DISTINCT timezone || '||||', timezone, {_time(EPOCH)}, {_time(EPOCH)}, {_time(EPOCH)} "
        'FROM "user" WHERE timezone IS NOT NULL'
    )
    op.execute(
        'UPDATE "user" SET rhythm_id = (SELECT rhythm.id FROM rhythm WHERE rhythm.timezone = "user".timezone) '
        "WHERE timezone IS NOT NULL"
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("digest_id", BIG, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_delivery_digest_id"), "digest", ["digest_id"], ["id"])
    _index("due", ["due_at", "id"], "state = 'pending' AND digest IS NULL", anew=True)
    _index("gathered", ["due_at", "id"], "state = 'pending' AND digest IS NOT NULL")
    _index("digest", ["digest_id"], "digest_id IS NOT NULL")
    _index("single", ["user_id", "done_at"], "state = 'sent' AND channel = 'email' AND digest IS NULL")


def downgrade() -> None:
    for name in ("single", "digest", "gathered"):
        op.drop_index(f"ix_delivery_{name}", "delivery")
    _index("due", ["due_at", "id"], "state = 'pending'", anew=True)
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_delivery_digest_id"), type_="foreignkey")
        batch_op.drop_column("digest_id")
        batch_op.drop_column("digest")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_user_rhythm_id"), type_="foreignkey")
        batch_op.drop_column("never_gathered")
        batch_op.drop_column("rhythm_id")
    op.drop_table("digest")
    op.drop_table("rhythm")


def _index(name: str, columns: list[str], where: str, *, anew: bool = False) -> None:
    if anew:
        op.drop_index(f"ix_delivery_{name}", "delivery")
    condition = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(f"ix_delivery_{name}", "delivery", columns, **condition)


def _time(at: str) -> str:
    """A time as the database keeps it: SQLite naive and with microseconds, as text that sorts by time."""
    if op.get_bind().dialect.name == "sqlite":
        return f"'{at.partition('+')[0]}.000000'"
    return f"TIMESTAMPTZ '{at}'"
