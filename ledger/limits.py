"""What database, driver and event loop can commit at all: the limits beside which we are shown.

Rules kept here: the raw driver, one table of one column without keys, as durable as ours (SQLite
WAL with synchronous=FULL; PostgreSQL as it is set); rows of our record's size. *Group commit* is
the same closed loop as ours: so many lanes, each waits for the commit of its row and then brings
the next; one writer takes whatever has queued. *Bulk* is the same rows without anybody waiting.
*Cryptography* is what a save cannot do without, and nothing else, on two threads: a
P-256 signature checked, HKDF, two hashes, AES-GCM, an Ed25519 signature made.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Protocol

import asyncpg

from kernel.crypto import chance
from kernel.crypto.signing import DeviceKey, DevicePublicKey, ServerKey
from kernel.crypto.suite import InternationalSuite

_TABLE = "ledger_bench_raw"
NONCE_BYTES = 12
THREADS = 2


class Store(Protocol):
    """Puts rows in, durable when it returns."""

    async def put(self, rows: Sequence[tuple[bytes]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows per second with every lane waiting for its commit, and without; saves per second of
    cryptography alone.
    """

    group_commit_per_s: float
    bulk_per_s: float
    cryptography_per_s: float
    row_bytes: int
    in_flight: int

    @property
    def protected_per_s(self) -> float:
        """Saves per second of bare cryptography and a bare row after one another."""
        return 1 / (1 / self.group_commit_per_s + 1 / self.cryptography_per_s)


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def put(self, rows: Sequence[tuple[bytes]]) -> None:
        await asyncio.to_thread(self._put, rows)

    def _put(self, rows: Sequence[tuple[bytes]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(f"INSERT INTO {_TABLE} VALUES (?)", rows)  # noqa: S608
        self._connection.execute("COMMIT")


class _Postgres:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def put(self, rows: Sequence[tuple[bytes]]) -> None:
        await self._connection.copy_records_to_table(_TABLE, records=rows)


@asynccontextmanager
async def raw_store(url: str) -> AsyncIterator[Store]:
    """A table of its own, gone afterwards: beside the SQLite file, or in the database named."""
    if url.startswith("sqlite"):
        folder = Path(url.partition("///")[2]).parent
        with (
            TemporaryDirectory(prefix="limit-", dir=folder) as made,
            closing(_sqlite(Path(made) / "raw.db")) as connection,
        ):
            yield _Sqlite(connection)
        return
    session = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await session.execute(f"CREATE TABLE {_TABLE} (row bytea NOT NULL)")
        yield _Postgres(session)
    finally:
        await session.execute(f"DROP TABLE {_TABLE}")
        await session.close()


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"CREATE TABLE {_TABLE} (row BLOB NOT NULL)")
    return connection


async def limits(store: Store, *, row_bytes: int, in_flight: int, rows: int) -> Limits:
    """Measure both, after a short warming."""
    await _group_commit(store, row_bytes, in_flight, max(1, rows // 8))
    return Limits(
        group_commit_per_s=await _group_commit(store, row_bytes, in_flight, rows),
        bulk_per_s=await _bulk(store, row_bytes, in_flight, rows),
        cryptography_per_s=await _cryptography(row_bytes, in_flight, rows),
        row_bytes=row_bytes,
        in_flight=in_flight,
    )


async def _group_commit(store: Store, row_bytes: int, in_flight: int, rows: int) -> float:
    waiting: list[tuple[tuple[bytes], asyncio.Future[None]]] = []
    some, loop = asyncio.Event(), asyncio.get_running_loop()
    each = max(1, rows // in_flight)

    async def write() -> None:
        left = each * in_flight
        while left:
            await some.wait()
            some.clear()
            group = waiting[:]
            waiting.clear()
            await store.put([row for row, _ in group])
            for _, done in group:
                done.set_result(None)
            left -= len(group)

    async def lane() -> None:
        row = (chance.token_bytes(row_bytes),)
        for _ in range(each):
            done = loop.create_future()
            waiting.append((row, done))
            some.set()
            await done

    begun = perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        for _ in range(in_flight):
            group.create_task(lane())
    return each * in_flight / (perf_counter() - begun)


async def _bulk(store: Store, row_bytes: int, in_flight: int, rows: int) -> float:
    made = [(chance.token_bytes(row_bytes),) for _ in range(in_flight)]
    rounds = max(1, rows // in_flight)
    begun = perf_counter()
    for _ in range(rounds):
        await store.put(made)
    return rounds * in_flight / (perf_counter() - begun)


async def _cryptography(row_bytes: int, in_flight: int, rows: int) -> float:
    device, server, suite = DeviceKey(), ServerKey(chance.token_bytes(32)), InternationalSuite()
    data = chance.token_bytes(row_bytes)
    signature, known = device.sign(data), DevicePublicKey(device.public)
    key, size = chance.token_bytes(suite.key_size), suite.key_size + NONCE_BYTES

    def save(salt: bytes) -> None:
        if not known.holds(data, signature):
            raise ValueError("a good signature does not hold")
        derived = suite.derive(key, salt=salt, info=data[:64], size=size)
        sealed = suite.seal(derived[: suite.key_size], derived[suite.key_size :], data, salt)
        server.sign(suite.hash(sealed) + suite.hash(data))

    def some(salts: Sequence[bytes]) -> None:
        for salt in salts:
            save(salt)

    salts = [chance.token_bytes(32) for _ in range(in_flight)]
    parts = [salts[at::THREADS] for at in range(THREADS)]
    rounds = max(1, rows // in_flight)
    begun = perf_counter()
    for _ in range(rounds):
        await asyncio.gather(*(asyncio.to_thread(some, part) for part in parts))
    return rounds * in_flight / (perf_counter() - begun)
