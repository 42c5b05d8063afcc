"""A disk that is full, read-only or slow: refused in words, nothing lost, no restart needed."""

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.writer import GROUP_LIMIT, QUEUE_LIMIT
from migrations.run import upgrade
from tests.databases import Databases
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import Lane, eventually, flood, writing
from tests.faults.processes import LedgerProcess
from tests.faults.shim import Shim

LIMIT_S = 240
REFUSALS = 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB; needs root."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


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
    address = str(small_disk.parent / "socket")
    lanes = make_lanes(address, 8, 20)
    await prepare(url, folder, lanes)
    process = LedgerProcess(url, folder, address)
    process.start()
    ballast = small_disk / "ballast"
    one = lanes[0]
    asker = Lane(one.stream, one.epoch, address, 1, one.chance)
    try:
        async with writing(lanes, sized(4_000, 30_000), LIMIT_S) as goal:
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
        process.kill()
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
    error: int, sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes,
    sized: Sized, tally: Tally,
) -> None:  # fmt: skip
    address = str(folder.parent / "socket")
    lanes = make_lanes(address, 8, 20)
    await prepare(sqlite_url, folder, lanes)
    shim = Shim(shim_library, folder)
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment)
    process.start()
    try:
        async with writing(lanes, sized(3_000, 30_000), LIMIT_S) as goal:
            for _ in range(sized(2, 6)):
                await goal.wait_for(400)
                shim.set(error=error)
                await refused(lanes, "ledger.not_stored")
                shim.set()
    finally:
        process.kill()
    name = f"disk fails every write with {errno.errorcode[error]}, SQLite"
    tally.add(name, goal.acked, await judge(sqlite_url, folder, lanes))


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_slow_disk_acknowledges_late_and_right(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, sized: Sized,
    tally: Tally,
) -> None:  # fmt: skip
    address = str(folder.parent / "socket")
    lanes = make_lanes(address, 8, 20)
    await prepare(sqlite_url, folder, lanes)
    shim = Shim(shim_library, folder)
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment)
    process.start()
    try:
        async with writing(lanes, sized(2_000, 10_000), LIMIT_S) as goal:
            await goal.wait_for(200)
            shim.set(fsync_ms=700)
            await goal.wait_for(100)
            shim.set(fsync_ms=50)
    finally:
        process.kill()
    assert max(lane.slowest_s for lane in lanes) >= 0.7, "an acknowledgement came before its fsync"
    tally.add("slow disk, SQLite", goal.acked, await judge(sqlite_url, folder, lanes))


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_disk_that_stands_still_keeps_the_queue_bounded(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, tally: Tally
) -> None:
    """Thousands at once: those whom the queue cannot take are told so and come again."""
    address = str(folder.parent / "socket")
    lanes = make_lanes(address, 8, 20)
    await prepare(sqlite_url, folder, lanes)
    shim = Shim(shim_library, folder)
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment)
    process.start()
    try:
        async with writing(lanes, 500, LIMIT_S) as goal:
            await goal.wait_for(100)
            shim.set(fsync_ms=3_000)
            codes = await flood(lanes[0], QUEUE_LIMIT + 3 * GROUP_LIMIT + 500)
            shim.set()
    finally:
        process.kill()
    assert set(codes) == {"ledger.busy", "ledger.gap"}, codes
    tally.add("slow disk, queue full, SQLite", goal.acked, await judge(sqlite_url, folder, lanes))
