"""What the servers on one database tell each other about who is heard.

Rules kept here: every server writes one row of its own, with each round, unless no other can be on
its database; what another one heard
counts as heard here, so nobody is offline who is connected anywhere; a server that is alone writes
no names. A row counts once it was seen to change: what a server that is gone left behind says
nothing. A server joins only others whose time it shares. Nothing durable depends on it: the row is
what memory knows, and is thrown away.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select

from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from server.sittings.service.hall import Hall
from server.sittings.tables import HearingRow

ALONE_AFTER_MS = 10_000
TOLD_MS = 30_000  # whoever was heard within; several heartbeats
FORGOTTEN_MS = 86_400_000
SKEW_MS = 5_000  # more than a row is old when it is read: the other clock is off
GAP_MS = 5_000  # without a round: who took us for gone tells no names
SETTLED_MS = 3_000  # until everybody tells them again: a round to see us, and one to be read
LOOKS = 3
JOIN_S = 2.5  # longer than two rounds of another server
_LOOK_S = 0.25


@dataclass(slots=True)
class _Other:
    """Read first, and alive since it changed; ``offs_ms`` are our time minus its own, the last
    few: one row may be late by itself.
    """

    posted_at_ms: int
    read_at_ms: int | None = None
    offs_ms: list[int] = field(default_factory=list)

    @property
    def off_ms(self) -> int:
        """0 unless its clock is off every time."""
        nearest = min(self.offs_ms, key=abs, default=0)
        return nearest if len(self.offs_ms) == LOOKS and abs(nearest) > SKEW_MS else 0


class Hearing:
    """One server's word to the others, and theirs to it."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._id = mint("server")
        self._others: dict[str, _Other] = {}
        self._last_round_ms: int | None = None
        self._steady_since_ms = 0

    async def join(self, patience_s: float = JOIN_S) -> None:
        """Before anybody is served: raises ``server.clock_off`` where a server that is at work has
        another time.
        """
        database, clock = self._hall.database, self._hall.clock
        if database.is_sqlite:
            return
        async with database.read() as session:
            first = {server_id: at_ms for server_id, at_ms, _ in await self._rows(session)}
        for _ in range(round(patience_s / _LOOK_S) if first else 0):
            await asyncio.sleep(_LOOK_S)
            async with database.read() as session:
                found = await self._rows(session)
            for server_id, at_ms, _ in found:
                off_ms = clock.now_ms() - at_ms
                if first.get(server_id, at_ms) != at_ms and abs(off_ms) > SKEW_MS:
                    raise Refusal("server.clock_off", Kind.UNAVAILABLE, off_s=off_ms // 1_000)

    async def round(self) -> None:
        """Says who was heard here and takes in who was heard elsewhere."""
        if not self._hall.alone:
            await self._exchange()
        now_ms = self._hall.clock.now_ms()
        if self._last_round_ms is None or now_ms - self._last_round_ms > GAP_MS:
            self._steady_since_ms = now_ms
        self._last_round_ms = now_ms

    async def _exchange(self) -> None:
        now_ms = self._hall.clock.now_ms()
        heard = self._hall.presence.heard_after(now_ms - TOLD_MS) if self._company(now_ms) else {}
        async with self._hall.database.write() as tx:
            await self._say(tx, now_ms, heard)
            await tx.execute(
                delete(HearingRow).where(HearingRow.posted_at_ms < now_ms - FORGOTTEN_MS)
            )
            others = await self._rows(tx)
            now_ms = self._hall.clock.now_ms()
        for server_id, posted_at_ms, said in others:
            self._take(server_id, posted_at_ms, said, now_ms)

    async def leave(self) -> None:
        """Takes back the own row."""
        if self._hall.alone:
            return
        async with self._hall.database.write() as tx:
            await tx.execute(delete(HearingRow).where(HearingRow.id == self._id))

    def is_settled(self) -> bool:
        """Whether silence means something: rounds have followed each other for a while."""
        return (self._last_round_ms or 0) - self._steady_since_ms >= SETTLED_MS

    def off_ms(self) -> int:
        """Our time minus that of the server at work that is furthest from it; 0 if none is off."""
        return max(self._offs(), key=abs, default=0)

    def behind_ms(self) -> int:
        """How far the slowest other clock is behind ours; 0 if none is off."""
        return max([0, *self._offs()])

    def _offs(self) -> list[int]:
        return [one.off_ms for one in self._company(self._hall.clock.now_ms())]

    def _company(self, now_ms: int) -> list[_Other]:
        return [
            one
            for one in self._others.values()
            if one.read_at_ms is not None and now_ms - one.read_at_ms <= ALONE_AFTER_MS
        ]

    async def _rows(self, session: ReadSession) -> Sequence[tuple[str, int, dict[str, Any]]]:
        found = await session.execute(
            select(HearingRow.id, HearingRow.posted_at_ms, HearingRow.heard).where(
                HearingRow.id != self._id
            )
        )
        return [(server_id, posted_at_ms, said) for server_id, posted_at_ms, said in found]

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
        if known is None:
            self._others[server_id] = _Other(posted_at_ms)
            return
        if known.posted_at_ms == posted_at_ms:
            return
        off_ms = now_ms - posted_at_ms
        shift_ms = off_ms if abs(off_ms) > SKEW_MS else 0
        offs_ms = [*known.offs_ms, off_ms][-LOOKS:]
        self._others[server_id] = _Other(posted_at_ms, now_ms, offs_ms)
        presence = self._hall.presence
        for sitting_id, (heard_at_ms, epoch, acked_through) in said.items():
            presence.heard_elsewhere(sitting_id, min(heard_at_ms + shift_ms, now_ms))
            presence.outdated(sitting_id, epoch, acked_through)
