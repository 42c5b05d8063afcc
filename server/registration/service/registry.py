"""Candidates as staff see them: list, portrait, tickets."""

import asyncio
from pathlib import Path

from kernel.access import Principal
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from server.bodies.service import rooms_by_id
from server.registration.ports import PortraitDesk
from server.registration.service.importing import Importing
from server.registration.service.people import candidate_of, candidate_of_sitting, candidates_of
from server.registration.service.sealing import Sealer
from server.registration.service.tickets import Place, Ticket, print_tickets
from server.registration.tables import CandidateRow
from server.sessions.service import need_people_seen, rooms_of, session_row


class RegistrationService:
    """Candidates of this installation. ``font_path`` None searches the known places."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        keyring: KeyRing,
        desk: PortraitDesk,
        font_path: Path | None = None,
    ) -> None:
        self._db = database
        self._blobs = blobs
        self._sealer = Sealer(keyring)
        self._font_path = font_path
        self.importing = Importing(database, clock, ledger, blobs, keyring, desk)

    async def candidates(self, principal: Principal, session_id: str) -> list[CandidateRow]:
        """Everybody in the session. Raises ``sessions.unknown``, ``sessions.not_staffed``."""
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_people_seen(session, principal, session_id)
            return await candidates_of(session, session_id)

    async def portrait(self, principal: Principal, candidate_id: str) -> bytes:
        """JPEG. Raises ``registration.unknown``, ``registration.no_portrait``."""
        async with self._db.read() as session:
            row = await candidate_of(session, candidate_id)
            await need_people_seen(session, principal, row.session_id)
        return await self._portrait(row)

    async def portrait_of_sitting(self, sitting_id: str) -> bytes:
        """The candidate's own portrait, JPEG, for the screen at the seat."""
        async with self._db.read() as session:
            row = await candidate_of_sitting(session, sitting_id)
        return await self._portrait(row)

    async def tickets(self, principal: Principal, session_id: str) -> bytes:
        """The PDF of all tickets. Raises ``registration.nobody``, ``printing.no_font``."""
        async with self._db.read() as session:
            await need_people_seen(session, principal, session_id)
            rows = await candidates_of(session, session_id)
        if not rows:
            raise Refusal("registration.nobody", Kind.NOT_FOUND)
        return await self._print(session_id, rows)

    async def ticket(self, principal: Principal, candidate_id: str) -> bytes:
        """One candidate's ticket as PDF."""
        async with self._db.read() as session:
            row = await candidate_of(session, candidate_id)
            await need_people_seen(session, principal, row.session_id)
        return await self._print(row.session_id, [row])

    async def _print(self, session_id: str, rows: list[CandidateRow]) -> bytes:
        async with self._db.read() as session:
            plan = await session_row(session, session_id)
            place = await _place(session, session_id)
        tickets = [
            Ticket(row, await self._portrait(row) if row.portrait_blob else None) for row in rows
        ]
        return await asyncio.to_thread(print_tickets, plan, place, tickets, self._font_path)

    async def _portrait(self, row: CandidateRow) -> bytes:
        if row.portrait_blob is None:
            raise Refusal("registration.no_portrait", Kind.NOT_FOUND)
        return self._sealer.open(row.id, "portrait", await self._blobs.get(row.portrait_blob))


async def _place(session: ReadSession, session_id: str) -> Place:
    rooms = await rooms_by_id(session, await rooms_of(session, session_id))
    sites = {room.site_id: room for room in rooms}
    return Place(
        "、".join(room.site_name for room in sites.values()),
        "、".join(room.site_address for room in sites.values() if room.site_address),
    )
