"""Key version of a stream."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ledger_stream", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("key_version", sa.BigInteger(), nullable=False, server_default="1")
        )


def downgrade() -> None:
    with op.batch_alter_table("ledger_stream", schema=None) as batch_op:
        batch_op.drop_column("key_version")
