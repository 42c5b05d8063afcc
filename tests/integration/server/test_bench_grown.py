"""Growth through the service at the size of a test: records filled in are real and in the tree."""

import asyncio
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.settings import FaceSettings, PdfSettings, Settings
from ledger.verify.directory import verify_directory
from migrations.run import upgrade
from server.demo.trial import arrange, fill
from server.rehearsal.bench.filling import fill_records
from server.rehearsal.bench.grown import Grown, grown_figures
from server.rehearsal.bench.saves import SavesBench
from setup.places import FONTS, MODELS

CANDIDATES, SECONDS = 3, 0.5
SIZES = (600, 1_600)
UNDER_WAY_MS = 600_000


def settings_of(folder: Path) -> Settings:
    settings = Settings(
        data_dir=folder,
        face=FaceSettings(models_dir=MODELS),
        pdf=PdfSettings(font_path=FONTS / "NotoSansSC-Regular.ttf"),
    )
    folder.mkdir()
    upgrade(settings.database)
    return settings


async def grown(settings: Settings, wanted: int) -> Grown:
    folder = settings.data_dir
    clock = SystemClock()
    bank = await fill(settings, clock)
    trial = await arrange(settings, bank, CANDIDATES, clock.now_ms() - UNDER_WAY_MS)
    held = await fill_records(settings, wanted)
    way = await SavesBench(settings, trial.candidates, clock).over_http(SECONDS)
    database = Path(settings.database.partition("///")[2])
    report = await verify_directory(folder, database, lambda _done, _all: None, None)
    assert report.good, report.words()
    assert report.records >= held + way.more["saves"]
    assert report.tree_size == report.records
    return Grown(held, way)


@pytest.mark.timeout(300)
def test_every_size_is_filled_served_and_verified_whole(tmp_path: Path) -> None:
    ways = [asyncio.run(grown(settings_of(tmp_path / str(size)), size)) for size in SIZES]
    first, second = grown_figures(ways)
    assert [way.records >= size for way, size in zip(ways, SIZES, strict=True)] == [True, True]
    assert first.ratio == 1
    cost_ms = [way.way.more["cpu_ms_per_save"] for way in ways]
    assert second.ratio == pytest.approx(cost_ms[0] / cost_ms[1])
    assert min(cost_ms) > 0
    for one in (first, second):
        assert 0 < one.more["p50_ms"] <= one.more["p99_ms"]
        assert one.more["start_s"] > 0
        assert one.more["acknowledged"] >= one.more["saves"]
