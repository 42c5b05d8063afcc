"""Tables of the sessions room.

Rules kept here: a session keeps its own copy of the policy with a version; the state column is
written only through ``server.sessions.service``.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class SessionRow(ServerTable):
    """One 场次. ``level`` is 5 (初级) to 1 (高级技师); ``policy`` is
    ``kernel.settings.ExamPolicy``.
    """

    __tablename__ = "sessions_session"
    id: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str]
    occupation_code: Mapped[str]
    occupation_name: Mapped[str]
    level: Mapped[int]
    subject: Mapped[str]
    starts_at_ms: Mapped[int]
    duration_s: Mapped[int]
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)
    policy_version: Mapped[int]
    state: Mapped[str]
    roster_root: Mapped[str | None]
    roster_frozen_at_ms: Mapped[int | None]
    candidate_count: Mapped[int]
    closed_at_ms: Mapped[int | None]
    created_by: Mapped[str]
    created_at_ms: Mapped[int]

    @property
    def ends_at_ms(self) -> int:
        """The plan's end; a sitting's own deadline is the sittings room's business."""
        return self.starts_at_ms + self.duration_s * 1_000


class SessionRoomRow(ServerTable):
    """A room (考场) used by a session; ``position`` is the order in which the draw fills rooms."""

    __tablename__ = "sessions_room"
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), primary_key=True)
    room_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]


class StaffRow(ServerTable):
    """A duty of a person in a session; without a room it holds for all rooms of the session."""

    __tablename__ = "sessions_staff"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    account_id: Mapped[str] = mapped_column(index=True)
    duty: Mapped[str]
    room_id: Mapped[str | None]
