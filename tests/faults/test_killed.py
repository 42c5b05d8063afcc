"""kill -9 of the writing process and of PostgreSQL, at seeded moments, under load."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from migrations.run import upgrade
from tests.faults.conftest import MakeLanes, Sized
from tests.faults.judging import Tally, judge, prepare
from tests.faults.lanes import Goal, Lane, writing
from tests.faults.processes import LedgerProcess
from tests.faults.staff import Invigilator, lost_acts
from tests.postgres import PostgresCluster

LIMIT_S = 2_400
BATCH = 400


async def kill_often(
    goal: Goal, process: LedgerProcess, chance: Random, kills: int, between: int
) -> None:
    """Let them write a while, kill at any moment, start again; every fourth life ends early."""
    for number in range(kills):
        await goal.wait_for(chance.randint(1, between))
        await asyncio.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.start()
        if number % 4 == 3:
            await asyncio.sleep(chance.uniform(0, 1.5))
            process.kill()
            process.start()


@pytest.mark.timeout(LIMIT_S + 300)
async def test_no_acknowledged_event_is_lost_when_the_writer_on_sqlite_is_killed(
    sqlite_url: str, folder: Path, make_lanes: MakeLanes, sized: Sized, tally: Tally, chance: Random
) -> None:
    address = str(folder / "socket")
    lanes = make_lanes(address, 16, BATCH, mischief=True)
    await prepare(sqlite_url, folder, lanes)
    process = LedgerProcess(sqlite_url, folder, address)
    process.start()
    try:
        events, kills = sized(20_000, 520_000), sized(6, 25)
        async with writing(lanes, events, LIMIT_S) as goal:
            await kill_often(goal, process, chance, kills, events // kills)
    finally:
        process.kill()
    tally.add("kill -9 of the server, SQLite; repeats, gaps, conflicts", goal.acked,
              await judge(sqlite_url, folder, lanes), f"in {kills} kills")  # fmt: skip


async def _restart(cluster: PostgresCluster) -> None:
    """On the same port; what the killed one left has to go first."""
    for _ in range(40):
        await asyncio.sleep(0.25)
        try:
            await asyncio.to_thread(cluster.start, cluster.port)
        except RuntimeError:
            continue
        return
    raise RuntimeError("PostgreSQL did not come back")


@pytest.mark.timeout(LIMIT_S + 300)
async def test_two_servers_write_one_room_and_its_sittings_while_all_are_killed(
    cluster: PostgresCluster, folder: Path, make_lanes: MakeLanes, sized: Sized, tally: Tally,
    chance: Random,
) -> None:  # fmt: skip
    url = cluster.url(await asyncio.to_thread(cluster.new_database))
    await asyncio.to_thread(upgrade, url)
    addresses = [str(folder / name) for name in ("socket-a", "socket-b")]
    lanes = _of_both(addresses, make_lanes)
    staff = [Invigilator(Lane("", 0, address, 1, chance)) for address in addresses]
    await prepare(url, folder, lanes)
    servers = [LedgerProcess(url, folder, address) for address in addresses]
    for server in servers:
        server.start()
    try:
        events, rounds = sized(16_000, 480_000), sized(1, 4)
        each, over = events // (rounds * 5), asyncio.Event()
        async with writing(lanes, events, LIMIT_S) as goal, asyncio.TaskGroup() as room:
            for one in staff:
                room.create_task(one.act(over.is_set))
            for _ in range(rounds):
                await goal.wait_for(each)
                servers[0].kill()
                await goal.wait_for(each)
                servers[0].start()
                await asyncio.to_thread(
                    cluster.sql,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
                )
                await goal.wait_for(each)
                cluster.kill()
                await _restart(cluster)
                await goal.wait_for(each)
                await kill_often(goal, servers[1], chance, 1, max(1, each // 2))
                cluster.crash()
                await _restart(cluster)
                await goal.wait_for(each)
            over.set()
    finally:
        for server in servers:
            server.kill()
    tally.add("two servers, one room, same and own sittings, PostgreSQL: all killed", goal.acked,
              await judge(url, folder, lanes), f"in {rounds} rounds")  # fmt: skip
    tally.add(
        "two servers, acts of staff in one room's stream", *await lost_acts(url, folder, staff)
    )


def _of_both(addresses: list[str], make_lanes: MakeLanes) -> list[Lane]:
    """Sittings that both servers write, from two device epochs, and sittings of one alone."""
    lanes = []
    for number, address in enumerate(addresses, 1):
        lanes += make_lanes(address, 6, BATCH, epoch=number, mischief=True)
        own = make_lanes(address, 2, BATCH, mischief=True)
        for lane in own:
            lane.stream += f"_at_{number}"
        lanes += own
    return lanes
