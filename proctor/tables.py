"""The proctor's tables. No name, ticket or ID number is here: only subject and sitting ids.

Rules kept here: templates stand apart from what they describe and have their own keys; a comparison
keeps everything that is needed to compute it again; one current reference per subject and kind, one
open episode per sitting, by constraint. Hashes are SHA-256 in hexadecimal.
"""

from typing import Any

from sqlalchemy import JSON, Index, MetaData, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table

_CURRENT = text("replaced_at_ms IS NULL")
_OPEN = text("closed_at_ms IS NULL")


class ProctorTable(Table):
    """Base of the proctor's own tables."""

    __abstract__ = True
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class KeyRow(ProctorTable):
    """A data key under the key ring, per owner and class of data, so a class can be shredded."""

    __tablename__ = "proctor_key"
    owner_id: Mapped[str] = mapped_column(primary_key=True)
    data_class: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    made_at_ms: Mapped[int]


class ReferenceRow(ProctorTable):
    """A picture that others are compared with: the portrait on file or the frame of the door."""

    __tablename__ = "proctor_reference"
    __table_args__ = (
        Index(
            "uq_proctor_reference_current", "subject_id", "kind", unique=True,
            sqlite_where=_CURRENT, postgresql_where=_CURRENT,
        ),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    subject_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    data_class: Mapped[str]
    blob: Mapped[str]
    picture_sha256: Mapped[str]
    stored_sha256: Mapped[str]
    stored_bytes: Mapped[int]
    enrolled_at_ms: Mapped[int]
    replaced_at_ms: Mapped[int | None]
    erased_at_ms: Mapped[int | None]


class TemplateRow(ProctorTable):
    """A reference's face template, sealed under a key of its own."""

    __tablename__ = "proctor_template"
    reference_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    model: Mapped[str]
    sealed: Mapped[bytes]
    made_at_ms: Mapped[int]


class MatchRow(ProctorTable):
    """One comparison (or one capture without a frame): inputs, thresholds, result."""

    __tablename__ = "proctor_match"
    __table_args__ = (
        Index("ix_proctor_match_sitting_taken", "sitting_id", "purpose", "taken_at_ms"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    subject_id: Mapped[str] = mapped_column(index=True)
    sitting_id: Mapped[str | None]
    purpose: Mapped[str]
    against: Mapped[str | None]
    reference_id: Mapped[str | None]
    model: Mapped[str]
    accept: Mapped[float]
    review: Mapped[float]
    sharpness_min: Mapped[float]
    brightness_min: Mapped[float]
    face_min_px: Mapped[int]
    score: Mapped[float | None]
    faces: Mapped[int]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    sharpness: Mapped[float | None]
    brightness: Mapped[float | None]
    frozen: Mapped[bool]
    luma: Mapped[bytes | None]
    frame_blob: Mapped[str | None] = mapped_column(index=True)
    frame_sha256: Mapped[str | None]
    stored_sha256: Mapped[str | None]
    stored_bytes: Mapped[int]
    taken_at_ms: Mapped[int]
    received_at_ms: Mapped[int]
    case_id: Mapped[str | None]
    erased_at_ms: Mapped[int | None]


class EpisodeRow(ProctorTable):
    """Captures that belong together; the server makes an incident of it."""

    __tablename__ = "proctor_episode"
    __table_args__ = (
        Index(
            "uq_proctor_episode_open", "sitting_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(primary_key=True)
    sitting_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    opened_at_ms: Mapped[int]
    last_at_ms: Mapped[int]
    closed_at_ms: Mapped[int | None]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_match_id: Mapped[str]
    last_match_id: Mapped[str]


class SegmentRow(ProctorTable):
    """One standalone piece of a sitting's recording."""

    __tablename__ = "proctor_segment"
    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    t0_ms: Mapped[int]
    t1_ms: Mapped[int]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    blob: Mapped[str]
    stored_sha256: Mapped[str]
    stored_bytes: Mapped[int]
    received_at_ms: Mapped[int]
