"""Tables of the bank.

Rules kept here: a key lies apart from its stem, encrypted; versions are never changed; an item is
``live`` or ``released`` and the rows that use it say which they need: the composite foreign keys
make it impossible, for any program, to put a released item into a paper or to release an item that
was in one.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
LIVE, RELEASED = "live", "released"


class BankTable(Table):
    """Base of the bank's tables; names are ``item_bank_<noun>``."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class BlueprintRow(BankTable):
    """A blueprint (细目表) of one occupation and level."""

    __tablename__ = "item_bank_blueprint"
    id: Mapped[str] = mapped_column(primary_key=True)
    occupation_code: Mapped[str] = mapped_column(index=True)
    occupation_name: Mapped[str]
    level: Mapped[int]
    created_by: Mapped[str]
    created_at_ms: Mapped[int]


class ScopeRow(BankTable):
    """A scope (鉴定范围). ``weight`` is a decimal in text, empty below level 2."""

    __tablename__ = "item_bank_scope"
    blueprint_id: Mapped[str] = mapped_column(
        ForeignKey("item_bank_blueprint.id"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str]
    level: Mapped[int]
    name: Mapped[str]
    weight: Mapped[str]
    position: Mapped[int]


class PointRow(BankTable):
    """A point (鉴定点); ``area_code`` is its scope of level 2."""

    __tablename__ = "item_bank_point"
    blueprint_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    importance: Mapped[str]
    scope_code: Mapped[str]
    area_code: Mapped[str]
    position: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(
            ["blueprint_id", "scope_code"], ["item_bank_scope.blueprint_id", "item_bank_scope.code"]
        ),
    )


class ItemRow(BankTable):
    """An item. ``likeness`` is SHA-256 of its normalised words, so no item stands twice."""

    __tablename__ = "item_bank_item"
    id: Mapped[str] = mapped_column(primary_key=True)
    blueprint_id: Mapped[str]
    point_code: Mapped[str]
    tier: Mapped[str]
    type: Mapped[str]
    state: Mapped[str]
    difficulty: Mapped[int]
    enemy_group: Mapped[str]
    likeness: Mapped[bytes]
    version_id: Mapped[str]
    created_by: Mapped[str]
    created_at_ms: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(
            ["blueprint_id", "point_code"], ["item_bank_point.blueprint_id", "item_bank_point.code"]
        ),
        UniqueConstraint("id", "state"),
        UniqueConstraint("blueprint_id", "likeness"),
        CheckConstraint("state IN ('live', 'released')", name="state"),
        CheckConstraint("difficulty BETWEEN 1 AND 5", name="difficulty"),
        Index(None, "blueprint_id", "state", "point_code"),
    )


class VersionRow(BankTable):
    """One version of an item, as a candidate may see it. ``options`` is [{id, text}]."""

    __tablename__ = "item_bank_item_version"
    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item_bank_item.id"))
    number: Mapped[int]
    stem: Mapped[str]
    options: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    score: Mapped[str]
    origin: Mapped[str]
    created_by: Mapped[str]
    created_at_ms: Mapped[int]
    __table_args__ = (UniqueConstraint("item_id", "number"),)


class KeyRow(BankTable):
    """The key of a version: an envelope that opens under the key ring alone."""

    __tablename__ = "item_bank_item_key"
    version_id: Mapped[str] = mapped_column(
        ForeignKey("item_bank_item_version.id"), primary_key=True
    )
    sealed: Mapped[bytes]


class ViewRow(BankTable):
    """Who saw keys, when, and for what."""

    __tablename__ = "item_bank_view"
    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    items: Mapped[int]
    viewed_by: Mapped[str]
    viewed_at_ms: Mapped[int]


class AssemblyRow(BankTable):
    """An assembly; ``request`` and ``summary`` are what was asked and what came out."""

    __tablename__ = "item_bank_assembly"
    id: Mapped[str] = mapped_column(primary_key=True)
    blueprint_id: Mapped[str] = mapped_column(ForeignKey("item_bank_blueprint.id"), index=True)
    title: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    summary: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_by: Mapped[str]
    created_at_ms: Mapped[int]


class AssemblyItemRow(BankTable):
    """An item in a form of an assembly. Only a live item fits."""

    __tablename__ = "item_bank_assembly_item"
    assembly_id: Mapped[str] = mapped_column(ForeignKey("item_bank_assembly.id"), primary_key=True)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(index=True)
    item_state: Mapped[str]
    version_id: Mapped[str] = mapped_column(ForeignKey("item_bank_item_version.id"))
    score: Mapped[str]
    __table_args__ = (
        ForeignKeyConstraint(
            ["item_id", "item_state"], ["item_bank_item.id", "item_bank_item.state"]
        ),
        UniqueConstraint("assembly_id", "form_code", "item_id"),
        CheckConstraint("item_state = 'live'", name="only_live"),
    )


class ReleasedItemRow(BankTable):
    """An item given to the public, for ever, by two people."""

    __tablename__ = "item_bank_released_item"
    item_id: Mapped[str] = mapped_column(primary_key=True)
    item_state: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[str]
    approved_by: Mapped[str]
    released_at_ms: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(
            ["item_id", "item_state"], ["item_bank_item.id", "item_bank_item.state"]
        ),
        CheckConstraint("item_state = 'released'", name="only_released"),
        CheckConstraint("requested_by <> approved_by", name="two_people"),
    )


class PackageRow(BankTable):
    """A sealed package; the file is a blob. Its keys are nowhere but in the holders' shares."""

    __tablename__ = "item_bank_package"
    id: Mapped[str] = mapped_column(primary_key=True)
    assembly_id: Mapped[str] = mapped_column(ForeignKey("item_bank_assembly.id"), unique=True)
    blueprint_id: Mapped[str] = mapped_column(ForeignKey("item_bank_blueprint.id"), index=True)
    title: Mapped[str]
    forms: Mapped[list[str]] = mapped_column(JSON)
    blob: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    sealed_by: Mapped[str]
    sealed_at_ms: Mapped[int]
