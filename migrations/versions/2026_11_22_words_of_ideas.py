"""Words of ideas, weighed

The index that search goes by is written anew: it says how much an idea says each word, and counts them.
"""

import sqlalchemy as sa
from alembic import op

from ideas.boards import scoring, terms

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TOGETHER = 500
SLIPPING = range(4, 21)
WORD = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")

idea = sa.table(
    "idea", sa.column("id"), sa.column("board_id"), sa.column("title"), sa.column("body"), sa.column("withdrawn_at")
)


def upgrade() -> None:
    _take_your_time()
    op.drop_table("idea_term")
    idea_term = op.create_table(
        "idea_term",
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.Column("term", WORD, nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_idea_term_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("idea_id", "term", name=op.f("pk_idea_term")),
        sqlite_with_rowid=False,
    )
    board_term = op.create_table(
        "board_term",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("term", WORD, nullable=False),
        sa.Column("ideas", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_board_term_board_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("board_id", "term", name=op.f("pk_board_term")),
        sqlite_with_rowid=False,
    )
    term_slip = op.create_table(
        "term_slip",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("slip", WORD, nullable=False),
        sa.Column("term", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id", "term"],
            ["board_term.board_id", "board_term.term"],
            name=op.f("fk_term_slip_board_id_term"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("board_id", "slip", "term", name=op.f("pk_term_slip")),
        sqlite_with_rowid=False,
    )
    _write_words(idea_term)
    # made when the rows are there: that is quicker than keeping it right for each
    with op.batch_alter_table("idea_term") as batch_op:
        batch_op.create_index("ix_idea_term_found", ["board_id", "term", "weight", "idea_id"], unique=False)
    with op.batch_alter_table("term_slip") as batch_op:
        batch_op.create_index(batch_op.f("ix_term_slip_board_id_term"), ["board_id", "term"], unique=False)
    op.execute("INSERT INTO board_term SELECT board_id, term, count(*) FROM idea_term GROUP BY board_id, term")
    _write_slips(board_term, term_slip)


def downgrade() -> None:
    _take_your_time()
    op.drop_table("term_slip")
    op.drop_table("board_term")
    op.drop_table("idea_term")
    idea_term = op.create_table(
        "idea_term",
        sa.Column("term", WORD, nullable=False),
        sa.Column("idea_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.id"], name=op.f("fk_idea_term_idea_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("term", "idea_id", name=op.f("pk_idea_term")),
    )
    with op.batch_alter_table("idea_term") as batch_op:
        batch_op.create_index(batch_op.f("ix_idea_term_idea_id"), ["idea_id"], unique=False)
    for rows in _ideas():
        found = [
            {"term": term[:40], "idea_id": row.id}
            for row in rows
            for term in sorted(_whole_words(f"{row.title} {row.body}"))
        ]
        if found:
            op.get_bind().execute(sa.insert(idea_term), found)


def _take_your_time():
    """Counting millions of words takes longer than a statement usually may. Nobody waits for them but the search."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = '1h'")


def _ideas():
    """Some hundred at a time."""
    last = 0
    while (
        rows := op.get_bind().execute(sa.select(idea).where(idea.c.id > last).order_by(idea.c.id).limit(TOGETHER)).all()
    ):
        yield rows
        last = rows[-1].id


def _whole_words(text):
    found = set()
    for word in terms.words(text):
        found |= {*terms.pairs(word), *word} if terms.is_unspaced(word) else {word}
    return found


def _write_words(idea_term):
    # The words of ideas are those of the code of today: whenever its rules change, a later step writes them anew.
    for rows in _ideas():
        found = [
            {"idea_id": row.id, "term": term, "board_id": row.board_id, "weight": weight}
            for row in rows
            if row.withdrawn_at is None
            for term, weight in {"": 1, **scoring.weights(row.title, row.body)}.items()
        ]
        if found:
            op.get_bind().execute(sa.insert(idea_term), found)


def _write_slips(board_term, term_slip):
    for row in op.get_bind().execute(sa.select(board_term.c.board_id, board_term.c.term)).all():
        term = row.term
        if len(term) in SLIPPING and term.isalpha() and not terms.is_unspaced(term):
            slips = [{"board_id": row.board_id, "slip": slip, "term": term} for slip in sorted(terms.slips(term))]
            op.get_bind().execute(sa.insert(term_slip), slips)
