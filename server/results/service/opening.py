"""Opening single records for a review: asked for by one person, agreed to by another.

Rules kept here: only within an open review, after the publicity, at a position the candidate asked
about; both agree to the same record and purpose; who opened what and why stands in the session's
stream, the letter only in the sitting's own, so that it goes when the sitting's key goes; what the
record holds is read from the log each time and kept nowhere else.
"""

from dataclasses import dataclass
from typing import Any

from kernel.access import Principal, approve, request_approval
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Act, Ledger, OpenRecord
from ledger.disclosure import check_opening
from ledger.fold import standing
from paper.package import Content
from server.checkin.service import sitting_stream
from server.papers.service import PapersService
from server.results.rules.periods import Calendar
from server.results.rules.reviews import (
    check_openable,
    check_reason,
    need_phase,
    opening_bytes,
)
from server.results.rules.shown import Shown, shown
from server.results.service.applying import need_unsealed, openings_of, review_row
from server.results.service.periods import session_periods
from server.results.tables import OpeningRow, ReviewRow
from server.sessions.rules import Duty
from server.sessions.service import locked_session, need_duty, note
from server.sittings.rules.bound import dealt_items

ACT = "results.open_record"
REVIEWERS = (Duty.CHIEF, Duty.OFFICER)


@dataclass(frozen=True, slots=True)
class OpenedAnswer:
    """What the candidate may be told of an opened record; ``record_hash`` is hex."""

    position: int
    letters: str
    text_length: int | None
    seq: int
    record_hash: str
    answered_at_ms: int
    opened_at_ms: int


@dataclass(frozen=True, slots=True)
class _Found:
    record: OpenRecord
    shown: Shown


class Openings:
    """The reviewers' use cases."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        papers: PapersService,
        calendar: Calendar,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._papers = papers
        self._calendar = calendar

    async def request(
        self, principal: Principal, session_id: str, review_id: str, position: int, purpose: str
    ) -> str:
        """The first person asks for one position; returns the opening's id.

        Raises ``review.unknown``, ``review.decided``, ``review.not_asked``, ``review.reason``,
        ``review.nothing_to_open``, ``review.opened_already``,
        ``sitting.form_unknown``, what ``need_phase`` raises.
        """
        content = await self._content(principal, session_id)
        async with self._db.write() as tx:
            review = await self._open_review(tx, principal, session_id, review_id)
            check_openable(review.state, review.positions, position)
            if any(one.position == position for one in await openings_of(tx, [review_id])):
                raise Refusal("review.opened_already", Kind.CONFLICT, position=position)
            found = await self._find(tx, content, review.sitting_id, position)
            why, now_ms = check_reason(purpose), self._clock.now_ms()
            record = found.record
            asked = opening_bytes(
                review_id, record.stream_id, record.seq, record.hash, position, why
            )
            row = OpeningRow(
                id=mint("opening"), review_id=review_id, sitting_id=review.sitting_id,
                position=position, seq=record.seq, record_hash=record.hash.hex(), purpose=why,
                approval_id=await request_approval(
                    tx, self._clock, act=ACT, content=asked, by=principal.subject
                ),
                requested_by=principal.subject, requested_at_ms=now_ms, approved_by=None,
                opened_at_ms=None,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()
            act = {**_act(review, row), "by": principal.subject, "at_ms": now_ms}
            await note(tx, self._ledger, session_id, "opening_requested", act)
            return row.id

    async def approve(
        self, principal: Principal, session_id: str, review_id: str, opening_id: str
    ) -> None:
        """The second person agrees, and the record is open.

        Raises ``approval.same_person``, ``approval.used``, ``approval.differs`` when the log no
        longer says what was asked for, and what ``request`` raises.
        """
        content = await self._content(principal, session_id)
        async with self._db.write() as tx:
            review = await self._open_review(tx, principal, session_id, review_id)
            row = await _opening(tx, review, opening_id)
            check_openable(review.state, review.positions, row.position)
            found = await self._find(tx, content, review.sitting_id, row.position)
            record = found.record
            asked = opening_bytes(
                review_id, record.stream_id, record.seq, record.hash, row.position, row.purpose
            )
            first = await approve(
                tx, self._clock, approval_id=row.approval_id, act=ACT, content=asked,
                by=principal.subject,
            )  # fmt: skip
            row.approved_by, row.opened_at_ms = principal.subject, self._clock.now_ms()
            await tx.flush()
            act = {
                **_act(review, row), "by": first, "second": principal.subject,
                "at_ms": row.opened_at_ms,
            }  # fmt: skip
            told = {
                "letters": found.shown.letters, "text_length": found.shown.text_length,
                "answered_at_ms": record.server_ms,
            }  # fmt: skip
            await note(tx, self._ledger, session_id, "record_opened", act)
            await self._ledger.append(
                tx, sitting_stream(review.sitting_id), [Act("record_opened", {**act, **told})]
            )

    async def file(
        self, principal: Principal, session_id: str, review_id: str, opening_id: str
    ) -> bytes:
        """The opening itself, for the reviewers alone: it holds the item's id and the options.

        Raises ``review.not_opened`` before the second person agreed.
        """
        async with self._db.read() as session:
            await need_duty(session, principal, session_id, duties=REVIEWERS)
            review = await review_row(session, session_id, review_id)
            row = await _opening(session, review, opening_id)
            if row.opened_at_ms is None:
                raise Refusal("review.not_opened", Kind.CONFLICT)
            made = await self._ledger.opening(session, sitting_stream(row.sitting_id), row.seq)
        if check_opening(made).hash.hex() != row.record_hash:
            raise Refusal("ledger.damaged", Kind.UNAVAILABLE, stream=review.sitting_id, seq=row.seq)
        return made.to_bytes()

    async def told(self, session: ReadSession, sitting_id: str) -> dict[str, list[OpenedAnswer]]:
        """What the candidate may see, by review: read from the sitting's own stream, and nothing
        once its key is erased.
        """
        found: dict[str, list[OpenedAnswer]] = {}
        try:
            records = await self._ledger.read(session, sitting_stream(sitting_id))
        except Refusal as refused:
            if refused.code != "ledger.key_missing":
                raise
            return found
        for record in records:
            if record.kind != "record_opened":
                continue
            body = record.body
            found.setdefault(body["review_id"], []).append(
                OpenedAnswer(
                    position=body["position"], letters=body["letters"],
                    text_length=body["text_length"], seq=body["seq"],
                    record_hash=body["record_hash"], answered_at_ms=body["answered_at_ms"],
                    opened_at_ms=body["at_ms"],
                )
            )  # fmt: skip
        return found

    async def _content(self, principal: Principal, session_id: str) -> Content:
        """Asked before the transaction, because it may need one of its own."""
        async with self._db.read() as session:
            await need_duty(session, principal, session_id, duties=REVIEWERS)
        return await self._papers.content(session_id)

    async def _open_review(
        self, tx: WriteSession, principal: Principal, session_id: str, review_id: str
    ) -> ReviewRow:
        exam = await locked_session(tx, session_id)
        await need_duty(tx, principal, session_id, duties=REVIEWERS)
        review = await review_row(tx, session_id, review_id)
        periods = await session_periods(tx, self._calendar, exam)
        need_phase(periods, review.asked_at_ms)
        need_unsealed(exam)
        return review

    async def _find(
        self, session: ReadSession, content: Content, sitting_id: str, position: int
    ) -> _Found:
        records = await self._ledger.read(session, sitting_stream(sitting_id))
        items = dealt_items(records, content.forms)
        dealt = next((one for one in items if one.number == position), None)
        record = None if dealt is None else standing(records, dealt.item.item_id)
        if dealt is None or record is None:
            raise Refusal("review.nothing_to_open", Kind.CONFLICT, position=position)
        return _Found(record, shown(dealt, record.body.get("response", {})))


async def _opening(session: ReadSession, review: ReviewRow, opening_id: str) -> OpeningRow:
    row = await session.get(OpeningRow, opening_id, populate_existing=True)
    if row is None or row.review_id != review.id:
        raise Refusal("review.unknown", Kind.NOT_FOUND)
    return row


def _act(review: ReviewRow, row: OpeningRow) -> dict[str, Any]:
    return {
        "review_id": review.id, "opening_id": row.id, "sitting_id": row.sitting_id,
        "position": row.position, "seq": row.seq, "record_hash": row.record_hash,
        "purpose": row.purpose,
    }  # fmt: skip
