"""Face templates end with their session; pictures and recordings have clocks of their own.

Rules kept here: closing is what makes them due, and asking again is harmless, so a restart forgets
nothing; pictures are another class and stay until 复核 closes; the erasure stands in the log.
"""

from sqlalchemy import select

from kernel.db import Database
from kernel.errors import Refusal
from ledger.book import Ledger
from server.sessions.service import note
from server.sessions.tables import SessionRow
from server.sittings.ports import Templates


class Forgetting:
    """Erases what is due; one per process, several do no harm."""

    def __init__(self, database: Database, ledger: Ledger, templates: Templates) -> None:
        self._db = database
        self._ledger = ledger
        self._templates = templates
        self._done: set[str] = set()

    async def round(self) -> int:
        """Erase the templates of every closed session; returns how many went."""
        async with self._db.read() as session:
            closed = await session.scalars(
                select(SessionRow.id).where(SessionRow.closed_at_ms.is_not(None))
            )
            due = [session_id for session_id in closed if session_id not in self._done]
        gone = 0
        for session_id in due:
            count = await self._templates.erase_templates(session_id=session_id)
            if count:
                await self._record(session_id, count)
            gone += count
            self._done.add(session_id)
        return gone

    async def _record(self, session_id: str, count: int) -> None:
        try:
            async with self._db.write() as tx:
                await note(tx, self._ledger, session_id, "templates_erased", {"count": count})
        except Refusal as refusal:
            if refusal.code != "ledger.stream_closed":
                raise
