"""Holds, orders and destructions."""

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("ordered_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("approvers", sa.JSON(), nullable=False),
        sa.Column("agreed", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("order_seq", sa.BigInteger(), nullable=True),
        sa.Column("order_hash", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ledger_erasure", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_erasure_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "ledger_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ledger_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_hold_session_id"), ["session_id"], unique=False)

    op.create_table(
        "ledger_tombstone",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("erasure_id", sa.String(), nullable=False),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )


def downgrade() -> None:
    op.drop_table("ledger_tombstone")
    with op.batch_alter_table("ledger_hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_hold_session_id"))

    op.drop_table("ledger_hold")
    with op.batch_alter_table("ledger_erasure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_erasure_session_id"))

    op.drop_table("ledger_erasure")
