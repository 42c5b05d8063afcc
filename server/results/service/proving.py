"""Receipts with their proof: by code, by the candidate, for printing.

Rules kept here: a proof is handed out only once a published checkpoint covers the receipt's last
record, and it says by itself whether witnesses have cosigned; nothing in it names a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from kernel.access import Principal
from kernel.clock import Clock
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from ledger.receipts import receipt_extra
from ledger.tree.proof import TlogProof
from server.registration.service import candidate_of_sitting
from server.registration.tables import CandidateRow
from server.results.ports import Proofs
from server.results.service.kept import Asking, KeptReceipt, sitting_with
from server.sessions.rules import Duty
from server.sessions.service import need_duty, session_row
from server.sessions.tables import SessionRow
from server.sittings.service import load
from server.sittings.tables import SittingRow

PRINTERS = (Duty.INVIGILATOR, Duty.CHIEF, Duty.OFFICER)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """The file's text, and how many cosignature lines its checkpoint has."""

    code: str
    text: str
    cosigned: int


@dataclass(frozen=True, slots=True)
class Printed:
    """A receipt with everything that its sheet says; no proof where the receipt is not made yet."""

    exam: SessionRow
    candidate: CandidateRow
    sitting: SittingRow
    proof: ProofFile | None


class Proving:
    """Makes proof files."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        proofs: Proofs,
        font_path: Path | None = None,
    ) -> None:
        self.font_path = font_path
        self._db = database
        self._ledger = ledger
        self._proofs = proofs
        self._asking = Asking(clock)

    async def by_code(self, code: str, *, address: str) -> ProofFile:
        """Raises ``receipt.too_many``, ``receipt.code_bad``, ``receipt.unknown``,
        ``receipt.not_covered``.
        """
        plain = self._asking.take(code, address=address)
        async with self._db.read() as session:
            row = await sitting_with(session, plain)
            if row is None:
                raise Refusal("receipt.unknown", Kind.NOT_FOUND)
            return await self._file(session, row)

    async def own(self, sitting_id: str) -> ProofFile:
        """The candidate's own. Raises ``receipt.unknown``, ``receipt.not_covered``."""
        async with self._db.read() as session:
            row = await session.get(SittingRow, sitting_id)
            if row is None:
                raise Refusal("receipt.unknown", Kind.NOT_FOUND)
            return await self._file(session, row)

    async def own_sheet(self, sitting_id: str) -> Printed:
        """For the candidate's own printer. Raises what ``own`` raises."""
        async with self._db.read() as session:
            row = await session.get(SittingRow, sitting_id)
            if row is None:
                raise Refusal("receipt.unknown", Kind.NOT_FOUND)
            return await self._printed(session, row)

    async def sheet(self, principal: Principal, sitting_id: str) -> Printed:
        """For the invigilator's printer. Raises ``sitting.unknown``, ``sessions.not_staffed``."""
        async with self._db.read() as session:
            row = (await load(session, sitting_id)).row
            await need_duty(session, principal, row.session_id, row.room_id, PRINTERS)
            return await self._printed(session, row)

    async def sheets(
        self, principal: Principal, session_id: str, room_id: str
    ) -> Sequence[Printed]:
        """Everybody of the room who has handed in, by seat; also whose receipt could not be made so
        far, so that no stack has gaps. Raises ``receipt.not_covered`` when one has no proof yet.
        """
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id, room_id, PRINTERS)
            found = await session.execute(
                select(SittingRow)
                .where(
                    SittingRow.session_id == session_id,
                    SittingRow.room_id == room_id,
                    SittingRow.submitted_at_ms.is_not(None),
                )
                .order_by(SittingRow.seat_no)
            )
            rows = found.scalars().all()
            if not rows:
                raise Refusal("receipt.unknown", Kind.NOT_FOUND)
            return [await self._printed(session, row, whatever=True) for row in rows]

    async def _printed(
        self, session: ReadSession, row: SittingRow, *, whatever: bool = False
    ) -> Printed:
        proof = None if whatever and row.receipt is None else await self._file(session, row)
        exam = await session_row(session, row.session_id)
        return Printed(exam, await candidate_of_sitting(session, row.id), row, proof)

    async def _file(self, session: ReadSession, row: SittingRow) -> ProofFile:
        if row.receipt is None:
            raise Refusal("receipt.unknown", Kind.NOT_FOUND)
        kept = KeptReceipt.of(row.receipt)
        found = await self._proofs.proof(session, kept.stated.stream_id, kept.stated.count)
        if found is None:
            raise Refusal("receipt.not_covered", Kind.CONFLICT)
        extra = receipt_extra(kept.frame, kept.signature, self._ledger.server_public)
        plain = found.proof
        whole = TlogProof(plain.index, plain.path, plain.checkpoint, extra)
        return ProofFile(kept.code, whole.to_text(), found.cosigned)
