"""The wall clock jumps by an hour, to and fro, while candidates write."""

from pathlib import Path

import pytest

from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge
from tests.faults.lanes import Lane
from tests.faults.processes import under_load
from tests.faults.shim import Shim

LIMIT_S = 240
HOUR_MS = 3_600_000


@pytest.mark.timeout(LIMIT_S + 60)
async def test_an_hour_more_or_less_on_the_wall_clock_moves_no_record(
    sqlite_url: str, folder: Path, shim_library: Path, make_lanes: MakeLanes, sized: Sized,
    tally: Tally,
) -> None:  # fmt: skip
    lanes = make_lanes(str(folder.parent / "socket"), 8, 50)
    shim = Shim(shim_library, folder)
    asker = Lane(lanes[0].stream, 1, lanes[0].address, 1, lanes[0].chance)
    try:
        async with under_load(
            sqlite_url, folder, lanes, sized(3_000, 20_000), LIMIT_S, environment=shim.environment
        ) as goal:
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
    tally.add("wall clock ±1 h", goal.acked, await judge(sqlite_url, folder, lanes))
