"""Publishing a result list: asked for by one person, agreed to by another.

Rules kept here: both agree to the same list, named by one hash; a list that changed in between
starts again with its new first person; nothing is published while a mark is missing, or when rows
and ledger say different things about the marks.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from kernel.access import Principal, Role, approve, request_approval
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Ledger
from server.accounts.service import accounts_named
from server.invigilation.tables import IncidentRow, ViolationRow
from server.marking.service import marks_hold
from server.results.rules.lines import lines_bytes, lines_hash
from server.results.service.agreeing import need_newest_as_published
from server.results.service.listing import (
    Sheet,
    computed,
    published_rows,
    result_row,
    sheet_of,
)
from server.results.service.receipts import Receipts
from server.results.service.workbook import workbook
from server.results.tables import PublicationRow, RequestRow
from server.sessions.rules import Duty, SessionState
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

ACT = "results.publish"
NEEDED = 2
_DUTIES = (Duty.CHIEF, Duty.OFFICER)
_SUPERVISION = frozenset({Role.SUPERVISOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Publishing:
    """How far a publication has come; ``given`` are names. ``open_incidents`` are cases that
    nobody has decided: whoever publishes should know, and the ledger says that they did.
    """

    published: bool
    list_hash: str
    given: tuple[str, ...]
    open_incidents: int
    needed: int = NEEDED


class ResultsService:
    """The results room; ``receipts`` is what the public may ask."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self.receipts = Receipts(database, clock, ledger)

    async def results(self, principal: Principal, session_id: str) -> Sheet:
        """The list, for the session's officer and chief and for supervision. Raises
        ``sessions.unknown``, ``sessions.not_staffed``, ``sessions.wrong_state`` while the session
        is not closed, and ``results.list_differs``.
        """
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
            if not principal.roles & _SUPERVISION:
                await need_duty(session, principal, session_id, duties=_DUTIES)
            need_reached(exam, SessionState.CLOSED)
            published = await published_rows(session, session_id)
            if published is None:
                return await computed(session, exam)
            await need_newest_as_published(session, self._ledger, *published)
            return await sheet_of(session, exam, *published)

    async def workbook(self, principal: Principal, session_id: str) -> bytes:
        """The list as xlsx. Raises what ``results`` raises."""
        return workbook(await self.results(principal, session_id))

    async def publish(self, principal: Principal, session_id: str) -> Publishing:
        """The first person asks, a second one publishes.

        Raises ``results.pending``, ``results.marks_differ``, ``results.facts_differ``,
        ``approval.same_person``, ``sessions.wrong_state``.
        """
        async with self._db.write() as tx:
            exam = await locked_session(tx, session_id)
            await need_duty(tx, principal, session_id, duties=_DUTIES)
            if exam.state != SessionState.MARKED.value:
                raise Refusal(
                    "sessions.wrong_state",
                    Kind.CONFLICT,
                    state=exam.state,
                    needed=SessionState.MARKED.value,
                )
            sheet = await computed(tx, exam)
            if sheet.pending:
                raise Refusal("results.pending", Kind.CONFLICT, count=sheet.pending)
            if not await marks_hold(tx, self._ledger, session_id):
                raise Refusal("results.marks_differ", Kind.CONFLICT)
            await self._check_violations(tx, session_id)
            lines = [one.line for one in sheet.lines]
            found = lines_hash(session_id, sheet.totals_hash, lines).hex()
            content = lines_bytes(session_id, sheet.totals_hash, lines)
            asked = await tx.get(RequestRow, session_id)
            if asked is None or asked.list_hash != found:
                return await self._ask(tx, principal, session_id, content, found)
            first = await approve(
                tx, self._clock, approval_id=asked.approval_id, act=ACT, content=content,
                by=principal.subject,
            )  # fmt: skip
            await self._keep(tx, exam, sheet, found, (first, principal.subject))
            await tx.delete(asked)
            by = (first, principal.subject)
            return await self._far(tx, session_id, found, by, published=True)

    async def _check_violations(self, tx: WriteSession, session_id: str) -> None:
        records = await self._ledger.read(tx, session_stream(session_id))
        written = {
            (record.body["sitting_id"], record.body["article_id"])
            for record in records
            if record.kind == "violation"
        }
        found = await tx.execute(
            select(ViolationRow.sitting_id, ViolationRow.article_id).where(
                ViolationRow.session_id == session_id
            )
        )
        differing = written.symmetric_difference({(row[0], row[1]) for row in found})
        if differing:
            raise Refusal("results.facts_differ", Kind.CONFLICT, sitting=min(differing)[0])

    async def _ask(
        self, tx: WriteSession, principal: Principal, session_id: str, content: bytes, found: str
    ) -> Publishing:
        approval_id = await request_approval(
            tx, self._clock, act=ACT, content=content, by=principal.subject
        )
        await tx.merge(
            RequestRow(
                session_id=session_id,
                approval_id=approval_id,
                list_hash=found,
                requested_by=principal.subject,
                requested_at_ms=self._clock.now_ms(),
            )
        )
        act = {
            "list_hash": found,
            "open_incidents": await _open_incidents(tx, session_id),
            "by": principal.subject,
            "at_ms": self._clock.now_ms(),
        }
        await note(tx, self._ledger, session_id, "results_requested", act)
        return await self._far(tx, session_id, found, (principal.subject,), published=False)

    async def _keep(
        self, tx: WriteSession, exam: SessionRow, sheet: Sheet, found: str, by: tuple[str, str]
    ) -> None:
        publication = PublicationRow(
            id=mint("publ"),
            session_id=exam.id,
            version=1,
            run_id=sheet.run_id,
            totals_hash=sheet.totals_hash,
            list_hash=found,
            requested_by=by[0],
            approved_by=by[1],
            published_at_ms=self._clock.now_ms(),
        )
        tx.add(publication)
        await tx.flush()
        tx.add_all(result_row(publication.id, one.line) for one in sheet.lines)
        await move_session(tx, exam.id, SessionState.PUBLISHED)
        act = {
            "publication_id": publication.id,
            "version": publication.version,
            "list_hash": found,
            "totals_hash": sheet.totals_hash,
            "candidates": len(sheet.lines),
            "passed": sum(one.line.passed for one in sheet.lines),
            "open_incidents": await _open_incidents(tx, exam.id),
            "by": by[0],
            "second": by[1],
            "at_ms": publication.published_at_ms,
        }
        await note(tx, self._ledger, exam.id, "results_published", act)

    async def _far(
        self,
        tx: WriteSession,
        session_id: str,
        found: str,
        by: tuple[str, ...],
        *,
        published: bool,
    ) -> Publishing:
        names = await accounts_named(tx, by)
        given = tuple(names[one].name if one in names else one for one in by)
        return Publishing(published, found, given, await _open_incidents(tx, session_id))


async def _open_incidents(session: ReadSession, session_id: str) -> int:
    found = await session.execute(
        select(func.count(IncidentRow.id)).where(
            IncidentRow.session_id == session_id, IncidentRow.decided_at_ms.is_(None)
        )
    )
    return found.scalar_one()
