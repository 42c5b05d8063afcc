"""What the servers on one database tell each other about who is heard.

Rules kept here: every server writes one row of its own, with each round; what another one heard
counts as heard here, so nobody is offline who is connected anywhere; a server that is alone writes
no names. Nothing durable depends on it: the row is what memory knows, and is thrown away.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select

from kernel.db import WriteSession
from kernel.ids import mint
from server.sittings.service.hall import Hall
from server.sittings.tables import HearingRow

ALONE_AFTER_MS = 10_000
TOLD_MS = 30_000  # whoever was heard within; several heartbeats
FORGOTTEN_MS = 86_400_000
SKEW_MS = 5_000  # more than a row is old when it is read: the other clock is off


@dataclass(slots=True)
class _Other:
    posted_at_ms: int
    read_at_ms: int


class Hearing:
    """One server's word to the others, and theirs to it."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._id = mint("server")
        self._others: dict[str, _Other] = {}

    async def round(self) -> None:
        """Says who was heard here and takes in who was heard elsewhere."""
        now_ms = self._hall.clock.now_ms()
        heard = (
            self._hall.presence.heard_after(now_ms - TOLD_MS) if self._in_company(now_ms) else {}
        )
        async with self._hall.database.write() as tx:
            await self._say(tx, now_ms, heard)
            await tx.execute(
                delete(HearingRow).where(HearingRow.posted_at_ms < now_ms - FORGOTTEN_MS)
            )
            found = await tx.execute(
                select(HearingRow.id, HearingRow.posted_at_ms, HearingRow.heard).where(
                    HearingRow.id != self._id
                )
            )
            others = found.all()
        for server_id, posted_at_ms, said in others:
            self._take(server_id, posted_at_ms, said, now_ms)

    def _in_company(self, now_ms: int) -> bool:
        return any(now_ms - one.read_at_ms <= ALONE_AFTER_MS for one in self._others.values())

    async def _say(self, tx: WriteSession, now_ms: int, heard: dict[str, list[int]]) -> None:
        row = await tx.get(HearingRow, self._id)
        if row is None:
            tx.add(HearingRow(id=self._id, posted_at_ms=now_ms, heard=heard))
        else:
            row.posted_at_ms, row.heard = now_ms, heard
        await tx.flush()

    def _take(
        self, server_id: str, posted_at_ms: int, said: dict[str, list[int]], now_ms: int
    ) -> None:
        known = self._others.get(server_id)
        if known is not None and known.posted_at_ms == posted_at_ms:
            return
        off_ms = now_ms - posted_at_ms
        shift_ms = off_ms if abs(off_ms) > SKEW_MS else 0
        self._others[server_id] = _Other(posted_at_ms, now_ms)
        presence = self._hall.presence
        for sitting_id, (heard_at_ms, epoch, acked_through) in said.items():
            presence.heard_elsewhere(sitting_id, min(heard_at_ms + shift_ms, now_ms))
            presence.outdated(sitting_id, epoch, acked_through)
