"""The cable is pulled: between candidates and server, and between server and PostgreSQL."""

import asyncio
from pathlib import Path

import pytest

from migrations.run import upgrade
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import UNANSWERED, Lane, eventually, writing
from tests.faults.netns import cable, forwarding
from tests.faults.processes import LedgerProcess, under_load
from tests.postgres import PostgresCluster, free_port

LIMIT_S = 300
BOUND_S = 25.0


@pytest.mark.timeout(LIMIT_S + 60)
async def test_candidates_cut_from_the_server_resend_and_lose_nothing(
    sqlite_url: str, folder: Path, make_lanes: MakeLanes, sized: Sized, tally: Tally
) -> None:
    with cable() as line:
        address = f"{line.far}:{free_port()}"
        lanes = make_lanes(address, 8, 50, patience_s=1.0)
        async with under_load(
            sqlite_url, folder, lanes, sized(4_000, 20_000), LIMIT_S, before=line.inside
        ) as goal:
            for _ in range(sized(2, 8)):
                await goal.wait_for(500)
                line.cut()
                await asyncio.sleep(2.5)
                line.mend()
    tally.add("candidates cut from the server", goal.acked, await judge(sqlite_url, folder, lanes))


@pytest.mark.timeout(LIMIT_S + 60)
async def test_a_server_cut_from_postgresql_says_so_in_bounded_time_and_loses_nothing(
    cluster: PostgresCluster, folder: Path, make_lanes: MakeLanes, sized: Sized, tally: Tally
) -> None:
    url = cluster.url(await asyncio.to_thread(cluster.new_database))
    await asyncio.to_thread(upgrade, url)
    address = str(folder / "socket")
    lanes = make_lanes(address, 8, 50, patience_s=60.0)
    await prepare(url, folder, lanes)
    with cable() as line:
        async with forwarding(line.near, cluster.port) as port:
            far = url.replace(f"127.0.0.1:{cluster.port}", f"{line.near}:{port}")
            process = LedgerProcess(far, folder, address, before=line.inside)
            process.start()
            try:
                async with writing(lanes, sized(2_000, 10_000), LIMIT_S) as goal:
                    for _ in range(sized(1, 4)):
                        await goal.wait_for(300)
                        line.cut()
                        wanted = _told(lanes) + 1
                        async with asyncio.timeout(BOUND_S):
                            await eventually(lambda: _told(lanes) >= wanted)  # noqa: B023 - awaited here
                        line.mend()
                        await goal.wait_for(200)
            finally:
                process.kill()
    assert sum(lane.heard[UNANSWERED] for lane in lanes) == 0, "somebody got no answer"
    assert max(lane.slowest_s for lane in lanes) < BOUND_S
    tally.add("server cut from PostgreSQL", goal.acked, await judge(url, folder, lanes))


def _told(lanes: list[Lane]) -> int:
    """How often candidates heard that nothing was stored."""
    return sum(lane.heard["ledger.not_stored"] for lane in lanes)
