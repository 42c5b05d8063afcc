"""A disk that is full, read-only or slow: refused in words, nothing lost, no restart needed."""

import errno
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from ledger.writer import GROUP_LIMIT, QUEUE_LIMIT
from migrations.run import upgrade
from tests.databases import Databases
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge
from tests.faults.lanes import Goal, Lane, eventually, flood
from tests.faults.processes import under_load
from tests.faults.shim import Shim

LIMIT_S = 240
REFUSALS = 20


@contextmanager
def disk_of(size: str, place: Path) -> Iterator[Path]:
    """A file system so large, at a new place; needs root."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of("48m", tmp_path / "small") as place:
        yield place


class ShimmedDisk:
    """An SQLite ledger whose writes and fsyncs are in the test's hand."""

    def __init__(
        self, url: str, folder: Path, library: Path, lanes: list[Lane], tally: Tally
    ) -> None:
        self.shim = Shim(library, folder)
        self.lanes = lanes
        self._url = url
        self._folder = folder
        self._tally = tally

    @asynccontextmanager
    async def written_to(self, fault: str, events: int) -> AsyncIterator[Goal]:
        """All lanes write while the block does its worst; what was promised is then counted."""
        async with under_load(
            self._url, self._folder, self.lanes, events, LIMIT_S, environment=self.shim.environment
        ) as goal:
            yield goal
        lost = await judge(self._url, self._folder, self.lanes)
        self._tally.add(fault, goal.acked, lost)


@pytest.fixture
def disk(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, tally: Tally
) -> ShimmedDisk:
    lanes = make_lanes(str(folder.parent / "socket"), 8, 20)
    return ShimmedDisk(sqlite_url, folder, shim_library, lanes, tally)


async def refused(lanes: list[Lane], code: str) -> None:
    """Until candidates were told so many times more."""

    def told() -> int:
        return sum(lane.heard[code] for lane in lanes)

    wanted = told() + REFUSALS
    await eventually(lambda: told() >= wanted)


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_full_disk_refuses_in_words_and_recovers_by_itself(
    small_disk: Path, databases: Databases, make_lanes: MakeLanes, sized: Sized, tally: Tally
) -> None:
    folder = small_disk / "data"
    folder.mkdir()
    url = databases.fresh("sqlite", folder, upgrade)
    lanes = make_lanes(str(small_disk.parent / "socket"), 8, 20)
    ballast = small_disk / "ballast"
    one = lanes[0]
    asker = Lane(one.stream, one.epoch, one.address, 1, one.chance)
    try:
        async with under_load(url, folder, lanes, sized(4_000, 30_000), LIMIT_S) as goal:
            for number in range(sized(2, 6)):
                await goal.wait_for(500)
                fill(ballast)
                await refused(lanes, "ledger.not_stored")
                blob = {"op": "blob", "name": f"photo/{number}", "data": "ab" * 300_000}
                full = await asker.ask(blob)
                assert full["code"] in {f"os.{errno.ENOSPC}", "storage.full", "blob.not_stored"}
                ballast.unlink()
                assert "code" not in await asker.ask(blob)
    finally:
        asker.hang_up()
    tally.add("disk full, SQLite and blobs", goal.acked, await judge(url, folder, lanes))


def fill(ballast: Path) -> None:
    """Not a page is left."""
    with ballast.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 4_096):
                while True:
                    try:
                        file.write(bytes(size))
                    except OSError as full:
                        if full.errno != errno.ENOSPC:
                            raise
                        break
        finally:
            file.flush()


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize("error", [errno.EROFS, errno.EIO], ids=["read-only", "I/O errors"])
async def test_a_disk_that_takes_no_writes_refuses_in_words_and_recovers_by_itself(
    error: int, disk: ShimmedDisk, sized: Sized
) -> None:
    name = f"disk fails every write with {errno.errorcode[error]}, SQLite"
    async with disk.written_to(name, sized(3_000, 30_000)) as goal:
        for _ in range(sized(2, 6)):
            await goal.wait_for(400)
            disk.shim.set(error=error)
            await refused(disk.lanes, "ledger.not_stored")
            disk.shim.set()


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_slow_disk_acknowledges_late_and_right(disk: ShimmedDisk, sized: Sized) -> None:
    async with disk.written_to("slow disk, SQLite", sized(2_000, 10_000)) as goal:
        await goal.wait_for(200)
        disk.shim.set(fsync_ms=700)
        await goal.wait_for(100)
        disk.shim.set(fsync_ms=50)
    slowest_s = max(lane.slowest_s for lane in disk.lanes)
    assert slowest_s >= 0.7, "an acknowledgement came before its fsync"


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_disk_that_stands_still_keeps_the_queue_bounded(disk: ShimmedDisk) -> None:
    """Thousands at once: those whom the queue cannot take are told so and come again."""
    async with disk.written_to("slow disk, queue full, SQLite", 500) as goal:
        await goal.wait_for(100)
        disk.shim.set(fsync_ms=3_000)
        codes = await flood(disk.lanes[0], QUEUE_LIMIT + 3 * GROUP_LIMIT + 500)
        disk.shim.set()
    assert set(codes) == {"ledger.busy", "ledger.gap"}, codes
