"""How fast the ledger saves, against what the same database can do at all, in one run.

Rules kept here: the limit is ``ledger.limits``: the same database, rows of the same size, the same
number in flight, each waiting for its commit; both count only what is committed. What a save costs
here: device signature checked, record derived, encrypted, hashed, chained, stored, acknowledged
under a signature. Growth is measured on one database that is filled further between the figures,
with records that the ledger itself made, many to a batch.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import DeviceKey
from kernel.db import Database, ReadSession
from ledger.asked import Asked, Terms
from ledger.book import Act, Ledger
from ledger.client import ClientBatch, ClientEvent, batch_message
from ledger.limits import Limits, limits, raw_store
from ledger.stored import record_bytes, stored_bytes
from ledger.tables import LedgerTable

_ORIGIN = "bench.invalid/ledger"
_SESSION = "session_bench"
FILLED_EACH, FILLED_TOGETHER = 500, 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates per second; latencies in ms; ``cpu_ms`` per save of this process and those it started;
    ``beside_body_bytes`` is what a record takes in the database, its indexes too, without its
    ciphertext.
    """

    database: str
    in_flight: int
    limits: Limits
    saves_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    records: int
    beside_body_bytes: float

    @property
    def ratio(self) -> float:
        """Ours over the group-commit limit."""
        return self.saves_per_s / self.limits.group_commit_per_s

    def words(self) -> str:
        """One line for people."""
        return (
            f"{self.database}: limit {self.limits.group_commit_per_s:,.0f} rows/s"
            f" (bulk {self.limits.bulk_per_s:,.0f}) · ledger {self.saves_per_s:,.0f} saves/s"
            f" · ratio {self.ratio:.0%} · p50 {self.p50_ms:.1f} ms · p99 {self.p99_ms:.1f} ms"
            f" · {self.cpu_ms:.2f} CPU-ms/save · {self.in_flight} in flight"
            f" · {self.limits.row_bytes} B/row · {self.records:,} records"
            f" · {self.beside_body_bytes:.0f} B beside the body"
        )


async def bench_ledger(
    url: str, *, saves: int = 16_384, in_flight: int = 256, sittings: int = 256
) -> Figures:
    """Measure on an empty database; its tables are made here and left with what was saved."""
    async with _ledger(url) as (database, ledger):
        return await _measured(url, database, ledger, saves, in_flight, sittings, "a")


async def bench_growth(
    url: str,
    records: Sequence[int],
    *,
    saves: int = 8_192,
    in_flight: int = 256,
    sittings: int = 256,
    told: Callable[[int], None] = lambda _done: None,
) -> AsyncIterator[Figures]:
    """The same saves when the database holds so many records already, rising."""
    async with _ledger(url) as (database, ledger):
        for number, wanted in enumerate(sorted(records)):
            await fill_ledger(database, ledger, _SESSION, wanted, told)
            yield await _measured(url, database, ledger, saves, in_flight, sittings, f"g{number}")


async def _measured(
    url: str,
    database: Database,
    ledger: Ledger,
    saves: int,
    in_flight: int,
    sittings: int,
    name: str,
) -> Figures:
    devices = await _devices(database, ledger, name, sittings)
    each = max(2, saves // sittings)
    prepared = {stream: _signed(stream, key, each + 1) for stream, key in devices.items()}
    await _save(ledger, {s: p[:1] for s, p in prepared.items()}, in_flight)  # warm
    begun, cpu = perf_counter(), _cpu_s()
    latencies = await _save(ledger, {s: p[1:] for s, p in prepared.items()}, in_flight)
    took, burnt = perf_counter() - begun, _cpu_s() - cpu
    async with database.read() as session:
        row_bytes = await record_bytes(session)
        records, beside_bytes = await stored_bytes(session)
    async with raw_store(url) as store:
        limit = await limits(store, row_bytes=row_bytes, in_flight=in_flight, rows=len(latencies))
    latencies.sort()
    return Figures(
        database="SQLite" if database.is_sqlite else "PostgreSQL",
        in_flight=in_flight,
        limits=limit,
        saves_per_s=len(latencies) / took,
        p50_ms=latencies[len(latencies) // 2] * 1_000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1_000,
        cpu_ms=burnt * 1_000 / len(latencies),
        records=records,
        beside_body_bytes=beside_bytes,
    )


def _cpu_s() -> float:
    """proc(5): fields of stat after the name are 4 ppid, 14 utime and 15 stime in ticks."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            ticks += (int(fields[11]) + int(fields[12])) * (int(fields[1]) == os.getpid())
    return process_time() + ticks / os.sysconf("SC_CLK_TCK")


async def fill_ledger(
    database: Database,
    ledger: Ledger,
    session_id: str,
    wanted: int,
    told: Callable[[int], None],
) -> None:
    """Sittings of some hundred records each in an opened session, until the database holds so
    many records.
    """
    async with database.read() as session:
        held, _ = await stored_bytes(session)
    number = 0
    while held < wanted:
        acts = [Act("warned", {"at_ms": n}) for n in range(min(FILLED_EACH, wanted - held))]
        async with database.write() as tx:
            for _ in range(FILLED_TOGETHER):
                if held >= wanted:
                    break
                stream = f"sitting/filled_{wanted}_{number}"
                number += 1
                await ledger.open_stream(tx, stream, session_id, "opened", {})
                await ledger.append(tx, stream, acts)
                held += len(acts) + 1
        told(held)


@asynccontextmanager
async def _ledger(url: str) -> AsyncIterator[tuple[Database, Ledger]]:
    database = Database.open(url)
    with TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        keyring = FileKeyRing(Path(folder) / "keys.json")
        ledger = Ledger(database, keyring, SystemClock(), _ORIGIN)
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(LedgerTable.metadata.create_all)
        async with database.write() as tx:
            await ledger.open_session(tx, _SESSION)
        ledger.start()
        try:
            yield database, ledger
        finally:
            await ledger.stop()
            await database.close()


async def _devices(
    database: Database, ledger: Ledger, name: str, count: int
) -> dict[str, DeviceKey]:
    async with database.write() as tx:
        devices = {f"sitting/{name}_{number}": DeviceKey() for number in range(count)}
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
