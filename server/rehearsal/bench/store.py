"""What the database and the disk can do at all: rows of the same size, in groups of the same size.

Rules kept here: the raw driver without ORM, one table without keys, durable like ours (SQLite WAL
with synchronous=FULL, PostgreSQL with its own setting); the group is what our server's commits held
on average in the same run; measured when the server has ended, on the same disk.
"""

import asyncio
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import asyncpg
from sqlalchemy import func, select

from kernel.crypto import chance
from kernel.db import Database
from kernel.settings import Settings
from ledger.tables import RecordRow

# Walformat, "WAL-Index Header": iChange at offset 8 counts transactions, in the machine's order.
_CHANGES = slice(8, 12)
_U32 = 1 << 32
_NUMBERS_BYTES = 20  # stream, seq, time, epoch, key version


@dataclass(frozen=True, slots=True)
class Limit:
    """Rows per second, with the group and the row that were used."""

    database: str
    rows_per_s: float
    group: int
    row_bytes: int


class Store:
    """The database of a run, looked at from beside the server."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database
        self._folder = settings.data_dir
        self.is_sqlite = self._url.startswith("sqlite")

    async def commits(self) -> int:
        """A counter of write transactions; only differences mean something."""
        if self.is_sqlite:
            return _changes(Path(self._url.partition("///")[2] + "-shm"))
        connection = await asyncpg.connect(_plain(self._url))
        try:
            return int(await connection.fetchval("SELECT pg_current_xact_id()::text::bigint"))
        finally:
            await connection.close()

    async def limit(self, group: int, seconds: float) -> Limit:
        """After the server has ended."""
        row_bytes = await self._row_bytes()
        rows = [(chance.token_bytes(row_bytes),) for _ in range(group)]
        if self.is_sqlite:
            rate = await asyncio.to_thread(_sqlite, self._folder / "limit.db", rows, seconds)
            return Limit(f"SQLite {sqlite3.sqlite_version}", rate, group, row_bytes)
        connection = await asyncpg.connect(_plain(self._url))
        try:
            version = str(connection.get_server_version().major)
            rate = await _postgres(connection, rows, seconds)
        finally:
            await connection.close()
        return Limit(f"PostgreSQL {version}", rate, group, row_bytes)

    async def _row_bytes(self) -> int:
        database = Database.open(self._url, pool_size=1)
        size = (
            func.length(RecordRow.ciphertext)
            + func.length(RecordRow.hash)
            + func.length(RecordRow.salt)
            + func.length(RecordRow.body_commit)
            + _NUMBERS_BYTES
        )
        try:
            async with database.read() as session:
                return int(await session.scalar(select(func.avg(size))) or 1)
        finally:
            await database.close()


def commits_between(before: int, after: int) -> int:
    """Both counters may wrap at 32 bits."""
    return max(1, (after - before) % _U32)


def _changes(index: Path) -> int:
    return int.from_bytes(index.read_bytes()[_CHANGES], sys.byteorder)


def _sqlite(path: Path, rows: list[tuple[bytes]], seconds: float) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS raw (row BLOB NOT NULL)")
        written, begun = 0, perf_counter()
        while (took := perf_counter() - begun) < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO raw VALUES (?)", rows)
            connection.execute("COMMIT")
            written += len(rows)
        return written / took


async def _postgres(connection: asyncpg.Connection, rows: list[tuple[bytes]], s: float) -> float:
    await connection.execute("CREATE TABLE bench_raw (row bytea NOT NULL)")
    try:
        written, begun = 0, perf_counter()
        while (took := perf_counter() - begun) < s:
            await connection.copy_records_to_table("bench_raw", records=rows)
            written += len(rows)
        return written / took
    finally:
        await connection.execute("DROP TABLE bench_raw")


def _plain(url: str) -> str:
    """SQLAlchemy's URL as asyncpg reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://")
