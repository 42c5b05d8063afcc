"""Tables of the registration room.

Rules kept here: ID number and telephone are stored sealed; the ID number is found by a keyed hash
and shown masked; one person stands once in a session.
"""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class CandidateRow(ServerTable):
    """One person in one session. ``route`` is ``face`` or ``manual``; the sitting id comes with
    the ticket.
    """

    __tablename__ = "registration_candidate"
    __table_args__ = (UniqueConstraint("session_id", "id_number_hash"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    sitting_id: Mapped[str] = mapped_column(unique=True)
    ticket_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    gender: Mapped[str]
    id_type: Mapped[str]
    id_number_sealed: Mapped[bytes]
    id_number_hash: Mapped[bytes] = mapped_column(index=True)
    id_number_masked: Mapped[str]
    birth_date: Mapped[str | None]
    education: Mapped[str]
    source: Mapped[str]
    employer: Mapped[str]
    phone_sealed: Mapped[bytes | None]
    route: Mapped[str]
    extra_time_pct: Mapped[int]
    portrait_blob: Mapped[str | None]
    portrait_sha256: Mapped[str | None]
    created_at_ms: Mapped[int]
