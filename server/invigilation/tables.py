"""Tables of the invigilation room: incidents, reports, pictures, absences, violations, rule sets.

Rules kept here: pictures lie with the proctor, here is their index; acts of staff stand in the
ledger, and timeline and room record are read from there.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class IncidentRow(ServerTable):
    """A case for a person: observations of one kind about one sitting until somebody decides."""

    __tablename__ = "invigilation_incident"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    room_id: Mapped[str]
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), index=True)
    kind: Mapped[str]
    severity: Mapped[str]
    opened_at_ms: Mapped[int]
    last_at_ms: Mapped[int]
    count: Mapped[int]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    capture_ids: Mapped[list[str]] = mapped_column(JSON)
    proposal_s: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at_ms: Mapped[int | None]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]


class ReportRow(ServerTable):
    """A report that stands in a case, by the name its reporter gave it; ``number`` is the highest
    one of that name.
    """

    __tablename__ = "invigilation_report"
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class CaptureRow(ServerTable):
    """A matched capture; ``id`` is the proctor's match id, ``outcome`` its word for it."""

    __tablename__ = "invigilation_capture"
    id: Mapped[str] = mapped_column(primary_key=True)
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), index=True)
    taken_at_ms: Mapped[int]
    received_at_ms: Mapped[int]
    outcome: Mapped[str]
    score: Mapped[float | None]
    threshold: Mapped[float]
    faces: Mapped[int]
    frame_blob: Mapped[str]
    frame_sha256: Mapped[str]


class SegmentRow(ServerTable):
    """A recording segment whose hash stands in the camera's stream."""

    __tablename__ = "invigilation_segment"
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    t0_ms: Mapped[int]
    t1_ms: Mapped[int]
    sha256: Mapped[str]
    received_at_ms: Mapped[int]


class AbsenceRow(ServerTable):
    """缺考, confirmed by a person."""

    __tablename__ = "invigilation_absence"
    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    room_id: Mapped[str]
    candidate_id: Mapped[str]
    confirmed_by: Mapped[str]
    confirmed_at_ms: Mapped[int]


class ViolationRow(ServerTable):
    """违纪: what was recorded in the room. The decision on it is not made here."""

    __tablename__ = "invigilation_violation"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    room_id: Mapped[str]
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), index=True)
    authority: Mapped[str]
    article_id: Mapped[str]
    recorded_by: Mapped[str]
    second_by: Mapped[str]
    reason_text: Mapped[str]
    evidence: Mapped[list[str]] = mapped_column(JSON)
    at_ms: Mapped[int]


class RuleSetRow(ServerTable):
    """A body has confirmed that this set of rules applies to its exams."""

    __tablename__ = "invigilation_rule_set"
    body_id: Mapped[str] = mapped_column(ForeignKey("bodies_body.id"), primary_key=True)
    authority: Mapped[str] = mapped_column(primary_key=True)
    confirmed_by: Mapped[str]
    reason_text: Mapped[str]
    confirmed_at_ms: Mapped[int]
