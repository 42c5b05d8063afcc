"""Power cut: whatever was not fsynced may be gone, in part, or in another order.

Every change to the data folder (SQLite's file and its WAL, key ring, blobs, the checkpoint beside
the database) is traced while candidates write and the tree grows; then the disk is rebuilt as it
may be at seeded moments, opened, recovered, and compared with what had been promised at that
moment. A sequencer starts over each of these disks and goes on with every head that was out.
"""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from kernel.errors import Refusal
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.crash_image import Disk, Step, steps
from tests.faults.heads import extended
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import Goal, Lane, eventually, writing
from tests.faults.ledger_process import CHECKPOINT
from tests.faults.processes import LedgerProcess
from tests.faults.promises import Promises
from tests.faults.shim import Shim

LIMIT_S = 2_400
BLOB = "ab" * 5_000
LOOKS_S = 0.02
HEADS = 10


async def look_at_heads(asker: Lane, goal: Goal, heads: set[str]) -> None:
    """Whatever is published is asked for all the time, so that it has left the server."""
    while not goal.reached():
        said = await asker.ask({"op": "head"})
        assert "code" not in said, said
        heads.add(said["head"])
        await asyncio.sleep(LOOKS_S)
    asker.hang_up()


@pytest.mark.timeout(LIMIT_S)
async def test_every_disk_that_a_power_cut_may_leave_holds_what_was_promised(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, sized: Sized,
    tally: Tally, chance: Random, tmp_path: Path,
) -> None:  # fmt: skip
    address, trace = str(tmp_path / "socket"), tmp_path / "trace"
    lanes = make_lanes(address, 6, 8)
    await prepare(sqlite_url, folder, lanes)
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    shim = Shim(shim_library, folder, trace=trace)
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment, tree=True)
    process.start()
    asker = Lane(lanes[0].stream, 1, address, 1, lanes[0].chance)
    looker = Lane(lanes[0].stream, 1, address, 1, lanes[0].chance)
    try:
        async with writing(lanes, sized(1_500, 6_000), 200) as goal:
            await goal.wait_for(1)
            seen: set[str] = set()
            looking = asyncio.create_task(look_at_heads(looker, goal, seen))
            for number in range(6):
                await goal.wait_for(150)
                blob = {"op": "blob", "name": f"photo/{number}", "data": BLOB}
                assert "code" not in await asker.ask(blob)
                if number % 2:
                    assert "code" not in await asker.ask({"op": "rotate"})
            await eventually(lambda: len(seen) > HEADS)  # however quickly the events are written
        await looking
    finally:
        asker.hang_up()
        process.kill()
    tally.add("power cut, SQLite, WAL, key ring, blobs, tree: the traced run", goal.acked,
              await judge(sqlite_url, folder, lanes))  # fmt: skip
    changes = list(steps(trace))
    assert {step.op for step in changes} >= set("CWSRL"), "the trace saw nothing"
    moments = sorted(chance.sample(range(len(changes)), sized(40, 200)))
    await _cut_at(moments, changes, folder, before, tally, chance)
    await _is_found_out(changes, folder, before)


async def _is_found_out(changes: list[Step], folder: Path, before: Path) -> None:
    """A program that never synced its WAL would fail this test, and so would a database that is as
    it was before: it does not start over a tree behind what it published, and without the file that
    says so the heads that left the server are missed.
    """
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    disk = Disk(folder)
    for step in changes:
        if step.op != "S" or not step.path.endswith("-wal"):
            disk.take(step)
    image = folder.parent / "image"
    disk.cut(image, Random(1), keep=0.0)
    promises = Promises.of(disk.contents(str(folder / "acks")))
    url = _url_in(image)
    lost = await promises.lost(url, image)
    assert 0 < lost <= promises.count, "a WAL without fsync was not noticed"
    back = folder.parent / "back"
    shutil.copytree(before, back)
    shutil.copyfile(image / CHECKPOINT, back / CHECKPOINT)
    with pytest.raises(Refusal, match=r"ledger\.rolled_back"):
        await extended(_url_in(back), back, [])
    (back / CHECKPOINT).unlink()
    with pytest.raises(AssertionError, match="is gone"):
        await extended(_url_in(back), back, list(promises.heads))


async def _cut_at(
    moments: list[int], changes: list[Step], folder: Path, before: Path, tally: Tally,
    chance: Random,
) -> None:  # fmt: skip
    """The disk at each moment; the last one holds nearly all."""
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    disk, done, heads = Disk(folder), 0, 0
    for moment in moments:
        for step in changes[done:moment]:
            disk.take(step)
        done = moment
        image = folder.parent / "image"
        disk.cut(image, chance)
        promises = Promises.of(disk.contents(str(folder / "acks")))
        url = _url_in(image)
        said = f"at step {moment} of {len(changes)}; {len(promises.heads)} heads"
        tally.add("power cut, SQLite: promised by the cut, over all cuts", promises.count,
                  await promises.lost(url, image), said, again=True)  # fmt: skip
        heads = max(heads, len(promises.heads))
        await asyncio.to_thread(shutil.rmtree, image)
    assert heads > HEADS / 2, "hardly a head left the server"


def _url_in(image: Path) -> str:
    """The database in an image, in good order after SQLite's own recovery."""
    database = next(image.glob("*.db"))
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return f"sqlite+aiosqlite:///{database}"
