"""The database of a run, looked at from beside the server: commits, CPU, and what it can do at all.

Rules kept here: the limit is measured when the server has ended, on the same disk, with rows of the
size that the run left.
"""

import sys
from pathlib import Path

import asyncpg

from kernel.db import Database
from kernel.settings import Settings
from ledger.limits import Limits, limits, raw_store
from ledger.stored import record_bytes

# Walformat, "WAL-Index Header": iChange at offset 8 counts transactions, in the machine's order.
_CHANGES = slice(8, 12)
_U32 = 1 << 32
IN_FLIGHT = 256
LIMIT_ROWS = 20_000


class Store:
    """Asks on connections of its own."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database
        self.is_sqlite = self._url.startswith("sqlite")
        self.name = "SQLite" if self.is_sqlite else "PostgreSQL"

    async def commits(self) -> int:
        """A counter of write transactions; only differences mean something."""
        if self.is_sqlite:
            return _changes(Path(self._url.partition("///")[2] + "-shm"))
        return int(await self._ask("SELECT pg_current_xact_id()::text::bigint"))

    async def backend_pid(self) -> int:
        """A process of the database that stays: its checkpointer; 0 for SQLite."""
        if self.is_sqlite:
            return 0
        stays = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        return int(await self._ask(stays))

    async def limit(self, rows: int = LIMIT_ROWS) -> Limits:
        """After the server has ended."""
        database = Database.open(self._url, pool_size=1)
        try:
            async with database.read() as session:
                row_bytes = await record_bytes(session)
        finally:
            await database.close()
        async with raw_store(self._url) as store:
            return await limits(store, row_bytes=row_bytes, in_flight=IN_FLIGHT, rows=rows)

    async def _ask(self, question: str) -> int:
        connection = await asyncpg.connect(
            self._url.replace("postgresql+asyncpg://", "postgresql://")
        )
        try:
            return int(await connection.fetchval(question))
        finally:
            await connection.close()


def commits_between(before: int, after: int) -> int:
    """Both counters may wrap at 32 bits."""
    return max(1, (after - before) % _U32)


def _changes(index: Path) -> int:
    return int.from_bytes(index.read_bytes()[_CHANGES], sys.byteorder)
