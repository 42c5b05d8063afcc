"""Tables of the sittings room.

Rules kept here: a sitting's row holds where and on which device it runs and every fact the deadline
needs; answers stand in the ledger and nowhere else; the seed of the order is wrapped by the key
ring.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class SittingRow(ServerTable):
    """One 答卷, from the first sign-in (or the first act of staff) on.

    ``sign_in`` counts sign-ins, ``holder`` is the one whose device answers, ``epoch`` counts
    devices. ``extensions_s`` are granted seconds in order; ``pauses`` are ``[from_ms, to_ms or
    null]``.
    """

    __tablename__ = "sittings_sitting"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    candidate_id: Mapped[str] = mapped_column(ForeignKey("registration_candidate.id"), unique=True)
    room_id: Mapped[str] = mapped_column(index=True)
    seat_id: Mapped[str]
    seat_no: Mapped[str]
    machine_code: Mapped[str]
    form_code: Mapped[str]
    sign_in: Mapped[int]
    holder: Mapped[int]
    epoch: Mapped[int]
    device_public: Mapped[bytes | None]
    first_signed_in_at_ms: Mapped[int | None]
    face_passed: Mapped[bool]
    face_tries: Mapped[int]
    started_at_ms: Mapped[int | None]
    seed_wrapped: Mapped[bytes | None]
    extensions_s: Mapped[list[int]] = mapped_column(JSON)
    pauses: Mapped[list[list[int | None]]] = mapped_column(JSON)
    submitted_at_ms: Mapped[int | None] = mapped_column(index=True)
    submit_kind: Mapped[str | None]
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class NoticeRow(ServerTable):
    """A message to the candidate, in order of id; ``params`` fill the client's words."""

    __tablename__ = "sittings_notice"
    id: Mapped[str] = mapped_column(primary_key=True)
    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings_sitting.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    at_ms: Mapped[int]


class HearingRow(ServerTable):
    """What one running server tells the others: ``heard`` maps a sitting's id to when it was heard
    there, its device epoch and its last durable client record.
    """

    __tablename__ = "sittings_hearing"
    id: Mapped[str] = mapped_column(primary_key=True)
    posted_at_ms: Mapped[int]
    heard: Mapped[dict[str, list[int]]] = mapped_column(JSON)
