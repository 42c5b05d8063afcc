"""Reports that have a name."""

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invigilation_report",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings_sitting.id"], name=op.f("fk_invigilation_report_sitting_id")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "kind", "name", name=op.f("pk_invigilation_report")),
    )


def downgrade() -> None:
    op.drop_table("invigilation_report")
