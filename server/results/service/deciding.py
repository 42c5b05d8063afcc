"""Answering a review: proposed by one person, agreed to by another; a correction is a new list.

Rules kept here: both agree to the same outcome, reason and score about the same list; the old list
stays as it was published, the corrected one is its next version; what was changed from what to what
stands in the session's stream.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.access import Principal, approve, request_approval
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Ledger
from server.accounts.service import accounts_named
from server.papers.service import manifest_of
from server.registration.service import candidates_of
from server.registration.tables import CandidateRow
from server.results.rules.lines import Line, State, lines_hash
from server.results.rules.reviews import (
    Outcome,
    Proposal,
    ReviewState,
    check_proposal,
    decision_bytes,
)
from server.results.service.agreeing import need_newest_as_published
from server.results.service.applying import (
    need_unsealed,
    openings_of,
    review_row,
    reviews_of,
)
from server.results.service.listing import line_of, published_rows, result_row
from server.results.service.opening import REVIEWERS
from server.results.tables import OpeningRow, PublicationRow, ReviewRow
from server.sessions.rules import SessionState
from server.sessions.service import locked_session, need_duty, need_reached, note, session_row
from server.sessions.tables import SessionRow

ACT = "results.decide_review"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An application as the reviewers see it; ``names`` of accounts by id."""

    row: ReviewRow
    candidate: CandidateRow
    line: Line
    openings: tuple[OpeningRow, ...]
    names: dict[str, str]

    def named(self, account_id: str | None) -> str | None:
        """The person's name; the account itself where nobody has it any more."""
        return None if account_id is None else self.names.get(account_id, account_id)


class Deciding:
    """The reviewers' use cases about applications."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger

    async def reviews(self, principal: Principal, session_id: str) -> list[Reviewed]:
        """Every application of the session, oldest first. Raises ``results.list_differs``."""
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=REVIEWERS)
            need_reached(exam, SessionState.PUBLISHED)
            rows = await reviews_of(session, session_id=session_id)
            openings = await openings_of(session, [row.id for row in rows])
            people = {one.id: one for one in await candidates_of(session, session_id)}
            _, lines = await _newest(session, self._ledger, session_id)
            names = await accounts_named(session, _people(rows, openings))
        known = {key: one.name for key, one in names.items()}
        return [
            Reviewed(
                row, people[row.candidate_id], lines[row.candidate_id],
                tuple(one for one in openings if one.review_id == row.id), known,
            )
            for row in rows
        ]  # fmt: skip

    async def propose(
        self, principal: Principal, session_id: str, review_id: str, proposal: Proposal
    ) -> None:
        """The first person's answer; a later proposal takes its place until somebody agrees.

        Raises ``review.unknown``, ``review.decided``, ``review.archived``, ``review.reason``,
        ``review.score``, ``results.list_differs``.
        """
        async with self._db.write() as tx:
            review = await self._open(tx, principal, session_id, review_id)
            publication, lines = await _newest(tx, self._ledger, session_id)
            checked = check_proposal(proposal, full=lines[review.candidate_id].full)
            content = decision_bytes(review_id, publication.id, checked)
            review.approval_id = await request_approval(
                tx, self._clock, act=ACT, content=content, by=principal.subject
            )
            review.proposal = {
                "outcome": checked.outcome.value, "reason": checked.reason, "score": checked.score,
            }  # fmt: skip
            review.proposed_by = principal.subject
            await tx.flush()
            act = {
                "review_id": review_id, "sitting_id": review.sitting_id, **review.proposal,
                "by": principal.subject, "at_ms": self._clock.now_ms(),
            }  # fmt: skip
            await note(tx, self._ledger, session_id, "review_proposed", act)

    async def approve(self, principal: Principal, session_id: str, review_id: str) -> None:
        """The second person agrees to the proposal as it stands.

        Raises ``review.no_proposal``, ``approval.same_person``, ``approval.differs`` when the list
        is no longer the one the proposal was about, and what ``propose`` raises.
        """
        async with self._db.write() as tx:
            review = await self._open(tx, principal, session_id, review_id)
            if review.proposal is None or review.approval_id is None:
                raise Refusal("review.no_proposal", Kind.CONFLICT)
            proposal = Proposal(
                Outcome(review.proposal["outcome"]), review.proposal["reason"],
                review.proposal["score"],
            )  # fmt: skip
            publication, lines = await _newest(tx, self._ledger, session_id)
            first = await approve(
                tx, self._clock, approval_id=review.approval_id, act=ACT,
                content=decision_bytes(review_id, publication.id, proposal),
                by=principal.subject,
            )  # fmt: skip
            now_ms, by = self._clock.now_ms(), (first, principal.subject)
            before = lines[review.candidate_id]
            act: dict[str, Any] = {
                "review_id": review_id, "sitting_id": review.sitting_id, **review.proposal,
                "before": before.score, "publication_id": publication.id, "by": first,
                "second": principal.subject, "at_ms": now_ms,
            }  # fmt: skip
            if proposal.outcome is Outcome.CORRECTED:
                lines[review.candidate_id] = await _corrected(tx, session_id, before, proposal)
                fresh = await self._publish(tx, publication, lines, by, now_ms)
                review.corrected_id = act["corrected_id"] = fresh.id
            review.state, review.decided_by = ReviewState.DECIDED.value, principal.subject
            review.decided_at_ms = now_ms
            await tx.flush()
            await note(tx, self._ledger, session_id, "review_decided", act)

    async def _open(
        self, tx: WriteSession, principal: Principal, session_id: str, review_id: str
    ) -> ReviewRow:
        exam: SessionRow = await locked_session(tx, session_id)
        await need_duty(tx, principal, session_id, duties=REVIEWERS)
        review = await review_row(tx, session_id, review_id)
        need_unsealed(exam)
        if review.state != ReviewState.OPEN.value:
            raise Refusal("review.decided", Kind.CONFLICT)
        return review

    async def _publish(
        self,
        tx: WriteSession,
        old: PublicationRow,
        lines: dict[str, Line],
        by: tuple[str, str],
        now_ms: int,
    ) -> PublicationRow:
        """The next version of the list, in the log as the first one is."""
        fresh = PublicationRow(
            id=mint("publ"), session_id=old.session_id, version=old.version + 1, run_id=old.run_id,
            totals_hash=old.totals_hash,
            list_hash=lines_hash(old.session_id, old.totals_hash, lines.values()).hex(),
            requested_by=by[0], approved_by=by[1], published_at_ms=now_ms,
        )  # fmt: skip
        tx.add(fresh)
        await tx.flush()
        tx.add_all(result_row(fresh.id, line) for line in lines.values())
        act = {
            "publication_id": fresh.id, "version": fresh.version, "list_hash": fresh.list_hash,
            "totals_hash": fresh.totals_hash, "candidates": len(lines),
            "passed": sum(one.passed for one in lines.values()), "by": by[0], "second": by[1],
            "at_ms": now_ms,
        }  # fmt: skip
        await note(tx, self._ledger, old.session_id, "results_published", act)
        return fresh


async def _newest(
    session: ReadSession, ledger: Ledger, session_id: str
) -> tuple[PublicationRow, dict[str, Line]]:
    published = await published_rows(session, session_id)
    if published is None:
        raise Refusal("review.not_published", Kind.CONFLICT)
    publication, rows = published
    await need_newest_as_published(session, ledger, publication, rows)
    return publication, {row.candidate_id: line_of(row) for row in rows}


async def _corrected(tx: WriteSession, session_id: str, before: Line, proposal: Proposal) -> Line:
    score = Decimal(proposal.score or "0")
    pass_score = Decimal((await manifest_of(tx, session_id)).pass_score)
    return Line(
        candidate_id=before.candidate_id, sitting_id=before.sitting_id,
        ticket_no=before.ticket_no, form_code=before.form_code, state=State.NUMBER,
        score=proposal.score, full=before.full, passed=score >= pass_score, article_id=None,
        receipt_code=before.receipt_code,
    )  # fmt: skip


def _people(rows: Any, openings: Any) -> list[str]:
    found = {one for row in rows for one in (row.proposed_by, row.decided_by) if one}
    found |= {one for row in openings for one in (row.requested_by, row.approved_by) if one}
    return sorted(found)
