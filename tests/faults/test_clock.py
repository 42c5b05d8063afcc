"""The wall clock jumps by an hour, to and fro, while candidates write."""

from pathlib import Path

import pytest

from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import Lane, writing
from tests.faults.processes import LedgerProcess
from tests.faults.shim import Shim

LIMIT_S = 240
HOUR_MS = 3_600_000


@pytest.mark.timeout(LIMIT_S + 60)
async def test_an_hour_more_or_less_on_the_wall_clock_moves_no_record(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, sized: Sized,
    tally: Tally,
) -> None:  # fmt: skip
    address = str(folder.parent / "socket")
    lanes = make_lanes(address, 8, 50)
    await prepare(sqlite_url, folder, lanes)
    shim = Shim(shim_library, folder)
    process = LedgerProcess(sqlite_url, folder, address, environment=shim.environment)
    process.start()
    asker = Lane(lanes[0].stream, 1, address, 1, lanes[0].chance)
    try:
        async with writing(lanes, sized(3_000, 20_000), LIMIT_S) as goal:
            await goal.wait_for(300)
            before = await asker.ask({"op": "clock"})
            assert abs(before["drift_ms"]) < 2_000
            for jump in (HOUR_MS, -HOUR_MS):
                shim.set(clock_ms=jump)
                await goal.wait_for(300)
                now = await asker.ask({"op": "clock"})
                assert abs(now["drift_ms"] - jump) < 2_000, "the jump is not seen"
                assert 0 <= now["now_ms"] - before["now_ms"] < LIMIT_S * 1_000
            shim.set()
    finally:
        asker.hang_up()
        process.kill()
    tally.add("wall clock ±1 h", goal.acked, await judge(sqlite_url, folder, lanes))
