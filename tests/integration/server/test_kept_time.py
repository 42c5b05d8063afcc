"""The program's time over a restart: kept from the first moment, gone on from afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kernel import clock
from kernel.clock import Clock
from kernel.settings import FaceSettings, Settings
from migrations.run import upgrade
from server.app import create_app
from server.sittings.jobs import SittingJobs
from setup.places import MODELS

HOUR_MS = 3_600_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path / "data", face=FaceSettings(models_dir=MODELS))
    made.data_dir.mkdir()
    upgrade(made.database)
    return made


@pytest.fixture
def no_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is kept, the start has kept it."""

    async def failed(_: SittingJobs) -> None:
        raise RuntimeError("no round")

    monkeypatch.setattr(SittingJobs, "round", failed)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Clock]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app.state.services.clock


@pytest.mark.usefixtures("no_rounds")
@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_a_start_keeps_its_time_at_once_and_the_next_one_goes_on_from_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, jump_ms: int
) -> None:
    async with running(settings) as before:
        assert settings.clock_path.exists()
    real = clock.wall_ms
    monkeypatch.setattr(clock, "wall_ms", lambda: real() + jump_ms)
    async with running(settings) as after:
        assert abs(after.now_ms() - before.now_ms()) < clock.JUMP_MS
        assert abs(after.drift_ms() - jump_ms) < clock.JUMP_MS


@pytest.mark.usefixtures("no_rounds")
async def test_a_start_whose_time_cannot_be_kept_serves_all_the_same(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.clock_path.mkdir()  # no file can have this name
    async with running(settings) as now:
        assert abs(now.drift_ms()) < clock.JUMP_MS
    assert "our time is not kept" in caplog.text
