"""Tables of the results room.

Rules kept here: a published list is never overwritten, a correction is a new version; what was
asked for by the first person waits with its hash until a second one agrees to the same.
"""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class RequestRow(ServerTable):
    """A publication that waits for its second person. ``list_hash`` is hex of
    ``rules.lines_hash``.
    """

    __tablename__ = "results_request"
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), primary_key=True)
    approval_id: Mapped[str]
    list_hash: Mapped[str]
    requested_by: Mapped[str]
    requested_at_ms: Mapped[int]


class PublicationRow(ServerTable):
    """A published list with the two who published it."""

    __tablename__ = "results_publication"
    __table_args__ = (UniqueConstraint("session_id", "version"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    version: Mapped[int]
    run_id: Mapped[str] = mapped_column(ForeignKey("marking_run.id"))
    totals_hash: Mapped[str]
    list_hash: Mapped[str]
    requested_by: Mapped[str]
    approved_by: Mapped[str]
    published_at_ms: Mapped[int]


class ResultRow(ServerTable):
    """One line of a published list; decimals as text."""

    __tablename__ = "results_result"
    publication_id: Mapped[str] = mapped_column(
        ForeignKey("results_publication.id"), primary_key=True
    )
    candidate_id: Mapped[str] = mapped_column(
        ForeignKey("registration_candidate.id"), primary_key=True
    )
    sitting_id: Mapped[str] = mapped_column(index=True)
    ticket_no: Mapped[str]
    form_code: Mapped[str | None]
    state: Mapped[str]
    score: Mapped[str | None]
    full: Mapped[str | None]
    passed: Mapped[bool]
    article_id: Mapped[str | None]
    receipt_code: Mapped[str | None]
