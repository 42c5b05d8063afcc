"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_device",
        sa.Column("stream", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("acked_through", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "epoch"),
    )
    op.create_table(
        "ledger_key",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "version"),
    )
    op.create_table(
        "ledger_record",
        sa.Column("stream", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "seq"),
    )
    op.create_table(
        "ledger_seal",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_table(
        "ledger_seen",
        sa.Column("stream", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "epoch", "client_seq"),
    )
    op.create_table(
        "ledger_stream",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("stream_id"),
    )
    with op.batch_alter_table("ledger_stream", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_stream_session_id"), ["session_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("ledger_stream", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_stream_session_id"))

    op.drop_table("ledger_stream")
    op.drop_table("ledger_seen")
    op.drop_table("ledger_seal")
    op.drop_table("ledger_record")
    op.drop_table("ledger_key")
    op.drop_table("ledger_device")
