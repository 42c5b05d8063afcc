"""How fast the tree grows and how soon a record is under a checkpoint, beside bare hash and insert.

Rules kept here: one database, filled further between the figures with sessions that are sealed, as
on the days of a year; the limit of integrating is hashing the same number of leaves and inserting
rows of the same size with nothing else done; a save counts as covered when the signed checkpoint
can be read, seen by looking every ten milliseconds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import select

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.lease import lease_of
from ledger.book import Act, Ledger
from ledger.limits import limits, raw_store
from ledger.tables import LedgerTable, StreamRow
from ledger.tree.merkle import leaf_hash
from ledger.tree.sequencer import Sequencer
from ledger.tree.tables import LeafRow
from ledger.tree.tiles import Edge

_ORIGIN = "bench.invalid/ledger"
_RECORDS_EACH, _STREAMS_EACH, _SESSION_RECORDS = 500, 10, 50_000
_LEAST, _ROUNDS, _FEW, _LOOK_S = 1_000, 20, 100, 0.01
_LEAF_ROW_BYTES, _ENTRY_BYTES = 24, 120


@dataclass(frozen=True, slots=True)
class Growth:
    """Leaves per second beside the limit, and what a round costs, with so many leaves before."""

    leaves: int
    leaves_per_s: float
    hashed_per_s: float
    inserted_per_s: float
    idle_ms: float
    few_ms: float

    @property
    def limit_per_s(self) -> float:
        """Hashing and inserting one after the other, and nothing else."""
        return 1 / (1 / self.hashed_per_s + 1 / self.inserted_per_s)


@dataclass(slots=True)
class Covered:
    """Milliseconds from the commit of each record to a checkpoint over it; records per second."""

    rate: float
    waited_ms: list[float] = field(default_factory=list)
    uncovered: int = 0


class _Log:
    """A log and its sequencer on a database of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.ledger = Ledger(database, FileKeyRing(folder / "keys.json"), SystemClock(), _ORIGIN)
        self._folder = folder
        self._sessions = 0

    def sequencer(self) -> Sequencer:
        return self.ledger.sequencer(
            self._folder / "checkpoint", lease_of(self.database, "bench-tree", self._folder)
        )

    async def size(self) -> int:
        """Leaves under the newest checkpoint."""
        async with self.database.read() as session:
            head = await self.ledger.tree.newest(session)
        return 0 if head is None else head.size

    async def fill(self, wanted: int) -> int:
        """Sealed sessions of so many records in all, waiting for their leaves; how many leaves."""
        left = wanted
        while left > 0:
            session_id = f"session_{self._sessions}"
            self._sessions += 1
            left -= await self._session(session_id, min(left, _SESSION_RECORDS))
        return wanted - left

    async def _session(self, session_id: str, wanted: int) -> int:
        roster: list[tuple[str, str]] = []
        made = 1  # the seal's leaf
        async with self.database.write() as tx:
            await self.ledger.open_session(tx, session_id)
        while made < wanted:
            async with self.database.write() as tx:
                for _ in range(_STREAMS_EACH):
                    count = min(_RECORDS_EACH, wanted - made) - 1
                    if count < 0:
                        break
                    sitting = f"{session_id}_{len(roster)}"
                    roster.append((sitting, "submitted"))
                    stream = f"sitting/{sitting}"
                    await self.ledger.open_stream(tx, stream, session_id, "opened", {})
                    if count:
                        acts = [Act("warned", {"at_ms": at}) for at in range(count)]
                        await self.ledger.append(tx, stream, acts)
                    made += count + 1
        async with self.database.write() as tx:
            await self.ledger.seal_session(tx, session_id, roster=roster)
        return made


async def bench_tree(
    url: str, leaves: Sequence[int], *, told: Callable[[int], None] = lambda _done: None
) -> AsyncIterator[Growth]:
    """Fill, integrate and measure rounds at each number of leaves, rising."""
    async with _log(url) as log:
        sequencer = log.sequencer()
        for wanted in sorted(leaves):
            size, rate = await log.size(), 0.0
            while size < wanted or not rate:
                more = min(max(wanted - size, _LEAST), _SESSION_RECORDS)
                rate = await _integrate(log, sequencer, more)
                size = await log.size()
                told(size)
            idle_ms = await _rounds(sequencer, None)
            few_ms = await _rounds(sequencer, log)
            hashed, inserted = await _limits(url)
            yield Growth(size, rate, hashed, inserted, idle_ms, few_ms)
        await sequencer.leave()


async def bench_covered(
    url: str, *, seconds: float, rate: float, period_s: float, streams: int = 64
) -> Covered:
    """Records committed at a steady rate while the sequencer runs; how long each waited."""
    async with _log(url) as log:
        names = [f"sitting/covered_{number}" for number in range(streams)]
        async with log.database.write() as tx:
            await log.ledger.open_session(tx, "session_covered")
            for name in names:
                await log.ledger.open_stream(tx, name, "session_covered", "opened", {})
        sequencer, stop = log.sequencer(), asyncio.Event()
        seen: list[tuple[float, int]] = []
        running = asyncio.create_task(sequencer.run(stop, period_s))
        looking = asyncio.create_task(_look(log, seen))
        committed = await _write(log, names, seconds, rate)
        stop.set()
        await running
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await _look_once(log, seen)  # the last checkpoint, however late the eye was
        return await _waited(log, committed, seen, seconds)


async def _write(
    log: _Log, names: Sequence[str], seconds: float, rate: float
) -> list[tuple[str, int, float]]:
    """(stream, seq, when it was committed) of everything written."""
    committed: list[tuple[str, int, float]] = []
    begun, number, each = perf_counter(), 0, max(1, round(rate * 0.02))
    while (now := perf_counter() - begun) < seconds:
        due = number * each / rate
        if due > now:
            await asyncio.sleep(due - now)
        name = names[number % len(names)]
        async with log.database.write() as tx:
            acts = [Act("warned", {"at_ms": at}) for at in range(each)]
            done = await log.ledger.append(tx, name, acts)
        at = perf_counter()
        committed += [(name, done.seq - back, at) for back in range(each)]
        number += 1
    return committed


async def _look(log: _Log, seen: list[tuple[float, int]]) -> None:
    while True:
        await _look_once(log, seen)
        await asyncio.sleep(_LOOK_S)


async def _look_once(log: _Log, seen: list[tuple[float, int]]) -> None:
    async with log.database.read() as session:
        head = await log.ledger.tree.newest(session)
    if head is not None and (not seen or seen[-1][1] != head.size):
        seen.append((perf_counter(), head.size))


async def _waited(
    log: _Log,
    committed: Sequence[tuple[str, int, float]],
    seen: Sequence[tuple[float, int]],
    seconds: float,
) -> Covered:
    async with log.database.read() as session:
        rows = await session.execute(
            select(StreamRow.stream_id, LeafRow.seq, LeafRow.index).join(
                StreamRow, StreamRow.number == LeafRow.stream
            )
        )
        leaf = {(stream, seq): index for stream, seq, index in rows}
    found = Covered(len(committed) / seconds)
    for stream, seq, at in committed:
        index = leaf.get((stream, seq))
        shown = next((t for t, size in seen if index is not None and size > index), None)
        if shown is None:
            found.uncovered += 1
        else:
            found.waited_ms.append(max(0.0, shown - at) * 1_000)
    return found


async def _integrate(log: _Log, sequencer: Sequencer, wanted: int) -> float:
    """Leaves per second of rounds that find much waiting: read, hash, store, sign."""
    made = await log.fill(wanted)
    begun = perf_counter()
    while await sequencer.round():
        continue
    took = perf_counter() - begun
    return made / took


async def _rounds(sequencer: Sequencer, log: _Log | None) -> float:
    """Milliseconds of a round, the middle of some; with ``log`` each finds a few new records."""
    took: list[float] = []
    for _ in range(_ROUNDS):
        if log is not None:
            await log.fill(_FEW)
        begun = perf_counter()
        await sequencer.round()
        took.append((perf_counter() - begun) * 1_000)
    return sorted(took)[_ROUNDS // 2]


async def _limits(url: str) -> tuple[float, float]:
    """Leaves hashed per second with their nodes; rows of a leaf's size inserted per second."""
    entries = [number.to_bytes(_ENTRY_BYTES, "big") for number in range(20_000)]
    begun = perf_counter()
    Edge().grow([leaf_hash(entry) for entry in entries])
    hashed = len(entries) / (perf_counter() - begun)
    async with raw_store(url) as store:
        limit = await limits(store, row_bytes=_LEAF_ROW_BYTES, in_flight=5_000, rows=20_000)
    return hashed, limit.bulk_per_s


@asynccontextmanager
async def _log(url: str) -> AsyncIterator[_Log]:
    database = Database.open(url)
    with TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(LedgerTable.metadata.create_all)
        try:
            yield _Log(database, Path(folder))
        finally:
            await database.close()
