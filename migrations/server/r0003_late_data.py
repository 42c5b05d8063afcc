"""Late data."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marking_late",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("reason_text", sa.String(), nullable=False),
        sa.Column("said_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_marking_late_session_id")
        ),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_marking_late")),
    )
    with op.batch_alter_table("marking_late", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_marking_late_session_id"), ["session_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("marking_late", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marking_late_session_id"))

    op.drop_table("marking_late")
