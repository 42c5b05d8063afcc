"""The server is killed at random moments under load; nothing acknowledged is ever lost."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.power_cut import outlive
from tests.e2e.running import arrange
from tests.e2e.worlds import Seeded, make_world
from tests.postgres import PostgresCluster


@pytest.mark.timeout(1_200)
async def test_every_acknowledged_answer_outlives_twenty_power_cuts(seeded: Seeded) -> None:
    running = await asyncio.to_thread(arrange, seeded, 8)
    await outlive(seeded, running, cuts=20, seed=20_261)


@pytest.mark.timeout(1_200)
async def test_the_same_holds_when_the_answers_lie_in_postgresql(
    tmp_path: Path, postgres_cluster: PostgresCluster
) -> None:
    """The server dies, its database lives on; the database's own crash is tested elsewhere."""
    url = postgres_cluster.url(postgres_cluster.new_database())
    seeded = await asyncio.to_thread(make_world, tmp_path / "data", url)
    running = await asyncio.to_thread(arrange, seeded, 6, url)
    await outlive(seeded, running, cuts=6, seed=20_262, database_url=url)
