"""Tables of the results room.

Rules kept here: a published list is never overwritten, a correction is a new version; what was
asked for by the first person waits with its hash until a second one agrees to the same; no answer
stands here, an opened one is in the log under its sitting's key and nowhere else.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
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


class ReviewRow(ServerTable):
    """A candidate's application for a review (复核). ``positions`` are numbers on the screen;
    ``proposal`` is what the first person proposed: outcome, reason, score.
    """

    __tablename__ = "results_review"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    candidate_id: Mapped[str] = mapped_column(ForeignKey("registration_candidate.id"))
    sitting_id: Mapped[str] = mapped_column(index=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("results_publication.id"))
    reason: Mapped[str]
    positions: Mapped[list[int]] = mapped_column(JSON)
    state: Mapped[str]
    asked_at_ms: Mapped[int]
    answer_by_ms: Mapped[int]
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    approval_id: Mapped[str | None]
    proposed_by: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at_ms: Mapped[int | None]
    corrected_id: Mapped[str | None] = mapped_column(ForeignKey("results_publication.id"))


class OpeningRow(ServerTable):
    """One record that two people open for a review, by position; ``record_hash`` is hex."""

    __tablename__ = "results_opening"
    __table_args__ = (UniqueConstraint("review_id", "position"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("results_review.id"))
    sitting_id: Mapped[str] = mapped_column(index=True)
    position: Mapped[int]
    seq: Mapped[int]
    record_hash: Mapped[str]
    purpose: Mapped[str]
    approval_id: Mapped[str]
    requested_by: Mapped[str]
    requested_at_ms: Mapped[int]
    approved_by: Mapped[str | None]
    opened_at_ms: Mapped[int | None]
