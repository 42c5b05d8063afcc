"""The bank."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_bank_blueprint",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("occupation_code", sa.String(), nullable=False),
        sa.Column("occupation_name", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_blueprint")),
    )
    with op.batch_alter_table("item_bank_blueprint", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_bank_blueprint_occupation_code"), ["occupation_code"], unique=False
        )

    op.create_table(
        "item_bank_view",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("viewed_by", sa.String(), nullable=False),
        sa.Column("viewed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_view")),
    )
    with op.batch_alter_table("item_bank_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_bank_view_subject"), ["subject"], unique=False)

    op.create_table(
        "item_bank_assembly",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("blueprint_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint_id"],
            ["item_bank_blueprint.id"],
            name=op.f("fk_item_bank_assembly_blueprint_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_assembly")),
    )
    with op.batch_alter_table("item_bank_assembly", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_bank_assembly_blueprint_id"), ["blueprint_id"], unique=False
        )

    op.create_table(
        "item_bank_scope",
        sa.Column("blueprint_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("weight", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint_id"],
            ["item_bank_blueprint.id"],
            name=op.f("fk_item_bank_scope_blueprint_id"),
        ),
        sa.PrimaryKeyConstraint("blueprint_id", "code", name=op.f("pk_item_bank_scope")),
    )
    op.create_table(
        "item_bank_package",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("assembly_id", sa.String(), nullable=False),
        sa.Column("blueprint_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sealed_by", sa.String(), nullable=False),
        sa.Column("sealed_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assembly_id"],
            ["item_bank_assembly.id"],
            name=op.f("fk_item_bank_package_assembly_id"),
        ),
        sa.ForeignKeyConstraint(
            ["blueprint_id"],
            ["item_bank_blueprint.id"],
            name=op.f("fk_item_bank_package_blueprint_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_package")),
        sa.UniqueConstraint("assembly_id", name=op.f("uq_item_bank_package_assembly_id")),
    )
    with op.batch_alter_table("item_bank_package", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_bank_package_blueprint_id"), ["blueprint_id"], unique=False
        )

    op.create_table(
        "item_bank_point",
        sa.Column("blueprint_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("importance", sa.String(), nullable=False),
        sa.Column("scope_code", sa.String(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint_id", "scope_code"],
            ["item_bank_scope.blueprint_id", "item_bank_scope.code"],
            name=op.f("fk_item_bank_point_blueprint_id_scope_code"),
        ),
        sa.PrimaryKeyConstraint("blueprint_id", "code", name=op.f("pk_item_bank_point")),
    )
    op.create_table(
        "item_bank_item",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("blueprint_id", sa.String(), nullable=False),
        sa.Column("point_code", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("difficulty", sa.BigInteger(), nullable=False),
        sa.Column("enemy_group", sa.String(), nullable=False),
        sa.Column("likeness", sa.LargeBinary(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('live', 'released')", name=op.f("ck_item_bank_item_state")),
        sa.CheckConstraint("difficulty BETWEEN 1 AND 5", name=op.f("ck_item_bank_item_difficulty")),
        sa.ForeignKeyConstraint(
            ["blueprint_id", "point_code"],
            ["item_bank_point.blueprint_id", "item_bank_point.code"],
            name=op.f("fk_item_bank_item_blueprint_id_point_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_item")),
        sa.UniqueConstraint(
            "blueprint_id", "likeness", name=op.f("uq_item_bank_item_blueprint_id_likeness")
        ),
        sa.UniqueConstraint("id", "state", name=op.f("uq_item_bank_item_id_state")),
    )
    with op.batch_alter_table("item_bank_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_bank_item_blueprint_id_state_point_code"),
            ["blueprint_id", "state", "point_code"],
            unique=False,
        )

    op.create_table(
        "item_bank_item_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("stem", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("score", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item_bank_item.id"], name=op.f("fk_item_bank_item_version_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_bank_item_version")),
        sa.UniqueConstraint(
            "item_id", "number", name=op.f("uq_item_bank_item_version_item_id_number")
        ),
    )
    op.create_table(
        "item_bank_released_item",
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("item_state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("released_at_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "item_state = 'released'", name=op.f("ck_item_bank_released_item_only_released")
        ),
        sa.CheckConstraint(
            "requested_by <> approved_by", name=op.f("ck_item_bank_released_item_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["item_id", "item_state"],
            ["item_bank_item.id", "item_bank_item.state"],
            name=op.f("fk_item_bank_released_item_item_id_item_state"),
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_bank_released_item")),
    )
    op.create_table(
        "item_bank_assembly_item",
        sa.Column("assembly_id", sa.String(), nullable=False),
        sa.Column("form_code", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("item_state", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("score", sa.String(), nullable=False),
        sa.CheckConstraint(
            "item_state = 'live'", name=op.f("ck_item_bank_assembly_item_only_live")
        ),
        sa.ForeignKeyConstraint(
            ["assembly_id"],
            ["item_bank_assembly.id"],
            name=op.f("fk_item_bank_assembly_item_assembly_id"),
        ),
        sa.ForeignKeyConstraint(
            ["item_id", "item_state"],
            ["item_bank_item.id", "item_bank_item.state"],
            name=op.f("fk_item_bank_assembly_item_item_id_item_state"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_bank_item_version.id"],
            name=op.f("fk_item_bank_assembly_item_version_id"),
        ),
        sa.PrimaryKeyConstraint(
            "assembly_id", "form_code", "position", name=op.f("pk_item_bank_assembly_item")
        ),
        sa.UniqueConstraint(
            "assembly_id",
            "form_code",
            "item_id",
            name=op.f("uq_item_bank_assembly_item_assembly_id_form_code_item_id"),
        ),
    )
    with op.batch_alter_table("item_bank_assembly_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_item_bank_assembly_item_item_id"), ["item_id"], unique=False
        )

    op.create_table(
        "item_bank_item_key",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_bank_item_version.id"],
            name=op.f("fk_item_bank_item_key_version_id"),
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_item_bank_item_key")),
    )


def downgrade() -> None:
    op.drop_table("item_bank_item_key")
    with op.batch_alter_table("item_bank_assembly_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_assembly_item_item_id"))

    op.drop_table("item_bank_assembly_item")
    op.drop_table("item_bank_released_item")
    op.drop_table("item_bank_item_version")
    with op.batch_alter_table("item_bank_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_item_blueprint_id_state_point_code"))

    op.drop_table("item_bank_item")
    op.drop_table("item_bank_point")
    with op.batch_alter_table("item_bank_package", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_package_blueprint_id"))

    op.drop_table("item_bank_package")
    op.drop_table("item_bank_scope")
    with op.batch_alter_table("item_bank_assembly", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_assembly_blueprint_id"))

    op.drop_table("item_bank_assembly")
    with op.batch_alter_table("item_bank_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_view_subject"))

    op.drop_table("item_bank_view")
    with op.batch_alter_table("item_bank_blueprint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_bank_blueprint_occupation_code"))

    op.drop_table("item_bank_blueprint")
