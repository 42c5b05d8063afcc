"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts_account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("pin_hash", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_account")),
        sa.UniqueConstraint("account", name=op.f("uq_accounts_account_account")),
    )
    op.create_table(
        "accounts_attempt",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "subject", name=op.f("pk_accounts_attempt")),
    )
    with op.batch_alter_table("accounts_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_accounts_attempt_last_at_ms"), ["last_at_ms"], unique=False
        )

    op.create_table(
        "bodies_body",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies_body")),
        sa.UniqueConstraint("code", name=op.f("uq_bodies_body_code")),
    )
    op.create_table(
        "invigilation_absence",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_invigilation_absence")),
    )
    with op.batch_alter_table("invigilation_absence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invigilation_absence_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "papers_holder",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("locked", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers_holder")),
        sa.UniqueConstraint("account_id", name=op.f("uq_papers_holder_account_id")),
    )
    op.create_table(
        "papers_trusted_signer",
        sa.Column("public_hex", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("public_hex", name=op.f("pk_papers_trusted_signer")),
    )
    op.create_table(
        "sessions_session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("occupation_code", sa.String(), nullable=False),
        sa.Column("occupation_name", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("starts_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("roster_root", sa.String(), nullable=True),
        sa.Column("roster_frozen_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("candidate_count", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions_session")),
        sa.UniqueConstraint("serial", name=op.f("uq_sessions_session_serial")),
    )
    op.create_table(
        "archive_archive",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("files", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_archive_archive_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_archive")),
    )
    with op.batch_alter_table("archive_archive", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_archive_archive_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "bodies_site",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["body_id"], ["bodies_body.id"], name=op.f("fk_bodies_site_body_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies_site")),
        sa.UniqueConstraint("code", name=op.f("uq_bodies_site_code")),
    )
    op.create_table(
        "invigilation_rule_set",
        sa.Column("body_id", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("reason_text", sa.String(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["body_id"], ["bodies_body.id"], name=op.f("fk_invigilation_rule_set_body_id")
        ),
        sa.PrimaryKeyConstraint("body_id", "authority", name=op.f("pk_invigilation_rule_set")),
    )
    op.create_table(
        "marking_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.String(), nullable=False),
        sa.Column("key_sha256", sa.String(), nullable=False),
        sa.Column("totals_hash", sa.String(), nullable=False),
        sa.Column("objective", sa.BigInteger(), nullable=False),
        sa.Column("by_hand", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_marking_run_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_run")),
        sa.UniqueConstraint(
            "session_id", "version", name=op.f("uq_marking_run_session_id_version")
        ),
    )
    with op.batch_alter_table("marking_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marking_run_session_id"), ["session_id"], unique=False)

    op.create_table(
        "marking_task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=False),
        sa.Column("full", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("response_mac", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("marked_by", sa.String(), nullable=True),
        sa.Column("marked_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_marking_task_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_task")),
        sa.UniqueConstraint(
            "session_id",
            "sitting_id",
            "item_id",
            name=op.f("uq_marking_task_session_id_sitting_id_item_id"),
        ),
    )
    with op.batch_alter_table("marking_task", schema=None) as batch_op:
        batch_op.create_index("ix_marking_task_queue", ["session_id", "position"], unique=False)

    op.create_table(
        "papers_package",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("package_id", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("signer_public", sa.String(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content_key_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("content_released_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("scoring_key_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("scoring_opened_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_papers_package_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_papers_package")),
    )
    with op.batch_alter_table("papers_package", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_papers_package_package_id"), ["package_id"], unique=False
        )

    op.create_table(
        "registration_candidate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("ticket_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gender", sa.String(), nullable=False),
        sa.Column("id_type", sa.String(), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_masked", sa.String(), nullable=False),
        sa.Column("birth_date", sa.String(), nullable=True),
        sa.Column("education", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("employer", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("extra_time_pct", sa.BigInteger(), nullable=False),
        sa.Column("portrait_blob", sa.String(), nullable=True),
        sa.Column("portrait_sha256", sa.String(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions_session.id"],
            name=op.f("fk_registration_candidate_session_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_candidate")),
        sa.UniqueConstraint(
            "session_id",
            "id_number_hash",
            name=op.f("uq_registration_candidate_session_id_id_number_hash"),
        ),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_registration_candidate_sitting_id")),
        sa.UniqueConstraint("ticket_no", name=op.f("uq_registration_candidate_ticket_no")),
    )
    with op.batch_alter_table("registration_candidate", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registration_candidate_id_number_hash"), ["id_number_hash"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_registration_candidate_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "results_request",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("list_hash", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_results_request_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_results_request")),
    )
    op.create_table(
        "seating_draw",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("previous_id", sa.String(), nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("frozen", sa.JSON(), nullable=False),
        sa.Column("roster_root", sa.String(), nullable=False),
        sa.Column("frozen_by", sa.String(), nullable=False),
        sa.Column("frozen_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reveal_by_ms", sa.BigInteger(), nullable=False),
        sa.Column("fallback_commitment", sa.LargeBinary(), nullable=False),
        sa.Column("fallback_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("fallback_value", sa.LargeBinary(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_seating_draw_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seating_draw")),
        sa.UniqueConstraint(
            "session_id", "attempt", name=op.f("uq_seating_draw_session_id_attempt")
        ),
    )
    with op.batch_alter_table("seating_draw", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_seating_draw_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "sessions_room",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_sessions_room_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "room_id", name=op.f("pk_sessions_room")),
    )
    op.create_table(
        "sessions_staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_sessions_staff_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions_staff")),
    )
    with op.batch_alter_table("sessions_staff", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sessions_staff_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sessions_staff_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "bodies_room",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("cols", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["bodies_site.id"], name=op.f("fk_bodies_room_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies_room")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_bodies_room_site_id_code")),
    )
    op.create_table(
        "checkin_visit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("face_consent", sa.Boolean(), nullable=True),
        sa.Column("notice_version", sa.String(), nullable=True),
        sa.Column("consented_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("advice", sa.String(), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("identified_by", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", sa.JSON(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("late_override", sa.Boolean(), nullable=False),
        sa.Column("slip_code", sa.String(), nullable=True),
        sa.Column("seated_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("candidate_salt", sa.LargeBinary(), nullable=True),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["registration_candidate.id"],
            name=op.f("fk_checkin_visit_candidate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_checkin_visit_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_visit")),
        sa.UniqueConstraint(
            "candidate_id", "attempt", name=op.f("uq_checkin_visit_candidate_id_attempt")
        ),
    )
    with op.batch_alter_table("checkin_visit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_visit_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_checkin_visit_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "marking_sheet",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["marking_run.id"], name=op.f("fk_marking_sheet_run_id")
        ),
        sa.PrimaryKeyConstraint("run_id", "sitting_id", name=op.f("pk_marking_sheet")),
    )
    op.create_table(
        "results_publication",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("totals_hash", sa.String(), nullable=False),
        sa.Column("list_hash", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("published_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["marking_run.id"], name=op.f("fk_results_publication_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_results_publication_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results_publication")),
        sa.UniqueConstraint(
            "session_id", "version", name=op.f("uq_results_publication_session_id_version")
        ),
    )
    with op.batch_alter_table("results_publication", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_publication_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "seating_party",
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("value_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("committed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revealed_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["seating_draw.id"], name=op.f("fk_seating_party_draw_id")
        ),
        sa.PrimaryKeyConstraint("draw_id", "party", name=op.f("pk_seating_party")),
    )
    op.create_table(
        "seating_seat",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("seat_id", sa.String(), nullable=False),
        sa.Column("seat_no", sa.String(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("col", sa.BigInteger(), nullable=False),
        sa.Column("machine_code", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["seating_draw.id"], name=op.f("fk_seating_seat_draw_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_seating_seat_session_id")
        ),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_seating_seat")),
        sa.UniqueConstraint(
            "session_id", "seat_id", name=op.f("uq_seating_seat_session_id_seat_id")
        ),
    )
    with op.batch_alter_table("seating_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seating_seat_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_seating_seat_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "sittings_sitting",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("seat_id", sa.String(), nullable=False),
        sa.Column("seat_no", sa.String(), nullable=False),
        sa.Column("machine_code", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=False),
        sa.Column("sign_in", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("device_public", sa.LargeBinary(), nullable=True),
        sa.Column("first_signed_in_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("face_passed", sa.Boolean(), nullable=False),
        sa.Column("face_tries", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("seed_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("extensions_s", sa.JSON(), nullable=False),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("submitted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("submit_kind", sa.String(), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["registration_candidate.id"],
            name=op.f("fk_sittings_sitting_candidate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions_session.id"], name=op.f("fk_sittings_sitting_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sittings_sitting")),
        sa.UniqueConstraint("candidate_id", name=op.f("uq_sittings_sitting_candidate_id")),
    )
    with op.batch_alter_table("sittings_sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sittings_sitting_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sittings_sitting_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sittings_sitting_submitted_at_ms"), ["submitted_at_ms"], unique=False
        )

    op.create_table(
        "bodies_seat",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("seat_no", sa.String(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("col", sa.BigInteger(), nullable=False),
        sa.Column("machine_code", sa.String(), nullable=False),
        sa.Column("spare", sa.Boolean(), nullable=False),
        sa.Column("machine_token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("set_up_by", sa.String(), nullable=True),
        sa.Column("set_up_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"], ["bodies_room.id"], name=op.f("fk_bodies_seat_room_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies_seat")),
        sa.UniqueConstraint("machine_token_hash", name=op.f("uq_bodies_seat_machine_token_hash")),
        sa.UniqueConstraint(
            "room_id", "machine_code", name=op.f("uq_bodies_seat_room_id_machine_code")
        ),
        sa.UniqueConstraint("room_id", "row", "col", name=op.f("uq_bodies_seat_room_id_row_col")),
        sa.UniqueConstraint("room_id", "seat_no", name=op.f("uq_bodies_seat_room_id_seat_no")),
    )
    with op.batch_alter_table("bodies_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bodies_seat_room_id"), ["room_id"], unique=False)

    op.create_table(
        "invigilation_capture",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("frame_blob", sa.String(), nullable=False),
        sa.Column("frame_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings_sitting.id"], name=op.f("fk_invigilation_capture_sitting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilation_capture")),
    )
    with op.batch_alter_table("invigilation_capture", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invigilation_capture_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "invigilation_incident",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("capture_ids", sa.JSON(), nullable=False),
        sa.Column("proposal_s", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting_id"],
            ["sittings_sitting.id"],
            name=op.f("fk_invigilation_incident_sitting_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilation_incident")),
    )
    with op.batch_alter_table("invigilation_incident", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invigilation_incident_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_invigilation_incident_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "invigilation_segment",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("t0_ms", sa.BigInteger(), nullable=False),
        sa.Column("t1_ms", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings_sitting.id"], name=op.f("fk_invigilation_segment_sitting_id")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "index", name=op.f("pk_invigilation_segment")),
    )
    op.create_table(
        "invigilation_violation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("second_by", sa.String(), nullable=False),
        sa.Column("reason_text", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"],
            ["sittings_sitting.id"],
            name=op.f("fk_invigilation_violation_sitting_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilation_violation")),
    )
    with op.batch_alter_table("invigilation_violation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invigilation_violation_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_invigilation_violation_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "results_result",
        sa.Column("publication_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("ticket_no", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("score", sa.String(), nullable=True),
        sa.Column("full", sa.String(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=True),
        sa.Column("receipt_code", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["registration_candidate.id"],
            name=op.f("fk_results_result_candidate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["results_publication.id"],
            name=op.f("fk_results_result_publication_id"),
        ),
        sa.PrimaryKeyConstraint("publication_id", "candidate_id", name=op.f("pk_results_result")),
    )
    with op.batch_alter_table("results_result", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_result_sitting_id"), ["sitting_id"], unique=False
        )

    op.create_table(
        "sittings_notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings_sitting.id"], name=op.f("fk_sittings_notice_sitting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sittings_notice")),
    )
    with op.batch_alter_table("sittings_notice", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sittings_notice_sitting_id"), ["sitting_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("sittings_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sittings_notice_sitting_id"))

    op.drop_table("sittings_notice")
    with op.batch_alter_table("results_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_result_sitting_id"))

    op.drop_table("results_result")
    with op.batch_alter_table("invigilation_violation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invigilation_violation_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_invigilation_violation_session_id"))

    op.drop_table("invigilation_violation")
    op.drop_table("invigilation_segment")
    with op.batch_alter_table("invigilation_incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invigilation_incident_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_invigilation_incident_session_id"))

    op.drop_table("invigilation_incident")
    with op.batch_alter_table("invigilation_capture", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invigilation_capture_sitting_id"))

    op.drop_table("invigilation_capture")
    with op.batch_alter_table("bodies_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bodies_seat_room_id"))

    op.drop_table("bodies_seat")
    with op.batch_alter_table("sittings_sitting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sittings_sitting_submitted_at_ms"))
        batch_op.drop_index(batch_op.f("ix_sittings_sitting_session_id"))
        batch_op.drop_index(batch_op.f("ix_sittings_sitting_room_id"))

    op.drop_table("sittings_sitting")
    with op.batch_alter_table("seating_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seating_seat_session_id"))
        batch_op.drop_index(batch_op.f("ix_seating_seat_room_id"))

    op.drop_table("seating_seat")
    op.drop_table("seating_party")
    with op.batch_alter_table("results_publication", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_publication_session_id"))

    op.drop_table("results_publication")
    op.drop_table("marking_sheet")
    with op.batch_alter_table("checkin_visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_visit_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_checkin_visit_session_id"))

    op.drop_table("checkin_visit")
    op.drop_table("bodies_room")
    with op.batch_alter_table("sessions_staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_staff_session_id"))
        batch_op.drop_index(batch_op.f("ix_sessions_staff_account_id"))

    op.drop_table("sessions_staff")
    op.drop_table("sessions_room")
    with op.batch_alter_table("seating_draw", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seating_draw_session_id"))

    op.drop_table("seating_draw")
    op.drop_table("results_request")
    with op.batch_alter_table("registration_candidate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registration_candidate_session_id"))
        batch_op.drop_index(batch_op.f("ix_registration_candidate_id_number_hash"))

    op.drop_table("registration_candidate")
    with op.batch_alter_table("papers_package", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_papers_package_package_id"))

    op.drop_table("papers_package")
    with op.batch_alter_table("marking_task", schema=None) as batch_op:
        batch_op.drop_index("ix_marking_task_queue")

    op.drop_table("marking_task")
    with op.batch_alter_table("marking_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marking_run_session_id"))

    op.drop_table("marking_run")
    op.drop_table("invigilation_rule_set")
    op.drop_table("bodies_site")
    with op.batch_alter_table("archive_archive", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_archive_session_id"))

    op.drop_table("archive_archive")
    op.drop_table("sessions_session")
    op.drop_table("papers_trusted_signer")
    op.drop_table("papers_holder")
    with op.batch_alter_table("invigilation_absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invigilation_absence_session_id"))

    op.drop_table("invigilation_absence")
    op.drop_table("bodies_body")
    with op.batch_alter_table("accounts_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_attempt_last_at_ms"))

    op.drop_table("accounts_attempt")
    op.drop_table("accounts_account")
