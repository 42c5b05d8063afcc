"""The benchmark of saves at the size of a test: it runs whole, counts right and divides right.

Speed is never asserted; a machine may be as slow as it likes.
"""

import asyncio
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.settings import FaceSettings, PdfSettings, Settings
from migrations.run import upgrade
from server.demo.trial import arrange, fill
from server.rehearsal.bench.figure import Figure, notes, table
from server.rehearsal.bench.saves import SavesBench
from setup.places import FONTS, MODELS

CANDIDATES = 4
SECONDS = 1.0
UNDER_WAY_MS = 600_000


async def measured(settings: Settings) -> list[Figure]:
    clock = SystemClock()
    bank = await fill(settings, clock)
    trial = await arrange(settings, bank, CANDIDATES, clock.now_ms() - UNDER_WAY_MS)
    assert len(trial.candidates) == CANDIDATES
    return await SavesBench(settings, trial.candidates, clock).run(SECONDS)


@pytest.mark.timeout(240)
def test_saves_are_counted_and_set_against_all_limits(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url="" if database_url.startswith("sqlite") else database_url,
        face=FaceSettings(models_dir=MODELS),
        pdf=PdfSettings(font_path=FONTS / "NotoSansSC-Regular.ttf"),
    )
    upgrade(settings.database)
    settings.data_dir.mkdir(exist_ok=True)
    figures = asyncio.run(measured(settings))
    assert [one.what for one in figures] == ["HTTP", "HTTP", "HTTP", "socket", "socket"]
    assert [one.limit_of for one in figures if one.more == {}] == [
        "constant handler/s, short way",
        "constant handler/s, declared route",
        "constant handler/s",
    ]
    for one in figures:
        assert one.limit > 0
        assert one.ours > 0
        assert one.line()["ratio"] == pytest.approx(one.ours / one.limit, abs=1e-3)
    against_disk = [one for one in figures if one.more]
    for one in against_disk:
        assert one.more["saves"] == pytest.approx(one.ours * SECONDS)
        assert 1 <= one.more["group"] <= CANDIDATES
        assert 0 < one.more["p50_ms"] <= one.more["p95_ms"] <= one.more["p99_ms"]
        assert one.more["cpu_ms_per_save"] > 0
        assert one.more["kib_per_candidate"] > 0
        assert one.more["acknowledged"] >= sum(each.more["saves"] for each in against_disk)
    assert table(figures).row_count == len(figures)
    assert len(notes(figures)) == len(against_disk)
