"""The machine's run: fold the ledger, mark, keep the sheets, hand the text answers to people.

Rules kept here: answers are read from the ledger and from nowhere else; the run and its record are
one transaction; the same marks make no second run, other marks make the next version and a report
of what changed; a mark by hand stays as long as the answer it was given for is the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from kernel.access import Principal
from kernel.clock import Clock
from kernel.crypto import chance
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Act, Ledger, OpenRecord
from ledger.fold import fold
from paper.package import Content, Form, Scoring, form_hash
from paper.responses import Response, parse_response
from server.checkin.service import sitting_stream
from server.marking.rules import (
    Sheet,
    TextAnswer,
    changes,
    mark_form,
    plain,
    queue_order,
    totals_hash,
)
from server.marking.service.marks import newest_run, sheets_of, tasks_of, waiting_count
from server.marking.service.queue import Queue, response_mac
from server.marking.tables import RunRow, SheetRow, TaskRow
from server.papers.service import PapersService, manifest_of
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import (
    locked_session,
    move_session,
    need_duty,
    need_reached,
    note,
    session_row,
    session_stream,
)
from server.sessions.tables import SessionRow
from server.sittings.tables import SittingRow

_FOLDED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class MarkingRun:
    """What a run did. ``fresh`` is False when nothing had changed since the last one."""

    run: RunRow
    waiting: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Folded:
    """A sitting's answers in the form they are marked."""

    sitting_id: str
    form: Form
    responses: dict[str, Response]


class MarkingService:
    """The marking room; ``queue`` is the markers' part."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        keyring: KeyRing,
        papers: PapersService,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._papers = papers
        self._mac_key = keyring.lookup_key("marking")
        self.queue = Queue(database, clock, ledger, papers, self._mac_key)

    async def run(self, principal: Principal, session_id: str) -> MarkingRun:
        """Marks every submitted sitting of a closed session.

        Raises ``sessions.wrong_state`` (not closed, or published already),
        ``papers.scoring_closed``,
        ``marking.key_missing``, ``marking.form_unknown``, ``response.*``.
        """
        async with self._db.read() as session:
            await self._check(session, principal, session_id)
            key_sha256 = (await manifest_of(session, session_id)).scoring_sha256
        scoring = await self._papers.scoring(session_id)
        content = await self._papers.content(session_id)
        folded = await self._fold(session_id, content)
        sheets, totals = await asyncio.to_thread(_marked, session_id, key_sha256, folded, scoring)
        async with self._db.write() as tx:
            exam = await locked_session(tx, session_id)
            _markable(exam)
            last = await newest_run(tx, session_id)
            reopened = await self._deal(tx, session_id, folded, sheets)
            if last is not None and not reopened and last.totals_hash == totals:
                return MarkingRun(last, await waiting_count(tx, session_id), fresh=False)
            run = await self._keep(tx, principal, exam, last, sheets, totals, reopened)
            waiting = await waiting_count(tx, session_id)
            if not waiting and exam.state == SessionState.CLOSED.value:
                await move_session(tx, session_id, SessionState.MARKED)
            return MarkingRun(run, waiting, fresh=True)

    async def newest(self, principal: Principal, session_id: str) -> MarkingRun | None:
        """The last run, with the difference to the one before it."""
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=(Duty.OFFICER, Duty.CHIEF))
            run = await newest_run(session, session_id)
            if run is None:
                return None
            return MarkingRun(run, await waiting_count(session, session_id), fresh=False)

    async def _check(self, session: ReadSession, principal: Principal, session_id: str) -> None:
        exam = await session_row(session, session_id)
        await need_duty(session, principal, session_id, duties=(Duty.OFFICER, Duty.CHIEF))
        _markable(exam)

    async def _fold(self, session_id: str, content: Content) -> list[_Folded]:
        """Every sitting that the ledger says was handed in, by sitting id."""
        forms = {form.form_code: form for form in content.forms}
        async with self._db.read() as session:
            heads = await self._ledger.heads(session, session_id)
            found = await session.execute(
                select(SittingRow.id).where(
                    SittingRow.session_id == session_id, SittingRow.submitted_at_ms.is_not(None)
                )
            )
            stored = set(found.scalars())
        prefix = sitting_stream("")
        streams = sorted(one.stream_id for one in heads if one.stream_id.startswith(prefix))
        folded: list[_Folded] = []
        for at in range(0, len(streams), _FOLDED_AT_ONCE):
            async with self._db.read() as session:
                for stream in streams[at : at + _FOLDED_AT_ONCE]:
                    records = await self._ledger.read(session, stream)
                    if any(record.kind == "submitted" for record in records):
                        folded.append(_folded(stream.removeprefix(prefix), records, forms))
        differing = stored.symmetric_difference(one.sitting_id for one in folded)
        if differing:
            raise Refusal("marking.submission_differs", Kind.CONFLICT, sitting=min(differing))
        return folded

    async def _keep(
        self,
        tx: WriteSession,
        principal: Principal,
        exam: SessionRow,
        last: RunRow | None,
        sheets: Sequence[Sheet],
        totals: str,
        reopened: int,
    ) -> RunRow:
        before = [] if last is None else await sheets_of(tx, last.id)
        manifest = await manifest_of(tx, exam.id)
        by_hand = sum(len(sheet.waiting) for sheet in sheets)
        run = RunRow(
            id=mint("run"),
            session_id=exam.id,
            version=1 if last is None else last.version + 1,
            package_id=manifest.package_id,
            key_sha256=manifest.scoring_sha256,
            totals_hash=totals,
            objective=sum(len(sheet.marks) for sheet in sheets) - by_hand,
            by_hand=by_hand,
            changes=[
                {
                    "sitting_id": one.sitting_id,
                    "before": None if one.before is None else plain(one.before),
                    "after": None if one.after is None else plain(one.after),
                }
                for one in (changes(before, sheets) if last is not None else [])
            ],
            made_by=principal.subject,
            made_at_ms=self._clock.now_ms(),
        )
        tx.add(run)
        await tx.flush()
        tx.add_all(_row(run.id, sheet) for sheet in sheets)
        act = {
            "run_id": run.id,
            "version": run.version,
            "package_id": run.package_id,
            "key_sha256": run.key_sha256,
            "totals_hash": totals,
            "sittings": len(sheets),
            "objective": run.objective,
            "by_hand": run.by_hand,
            "changed": len(run.changes),
            "reopened": reopened,
            "by": principal.subject,
            "at_ms": run.made_at_ms,
        }
        await note(tx, self._ledger, exam.id, "marked", act)
        await tx.flush()
        return run

    async def _deal(
        self,
        tx: WriteSession,
        session_id: str,
        folded: Sequence[_Folded],
        sheets: Sequence[Sheet],
    ) -> int:
        """Brings the queue in line with the answers; how many earlier answers changed or went.

        A mark that was given for another answer is withdrawn, on record.
        """
        by_sitting = {one.sitting_id: one for one in folded}
        wanted = {
            (sheet.sitting_id, item_id): by_sitting[sheet.sitting_id]
            for sheet in sheets
            for item_id in sheet.waiting
        }
        kept = {(task.sitting_id, task.item_id): task for task in await tasks_of(tx, session_id)}
        reopened, withdrawn = 0, []
        for place, task in kept.items():
            one = wanted.get(place)
            mac = None if one is None else self._mac(one, task.item_id)
            if mac == task.response_mac:
                continue
            reopened += 1
            if task.mark is not None:
                body = {"task_id": task.id, "sitting_id": task.sitting_id, "item_id": task.item_id}
                withdrawn.append(Act("mark_withdrawn", {**body, "mark": task.mark, "by": None}))
            if mac is None:
                await tx.execute(delete(TaskRow).where(TaskRow.id == task.id))
                continue
            task.response_mac, task.mark, task.note = mac, None, ""
            task.marked_by, task.marked_at_ms, task.leased_by, task.lease_until_ms = (
                None, None, None, 0,
            )  # fmt: skip
        fresh = [TextAnswer(*place) for place in wanted if place not in kept]
        start = 1 + max((task.position for task in kept.values()), default=-1)
        order = queue_order(chance.token_bytes(32), fresh)
        for position, answer in enumerate(order, start):
            one = wanted[answer.sitting_id, answer.item_id]
            full = next(i.score for i in one.form.items if i.item_id == answer.item_id)
            tx.add(
                TaskRow(
                    id=mint("task"), session_id=session_id, sitting_id=answer.sitting_id,
                    item_id=answer.item_id, form_code=one.form.form_code, full=full,
                    position=position, response_mac=self._mac(one, answer.item_id), mark=None,
                    note="", marked_by=None, marked_at_ms=None, leased_by=None, lease_until_ms=0,
                )
            )  # fmt: skip
        await self._ledger.append(tx, session_stream(session_id), withdrawn)
        await tx.flush()
        return reopened

    def _mac(self, folded: _Folded, item_id: str) -> bytes:
        return response_mac(
            self._mac_key, folded.sitting_id, item_id, folded.responses[item_id].text
        )


def _markable(exam: SessionRow) -> None:
    need_reached(exam, SessionState.CLOSED)
    if reached(exam.state, SessionState.PUBLISHED):
        raise Refusal(
            "sessions.wrong_state",
            Kind.CONFLICT,
            state=exam.state,
            needed=SessionState.MARKED.value,
        )


def _folded(sitting_id: str, records: Sequence[OpenRecord], forms: Mapping[str, Form]) -> _Folded:
    """The form is the one that the stream was bound to when it was opened."""
    bound = records[0].body
    form = forms.get(bound["form_code"])
    if form is None or form_hash(form).hex() != bound["form_hash"]:
        raise Refusal("marking.form_unknown", Kind.CONFLICT, form=bound["form_code"])
    items = {item.item_id: item for item in form.items}
    answers = {}
    for item_id, raw in fold(records).answers.items():
        response = parse_response(items[item_id], raw) if item_id in items else None
        if response is not None:
            answers[item_id] = response
    return _Folded(sitting_id, form, answers)


def _marked(
    session_id: str, key_sha256: str, folded: Sequence[_Folded], scoring: Scoring
) -> tuple[list[Sheet], str]:
    sheets = [_sheet(one, scoring) for one in folded]
    return sheets, totals_hash(session_id, key_sha256, sheets).hex()


def _sheet(folded: _Folded, scoring: Scoring) -> Sheet:
    marks = mark_form(folded.form, scoring.keys, folded.responses)
    return Sheet(folded.sitting_id, folded.form.form_code, tuple(marks))


def _row(run_id: str, sheet: Sheet) -> SheetRow:
    return SheetRow(
        run_id=run_id,
        sitting_id=sheet.sitting_id,
        form_code=sheet.form_code,
        marks=[
            [
                one.item_id,
                plain(one.full),
                None if one.mark is None else plain(one.mark),
                one.answered,
            ]
            for one in sheet.marks
        ],
    )
