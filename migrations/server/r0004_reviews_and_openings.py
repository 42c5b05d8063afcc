"""Reviews and openings."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "results_review",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("publication_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("positions", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer_by_ms", sa.BigInteger(), nullable=False),
        sa.Column("proposal", sa.JSON(), nullable=True),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.Column("proposed_by", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("corrected_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["registration_candidate.id"],
            name=op.f("fk_results_review_candidate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["corrected_id"],
            ["results_publication.id"],
            name=op.f("fk_results_review_corrected_id"),
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["results_publication.id"],
            name=op.f("fk_results_review_publication_id"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_results_review_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results_review")),
    )
    with op.batch_alter_table("results_review", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_review_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_results_review_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "results_opening",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("record_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id"], ["results_review.id"], name=op.f("fk_results_opening_review_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results_opening")),
        sa.UniqueConstraint(
            "review_id", "position", name=op.f("uq_results_opening_review_id_position")
        ),
    )
    with op.batch_alter_table("results_opening", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_opening_sitting_id"), ["sitting_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("results_opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_opening_sitting_id"))

    op.drop_table("results_opening")
    with op.batch_alter_table("results_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_review_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_results_review_session_id"))

    op.drop_table("results_review")
