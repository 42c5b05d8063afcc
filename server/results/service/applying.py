"""Reviews (复核) as they are asked for and read: rows, and the candidate's own application.

Rules kept here: an application stands in the session's stream in the same transaction; a candidate
asks for their own paper only, one application at a time; nothing is asked once the archive is
sealed.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.clock import Clock, as_datetime
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Ledger
from server.papers.service import manifest_of
from server.registration.service import candidate_of_sitting
from server.results.rules.periods import CHINA, Calendar, Phase
from server.results.rules.reviews import (
    ReviewState,
    check_positions,
    check_reason,
    need_phase,
)
from server.results.service.listing import published_rows
from server.results.service.periods import session_periods
from server.results.tables import OpeningRow, ReviewRow
from server.sessions.rules import SessionState, reached
from server.sessions.service import locked_session, note, policy_of
from server.sessions.tables import SessionRow
from server.sittings.tables import SittingRow


def need_unsealed(exam: SessionRow) -> None:
    """Raises ``review.archived``: a sealed log takes no more records."""
    if reached(exam.state, SessionState.ARCHIVED):
        raise Refusal("review.archived", Kind.CONFLICT)


async def review_row(session: ReadSession, session_id: str, review_id: str) -> ReviewRow:
    """The session's review. Raises ``review.unknown``."""
    row = await session.get(ReviewRow, review_id, populate_existing=True)
    if row is None or row.session_id != session_id:
        raise Refusal("review.unknown", Kind.NOT_FOUND)
    return row


async def reviews_of(
    session: ReadSession, *, session_id: str | None = None, sitting_id: str | None = None
) -> Sequence[ReviewRow]:
    """The reviews of a session or of a sitting, oldest first."""
    wanted = select(ReviewRow).order_by(ReviewRow.asked_at_ms, ReviewRow.id)
    if session_id is not None:
        wanted = wanted.where(ReviewRow.session_id == session_id)
    if sitting_id is not None:
        wanted = wanted.where(ReviewRow.sitting_id == sitting_id)
    return (await session.execute(wanted)).scalars().all()


async def need_reviews_over(
    session: ReadSession, calendar: Calendar, exam: SessionRow, now_ms: int, early_reason: str
) -> str | None:
    """Sealing the log ends reviews for good; returns the reason where it does so before their time.

    Raises ``archive.review_open`` while an application waits (a sealed log could not take its
    answer any more), ``archive.window_open`` while one may still be asked for and no reason is
    given why not, ``review.reason``.
    """
    await _need_answered(session, exam.id)
    periods = await session_periods(session, calendar, exam)
    if periods is None or periods.phase(now_ms) is Phase.OVER:
        return None
    if not early_reason.strip():
        until = f"{as_datetime(periods.review_until_ms).astimezone(CHINA):%Y-%m-%d %H:%M}"
        raise Refusal("archive.window_open", Kind.CONFLICT, until=until)
    return check_reason(early_reason)


async def _need_answered(session: ReadSession, session_id: str) -> None:
    waiting = await session.scalar(
        select(func.count(ReviewRow.id)).where(
            ReviewRow.session_id == session_id, ReviewRow.state == ReviewState.OPEN.value
        )
    )
    if waiting:
        raise Refusal("archive.review_open", Kind.CONFLICT, count=waiting)


async def openings_of(session: ReadSession, review_ids: Sequence[str]) -> Sequence[OpeningRow]:
    """The openings of these reviews by position."""
    found = await session.execute(
        select(OpeningRow).where(OpeningRow.review_id.in_(review_ids)).order_by(OpeningRow.position)
    )
    return found.scalars().all()


async def item_count_of(session: ReadSession, sitting: SittingRow) -> int:
    """How many positions the sitting's form has."""
    manifest = await manifest_of(session, sitting.session_id)
    counts = {form.form_code: form.item_count for form in manifest.forms}
    return counts.get(sitting.form_code, 0)


class Applying:
    """The candidate's use case."""

    def __init__(
        self, database: Database, clock: Clock, ledger: Ledger, calendar: Calendar
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._calendar = calendar

    async def apply(self, sitting_id: str, *, reason: str, positions: Sequence[int]) -> str:
        """The candidate asks; returns the review's id.

        Raises ``review.not_published``, ``review.in_publicity``, ``review.window_over``,
        ``review.archived``, ``review.no_paper``, ``review.open_already``, ``review.reason``,
        ``review.positions``.
        """
        async with self._db.read() as session:
            candidate = await candidate_of_sitting(session, sitting_id)
        async with self._db.write() as tx:
            exam = await locked_session(tx, candidate.session_id)
            now_ms = self._clock.now_ms()
            need_phase(await session_periods(tx, self._calendar, exam), now_ms)
            need_unsealed(exam)
            earlier = await reviews_of(tx, sitting_id=sitting_id)
            if any(one.state == ReviewState.OPEN.value for one in earlier):
                raise Refusal("review.open_already", Kind.CONFLICT)
            chosen = await self._positions(tx, exam, sitting_id, positions)
            published = await published_rows(tx, exam.id)
            if published is None:
                raise Refusal("review.not_published", Kind.CONFLICT)
            row = ReviewRow(
                id=mint("review"), session_id=exam.id, candidate_id=candidate.id,
                sitting_id=sitting_id, publication_id=published[0].id,
                reason=check_reason(reason), positions=chosen, state=ReviewState.OPEN.value,
                asked_at_ms=now_ms,
                answer_by_ms=self._calendar.end_ms(now_ms, policy_of(exam).review_answer_days),
                proposal=None, approval_id=None, proposed_by=None, decided_by=None,
                decided_at_ms=None, corrected_id=None,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()
            act = {
                "review_id": row.id, "sitting_id": sitting_id, "positions": chosen,
                "publication_id": row.publication_id, "reason_text": row.reason, "at_ms": now_ms,
            }  # fmt: skip
            await note(tx, self._ledger, exam.id, "review_requested", act)
            return row.id

    async def _positions(
        self, tx: WriteSession, exam: SessionRow, sitting_id: str, positions: Sequence[int]
    ) -> list[int]:
        sitting = await tx.get(SittingRow, sitting_id)
        if sitting is None or sitting.submitted_at_ms is None:
            # Absence can be reviewed too, but there is no paper to look into.
            return check_positions(positions, item_count=0, most=0)
        return check_positions(
            positions,
            item_count=await item_count_of(tx, sitting),
            most=policy_of(exam).review_positions,
        )
