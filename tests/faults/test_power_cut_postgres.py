"""Power cut under PostgreSQL: its files are rebuilt as a disk may hold them, and recovered by it.

PostgreSQL and the server write one trace, in the order in which things took effect: WAL, data
files, transaction status, control file; key ring and checkpoint. WAL segments are of 1 MB, so that
they are made, switched and recycled, and checkpoints of the database are forced in between; pages
have checksums. What is not traced is written by way of stdio and thrown away by a recovery.
"""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from migrations.run import upgrade
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.crash_image import Disk, Step, steps
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import Lane, writing
from tests.faults.processes import LedgerProcess
from tests.faults.promises import Promises
from tests.faults.shim import Shim
from tests.faults.test_power_cut import look_at_heads
from tests.postgres import PostgresCluster

LIMIT_S = 2_400


class Traced:
    """A cluster whose every change is written down, and a ledger's folder on the same disk."""

    def __init__(self, cluster: PostgresCluster, library: Path) -> None:
        self.cluster = cluster
        self.ledger = cluster.disk / "ledger"
        self.ledger.mkdir()
        self.trace, self.before = cluster.home / "trace", cluster.home / "before"
        self._image = cluster.home / "image"
        self._library = Path(shutil.copy(library, cluster.home))
        self.database = ""

    @property
    def url(self) -> str:
        return self.cluster.url(self.database)

    async def prepare(self, lanes: list[Lane]) -> None:
        """An empty log, before anything is traced."""
        await asyncio.to_thread(self.cluster.start)
        self.database = await asyncio.to_thread(self.cluster.new_database)
        await asyncio.to_thread(upgrade, self.url)
        await prepare(self.url, self.ledger, lanes)
        await asyncio.to_thread(self.cluster.stop)
        shutil.copytree(self.cluster.disk, self.before)

    async def begin(self) -> dict[str, str]:
        """From here on; returns what the ledger's process is to be started with."""
        self._library.chmod(0o755)
        self.trace.touch()
        self.trace.chmod(0o666)
        shim = Shim(self._library, self.cluster.disk, trace=self.trace)
        self.cluster.environment = shim.environment
        await asyncio.to_thread(self.cluster.start)
        return shim.environment

    def end(self) -> list[Step]:
        """The changes, as they were noted before everything is killed."""
        kept = Path(shutil.copy(self.trace, self.cluster.home / "kept"))
        self.cluster.crash()
        self.cluster.environment = {}
        return list(steps(kept))

    async def recovered(self, disk: Disk, chance: Random, keep: float | None = None) -> Path:
        """PostgreSQL runs over what a cut at this moment left; returns the ledger's folder."""
        shutil.rmtree(self._image, ignore_errors=True)
        for path in self.before.rglob("*"):
            if path.is_dir():
                (self._image / path.relative_to(self.before)).mkdir(parents=True)
        disk.cut(self._image, chance, keep)
        self.cluster.move_to(self._image / "data")
        await asyncio.to_thread(self.cluster.start)
        return self._image / "ledger"


@pytest.fixture
def traced(shim_library: Path) -> Iterator[Traced]:
    cluster = PostgresCluster.create(durable=True, initdb=["--wal-segsize=1", "--data-checksums"])
    try:
        yield Traced(cluster, shim_library)
    finally:
        cluster.destroy()


@pytest.mark.timeout(LIMIT_S)
async def test_every_disk_of_postgresql_that_a_power_cut_may_leave_holds_what_was_promised(
    traced: Traced, make_lanes: MakeLanes, sized: Sized, tally: Tally, chance: Random,
    tmp_path: Path,
) -> None:  # fmt: skip
    address = str(tmp_path / "socket")
    lanes = make_lanes(address, 6, 8)
    await traced.prepare(lanes)
    environment = await traced.begin()
    process = LedgerProcess(traced.url, traced.ledger, address, environment=environment, tree=True)
    process.start()
    looker = Lane(lanes[0].stream, 1, address, 1, lanes[0].chance)
    try:
        async with writing(lanes, sized(1_000, 6_000), 400) as goal:
            await goal.wait_for(1)
            looking = asyncio.create_task(look_at_heads(looker, goal, set()))
            for _ in range(sized(2, 8)):
                await goal.wait_for(200)
                await asyncio.to_thread(traced.cluster.sql, "CHECKPOINT")
        await looking
        tally.add("power cut, PostgreSQL's files, key ring, tree: the traced run", goal.acked,
                  await judge(traced.url, traced.ledger, lanes))  # fmt: skip
        changes = traced.end()
    finally:
        process.kill()
    assert {step.op for step in changes} >= set("CWSRU"), "the trace saw nothing"
    assert {Path(step.to or step.path).name for step in changes} >= {
        "pg_control",
        "acks",
        "checkpoint",
    }
    moments = sorted(chance.sample(range(len(changes)), sized(5, 60)))
    disk, done = Disk(traced.cluster.disk, traced.before), 0
    for moment in moments:
        for step in changes[done:moment]:
            disk.take(step)
        done = moment
        promises = Promises.of(disk.contents(str(traced.ledger / "acks")))
        folder = await traced.recovered(disk, chance)
        said = f"at step {moment} of {len(changes)}; {len(promises.heads)} heads"
        tally.add("power cut, PostgreSQL: promised by the cut, over all cuts", promises.count,
                  await promises.lost(traced.url, folder), said, again=True)  # fmt: skip
        traced.cluster.crash()
    await _is_found_out(traced, changes)


async def _is_found_out(traced: Traced, changes: list[Step]) -> None:
    """With a WAL that nobody synced, PostgreSQL does not come back, or without what it promised."""
    disk = Disk(traced.cluster.disk, traced.before)
    for step in changes:
        if step.op != "S" or "/pg_wal/" not in step.path:
            disk.take(step)
    promises = Promises.of(disk.contents(str(traced.ledger / "acks")))
    try:
        folder = await traced.recovered(disk, Random(1), keep=0.0)
    except RuntimeError as broken:
        if "PostgreSQL did not start" not in str(broken):
            raise
    else:
        assert await promises.lost(traced.url, folder) > 0, "a WAL without fsync was not noticed"
