"""Tables of the marking room.

Rules kept here: a run is never overwritten, a new one has the next version; a task names neither
person nor seat to whoever marks it; the answer itself stays in the ledger and is only named by a
keyed hash.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class RunRow(ServerTable):
    """One marking of a session by the machine. ``key_sha256`` names the scoring key's version;
    ``totals_hash`` is hex of ``rules.totals_hash``; ``changes`` is the difference to the run
    before.
    """

    __tablename__ = "marking_run"
    __table_args__ = (UniqueConstraint("session_id", "version"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    version: Mapped[int]
    package_id: Mapped[str]
    key_sha256: Mapped[str]
    totals_hash: Mapped[str]
    objective: Mapped[int]
    by_hand: Mapped[int]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made_by: Mapped[str]
    made_at_ms: Mapped[int]


class SheetRow(ServerTable):
    """The machine's marks of one sitting in one run: ``[item id, full, mark or null, answered]``,
    decimals as text.
    """

    __tablename__ = "marking_sheet"
    run_id: Mapped[str] = mapped_column(ForeignKey("marking_run.id"), primary_key=True)
    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    form_code: Mapped[str]
    marks: Mapped[list[list[Any]]] = mapped_column(JSON)


class TaskRow(ServerTable):
    """A text answer for a person. ``mark`` is decimal text once given; the lease keeps two markers
    apart.
    """

    __tablename__ = "marking_task"
    __table_args__ = (
        UniqueConstraint("session_id", "sitting_id", "item_id"),
        Index("ix_marking_task_queue", "session_id", "position"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"))
    sitting_id: Mapped[str]
    item_id: Mapped[str]
    form_code: Mapped[str]
    full: Mapped[str]
    position: Mapped[int]
    response_mac: Mapped[bytes]
    mark: Mapped[str | None]
    note: Mapped[str]
    marked_by: Mapped[str | None]
    marked_at_ms: Mapped[int | None]
    leased_by: Mapped[str | None]
    lease_until_ms: Mapped[int]


class LateRow(ServerTable):
    """The first person's word on late data, while it waits for a second. ``question`` is hex of
    ``rules.late_bytes``; once decided, the row goes and the word stands in the ledger.
    """

    __tablename__ = "marking_late"
    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    approval_id: Mapped[str]
    question: Mapped[str]
    counted: Mapped[bool]
    said_by: Mapped[str]
    reason_code: Mapped[str]
    reason_text: Mapped[str]
    said_at_ms: Mapped[int]
