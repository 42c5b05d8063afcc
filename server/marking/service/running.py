"""The machine's run: fold the ledger, mark, keep the sheets, hand the text answers to people.

Rules kept here: answers are read from the ledger and from nowhere else; the run and its record are
one transaction; the same marks make no second run, other marks make the next version and a report
of what changed; a mark by hand stays as long as the answer it was given for is the same.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.access import Principal
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Ledger
from paper.package import Scoring
from server.marking.rules import (
    Sheet,
    changes,
    check_late,
    mark_form,
    plain,
    totals_hash,
)
from server.marking.service.dealing import Dealing
from server.marking.service.folding import Folded, fold_session
from server.marking.service.late import LateDesk
from server.marking.service.marks import newest_run, sheets_of, waiting_count
from server.marking.service.queue import Queue
from server.marking.tables import RunRow, SheetRow
from server.papers.service import PapersService, manifest_of
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import (
    locked_session,
    move_session,
    need_duty,
    need_reached,
    note,
    policy_of,
    session_row,
)
from server.sessions.tables import SessionRow


@dataclass(frozen=True, slots=True)
class MarkingRun:
    """What a run did. ``fresh`` is False when nothing had changed since the last one."""

    run: RunRow
    waiting: int
    fresh: bool


class MarkingService:
    """The marking room; ``queue`` is the markers' part, ``late`` what comes before a run."""

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
        mac_key = keyring.lookup_key("marking")
        self._dealing = Dealing(ledger, mac_key)
        self.late = LateDesk(database, clock, ledger, papers)
        self.queue = Queue(database, clock, ledger, papers, mac_key)

    async def run(self, principal: Principal, session_id: str) -> MarkingRun:
        """Marks every submitted sitting of a closed session.

        Raises ``sessions.wrong_state`` (not closed, or published already),
        ``papers.scoring_closed``, ``marking.key_missing``, ``sitting.form_unknown``,
        ``marking.late_open``, ``marking.late_undecided``, ``response.*``.
        """
        async with self._db.read() as session:
            exam = await self._check(session, principal, session_id)
            late_data_s = policy_of(exam).late_data_s
            key_sha256 = (await manifest_of(session, session_id)).scoring_sha256
        scoring = await self._papers.scoring(session_id)
        content = await self._papers.content(session_id)
        folded = await fold_session(self._db, self._ledger, session_id, content, late_data_s)
        check_late(
            {one.sitting_id: (one.undecided, one.late_until_ms) for one in folded},
            self._clock.now_ms(),
        )
        sheets, totals = await asyncio.to_thread(_marked, session_id, key_sha256, folded, scoring)
        async with self._db.write() as tx:
            exam = await locked_session(tx, session_id)
            _markable(exam)
            last = await newest_run(tx, session_id)
            reopened = await self._dealing.deal(tx, session_id, folded, sheets)
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

    async def _check(
        self, session: ReadSession, principal: Principal, session_id: str
    ) -> SessionRow:
        exam = await session_row(session, session_id)
        await need_duty(session, principal, session_id, duties=(Duty.OFFICER, Duty.CHIEF))
        _markable(exam)
        return exam

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


def _markable(exam: SessionRow) -> None:
    need_reached(exam, SessionState.CLOSED)
    if reached(exam.state, SessionState.PUBLISHED):
        raise Refusal(
            "sessions.wrong_state",
            Kind.CONFLICT,
            state=exam.state,
            needed=SessionState.MARKED.value,
        )


def _marked(
    session_id: str, key_sha256: str, folded: Sequence[Folded], scoring: Scoring
) -> tuple[list[Sheet], str]:
    sheets = [_sheet(one, scoring) for one in folded]
    return sheets, totals_hash(session_id, key_sha256, sheets).hex()


def _sheet(folded: Folded, scoring: Scoring) -> Sheet:
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
