"""How fast the ledger saves, against what the same database can do at all, in one run.

Rules kept here: the limit is measured beside our figure, on the same connection settings, with rows
of the same size and the same number in flight; both count only what is committed. What a save costs
here: device signature checked, record derived, encrypted, hashed, chained, stored, acknowledged
under a signature.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Table, func, select

from kernel.clock import SystemClock
from kernel.crypto import chance
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import DeviceKey
from kernel.db import Database, ReadSession, WriteSession
from ledger.asked import Asked, Terms
from ledger.book import Ledger
from ledger.bulk import insert_rows
from ledger.client import ClientBatch, ClientEvent, batch_message
from ledger.tables import LedgerTable, RecordRow

_ORIGIN = "bench.invalid/ledger"
_SESSION = "session_bench"
_NUMBERS_BYTES = 20  # stream, seq, time, epoch, key version
_RAW = Table(
    "ledger_bench_raw",
    MetaData(),
    Column("row", LargeBinary),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates per second; latencies in ms; ``cpu_ms`` per save of this process alone."""

    database: str
    in_flight: int
    limit_rows_per_s: float
    saves_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    row_bytes: int

    @property
    def ratio(self) -> float:
        """Ours over the limit."""
        return self.saves_per_s / self.limit_rows_per_s

    def words(self) -> str:
        """One line for people."""
        return (
            f"{self.database}: limit {self.limit_rows_per_s:,.0f} rows/s · ledger"
            f" {self.saves_per_s:,.0f} saves/s · ratio {self.ratio:.0%} · p50 {self.p50_ms:.1f} ms"
            f" · p99 {self.p99_ms:.1f} ms · {self.cpu_ms:.2f} CPU-ms/save"
            f" · {self.in_flight} in flight · {self.row_bytes} B/row"
        )


async def bench_ledger(
    url: str, *, saves: int = 8_192, in_flight: int = 256, sittings: int = 256
) -> Figures:
    """Measure on an empty database; its tables are made here and left with what was saved."""
    async with _ledger(url) as (database, ledger):
        devices = await _devices(database, ledger, sittings)
        each = max(2, saves // sittings)
        prepared = {stream: _signed(stream, key, each + 1) for stream, key in devices.items()}
        await _save(ledger, {s: p[:1] for s, p in prepared.items()}, in_flight)  # warm
        begun, cpu = perf_counter(), process_time()
        latencies = await _save(ledger, {s: p[1:] for s, p in prepared.items()}, in_flight)
        took, burnt = perf_counter() - begun, process_time() - cpu
        row_bytes = await _row_bytes(database)
        limit = await _limit(database, row_bytes, len(latencies), in_flight)
    latencies.sort()
    return Figures(
        database="SQLite" if database.is_sqlite else "PostgreSQL",
        in_flight=in_flight,
        limit_rows_per_s=limit,
        saves_per_s=len(latencies) / took,
        p50_ms=latencies[len(latencies) // 2] * 1_000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1_000,
        cpu_ms=burnt * 1_000 / len(latencies),
        row_bytes=row_bytes,
    )


@asynccontextmanager
async def _ledger(url: str) -> AsyncIterator[tuple[Database, Ledger]]:
    database = Database.open(url)
    with TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        keyring = FileKeyRing(Path(folder) / "keys.json")
        ledger = Ledger(database, keyring, SystemClock(), _ORIGIN)
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(LedgerTable.metadata.create_all)
            await connection.run_sync(_RAW.metadata.create_all)
        ledger.start()
        try:
            yield database, ledger
        finally:
            await ledger.stop()
            async with database.writer_engine.begin() as connection:
                await connection.run_sync(_RAW.metadata.drop_all)
            await database.close()


async def _devices(database: Database, ledger: Ledger, count: int) -> dict[str, DeviceKey]:
    async with database.write() as tx:
        await ledger.open_session(tx, _SESSION)
        devices = {f"sitting/sitting_{number}": DeviceKey() for number in range(count)}
        for stream, key in devices.items():
            await ledger.open_stream(tx, stream, _SESSION, "opened", {})
            await ledger.add_device(tx, stream, epoch=1, public_key=key.public)
    return devices


def _signed(stream: str, key: DeviceKey, count: int) -> list[ClientBatch]:
    batches = []
    for seq in range(1, count + 1):
        events = (ClientEvent(seq, "answer_set", f"item_{seq}", '{"choice":["B"]}', seq),)
        message = batch_message(_ORIGIN, stream, 1, events)
        batches.append(ClientBatch(stream, 1, seq, events, key.sign(message)))
    return batches


async def _save(ledger: Ledger, batches: dict[str, list[ClientBatch]], flight: int) -> list[float]:
    """Each sitting saves one after another; so many sittings at once as may be in flight."""
    queue = list(batches.values())
    latencies: list[float] = []

    async def work(mine: list[list[ClientBatch]]) -> None:
        for batch in (one for turn in zip(*mine, strict=True) for one in turn):
            begun = perf_counter()
            await ledger.submit(batch, _open)
            latencies.append(perf_counter() - begun)

    lanes = min(flight, len(queue))
    async with asyncio.TaskGroup() as group:
        for lane in range(lanes):
            group.create_task(work(queue[lane::lanes]))
    return latencies


async def _open(_session: ReadSession, asked: Sequence[Asked]) -> Sequence[Terms]:
    """The sittings of a benchmark are always open."""
    return [Terms() for _ in asked]


async def _row_bytes(database: Database) -> int:
    """What the records weigh that the saves left, without keys and the database's own bytes."""
    weight = (
        func.length(RecordRow.ciphertext)
        + func.length(RecordRow.hash)
        + func.length(RecordRow.salt)
        + func.length(RecordRow.body_commit)
    )
    async with database.read() as session:
        return int(await session.scalar(select(func.avg(weight))) or 1) + _NUMBERS_BYTES


async def _limit(database: Database, row_bytes: int, rows: int, in_flight: int) -> float:
    """Rows per second: random bytes of the same size, one commit for each ``in_flight`` rows."""
    made = [{"row": chance.token_bytes(row_bytes)} for _ in range(in_flight)]
    rounds = max(1, rows // in_flight)
    async with database.write() as session:
        await _raw(session, made)  # warm
    begun = perf_counter()
    for _ in range(rounds):
        async with database.write() as session:
            await _raw(session, made)
    return rounds * in_flight / (perf_counter() - begun)


async def _raw(session: WriteSession, rows: list[dict[str, Any]]) -> None:
    await insert_rows(session, _RAW, rows)
