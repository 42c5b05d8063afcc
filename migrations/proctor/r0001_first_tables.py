"""First tables: keys, references, templates, comparisons, episodes, segments."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proctor_episode",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("first_match_id", sa.String(), nullable=False),
        sa.Column("last_match_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proctor_episode")),
    )
    with op.batch_alter_table("proctor_episode", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_proctor_episode_sitting_id"), ["sitting_id"], unique=False
        )
        batch_op.create_index(
            "uq_proctor_episode_open",
            ["sitting_id"],
            unique=True,
            sqlite_where=sa.text("closed_at_ms IS NULL"),
            postgresql_where=sa.text("closed_at_ms IS NULL"),
        )

    op.create_table(
        "proctor_key",
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("data_class", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "data_class", name=op.f("pk_proctor_key")),
    )
    op.create_table(
        "proctor_match",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("against", sa.String(), nullable=True),
        sa.Column("reference_id", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("accept", sa.Double(), nullable=False),
        sa.Column("review", sa.Double(), nullable=False),
        sa.Column("sharpness_min", sa.Double(), nullable=False),
        sa.Column("brightness_min", sa.Double(), nullable=False),
        sa.Column("face_min_px", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("sharpness", sa.Double(), nullable=True),
        sa.Column("brightness", sa.Double(), nullable=True),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("luma", sa.LargeBinary(), nullable=True),
        sa.Column("frame_blob", sa.String(), nullable=True),
        sa.Column("frame_sha256", sa.String(), nullable=True),
        sa.Column("stored_sha256", sa.String(), nullable=True),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proctor_match")),
    )
    with op.batch_alter_table("proctor_match", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_proctor_match_frame_blob"), ["frame_blob"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_proctor_match_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            "ix_proctor_match_sitting_taken", ["sitting_id", "purpose", "taken_at_ms"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_proctor_match_subject_id"), ["subject_id"], unique=False
        )

    op.create_table(
        "proctor_reference",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data_class", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("picture_sha256", sa.String(), nullable=False),
        sa.Column("stored_sha256", sa.String(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proctor_reference")),
    )
    with op.batch_alter_table("proctor_reference", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_proctor_reference_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_proctor_reference_subject_id"), ["subject_id"], unique=False
        )
        batch_op.create_index(
            "uq_proctor_reference_current",
            ["subject_id", "kind"],
            unique=True,
            sqlite_where=sa.text("replaced_at_ms IS NULL"),
            postgresql_where=sa.text("replaced_at_ms IS NULL"),
        )

    op.create_table(
        "proctor_segment",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("t0_ms", sa.BigInteger(), nullable=False),
        sa.Column("t1_ms", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("stored_sha256", sa.String(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sitting_id", "number", name=op.f("pk_proctor_segment")),
    )
    op.create_table(
        "proctor_template",
        sa.Column("reference_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference_id", name=op.f("pk_proctor_template")),
    )
    with op.batch_alter_table("proctor_template", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_proctor_template_session_id"), ["session_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("proctor_template", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proctor_template_session_id"))

    op.drop_table("proctor_template")
    op.drop_table("proctor_segment")
    with op.batch_alter_table("proctor_reference", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_proctor_reference_current",
            sqlite_where=sa.text("replaced_at_ms IS NULL"),
            postgresql_where=sa.text("replaced_at_ms IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_proctor_reference_subject_id"))
        batch_op.drop_index(batch_op.f("ix_proctor_reference_session_id"))

    op.drop_table("proctor_reference")
    with op.batch_alter_table("proctor_match", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proctor_match_subject_id"))
        batch_op.drop_index("ix_proctor_match_sitting_taken")
        batch_op.drop_index(batch_op.f("ix_proctor_match_session_id"))
        batch_op.drop_index(batch_op.f("ix_proctor_match_frame_blob"))

    op.drop_table("proctor_match")
    op.drop_table("proctor_key")
    with op.batch_alter_table("proctor_episode", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_proctor_episode_open",
            sqlite_where=sa.text("closed_at_ms IS NULL"),
            postgresql_where=sa.text("closed_at_ms IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_proctor_episode_sitting_id"))

    op.drop_table("proctor_episode")
