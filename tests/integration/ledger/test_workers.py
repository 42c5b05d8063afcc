"""Many workers, one report: the same findings in the same order, and a progress that only grows."""

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.parcel import FolderParcel
from ledger.sweep.pool import SMALL_BYTES, Job, cores, workers_for
from ledger.sweep.reading import Expected
from ledger.verify import verify
from ledger.verify.bench import bench_verify, write_archive

SITTINGS, RECORDS = 12, 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_archive(tmp_path_factory.mktemp("archive"), SITTINGS, RECORDS)


def test_one_worker_and_three_say_the_same_of_a_whole_archive(made: tuple[Path, Path]) -> None:
    reports = [verify(*made, workers=workers) for workers in (1, 3)]
    assert reports[0].good
    assert reports[0].bodies == SITTINGS * RECORDS
    assert reports[0].to_json() == reports[1].to_json()


def test_one_worker_and_three_find_the_same_damage(made: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    for path in sorted(made[0].rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(made[0])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    for number in (2, 5, 11):
        file = folder / f"3-process/ledger/sitting/sitting_{number:05}.records"
        data = file.read_bytes()
        at = len(data) * number // 12
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    (folder / "3-process/ledger/sitting/sitting_00007.records").unlink()
    seen: list[tuple[int, int]] = []
    one = verify(folder, made[1], workers=1)
    many = verify(folder, made[1], lambda *step: seen.append(step), workers=3)
    assert [f.place for f in one.findings][:4] == [
        f"sitting/sitting_{number:05}" for number in (2, 5, 7, 11)
    ]
    assert one.to_json() == many.to_json()
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize(
    ("size", "opened", "many"),
    [
        (SMALL_BYTES, True, True),
        (SMALL_BYTES - 1, True, False),
        (SMALL_BYTES, False, False),
        (10 * SMALL_BYTES, False, True),
    ],
)
def test_a_small_archive_is_read_by_one_worker_and_a_large_one_by_every_core(
    tmp_path: Path, size: int, *, opened: bool, many: bool
) -> None:
    with (tmp_path / "s.records").open("wb") as file:
        file.truncate(size)
    keys = {("sitting/s", 1): bytes(32)} if opened else None
    jobs: list[Job] = [("s.records", "sitting/s")]
    expected = Expected(FolderParcel(tmp_path), keys=keys)
    assert workers_for(expected, jobs) == (cores() if many else 1)


def test_a_worker_loads_neither_the_database_nor_the_settings() -> None:
    """A fresh process loads the program's main module too."""
    loaded = "import sys, server.cli.main, ledger.sweep.pool; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True)
    modules = said.stdout.decode().split()
    assert "ledger.sweep.reading" in modules
    assert not {"sqlalchemy", "pydantic", "pydantic_settings", "fastapi"} & set(modules)


def test_the_benchmark_verifies_real_archives_in_every_way() -> None:
    rates = list(bench_verify(4, 12))
    each = len({1, cores()})
    ways = ("chain and hashes", "bodies opened, nothing signed", "bodies and every signature")
    assert [one.what for one in rates] == [way for way in ways for _ in range(each)]
    assert all(one.limit > 0 and one.ours > 0 and one.records == 48 for one in rates)
    alone = [one.limit for one in rates if one.workers == 1]
    assert alone == sorted(alone, reverse=True)
