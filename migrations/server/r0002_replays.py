"""Replays."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supervision_look",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("texts", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_look")),
    )
    with op.batch_alter_table("supervision_look", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_supervision_look_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supervision_look_sitting_id"), ["sitting_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("supervision_look", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervision_look_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_supervision_look_session_id"))

    op.drop_table("supervision_look")
