"""The tree: its head, leaves, tiles, checkpoints, and what waits to get a leaf."""

import sqlalchemy as sa
from alembic import op

from kernel.crypto.suite import InternationalSuite, suite_named

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_checkpoint",
        sa.Column("tree", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "size"),
    )
    op.create_table(
        "ledger_cosignature",
        sa.Column("tree", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "size", "name"),
    )
    op.create_table(
        "ledger_growing",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tree", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", "tree"),
    )
    with op.batch_alter_table("ledger_leaf", schema=None) as batch_op:
        batch_op.create_index("ledger_leaf_record", ["stream", "seq"], unique=False)

    op.create_table(
        "ledger_other_leaf",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("tree", sa.SmallInteger(), nullable=True),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("ledger_other_leaf", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_other_leaf_leaf_index"), ["leaf_index"], unique=False
        )

    op.create_table(
        "ledger_tile",
        sa.Column("tree", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "level", "number"),
    )
    op.create_table(
        "ledger_tree",
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("origin"),
    )
    # What was written before there was a tree is taken into it with the first rounds.
    op.execute("INSERT INTO ledger_growing (stream, through) SELECT number, 0 FROM ledger_stream")
    _seals(op.get_bind())


def _seals(connection: sa.Connection) -> None:
    """Seals made before become leaves; their hash is the suite's of the session's streams."""
    rows = connection.execute(
        sa.text(
            "SELECT s.session_id, s.frame, min(t.suite) AS suite FROM ledger_seal s"
            " LEFT JOIN ledger_stream t ON t.session_id = s.session_id"
            " GROUP BY s.session_id, s.frame"
        )
    ).all()
    for session_id, frame, suite in rows:
        hashed = suite_named(suite or InternationalSuite.name).hash(bytes(frame))
        connection.execute(
            sa.text(
                "INSERT INTO ledger_other_leaf (name, seq, hash) VALUES (:name, 1, :hash)"
            ).bindparams(sa.bindparam("hash", type_=sa.LargeBinary())),
            {"name": f"seal/{session_id}", "hash": hashed},
        )


def downgrade() -> None:
    op.drop_table("ledger_tree")
    op.drop_table("ledger_tile")
    with op.batch_alter_table("ledger_other_leaf", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_other_leaf_leaf_index"))

    op.drop_table("ledger_other_leaf")
    with op.batch_alter_table("ledger_leaf", schema=None) as batch_op:
        batch_op.drop_index("ledger_leaf_record")

    op.drop_table("ledger_leaf")
    op.drop_table("ledger_growing")
    op.drop_table("ledger_cosignature")
    op.drop_table("ledger_checkpoint")
