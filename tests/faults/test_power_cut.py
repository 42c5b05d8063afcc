"""Power cut: whatever was not fsynced may be gone, in part, or in another order.

Every change to the data folder (SQLite's file and its WAL, key ring, blobs) is traced while
candidates write; then the disk is rebuilt as it may be at seeded moments, opened, recovered, and
compared with what had been promised at that moment.
"""

import asyncio
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from kernel.crypto.keyring import FileKeyRing
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.crash_image import Disk, Step, steps
from tests.faults.judging import Tally, judge, lost_of, prepare, records_of
from tests.faults.lanes import Lane, writing
from tests.faults.processes import LedgerProcess
from tests.faults.shim import Shim

LIMIT_S = 2_400
BLOB = "ab" * 5_000


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
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment)
    process.start()
    asker = Lane(lanes[0].stream, 1, address, 1, lanes[0].chance)
    try:
        async with writing(lanes, sized(1_500, 6_000), 200) as goal:
            for number in range(6):
                await goal.wait_for(150)
                blob = {"op": "blob", "name": f"photo/{number}", "data": BLOB}
                assert "code" not in await asker.ask(blob)
                if number % 2:
                    assert "code" not in await asker.ask({"op": "rotate"})
    finally:
        asker.hang_up()
        process.kill()
    tally.add("power cut, SQLite, WAL, key ring, blobs: the traced run", goal.acked,
              await judge(sqlite_url, folder, lanes))  # fmt: skip
    changes = list(steps(trace))
    assert {step.op for step in changes} >= set("CWSRL"), "the trace saw nothing"
    moments = sorted(chance.sample(range(len(changes)), sized(40, 200)))
    await _cut_at(moments, changes, folder, before, tally, chance)
    await _is_found_out(changes, folder, before)


async def _is_found_out(changes: list[Step], folder: Path, before: Path) -> None:
    """A program that never synced its WAL would fail this test."""
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    disk = Disk(folder)
    for step in changes:
        if step.op != "S" or not step.path.endswith("-wal"):
            disk.take(step)
    image = folder.parent / "image"
    disk.cut(image, Random(1), keep=0.0)
    acknowledged, lost = await _compare(image, disk.contents(str(folder / "acks")))
    assert 0 < lost <= acknowledged, "a WAL without fsync was not noticed"


async def _cut_at(
    moments: list[int], changes: list[Step], folder: Path, before: Path, tally: Tally,
    chance: Random,
) -> None:  # fmt: skip
    """The disk at each moment; the last one holds nearly all."""
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    disk, done = Disk(folder), 0
    for moment in moments:
        for step in changes[done:moment]:
            disk.take(step)
        done = moment
        image = folder.parent / "image"
        disk.cut(image, chance)
        acknowledged, lost = await _compare(image, disk.contents(str(folder / "acks")))
        said = f"at step {moment} of {len(changes)}"
        tally.add("power cut: promised by the cut, over all cuts", acknowledged, lost, said,
                  again=True)  # fmt: skip
        await asyncio.to_thread(shutil.rmtree, image)


async def _compare(image: Path, notes: bytes) -> tuple[int, int]:
    """How many events were promised and how many are lost; blobs and key ring are asserted."""
    promised: dict[str, int] = defaultdict(int)
    ring = 1
    for line in notes.splitlines():
        note: dict[str, Any] = msgspec.json.decode(line)
        if "to" in note:
            promised[note["stream"]] = max(promised[note["stream"]], note["to"])
        elif "ring" in note:
            ring = note["ring"]
        else:
            held = (image / "blobs" / note["blob"]).read_bytes()
            assert held.hex() == note["data"], f"{note['blob']} is lost"
    assert FileKeyRing(image / "keys.json").version >= ring, "a master key is lost"
    database = _database_in(image)
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = await records_of(f"sqlite+aiosqlite:///{database}", image, set(promised))
    lost = sum(lost_of(found[stream], stream, {1: n}) for stream, n in promised.items())
    return sum(promised.values()), lost


def _database_in(image: Path) -> Path:
    return next(image.glob("*.db"))
