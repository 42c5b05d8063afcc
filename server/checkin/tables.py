"""Tables of the check-in room.

Rules kept here: one row per visit to the desk; a refused candidate may come again as a new visit;
the salt of the candidate commitment stays here, so the ledger alone names nobody.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class VisitRow(ServerTable):
    """A candidate at the desk; the words are those of ``server.checkin.rules``."""

    __tablename__ = "checkin_visit"
    __table_args__ = (UniqueConstraint("candidate_id", "attempt"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    candidate_id: Mapped[str] = mapped_column(ForeignKey("registration_candidate.id"))
    sitting_id: Mapped[str] = mapped_column(index=True)
    attempt: Mapped[int]
    state: Mapped[str]
    route: Mapped[str]
    face_consent: Mapped[bool | None]
    notice_version: Mapped[str | None]
    consented_at_ms: Mapped[int | None]
    advice: Mapped[str | None]
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    document: Mapped[str | None]
    identified_by: Mapped[list[str]] = mapped_column(JSON)
    confirmed_by: Mapped[list[str]] = mapped_column(JSON)
    confirmed_at_ms: Mapped[int | None]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]
    late_override: Mapped[bool]
    slip_code: Mapped[str | None]
    seated_at_ms: Mapped[int | None]
    candidate_salt: Mapped[bytes | None]
    started_by: Mapped[str]
    started_at_ms: Mapped[int]
