"""The power cut of tests/e2e, larger: thirty candidates and two hundred kills."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.power_cut import outlive
from tests.e2e.running import arrange
from tests.e2e.worlds import make_world


@pytest.mark.load
@pytest.mark.timeout(3_600)
async def test_every_acknowledged_answer_outlives_two_hundred_power_cuts(tmp_path: Path) -> None:
    seeded = await asyncio.to_thread(make_world, tmp_path / "data")
    running = await asyncio.to_thread(arrange, seeded, 30)
    await outlive(seeded, running, cuts=200, seed=20_263)
