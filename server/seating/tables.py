"""Tables of the seating room: one row per attempt at a draw, its parties, and the drawn seats.

Rules kept here: what was frozen is kept as it was drawn over; an aborted attempt stays and the
next one names it; values of the system are wrapped by the key ring until they are revealed.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class DrawRow(ServerTable):
    """One attempt. ``state``: open, committed, revealed, fallback, aborted."""

    __tablename__ = "seating_draw"
    __table_args__ = (UniqueConstraint("session_id", "attempt"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    attempt: Mapped[int]
    previous_id: Mapped[str | None]
    previous_hash: Mapped[str | None]
    state: Mapped[str]
    frozen: Mapped[dict[str, Any]] = mapped_column(JSON)
    roster_root: Mapped[str]
    frozen_by: Mapped[str]
    frozen_at_ms: Mapped[int]
    reveal_by_ms: Mapped[int]
    fallback_commitment: Mapped[bytes]
    fallback_wrapped: Mapped[bytes]
    fallback_value: Mapped[bytes | None]
    seed: Mapped[bytes | None]
    ended_at_ms: Mapped[int | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]


class PartyRow(ServerTable):
    """One of the three who commit: system, chief, officer."""

    __tablename__ = "seating_party"
    draw_id: Mapped[str] = mapped_column(ForeignKey("seating_draw.id"), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str | None]
    commitment: Mapped[bytes]
    value_wrapped: Mapped[bytes | None]
    value: Mapped[bytes | None]
    committed_at_ms: Mapped[int]
    revealed_at_ms: Mapped[int | None]


class SeatRow(ServerTable):
    """The seat and form of one sitting, written once when the draw is complete."""

    __tablename__ = "seating_seat"
    __table_args__ = (UniqueConstraint("session_id", "seat_id"),)
    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    draw_id: Mapped[str] = mapped_column(ForeignKey("seating_draw.id"))
    room_id: Mapped[str] = mapped_column(index=True)
    seat_id: Mapped[str]
    seat_no: Mapped[str]
    row: Mapped[int]
    col: Mapped[int]
    machine_code: Mapped[str]
    form_code: Mapped[str]
