"""The markers' queue: text answers without name, ticket or seat, one marker to an answer.

Rules kept here: an answer that is handed out is leased, so no two markers get the same; a mark and
its withdrawal stand in the session's stream in the same transaction; the answer shown is read from
the ledger and must be the one that was queued.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, or_, select

from kernel.access import Principal
from kernel.clock import Clock
from kernel.codec import encode
from kernel.crypto import digest
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.items import FormItem
from paper.responses import parse_response
from server.checkin.service import sitting_stream
from server.marking.rules import NOTE_LIMIT, lease_until_ms, mark_by_hand, plain
from server.marking.service.marks import newest_run, waiting_count
from server.marking.tables import TaskRow
from server.papers.service import PapersService
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import (
    locked_session,
    move_session,
    need_duty,
    need_reached,
    note,
    session_row,
)
from server.sessions.tables import SessionRow


@dataclass(frozen=True, slots=True)
class Task:
    """What a marker sees. ``full`` is decimal text; ``left`` counts this one too."""

    task_id: str
    stem: str
    model_answer: str
    full: str
    response: str
    left: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the queue is."""

    marked: int
    left: int


class Queue:
    """The markers' use cases."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        papers: PapersService,
        mac_key: bytes,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._papers = papers
        self._mac_key = mac_key

    async def next(self, principal: Principal, session_id: str) -> Task | None:
        """The caller's task, or the next free one, leased to the caller; None when nothing is left
        for them.

        Raises ``sessions.not_staffed``, ``sessions.wrong_state``, ``marking.not_run``,
        ``marking.answer_changed``.
        """
        async with self._db.write() as tx:
            _open(await session_row(tx, session_id))
            await need_duty(tx, principal, session_id, duties=(Duty.MARKER,))
            if await newest_run(tx, session_id) is None:
                raise Refusal("marking.not_run", Kind.CONFLICT)
            row = await self._taken(tx, principal.subject, session_id)
            left = await waiting_count(tx, session_id)
        return None if row is None else await self._shown(row, left)

    async def progress(self, principal: Principal, session_id: str) -> Progress:
        """Counts of the whole session."""
        async with self._db.read() as session:
            await need_duty(
                session, principal, session_id, duties=(Duty.MARKER, Duty.OFFICER, Duty.CHIEF)
            )
            return await _progress(session, session_id)

    async def mark(
        self, principal: Principal, task_id: str, *, score: str, remark: str
    ) -> Progress:
        """The marker's mark. The last one of the session makes it ``marked``.

        Raises ``marking.task_unknown``, ``marking.not_yours``, ``marking.already_marked``,
        ``marking.mark_bad``, ``marking.note_long``.
        """
        if len(remark) > NOTE_LIMIT:
            raise Refusal("marking.note_long", limit=NOTE_LIMIT)
        async with self._db.write() as tx:
            row = await self._locked(tx, principal, task_id)
            if row.mark is not None:
                raise Refusal("marking.already_marked", Kind.CONFLICT)
            if row.leased_by != principal.subject:
                raise Refusal("marking.not_yours", Kind.CONFLICT)
            mark = plain(mark_by_hand(score.strip(), Decimal(row.full)))
            now_ms = self._clock.now_ms()
            row.mark, row.note, row.marked_by, row.marked_at_ms = (
                mark, remark.strip(), principal.subject, now_ms,
            )  # fmt: skip
            row.lease_until_ms = 0
            await tx.flush()
            act = {**_place(row), "mark": mark, "note": row.note, "by": principal.subject}
            await note(tx, self._ledger, row.session_id, "marked_by_hand", {**act, "at_ms": now_ms})
            progress = await _progress(tx, row.session_id)
            exam = await session_row(tx, row.session_id)
            if not progress.left and exam.state == SessionState.CLOSED.value:
                await move_session(tx, row.session_id, SessionState.MARKED)
            return progress

    async def undo(self, principal: Principal, session_id: str) -> Task:
        """Takes the caller's last mark back and hands that answer out again.

        Raises ``marking.nothing_to_undo``.
        """
        async with self._db.write() as tx:
            _open(await locked_session(tx, session_id))
            await need_duty(tx, principal, session_id, duties=(Duty.MARKER,))
            found = await tx.execute(
                select(TaskRow)
                .where(TaskRow.session_id == session_id, TaskRow.marked_by == principal.subject)
                .order_by(TaskRow.marked_at_ms.desc(), TaskRow.position.desc())
                .limit(1)
                .with_for_update()
            )
            row = found.scalar_one_or_none()
            if row is None:
                raise Refusal("marking.nothing_to_undo", Kind.CONFLICT)
            now_ms = self._clock.now_ms()
            act = {**_place(row), "mark": row.mark, "by": principal.subject, "at_ms": now_ms}
            await note(tx, self._ledger, session_id, "mark_withdrawn", act)
            await self._release_others(tx, principal.subject, session_id)
            row.mark, row.note, row.marked_by, row.marked_at_ms = None, "", None, None
            row.leased_by, row.lease_until_ms = principal.subject, lease_until_ms(now_ms)
            await tx.flush()
            left = await waiting_count(tx, session_id)
        return await self._shown(row, left)

    async def _taken(self, tx: WriteSession, marker: str, session_id: str) -> TaskRow | None:
        now_ms = self._clock.now_ms()
        mine = TaskRow.leased_by == marker
        found = await tx.execute(
            select(TaskRow)
            .where(
                TaskRow.session_id == session_id,
                TaskRow.mark.is_(None),
                or_(mine, TaskRow.lease_until_ms <= now_ms),
            )
            .order_by(mine.desc().nulls_last(), TaskRow.position)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = found.scalar_one_or_none()
        if row is not None:
            row.leased_by, row.lease_until_ms = marker, lease_until_ms(now_ms)
            await tx.flush()
        return row

    async def _release_others(self, tx: WriteSession, marker: str, session_id: str) -> None:
        held = await tx.execute(
            select(TaskRow).where(
                TaskRow.session_id == session_id,
                TaskRow.leased_by == marker,
                TaskRow.mark.is_(None),
            )
        )
        for row in held.scalars():
            row.leased_by, row.lease_until_ms = None, 0
        await tx.flush()

    async def _locked(self, tx: WriteSession, principal: Principal, task_id: str) -> TaskRow:
        place = await tx.get(TaskRow, task_id)
        if place is None:
            raise Refusal("marking.task_unknown", Kind.NOT_FOUND)
        await need_duty(tx, principal, place.session_id, duties=(Duty.MARKER,))
        # The session first: every writer of marks takes the locks in this order.
        _open(await locked_session(tx, place.session_id))
        found = await tx.execute(
            select(TaskRow)
            .where(TaskRow.id == task_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        row = found.scalar_one_or_none()
        if row is None:
            raise Refusal("marking.task_unknown", Kind.NOT_FOUND)
        return row

    async def _shown(self, row: TaskRow, left: int) -> Task:
        content = await self._papers.content(row.session_id)
        scoring = await self._papers.scoring(row.session_id)
        item = next(
            item
            for form in content.forms
            if form.form_code == row.form_code
            for item in form.items
            if item.item_id == row.item_id
        )
        text = await self._answer(row, item)
        key = scoring.keys[row.item_id]
        return Task(row.id, item.stem, key.model_answer, row.full, text, left)

    async def _answer(self, row: TaskRow, item: FormItem) -> str:
        async with self._db.read() as session:
            folded = await self._ledger.fold(session, sitting_stream(row.sitting_id))
        response = parse_response(item, folded.answers.get(row.item_id))
        text = "" if response is None else response.text
        mac = response_mac(self._mac_key, row.sitting_id, row.item_id, text)
        if not digest.same(mac, row.response_mac):
            raise Refusal("marking.answer_changed", Kind.CONFLICT)
        return text


def response_mac(key: bytes, sitting_id: str, item_id: str, text: str) -> bytes:
    """Names the answer a mark was given for, and says nothing without the key."""
    return digest.keyed(key, encode("marking-response", 1, [sitting_id, item_id, text]))


def _open(exam: SessionRow) -> None:
    need_reached(exam, SessionState.CLOSED)
    if reached(exam.state, SessionState.PUBLISHED):
        raise Refusal("marking.published", Kind.CONFLICT)


def _place(row: TaskRow) -> dict[str, str]:
    return {"task_id": row.id, "sitting_id": row.sitting_id, "item_id": row.item_id}


async def _progress(session: ReadSession, session_id: str) -> Progress:
    total = await session.execute(
        select(func.count(TaskRow.id)).where(TaskRow.session_id == session_id)
    )
    left = await waiting_count(session, session_id)
    return Progress(total.scalar_one() - left, left)
